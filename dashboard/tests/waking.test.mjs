// Her telephone is woken while the page is closed: in a real browser, which has no push service here. So turning it on
// fails and the page says so and goes on; and what its worker shows is tried with pushes that the browser is handed.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { axe, BINARY, browser, centre, orderOf, watched } from "./world.mjs";

const PHONE = { width: 390, height: 844 };
let folder;
let woken;
let silent;
let chromium;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "afstand-push-"));
  const key = join(folder, "push.key");
  execFileSync(BINARY, ["push-key", key], { stdio: "ignore" });
  const settings = `[push]\nkey_file = "${key}"\ncontact = "mailto:beheer@example.nl"\n`;
  [woken, silent, chromium] = await Promise.all([
    centre(settings, "vd-woken"),
    centre("", "vd-woken"),
    browser(),
  ]);
  for (const { api } of [woken, silent]) {
    const victims = [{ person: "victim-woken", device: "vd-woken" }];
    const { status, body } = await api("PUT", "/v1/orders/ord-woken", orderOf("woken", { victims }));
    assert.equal(status, 201, JSON.stringify(body));
  }
});

after(async () => {
  await chromium?.close();
  await Promise.all([woken?.stop(), silent?.stop()]);
  rmSync(folder, { recursive: true });
});

/** Her page on a telephone, in its settings. */
async function open(service, permissions = []) {
  const { page, sins } = await watched(chromium, `http://${service.address}`, PHONE, { permissions });
  await page.goto(`http://${service.address}/victim#token=${service.token.app}`);
  await page.getByRole("button", { name: "Instellingen" }).click();
  return { page, sins };
}

test("a service that wakes nobody is said to, and offers no button", async () => {
  const { page, sins } = await open(silent, ["notifications"]);
  await page.getByText("Deze dienst verstuurt geen meldingen").waitFor();
  assert.equal(await page.getByRole("button", { name: "Zet meldingen aan" }).count(), 0);
  assert.deepEqual(await axe(page), []);
  assert.deepEqual(sins, []);
  await page.close();
});

test("where she said no, it is told where to change that", async () => {
  const { page, sins } = await open(woken);
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.reload();
  await page.getByRole("button", { name: "Instellingen" }).click();
  // Without a person to ask, the browser says no for her.
  await page.getByText("Uw telefoon staat dit niet toe. Sta ‘meldingen’ toe").waitFor();
  assert.deepEqual(sins, []);
  await page.close();
});

test("without a push service it is said that it does not work, and the page goes on", {
  timeout: 90_000,
}, async () => {
  const { page, sins } = await open(woken, ["notifications"]);
  await page.evaluate(() => navigator.serviceWorker.ready);
  const turnOn = page.getByRole("button", { name: "Zet meldingen aan" });
  await turnOn.click();
  await page.getByText("Meldingen lukken nu niet").waitFor({ timeout: 60_000 });
  await turnOn.waitFor();
  assert.deepEqual(await axe(page), []);
  await page.getByRole("button", { name: "Terug" }).click();
  await page.getByText("Deze pagina waarschuwt alleen als zij open is").waitFor();
  await page.getByText("Verbonden").waitFor();
  // The browser says by itself why it has no push service.
  assert.deepEqual(
    sins.filter((sin) => !sin.includes("Push API in incognito mode")),
    [],
  );
  await page.close();
});

test("a push is shown in her language, without a word of why, and replaces the one before", async () => {
  const { page, sins } = await open(woken, ["notifications"]);
  const origin = `http://${woken.address}`;
  await page.evaluate(() => navigator.serviceWorker.ready);
  const line = await page.context().newCDPSession(page);
  const registered = new Promise((resolve) => {
    line.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => {
      const hers = registrations.find(({ scopeURL }) => scopeURL === `${origin}/victim`);
      if (hers) resolve(hers.registrationId);
    });
  });
  await line.send("ServiceWorker.enable");
  const registrationId = await registered;
  const push = (data) => line.send("ServiceWorker.deliverPushMessage", { origin, registrationId, data });
  const shown = () =>
    page.evaluate(async () => {
      const registration = await navigator.serviceWorker.ready;
      const all = await registration.getNotifications();
      return all.map(({ title, body, tag, lang }) => ({ title, body, tag, lang }));
    });
  const until = async (wanted) => {
    let now;
    for (let tries = 0; tries < 100; tries += 1) {
      now = await shown();
      if (JSON.stringify(now) === JSON.stringify(wanted)) return;
      await new Promise((resume) => setTimeout(resume, 100));
    }
    assert.deepEqual(now, wanted);
  };
  await push(JSON.stringify({ kind: "alarm", tag: "t-1" }));
  await until([{ title: "Afstand", body: "Alarm: open Afstand nu", tag: "t-1", lang: "nl" }]);
  await page.getByRole("button", { name: "English" }).click();
  await page.waitForFunction(async () => (await (await caches.match("/victim/language"))?.text()) === "en");
  await push(JSON.stringify({ kind: "clear", tag: "t-1" }));
  await until([{ title: "Afstand", body: "It is over. More in Afstand", tag: "t-1", lang: "en" }]);
  assert.deepEqual(sins, []);
  await page.close();
});
