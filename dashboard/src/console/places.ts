/** The parts of the console. */
export const PLACES = ["incidents", "orders", "devices", "lookup", "health"] as const;
export type Place = (typeof PLACES)[number];

/** The part that an address names (`#/orders`). */
export function placeOf(hash: string): Place {
  const name = hash.replace(/^#\/?/, "").split("/")[0];
  return PLACES.find((place) => place === name) ?? "incidents";
}

/** The incident that an address names (`#/incidents/{id}`). */
export function incidentOf(hash: string): string | null {
  const [place, id] = hash.replace(/^#\/?/, "").split("/");
  if (place !== "incidents" || !id) return null;
  try {
    return decodeURIComponent(id);
  } catch {
    return null;
  }
}

export function addressOf(place: Place, incident: string | null): string {
  return place === "incidents" && incident ? `#/incidents/${encodeURIComponent(incident)}` : `#/${place}`;
}
