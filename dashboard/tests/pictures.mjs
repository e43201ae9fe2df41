// Pictures of every place of the console at both widths and in both themes, of the demonstration as it plays; of what it
// does not come to in a minute; and of the companion on a telephone's screen, in each of its states:
//     dashboard/run pictures FOLDER
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { centrePictures } from "./centre-states.mjs";
import { companionPictures } from "./companion-states.mjs";
import { browser, demo, watched } from "./world.mjs";

const to = process.argv[2];
if (!to) throw new Error("say where to");
mkdirSync(to, { recursive: true });
const PLACES = ["incidents", "orders", "devices", "lookup", "health"];
const SIZES = [
  { width: 1440, height: 900 },
  { width: 1920, height: 1080 },
];
/** So long the city plays before the first picture. */
const PLAY_MS = Number(process.env.PLAY_MS ?? 60_000);

const service = await demo();
const chromium = await browser();
try {
  const origin = `http://${service.address}`;
  await new Promise((resume) => setTimeout(resume, PLAY_MS));
  for (const size of SIZES) {
    const { page } = await watched(chromium, origin, size);
    for (const theme of ["dark", "light"]) {
      await page.goto(`${origin}/#token=${service.token}`);
      await page.evaluate((name) => localStorage.setItem("theme", name), theme);
      await page.reload();
      for (const place of PLACES) {
        await page.evaluate((hash) => {
          location.hash = hash;
        }, `#/${place}`);
        if (place === "incidents") {
          await page.locator(".row").first().waitFor();
          await page.keyboard.press("j");
        }
        if (place === "orders") await page.locator("main li button").first().click();
        await page.waitForTimeout(3_000);
        await page.screenshot({ path: join(to, `${place}-${theme}-${size.width}.png`) });
      }
    }
    // And is done about the first of them, further down.
    await page.evaluate(() => {
      location.hash = "#/incidents";
    });
    await page.locator(".row").first().waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("o");
    const panel = page.locator("aside.panel");
    await panel.getByText(/Opgepakt door/).waitFor();
    await panel.getByRole("button", { name: "slachtoffer gebeld" }).click();
    await panel.getByRole("button", { name: "Bijzonderheid" }).click();
    await panel
      .locator("textarea")
      .fill("Slachtoffer is binnen en heeft de deur op slot. Eenheid is onderweg.");
    await panel.getByRole("button", { name: "Leg vast" }).click();
    await page.waitForTimeout(3_000);
    await panel.getByText("Afstand in de tijd").evaluate((title) => title.scrollIntoView());
    await page.waitForTimeout(1_000);
    await page.screenshot({ path: join(to, `followup-light-${size.width}.png`) });
    await page.context().close();
  }
  for (const theme of ["dark", "light"]) {
    const { page } = await watched(chromium, origin);
    await page.addInitScript((name) => localStorage.setItem("theme", name), theme);
    await page.goto(`${origin}/`);
    await page.waitForTimeout(1_000);
    await page.screenshot({ path: join(to, `sign-in-${theme}-1440.png`) });
    // The link is good once; a new one is asked for on the page.
    const link = theme === "dark" ? Promise.resolve(service.link) : service.nextLink();
    if (theme === "light") await page.getByRole("button", { name: "Toon daar een nieuwe link" }).click();
    await page.goto(await link);
    await page.locator(".row").first().waitFor();
    await page.getByRole("button", { name: "Menu" }).click();
    await page.screenshot({ path: join(to, `menu-${theme}-1440.png`) });
    await page.getByRole("button", { name: "Vergrendelen", exact: true }).click();
    await page.waitForTimeout(1_000);
    await page.screenshot({ path: join(to, `lock-${theme}-1440.png`) });
    await page.context().close();
  }
  await companionPictures(chromium, service.address, to);
  await centrePictures(chromium, to);
} finally {
  await chromium.close();
  await service.stop();
}
