import { beforeEach, expect, test, vi } from "vitest";
import { Refused } from "../live/api.ts";
import type { Centre } from "../live/centre.svelte.ts";
import { Draft } from "../live/draft.svelte.ts";
import { newOrder } from "../live/editing.ts";
import type { OrderEntry } from "../live/types.ts";
import { T0 } from "./incidents.ts";

const ORDER = { ...newOrder(T0), order: "ord-1" };
const entry = (changed_at: string, risk = "low"): OrderEntry => ({
  order: "ord-1",
  changed_at,
  origin: "api",
  state: "in_force",
  document: { ...ORDER, risk },
});

/** A register with one order, as the service keeps it: a change is refused that leans on another version. */
function register(first: OrderEntry | null) {
  const state = { stored: first, sent: [] as Record<string, string>[], turn: 0 };
  const centre = {
    time: T0,
    me: { name: "ann", role: "supervisor" },
    ordersRead: true,
    orders: new Map(first ? [["ord-1", first]] : []),
    async readOrders() {
      centre.orders = new Map(state.stored ? [["ord-1", state.stored]] : []);
    },
    api: {
      async send(
        method: string,
        path: string,
        body: OrderEntry["document"],
        headers: Record<string, string> = {},
      ) {
        if (path === "/v1/guidance") return { findings: [] };
        state.sent.push(headers);
        const version = state.stored ? `"${state.stored.changed_at}"` : "";
        const holds = headers["if-match"] ? headers["if-match"] === version : !version;
        const at = state.stored?.changed_at ?? "2026-11-26T01:00:00Z";
        if (!holds) throw new Refused(412, "changed", { by: "bob", at });
        state.turn += 1;
        const changed_at = `2026-11-26T02:00:0${state.turn}.000Z`;
        state.stored = method === "DELETE" ? null : { ...entry(changed_at), document: body };
        return { findings: [], changed_at };
      },
    },
  };
  return { state, draft: new Draft(centre as unknown as Centre), centre };
}

beforeEach(() => {
  vi.useFakeTimers();
  const store = new Map<string, string>();
  vi.stubGlobal("sessionStorage", {
    getItem: (key: string) => store.get(key) ?? null,
    setItem: (key: string, value: string) => store.set(key, value),
    removeItem: (key: string) => store.delete(key),
  });
});

test("what was opened is changed, and again after that; a new order takes nobody's place", async () => {
  const { draft, state } = register(entry("2026-11-25T00:00:00.000Z"));
  draft.openEntry(state.stored as OrderEntry);
  draft.take({ ...ORDER, risk: "high" });
  expect(await draft.save()).toBe(true);
  draft.take({ ...ORDER, risk: "medium" });
  expect(await draft.save()).toBe(true);
  expect(state.sent.map((headers) => headers["if-match"])).toEqual([
    '"2026-11-25T00:00:00.000Z"',
    '"2026-11-26T02:00:01.000Z"',
  ]);
  draft.openNew({ ...ORDER, risk: "high" });
  expect(await draft.save()).toBe(false);
  expect(state.sent.at(-1)).toEqual({ "if-none-match": "*" });
  expect([draft.conflict?.by, draft.conflict?.gone]).toEqual(["bob", false]);
  expect(state.stored?.document.risk).toBe("medium");
});

test("of two supervisors the second is told, and chooses whose stands", async () => {
  const { draft, state, centre } = register(entry("2026-11-25T00:00:00.000Z"));
  draft.openEntry(state.stored as OrderEntry);
  draft.take({ ...ORDER, risk: "high" });
  state.stored = entry("2026-11-25T23:59:59.000Z", "medium");
  expect(await draft.save()).toBe(false);
  expect(draft.written).toBe(true);
  await vi.waitFor(() => expect(centre.orders.get("ord-1")?.document.risk).toBe("medium"));
  draft.openTheirs();
  expect([draft.document?.risk, draft.conflict, draft.written]).toEqual(["medium", null, false]);
  draft.take({ ...ORDER, risk: "high" });
  state.stored = entry("2026-11-26T00:30:00.000Z", "low");
  await draft.save();
  await vi.waitFor(() => expect(centre.orders.get("ord-1")?.changed_at).toBe("2026-11-26T00:30:00.000Z"));
  expect(await draft.saveMine()).toBe(true);
  expect(state.stored?.document.risk).toBe("high");
});

test("a withdrawal of what somebody else changed is refused, and one of what was seen is not", async () => {
  const { draft, state } = register(entry("2026-11-25T00:00:00.000Z"));
  draft.openEntry(state.stored as OrderEntry);
  state.stored = entry("2026-11-25T12:00:00.000Z");
  expect(await draft.withdraw()).toBe(false);
  expect(state.stored).not.toBeNull();
  draft.openEntry(state.stored);
  expect(await draft.withdraw()).toBe(true);
  expect([state.stored, draft.document]).toEqual([null, null]);
});

