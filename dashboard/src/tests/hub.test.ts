import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Hub, MOST_KEPT, type Port, type Told, type Wanted } from "../live/hub.ts";
import { followShared } from "../live/shared.ts";
import type { follow, Listener } from "../live/stream.ts";

/** A hub, and every stream that it opened. */
function house() {
  const streams: { on: Listener; after: string; stopped: boolean }[] = [];
  const connect: typeof follow = (_path, _headers, on, after = "") => {
    const stream = { on, after, stopped: false };
    streams.push(stream);
    return () => {
      stream.stopped = true;
    };
  };
  const hub = new Hub(connect);
  /** A tab, and what it was told, in short. */
  const tab = (after = "", changes: Partial<Wanted> = {}) => {
    const told: string[] = [];
    const port: Port = {
      postMessage: (one: Told) =>
        void told.push(one.tell === "event" ? one.event.id || one.event.data : one.tell),
    };
    hub.join(port, { line: "anna", path: "/v1/live", headers: {}, after, whole: false, ...changes });
    return { told, leave: () => hub.leave(port) };
  };
  const say = (id: number) => streams.at(-1)?.on.event({ id: String(id), event: "alert", data: "{}" });
  return { hub, streams, tab, say };
}

describe("the tabs of a browser", () => {
  test("have one line together, and each hears all of it from when it came", () => {
    const { streams, tab, say } = house();
    const one = tab();
    streams[0]?.on.open();
    say(41);
    const two = tab();
    say(42);
    expect([one.told, two.told]).toEqual([
      ["open", "41", "42"],
      ["open", "42"],
    ]);
    expect(streams.length).toBe(1);
  });

  test("go on hearing when the one that came first is gone; with the last the line is closed", () => {
    const { streams, tab, say } = house();
    const tabs = [tab(), tab(), tab()];
    streams[0]?.on.open();
    tabs[0]?.leave();
    say(7);
    expect(tabs.map(({ told }) => told.at(-1))).toEqual(["open", "7", "7"]);
    for (const { leave } of tabs) leave();
    expect(streams.map(({ stopped }) => stopped)).toEqual([true]);
    tab();
    expect(streams.length, "who comes then opens another").toBe(2);
  });

  test("that were away are told what they missed, once each", () => {
    const { streams, tab, say } = house();
    tab("40");
    expect(streams[0]?.after).toBe("40");
    streams[0]?.on.open();
    for (const id of [41, 43, 47]) say(id);
    expect(tab("40").told).toEqual(["open", "41", "43", "47"]);
    expect(tab("43").told).toEqual(["open", "47"]);
    expect(tab("47").told).toEqual(["open"]);
  });

  test("that were away for too long are told to read anew, rather than that nothing happened", () => {
    const { streams, tab, say } = house();
    tab();
    streams[0]?.on.open();
    expect(tab("40").told, "nobody knows where the line began").toEqual(["open", "anew"]);
    say(50);
    expect(tab("48").told).toEqual(["open", "anew"]);
    for (let id = 51; id <= 50 + MOST_KEPT; id += 1) say(id);
    expect(tab("49").told, "more came than is kept").toEqual(["open", "anew"]);
    expect(tab("50").told.length).toBe(MOST_KEPT + 1);
    streams[0]?.on.anew();
    expect(tab("60").told, "the service counts anew").toEqual(["open", "anew"]);
  });

  test("are all told that it is lost, and that nobody is signed in any more", () => {
    const { streams, tab } = house();
    const one = tab();
    streams[0]?.on.open();
    streams[0]?.on.lost();
    const two = tab();
    streams[0]?.on.refused(401);
    expect([one.told, two.told]).toEqual([
      ["open", "lost", "refused"],
      ["lost", "refused"],
    ]);
    const again = tab("9");
    expect([streams.length, streams[1]?.after, again.told]).toEqual([2, "9", []]);
  });

  test("of two people share nothing", () => {
    const { streams, tab, say } = house();
    const anna = tab();
    tab("", { line: "bob" });
    say(5);
    expect([anna.told, streams.length]).toEqual([[], 2]);
  });

  test("are told where everybody is from the beginning, whoever comes", () => {
    const { streams, tab } = house();
    const whole = { path: "/v1/live/positions", whole: true };
    tab("", whole);
    tab("", whole);
    expect(streams.map(({ stopped }) => stopped)).toEqual([true, false]);
  });
});

