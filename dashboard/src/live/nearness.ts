// How near two people are by their newest positions: for the eye, between two decisions of the service. It decides
// nothing, and says how old it is.
import { isOld, type Place } from "../map/drawing.ts";
import { metresBetween } from "../map/geo.ts";
import type { Incident, OrderDocument } from "./types.ts";

export interface Nearness {
  distance_m: number;
  uncertainty_m: number;
  /** Seconds since the older of the positions was taken. */
  age_s: number;
  /** Seconds since the newer one was: an alert that was raised at a fix before it knew less. */
  newest_s: number;
  /** Somebody is silent, or was not heard for so long that it says where they were, not where they are. */
  old: boolean;
}

/** Kinds that are about a pair, where there is one: how near he is matters to all of them. */
const OF_A_PAIR = ["victim_proximity", "aware", "tamper", "silence", "jamming"];

/** Of the pair, or of the wearer to the edge of a round zone (negative inside); `null` when nobody knows where
 *  somebody is. */
export function nearness(
  incident: Pick<Incident, "kind" | "wearer" | "victim" | "zone">,
  of: (person: string) => Place | undefined,
  order: OrderDocument | undefined,
  now: number,
): Nearness | null {
  const wearer = incident.wearer ? of(incident.wearer) : undefined;
  if (!wearer) return null;
  if (OF_A_PAIR.includes(incident.kind)) {
    const named = incident.victim ?? onlyVictim(order);
    const victim = named ? of(named) : undefined;
    if (!victim) return null;
    return {
      distance_m: metresBetween(wearer.at, victim.at),
      uncertainty_m: Math.hypot(wearer.uncertainty_m, victim.uncertainty_m),
      age_s: Math.max(ageOf(wearer, now), ageOf(victim, now)),
      newest_s: Math.min(ageOf(wearer, now), ageOf(victim, now)),
      old: isOld(wearer, now) || isOld(victim, now),
    };
  }
  if (incident.kind !== "exclusion_zone" && incident.kind !== "inclusion_zone") return null;
  const zone = order?.zones.features.find((feature) => feature.properties.zone === incident.zone);
  if (zone?.geometry.type !== "Point" || !zone.properties.radius_m) return null;
  return {
    distance_m: metresBetween(wearer.at, zone.geometry.coordinates) - zone.properties.radius_m,
    uncertainty_m: wearer.uncertainty_m,
    age_s: ageOf(wearer, now),
    newest_s: ageOf(wearer, now),
    old: isOld(wearer, now),
  };
}

/** Whom an incident is about that names no victim, where the order has one only. */
function onlyVictim(order: OrderDocument | undefined): string | null {
  const [first, second] = order?.victims ?? [];
  return first && !second ? first.person : null;
}

/** Seconds since a position was taken. */
const ageOf = (place: Place, now: number): number => Math.max(0, (now - place.fixed_at) / 1000);
