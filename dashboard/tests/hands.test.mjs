// What hands do that nobody meant, in a real browser against the real service: words that were typed for a field that is
// gone, a key that is held down, the browser's way back, the same press once more after nobody answered, and a hold that
// is shorter than it looks because the clock was set right meanwhile.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { browser, centre, find, orderOf, sitDown, tamper, watched } from "./world.mjs";

let service;
let chromium;

before(async () => {
  service = await centre("", "vd-hands");
  chromium = await browser();
});

after(async () => {
  await chromium?.close();
  await service?.stop();
});

// Also those of a test that failed: they would cost the next one its time.
afterEach(() => Promise.all(chromium.contexts().map((context) => context.close())));

const desk = (who) => sitDown(chromium, service, who);

const rowOf = async (device) =>
  (await service.api("GET", "/v1/incidents?limit=500")).body.items.find((item) => item.device === device);

const notesOf = async (device) => {
  const { incident } = await rowOf(device);
  const { body } = await service.api("GET", `/v1/incidents/${incident}`);
  return body.timeline.filter(({ what }) => what === "noted").map(({ detail }) => detail.text);
};

/** Two others agree that it was a test. */
async function resolved(device) {
  for (const who of ["bob", "claire"]) {
    const { page, panel, leave } = await desk(who);
    await find(page, device);
    if (who === "bob") {
      await page.keyboard.press("o");
      await panel.getByText("Opgepakt door bob").waitFor();
    }
    await page.keyboard.press("a");
    await panel.getByLabel("Uitkomst").selectOption("test");
    await panel.getByRole("button", { name: "Handel af" }).click();
    await panel.getByText(who === "bob" ? "bob stelt voor" : "Dit incident is afgehandeld").waitFor();
    await leave();
  }
}

test("what is being written outlives that somebody else resolves the incident, and does nothing else", {
  timeout: 180_000,
}, async () => {
  const other = await tamper(service, "untouched");
  const device = await tamper(service, "overtaken");
  const { page, panel, sins } = await desk("anna");
  await find(page, device);
  await page.getByRole("button", { name: "Wis filters" }).click();
  await panel.getByRole("button", { name: /^Bijzonderheid/ }).click();
  await page.keyboard.type("Buurman ziet ");
  await resolved(device);
  await panel.getByText("Dit incident is afgehandeld").waitFor();
  // J, K, O and A are keys of the console: here they are letters.
  await page.keyboard.type("jonge man met koffer, kijkt om");
  assert.equal(await panel.locator("textarea").inputValue(), "Buurman ziet jonge man met koffer, kijkt om");
  await panel.getByRole("button", { name: "Leg vast" }).click();
  await panel.getByText("kijkt om", { exact: false }).first().waitFor();
  assert.deepEqual(await notesOf(device), ["Buurman ziet jonge man met koffer, kijkt om"]);
  const { state, owner } = await rowOf(other);
  assert.deepEqual([state, owner ?? null], ["new", null], "nobody took the other one up");
  assert.deepEqual(sins, []);
});

test("an outcome that came too late is not lost: its words become a note", { timeout: 180_000 }, async () => {
  const device = await tamper(service, "too-late");
  const { page, panel } = await desk("anna");
  await find(page, device);
  await page.keyboard.press("a");
  await panel.getByLabel("Uitkomst").selectOption("false_alarm");
  await panel.locator("textarea").fill("Gesp zat los");
  await resolved(device);
  await panel.getByText("Intussen afgehandeld").waitFor();
  await panel.getByRole("button", { name: "Leg vast" }).click();
  await page.waitForFunction(() => !document.querySelector("aside.panel textarea"));
  assert.deepEqual(await notesOf(device), ["Gesp zat los"]);
  assert.equal((await rowOf(device)).outcome, "test");
});

