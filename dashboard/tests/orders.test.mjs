// A supervisor at night and the form of an order, in a real browser against the real service: victims who come and go,
// by key alone; an order that goes out as it came; what somebody else did meanwhile; a session that ends in mid-work.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { desk, go, patience, registered, registerOf, rich, row } from "./paperwork.mjs";
import { axe, browser, centre, orderOf } from "./world.mjs";

const at = {};
let register;
let stored;

before(async () => {
  at.service = await centre();
  at.chromium = await browser();
  ({ register, stored } = registerOf(at.service));
});

after(async () => {
  await at.chromium?.close();
  await at.service?.stop();
});

/** Goes on by Tab until what has the focus is so called. */
async function tabTo(page, name) {
  for (let n = 0; n < 120; n += 1) {
    await page.keyboard.press("Tab");
    const here = await page.evaluate(() => {
      const at = document.activeElement;
      return (at?.labels?.[0] ?? at)?.textContent?.trim() ?? "";
    });
    if (here.startsWith(name)) return;
  }
  assert.fail(`${name} is not reached by Tab`);
}
const type = async (page, name, text) => {
  await tabTo(page, name);
  await page.keyboard.press("Control+a");
  await page.keyboard.type(text);
};

test(
  "an order of two victims is drawn up by key alone, homes and a polygon on the map as well",
  patience,
  async () => {
    const { page, sins, form, findings, leave } = await desk(at);
    await page.locator(".maplibregl-canvas").waitFor();
    await tabTo(page, "Nieuw");
    await page.keyboard.press("Enter");
    await type(page, "Kenmerk", "ord-keys");
    await type(page, "Persoon", "wearer-keys");
    await type(page, "Toestel", "am-keys");
    await type(page, "Woning", "53.2, 6.5");
    await type(page, "Persoon", "victim-keys");
    await type(page, "Toestel", "vd-keys");
    // Her home is pointed at: six steps east of what is in the middle, and whoever came by key is back afterwards.
    await tabTo(page, "Wijs aan");
    await page.keyboard.press("Enter");
    await page.locator(".hint", { hasText: "Klik de woning van het slachtoffer." }).waitFor();
    for (const key of Array(6).fill("ArrowRight")) {
      await page.keyboard.press(key);
      await page.waitForTimeout(600);
    }
    await page.locator(".cross").waitFor();
    await page.keyboard.press("Enter");
    await page.locator(".hint").waitFor({ state: "detached" });
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Wijs aan");
    const home = await form
      .getByLabel(/Woning/)
      .nth(1)
      .inputValue();
    assert.match(home, /^5\d\.\d+, \d\.\d+$/);
    await tabTo(page, "5 km rond");
    await page.keyboard.press("Enter");
    await findings.getByText("Geen bevindingen").waitFor();
    // The second: by typing, with zones only.
    await tabTo(page, "Voeg een slachtoffer toe");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() =>
      document.activeElement?.closest("fieldset")?.textContent.includes("slachtoffer 2"),
    );
    await page.keyboard.type("victim-second");
    await type(page, "Woning", "52,5; 5,5");
    await tabTo(page, "Bewaak ook de afstand");
    await page.keyboard.press("Space");
    await form.getByText("Alleen gebieden beschermen haar.").waitFor();
    await tabTo(page, "5 km rond");
    await page.keyboard.press("Enter");
    // A polygon, by the cross.
    await page.getByRole("button", { name: "Vlak" }).focus();
    await page.keyboard.press("Enter");
    for (const keys of [["ArrowUp"], ["ArrowRight"], ["ArrowDown", "ArrowDown"], ["ArrowUp"]]) {
      for (const key of keys) {
        await page.keyboard.press(key);
        await page.waitForTimeout(600);
      }
      await page.keyboard.press("Enter");
    }
    // The last corner was one too many.
    await page.keyboard.press("Backspace");
    await page.getByRole("button", { name: "Sluit het vlak" }).focus();
    await page.keyboard.press("Enter");
    await form.getByText("Vlak, 3 hoeken").waitFor();
    // It lies where somebody saw fit, and needs a reason: it is left out again.
    await page.getByRole("button", { name: "Verwijder gebied" }).nth(2).focus();
    await page.keyboard.press("Enter");
    assert.deepEqual(await axe(page), []);
    await page.getByRole("button", { name: "Registreer" }).focus();
    await page.keyboard.press("Enter");
    await registered(form, "ord-keys");
    const { victims, zones, risk } = await stored("ord-keys");
    const [lat, lon] = home.split(", ").map(Number);
    assert.deepEqual(victims, [
      {
        person: "victim-keys",
        device: "vd-keys",
        residence: [lon, lat],
        proximity: { alarm_m: 1000, warning_m: 2000, warning_s: 300 },
      },
      { person: "victim-second", residence: [5.5, 52.5], proximity: null },
    ]);
    assert.deepEqual(
      zones.features.map(({ properties, geometry }) => [properties.victim, geometry.coordinates]),
      [
        ["victim-keys", [lon, lat]],
        ["victim-second", [5.5, 52.5]],
      ],
    );
    assert.equal(risk, undefined, "nobody was screened by opening a form");
    assert.deepEqual(sins, []);
    await leave();
  },
);

