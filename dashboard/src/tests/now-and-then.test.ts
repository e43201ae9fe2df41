import { expect, test } from "vitest";
import { unseenFirst } from "../live/devices.ts";
import { figureOf } from "../live/figure.ts";
import { figures } from "../live/figures.ts";
import { nearness } from "../live/nearness.ts";
import { beginOf, momentOf, type Track } from "../live/retrace.ts";
import { story } from "../live/story.ts";
import type { Device, IncidentDetail, OrderDocument } from "../live/types.ts";
import { stepsOf } from "../live/why.ts";
import { type Place, placeOf } from "../map/drawing.ts";
import { towards } from "../map/geo.ts";
import { alert, at, incident, T0 } from "./incidents.ts";

const place = (person: string, lon: number, changes: Partial<Place> = {}): Place => ({
  person,
  device: person,
  role: person.startsWith("victim") ? "victim" : "wearer",
  at: [lon, 52],
  uncertainty_m: 30,
  fixed_at: T0,
  silent: false,
  ...changes,
});
const among =
  (...all: Place[]) =>
  (person: string) =>
    all.find((one) => one.person === person);

test("how near they are now is told of fresh positions only", () => {
  const pair = incident("1");
  const [his, hers] = [place("wearer-1", 5), place("victim-1", 5.01, { uncertainty_m: 40 })];
  const now = nearness(pair, among(his, hers), undefined, T0 + 10_000);
  // 0.01° along the parallel of 52°: 685 m on a sphere.
  expect(now?.distance_m).toBeGreaterThan(680);
  expect(now?.distance_m).toBeLessThan(690);
  expect([now?.uncertainty_m, now?.age_s]).toEqual([50, 10]);
  expect(now?.old).toBe(false);
  expect(nearness(pair, among(his), undefined, T0)).toBeNull();
  expect(nearness(pair, among(his, hers), undefined, T0 + 181_000)).toMatchObject({ old: true, age_s: 181 });
  expect(nearness(pair, among({ ...his, silent: true }, hers), undefined, T0)?.old).toBe(true);
});

test("a cry for help and a cut strap are about a pair too, where it is known which", () => {
  const [his, hers] = [place("wearer-1", 5), place("victim-1", 5.01)];
  const of = (victims: string[]) =>
    ({ zones: { features: [] }, victims: victims.map((person) => ({ person })) }) as unknown as OrderDocument;
  for (const kind of ["aware", "tamper", "silence"]) {
    const far = nearness(incident("1", { kind }), among(his, hers), undefined, T0)?.distance_m;
    expect(far, kind).toBeCloseTo(684.6, 0);
  }
  const cut = incident("1", { kind: "tamper", victim: null });
  expect(nearness(cut, among(his, hers), of(["victim-1"]), T0)?.distance_m).toBeCloseTo(684.6, 0);
  expect(nearness(cut, among(his, hers), of(["victim-1", "victim-2"]), T0)).toBeNull();
  expect(nearness(incident("1", { kind: "battery" }), among(his, hers), undefined, T0)).toBeNull();
});

test("the figure is the newest there is, with its age, and a speed is good for half a minute", () => {
  const latest = { distance_m: 905, uncertainty_m: 20, closing_mps: 19.7, contact_s: 46, fixed_at: at(0) };
  const warning = incident("1", { level: "warning", latest });
  const near = { distance_m: 439, uncertainty_m: 12, age_s: 4, newest_s: 4, old: false };
  const after = (seconds: number, of = near) => figureOf(warning, of, T0 + seconds * 1_000);
  expect(after(20)).toMatchObject({
    distance_m: 439,
    from: "now",
    age_s: 4,
    contact_s: 26,
    closing_mps: 19.7,
  });
  // Four minutes later: nobody knows any more how fast, or how soon.
  expect(after(240)).toMatchObject({ distance_m: 439, from: "now", contact_s: null, closing_mps: null });
  // Without a line the last positions get older; they stay nearer to the truth than an alert before them.
  expect(after(240, { ...near, age_s: 200, newest_s: 200, old: true })).toMatchObject({
    distance_m: 439,
    from: "last",
    age_s: 200,
  });
  // Positions from before the alert say less than the alert.
  expect(after(10, { ...near, age_s: 60, newest_s: 60 })).toMatchObject({ from: "alert", age_s: 10 });
  // He was heard since, she was not: the alert knew no newer position of her either.
  expect(after(42, { ...near, age_s: 64, newest_s: 37 })).toMatchObject({
    distance_m: 439,
    age_s: 64,
    from: "last",
  });
  expect(figureOf(warning, null, T0 + 50_000)).toMatchObject({ distance_m: 905, age_s: 50, contact_s: null });
  // What is over approaches nobody, and what is resolved has no now.
  expect(figureOf({ ...warning, level: "clear" }, near, T0 + 5_000).contact_s).toBeNull();
  expect(figureOf({ ...warning, state: "resolved" }, near, T0 + 50_000).from).toBe("alert");
});

