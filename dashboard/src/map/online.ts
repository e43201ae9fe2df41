// A map with streets beneath what is watched, as the service gives it: every address in it leads to the service.
import type { LayerSpecification, SourceSpecification, StyleSpecification } from "maplibre-gl";

/** Names of the streets' sources and layers begin with this, so that they never meet ours. */
export const STREETS = "streets/";

/**
 * Our style with the streets beneath what is watched. Our own sea and land stay below them: where a piece cannot be
 * fetched, the place is still known.
 */
export function withStreets(
  ours: StyleSpecification,
  streets: StyleSpecification,
  layers: { below: readonly string[]; without: readonly string[] },
  origin: string,
): StyleSpecification {
  const below = ours.layers.filter(({ id }) => layers.below.includes(id));
  const replaced = [...layers.below, ...layers.without];
  const above = ours.layers.filter(({ id }) => !replaced.includes(id));
  return {
    ...ours,
    ...(streets.glyphs ? { glyphs: origin + streets.glyphs } : {}),
    ...(streets.sprite ? { sprite: here(streets.sprite, origin) } : {}),
    sources: { ...ours.sources, ...sourcesOf(streets, origin) },
    layers: [...below, ...streets.layers.filter(({ type }) => type !== "background").map(renamed), ...above],
  };
}

function here(
  sprite: NonNullable<StyleSpecification["sprite"]>,
  origin: string,
): StyleSpecification["sprite"] {
  return typeof sprite === "string"
    ? origin + sprite
    : sprite.map(({ id, url }) => ({ id, url: origin + url }));
}

function sourcesOf(streets: StyleSpecification, origin: string): Record<string, SourceSpecification> {
  return Object.fromEntries(
    Object.entries(streets.sources).map(([name, source]) => {
      const own = "tiles" in source && source.tiles ? { tiles: source.tiles.map((url) => origin + url) } : {};
      return [STREETS + name, { ...source, ...own } as SourceSpecification];
    }),
  );
}

const renamed = (layer: LayerSpecification): LayerSpecification =>
  ({
    ...layer,
    id: STREETS + layer.id,
    ...("source" in layer ? { source: STREETS + layer.source } : {}),
  }) as LayerSpecification;
