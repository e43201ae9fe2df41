// From incidents to the lines of the list: cases, flood groups, and nothing that moves under the cursor.
import { isPinned } from "./flood.ts";
import { isMass, isResolved, isTaken, shapeOf } from "./shown.ts";
import type { Incident } from "./types.ts";
import { byUrgency, type Known, step } from "./urgency.ts";

export interface Filters {
  text: string;
  level: "all" | "alarm" | "warning" | "unknown" | "clear";
  kind: string;
  owner: "all" | "mine" | "nobody";
  resolved: boolean;
}

export const NO_FILTERS: Filters = { text: "", level: "all", kind: "", owner: "all", resolved: false };

/** A line of the list. */
export type Line =
  /** An incident; `inner` when it follows another of the same case. */
  | { type: "incident"; key: string; incident: Incident; inner: boolean }
  /** The rest of a case, or the silences of a mass silence, folded away. */
  | { type: "more"; key: string; of: "case" | "mass"; count: number; open: boolean }
  /** A flood's group. */
  | { type: "group"; key: string; kind: string; shape: string; count: number; open: boolean };

export function matches(incident: Incident, filters: Filters, me: string): boolean {
  if (!filters.resolved && isResolved(incident)) return false;
  if (filters.level !== "all" && shapeOf(incident) !== filters.level) return false;
  if (filters.kind && incident.kind !== filters.kind) return false;
  if (filters.owner === "nobody" && isTaken(incident)) return false;
  if (filters.owner === "mine" && incident.owner !== me) return false;
  const wanted = filters.text.trim().toLowerCase();
  if (!wanted) return true;
  const { order, wearer, victim, zone, device, desk, owner, incident: id } = incident;
  return [order, wearer, victim, zone, device, desk, owner, id].some((word) =>
    word?.toLowerCase().includes(wanted),
  );
}

export interface Arranging {
  filters: Filters;
  me: string;
  flood: boolean;
  /** Whether a silence is followed up with the incident of many that it is part of. */
  gathered: (incident: Incident) => boolean;
  /** Keys of `more` and `group` lines that are unfolded. */
  unfolded: ReadonlySet<string>;
  /** Places in the order they have now, while nothing may move; `null` when it may. */
  held: Order | null;
  /** What else is known of an incident: how near, how soon, whose. */
  knownOf?: ((incident: Incident) => Known) | undefined;
}

/** Ids in their order, and how pressing each was then (0 is most). */
export type Order = ReadonlyMap<string, number>;

export interface Arranged {
  lines: Line[];
  /** The order of the incidents, folded ones included. */
  order: Order;
  /** Incidents that wait above the list until it may move. */
  waiting: Incident[];
  /** Those that keep their place until it may move, and have become worse since. */
  worse: Incident[];
  /** What the filters hide of all that is open. */
  hidden: { open: number; alarms: number };
}

export function arrange(incidents: Iterable<Incident>, how: Arranging): Arranged {
  const wanted: Incident[] = [];
  const hidden = { open: 0, alarms: 0 };
  for (const incident of incidents) {
    if (matches(incident, how.filters, how.me)) wanted.push(incident);
    else if (!isResolved(incident) && !how.gathered(incident)) {
      hidden.open += 1;
      if (shapeOf(incident) === "alarm" && !isTaken(incident)) hidden.alarms += 1;
    }
  }
  const sorted = byUrgency(wanted, how.knownOf);
  const { still, waiting, worse } = how.held
    ? hold(sorted, how.held, how.gathered)
    : { still: sorted, waiting: [], worse: [] };
  const order = new Map(still.map((incident) => [incident.incident, step(incident)]));
  const { own, parts } = gather(still, how.gathered);
  const lines = how.flood ? flooded(own, how) : cases(own, how);
  return { lines: lines.flatMap((line) => withParts(line, parts, how)), order, waiting, worse, hidden };
}

