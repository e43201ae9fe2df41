// One line to the service for all tabs of a browser, which has six connections to a host and no more. It lives in a
// worker of its own (`hub.worker.ts`): no tab leads, so none that closes, crashes or sleeps makes another deaf.
import { follow, type Listener, type StreamEvent } from "./stream.ts";

/** What a tab wants to follow. */
export interface Wanted {
  /** Tabs with the same name share: who is signed in, and what is followed. */
  line: string;
  path: string;
  headers: Record<string, string>;
  /** The last event that the tab has. */
  after: string;
  /** The stream begins with all there is: it is begun anew for who joins, instead of going on after an event. */
  whole: boolean;
}

/** What a tab is told: what a stream says of itself, and a `pulse` that says only that the hub lives. */
export type Told =
  | { tell: "open" | "sign" | "lost" | "anew" | "pulse" }
  | { tell: "event"; event: StreamEvent }
  | { tell: "refused"; status: number };

export interface Port {
  postMessage: (told: Told) => void;
}

/** Events that are kept for a tab that was away. One that was away for longer reads how it stands. */
export const MOST_KEPT = 1_000;
/** Signs of life of a busy stream are told once in so long; its events are signs as well. */
const SIGN_MS = 1_000;

export class Hub {
  private lines = new Map<string, Line>();

  constructor(private connect: typeof follow = follow) {}

  join(port: Port, wanted: Wanted): void {
    let line = this.lines.get(wanted.line);
    if (!line) {
      line = new Line(wanted, this.connect, () => this.lines.delete(wanted.line));
      this.lines.set(wanted.line, line);
    }
    line.join(port, wanted.after);
  }

  /** The tab is gone, or follows no more. */
  leave(port: Port): void {
    for (const line of this.lines.values()) line.leave(port);
  }

  pulse(): void {
    for (const line of this.lines.values()) line.tell({ tell: "pulse" });
  }
}

/** A stream, and who hears it. */
class Line {
  private ports = new Set<Port>();
  private state: "connecting" | "open" | "lost" = "connecting";
  private kept: StreamEvent[] = [];
  /** Every event after that number is kept; `null` while nobody knows from where. */
  private floor: number | null = null;
  private signedAt = 0;
  private stop: (() => void) | null = null;

  constructor(
    private wanted: Wanted,
    private connect: typeof follow,
    private over: () => void,
  ) {}

  join(port: Port, after: string): void {
    this.ports.add(port);
    if (!this.stop || this.wanted.whole) {
      this.begin(after);
      return;
    }
    if (this.state !== "connecting") port.postMessage({ tell: this.state });
    if (!after) return;
    const missed = this.since(Number(after));
    if (!missed) port.postMessage({ tell: "anew" });
    for (const event of missed ?? []) port.postMessage({ tell: "event", event });
  }

  leave(port: Port): void {
    if (this.ports.delete(port) && this.ports.size === 0) this.end();
  }

  tell(told: Told): void {
    for (const port of this.ports) port.postMessage(told);
  }

  private begin(after: string): void {
    this.stop?.();
    this.floor = after ? Number(after) : null;
    this.stop = this.connect(this.wanted.path, () => this.wanted.headers, this.listener(), after);
  }

  private end(): void {
    this.stop?.();
    this.ports.clear();
    this.over();
  }

  private listener(): Listener {
    const turn = (state: "open" | "lost") => {
      this.state = state;
      this.tell({ tell: state });
    };
    return {
      open: () => turn("open"),
      lost: () => turn("lost"),
      sign: () => {
        if (Date.now() - this.signedAt < SIGN_MS) return;
        this.signedAt = Date.now();
        this.tell({ tell: "sign" });
      },
      event: (event) => {
        this.keep(event);
        this.tell({ tell: "event", event });
      },
      anew: () => {
        this.kept = [];
        this.floor = null;
        this.tell({ tell: "anew" });
      },
      refused: (status) => {
        this.tell({ tell: "refused", status });
        this.end();
      },
    };
  }

  private keep(event: StreamEvent): void {
    if (this.wanted.whole || !event.id) return;
    this.floor ??= Number(event.id) - 1;
    this.kept.push(event);
    if (this.kept.length > MOST_KEPT) this.floor = Number(this.kept.shift()?.id);
  }

  /** What came after a number; `null` when not all of it is known. */
  private since(after: number): StreamEvent[] | null {
    if (this.floor === null || after < this.floor) return null;
    return this.kept.filter(({ id }) => Number(id) > after);
  }
}
