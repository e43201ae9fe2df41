// What must not go wrong in triage, in a real browser against the real service: an alarm that is silent, out of sight, or
// told with figures of before; words that are lost; keys that do not do what they say.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { browser, centre, find, line, orderOf, sitDown, tamper, watched } from "./world.mjs";

let service;
let chromium;

before(async () => {
  service = await centre("", "vd-together");
  chromium = await browser();
});

after(async () => {
  await chromium?.close();
  await service?.stop();
});

// Also those of a test that failed: they would cost the next one its time.
afterEach(() => Promise.all(chromium.contexts().map((context) => context.close())));

/** Somebody at a desk whose sounds are heard. */
async function desk(who, prepare = async () => {}) {
  const at = await sitDown(chromium, service, who, async (page) => {
    await page.addInitScript(listen);
    await prepare(page);
  });
  return { ...at, sounds: () => at.page.evaluate(() => globalThis.sounds) };
}

/** Counts the sounds that a page makes by their first tones; runs in the page. */
function listen() {
  globalThis.sounds = { alarm: 0, warning: 0 };
  const { start } = OscillatorNode.prototype;
  OscillatorNode.prototype.start = function (...when) {
    if (this.frequency.value === 988) globalThis.sounds.alarm += 1 / 3;
    if (this.frequency.value === 523) globalThis.sounds.warning += 1 / 2;
    return start.apply(this, when);
  };
}

const turnOn = ({ page }) => page.getByRole("button", { name: "Geluid staat uit" }).click();

/** Waits for so many more sounds than there were. */
const sounded = ({ page }, level, more, before, timeout = 20_000) =>
  page.waitForFunction(([name, n]) => globalThis.sounds[name] >= n - 0.1, [level, before[level] + more], {
    timeout,
  });

const HOME = { lat: 52.5, lon: 5.9 };
const METRES_NORTH = 111_250;

/** A pair of which he comes nearer as he is told: metres north of her, seconds after he was first seen. */
async function pair(name, proximity = { alarm_m: 1000, warning_m: 3000, warning_s: 0 }) {
  const order = orderOf(name, {
    victims: [
      {
        person: `victim-${name}`,
        device: `vd-${name}`,
        fix_interval_s: 3600,
        residence: [5.9, 52.5],
        proximity,
      },
    ],
    zones: { type: "FeatureCollection", features: [] },
  });
  order.wearer.fix_interval_s = 3600;
  const { status, body } = await service.api("PUT", `/v1/orders/${order.order}`, order);
  assert.equal(status, 201, JSON.stringify(body));
  const began = Date.now();
  const fix = (role, device, seconds, lat) =>
    service.publish(`afstand/v1/${role}/${device}/fix`, {
      fixed_at: new Date(began + seconds * 1_000).toISOString(),
      ...{ lat, lon: HOME.lon, accuracy_m: 8 },
    });
  await fix("victim", `vd-${name}`, 0, HOME.lat);
  return (seconds, metres) => fix("wearer", `am-${name}`, seconds, HOME.lat + metres / METRES_NORTH);
}

const aware = (name) =>
  service.publish(`afstand/v1/victim/vd-${name}/aware`, { pressed_at: new Date().toISOString() });

const incidentOf = async (order, kind) => {
  const { body } = await service.api("GET", "/v1/incidents?limit=500");
  return body.items.find((item) => item.order === `ord-${order}` && item.kind === kind);
};

test("a warning that somebody took and that becomes an alarm rings, and is taken up again", {
  timeout: 90_000,
}, async () => {
  const at = await desk("anna");
  const { page, panel, sins } = at;
  await turnOn(at);
  const wearer = await pair("risen");
  await wearer(0, 2_500);
  await find(page, "wearer-risen");
  await page.keyboard.press("o");
  await panel.getByText("Opgepakt door anna").waitFor();
  const before = await at.sounds();
  await wearer(40, 600);
  await panel.getByText("Was opgepakt door anna; nu Alarm").waitFor();
  await sounded(at, "alarm", 2, before);
  await page.locator(".row", { hasText: "niet opgepakt" }).waitFor();
  await page.keyboard.press("o");
  await panel.getByText("Opgepakt door anna").waitFor();
  assert.equal((await incidentOf("risen", "victim_proximity")).state, "acknowledged");
  assert.deepEqual(sins, []);
});

