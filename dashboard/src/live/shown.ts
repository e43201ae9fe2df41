// How an incident looks: its shape and word. A level is a shape, a word and a place, never colour alone.
import type { Incident, TimelineEntry } from "./types.ts";

export type Shape = "alarm" | "warning" | "unknown" | "clear";

/** A silence that is no alarm yet says that nothing is known: that is a look of its own. */
export function shapeOf(incident: Pick<Incident, "level" | "kind">): Shape {
  if (incident.level === "warning" && incident.kind === "silence") return "unknown";
  return incident.level;
}

export const isResolved = (incident: Pick<Incident, "state" | "closed_at">): boolean =>
  incident.state === "resolved" || incident.state === "closed" || incident.closed_at !== null;

/** Whether it tells of many devices that fell silent at once. */
export const isMass = (incident: Pick<Incident, "kind">): boolean => incident.kind === "mass_silence";

/**
 * Whether a silence is followed up with the incident of many that it is part of: nobody has taken it on, and its own
 * clocks rest. One that rings by itself has a next step, and is not.
 */
export function isGathered(incident: Incident, mass: Incident | undefined): boolean {
  if (!mass || isResolved(mass) || isResolved(incident)) return false;
  return !isTaken(incident) && !incident.next_step_at;
}

/** Whether somebody has it as it stands now. An owner alone says nothing: who had the warning has not seen the alarm. */
export const isTaken = (incident: Pick<Incident, "state">): boolean =>
  ["acknowledged", "in_progress", "resolved", "closed"].includes(incident.state);

/** Whether who has it asked for somebody else, and nobody has taken it up since. */
export const isHandedOn = (timeline: readonly Pick<TimelineEntry, "what">[]): boolean =>
  timeline.findLast(({ what }) => what === "escalated" || what === "acknowledged")?.what === "escalated";
