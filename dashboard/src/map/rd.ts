// The national grid (Rijksdriehoek), which maps and street signs of emergency services use: within a metre, by the
// polynomials of Schreutelkamp and Strang van Hees.
import type { Lonlat } from "../live/types.ts";

const [X0, Y0, LAT0, LON0] = [155_000, 463_000, 52.1551744, 5.38720621];

type Term = [p: number, q: number, k: number];
const LAT: Term[] = [
  [0, 1, 3235.65389],
  [2, 0, -32.58297],
  [0, 2, -0.2475],
  [2, 1, -0.84978],
  [0, 3, -0.0655],
  [2, 2, -0.01709],
  [1, 0, -0.00738],
  [4, 0, 0.0053],
  [2, 3, -0.00039],
  [4, 1, 0.00033],
  [1, 1, -0.00012],
];
const LON: Term[] = [
  [1, 0, 5260.52916],
  [1, 1, 105.94684],
  [1, 2, 2.45656],
  [3, 0, -0.81885],
  [1, 3, 0.05594],
  [3, 1, -0.05607],
  [0, 1, 0.01199],
  [3, 2, -0.00256],
  [1, 4, 0.00128],
  [0, 2, 0.00022],
  [2, 0, -0.00022],
  [5, 0, 0.00026],
];
const X: Term[] = [
  [0, 1, 190094.945],
  [1, 1, -11832.228],
  [2, 1, -114.221],
  [0, 3, -32.391],
  [1, 0, -0.705],
  [3, 1, -2.34],
  [1, 3, -0.608],
  [0, 2, -0.008],
  [2, 3, 0.148],
];
const Y: Term[] = [
  [1, 0, 309056.544],
  [0, 2, 3638.893],
  [2, 0, 73.077],
  [1, 2, -157.984],
  [3, 0, 59.788],
  [0, 1, 0.433],
  [2, 2, -6.439],
  [1, 1, -0.032],
  [0, 4, 0.092],
  [1, 4, -0.054],
];

const sum = (terms: Term[], a: number, b: number): number =>
  terms.reduce((total, [p, q, k]) => total + k * a ** p * b ** q, 0);

/** Longitude and latitude of a place in the grid, in metres. */
export function fromRd(x: number, y: number): Lonlat {
  const [dx, dy] = [(x - X0) * 1e-5, (y - Y0) * 1e-5];
  return [LON0 + sum(LON, dx, dy) / 3600, LAT0 + sum(LAT, dx, dy) / 3600];
}

/** The place in the grid, in metres. */
export function toRd([lon, lat]: Lonlat): [x: number, y: number] {
  const [dLat, dLon] = [0.36 * (lat - LAT0), 0.36 * (lon - LON0)];
  return [X0 + sum(X, dLat, dLon), Y0 + sum(Y, dLat, dLon)];
}

const EVERY_M = 1_000;
/** Lines beyond this many would hide the map. */
const MOST_LINES = 120;

/** Lines of the 1 km grid within a box; none when there would be too many. */
export function grid(west: number, south: number, east: number, north: number): Lonlat[][] {
  const corners = [toRd([west, south]), toRd([east, south]), toRd([west, north]), toRd([east, north])];
  const floor = (n: number): number => Math.floor(n / EVERY_M) * EVERY_M;
  const xs = corners.map(([x]) => x);
  const ys = corners.map(([, y]) => y);
  const [x0, x1, y0, y1] = [floor(Math.min(...xs)), Math.max(...xs), floor(Math.min(...ys)), Math.max(...ys)];
  if ((x1 - x0 + y1 - y0) / EVERY_M > MOST_LINES) return [];
  const lines: Lonlat[][] = [];
  for (let x = x0; x <= x1; x += EVERY_M)
    lines.push([fromRd(x, y0), fromRd(x, (y0 + y1) / 2), fromRd(x, y1)]);
  for (let y = y0; y <= y1; y += EVERY_M)
    lines.push([fromRd(x0, y), fromRd((x0 + x1) / 2, y), fromRd(x1, y)]);
  return lines;
}
