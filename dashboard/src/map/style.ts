// The offline map and the layers of what is watched. Nothing in it is fetched from elsewhere.

import regular from "@fontsource/inter/files/inter-latin-400-normal.woff2?url";
import bold from "@fontsource/inter/files/inter-latin-600-normal.woff2?url";
import type { FeatureCollection } from "geojson";
import type {
  CircleLayerSpecification,
  FillLayerSpecification,
  LayerSpecification,
  LineLayerSpecification,
  StyleSpecification,
  SymbolLayerSpecification,
} from "maplibre-gl";
import type { Colours } from "./colours.ts";
import base from "./data/base.json?url";

/** Sources that the console fills. */
export const LIVE_SOURCES = [
  "grid",
  "zones",
  "moving",
  "accuracy",
  "trails",
  "between",
  "ages",
  "chosen",
  "draft",
] as const;
export type LiveSource = (typeof LIVE_SOURCES)[number];

/** Layers of the offline map that stay below a map with streets; its names and grid would be there twice. */
export const GROUND = ["sea", "land", "lakes", "rivers"];
/** Layers that a map with streets has itself. */
export const OFFLINE_ONLY = ["towns", "provinces", "borders", "grid", "names"];

const REGULAR = ["Inter"];
const BOLD = ["Inter Bold"];
const EMPTY: FeatureCollection = { type: "FeatureCollection", features: [] };
const here = (url: string): string => new URL(url, location.href).href;

export function style(colours: Colours, places: FeatureCollection): StyleSpecification {
  // A ring is as round as it was made: simplified, its edge would lie metres from where somebody is judged by it.
  const live = LIVE_SOURCES.map((name) => [name, { type: "geojson" as const, data: EMPTY, tolerance: 0 }]);
  return {
    version: 8,
    "font-faces": { Inter: here(regular), "Inter Bold": here(bold) },
    sources: {
      base: { type: "geojson", data: here(base), attribution: "GSHHG | Natural Earth | GeoNames CC BY 4.0" },
      places: { type: "geojson", data: places },
      ...Object.fromEntries(live),
    },
    layers: [...ground(colours), ...watched(colours), ...draft(colours)],
  };
}

type Filter = NonNullable<LineLayerSpecification["filter"]>;
type LinePaint = NonNullable<LineLayerSpecification["paint"]>;
type Colour = NonNullable<LinePaint["line-color"]>;

const kind = (name: string): Filter => ["==", ["get", "kind"], name];
const part = (name: string): Filter => ["==", ["get", "part"], name];
const shape = (type: "LineString" | "Point" | "Polygon"): Filter => ["==", ["geometry-type"], type];

/** A line of what a source shows; dashed where `dash` says so. */
const line = (
  id: string,
  source: string,
  filter: Filter | null,
  color: Colour,
  width: LinePaint["line-width"],
  dash?: number[],
): LineLayerSpecification => ({
  id,
  type: "line",
  source,
  ...(filter && { filter }),
  paint: {
    "line-color": color,
    "line-width": width as NonNullable<LinePaint["line-width"]>,
    ...(dash && { "line-dasharray": dash }),
  },
});

const fill = (
  id: string,
  source: string,
  filter: Filter | null,
  color: Colour,
  opacity = 1,
): FillLayerSpecification => ({
  id,
  type: "fill",
  source,
  ...(filter && { filter }),
  // What one sees through has a line of its own around it.
  paint: { "fill-color": color, "fill-opacity": opacity, ...(opacity < 1 && { "fill-antialias": false }) },
});

const ink = (c: Colours, colour: string) => ({
  "text-color": colour,
  "text-halo-color": c.halo,
  "text-halo-width": 1.6,
});

