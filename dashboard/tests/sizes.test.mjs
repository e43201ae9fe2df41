// What a browser has to fetch, as gzip: the bundle of this tree, made here.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

const KB = 1_000;
/** The console's code with the map: scripts, styles, page. */
const CONSOLE_KB = 450;
/** What the map shows without any network, and the fonts. */
const DATA_KB = 335;

test("the console fits its budget", () => {
  const root = join(import.meta.dirname, "..");
  const out = mkdtempSync(join(tmpdir(), "afstand-dashboard-"));
  try {
    const vite = join(root, "node_modules/vite/bin/vite.js");
    execFileSync(process.execPath, [vite, "build", "--outDir", out, "--logLevel", "error"], { cwd: root });
    const sums = { code: 0, data: 0 };
    for (const entry of readdirSync(out, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || /\.(br|gz)$/.test(entry.name)) continue;
      if (/\.html$/.test(entry.name) && entry.name !== "index.html") continue;
      const bytes = readFileSync(join(entry.parentPath, entry.name));
      const size = /\.woff2$/.test(entry.name) ? bytes.length : gzipSync(bytes, { level: 9 }).length;
      sums[/\.(js|css|html)$/.test(entry.name) ? "code" : "data"] += size;
    }
    console.log(
      `console ${Math.round(sums.code / KB)} kB, map data and fonts ${Math.round(sums.data / KB)} kB`,
    );
    assert.ok(sums.code <= CONSOLE_KB * KB, `${sums.code} bytes of code`);
    assert.ok(sums.data <= DATA_KB * KB, `${sums.data} bytes of data`);
  } finally {
    rmSync(out, { recursive: true });
  }
});
