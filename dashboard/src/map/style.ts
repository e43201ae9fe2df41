// The offline map and the layers of what is watched. Nothing in it is fetched from elsewhere.

import regular from "@fontsource/inter/files/inter-latin-400-normal.woff2?url";
import bold from "@fontsource/inter/files/inter-latin-600-normal.woff2?url";
import type { FeatureCollection } from "geojson";
import type { LayerSpecification, StyleSpecification } from "maplibre-gl";
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
  "people",
  "chosen",
  "draft",
] as const;
export type LiveSource = (typeof LIVE_SOURCES)[number];

/** Layers of the offline map that stay below a map with streets; its names and grid would be there twice. */
export const GROUND = ["sea", "land", "lakes", "rivers"];
/** Layers that a map with streets has itself. */
export const OFFLINE_ONLY = ["towns", "borders", "grid", "names"];

const REGULAR = ["Inter"];
const BOLD = ["Inter Bold"];
const EMPTY: FeatureCollection = { type: "FeatureCollection", features: [] };
const here = (url: string): string => new URL(url, location.href).href;

export function style(colours: Colours, places: FeatureCollection): StyleSpecification {
  const live = LIVE_SOURCES.map((name) => [name, { type: "geojson" as const, data: EMPTY }]);
  return {
    version: 8,
    "font-faces": { Inter: here(regular), "Inter Bold": here(bold) },
    sources: {
      base: { type: "geojson", data: here(base), attribution: "GSHHG | GeoNames CC BY 4.0" },
      places: { type: "geojson", data: places },
      ...Object.fromEntries(live),
    },
    layers: [...ground(colours), ...watched(colours), ...draft(colours)],
  };
}

function ground(c: Colours): LayerSpecification[] {
  const of = (kind: string) => ["==", ["get", "kind"], kind] as ["==", ["get", string], string];
  return [
    { id: "sea", type: "background", paint: { "background-color": c.sea } },
    { id: "land", type: "fill", source: "base", filter: of("land"), paint: { "fill-color": c.land } },
    {
      id: "towns",
      type: "circle",
      source: "places",
      maxzoom: 14,
      paint: {
        "circle-color": c.town,
        "circle-blur": 1,
        "circle-radius": [
          "interpolate",
          ["exponential", 2],
          ["zoom"],
          6,
          ["*", 0.006, ["sqrt", ["get", "inhabitants"]]],
          14,
          ["*", 1.5, ["sqrt", ["get", "inhabitants"]]],
        ],
      },
    },
    { id: "lakes", type: "fill", source: "base", filter: of("lake"), paint: { "fill-color": c.sea } },
    {
      id: "rivers",
      type: "line",
      source: "base",
      filter: of("river"),
      paint: { "line-color": c.river, "line-width": ["interpolate", ["linear"], ["zoom"], 7, 1, 14, 5] },
    },
    {
      id: "borders",
      type: "line",
      source: "base",
      filter: of("border"),
      paint: { "line-color": c.border, "line-dasharray": [4, 2], "line-width": 1 },
    },
    {
      id: "grid",
      type: "line",
      source: "grid",
      minzoom: 11,
      paint: { "line-color": c.grid, "line-width": 1 },
    },
    {
      id: "names",
      type: "symbol",
      source: "places",
      layout: {
        "text-field": ["get", "name"],
        "text-font": REGULAR,
        "text-size": [
          "interpolate",
          ["linear"],
          ["zoom"],
          6,
          11,
          10,
          ["step", ["get", "inhabitants"], 12, 60_000, 14, 250_000, 18],
        ],
        "symbol-sort-key": ["-", 0, ["get", "inhabitants"]],
        "text-max-width": 7,
        "text-padding": 6,
      },
      paint: { "text-color": c.name, "text-halo-color": c.halo, "text-halo-width": 1.2 },
    },
  ];
}

