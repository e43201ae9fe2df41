import { expect, test } from "vitest";
import { Ring, type Waiting } from "../live/ring.ts";

const alarm = (id: string): Waiting => ({ id, tone: "alarm" });
const warning = (id: string): Waiting => ({ id, tone: "warning" });

/** What sounds in these seconds while the same things wait: `4a` is an alarm in the fourth. */
function heard(ring: Ring, waiting: Waiting[], from: number, to: number): string[] {
  const sounds: string[] = [];
  for (let s = from; s <= to; s += 1) {
    const tone = ring.next(waiting, s * 1_000);
    if (tone) sounds.push(`${s}${tone[0]}`);
  }
  return sounds;
}

test("an alarm that nobody has rings on, a warning is said again after a minute", () => {
  const ring = new Ring();
  ring.rises(alarm("a"));
  expect(heard(ring, [alarm("a"), warning("w")], 0, 20)).toEqual(["0a", "8a", "16a"]);
  expect(heard(ring, [warning("w")], 21, 90)).toEqual(["21w", "81w"]);
  expect(heard(ring, [], 91, 200)).toEqual([]);
});

test("what becomes worse in somebody's hands sounds once", () => {
  const ring = new Ring();
  ring.rises(alarm("taken"));
  expect(heard(ring, [], 0, 60)).toEqual(["0a"]);
});

test("a burst is one sound", () => {
  const ring = new Ring();
  for (const id of ["a", "b", "c"]) ring.rises(alarm(id));
  expect(heard(ring, [alarm("a")], 0, 1)).toEqual(["0a"]);
  ring.rises(alarm("d"));
  expect(heard(ring, [alarm("a")], 1, 9)).toEqual(["2a"]);
});

test("a mute silences what was known, and no alarm that comes after it", () => {
  const ring = new Ring();
  ring.rises(alarm("known"));
  ring.mute([alarm("known")]);
  expect(heard(ring, [alarm("known")], 0, 60)).toEqual([]);
  ring.rises(alarm("aware"));
  expect(heard(ring, [alarm("known"), alarm("aware")], 60, 70)).toEqual(["60a", "68a"]);
  expect(ring.heard([alarm("known"), alarm("aware")])).toEqual([alarm("aware")]);
  ring.mute([alarm("known"), alarm("aware")]);
  expect(heard(ring, [alarm("known"), alarm("aware")], 71, 200)).toEqual([]);
  ring.unmute();
  expect(heard(ring, [alarm("known")], 201, 202)).toEqual(["201a"]);
});

test("a muted warning that becomes an alarm rings, and a new warning waits for the end of the mute", () => {
  const ring = new Ring();
  ring.mute([warning("w")]);
  ring.rises(warning("later"));
  expect(heard(ring, [warning("w"), warning("later")], 0, 120)).toEqual([]);
  ring.rises(alarm("w"));
  expect(heard(ring, [alarm("w"), warning("later")], 121, 122)).toEqual(["121a"]);
  // A fault of the line is why an alarm might not come: no mute hides that.
  ring.mute([alarm("w"), warning("later")]);
  ring.rises(warning("line"), true);
  expect(heard(ring, [alarm("w"), warning("line")], 130, 195)).toEqual(["130w", "190w"]);
});
