// What a browser has to fetch, as gzip: the bundle of this tree, made here.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";

const KB = 1_000;
/** The console's code with the map: scripts, styles, page. */
const CONSOLE_KB = 450;
/** What the map shows without any network, and the fonts. */
const DATA_KB = 335;
/** All that the companion needs: its font is decoration, and never waited for. */
const COMPANION_KB = 40;

const root = join(import.meta.dirname, "..");
let out;

before(() => {
  out = mkdtempSync(join(tmpdir(), "afstand-dashboard-"));
  const vite = join(root, "node_modules/vite/bin/vite.js");
  execFileSync(process.execPath, [vite, "build", "--outDir", out, "--logLevel", "error"], { cwd: root });
});

after(() => rmSync(out, { recursive: true }));

/** Bytes of code and of data of a page: of it, of what it names, and so on. */
function weigh(page) {
  const assets = readdirSync(join(out, "assets")).filter((name) => !/\.(br|gz)$/.test(name));
  const found = new Set();
  const waiting = [join(out, page)];
  const sums = { code: 0, data: 0 };
  for (let path = waiting.pop(); path; path = waiting.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    const bytes = readFileSync(path);
    const size = /\.(woff2|png)$/.test(path) ? bytes.length : gzipSync(bytes, { level: 9 }).length;
    const code = /\.(js|css|html)$/.test(path);
    sums[code ? "code" : "data"] += size;
    if (!code) continue;
    const text = bytes.toString();
    for (const name of assets) if (text.includes(name)) waiting.push(join(out, "assets", name));
  }
  return { ...sums, names: [...found].map((path) => basename(path)) };
}

test("the console fits its budget", () => {
  const { code, data, names } = weigh("index.html");
  console.log(`console ${Math.round(code / KB)} kB, map data and fonts ${Math.round(data / KB)} kB`);
  assert.ok(names.some((name) => /^map-worker/.test(name)) && names.some((name) => /^places/.test(name)));
  assert.ok(code <= CONSOLE_KB * KB, `${code} bytes of code`);
  assert.ok(data <= DATA_KB * KB, `${data} bytes of data`);
});

test("the companion fits its budget, and brings nothing of the console", () => {
  const { code, data, names } = weigh("victim.html");
  console.log(`companion ${(code / KB).toFixed(1)} kB, its font ${Math.round(data / KB)} kB`);
  assert.ok(code <= COMPANION_KB * KB, `${code} bytes of code`);
  assert.deepEqual(
    names.filter((name) => /^(index|view|map|tile|places|base)/.test(name)),
    [],
  );
});
