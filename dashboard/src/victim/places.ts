// Where this telephone is, as the service wants it. Pure.

export interface Place {
  lat: number;
  lon: number;
  accuracy_m?: number;
}

/** A fix of the contract. */
export interface Fix extends Place {
  fixed_at: string;
  speed_mps?: number;
  course_deg?: number;
}

/** What a browser says of a position. */
export interface Reading {
  timestamp: number;
  coords: Pick<GeolocationCoordinates, "latitude" | "longitude" | "accuracy" | "speed" | "heading">;
}

const DIGITS = 1e6;

/** `aheadMs`: how far the service's clock is ahead of this telephone's. */
export function fixOf({ timestamp, coords }: Reading, aheadMs: number): Fix {
  const usable = (value: number | null): value is number =>
    value !== null && Number.isFinite(value) && value >= 0;
  return {
    fixed_at: new Date(timestamp + aheadMs).toISOString(),
    lat: Math.round(coords.latitude * DIGITS) / DIGITS,
    lon: Math.round(coords.longitude * DIGITS) / DIGITS,
    ...(usable(coords.accuracy) && { accuracy_m: Math.round(coords.accuracy * 10) / 10 }),
    ...(usable(coords.speed) && { speed_mps: Math.round(coords.speed * 10) / 10 }),
    ...(usable(coords.heading) && { course_deg: Math.round(coords.heading) % 360 }),
  };
}

/** Fixes that wait for the line; the oldest are given up first. */
export const MOST_WAITING = 200;

export function queued(waiting: readonly Fix[], fix: Fix): Fix[] {
  if (waiting.at(-1)?.fixed_at === fix.fixed_at) return [...waiting];
  return [...waiting, fix].slice(-MOST_WAITING);
}

/** A place that is older says nothing about where she presses. */
export const PLACE_MS = 120_000;

/** Where a fix says that she is now; nothing when it is old. */
export function placeNow(fix: Fix | null, now: number): Partial<Place> {
  if (!fix || now - Date.parse(fix.fixed_at) > PLACE_MS) return {};
  const { lat, lon, accuracy_m } = fix;
  return { lat, lon, ...(accuracy_m !== undefined && { accuracy_m }) };
}
