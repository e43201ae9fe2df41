import { expect, test } from "vitest";
import { lacking, newOrder, outgoing, placeheld, withZone } from "../live/editing.ts";
import { pointed } from "../live/pointing.ts";
import type { Lonlat, OrderDocument } from "../live/types.ts";
import {
  isTaken,
  MOST_VICTIMS,
  mayJoin,
  withField,
  withoutVictim,
  withVictim,
  withVictimAs,
  withVictimChanged,
  zonesOf,
} from "../live/victims.ts";
import { towards } from "../map/geo.ts";
import { T0 } from "./incidents.ts";

const ROTTERDAM: Lonlat = [4.4792, 51.9225];
const UTRECHT: Lonlat = [5.1214, 52.0907];

/** An order of two victims with a home each, and a zone around each home. */
function two(): OrderDocument {
  let order = withVictimChanged(newOrder(T0), 0, { person: "ann", residence: ROTTERDAM });
  order = withVictimChanged(withVictim(order), 1, { person: "bea", residence: UTRECHT });
  for (const home of [ROTTERDAM, UTRECHT]) order = withZone(order, { type: "Point", coordinates: home });
  return order;
}
const whose = (order: OrderDocument): unknown[] => order.zones.features.map((zone) => zone.properties.victim);

test("a zone that is drawn protects whoever lives nearest to it", () => {
  expect(whose(two())).toEqual(["ann", "bea"]);
  const corners = [0, 120, 240].map((bearing) => towards(UTRECHT, 2_000, bearing));
  const ring = [...corners, corners[0] as Lonlat];
  expect(whose(withZone(two(), { type: "Polygon", coordinates: [ring] }))[2]).toBe("bea");
  const homeless = { ...two(), victims: two().victims.map((victim) => ({ ...victim, residence: null })) };
  expect(whose(withZone(homeless, { type: "Point", coordinates: UTRECHT }))[2]).toBe("ann");
  expect(whose(withZone({ ...two(), victims: [] }, { type: "Point", coordinates: UTRECHT }))[2]).toBeNull();
});

test("typing a name letter by letter past another's takes nobody's zone", () => {
  let order = two();
  for (const person of ["be", "b", "", "a", "an", "ann", "anna"]) {
    // As the form does: a name that another has is not taken.
    if (!isTaken(order, 1, person)) order = withVictimChanged(order, 1, { person });
  }
  expect(order.victims.map(({ person }) => person)).toEqual(["ann", "anna"]);
  expect(whose(order)).toEqual(["ann", "anna"]);
});

test("zones of a victim who is removed stay and name nobody, or go with her; those of others are as they were", () => {
  const order = two();
  expect([zonesOf(order, 0), zonesOf(order, 1)]).toEqual([[0], [1]]);
  const stays = withoutVictim(order, 0, "stay");
  expect([stays.victims.map(({ person }) => person), whose(stays)]).toEqual([["bea"], [null, "bea"]]);
  expect(stays.zones.features[0]?.geometry).toEqual(order.zones.features[0]?.geometry);
  const goes = withoutVictim(order, 0, "go");
  expect(goes.zones.features).toEqual([order.zones.features[1]]);
  expect(withoutVictim(goes, 0, "go")).toMatchObject({ victims: [], zones: { features: [] } });
});

test("an imported order in which a name stands twice keeps its zones with the first", () => {
  const order = { ...two(), victims: two().victims.map((victim) => ({ ...victim, person: "ann" })) };
  expect([zonesOf(order, 0), zonesOf(order, 1)]).toEqual([[0], []]);
  expect(whose(withVictimChanged(order, 1, { person: "bea" }))).toEqual(["ann", "bea"]);
  expect(whose(withoutVictim(order, 1, "go"))).toEqual(["ann", "bea"]);
});

test("there is room for six, once those before have names", () => {
  let order = newOrder(T0);
  expect(mayJoin(order), "who has no name yet is named first").toBe(false);
  for (let n = 0; n < MOST_VICTIMS; n += 1) {
    if (n > 0) order = withVictim(order);
    expect(lacking(order)).toContain(`victims[${n}].person`);
    order = withVictimChanged(order, n, { person: `victim-${n}` });
    expect(mayJoin(order)).toBe(n < 5);
  }
  expect(order.victims).toHaveLength(6);
  expect(placeheld(order).victims).toEqual(order.victims);
});

test("what is taken away from somebody is gone, and what the form does not know stays", () => {
  const full = {
    ...two().victims[0],
    person: "ann",
    fix_interval_s: 30,
    receipts: true,
    owntracks: "ann/phone",
    aware_code: true,
    second_channel: { sms: "+31612345678" },
  };
  const order = withVictimAs(two(), 0, full);
  const shorn = withVictimAs(
    order,
    0,
    withField(withField(full, "receipts", undefined), "aware_code", undefined),
  );
  expect(outgoing(shorn).victims[0]).toEqual({
    person: "ann",
    residence: ROTTERDAM,
    proximity: { alarm_m: 1_000, warning_m: 2_000, warning_s: 300 },
    fix_interval_s: 30,
    owntracks: "ann/phone",
    second_channel: { sms: "+31612345678" },
  });
  expect(outgoing(withVictimAs(order, 0, { ...full, proximity: null })).victims[0]?.proximity).toBeNull();
});

test("a place that is pointed at stands in the field it was pointed at for, and nowhere else", () => {
  const order = two();
  const there: Lonlat = [6.123_456_789, 53.2];
  const tidied: Lonlat = [6.123_457, 53.2];
  expect(pointed(order, { of: "wearer" }, there)).toEqual({
    ...order,
    wearer: { ...order.wearer, residence: tidied },
  });
  const hers = pointed(order, { of: "victim", n: 1 }, there);
  expect(hers.victims.map(({ residence }) => residence)).toEqual([ROTTERDAM, tidied]);
  const protects = pointed(order, { of: "protects", n: 0 }, there).zones.features;
  expect(protects.map((zone) => zone.properties.protects)).toEqual([tidied, undefined]);
  const centre = pointed(order, { of: "centre", n: 1 }, there).zones.features;
  expect(centre.map((zone) => zone.geometry.coordinates)).toEqual([ROTTERDAM, tidied]);
});