/** Labels along the lines of a source. */
const label = (
  c: Colours,
  source: LiveSource,
  colour: string,
  extra: SymbolLayerSpecification["layout"] = {},
): SymbolLayerSpecification => ({
  id: `${source}-label`,
  type: "symbol",
  source,
  filter: ["has", "label"],
  layout: {
    "symbol-placement": "line",
    "symbol-spacing": 600,
    "text-field": ["get", "label"],
    "text-font": BOLD,
    "text-size": 12,
    "text-offset": [0, -0.8],
    "text-allow-overlap": true,
    ...extra,
  },
  paint: ink(c, colour),
});

function ground(c: Colours): LayerSpecification[] {
  const widening: LinePaint["line-width"] = ["interpolate", ["linear"], ["zoom"], 7, 1, 14, 5];
  return [
    { id: "sea", type: "background", paint: { "background-color": c.sea } },
    fill("land", "base", kind("land"), c.land),
    towns(c),
    fill("lakes", "base", kind("lake"), c.sea),
    line("rivers", "base", kind("river"), c.river, widening),
    line("provinces", "base", kind("province"), c.province, 1, [1, 2]),
    line("borders", "base", kind("border"), c.border, 1, [4, 2]),
    { ...line("grid", "grid", null, c.grid, 1), minzoom: 11 },
    names(c),
  ];
}

function towns(c: Colours): LayerSpecification {
  const size = (factor: number) => ["*", factor, ["sqrt", ["get", "inhabitants"]]] as never;
  return {
    id: "towns",
    type: "circle",
    source: "places",
    maxzoom: 14,
    paint: {
      "circle-color": c.town,
      "circle-blur": 1,
      "circle-radius": ["interpolate", ["exponential", 2], ["zoom"], 6, size(0.006), 14, size(1.5)],
    },
  };
}

function names(c: Colours): LayerSpecification {
  const near = ["step", ["get", "inhabitants"], 12, 60_000, 14, 250_000, 18] as never;
  return {
    id: "names",
    type: "symbol",
    source: "places",
    filter: [">=", ["zoom"], ["get", "from"]],
    layout: {
      "text-field": ["get", "name"],
      "text-font": REGULAR,
      "text-size": ["interpolate", ["linear"], ["zoom"], 6, 11, 10, near],
      "symbol-sort-key": ["-", 0, ["get", "inhabitants"]],
      "text-max-width": 7,
      "text-padding": 6,
    },
    paint: { ...ink(c, c.name), "text-halo-width": 1.2 },
  };
}

function watched(c: Colours): LayerSpecification[] {
  const kindColour = ["match", ["get", "kind"], "inclusion", c.clear, c.alarm] as never;
  const roleColour = ["match", ["get", "role"], "victim", c.victim, c.person] as never;
  const trails = line("trails", "trails", shape("LineString"), roleColour, 2.5);
  const accuracy = line("accuracy-edge", "accuracy", null, roleColour, 1);
  return [
    band(c),
    fill("zones-buffer", "zones", part("buffer"), c.warning, 0.1),
    line("zones-buffer-edge", "zones", part("buffer"), c.warning, 1.5, [4, 3]),
    fill("zones-fill", "zones", part("zone"), kindColour, 0.1),
    line("zones-edge", "zones", part("zone"), kindColour, 2),
    fill("moving-fill", "moving", part("alarm"), c.victim, 0.14),
    line("moving-alarm", "moving", part("alarm"), c.victim, 2),
    line("moving-warning", "moving", part("warning"), c.victim, 1.5, [3, 3]),
    label(c, "zones", c.alarm),
    // Who somebody is goes before what a ring is called.
    label(c, "moving", c.victim, { "text-allow-overlap": false }),
    fill("accuracy-fill", "accuracy", null, roleColour, 0.12),
    { ...accuracy, paint: { ...accuracy.paint, "line-opacity": 0.5 } },
    {
      ...trails,
      layout: { "line-join": "round", "line-cap": "round" },
      paint: { ...trails.paint, "line-opacity": 0.8 },
    },
    { ...dots(c, "trail-fixes", "trails", shape("Point"), roleColour, [2.5, 1.2]), minzoom: 12 },
    fill("between-band", "between", shape("Polygon"), c.text, 0.12),
    line("between", "between", shape("LineString"), c.text, 2.5, [2, 1.4]),
    ages(c),
    marks(c),
    label(c, "between", c.text, { "symbol-placement": "point", "text-offset": [0, 1.1], "text-size": 14 }),
  ];
}

