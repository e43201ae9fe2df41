// What is opened and registered unchanged is the same document: over orders of every form that the contract allows.
import { expect, test, vi } from "vitest";
import type { Centre } from "../live/centre.svelte.ts";
import { place, written } from "../live/coordinates.ts";
import { Draft } from "../live/draft.svelte.ts";
import { dayOf, timeOf } from "../live/dutch-time.ts";
import { outgoing, redated } from "../live/editing.ts";
import { imported } from "../live/importing.ts";
import type { Lonlat, OrderDocument, OrderEntry } from "../live/types.ts";
import { withVictimChanged } from "../live/victims.ts";
import { T0 } from "./incidents.ts";

const ORDERS = 400;

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function chances(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** As it comes over the line. */
const clone = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** An order in which everything that may be absent, `null` or odd sometimes is. */
function anyOrder(seed: number): OrderDocument {
  const chance = chances(seed);
  const one = <T>(...of: T[]): T => of[Math.floor(chance() * of.length)] as T;
  const some = <T>(most: number, make: (n: number) => T): T[] =>
    Array.from({ length: Math.floor(chance() * (most + 1)) }, (_, n) => make(n));
  const at = (): Lonlat => {
    const digits = one(0, 3, 6, 15);
    const place = [
      Number((chance() * 360 - 180).toFixed(digits)),
      Number((chance() * 180 - 90).toFixed(digits)),
    ];
    return (chance() < 0.2 ? [...place, 12.5] : place) as Lonlat;
  };
  /** Some of these fields; of each one of its values. */
  const fields = (all: Record<string, unknown[]>): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(all).flatMap(([name, of]) => (chance() < 0.6 ? [[name, one(...of)]] : [])),
    );
  const schedule = () => ({
    timezone: one("Europe/Amsterdam", "America/Curacao"),
    weekly: some(3, () => ({
      days: one(["mon"], ["sun", "sat"], []),
      from: one("22:00", "00:00"),
      to: one("06:00", "24:00", "22:00"),
    })),
  });
  const party = (person: string) => ({
    person,
    ...fields({
      device: ["am-1", null],
      residence: [at(), null],
      fix_interval_s: [0.5, 60, 3_600, null],
      receipts: [true, false, null],
      owntracks: ["user/device", null],
      later: ["", "unknown", { a: "" }],
    }),
  });
  const victims = some(6, (n) => ({
    ...party(`victim-${n}`),
    ...fields({
      proximity: [{ alarm_m: 0.5, warning_m: 1e6, warning_s: 0 }, null],
      second_channel: [{ sms: "+31612345678" }, null],
      aware_code: [true],
      quiet_hours: [schedule(), null],
      language: ["nl", "en", null],
    }),
  }));
  const ring = (): Lonlat[] => {
    const corners = [at(), at(), at()];
    return one(corners, [...corners, corners[0] as Lonlat]);
  };
  const features = some(5, (n) => ({
    type: "Feature",
    ...fields({ id: [n, "a"], bbox: [[0, 0, 1, 1]] }),
    geometry: one<unknown>(
      { type: "Point", coordinates: at() },
      { type: "Polygon", coordinates: [ring(), ring()] },
      { type: "MultiPolygon", coordinates: [[ring()], [ring(), ring()]] },
    ),
    properties: {
      zone: `zone-${n}`,
      kind: one("exclusion", "inclusion"),
      radius_m: one(800, 1_500.25),
      ...fields({
        victim: [...victims.map(({ person }) => person), null],
        buffer_m: [0, 500],
        schedule: [schedule(), null],
        deviation: [{ reason: "مرحبا", decided_by: "" }, null],
        protects: [at(), null],
        stroke: ["#f00", ""],
      }),
    },
  }));
  return clone({
    order: "ord-1",
    legal_basis: "sv_509hh",
    valid_from: one("2026-11-01T00:00:00+01:00", "2026-11-01T13:14:15.123Z"),
    valid_until: one("2027-01-30T23:59:59Z", "2027-03-28T02:30:00+01:00"),
    wearer: party("wearer-1"),
    victims,
    zones: { type: "FeatureCollection", ...fields({ name: ["drawn"] }), features },
    ...fields({
      risk: ["low", "extreme", null],
      desk: ["rotterdam", null],
      tell_desk: [false, true],
      contacts: [{}, null, { victim_contact: { name: "🙂", email: "a@b" }, case_coordinator: null }],
      call_order: [["wearer"], []],
      note: ["", "x"],
    }),
  }) as unknown as OrderDocument;
}

const each = (judge: (order: OrderDocument) => void): void => {
  for (let seed = 0; seed < ORDERS; seed += 1) judge(anyOrder(seed));
};

test("an order goes out as it came, from the register and from a file", () => {
  each((order) => {
    const before = clone(order);
    expect(outgoing(order)).toEqual(before);
    expect(order, "and is not touched").toEqual(before);
    const read = imported(JSON.stringify(order));
    if (!("orders" in read)) throw new Error(JSON.stringify(read));
    expect(outgoing(read.orders[0] as OrderDocument)).toEqual(before);
  });
});

test("what is opened, left as it is and registered is what the service is sent", async () => {
  vi.stubGlobal("sessionStorage", { getItem: () => null, setItem: () => {}, removeItem: () => {} });
  vi.useFakeTimers();
  for (let seed = 0; seed < 40; seed += 1) {
    const document = anyOrder(seed);
    const sent: unknown[] = [];
    const centre = {
      time: T0,
      me: { name: "ann", role: "supervisor" },
      orders: new Map(),
      ordersRead: true,
      readOrders: async () => {},
      api: {
        send: async (_: string, __: string, body: unknown) => {
          sent.push(clone(body));
          return { findings: [] };
        },
      },
    };
    const draft = new Draft(centre as unknown as Centre);
    draft.openEntry({
      order: "ord-1",
      changed_at: "x",
      origin: "api",
      state: "in_force",
      document,
    } as OrderEntry);
    // Somebody types in it, and takes it back.
    draft.take({ ...document, desk: "elsewhere" });
    draft.take({ ...(draft.document as OrderDocument), desk: document.desk } as OrderDocument);
    await draft.save();
    expect(sent.at(-1)).toEqual(clone(document));
  }
  vi.useRealTimers();
});

test("a victim who is renamed and gets her name back leaves the order as it was", () => {
  each((order) => {
    order.victims.forEach(({ person }, n) => {
      const there = withVictimChanged(order, n, { person: "somebody-else" });
      expect(withVictimChanged(there, n, { person })).toEqual(order);
    });
  });
});

test("a place is read back as it was written, wherever on earth", () => {
  each((order) => {
    for (const { residence } of order.victims) {
      if (!residence) continue;
      const back = place(written(residence));
      // A place nobody lives at: read the other way round it would lie here.
      const [lon, lat] = residence;
      if (lat > 2 && lat < 8 && lon > 49.5 && lon < 54.5) continue;
      expect(back?.[0]).toBeCloseTo(lon, 5);
      expect(back?.[1]).toBeCloseTo(lat, 5);
    }
  });
});

test("a moment that gets its own day and time again is the same moment, and another day keeps the time", () => {
  for (const moment of ["2027-01-30T23:59:59Z", "2026-07-01T00:00:00+02:00", "2026-10-25T00:30:00Z"]) {
    const [day, time] = [dayOf(Date.parse(moment)), timeOf(Date.parse(moment))];
    expect(Date.parse(redated(moment, { day, time })), moment).toBe(Date.parse(moment));
    expect(timeOf(Date.parse(redated(moment, { day: "2027-05-05" })))).toBe(time);
  }
});
