// A console that was locked and then read anew: nothing of its content is here or would be answered. What is left to do is
// to count alarms, to ring, and to see whether somebody signs in.
import { type Alarms, type Session, whoIsIn } from "./session.ts";
import { Sound } from "./sound.svelte.ts";

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

  constructor(
    session: Session,
    /** It is open again, or nobody is signed in any more. */
    private over: (session: Session | null) => void,
  ) {
    this.sound = new Sound(() => ({
      alarms: this.alarms?.untaken ?? 0,
      warnings: this.alarms?.warnings ?? 0,
    }));
    this.take(session);
    this.timer = setInterval(() => void this.tick(), TICK_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async tick(): Promise<void> {
    this.sound.tick();
    if (Date.now() - this.askedAt < ASK_MS) return;
    this.askedAt = Date.now();
    try {
      const session = await whoIsIn();
      this.reached = true;
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
    if (alarms.untaken > before.untaken || alarms.warnings > before.warnings) this.sound.news();
  }
}