test("to a round zone the edge counts, negative inside; of other shapes nothing is claimed", () => {
  const order = {
    zones: {
      features: [
        { geometry: { type: "Point", coordinates: [5, 52] }, properties: { zone: "z", radius_m: 1_000 } },
        { geometry: { type: "Polygon", coordinates: [] }, properties: { zone: "p" } },
      ],
    },
  } as unknown as OrderDocument;
  const inside = incident("1", { kind: "exclusion_zone", zone: "z" });
  const his = among({ ...place("wearer-1", 5), at: towards([5, 52], 400, 90) });
  expect(nearness(inside, his, order, T0)?.distance_m).toBeCloseTo(-600, 1);
  expect(nearness({ ...inside, zone: "p" }, his, order, T0)).toBeNull();
});

const track: Track = {
  from: at(0),
  to: at(600),
  devices: [
    {
      device: "am-1",
      role: "wearer",
      person: "wearer-1",
      cut: false,
      fixes: [
        { fixed_at: at(10), received_at: at(11), lat: 52, lon: 5 },
        { fixed_at: at(20), received_at: at(300), lat: 52, lon: 5.1, accuracy_m: 8 },
        { fixed_at: at(30), received_at: at(31), lat: 52, lon: 5.2, accuracy_m: 0 },
      ],
    },
    { device: "vd-1", role: "victim", person: "victim-1", cut: false, fixes: [] },
  ],
};

test("a replay shows what was known at the moment, not what came later", () => {
  const lons = (seconds: number) =>
    momentOf(track, T0 + seconds * 1000).trails.flatMap(({ fixes }) => fixes.map((fix) => fix.at[0]));
  expect([lons(5), lons(15), lons(60), lons(400)]).toEqual([[], [5], [5, 5.2], [5, 5.1, 5.2]]);
  expect(momentOf(track, T0 + 400_000).places).toMatchObject([
    { person: "wearer-1", at: [5.2, 52], uncertainty_m: 25 },
  ]);
});

test("a replay begins when there is something to see, within its time", () => {
  const begin = beginOf(track);
  expect(begin).toBe(T0 + 11_000);
  expect([momentOf(track, begin - 1).places.length, momentOf(track, begin).places.length]).toEqual([0, 1]);
  expect(beginOf({ ...track, from: at(60) }), "not before it").toBe(T0 + 60_000);
  expect(beginOf({ ...track, devices: [] }), "nothing was heard").toBe(T0 + 600_000);
});

const device = (name: string, changes: Partial<Device> = {}): Device => ({
  device: name,
  role: "wearer",
  person: `p-${name}`,
  last_fix: { fixed_at: at(0), lat: 52, lon: 5 },
  uncertainty_m: 10,
  age_s: 1,
  received_at: null,
  online: true,
  silent_since: null,
  unreadable: null,
  ...changes,
});

