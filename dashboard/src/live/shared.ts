// A stream that is shared with the other tabs of this browser; a stream of this tab's own where a browser cannot do that.
import type { Told, Wanted } from "./hub.ts";
import { follow, type Listener } from "./stream.ts";

/** The hub says every four seconds that it lives: one that is silent for longer than three of them is gone. */
const GONE_AFTER_MS = 13_000;
const LOOK_MS = 1_000;
/** A hub that was called anew so often without a word is done without. */
const MOST_TRIES = 1;

/** A worker that hears of a tab's death only by its lock is not shared where there are none. */
const canShare = (): boolean =>
  "SharedWorker" in globalThis && typeof navigator !== "undefined" && "locks" in navigator;

/** As `follow`; `line` names who is signed in. `whole`: a stream that begins with all there is. */
export function followShared(
  line: string,
  path: string,
  headers: () => Record<string, string>,
  on: Listener,
  { after = "", whole = false } = {},
): () => void {
  if (!canShare()) return follow(path, headers, on, after);
  let lastId = after;
  let leave: () => void = () => {};
  let heard = Date.now();
  let tries = 0;

  const call = (): void => {
    heard = Date.now();
    tries += 1;
    const sent = headers();
    const name = `${line} ${path} ${JSON.stringify(sent)}`;
    leave = join({ line: name, path, headers: sent, after: lastId, whole }, hear, alone);
  };
  const hear = (told: Told): void => {
    heard = Date.now();
    tries = 0;
    if (told.tell === "open") on.open();
    else if (told.tell === "sign") on.sign();
    else if (told.tell === "lost") on.lost();
    else if (told.tell === "event") {
      const { id } = told.event;
      // A hub that was called anew goes on after what the tab had that called first: this one may have had more.
      if (id && Number(id) <= Number(lastId)) return;
      if (id) lastId = id;
      on.sign();
      on.event(told.event);
    } else if (told.tell === "anew") {
      lastId = "";
      on.anew();
    } else if (told.tell === "refused") {
      stop();
      on.refused(told.status);
    }
  };
  const alone = (): void => {
    stop();
    leave = follow(path, headers, on, lastId);
  };
  // By the clock on the wall: a timer that counts stands still while a laptop sleeps.
  const watch = setInterval(() => {
    if (Date.now() - heard <= GONE_AFTER_MS) return;
    on.lost();
    leave();
    if (tries < MOST_TRIES) call();
    else alone();
  }, LOOK_MS);
  const stop = (): void => {
    clearInterval(watch);
    leave();
  };
  call();
  return () => {
    clearInterval(watch);
    leave();
  };
}

/** Joins the hub; `broken` when there is none. */
function join(wanted: Wanted, hear: (told: Told) => void, broken: () => void): () => void {
  let left = false;
  let release: () => void = () => {};
  const worker = new SharedWorker(new URL("./hub.worker.ts", import.meta.url), {
    type: "module",
    name: "afstand",
  });
  worker.onerror = () => {
    if (!left) broken();
  };
  worker.port.onmessage = ({ data }: MessageEvent<Told>) => {
    if (!left) hear(data);
  };
  const tab = `afstand-${crypto.randomUUID()}`;
  void navigator.locks.request(tab, () => {
    if (left) return;
    worker.port.postMessage({ wanted, tab });
    return new Promise<void>((resume) => {
      release = resume;
    });
  });
  return () => {
    left = true;
    worker.port.postMessage(null);
    worker.port.close();
    release();
  };
}
