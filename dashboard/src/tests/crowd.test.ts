import { expect, test } from "vitest";
import type { Lonlat } from "../live/types.ts";
import { aged, CORNERS, MARKS, NUMBERS, packed, type Sight, steps, triangles, WORLD } from "../map/crowd.ts";
import type { Place } from "../map/drawing.ts";
import { metresBetween, towards } from "../map/geo.ts";
import { T0 } from "./incidents.ts";
import { placed, UTRECHT } from "./people.ts";

/** The way back from steps, by the Gudermannian. */
const placeAt = ([east, south]: readonly [number, number]): Lonlat => [
  (east / WORLD) * 360 - 180,
  (Math.atan(Math.sinh(Math.PI * (1 - (2 * south) / WORLD))) * 180) / Math.PI,
];

const marksOf = (places: Place[], now: number) => {
  const { numbers } = packed(places, now);
  return places.map((_, at) => MARKS[numbers[at * CORNERS * NUMBERS + 2] ?? -1]);
};

test("a place keeps its centimetres on the way to the screen", () => {
  for (const at of [UTRECHT, [-68.2, 12.15], [3.36, 51.19], [7.22, 53.55], [-179.99, -40]] as Lonlat[])
    expect(metresBetween(placeAt(steps(at)), at)).toBeLessThan(0.01);
  // North is up and west is left, and where the map ends it ends.
  const [east, south] = steps(UTRECHT);
  const [further, higher] = steps(towards(UTRECHT, 1_000, 45));
  expect(further > east && higher < south).toBe(true);
  expect(steps([0, 90])).toEqual([WORLD / 2, 0]);
  expect(steps([180, -90])).toEqual([WORLD - 1, WORLD - 1]);
});

test("every corner of a mark has the numbers of its person", () => {
  const people = [placed("wearer-1"), placed("victim-2", { at: [4.4792, 51.9225] })];
  const { numbers } = packed(people, T0);
  expect(numbers).toHaveLength(2 * 4 * 3);
  const corner = (at: number): number[] => [...numbers.slice(at * NUMBERS, (at + 1) * NUMBERS)];
  for (let at = 0; at < 4; at += 1) {
    expect(corner(at)).toEqual([...steps(UTRECHT), 0]);
    expect(corner(4 + at)).toEqual([...steps([4.4792, 51.9225]), 2]);
  }
  // Two triangles each, over corners of its own, that have a side in common.
  expect([...triangles(2)]).toEqual([0, 1, 2, 1, 3, 2, 4, 5, 6, 5, 7, 6]);
  expect(packed([], T0)).toEqual({ numbers: new Uint32Array(), turns: Number.POSITIVE_INFINITY });
});

test("what was heard long ago is drawn as old, and turns old without any news", () => {
  const people = [
    placed("wearer-1", { fixed_at: T0 - 100_000 }),
    placed("victim-1", { fixed_at: T0 - 170_000 }),
    placed("wearer-2", { silent: true }),
    placed("victim-2", { fixed_at: T0 - 600_000 }),
  ];
  expect(marksOf(people, T0)).toEqual(["wearer", "victim", "wearer-old", "victim-old"]);
  // The next moment at which somebody turns old is told, and at it, not before, he is.
  const { turns } = packed(people, T0);
  expect(marksOf(people, turns - 1)[1]).toBe("victim");
  expect(marksOf(people, turns)).toEqual(["wearer", "victim-old", "wearer-old", "victim-old"]);
  const later = packed(people, turns).turns;
  expect(marksOf(people, later)[0]).toBe("wearer-old");
  expect(packed(people, later).turns).toBe(Number.POSITIVE_INFINITY);
});

const COUNTRY: Sight = { box: [3, 50.5, 8, 54], width: 640, height: 840, all: false };
const TOWN: Sight = { box: [5.1, 52.08, 5.14, 52.1], width: 640, height: 840, all: true };

test("from far only what is old shows its age, from near everybody in sight", () => {
  const people = [
    placed("wearer-1"),
    placed("victim-1", { at: [4.5, 51.9], fixed_at: T0 - 200_000 }),
    placed("wearer-2", { at: [6.5, 53.2], silent: true }),
    placed("victim-2", { at: [5.125, 52.085] }),
    placed("wearer-3", { at: [-68.2, 12.15], silent: true }),
  ];
  const names = (sight: Sight): string[] => aged(people, T0, sight).map(({ person }) => person);
  expect(names(COUNTRY)).toEqual(["victim-1", "wearer-2"]);
  expect(names(TOWN)).toEqual(["wearer-1", "victim-2"]);
  expect(names({ ...TOWN, all: false })).toEqual([]);
  // Just beyond the edge they stand ready.
  expect(names({ ...TOWN, box: [5.123, 52.08, 5.163, 52.1] })).toContain("wearer-1");
});

test("however many are old, no more ages are told than there is room for", () => {
  const silent = Array.from({ length: 20_000 }, (_, n) =>
    placed(`wearer-${n}`, {
      at: [3 + ((n * 7_919) % 5_000) / 1_000, 50.5 + (n % 3_500) / 1_000],
      silent: true,
    }),
  );
  const shown = aged(silent, T0, COUNTRY);
  expect(shown.length).toBeGreaterThan(500);
  expect(shown.length).toBeLessThanOrEqual((640 / 40 + 2) * (840 / 12 + 2));
  // The same ones again: nothing flickers.
  expect(aged(silent, T0 + 1_000, COUNTRY)).toEqual(shown);
});
