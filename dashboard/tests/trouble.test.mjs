// A monitoring centre on a bad night, in a real browser against the real service: two operators who press at once, a
// service that answers 500, 401 or nothing, a laptop that slept, texts of every kind, a zone of 5,000 corners, a map
// with streets from a server that must not learn who looks.
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { after, before, test } from "node:test";
import { browser, centre, find, orderOf, sitDown, tamper } from "./world.mjs";

const NASTY = `<script>alert(1)</script><img src=x onerror=alert(1)> 🚓👮‍♀️ \u202eomgekeerd\u202c مرحبا `;
/** 400 characters, and hardly a place to break a line. */
const LONG_NOTE = (NASTY + "x".repeat(400)).slice(0, 400);

let streets;
let service;
let chromium;

before(async () => {
  streets = await serverOfStreets();
  service = await centre(`[map]\nstyle_url = "${streets.url}"\n`);
  chromium = await browser();
});

after(async () => {
  await chromium?.close();
  await service?.stop();
  streets?.stop();
});

/** A server of tiles, which remembers what it was asked. */
async function serverOfStreets() {
  const asked = [];
  // One grey point.
  const png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==";
  const server = http.createServer((request, answer) => {
    asked.push(request);
    const isTile = request.url.startsWith("/tegels/");
    const origin = `http://${request.headers.host}`;
    const style = {
      version: 8,
      sources: {
        weg: {
          type: "raster",
          tiles: [`${origin}/tegels/{z}/{x}/{y}.png`],
          tileSize: 256,
          attribution: "proef",
        },
      },
      layers: [{ id: "weg", type: "raster", source: "weg" }],
    };
    answer.writeHead(200, { "content-type": isTile ? "image/png" : "application/json" });
    answer.end(isTile ? Buffer.from(png, "base64") : JSON.stringify(style));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${server.address().port}/stijl`, asked, stop };
}

const desk = (who, prepare) => sitDown(chromium, service, who, prepare);

const go = (page, place) =>
  page.evaluate((hash) => {
    location.hash = hash;
  }, `#/${place}`);

const noteForm = async ({ page, panel }, text) => {
  await panel.getByRole("button", { name: "Bijzonderheid" }).click();
  await page.waitForFunction(() => document.activeElement?.tagName === "TEXTAREA");
  await panel.locator("textarea").fill(text);
};

test("of two operators who press at once the second is told who was first", {
  timeout: 120_000,
}, async () => {
  const device = await tamper(service, "both");
  const desks = { anna: await desk("anna"), bob: await desk("bob") };
  const pressed = [];
  let bothPressed = () => {};
  const both = new Promise((resume) => {
    bothPressed = resume;
  });
  for (const [who, { page }] of Object.entries(desks)) {
    await page.route("**/acknowledge", async (route) => {
      // Neither page has heard of the other's press when it sends its own.
      if (pressed.push(who) === 2) bothPressed();
      await both;
      await route.continue();
    });
    await find(page, device);
  }
  await Promise.all(Object.values(desks).map(({ page }) => page.keyboard.press("o")));
  await Promise.all(Object.values(desks).map(({ panel }) => panel.getByText(/Opgepakt door/).waitFor()));
  const { body } = await service.api("GET", "/v1/incidents?kind=tamper&limit=500");
  const { owner } = body.items.find((item) => item.device === device);
  const second = owner === "anna" ? "bob" : "anna";
  assert.ok(["anna", "bob"].includes(owner), owner);
  assert.deepEqual(pressed.toSorted(), ["anna", "bob"]);
  const said = desks[second].panel.getByRole("alert");
  await said.getByText(`${owner} was eerder, om`).waitFor();
  assert.match(await said.textContent(), /\d\d:\d\d:\d\d/);
  assert.equal(await desks[owner].panel.getByRole("alert").count(), 0);
  for (const { panel } of Object.values(desks)) await panel.getByText(`Opgepakt door ${owner}`).waitFor();
  for (const { sins, leave } of Object.values(desks)) {
    assert.deepEqual(sins, []);
    await leave();
  }
});

test("a supervisor looks up who was near a place; an operator may not", { timeout: 90_000 }, async () => {
  await service.api("PUT", "/v1/orders/ord-near", orderOf("near"));
  const fix = { fixed_at: new Date().toISOString(), lat: 52.0907, lon: 5.1214, accuracy_m: 8 };
  await service.publish("afstand/v1/wearer/am-near/fix", fix);
  const { page, sins, leave } = await desk("claire");
  const asked = [];
  page.on("request", (request) => {
    if (request.url().includes("/v1/lookup/")) asked.push(request);
  });
  await go(page, "lookup");
  await page.getByLabel("Wie was waar").check();
  await page.getByLabel("Breedte, lengte").fill("5.1217, 52.0907");
  await page.getByLabel("Binnen (m)").fill("300");
  await page.getByLabel("Reden").fill("Melding van Zoë's buurvrouw: <b>bij de school</b> 🚓");
  const found = page.getByRole("row", { name: /wearer-near/ });
  await page.getByRole("button", { name: "Zoek op" }).click();
  await found.waitFor();
  // Twenty metres east of it, by the length of a degree there: 0.0003 × 68,680 m.
  assert.match(await found.textContent(), /am-near.*2[01] m/s);
  await page.getByLabel("Breedte, lengte").fill("52.5, 5.5");
  await page.getByRole("button", { name: "Zoek op" }).click();
  await page.getByText("Niemand gezien.").waitFor();
  // Why she looks stands in no address, which proxies write down.
  assert.equal(asked.length, 2);
  for (const request of asked) {
    assert.doesNotMatch(request.url(), /buurvrouw|reason/);
    assert.match(Buffer.from(request.headers()["x-reason"], "latin1").toString(), /Zoë.*🚓/);
  }
  assert.deepEqual(sins, []);
  await leave();
  const operator = await desk("anna");
  await go(operator.page, "lookup");
  await operator.page.getByText("Alleen voor leidinggevenden").waitFor();
  assert.equal(await operator.page.getByLabel("Wie was waar").isDisabled(), true);
  // Nor does he see who changed an order.
  await go(operator.page, "orders");
  await operator.page.locator("main li button").first().click();
  await operator.page.getByText("Uw rol mag bevelen zien, niet wijzigen.").waitFor();
  assert.equal(await operator.page.getByText("Geschiedenis").count(), 0);
  await operator.leave();
});

test("a note survives a service that fails, says nothing, or forgets who is there", {
  timeout: 180_000,
}, async () => {
  const contacts = { victim_contact: { name: NASTY, phone: "06 1234" } };
  const devices = [await tamper(service, "note", { contacts }), await tamper(service, "other")];
  const at = await desk("anna");
  const { page, panel } = at;
  await find(page, devices[0]);
  await noteForm(at, LONG_NOTE);
  const note = panel.locator("textarea");
  const send = () => panel.getByRole("button", { name: "Leg vast" }).click();
  const answering = async (answer) => {
    await page.unroute("**/note");
    await page.route("**/note", answer);
  };
  await answering((route) => route.fulfill({ status: 500, body: "{}" }));
  await send();
  await panel.getByRole("alert").getByText("Niet gedaan").waitFor();
  assert.equal(await note.inputValue(), LONG_NOTE);
  await answering(() => {});
  await send();
  await panel.getByRole("alert").getByText("De dienst antwoordt niet").waitFor({ timeout: 30_000 });
  assert.equal(await note.inputValue(), LONG_NOTE);
  // Another incident is looked at in between: the note belongs to its own.
  await find(page, devices[1]);
  assert.equal(await note.count(), 0);
  await find(page, devices[0]);
  assert.equal(await note.inputValue(), LONG_NOTE);
  await answering((route) => route.fulfill({ status: 401, body: "{}" }));
  await send();
  await page.getByText("wordt niet (meer) geaccepteerd").waitFor();
  // The way back may lead over another page.
  await page.goto("about:blank");
  await page.goto(`http://${service.address}/#token=${service.token.anna}`);
  await page.unroute("**/note");
  await page.locator("h2#incidents").waitFor();
  await find(page, devices[0]);
  assert.equal(await note.inputValue(), LONG_NOTE);
  await send();
  await panel.locator("section", { hasText: "Verloop" }).getByText("omgekeerd").first().waitFor();
  assert.equal(await note.count(), 0);
  const { body } = await service.api("GET", "/v1/incidents?kind=tamper&limit=500");
  const { incident } = body.items.find((item) => item.device === devices[0]);
  const told = await service.api("GET", `/v1/incidents/${incident}`);
  assert.equal(told.body.timeline.filter((entry) => entry.detail?.text === LONG_NOTE.trim()).length, 1);
  // Text is text: nothing of it ran or was made an element, and nothing sticks out.
  assert.equal(await page.locator("aside.panel script, aside.panel img").count(), 0);
  await panel.getByText("<img src=x onerror=alert(1)>").first().waitFor();
  assert.equal(await panel.evaluate((element) => element.scrollWidth > element.clientWidth), false);
  await at.leave();
});

/** A browser whose tabs cannot share a line: each has its own. */
const apart = (page) => page.addInitScript(() => Reflect.deleteProperty(globalThis, "SharedWorker"));

test("a laptop that slept for an hour shows nothing old as live, and has missed nothing", {
  timeout: 120_000,
}, async () => {
  const { page, leave } = await desk("bob", async (fresh) => {
    await fresh.clock.install();
    await apart(fresh);
  });
  await page.waitForFunction(() => !document.querySelector(".app.old"));
  const asked = [];
  page.on("request", (request) => {
    if (new URL(request.url()).pathname === "/v1/live") asked.push(request.headers()["last-event-id"]);
  });
  const device = await tamper(service, "slept");
  await page.clock.fastForward("01:00:00");
  // It is given up, and followed again from where it was.
  await page.waitForFunction(() => document.querySelector(".app.old") === null, null, { timeout: 60_000 });
  for (const end = Date.now() + 30_000; asked.length === 0 && Date.now() < end; )
    await page.waitForTimeout(200);
  assert.match(asked[0] ?? "", /^\d+$/, "the stream is followed again after the last id seen");
  await page.getByText("GEEN VERBINDING.").waitFor({ state: "detached", timeout: 30_000 });
  await find(page, device);
  await leave();
});

test("a tab that slept for an hour, beside others that share its line, has missed nothing either", {
  timeout: 120_000,
}, async () => {
  const { page, leave } = await desk("bob", (fresh) => fresh.clock.install());
  await page.waitForFunction(() => !document.querySelector(".app.old"));
  await page.evaluate(() => {
    globalThis.wasOld = false;
    const note = () => {
      globalThis.wasOld ||= document.querySelector(".app.old") !== null;
    };
    new MutationObserver(note).observe(document, { subtree: true, attributes: true });
  });
  const device = await tamper(service, "dozed");
  await page.clock.fastForward("01:00:00");
  // It looks old, or the line that it shares speaks before it has looked: then it is not.
  await page.waitForFunction(() => globalThis.wasOld, null, { timeout: 5_000 }).catch(() => {});
  await page.waitForFunction(() => document.querySelector(".app.old") === null, null, { timeout: 60_000 });
  await find(page, device);
  await leave();
});

test("a zone of 5,000 corners is read, judged and registered", { timeout: 120_000 }, async () => {
  const { page, sins, leave } = await desk("claire");
  await go(page, "orders");
  const ring = Array.from({ length: 5_000 }, (_, n) => {
    const [turn, far] = [(n / 5_000) * 2 * Math.PI, 0.06 + 0.002 * Math.sin(n / 3)];
    return [5.1 + 1.6 * far * Math.cos(turn), 52.1 + far * Math.sin(turn)];
  });
  const geometry = { type: "Polygon", coordinates: [[...ring, ring[0]]] };
  const properties = { zone: "grens", kind: "exclusion", victim: "victim-corners", buffer_m: 500 };
  const order = orderOf("corners", {
    victims: [{ person: "victim-corners", device: "vd-corners", residence: [5.1, 52.1] }],
    zones: { type: "FeatureCollection", features: [{ type: "Feature", geometry, properties }] },
  });
  const file = {
    name: "bevel.json",
    mimeType: "application/json",
    buffer: Buffer.from(JSON.stringify(order)),
  };
  const began = Date.now();
  await page.locator("input[type=file]").setInputFiles(file);
  await page
    .getByText("RADIUS_BELOW_ADVICE")
    .or(page.getByText("EXPIRES_SOON"))
    .or(page.getByText("Geen bevindingen"))
    .first()
    .waitFor({ timeout: 30_000 });
  console.log(`5,000 corners were judged after ${Date.now() - began} ms`);
  await page.getByRole("button", { name: "Registreer" }).click();
  await page.getByText("Bevel ord-corners is van kracht volgens zijn data.").waitFor({ timeout: 30_000 });
  const { body } = await service.api("GET", "/v1/orders/ord-corners");
  assert.equal(body.zones.features[0].geometry.coordinates[0].length, 5_001);
  assert.deepEqual(sins, []);
  await leave();
});

test("streets come through the service, and who gives them learns nothing of who looks", {
  timeout: 60_000,
}, async () => {
  const { page, sins, leave } = await desk("anna");
  await page.locator(".maplibregl-canvas").waitFor();
  await page.getByText("Offline kaart").waitFor({ state: "detached", timeout: 30_000 });
  await page.getByText("proef").waitFor();
  assert.deepEqual(sins, []);
  const tiles = streets.asked.filter(({ url }) => url.startsWith("/tegels/"));
  assert.ok(tiles.length > 0);
  for (const { url, headers } of streets.asked) {
    assert.match(url, /^\/(stijl|tegels\/\d+\/\d+\/\d+\.png)$/);
    const told = Object.keys(headers).filter(
      (name) => !["accept", "accept-encoding", "host", "user-agent"].includes(name),
    );
    assert.deepEqual([told, headers["user-agent"].split("/")[0]], [[], "afstand"]);
  }
  await leave();
});
