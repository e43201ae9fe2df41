import { expect, test } from "vitest";
import { Idle } from "../live/idle.ts";

const MINUTE = 60_000;

test("who presses a key now and then is never idle, and the service is told twice a minute", () => {
  const idle = new Idle(15 * MINUTE, 0);
  const told: number[] = [];
  for (let at = 0; at <= 60 * MINUTE; at += 5_000) {
    expect(idle.isOver(at)).toBe(false);
    if (idle.seen(at)) told.push(at);
  }
  expect(told.length).toBe(120);
  expect(told[0]).toBe(30_000);
});

test("after the limit it stays locked, whatever is pressed: also on a laptop that slept", () => {
  const idle = new Idle(15 * MINUTE, 0);
  idle.seen(MINUTE);
  expect(idle.isOver(16 * MINUTE - 1)).toBe(false);
  expect(idle.isOver(16 * MINUTE)).toBe(true);
  expect(idle.seen(60 * MINUTE)).toBe(false);
  expect(idle.isOver(60 * MINUTE)).toBe(true);
});

test("without a limit nobody is idle", () => {
  const idle = new Idle(Number.POSITIVE_INFINITY, 0);
  expect(idle.isOver(Number.MAX_SAFE_INTEGER)).toBe(false);
});