test("letters for a field that is gone do nothing until the hand pauses", { timeout: 90_000 }, async () => {
  const device = await tamper(service, "letters");
  const { page, panel } = await desk("anna");
  await find(page, device);
  await panel.getByRole("button", { name: /^Bijzonderheid/ }).click();
  await page.keyboard.type("Zij ");
  // The page is taken elsewhere by an address: the field goes with it.
  await page.evaluate(() => {
    location.hash = "#/health";
  });
  await page.getByRole("heading", { name: "Terzijde gelegde berichten" }).waitFor();
  await page.keyboard.type("jo oma");
  assert.match(page.url(), /#\/health$/);
  assert.equal((await rowOf(device)).state, "new");
  await page.waitForTimeout(3_100);
  await page.keyboard.press("j");
  await page.locator("h2#incidents").waitFor();
});

test("a key that is held down is pressed once", { timeout: 60_000 }, async () => {
  await tamper(service, "held-key");
  const { page } = await desk("anna");
  await page.getByRole("button", { name: "Geluid staat uit" }).click();
  await page.locator("h1").click();
  // The browser repeats what is held: muted, not muted, muted, …
  for (let n = 0; n < 4; n += 1) await page.keyboard.down("m");
  await page.keyboard.up("m");
  await page.getByRole("button", { name: /^Gedempt/ }).waitFor();
});

test("with text at twice its size who it is about, and what to do, are in sight at once", {
  timeout: 60_000,
}, async () => {
  const device = await tamper(service, "large");
  const { page, panel, sins } = await desk("anna");
  await find(page, device);
  await page.getByRole("button", { name: "Filter aan" }).click();
  // 1,440 × 900 at 200 %.
  await page.setViewportSize({ width: 720, height: 450 });
  const seen = {
    incident: page.locator(".row").first(),
    who: panel.locator(".figure strong"),
    take: panel.locator(".take"),
    sound: page.getByRole("button", { name: "Geluid staat uit" }),
  };
  for (const [what, part] of Object.entries(seen)) {
    const { x, y, width, height } = await part.boundingBox();
    assert.ok(x >= 0 && x + width <= 720 && y >= 0 && y + height <= 450, `${what} is in sight`);
  }
  assert.deepEqual(sins, []);
});

test("another language is that of the map's buttons too", { timeout: 60_000 }, async () => {
  const { page, sins } = await desk("anna");
  await page.getByRole("button", { name: "Inzoomen" }).waitFor();
  await page.getByRole("button", { name: "Menu" }).click();
  await page.getByRole("button", { name: "English" }).click();
  await page.getByRole("button", { name: "Zoom in" }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Inzoomen" }).count(), 0);
  assert.deepEqual(sins, []);
});

test("the browser's way back leads through the console's places", { timeout: 60_000 }, async () => {
  const device = await tamper(service, "way-back");
  const { page, sins } = await desk("anna");
  await find(page, device);
  const { incident } = await rowOf(device);
  for (const place of ["Bevelen", "Toestellen"]) await page.getByRole("button", { name: place }).click();
  await page.goBack();
  await page.waitForURL(/#\/orders$/);
  await page.getByRole("heading", { name: "Bevelen" }).waitFor();
  await page.goBack();
  await page.waitForURL((url) => url.hash === `#/incidents/${incident}`);
  await page.locator("h2#incidents").waitFor();
  await page.goForward();
  await page.getByRole("heading", { name: "Bevelen" }).waitFor();
  assert.deepEqual(sins, []);
});

test("a note that was stored without an answer, and is sent again, is one note", {
  timeout: 90_000,
}, async () => {
  const device = await tamper(service, "once");
  const { page, panel } = await desk("anna");
  await find(page, device);
  let sent = 0;
  await page.route("**/note", async (route) => {
    sent += 1;
    const response = await route.fetch();
    if (sent === 1) await route.abort();
    else await route.fulfill({ response });
  });
  await panel.getByRole("button", { name: /^Bijzonderheid/ }).click();
  await panel.locator("textarea").fill("Eenmaal");
  await panel.getByRole("button", { name: "Leg vast" }).click();
  await panel.getByText("De dienst antwoordt niet").waitFor();
  await panel.getByRole("button", { name: "Leg vast" }).click();
  await page.waitForFunction(() => !document.querySelector("aside.panel textarea"));
  assert.equal(sent, 2);
  assert.deepEqual(await notesOf(device), ["Eenmaal"]);
});

test("a panel that cannot be read again says that it may be old, until it can", {
  timeout: 60_000,
}, async () => {
  const device = await tamper(service, "old-panel");
  const { page, panel } = await desk("anna");
  await find(page, device);
  await panel.getByText("Bezorging").waitFor();
  const broken = (route) => route.fulfill({ status: 500, body: "{}" });
  await page.route(/\/v1\/incidents\/[^/?]+$/, broken);
  await panel.getByRole("button", { name: "slachtoffer gebeld" }).waitFor();
  const other = await desk("bob");
  await find(other.page, device);
  await other.page.keyboard.press("o");
  await panel.getByText("kunnen niet opnieuw worden gelezen").waitFor();
  await panel.getByText("Opgepakt door bob").waitFor();
  await page.unroute(/\/v1\/incidents\/[^/?]+$/, broken);
  await other.panel.getByRole("button", { name: "meldkamer gebeld" }).click();
  await panel.getByText("kunnen niet opnieuw worden gelezen").waitFor({ state: "detached" });
});

test("what was looked up grows old in sight, and says of when it is", { timeout: 60_000 }, async () => {
  await service.api("PUT", "/v1/orders/ord-asked", orderOf("asked"));
  const fix = { fixed_at: new Date().toISOString(), lat: 52.09, lon: 5.12, accuracy_m: 8 };
  await service.publish("afstand/v1/wearer/am-asked/fix", fix);
  const { page } = await desk("anna");
  await page.getByRole("button", { name: "Opzoeken" }).click();
  await page.getByLabel("Kenmerk").fill("wearer-asked");
  await page.getByLabel("Reden").fill("Vraag van de meldkamer");
  await page.getByRole("button", { name: "Zoek op" }).click();
  await page.getByText(/^Antwoord van \d\d:\d\d:\d\d$/).waitFor();
  const age = async () => Number(/(\d+) s geleden/.exec(await page.locator("main table").textContent())?.[1]);
  const before = await age();
  await page.waitForTimeout(4_000);
  assert.ok((await age()) >= before + 3, `${before} s, and then ${await age()} s`);
});

test("a hold is two seconds long, also while the clock of her telephone is set right", {
  timeout: 60_000,
}, async () => {
  const victims = [{ person: "victim-hands", device: "vd-hands", residence: [4.4, 51.9] }];
  const { status } = await service.api("PUT", "/v1/orders/ord-hands", orderOf("hands", { victims }));
  assert.equal(status, 201);
  const origin = `http://${service.address}`;
  const { page } = await watched(chromium, origin, { width: 390, height: 844 });
  // How it stands is asked, and answered only while she holds: by a clock an hour ahead of hers.
  let asked = () => {};
  let answer = () => {};
  let late = false;
  await page.route("**/v1/me", async (route) => {
    const response = await route.fetch();
    const headers = response.headers();
    if (late) {
      headers.date = new Date(Date.now() + 3_600_000).toUTCString();
      asked();
      await new Promise((resume) => {
        answer = resume;
      });
    }
    await route.fulfill({ response, headers });
  });
  await page.goto(`${origin}/victim#token=${service.token.app}`);
  await page.getByText("Verbonden", { exact: false }).waitFor();
  const pressed = [];
  page.on("request", (request) => {
    if (request.url().endsWith("/aware")) pressed.push(request);
  });
  const button = await page.locator("#aware").boundingBox();
  await page.mouse.move(button.x + 100, button.y + 30);
  late = true;
  const isAsked = new Promise((resume) => {
    asked = resume;
  });
  await page.evaluate(() => globalThis.dispatchEvent(new Event("offline")));
  await isAsked;
  const read = page.waitForResponse("**/v1/me");
  await page.mouse.down();
  answer();
  await read;
  await page.waitForTimeout(200);
  await page.mouse.up();
  await page.getByText("Losgelaten: er is niets verstuurd.").waitFor();
  assert.deepEqual(pressed, []);
});
