// A supervisor at night and the form of an order, in a real browser against the real service: victims who come and go,
// by key alone; an order that goes out as it came; texts and files of every kind; what somebody else did meanwhile; and
// a session that ends in mid-work.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axe, browser, centre, orderOf, sitDown } from "./world.mjs";

let service;
let chromium;

before(async () => {
  service = await centre();
  chromium = await browser();
});

after(async () => {
  await chromium?.close();
  await service?.stop();
});

const NASTY = "<script>alert(1)</script> 🚓 \u202eomgekeerd\u202c مرحبا ";
const LONG = NASTY + "x".repeat(400 - NASTY.length);
const HOME = [4.4792, 51.9225];
const patience = { timeout: 180_000 };

async function desk(who = "claire", prepare = async () => {}) {
  const at = await sitDown(chromium, service, who, prepare);
  await go(at.page, "orders");
  await at.page.locator("h2#orders").waitFor();
  const { page } = at;
  return {
    ...at,
    form: page.getByRole("complementary", { name: "Bevel" }),
    button: (name) => page.getByRole("button", { name, exact: true }),
    part: (legend) => page.getByRole("group", { name: legend, exact: true }),
    findings: page.getByRole("region", { name: "Richtlijn" }),
  };
}
const go = (page, place) =>
  page.evaluate((hash) => {
    location.hash = hash;
  }, `#/${place}`);
const row = (page, name) => page.locator("button.order", { hasText: name });
const give = (page, name, content) =>
  page.locator("input[type=file]").setInputFiles({
    name,
    mimeType: "application/json",
    buffer: Buffer.from(typeof content === "string" ? content : JSON.stringify(content)),
  });
