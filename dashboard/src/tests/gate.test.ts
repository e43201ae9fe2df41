import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Api, Refused } from "../live/api.ts";
import type { Centre } from "../live/centre.svelte.ts";
import { Gate } from "../live/gate.svelte.ts";
import { endSession, type Session } from "../live/session.ts";

const MINUTE = 60_000;
const LIMIT_S = 15 * 60;

/** Messages between tabs, at once. */
class Channel {
  static all: Channel[] = [];
  onmessage: (event: { data: unknown }) => void = () => {};
  constructor(readonly name: string) {
    Channel.all.push(this);
  }
  postMessage(data: unknown): void {
    for (const other of Channel.all)
      if (other !== this && other.name === this.name) other.onmessage({ data });
  }
  close(): void {
    Channel.all = Channel.all.filter((other) => other !== this);
  }
}

const session = (name: string, csrf: string): Session => ({
  name,
  csrf,
  role: "operator",
  locked: false,
  idle_lock_s: LIMIT_S,
});

/** Who the browser's cookie is of; nobody, where it is of none. */
let cookie: Session | null;
/** What the service was asked. */
let asked: string[];

/** As the service answers: by the cookie, and to no page of another session. */
const service: typeof fetch = async (path, init) => {
  const method = init?.method ?? "GET";
  const csrf = new Headers(init?.headers).get("x-csrf-token");
  asked.push(`${method} ${path}`);
  const problem = (status: number, type: string) =>
    new Response(JSON.stringify({ type: `urn:afstand:problem:${type}` }), { status });
  if (!cookie || (method === "GET" && csrf && csrf !== cookie.csrf)) return problem(401, "unauthenticated");
  if (method !== "GET" && csrf !== cookie.csrf) return problem(403, "foreign-request");
  if (path === "/auth/lock") cookie = { ...cookie, locked: true };
  if (cookie.locked && path !== "/v1/session") return problem(401, "locked");
  return path === "/v1/session" ? Response.json(cookie) : new Response(null, { status: 204 });
};

/** A tab, whose console it is, and what came of it. */
function tab(of: Session) {
  const centre = { api: new Api(""), quiet: false };
  const told: string[] = [];
  const gate = new Gate(
    centre as unknown as Centre,
    of,
    () => told.push("stranger"),
    () => told.push("back"),
  );
  return { gate, told, api: centre.api };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("BroadcastChannel", Channel);
  vi.stubGlobal("fetch", service);
  cookie = session("anna", "a");
  asked = [];
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  Channel.all = [];
});

describe("two tabs of one session", () => {
  test("are locked when nobody sits at either, and by nobody who looks away from one", async () => {
    const [one, other] = [tab(session("anna", "a")), tab(session("anna", "a"))];
    for (let minutes = 0; minutes < 60; minutes += 1) {
      one.gate.seen();
      await vi.advanceTimersByTimeAsync(MINUTE);
      expect([one.gate.state, other.gate.state], `${minutes}`).toEqual(["open", "open"]);
    }
    expect(asked).not.toContain("POST /auth/lock");
    await vi.advanceTimersByTimeAsync(15 * MINUTE);
    expect([one.gate.state, other.gate.state]).toEqual(["locked", "locked"]);
  });

  test("are closed by one press, before the service has heard of it", async () => {
    const [one, other, hers] = [
      tab(session("anna", "a")),
      tab(session("anna", "a")),
      tab(session("bea", "b")),
    ];
    one.gate.lock();
    expect([other.gate.state, hers.gate.state]).toEqual(["locked", "open"]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(other.gate.state).toBe("locked");
    cookie = session("anna", "a2");
    await vi.advanceTimersByTimeAsync(3_000);
    expect([one.told, other.told]).toEqual([["back"], ["back"]]);
    expect(other.api.csrf).toBe("a2");
  });
});

describe("a session that another tab has put in the place of this one's", () => {
  test("is taken over where it is the same person's, whatever was under way", async () => {
    const { gate, told, api } = tab(session("anna", "a"));
    cookie = session("anna", "a2");
    const under_way = api.read("/v1/incidents").catch(({ status }: Refused) => status);
    const pressed = api.send("POST", "/v1/incidents/1/acknowledge").catch(({ status }: Refused) => status);
    expect(await under_way).toBe(401);
    expect(await pressed).toBe(403);
    await vi.advanceTimersByTimeAsync(100);
    expect([gate.state, api.csrf]).toEqual(["open", "a2"]);
    expect(told).toContain("back");
    // An answer to the old one that comes late closes nothing for good.
    api.onDenied(false);
    await vi.advanceTimersByTimeAsync(100);
    expect(gate.state).toBe("open");
    await api.send("POST", "/v1/incidents/1/acknowledge");
  });

  test("shows nothing of it to a page of somebody else", async () => {
    const { gate, told, api } = tab(session("anna", "a"));
    cookie = session("bea", "b");
    await expect(api.read("/v1/incidents")).rejects.toThrow(Refused);
    expect(gate.state).toBe("ended");
    await vi.advanceTimersByTimeAsync(100);
    expect([gate.state, told]).toEqual(["ended", ["stranger"]]);
    // Nor does her page go on for ever to sign out what is signed out.
    await endSession(api);
    expect(cookie?.name).toBe("bea");
  });

  test("opens no console that was locked, unless somebody signs in", async () => {
    const { gate, api } = tab(session("anna", "a"));
    gate.lock();
    await vi.advanceTimersByTimeAsync(100);
    api.onDenied(false);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(gate.state).toBe("locked");
    cookie = null;
    await vi.advanceTimersByTimeAsync(3_000);
    expect(gate.state).toBe("ended");
  });
});
