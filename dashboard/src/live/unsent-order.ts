// The order that somebody was drawing up and has not registered: it outlives a session that ends in mid-work, on this tab,
// for its writer only.
import type { OrderDocument } from "./types.ts";

/** An order that was not registered. */
export interface UnsentOrder {
  document: OrderDocument;
  registered: boolean;
  version: string;
}

const KEY = "unsent-order";

export function keptDraft(by: string): UnsentOrder | null {
  try {
    const read: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    const kept = read as (UnsentOrder & { by: string }) | null;
    return kept?.by === by && kept.document ? kept : null;
  } catch {
    return null;
  }
}

/** One that is too large for this tab's memory is kept only while the page stays. */
export function keepDraft(by: string, what: UnsentOrder): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ ...what, by }));
  } catch {
    forgetDraft();
  }
}

export const forgetDraft = (): void => sessionStorage.removeItem(KEY);
