// The replay of an incident: where both were at a moment, by what had been heard then.
import type { Place } from "../map/drawing.ts";
import type { Lonlat, Role } from "./types.ts";

export interface TrackFix {
  fixed_at: string;
  received_at: string;
  lat: number;
  lon: number;
  accuracy_m?: number;
}

export interface Track {
  from: string;
  to: string;
  devices: { device: string; role: Role; person: string; fixes: TrackFix[]; cut: boolean }[];
}

/** Assumed where a fix says nothing of its accuracy, as the service does for `gnss`. */
const ASSUMED_M = 25;
/** A trail shows so much of what came before the moment. */
export const TRAIL_MS = 15 * 60_000;

export interface Moment {
  places: Place[];
  trails: { role: Role; fixes: { at: Lonlat; fixed_at: number }[] }[];
}

/** What was known at a moment: fixes that had arrived, the newest of each device by its own time. */
export function momentOf(track: Track, moment: number): Moment {
  const places: Place[] = [];
  const trails: Moment["trails"] = [];
  for (const { device, role, person, fixes } of track.devices) {
    const heard = fixes.filter(
      (fix) => Date.parse(fix.received_at) <= moment && Date.parse(fix.fixed_at) <= moment,
    );
    const newest = heard.at(-1);
    if (!newest) continue;
    const accuracy = newest.accuracy_m && newest.accuracy_m > 0 ? newest.accuracy_m : ASSUMED_M;
    places.push({
      person,
      device,
      role,
      at: [newest.lon, newest.lat],
      uncertainty_m: accuracy,
      fixed_at: Date.parse(newest.fixed_at),
      silent: false,
    });
    const since = moment - TRAIL_MS;
    const shown = heard.filter((fix) => Date.parse(fix.fixed_at) >= since);
    trails.push({
      role,
      fixes: shown.map((fix) => ({ at: [fix.lon, fix.lat], fixed_at: Date.parse(fix.fixed_at) })),
    });
  }
  return { places, trails };
}

/** When there is something to see first: before anything was heard a replay would show an empty map. */
export function beginOf({ from, to, devices }: Track): number {
  const heard = devices.flatMap(({ fixes }) =>
    fixes.map((fix) => Math.max(Date.parse(fix.received_at), Date.parse(fix.fixed_at))),
  );
  const first = heard.reduce((a, b) => Math.min(a, b), Date.parse(to));
  return Math.max(Date.parse(from), first);
}
