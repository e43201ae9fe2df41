// What the story needs: the real service (`afstand demo`: broker, simulated city, API), a line to it that can be cut,
// and Debian's Chromium, watched for everything that a page must not do.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const BINARY = process.env.AFSTAND_BINARY ?? new URL("../../target/debug/afstand", import.meta.url).pathname;
const CHROMIUM = process.env.AFSTAND_TEST_CHROMIUM ?? "/usr/bin/chromium";

/** Starts the demonstration; its token is a supervisor's, `victim` is her app's. */
export async function demo() {
  const child = spawn(BINARY, ["demo", "--listen", "127.0.0.1:0", "--seed", "1"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const found = {};
  for await (const line of createInterface({ input: child.stdout })) {
    const page = /http:\/\/(127\.0\.0\.1:\d+)\/#token=(\S+)/.exec(line);
    if (page) [, found.address, found.token] = page;
    const victim = /\/victim#token=(\S+)/.exec(line);
    if (victim) found.victim = victim[1];
    const broker = /mqtt:\/\/127\.0\.0\.1:(\d+)/.exec(line);
    if (broker) found.broker = Number(broker[1]);
    if (found.address && found.broker) break;
  }
  child.stdout.resume();
  const api = async (method, path, body) => {
    const response = await fetch(`http://${found.address}${path}`, {
      method,
      headers: { authorization: `Bearer ${found.token}`, "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, body: text ? JSON.parse(text) : null };
  };
  const stop = async () => {
    child.kill("SIGTERM");
    await once(child, "exit");
  };
  return { ...found, api, stop };
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

const sha256 = (text) => createHash("sha256").update(text).digest("hex");

/** A port nobody listens on. */
async function freePort() {
  const server = net.createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** The real service with orders of a test's own, beside a broker of its own; a victim's token is for `device`. */
export async function serve(orders, device) {
  const folder = mkdtempSync(join(tmpdir(), "afstand-story-"));
  const [broker, port] = [await freePort(), await freePort()];
  const tokens = { operator: "operator-of-the-story", victim: "victim-of-the-story" };
  const rows = Object.entries(tokens).map(
    ([role, token]) =>
      `[[token]]\nname = "${role}"\nrole = "${role}"\nsha256 = "${sha256(token)}"\n${role === "victim" ? `device = "${device}"\n` : ""}`,
  );
  mkdirSync(join(folder, "orders"));
  writeFileSync(join(folder, "orders/all.json"), JSON.stringify(orders));
  writeFileSync(join(folder, "tokens.toml"), rows.join(""));
  writeFileSync(
    join(folder, "mosquitto.conf"),
    `listener ${broker} 127.0.0.1\nallow_anonymous true\nlog_dest none\n`,
  );
  writeFileSync(
    join(folder, "afstand.toml"),
    `[store]\nurl = "sqlite:afstand.db"\n[mqtt]\nurl = "mqtt://127.0.0.1:${broker}"\n[api]\nlisten = "127.0.0.1:${port}"\n` +
      `tokens_file = "tokens.toml"\n[orders]\ndir = "orders"\n[log]\nlevel = "error"\n`,
  );
  const run = (program, args) =>
    spawn(program, args, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  const children = [
    run(process.env.AFSTAND_TEST_MOSQUITTO ?? "mosquitto", ["-c", join(folder, "mosquitto.conf")]),
    run(BINARY, ["serve", "--config", join(folder, "afstand.toml")]),
  ];
  const address = `127.0.0.1:${port}`;
  const stop = async () => {
    for (const child of children.toReversed()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill("SIGTERM");
      await once(child, "exit");
    }
    rmSync(folder, { recursive: true });
  };
  for (let tries = 0; ; tries += 1) {
    const ready = await fetch(`http://${address}/readyz`).catch(() => null);
    if (ready?.ok) break;
    if (tries > 300) {
      await stop();
      throw new Error(`the service is not ready: ${ready ? await ready.text() : "no answer"}`);
    }
    await new Promise((resume) => setTimeout(resume, 100));
  }
  const api = async (path) => {
    const response = await fetch(`http://${address}${path}`, {
      headers: { authorization: `Bearer ${tokens.operator}` },
    });
    return response.json();
  };
  return { address, broker, tokens, api, stop };
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
