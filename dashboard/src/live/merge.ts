// What the live stream and the lists tell becomes one picture of the incidents. News can come twice and in any order
// of the two roads: what is older never overwrites what is newer.
import { isResolved } from "./shown.ts";
import type { AlertData, FollowUp, Incident, Measured } from "./types.ts";

const measured = (alert: AlertData): Measured => ({
  distance_m: alert.distance_m,
  uncertainty_m: alert.uncertainty_m,
  closing_mps: alert.closing_mps,
  contact_s: alert.contact_s,
  late: alert.late,
  arrest_on_sight: alert.arrest_on_sight,
  reason: alert.reason,
  fixed_at: alert.fixed_at,
  ...(typeof alert.devices === "number" && { devices: alert.devices }),
});

const LEVELS = ["clear", "warning", "alarm"];
const isWorse = (a: Incident["level"], b: Incident["level"]): boolean =>
  LEVELS.indexOf(a) > LEVELS.indexOf(b);

/** Whether an incident became worse, or is the first that is heard of it. */
export const hasRisen = (
  incident: Pick<Incident, "level" | "worst">,
  before: Pick<Incident, "level" | "worst"> | undefined,
): boolean =>
  before
    ? isWorse(incident.level, before.level) || isWorse(incident.worst, before.worst)
    : incident.level !== "clear";

const NOBODYS = { state: "new", acknowledged_at: null, proposed: null } as const;

/** The incident after an alert; `before` is what was known of it. */
export function withAlert(before: Incident | undefined, alert: AlertData): Incident {
  if (before && before.revision >= alert.revision) {
    return before.latest || before.revision > alert.revision
      ? before
      : { ...before, latest: measured(alert) };
  }
  const level = alert.late && before ? before.level : alert.level;
  const base: Incident = before ?? {
    incident: alert.incident,
    order: alert.order,
    kind: alert.kind,
    wearer: alert.wearer,
    victim: alert.victim,
    zone: alert.zone,
    device: alert.device ?? null,
    desk: null,
    level,
    worst: alert.level,
    certainty: alert.certainty,
    state: "new",
    revision: alert.revision,
    opened_at: alert.raised_at,
    changed_at: alert.raised_at,
    cleared_at: null,
    closed_at: null,
  };
  const rises = isWorse(alert.level, base.worst);
  return {
    ...base,
    // Who had the warning has not seen the alarm: the service makes it nobody's again, and so does this.
    ...(rises && !isResolved(base) ? NOBODYS : {}),
    level,
    worst: rises ? alert.level : base.worst,
    certainty: alert.certainty,
    revision: alert.revision,
    changed_at: later(base.changed_at, alert.raised_at),
    cleared_at: level === "clear" ? alert.raised_at : null,
    condition: base.condition && (level === "clear" ? "cleared" : "active"),
    latest: measured(alert),
  };
}

/** The incident after a step of the follow-up. */
export function withFollowUp(before: Incident, news: FollowUp): Incident {
  return {
    ...before,
    ...gathering(before, news),
    state: news.state ?? before.state,
    acknowledged_at:
      news.state === "acknowledged" && before.state !== "acknowledged" ? news.at : before.acknowledged_at,
    condition: news.condition ?? before.condition,
    owner: news.owner === undefined ? before.owner : news.owner,
    changed_at: later(before.changed_at, news.at),
    closed_at: news.state === "resolved" ? (before.closed_at ?? news.at) : before.closed_at,
  };
}

/** A silence becomes one of many, or is on its own again; what rings by itself has a next step from then on. */
function gathering(before: Incident, { what, at, detail }: FollowUp): Partial<Incident> {
  const mass = detail?.part_of;
  if ((what !== "grouped" && what !== "ungrouped") || typeof mass !== "string") return {};
  const rings = what === "ungrouped" || detail?.rings_alone === true;
  return { part_of: mass, next_step_at: rings ? (before.next_step_at ?? at) : null };
}

/** Both clocks may be off by so much. */
const CLOCKS_MS = 2_000;

/**
 * The incident after the list or its own page was read, for which was asked at a moment; `known` may have heard newer
 * things meanwhile.
 */
export function withRead(
  known: Incident | undefined,
  read: Incident,
  asked = Number.POSITIVE_INFINITY,
): Incident {
  if (!known) return read;
  const heard = Date.parse(known.changed_at);
  const isStale = heard > asked - CLOCKS_MS && heard > Date.parse(read.changed_at);
  if (isStale && known.revision >= read.revision) return known;
  const newerAlert = known.revision > read.revision;
  const latest = read.latest ?? (known.revision >= read.revision ? known.latest : null);
  if (!newerAlert) return { ...read, latest };
  const { level, worst, certainty, revision, changed_at, cleared_at } = known;
  const risen = isWorse(worst, read.worst) && !isResolved(read) ? NOBODYS : {};
  return {
    ...read,
    ...risen,
    level,
    worst,
    certainty,
    revision,
    changed_at,
    cleared_at,
    latest: known.latest,
  };
}

const later = (a: string, b: string): string => (Date.parse(a) >= Date.parse(b) ? a : b);