/** The buffer of a drawn zone: as wide on the ground at every zoom. */
function band(c: Colours): LayerSpecification {
  const width = [
    ...["interpolate", ["exponential", 2], ["zoom"]],
    ...[0, ["get", "width0"], 22, ["*", ["get", "width0"], 4_194_304]],
  ] as never;
  const drawn = line("zones-band", "zones", part("band"), c.warning, width);
  return { ...drawn, layout: { "line-join": "round" }, paint: { ...drawn.paint, "line-opacity": 0.16 } };
}

const dots = (
  c: Colours,
  id: string,
  source: LiveSource,
  filter: Filter,
  colour: Colour,
  [radius, edge]: [radius: number, edge: number],
): CircleLayerSpecification => ({
  id,
  type: "circle",
  source,
  filter,
  paint: {
    "circle-radius": radius,
    "circle-color": c.halo,
    "circle-stroke-color": colour,
    "circle-stroke-width": edge,
  },
});

/** From this zoom every mark has its age beside it; from further only those of whom nothing was heard for long. */
export const AGES_FROM_ZOOM = 12;
/** Everybody lies below this layer: their marks are drawn by themselves, here are only the ages beside them. */
export const ABOVE_CROWD = "ages";

function ages(c: Colours): LayerSpecification {
  return {
    id: ABOVE_CROWD,
    type: "symbol",
    source: "ages",
    layout: {
      "text-field": [
        "step",
        ["zoom"],
        ["case", ["get", "old"], ["get", "label"], ""],
        AGES_FROM_ZOOM,
        ["get", "label"],
      ],
      "text-font": BOLD,
      "text-size": 11,
      "text-anchor": "left",
      "text-offset": [1, 0],
    },
    paint: ink(c, c.text),
  };
}

const mark = {
  "icon-image": ["concat", ["get", "role"], ["case", ["get", "old"], "-old", ""]],
  "icon-allow-overlap": true,
  "icon-ignore-placement": true,
} as const;

/** Those of the case that is looked at: large, with who they are and how old that is. */
function marks(c: Colours): LayerSpecification {
  return {
    id: "chosen",
    type: "symbol",
    source: "chosen",
    layout: {
      ...(mark as object),
      "text-field": ["get", "label"],
      "text-font": BOLD,
      "text-size": 12,
      "text-variable-anchor": ["left", "right", "top", "bottom"],
      "text-radial-offset": 1.3,
      "text-justify": "auto",
      // When they are nearest their names and ages matter most: rather over something than not there.
      "text-overlap": "always",
      "text-ignore-placement": true,
    },
    paint: ink(c, c.text),
  };
}

/** What somebody is drawing, and the rings of the guidance around a home. */
function draft(c: Colours): LayerSpecification[] {
  return [
    fill("draft-fill", "draft", part("zone"), c.alarm, 0.1),
    line("draft-edge", "draft", part("zone"), c.alarm, 2.5),
    line("draft-rings", "draft", part("ring"), c.victim, 1.5, [3, 3]),
    dots(c, "draft-corners", "draft", part("corner"), c.alarm, [6, 2.5]),
    // The same marks as of people: a diamond and a disc, with their letters.
    {
      id: "draft-homes",
      type: "symbol",
      source: "draft",
      filter: part("home"),
      layout: {
        "icon-image": ["get", "role"],
        "icon-size": 0.8,
        "icon-allow-overlap": true,
      },
    },
    label(c, "draft", c.victim, { "text-allow-overlap": false }),
  ];
}
