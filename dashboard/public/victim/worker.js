// The companion's service worker: the page itself opens without a network, to say that there is no contact and to let
// her call. What the service says (/v1/…) is never kept and never answered from here.

const KEPT = "companion";
const PAGE = "/victim";
const PATIENCE_MS = 3_000;

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
