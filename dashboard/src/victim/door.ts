// Why she is not let in (any more), and what stood at that moment: neither may get lost with the page that told it.
import type { Heard } from "./story.ts";

/** `ended`: she was signed in. `other`: somebody who is no victim is. `silent`: the service does not say who she is. */
export type Refusal = "" | "token" | "role" | "ended" | "other" | "silent";

export type Standing = "" | "warning" | "alarm" | "unsent";

/** A call for help that did not arrive is said before an alarm, for nobody else knows of it. */
export function standingOf(worst: Heard | undefined, aware: { state: string; test: boolean }): Standing {
  if (!aware.test && (aware.state === "sending" || aware.state === "refused")) return "unsent";
  return worst && worst.level !== "clear" ? worst.level : "";
}

/** How a refusal of the service is told to somebody who came by a token, or by signing in. */
export function refusalOf(why: "token" | "role", signedIn: boolean): Refusal {
  if (!signedIn) return why;
  return why === "token" ? "ended" : "other";
}
