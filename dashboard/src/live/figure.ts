// The one figure of an incident: the newest that is known of how near they are, and how old it is. What is old is never
// told as now, and what was concluded from a speed goes with it.
import type { Nearness } from "./nearness.ts";
import { isResolved } from "./shown.ts";
import type { Incident } from "./types.ts";

/** What is older has its age beside it, and its speed, and what follows from that, says nothing any more. */
export const FRESH_S = 30;
/** Positions up to a usual interval old say how near they are now; older ones how near they were last known to be. */
const NOW_S = 60;

export interface Figure {
  distance_m: number | null;
  uncertainty_m: number | null;
  /** Seconds since it was measured; `null` where nobody says. */
  age_s: number | null;
  /** By positions of this moment, by the last ones there are, or as the service's last alert said. */
  from: "now" | "last" | "alert";
  /** Of the last alert, while that is fresh. */
  closing_mps: number | null;
  /** Counted down since the last alert, while that is fresh. */
  contact_s: number | null;
}

export function figureOf(
  incident: Pick<Incident, "level" | "latest" | "state" | "closed_at">,
  near: Nearness | null,
  now: number,
): Figure {
  const { latest } = incident;
  const measured = Date.parse(latest?.fixed_at ?? "");
  const age = Number.isNaN(measured) ? null : Math.max(0, (now - measured) / 1000);
  const isOver = isResolved(incident);
  const fresh = age !== null && age <= FRESH_S && !isOver && incident.level !== "clear";
  const left = fresh ? (latest?.contact_s ?? 0) - age : 0;
  const moving = {
    closing_mps: (fresh && latest?.closing_mps) || null,
    contact_s: left > 0 ? left : null,
  };
  // An alert is as old as the fix that raised it, and has the same older position of the other: the newer ones compare.
  const isNewer = near && !isOver && (latest?.distance_m == null || age === null || near.newest_s <= age);
  if (isNewer) {
    const { distance_m, uncertainty_m, age_s } = near;
    return { ...moving, distance_m, uncertainty_m, age_s, from: near.old || age_s > NOW_S ? "last" : "now" };
  }
  return {
    ...moving,
    distance_m: latest?.distance_m ?? null,
    uncertainty_m: latest?.uncertainty_m ?? null,
    age_s: age,
    from: "alert",
  };
}
