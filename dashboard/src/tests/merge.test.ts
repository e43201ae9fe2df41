import { expect, test } from "vitest";
import { hasRisen, withAlert, withFollowUp, withRead } from "../live/merge.ts";
import { isHandedOn, isTaken } from "../live/shown.ts";
import type { AlertData, FollowUp, Incident } from "../live/types.ts";
import { alert, at, incident, T0 } from "./incidents.ts";

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

test("what was done while a list was on its way is not undone by it", () => {
  const open = incident("1", { changed_at: at(0) });
  const step = { incident: "1", at: at(60), actor: "bakker", what: "resolved", state: "resolved" };
  const resolved = withFollowUp(open, step);
  const asked = T0 + 55_000;
  expect(withRead(resolved, open, asked)).toBe(resolved);
  // One that was asked for long after, or that knows of more, tells what is.
  expect(withRead(resolved, open, asked + 60_000).state).toBe("new");
  expect(withRead(resolved, { ...open, changed_at: at(61) }, asked).state).toBe("new");
  expect(withRead(resolved, { ...open, revision: 2 }, asked).state).toBe("new");
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

test("a warning that somebody has is nobody's again when it becomes an alarm, and so until the list knows", () => {
  const taken = incident("1", { level: "warning", worst: "warning", owner: "ann", state: "acknowledged" });
  const risen = withAlert(taken, alert("1", 2));
  expect(risen).toMatchObject({ level: "alarm", state: "new", owner: "ann" });
  expect([isTaken(taken), isTaken(risen)]).toEqual([true, false]);
  // A list that was read before the alert does not take that back; one that knows of it does.
  expect(isTaken(withRead(risen, taken))).toBe(false);
  expect(isTaken(withRead(risen, { ...risen, state: "acknowledged" }))).toBe(true);
  // An alarm that somebody has, and that is back: it stays taken.
  const back = withAlert({ ...risen, state: "in_progress", level: "clear" }, alert("1", 3));
  expect([back.level, isTaken(back)]).toEqual(["alarm", true]);
});

test("what becomes worse is told from what does not", () => {
  const warning = { level: "warning", worst: "warning" } as const;
  const alarm = { level: "alarm", worst: "alarm" } as const;
  const over = { level: "clear", worst: "alarm" } as const;
  expect([hasRisen(alarm, warning), hasRisen(alarm, over), hasRisen(warning, undefined)]).toEqual([
    true,
    true,
    true,
  ]);
  expect([hasRisen(alarm, alarm), hasRisen(over, alarm), hasRisen(over, undefined)]).toEqual([
    false,
    false,
    false,
  ]);
  // Found afterwards to have been an alarm, while it stands at a warning.
  expect(hasRisen({ level: "warning", worst: "alarm" }, warning)).toBe(true);
});

test("who asks for somebody else still has it until somebody takes it over", () => {
  const told = (...what: string[]) => isHandedOn(what.map((what) => ({ what })));
  expect([told(), told("acknowledged", "noted")]).toEqual([false, false]);
  expect(told("acknowledged", "escalated", "told")).toBe(true);
  expect(told("acknowledged", "escalated", "acknowledged")).toBe(false);
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
