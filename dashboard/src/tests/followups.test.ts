import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Refused } from "../live/api.ts";
import { FollowUps } from "../live/followups.svelte.ts";
import type { Verb } from "../live/words.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A service that answers as it is told to, and remembers under which keys it was asked. */
function world() {
  const keys: string[] = [];
  let answer: number | "done" = "done";
  const api = {
    read: async () => ({ paths: {} }),
    send: async (_: string, __: string, ___: unknown, headers: Record<string, string> = {}) => {
      keys.push(headers["idempotency-key"] ?? "");
      if (answer !== "done") throw new Refused(answer, "no");
      return null;
    },
  };
  const centre = { api, takeDetail: () => {}, readDetail: async () => {} };
  const followups = new FollowUps(centre as unknown as ConstructorParameters<typeof FollowUps>[0]);
  const press = (verb: Verb, body = {}, says: number | "done" = "done") => {
    answer = says;
    return followups.press("1", verb, body);
  };
  return { keys, press };
}

const note = { text: "Buurvrouw belde" };

test("a note that nobody answered and that is sent again is one note", async () => {
  const { keys, press } = world();
  expect(await press("note", note, 0)).toBe(false);
  expect(await press("note", note, 503)).toBe(false);
  expect(await press("note", note)).toBe(true);
  expect(new Set(keys).size).toBe(1);
});

test("the same words once more, after an answer or much later, are another note", async () => {
  const { keys, press } = world();
  await press("note", note);
  await press("note", note, 409);
  await press("note", note, 0);
  vi.advanceTimersByTime(120_000);
  await press("note", note);
  await press("note", { text: "Iets anders" });
  expect(new Set(keys).size).toBe(5);
});

test("what is taken up again is asked for anew: it may be nobody's again since", async () => {
  const { keys, press } = world();
  await press("acknowledge", {}, 0);
  await press("acknowledge");
  expect(new Set(keys).size).toBe(2);
});
