// What stands at the top, in one glance: a shape, a word and a place. Pure.
import type { Heard } from "./story.ts";
import type { Protection } from "./types.ts";

export type Line = "connecting" | "live" | "lost";

export type Shown = "alarm" | "warning" | "clear" | "protected" | "limited" | "unprotected" | "unknown";

/** Comments come every ten seconds: what is silent for longer than two of them is not live. */
export const FRESH_MS = 25_000;

/** The picture is read every minute; one that could not be read twice is old. */
export const PICTURE_MS = 150_000;

export interface Contact {
  line: Line;
  /** The last sign of life, and when the picture was read last; 0 when never. Milliseconds. */
  lastSign: number;
  readAt: number;
}

/** Whether what is known is of now. */
export function isLive({ line, lastSign, readAt }: Contact, now: number): boolean {
  return line === "live" && now - lastSign <= FRESH_MS && readAt > 0 && now - readAt <= PICTURE_MS;
}

/** What can be said of her protection: nothing when it is not of now. */
export function protectionShown(protection: Protection | null, live: boolean): Shown {
  return live && protection ? protection.state : "unknown";
}

/** What stands at the top: danger first, also when contact is lost, for it is not over by that. */
export function faceOf(worst: Heard | undefined, protection: Protection | null, live: boolean): Shown {
  return worst ? worst.level : protectionShown(protection, live);
}
