// The map itself: made once, given new data as it comes.
import type { Feature, FeatureCollection } from "geojson";
import {
  AttributionControl,
  type GeoJSONSource,
  type LngLatBoundsLike,
  Map as MapLibre,
  NavigationControl,
  ScaleControl,
  setWorkerUrl,
} from "maplibre-gl";
import "maplibre-gl/dist/maplibre-gl.css";
import "./controls.css";
import workerUrl from "virtual:map-worker";
import type { Lonlat } from "../live/types.ts";
import { COLOURS } from "./colours.ts";
import places from "./data/places.json?url";
import { collection } from "./drawing.ts";
import { boxOf } from "./geo.ts";
import { addMarks } from "./marks.ts";
import { grid } from "./rd.ts";
import { LIVE_SOURCES, type LiveSource, style } from "./style.ts";

setWorkerUrl(workerUrl);

const NETHERLANDS: LngLatBoundsLike = [3.2, 50.7, 7.3, 53.6];
/** How near a look at a case may come: below this the offline map has nothing to show. */
const NEAREST_ZOOM = 14.5;

type Row = [name: string, lon: number, lat: number, inhabitants: number];

export class View {
  readonly map: MapLibre;
  private towns: FeatureCollection = collection([]);
  private data = new Map<LiveSource, Map<unknown, Feature>>();
  private theme: "dark" | "light";
  private ready = false;
  /** Called when a person moves the map: it stops following. */
  onMoved: () => void = () => {};
  /** Called with the place that was clicked. */
  onClick: (at: Lonlat) => void = () => {};

  constructor(container: HTMLElement, theme: "dark" | "light", locale: Record<string, string>) {
    this.theme = theme;
    this.map = new MapLibre({
      container,
      style: style(COLOURS[theme], this.towns),
      bounds: NETHERLANDS,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      fadeDuration: 0,
      maxZoom: 18,
      minZoom: 5,
      locale,
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.addControl(new NavigationControl({ showCompass: false }), "top-right");
    this.map.addControl(new ScaleControl({}), "bottom-left");
    this.map.addControl(new AttributionControl({ compact: false }), "bottom-right");
    this.map.on("style.load", () => this.dressed());
    this.map.on("moveend", () => this.drawGrid());
    this.map.on("movestart", (event) => {
      if ("originalEvent" in event && event.originalEvent) this.onMoved();
    });
    this.map.on("click", ({ lngLat }) => this.onClick([lngLat.lng, lngLat.lat]));
    void this.readTowns();
  }

  /** Shows that a click will place something. */
  aim(on: boolean): void {
    this.map.getCanvas().classList.toggle("aims", on);
  }

  wear(theme: "dark" | "light"): void {
    if (theme === this.theme) return;
    this.theme = theme;
    this.ready = false;
    this.map.setStyle(style(COLOURS[theme], this.towns), { diff: false });
  }

  /** Replaces what a source shows. */
  show(name: LiveSource, features: Feature[]): void {
    this.data.set(name, new Map(features.map((feature, at) => [feature.id ?? at, feature])));
    if (this.ready) this.map.getSource<GeoJSONSource>(name)?.setData(collection(features));
  }

  /** Changes or adds some of what a source shows, by id; the others stay as they are. */
  change(name: LiveSource, features: Feature[]): void {
    if (features.length === 0) return;
    const all = this.data.get(name) ?? new Map<unknown, Feature>();
    for (const feature of features) all.set(feature.id, feature);
    this.data.set(name, all);
    if (this.ready) this.map.getSource<GeoJSONSource>(name)?.updateData({ add: features });
  }

  /** Brings these places into sight. */
  lookAt(points: Lonlat[], slowly = true): void {
    const box = boxOf(points);
    if (!box) return;
    const padding = { top: 90, bottom: 70, left: 90, right: 90 };
    this.map.fitBounds(box, { padding, maxZoom: NEAREST_ZOOM, duration: slowly ? 400 : 0 });
  }

  remove(): void {
    this.map.remove();
  }

  private dressed(): void {
    addMarks(this.map, COLOURS[this.theme]);
    this.ready = true;
    for (const name of LIVE_SOURCES) this.show(name, [...(this.data.get(name)?.values() ?? [])]);
    this.drawGrid();
  }

  private drawGrid(): void {
    if (!this.ready) return;
    const bounds = this.map.getBounds();
    const lines =
      this.map.getZoom() < 11
        ? []
        : grid(bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth());
    const features = lines.map(
      (coordinates): Feature => ({
        type: "Feature",
        properties: {},
        geometry: { type: "LineString", coordinates },
      }),
    );
    this.map.getSource<GeoJSONSource>("grid")?.setData(collection(features));
  }

  private async readTowns(): Promise<void> {
    const rows = (await (await fetch(places)).json()) as Row[];
    this.towns = collection(
      rows.map(
        ([name, lon, lat, inhabitants]): Feature => ({
          type: "Feature",
          properties: { name, inhabitants },
          geometry: { type: "Point", coordinates: [lon, lat] },
        }),
      ),
    );
    this.map.getSource<GeoJSONSource>("places")?.setData(this.towns);
  }
}
