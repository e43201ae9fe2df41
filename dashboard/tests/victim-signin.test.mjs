// A victim signs in at her own page, in a real browser on a telephone's screen: by the provider, with what she presses
// bringing the CSRF token along; her session ends in mid-work, and whom to call is never gone. By keyboard only.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CLIENT, provider } from "./provider.mjs";
import { axe, browser, centre, watched } from "./world.mjs";

const PHONE = { width: 390, height: 844 };
const DAY_MS = 86_400_000;
/** What somebody may be called, written down by somebody else. */
const NAME = "Carla <img src=x onerror=alert(1)> 🤝 مرحبا";
const AWARE = /AWARE.*houd twee seconden ingedrukt/;

let people;
let service;
let origin;
let chromium;
let page;
let sins;

before(async () => {
  people = await provider(
    { vera: ["hers"], nora: ["hers"], anna: ["centre"] },
    { vera: { device: "vd-vera" } },
  );
  service = await centre((at) => settings(at));
  origin = `http://${service.address}`;
  const iso = (days) => new Date(Date.now() + days * DAY_MS).toISOString();
  const order = {
    ...{
      order: "ord-vera",
      legal_basis: "sv_509hh",
      risk: "high",
      valid_from: iso(-3),
      valid_until: iso(90),
    },
    wearer: { person: "wearer-vera", device: "am-vera", residence: [5.217389, 52.287461] },
    victims: [
      {
        ...{ person: "victim-vera", device: "vd-vera", residence: [5.128467, 52.093741] },
        proximity: { alarm_m: 1000, warning_m: 1500, warning_s: 0 },
      },
    ],
    zones: { type: "FeatureCollection", features: [] },
    contacts: { victim_contact: { name: NAME, phone: "+31881110002" } },
  };
  const { status, body } = await service.api("PUT", "/v1/orders/ord-vera", order);
  assert.equal(status, 201, JSON.stringify(body));
  chromium = await browser();
  const seen = await watched(chromium, origin, PHONE, { colorScheme: "light" });
  page = seen.page;
  const meant = [`request: ${people.issuer}`, "500: /v1/me/aware"];
  sins = () => seen.sins.filter((sin) => !meant.includes(sin));
});

after(async () => {
  await chromium?.close();
  await service?.stop();
  people?.stop();
});

const settings = (at) => `
[sign_in]
issuer = "${people.issuer}"
client_id = "${CLIENT}"
public_url = "${at}"
role_claim = "groups"
device_claim = "device"
[[sign_in.role]]
value = "hers"
role = "victim"
[[sign_in.role]]
value = "centre"
role = "operator"
`;

const heading = (text) => page.getByRole("heading", { level: 1, name: text });
const signInLink = () => page.getByRole("link", { name: "Aanmelden", exact: true });

async function signIn(name) {
  await signInLink().press("Enter");
  await page.waitForURL(`${people.issuer}/**`);
  await page.getByLabel("Naam").focus();
  await page.keyboard.type(name);
  await page.keyboard.press("Enter");
}

async function hold(ms) {
  await page.getByRole("button", { name: AWARE }).focus();
  await page.keyboard.down("Enter");
  await page.waitForTimeout(ms);
  await page.keyboard.up("Enter");
}

/** In another tab of the same browser her session is ended. */
async function endElsewhere() {
  const apart = await page.context().newPage();
  await apart.goto(`${origin}/victim`);
  const status = await apart.evaluate(async () => {
    const { csrf } = await (await fetch("/v1/session")).json();
    const answer = await fetch("/auth/logout", { method: "POST", headers: { "x-csrf-token": csrf } });
    return answer.status;
  });
  assert.equal(status, 204);
  await apart.close();
}

test("she signs in at her own door, and comes back to her own page", { timeout: 90_000 }, async () => {
  await page.goto(`${origin}/victim`);
  await heading("Meld u aan").waitFor();
  assert.equal(await page.getByRole("link", { name: "Bel 112" }).getAttribute("href"), "tel:112");
  assert.deepEqual(await axe(page), [], "the door");
  await signIn("vera");
  await heading("Niet beschermd").waitFor();
  assert.equal(new URL(page.url()).pathname, "/victim");
  assert.equal(await page.evaluate(() => document.cookie), "", "no script reads the cookie");
  const kept = await page.evaluate(() => Object.keys({ ...localStorage, ...sessionStorage }));
  assert.equal(kept.includes("companion-token"), false);
  await page.reload();
  await heading("Niet beschermd").waitFor();
  // A name is a name: nothing of it is an element, and nothing sticks out.
  await page.getByRole("link", { name: `Bel ${NAME}` }).waitFor();
  assert.equal(await page.locator("main img").count(), 0);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false);
});

