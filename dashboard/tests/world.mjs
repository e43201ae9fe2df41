// What the story needs: the real service (`afstand demo`: broker, simulated city, API), a line to it that can be cut,
// and Debian's Chromium, watched for everything that a page must not do.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { chromium } from "playwright-core";
import { CLIENT, SECRET } from "./provider.mjs";

const BINARY = process.env.AFSTAND_BINARY ?? new URL("../../target/debug/afstand", import.meta.url).pathname;
const CHROMIUM = process.env.AFSTAND_TEST_CHROMIUM ?? "/usr/bin/chromium";

/** What a machine asks of a service, with its token. */
const asking = (origin, token) => async (method, path, body) => {
  const response = await fetch(`${origin}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, body: text ? JSON.parse(text) : null };
};

async function ended(child) {
  child.kill("SIGTERM");
  await once(child, "exit");
}

/** Starts the demonstration; its token is a supervisor's, and so is its link. */
export async function demo() {
  const child = spawn(BINARY, ["demo", "--listen", "127.0.0.1:0", "--seed", "1"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const found = {};
  let link = () => {};
  const lines = createInterface({ input: child.stdout });
  await new Promise((ready) => {
    lines.on("line", (line) => {
      const page = /(http:\/\/(127\.0\.0\.1:\d+)\/auth\/once\?code=\S+)/.exec(line);
      if (page) link(page[1]);
      if (page && !found.link) [, found.link, found.address] = page;
      const token = /token (afst_\S+)/.exec(line);
      if (token) [, found.token] = token;
      const broker = /mqtt:\/\/127\.0\.0\.1:(\d+)/.exec(line);
      if (broker) found.broker = Number(broker[1]);
      if (found.address && found.token && found.broker) ready();
    });
  });
  /** The next link that it prints. */
  const nextLink = () =>
    new Promise((shown) => {
      link = shown;
    });
  const api = asking(`http://${found.address}`, found.token);
  return { ...found, api, nextLink, stop: () => ended(child) };
}

/** Starts the service at a broker, for people whom a provider knows: those in the group `centre` are operators. */
export async function serve(broker, issuer) {
  const folder = mkdtempSync(join(tmpdir(), "afstand-serve-"));
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const token = "afst_story";
  const file = (name, text) => writeFileSync(join(folder, name), text, { mode: 0o600 });
  const sha256 = createHash("sha256").update(token).digest("hex");
  file("tokens.toml", `[[token]]\nname = "story"\nrole = "supervisor"\nsha256 = "${sha256}"\n`);
  file("client.secret", SECRET);
  file(
    "afstand.toml",
    `[store]
url = "sqlite:afstand.db"
[mqtt]
url = "mqtt://127.0.0.1:${broker}"
client_id = "afstand-story"
[api]
listen = "127.0.0.1:${port}"
tokens_file = "tokens.toml"
[log]
level = "error"
[sign_in]
issuer = "${issuer}"
client_id = "${CLIENT}"
client_secret_file = "client.secret"
public_url = "${origin}"
role_claim = "groups"
[[sign_in.role]]
value = "centre"
role = "operator"
`,
  );
  const child = spawn(BINARY, ["serve", "--config", join(folder, "afstand.toml")], { stdio: "inherit" });
  while (!(await fetch(`${origin}/readyz`).catch(() => null))?.ok) {
    assert.equal(child.exitCode, null, "the service ended");
    await new Promise((resume) => setTimeout(resume, 100));
  }
  const stop = async () => {
    await ended(child);
    rmSync(folder, { recursive: true });
  };
  return { origin, api: asking(origin, token), stop };
}

async function freePort() {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  await new Promise((closed) => server.close(closed));
  return port;
}

const run = promisify(execFile);

/** Publishes at a broker on this machine. */
export const publish = (broker, topic, payload) =>
  run("mosquitto_pub", [
    ...["-V", "5", "-h", "127.0.0.1", "-p", String(broker), "-q", "1"],
    ...["-t", topic, "-m", JSON.stringify(payload)],
  ]);

/** An order of somebody who is nowhere near anybody, so that only what is sent here happens. */
export async function register(service, name) {
  const order = {
    order: `ord-${name}`,
    legal_basis: "special_condition",
    valid_from: "2026-01-01T00:00:00Z",
    valid_until: "2036-01-01T00:00:00Z",
    risk: "low",
    wearer: { person: `wearer-${name}`, device: `am-${name}`, residence: [6.5, 53.2] },
    victims: [],
    zones: {
      type: "FeatureCollection",
      features: [
        {
          type: "Feature",
          geometry: { type: "Point", coordinates: [4.4, 51.9] },
          properties: { zone: `zone-${name}`, kind: "exclusion", radius_m: 5000, protects: [4.4, 51.9] },
        },
      ],
    },
  };
  const { status, body } = await service.api("PUT", `/v1/orders/${order.order}`, order);
  assert.ok(status === 201 || status === 200, JSON.stringify(body));
}

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe finds wrong with a page. */
export async function axe(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run(document, { resultTypes: ["violations"] }),
  );
  const where = (nodes) => nodes.map((node) => node.target.join(" ")).slice(0, 3);
  return violations.map(({ id, nodes }) => `${id}: ${where(nodes).join(", ")}`);
}

/** A line to an address that can be cut and made whole again. */
export async function line(address) {
  const [host, port] = address.split(":");
  const open = new Set();
  let whole = true;
  const server = net.createServer((near) => {
    if (!whole) return near.destroy();
    const far = net.connect(Number(port), host);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ]) {
      open.add(from);
      from.pipe(to);
      from.on("error", () => to.destroy());
      from.on("close", () => {
        open.delete(from);
        to.destroy();
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    cut: () => {
      whole = false;
      for (const socket of open) socket.destroy();
    },
    mend: () => {
      whole = true;
    },
    stop: () => {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
}

export async function browser() {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--no-sandbox",
      "--use-angle=swiftshader",
      "--enable-unsafe-swiftshader",
      "--autoplay-policy=user-gesture-required",
    ],
  });
}

/** A page, and what it did that it must not: errors, violations of the policy, requests to elsewhere. */
export async function watched(browser, origin, viewport = { width: 1440, height: 900 }, options = {}) {
  const settings = { viewport, locale: "nl-NL", timezoneId: "Europe/Amsterdam", ...options };
  const context = await browser.newContext(settings);
  const page = await context.newPage();
  const sins = [];
  page.on("pageerror", (error) => sins.push(`error: ${error.message}`));
  page.on("console", (message) => {
    // A line that was cut on purpose is said by the browser; the page says it in its own words.
    const cut = /net::ERR_(CONNECTION|EMPTY|INCOMPLETE)|Failed to load resource/.test(message.text());
    if (message.type() === "error" && !cut) sins.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (["http:", "https:", "ws:", "wss:"].includes(url.protocol) && url.origin !== origin)
      sins.push(`request: ${url.origin}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 500) sins.push(`${response.status()}: ${new URL(response.url()).pathname}`);
  });
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) =>
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`),
    );
    // When each incident was first drawn.
    globalThis.drawnAt = {};
    const note = () => {
      for (const row of document.querySelectorAll("[data-incident]"))
        globalThis.drawnAt[row.dataset.incident] ??= Date.now();
    };
    new MutationObserver(note).observe(document, { subtree: true, childList: true });
  });
  return { page, sins };
}
