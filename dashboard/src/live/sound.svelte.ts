// The two sounds: alarm and warning. A browser lets nobody make noise before somebody pressed something, so the sound
// is off until it was switched on, and the test is what switches it on.
import type { Centre } from "./centre.svelte.ts";
import { now } from "./clock.ts";
import { hasRisen } from "./merge.ts";
import { Ring, type Tone, type Waiting } from "./ring.ts";
import { isResolved, isTaken, shapeOf } from "./shown.ts";
import { sound } from "./tones.ts";
import type { Incident } from "./types.ts";

/** A mute ends by itself: nobody forgets it. */
export const MUTE_MS = 5 * 60_000;
/** Without a sign of life for so long, nobody would be told of an alarm by this console. */
export const LINE_LOST_MS = 30_000;

/** Faults of the line are said again as warnings are. */
const [LINE, SESSION] = ["line", "session"];

const toneOf = (incident: Incident): Tone =>
  shapeOf(incident) === "alarm" || (incident.level === "clear" && incident.worst === "alarm")
    ? "alarm"
    : "warning";

export class Sound {
  state = $state<"off" | "on" | "muted">("off");
  mutedUntil = $state(0);
  /** What rings although it is muted: it came later. */
  through = $state(0);

  private ring = new Ring();
  /** Faults of the line that stand. */
  private faults = new Set<string>();

  constructor(private centre: Pick<Centre, "onChange" | "open" | "lastSign">) {
    centre.onChange((incident, before) => {
      if (isResolved(incident) || !hasRisen(incident, before)) return;
      // What somebody has when it is first heard of is told to nobody here; what becomes worse is.
      if (before || !isTaken(incident)) this.ring.rises({ id: incident.incident, tone: toneOf(incident) });
    });
  }

  /** Called once a second; `ended` when the session is over, and alarms do not come here any more. */
  tick(ended = false): void {
    if (this.state === "muted" && now() >= this.mutedUntil) this.unmute();
    const lost = this.centre.lastSign > 0 && now() - this.centre.lastSign > LINE_LOST_MS;
    this.fault(SESSION, ended, "alarm");
    this.fault(LINE, lost && !ended, "warning");
    const waiting = this.waiting();
    this.through = this.state === "muted" ? this.ring.heard(waiting).length : 0;
    const next = this.ring.next(waiting, now());
    if (next && this.state !== "off") sound(next);
  }

  turnOn(): void {
    this.state = "on";
    this.test();
  }

  /** Both sounds, one after the other. */
  test(): void {
    if (this.state === "off") this.state = "on";
    sound("warning");
    setTimeout(() => sound("alarm"), 900);
  }

  /** Silences what is known now; what comes later rings all the same. */
  mute(): void {
    if (this.state === "off") return;
    this.state = "muted";
    this.mutedUntil = now() + MUTE_MS;
    this.ring.mute(this.waiting());
    this.through = 0;
  }

  unmute(): void {
    this.state = "on";
    this.through = 0;
    this.ring.unmute();
  }

  /** What a key or the button does: it silences what rings, also what rings through a mute. */
  toggle(): void {
    if (this.state === "off") this.turnOn();
    else if (this.state === "muted" && this.through === 0) this.unmute();
    else this.mute();
  }

  /** Whether it stands; told when it begins, through a mute as well. */
  private fault(id: string, stands: boolean, tone: Tone): void {
    if (!stands) this.faults.delete(id);
    else if (!this.faults.has(id)) {
      this.faults.add(id);
      this.ring.rises({ id, tone }, true);
    }
  }

  private waiting(): Waiting[] {
    const waiting = [...this.faults].map((id): Waiting => ({ id, tone: "warning" }));
    for (const incident of this.centre.open()) {
      const tone = shapeOf(incident) === "alarm" ? "alarm" : "warning";
      if (!isTaken(incident) && incident.level !== "clear") waiting.push({ id: incident.incident, tone });
    }
    return waiting;
  }
}
