// People on the map, for the tests.
import type { Lonlat } from "../live/types.ts";
import type { Place } from "../map/drawing.ts";
import { T0 } from "./incidents.ts";

export const UTRECHT: Lonlat = [5.1214, 52.0907];

export const placed = (person: string, changes: Partial<Place> = {}): Place => ({
  person,
  device: `dev-${person}`,
  role: person.startsWith("victim") ? "victim" : "wearer",
  at: UTRECHT,
  uncertainty_m: 20,
  fixed_at: T0,
  silent: false,
  ...changes,
});
