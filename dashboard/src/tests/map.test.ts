import type { Feature } from "geojson";
import { expect, test } from "vitest";
import type { Lonlat, OrderDocument } from "../live/types.ts";
import {
  ages,
  between,
  chosen,
  focus,
  movingZone,
  type Place,
  placeOf,
  trail,
  zones,
} from "../map/drawing.ts";
import { boxOf, metresBetween, ring, towards } from "../map/geo.ts";
import { withStreets } from "../map/online.ts";
import { fromRd, grid, toRd } from "../map/rd.ts";
import { namedFrom, type Row, ZOOMS } from "../map/towns.ts";
import { at, T0 } from "./incidents.ts";
import { placed, UTRECHT } from "./people.ts";

const ROTTERDAM: Lonlat = [4.4792, 51.9225];

const order = {
  order: "ord-1",
  wearer: { person: "wearer-1" },
  victims: [{ person: "victim-1", residence: ROTTERDAM }],
  zones: {
    type: "FeatureCollection",
    features: [
      {
        type: "Feature",
        geometry: { type: "Point", coordinates: ROTTERDAM },
        properties: { zone: "z-1", kind: "exclusion", radius_m: 5_000, buffer_m: 500 },
      },
      {
        type: "Feature",
        geometry: {
          type: "Polygon",
          coordinates: [
            [
              [4, 52],
              [4.1, 52],
              [4.1, 52.1],
              [4, 52],
            ],
          ],
        },
        properties: { zone: "z-2", kind: "inclusion", buffer_m: 100 },
      },
    ],
  },
} as unknown as OrderDocument;

const outline = (drawn: Feature | undefined): Lonlat[] =>
  drawn?.geometry.type === "Polygon" ? (drawn.geometry.coordinates[0] as Lonlat[]) : [];

test("distances over the sphere are those of the ellipsoid within half a percent", () => {
  // Geodesic on WGS 84, by geographiclib 2.x: 47,905.3 m.
  expect(Math.abs(metresBetween(UTRECHT, ROTTERDAM) / 47_905.3 - 1)).toBeLessThan(0.0033);
  for (const bearing of [0, 45, 137, 290]) {
    expect(metresBetween(UTRECHT, towards(UTRECHT, 5_000, bearing))).toBeCloseTo(5_000, 3);
  }
});

test("a ring is closed and everywhere as far away as it says", () => {
  const points = ring(UTRECHT, 1_000, 32);
  expect(points).toHaveLength(33);
  expect(points[0]).toEqual(points[32]);
  for (const point of points) expect(metresBetween(UTRECHT, point)).toBeCloseTo(1_000, 3);
  const box = boxOf(points);
  expect(box && box[0] < UTRECHT[0] && box[2] > UTRECHT[0]).toBe(true);
  expect(boxOf([])).toBeNull();
});

test("the national grid is where its reference points are", () => {
  // Onze Lieve Vrouwetoren in Amersfoort, and the Westertoren in Amsterdam (Kadaster).
  const known: [x: number, y: number, lat: number, lon: number][] = [
    [155_000, 463_000, 52.1551744, 5.38720621],
    [120_700.723, 487_525.502, 52.37453253, 4.88352559],
  ];
  for (const [x, y, lat, lon] of known) {
    expect(metresBetween(fromRd(x, y), [lon, lat])).toBeLessThan(0.5);
    const [backX, backY] = toRd([lon, lat]);
    expect(Math.hypot(backX - x, backY - y)).toBeLessThan(1);
  }
  const lines = grid(5.1, 52.05, 5.15, 52.08);
  expect(lines.length).toBeGreaterThan(6);
  expect(lines.length).toBeLessThan(14);
  expect(grid(3, 50, 7, 53)).toEqual([]);
});

test("people of the case are named; everybody has an age, and what is old is drawn as old", () => {
  const minute = { fixed_at: T0 };
  const all = [
    placed("wearer-1", minute),
    placed("victim-2", minute),
    placed("wearer-3", { ...minute, silent: true }),
    placed("wearer-4", { fixed_at: T0 - 181_000 }),
  ];
  const [named] = chosen(all.slice(0, 1), T0, () => "0:12");
  expect(named).toMatchObject({ id: "dev-wearer-1", properties: { old: false, label: "wearer-1\n0:12" } });
  const others = ages(all.slice(1), T0, () => "0:12");
  expect(others[0]).toMatchObject({ id: "dev-victim-2", properties: { label: "0:12", role: "victim" } });
  expect(others.map((other) => other.properties?.old)).toEqual([false, true, true]);
});

test("the line between two people lies in a band as wide as either may be off", () => {
  const [his, hers] = [
    { at: UTRECHT, uncertainty_m: 10 },
    { at: towards(UTRECHT, 600, 63), uncertainty_m: 40 },
  ];
  const [band, line, label] = between(his, hers, "600 m ± 41 m");
  const corners = outline(band);
  expect(corners).toHaveLength(5);
  const aside = corners
    .slice(0, 4)
    .map((corner) => Math.min(...[his.at, hers.at].map((at) => metresBetween(at, corner))));
  for (const [n, m] of [10, 40, 40, 10].entries()) expect(aside[n]).toBeCloseTo(m, 3);
  // Square to the line: from the far end it is Pythagoras.
  expect(metresBetween(corners[0] as Lonlat, hers.at)).toBeCloseTo(Math.hypot(600, 10), 0);
  expect([line?.geometry.type, label?.properties?.label]).toEqual(["LineString", "600 m ± 41 m"]);
});

