import { expect, test } from "vitest";
import type { Incident } from "../live/types.ts";
import { byUrgency, type Known, nearBand } from "../live/urgency.ts";
import { at, incident } from "./incidents.ts";

test("the queue of a bad night stands in the order in which one would act", () => {
  const queue = [
    incident("resolved", { state: "resolved", closed_at: at(9) }),
    incident("cleared-and-taken", { level: "clear", owner: "bakker", state: "acknowledged" }),
    incident("battery", { kind: "battery", level: "warning", worst: "warning" }),
    incident("silent", { kind: "silence", level: "warning", worst: "warning" }),
    incident("near", { level: "warning", worst: "warning" }),
    incident("alarm-that-passed-unseen", { level: "clear", owner: null, kind: "tamper" }),
    incident("alarm-taken", { owner: "bakker", state: "acknowledged" }),
    incident("zone-older", { kind: "exclusion_zone", opened_at: at(1) }),
    incident("zone-newer", { kind: "exclusion_zone", opened_at: at(2) }),
    incident("pair-likely", { certainty: "likely" }),
    incident("pair-certain"),
    incident("aware", { kind: "aware", certainty: "possible" }),
  ];
  const said = byUrgency(queue).map(({ incident }) => incident);
  expect(said).toEqual([
    "aware",
    "pair-certain",
    "pair-likely",
    "zone-newer",
    "zone-older",
    "alarm-taken",
    "near",
    "alarm-that-passed-unseen",
    "battery",
    "silent",
    "cleared-and-taken",
    "resolved",
  ]);
});

test("the order is total: however the list was shuffled, it comes out the same", () => {
  const kinds = ["aware", "silence", "battery", "never-heard-of"];
  const all = Array.from({ length: 200 }, (_, n) =>
    incident(String(n), {
      kind: kinds[n % 4] as string,
      level: (["alarm", "warning", "clear"] as const)[n % 3] as "alarm",
      owner: n % 5 ? null : "bakker",
      opened_at: at(n % 7),
    }),
  );
  const sorted = byUrgency(all).map(({ incident }) => incident);
  for (const shuffled of [all.toReversed(), all.toSorted((a, b) => (a.incident < b.incident ? 1 : -1))]) {
    expect(byUrgency(shuffled).map(({ incident }) => incident)).toEqual(sorted);
  }
  expect(new Set(sorted).size).toBe(all.length);
});

test("who is nearest comes first, then who will be soonest, then the greater risk, and age decides last", () => {
  const known: Record<string, Known> = {
    "58 m, likely": { distance_m: 58, risk: "low" },
    "949 m, together in 50 s": { distance_m: 949, contact_s: 50 },
    "240 m": { distance_m: 240, risk: "low" },
    "700 m, high risk": { distance_m: 700, risk: "high" },
    "949 m, newest": { distance_m: 949, risk: "low" },
    "510 m, oldest": { distance_m: 510, risk: "low" },
    "4 km": { distance_m: 4_000, risk: "high" },
  };
  const changes: Record<string, Partial<Incident>> = {
    "58 m, likely": { certainty: "likely", opened_at: at(1) },
    "949 m, newest": { opened_at: at(9) },
    "510 m, oldest": { opened_at: at(-9) },
    "4 km": { opened_at: at(99) },
  };
  const all = Object.keys(known).map((id) => incident(id, { opened_at: at(2), ...changes[id] }));
  const said = byUrgency(all.toReversed(), ({ incident }) => known[incident] ?? {});
  // "In 50 seconds" is as near as "within 100 m": among those certainty decides.
  expect(said.map(({ incident }) => incident)).toEqual([
    "949 m, together in 50 s",
    "58 m, likely",
    "240 m",
    "700 m, high risk",
    "949 m, newest",
    "510 m, oldest",
    "4 km",
  ]);
});

test("of whom no risk is known stands with those of high risk, not behind those of low", () => {
  const all = ["low", "unknown", "medium"].map((id) => incident(id));
  const said = byUrgency(all, ({ incident }) => (incident === "unknown" ? {} : { risk: incident }));
  expect(said.map(({ incident }) => incident)).toEqual(["unknown", "medium", "low"]);
});

test("where nobody knows how near, it may be as near as an alarm", () => {
  expect(nearBand({})).toBe(nearBand({ distance_m: 1_000 }));
  expect(nearBand({ distance_m: -300 })).toBe(0);
  // A time that is past says nothing.
  expect(nearBand({ distance_m: 9_000, contact_s: -5 })).toBe(nearBand({ distance_m: 9_000 }));
});
