// One browser, many tabs: four consoles and her companion, where the browser has six connections and no more. All hear the
// same alarm, work is done in each, and no tab that closes or crashes makes another deaf.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browser, centre, orderOf, tamper, watched } from "./world.mjs";

const CONSOLES = 4;

let service;
let chromium;
let origin;
let context;
let sins;
let companion;
const tabs = [];

before(async () => {
  service = await centre("", "vd-tabs");
  origin = `http://${service.address}`;
  const order = orderOf("tabs", { victims: [{ person: "victim-tabs", device: "vd-tabs" }] });
  const { status, body } = await service.api("PUT", `/v1/orders/${order.order}`, order);
  assert.equal(status, 201, JSON.stringify(body));
  chromium = await browser();
  const first = await watched(chromium, origin);
  sins = first.sins;
  context = first.page.context();
  tabs.push(first.page);
});

after(async () => {
  await chromium?.close();
  await service?.stop();
});

const heading = (page) => page.getByRole("heading", { level: 1 });

/** Streams that the service has open for people of the centre. */
async function streams() {
  const text = await (await fetch(`${origin}/metrics`)).text();
  return Number(/^afstand_live_streams (\d+)$/m.exec(text)?.[1]);
}

async function until(what, tell) {
  for (const end = Date.now() + 45_000; Date.now() < end; ) {
    if (await tell()) return;
    await new Promise((resume) => setTimeout(resume, 200));
  }
  assert.fail(`not in time: ${what}`);
}

/** A strap is cut, and every tab has it. */
async function allHear(name) {
  for (const page of tabs) {
    await page.getByRole("searchbox").fill(`am-${name}`);
    await page.locator(".row").first().waitFor({ state: "detached" });
  }
  await tamper(service, name);
  await Promise.all(tabs.map((page) => page.locator(".row").first().waitFor({ timeout: 45_000 })));
}

test("four consoles and a companion are open at once, on three streams", { timeout: 300_000 }, async () => {
  while (tabs.length < CONSOLES) tabs.push(await context.newPage());
  for (const page of tabs) {
    await page.goto(`${origin}/#token=${service.token.anna}`, { timeout: 45_000 });
    await page.locator("h2#incidents").waitFor({ timeout: 45_000 });
    await page.getByRole("button", { name: "Filter", exact: true }).click();
    // A hand at rest over the list would hold it still.
    await page.mouse.move(700, 500);
  }
  companion = await context.newPage();
  await companion.goto(`${origin}/victim#token=${service.token.app}`, { timeout: 45_000 });
  await heading(companion).filter({ hasText: "beschermd" }).waitFor({ timeout: 45_000 });
  // One that a tab has just left is noticed by the service a moment later.
  await until("alerts and positions, and hers apart", async () => (await streams()) === 2);
});

test("all of them hear an alarm, and work is done in each", { timeout: 240_000 }, async () => {
  await allHear("all");
  for (const [n, page] of tabs.entries()) {
    await allHear(`work-${n}`);
    await page.locator(".row").first().click();
    await page.mouse.move(700, 500);
    await page.keyboard.press("o");
    await page.locator("aside.panel").getByText("Opgepakt door anna").waitFor({ timeout: 30_000 });
  }
  await companion.getByText("Verbonden", { exact: false }).waitFor();
});

test("positions are followed only while a tab can be seen", { timeout: 60_000 }, async () => {
  const show = (page, state) =>
    page.evaluate((visibility) => {
      Object.defineProperty(document, "visibilityState", { configurable: true, get: () => visibility });
      document.dispatchEvent(new Event("visibilitychange"));
    }, state);
  for (const page of tabs) await show(page, "hidden");
  await until("nobody is watched whom nobody sees", async () => (await streams()) === 1);
  await show(tabs[1], "visible");
  await until("and again", async () => (await streams()) === 2);
});

test("the others go on hearing when the first tab is closed, and when one crashes", {
  timeout: 180_000,
}, async () => {
  await tabs.shift().close();
  await allHear("closed");
  const crashed = tabs.shift();
  await Promise.all([
    crashed.waitForEvent("crash"),
    crashed.goto("chrome://crash", { timeout: 5_000 }).catch(() => {}),
  ]);
  await allHear("crashed");
  await Promise.all(
    tabs.map((page) => page.getByText("GEEN VERBINDING.").waitFor({ state: "detached", timeout: 30_000 })),
  );
});

test("nothing went wrong unsaid", () => assert.deepEqual(sins, []));
