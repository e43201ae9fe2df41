import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Refused } from "../live/api.ts";
import { refusalOf, standingOf } from "../victim/door.ts";
import { FRESH_MS, faceOf, isLive, PICTURE_MS, protectionShown } from "../victim/face.ts";
import { HOLD_MS, Hold } from "../victim/hold.ts";
import { type Fix, fixOf, MOST_WAITING, PLACE_MS, placeNow, queued } from "../victim/places.ts";
import { Receipts } from "../victim/receipts.ts";
import { dial, distinct, hear, reconcile, steps } from "../victim/story.ts";
import type { Level, Told } from "../victim/types.ts";

const both = (nl: string) => ({ nl, en: nl });

function told(incident: string, level: Level, revision = 1, minute = 0): Told {
  return {
    alert: `${incident}-${revision}`,
    incident,
    revision,
    kind: "victim_proximity",
    level,
    late: false,
    raised_at: `2026-11-21T10:${String(minute).padStart(2, "0")}:00Z`,
    title: both(level),
    certainty_text: both("zeker"),
    advice: both("Ga weg. Bel 112."),
    call: [],
  };
}

describe("what she was told", () => {
  test("the newest of each incident stands, the worst first", () => {
    const list = [
      told("a", "warning", 1, 1),
      told("b", "warning", 1, 2),
      told("a", "alarm", 2, 3),
      told("a", "warning", 1, 1),
    ].reduce(hear, []);
    expect(list.map(({ alert }) => alert)).toEqual(["a-2", "b-1"]);
    const over = hear(list, told("a", "clear", 3, 4));
    expect(over.map(({ alert, level }) => [alert, level])).toEqual([
      ["b-1", "warning"],
      ["a-3", "clear"],
    ]);
    expect(hear([], told("c", "clear", 2)), "the end of what she never saw is nothing to her").toEqual([]);
  });

  test("what the service no longer names was closed, and an end that was told stays told", () => {
    const list = [told("a", "alarm", 2, 3), told("b", "warning", 1, 2)].reduce(hear, []);
    const after = reconcile(hear(list, told("b", "clear", 2, 4)), [told("c", "warning", 1, 5)]);
    expect(after.map(({ incident, level, closed }) => [incident, level, closed ?? false])).toEqual([
      ["c", "warning", false],
      ["b", "clear", false],
      ["a", "clear", true],
    ]);
    // It rises again with a revision of its own.
    expect(hear(after, told("a", "alarm", 3, 6))[0]?.alert).toBe("a-3");
  });

  test("advice is told as steps, in the service's words", () => {
    const advice = "Ga naar een veilige plek, bij anderen. Bel 112! Ziet u hem? Loop weg.";
    expect(steps(advice)).toEqual([
      "Ga naar een veilige plek, bij anderen.",
      "Bel 112!",
      "Ziet u hem?",
      "Loop weg.",
    ]);
    expect(steps(advice).join(" ")).toBe(advice);
    expect(distinct([both("x"), both("y"), both("x")])).toEqual([both("x"), both("y")]);
  });

  test("only what can be dialled is dialled", () => {
    expect(dial("+31 (0)88-111 0002")).toBe("tel:+310881110002");
    expect(dial("javascript:alert(1)")).toBe("tel:1");
  });
});

describe("what stands at the top", () => {
  const NOW = 1_000_000_000;
  const well = { line: "live", lastSign: NOW, readAt: NOW } as const;
  const safe = { state: "protected", reasons: [], since: "2026-11-21T10:00:00Z" } as const;

  test("old is never shown as live", () => {
    expect(isLive(well, NOW)).toBe(true);
    for (const contact of [
      { ...well, line: "lost" as const },
      { ...well, line: "connecting" as const },
      { ...well, lastSign: NOW - FRESH_MS - 1 },
      { ...well, readAt: NOW - PICTURE_MS - 1 },
      { ...well, readAt: 0 },
    ]) {
      expect(isLive(contact, NOW), JSON.stringify(contact)).toBe(false);
    }
    const protection = { ...safe, reasons: [] };
    expect(protectionShown(protection, true)).toBe("protected");
    expect(protectionShown(protection, false)).toBe("unknown");
    expect(protectionShown(null, true)).toBe("unknown");
  });

  test("danger stands first, also when contact is lost", () => {
    const protection = { ...safe, reasons: [] };
    expect(faceOf(told("a", "alarm"), protection, false)).toBe("alarm");
    expect(faceOf(undefined, protection, false)).toBe("unknown");
  });
});

