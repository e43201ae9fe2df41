// The console's picture of the service: incidents as they come, what is selected, and how the line is.
import { untrack } from "svelte";
import type { Place } from "../map/drawing.ts";
import { Api, everyPage, Refused } from "./api.ts";
import { Archive } from "./archive.svelte.ts";
import { arrange, type Filters, NO_FILTERS, type Order } from "./arrange.ts";
import { now } from "./clock.ts";
import { figureOf } from "./figure.ts";
import { begunLately, isFlood } from "./flood.ts";
import { withAlert, withFollowUp, withRead } from "./merge.ts";
import { type Nearness, nearness } from "./nearness.ts";
import { followShared } from "./shared.ts";
import { isGathered, isMass, isResolved, isTaken, shapeOf } from "./shown.ts";
import type { Listener, StreamEvent } from "./stream.ts";
import type { AlertData, FollowUp, Incident, IncidentDetail, OrderDocument, OrderEntry } from "./types.ts";
import type { Known } from "./urgency.ts";

export type LineState = "closed" | "connecting" | "live" | "lost";

export interface Silences {
  silent: number;
  back: number;
}

/** The first news is drawn at once, what follows within this time together: a burst costs one drawing. */
const DRAW_EVERY_MS = 40;
/** What the stream does not tell is read again this often. */
const REFRESH_MS = 60_000;
const ORDERS_MS = 120_000;
/** All of them are read at once: not with every alert of a flood. */
const ORDERS_AGAIN_MS = 10_000;
const TURN_MS = 5_000;
/** What is resolved is forgotten after so long: a console runs for weeks. Who asks for it has it read again. */
const KEPT_MS = 12 * 3_600_000;

export class Centre {
  api: Api;
  line = $state<LineState>("closed");
  lastSign = $state(0);
  /** The service's time, once a second. */
  time = $state(now());
  /** People move between two alerts: the list is put in order again this often. */
  private turn = $derived(Math.floor(this.time / TURN_MS));
  /** How long ago the newest alert was raised when it was here, in milliseconds. */
  lag = $state<number | null>(null);
  refused = $state<"" | "token" | "role">("");
  me = $state<{ name: string; role: string } | null>(null);

  filters = $state<Filters>({ ...NO_FILTERS });
  unfolded = $state<ReadonlySet<string>>(new Set());
  selected = $state<string | null>(null);
  detail = $state.raw<IncidentDetail | null>(null);
  detailError = $state<Refused | null>(null);
  /** How the list of incidents was read last; `null` before the first time. */
  read = $state<boolean | null>(null);
  /** Nothing but the stream is asked for: the console is closed, and the service would refuse. */
  quiet = false;
  /** Whether the list may move now. */
  still = $state(false);
  flood = $state(false);
  orders = $state.raw<ReadonlyMap<string, OrderEntry>>(new Map());
  ordersRead = $state<boolean | null>(null);

  readonly archive = new Archive(this);

  /** What the service calls incidents that are not resolved. */
  private openStates = "open";
  private known = new Map<string, Incident>();
  private version = $state(0);
  /** Counts the readings of the selected incident, and which of them is shown: an answer may come after a later one. */
  private asked = 0;
  private shown = 0;
  private drawTimer: ReturnType<typeof setTimeout> | undefined;
  private drawnAt = 0;
  private ordersTimer: ReturnType<typeof setTimeout> | undefined;
  private timers: ReturnType<typeof setInterval>[] = [];
  private stopStream: () => void = () => {};
  /** The event that was told last. */
  private lastId = "";
  private held = $state.raw<Order>(new Map());
  private listeners = new Set<(incident: Incident, before: Incident | undefined) => void>();
  private readers = new Set<(line: FollowUp, incident: Incident) => void>();

  /** Where both are now; whoever follows the positions says so. */
  placeOf: (person: string | null | undefined) => Place | undefined = () => undefined;

  arranged = $derived.by(() => {
    void this.version;
    void this.turn;
    return arrange(this.known.values(), {
      filters: this.filters,
      me: this.me?.name ?? "",
      flood: this.flood,
      gathered: (incident) => this.gathered(incident),
      unfolded: this.unfolded,
      held: this.still ? this.held : null,
      knownOf: (incident) => untrack(() => this.knownOf(incident)),
    });
  });

  counts = $derived.by(() => {
    void this.version;
    const counts = { alarm: 0, warning: 0, unknown: 0, clear: 0, open: 0, untaken: 0, resolved: 0 };
    for (const incident of this.known.values()) {
      if (isResolved(incident)) {
        counts.resolved += 1;
        continue;
      }
      if (this.gathered(incident)) continue;
      counts[shapeOf(incident)] += 1;
      counts.open += 1;
      if (!isTaken(incident)) counts.untaken += 1;
    }
    return counts;
  });

