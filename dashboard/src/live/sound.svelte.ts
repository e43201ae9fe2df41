// The two sounds: alarm and warning. A browser lets nobody make noise before somebody pressed something, so the sound
// is off until it was switched on, and the test is what switches it on.
import type { Centre } from "./centre.svelte.ts";
import { now } from "./clock.ts";
import { due, type Sounding } from "./ring.ts";
import { isTaken, shapeOf } from "./shown.ts";

/** A mute ends by itself: nobody forgets it. */
export const MUTE_MS = 5 * 60_000;

export class Sound {
  state = $state<"off" | "on" | "muted">("off");
  mutedUntil = $state(0);
  /** Kinds of sounds that were made, counted: what a test can hear. */
  made = $state({ alarm: 0, warning: 0 });

  private context: AudioContext | null = null;
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
    const sound = due(this.sounding, alarms, warnings, now());
    if (!sound) return;
    this.sounding = {
      ...this.sounding,
      fresh: false,
      [sound === "alarm" ? "lastAlarm" : "lastWarning"]: now(),
    };
    if (this.state === "on") this.play(sound);
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
    this.context ??= new AudioContext();
    void this.context.resume();
    this.made = { ...this.made, [level]: this.made[level] + 1 };
    const start = this.context.currentTime + 0.02;
    // Alarm: two high tones, three times. Warning: one low tone, twice.
    const tones = level === "alarm" ? [988, 740, 988, 740, 988, 740] : [523, 523];
    const each = level === "alarm" ? 0.16 : 0.26;
    tones.forEach((pitch, n) => {
      this.tone(pitch, start + n * each, each * 0.85);
    });
  }

  private tone(pitch: number, at: number, length: number): void {
    const { context } = this;
    if (!context) return;
    const oscillator = context.createOscillator();
    const volume = context.createGain();
    oscillator.type = "triangle";
    oscillator.frequency.value = pitch;
    volume.gain.setValueAtTime(0, at);
    volume.gain.linearRampToValueAtTime(0.35, at + 0.02);
    volume.gain.setValueAtTime(0.35, at + length - 0.03);
    volume.gain.linearRampToValueAtTime(0, at + length);
    oscillator.connect(volume).connect(context.destination);
    oscillator.start(at);
    oscillator.stop(at + length);
  }
}
