// What somebody was writing and has not sent: it outlives another incident that is looked at, and a session that ends
// in mid-work. It stays on this tab, for its writer only, until it is sent, cancelled, or the writer signs out.
import type { OrderDocument } from "./types.ts";

export interface Unsent {
  form: "resolve" | "escalate" | "note";
  note: string;
  outcome: string;
  to: string;
}

interface Kept extends Unsent {
  by: string;
}

const KEY = "unsent";

function all(): Record<string, Kept> {
  try {
    const read: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "{}");
    return typeof read === "object" && read !== null ? (read as Record<string, Kept>) : {};
  } catch {
    return {};
  }
}

function write(next: Record<string, Kept>): void {
  if (Object.keys(next).length) sessionStorage.setItem(KEY, JSON.stringify(next));
  else sessionStorage.removeItem(KEY);
}

/** What this person has not sent about an incident. */
export function unsentOf(incident: string, by: string): Unsent | null {
  const kept = all()[incident];
  return kept && kept.by === by ? kept : null;
}

export function keepUnsent(incident: string, by: string, what: Unsent): void {
  write({ ...all(), [incident]: { ...what, by } });
}

export function forgetUnsent(incident: string): void {
  const { [incident]: _, ...others } = all();
  write(others);
}

/** An order that was not registered. */
export interface UnsentOrder {
  document: OrderDocument;
  registered: boolean;
  version: string;
}

const ORDER_KEY = "unsent-order";

export function keptDraft(by: string): UnsentOrder | null {
  try {
    const read: unknown = JSON.parse(sessionStorage.getItem(ORDER_KEY) ?? "null");
    const kept = read as (UnsentOrder & { by: string }) | null;
    return kept?.by === by && kept.document ? kept : null;
  } catch {
    return null;
  }
}

/** One that is too large for this tab's memory is kept only while the page stays. */
export function keepDraft(by: string, what: UnsentOrder): void {
  try {
    sessionStorage.setItem(ORDER_KEY, JSON.stringify({ ...what, by }));
  } catch {
    forgetDraft();
  }
}

export const forgetDraft = (): void => sessionStorage.removeItem(ORDER_KEY);

/** Who signs out leaves nothing for the next. */
export function forgetAllUnsent(): void {
  sessionStorage.removeItem(KEY);
  forgetDraft();
}
