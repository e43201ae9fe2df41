// A draft order on the map: its zones, the homes, the rings of the guidance, and what is being drawn now.
import type { Feature } from "geojson";
import { RINGS_M } from "../live/editing.ts";
import type { Lonlat, OrderDocument } from "../live/types.ts";
import { ring } from "./geo.ts";

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
  if (corners.length > 1 && tool === "polygon")
    features.push(feature({ type: "LineString", coordinates: [...corners] }, { part: "ring" }));
  for (const corner of corners)
    features.push(feature({ type: "Point", coordinates: corner }, { part: "corner" }));
  return features;
}
