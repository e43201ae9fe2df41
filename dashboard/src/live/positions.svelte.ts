// Where everybody is: all of them once, then every second who moved. Followed while somebody looks: not by a tab that is
// out of sight.
import { type Place, placeOf } from "../map/drawing.ts";
import type { Centre } from "./centre.svelte.ts";
import { now } from "./clock.ts";
import type { Listener } from "./stream.ts";
import type { Device } from "./types.ts";

/** The pieces of a second's news are told together. */
const GATHER_MS = 100;

type Told = () => void;

export class Positions {
  line = $state<"closed" | "connecting" | "live" | "lost" | "refused">("closed");
  lastSign = $state(0);
  /** Counts the news; whoever reads it is drawn again with the next. */
  version = $state(0);

  private known = new Map<string, Device>();
  private placed = new Map<string, Place>();
  private ofPerson = new Map<string, Place>();
  private listeners = new Set<Told>();
  private watchers = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private stop: () => void = () => {};

  constructor(private centre: Centre) {}

  /** Keeps following until the function returned is called; tells when somebody moved. */
  watch(told: Told = () => {}): () => void {
    this.listeners.add(told);
    this.watchers += 1;
    if (this.watchers === 1) {
      document.addEventListener("visibilitychange", this.look);
      this.look();
    }
    return () => {
      this.listeners.delete(told);
      this.watchers -= 1;
      if (this.watchers === 0) {
        document.removeEventListener("visibilitychange", this.look);
        this.rest();
      }
    };
  }

  devices(): Device[] {
    void this.version;
    return [...this.known.values()];
  }

  places(): Place[] {
    void this.version;
    return [...this.placed.values()];
  }

  /** Where a person is, by the newest of the person's devices. */
  of(person: string | null | undefined): Place | undefined {
    void this.version;
    return person ? this.ofPerson.get(person) : undefined;
  }

  /** Goes on by a new session, if somebody still looks. */
  again(): void {
    if (this.watchers === 0) return;
    this.rest();
    this.look();
  }

  private look = (): void => {
    if (document.visibilityState !== "visible") this.rest();
    else if (this.line === "closed") this.begin();
  };

  private rest(): void {
    this.stop();
    this.line = "closed";
  }

  private begin(): void {
    this.line = "connecting";
    const on: Listener = {
      open: () => {
        this.line = "live";
        this.lastSign = now();
      },
      sign: () => {
        this.lastSign = now();
      },
      event: ({ event, data }) => {
        if (event === "positions") this.take(JSON.parse(data) as Device[]);
      },
      lost: () => {
        this.line = "lost";
      },
      anew: () => {},
      refused: () => {
        this.line = "refused";
      },
    };
    this.stop = this.centre.follow("/v1/live/positions", on, { whole: true });
  }

  private take(devices: readonly Device[]): void {
    for (const device of devices) {
      this.known.set(device.device, device);
      const place = placeOf(device);
      if (!place) {
        this.placed.delete(device.device);
        continue;
      }
      this.placed.set(place.device, place);
      const before = this.ofPerson.get(place.person);
      const newer = !before || before.device === place.device || before.fixed_at <= place.fixed_at;
      if (newer) this.ofPerson.set(place.person, place);
    }
    this.timer ??= setTimeout(() => this.tell(), GATHER_MS);
  }

  private tell(): void {
    this.timer = undefined;
    this.version += 1;
    for (const told of this.listeners) told();
  }
}
