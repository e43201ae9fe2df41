// The two sounds: alarm and warning. A browser lets nobody make noise before somebody pressed something, so the sound
// is off until it was switched on, and the test is what switches it on.
import type { Centre } from "./centre.svelte.ts";
import { now } from "./clock.ts";
import { hasRisen } from "./merge.ts";
import { Ring, type Tone, type Waiting } from "./ring.ts";
import { isResolved, isTaken, shapeOf } from "./shown.ts";
import { mayMakeNoise, sound } from "./tones.ts";
import type { FollowUp, Incident } from "./types.ts";

/** A mute ends by itself: nobody forgets it. */
export const MUTE_MS = 5 * 60_000;

/** What came so shortly before a mute may not have been seen. */
const UNDER_WAY_MS = 5_000;

/** What a reload must not switch off: on this tab only. */
const KEY = "sound";

/** Without a sign of life for so long, nobody would be told of an alarm by this page. */
const LOST_MS = 30_000;
/** Whether a service that was heard last at a moment is lost; one that was never heard is being tried. */
export const isLost = (heard: number): boolean => heard > 0 && now() - heard > LOST_MS;

/** Why alarms may not come here: the line is lost, or the session is over. */
export type Fault = "line" | "session";

export class Sound {
  state = $state<"off" | "on" | "muted">("off");
  mutedUntil = $state(0);
  /** How many ring although it is muted: they came later. */
  through = $state(0);

  private ring = new Ring();
  private fault: Fault | null = null;
  /** What came until then was muted already, before this page was read anew. */
  private knownUntil = 0;

  constructor(private incidents: () => Waiting[]) {
    const until = Number(sessionStorage.getItem(KEY) ?? Number.NaN);
    if (!Number.isNaN(until)) void this.goOn(until);
  }

  /** The sound of a console: of every change for the worse, and of what nobody has taken up. */
  static of(centre: Pick<Centre, "onChange" | "onLine" | "open" | "gathered" | "me">): Sound {
    const sound = new Sound(() => [...centre.open()].flatMap((incident) => waits(incident) ?? []));
    centre.onChange((incident, before) => {
      if (isResolved(incident) || centre.gathered(incident) || !hasRisen(incident, before)) return;
      // What somebody has when it is first heard of is told to nobody here; what becomes worse is.
      if (!before && isTaken(incident)) return;
      const at = before ? now() : Date.parse(incident.changed_at);
      sound.rises({ id: incident.incident, tone: toneOf(incident) }, at);
    });
    centre.onLine((line, incident) => {
      if (!calls(line, centre.me?.name) || centre.gathered(incident)) return;
      // Nothing is done about an alarm: that is told as the alarm is. A mute silences what was known.
      const tone = line.what === "rang" ? toneOf(incident) : "warning";
      sound.ring.rises({ id: incident.incident, tone }, false);
    });
    return sound;
  }

  /** Something came at a moment, or became worse. */
  rises(waiting: Waiting, at = now()): void {
    this.ring.rises(waiting, waiting.tone === "alarm" && at > this.knownUntil);
  }

  /** Called once a second, with what keeps alarms away. */
  tick(fault: Fault | null = null): void {
    if (this.state === "muted" && now() >= this.mutedUntil) this.unmute();
    if (fault && fault !== this.fault) {
      this.ring.rises({ id: fault, tone: fault === "session" ? "alarm" : "warning" }, true);
    }
    this.fault = fault;
    const waiting = this.waiting();
    this.through = this.state === "muted" ? this.ring.heard(waiting).length : 0;
    const next = this.ring.next(waiting, now());
    if (next && this.state !== "off") sound(next);
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
    sound("warning");
    setTimeout(() => sound("alarm"), 900);
  }

  /** Silences what is known now; what comes later rings all the same. */
  mute(): void {
    if (this.state === "off") return;
    this.state = "muted";
    this.mutedUntil = now() + MUTE_MS;
    this.hush();
    this.remember();
  }

  unmute(): void {
    this.state = "on";
    this.through = 0;
    this.ring.unmute();
    this.remember();
  }

  /** What a key or the button does: it silences what rings, also what rings through a mute. */
  toggle(): void {
    if (this.state === "off") this.turnOn();
    else if (this.state === "muted" && this.through === 0) this.unmute();
    else this.mute();
  }

  private hush(): void {
    this.through = 0;
    this.ring.mute(this.waiting());
  }

  /** A fault that goes on is said again as warnings are. */
  private waiting(): Waiting[] {
    return [...this.incidents(), ...(this.fault ? [{ id: this.fault, tone: "warning" as const }] : [])];
  }

  /** As before the page was read anew, where the browser lets it: else it is off, and says so. */
  private async goOn(until: number): Promise<void> {
    if (!(await mayMakeNoise()) || this.state !== "off") return;
    this.state = until > now() ? "muted" : "on";
    this.mutedUntil = until;
    if (this.state !== "muted") return;
    this.knownUntil = until - MUTE_MS - UNDER_WAY_MS;
    this.hush();
  }

  private remember(): void {
    sessionStorage.setItem(KEY, String(this.state === "muted" ? this.mutedUntil : 0));
  }
}

/** Lines of a timeline that ask for somebody, also for who has it. */
const CALLING = ["rang", "escalated", "deadline_reminded", "deadline_missed", "undelivered"];

/** Whether a line calls the one who sits here: the words are those of `GET /v1/live`. */
function calls({ what, actor, detail }: FollowUp, me: string | undefined): boolean {
  if (what === "desk") return detail?.state === "rejected";
  if (what === "resolution_proposed") return actor !== me;
  if (what === "proposal_displaced") return detail?.proposed_by === me;
  return CALLING.includes(what);
}

/** An alarm, also one that is over already: how bad it was is what is told. */
function toneOf(incident: Incident): Tone {
  const isAlarm = incident.level === "clear" ? incident.worst === "alarm" : shapeOf(incident) === "alarm";
  return isAlarm ? "alarm" : "warning";
}

/**
 * What rings on: nobody has it, and it lasts. An alarm that nobody took and that is over is nobody's still, and is called
 * up the ranks elsewhere: it is said again as a warning is, softer and seldom, until somebody takes it.
 */
function waits(incident: Incident): Waiting | null {
  if (isTaken(incident)) return null;
  if (incident.level !== "clear") return { id: incident.incident, tone: toneOf(incident) };
  return incident.worst === "alarm" ? { id: incident.incident, tone: "warning" } : null;
}