test("a press counts only when it lasts", () => {
  const hold = new Hold();
  expect(hold.release(5)).toBe(false);
  hold.press(1_000);
  hold.press(1_500);
  expect(hold.progress(1_000 + HOLD_MS / 2)).toBe(0.5);
  expect(hold.release(1_000 + HOLD_MS - 1)).toBe(false);
  hold.press(10_000);
  expect(hold.progress(9_000), "a clock that goes back").toBe(0);
  expect(hold.release(10_000 + HOLD_MS)).toBe(true);
  expect(hold.progress(20_000)).toBe(0);
});

describe("her place", () => {
  test("is told as the contract wants it, by the service's clock", () => {
    const coords = {
      latitude: 52.09374149,
      longitude: 5.12846751,
      accuracy: 8.04,
      speed: null,
      heading: null,
    };
    expect(fixOf({ timestamp: Date.UTC(2026, 10, 21), coords }, 1_500)).toEqual({
      fixed_at: "2026-11-21T00:00:01.500Z",
      lat: 52.093741,
      lon: 5.128468,
      accuracy_m: 8,
    });
    const moving = { ...coords, speed: 1.33, heading: 359.9 };
    expect(fixOf({ timestamp: 0, coords: moving }, 0)).toMatchObject({ speed_mps: 1.3, course_deg: 0 });
    const still = { ...coords, speed: 0, heading: Number.NaN };
    expect(fixOf({ timestamp: 0, coords: still }, 0)).not.toHaveProperty("course_deg");
  });

  test("goes with a press of her button while it is of now", () => {
    const fix = { fixed_at: "2026-11-21T00:00:00.000Z", lat: 52, lon: 5, accuracy_m: 8, speed_mps: 1 };
    const at = Date.UTC(2026, 10, 21);
    expect(placeNow(fix, at + PLACE_MS)).toEqual({ lat: 52, lon: 5, accuracy_m: 8 });
    expect(placeNow(fix, at + PLACE_MS + 1)).toEqual({});
    expect(placeNow(null, at)).toEqual({});
  });

  test("waits for the line, the oldest is given up first", () => {
    const fix = (n: number): Fix => ({ fixed_at: `${n}`, lat: 52, lon: 5 });
    let waiting: Fix[] = [];
    for (let n = 0; n < MOST_WAITING + 5; n += 1) waiting = queued(queued(waiting, fix(n)), fix(n));
    expect([waiting.length, waiting[0]?.fixed_at]).toEqual([MOST_WAITING, "5"]);
  });
});

describe("receipts", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("are sent until they arrive, once each, with the moment of the deed", async () => {
    const answers = [
      new Refused(0, "no answer"),
      new Refused(503, "busy"),
      null,
      new Refused(422, "no"),
      null,
    ];
    const sent: unknown[] = [];
    const send = async (_: string, __: string, body: unknown): Promise<never> => {
      sent.push(body);
      const answer = answers.shift();
      if (answer) throw answer;
      return undefined as never;
    };
    let clock = Date.UTC(2026, 10, 21);
    const receipts = new Receipts({ send }, () => clock);
    receipts.say("a", "displayed");
    receipts.say("a", "displayed");
    clock += 60_000;
    receipts.say("a", "confirmed");
    receipts.say("b", "displayed");
    await vi.advanceTimersByTimeAsync(20_000);
    const first = { alert: "a", state: "displayed", at: "2026-11-21T00:00:00.000Z" };
    const later = "2026-11-21T00:01:00.000Z";
    expect(sent).toEqual([
      first,
      first,
      first,
      // What the service cannot use holds up nothing.
      { alert: "a", state: "confirmed", at: later },
      { alert: "b", state: "displayed", at: later },
    ]);
  });
});

describe("at the door", () => {
  const idle = { state: "idle", test: false };

  test("what stood when she was let out is not lost: a call for help before an alarm, and no trial", () => {
    expect(standingOf(undefined, idle)).toBe("");
    expect(standingOf(told("a", "clear"), idle)).toBe("");
    expect(standingOf(told("a", "warning"), idle)).toBe("warning");
    expect(standingOf(told("a", "alarm"), { state: "sent", test: false })).toBe("alarm");
    for (const state of ["sending", "refused"]) {
      expect(standingOf(told("a", "alarm"), { state, test: false })).toBe("unsent");
      expect(standingOf(told("a", "alarm"), { state, test: true })).toBe("alarm");
    }
  });

  test("a link and a session are refused in words of their own", () => {
    expect([refusalOf("token", false), refusalOf("role", false)]).toEqual(["token", "role"]);
    expect([refusalOf("token", true), refusalOf("role", true)]).toEqual(["ended", "other"]);
  });
});
