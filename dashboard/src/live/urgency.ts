// The order of the queue: who is in danger, and whom nobody has taken up yet, first.
import { isResolved, isTaken, shapeOf } from "./shown.ts";
import type { Incident } from "./types.ts";

const SHAPES = ["alarm", "warning", "unknown", "clear"];
/** A panic button is a cry for help; a victim who is approached comes before a place. */
const KINDS = [
  "aware",
  "victim_proximity",
  "follow_up",
  "mass_silence",
  "exclusion_zone",
  "inclusion_zone",
  "tamper",
  "jamming",
];
const CERTAINTIES = ["certain", "likely", "possible"];

const rank = (list: string[], word: string): number => {
  const at = list.indexOf(word);
  return at < 0 ? list.length : at;
};

/** A cleared alarm that nobody has taken up still waits for somebody: it stands with the warnings. */
function step(incident: Incident): number {
  if (isResolved(incident)) return 9;
  const waits = incident.level === "clear" && incident.worst === "alarm" && !isTaken(incident);
  return waits ? 1 : rank(SHAPES, shapeOf(incident));
}

/** Below 0 when `a` comes before `b`. Total: no two incidents are equal. */
export function byUrgency(a: Incident, b: Incident): number {
  return (
    step(a) - step(b) ||
    Number(isTaken(a)) - Number(isTaken(b)) ||
    rank(KINDS, a.kind) - rank(KINDS, b.kind) ||
    rank(CERTAINTIES, a.certainty) - rank(CERTAINTIES, b.certainty) ||
    (a.opened_at < b.opened_at ? 1 : a.opened_at > b.opened_at ? -1 : 0) ||
    (a.incident < b.incident ? -1 : 1)
  );
}
