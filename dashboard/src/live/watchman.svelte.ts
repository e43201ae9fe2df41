// A console that was locked and then read anew: nothing of its content is here or would be answered. What is left to do is
// to count alarms, to ring, and to see whether somebody signs in.
import { now } from "./clock.ts";
import type { Waiting } from "./ring.ts";
import { type Alarms, type Session, whoIsIn } from "./session.ts";
import { isLost, Sound } from "./sound.svelte.ts";

/** The service is asked this often. */
const ASK_MS = 2_000;
const TICK_MS = 1_000;

export class Watchman {
  /** How many there were last; `null` when this session is told of none. */
  alarms = $state.raw<Alarms | null>(null);
  /** Whether the service answered last. */
  reached = $state(true);
  readonly sound: Sound;

  private timer: ReturnType<typeof setInterval>;
  private askedAt = 0;
  private reachedAt = now();

  constructor(
    session: Session,
    /** It is open again, or nobody is signed in any more. */
    private over: (session: Session | null) => void,
  ) {
    this.sound = new Sound(() => waitingOf(this.alarms));
    this.take(session);
    this.timer = setInterval(() => void this.tick(), TICK_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async tick(): Promise<void> {
    this.sound.tick(isLost(this.reachedAt) ? "line" : null);
    if (Date.now() - this.askedAt < ASK_MS) return;
    this.askedAt = Date.now();
    try {
      const session = await whoIsIn();
      this.reached = true;
      this.reachedAt = now();
      if (session?.locked) this.take(session);
      else {
        this.stop();
        this.over(session);
      }
    } catch {
      // What was known last rings on.
      this.reached = false;
    }
  }

  private take({ alarms }: Session): void {
    const before = this.alarms;
    this.alarms = alarms ?? null;
    if (!alarms || !before) return;
    const known = new Set(waitingOf(before).map(({ id }) => id));
    for (const one of waitingOf(alarms)) if (!known.has(one.id)) this.sound.rises(one);
  }
}

/** Of nobody a name is known: they are numbered. */
const waitingOf = (alarms: Alarms | null): Waiting[] => [
  ...Array.from({ length: alarms?.untaken ?? 0 }, (_, n): Waiting => ({ id: `alarm/${n}`, tone: "alarm" })),
  ...Array.from(
    { length: alarms?.warnings ?? 0 },
    (_, n): Waiting => ({ id: `warning/${n}`, tone: "warning" }),
  ),
];
