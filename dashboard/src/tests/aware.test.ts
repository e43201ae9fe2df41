import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Refused } from "../live/api.ts";
import { Aware } from "../victim/aware.svelte.ts";
import {
  keptPresses,
  leaveBehind,
  MOST_OF_ONE,
  type Owner,
  ownerOf,
  waitsForSession,
} from "../victim/kept.ts";

const SILENT = () => new Refused(0, "no answer");
const no = (detail: string) => new Refused(409, "no", { detail });
const HERS: Owner = { token: "t1", device: "vd-1" };

/** What a browser keeps. */
let disk: Map<string, string>;

beforeEach(() => {
  vi.useFakeTimers();
  disk = new Map();
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => disk.get(key) ?? null,
    setItem: (key: string, value: string) => void disk.set(key, value),
    removeItem: (key: string) => void disk.delete(key),
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

interface Said {
  path: string;
  body: Record<string, unknown>;
}

/** A page of somebody's, whose service answers in turn: `null` is well, and so is what is not in the list. */
function page(answers: (Refused | null)[], owner = HERS) {
  const sent: Said[] = [];
  const send = async (_: string, path: string, body?: unknown): Promise<never> => {
    sent.push({ path, body: body as Record<string, unknown> });
    const answer = answers.shift();
    if (answer) throw answer;
    return undefined as never;
  };
  return { sent, aware: new Aware({ send }, owner) };
}

const offline = () => Array.from({ length: 1_000 }, SILENT);
const pressedAt = (sent: readonly Said[]) => sent.map(({ body }) => body.pressed_at);

test("a press is sent until it has arrived, and is one press", async () => {
  const { sent, aware } = page([SILENT(), new Refused(503, "busy"), new Refused(404, "a proxy"), null]);
  aware.press(false);
  await vi.advanceTimersByTimeAsync(100);
  expect([aware.state, aware.failed, aware.failing]).toEqual(["sending", 1, true]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect([aware.state, aware.failing, sent.length]).toEqual(["sent", false, 4]);
  expect(new Set(pressedAt(sent)).size).toBe(1);
  expect(sent[0]?.body).not.toHaveProperty("test");
  expect(disk.size, "nothing of it is left").toBe(0);
});

test("a press that the service will never take is said to be none", async () => {
  const { sent, aware } = page([new Refused(422, "unknown device")]);
  aware.press(false);
  await vi.advanceTimersByTimeAsync(60_000);
  expect([aware.state, sent.length, disk.size]).toEqual(["refused", 1, 0]);
});

describe("a press that has not arrived", () => {
  test("outlives the page, is told at once, and arrives with its own time", async () => {
    const before = page(offline());
    before.aware.press(false, { lat: 52.1, lon: 5.1, accuracy_m: 8 });
    await vi.advanceTimersByTimeAsync(5_000);
    before.aware.stop();
    await vi.advanceTimersByTimeAsync(600_000);

    const after = page([SILENT(), null]);
    expect([after.aware.state, after.aware.failing, after.aware.unsent]).toEqual(["sending", true, 1]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(after.aware.state).toBe("sent");
    expect(after.sent[1]?.body).toEqual(before.sent[0]?.body);
    expect(after.aware.arrivedAt - after.aware.pressedAt).toBeGreaterThan(600_000);
    expect(page([]).aware.state, "and is not sent once more").toBe("idle");
  });

  test("is also kept while its token is not accepted", async () => {
    const { aware } = page([new Refused(401, "unknown token")]);
    aware.press(false);
    await vi.advanceTimersByTimeAsync(100);
    aware.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(keptPresses(HERS)).toHaveLength(1);
    // She is given another link: the service says that it is for the same device.
    const anew = page([], { token: "t2", device: "" });
    expect(anew.aware.state).toBe("idle");
    anew.aware.isOf("vd-1");
    await vi.advanceTimersByTimeAsync(100);
    expect([anew.aware.state, anew.sent.length, disk.get("companion-presses")]).toEqual([
      "sent",
      1,
      undefined,
    ]);
  });

  test("is of one device: who comes after her on this telephone neither sends it nor hears of it", async () => {
    page(offline()).aware.press(false);
    for (const other of [
      { token: "t2", device: "" },
      { token: "t2", device: "vd-2" },
      { token: "t1", device: "vd-2" },
      { token: "", device: "" },
    ]) {
      const { aware, sent } = page([], other);
      aware.isOf("vd-2");
      await vi.advanceTimersByTimeAsync(10_000);
      expect([aware.state, aware.unsent, sent.length], JSON.stringify(other)).toEqual(["idle", 0, 0]);
    }
    expect(page([]).aware.unsent).toBe(1);
  });

  test("does not give way to a trial, and a trial gives way to it", async () => {
    const { sent, aware } = page([...Array.from({ length: 5 }, SILENT)]);
    aware.press(false);
    aware.press(true);
    expect([aware.test, aware.unsent]).toEqual([false, 1]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect([aware.state, sent.some(({ body }) => body.test)]).toEqual(["sent", false]);

    const trial = page([SILENT(), null]);
    trial.aware.press(true);
    trial.aware.press(false);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(trial.sent.map(({ body }) => body.test ?? false)).toEqual([true, false]);
    trial.aware.heardTest("a");
    expect([trial.aware.state, trial.aware.test, trial.aware.back]).toEqual(["sent", false, null]);
  });

  test("is told with the one after it: each has a time of its own, and there is an end to them", async () => {
    const before = page(offline());
    const times: string[] = [];
    for (let n = 0; n < 12; n += 1) {
      times.push(new Date().toISOString());
      before.aware.press(false);
      await vi.advanceTimersByTimeAsync(60_000);
    }
    before.aware.stop();
    const { sent, aware } = page([]);
    expect(aware.unsent).toBe(MOST_OF_ONE);
    await vi.advanceTimersByTimeAsync(100);
    // When it began, and where she was last.
    expect(pressedAt(sent)).toEqual([times[0], ...times.slice(1 - MOST_OF_ONE)]);
    expect([aware.state, disk.size]).toEqual(["sent", 0]);
  });

  test("stays when she signs out, without the place; her device is forgotten", () => {
    const hers = ownerOf("her token");
    page(offline(), { ...hers, device: "" }).aware.isOf("vd-1");
    expect(ownerOf("her token").device).toBe("vd-1");
    page(offline(), ownerOf("her token")).aware.press(false, { lat: 52.1, lon: 5.1 });
    leaveBehind();
    expect(ownerOf("her token").device).toBe("");
    expect([...disk.values()].join()).not.toMatch(/52\.1|her token/);
    expect(keptPresses(ownerOf("her token"))).toHaveLength(1);
    expect(ownerOf("another token").token).not.toBe(hers.token);
  });

  test("of somebody who was signed in is said at the door until she signs out", async () => {
    const hers = page(offline(), ownerOf("")).aware;
    hers.press(false);
    expect(waitsForSession(), "nobody knows yet whose it is").toBe(false);
    hers.isOf("vd-1");
    expect(waitsForSession()).toBe(true);
    hers.stop();
    const back = page([], ownerOf(""));
    expect(back.aware.unsent).toBe(0);
    back.aware.isOf("vd-2");
    expect(back.aware.unsent, "another person").toBe(0);
    leaveBehind();
    expect(waitsForSession()).toBe(false);
    const again = page([], ownerOf(""));
    again.aware.isOf("vd-1");
    await vi.advanceTimersByTimeAsync(100);
    expect([again.aware.state, again.sent.length, disk.size]).toEqual(["sent", 1, 0]);
  });

  test("is sent from memory where the browser keeps nothing, or nonsense", async () => {
    disk.set("companion-presses", '[null,7,{"pressed_at":1},{"pressed_at":"x","of":{}}]');
    disk.set("companion-device", "{");
    const { aware } = page([SILENT(), null], ownerOf("t"));
    vi.stubGlobal("localStorage", {
      getItem: () => {
        throw new Error("blocked");
      },
      setItem: () => {
        throw new Error("full");
      },
    });
    aware.press(false);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(aware.state).toBe("sent");
  });
});

test("a trial is well when its message has come back", async () => {
  const { sent, aware } = page([null]);
  aware.press(true);
  await vi.advanceTimersByTimeAsync(400);
  expect([aware.state, aware.back, disk.size]).toEqual(["sent", null, 0]);
  aware.heardTest("alert-1");
  aware.heardTest("alert-2");
  expect([aware.back, aware.testAlert]).toEqual([400, "alert-1"]);
  expect(sent[0]?.body.test).toBe(true);
});

describe("her code", () => {
  test("why a press is not cancelled is said in words; what is not understood is no answer", async () => {
    const { sent, aware } = page([null, no("wrong_code"), SILENT(), no("<b>"), null]);
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

  for (const [answer, state, refusal] of [
    [null, "cancelled", ""],
    [no("wrong_code"), "sent", "wrong_code"],
  ] as const)
    test(`typed before the press arrived follows it, with its own moment: ${state}`, async () => {
      const { sent, aware } = page([SILENT(), SILENT(), null, answer]);
      aware.press(false);
      await vi.advanceTimersByTimeAsync(1_000);
      const typedAt = new Date().toISOString();
      await aware.cancel("2580");
      expect([aware.coded, aware.state]).toEqual([true, "sending"]);
      expect([...disk.values()].join(), "no code lies on a telephone").not.toContain("2580");
      await vi.advanceTimersByTimeAsync(30_000);
      // The press first, whatever was typed: only the service knows whether the code is right.
      expect(sent.map(({ path }) => path.replace("/v1/me/", ""))).toEqual([
        ...["aware", "aware", "aware"],
        "aware/cancel",
      ]);
      expect(sent.at(-1)?.body).toEqual({ code: "2580", at: typedAt });
      expect([aware.state, aware.refusal, aware.coded]).toEqual([state, refusal, false]);
    });

  test("counts no more when she presses again", async () => {
    const { sent, aware } = page([SILENT()]);
    aware.press(false);
    await vi.advanceTimersByTimeAsync(100);
    await aware.cancel("2580");
    aware.press(false);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(sent.some(({ path }) => path.endsWith("cancel"))).toBe(false);
    expect([aware.state, aware.coded]).toEqual(["sent", false]);
  });

  test("that got no answer is sent again, the same attempt; a lost answer is not taken for a failure", async () => {
    const { sent, aware } = page([null, SILENT(), no("tried_already"), no("nothing_to_cancel")]);
    aware.press(false);
    await vi.advanceTimersByTimeAsync(100);
    await aware.cancel("2580");
    expect([aware.state, aware.refusal]).toEqual(["sent", "offline"]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect([aware.state, aware.refusal]).toEqual(["cancelled", ""]);
    const tries = sent.slice(1).map(({ body }) => body.at);
    expect([tries.length, tries[0] === tries[1], tries[1] === tries[2]]).toEqual([3, true, false]);
  });

  test("is not sent for ever", async () => {
    const { sent, aware } = page([null, ...offline()]);
    aware.press(false);
    await vi.advanceTimersByTimeAsync(100);
    await aware.cancel("2580");
    await vi.advanceTimersByTimeAsync(900_000);
    expect([aware.state, aware.refusal, sent.length < 80]).toEqual(["sent", "offline", true]);
  });
});
