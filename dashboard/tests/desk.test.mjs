// Desk work, in a real browser against the real service: an order that is drawn by clicking the map, files that are
// imported, two supervisors at one order, look-ups, what was resolved long ago, paper, and the page of a build without
// the console.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import http from "node:http";
import { after, before, test } from "node:test";
import { axe, browser, centre, orderOf, tamper, watched } from "./world.mjs";

let service;
let chromium;
let origin;

before(async () => {
  service = await centre();
  origin = `http://${service.address}`;
  chromium = await browser();
});

after(async () => {
  await chromium?.close();
  await service?.stop();
});

/** Somebody of the centre at a desk of her own, at a place of the console. */
async function desk(place, who = "claire") {
  const { page, sins } = await watched(chromium, origin);
  await page.goto(`${origin}/#token=${service.token[who]}`);
  await page.locator("h2#incidents").waitFor();
  await go(page, place);
  return { page, sins, leave: () => page.context().close() };
}

const go = (page, place) =>
  page.evaluate((hash) => {
    location.hash = hash;
  }, `#/${place}`);

const give = (page, name, content) =>
  page.locator("input[type=file]").setInputFiles({
    name,
    mimeType: "application/json",
    buffer: Buffer.from(typeof content === "string" ? content : JSON.stringify(content)),
  });

const button = (page, name) => page.getByRole("button", { name, exact: true });

async function download(page, name) {
  const [file] = await Promise.all([page.waitForEvent("download"), button(page, name).click()]);
  return { name: file.suggestedFilename(), content: JSON.parse(readFileSync(await file.path(), "utf8")) };
}

/** Pixels that a metre takes, by the bar on the map. */
async function pixelsPerMetre(page) {
  const bar = page.locator(".maplibregl-ctrl-scale");
  const [, length, unit] = /([\d.,]+)\s*(k?m)/.exec(await bar.textContent());
  const { width } = await bar.boundingBox();
  return width / (Number(length.replace(",", ".")) * (unit === "km" ? 1_000 : 1));
}

/** A home and a circle around it, by clicking; where the circle's edge was clicked it was so far from its middle. */
async function drawCircle(page, wanted_m) {
  await button(page, "Woning slachtoffer").click();
  const box = await page.locator(".middle .map").boundingBox();
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  // The map comes near: what was placed stands in the middle of what is not covered by its edges.
  await page.waitForFunction(() =>
    /^[123]\skm$|^\d+\sm$/.test(document.querySelector(".maplibregl-ctrl-scale").textContent),
  );
  await page.waitForTimeout(1_000);
  const middle = { x: box.x + box.width / 2 - 20, y: box.y + box.height / 2 + 10 };
  const edge = { x: middle.x + wanted_m * (await pixelsPerMetre(page)), y: middle.y };
  await button(page, "Cirkel").click();
  await page.mouse.click(middle.x, middle.y);
  await page.mouse.move(edge.x - 3, edge.y, { steps: 4 });
  await page.mouse.move(edge.x, edge.y);
  const hint = await page.locator(".hint", { hasText: "Straal" }).textContent();
  await page.mouse.click(edge.x, edge.y);
  return Number(/Straal ([\d.]+) m/.exec(hint)[1].replace(".", ""));
}

