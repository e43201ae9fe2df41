import { expect, test } from "vitest";
import { ladders } from "../live/ladder.ts";
import type { Delivery, Receipt } from "../live/types.ts";
import { at } from "./incidents.ts";

const delivery = (n: number, changes: Partial<Delivery>): Delivery => ({
  delivery: n,
  alert: `a-${n}`,
  incident: "1",
  level: "alarm",
  channel: "victim_mqtt",
  recipient: "vd-1",
  state: "received",
  created_at: at(0),
  attempts: 1,
  attempted_at: at(0),
  error: null,
  next_at: null,
  received_at: at(1),
  displayed_at: null,
  confirmed_at: null,
  closed_at: null,
  closed_because: null,
  ...changes,
});
const receipt = (state: string, changes: Partial<Receipt> = {}): Receipt => ({
  at: at(5),
  received_at: at(5),
  channel: "desk_mqtt",
  recipient: "rotterdam",
  alert: null,
  state,
  reference: null,
  reason: null,
  ...changes,
});
const reached = (ladder: { rungs: { step: string; at: string | null }[] } | undefined): string[] =>
  (ladder?.rungs ?? []).filter((rung) => rung.at !== null).map((rung) => rung.step);

test("each recipient has one ladder, and an all-clear does not hide how the alarm fared", () => {
  const [victim, desk] = ladders(
    [
      delivery(1, { displayed_at: at(2) }),
      delivery(2, { channel: "desk_mqtt", recipient: "rotterdam" }),
      delivery(3, { level: "clear" }),
    ],
    [receipt("accepted", { reference: "P-77" }), receipt("dispatched")],
  );
  expect(reached(victim)).toEqual(["sent", "displayed"]);
  expect(reached(desk)).toEqual(["received", "accepted", "dispatched"]);
  expect(desk?.reference).toBe("P-77");
});

test("what her quiet hours keep from her says until when, and whether it waits at all", () => {
  const kept = { received_at: null, level: "warning", closed_at: at(0), closed_because: "quiet_hours" };
  const of = (changes: Partial<Delivery>) => ladders([delivery(1, { ...kept, ...changes })], [])[0];
  const waits = of({ held_until: at(400) });
  expect(waits).toMatchObject({ held: { until: at(400) }, closed: null, trouble: null });
  expect(reached(waits)).toEqual([]);
  expect(of({ held_until: null })).toMatchObject({ held: { until: null }, closed: null });
  // Told in the end, it is a message like any other.
  const told = of({ received_at: at(401), closed_at: null, closed_because: null });
  expect(told).toMatchObject({ held: null, closed: null });
  expect(reached(told)).toEqual(["sent"]);
  expect(of({ closed_because: "the incident is closed" })).toMatchObject({
    held: null,
    closed: "the incident is closed",
  });
});

test("what did not arrive is said, with how often and why; another desk's receipts count for nothing", () => {
  const [desk] = ladders(
    [
      delivery(1, {
        channel: "desk_webhook",
        recipient: "utrecht",
        received_at: null,
        attempts: 7,
        error: "connection refused",
      }),
    ],
    [receipt("accepted")],
  );
  expect(reached(desk)).toEqual([]);
  expect(desk?.trouble).toMatchObject({ attempts: 7, error: "connection refused" });
});

test("a refusal of the desk is said with its reason", () => {
  const [desk] = ladders(
    [delivery(1, { channel: "desk_mqtt", recipient: "rotterdam" })],
    [receipt("rejected", { reason: "andere regio" })],
  );
  expect(desk?.rejected?.reason).toBe("andere regio");
});
