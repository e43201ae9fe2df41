// What holds at a place, as verdicts one can say: who may not be here first.
import type { PlaceFound, ZoneHere } from "./types.ts";

export type Verdict = {
  /** Must not be here; must be here; a zone that does not apply now; only its warning ring reaches here. */
  says: "forbidden" | "required" | "resting" | "near";
  zone: ZoneHere;
};

const ORDER = ["forbidden", "required", "resting", "near"];

function verdictOn(zone: ZoneHere): Verdict["says"] {
  if (!zone.applies) return "resting";
  if (!zone.covers) return "near";
  return zone.kind === "exclusion" ? "forbidden" : "required";
}

/** One verdict a zone, the gravest first, then the deepest within. */
export function verdicts(found: PlaceFound): Verdict[] {
  return found.zones
    .map((zone): Verdict => ({ says: verdictOn(zone), zone }))
    .toSorted((a, b) => ORDER.indexOf(a.says) - ORDER.indexOf(b.says) || a.zone.edge_m - b.zone.edge_m);
}