test("one approach, on the operator's page and on hers at once", { timeout: 120_000 }, async () => {
  const wearer = await pair("together", { alarm_m: 1000, warning_m: 1500, warning_s: 0 });
  const hers = await watched(chromium, `http://${service.address}`, { width: 390, height: 844 });
  await hers.page.goto(`http://${service.address}/victim#token=${service.token.app}`);
  const heading = (text) => hers.page.getByRole("heading", { level: 1, name: text }).waitFor();
  const { page, panel, sins } = await desk("claire");
  const reached = (step) => panel.locator(".ladder li.reached", { hasText: step }).first().waitFor();
  await wearer(0, 2_100);
  await wearer(12, 1_300);
  await heading("Let op De drager komt bij u in de buurt");
  await find(page, "wearer-together");
  await panel.locator("h2", { hasText: "Waarschuwing" }).waitFor();
  await page.keyboard.press("o");
  await panel.getByText("Opgepakt door claire").waitFor();
  await wearer(21, 700);
  await heading("Alarm De drager is dicht bij u");
  await panel.locator("h2", { hasText: "Alarm" }).waitFor();
  await reached("getoond");
  // When it was is to be read, and not only heard.
  await panel.locator(".ladder li.reached", { hasText: "getoond" }).locator("time").first().waitFor();
  await hers.page.getByRole("button", { name: "Ik heb dit gezien" }).click();
  await reached("bevestigd");
  await page.keyboard.press("o");
  await panel.getByText("Opgepakt door claire").waitFor();
  for (const [seconds, metres] of [
    [36, 1_700],
    [44, 2_200],
    [107, 2_500],
  ])
    await wearer(seconds, metres);
  await heading("Voorbij Dit alarm is voorbij");
  await panel.locator("h2", { hasText: "Opgeheven" }).waitFor();
  await page.keyboard.press("a");
  await panel.getByLabel("Uitkomst").selectOption("wearer_left");
  await panel.getByRole("button", { name: "Handel af" }).click();
  await panel.getByText("Dit incident is afgehandeld.").waitFor();
  await hers.page.getByText("Wat er is gedaan").waitFor();
  assert.deepEqual([sins, hers.sins], [[], []]);
});

test("figures follow the people, and are old when the line is lost", { timeout: 120_000 }, async (t) => {
  const road = await line(service.address);
  t.after(() => road.stop());
  const { page, sins } = await watched(chromium, road.origin);
  await page.addInitScript(listen);
  await page.goto(`${road.origin}/#token=${service.token.anna}`);
  const panel = page.locator("aside.panel");
  await turnOn({ page });
  const wearer = await pair("moves");
  await wearer(0, 900);
  await find(page, "wearer-moves");
  const row = page.locator(".row");
  await row.getByText("900 m").waitFor();
  // No alert tells of this: it was an alarm, and is one.
  await wearer(5, 700);
  await row.getByText("700 m").waitFor();
  await panel.locator(".figure strong", { hasText: "700 m" }).waitFor();
  await panel.getByText(/nu, posities tot/).waitFor();
  assert.equal((await incidentOf("moves", "victim_proximity")).revision, 1);
  // The chart goes on without an alert, too.
  const chart = panel.getByRole("img", { name: /^Afstand van 900 m naar 700 m/ });
  await chart.waitFor({ timeout: 30_000 });
  // Somebody has it: nothing but the line is left to be heard of.
  await page.keyboard.press("o");
  await panel.getByText("Opgepakt door anna").waitFor();
  const before = await page.evaluate(() => globalThis.sounds);
  road.cut();
  await panel.getByText(/laatst bekend, .* oud/).waitFor({ timeout: 30_000 });
  await panel.locator(".figure strong", { hasText: "700 m" }).waitFor();
  await sounded({ page }, "warning", 1, before, 45_000);
  road.mend();
  await page.getByText("GEEN VERBINDING.").waitFor({ state: "detached", timeout: 30_000 });
  await panel.getByText(/nu, posities tot/).waitFor();
  assert.deepEqual(sins, []);
});

