import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Refused } from "../live/api.ts";
import { Aware } from "../victim/aware.svelte.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** An API that answers in turn: `null` is well. */
function api(answers: (Refused | null)[]) {
  const sent: { path: string; body: Record<string, unknown> }[] = [];
  const send = async (_: string, path: string, body?: unknown): Promise<never> => {
    sent.push({ path, body: body as Record<string, unknown> });
    const answer = answers.shift();
    if (answer) throw answer;
    return undefined as never;
  };
  return { sent, aware: new Aware({ send }) };
}

test("a press is sent until it has arrived, and is one press", async () => {
  const { sent, aware } = api([new Refused(0, "no answer"), new Refused(503, "busy"), null]);
  aware.press(false);
  await vi.advanceTimersByTimeAsync(100);
  expect([aware.state, aware.failed]).toEqual(["sending", 1]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect([aware.state, sent.length]).toEqual(["sent", 3]);
  expect(new Set(sent.map(({ body }) => body.pressed_at)).size).toBe(1);
  expect(sent[0]?.body).not.toHaveProperty("test");
});

test("a press that the service will never take is said to be none", async () => {
  const { sent, aware } = api([new Refused(422, "unknown device")]);
  aware.press(false);
  await vi.advanceTimersByTimeAsync(60_000);
  expect([aware.state, sent.length]).toEqual(["refused", 1]);
});

test("the answer to a trial says nothing of a press after it", async () => {
  const { sent, aware } = api([new Refused(0, "no answer"), null]);
  aware.press(true);
  aware.press(false);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(sent.map(({ body }) => body.test ?? false)).toEqual([true, false]);
  aware.heardTest("a");
  expect([aware.state, aware.test, aware.back]).toEqual(["sent", false, null]);
});

test("a trial is well when its message has come back", async () => {
  const { sent, aware } = api([null]);
  aware.press(true);
  await vi.advanceTimersByTimeAsync(400);
  expect([aware.state, aware.back]).toEqual(["sent", null]);
  aware.heardTest("alert-1");
  aware.heardTest("alert-2");
  expect([aware.back, aware.testAlert]).toEqual([400, "alert-1"]);
  expect(sent[0]?.body.test).toBe(true);
});

test("why a press is not cancelled is said in words; what is not understood is no answer", async () => {
  const no = (detail: string) => new Refused(409, "no", { detail });
  const { sent, aware } = api([null, no("wrong_code"), new Refused(0, "x"), no("<b>"), null]);
  aware.press(false);
  await vi.advanceTimersByTimeAsync(1_000);
  const said = [];
  for (const code of ["1111", "2222", "3333", "2580"]) {
    await aware.cancel(code);
    said.push(aware.refusal);
  }
  expect(said).toEqual(["wrong_code", "offline", "offline", ""]);
  expect(aware.state).toBe("cancelled");
  expect(sent.at(-1)).toMatchObject({ path: "/v1/me/aware/cancel", body: { code: "2580" } });
});
