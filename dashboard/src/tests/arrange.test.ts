import { expect, test } from "vitest";
import { type Arranging, arrange, isFiltered, NO_FILTERS } from "../live/arrange.ts";
import { begunLately, isFlood } from "../live/flood.ts";
import { isGathered } from "../live/shown.ts";
import type { Incident } from "../live/types.ts";
import { at, incident, T0 } from "./incidents.ts";

const how = (changes: Partial<Arranging> = {}): Arranging => ({
  filters: NO_FILTERS,
  me: "bakker",
  flood: false,
  gathered: () => false,
  unfolded: new Set(),
  held: null,
  ...changes,
});
const keys = (lines: { key: string }[]): string[] => lines.map(({ key }) => key);

test("incidents of one case stand below the most urgent of them, the rest folded", () => {
  const of = { order: "ord-1" };
  const all = [
    incident("b1", { ...of, kind: "battery", level: "warning", opened_at: at(5) }),
    incident("b2", { ...of, kind: "battery", level: "warning", opened_at: at(4) }),
    incident("b3", { ...of, kind: "battery", level: "warning", opened_at: at(3) }),
    incident("other"),
    incident("a1", { ...of, kind: "aware" }),
  ];
  const { lines } = arrange(all, how());
  expect(keys(lines)).toEqual(["a1", "b1", "case/ord-1", "other"]);
  expect(lines[2]).toMatchObject({ type: "more", count: 2, open: false });
  const open = arrange(all, how({ unfolded: new Set(["case/ord-1"]) }));
  expect(keys(open.lines)).toEqual(["a1", "b1", "b2", "b3", "case/ord-1", "other"]);
});

test("an alarm is never folded away", () => {
  const all = Array.from({ length: 5 }, (_, n) => incident(`a${n}`, { order: "ord-1", opened_at: at(n) }));
  expect(arrange(all, how()).lines.filter(({ type }) => type === "incident")).toHaveLength(5);
});

test("while somebody points at the list nothing moves; what is new waits and is let in later", () => {
  const before = [
    incident("near", { level: "warning" }),
    incident("zone", { kind: "exclusion_zone", level: "warning" }),
  ];
  const first = arrange(before, how());
  const news = [
    incident("near", { level: "clear" }),
    before[1] as never,
    incident("aware", { kind: "aware" }),
  ];
  const held = arrange(news, how({ held: first.order }));
  expect(keys(held.lines)).toEqual(["near", "zone"]);
  expect(held.waiting.map(({ incident }) => incident)).toEqual(["aware"]);
  expect([...arrange(news, how()).order.keys()][0]).toBe("aware");
});

test("what becomes worse while nothing may move keeps its place and is counted", () => {
  const before = ["1", "2"].map((id) => incident(id, { level: "warning", worst: "warning" }));
  const { order } = arrange(before, how());
  const [same, other] = before as [Incident, Incident];
  const held = arrange([same, { ...other, level: "alarm", worst: "alarm" }], how({ held: order }));
  expect(keys(held.lines)).toEqual(["1", "2"]);
  expect(held.worse.map(({ incident }) => incident)).toEqual(["2"]);
  expect(held.waiting).toEqual([]);
  expect(arrange(before, how({ held: order })).worse).toEqual([]);
});

test("what filters hide is counted, alarms that nobody has apart", () => {
  const all = [
    incident("shown", { kind: "battery", level: "warning" }),
    incident("alarm"),
    incident("taken", { state: "acknowledged", owner: "ann" }),
    incident("warning", { level: "warning" }),
    incident("done", { state: "resolved", closed_at: at(1) }),
  ];
  const filters = { ...NO_FILTERS, kind: "battery" };
  expect(arrange(all, how({ filters })).hidden).toEqual({ open: 3, alarms: 1 });
  expect(arrange(all, how()).hidden).toEqual({ open: 0, alarms: 0 });
  expect([isFiltered(filters), isFiltered({ ...NO_FILTERS })]).toEqual([true, false]);
});

