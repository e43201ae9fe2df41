// A draft order on the map: its zones, the homes, the rings of the guidance, and what is being drawn now.
import type { Feature } from "geojson";
import { RINGS_M } from "../live/editing.ts";
import type { Lonlat, OrderDocument, ZoneFeature } from "../live/types.ts";
import { metresBetween, ring } from "./geo.ts";

export type Tool = "" | "circle" | "polygon";

type Outline = Exclude<ZoneFeature["geometry"], { type: "Point" }>;

const feature = (geometry: Feature["geometry"], properties: Record<string, unknown>): Feature => ({
  type: "Feature",
  properties,
  geometry,
});

export function drafted(
  order: OrderDocument | null,
  corners: readonly Lonlat[],
  tool: Tool,
  ringLabel: (m: number) => string,
  pointer: Lonlat | null = null,
): Feature[] {
  if (!order) return [];
  const features: Feature[] = [];
  for (const zone of order.zones.features) {
    const shape = outlineOf(zone);
    if (shape) features.push(feature(shape, { part: "zone" }));
  }
  for (const { residence } of order.victims) {
    if (residence) features.push(...protectedPlace(residence, ringLabel));
  }
  for (const { properties } of order.zones.features) {
    if (properties.protects) features.push(...protectedPlace(properties.protects, ringLabel));
  }
  if (order.wearer.residence)
    features.push(
      feature({ type: "Point", coordinates: order.wearer.residence }, { part: "home", role: "wearer" }),
    );
  features.push(...drawnNow(corners, tool, ringLabel, pointer));
  for (const corner of corners)
    features.push(feature({ type: "Point", coordinates: corner }, { part: "corner" }));
  return features;
}

/** Furthest that a circle is drawn: half way round the earth there is nothing beyond it. */
const FURTHEST_M = 20_000_000;

/** A zone as it is drawn; `null` for a circle whose size is no number. */
export function outlineOf({ geometry, properties }: ZoneFeature, points?: number): Outline | null {
  if (geometry.type !== "Point") return geometry;
  const m = Math.min(Number(properties.radius_m), FURTHEST_M);
  if (!(m > 0)) return null;
  return { type: "Polygon", coordinates: [ring(geometry.coordinates, m, points)] };
}

/** The places that a look at an order must show. */
export function extentOf(order: OrderDocument): Lonlat[] {
  const outlines = order.zones.features.flatMap((zone) => {
    const outline = outlineOf(zone, 8);
    return outline?.type === "Polygon"
      ? (outline.coordinates[0] ?? [])
      : (outline?.coordinates.flat(2) ?? []);
  });
  const homes = order.victims.flatMap(({ residence }) => (residence ? [residence] : []));
  return [...outlines, ...homes];
}

/** A place that is protected, with the rings of the guidance around it. */
function protectedPlace(at: Lonlat, ringLabel: (m: number) => string): Feature[] {
  const rings = RINGS_M.map((m) =>
    feature({ type: "Polygon", coordinates: [ring(at, m)] }, { part: "ring", label: ringLabel(m) }),
  );
  return [feature({ type: "Point", coordinates: at }, { part: "home", role: "victim" }), ...rings];
}

/** What a click would make: the circle to the pointer, or the line of corners and the way to it. */
function drawnNow(
  corners: readonly Lonlat[],
  tool: Tool,
  ringLabel: (m: number) => string,
  pointer: Lonlat | null,
): Feature[] {
  const [centre] = corners;
  if (!centre) return [];
  if (tool === "polygon") {
    const line = pointer ? [...corners, pointer] : [...corners];
    return line.length > 1 ? [feature({ type: "LineString", coordinates: line }, { part: "ring" })] : [];
  }
  const m = pointer ? metresBetween(centre, pointer) : 0;
  if (tool !== "circle" || !pointer || m < 1) return [];
  return [
    feature({ type: "LineString", coordinates: [centre, pointer] }, { part: "ring" }),
    feature({ type: "Polygon", coordinates: [ring(centre, m)] }, { part: "ring", label: ringLabel(m) }),
  ];
}
