import { beforeEach, expect, test, vi } from "vitest";
import { forgetAllUnsent, keepUnsent, type Unsent, unsentOf } from "../live/unsent.ts";

const words = (note: string) => ({ note, outcome: "", to: "" });
const NOTE: Unsent = { form: "note", drafts: { note: words("Zus <b>gebeld</b> 🚓 \u202eomgekeerd") } };

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
  keepUnsent("inc-2", "ann", { form: "note", drafts: { note: words("anders") } });
  expect(unsentOf("inc-1", "ann")).toEqual(NOTE);
  expect(unsentOf("inc-2", "ann")?.drafts.note?.note).toBe("anders");
  expect(unsentOf("inc-1", "bob")).toBeNull();
  keepUnsent("inc-1", "ann", { form: "", drafts: {} });
  expect(unsentOf("inc-1", "ann")).toBeNull();
  expect(unsentOf("inc-2", "ann")).not.toBeNull();
});

test("each form keeps its own words, whichever is open", () => {
  const drafts = { ...NOTE.drafts, resolve: { note: "Ter plaatse", outcome: "police_intervened", to: "" } };
  keepUnsent("inc-1", "ann", { form: "", drafts: { ...drafts, escalate: words(" ") } });
  expect(unsentOf("inc-1", "ann")).toEqual({ form: "", drafts });
});

test("who signs out leaves nothing, and what cannot be read is nothing", () => {
  keepUnsent("inc-1", "ann", NOTE);
  forgetAllUnsent();
  expect(unsentOf("inc-1", "ann")).toBeNull();
  sessionStorage.setItem("unsent", "{half");
  expect(unsentOf("inc-1", "ann")).toBeNull();
  sessionStorage.setItem("unsent", '{"inc-1":{"by":"ann","form":"note","note":"of an older page"}}');
  expect(unsentOf("inc-1", "ann")).toBeNull();
  keepUnsent("inc-1", "ann", NOTE);
  expect(unsentOf("inc-1", "ann")).toEqual(NOTE);
});
