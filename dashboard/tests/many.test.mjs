// Many devices silent at once, in a real browser against the real service: one incident that says how many and who, the
// most dangerous first, by keyboard.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axe, browser, centre, orderOf, watched } from "./world.mjs";

const MANY = 24;
const RISKS = ["low", "medium", "high"];
/** Of the first of each risk: how far north of her he was last, in metres. */
const FAR = [9_000, 6_000, 3_000];

let service;
let chromium;
let page;
let sins;

before(async () => {
  service = await centre();
  chromium = await browser();
  for (let n = 0; n < MANY; n += 1) await put(n);
  for (let n = 0; n < MANY; n += 1) await seen(n);
  ({ page, sins } = await watched(chromium, `http://${service.address}`));
  await page.goto(`http://${service.address}/#token=${service.token.claire}`);
});

after(async () => {
  await chromium?.close();
  await service?.stop();
});

const name = (n) => `many-${String(n).padStart(2, "0")}`;
const at = (n) => ({ lat: 52 + n / 100, lon: 5.5 });

async function put(n) {
  const base = orderOf(name(n));
  const interval = { fix_interval_s: 15 };
  const { status, body } = await service.api("PUT", `/v1/orders/${base.order}`, {
    ...base,
    risk: RISKS[n % 3],
    wearer: { ...base.wearer, ...interval },
    victims: [{ person: `victim-${name(n)}`, device: `vd-${name(n)}`, ...interval }],
  });
  assert.equal(status, 201, JSON.stringify(body));
}

/** Both report once, and then nothing more; only of him something is watched. */
async function seen(n, role = "both") {
  const fix = (place) => ({ fixed_at: new Date().toISOString(), ...place, accuracy_m: 8 });
  const { lat, lon } = at(n);
  const far = (FAR[Math.floor(n / 3)] ?? 12_000 + n * 100) / 111_250;
  if (role === "both") await service.publish(`afstand/v1/victim/vd-${name(n)}/fix`, fix({ lat, lon }));
  await service.publish(`afstand/v1/wearer/am-${name(n)}/fix`, fix({ lat: lat + far, lon }));
}

const panel = () => page.locator("aside.panel");

test("they are one incident, which says how many they are and not one wearer's name", {
  timeout: 180_000,
}, async () => {
  const row = page.locator(".row", { hasText: "Massale stilte –" });
  await row.waitFor({ timeout: 120_000 });
  await page.waitForFunction(
    (n) => document.body.textContent.includes(`Massale stilte – ${n} toestellen`),
    MANY,
  );
  assert.doesNotMatch(await row.textContent(), /many-\d/);
  await page.getByRole("button", { name: `toon de ${MANY} stiltes apart` }).waitFor();
  assert.equal(await page.locator(".row").count(), 1, "its parts are folded away");
  await page.keyboard.press("j");
  await panel().getByText("Wie is stil").waitFor();
  assert.match(await panel().locator(".figure strong").textContent(), new RegExp(`^${MANY} stil`));
});

test("who is silent is ranked by risk, then by last distance, and reached by keyboard", {
  timeout: 60_000,
}, async () => {
  const rows = panel().locator(".one");
  const said = await rows.allTextContents();
  assert.match(said[0], /many-08.*[23]\.\d\d\d m.*SASH hoog/s, "the nearest of the high risks");
  assert.match(said[1], /many-05.*[56]\.\d\d\d m/s);
  // Of low risk somebody was as near: risk goes before distance.
  assert.equal(
    said.findIndex((text) => !text.includes("SASH hoog")),
    MANY / 3,
  );
  assert.match(said[MANY / 3], /many-07.*3\.\d\d\d m.*SASH midden/s);
  await rows.first().focus();
  await page.keyboard.press("Tab");
  assert.match(await page.evaluate(() => document.activeElement.textContent), /many-05/);
  for (let n = 0; n < 20; n += 1) await page.keyboard.press("Tab");
  assert.match(
    await page.evaluate(() => document.activeElement.className),
    /\bone\b/,
    "what is out of sight is reached too",
  );
  assert.deepEqual(await axe(page), []);
});

test("who is heard again is said so, and the silence of one leads back to that of all", {
  timeout: 60_000,
}, async () => {
  await seen(2, "wearer");
  await panel().getByText("1 weer gehoord").waitFor();
  await panel().locator(".one.back", { hasText: "am-many-02" }).waitFor();
  await panel().locator(".one", { hasText: "SASH hoog" }).first().press("Enter");
  await panel().getByRole("button", { name: "Hoort bij een massale stilte" }).press("Enter");
  await panel().getByText("Wie is stil").waitFor();
  await page.keyboard.press("o");
  await panel().getByText("Opgepakt door claire").waitFor();
});

test("nothing was asked of anybody else, and nothing went wrong unsaid", () => {
  assert.deepEqual(sins, []);
});
