import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MUTE_MS, Sound } from "../live/sound.svelte.ts";
import type { Incident } from "../live/types.ts";
import { incident } from "./incidents.ts";

const made: string[] = [];
vi.mock("../live/tones.ts", () => ({ sound: (level: string) => made.push(level) }));

/** A centre of which the test says what happens in it. */
function world() {
  const known = new Map<string, Incident>();
  let tell: (incident: Incident, before: Incident | undefined) => void = () => {};
  const centre = {
    lastSign: Date.now(),
    onChange: (told: typeof tell) => {
      tell = told;
    },
    *open() {
      yield* known.values();
    },
  };
  const sound = new Sound(centre);
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
      if (alive) centre.lastSign = Date.now();
      sound.tick(ended);
    }
    return made.map((level) => level[0]).join("");
  };
  sound.turnOn();
  pass(10);
  return { sound, put, pass };
}

beforeEach(() => void vi.useFakeTimers());
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