function watched(c: Colours): LayerSpecification[] {
  const part = (name: string) => ["==", ["get", "part"], name] as ["==", ["get", string], string];
  const kindColour = ["match", ["get", "kind"], "inclusion", c.clear, c.alarm] as never;
  const roleColour = ["match", ["get", "role"], "victim", c.victim, c.person] as never;
  const label = (source: LiveSource, colour: string, extra: object = {}): LayerSpecification => ({
    id: `${source}-label`,
    type: "symbol",
    source,
    filter: ["has", "label"],
    layout: {
      "symbol-placement": "line",
      "text-field": ["get", "label"],
      "text-font": BOLD,
      "text-size": 12,
      "text-offset": [0, -0.8],
      "text-allow-overlap": true,
      ...extra,
    },
    paint: { "text-color": colour, "text-halo-color": c.halo, "text-halo-width": 1.6 },
  });
  return [
    {
      id: "zones-band",
      type: "line",
      source: "zones",
      filter: part("band"),
      layout: { "line-join": "round" },
      paint: {
        "line-color": c.warning,
        "line-opacity": 0.16,
        "line-width": [
          "interpolate",
          ["exponential", 2],
          ["zoom"],
          0,
          ["get", "width0"],
          22,
          ["*", ["get", "width0"], 4_194_304],
        ],
      },
    },
    {
      id: "zones-buffer",
      type: "fill",
      source: "zones",
      filter: part("buffer"),
      paint: { "fill-color": c.warning, "fill-opacity": 0.1 },
    },
    {
      id: "zones-buffer-edge",
      type: "line",
      source: "zones",
      filter: part("buffer"),
      paint: { "line-color": c.warning, "line-width": 1.5, "line-dasharray": [4, 3] },
    },
    {
      id: "zones-fill",
      type: "fill",
      source: "zones",
      filter: part("zone"),
      paint: { "fill-color": kindColour, "fill-opacity": 0.1 },
    },
    {
      id: "zones-edge",
      type: "line",
      source: "zones",
      filter: part("zone"),
      paint: { "line-color": kindColour, "line-width": 2 },
    },
    {
      id: "moving-fill",
      type: "fill",
      source: "moving",
      filter: part("alarm"),
      paint: { "fill-color": c.victim, "fill-opacity": 0.14 },
    },
    {
      id: "moving-alarm",
      type: "line",
      source: "moving",
      filter: part("alarm"),
      paint: { "line-color": c.victim, "line-width": 2 },
    },
    {
      id: "moving-warning",
      type: "line",
      source: "moving",
      filter: part("warning"),
      paint: { "line-color": c.victim, "line-width": 1.5, "line-dasharray": [3, 3] },
    },
    label("zones", c.alarm),
    label("moving", c.victim),
    {
      id: "accuracy-fill",
      type: "fill",
      source: "accuracy",
      paint: { "fill-color": roleColour, "fill-opacity": 0.12 },
    },
    {
      id: "accuracy-edge",
      type: "line",
      source: "accuracy",
      paint: { "line-color": roleColour, "line-opacity": 0.5 },
    },
    {
      id: "trails",
      type: "line",
      source: "trails",
      filter: ["==", ["geometry-type"], "LineString"],
      layout: { "line-join": "round", "line-cap": "round" },
      paint: { "line-color": roleColour, "line-width": 2.5, "line-opacity": 0.8 },
    },
    {
      id: "trail-fixes",
      type: "circle",
      source: "trails",
      minzoom: 12,
      filter: ["==", ["geometry-type"], "Point"],
      paint: {
        "circle-radius": 2.5,
        "circle-color": c.halo,
        "circle-stroke-color": roleColour,
        "circle-stroke-width": 1.2,
      },
    },
    {
      id: "between-band",
      type: "fill",
      source: "between",
      filter: ["==", ["geometry-type"], "Polygon"],
      paint: { "fill-color": c.text, "fill-opacity": 0.12 },
    },
    {
      id: "between",
      type: "line",
      source: "between",
      filter: ["==", ["geometry-type"], "LineString"],
      paint: { "line-color": c.text, "line-width": 2.5, "line-dasharray": [2, 1.4] },
    },
    crowd(c),
    marks(c),
    {
      ...label("between", c.text, { "symbol-placement": "point", "text-offset": [0, 1.1], "text-size": 14 }),
    } as LayerSpecification,
  ];
}

/** From this zoom every mark has its age beside it. */
const AGES_FROM_ZOOM = 12;

/** Everybody: small, drawn cheaply, since there are thousands of them and they all move every second. */
function crowd(c: Colours): LayerSpecification {
  return {
    id: "people",
    type: "symbol",
    source: "people",
    layout: {
      ...(mark as object),
      "icon-size": 0.55,
      // Ages of all are read from near; from far only of those that were not heard for long.
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
      "text-optional": true,
    },
    paint: {
      "text-color": c.text,
      "text-halo-color": c.halo,
      "text-halo-width": 1.6,
      "icon-opacity": ["case", ["get", "old"], 1, 0.75],
    },
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
    paint: { "text-color": c.text, "text-halo-color": c.halo, "text-halo-width": 1.6 },
  };
}

/** What somebody is drawing, and the rings of the guidance around a home. */
function draft(c: Colours): LayerSpecification[] {
  const part = (name: string) => ["==", ["get", "part"], name] as ["==", ["get", string], string];
  return [
    {
      id: "draft-fill",
      type: "fill",
      source: "draft",
      filter: part("zone"),
      paint: { "fill-color": c.alarm, "fill-opacity": 0.1 },
    },
    {
      id: "draft-edge",
      type: "line",
      source: "draft",
      filter: part("zone"),
      paint: { "line-color": c.alarm, "line-width": 2.5 },
    },
    {
      id: "draft-rings",
      type: "line",
      source: "draft",
      filter: part("ring"),
      paint: { "line-color": c.victim, "line-width": 1.5, "line-dasharray": [3, 3] },
    },
    {
      id: "draft-corners",
      type: "circle",
      source: "draft",
      filter: part("corner"),
      paint: {
        "circle-radius": 6,
        "circle-color": c.halo,
        "circle-stroke-color": c.alarm,
        "circle-stroke-width": 2.5,
      },
    },
    // The same marks as of people: a diamond and a disc, with their letters.
    {
      id: "draft-homes",
      type: "symbol",
      source: "draft",
      filter: part("home"),
      layout: { "icon-image": ["get", "role"], "icon-size": 0.8, "icon-allow-overlap": true },
    },
    {
      id: "draft-label",
      type: "symbol",
      source: "draft",
      filter: ["has", "label"],
      layout: {
        "symbol-placement": "line",
        "text-field": ["get", "label"],
        "text-font": BOLD,
        "text-size": 12,
        "text-offset": [0, -0.8],
      },
      paint: { "text-color": c.victim, "text-halo-color": c.halo, "text-halo-width": 1.6 },
    },
  ];
}
