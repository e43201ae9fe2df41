// What somebody imports: orders, or zones drawn elsewhere. Nothing that a page could not show gets through; what is
// merely unwise is for the service to judge.
import { freeName } from "./editing.ts";
import type { Lonlat, OrderDocument, ZoneFeature } from "./types.ts";

export type Imported =
  | { orders: OrderDocument[] }
  /** Zones, and how many other things the file held. */
  | { zones: ZoneFeature[]; others: number }
  | { problem: "json" | "neither" }
  /** A field that is missing or cannot be read, of the order with that number. */
  | { problem: "lacks" | "wrong"; field: string; nth: number };

type Fault = { problem: "lacks" | "wrong"; field: string };
type Thing = Record<string, unknown>;

const isObject = (value: unknown): value is Thing =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isPlace = (value: unknown): value is Lonlat =>
  Array.isArray(value) &&
  value.length >= 2 &&
  value.slice(0, 2).every((n) => typeof n === "number" && Number.isFinite(n)) &&
  Math.abs(value[0] as number) <= 180 &&
  Math.abs(value[1] as number) <= 90;
const isRing = (value: unknown): boolean =>
  Array.isArray(value) && value.length > 0 && value.every((corner) => isPlace(corner));
const isRings = (value: unknown): boolean => Array.isArray(value) && value.length > 0 && value.every(isRing);
const SHAPES: Record<string, (coordinates: unknown) => boolean> = {
  Point: isPlace,
  Polygon: isRings,
  MultiPolygon: (value) => Array.isArray(value) && value.length > 0 && value.every(isRings),
};
const isShape = (geometry: unknown): boolean =>
  isObject(geometry) && Boolean(SHAPES[String(geometry.type)]?.(geometry.coordinates));

/** Fields by which an order is known from everything else. */
const OF_AN_ORDER = ["order", "wearer", "victims", "zones", "legal_basis", "valid_from"];
const MOMENTS = ["valid_from", "valid_until"];
const PROXIMITY = ["alarm_m", "warning_m", "warning_s"];

export function imported(text: string): Imported {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return { problem: "json" };
  }
  if (isObject(read) && read.type === "FeatureCollection" && Array.isArray(read.features)) {
    const zones = read.features.filter((feature) => isObject(feature) && isShape(feature.geometry));
    if (zones.length === 0) return { problem: "neither" };
    const fault = ofZones({ features: zones });
    if (fault) return { ...fault, nth: 0 };
    return { zones: zones as ZoneFeature[], others: read.features.length - zones.length };
  }
  const all = Array.isArray(read) ? read : [read];
  const isOrder = (value: unknown): value is Thing =>
    isObject(value) && OF_AN_ORDER.some((field) => field in value);
  if (all.length === 0 || !all.every(isOrder)) return { problem: "neither" };
  for (const [nth, order] of all.entries()) {
    const fault = faultOf(order);
    if (fault) return { ...fault, nth };
  }
  return { orders: all.map(completed) };
}

/** The first thing about an order that the page could not show. */
function faultOf(order: Thing): Fault | null {
  const text = (of: Thing, name: string, path: string): Fault | null =>
    of[name] === undefined || of[name] === null
      ? { problem: "lacks", field: path }
      : typeof of[name] === "string"
        ? null
        : { problem: "wrong", field: path };
  for (const field of ["order", "legal_basis", ...MOMENTS]) {
    const fault = text(order, field, field);
    if (fault) return fault;
  }
  const unreadable = MOMENTS.find((field) => Number.isNaN(Date.parse(String(order[field]))));
  if (unreadable) return { problem: "wrong", field: unreadable };
  if (order.wearer === undefined) return { problem: "lacks", field: "wearer" };
  const victims = order.victims ?? [];
  if (!Array.isArray(victims)) return { problem: "wrong", field: "victims" };
  const parties = [order.wearer, ...victims];
  for (const [n, party] of parties.entries()) {
    const path = n === 0 ? "wearer" : `victims[${n - 1}]`;
    if (!isObject(party)) return { problem: "wrong", field: path };
    const fault = text(party, "person", `${path}.person`) ?? ofParty(party, path);
    if (fault) return fault;
  }
  return ofZones(order.zones ?? { features: [] }) ?? ofContacts(order.contacts ?? {});
}

