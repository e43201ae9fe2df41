import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Refused } from "../live/api.ts";
import { Centre } from "../live/centre.svelte.ts";
import type { Incident } from "../live/types.ts";
import { incident, T0 } from "./incidents.ts";

beforeEach(() => {
  vi.useFakeTimers();
  vi.setSystemTime(T0);
});
afterEach(() => void vi.useRealTimers());

const HOUR_MS = 3_600_000;
const ago = (ms: number): string => new Date(Date.now() - ms).toISOString();

/** A centre whose questions wait until the test answers them, in whatever order. */
function asking() {
  const centre = new Centre("token");
  const waiting: { path: string; answer: (said: unknown) => void; refuse: (why: Refused) => void }[] = [];
  centre.api.read = <T>(path: string): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      waiting.push({ path, answer: (said) => resolve(said as T), refuse: reject });
    });
  return { centre, waiting };
}

const detail = (changes: Partial<Incident>) => ({
  ...incident("1", changes),
  alerts: [],
  deliveries: [],
  receipts: [],
});

/** Lets what was answered be taken. */
const taken = () => vi.advanceTimersByTimeAsync(0);

test("an answer that comes after a later one changes nothing", async () => {
  const { centre, waiting } = asking();
  centre.select("1");
  void centre.readDetail();
  waiting[1]?.answer(detail({ state: "acknowledged", owner: "ann" }));
  await taken();
  waiting[0]?.answer(detail({ state: "new" }));
  await taken();
  expect(centre.detail?.state).toBe("acknowledged");
  expect(centre.of("1")?.owner).toBe("ann");
});

test("what cannot be read again is said beside what was read, until it can", async () => {
  const { centre, waiting } = asking();
  centre.select("1");
  waiting[0]?.answer(detail({}));
  await taken();
  void centre.readDetail();
  waiting[1]?.refuse(new Refused(500, "broken"));
  await taken();
  expect([centre.detail?.incident, centre.detailError?.status]).toEqual(["1", 500]);
  void centre.readDetail();
  waiting[2]?.answer(detail({}));
  await taken();
  expect(centre.detailError).toBeNull();
});

test("what was resolved long ago is forgotten, and read again when somebody asks for it", async () => {
  const { centre, waiting } = asking();
  const over = (id: string, hours: number) =>
    incident(id, { state: "resolved", closed_at: ago(hours * HOUR_MS) });
  const read = async (page: Incident[]) => {
    waiting
      .splice(0)
      .find(({ path }) => path.includes("state="))
      ?.answer({ items: page, next: null });
    await taken();
  };
  const known = () => ["open", "fresh", "old", "older"].filter((id) => centre.of(id));
  centre.takeRead([over("fresh", 11), over("old", 13), over("older", 500)]);
  centre.filters = { ...centre.filters, resolved: true };
  void centre.refresh();
  await read([incident("open")]);
  expect(known(), "somebody has them listed").toEqual(["open", "fresh", "old", "older"]);

  centre.filters = { ...centre.filters, resolved: false };
  centre.selected = "older";
  void centre.refresh();
  await read([incident("open")]);
  expect(known(), "somebody looks at it").toEqual(["open", "fresh", "older"]);

  void centre.archive.readOn();
  await read([over("fresh", 11), over("old", 13)]);
  expect(known()).toEqual(["open", "fresh", "old", "older"]);
});