test("what she presses arrives, however often the service fails first", { timeout: 60_000 }, async () => {
  await page.route("**/v1/me/aware", (route) => route.fulfill({ status: 500, body: "{}" }));
  await hold(2_400);
  await page.getByText(/Uw noodoproep van .* is NOG NIET aangekomen/).waitFor();
  await page.unroute("**/v1/me/aware");
  await page.getByText(/Noodoproep van .* aangekomen om/).waitFor();
  await heading("Alarm Uw noodknop is ingedrukt").waitFor();
  await page.getByRole("button", { name: "Ik heb dit gezien" }).press("Enter");
  await page.getByText("U hebt dit gezien").waitFor();
  for (let tries = 0; ; tries += 1) {
    const [{ incident }] = (await service.api("GET", "/v1/incidents?kind=aware")).body.items;
    const { receipts } = (await service.api("GET", `/v1/incidents/${incident}`)).body;
    if (receipts.some(({ state }) => state === "confirmed")) break;
    assert.ok(tries < 50, "her confirmation did not arrive");
    await page.waitForTimeout(100);
  }
});

test("a page goes on by the session that she begins in another tab, and her call for help arrives by it", {
  timeout: 60_000,
}, async () => {
  const apart = await page.context().newPage();
  await apart.goto(`${origin}/auth/login?back=/auth/done`);
  await apart.getByLabel("Naam").fill("vera");
  await apart.keyboard.press("Enter");
  await apart.getByText("U kunt dit venster sluiten").waitFor();
  await apart.close();
  const arrived = page.waitForResponse(
    (answer) => answer.url().endsWith("/v1/me/aware") && answer.status() === 204,
  );
  await hold(2_400);
  await arrived;
  await page.getByText("Verbonden", { exact: false }).waitFor();
  assert.equal(await page.getByText("U bent niet meer aangemeld.").count(), 0);
});

test("a session that ends while there is an alarm is said, and 112 is one press away", {
  timeout: 60_000,
}, async () => {
  await endElsewhere();
  const said = page.getByRole("alert").filter({ hasText: "U bent niet meer aangemeld." });
  await said.waitFor({ timeout: 30_000 });
  assert.match(await said.textContent(), /Er stond hier een alarm\. Dat kan nog gelden/);
  const emergency = await page.getByRole("link", { name: "Bel 112" }).boundingBox();
  assert.ok(emergency.width > 300 && emergency.height >= 56, "as wide as the screen");
  assert.ok(emergency.y + emergency.height < PHONE.height, "without scrolling");
  assert.equal(
    await page.getByRole("link", { name: `Bel ${NAME}` }).getAttribute("href"),
    "tel:+31881110002",
  );
  assert.equal(
    await page.getByText("Verbonden", { exact: false }).count(),
    0,
    "nothing old is shown as live",
  );
  assert.deepEqual(await axe(page), []);
  await signIn("vera");
  await heading("Alarm Uw noodknop is ingedrukt").waitFor();
});

test("a call for help that a session's end kept from arriving is said first of all", {
  timeout: 60_000,
}, async () => {
  await page.route("**/v1/me/aware", (route) => route.fulfill({ status: 401, body: "{}" }));
  await hold(2_400);
  await page.getByText("Uw noodoproep is NIET aangekomen. Bel 112.").waitFor();
  await page.getByRole("link", { name: "Bel 112" }).waitFor();
  await page.unroute("**/v1/me/aware");
  // Let out by mistake: she is still signed in.
  await page.reload();
  await heading("Alarm Uw noodknop is ingedrukt").waitFor();
});

test("a service that does not say who she is leaves her a door and whom to call, and lets her in by itself", {
  timeout: 60_000,
}, async () => {
  await page.route("**/v1/session", (route) => route.abort());
  await page.reload();
  await page.getByText("Geen contact met de dienst; we blijven het proberen.").waitFor();
  await page.getByRole("link", { name: `Bel ${NAME}` }).waitFor();
  await page.unroute("**/v1/session");
  await heading("Alarm Uw noodknop is ingedrukt").waitFor();
});

test("she signs out, and nothing of hers stays; who is no victim is not let in", {
  timeout: 90_000,
}, async () => {
  await page.getByRole("button", { name: "Instellingen" }).press("Enter");
  assert.equal(await page.getByText("Aangemeld blijven op deze telefoon").count(), 0);
  // Whatever becomes of its worker.
  await page.evaluate(() => {
    navigator.serviceWorker.getRegistration = () => new Promise(() => {});
  });
  await page.getByRole("button", { name: "Afmelden op deze telefoon" }).press("Enter");
  await heading("Meld u aan").waitFor();
  await page.reload();
  await heading("Meld u aan").waitFor();
  const left = await page.evaluate(() => Object.keys({ ...localStorage, ...sessionStorage }));
  assert.deepEqual(
    left.filter((key) => key.startsWith("companion")),
    [],
  );
  // Without a device there is nothing to watch: she is told so, and led back to her own door.
  await signIn("nora");
  await page.getByText("bij u is geen toestel bekend").waitFor();
  await page.getByRole("link", { name: "Naar de inlogpagina" }).press("Enter");
  await heading("Meld u aan").waitFor();
  assert.equal(new URL(page.url()).pathname, "/victim");
  await signIn("anna");
  await page.getByText("In deze browser is iemand anders aangemeld.").waitFor();
  assert.deepEqual(await axe(page), []);
});

test("nothing was asked of anybody else, and nothing went wrong unsaid", () => {
  assert.deepEqual(sins(), []);
});
