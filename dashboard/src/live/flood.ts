// A flood: more incidents in a short time than a person can read. The list then shows groups, alarms pinned above.
import { isMass, isResolved, isTaken, shapeOf } from "./shown.ts";
import type { Incident } from "./types.ts";

/** More than this many new ones within [`FLOOD_WITHIN_MS`] are a flood. */
export const FLOOD_ABOVE = 10;
export const FLOOD_WITHIN_MS = 10 * 60_000;

/** How many open incidents began within the time, untaken ones only: what is being dealt with floods nobody. */
export function begunLately(incidents: Iterable<Incident>, now: number): number {
  const since = now - FLOOD_WITHIN_MS;
  let count = 0;
  for (const incident of incidents) {
    if (!isResolved(incident) && !isTaken(incident) && Date.parse(incident.opened_at) > since) count += 1;
  }
  return count;
}

/** Once a flood, it stays one until it has clearly ebbed: the list must not jump back and forth. */
export function isFlood(begun: number, was: boolean): boolean {
  return begun > (was ? FLOOD_ABOVE / 2 : FLOOD_ABOVE);
}

/** Whether an incident keeps a place of its own in a flood. */
export const isPinned = (incident: Incident): boolean =>
  !isResolved(incident) && (shapeOf(incident) === "alarm" || isMass(incident));
