// Drawing up an order: pure steps from one document to the next, and reading what somebody imports.
import { metresBetween } from "../map/geo.ts";
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
  const day = (after: number): string =>
    `${new Date(now + after * DAY_MS).toISOString().slice(0, 10)}T00:00:00Z`;
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

/** The document with one zone more, named as none yet is. */
export function withZone(
  order: OrderDocument,
  geometry: ZoneFeature["geometry"],
  radius_m?: number,
): OrderDocument {
  const names = new Set(order.zones.features.map((zone) => zone.properties.zone));
  let n = names.size + 1;
  while (names.has(`zone-${n}`)) n += 1;
  const victim = order.victims[0]?.person || null;
  const size = geometry.type === "Point" ? { radius_m: Math.round(radius_m ?? 5_000) } : {};
  const zone: ZoneFeature = {
    type: "Feature",
    geometry,
    properties: {
      zone: `zone-${n}`,
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

export type Imported =
  | { orders: OrderDocument[] }
  | { zones: ZoneFeature[] }
  | { problem: "json" | "neither" };

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What a file holds: orders (one or an array) or a GeoJSON collection of zones. The service judges the rest. */
export function imported(text: string): Imported {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return { problem: "json" };
  }
  const isOrder = (value: unknown): boolean =>
    isObject(value) &&
    isObject(value.zones) &&
    Array.isArray(value.zones.features) &&
    isObject(value.wearer) &&
    Array.isArray(value.victims);
  const all = Array.isArray(read) ? read : [read];
  if (all.length && all.every(isOrder)) return { orders: all as OrderDocument[] };
  if (isObject(read) && read.type === "FeatureCollection" && Array.isArray(read.features)) {
    const zones = read.features.filter(
      (feature) =>
        isObject(feature) &&
        isObject(feature.geometry) &&
        ["Point", "Polygon", "MultiPolygon"].includes(String(feature.geometry.type)),
    );
    if (zones.length) return { zones: zones.map((zone, n) => named(zone as unknown as ZoneFeature, n)) };
  }
  return { problem: "neither" };
}

/** A zone of another editor has no properties of ours. */
function named(zone: ZoneFeature, n: number): ZoneFeature {
  const own = isObject(zone.properties) ? zone.properties : {};
  const size = zone.geometry.type === "Point" ? { radius_m: 5_000 } : {};
  return {
    type: "Feature",
    geometry: zone.geometry,
    properties: { ...size, kind: "exclusion", zone: `zone-${n + 1}`, ...own } as ZoneFeature["properties"],
  };
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
  };
}

/** Whole days from now until a moment; negative when it is past. */
export const daysUntil = (moment: string, now: number): number =>
  Math.floor((Date.parse(moment) - now) / DAY_MS);
