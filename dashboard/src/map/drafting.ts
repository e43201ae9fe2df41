// A draft order on the map: its zones, the homes, the rings of the guidance, and what is being drawn now.
import type { Feature } from "geojson";
import { RINGS_M } from "../live/editing.ts";
import type { Lonlat, OrderDocument } from "../live/types.ts";
import { metresBetween, ring } from "./geo.ts";

export type Tool = "" | "circle" | "polygon" | "wearer" | "victim";

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
  for (const { geometry, properties } of order.zones.features) {
    const shape =
      geometry.type === "Point"
        ? {
            type: "Polygon" as const,
            coordinates: [ring(geometry.coordinates, Math.max(1, properties.radius_m ?? 1))],
          }
        : geometry;
    features.push(feature(shape, { part: "zone" }));
  }
  for (const { residence } of order.victims) {
    if (!residence) continue;
    features.push(feature({ type: "Point", coordinates: residence }, { part: "home", role: "victim" }));
    for (const m of RINGS_M)
      features.push(
        feature(
          { type: "Polygon", coordinates: [ring(residence, m)] },
          { part: "ring", label: ringLabel(m) },
        ),
      );
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
