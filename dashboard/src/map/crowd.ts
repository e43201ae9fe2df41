// Everybody on the map, as the graphics card reads them, and who of them shows an age. Plain numbers, so that they can
// be tested without a screen.
import type { Lonlat } from "../live/types.ts";
import { isOld, OLD_AFTER_S, type Place } from "./drawing.ts";
import type { Box } from "./geo.ts";
import type { MarkName } from "./marks.ts";

/** The marks as they lie in their picture, side by side. */
export const MARKS = ["wearer", "wearer-old", "victim", "victim-old"] as const satisfies MarkName[];

/** The width of the world in the steps that a place is told in: 9 mm, finer than a pixel at every zoom. */
export const WORLD = 2 ** 32;
/** Whole numbers a corner of a mark: how far east and how far south the person is, and which mark. */
export const NUMBERS = 3;
/** Corners of a mark: all four have the same numbers, and tell themselves apart by their place in the row. */
export const CORNERS = 4;

/** A place in the map's own square (Mercator), from its corner in the north-west, in steps of the world's width. */
export function steps([lon, lat]: Lonlat): [east: number, south: number] {
  const turned = Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) / (2 * Math.PI);
  const within = (part: number): number => Math.min(WORLD - 1, Math.max(0, Math.round(part * WORLD)));
  return [within(lon / 360 + 0.5), within(0.5 - turned)];
}

/** The two triangles of a mark, by its corners. */
export const TRIANGLES = [0, 1, 2, 1, 3, 2];

export interface Packed {
  numbers: Uint32Array<ArrayBuffer>;
  /** When the next of them turns old by itself; milliseconds since 1970. */
  turns: number;
}

export function packed(places: readonly Place[], now: number): Packed {
  const numbers = new Uint32Array(places.length * CORNERS * NUMBERS);
  let turns = Number.POSITIVE_INFINITY;
  places.forEach((place, at) => {
    const old = isOld(place, now);
    if (!old) turns = Math.min(turns, place.fixed_at + OLD_AFTER_S * 1000 + 1);
    const mark: MarkName = old ? `${place.role}-old` : place.role;
    const [east, south] = steps(place.at);
    for (let corner = at * CORNERS; corner < (at + 1) * CORNERS; corner += 1) {
      numbers[corner * NUMBERS] = east;
      numbers[corner * NUMBERS + 1] = south;
      numbers[corner * NUMBERS + 2] = MARKS.indexOf(mark);
    }
  });
  return { numbers, turns };
}

/** Those of so many marks. */
export function triangles(many: number): Uint32Array<ArrayBuffer> {
  const corners = new Uint32Array(many * TRIANGLES.length);
  for (let at = 0; at < corners.length; at += 1)
    corners[at] = Math.floor(at / TRIANGLES.length) * CORNERS + (TRIANGLES[at % TRIANGLES.length] ?? 0);
  return corners;
}

/** What is in sight. */
export interface Sight {
  box: Box;
  /** Pixels of it. */
  width: number;
  height: number;
  /** Whether the ages of all are shown, or those of what is old. */
  all: boolean;
}

/** Two ages that begin within so many pixels of each other would lie over each other: the map shows one of them. */
const ROOM = { width: 40, height: 12 };
/** So much further than what is in sight, in parts of it, ages stand ready for who moves the map. */
const BEYOND = 0.25;

/** Who shows an age: of those that are old, or of all, as many as there is room for. */
export function aged(places: readonly Place[], now: number, sight: Sight): Place[] {
  const [west, south, east, north] = sight.box;
  const room = [
    ((east - west) * ROOM.width) / Math.max(1, sight.width),
    ((north - south) * ROOM.height) / Math.max(1, sight.height),
  ] as const;
  const [besides, above] = [(east - west) * BEYOND, (north - south) * BEYOND];
  const taken = new Set<string>();
  return places.filter((place) => {
    const [lon, lat] = place.at;
    if (lon < west - besides || lon > east + besides || lat < south - above || lat > north + above)
      return false;
    if (!sight.all && !isOld(place, now)) return false;
    const cell = `${Math.floor(lon / room[0])} ${Math.floor(lat / room[1])}`;
    return taken.size < taken.add(cell).size;
  });
}