test("a cry for help says how near he is, and rings through a mute, which ends by itself", {
  timeout: 90_000,
}, async () => {
  const wearer = await pair("cries", null);
  await wearer(0, 66);
  const at = await desk("bob", (page) => page.clock.install());
  const { page, panel } = at;
  await turnOn(at);
  await page.keyboard.press("m");
  await page.getByRole("button", { name: /^Gedempt/ }).waitFor();
  // What the page was told before it was muted has sounded.
  const before = await at.sounds();
  await aware("cries");
  await sounded(at, "alarm", 1, before);
  await page.getByRole("button", { name: "1 nieuw sinds dempen" }).waitFor();
  await find(page, "victim-cries");
  await page.locator(".row", { hasText: /victim-cries.*66 m.*tot de drager/s }).waitFor();
  await panel.locator(".figure strong", { hasText: "66 m" }).waitFor();
  await page.keyboard.press("m");
  await page.getByRole("button", { name: /^Gedempt/ }).waitFor();
  await page.clock.fastForward("05:05");
  await page.getByRole("button", { name: "Geluid aan" }).waitFor();
});

test("who is nearest stands first, however old", { timeout: 60_000 }, async () => {
  const [near, far] = [await pair("queue-near"), await pair("queue-far")];
  await near(0, 60);
  const { page } = await desk("anna");
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  await page.getByRole("searchbox").fill("wearer-queue");
  await page.locator(".row").first().waitFor();
  await far(0, 950);
  await page.mouse.move(700, 500);
  await page.waitForFunction(() => document.querySelectorAll(".row").length === 2);
  const rows = await page.locator(".row .who").allTextContents();
  assert.match(rows.join("|"), /queue-near.*\|.*queue-far/);
});

test("a filter says what it hides, and lets it out in one press", { timeout: 60_000 }, async () => {
  const { page } = await desk("anna");
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  await page.getByRole("searchbox").fill("nobody-is-called-this");
  await page.getByText("Geen incident past bij het filter.").waitFor();
  await page.getByRole("button", { name: "Filter aan" }).click();
  await page.getByRole("searchbox").waitFor({ state: "detached" });
  const bar = page.locator(".hidden");
  const alarms = async () => Number(/niet opgepakte alarmen: (\d+)/.exec(await bar.textContent())?.[1] ?? 0);
  const before = await alarms();
  await tamper(service, "behind-a-filter");
  await page.waitForFunction(
    (n) => document.querySelector(".hidden")?.textContent.includes(`niet opgepakte alarmen: ${n + 1}`),
    before,
  );
  await bar.click();
  await page.locator(".row", { hasText: "behind-a-filter" }).waitFor();
  assert.equal(await page.locator(".hidden").count(), 0);
});

test("by keyboard alone the list is never held for good, and a key lets in what is new", {
  timeout: 120_000,
}, async () => {
  for (let n = 0; n < 14; n += 1) await tamper(service, `crowd-${n}`);
  const { page } = await desk("anna");
  await page.mouse.move(700, 500);
  await page.waitForFunction(() => document.querySelectorAll(".row").length >= 8);
  const scrolled = () => page.evaluate(() => document.querySelector(".list .view").scrollTop);
  for (let n = 0; n < 14; n += 1) await page.keyboard.press("j");
  await page.waitForFunction(() => document.querySelector(".list .view").scrollTop > 0);
  // The browser says with its next frame that it has scrolled.
  await page.evaluate(
    () => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))),
  );
  await tamper(service, "while-scrolled");
  await page.locator(".news", { hasText: "1 nieuw" }).waitFor();
  await page.keyboard.press("n");
  await page.locator(".row", { hasText: "while-scrolled" }).waitFor();
  assert.equal(await scrolled(), 0);
  for (let n = 0; n < 20; n += 1) await page.keyboard.press("k");
  for (let n = 0; n < 14; n += 1) await page.keyboard.press("j");
  await page.waitForFunction(() => document.querySelector(".list .view").scrollTop > 0);
  for (let n = 0; n < 40; n += 1) await page.keyboard.press("k");
  await page.waitForFunction(() => document.querySelector(".list .view").scrollTop === 0);
  await tamper(service, "back-at-the-top");
  await page.locator(".row", { hasText: "back-at-the-top" }).waitFor();
  assert.equal(await page.locator(".news").count(), 0);
});

