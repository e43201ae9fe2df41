// What the story needs: the real service (`afstand demo`: broker, simulated city, API), a line to it that can be cut,
// and Debian's Chromium, watched for everything that a page must not do.
import { spawn } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const BINARY = process.env.AFSTAND_BINARY ?? new URL("../../target/debug/afstand", import.meta.url).pathname;
const CHROMIUM = process.env.AFSTAND_TEST_CHROMIUM ?? "/usr/bin/chromium";

/** Starts the demonstration; its token is a supervisor's. */
export async function demo() {
  const child = spawn(BINARY, ["demo", "--listen", "127.0.0.1:0", "--seed", "1"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const found = {};
  for await (const line of createInterface({ input: child.stdout })) {
    const page = /http:\/\/(127\.0\.0\.1:\d+)\/#token=(\S+)/.exec(line);
    if (page) [, found.address, found.token] = page;
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
export async function watched(browser, origin, viewport = { width: 1440, height: 900 }) {
  const context = await browser.newContext({ viewport, locale: "nl-NL", timezoneId: "Europe/Amsterdam" });
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
