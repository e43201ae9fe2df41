// The two sounds: alarm and warning. A browser lets nobody make noise before somebody pressed something, so the sound
// is off until it was switched on, and the test is what switches it on.
import type { Centre } from "./centre.svelte.ts";
import { now } from "./clock.ts";
import { due, type Sounding } from "./ring.ts";
import { isTaken, shapeOf } from "./shown.ts";
import { sound } from "./tones.ts";

/** A mute ends by itself: nobody forgets it. */
export const MUTE_MS = 5 * 60_000;

export class Sound {
  state = $state<"off" | "on" | "muted">("off");
  mutedUntil = $state(0);
  /** Kinds of sounds that were made, counted: what a test can hear. */
  made = $state({ alarm: 0, warning: 0 });

  private sounding: Sounding = { lastAlarm: 0, lastWarning: 0, fresh: false };

  constructor(private centre: Centre) {
    centre.onChange((incident, before) => {
      const shape = shapeOf(incident);
      const worse =
        shape !== "clear" && (!before || (before.level !== incident.level && incident.level === "alarm"));
      if (worse && !isTaken(incident)) this.sounding.fresh = true;
    });
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
    this.test();
  }

  /** Both sounds, one after the other. */
  test(): void {
    if (this.state === "off") this.state = "on";
    this.play("warning");
    setTimeout(() => this.play("alarm"), 900);
  }

  mute(): void {
    if (this.state === "off") return;
    this.state = "muted";
    this.mutedUntil = now() + MUTE_MS;
  }

  unmute(): void {
    this.state = "on";
  }

  toggle(): void {
    if (this.state === "muted") this.unmute();
    else if (this.state === "on") this.mute();
    else this.turnOn();
  }

  private waiting(): { alarms: number; warnings: number } {
    let [alarms, warnings] = [0, 0];
    for (const incident of this.centre.open()) {
      if (isTaken(incident)) continue;
      const shape = shapeOf(incident);
      if (shape === "alarm") alarms += 1;
      else if (shape !== "clear") warnings += 1;
    }
    return { alarms, warnings };
  }

  private play(level: "alarm" | "warning"): void {
    this.made = { ...this.made, [level]: this.made[level] + 1 };
    sound(level);
  }
}
