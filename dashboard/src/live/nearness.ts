// How near two people are by their newest positions: for the eye, between two decisions of the service. It decides
// nothing; what is old is not told as now.
import { OLD_AFTER_S, type Place } from "../map/drawing.ts";
import { metresBetween } from "../map/geo.ts";
import type { Incident, OrderDocument } from "./types.ts";

export interface Nearness {
  distance_m: number;
  uncertainty_m: number;
  /** Seconds since the older of the positions was taken. */
  age_s: number;
}

/** Of the pair, or of the wearer to the edge of a round zone (negative inside); `null` when somebody's position is
 *  missing or old. */
export function nearness(
  incident: Pick<Incident, "kind" | "wearer" | "victim" | "zone">,
  of: (person: string) => Place | undefined,
  order: OrderDocument | undefined,
  now: number,
): Nearness | null {
  const wearer = incident.wearer ? of(incident.wearer) : undefined;
  if (!wearer || isOld(wearer, now)) return null;
  const age = (place: Place): number => Math.max(0, (now - place.fixed_at) / 1000);
  if (incident.kind === "victim_proximity") {
    const victim = incident.victim ? of(incident.victim) : undefined;
    if (!victim || isOld(victim, now)) return null;
    return {
      distance_m: metresBetween(wearer.at, victim.at),
      uncertainty_m: Math.hypot(wearer.uncertainty_m, victim.uncertainty_m),
      age_s: Math.max(age(wearer), age(victim)),
    };
  }
  if (incident.kind !== "exclusion_zone" && incident.kind !== "inclusion_zone") return null;
  const zone = order?.zones.features.find((feature) => feature.properties.zone === incident.zone);
  if (zone?.geometry.type !== "Point" || !zone.properties.radius_m) return null;
  return {
    distance_m: metresBetween(wearer.at, zone.geometry.coordinates) - zone.properties.radius_m,
    uncertainty_m: wearer.uncertainty_m,
    age_s: age(wearer),
  };
}

const isOld = (place: Place, now: number): boolean =>
  place.silent || (now - place.fixed_at) / 1000 > OLD_AFTER_S;