test("nothing that is written is replaced without being asked, and it comes back after a reload", () => {
  const { draft } = register(null);
  draft.begin();
  draft.instead(() => draft.openNew(ORDER));
  expect(draft.document?.order, "what nobody wrote in may go").toBe("ord-1");
  draft.take({ ...ORDER, desk: "rotterdam" });
  draft.instead(() => draft.begin());
  expect([draft.document?.desk, draft.wanted !== null]).toEqual(["rotterdam", true]);
  draft.answer(false);
  draft.instead(() => draft.close());
  expect(draft.document?.desk).toBe("rotterdam");

  const again = register(null).draft;
  again.restore("bob");
  expect(again.document, "for its writer only").toBeNull();
  again.restore("ann");
  expect([again.document?.desk, again.changed]).toEqual(["rotterdam", true]);

  draft.answer(true);
  expect(draft.document).toBeNull();
  const after = register(null).draft;
  after.restore("ann");
  expect(after.document, "what was dropped stays dropped").toBeNull();
});

test("what is written while it is being registered is not taken for saved", async () => {
  const { draft } = register(null);
  draft.openNew(ORDER);
  const saving = draft.save();
  draft.take({ ...ORDER, desk: "utrecht" });
  await saving;
  expect([draft.registered, draft.changed, draft.written]).toEqual([true, true, true]);
});

test("what a third person wrote since one was told is not replaced unseen", async () => {
  const { draft, state } = register(entry("2026-11-25T00:00:00.000Z"));
  draft.openEntry(state.stored as OrderEntry);
  draft.take({ ...ORDER, risk: "high" });
  state.stored = entry("2026-11-25T01:00:00.000Z", "medium");
  await draft.save();
  state.stored = entry("2026-11-25T02:00:00.000Z", "low");
  expect(await draft.saveMine()).toBe(false);
  expect([state.stored.document.risk, draft.conflict?.by]).toEqual(["low", "bob"]);
  expect(await draft.saveMine()).toBe(true);
});

test("an order that is only looked at follows the register; one that is written in stays", async () => {
  const { draft, state, centre } = register(entry("2026-11-25T01:00:00.000Z"));
  draft.openEntry(state.stored as OrderEntry);
  const readAgain = async (stored: OrderEntry | null): Promise<void> => {
    state.stored = stored;
    await centre.readOrders();
    draft.follow();
  };
  await readAgain(entry("2026-11-25T02:00:00.000Z", "medium"));
  expect(draft.document?.risk).toBe("medium");
  await readAgain(entry("2026-11-25T01:00:00.000Z", "low"));
  expect(draft.document?.risk, "an older list that comes late").toBe("medium");
  draft.take({ ...ORDER, risk: "high" });
  await readAgain(entry("2026-11-25T03:00:00.000Z", "low"));
  expect([draft.document?.risk, draft.vanished]).toEqual(["high", false]);
  expect(await draft.save(), "and is refused when it is sent").toBe(false);
  await readAgain(null);
  expect(draft.vanished).toBe(true);
});

test("a withdrawal that is refused is said to be one, and nothing is registered by it", async () => {
  const { draft, state } = register(entry("2026-11-25T00:00:00.000Z"));
  draft.openEntry(state.stored as OrderEntry);
  state.stored = entry("2026-11-25T12:00:00.000Z");
  const before = draft.answers;
  expect(await draft.withdraw()).toBe(false);
  expect([draft.conflict?.withdrawing, draft.answers - before, draft.busy]).toEqual([true, 1, false]);
  draft.follow();
  expect(draft.conflict, "what was refused stays to be read").not.toBeNull();
});

test("a question is not asked any more once nothing would be lost", async () => {
  const { draft } = register(null);
  draft.openNew(ORDER);
  draft.take({ ...ORDER, desk: "utrecht" });
  draft.instead(() => draft.close());
  expect(draft.wanted).not.toBeNull();
  await draft.save();
  expect(draft.wanted).toBeNull();
});

test("pointing at a place ends with the order it was for", () => {
  const { draft } = register(null);
  draft.openNew(ORDER);
  draft.point({ of: "victim", n: 0 });
  draft.openNew({ ...ORDER, victims: [] });
  expect(draft.pointing).toBeNull();
});

test("what the guidance refuses is said by its findings, and by nothing beside them", async () => {
  const { draft, centre } = register(null);
  const finding = { zone: "zone-1", code: "RADIUS_TOO_SMALL", severity: "error", message: "" };
  centre.api.send = async () => {
    throw new Refused(422, "The order cannot be in force", { findings: [finding] });
  };
  draft.openNew(ORDER);
  expect(await draft.save()).toBe(false);
  expect([draft.findings, draft.problems]).toEqual([[finding], []]);
});

test("why it was refused stays until something is written, whatever the guidance says of it a moment later", async () => {
  const { draft, centre } = register(null);
  draft.openNew(ORDER);
  draft.take({ ...ORDER, desk: "utrecht" });
  const { send } = centre.api;
  centre.api.send = async (method, path, ...more) => {
    if (method === "PUT") throw new Refused(422, "her code is not known here", {});
    return send(method, path, ...more);
  };
  expect(await draft.save()).toBe(false);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(draft.problems).toEqual([{ field: "", problem: "her code is not known here" }]);
  draft.take({ ...ORDER, desk: "rotterdam" });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(draft.problems).toEqual([]);
});