test("who is unseen comes first, the highest risk above all", () => {
  const all = [
    device("fine"),
    device("off", { online: false }),
    device("silent-low", { silent_since: at(1) }),
    device("silent-high", { silent_since: at(1) }),
    device("never-high", { last_fix: null }),
    device("old-medium", { last_fix: { fixed_at: at(-400), lat: 52, lon: 5 } }),
    device("damaged", { unreadable: "state", last_fix: null }),
  ];
  const risk = (person: string | null) => person?.split("-").at(-1) ?? "";
  const rows = unseenFirst(all, risk, T0 + 1_000).map(
    ({ device: { device: name }, look }) => `${name} ${look}`,
  );
  expect(rows).toEqual([
    "silent-high silent",
    "never-high unheard",
    "old-medium old",
    "silent-low silent",
    "damaged unreadable",
    "off offline",
    "fine seen",
  ]);
  expect(placeOf(device("fine"))?.device).toBe("fine");
});

test("figures of one name are added up over their labels", () => {
  const sums = figures(
    '# HELP x\nafstand_alerts_total{kind="aware"} 2\nafstand_alerts_total{kind="silence"} 3\nafstand_backlog_messages 0\n# EOF\n',
  );
  expect([...sums]).toEqual([
    ["afstand_alerts_total", 5],
    ["afstand_backlog_messages", 0],
  ]);
});

const told = (timeline: unknown[] | undefined): IncidentDetail =>
  ({
    ...incident("1"),
    alerts: [{ seq: 1, data: alert("1", 1), decisions: [] }],
    deliveries: [],
    receipts: [
      {
        at: at(40),
        received_at: at(40),
        channel: "desk_mqtt",
        recipient: "rotterdam",
        alert: null,
        state: "accepted",
        reference: "P-7",
        reason: null,
      },
    ],
    timeline,
  }) as unknown as IncidentDetail;

test("the story has alerts, people and automatic steps, newest first, each thing once", () => {
  const timeline = [
    { seq: 1, at: at(10), actor: "afstand", what: "raised", detail: { level: "alarm" } },
    {
      seq: 2,
      at: at(20),
      actor: "afstand",
      what: "told",
      detail: { role: "operator", people: ["Anna", "Bo"] },
    },
    {
      seq: 3,
      at: at(30),
      actor: "bakker",
      what: "noted",
      detail: { text: "<script>alert(1)</script>", extra: 7 },
    },
    {
      seq: 4,
      at: at(40),
      actor: "afstand",
      what: "desk",
      detail: { desk: "rotterdam", state: "accepted", reference: "P-7" },
    },
  ];
  expect(story(told(timeline)).map(({ mark, who, notes }) => [mark, who, notes])).toEqual([
    ["automatic", "", [{ family: "receipt", word: "accepted" }, { text: "rotterdam" }, { text: "P-7" }]],
    ["person", "bakker", [{ text: "<script>alert(1)</script>" }]],
    ["automatic", "", [{ family: "role", word: "operator" }, { text: "Anna, Bo" }]],
    ["alarm", "", []],
  ]);
});

test("a service without a timeline still tells what recipients said", () => {
  expect(story(told(undefined)).map(({ who, notes }) => [who, notes])).toEqual([
    ["rotterdam", [{ text: "P-7" }]],
    ["", []],
  ]);
});

test("a silence has its why as a distance has: steps of a device stand among those of judged fixes", () => {
  const judged = (seconds: number, before: string, after: string) => ({
    ...{ at: at(seconds), before, after, why: `${before} → ${after}` },
    ...{ distance_m: 900, uncertainty_m: 9, certainty: "certain" },
  });
  const input = { number: 1, received_at: at(0), kind: "fix", device: "am-1" };
  const explanation = {
    inputs: [
      { ...input, judgements: [judged(30, "clear", "warning"), judged(40, "warning", "warning")] },
      { ...input, number: 2, judgements: [judged(90, "warning", "alarm")] },
    ],
    steps: [{ at: at(60), why: "al 60 s geen positie / no position for 60 s" }],
  };
  expect(stepsOf(explanation).map(({ why }) => why)).toEqual([
    "clear → warning",
    "al 60 s geen positie / no position for 60 s",
    "warning → alarm",
  ]);
  expect(stepsOf({ inputs: [], steps: [{ at: at(0), why: "band doorgeknipt" }] })).toHaveLength(1);
  expect(stepsOf(null)).toEqual([]);
});