/** Silences of many stand below the incident that tells of them all, where that is in the list. */
function gather(
  sorted: Incident[],
  gathered: Arranging["gathered"],
): { own: Incident[]; parts: Map<string, Incident[]> } {
  const parts = new Map<string, Incident[]>();
  for (const incident of sorted) if (isMass(incident)) parts.set(incident.incident, []);
  if (parts.size === 0) return { own: sorted, parts };
  const own = sorted.filter((incident) => {
    const of = incident.part_of ? parts.get(incident.part_of) : undefined;
    if (!of || !gathered(incident)) return true;
    of.push(incident);
    return false;
  });
  return { own, parts };
}

function withParts(line: Line, parts: Map<string, Incident[]>, { unfolded }: Arranging): Line[] {
  const of = line.type === "incident" ? parts.get(line.key) : undefined;
  if (!of?.length) return [line];
  const key = `mass/${line.key}`;
  const open = unfolded.has(key);
  const shown = open ? of.map((incident) => asLine(incident, true)) : [];
  return [line, { type: "more", key, of: "mass", count: of.length, open }, ...shown];
}

/** The places of before, for those that are still there; the new ones wait. */
function hold(
  wanted: Incident[],
  held: Order,
  gathered: Arranging["gathered"],
): { still: Incident[]; waiting: Incident[]; worse: Incident[] } {
  const place = new Map([...held.keys()].map((id, at) => [id, at]));
  const still = wanted.filter((incident) => place.has(incident.incident));
  still.sort((a, b) => (place.get(a.incident) ?? 0) - (place.get(b.incident) ?? 0));
  return {
    still,
    waiting: wanted.filter((incident) => !place.has(incident.incident)),
    worse: still.filter((one) => !gathered(one) && step(one) < (held.get(one.incident) ?? 0)),
  };
}

/** Whether any filter is set. */
export const isFiltered = (filters: Filters): boolean =>
  (Object.keys(NO_FILTERS) as (keyof Filters)[]).some((name) => filters[name] !== NO_FILTERS[name]);

/** Incidents of one case stand together, below the most urgent of them: two of them at once, the others folded. */
const CASE_SHOWS = 2;

function cases(sorted: Incident[], { unfolded }: Arranging): Line[] {
  const byCase = new Map<string, Incident[]>();
  for (const incident of sorted) {
    const name = isMass(incident) ? incident.incident : (incident.order ?? incident.incident);
    const of = byCase.get(name);
    if (of) of.push(incident);
    else byCase.set(name, [incident]);
  }
  return [...byCase].flatMap(([order, of]) => {
    const key = `case/${order}`;
    const open = unfolded.has(key);
    // Alarms are never folded away.
    const shown = of.filter((incident, at) => open || at < CASE_SHOWS || isPinned(incident));
    const lines = shown.map((incident, at): Line => asLine(incident, at > 0));
    const rest = of.length - shown.length;
    if (rest > 0 || (open && of.length > CASE_SHOWS)) {
      lines.push({ type: "more", key, of: "case", count: open ? of.length - CASE_SHOWS : rest, open });
    }
    return lines;
  });
}

function flooded(sorted: Incident[], { unfolded }: Arranging): Line[] {
  const lines: Line[] = sorted.filter(isPinned).map((incident) => asLine(incident, false));
  const groups = new Map<string, Incident[]>();
  for (const incident of sorted) {
    if (isPinned(incident)) continue;
    const key = `group/${shapeOf(incident)}/${incident.kind}`;
    const of = groups.get(key);
    if (of) of.push(incident);
    else groups.set(key, [incident]);
  }
  for (const [key, of] of groups) {
    const [first] = of;
    if (!first) continue;
    const open = unfolded.has(key);
    lines.push({ type: "group", key, kind: first.kind, shape: shapeOf(first), count: of.length, open });
    if (open) lines.push(...of.map((incident) => asLine(incident, true)));
  }
  return lines;
}

const asLine = (incident: Incident, inner: boolean): Line => ({
  type: "incident",
  key: incident.incident,
  incident,
  inner,
});