test("a circle that is drawn too small is said to be while nobody has a name yet, and is exported as drawn", {
  timeout: 120_000,
}, async () => {
  const { page, sins, leave } = await desk("orders");
  await button(page, "Nieuw").click();
  await page.locator(".maplibregl-canvas").waitFor();
  await page.waitForTimeout(1_000);
  const told_m = await drawCircle(page, 800);
  assert.ok(Math.abs(told_m - 800) < 40, `${told_m} m where 800 were measured on the map`);
  assert.equal(Number(await page.getByLabel("Straal (m)").inputValue()), told_m);
  const findings = page.getByRole("region", { name: "Richtlijn" });
  await findings.getByText("RADIUS_TOO_SMALL").waitFor();
  await findings.getByText("Nog in te vullen: Kenmerk, drager: Persoon, slachtoffer 1: Persoon").waitFor();
  assert.equal(await findings.getByText("an id is").count(), 0);
  assert.deepEqual(await axe(page), []);
  // With names it is still the same zone of the same victim.
  await page.getByLabel("Kenmerk").fill("ord-drawn");
  const parties = page.locator("form > fieldset");
  await parties.nth(0).getByLabel("Persoon").fill("wearer drawn");
  await findings.getByText("drager: Persoon bestaat uit 1 tot 64 letters").waitFor();
  await parties.nth(0).getByLabel("Persoon").fill("wearer-drawn");
  await parties.nth(1).getByLabel("Persoon").fill("victim-drawn");
  await findings.getByText("RADIUS_TOO_SMALL").waitFor();
  await page.getByLabel("Naam").fill("rond-haar-huis");
  await page.keyboard.press("Tab");
  const order = await download(page, "Exporteer bevel");
  assert.equal(order.name, "ord-drawn.json");
  const [zone] = order.content.zones.features;
  assert.deepEqual(
    [zone.properties.zone, zone.properties.victim, zone.properties.radius_m, zone.geometry.type],
    ["rond-haar-huis", "victim-drawn", told_m, "Point"],
  );
  assert.match(order.content.valid_from, /T00:00:00\+0[12]:00$/);
  const zones = await download(page, "Exporteer GeoJSON");
  assert.deepEqual(zones, { name: "ord-drawn.geojson", content: order.content.zones });
  // What was exported can be imported beside it, under a name that is free.
  await give(page, "gebieden.geojson", zones.content);
  await page.getByText("1 gebieden toegevoegd.").waitFor();
  const names = await page.getByLabel("Naam").evaluateAll((inputs) => inputs.map((input) => input.value));
  assert.equal(new Set(names).size, 2, names.join());
  assert.deepEqual(sins, []);
  await leave();
});

test("schedule, contacts and another protected place are set in the form, and stand in the register", {
  timeout: 120_000,
}, async () => {
  const { page, sins, leave } = await desk("orders");
  await give(page, "bevel.json", orderOf("form"));
  await page.getByLabel("Naam").waitFor();
  await page.getByLabel("Niet de woning maar").fill("51.9, 4.41");
  await page.getByText("Geldt altijd; maak een rooster").click();
  await button(page, "Voeg een tijdvak toe").click();
  await page.getByLabel("zo", { exact: true }).uncheck();
  await page.getByLabel("Van", { exact: true }).fill("21:30");
  await page.getByText("Contactpersonen").click();
  const contact = page.locator("fieldset", { hasText: "Toezichthouder" });
  await contact.getByLabel("Wie").fill("J. Jansen");
  await contact.getByLabel("Telefoon").fill("06 12345678");
  await page.getByLabel("Geldig tot").fill("2027-07-01");
  await page.getByLabel("Eindigt om").fill("00:00");
  await page.keyboard.press("Tab");
  await button(page, "Registreer").click();
  await page.getByText("Bevel ord-form is van kracht volgens zijn data.").waitFor();
  const { body } = await service.api("GET", "/v1/orders/ord-form");
  const { protects, schedule } = body.zones.features[0].properties;
  assert.deepEqual(protects, [4.41, 51.9]);
  const days = ["mon", "tue", "wed", "thu", "fri", "sat"];
  assert.deepEqual(schedule, {
    timezone: "Europe/Amsterdam",
    weekly: [{ days, from: "21:30", to: "06:00" }],
  });
  assert.deepEqual(body.contacts, { supervising_officer: { name: "J. Jansen", phone: "06 12345678" } });
  assert.equal(body.valid_until, "2027-07-01T00:00:00+02:00");
  assert.deepEqual(await axe(page), []);
  assert.deepEqual(sins, []);
  await leave();
});