test(
  "an order is registered again as it was, but for what was changed; a code goes with its name",
  patience,
  async () => {
    await register(rich("rich"));
    const before = await stored("ord-rich");
    const { page, sins, form, part, button, leave } = await desk(at);
    await row(page, "ord-rich").click();
    assert.deepEqual(
      [await page.getByLabel("Begint om").inputValue(), await page.getByLabel("Eindigt om").inputValue()],
      ["09:30:15", "23:59:59"],
    );
    await form.getByText("Tot de volgende dag.").waitFor();
    await form.getByText("Blijft zoals het is: taal, rusttijden, tweede kanaal.").waitFor();
    // A letter and back, a box and back.
    await page.getByLabel("Meldkamer").fill("x");
    await page.getByLabel("Meldkamer").fill("");
    const moving = part("slachtoffer 1").getByLabel("Bewaak ook de afstand tot haar");
    await moving.uncheck();
    await moving.check();
    await button("Registreer").click();
    await registered(form, "ord-rich");
    assert.deepEqual(await stored("ord-rich"), before);
    // Settings of the device are changed and taken away; another day keeps the hour.
    await part("slachtoffer 1").getByLabel("Meldt elke (s)").fill("");
    await part("slachtoffer 1").getByLabel("OwnTracks").fill("ann/other");
    await part("slachtoffer 1").getByLabel("Bewaart posities").uncheck();
    await page.getByLabel("Geldig tot").fill("2036-01-31");
    await button("Registreer").click();
    await page.waitForFunction(() => document.querySelector("button.save")?.disabled);
    const [{ fix_interval_s: _, receipts: __, ...ann }, bea] = before.victims;
    assert.deepEqual(await stored("ord-rich"), {
      ...before,
      valid_until: "2036-01-31T23:59:59+01:00",
      victims: [{ ...ann, owntracks: "ann/other" }, bea],
    });
    // Under another name her code is not known: it is said, and can be taken away.
    await part("slachtoffer 1").getByLabel("Persoon").fill("ann-renamed");
    await button("Registreer").click();
    await form.getByText("code voor AWARE is hier onbekend").waitFor();
    await button("Neem haar code weg").click();
    await button("Registreer").click();
    await registered(form, "ord-rich");
    const after = await stored("ord-rich");
    assert.deepEqual(
      [after.victims[0].person, after.victims[0].aware_code, after.zones.features[0].properties.victim],
      ["ann-renamed", undefined, "ann-renamed"],
    );
    assert.deepEqual(sins, []);
    await leave();
  },
);

test("who is removed leaves her zone or takes it along, and no name stands twice", patience, async () => {
  await register(rich("leaves"));
  const { page, sins, form, part, button, findings, leave } = await desk(at);
  await row(page, "ord-leaves").click();
  const second = part("slachtoffer 2").getByLabel("Persoon");
  await second.fill("ann-leaves");
  await form.getByText("Zo heet al een slachtoffer van dit bevel").waitFor();
  await button("Registreer")
    .click({ force: true })
    .catch(() => {});
  assert.deepEqual((await stored("ord-leaves")).victims[1].person, "bea-leaves");
  await second.fill("cea-leaves");
  await form.getByText("Zo heet al een slachtoffer van dit bevel").waitFor({ state: "detached" });
  await part("slachtoffer 1").getByRole("button", { name: "Verwijder slachtoffer" }).click();
  const asked = page.getByRole("group", { name: "Verwijder slachtoffer" });
  await asked.getByText("Gebied home beschermt haar.").waitFor();
  assert.deepEqual(await axe(page), []);
  await asked.getByRole("button", { name: "Toch niet" }).click();
  await part("slachtoffer 1").getByRole("button", { name: "Verwijder slachtoffer" }).click();
  await asked.getByRole("button", { name: "Verwijder haar, gebied blijft" }).click();
  assert.equal(await part("slachtoffer").getByLabel("Persoon").inputValue(), "cea-leaves");
  assert.equal(await page.getByRole("combobox", { name: "Beschermt" }).inputValue(), "-1");
  await part("slachtoffer").getByRole("button", { name: "Verwijder slachtoffer" }).click();
  await page.getByLabel("Niet de woning maar").fill("51.9225, 4.4792");
  await page.keyboard.press("Tab");
  await findings.getByText("Geen bevindingen").waitFor();
  await button("Registreer").click();
  await registered(form, "ord-leaves");
  const { victims, zones } = await stored("ord-leaves");
  assert.deepEqual([victims, zones.features[0].properties.victim], [[], null]);
  assert.deepEqual(sins, []);
  await leave();
});

