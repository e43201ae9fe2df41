// What is drawn on the map, as GeoJSON: people, zones, rings, the line between two people. Plain data, so that it can
// be tested without a screen.
import type { Feature, FeatureCollection, Geometry } from "geojson";
import type { Device, Fix, Lonlat, OrderDocument, Role, ZoneFeature } from "../live/types.ts";
import { pixelsAtZoom0, ring, towards } from "./geo.ts";

/** Somebody's newest position. */
export interface Place {
  person: string;
  device: string;
  role: Role;
  at: Lonlat;
  uncertainty_m: number;
  /** Milliseconds since 1970. */
  fixed_at: number;
  silent: boolean;
}

/** A device with a position as a place. */
export function placeOf(device: Device): Place | null {
  const { last_fix: fix, role, person } = device;
  if (!fix || !role || !person) return null;
  return {
    person,
    device: device.device,
    role,
    at: lonlat(fix),
    uncertainty_m: device.uncertainty_m ?? 0,
    fixed_at: Date.parse(fix.fixed_at),
    silent: device.silent_since !== null,
  };
}

/** A position older than this is said to be old: three intervals of the usual minute. */
export const OLD_AFTER_S = 180;

/** Whether a position says where somebody was, and not where somebody is. */
export const isOld = (place: Place, now: number): boolean =>
  place.silent || (now - place.fixed_at) / 1000 > OLD_AFTER_S;

export const collection = (features: Feature[]): FeatureCollection => ({
  type: "FeatureCollection",
  features,
});

const feature = (geometry: Geometry, properties: Record<string, unknown>): Feature => ({
  type: "Feature",
  properties,
  geometry,
});

const polygon = (points: Lonlat[]): Geometry => ({ type: "Polygon", coordinates: [points] });

/** A fix of an alert or a track as a place. */
export const lonlat = (fix: Pick<Fix, "lon" | "lat">): Lonlat => [fix.lon, fix.lat];

const mark = (place: Place, old: boolean, label: string): Feature => ({
  ...feature({ type: "Point", coordinates: place.at }, { role: place.role, old, label }),
  id: place.device,
});

/** The ages beside the marks of everybody. */
export const ages = (places: readonly Place[], now: number, ageOf: (place: Place) => string): Feature[] =>
  places.map((place) => mark(place, isOld(place, now), ageOf(place)));

/** Those of the case that is looked at: with their names, and how old their positions are. */
export const chosen = (places: readonly Place[], now: number, ageOf: (place: Place) => string): Feature[] =>
  places.map((place) => mark(place, isOld(place, now), `${place.person}\n${ageOf(place)}`));

/** Circles of uncertainty. */
export const accuracy = (places: Iterable<Place>): Feature[] =>
  [...places].map(({ at, uncertainty_m, role }) =>
    feature(polygon(ring(at, Math.max(1, uncertainty_m), 48)), { role }),
  );

/** An order's zones with their buffers, and the labels on their edges. */
export function zones(order: OrderDocument, zoneLabel: (zone: ZoneFeature) => string): Feature[] {
  return order.zones.features.flatMap((zone) => {
    const { kind, radius_m = 0, buffer_m = 0 } = zone.properties;
    const label = zoneLabel(zone);
    if (zone.geometry.type !== "Point") {
      const first =
        zone.geometry.type === "Polygon" ? zone.geometry.coordinates[0] : zone.geometry.coordinates[0]?.[0];
      const lat = first?.[0]?.[1] ?? 52;
      const band =
        buffer_m > 0
          ? [feature(zone.geometry, { part: "band", width0: 2 * pixelsAtZoom0(buffer_m, lat) })]
          : [];
      return [...band, feature(zone.geometry, { part: "zone", kind, label })];
    }
    const centre = zone.geometry.coordinates;
    const buffer =
      buffer_m > 0 ? [feature(polygon(ring(centre, radius_m + buffer_m)), { part: "buffer", kind })] : [];
    return [...buffer, feature(polygon(ring(centre, radius_m)), { part: "zone", kind, label })];
  });
}

/** The zone that moves with a victim: its warning and alarm distances around where she is. */
export function movingZone(
  at: Lonlat,
  { alarm_m, warning_m }: { alarm_m: number; warning_m: number },
  label: (part: "alarm" | "warning", m: number) => string,
): Feature[] {
  return [
    feature(polygon(ring(at, warning_m)), { part: "warning", label: label("warning", warning_m) }),
    feature(polygon(ring(at, alarm_m)), { part: "alarm", label: label("alarm", alarm_m) }),
  ];
}

type Spot = Pick<Place, "at" | "uncertainty_m">;

/** The line between two people in the band where either may be, with what is measured along it. */
export function between(from: Spot, to: Spot, label: string): Feature[] {
  const middle: Lonlat = [(from.at[0] + to.at[0]) / 2, (from.at[1] + to.at[1]) / 2];
  const [east, north] = [
    (to.at[0] - from.at[0]) * Math.cos((middle[1] * Math.PI) / 180),
    to.at[1] - from.at[1],
  ];
  const bearing = (Math.atan2(east, north) * 180) / Math.PI;
  const aside = ({ at, uncertainty_m }: Spot, turn: number): Lonlat =>
    towards(at, uncertainty_m, bearing + turn);
  const [corner, ...others] = [aside(from, -90), aside(to, -90), aside(to, 90), aside(from, 90)] as const;
  return [
    feature(polygon([corner, ...others, corner]), {}),
    feature({ type: "LineString", coordinates: [from.at, to.at] }, {}),
    feature({ type: "Point", coordinates: middle }, { label }),
  ];
}

/** A trail, cut where nothing was heard for so long that a straight line would say what nobody knows. */
const TRAIL_GAP_S = 300;

export function trail(fixes: readonly { at: Lonlat; fixed_at: number }[], role: Role): Feature[] {
  const pieces: Lonlat[][] = [];
  let before = Number.NEGATIVE_INFINITY;
  for (const { at, fixed_at } of fixes) {
    if ((fixed_at - before) / 1000 > TRAIL_GAP_S) pieces.push([]);
    pieces.at(-1)?.push(at);
    before = fixed_at;
  }
  const lines = pieces.filter((piece) => piece.length > 1);
  return [
    ...lines.map((piece) => feature({ type: "LineString", coordinates: piece }, { role })),
    ...fixes.map(({ at }) => feature({ type: "Point", coordinates: at }, { role })),
  ];
}

/**
 * What to bring into sight: the people of a case with the alarm distance around her, or its zones when only one of
 * them, or nobody, is known to be anywhere.
 */
export function focus(places: readonly Place[], order: OrderDocument | undefined): Lonlat[] {
  const points = places.map(({ at }) => at);
  if (!order) return points;
  const [, other] = places;
  const victim = other && places.find(({ role }) => role === "victim");
  if (victim) {
    const alarm_m = order.victims.find(({ person }) => person === victim.person)?.proximity?.alarm_m;
    return alarm_m ? [...points, ...ring(victim.at, alarm_m, 8)] : points;
  }
  for (const zone of order.zones.features) {
    if (zone.geometry.type === "Point")
      points.push(...ring(zone.geometry.coordinates, zone.properties.radius_m ?? 0, 8));
  }
  if (!other) for (const { residence } of order.victims) if (residence) points.push(residence);
  return points;
}
