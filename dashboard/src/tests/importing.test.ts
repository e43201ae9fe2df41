import { expect, test } from "vitest";
import { newOrder } from "../live/editing.ts";
import { faultOf } from "../live/faults.ts";
import { imported, withZones } from "../live/importing.ts";
import type { Lonlat } from "../live/types.ts";
import { T0 } from "./incidents.ts";

const HOME: Lonlat = [4.4792, 51.9225];
const order = { ...newOrder(T0), order: "ord-9" };
const read = (value: unknown) => imported(JSON.stringify(value));
const feature = (properties: unknown, geometry: unknown = { type: "Point", coordinates: HOME }) => ({
  type: "Feature",
  properties,
  geometry,
});

test("what is imported is told apart, and nothing else is taken", () => {
  expect(read(order)).toEqual({ orders: [order] });
  expect(read([order, { ...order, order: "ord-10" }])).toMatchObject({
    orders: [{ order: "ord-9" }, { order: "ord-10" }],
  });
  expect(imported("{")).toEqual({ problem: "json" });
  for (const other of ["[]", "7", "null", "[null]", "{}", '{"type":"FeatureCollection","features":[]}'])
    expect(imported(other), other).toEqual({ problem: "neither" });
});

const without = (name: string) => Object.fromEntries(Object.entries(order).filter(([key]) => key !== name));

test.each([
  [without("valid_from"), "lacks", "valid_from"],
  [without("wearer"), "lacks", "wearer"],
  [without("order"), "lacks", "order"],
  [{ ...order, valid_until: 12 }, "wrong", "valid_until"],
  [{ ...order, valid_until: "morgen" }, "wrong", "valid_until"],
  [{ ...order, wearer: null }, "wrong", "wearer"],
  [{ ...order, wearer: { device: "am" } }, "lacks", "wearer.person"],
  [{ ...order, victims: [null] }, "wrong", "victims[0]"],
  [{ ...order, victims: {} }, "wrong", "victims"],
  [{ ...order, victims: [{ person: "v", residence: [200, 5] }] }, "wrong", "victims[0].residence"],
  [{ ...order, victims: [{ person: "v", proximity: {} }] }, "lacks", "victims[0].proximity.alarm_m"],
  [
    { ...order, victims: [{ person: "v", proximity: { alarm_m: 5, warning_m: 9 } }] },
    "lacks",
    "victims[0].proximity.warning_s",
  ],
  [{ ...order, zones: [] }, "wrong", "zones"],
  [{ ...order, zones: { features: [null] } }, "wrong", "zones.features[0]"],
  [
    { ...order, zones: { features: [feature({}, { type: "Point", coordinates: ["x"] })] } },
    "wrong",
    "zones.features[0].geometry",
  ],
  [
    { ...order, zones: { features: [feature({}, { type: "Polygon", coordinates: [] })] } },
    "wrong",
    "zones.features[0].geometry",
  ],
  [
    { ...order, zones: { features: [feature({ schedule: 7 })] } },
    "wrong",
    "zones.features[0].properties.schedule",
  ],
  [{ ...order, contacts: { victim_contact: "Jan" } }, "wrong", "contacts.victim_contact"],
])("an order that cannot be shown is refused by its field (%#)", (document, problem, field) => {
  expect(read([order, document])).toEqual({ problem, field, nth: 1 });
});

test.each([
  [{ schedule: { weekly: 5 } }, "schedule"],
  [{ schedule: { weekly: [{ days: ["mon"], from: "10:00" }] } }, "schedule"],
  [{ deviation: "omdat" }, "deviation"],
  [{ protects: [400, 1] }, "protects"],
])("zones that could not be shown are refused by their field as well: %j", (own, field) => {
  const collection = { type: "FeatureCollection", features: [feature(null), feature(own)] };
  const path = `zones.features[1].properties.${field}`;
  expect(read(collection)).toEqual({ problem: "wrong", field: path, nth: 0 });
});

test("what may be left out of an order is filled in", () => {
  const { victims: _, contacts: __, zones: ___, ...bare } = order;
  expect(read(bare)).toEqual({
    orders: [{ ...bare, victims: [], zones: { type: "FeatureCollection", features: [] } }],
  });
});

test("imported zones get names that are free, keep their own where they may, and protect nobody unknown", () => {
  const collection = {
    type: "FeatureCollection",
    features: [
      feature(null),
      feature({ zone: "school", victim: "stranger", radius_m: 1_500 }),
      feature({ zone: "zone-1" }),
      feature({ zone: "naam met spaties" }),
      feature({}, { type: "LineString", coordinates: [HOME, HOME] }),
    ],
  };
  const found = read(collection);
  if (!("zones" in found)) throw new Error("no zones");
  expect([found.zones.length, found.others]).toEqual([4, 1]);
  const before = withZones(order, [feature({ zone: "zone-1" }) as never]);
  const { features } = withZones(before, found.zones).zones;
  const names = features.map((zone) => zone.properties.zone);
  expect(names.slice(0, 3)).toEqual(["zone-1", "zone-2", "school"]);
  expect(new Set(names).size).toBe(5);
  for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
  expect(features.map((zone) => zone.properties.radius_m)).toEqual([5_000, 5_000, 1_500, 5_000, 5_000]);
  expect(features[2]?.properties.victim).toBeNull();
});

test("a fault is named by whom or what it is of, and said in words that have a translation", () => {
  const drawn = withZones(order, [feature({ zone: "school" }) as never]);
  expect(faultOf(drawn, "wearer.person", '"": an id is 1 to 64 characters of A-Z a-z 0-9 _ -')).toEqual({
    of: { key: "party.wearer" },
    field: { key: "order.person" },
    problem: { key: "fault.id", values: {} },
  });
  expect(faultOf(drawn, "victims[1].residence", "not a latitude (−90 to 90)")).toMatchObject({
    of: { key: "fault.victim", values: { n: 2 } },
    field: { key: "order.home" },
    problem: { key: "fault.place" },
  });
  expect(faultOf(drawn, "zones.features[0].properties.radius_m", "120000 is more than 100000")).toEqual({
    of: { key: "fault.zone", values: { zone: "school" } },
    field: { key: "order.radius" },
    problem: { key: "fault.tooMuch", values: { most: "100000" } },
  });
  expect(faultOf(drawn, "zones.features[7].properties.schedule.weekly[0].days[0]", "odd")).toEqual({
    of: { key: "fault.zone", values: { zone: "8" } },
    field: { key: "order.schedule" },
    problem: { text: "odd" },
  });
  expect(faultOf(null, "", "no answer")).toEqual({ of: null, field: null, problem: { text: "no answer" } });
});