test("a zone is drawn with its buffer, round or not", () => {
  const drawn = zones(order, (zone) => zone.properties.zone);
  expect(drawn.map((feature) => feature.properties?.part)).toEqual(["buffer", "zone", "band", "zone"]);
  const edge = outline(drawn[0])[0] as Lonlat;
  expect(metresBetween(ROTTERDAM, edge)).toBeCloseTo(5_500, 2);
});

test("her moving zone has both distances", () => {
  const [warning, alarm] = movingZone(
    UTRECHT,
    { alarm_m: 1_000, warning_m: 2_000 },
    (part, m) => `${part} ${m}`,
  );
  expect([warning?.properties?.label, alarm?.properties?.label]).toEqual(["warning 2000", "alarm 1000"]);
});

test("a trail is cut where nothing was heard: no line says what nobody knows", () => {
  const fix = (minutes: number) => ({ at: UTRECHT, fixed_at: T0 + minutes * 60_000 });
  const lines = trail([0, 1, 2, 12, 13, 30].map(fix), "wearer").filter(
    (part) => part.geometry.type === "LineString",
  );
  expect(lines.map((line) => (line.geometry as { coordinates: unknown[] }).coordinates.length)).toEqual([
    3, 2,
  ]);
});

test("what is brought into sight is the pair, or the zones when only one is known", () => {
  const pair = [placed("wearer-1"), placed("victim-1", { at: ROTTERDAM })];
  expect(focus(pair, order)).toHaveLength(2);
  const victims = [{ person: "victim-1", proximity: { alarm_m: 1_000, warning_m: 2_000 } }];
  const box = boxOf(focus([pair[1] as Place, placed("wearer-1", { at: ROTTERDAM })], { ...order, victims }));
  // The whole alarm ring is in sight, however near they are.
  expect(metresBetween([box?.[0] ?? 0, ROTTERDAM[1]], ROTTERDAM)).toBeGreaterThan(990);
  expect(focus([placed("wearer-1")], order).length).toBeGreaterThan(5);
});

test("a device without a position is no place on the map", () => {
  const device = {
    device: "am-1",
    role: "wearer",
    person: "wearer-1",
    last_fix: null,
    uncertainty_m: null,
    age_s: null,
    received_at: null,
    online: null,
    silent_since: null,
    unreadable: null,
  } as const;
  expect(placeOf(device)).toBeNull();
  const heard = {
    ...device,
    last_fix: { fixed_at: at(0), lat: 52, lon: 5 },
    uncertainty_m: 25,
    silent_since: at(5),
  };
  expect(placeOf(heard)).toMatchObject({ at: [5, 52], silent: true, fixed_at: T0 });
});

test("streets lie between our ground and what is watched, under names of their own", () => {
  const fill = (id: string, source: string) => ({ id, type: "fill" as const, source });
  const ours = {
    version: 8 as const,
    sources: { base: { type: "vector" as const, tiles: ["ours"] } },
    layers: [fill("land", "base"), fill("names", "base"), fill("people", "base")],
  };
  const streets = {
    version: 8 as const,
    glyphs: "/tiles/dark/glyphs/{fontstack}/{range}",
    sprite: "/tiles/dark/sprite/0",
    sources: { base: { type: "vector" as const, tiles: ["/tiles/dark/tile/0/{z}/{x}/{y}"] } },
    layers: [{ id: "paper", type: "background" as const }, fill("people", "base")],
  };
  const whole = withStreets(ours, streets, { below: ["land"], without: ["names"] }, "https://console");
  expect(whole.layers.map((layer) => [layer.id, "source" in layer ? layer.source : ""])).toEqual([
    ["land", "base"],
    ["streets/people", "streets/base"],
    ["people", "base"],
  ]);
  expect(whole.sources).toEqual({
    base: ours.sources.base,
    "streets/base": { type: "vector", tiles: ["https://console/tiles/dark/tile/0/{z}/{x}/{y}"] },
  });
  expect(whole.glyphs).toBe("https://console/tiles/dark/glyphs/{fontstack}/{range}");
  expect(whole.sprite).toBe("https://console/tiles/dark/sprite/0");
});

test("a place without a larger one beside it has its name from far, however small; all have theirs from near", () => {
  const rows: Row[] = [
    ["Voorstad", 5.13, 52.095, 9_000],
    ["Utrecht", 5.1214, 52.0907, 290_000],
    ["Eiland", 6.2, 53.48, 900],
    // 0.1093° to the north, at 52° drawn as 0.178° to the east would be: 16 pixels where tiles of zoom 5 are
    // largest (32,768 pixels around the world are 91 a degree), 32 where those of zoom 6 are; a name is 18 high.
    ["Buurstad", 5.1214, 52.2, 80_000],
  ];
  const [suburb, city, island, next] = namedFrom(rows);
  expect([city, island]).toEqual([ZOOMS[0], ZOOMS[0]]);
  expect(next).toBe(6);
  expect(suburb).toBeGreaterThan(next ?? 0);
  expect(suburb).toBeLessThanOrEqual(ZOOMS.at(-1) ?? 0);
  // Once there, a name stays.
  const many = Array.from({ length: 400 }, (_, n): Row => [`${n}`, 4 + (n % 20) / 20, 52 + n / 800, n]);
  const from = namedFrom(many);
  const shown = ZOOMS.map((zoom) => from.filter((first) => first <= zoom).length);
  expect(shown).toEqual(shown.toSorted((a, b) => a - b));
  expect(shown[0]).toBeLessThan(40);
  expect(shown.at(-1)).toBe(400);
});