  /** Of each mass silence: how many of its devices are silent, and how many are back. */
  silences = $derived.by((): ReadonlyMap<string, Silences> => {
    void this.version;
    const all = new Map<string, Silences>();
    for (const incident of this.known.values())
      if (isMass(incident)) all.set(incident.incident, { silent: 0, back: 0 });
    if (all.size === 0) return all;
    for (const { part_of, level, state, closed_at } of this.known.values()) {
      const of = part_of ? all.get(part_of) : undefined;
      if (!of) continue;
      if (level === "clear" || isResolved({ state, closed_at })) of.back += 1;
      else of.silent += 1;
    }
    return all;
  });

  incident = $derived.by((): Incident | null => {
    void this.version;
    return this.selected === null ? null : (this.known.get(this.selected) ?? null);
  });

  constructor(
    token: string,
    /** Whose session it is, where there is no token. */
    private who = "",
  ) {
    this.api = new Api(token);
    this.api.onDenied = () => this.deny("token");
  }

  /** Tells of every change of an incident, with what it was before. */
  onChange(tell: (incident: Incident, before: Incident | undefined) => void): void {
    this.listeners.add(tell);
  }

  /** Tells of every line of an incident's timeline as it comes. */
  onLine(tell: (line: FollowUp, incident: Incident) => void): void {
    this.readers.add(tell);
  }

  /** How near they are by their newest positions; `null` where nobody knows. */
  nearness(incident: Incident): Nearness | null {
    return nearness(incident, this.placeOf, this.orderOf(incident), this.time);
  }

  private knownOf(incident: Incident): Known {
    const figure = figureOf(incident, this.nearness(incident), this.time);
    const risk = this.orderOf(incident)?.risk;
    return { distance_m: figure.distance_m, contact_s: figure.contact_s, risk };
  }

  /** Every incident that is not resolved, and is followed up by itself. */
  *open(): Generator<Incident> {
    for (const incident of this.known.values())
      if (!isResolved(incident) && !this.gathered(incident)) yield incident;
  }

  /** The order of an incident; of many, none. */
  orderOf(incident: Incident | null): OrderDocument | undefined {
    return incident?.order && !isMass(incident) ? this.orders.get(incident.order)?.document : undefined;
  }

  /** What is known of an incident. */
  of(id: string): Incident | undefined {
    void this.version;
    return this.known.get(id);
  }

  /** Whether it is followed up with the silence of many that it is part of. */
  gathered(incident: Incident): boolean {
    return Boolean(incident.part_of) && isGathered(incident, this.known.get(incident.part_of ?? ""));
  }

  start(): void {
    this.listen();
    this.timers = [
      setInterval(() => this.tick(), 1_000),
      setInterval(() => void this.refresh(), REFRESH_MS),
      setInterval(() => void this.readOrders(), ORDERS_MS),
    ];
    void this.readOrders();
    void this.readMe();
  }

  /** Goes on by a new session where it was: nothing that was told meanwhile is left out. */
  resume(): void {
    this.stopStream();
    this.listen();
    void this.readOrders();
  }

  private listen(): void {
    this.line = "connecting";
    const on: Listener = {
      open: () => {
        this.line = "live";
        this.lastSign = now();
        void this.refresh();
      },
      sign: () => {
        this.lastSign = now();
      },
      event: (event) => {
        if (event.id) this.lastId = event.id;
        this.take(event);
      },
      lost: () => {
        this.line = "lost";
      },
      anew: () => {
        this.lastId = "";
        this.known.clear();
        this.archive.forget();
        this.draw();
      },
      refused: (status) => {
        this.line = "lost";
        if (status === 403) this.deny("role");
        else this.api.onDenied(false);
      },
    };
    this.stopStream = this.follow("/v1/live", on, { after: this.lastId });
  }

  /** Follows a stream together with the other tabs of whoever is signed in here. */
  follow(path: string, on: Listener, how: { after?: string; whole?: boolean }): () => void {
    return followShared(this.who, path, () => this.api.headers(), on, how);
  }

  stop(): void {
    this.stopStream();
    this.timers.forEach(clearInterval);
    this.timers = [];
    clearTimeout(this.ordersTimer);
    this.line = "closed";
  }

  private deny(why: "token" | "role"): void {
    this.stop();
    this.refused = why;
  }

  private tick(): void {
    this.time = now();
    this.flood = isFlood(begunLately(this.open(), this.time), this.flood);
  }

  private take(event: StreamEvent): void {
    if (event.event === "alert") {
      const alert = JSON.parse(event.data) as AlertData;
      this.lag = Math.max(0, now() - Date.parse(alert.raised_at));
      this.put(withAlert(this.known.get(alert.incident), alert));
      if (alert.order && !this.orders.has(alert.order)) this.missOrder();
      if (alert.incident === this.selected) void this.readDetail();
    } else if (event.event === "followup") {
      const news = JSON.parse(event.data) as FollowUp;
      const before = this.known.get(news.incident);
      if (before) {
        this.put(withFollowUp(before, news));
        for (const tell of this.readers) tell(news, before);
      }
      if (news.incident === this.selected) void this.readDetail();
    }
  }

  private put(incident: Incident): void {
    const before = this.known.get(incident.incident);
    if (before === incident) return;
    this.known.set(incident.incident, incident);
    for (const tell of this.listeners) tell(incident, before);
    this.draw();
  }

