// The line to the service: server-sent events over fetch (an EventSource cannot send the token, and gives up for
// good after a 503). It resumes after the last id seen: nothing is left out, nothing comes twice.
import { readClock } from "./clock.ts";

/** Comments come every ten seconds: a line that is silent for longer than two of them is down. */
const DEAD_AFTER_MS = 22_000;
/** How often that is looked at. */
const LOOK_MS = 1_000;
const RETRY_MS = [500, 1_000, 2_000, 4_000, 8_000, 10_000];

export interface StreamEvent {
  id: string;
  event: string;
  data: string;
}

/** Cuts a stream of text into events, however the pieces arrive. */
export class EventCutter {
  private rest = "";

  /** The events that are complete with this piece. Comments alone are none. */
  take(piece: string): StreamEvent[] {
    const blocks = (this.rest + piece.replaceAll("\r", "")).split("\n\n");
    this.rest = blocks.pop() ?? "";
    return blocks.flatMap((block) => {
      const event: StreamEvent = { id: "", event: "message", data: "" };
      let any = false;
      for (const line of block.split("\n")) {
        const colon = line.indexOf(":");
        if (colon === 0) continue;
        const name = colon < 0 ? line : line.slice(0, colon);
        const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
        if (name === "id" || name === "event") event[name] = value;
        else if (name === "data") event.data += (event.data ? "\n" : "") + value;
        else continue;
        any = true;
      }
      return any ? [event] : [];
    });
  }
}

export interface Listener {
  /** The line is there (again). */
  open: () => void;
  /** Any sign of life. */
  sign: () => void;
  event: (event: StreamEvent) => void;
  /** The line is gone; it is being tried again. */
  lost: () => void;
  /** What was told no longer counts: the service does not know the last id. */
  anew: () => void;
  /** Not for this token; it is not tried again. */
  refused: (status: number) => void;
}

/** Follows a stream, after an event that is known, until the function returned is called. */
export function follow(
  path: string,
  headers: () => Record<string, string>,
  on: Listener,
  after = "",
): () => void {
  let lastId = after;
  let tries = 0;
  let stopped = false;
  let connection = new AbortController();
  let heard = Date.now();
  let wake: () => void = () => {};

  const alive = () => {
    heard = Date.now();
  };
  // By the clock on the wall: a timer that counts stands still while a laptop sleeps.
  const watch = setInterval(() => {
    if (Date.now() - heard <= DEAD_AFTER_MS || connection.signal.aborted) return;
    on.lost();
    connection.abort();
  }, LOOK_MS);

  const connect = async (): Promise<void> => {
    connection = new AbortController();
    alive();
    const resume: Record<string, string> = lastId ? { "last-event-id": lastId } : {};
    const response = await fetch(path, {
      headers: { accept: "text/event-stream", ...headers(), ...resume },
      signal: connection.signal,
    });
    readClock(response.headers);
    if (response.status === 401 || response.status === 403) {
      stopped = true;
      on.refused(response.status);
      return;
    }
    if (response.status === 400 && lastId) {
      lastId = "";
      on.anew();
    }
    if (!response.ok || !response.body) throw new Error(String(response.status));
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    const cutter = new EventCutter();
    on.open();
    tries = 0;
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      alive();
      on.sign();
      for (const event of cutter.take(value)) {
        if (event.id) lastId = event.id;
        if (event.data && !stopped) on.event(event);
      }
    }
  };

  const keep = async (): Promise<void> => {
    while (!stopped) {
      try {
        await connect();
      } catch {
        // Whatever it was, the answer is the same: say so, and try again.
      }
      if (stopped) break;
      on.lost();
      const wait = RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)] ?? 10_000;
      await new Promise<void>((resume) => {
        wake = resume;
        setTimeout(resume, wait);
      });
    }
    clearInterval(watch);
  };

  // A laptop that slept, or a network that is back: do not wait for the next try.
  const hurry = () => wake();
  globalThis.addEventListener?.("online", hurry);
  void keep();
  return () => {
    stopped = true;
    globalThis.removeEventListener?.("online", hurry);
    connection.abort();
    wake();
  };
}
