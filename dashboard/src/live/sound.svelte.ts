// The two sounds: alarm and warning. A browser lets nobody make noise before somebody pressed something, so the sound
// is off until it was switched on, and the test is what switches it on.
import type { Centre } from "./centre.svelte.ts";
import { now } from "./clock.ts";
import { due, type Sounding } from "./ring.ts";
import { isTaken, shapeOf } from "./shown.ts";
import { mayMakeNoise, sound } from "./tones.ts";

/** A mute ends by itself: nobody forgets it. */
export const MUTE_MS = 5 * 60_000;

/** What a reload must not switch off: on this tab only. */
const KEY = "sound";

/** What nobody has taken up. */
export interface Untaken {
  alarms: number;
  warnings: number;
}

export class Sound {
  state = $state<"off" | "on" | "muted">("off");
  mutedUntil = $state(0);
  /** Kinds of sounds that were made, counted: what a test can hear. */
  made = $state({ alarm: 0, warning: 0 });

  private sounding: Sounding = { lastAlarm: 0, lastWarning: 0, fresh: false };

  constructor(private waiting: () => Untaken) {
    const until = Number(sessionStorage.getItem(KEY) ?? Number.NaN);
    if (!Number.isNaN(until)) void this.goOn(until);
  }

  /** The sound of a console: of every change for the worse that nobody has taken up. */
  static of(centre: Centre): Sound {
    const sound = new Sound(() => untaken(centre));
    centre.onChange((incident, before) => {
      const shape = shapeOf(incident);
      const worse =
        shape !== "clear" && (!before || (before.level !== incident.level && incident.level === "alarm"));
      if (worse && !isTaken(incident)) sound.news();
    });
    return sound;
  }

  /** Something came that was not told yet. */
  news(): void {
    this.sounding.fresh = true;
  }

  /** Called once a second. */
  tick(): void {
    if (this.state === "muted" && now() >= this.mutedUntil) this.state = "on";
    const { alarms, warnings } = this.waiting();
    const next = due(this.sounding, alarms, warnings, now());
    if (!next) return;
    this.sounding = {
      ...this.sounding,
      fresh: false,
      [next === "alarm" ? "lastAlarm" : "lastWarning"]: now(),
    };
    if (this.state === "on") this.play(next);
  }

  turnOn(): void {
    this.state = "on";
    this.remember();
    this.test();
  }

  /** Both sounds, one after the other. */
  test(): void {
    if (this.state === "off") {
      this.state = "on";
      this.remember();
    }
    this.play("warning");
    setTimeout(() => this.play("alarm"), 900);
  }

  mute(): void {
    if (this.state === "off") return;
    this.state = "muted";
    this.mutedUntil = now() + MUTE_MS;
    this.remember();
  }

  unmute(): void {
    this.state = "on";
    this.remember();
  }

  toggle(): void {
    if (this.state === "muted") this.unmute();
    else if (this.state === "on") this.mute();
    else this.turnOn();
  }

  /** As before the page was read anew, where the browser lets it: else it is off, and says so. */
  private async goOn(until: number): Promise<void> {
    if (!(await mayMakeNoise()) || this.state !== "off") return;
    this.state = until > now() ? "muted" : "on";
    this.mutedUntil = until;
  }

  private remember(): void {
    sessionStorage.setItem(KEY, String(this.state === "muted" ? this.mutedUntil : 0));
  }

  private play(level: "alarm" | "warning"): void {
    this.made = { ...this.made, [level]: this.made[level] + 1 };
    sound(level);
  }
}

function untaken(centre: Centre): Untaken {
  const count = { alarms: 0, warnings: 0 };
  for (const incident of centre.open()) {
    if (isTaken(incident)) continue;
    const shape = shapeOf(incident);
    if (shape === "alarm") count.alarms += 1;
    else if (shape !== "clear") count.warnings += 1;
  }
  return count;
}
