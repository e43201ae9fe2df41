// Sound and vibration while something stands that she did not confirm. Off until she switched it on: a browser lets
// nobody make noise before somebody pressed something, so the test is what switches it on.
import { now } from "../live/clock.ts";
import { Ring, type Waiting } from "../live/ring.ts";
import { sound } from "../live/tones.ts";
import type { Companion } from "./companion.svelte.ts";

const SHAKES = { alarm: [600, 150, 600, 150, 600], warning: [300, 200, 300] };

export class Ringing {
  on = $state(false);
  /** Sounds that were made, counted: what a test can hear. */
  made = $state({ alarm: 0, warning: 0 });

  private ring = new Ring();
  private told = new Set<string>();

  constructor(private companion: Companion) {}

  /** Called once a second, and at every change. */
  tick(): void {
    const open = this.companion.heard.filter(
      (told) => told.level !== "clear" && !this.companion.isConfirmed(told),
    );
    const waiting = open.map(
      ({ alert, level }): Waiting => ({ id: alert, tone: level === "alarm" ? "alarm" : "warning" }),
    );
    for (const one of waiting) {
      if (this.told.has(one.id)) continue;
      this.told.add(one.id);
      this.ring.rises(one);
    }
    const next = this.ring.next(waiting, now());
    if (!next) return;
    if (this.on) this.make(next);
  }

  /** What it will be like; from then on it is on. */
  turnOn(): void {
    this.on = true;
    this.make("alarm");
  }

  turnOff(): void {
    this.on = false;
    navigator.vibrate?.(0);
  }

  private make(level: "alarm" | "warning"): void {
    this.made = { ...this.made, [level]: this.made[level] + 1 };
    sound(level);
    navigator.vibrate?.(SHAKES[level]);
  }
}
