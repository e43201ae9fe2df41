// A field of an order whose place is pointed at on the map instead of being typed.

import { tidy } from "./coordinates.ts";
import { withZoneChanged } from "./editing.ts";
import type { Lonlat, OrderDocument } from "./types.ts";
import { withVictimChanged } from "./victims.ts";

export type Pointing = { of: "wearer" } | { of: "victim" | "protects" | "centre"; n: number };

export const isSame = (a: Pointing | null, b: Pointing): boolean => JSON.stringify(a) === JSON.stringify(b);

/** The document with that place in that field. */
export function pointed(order: OrderDocument, what: Pointing, where: Lonlat): OrderDocument {
  const at = tidy(where);
  if (what.of === "wearer") return { ...order, wearer: { ...order.wearer, residence: at } };
  if (what.of === "victim") return withVictimChanged(order, what.n, { residence: at });
  return withZoneChanged(order, what.n, (zone) =>
    what.of === "protects"
      ? { ...zone, properties: { ...zone.properties, protects: at } }
      : { ...zone, geometry: { type: "Point", coordinates: at } },
  );
}
