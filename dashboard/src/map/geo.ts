// Shapes on the ground, for drawing only: what counts is decided by the service.
import type { Lonlat } from "../live/types.ts";

const EARTH_M = 6_371_008.8;
const RAD = Math.PI / 180;

/** Distance over a sphere: up to 0.3 % off, which no drawing shows. */
export function metresBetween([lon1, lat1]: Lonlat, [lon2, lat2]: Lonlat): number {
  const a =
    Math.sin(((lat2 - lat1) * RAD) / 2) ** 2 +
    Math.cos(lat1 * RAD) * Math.cos(lat2 * RAD) * Math.sin(((lon2 - lon1) * RAD) / 2) ** 2;
  return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(a)));
}

/** The place at a distance in a direction (degrees from north, clockwise). */
export function towards([lon, lat]: Lonlat, metres: number, bearing: number): Lonlat {
  const [d, b, f] = [metres / EARTH_M, bearing * RAD, lat * RAD];
  const to = Math.asin(Math.sin(f) * Math.cos(d) + Math.cos(f) * Math.sin(d) * Math.cos(b));
  const turn = Math.atan2(Math.sin(b) * Math.sin(d) * Math.cos(f), Math.cos(d) - Math.sin(f) * Math.sin(to));
  return [lon + turn / RAD, to / RAD];
}

/** A ring of points at a distance, closed. */
export function ring(centre: Lonlat, metres: number, points = 96): Lonlat[] {
  const around = Array.from({ length: points }, (_, n) => towards(centre, metres, (n * 360) / points));
  return [...around, around[0] as Lonlat];
}

/** Pixels of a screen at zoom 0 that a metre takes there; doubles with every step of zoom. */
export const pixelsAtZoom0 = (metres: number, lat: number): number =>
  (metres * 512) / (2 * Math.PI * 6_378_137 * Math.cos(lat * RAD));

export type Box = [west: number, south: number, east: number, north: number];

/** The smallest box around the points; `null` without any. */
export function boxOf(points: Iterable<Lonlat>): Box | null {
  let box: Box | null = null;
  for (const [lon, lat] of points) {
    box = box
      ? [Math.min(box[0], lon), Math.min(box[1], lat), Math.max(box[2], lon), Math.max(box[3], lat)]
      : [lon, lat, lon, lat];
  }
  return box;
}
