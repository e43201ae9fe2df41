// Which lines of a long list are in sight: the others are not drawn.

/** Tops of the lines, and the height of all of them as the last entry. */
export function tops(heights: readonly number[]): Float64Array {
  const result = new Float64Array(heights.length + 1);
  heights.forEach((height, at) => {
    result[at + 1] = (result[at] ?? 0) + height;
  });
  return result;
}

/** First and last-plus-one of the lines that are in sight between `from` and `to`, and some beyond. */
export function inSight(tops: Float64Array, from: number, to: number, beyond = 4): [number, number] {
  const count = tops.length - 1;
  const first = lineAt(tops, from);
  const last = lineAt(tops, to);
  return [Math.max(0, first - beyond), Math.min(count, last + 1 + beyond)];
}

/** The line that a height falls in. */
export function lineAt(tops: Float64Array, height: number): number {
  let [low, high] = [0, Math.max(0, tops.length - 2)];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((tops[middle] ?? 0) <= height) low = middle;
    else high = middle - 1;
  }
  return low;
}
