// The names of places: of those that would lie over the name of a larger place, none is laid out. The map would hide
// them, but only after it has drawn them, with every picture.
import { steps, WORLD } from "./crowd.ts";

export type Row = [name: string, lon: number, lat: number, inhabitants: number];

/** Pixels that a short name takes with what is kept free around it: longer ones are left to the map. */
const ROOM = { width: 44, height: 18 };
const TILE = 512;
/** Zooms of tiles of which a map that shows the country, or less, is made; from the last all names are there. */
export const ZOOMS = [4, 5, 6, 7, 8, 9, 10, 11];

/** The zoom of tiles from which each place has its name; the larger come first. */
export function namedFrom(rows: readonly Row[]): number[] {
  const from = rows.map(() => ZOOMS.at(-1) ?? 0);
  const order = rows.map((_, at) => at).toSorted((a, b) => (rows[b]?.[3] ?? 0) - (rows[a]?.[3] ?? 0));
  const places = rows.map(([, lon, lat]) => steps([lon, lat]));
  for (const zoom of ZOOMS.toReversed()) {
    // Tiles are shown until they are twice as large.
    const pixels = (TILE * 2 ** (zoom + 1)) / WORLD;
    const kept = new Map<string, [number, number][]>();
    for (const at of order) {
      const [east, south] = places[at] ?? [0, 0];
      const [x, y] = [east * pixels, south * pixels];
      const [column, row] = [Math.floor(x / ROOM.width), Math.floor(y / ROOM.height)];
      const near = [-1, 0, 1].flatMap((a) =>
        [-1, 0, 1].flatMap((b) => kept.get(`${column + a} ${row + b}`) ?? []),
      );
      if (near.some(([a, b]) => Math.abs(a - x) < ROOM.width && Math.abs(b - y) < ROOM.height)) continue;
      const cell = `${column} ${row}`;
      kept.set(cell, [...(kept.get(cell) ?? []), [x, y]]);
      from[at] = zoom;
    }
  }
  return from;
}
