// The service's figures for Prometheus, as sums by name: labels are added up. And the list of what it set aside.
import type { Page, Rejected } from "./types.ts";

export function figures(text: string): Map<string, number> {
  const sums = new Map<string, number>();
  for (const line of text.split("\n")) {
    const [, name, value] = /^([a-z_]+)(?:\{[^}]*\})? (\S+)/.exec(line) ?? [];
    const number = Number(value);
    if (name && value && Number.isFinite(number)) sums.set(name, (sums.get(name) ?? 0) + number);
  }
  return sums;
}

interface Rows {
  rows: Rejected[];
  next: string | null;
}

/** More are not kept: a list that nobody closes would grow for weeks. */
export const MOST_ROWS = 1_000;

/** The list with its newest page read again: what was read before stays, unless the new page does not reach it. */
export function newer(known: readonly Rejected[], next: string | null, page: Page<Rejected>): Rows {
  const newest = known[0]?.rejected ?? Number.POSITIVE_INFINITY;
  const reaches = page.items.some((row) => row.rejected <= newest);
  if (!known.length || !reaches || known.length >= MOST_ROWS) return { rows: page.items, next: page.next };
  return { rows: [...page.items.filter((row) => row.rejected > newest), ...known], next };
}
