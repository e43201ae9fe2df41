// Incidents as tests need them.
import type { AlertData, Incident } from "../live/types.ts";

export const T0 = Date.parse("2026-11-21T10:00:00Z");
export const at = (seconds: number): string => new Date(T0 + seconds * 1000).toISOString();

export function incident(id: string, changes: Partial<Incident> = {}): Incident {
  return {
    incident: id,
    order: `ord-${id}`,
    kind: "victim_proximity",
    wearer: `wearer-${id}`,
    victim: `victim-${id}`,
    zone: null,
    device: null,
    desk: "rotterdam",
    level: "alarm",
    worst: "alarm",
    certainty: "certain",
    state: "new",
    revision: 1,
    opened_at: at(0),
    changed_at: at(0),
    cleared_at: null,
    closed_at: null,
    ...changes,
  };
}

export function alert(id: string, revision: number, changes: Partial<AlertData> = {}): AlertData {
  return {
    alert: `${id}-${revision}`,
    incident: id,
    revision,
    kind: "victim_proximity",
    level: "alarm",
    certainty: "certain",
    order: `ord-${id}`,
    wearer: `wearer-${id}`,
    victim: `victim-${id}`,
    zone: null,
    raised_at: at(revision * 10),
    fixed_at: at(revision * 10 - 1),
    distance_m: 900,
    uncertainty_m: 20,
    reason: "Nederlands / English",
    ...changes,
  };
}
