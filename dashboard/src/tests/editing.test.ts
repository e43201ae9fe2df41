import { expect, test } from "vitest";
import {
  circle,
  daysUntil,
  imported,
  newOrder,
  outgoing,
  place,
  polygon,
  withoutZone,
  withZone,
  withZoneChanged,
} from "../live/editing.ts";
import type { Lonlat } from "../live/types.ts";
import { drafted } from "../map/drafting.ts";
import { metresBetween, towards } from "../map/geo.ts";
import { at, T0 } from "./incidents.ts";

const HOME: Lonlat = [4.4792, 51.9225];

test("a circle is drawn from its middle and a place on its edge", () => {
  const { geometry, radius_m } = circle(HOME, towards(HOME, 1_234.4, 77));
  expect([geometry, radius_m]).toEqual([{ type: "Point", coordinates: HOME }, 1_234]);
});

test("a polygon is closed, and none with fewer than three corners", () => {
  expect(polygon([HOME, [4.5, 52]])).toBeNull();
  const drawn = polygon([HOME, [4.5, 52], [4.6000001234, 51.9]]);
  expect(drawn).toEqual({ type: "Polygon", coordinates: [[HOME, [4.5, 52], [4.6, 51.9], HOME]] });
});

test("zones get names that are free, whatever was removed before", () => {
  let order = newOrder(T0);
  const point = { type: "Point" as const, coordinates: HOME };
  for (let n = 0; n < 3; n += 1) order = withZone(order, point, 5_000);
  order = withZone(withoutZone(order, 1), point, 800);
  const names = order.zones.features.map((zone) => zone.properties.zone);
  expect(new Set(names).size).toBe(3);
  const changed = withZoneChanged(order, 2, (zone) => ({
    ...zone,
    properties: { ...zone.properties, radius_m: 900 },
  }));
  expect(changed.zones.features.map((zone) => zone.properties.radius_m)).toEqual([5_000, 5_000, 900]);
  expect(order.zones.features[2]?.properties.radius_m).toBe(800);
});

test("a place is read however it was pasted, and nonsense is not", () => {
  for (const text of ["51.9225, 4.4792", "4.4792 51.9225", "51.9225;4.4792"])
    expect(place(text), text).toEqual(HOME);
  for (const text of ["", "52", "a, b", "52, 5, 7", "520, 5"]) expect(place(text), text).toBeNull();
});

test("what is imported is told apart, and nothing else is taken", () => {
  const order = { ...newOrder(T0), order: "ord-9" };
  expect(imported(JSON.stringify(order))).toEqual({ orders: [order] });
  expect(imported(JSON.stringify([order, order]))).toMatchObject({
    orders: [{ order: "ord-9" }, { order: "ord-9" }],
  });
  const foreign = {
    type: "FeatureCollection",
    features: [{ type: "Feature", properties: null, geometry: { type: "Point", coordinates: HOME } }],
  };
  expect(imported(JSON.stringify(foreign))).toMatchObject({
    zones: [{ properties: { zone: "zone-1", kind: "exclusion", radius_m: 5_000 } }],
  });
  expect(imported("{")).toEqual({ problem: "json" });
  for (const other of ["[]", "7", "{}", '{"type":"FeatureCollection","features":[]}'])
    expect(imported(other), other).toEqual({ problem: "neither" });
});

test("what was left empty is not sent, and what the service knows more of comes back as it was", () => {
  const order = {
    ...newOrder(T0),
    order: "ord-9",
    desk: "",
    call_order: ["wearer"],
    wearer: { person: "w", device: "", receipts: true },
  };
  const sent = outgoing(order);
  expect("desk" in sent || "device" in sent.wearer).toBe(false);
  expect(sent).toMatchObject({ call_order: ["wearer"], wearer: { person: "w", receipts: true } });
});

test("the rings of the guidance stand around her home while one draws", () => {
  const order = newOrder(T0);
  const [victim] = order.victims;
  const drawn = drafted(
    { ...order, victims: [{ ...(victim as NonNullable<typeof victim>), residence: HOME }] },
    [HOME],
    "circle",
    String,
  );
  const rings = drawn.filter((feature) => feature.properties?.part === "ring");
  expect(rings.map((feature) => feature.properties?.label)).toEqual(["1000", "5000"]);
  const outer = rings[1]?.geometry;
  const edge = (outer?.type === "Polygon" ? outer.coordinates[0]?.[3] : undefined) as Lonlat;
  expect(metresBetween(HOME, edge)).toBeCloseTo(5_000, 2);
  expect(drafted(null, [HOME], "circle", String)).toEqual([]);
});

test("days are counted to the end, and below nothing after it", () => {
  expect([daysUntil(at(86_400 * 3 + 5), T0), daysUntil(at(-5), T0)]).toEqual([3, -1]);
});
