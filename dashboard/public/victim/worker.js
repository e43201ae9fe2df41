// The companion's service worker: the page itself opens without a network, to say that there is no contact and to let
// her call. What the service says (/v1/…) is never kept and never answered from here.

const KEPT = "companion";
const PAGE = "/victim";
const PATIENCE_MS = 3_000;

/** What a notification says, in Dutch and English: that there is something to see. It may be read over her shoulder. */
const SAID = {
  alarm: ["Alarm: open Afstand nu", "Alarm: open Afstand now"],
  warning: ["Let op: open Afstand", "Take care: open Afstand"],
  clear: ["Voorbij. Meer in Afstand", "It is over. More in Afstand"],
  test: ["Test geslaagd: meldingen komen aan", "Test passed: notifications arrive"],
  other: ["Open Afstand", "Open Afstand"],
};

self.addEventListener("install", (event) => {
  event.waitUntil(keep().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(self.clients.claim());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (url.pathname === PAGE) event.respondWith(page(request, event));
  else if (url.pathname.startsWith("/assets/")) event.respondWith(asset(request));
});

/** The page and everything that it names. */
async function keep() {
  const response = await fetch(PAGE, { cache: "no-store" });
  if (!response.ok) return;
  const cache = await caches.open(KEPT);
  const named = [...(await response.clone().text()).matchAll(/"(\/assets\/[^"]+)"/g)].map(([, path]) => path);
  const known = new Set((await cache.keys()).map(({ url }) => new URL(url).pathname));
  await cache.addAll(named.filter((path) => !known.has(path)));
  await cache.put(PAGE, response);
  // Names have a hash of their content: scripts and styles that the page no longer names are of an older one.
  for (const path of known)
    if (/^\/assets\/.*\.(js|css)$/.test(path) && !named.includes(path)) await cache.delete(path);
}

/** The newest page; the kept one when there is none within a few seconds. */
async function page(request, event) {
  const late = new Promise((resume) => setTimeout(resume, PATIENCE_MS));
  const fresh = fetch(request);
  const response = await Promise.race([fresh, late]).catch(() => undefined);
  if (response?.ok) {
    event.waitUntil(keep().catch(() => {}));
    return response;
  }
  return (await caches.match(PAGE, { ignoreSearch: true })) ?? fresh;
}

/** What was fetched once never changes. */
async function asset(request) {
  const kept = await caches.match(request);
  if (kept) return kept;
  const response = await fetch(request);
  if (response.ok) (await caches.open(KEPT)).put(request, response.clone());
  return response;
}

self.addEventListener("push", (event) => {
  event.waitUntil(wake(event.data));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open());
});

/** Each push is shown, whatever it holds: a browser takes them away from whoever stays silent. */
async function wake(data) {
  let said = {};
  try {
    said = data.json() ?? {};
  } catch {
    // Nothing that can be read is still a reason to look.
  }
  const kind = Object.hasOwn(SAID, said.kind) ? said.kind : "other";
  const language = await (await caches.match("/victim/language"))?.text();
  const pages = await windows();
  for (const one of pages) one.postMessage("look");
  // A page that she looks at rings by itself.
  const quiet = pages.some(({ visibilityState }) => visibilityState === "visible");
  const tag = typeof said.tag === "string" ? said.tag : "";
  await self.registration.showNotification("Afstand", {
    body: SAID[kind][language === "en" ? 1 : 0],
    lang: language === "en" ? "en" : "nl",
    icon: "/victim/icon-192.png",
    tag,
    renotify: tag !== "" && kind !== "clear",
    requireInteraction: kind === "alarm",
    ...(quiet ? { silent: true } : kind === "alarm" ? { vibrate: [400, 200, 400, 200, 400] } : {}),
  });
}

/** The companion's open pages. */
async function windows() {
  const all = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  return all.filter(({ url }) => new URL(url).pathname === PAGE);
}

/** The page, in front. */
async function open() {
  const [page] = await windows();
  if (!page) return self.clients.openWindow(PAGE);
  return page.focus();
}