test("no key and no other form costs a word of a note; only sending or cancelling it does", {
  timeout: 60_000,
}, async () => {
  const device = await tamper(service, "words");
  const { page, panel } = await desk("anna");
  await find(page, device);
  const note = panel.getByRole("button", { name: /^Bijzonderheid/ });
  await note.click();
  await panel.locator("textarea").fill("Buurvrouw zag een grijze bus");
  await panel.locator("h2").click();
  await page.keyboard.press("a");
  await page.waitForFunction(() => document.activeElement?.tagName === "SELECT");
  assert.equal(await panel.locator("textarea").inputValue(), "");
  await panel.getByText("niet verzonden").waitFor();
  await note.click();
  assert.equal(await panel.locator("textarea").inputValue(), "Buurvrouw zag een grijze bus");
  await page.keyboard.press("Escape");
  assert.equal(await panel.locator("textarea").count(), 0);
  await note.click();
  assert.equal(await panel.locator("textarea").inputValue(), "Buurvrouw zag een grijze bus");
  await panel.getByRole("button", { name: "Annuleer" }).click();
  await note.click();
  assert.equal(await panel.locator("textarea").inputValue(), "");
});

test("who has it asks for somebody else, who takes it over", { timeout: 120_000 }, async () => {
  const device = await tamper(service, "handed-on");
  const desks = { anna: await desk("anna"), bob: await desk("bob") };
  for (const { page } of Object.values(desks)) await find(page, device);
  await desks.anna.page.keyboard.press("o");
  await desks.bob.panel.getByText("Opgepakt door anna").waitFor();
  assert.equal(await desks.bob.panel.locator(".take").count(), 0);
  await desks.anna.panel.getByRole("button", { name: "Escaleren" }).click();
  await desks.anna.panel.getByLabel("Naar").selectOption("second_operator");
  await desks.anna.panel.getByRole("textbox", { name: "Waarom" }).fill("Ik zit al in een gesprek");
  await desks.anna.panel.getByRole("button", { name: "Escaleer", exact: true }).click();
  await desks.anna.panel.getByText(/Opgepakt door anna.*geëscaleerd/s).waitFor();
  await desks.bob.panel.getByRole("button", { name: "Neem over" }).waitFor();
  assert.equal(await desks.anna.panel.locator(".take").count(), 0, "she has it");
  await desks.bob.page.keyboard.press("o");
  await desks.anna.panel.getByText("Opgepakt door bob").waitFor();
  for (const { sins } of Object.values(desks)) {
    assert.deepEqual(sins, []);
  }
});

test("keys do what they were given to do, and the menu is gone when something was chosen", {
  timeout: 60_000,
}, async () => {
  const device = await tamper(service, "keys");
  const { page, panel } = await desk("anna");
  await page.getByRole("button", { name: "Menu" }).click();
  await page.getByRole("button", { name: "Lichte weergave" }).click();
  await page.locator("#menu").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Menu" }).click();
  await page.getByRole("button", { name: "Toetsen" }).click();
  const dialog = page.getByRole("dialog");
  await dialog
    .locator("dt", { hasText: "Oppakken" })
    .locator("xpath=following-sibling::dd[1]")
    .getByRole("button")
    .click();
  await page.keyboard.press("x");
  await dialog.getByRole("button", { name: "Klaar" }).click();
  await page.reload();
  await find(page, device);
  await page.keyboard.press("o");
  await page.waitForTimeout(500);
  assert.equal(await panel.getByText("Opgepakt door anna").count(), 0, "the old key is nobody's");
  await page.keyboard.press("x");
  await panel.getByText("Opgepakt door anna").waitFor();
});

test("why is told step by step, and each step shows its moment", { timeout: 60_000 }, async () => {
  const wearer = await pair("why");
  await wearer(0, 2_500);
  await wearer(40, 600);
  const { page, panel, sins } = await desk("claire");
  await find(page, "wearer-why");
  await panel.locator("summary", { hasText: "Waarom" }).click();
  const steps = panel.locator("section", { has: page.locator("#why") }).locator("li");
  await page.waitForFunction(() => document.querySelectorAll("section details[open] li").length >= 2);
  assert.match((await steps.allTextContents()).join("\n"), /600\.\d m is binnen de alarmafstand van 1000 m/);
  await steps.first().getByRole("button").click();
  await page.getByText("De kaart toont het verleden").waitFor();
  assert.deepEqual(sins, []);
});
