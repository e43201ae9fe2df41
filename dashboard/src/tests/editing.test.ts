import { expect, test } from "vitest";
import { dayOf, daysAfter, midnight } from "../live/dutch-time.ts";
import {
  circle,
  daysUntil,
  lacking,
  newOrder,
  outgoing,
  place,
  placeheld,
  polygon,
  withoutZone,
  withVictimChanged,
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

test("a zone goes on protecting her when she gets her name, and another keeps his own", () => {
  const [first] = newOrder(T0).victims;
  const blank = {
    ...newOrder(T0),
    victims: [first, first].map((one) => ({ ...(one as NonNullable<typeof one>) })),
  };
  const whose = (order: typeof blank): unknown[] =>
    order.zones.features.map((zone) => zone.properties.victim);
  const drawn = withZone(
    { ...blank, victims: blank.victims.slice(0, 1) },
    { type: "Point", coordinates: HOME },
  );
  const named = withVictimChanged(drawn, 0, { person: "v" });
  expect(whose(withVictimChanged(withVictimChanged(named, 0, { person: "vi" }), 0, { device: "d" }))).toEqual(
    ["vi"],
  );
  // Two without a name are not told apart by it.
  expect(whose(withVictimChanged({ ...drawn, victims: blank.victims }, 1, { person: "other" }))).toEqual([
    "",
  ]);
  expect(outgoing(drawn).zones.features[0]?.properties.victim).toBeNull();
});

test("the guidance is asked before there are names, and what is lacking is known", () => {
  const drawn = withZone(newOrder(T0), { type: "Point", coordinates: HOME }, 869);
  expect(lacking(drawn)).toEqual(["order", "wearer.person", "victims[0].person"]);
  const asked = placeheld(drawn);
  const names = [asked.order, asked.wearer.person, asked.victims[0]?.person];
  for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
  expect(asked.zones.features[0]?.properties.victim).toBe(asked.victims[0]?.person);
  const whole = { ...drawn, order: "ord-1", wearer: { ...drawn.wearer, person: "w" } };
  expect(placeheld(whole)).toMatchObject({ order: "ord-1", wearer: { person: "w" } });
  expect(lacking(whole)).toEqual(["victims[0].person"]);
});

test("an order begins and ends at midnight in the Netherlands, in winter and in summer", () => {
  // 23:30 on 2 March is the 3rd there.
  const order = newOrder(Date.parse("2027-03-02T23:30:00Z"));
  expect([order.valid_from, order.valid_until]).toEqual([
    "2027-03-04T00:00:00+01:00",
    "2027-06-02T00:00:00+02:00",
  ]);
});

test.each([
  ["2027-03-28", "+01:00", "the day the clock goes forward begins in winter time"],
  ["2027-03-29", "+02:00", "and the day after in summer time"],
  ["2027-10-31", "+02:00", "the day it goes back begins in summer time"],
  ["2027-11-01", "+01:00", "and the day after in winter time"],
])("midnight of %s is at %s: %s", (day, offset) => {
  expect(midnight(day)).toBe(`${day}T00:00:00${offset}`);
  expect(dayOf(Date.parse(midnight(day)))).toBe(day);
  expect(dayOf(Date.parse(midnight(day)) - 1)).toBe(daysAfter(day, -1));
});

test("a circle follows the pointer with its metres, and a polygon with its next side", () => {
  const order = newOrder(T0);
  const edge = towards(HOME, 812, 30);
  const parts = (corners: Lonlat[], tool: "circle" | "polygon", pointer: Lonlat | null) =>
    drafted(order, corners, tool, (m) => `${Math.round(m)} m`, pointer).filter(
      (feature) => feature.properties?.part === "ring",
    );
  expect(parts([HOME], "circle", edge).map((feature) => feature.properties?.label)).toEqual([
    undefined,
    "812 m",
  ]);
  expect(parts([HOME], "circle", null)).toEqual([]);
  expect(parts([], "circle", edge)).toEqual([]);
  const [side] = parts([HOME], "polygon", edge);
  expect(side?.geometry).toEqual({ type: "LineString", coordinates: [HOME, edge] });
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
