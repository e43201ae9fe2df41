import { beforeEach, expect, test, vi } from "vitest";
import { forgetAllUnsent, forgetUnsent, keepUnsent, unsentOf } from "../live/unsent.ts";

const NOTE = { form: "note", note: "Zus <b>gebeld</b> 🚓 \u202eomgekeerd", outcome: "", to: "" } as const;

beforeEach(() => {
  const store = new Map<string, string>();
  vi.stubGlobal("sessionStorage", {
    getItem: (key: string) => store.get(key) ?? null,
    setItem: (key: string, value: string) => store.set(key, value),
    removeItem: (key: string) => store.delete(key),
  });
});

test("what was being written comes back, to its writer and to its incident only", () => {
  keepUnsent("inc-1", "ann", NOTE);
  keepUnsent("inc-2", "ann", { ...NOTE, note: "anders" });
  expect(unsentOf("inc-1", "ann")).toMatchObject(NOTE);
  expect(unsentOf("inc-2", "ann")?.note).toBe("anders");
  expect(unsentOf("inc-1", "bob")).toBeNull();
  forgetUnsent("inc-1");
  expect(unsentOf("inc-1", "ann")).toBeNull();
  expect(unsentOf("inc-2", "ann")?.note).toBe("anders");
});

test("who signs out leaves nothing, and what cannot be read is nothing", () => {
  keepUnsent("inc-1", "ann", NOTE);
  forgetAllUnsent();
  expect(unsentOf("inc-1", "ann")).toBeNull();
  sessionStorage.setItem("unsent", "{half");
  expect(unsentOf("inc-1", "ann")).toBeNull();
  keepUnsent("inc-1", "ann", NOTE);
  expect(unsentOf("inc-1", "ann")?.note).toBe(NOTE.note);
});