const stored = async (order) => (await service.api("GET", `/v1/orders/${order}`)).body;
const register = async (order) => {
  const { status, body } = await service.api("PUT", `/v1/orders/${order.order}`, order);
  assert.ok(status === 201 || status === 200, JSON.stringify(body));
};
const isBroad = (element) => element.scrollWidth > element.clientWidth;

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
    const { page, sins, form, findings, leave } = await desk();
    await page.locator(".maplibregl-canvas").waitFor();
    await tabTo(page, "Nieuw");
    await page.keyboard.press("Enter");
    await type(page, "Kenmerk", "ord-keys");
    await type(page, "Persoon", "wearer-keys");
    await type(page, "Toestel", "am-keys");
    await type(page, "Woning", "53.2, 6.5");
    await type(page, "Persoon", "victim-keys");
    await type(page, "Toestel", "vd-keys");
    // Her home is pointed at: two steps east of what is in the middle, and whoever came by key is back afterwards.
    await tabTo(page, "Wijs aan");
    await page.keyboard.press("Enter");
    await page.locator(".hint", { hasText: "Klik de woning van het slachtoffer." }).waitFor();
    for (const key of ["ArrowRight", "ArrowRight"]) {
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
    await form.getByText("Bevel ord-keys is van kracht volgens zijn data.").waitFor();
    const { victims, zones, risk } = await stored("ord-keys");
    const [lat, lon] = home.split(", ").map(Number);
    assert.deepEqual(victims, [
      {
        person: "victim-keys",
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

/** Everything an order may hold, also what the form only leaves as it is. */
const rich = (name) =>
  orderOf(name, {
    valid_from: "2026-01-01T09:30:15+01:00",
    valid_until: "2036-04-28T23:59:59+02:00",
    tell_desk: false,
    call_order: ["victim", "wearer"],
    note_of_another_system: "",
    wearer: {
      person: `wearer-${name}`,
      device: `am-${name}`,
      residence: [6.5, 53.2],
      fix_interval_s: 0.5,
      receipts: true,
    },
    victims: [
      {
        person: `ann-${name}`,
        device: `vd-${name}`,
        residence: [...HOME, 3.5],
        proximity: { alarm_m: 1000.5, warning_m: 2000, warning_s: 0 },
        fix_interval_s: 30,
        receipts: true,
        owntracks: `${name}/phone`,
        second_channel: { sms: "+31612345678" },
        quiet_hours: {
          timezone: "Europe/Amsterdam",
          weekly: [{ days: ["mon"], from: "22:00", to: "07:00" }],
        },
        language: "en",
        aware_code_sha256: "ab".repeat(32),
      },
      { person: `bea-${name}`, residence: null, proximity: null },
    ],
    zones: {
      type: "FeatureCollection",
      name: "drawn elsewhere",
      features: [
        {
          type: "Feature",
          id: 7,
          geometry: { type: "Point", coordinates: HOME },
          properties: {
            zone: "home",
            kind: "exclusion",
            victim: `ann-${name}`,
            radius_m: 5500.5,
            buffer_m: 0.5,
            stroke: "#f00",
            schedule: {
              timezone: "Europe/Amsterdam",
              weekly: [
                { days: ["mon", "sun"], from: "18:00", to: "24:00" },
                { days: ["fri"], from: "22:00", to: "06:00" },
              ],
            },
          },
        },
      ],
    },
    contacts: {
      case_coordinator: null,
      victim_contact: { name: LONG.slice(0, 200), phone: "06", email: "a@b.example" },
    },
  });

test(
  "an order is registered again as it was, but for what was changed; a code goes with its name",
  patience,
  async () => {
    await register(rich("rich"));
    const before = await stored("ord-rich");
    const { page, sins, form, part, button, leave } = await desk();
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
    await form.getByText("Bevel ord-rich is van kracht volgens zijn data.").waitFor();
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
    await form.getByText("Bevel ord-rich is van kracht volgens zijn data.").waitFor();
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
  const { page, sins, form, part, button, findings, leave } = await desk();
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
  await form.getByText("Bevel ord-leaves is van kracht volgens zijn data.").waitFor();
  const { victims, zones } = await stored("ord-leaves");
  assert.deepEqual([victims, zones.features[0].properties.victim], [[], null]);
  assert.deepEqual(sins, []);
  await leave();
});

test(
  "texts of every kind, times that cannot be and places that are none are said to be so",
  patience,
  async () => {
    await register(orderOf("night"));
    const { page, sins, form, part, button, findings, leave } = await desk();
    await button("Nieuw").click();
    for (const name of ["Kenmerk", "Meldkamer"]) await page.getByLabel(name).fill(LONG);
    for (const who of ["drager", "slachtoffer"]) {
      await part(who).getByLabel("Persoon").fill(`${who} ${LONG}`);
      await part(who).getByLabel("Toestel").fill(LONG);
    }
    await findings.getByText("Kenmerk bestaat uit 1 tot 64 letters").waitFor();
    await part("drager")
      .getByLabel(/Woning/)
      .fill("Dorpsstraat 1, Utrecht");
    await page.keyboard.press("Tab");
    await part("drager").getByText("Dit staat niet in het bevel.").waitFor();
    await button("Cirkel").waitFor();
    assert.equal(await form.evaluate(isBroad), false, "nothing sticks out");
    assert.equal(await page.locator("main script").count(), 0);
    assert.deepEqual(await axe(page), []);
    // What was typed in one order is not in the next.
    await row(page, "ord-night").click();
    await button("Laat het vallen").click();
    assert.equal(
      await part("drager")
        .getByLabel(/Woning/)
        .inputValue(),
      "53.2, 6.5",
    );
    assert.equal(await part("drager").getByText("Dit staat niet in het bevel.").count(), 0);
    await page.getByLabel("Geldig tot").fill("2020-01-01");
    await form.getByText("Het einde ligt niet na het begin.").waitFor();
    await findings.getByText("NOT_ENFORCEABLE").waitFor();
    await button("Registreer").click();
    await findings.getByText("NOT_ENFORCEABLE").waitFor();
    assert.equal((await stored("ord-night")).valid_until, "2036-01-01T00:00:00Z");
    await page.getByLabel("Geldig tot").fill("0203-01-01");
    await page.keyboard.press("Tab");
    await button("Registreer").click();
    await page.waitForFunction(() => document.querySelector("aside input:invalid")?.type === "date");
    await page.getByLabel("Geldig tot").fill("2035-12-31");
    // A window that was emptied is shown, wherever it is folded away.
    await form.getByText("Geldt altijd; maak een rooster").click();
    await button("Voeg een tijdvak toe").click();
    await form.getByText("Tot de volgende dag.").waitFor();
    await page.getByLabel("Van", { exact: true }).fill("");
    await form.getByText("Geldt volgens rooster").click();
    await button("Registreer").click();
    await page.getByLabel("Van", { exact: true }).waitFor();
    await page.getByLabel("Van", { exact: true }).fill("23:15");
    for (const day of ["ma", "di", "wo", "do", "vr", "za", "zo"])
      await page.getByLabel(day, { exact: true }).uncheck();
    await findings.getByText("NOT_ENFORCEABLE").waitFor();
    await page.getByLabel("zo", { exact: true }).check();
    await page.waitForFunction(
      () => !document.querySelector(".findings").textContent.includes("NOT_ENFORCEABLE"),
    );
    // Reasons are written as long as they are, and gone again without the field closing under the hand.
    await form.getByText("Afwijking van de richtlijn").click();
    await page.getByLabel("Reden").fill(LONG);
    await page.getByLabel("Reden").fill("");
    assert.equal(await page.getByLabel("Reden").isVisible(), true);
    await page.getByLabel("Reden").fill(LONG);
    await page.getByLabel("Besloten door").fill(NASTY);
    await button("Registreer").click();
    await form.getByText("Bevel ord-night is van kracht volgens zijn data.").waitFor();
    const { zones } = await stored("ord-night");
    assert.deepEqual(zones.features[0].properties.deviation, { reason: LONG, decided_by: NASTY });
    assert.deepEqual(zones.features[0].properties.schedule.weekly, [
      { days: ["sun"], from: "23:15", to: "06:00" },
    ]);
    assert.deepEqual(sins, []);
    await leave();
  },
);

test(
  "a file of rubbish does no harm, and a zone of 5,000 corners is drawn and registered",
  patience,
  async () => {
    const { page, sins, form, button, findings, leave } = await desk();
    const rubbish = [
      "",
      "\u0000",
      "[[[[",
      '{"type":"FeatureCollection","features":[null,7,{"geometry":{}}]}',
      '"x"',
    ];
    for (const [n, content] of rubbish.entries()) {
      await give(page, `rommel-${n}.json`, content);
      await page.getByRole("status").getByText(`rommel-${n}.json`).waitFor();
    }
    const odd = { properties: { schedule: { weekly: 5 } }, geometry: { type: "Point", coordinates: HOME } };
    await give(page, "rooster.geojson", { type: "FeatureCollection", features: [odd] });
    await page.getByText("rooster.geojson: geen leesbaar bevel").waitFor();
    const sized = { properties: { radius_m: "groot" }, geometry: { type: "Point", coordinates: HOME } };
    await give(page, "straal.geojson", { type: "FeatureCollection", features: [sized] });
    await page.getByText("1 gebieden toegevoegd.").waitFor();
    await button("Nieuw").click();
    await button("Laat het vallen").click();
    const corners = Array.from({ length: 5_000 }, (_, n) => {
      const turn = (n / 5_000) * 2 * Math.PI;
      return [HOME[0] + 0.09 * Math.cos(turn), HOME[1] + 0.055 * Math.sin(turn)];
    });
    corners.push(corners[0]);
    await give(page, "groot.json", [
      orderOf("corners", {
        zones: {
          type: "FeatureCollection",
          features: [
            {
              type: "Feature",
              geometry: { type: "Polygon", coordinates: [corners] },
              properties: { zone: "large", kind: "exclusion", protects: HOME },
            },
          ],
        },
      }),
    ]);
    await form.getByText("Vlak, 5.000 hoeken").or(form.getByText("Vlak, 5000 hoeken")).waitFor();
    await findings.getByText("Geen bevindingen").waitFor();
    await page.getByLabel("Meldkamer").pressSequentially("rotterdam");
    await button("Registreer").click();
    await form.getByText("Bevel ord-corners is van kracht volgens zijn data.").waitFor();
    assert.deepEqual((await stored("ord-corners")).zones.features[0].geometry.coordinates, [corners]);
    assert.deepEqual(sins, []);
    await leave();
  },
);

test(
  "what somebody else does to an order is told to who looks at it, and to who writes in it",
  patience,
  async () => {
    for (const name of ["looked", "written", "pulled"]) await register(orderOf(name));
    const { page, sins, form, button, leave } = await desk();
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
    await service.api("DELETE", "/v1/orders/ord-looked");
    await comeBack();
    await form.getByText("ord-looked staat niet meer in het register").waitFor();
    await row(page, "ord-written").click();
    await page.getByLabel("Meldkamer").fill("van-mij");
    await service.api("DELETE", "/v1/orders/ord-written");
    await button("Registreer").click();
    await form.getByText("claire heeft ord-written ingetrokken om").waitFor();
    assert.equal((await service.api("GET", "/v1/orders/ord-written")).status, 404);
    assert.deepEqual(await axe(page), []);
    await button("Registreer toch het mijne").click();
    await form.getByText("Bevel ord-written is van kracht volgens zijn data.").waitFor();
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
  const { page, sins, form, part, button, leave } = await desk();
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
  await page.goto(`http://${service.address}/#token=${service.token.claire}`);
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
  await form.getByText("Bevel ord-ends is van kracht volgens zijn data.").waitFor();
  const { victims } = await stored("ord-ends");
  assert.deepEqual([victims[1].person, victims[1].residence], ["bea-renamed", [4.6, 52.1]]);
  assert.equal(victims[0].aware_code, true);
  assert.deepEqual(sins, []);
  await leave();
});

for (const theme of ["dark", "light"]) {
  test(`the form has no fault that axe can find, in either language (${theme})`, patience, async () => {
    await register(rich(`axe-${theme}`));
    for (const language of ["nl", "en"]) {
      const { page, sins, leave } = await desk("claire", (next) =>
        next.addInitScript(
          ([name, tongue]) => {
            localStorage.setItem("theme", name);
            localStorage.setItem("language", tongue);
          },
          [theme, language],
        ),
      );
      await row(page, `axe-${theme}`).click();
      for (const summary of await page.locator("aside summary").all()) {
        if (!(await summary.evaluate((fold) => fold.parentElement.open))) await summary.click();
      }
      await page.setViewportSize({ width: 1440, height: 3_600 });
      assert.deepEqual(await axe(page), []);
      assert.equal(await page.locator("aside").evaluate(isBroad), false);
      assert.deepEqual(sins, []);
      await leave();
    }
  });
}
