// Drawing up an order: pure steps from one document to the next.
import { metresBetween } from "../map/geo.ts";
import { tidy } from "./coordinates.ts";
import { dayOf, daysAfter, midnight, momentOf, timeOf } from "./dutch-time.ts";
import type { Lonlat, OrderDocument, ZoneFeature } from "./types.ts";
import { nearestTo, nobodyYet, withVictimChanged } from "./victims.ts";

export const BASES = [
  "sv_509hh",
  "suspended_detention",
  "special_condition",
  "immediate_supervision",
  "conditional_release",
  "measure_38z",
  "temporary_restraining_order",
] as const;
export const RISKS = ["low", "medium", "high"] as const;

/** The guidance's rings around a home, in metres. */
export const RINGS_M = [1_000, 5_000] as const;

const DAY_MS = 86_400_000;

/** An order with everything that has to be filled in, valid for 90 days from today: what is entered now protects
 *  somebody now. */
export function newOrder(now: number): OrderDocument {
  const day = (after: number): string => midnight(daysAfter(dayOf(now), after));
  return {
    order: "",
    legal_basis: "sv_509hh",
    valid_from: day(0),
    valid_until: day(90),
    // Nobody was screened by opening a form.
    risk: "",
    wearer: { person: "", device: "", residence: null },
    victims: [nobodyYet()],
    zones: { type: "FeatureCollection", features: [] },
    desk: "",
    contacts: {},
  };
}

/** A name for a zone that none has. */
export function freeName(taken: readonly string[]): string {
  let n = taken.length + 1;
  while (taken.includes(`zone-${n}`)) n += 1;
  return `zone-${n}`;
}

/** The document with one zone more, named as none yet is. */
export function withZone(
  order: OrderDocument,
  geometry: ZoneFeature["geometry"],
  radius_m?: number,
  // Also while she has no name yet: the zone follows it.
  victim: string | null = nearestTo(order, geometry),
): OrderDocument {
  const names = order.zones.features.map((zone) => zone.properties.zone);
  const size = geometry.type === "Point" ? { radius_m: Math.round(radius_m ?? 5_000) } : {};
  const zone: ZoneFeature = {
    type: "Feature",
    geometry,
    properties: {
      zone: freeName(names),
      kind: "exclusion",
      victim,
      ...size,
      buffer_m: 500,
      schedule: null,
      deviation: null,
    },
  };
  return { ...order, zones: { ...order.zones, features: [...order.zones.features, zone] } };
}

export function withoutZone(order: OrderDocument, at: number): OrderDocument {
  return { ...order, zones: { ...order.zones, features: order.zones.features.filter((_, n) => n !== at) } };
}

export function withZoneChanged(
  order: OrderDocument,
  at: number,
  change: (zone: ZoneFeature) => ZoneFeature,
): OrderDocument {
  const features = order.zones.features.map((zone, n) => (n === at ? change(zone) : zone));
  return { ...order, zones: { ...order.zones, features } };
}

/** A circle from two places: its middle and a place on its edge. */
export const circle = (
  centre: Lonlat,
  edge: Lonlat,
): { geometry: ZoneFeature["geometry"]; radius_m: number } => ({
  geometry: { type: "Point", coordinates: tidy(centre) },
  radius_m: Math.max(1, Math.round(metresBetween(centre, edge))),
});

/** A polygon of corners, closed; `null` with fewer than three. A place that was clicked twice is one corner. */
export function polygon(corners: readonly Lonlat[]): ZoneFeature["geometry"] | null {
  const places = corners.map(tidy);
  const single = places.filter((at, n) => String(at) !== String(places.at(n - 1)));
  const [first] = single;
  if (!first || single.length < 3) return null;
  return { type: "Polygon", coordinates: [[...single, first]] };
}

/** A moment of an order on another day, or at another time of its day, there; as it was where that is neither. */
export function redated(before: string, { day, time }: { day?: string; time?: string }): string {
  const was = Date.parse(before);
  return momentOf(day ?? dayOf(was), time ?? (timeOf(was) || "00:00")) ?? before;
}

/** What may be left out, and is absent where the form has an empty text. */
const OF_ORDER = ["desk", "risk"];
const OF_PARTY = ["device", "owntracks"];

function without<T extends object>(part: T, names: readonly string[]): T {
  const all = Object.entries(part);
  const some = all.filter(([name, value]) => !(value === "" && names.includes(name)));
  return some.length === all.length ? part : (Object.fromEntries(some) as T);
}

/** What the service should be told: what the form left empty is absent; all else is as it was. */
export function outgoing(order: OrderDocument): OrderDocument {
  const features = order.zones.features.map((zone) =>
    zone.properties.victim === "" ? { ...zone, properties: { ...zone.properties, victim: null } } : zone,
  );
  return {
    ...without(order, OF_ORDER),
    wearer: without(order.wearer, OF_PARTY),
    victims: order.victims.map((victim) => without(victim, OF_PARTY)),
    zones: { ...order.zones, features },
  };
}

/** Corners of a zone, each once: a ring ends where it begins. */
export function cornersOf(geometry: ZoneFeature["geometry"]): number {
  if (geometry.type === "Point") return 0;
  const rings = geometry.type === "Polygon" ? geometry.coordinates : geometry.coordinates.flat();
  const isClosed = (ring: Lonlat[]): boolean =>
    ring.length > 1 && String(ring[0]) === String(ring[ring.length - 1]);
  return rings.reduce((sum, ring) => sum + ring.length - (isClosed(ring) ? 1 : 0), 0);
}

/** Fields that an order cannot do without and that are still empty, by their paths. */
export function lacking(order: OrderDocument): string[] {
  const parties = order.victims.map((victim, n) => [`victims[${n}].person`, victim.person]);
  const named = [["order", order.order], ["wearer.person", order.wearer.person], ...parties];
  return named.flatMap(([path, name]) => (path && !name ? [path] : []));
}

/** The document to ask the guidance about while names are still lacking: distances do not wait for a name. */
export function placeheld(order: OrderDocument): OrderDocument {
  const named = order.victims.reduce(
    (so_far, victim, n) =>
      victim.person ? so_far : withVictimChanged(so_far, n, { person: `victim-${n + 1}-unnamed` }),
    order,
  );
  const wearer = { ...named.wearer, person: named.wearer.person || "wearer-unnamed" };
  return { ...named, order: named.order || "unnamed", wearer };
}

/** Whole days from now until a moment; negative when it is past. */
export const daysUntil = (moment: string, now: number): number =>
  Math.floor((Date.parse(moment) - now) / DAY_MS);