function ofParty(party: Thing, path: string): Fault | null {
  if (party.residence != null && !isPlace(party.residence))
    return { problem: "wrong", field: `${path}.residence` };
  const { proximity } = party;
  if (proximity == null) return null;
  if (!isObject(proximity)) return { problem: "wrong", field: `${path}.proximity` };
  const lacking = PROXIMITY.find((name) => typeof proximity[name] !== "number");
  return lacking ? { problem: "lacks", field: `${path}.proximity.${lacking}` } : null;
}

function ofZones(zones: unknown): Fault | null {
  if (!isObject(zones) || !Array.isArray(zones.features)) return { problem: "wrong", field: "zones" };
  for (const [n, zone] of zones.features.entries()) {
    const path = `zones.features[${n}]`;
    if (!isObject(zone)) return { problem: "wrong", field: path };
    if (!isShape(zone.geometry)) return { problem: "wrong", field: `${path}.geometry` };
    const own = zone.properties ?? {};
    if (!isObject(own)) return { problem: "wrong", field: `${path}.properties` };
    if (own.protects != null && !isPlace(own.protects))
      return { problem: "wrong", field: `${path}.properties.protects` };
    if (own.deviation != null && !isObject(own.deviation))
      return { problem: "wrong", field: `${path}.properties.deviation` };
    if (own.schedule != null && !isSchedule(own.schedule))
      return { problem: "wrong", field: `${path}.properties.schedule` };
  }
  return null;
}

const TIMES = ["from", "to"];
const isSchedule = (value: unknown): boolean =>
  isObject(value) &&
  Array.isArray(value.weekly) &&
  value.weekly.every(
    (window) =>
      isObject(window) &&
      Array.isArray(window.days) &&
      TIMES.every((name) => typeof window[name] === "string"),
  );

function ofContacts(contacts: unknown): Fault | null {
  if (!isObject(contacts)) return { problem: "wrong", field: "contacts" };
  const wrong = Object.entries(contacts).find(([, contact]) => contact !== null && !isObject(contact));
  return wrong ? { problem: "wrong", field: `contacts.${wrong[0]}` } : null;
}

/** What may be left out of an order, and what the page reads all the same. All else is as it was written. */
function completed(order: Thing): OrderDocument {
  const zones = (order.zones ?? { features: [] }) as { features: ZoneFeature[] };
  const features = zones.features.map(withProperties);
  return {
    ...order,
    victims: order.victims ?? [],
    zones: { ...zones, type: "FeatureCollection", features },
  } as OrderDocument;
}

/** A zone of another editor has no properties of ours. */
function withProperties(zone: ZoneFeature): ZoneFeature {
  const own = isObject(zone.properties) ? zone.properties : {};
  return {
    ...zone,
    type: "Feature",
    properties: { kind: "exclusion", zone: "", ...own } as ZoneFeature["properties"],
  };
}

const ID = /^[A-Za-z0-9_-]{1,64}$/;

/** The document with these zones beside its own, each under a name that is free: its own where that is. */
export function withZones(order: OrderDocument, zones: readonly ZoneFeature[]): OrderDocument {
  const features = [...order.zones.features];
  const persons = order.victims.map((victim) => victim.person);
  for (const foreign of zones) {
    const zone = withProperties(foreign);
    const own = zone.properties;
    const taken = features.map((one) => one.properties.zone);
    const mayStay = ID.test(String(own.zone)) && !taken.includes(own.zone);
    const size = zone.geometry.type === "Point" ? { radius_m: 5_000 } : {};
    const properties = { ...size, ...own, zone: mayStay ? own.zone : freeName(taken) };
    // Whom a zone protected elsewhere may be in no order here.
    if (properties.victim != null && !persons.includes(properties.victim)) properties.victim = null;
    features.push({ ...zone, properties });
  }
  return { ...order, zones: { ...order.zones, features } };
}
