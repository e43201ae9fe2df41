// The form of an order and texts, times and files of every kind, in a real browser against the real service; and what axe
// finds in it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  desk,
  give,
  HOME,
  isBroad,
  LONG,
  NASTY,
  patience,
  registered,
  registerOf,
  rich,
  row,
} from "./paperwork.mjs";
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

test(
  "texts of every kind, times that cannot be and places that are none are said to be so",
  patience,
  async () => {
    await register(orderOf("night"));
    const { page, sins, form, part, button, findings, leave } = await desk(at);
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
    await registered(form, "ord-night");
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
    const { page, sins, form, button, findings, leave } = await desk(at);
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
    await registered(form, "ord-corners");
    assert.deepEqual((await stored("ord-corners")).zones.features[0].geometry.coordinates, [corners]);
    assert.deepEqual(sins, []);
    await leave();
  },
);

for (const theme of ["dark", "light"]) {
  test(`the form has no fault that axe can find, in either language (${theme})`, patience, async () => {
    await register(rich(`axe-${theme}`));
    for (const language of ["nl", "en"]) {
      const { page, sins, leave } = await desk(at, (next) =>
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
