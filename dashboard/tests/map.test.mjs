// Everybody on the map, in a real browser against the real service: who is where and who is old is what lies on the
// graphics card, through a change of theme and a card that was lost; and a hand that moves the map is followed at once.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browser, centre, orderOf, watched } from "./world.mjs";

/** Seconds after which a position says where somebody was: `OLD_AFTER_S`. */
const OLD_S = 180;
const TURNS_IN_S = 12;
/** Who reported so many seconds ago, by name; all within a village in the north. */
const AGO_S = { now: 0, long: 600, turns: OLD_S - TURNS_IN_S };
const PLACE = { now: [6.5, 53.2], long: [6.52, 53.21], turns: [6.48, 53.19] };
const MARKS = ["wearer", "wearer-old", "victim", "victim-old"];

let service;
let chromium;
let page;
let sins;

/** Keeps the numbers of everybody that are drawn, and counts the pictures of the map. */
const note = () => {
  globalThis.noted = { people: [], pictures: 0 };
  const { prototype } = WebGL2RenderingContext;
  const { bufferData, drawElements } = prototype;
  let uploaded = [];
  let painting = false;
  prototype.bufferData = function (target, data, ...more) {
    if (target === this.ARRAY_BUFFER && data instanceof Uint32Array) uploaded = [...data];
    return bufferData.call(this, target, data, ...more);
  };
  prototype.drawElements = function (mode, count, type, ...more) {
    // The map itself has short indices, and never whole numbers for places.
    if (type === this.UNSIGNED_INT) globalThis.noted.people = uploaded.slice(0, count * 2);
    if (!painting) {
      painting = true;
      queueMicrotask(() => {
        painting = false;
      });
      globalThis.noted.pictures += 1;
    }
    return drawElements.call(this, mode, count, type, ...more);
  };
};

before(async () => {
  service = await centre();
  chromium = await browser();
  for (const [name, [lon, lat]] of Object.entries(PLACE)) {
    const order = orderOf(name);
    const { status, body } = await service.api("PUT", `/v1/orders/${order.order}`, order);
    assert.equal(status, 201, JSON.stringify(body));
    const fixed_at = new Date(Date.now() - AGO_S[name] * 1_000).toISOString();
    await service.publish(`afstand/v1/wearer/am-${name}/fix`, { fixed_at, lat, lon, accuracy_m: 8 });
  }
  ({ page, sins } = await watched(chromium, `http://${service.address}`));
  await page.addInitScript(note);
  await page.goto(`http://${service.address}/#token=${service.token.claire}`);
});

after(async () => {
  await chromium?.close();
  await service?.stop();
});

/** Who is drawn with which mark: four corners a mark, three numbers a corner. */
const drawn = async () => {
  const numbers = await page.evaluate(() => globalThis.noted.people);
  const marks = [];
  for (let at = 0; at < numbers.length; at += 12) {
    const lon = (numbers[at] / 2 ** 32) * 360 - 180;
    const [name] = Object.entries(PLACE).find(([, [there]]) => Math.abs(there - lon) < 1e-6) ?? [lon];
    marks.push(`${name}: ${MARKS[numbers[at + 2]]}`);
  }
  return marks.toSorted();
};

const eventually = async (expected, within_s = 20) => {
  const end = Date.now() + within_s * 1_000;
  while (Date.now() < end && String(await drawn()) !== String(expected)) await page.waitForTimeout(200);
  assert.deepEqual(await drawn(), expected);
};

test("everybody is drawn, and turns old when nothing more is heard", { timeout: 120_000 }, async () => {
  await page.locator(".maplibregl-canvas").waitFor();
  await eventually(["long: wearer-old", "now: wearer", "turns: wearer-old"], 60);
});

/** Empties what was noted, so that only what is drawn from now on counts. */
const forget = () =>
  page.evaluate(() => {
    globalThis.noted.people = [];
  });

test("another theme, and a graphics card that was lost, leave nobody out", { timeout: 120_000 }, async () => {
  const before = await drawn();
  await forget();
  await page.getByRole("button", { name: "Menu" }).click();
  await page.getByRole("button", { name: /Licht|Donker/ }).click();
  await eventually(before);
  await forget();
  await page.evaluate(() => {
    const canvas = document.querySelector(".maplibregl-canvas");
    const lose = canvas.getContext("webgl2").getExtension("WEBGL_lose_context");
    lose.loseContext();
    setTimeout(() => lose.restoreContext(), 500);
  });
  await eventually(before, 30);
});

test("a map at rest is painted when there is news; one that is moved, at every turn", {
  timeout: 120_000,
}, async () => {
  const pictures = () => page.evaluate(() => globalThis.noted.pictures);
  await page.waitForTimeout(4_000);
  const atRest = await pictures();
  await page.waitForTimeout(6_000);
  const few = (await pictures()) - atRest;
  const box = await page.locator(".maplibregl-canvas").boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  const began = Date.now();
  const before = await pictures();
  for (let step = 1; step <= 40; step += 1) {
    await page.mouse.move(x + step * 3, y);
    await page.waitForTimeout(50);
  }
  const many = (await pictures()) - before;
  const rate = [few / 6, (many * 1_000) / (Date.now() - began)];
  await page.mouse.up();
  console.log(`pictures a second: ${rate[0].toFixed(1)} at rest, ${rate[1].toFixed(1)} while it is dragged`);
  // At rest they are 0.9 s apart: `APART_MS`.
  assert.ok(rate[0] <= 1.2, `${rate[0]} pictures a second of a map that nobody touches`);
  assert.ok(rate[1] > 1.5, `${rate[1]} pictures a second of a map that is dragged`);
});

test("and nothing went wrong on the page", () => {
  assert.deepEqual(sins, []);
});
