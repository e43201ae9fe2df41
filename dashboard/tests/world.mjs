// What the story needs: the real service (`afstand demo`: broker, simulated city, API), a line to it that can be cut,
// and Debian's Chromium, watched for everything that a page must not do.
import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { chromium } from "playwright-core";

export const BINARY =
  process.env.AFSTAND_BINARY ?? new URL("../../target/debug/afstand", import.meta.url).pathname;
const MOSQUITTO = process.env.AFSTAND_TEST_MOSQUITTO ?? "/usr/sbin/mosquitto";
const CHROMIUM = process.env.AFSTAND_TEST_CHROMIUM ?? "/usr/bin/chromium";

/** Starts the demonstration; its token and its link are a supervisor's, `victim` is her app's token. */
export async function demo() {
  const child = spawn(BINARY, ["demo", "--listen", "127.0.0.1:0", "--seed", "1"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const found = {};
  let shown = () => {};
  const read = (line) => {
    const page = /(http:\/\/(127\.0\.0\.1:\d+)\/auth\/once\?code=\S+)/.exec(line);
    if (page) shown(page[1]);
    if (page && !found.link) [, found.link, found.address] = page;
    const victim = /\/victim#token=(\S+)/.exec(line);
    if (victim) found.victim = victim[1];
    const token = /token (afst_\S+)/.exec(line);
    if (token) found.token = token[1];
    const broker = /mqtt:\/\/127\.0\.0\.1:(\d+)/.exec(line);
    if (broker) found.broker = Number(broker[1]);
  };
  await new Promise((ready, failed) => {
    child.on("exit", () => failed(new Error("the demonstration ended")));
    createInterface({ input: child.stdout }).on("line", (line) => {
      read(line);
      if (found.address && found.token && found.broker) ready();
    });
  });
  /** The next link that it prints. */
  const nextLink = () =>
    new Promise((resolve) => {
      shown = resolve;
    });
  const stop = async () => {
    child.kill("SIGTERM");
    await once(child, "exit");
  };
  const api = asking(found.address, found.token);
  return { ...found, api, publish: publishing(found.broker), nextLink, stop };
}

/** Asks the service as the holder of a token. */
const asking = (address, token) => async (method, path, body) => {
  const response = await fetch(`http://${address}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, body: text ? JSON.parse(text) : null };
};

const run = promisify(execFile);
/** Publishes as a device does. */
const publishing = (port) => (topic, payload) =>
  run("mosquitto_pub", [
    ...["-V", "5", "-h", "127.0.0.1", "-p", String(port), "-q", "1"],
    ...["-t", topic, "-m", JSON.stringify(payload)],
  ]);

/** So many ports that nobody has, all different: held together until all are found. */
async function freePorts(many) {
  const servers = Array.from({ length: many }, () => net.createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => server.address().port);
  for (const server of servers) server.close();
  await Promise.all(servers.map((server) => once(server, "close")));
  return ports;
}

/** People of a monitoring centre, by name. Their tokens are only for the test that made them. */
export const STAFF = { anna: "operator", bob: "operator", claire: "supervisor" };

/**
 * A monitoring centre: `afstand serve` with a broker and a database of its own, and nothing happening in it. The token
 * `app` is that of a victim whose device is named. `more` is told where it answers, and gives more settings.
 */
export async function centre(more = "", device = "") {
  const folder = mkdtempSync(join(tmpdir(), "afstand-centre-"));
  const [port, broker] = await freePorts(2);
  const names = [...Object.keys(STAFF), ...(device ? ["app"] : [])];
  const tokens = names.map((name) => [name, `${name}-${crypto.randomUUID()}`]);
  const lines = tokens.map(([name, secret]) => {
    const sha256 = createHash("sha256").update(secret).digest("hex");
    const role = name === "app" ? `"victim"\ndevice = "${device}"` : `"${STAFF[name]}"`;
    return `[[token]]\nname = "${name}"\nrole = ${role}\nsha256 = "${sha256}"\n`;
  });
  writeFileSync(join(folder, "tokens.toml"), lines.join(""), { mode: 0o600 });
  writeFileSync(join(folder, "mosquitto.conf"), `listener ${broker} 127.0.0.1\nallow_anonymous true\n`);
  const settings = [
    `[store]\nurl = "sqlite:afstand.db"\n[mqtt]\nurl = "mqtt://127.0.0.1:${broker}"`,
    `[api]\nlisten = "127.0.0.1:${port}"\ntokens_file = "tokens.toml"\n[log]\nlevel = "warn"\n${typeof more === "function" ? more(`http://127.0.0.1:${port}`) : more}`,
  ];
  writeFileSync(join(folder, "afstand.toml"), settings.join("\n"));
  const parts = [
    spawn(MOSQUITTO, ["-c", join(folder, "mosquitto.conf")], { stdio: "ignore" }),
    spawn(BINARY, ["serve", "--config", join(folder, "afstand.toml")], {
      stdio: ["ignore", "ignore", "inherit"],
    }),
  ];
  const stop = async () => {
    for (const part of parts.toReversed()) {
      const ended = once(part, "exit");
      if (part.kill("SIGTERM")) await ended;
    }
    rmSync(folder, { recursive: true });
  };
  const address = `127.0.0.1:${port}`;
  try {
    await ready(`http://${address}/readyz`);
  } catch (error) {
    await stop();
    throw error;
  }
  const token = Object.fromEntries(tokens);
  return { address, token, api: asking(address, token.claire), publish: publishing(broker), stop };
}

async function ready(url) {
  for (const end = Date.now() + 60_000; Date.now() < end; ) {
    if (
      await fetch(url).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return;
    await new Promise((resume) => setTimeout(resume, 200));
  }
  throw new Error(`${url} is not ready within a minute`);
}

/** An order of somebody who is nowhere near anybody, so that only what is sent here happens. */
export const orderOf = (name, changes = {}) => ({
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
  ...changes,
});

/** Registers such an order and cuts the strap of its device; the device is returned. */
export async function tamper({ api, publish }, name, changes = {}) {
  const order = orderOf(name, changes);
  const { status, body } = await api("PUT", `/v1/orders/${order.order}`, order);
  if (status !== 201 && status !== 200) throw new Error(JSON.stringify(body));
  await publish(`afstand/v1/wearer/am-${name}/status`, {
    at: new Date().toISOString(),
    event: "strap_tamper",
  });
  return `am-${name}`;
}

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe finds wrong with a page. */
export async function axe(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run(document, {
      resultTypes: ["violations"],
      // Not among those that axe looks for by itself.
      rules: { "label-content-name-mismatch": { enabled: true } },
    }),
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

/** A line that hears every byte that the page is sent, as it is before compression, and that can be cut. */
export async function heard(address) {
  const [host, port] = address.split(":");
  const open = new Set();
  const said = [];
  let whole = true;
  const server = http.createServer((request, response) => {
    const headers = { ...request.headers, "accept-encoding": "identity" };
    const far = http.request({ host, port, method: request.method, path: request.url, headers }, (answer) => {
      said.push({ path: request.url, text: JSON.stringify(answer.headers), bytes: [] });
      const { bytes } = said.at(-1);
      answer.on("data", (piece) => bytes.push(piece));
      response.writeHead(answer.statusCode, answer.headers);
      answer.on("error", () => response.destroy());
      answer.pipe(response);
    });
    far.on("error", () => response.destroy());
    response.on("close", () => far.destroy());
    request.pipe(far);
  });
  server.on("connection", (socket) => {
    if (!whole) return socket.destroy();
    open.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => open.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const destroy = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    /** All that was sent, one text an answer. */
    sent: () => said.map(({ path, text, bytes }) => ({ path, text: `${text}\n${Buffer.concat(bytes)}` })),
    cut: () => {
      whole = false;
      destroy();
    },
    mend: () => {
      whole = true;
    },
    stop: () => {
      destroy();
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
export async function watched(browser, origin, viewport = { width: 1440, height: 900 }, more = {}) {
  const context = await browser.newContext({
    viewport,
    locale: "nl-NL",
    timezoneId: "Europe/Amsterdam",
    ...more,
  });
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

/** Somebody of a centre at a desk of his own. */
export async function sitDown(browser, service, who, prepare = async () => {}) {
  const origin = `http://${service.address}`;
  const { page, sins } = await watched(browser, origin);
  await prepare(page);
  await page.goto(`${origin}/#token=${service.token[who]}`);
  await page.locator("h2#incidents").waitFor();
  return { page, sins, panel: page.locator("aside.panel"), leave: () => page.context().close() };
}

/** Looks for an incident by who or what it is about, and selects it. */
export async function find(page, word) {
  if (!(await page.getByRole("searchbox").count()))
    await page.getByRole("button", { name: "Filter", exact: true }).click();
  await page.getByRole("searchbox").fill(word);
  // A hand at rest over the list would hold it still.
  await page.mouse.move(700, 500);
  await page.locator(".row").first().waitFor();
  await page.locator(".row").first().click();
  await page.mouse.move(700, 500);
  await page.locator("aside.panel .figure").waitFor();
}
