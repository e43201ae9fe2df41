// What she was told, as one list: the newest of each incident. Pure.
import type { Text, Told } from "./types.ts";

/** An incident that is over, also where the service says so only by no longer naming it. */
export interface Heard extends Told {
  /** Closed by the monitoring centre, without a message of its own. */
  closed?: boolean;
}

const RANK = { alarm: 0, warning: 1, clear: 2 } as const;

/** The list with what was just said; unchanged when it is older than what is known. */
export function hear(list: readonly Heard[], told: Told): Heard[] {
  const known = list.find((one) => one.incident === told.incident);
  if (known && known.revision >= told.revision) return [...list];
  // The end of something she never saw begin is nothing to her.
  if (!known && told.level === "clear") return [...list];
  return sorted([...list.filter((one) => one !== known), told]);
}

/** The list once the service has said what stands: what it no longer names was closed. */
export function reconcile(list: readonly Heard[], standing: readonly Told[]): Heard[] {
  const named = new Set(standing.map((told) => told.incident));
  const kept = list.map(
    (one): Heard =>
      one.level === "clear" || named.has(one.incident) ? one : { ...one, level: "clear", closed: true },
  );
  return standing.reduce<Heard[]>((all, told) => hear(all, told), sorted(kept));
}

/** Worst first, then newest. */
function sorted(list: readonly Heard[]): Heard[] {
  return list.toSorted(
    (a, b) => RANK[a.level] - RANK[b.level] || Date.parse(b.raised_at) - Date.parse(a.raised_at),
  );
}

/** The service's advice as steps, in its own words: a sentence each. */
export function steps(advice: string): string[] {
  return advice
    .split(/(?<=[.!?])\s+/u)
    .map((step) => step.trim())
    .filter(Boolean);
}

/** Texts without those that say the same. */
export function distinct(texts: readonly Text[]): Text[] {
  return texts.filter((text, n) => texts.findIndex((other) => other.nl === text.nl) === n);
}

/** What may be dialled of a number as it was written down. */
export const dial = (phone: string): string => `tel:${phone.replace(/[^+\d*#]/g, "")}`;
