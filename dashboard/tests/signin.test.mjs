// People sign in, in a real browser: by a provider, by a demonstration's link, again in mid-work, and before a console
// that locked itself. By keyboard only.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CLIENT, provider } from "./provider.mjs";
import { axe, browser, centre, demo, tamper, watched } from "./world.mjs";

let city;
let people;
let service;
let origin;
let chromium;

before(async () => {
  city = await demo();
  people = await provider({ anna: ["centre"], bea: ["centre"], nico: ["cleaner"] });
  service = await centre((at) => settings(at));
  origin = `http://${service.address}`;
  chromium = await browser();
});

after(async () => {
  await chromium?.close();
  await service?.stop();
  people?.stop();
  await city?.stop();
});

/** Those in the group `centre` are operators. */
const settings = (at) => `
[sign_in]
issuer = "${people.issuer}"
client_id = "${CLIENT}"
public_url = "${at}"
role_claim = "groups"
[[sign_in.role]]
value = "centre"
role = "operator"
`;

/** A page of its own that may go to the provider as well. */
async function visitor(options = {}) {
  const { page, sins } = await watched(chromium, origin, undefined, options);
  const others = sins.filter.bind(sins, (sin) => sin !== `request: ${people.issuer}`);
  return { page, sins: others };
}

/** Signs in at the provider's page, which is in front: by keyboard. */
async function atProvider(page, name) {
  await page.waitForURL(`${people.issuer}/**`);
  await page.getByLabel("Naam").focus();
  await page.keyboard.type(name);
  await page.keyboard.press("Enter");
}

