// The map itself: made once, given new data as it comes.
import type { Feature, FeatureCollection } from "geojson";
import {
  AttributionControl,
  type CenterZoomBearing,
  type GeoJSONSource,
  type LngLatBoundsLike,
  NavigationControl,
  ScaleControl,
  type StyleSpecification,
  setWorkerUrl,
} from "maplibre-gl";
import "maplibre-gl/dist/maplibre-gl.css";
import "./controls.css";
import workerUrl from "virtual:map-worker";
import type { Lonlat } from "../live/types.ts";
import { COLOURS } from "./colours.ts";
import { aged, type Packed, packed } from "./crowd.ts";
import { CrowdLayer } from "./crowd-layer.ts";
import places from "./data/places.json?url";
import { ages, collection, type Place } from "./drawing.ts";
import { boxOf } from "./geo.ts";
import { addMarks } from "./marks.ts";
import { STREETS, withStreets } from "./online.ts";
import { PacedMap } from "./paced.ts";
import { grid } from "./rd.ts";
import {
  ABOVE_CROWD,
  AGES_FROM_ZOOM,
  GROUND,
  LIVE_SOURCES,
  type LiveSource,
  OFFLINE_ONLY,
  style,
} from "./style.ts";
import { namedFrom, type Row } from "./towns.ts";

setWorkerUrl(workerUrl);

const NETHERLANDS: LngLatBoundsLike = [3.2, 50.7, 7.3, 53.6];
/** How near a look at a case may come: below this the offline map has nothing to show. */
const NEAREST_ZOOM = 14.5;
const NEAREST_WITH_STREETS = 16.5;
/** Below this a ring of a kilometre is a dot. */
const NEAR_ENOUGH_ZOOM = 9;

/** Followed places come no nearer to the edge of the map than so many pixels. */
const EDGE = 60;
/** The map comes nearer, or goes back, when it is off by so many steps of zoom. */
const NEARER = 0.4;

/** What lies beneath: what is built in, streets, or streets of which some cannot be fetched now. */
export type Beneath = "offline" | "streets" | "failing";

export interface Wishes {
  theme: "dark" | "light";
  locale: Record<string, string>;
  /** Who asks, for the service. */
  headers: () => Record<string, string>;
  /** Told what lies beneath, when that changes. */
  onBeneath: (beneath: Beneath) => void;
}

const isOfStreets = (event: object): boolean =>
  "sourceId" in event && String(event.sourceId).startsWith(STREETS);

/** Everybody as they were told last. */
interface Crowd {
  places: readonly Place[];
  now: number;
  ageOf: (place: Place) => string;
}

export class View {
  readonly map: PacedMap;
  private towns: FeatureCollection = collection([]);
  private data = new Map<LiveSource, Feature[]>();
  private drawn = new Map<LiveSource, string>();
  private dimmed = new Set<LiveSource>();
  private crowd: Crowd = { places: [], now: 0, ageOf: () => "" };
  private packed: Packed = packed([], 0);
  private layer: CrowdLayer | null = null;
  private theme: "dark" | "light";
  private ready = false;
  /** Called when a person moves the map: it stops following. */
  onMoved: () => void = () => {};
  /** Called with the place that was clicked. */
  onClick: (at: Lonlat) => void = () => {};
  /** Called with the place that the pointer is over. */
  onPoint: (at: Lonlat) => void = () => {};
  /** Called when a place was clicked twice in a moment, after both clicks, while a click places something. */
  onDoubleClick: () => void = () => {};
  /** Called with the place in the middle while the map moves. */
  onShifted: (middle: Lonlat) => void = () => {};

  private streets: StyleSpecification | null = null;
  private beneath: Beneath = "offline";

