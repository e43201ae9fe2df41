// Draws the companion's icons from its SVG, in Debian's Chromium: run it when the drawing changes.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";

const folder = join(import.meta.dirname, "../public/victim");
const drawing = readFileSync(join(import.meta.dirname, "companion-icon.svg"), "utf8");
const browser = await chromium.launch({
  executablePath: process.env.AFSTAND_TEST_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
try {
  const page = await browser.newPage();
  for (const size of [192, 512]) {
    await page.setViewportSize({ width: size, height: size });
    await page.setContent(
      `<style>body{margin:0}svg{display:block;width:100vw;height:100vh}</style>${drawing}`,
    );
    writeFileSync(join(folder, `icon-${size}.png`), await page.screenshot());
  }
} finally {
  await browser.close();
}
