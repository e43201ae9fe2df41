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

/** Distances in metres and times to contact in seconds that make the same difference to who acts. */
const METRES = [100, 250, 500, 1_000, 2_000, 5_000];
const SECONDS = [60, 120, 300, 600];
/** Where nothing is known, somebody may be as near as an alarm is usually raised at. */
const UNKNOWN_M = 1_000;
const RISKS = ["high", "medium", "low"];

/** What is known of an incident beside itself, where it is. */
export interface Known {
  /** Metres between the two, or to a zone's edge (negative inside). */
  distance_m?: number | null | undefined;
  /** Seconds until they are together, at the speed of just now. */
  contact_s?: number | null | undefined;
  /** Of the order. */
  risk?: string | undefined;
}

/** 0 is nearest, in place or in time. */
export function nearBand({ distance_m, contact_s }: Known): number {
  const band = (limits: number[], value: number): number => {
    const at = limits.findIndex((limit) => value <= limit);
    return at < 0 ? limits.length : at;
  };
  const soon =
    typeof contact_s === "number" && contact_s > 0 ? band(SECONDS, contact_s) : Number.POSITIVE_INFINITY;
  return Math.min(band(METRES, distance_m ?? UNKNOWN_M), soon);
}

/** A cleared alarm that nobody has taken up still waits for somebody: it stands with the warnings. */
export function step(incident: Incident): number {
  if (isResolved(incident)) return 9;
  const waits = incident.level === "clear" && incident.worst === "alarm" && !isTaken(incident);
  return waits ? 1 : rank(SHAPES, shapeOf(incident));
}

type Ranked = [incident: Incident, rank: readonly number[]];

function rankOf(incident: Incident, known: Known): number[] {
  return [
    step(incident),
    Number(isTaken(incident)),
    rank(KINDS, incident.kind),
    nearBand(known),
    rank(CERTAINTIES, incident.certainty),
    // Of an order that is not known here yet it may be high.
    Math.max(0, RISKS.indexOf(known.risk ?? "high")),
  ];
}

function compare([a, ranksA]: Ranked, [b, ranksB]: Ranked): number {
  for (const [n, rankA] of ranksA.entries()) {
    const difference = rankA - (ranksB[n] ?? 0);
    if (difference) return difference;
  }
  if (a.opened_at !== b.opened_at) return a.opened_at < b.opened_at ? 1 : -1;
  return a.incident < b.incident ? -1 : 1;
}

/** The most urgent first. No two are equal: however they come, they come out the same. */
export function byUrgency(
  incidents: Iterable<Incident>,
  knownOf: (incident: Incident) => Known = ({ latest }) => ({ distance_m: latest?.distance_m }),
): Incident[] {
  const ranked = [...incidents].map((incident): Ranked => [incident, rankOf(incident, knownOf(incident))]);
  return ranked.sort(compare).map(([incident]) => incident);
}
