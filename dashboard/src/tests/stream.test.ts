import { afterEach, expect, test, vi } from "vitest";
import { EventCutter, follow } from "../live/stream.ts";

const TEXT =
  ': hello\n\nid: 7\nretry: 2000\n\nid: 8\nevent: alert\ndata: {"a":1}\n\n:\n\nid: 9\nevent: followup\ndata: two\ndata: lines\n\n';

test("events are the same however the bytes are cut", () => {
  const whole = new EventCutter().take(TEXT);
  expect(whole).toEqual([
    { id: "7", event: "message", data: "" },
    { id: "8", event: "alert", data: '{"a":1}' },
    { id: "9", event: "followup", data: "two\nlines" },
  ]);
  for (let size = 1; size < 20; size += 1) {
    const cutter = new EventCutter();
    const pieces = Array.from({ length: Math.ceil(TEXT.length / size) }, (_, n) =>
      TEXT.slice(n * size, (n + 1) * size),
    );
    expect(pieces.flatMap((piece) => cutter.take(piece))).toEqual(whole);
  }
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test("after a 503 the line is made again, after the last id seen", async () => {
  vi.useFakeTimers();
  const asked: (string | null)[] = [];
  const answers = [
    new Response("id: 41\nevent: alert\ndata: {}\n\n"),
    new Response("", { status: 503 }),
    new Response("id: 42\nevent: alert\ndata: {}\n\n"),
  ];
  vi.stubGlobal("fetch", async (_: string, init: RequestInit) => {
    asked.push(new Headers(init.headers).get("last-event-id"));
    return answers.shift() ?? new Promise(() => {});
  });
  const told: string[] = [];
  const stop = follow("/v1/live", () => ({}), {
    open: () => told.push("open"),
    sign: () => {},
    event: ({ id }) => told.push(id),
    lost: () => told.push("lost"),
    anew: () => told.push("anew"),
    refused: () => told.push("refused"),
  });
  for (let n = 0; n < 10; n += 1) await vi.advanceTimersByTimeAsync(1_000);
  stop();
  expect(told).toEqual(["open", "41", "lost", "lost", "open", "42", "lost"]);
  expect(asked).toEqual([null, "41", "41", "42"]);
});

test("a token that is refused is not tried again", async () => {
  vi.useFakeTimers();
  let asked = 0;
  vi.stubGlobal("fetch", async () => {
    asked += 1;
    return new Response("", { status: 401 });
  });
  const refused: number[] = [];
  const nothing = () => {};
  follow("/v1/live", () => ({}), {
    open: nothing,
    sign: nothing,
    event: nothing,
    lost: nothing,
    anew: nothing,
    refused: (status) => refused.push(status),
  });
  await vi.advanceTimersByTimeAsync(60_000);
  expect([refused, asked]).toEqual([[401], 1]);
});

test("after a sleep the line is given up at once and made again, after the last id seen", async () => {
  vi.useFakeTimers();
  const asked: (string | null)[] = [];
  vi.stubGlobal("fetch", async (_: string, init: RequestInit) => {
    asked.push(new Headers(init.headers).get("last-event-id"));
    const { signal } = init;
    // It says one thing and is then silent: the network went to sleep with the laptop.
    const body = new ReadableStream<Uint8Array>({
      start: (to) => {
        to.enqueue(new TextEncoder().encode("id: 7\nevent: alert\ndata: {}\n\n"));
        signal?.addEventListener("abort", () => to.error(signal.reason));
      },
    });
    return new Response(body);
  });
  const told: string[] = [];
  const stop = follow("/v1/live", () => ({}), {
    open: () => told.push("open"),
    sign: () => {},
    event: ({ id }) => told.push(id),
    lost: () => told.push("lost"),
    anew: () => {},
    refused: () => {},
  });
  await vi.advanceTimersByTimeAsync(5_000);
  expect(told).toEqual(["open", "7"]);
  // The timers stood still for an hour; the clock on the wall did not.
  vi.setSystemTime(Date.now() + 3_600_000);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(told.slice(0, 3)).toEqual(["open", "7", "lost"]);
  await vi.advanceTimersByTimeAsync(1_000);
  stop();
  expect(told.at(-2)).toBe("open");
  expect(asked).toEqual([null, "7"]);
});
