// The victims of an order: who joins it, who leaves it, and which zones are hers. Pure steps from one document to the next.
import { metresBetween } from "../map/geo.ts";
import type { Lonlat, OrderDocument, ZoneFeature } from "./types.ts";

export type VictimEntry = OrderDocument["victims"][number];
export type Proximity = NonNullable<VictimEntry["proximity"]>;
export type PartyEntry = OrderDocument["wearer"];

/** As many as an order may have. */
export const MOST_VICTIMS = 6;
/** Distances that a new victim begins with. */
export const DISTANCES: Required<Proximity> = { alarm_m: 1_000, warning_m: 2_000, warning_s: 300 };

/** Somebody of whom nothing is known yet. */
export const nobodyYet = (): VictimEntry => ({
  person: "",
  device: "",
  residence: null,
  proximity: { ...DISTANCES },
});

/** Whether there is room for one more; who has no name yet is named first, or her zones would be anybody's. */
export const mayJoin = (order: OrderDocument): boolean =>
  order.victims.length < MOST_VICTIMS && order.victims.every(({ person }) => person !== "");

export const withVictim = (order: OrderDocument): OrderDocument => ({
  ...order,
  victims: [...order.victims, nobodyYet()],
});

/** Whether another victim has that name: then it would not say whose a zone is. */
export const isTaken = (order: OrderDocument, at: number, person: string): boolean =>
  order.victims.some((victim, n) => n !== at && victim.person === person);

/** The zones that protect her, by their numbers. Who comes first has those of a name that stands twice. */
export function zonesOf(order: OrderDocument, at: number): number[] {
  const person = order.victims[at]?.person;
  if (order.victims.findIndex((victim) => victim.person === person) !== at) return [];
  return order.zones.features.flatMap((zone, n) => (zone.properties.victim === person ? [n] : []));
}

/** The document without a victim. Her zones go with her, or stay and protect nobody in particular. */
export function withoutVictim(order: OrderDocument, at: number, zones: "stay" | "go"): OrderDocument {
  const hers = new Set(zonesOf(order, at));
  const features = order.zones.features.flatMap((zone, n) => {
    if (!hers.has(n)) return [zone];
    return zones === "go" ? [] : [{ ...zone, properties: { ...zone.properties, victim: null } }];
  });
  const victims = order.victims.filter((_, n) => n !== at);
  return { ...order, victims, zones: { ...order.zones, features } };
}

/** The document with a victim changed; zones that protect her go on doing so under another name. */
export const withVictimChanged = (
  order: OrderDocument,
  at: number,
  part: Partial<VictimEntry>,
): OrderDocument => withVictimAs(order, at, { ...(order.victims[at] ?? nobodyYet()), ...part });

/** The document with a victim as given, so that what she has no more is gone; her zones follow her name. */
export function withVictimAs(order: OrderDocument, at: number, victim: VictimEntry): OrderDocument {
  const before = order.victims[at]?.person;
  const renamed = { ...order, victims: order.victims.map((one, n) => (n === at ? victim : one)) };
  const { person } = victim;
  if (person === before) return renamed;
  const hers = new Set(zonesOf(order, at));
  const features = order.zones.features.map((zone, n) =>
    hers.has(n) ? { ...zone, properties: { ...zone.properties, victim: person } } : zone,
  );
  return { ...renamed, zones: { ...order.zones, features } };
}

/** A party with a field changed, or without it where there is nothing to say. */
export function withField<T extends PartyEntry>(party: T, name: string, value: unknown): T {
  const { [name]: _, ...others } = party;
  return (value === undefined ? others : { ...party, [name]: value }) as T;
}

/** Whom a new zone protects: whose home is nearest to its middle; the first while no home is known. */
export function nearestTo(order: OrderDocument, geometry: ZoneFeature["geometry"]): string | null {
  const [first] = order.victims;
  const middle = middleOf(geometry);
  let best = { person: first?.person ?? null, m: Number.POSITIVE_INFINITY };
  for (const { person, residence } of order.victims) {
    const m = residence && middle ? metresBetween(residence, middle) : Number.POSITIVE_INFINITY;
    if (m < best.m) best = { person, m };
  }
  return best.person;
}

function middleOf(geometry: ZoneFeature["geometry"]): Lonlat | null {
  if (geometry.type === "Point") return geometry.coordinates;
  const corners = (geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates).flat(2);
  if (corners.length === 0) return null;
  const mean = (axis: 0 | 1): number =>
    corners.reduce((sum, corner) => sum + corner[axis], 0) / corners.length;
  return [mean(0), mean(1)];
}
