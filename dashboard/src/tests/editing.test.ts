import { expect, test } from "vitest";
import { place } from "../live/coordinates.ts";
import { dayOf, daysAfter, midnight, momentOf } from "../live/dutch-time.ts";
import {
  circle,
  cornersOf,
  daysUntil,
  lacking,
  newOrder,
  outgoing,
  placeheld,
  polygon,
  redated,
  withoutZone,
  withZone,
  withZoneChanged,
} from "../live/editing.ts";
import type { Lonlat } from "../live/types.ts";
import { withVictimChanged } from "../live/victims.ts";
import { drafted, extentOf } from "../map/drafting.ts";
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

test("a corner that was clicked twice is one corner, and corners are counted once a ring", () => {
  const corners: Lonlat[] = [HOME, HOME, [4.5, 52], [4.6, 51.9], [4.6, 51.9]];
  const drawn = polygon(corners);
  expect(drawn?.coordinates).toEqual([[HOME, [4.5, 52], [4.6, 51.9], HOME]]);
  expect(polygon([HOME, HOME, [4.5, 52], [4.5, 52]])).toBeNull();
  const ring = drawn?.coordinates[0] as Lonlat[];
  expect(cornersOf({ type: "Polygon", coordinates: [ring, ring] })).toBe(6);
  expect(cornersOf({ type: "Polygon", coordinates: [ring.slice(0, 3)] })).toBe(3);
  expect(cornersOf({ type: "MultiPolygon", coordinates: [[ring], [ring, ring]] })).toBe(9);
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
  for (const text of [
    "51.9225, 4.4792",
    "4.4792 51.9225",
    "51.9225;4.4792",
    "51.9225,4.4792",
    " 51,9225 4,4792 ",
    "51,9225; 4,4792",
    "51,9225, 4,4792",
  ])
    expect(place(text), text).toEqual(HOME);
  for (const text of ["", "52", "a, b", "52, 5, 7", "520, 5", "Dorpsstraat 1, 5", "0x10, 5", "52.1.1, 5"])
    expect(place(text), text).toBeNull();
  // Where the court's people live too: a longitude that is larger than the latitude, and one west of Greenwich.
  expect(place("-6.2, 106.8")).toEqual([106.8, -6.2]);
  expect(place("12.15, -68.27")).toEqual([-68.27, 12.15]);
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
  const blank = newOrder(T0);
  const whose = (order: typeof blank): unknown[] =>
    order.zones.features.map((zone) => zone.properties.victim);
  const drawn = withZone(blank, { type: "Point", coordinates: HOME });
  const named = withVictimChanged(drawn, 0, { person: "v" });
  expect(whose(withVictimChanged(withVictimChanged(named, 0, { person: "vi" }), 0, { device: "d" }))).toEqual(
    ["vi"],
  );
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
    "2027-03-03T00:00:00+01:00",
    "2027-06-01T00:00:00+02:00",
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

test.each([
  ["2027-03-28", "01:59", "2027-03-28T01:59:00+01:00"],
  ["2027-03-28", "03:00", "2027-03-28T03:00:00+02:00"],
  // A time that is none on the wall: an hour after 01:30, as the clock would have had it.
  ["2027-03-28", "02:30", "2027-03-28T02:30:00+01:00"],
  // A time that comes twice: the first.
  ["2026-10-25", "02:30", "2026-10-25T02:30:00+02:00"],
  ["2026-10-25", "03:00", "2026-10-25T03:00:00+01:00"],
  ["2026-12-31", "23:59:59", "2026-12-31T23:59:59+01:00"],
])("%s at %s is %s", (day, time, moment) => {
  expect(momentOf(day, time)).toBe(moment);
});

test("another day keeps the hour, and half a year that is typed changes nothing", () => {
  const end = "2027-01-30T23:59:59Z";
  expect(redated(end, { day: "2027-07-15" })).toBe("2027-07-15T00:59:59+02:00");
  expect(redated("2027-01-30T13:30:00+01:00", { day: "2027-07-15" })).toBe("2027-07-15T13:30:00+02:00");
  expect(redated(end, { time: "18:00" })).toBe("2027-01-31T18:00:00+01:00");
  for (const day of ["", "0002-07-15", "0202-07-15", "12027-07-15", "2027-13-45"])
    expect(redated(end, { day }), day).toBe(end);
  expect(redated(end, { time: "" })).toBe(end);
});

test("what cannot be drawn is left out, and all that is protected has its rings", () => {
  const order = newOrder(T0);
  const point = { type: "Point" as const, coordinates: HOME };
  const sized = (radius_m: unknown) =>
    withZoneChanged(withZone(order, point), 0, (zone) => ({
      ...zone,
      properties: { ...zone.properties, radius_m: radius_m as number },
    }));
  const zonesIn = (one: typeof order) =>
    drafted(one, [], "", String).filter((feature) => feature.properties?.part === "zone").length;
  for (const odd of ["groot", Number.NaN, 0, -5, undefined, null]) {
    expect(zonesIn(sized(odd)), String(odd)).toBe(0);
    expect(extentOf(sized(odd))).toEqual([]);
  }
  for (const radius of [800, 1e12]) {
    expect(zonesIn(sized(radius))).toBe(1);
    expect(extentOf(sized(radius)).flat().every(Number.isFinite)).toBe(true);
  }
  const school = withZoneChanged(sized(800), 0, (zone) => ({
    ...zone,
    properties: { ...zone.properties, protects: [4.41, 51.9] },
  }));
  const parts = drafted(school, [], "", String).map((feature) => feature.properties?.part);
  expect(parts).toEqual(["zone", "home", "ring", "ring"]);
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