describe("a tab", () => {
  const NOTHING = () => {};
  let workers: { port: { onmessage: (message: { data: Told }) => void; said: unknown[] } }[];
  let asked: (string | null)[];

  beforeEach(() => {
    vi.useFakeTimers();
    workers = [];
    asked = [];
    vi.stubGlobal(
      "SharedWorker",
      class {
        port = {
          said: [] as unknown[],
          onmessage: NOTHING as (message: { data: Told }) => void,
          postMessage(one: unknown) {
            this.said.push(one);
          },
          close: NOTHING,
        };
        constructor() {
          workers.push(this);
        }
      },
    );
    vi.stubGlobal("navigator", { locks: { request: async (_: string, held: () => unknown) => held() } });
    vi.stubGlobal("fetch", async (_: string, init: RequestInit) => {
      asked.push(new Headers(init.headers).get("last-event-id"));
      return new Promise(NOTHING);
    });
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  function listen() {
    const told: string[] = [];
    const stop = followShared("anna", "/v1/live", () => ({}), {
      open: () => told.push("open"),
      sign: NOTHING,
      event: ({ id }) => told.push(id),
      lost: () => told.push("lost"),
      anew: () => told.push("anew"),
      refused: (status) => told.push(`refused ${status}`),
    });
    const say = (...all: Told[]) => {
      for (const data of all) workers.at(-1)?.port.onmessage({ data });
    };
    return { told, stop, say };
  }
  const alert = (id: string): Told => ({ tell: "event", event: { id, event: "alert", data: "{}" } });

  test("calls a hub that fell silent once more, after the last event; one that never answers is done without", async () => {
    const { told, say, stop } = listen();
    say({ tell: "open" }, alert("8"));
    for (let n = 0; n < 20; n += 1) {
      await vi.advanceTimersByTimeAsync(4_000);
      say({ tell: "pulse" });
    }
    expect([told, workers.length], "a pulse is enough").toEqual([["open", "8"], 1]);
    await vi.advanceTimersByTimeAsync(16_000);
    expect(workers.length).toBe(2);
    expect(workers[1]?.port.said[0]).toMatchObject({ wanted: { after: "8" } });
    say({ tell: "open" }, alert("9"));
    await vi.advanceTimersByTimeAsync(40_000);
    expect(told).toEqual(["open", "8", "lost", "open", "9", "lost", "lost"]);
    // By itself, after the last event.
    expect([workers.length, asked[0]]).toEqual([3, "9"]);
    stop();
  });

  test("that slept doubts the hub by the clock on the wall", async () => {
    const { told, say, stop } = listen();
    say({ tell: "open" }, alert("8"));
    vi.setSystemTime(Date.now() + 3_600_000);
    await vi.advanceTimersByTimeAsync(1_000);
    say({ tell: "open" }, alert("9"));
    expect(told).toEqual(["open", "8", "lost", "open", "9"]);
    stop();
    expect(workers.map(({ port }) => port.said.at(-1))).toEqual([null, null]);
  });

  test("is told nothing twice by a hub that begins after what another tab had", () => {
    const { told, say, stop } = listen();
    say({ tell: "open" }, alert("8"), alert("10"), { tell: "open" }, alert("9"), alert("10"), alert("11"));
    expect(told).toEqual(["open", "8", "10", "open", "11"]);
    // A service that counts anew is told all the same.
    say({ tell: "anew" }, alert("1"));
    expect(told.slice(-2)).toEqual(["anew", "1"]);
    stop();
  });

  test("that is refused follows no more", async () => {
    const { told, say } = listen();
    say({ tell: "refused", status: 401 });
    await vi.advanceTimersByTimeAsync(60_000);
    expect([told, workers.length, asked]).toEqual([["refused 401"], 1, []]);
  });

  test("of a browser that cannot share has a stream of its own", async () => {
    vi.stubGlobal("navigator", {});
    listen().stop();
    expect([workers.length, asked]).toEqual([0, [null]]);
  });
});
