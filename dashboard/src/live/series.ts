// Distance over time, for the chart: points from what was judged, and the scale they are drawn on.

export interface Point {
  /** Milliseconds since 1970. */
  at: number;
  distance_m: number;
  uncertainty_m: number;
}

/** Points in order of time, the last word on each moment, none that are no numbers. */
export function series(
  measured: Iterable<{ at?: string | null; distance_m?: number | null; uncertainty_m?: number | null }>,
): Point[] {
  const byTime = new Map<number, Point>();
  for (const { at, distance_m, uncertainty_m } of measured) {
    const time = Date.parse(at ?? "");
    if (!Number.isFinite(time) || typeof distance_m !== "number" || !Number.isFinite(distance_m)) continue;
    byTime.set(time, { at: time, distance_m, uncertainty_m: uncertainty_m ?? 0 });
  }
  return [...byTime.values()].sort((a, b) => a.at - b.at);
}

/** Fewer points that draw the same line: of each stretch of time the first, nearest and farthest remain. */
export function thinned(points: Point[], most: number): Point[] {
  const [first] = points;
  const last = points.at(-1);
  if (points.length <= most || !first || !last) return points;
  const buckets = Math.max(1, Math.floor(most / 3));
  const width = (last.at - first.at) / buckets;
  const kept = new Set<Point>([first, last]);
  for (let n = 0, from = 0; n < buckets; n += 1) {
    let to = from;
    while (to < points.length && (points[to] as Point).at <= first.at + width * (n + 1)) to += 1;
    const bucket = points.slice(from, to);
    if (bucket[0]) {
      kept.add(bucket[0]);
      kept.add(bucket.reduce((a, b) => (b.distance_m < a.distance_m ? b : a)));
      kept.add(bucket.reduce((a, b) => (b.distance_m > a.distance_m ? b : a)));
    }
    from = to;
  }
  return points.filter((point) => kept.has(point));
}

/** A round number at or above, and the steps to draw: 3 to 6 of them. */
export function scale(most: number): { top: number; step: number } {
  const rough = Math.max(most, 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough) ?? 10 * power;
  return { top: Math.ceil(Math.max(most, 1) / step) * step, step };
}

/** Where a value lies between two points at a moment, for the replay. */
export function at(points: Point[], moment: number): Point | null {
  let found: Point | null = null;
  for (const point of points) {
    if (point.at > moment) break;
    found = point;
  }
  return found;
}
