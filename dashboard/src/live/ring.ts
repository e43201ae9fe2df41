// When a sound is due, and what a mute keeps silent. An alarm that nobody has taken up rings on; a warning is said again
// after a while. Times in milliseconds.

export const ALARM_EVERY_MS = 8_000;
export const WARNING_EVERY_MS = 60_000;
/** Sounds of a burst are one. */
const APART_MS = 2_000;

export type Tone = "alarm" | "warning";

/** Something that waits for somebody: an incident, or a fault of the line by which alarms come. */
export interface Waiting {
  id: string;
  tone: Tone;
}

export class Ring {
  private last: Record<Tone, number> = { alarm: Number.NEGATIVE_INFINITY, warning: Number.NEGATIVE_INFINITY };
  /** What came and was not told yet. */
  private fresh: Tone | null = null;
  /** What was known when it was muted; `null` while it is not. */
  private hushed: Set<string> | null = null;

  /** Something came, or became worse: it is told once, whoever has it. An alarm rings through a mute. */
  rises({ id, tone }: Waiting, through = tone === "alarm"): void {
    if (this.hushed && !through) {
      this.hushed.add(id);
      return;
    }
    this.hushed?.delete(id);
    if (this.fresh !== "alarm") this.fresh = tone;
  }

  /** What is known now is silent until the mute is over; what comes then is not. */
  mute(known: Iterable<Waiting>): void {
    this.hushed = new Set([...known].map(({ id }) => id));
    this.fresh = null;
  }

  unmute(): void {
    this.hushed = null;
  }

  /** Those that ring: of all that waits what no mute keeps silent. */
  heard(waiting: Iterable<Waiting>): Waiting[] {
    return [...waiting].filter(({ id }) => !this.hushed?.has(id));
  }

  /** The sound to make now, which is then taken as made; an alarm drowns a warning. */
  next(waiting: Iterable<Waiting>, now: number): Tone | null {
    const tones = new Set(this.heard(waiting).map(({ tone }) => tone));
    const tone =
      this.fresh === "alarm" || tones.has("alarm") ? "alarm" : (this.fresh ?? [...tones][0] ?? null);
    if (!tone) return null;
    const every = tone === "alarm" ? ALARM_EVERY_MS : WARNING_EVERY_MS;
    if (now - this.last[tone] < (this.fresh ? APART_MS : every)) return null;
    this.last[tone] = now;
    this.fresh = null;
    return tone;
  }
}
