import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Position } from "../victim/position.svelte.ts";

type Found = (reading: unknown) => void;
type Failed = (error: { code: number; PERMISSION_DENIED: number }) => void;

/** A telephone whose searches for its place are listed while they go on. */
const searches = new Map<number, { found: Found; failed: Failed }>();

beforeEach(() => {
  vi.useFakeTimers();
  searches.clear();
  let last = 0;
  vi.stubGlobal("document", { visibilityState: "hidden" });
  vi.stubGlobal("navigator", {
    geolocation: {
      watchPosition: (found: Found, failed: Failed) => {
        last += 1;
        searches.set(last, { found, failed });
        return last;
      },
      clearWatch: (id: number) => searches.delete(id),
    },
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test("after she said no nothing tells where she is, however often it was tried before", () => {
  const sent: unknown[] = [];
  const api = { send: async <T>(_: string, __: string, fix: unknown) => sent.push(fix) as T };
  const position = new Position(api, () => null);
  position.turnOn();
  searches.get(1)?.failed({ code: 3, PERMISSION_DENIED: 1 });
  expect(position.state).toBe("unavailable");
  // The page offers it again.
  position.turnOn();
  position.turnOff();
  for (const { found } of searches.values())
    found({ timestamp: Date.now(), coords: { latitude: 52, longitude: 5, accuracy: 8 } });
  expect(sent).toEqual([]);
  expect(position.state).toBe("off");
});