test("filters show what was asked for, and nothing that is resolved unless that was asked for", () => {
  const all = [
    incident("mine", { owner: "bakker", state: "acknowledged" }),
    incident("silent", { kind: "silence", level: "warning", wearer: "wearer-0041" }),
    incident("done", { state: "resolved", closed_at: at(1) }),
  ];
  const ids = (filters: Partial<typeof NO_FILTERS>) =>
    [...arrange(all, how({ filters: { ...NO_FILTERS, ...filters } })).order.keys()].toSorted();
  expect(ids({})).toEqual(["mine", "silent"]);
  expect(ids({ resolved: true })).toEqual(["done", "mine", "silent"]);
  expect(ids({ owner: "mine" })).toEqual(["mine"]);
  expect(ids({ owner: "nobody" })).toEqual(["silent"]);
  expect(ids({ level: "unknown" })).toEqual(["silent"]);
  expect(ids({ text: " WEARER-0041 " })).toEqual(["silent"]);
});

test("a flood is grouped by what happened, alarms pinned above, and ebbs without flickering", () => {
  const all = [
    ...Array.from({ length: 40 }, (_, n) =>
      incident(`s${n}`, { kind: "silence", level: "warning", opened_at: at(n) }),
    ),
    incident("pair"),
    incident("battery", { kind: "battery", level: "warning" }),
  ];
  const now = T0 + 60_000;
  expect(begunLately(all, now)).toBe(42);
  expect(begunLately(all, now + 10 * 60_000)).toBe(0);
  expect(begunLately([incident("taken", { owner: "bakker", state: "acknowledged" })], now)).toBe(0);
  const { lines } = arrange(all, how({ flood: true }));
  expect(keys(lines)).toEqual(["pair", "group/warning/battery", "group/unknown/silence"]);
  expect(lines[2]).toMatchObject({ count: 40 });
  expect([isFlood(10, false), isFlood(11, false), isFlood(8, true), isFlood(5, true)]).toEqual([
    false,
    true,
    true,
    false,
  ]);
});

test("silences of many stand below the incident of them all, but for those that ring or are somebody's", () => {
  const silence = { kind: "silence", part_of: "mass", next_step_at: null };
  const mass = incident("mass", { kind: "mass_silence", order: null, wearer: null, victim: null });
  const all = [
    mass,
    ...Array.from({ length: 30 }, (_, n) => incident(`s${n}`, silence)),
    incident("near", { ...silence, next_step_at: at(90) }),
    incident("hers", { ...silence, owner: "bakker", state: "acknowledged" }),
    incident("alone", { kind: "silence" }),
  ];
  const of = new Map(all.map((one) => [one.incident, one]));
  const gathered: Arranging["gathered"] = (one) => isGathered(one, of.get(one.part_of ?? ""));
  for (const flood of [false, true]) {
    const { lines } = arrange(all, how({ gathered, flood }));
    expect(new Set(keys(lines))).toEqual(new Set(["mass", "mass/mass", "near", "hers", "alone"]));
    expect(lines[keys(lines).indexOf("mass") + 1]).toMatchObject({ of: "mass", count: 30, open: false });
    expect(arrange(all, how({ gathered, flood, unfolded: new Set(["mass/mass"]) })).lines).toHaveLength(35);
  }
  // Of silences alone, each stands by itself; and so it is when the one of all is resolved.
  const filters = { ...NO_FILTERS, kind: "silence" };
  expect(arrange(all, how({ gathered, filters })).lines).toHaveLength(33);
  of.set("mass", { ...mass, state: "resolved", closed_at: at(300) });
  expect(all.filter(gathered)).toEqual([]);
});

test("ten thousand incidents are arranged, every one of them", () => {
  const all = Array.from({ length: 10_000 }, (_, n) =>
    incident(String(n), { order: `ord-${n % 4_000}`, opened_at: at(n) }),
  );
  const { lines, order } = arrange(all, how());
  expect(order.size).toBe(10_000);
  expect(lines.length).toBe(10_000);
});