test("what is imported is refused by its field, listed when there are more, and replaces nothing unasked", {
  timeout: 120_000,
}, async () => {
  const { page, sins, leave } = await desk("orders");
  const { valid_from: _, ...undated } = orderOf("undated");
  await give(page, "zonder.json", undated);
  await page.getByText("zonder.json: geen volledig bevel (het 1e): Geldig vanaf ontbreekt.").waitFor();
  await give(page, "leeg.json", [orderOf("some"), orderOf("empty", { victims: [null] })]);
  await page.getByText("leeg.json: geen leesbaar bevel (het 2e)").waitFor();
  await give(page, "drie.json", [orderOf("one"), orderOf("two"), orderOf("three")]);
  const queue = page.getByRole("region", { name: "Bevelen uit het bestand" });
  await queue.getByRole("button", { name: "ord-three" }).click();
  await page.waitForFunction(() => document.querySelector("aside input").value === "ord-three");
  await page.getByLabel("Meldkamer").fill("rotterdam");
  // A press of a key elsewhere leads to the incidents; what was written stands there afterwards.
  await page.locator(".maplibregl-canvas").focus();
  await page.keyboard.press("k");
  await page.locator("h2#incidents").waitFor();
  await go(page, "orders");
  assert.equal(await page.getByLabel("Meldkamer").inputValue(), "rotterdam");
  await page.reload();
  await page.waitForFunction(() => document.querySelectorAll("aside input")[1]?.value === "rotterdam");
  await give(page, "een.json", orderOf("another"));
  const asked = page.getByRole("alertdialog");
  await asked.getByText("Wat u schreef in ord-three is niet geregistreerd.").waitFor();
  await asked.getByRole("button", { name: "Schrijf verder" }).click();
  assert.equal(await page.getByLabel("Kenmerk").inputValue(), "ord-three");
  await button(page, "Nieuw").click();
  await asked.getByRole("button", { name: "Laat het vallen" }).click();
  assert.equal(await page.getByLabel("Kenmerk").inputValue(), "");
  assert.deepEqual(sins, []);
  await leave();
});

test("the second of two supervisors is told who was first, and chooses; a withdrawal is of what was pressed", {
  timeout: 120_000,
}, async () => {
  for (const name of ["duo", "alone"]) await service.api("PUT", `/v1/orders/ord-${name}`, orderOf(name));
  const { page, sins, leave } = await desk("orders");
  const row = (name) => page.locator("button.order", { hasText: name });
  await row("ord-duo").click();
  await button(page, "Trek in").click();
  await button(page, "Zeker intrekken?").waitFor();
  await row("ord-alone").click();
  await button(page, "Trek in").waitFor();
  await row("ord-duo").click();
  await button(page, "Trek in").waitFor();
  await page.getByLabel("Meldkamer").fill("van-mij");
  const theirs = await service.api("PUT", "/v1/orders/ord-duo", orderOf("duo", { desk: "van-hen" }));
  assert.equal(theirs.status, 200);
  await button(page, "Registreer").click();
  const told = page.getByRole("alert").filter({ hasText: "heeft ord-duo gewijzigd" });
  assert.match(await told.textContent(), /claire heeft ord-duo gewijzigd om \d\d:\d\d:\d\d/);
  const stored = async () => (await service.api("GET", "/v1/orders/ord-duo")).body.desk;
  assert.equal(await stored(), "van-hen");
  await told.getByRole("button", { name: "Toon wat er nu staat" }).click();
  assert.equal(await page.getByLabel("Meldkamer").inputValue(), "van-hen");
  await page.getByLabel("Meldkamer").fill("van-mij");
  await button(page, "Registreer").click();
  await page.getByText("Bevel ord-duo is van kracht volgens zijn data.").waitFor();
  assert.equal(await stored(), "van-mij");
  // A new order takes nobody's place either.
  await button(page, "Nieuw").click();
  await give(page, "duo.json", orderOf("duo"));
  await button(page, "Registreer").click();
  await page.getByText("Er is al een bevel ord-duo, laatst gewijzigd door claire").waitFor();
  await button(page, "Registreer toch het mijne").click();
  await page.getByText("Bevel ord-duo is van kracht volgens zijn data.").waitFor();
  assert.equal(await stored(), undefined);
  assert.deepEqual(sins, []);
  await leave();
});

