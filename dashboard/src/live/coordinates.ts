// Places as people write them, and back.
import type { Lonlat } from "./types.ts";

const NUMBER = String.raw`([-+]?\d+(?:[.,]\d+)?(?:e[-+]?\d+)?)`;
/** Two numbers, with a decimal point or comma, and something between them. */
const TWO = new RegExp(`^${NUMBER}(?:\\s*[,;]\\s*|\\s+)${NUMBER}$`, "i");
/** The Netherlands and what lies around them: nobody who writes the two the other way round means the Indian Ocean. */
const HERE = { west: 2, east: 8, south: 49.5, north: 54.5 };

const isHere = ([lon, lat]: Lonlat): boolean =>
  lon > HERE.west && lon < HERE.east && lat > HERE.south && lat < HERE.north;

const round = (n: number, digits: number): number => Math.round(n * 10 ** digits) / 10 ** digits;
/** A place to 0.1 m: more digits only look exact. */
export const tidy = ([lon, lat]: Lonlat): Lonlat => [round(lon, 6), round(lat, 6)];

/** `lat, lon`, as maps give it; the other way round where only that lies here. `null` for what is no place. */
export function place(text: string): Lonlat | null {
  const read = TWO.exec(text.trim())
    ?.slice(1)
    .map((part) => Number(part.replace(",", ".")));
  const [lat, lon] = read ?? [];
  if (lat === undefined || lon === undefined || !Number.isFinite(lat) || !Number.isFinite(lon)) return null;
  if (isHere([lat, lon])) return tidy([lat, lon]);
  return Math.abs(lat) <= 90 && Math.abs(lon) <= 180 ? tidy([lon, lat]) : null;
}

/** As it is written: `52.0907, 5.1214`. */
export const written = (at: Lonlat | null | undefined): string => (at ? `${at[1]}, ${at[0]}` : "");
