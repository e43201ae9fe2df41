// The companion's service worker, in a world that notes what it shows.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";

const SOURCE = readFileSync(join(import.meta.dirname, "../../public/victim/worker.js"), "utf8");

interface Shown extends NotificationOptions {
  title: string;
  renotify: boolean;
  vibrate?: number[];
}

/** A worker with these pages open, in her language. */
function worker(pages: { url: string; visibilityState: string }[] = [], language?: string) {
  const handlers: Record<string, (event: unknown) => void> = {};
  const shown: Shown[] = [];
  const did: string[] = [];
  const clients = pages.map((page) => ({
    ...page,
    postMessage: (said: string) => did.push(`${said} ${page.url}`),
    focus: async () => did.push(`focus ${page.url}`),
  }));
  const self = {
    addEventListener: (name: string, handler: (event: unknown) => void) => {
      handlers[name] = handler;
    },
    location: { origin: "https://afstand.example" },
    clients: {
      matchAll: async () => clients,
      openWindow: async (path: string) => did.push(`open ${path}`),
    },
    registration: {
      showNotification: async (title: string, options: Shown) => void shown.push({ ...options, title }),
    },
  };
  const caches = {
    match: async (path: string) =>
      path === "/victim/language" && language ? { text: async () => language } : undefined,
  };
  runInNewContext(SOURCE, { self, caches, URL });
  const happen = async (name: string, event: object) => {
    let end: Promise<unknown> = Promise.resolve();
    handlers[name]?.({ ...event, waitUntil: (ends: Promise<unknown>) => (end = ends) });
    await end;
  };
  const push = (text: string | null) =>
    happen("push", { data: text === null ? null : { json: () => JSON.parse(text) } });
  return { shown, did, happen, push };
}

test("each kind is shown in her language, and says only that there is something to see", async () => {
  const [dutch, english] = [worker([], "nl"), worker([], "en")];
  for (const kind of ["alarm", "warning", "clear", "test"]) {
    await dutch.push(JSON.stringify({ kind, tag: "t" }));
    await english.push(JSON.stringify({ kind, tag: "t" }));
  }
  expect(dutch.shown.map(({ title, body, lang }) => [title, body, lang])).toEqual([
    ["Afstand", "Alarm: open Afstand nu", "nl"],
    ["Afstand", "Let op: open Afstand", "nl"],
    ["Afstand", "Voorbij. Meer in Afstand", "nl"],
    ["Afstand", "Test geslaagd: meldingen komen aan", "nl"],
  ]);
  expect(english.shown[0]?.body).toBe("Alarm: open Afstand now");
  expect(dutch.shown.map(({ tag }) => tag)).toEqual(["t", "t", "t", "t"]);
  // The end of an alarm takes its place without ringing; an alarm stays until it is looked at.
  expect(dutch.shown.map(({ renotify }) => renotify)).toEqual([true, true, false, true]);
  expect(dutch.shown.map(({ requireInteraction }) => requireInteraction)).toEqual([
    true,
    false,
    false,
    false,
  ]);
  expect(dutch.shown[0]?.vibrate).toBeDefined();
});

test.each([null, "", "no JSON", "null", "7", "{}", '{"kind":"toString"}', '{"kind":"alarm","tag":7}'])(
  "a push that holds %s is shown all the same",
  async (text) => {
    const { shown, push } = worker();
    await push(text);
    expect(shown.length).toBe(1);
    expect(shown[0]).toMatchObject({ title: "Afstand", tag: "", renotify: false, lang: "nl" });
    expect(shown[0]?.body).toMatch(/open Afstand/i);
  },
);

test("pages look again, and one that she looks at rings by itself", async () => {
  const here = { url: "https://afstand.example/victim", visibilityState: "hidden" };
  const console = { url: "https://afstand.example/", visibilityState: "visible" };
  const hidden = worker([console, here]);
  await hidden.push('{"kind":"alarm","tag":"t"}');
  expect(hidden.did).toEqual([`look ${here.url}`]);
  expect(hidden.shown[0]?.silent).toBeUndefined();
  const seen = worker([{ ...here, visibilityState: "visible" }]);
  await seen.push('{"kind":"alarm","tag":"t"}');
  expect(seen.shown[0]?.silent).toBe(true);
  // A browser refuses a silent notification that vibrates.
  expect(seen.shown[0]?.vibrate).toBeUndefined();
});

test("a tap leads to the page, and opens none where one is open", async () => {
  const page = { url: "https://afstand.example/victim#x", visibilityState: "hidden" };
  for (const [pages, did] of [
    [[], ["open /victim"]],
    [[{ ...page, url: "https://afstand.example/" }], ["open /victim"]],
    [[page], [`focus ${page.url}`]],
  ] as const) {
    const { did: done, happen } = worker([...pages]);
    let closed = false;
    await happen("notificationclick", {
      notification: {
        close: () => {
          closed = true;
        },
      },
    });
    expect([closed, done]).toEqual([true, [...did]]);
  }
});