test("look-ups answer in words, and a second question that fails is said", { timeout: 120_000 }, async () => {
  await service.api("PUT", "/v1/orders/ord-words", orderOf("words", { legal_basis: "sv_509hh" }));
  await service.publish("afstand/v1/wearer/am-words/fix", {
    fixed_at: new Date().toISOString(),
    lat: 53.2,
    lon: 6.5,
    accuracy_m: 8,
  });
  const { page, sins, leave } = await desk("lookup");
  await page.getByLabel("Plaats").check();
  await page.getByLabel("Breedte, lengte").fill("51.9, 4.4");
  await page.getByLabel("Reden").fill("Melding van een buurvrouw");
  await button(page, "Zoek op").click();
  const answer = page
    .getByRole("region", { name: "Antwoord" })
    .or(page.locator("section[aria-label=Antwoord]"))
    .first();
  const his = answer.getByRole("listitem").filter({ hasText: "wearer-words" });
  await his.getByText("wearer-words mag hier niet komen").waitFor();
  const text = await his.textContent();
  // In the very middle of a circle of 5 km.
  for (const part of [
    "Verboden gebied zone-words",
    "bevel ord-words",
    "5.000 m binnen",
    "art. 509hh",
    "Aanhouding",
  ])
    assert.ok(text.includes(part), `${part}: ${text}`);
  assert.doesNotMatch(text, /edge|covers|true|4\.9\d/);
  assert.deepEqual(await axe(page), []);
  await page.getByLabel("Persoon").check();
  await page.getByLabel("Kenmerk van drager").fill("wearer-words");
  await button(page, "Zoek op").click();
  await answer.getByText("wearer-words mag niet komen in zone-words").waitFor();
  assert.deepEqual(await axe(page), []);
  await page.route("**/v1/lookup/person/**", (route) => route.fulfill({ status: 503, body: "{}" }));
  await button(page, "Zoek op").click();
  await page.getByRole("alert").getByText("De bevelen van deze persoon staan er niet bij").waitFor();
  await answer.getByText("am-words").waitFor();
  assert.deepEqual(
    sins.filter((sin) => !sin.startsWith("503: /v1/lookup/person")),
    [],
  );
  await leave();
});

