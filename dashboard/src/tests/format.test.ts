import { expect, test } from "vitest";
import { age, clock, half, metres, roundMetres, span, speed, stamp } from "../words/format.ts";

test("distances are said as people say them", () => {
  expect(metres(842.3, "nl")).toBe("842 m");
  expect(metres(1990, "nl")).toBe("1.990 m");
  expect(metres(1990, "en")).toBe("1,990 m");
  expect(metres(12_345, "nl")).toBe("12,3 km");
  expect(roundMetres(5_000, "nl")).toBe("5 km");
  expect(roundMetres(500, "nl")).toBe("500 m");
  expect(speed(1.4, "nl")).toBe("1,4 m/s");
  expect(speed(20, "nl")).toBe("72 km/u");
  expect(speed(20, "en")).toBe("72 km/h");
});

test("ages fit a list, spans are words, and neither is ever negative", () => {
  expect([-3, 0, 42, 760, 3_900, 90_000].map((s) => age(s, "nl"))).toEqual([
    "0:00",
    "0:00",
    "0:42",
    "12:40",
    "1:05 u",
    "1 d",
  ]);
  expect([-1, 4, 125, 3_000, 7_500, 100_000].map((s) => span(s, "en"))).toEqual([
    "0 s",
    "4 s",
    "2 min 5 s",
    "50 min",
    "2 h 05 min",
    "1 d 3 h",
  ]);
});

test("a moment of another day says the day, one that is none says so", () => {
  const moment = Date.parse("2026-11-21T10:15:30Z");
  expect(clock(moment, "nl", moment)).toMatch(/^\d\d:\d\d:30$/);
  expect(clock(moment, "nl", moment + 3 * 86_400_000)).toMatch(/21 nov/);
  expect(clock(Number.NaN, "nl", moment)).toBe("–");
});

test("of a text in two languages each reader sees one", () => {
  const text = "Drager binnen 1000 m / Wearer within 1000 m";
  expect([half(text, "nl"), half(text, "en")]).toEqual(["Drager binnen 1000 m", "Wearer within 1000 m"]);
  expect(half("one language", "en")).toBe("one language");
});

test("a moment on paper has its day, its year and its zone", () => {
  const told = stamp(Date.parse("2026-11-26T00:12:33Z"), "nl");
  for (const part of ["26", "2026", "33"]) expect(told).toContain(part);
  expect(told).toMatch(/nov/);
  expect(told).toMatch(/[A-Z]{2,}/);
  expect(stamp(Number.NaN, "nl")).toBe("–");
});
