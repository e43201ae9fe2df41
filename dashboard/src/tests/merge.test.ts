import { expect, test } from "vitest";
import { withAlert, withFollowUp, withRead } from "../live/merge.ts";
import type { AlertData, FollowUp, Incident } from "../live/types.ts";
import { alert, at, incident } from "./incidents.ts";

/** What the service would say of the incident after these alerts. */
const alerts: AlertData[] = [
  alert("1", 1, { level: "warning", distance_m: 1900 }),
  alert("1", 2, { level: "alarm", distance_m: 900 }),
  alert("1", 3, { level: "clear", distance_m: 2500 }),
];

test("alerts in order tell the story", () => {
  let known: Incident | undefined;
  const seen: string[] = [];
  for (const news of alerts) {
    known = withAlert(known, news);
    seen.push(`${known.level} ${known.worst} ${known.latest?.distance_m}`);
  }
  expect(seen).toEqual(["warning warning 1900", "alarm alarm 900", "clear alarm 2500"]);
  expect(known?.cleared_at).toBe(alerts[2]?.raised_at);
});

test("an alert that comes again, or after a newer one, changes nothing", () => {
  const known = alerts.reduce<Incident | undefined>(withAlert, undefined) as Incident;
  for (const old of alerts) expect(withAlert(known, old)).toBe(known);
});

test("whatever is heard first, the list or the stream, the picture is the same", () => {
  const told = alerts.reduce<Incident | undefined>(withAlert, undefined) as Incident;
  const read = incident("1", { level: "alarm", revision: 2, owner: "bakker", state: "acknowledged" });
  const streamLast = withAlert(
    withAlert(withRead(undefined, read), alerts[1] as AlertData),
    alerts[2] as AlertData,
  );
  const listLast = withRead(told, read);
  expect(listLast).toEqual({ ...streamLast, opened_at: read.opened_at });
  expect(listLast).toMatchObject({ level: "clear", owner: "bakker", state: "acknowledged" });
});

test("a late finding does not make now of the past", () => {
  const known = withAlert(undefined, alert("1", 1, { level: "clear" }));
  const late = withAlert(known, alert("1", 2, { level: "alarm", late: true }));
  expect([late.level, late.worst, late.latest?.late]).toEqual(["clear", "alarm", true]);
});

test("a step of somebody else shows, and keeps what it does not name", () => {
  const taken = withFollowUp(incident("1"), {
    incident: "1",
    at: at(40),
    actor: "bakker",
    what: "acknowledged",
    state: "acknowledged",
    owner: "bakker",
  });
  expect(taken).toMatchObject({
    owner: "bakker",
    state: "acknowledged",
    changed_at: at(40),
    closed_at: null,
  });
  const noted = withFollowUp(taken, { incident: "1", at: at(41), actor: "de vries", what: "noted" });
  expect(noted).toMatchObject({ owner: "bakker", state: "acknowledged" });
  const done = withFollowUp(noted, {
    incident: "1",
    at: at(50),
    actor: "bakker",
    what: "resolved",
    state: "resolved",
  });
  expect(done.closed_at).toBe(at(50));
});

test("a silence becomes one of many, rings by itself where it must, and is on its own again", () => {
  const told = (what: string, detail: object) => ({
    incident: "1",
    at: at(60),
    actor: "afstand",
    what,
    detail,
  });
  const alone = incident("1", { kind: "silence", level: "warning", next_step_at: at(300) });
  const gathered = withFollowUp(alone, told("grouped", { part_of: "mass", rings_alone: false }) as FollowUp);
  expect(gathered).toMatchObject({ part_of: "mass", next_step_at: null });
  const rings = withFollowUp(alone, told("grouped", { part_of: "mass", rings_alone: true }) as FollowUp);
  expect(rings).toMatchObject({ part_of: "mass", next_step_at: at(300) });
  const free = withFollowUp(gathered, told("ungrouped", { part_of: "mass" }) as FollowUp);
  expect(free).toMatchObject({ part_of: "mass", next_step_at: at(60) });
});