test("a resolved incident is found again, by filter and by address, and is printed whole", {
  timeout: 120_000,
}, async () => {
  const device = await tamper(service, "paper");
  const find = async () => {
    const { body } = await service.api("GET", "/v1/incidents?kind=tamper&limit=500");
    return body.items.find((item) => item.device === device);
  };
  while (!(await find())) await new Promise((resume) => setTimeout(resume, 200));
  const { incident } = await find();
  const { page, sins, leave } = await desk("incidents", "anna");
  const row = page.locator(`.row[data-incident="${incident}"]`);
  await row.click();
  await page.locator("aside.panel .figure").waitFor();
  assert.equal(new URL(page.url()).hash, `#/incidents/${incident}`);
  for (let n = 0; n < 34; n += 1)
    await service.api("POST", `/v1/incidents/${incident}/note`, { text: `Bijzonderheid nummer ${n}` });
  // The form is a part of the page that axe is to see.
  await button(page, "Bijzonderheid").click();
  await page.locator("aside.panel textarea").waitFor();
  assert.deepEqual(await axe(page), []);
  const done = await service.api("POST", `/v1/incidents/${incident}/resolve`, {
    outcome: "device_fault",
    note: "Band vervangen",
  });
  assert.equal(done.body.state, "resolved", JSON.stringify(done.body));
  // Somebody who comes later has never heard of it.
  await page.reload();
  await page.locator("aside.panel").getByText("Dit incident is afgehandeld.").waitFor();
  await go(page, "orders");
  await page.evaluate(() => localStorage.clear());
  const later = await desk("incidents", "bob");
  await later.page.getByRole("button", { name: "Filter", exact: true }).click();
  assert.equal(await later.page.locator(`.row[data-incident="${incident}"]`).count(), 0);
  await later.page.getByLabel("ook afgehandelde").check();
  await later.page.getByRole("searchbox").fill(device);
  await later.page.locator(`.row[data-incident="${incident}"]`).click();
  await later.page.getByText("Band vervangen").first().waitFor();
  await later.page.waitForFunction(
    () => !document.querySelector("#why")?.parentElement.textContent.includes("opgehaald"),
  );
  // As the browser does before it prints.
  await later.page.emulateMedia({ media: "print" });
  await later.page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  const paper = later.page.locator("article.paper");
  assert.equal(await paper.isVisible(), true);
  assert.equal(await later.page.locator("aside.panel").isVisible(), false);
  const printed = await paper.textContent();
  for (const part of [
    incident,
    "ord-paper",
    "door bob",
    "Waarom",
    "Band vervangen",
    "toestel defect",
    "Bezorging",
  ])
    assert.ok(printed.includes(part), `${part}: ${printed}`);
  // All of the story, each line with its day.
  for (const n of [0, 33]) assert.ok(printed.includes(`Bijzonderheid nummer ${n}`));
  const times = await paper.locator(".story .at").allTextContents();
  assert.ok(times.length > 34);
  for (const time of times) assert.match(time, /^\d+ \S+ 20\d\d,? \d\d:\d\d:\d\d/);
  assert.equal(await paper.getByRole("button").count(), 0);
  await later.page.evaluate(() => dispatchEvent(new Event("afterprint")));
  assert.equal(await paper.count(), 0);
  assert.deepEqual([...sins, ...later.sins], []);
  await later.leave();
  await leave();
});

test("figures that cannot be fetched are not shown, and what is set aside is listed when it comes", {
  timeout: 120_000,
}, async () => {
  const { page, leave } = await desk("health");
  const figure = page.locator("dl div", { hasText: "Broker verbonden" }).locator("dd");
  await page.waitForFunction(() => document.querySelector("dl dd")?.textContent !== "–");
  await service.publish("afstand/v1/wearer/nobody-knows-me/fix", { lat: 1 });
  await page.getByText("afstand/v1/wearer/nobody-knows-me/fix").waitFor({ timeout: 30_000 });
  await page.route("**/metrics", (route) => route.fulfill({ status: 500, body: "" }));
  await page.getByText("De cijfers kunnen niet worden opgehaald.").waitFor({ timeout: 30_000 });
  assert.equal(await figure.textContent(), "–");
  await leave();
});

test("a build without the console says so, under the same policy and without a fault", async () => {
  const policy = (await fetch(origin)).headers.get("content-security-policy");
  const notice = readFileSync(new URL("../notice/index.html", import.meta.url));
  const server = http.createServer((_, answer) => {
    answer.writeHead(200, { "content-type": "text/html; charset=utf-8", "content-security-policy": policy });
    answer.end(notice);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const its = `http://127.0.0.1:${server.address().port}`;
  const { page, sins } = await watched(chromium, its, { width: 390, height: 800 });
  await page.goto(its);
  await page.getByText("deze uitvoering heeft geen console").waitFor();
  await page.getByText("this build has no console").waitFor();
  assert.equal(await page.getByRole("link").first().getAttribute("href"), "/docs/");
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false);
  assert.deepEqual(await axe(page), []);
  assert.deepEqual(sins, []);
  await page.context().close();
  server.close();
});