  constructor(
    container: HTMLElement,
    private wishes: Wishes,
  ) {
    const { theme, locale, headers } = wishes;
    this.theme = theme;
    this.map = new PacedMap({
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
      transformRequest: (url) =>
        url.startsWith(`${location.origin}/tiles/`) ? { url, headers: headers() } : undefined,
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.addControl(new NavigationControl({ showCompass: false }), "top-right");
    this.map.addControl(new ScaleControl({}), "bottom-left");
    this.map.addControl(new AttributionControl({ compact: false }), "bottom-right");
    this.map.on("style.load", () => this.dressed());
    this.map.on("moveend", () => {
      this.drawGrid();
      this.showAges();
    });
    this.map.on("movestart", (event) => {
      if ("originalEvent" in event && event.originalEvent) this.onMoved();
    });
    this.map.on("click", ({ lngLat }) => this.onClick([lngLat.lng, lngLat.lat]));
    this.map.on("mousemove", ({ lngLat }) => this.onPoint([lngLat.lng, lngLat.lat]));
    this.map.on("dblclick", () => this.onDoubleClick());
    this.map.on("move", () => this.onShifted(this.middle()));
    // Without a listener every piece that cannot be fetched would be an error of the page.
    this.map.on("error", (event) => {
      if (isOfStreets(event)) this.tell("failing");
      else reportError(event.error);
    });
    this.map.on("sourcedata", (event) => {
      if (isOfStreets(event) && event.tile) this.tell("streets");
    });
    void this.readTowns();
    void this.readStreets();
  }

  /** Shows that a click will place something. Two clicks are two places then, and do not bring the map nearer. */
  aim(on: boolean): void {
    this.map.getCanvas().classList.toggle("aims", on);
    if (on) this.map.doubleClickZoom.disable();
    else this.map.doubleClickZoom.enable();
  }

  /** The place in the middle. */
  middle(): Lonlat {
    const { lng, lat } = this.map.getCenter();
    return [lng, lat];
  }

  /** Takes the keys: the arrows move it. */
  focus(): void {
    this.map.getCanvas().focus();
  }

  wear(theme: "dark" | "light"): void {
    if (theme === this.theme) return;
    this.theme = theme;
    this.dress();
    void this.readStreets();
  }

  /** The streets for this theme, where the service has any. Until then, and without, the map that is built in. */
  private async readStreets(): Promise<void> {
    const { theme } = this;
    try {
      const answer = await fetch(`/tiles/${theme}/style`, { headers: this.wishes.headers() });
      const streets = answer.status === 200 ? ((await answer.json()) as StyleSpecification) : null;
      if (theme !== this.theme) return;
      const had = this.streets !== null;
      this.streets = streets;
      if (streets || had) this.dress();
      this.tell(streets ? "streets" : answer.ok ? "offline" : "failing");
    } catch {
      this.tell("failing");
    }
  }

  private dress(): void {
    this.ready = false;
    this.map.wake();
    const ours = style(COLOURS[this.theme], this.towns);
    const layers = { below: GROUND, without: OFFLINE_ONLY };
    const whole = this.streets ? withStreets(ours, this.streets, layers, location.origin) : ours;
    this.map.setStyle(whole, { diff: false });
  }

  private tell(beneath: Beneath): void {
    if (beneath === this.beneath) return;
    this.beneath = beneath;
    this.wishes.onBeneath(beneath);
  }

  /** Replaces what a source shows. What it shows already is left alone: every change is a picture. */
  show(name: LiveSource, features: Feature[]): void {
    // What is drawn follows the pointer.
    if (name === "draft") this.map.wake();
    this.data.set(name, features);
    if (!this.ready) return;
    const text = JSON.stringify(features);
    if (text === this.drawn.get(name)) return;
    this.drawn.set(name, text);
    this.map.getSource<GeoJSONSource>(name)?.setData(collection(features));
    this.dim(name, features.length === 0);
  }

  /** A source that shows nothing costs as much of a picture as one that does, unless nobody looks at it. */
  private dim(name: LiveSource, isEmpty: boolean): void {
    if (this.dimmed.has(name) === isEmpty) return;
    if (isEmpty) this.dimmed.add(name);
    else this.dimmed.delete(name);
    for (const layer of this.map.getLayersOrder())
      if (this.map.getLayer(layer)?.source === name)
        this.map.setLayoutProperty(layer, "visibility", isEmpty ? "none" : "visible");
  }

  /** Replaces everybody. */
  showCrowd(crowd: Crowd): void {
    this.crowd = crowd;
    this.packed = packed(crowd.places, crowd.now);
    this.layer?.show(this.packed.numbers);
    this.showAges();
  }

  /** When the next of the crowd turns old without any news. */
  get turns(): number {
    return this.packed.turns;
  }

  private showAges(): void {
    const { places, now, ageOf } = this.crowd;
    const bounds = this.map.getBounds();
    const { clientWidth: width, clientHeight: height } = this.map.getContainer();
    const box = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()] as const;
    const all = this.map.getZoom() >= AGES_FROM_ZOOM;
    const shown = aged(places, now, { box: [...box], width, height, all });
    this.show("ages", ages(shown, now, ageOf));
  }

  /** Whether a place is in sight, near enough to draw by. */
  sees(at: Lonlat): boolean {
    return this.map.getZoom() > NEAR_ENOUGH_ZOOM && this.map.getBounds().contains(at);
  }

  /** Brings these places into sight. */
  lookAt(points: Lonlat[], slowly = true): void {
    const to = this.lookAtAll(points);
    if (to) this.map.flyTo({ ...to, duration: slowly ? 400 : 0 });
  }

  /** Keeps these places in sight. The map rests while it shows them well: what moves on it is then seen to move. */
  follow(points: Lonlat[]): void {
    const to = this.lookAtAll(points);
    if (!to || this.map.isMoving()) return;
    const { clientWidth: width, clientHeight: height } = this.map.getContainer();
    const isOut = (at: Lonlat): boolean => {
      const { x, y } = this.map.project(at);
      return x < EDGE || y < EDGE || x > width - EDGE || y > height - EDGE;
    };
    const off = Math.abs(Math.max(to.zoom ?? 0, this.map.getMinZoom()) - this.map.getZoom());
    const { x, y } = this.map.project(to.center ?? this.map.getCenter());
    // There is nothing better than where it is: they are further apart than any map shows.
    const isThere = off < 0.01 && Math.hypot(x - width / 2, y - height / 2) < 2;
    if (!isThere && (off > NEARER || points.some(isOut))) this.map.flyTo({ ...to, duration: 400 });
  }

  private lookAtAll(points: Lonlat[]): CenterZoomBearing | undefined {
    const box = boxOf(points);
    // Names stand beside the marks.
    const padding = { top: 90, bottom: 70, left: 90, right: 130 };
    const maxZoom = this.streets ? NEAREST_WITH_STREETS : NEAREST_ZOOM;
    return (box && this.map.cameraForBounds(box, { padding, maxZoom })) ?? undefined;
  }

  remove(): void {
    this.map.remove();
  }

  private dressed(): void {
    addMarks(this.map, COLOURS[this.theme]);
    this.layer = new CrowdLayer(COLOURS[this.theme], this.packed.numbers);
    this.map.addLayer(this.layer, ABOVE_CROWD);
    this.ready = true;
    this.drawn.clear();
    this.dimmed.clear();
    for (const name of LIVE_SOURCES) this.show(name, this.data.get(name) ?? []);
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
    this.show("grid", features);
  }

  private async readTowns(): Promise<void> {
    const rows = (await (await fetch(places)).json()) as Row[];
    const from = namedFrom(rows);
    this.towns = collection(
      rows.map(
        ([name, lon, lat, inhabitants], at): Feature => ({
          type: "Feature",
          properties: { name, inhabitants, from: from[at] },
          geometry: { type: "Point", coordinates: [lon, lat] },
        }),
      ),
    );
    this.map.getSource<GeoJSONSource>("places")?.setData(this.towns);
  }
}