async function signIn(page, name) {
  await page.getByRole("link", { name: "Inloggen" }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Inloggen");
  await page.keyboard.press("Enter");
  await atProvider(page, name);
}

/** Presses the way in that a closed console offers, and signs in in the window that it opens. */
async function signInApart(page, name) {
  const opened = page.context().waitForEvent("page");
  await page.keyboard.press("Enter");
  const apart = await opened;
  await atProvider(apart, name);
  await apart.getByText("U kunt dit venster sluiten").waitFor();
  const faults = await axe(apart);
  await apart.close();
  assert.deepEqual(faults, [], "the page of a window of its own");
}

const menu = async (page, entry) => {
  await page.getByRole("button", { name: "Menu" }).press("Enter");
  await page.getByRole("button", { name: entry, exact: true }).press("Enter");
};

test("the link of a demonstration lets in once, and the console asks for another", {
  timeout: 120_000,
}, async () => {
  const { page, sins } = await watched(chromium, `http://${city.address}`);
  await page.goto(city.link);
  await page.locator("h2#incidents").waitFor();
  assert.equal(new URL(page.url()).search, "", "the code stays in no address");
  const { page: late } = await watched(chromium, `http://${city.address}`);
  await late.goto(city.link);
  await late.getByRole("heading", { name: "Deze link is al gebruikt" }).waitFor();
  assert.deepEqual(await axe(late), []);
  await menu(page, "Vergrendelen");
  await page.getByRole("heading", { name: "Vergrendeld" }).waitFor();
  const next = city.nextLink();
  await page.getByRole("button", { name: "Toon daar een nieuwe link" }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByText("De link staat in de terminal.").waitFor();
  const apart = await page.context().newPage();
  await apart.goto(await next);
  await page.getByRole("heading", { name: "Vergrendeld" }).waitFor({ state: "detached" });
  await page.context().close();
  await late.context().close();
  assert.deepEqual(sins, []);
});

test("somebody signs in by keyboard, comes back to the place she asked for, works, and signs out", {
  timeout: 120_000,
}, async () => {
  const { page, sins } = await visitor();
  await page.goto(`${origin}/#/orders`);
  await signIn(page, "anna");
  await page.locator("nav button[aria-current=page]", { hasText: "Bevelen" }).waitFor();
  assert.equal(new URL(page.url()).hash, "#/orders");
  assert.equal(await page.evaluate(() => document.cookie), "", "no script reads the cookie");
  assert.equal(await page.evaluate(() => JSON.stringify(sessionStorage)), "{}");
  // A reload keeps her in; signing out does not.
  await page.reload();
  await page.getByRole("button", { name: "Menu" }).waitFor();
  await menu(page, "Uitloggen");
  await page.getByRole("link", { name: "Inloggen" }).waitFor();
  await page.reload();
  await page.getByRole("link", { name: "Inloggen" }).waitFor();
  // Who has no role is told so.
  await signIn(page, "nico");
  await page.getByText("u hebt geen rol in Afstand").waitFor();
  assert.deepEqual(await axe(page), []);
  await page.context().close();
  assert.deepEqual(sins(), []);
});

test("a session that ends in mid-work costs no word of a note", { timeout: 180_000 }, async () => {
  const { page, sins } = await visitor();
  await page.goto(`${origin}/`);
  await signIn(page, "anna");
  await tamper(service, "note");
  await page.locator(".row").first().waitFor();
  await page.keyboard.press("j");
  await page.getByRole("button", { name: /^Bijzonderheid/ }).press("Enter");
  const note = page.locator("textarea");
  await page.keyboard.type("Gebeld met de meldkamer; ze rijd");
  // The session is over: in another window she signed out.
  const elsewhere = await page.context().newPage();
  await elsewhere.goto(`${origin}/`);
  await elsewhere.getByRole("button", { name: "Menu" }).waitFor();
  await menu(elsewhere, "Uitloggen");
  await elsewhere.getByRole("link", { name: "Inloggen" }).waitFor();
  await elsewhere.close();
  await page.getByRole("heading", { name: "Uw sessie is afgelopen" }).waitFor();
  assert.equal(await page.locator(".row").first().isVisible(), false, "what was there is not shown");
  await page.getByText(/Open alarmen om \d\d:\d\d:\d\d: [1-9]/).waitFor();
  await tamper(service, "away");
  await page.getByRole("link", { name: "Opnieuw inloggen" }).waitFor();
  await signInApart(page, "anna");
  await page.getByRole("heading", { name: "Uw sessie is afgelopen" }).waitFor({ state: "detached" });
  // She goes on where she was, in the middle of a word.
  await page.waitForFunction(() => document.activeElement?.tagName === "TEXTAREA");
  await page.keyboard.type("en uit.");
  assert.equal(await note.inputValue(), "Gebeld met de meldkamer; ze rijden uit.");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByText("Gebeld met de meldkamer; ze rijden uit.").waitFor();
  // What was raised while she was away is there too: in the list, or waiting above it.
  await page.waitForFunction(
    () => document.querySelectorAll(".row").length + document.querySelectorAll(".news").length >= 2,
  );
  // Somebody else who signs in at this console finds nothing of hers.
  await page.getByRole("button", { name: /^Bijzonderheid/ }).press("Enter");
  await page.keyboard.type("Van Anna");
  await menu(page, "Vergrendelen");
  await page.getByRole("link", { name: "Opnieuw inloggen" }).waitFor();
  await signInApart(page, "bea");
  await page.getByRole("heading", { name: "Vergrendeld" }).waitFor({ state: "detached" });
  await page.locator(".row").first().waitFor();
  assert.equal(await page.locator("textarea").count(), 0);
  await menu(page, "Uitloggen");
  await page.context().close();
  assert.deepEqual(sins(), []);
});

test("a console where nobody sits locks, and alarms are counted behind it", {
  timeout: 180_000,
}, async () => {
  const { page, sins } = await visitor();
  await page.clock.install();
  await page.goto(`${origin}/`);
  await signIn(page, "anna");
  await page.getByRole("button", { name: "Geluid staat uit" }).press("Enter");
  // A quarter of an hour passes in which she presses a key now and then.
  for (let n = 0; n < 3; n += 1) {
    await page.clock.fastForward("10:00");
    await page.keyboard.press("Shift");
    await page.waitForTimeout(100);
    assert.equal(await page.getByRole("heading", { name: "Vergrendeld" }).count(), 0);
  }
  await page.clock.fastForward("15:01");
  await page.getByRole("heading", { name: "Vergrendeld" }).waitFor();
  assert.equal(await page.locator("nav").isVisible(), false);
  const open = async () => Number(/\d+/.exec(await page.locator(".gate .alarms").textContent())[0]);
  await page.locator(".gate .alarms", { hasText: /\d/ }).waitFor();
  const alarms = await open();
  await tamper(service, "locked");
  await page.waitForFunction(
    (n) => document.querySelector(".gate .alarms").textContent.includes(n),
    `${alarms + 1}`,
  );
  assert.match(await page.title(), new RegExp(`\\(${alarms + 1}\\)`));
  // The service keeps to it as well, whatever is asked by hand; no key of the console does anything.
  assert.equal(await page.evaluate(async () => (await fetch("/v1/orders")).status), 401);
  await page.keyboard.press("j");
  assert.equal(await page.getByRole("heading", { name: "Vergrendeld" }).count(), 1);
  await signInApart(page, "anna");
  await page.getByRole("heading", { name: "Vergrendeld" }).waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Geluid aan" }).waitFor();
  await page.locator(".row").first().waitFor();
  await page.context().close();
  assert.deepEqual(sins(), []);
});

test("two tabs of one console: a lock closes both at once, and neither shows what somebody else may see", {
  timeout: 180_000,
}, async () => {
  const { page, sins } = await visitor();
  await page.goto(`${origin}/`);
  await signIn(page, "anna");
  await tamper(service, "tabs");
  await page.locator(".row").first().waitFor();
  const other = await page.context().newPage();
  await other.goto(`${origin}/`);
  await other.locator(".row").first().waitFor();
  const locked = (tab) => tab.getByRole("heading", { name: "Vergrendeld" });
  await menu(other, "Vergrendelen");
  await locked(page).waitFor({ timeout: 2_000 });
  await page.getByRole("link", { name: "Opnieuw inloggen" }).focus();
  await signInApart(page, "anna");
  for (const tab of [page, other]) await locked(tab).waitFor({ state: "detached" });
  // What is pressed in either counts.
  await other.locator(".row").first().click();
  await other.mouse.move(700, 500);
  await other.keyboard.press("o");
  await other.locator("aside.panel").getByText("Opgepakt door Anna", { exact: false }).waitFor();
  // Anna signs in once more, by an address that she kept: both go on.
  const again = async (name) => {
    const apart = await page.context().newPage();
    await apart.goto(`${origin}/auth/login?back=/auth/done`);
    await atProvider(apart, name);
    await apart.getByText("U kunt dit venster sluiten").waitFor();
    await apart.close();
  };
  await again("anna");
  // The line is there again.
  await page.waitForFunction(() => /^\(\d+\)/.test(document.title), undefined, { timeout: 30_000 });
  const alarms = Number(/\d+/.exec(await page.title())[0]);
  await tamper(service, "tabs-again");
  for (const tab of [page, other]) {
    await tab.waitForFunction((n) => document.title.startsWith(`(${n})`), alarms + 1, { timeout: 30_000 });
    await tab.locator(".app:not(.old):not(.shut)").waitFor();
  }
  // Bea does: nothing of Anna's stays, and both are hers.
  const anew = [page, other].map((tab) => tab.waitForEvent("load", { timeout: 30_000 }));
  await again("bea");
  await Promise.all(anew);
  for (const tab of [page, other]) {
    await tab.getByRole("button", { name: "Menu" }).press("Enter");
    await tab.getByText(/^Bea \(bea\)/).waitFor();
  }
  await page.context().close();
  assert.deepEqual(sins(), []);
});

test("a locked console that is read anew is locked still, counts alarms and rings", {
  timeout: 120_000,
}, async () => {
  const { page, sins } = await visitor();
  await page.addInitScript(() => {
    globalThis.tones = 0;
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (...at) {
      globalThis.tones += 1;
      return start.apply(this, at);
    };
  });
  await page.goto(`${origin}/`);
  await signIn(page, "anna");
  await tamper(service, "anew-1");
  await page.locator(".row").first().waitFor();
  await menu(page, "Vergrendelen");
  const open = async () => Number(/\d+/.exec(await page.locator(".gate .alarms").textContent())[0]);
  await page.locator(".gate .alarms", { hasText: /\d/ }).waitFor();
  const before = await open();
  assert.ok(before > 0);
  await page.reload();
  await page.getByRole("heading", { name: "Vergrendeld" }).waitFor();
  assert.equal(await open(), before);
  assert.deepEqual(await axe(page), []);
  // Nobody could make it ring before somebody pressed something: that is said, and one press mends it.
  await page.getByRole("button", { name: "Geluid staat uit" }).press("Enter");
  await page.waitForTimeout(1_500);
  const tested = await page.evaluate(() => globalThis.tones);
  await tamper(service, "anew-2");
  await page.waitForFunction((n) => document.title.startsWith(`(${n})`), before + 1);
  assert.equal(await open(), before + 1);
  await page.waitForFunction((n) => globalThis.tones > n, tested);
  assert.doesNotMatch(await page.locator("body").textContent(), /anew-|wearer-|am-/);
  assert.equal(await page.evaluate(async () => (await fetch("/v1/incidents")).status), 401);
  await page.getByRole("link", { name: "Opnieuw inloggen" }).focus();
  await signInApart(page, "anna");
  await page.locator(".row").first().waitFor();
  await page.context().close();
  assert.deepEqual(sins(), []);
});

for (const theme of ["dark", "light"]) {
  test(`signing in and the lock have no fault that axe can find (${theme})`, {
    timeout: 120_000,
  }, async () => {
    const { page, sins } = await visitor({ colorScheme: theme });
    await page.addInitScript((name) => localStorage.setItem("theme", name), theme);
    await page.goto(`${origin}/`);
    await page.getByRole("link", { name: "Inloggen" }).waitFor();
    await page.locator("summary").press("Enter");
    assert.deepEqual(await axe(page), [], "sign-in");
    await page.getByRole("button", { name: "English" }).press("Enter");
    await page.getByRole("link", { name: "Sign in" }).waitFor();
    assert.deepEqual(await axe(page), [], "sign-in in English");
    await page.getByRole("button", { name: "Nederlands" }).press("Enter");
    await page.getByRole("link", { name: "Inloggen" }).focus();
    await signIn(page, "anna");
    await page.getByRole("button", { name: "Menu" }).waitFor();
    await menu(page, "English");
    await menu(page, "Lock");
    await page.getByRole("heading", { name: "Locked" }).waitFor();
    assert.deepEqual(await axe(page), [], "lock");
    await page.context().close();
    assert.deepEqual(sins(), []);
  });
}
