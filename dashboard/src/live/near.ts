// Questions about who was near a place, and answers that come in parts.
import { place } from "./coordinates.ts";
import type { Near } from "./types.ts";

export interface Asked {
  where: string;
  radius_m: number;
  /** As a person's clock shows it: `2026-11-25T03:10`. */
  at: string;
  within_s: number;
}

/** The question as the service takes it; `null` when the place or the moment is none. */
export function nearQuery({ where, radius_m, at, within_s }: Asked): URLSearchParams | null {
  const found = place(where);
  const moment = new Date(at);
  if (!found || Number.isNaN(moment.getTime())) return null;
  const [lon, lat] = found;
  const numbers = { lat, lon, radius_m, within_s };
  const query = new URLSearchParams(Object.entries(numbers).map(([name, value]) => [name, String(value)]));
  query.set("at", moment.toISOString());
  return query;
}

/** A moment as a clock on the wall here shows it, to the minute. */
export function wallTime(moment: number): string {
  const at = new Date(moment);
  return new Date(moment - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** Two parts of an answer as one: of each device where it was nearest; what is left to say is what the later says. */
export function joined(before: Near, after: Near): Near {
  const nearest = new Map(before.seen.map((seen) => [`${seen.role}/${seen.device}`, seen]));
  for (const seen of after.seen) {
    const known = nearest.get(`${seen.role}/${seen.device}`);
    if (!known || seen.distance_m < known.distance_m) nearest.set(`${seen.role}/${seen.device}`, seen);
  }
  return {
    ...after,
    seen: [...nearest.values()].toSorted((a, b) => a.distance_m - b.distance_m),
    looked_at: before.looked_at + after.looked_at,
  };
}
