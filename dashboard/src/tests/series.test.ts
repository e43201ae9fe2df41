import { expect, test } from "vitest";
import { scale, series, thinned, at as valueAt } from "../live/series.ts";
import { inSight, lineAt, tops } from "../live/virtual.ts";
import { at, T0 } from "./incidents.ts";

test("points come in order of time, the last word on each moment, nothing that is no number", () => {
  const points = series([
    { at: at(10), distance_m: 900, uncertainty_m: 20 },
    { at: at(0), distance_m: 2_000 },
    { at: at(10), distance_m: 880, uncertainty_m: 15 },
    { at: null, distance_m: 1 },
    { at: at(20), distance_m: null },
  ]);
  expect(points).toEqual([
    { at: T0, distance_m: 2_000, uncertainty_m: 0 },
    { at: T0 + 10_000, distance_m: 880, uncertainty_m: 15 },
  ]);
  expect(valueAt(points, T0 + 9_999)?.distance_m).toBe(2_000);
  expect(valueAt(points, T0 - 1)).toBeNull();
});

test("thinning keeps the ends and the nearest moment, whatever else goes", () => {
  const points = Array.from({ length: 5_000 }, (_, n) => ({
    at: T0 + n * 1_000,
    distance_m: 3_000 + 1_000 * Math.sin(n / 50),
    uncertainty_m: 10,
  }));
  (points[3_333] as { distance_m: number }).distance_m = 12;
  const few = thinned(points, 300);
  expect(few.length).toBeLessThanOrEqual(302);
  expect(few[0]).toBe(points[0]);
  expect(few.at(-1)).toBe(points.at(-1));
  expect(Math.min(...few.map((point) => point.distance_m))).toBe(12);
  expect(few.every((point, n) => n === 0 || point.at > (few[n - 1]?.at ?? 0))).toBe(true);
});

test("the scale is round and holds what is drawn", () => {
  for (const most of [0.3, 7, 842, 1_999, 2_001, 5_400, 98_765]) {
    const { top, step } = scale(most);
    expect(top).toBeGreaterThanOrEqual(most);
    expect(top / step).toBeLessThanOrEqual(6);
    expect(String(step)).toMatch(/^[125]0*$|^0\.\d*[125]$/);
  }
});

test("what is in sight of a long list is found without looking at the rest", () => {
  const heights = Array.from({ length: 10_000 }, (_, n) => (n % 3 ? 90 : 34));
  const places = tops(heights);
  let top = 0;
  for (let n = 0; n < heights.length; n += 997) {
    top = heights.slice(0, n).reduce((a, b) => a + b, 0);
    expect(lineAt(places, top)).toBe(n);
    const [first, last] = inSight(places, top, top + 800, 0);
    expect(first).toBe(n);
    expect(last - first).toBeLessThan(20);
  }
  expect(inSight(tops([]), 0, 500)).toEqual([0, 0]);
});
