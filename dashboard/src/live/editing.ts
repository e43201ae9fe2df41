// Drawing up an order: pure steps from one document to the next.
import { metresBetween } from "../map/geo.ts";
import { dayOf, daysAfter, midnight } from "./dutch-time.ts";
import type { Lonlat, OrderDocument, ZoneFeature } from "./types.ts";

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

/** An order with everything that has to be filled in, valid for 90 days from tomorrow. */
export function newOrder(now: number): OrderDocument {
  const day = (after: number): string => midnight(daysAfter(dayOf(now), after));
  return {
    order: "",
    legal_basis: "sv_509hh",
    valid_from: day(1),
    valid_until: day(91),
    risk: "medium",
    wearer: { person: "", device: "", residence: null },
    victims: [
      {
        person: "",
        device: "",
        residence: null,
        proximity: { alarm_m: 1000, warning_m: 2000, warning_s: 300 },
      },
    ],
    zones: { type: "FeatureCollection", features: [] },
    desk: "",
    contacts: {},
  };
}

const round = (n: number, digits: number): number => Math.round(n * 10 ** digits) / 10 ** digits;
/** A place to 0.1 m: more digits only look exact. */
export const tidy = ([lon, lat]: Lonlat): Lonlat => [round(lon, 6), round(lat, 6)];

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
): OrderDocument {
  const names = order.zones.features.map((zone) => zone.properties.zone);
  // Also while she has no name yet: the zone follows it.
  const victim = order.victims[0]?.person ?? null;
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

/** The document with a victim changed; zones that protect her go on doing so under another name. */
export function withVictimChanged(
  order: OrderDocument,
  at: number,
  part: Partial<OrderDocument["victims"][number]>,
): OrderDocument {
  const before = order.victims[at]?.person;
  const victims = order.victims.map((victim, n) => (n === at ? { ...victim, ...part } : victim));
  const shared = order.victims.some((victim, n) => n !== at && victim.person === before);
  const renamed = { ...order, victims };
  if (part.person === undefined || part.person === before || shared) return renamed;
  const { person } = part;
  const features = order.zones.features.map((zone) =>
    zone.properties.victim === before
      ? { ...zone, properties: { ...zone.properties, victim: person } }
      : zone,
  );
  return { ...renamed, zones: { ...order.zones, features } };
}

/** A circle from two places: its middle and a place on its edge. */
export const circle = (
  centre: Lonlat,
  edge: Lonlat,
): { geometry: ZoneFeature["geometry"]; radius_m: number } => ({
  geometry: { type: "Point", coordinates: tidy(centre) },
  radius_m: Math.max(1, Math.round(metresBetween(centre, edge))),
});

/** A polygon of corners, closed; `null` with fewer than three. */
export function polygon(corners: readonly Lonlat[]): ZoneFeature["geometry"] | null {
  const [first] = corners;
  if (!first || corners.length < 3) return null;
  return { type: "Polygon", coordinates: [[...corners, first].map(tidy)] };
}

/** `lon, lat` or `lat, lon` as people paste it: in these parts the latitude is the larger number. */
export function place(text: string): Lonlat | null {
  const numbers = text
    .split(/[,;\s]+/)
    .filter(Boolean)
    .map(Number);
  const [a, b] = numbers;
  if (
    numbers.length !== 2 ||
    a === undefined ||
    b === undefined ||
    !Number.isFinite(a) ||
    !Number.isFinite(b)
  )
    return null;
  const [lat, lon] = a > b ? [a, b] : [b, a];
  return Math.abs(lat) <= 90 && Math.abs(lon) <= 180 ? tidy([lon, lat]) : null;
}

/** What the service should be told: what was left empty is absent, not an empty text. */
export function outgoing(order: OrderDocument): OrderDocument {
  const emptied = <T extends Record<string, unknown>>(part: T): T =>
    Object.fromEntries(Object.entries(part).filter(([, value]) => value !== "")) as T;
  return {
    ...emptied(order),
    order: order.order,
    wearer: { ...emptied(order.wearer), person: order.wearer.person },
    victims: order.victims.map((victim) => ({ ...emptied(victim), person: victim.person })),
    zones: {
      ...order.zones,
      features: order.zones.features.map((zone) => ({
        ...zone,
        properties: { ...zone.properties, victim: zone.properties.victim || null },
      })),
    },
  };
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