test(
  "what somebody else does to an order is told to who looks at it, and to who writes in it",
  patience,
  async () => {
    for (const name of ["looked", "written", "pulled"]) await register(orderOf(name));
    const { page, sins, form, button, leave } = await desk(at);
    /** The list is read anew for whoever comes. */
    const comeBack = async () => {
      await go(page, "devices");
      await page.locator("button.order").first().waitFor({ state: "detached" });
      await go(page, "orders");
    };
    await row(page, "ord-looked").click();
    await register(orderOf("looked", { desk: "van-hen" }));
    await comeBack();
    await page.waitForFunction(() => document.querySelectorAll("aside input")[1]?.value === "van-hen");
    await at.service.api("DELETE", "/v1/orders/ord-looked");
    await comeBack();
    await form.getByText("ord-looked staat niet meer in het register").waitFor();
    await row(page, "ord-written").click();
    await page.getByLabel("Meldkamer").fill("van-mij");
    await at.service.api("DELETE", "/v1/orders/ord-written");
    await button("Registreer").click();
    await form.getByText("claire heeft ord-written ingetrokken om").waitFor();
    assert.equal((await at.service.api("GET", "/v1/orders/ord-written")).status, 404);
    assert.deepEqual(await axe(page), []);
    await button("Registreer toch het mijne").click();
    await registered(form, "ord-written");
    assert.equal((await stored("ord-written")).desk, "van-mij");
    // A withdrawal that is refused is no registration.
    await row(page, "ord-pulled").click();
    await register(orderOf("pulled", { desk: "van-hen" }));
    await button("Trek in").click();
    await button("Zeker intrekken?").click();
    await form.getByText("U hebt het niet ingetrokken.").waitFor();
    assert.equal(await button("Registreer toch het mijne").count(), 0);
    await button("Toon wat er nu staat").click();
    await page.waitForFunction(() => document.querySelectorAll("aside input")[1]?.value === "van-hen");
    assert.deepEqual(sins, []);
    await leave();
  },
);

test("a session that ends in mid-work costs nothing that was written", patience, async () => {
  await register(rich("ends"));
  const { page, sins, form, part, button, leave } = await desk(at);
  await row(page, "ord-ends").click();
  await part("slachtoffer 2").getByLabel("Persoon").fill("bea-renamed");
  await part("slachtoffer 2")
    .getByLabel(/Woning/)
    .fill("52.1, 4.6");
  await page.keyboard.press("Tab");
  await page.route("**/v1/orders/ord-ends", (route) => route.fulfill({ status: 401, body: "{}" }));
  await button("Registreer").click();
  await page.getByText("wordt niet (meer) geaccepteerd").waitFor();
  await page.goto("about:blank");
  await page.goto(`http://${at.service.address}/#token=${at.service.token.claire}`);
  await page.unroute("**/v1/orders/ord-ends");
  await page.locator("h2#incidents").waitFor();
  await go(page, "orders");
  assert.equal(
    await part("slachtoffer 2")
      .getByLabel(/Woning/)
      .inputValue(),
    "52.1, 4.6",
  );
  await button("Registreer").click();
  await registered(form, "ord-ends");
  const { victims } = await stored("ord-ends");
  assert.deepEqual([victims[1].person, victims[1].residence], ["bea-renamed", [4.6, 52.1]]);
  assert.equal(victims[0].aware_code, true);
  assert.deepEqual(sins, []);
  await leave();
});
