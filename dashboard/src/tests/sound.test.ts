import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { isLost, MUTE_MS, Sound } from "../live/sound.svelte.ts";
import type { FollowUp, Incident } from "../live/types.ts";
import { incident } from "./incidents.ts";

const made: string[] = [];
vi.mock("../live/tones.ts", () => ({
  sound: (level: string) => made.push(level),
  mayMakeNoise: async () => true,
}));

/** A centre of which the test says what happens in it. */
function world(press = true) {
  const known = new Map<string, Incident>();
  let tell: (incident: Incident, before: Incident | undefined) => void = () => {};
  let read: (line: FollowUp, incident: Incident) => void = () => {};
  const sound = Sound.of({
    me: { name: "ann", role: "operator" },
    onLine: (told) => {
      read = told;
    },
    onChange: (told) => {
      tell = told;
    },
    *open() {
      yield* known.values();
    },
    gathered: () => false,
  });
  let heard = Date.now();
  const put = (next: Incident) => {
    const before = known.get(next.incident);
    known.set(next.incident, next);
    tell(next, before);
  };
  /** Lets so many seconds go by on a line that lives, or does not. */
  const pass = (seconds: number, { alive = true, ended = false } = {}): string => {
    made.length = 0;
    for (let s = 0; s < seconds; s += 1) {
      vi.advanceTimersByTime(1_000);
      if (alive) heard = Date.now();
      sound.tick(ended ? "session" : isLost(heard) ? "line" : null);
    }
    return made.map((level) => level[0]).join("");
  };
  if (press) sound.turnOn();
  pass(10);
  /** A line comes about an incident that is known. */
  const line = (id: string, what: string, more: Partial<FollowUp> = {}) => {
    const about = known.get(id);
    if (about) read({ incident: id, at: "", actor: "afstand", what, ...more }, about);
  };
  return { sound, put, pass, line };
}

beforeEach(() => {
  vi.useFakeTimers();
  const store = new Map<string, string>();
  vi.stubGlobal("sessionStorage", {
    getItem: (key: string) => store.get(key) ?? null,
    setItem: (key: string, value: string) => store.set(key, value),
  });
});
afterEach(() => void vi.useRealTimers());

const taken = { state: "acknowledged", owner: "ann" };

test("a taken warning that becomes an alarm rings until it is taken again", () => {
  const { put, pass } = world();
  put(incident("1", { level: "warning", worst: "warning", ...taken }));
  expect(pass(60)).toBe("");
  put(incident("1", { state: "new", owner: "ann" }));
  expect(pass(20)).toBe("aaa");
  put(incident("1", taken));
  expect(pass(60)).toBe("");
});

test("an alarm that is over before anybody took it is said again, softer and seldom, until somebody does", () => {
  const { sound, put, pass } = world();
  put(incident("1"));
  expect(pass(10)).toBe("aa");
  put(incident("1", { level: "clear", worst: "alarm" }));
  expect(pass(125)).toBe("www");
  // A mute silences it as all that is known.
  sound.mute();
  expect(pass(120)).toBe("");
  sound.unmute();
  expect(pass(1)).toBe("w");
  put(incident("1", { level: "clear", worst: "alarm", ...taken }));
  expect(pass(120)).toBe("");
  // A warning that is over asks for nobody any more.
  put(incident("2", { level: "warning", worst: "warning" }));
  expect(pass(1)).toBe("w");
  put(incident("2", { level: "clear", worst: "warning" }));
  expect(pass(120)).toBe("");
});

test("a taken alarm that cleared and is back is said once", () => {
  const { put, pass } = world();
  put(incident("1", { ...taken, level: "clear" }));
  put(incident("1", taken));
  expect(pass(60)).toBe("a");
});

test("a mute ends by itself, and a new AWARE rings through it", () => {
  const { sound, put, pass } = world();
  put(incident("1"));
  expect(pass(2)).toBe("a");
  sound.toggle();
  expect(pass(60)).toBe("");
  put(incident("2", { kind: "aware" }));
  expect(pass(2)).toBe("a");
  expect([sound.state, sound.through]).toEqual(["muted", 1]);
  // The same key silences that too, and not the mute.
  sound.toggle();
  expect([pass(MUTE_MS / 1_000 - 5), sound.state]).toEqual(["", "muted"]);
  expect(pass(10)).toMatch(/^a/);
  expect(sound.state).toBe("on");
});

test("a line that is lost for half a minute is said, and again every minute, until it is back", () => {
  const { sound, pass } = world();
  expect(pass(29, { alive: false })).toBe("");
  expect(pass(63, { alive: false })).toBe("ww");
  sound.mute();
  expect(pass(120, { alive: false })).toBe("");
  expect(pass(5)).toBe("");
  // Lost again while it is muted: that is new.
  expect(pass(40, { alive: false })).toBe("w");
});

test("a session that ends sounds as an alarm at once", () => {
  const { pass } = world();
  expect(pass(2, { ended: true, alive: false })).toMatch(/^a/);
  // As long as nobody signs in, it is said every minute that nothing comes here.
  expect(pass(120, { ended: true, alive: false })).toBe("ww");
});

test("a page that is read anew stays muted for what was known, and for nothing that came since", async () => {
  const before = world();
  before.sound.mute();
  const muted = Date.now();
  const anew = world(false);
  await vi.advanceTimersByTimeAsync(10);
  expect(anew.sound.state).toBe("muted");
  anew.put(incident("known", { changed_at: new Date(muted - 60_000).toISOString() }));
  expect(anew.pass(60)).toBe("");
  anew.put(incident("later", { changed_at: new Date(muted + 20_000).toISOString() }));
  expect(anew.pass(2)).toBe("a");
});

test("an alarm that somebody has calls again when nothing is done, when a partner fails, and when another is asked", () => {
  const { put, pass, line, sound } = world();
  put(incident("1", { level: "alarm", worst: "alarm", ...taken }));
  expect(pass(300)).toBe("");
  line("1", "rang");
  expect(pass(10)).toBe("a");
  for (const what of ["escalated", "deadline_missed", "deadline_reminded", "undelivered"]) {
    line("1", what);
    expect(pass(10), what).toBe("w");
  }
  line("1", "desk", { actor: "rotterdam", detail: { state: "rejected" } });
  expect(pass(10)).toBe("w");
  line("1", "resolution_proposed", { actor: "bea" });
  expect(pass(10)).toBe("w");
  line("1", "proposal_displaced", { detail: { proposed_by: "ann" } });
  expect(pass(10)).toBe("w");
  // What was done by herself, or well, calls nobody; nor does what is known, while it is muted.
  line("1", "resolution_proposed", { actor: "ann" });
  line("1", "proposal_displaced", { detail: { proposed_by: "bea" } });
  line("1", "desk", { actor: "rotterdam", detail: { state: "accepted" } });
  line("1", "noted");
  expect(pass(10)).toBe("");
  sound.mute();
  line("1", "rang");
  expect(pass(10)).toBe("");
});
