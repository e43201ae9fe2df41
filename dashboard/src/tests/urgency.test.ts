import { expect, test } from "vitest";
import { byUrgency } from "../live/urgency.ts";
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
  const said = queue.sort(byUrgency).map(({ incident }) => incident);
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
  const sorted = all.toSorted(byUrgency).map(({ incident }) => incident);
  const backwards = all.toReversed().toSorted(byUrgency);
  expect(backwards.map(({ incident }) => incident)).toEqual(sorted);
  for (const a of all.slice(0, 40)) {
    for (const b of all.slice(0, 40)) {
      if (a !== b) expect(Math.sign(byUrgency(a, b))).toBe(-Math.sign(byUrgency(b, a)));
    }
  }
});
