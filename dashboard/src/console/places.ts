/** The parts of the console. */
export const PLACES = ["incidents", "orders", "devices", "lookup", "health"] as const;
export type Place = (typeof PLACES)[number];

/** The part that an address names (`#/orders`). */
export function placeOf(hash: string): Place {
  const name = hash.replace(/^#\/?/, "").split("/")[0];
  return PLACES.find((place) => place === name) ?? "incidents";
}
