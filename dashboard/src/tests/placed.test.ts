import { expect, test } from "vitest";
import { MOST_ROWS, newer } from "../live/figures.ts";
import { verdicts } from "../live/placed.ts";
import type { Rejected, ZoneHere } from "../live/types.ts";

const zone = (name: string, part: Partial<ZoneHere>): ZoneHere => ({
  order: "ord-1",
  zone: name,
  kind: "exclusion",
  wearer: "wearer-1",
  victim: null,
  edge_m: -4_939.7,
  buffer_m: 500,
  covers: true,
  applies: true,
  changes_at: null,
  legal_basis: "sv_509hh",
  arrest_on_sight: true,
  desk: null,
  ...part,
});

test("who may not be here stands first, who is deepest within before the others; what does not hold, last", () => {
  const zones = [
    zone("ring", { covers: false, edge_m: 120 }),
    zone("night", { applies: false }),
    zone("edge", { edge_m: -3 }),
    zone("home", { kind: "inclusion", edge_m: -40 }),
    zone("deep", {}),
    zone("nightRing", { applies: false, covers: false, edge_m: 5 }),
  ];
  const found = { at: "", may_not_be_here: [], must_be_here: [], zones, cut: false };
  expect(verdicts(found).map(({ says, zone: of }) => `${of.zone} ${says}`)).toEqual([
    "deep forbidden",
    "edge forbidden",
    "home required",
    "night resting",
    "nightRing resting",
    "ring near",
  ]);
});

test("what is set aside is added to the list, and a list that was left far behind is begun again", () => {
  const rows = (...numbers: number[]): Rejected[] =>
    numbers.map((rejected) => ({
      rejected,
      received_at: "",
      topic: "",
      reason: "",
      payload: "",
      size: 0,
      cut: false,
    }));
  const numbers = (known: Rejected[], next: string | null, items: Rejected[]) => {
    const { rows: all, next: after } = newer(known, next, { items, next: "page" });
    return [all.map((row) => row.rejected), after];
  };
  expect(numbers([], null, rows(3, 2))).toEqual([[3, 2], "page"]);
  expect(numbers(rows(3, 2, 1), "older", rows(5, 4, 3))).toEqual([[5, 4, 3, 2, 1], "older"]);
  expect(numbers(rows(3, 2), "older", rows(9, 8))).toEqual([[9, 8], "page"]);
  const many = rows(...Array.from({ length: MOST_ROWS }, (_, n) => MOST_ROWS - n));
  expect(numbers(many, "older", rows(MOST_ROWS + 1, MOST_ROWS)), "nor does it grow for weeks").toEqual([
    [MOST_ROWS + 1, MOST_ROWS],
    "page",
  ]);
});