  private draw(): void {
    const wait = this.drawnAt + DRAW_EVERY_MS - performance.now();
    this.drawTimer ??= setTimeout(
      () => {
        this.drawTimer = undefined;
        this.drawnAt = performance.now();
        this.version += 1;
      },
      Math.max(0, wait),
    );
  }

  /** Reads what is open: what began before the stream, what was closed by others. */
  async refresh(): Promise<void> {
    if (this.quiet) return;
    const began = now();
    try {
      const list = () => everyPage<Incident>(this.api, `/v1/incidents?state=${this.openStates}`);
      const { items, more } = await list().catch((error) => {
        if (!(error instanceof Refused) || error.status !== 400) throw error;
        this.openStates = "new,acknowledged,in_progress";
        return list();
      });
      const open = new Set(items.map((item) => item.incident));
      for (const item of items) this.put(withRead(this.known.get(item.incident), item, began));
      // Open here and not there: it was resolved, unless it began while the list was being read. Of a list that is cut
      // off nobody knows what is missing.
      for (const incident of more ? [] : this.known.values()) {
        const old = Date.parse(incident.changed_at) < began - 5_000;
        if (!open.has(incident.incident) && old && !isResolved(incident)) {
          this.put({ ...incident, state: "resolved", closed_at: incident.changed_at });
        }
      }
      this.read = !more;
      this.forget(began);
    } catch {
      this.read = false;
    }
    if (this.selected) await this.readDetail();
  }

  /** Lets go of what was resolved long ago, unless somebody has it listed or looks at it. */
  private forget(at: number): void {
    if (this.filters.resolved) return;
    this.archive.forget();
    for (const incident of this.known.values()) {
      const over =
        isResolved(incident) && Date.parse(incident.closed_at ?? incident.changed_at) < at - KEPT_MS;
      if (over && incident.incident !== this.selected) this.known.delete(incident.incident);
    }
  }

  /** Takes what was read besides the open ones. */
  takeRead(items: readonly Incident[]): void {
    for (const item of items) this.put(withRead(this.known.get(item.incident), item));
  }

  async readDetail(): Promise<void> {
    const id = this.selected;
    if (!id || this.quiet) return;
    this.asked += 1;
    const turn = this.asked;
    try {
      const detail = await this.api.read<IncidentDetail>(`/v1/incidents/${encodeURIComponent(id)}`);
      if (this.selected === id && turn > this.shown) this.takeDetail(detail, turn);
    } catch (error) {
      if (this.selected === id && turn > this.shown && error instanceof Refused) this.detailError = error;
    }
  }

  /** Takes how an incident stands: what is answered to somebody's deed is newer than all that was asked for before. */
  takeDetail(detail: IncidentDetail, turn = this.asked): void {
    const newest = detail.alerts?.at(-1)?.data;
    const row: Incident = { ...detail, latest: detail.latest ?? newest ?? null };
    this.put(withRead(this.known.get(detail.incident), row));
    if (this.selected !== detail.incident) return;
    this.shown = turn;
    this.detail = detail;
    this.detailError = null;
  }

  /** An order that began since they were read: its zones, limits and risk are needed now. */
  private missOrder(): void {
    this.ordersTimer ??= setTimeout(async () => {
      await this.readOrders();
      this.ordersTimer = setTimeout(() => (this.ordersTimer = undefined), ORDERS_AGAIN_MS);
    }, 1_000);
  }

  async readOrders(): Promise<void> {
    if (this.quiet) return;
    try {
      const { items } = await everyPage<OrderEntry>(this.api, "/v1/orders");
      this.orders = new Map(items.map((entry) => [entry.order, entry]));
      this.ordersRead = true;
    } catch {
      this.ordersRead = false;
    }
  }

  private async readMe(): Promise<void> {
    try {
      this.me = await this.api.read<{ name: string; role: string }>("/v1/session");
    } catch {
      this.me = null;
    }
  }

  select(id: string | null): void {
    if (this.selected === id) return;
    this.selected = id;
    this.detail = null;
    this.detailError = null;
    void this.readDetail();
  }

  /** To the next or previous incident of the list. */
  step(by: 1 | -1): void {
    const visible = this.arranged.lines.flatMap((line) => (line.type === "incident" ? [line.key] : []));
    const at = this.selected ? visible.indexOf(this.selected) : -1;
    const next =
      at < 0 ? (by > 0 ? 0 : visible.length - 1) : Math.min(visible.length - 1, Math.max(0, at + by));
    const id = visible[next];
    if (id) this.select(id);
  }

  /** While somebody reads or points at the list, nothing moves in it. */
  hold(still: boolean): void {
    if (still && !this.still) this.held = this.arranged.order;
    this.still = still;
  }

  /** Lets the waiting ones in, and holds the new order. */
  letIn(): void {
    const was = this.still;
    this.still = false;
    if (was) this.hold(true);
  }

  fold(key: string): void {
    const next = new Set(this.unfolded);
    if (!next.delete(key)) next.add(key);
    this.unfolded = next;
  }
}
