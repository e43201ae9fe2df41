// Pictures of the companion in each state at 390 px: the page of the real service, told each state in turn, which the
// demonstration alone would take days to show.
import { once } from "node:events";
import http from "node:http";
import { join } from "node:path";
import { watched } from "./world.mjs";

const PHONE = { width: 390, height: 844 };
const call = [
  { name: "112", phone: "112" },
  { name: "Carla Contact", phone: "+31881110002" },
];
const ADVICE = {
  alarm:
    "Ga meteen naar een veilige plek, bij andere mensen of achter een dichte deur. Bel 112. Zoek de drager niet op.",
  warning:
    "Let goed op en houd uw telefoon bij de hand. Ga als het kan naar een veilige plek. Bel 112 als u gevaar ziet.",
  clear: "U hoeft nu niets te doen. Voelt u zich niet veilig, bel dan uw contactpersoon of 112.",
};
const TITLE = {
  alarm: "De drager is dicht bij u",
  warning: "De drager komt bij u in de buurt",
  clear: "Dit alarm is voorbij",
};
const both = (nl) => ({ nl, en: nl });

function told(level, revision = 1) {
  const done = ["De politie is ter plaatse geweest.", "De meldkamer heeft actie ondernomen."].map(both);
  const data = {
    ...{
      alert: `${level}-${revision}`,
      incident: "inc-1",
      revision,
      kind: "victim_proximity",
      level,
      late: false,
    },
    ...{ raised_at: new Date().toISOString(), title: both(TITLE[level]), certainty_text: both("zeker") },
    ...{ advice: both(ADVICE[level]), call, ...(level === "clear" ? { done } : {}) },
  };
  return { data };
}

function picture(state, reasons = [], advice = [], alerts = []) {
  const since = new Date(Date.now() - 3_600_000).toISOString();
  return {
    protection: { state, reasons, since },
    ...{ advice: advice.map(both), call, alerts, fix_interval_s: 60, push: false },
  };
}

const STATES = {
  protected: () => picture("protected"),
  limited: () =>
    picture(
      "limited",
      ["own_battery_critical", "wearer_position_vague"],
      ["De batterij van uw device is bijna leeg. Laad het nu op."],
    ),
  unprotected: () =>
    picture(
      "unprotected",
      ["own_device_silent", "wearer_device_silent"],
      ["Uw device meldt zich niet. Kijk of het aan staat, is opgeladen en bereik heeft."],
    ),
  unknown: () => picture("protected"),
  warning: () => picture("protected", [], [], [told("warning")]),
  alarm: () => picture("protected", [], [], [told("alarm")]),
  clear: () => picture("protected", [], [], [told("alarm")]),
  holding: () => picture("protected"),
  aware: () => picture("protected"),
  settings: () => picture("protected"),
  door: () => picture("protected"),
  ended: () => picture("protected", [], [], [told("alarm")]),
};

/** The service's page, with what it says given. */
async function standIn(address) {
  const streams = new Set();
  const now = { picture: null, over: false };
  const server = http.createServer(async (request, response) => {
    if (now.over && request.url.startsWith("/v1/")) {
      response.writeHead(401, { "content-type": "application/json" }).end("{}");
    } else if (request.url === "/v1/me/live") {
      response.writeHead(200, { "content-type": "text/event-stream" }).write(":\n\n");
      streams.add(response);
    } else if (request.url === "/v1/me") {
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(now.picture));
    } else if (request.url.startsWith("/v1/")) {
      response.writeHead(204).end();
    } else {
      const file = await fetch(`http://${address}${request.url}`);
      const kept = ["content-type", "content-security-policy", "cache-control"];
      const headers = kept.map((name) => [name, file.headers.get(name) ?? ""]);
      response.writeHead(file.status, Object.fromEntries(headers)).end(Buffer.from(await file.arrayBuffer()));
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const say = (event) => {
    for (const stream of streams)
      stream.write(`id: ${event.data.revision}\nevent: alert\ndata: ${JSON.stringify(event)}\n\n`);
  };
  const hangUp = () => {
    for (const stream of streams) stream.end();
  };
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { origin: `http://127.0.0.1:${server.address().port}`, now, say, hangUp, stop };
}

/** Does what a state needs beside what is said. */
async function play(state, page, stand) {
  if (state === "settings") await page.getByRole("button", { name: "Instellingen" }).click();
  if (state === "clear") {
    stand.now.picture = picture("protected");
    stand.say(told("clear", 2));
  }
  if (state === "ended") {
    stand.now.over = true;
    stand.hangUp();
    await page.getByText("Er stond hier een alarm.").waitFor();
  }
  if (state === "unknown") stand.stop();
  if (state === "holding" || state === "aware") {
    const box = await page.getByRole("button", { name: /AWARE/ }).boundingBox();
    await page.mouse.move(box.x + 60, box.y + 30);
    await page.mouse.down();
    await page.waitForTimeout(state === "aware" ? 2_400 : 600);
    if (state === "aware") await page.mouse.up();
  }
  await page.waitForTimeout(state === "unknown" ? 3_000 : state === "holding" ? 0 : 600);
}

export async function companionPictures(chromium, address, folder) {
  for (const theme of ["dark", "light"]) {
    for (const [state, make] of Object.entries(STATES)) {
      const stand = await standIn(address);
      stand.now.picture = make();
      const options = { colorScheme: theme, serviceWorkers: "block" };
      const { page } = await watched(chromium, stand.origin, PHONE, options);
      // Once for its font, which is never waited for.
      await page.goto(`${stand.origin}/victim`);
      await page.waitForLoadState("networkidle");
      await page.goto("about:blank");
      await page.goto(`${stand.origin}/victim${state === "door" ? "" : "#token=x"}`);
      if (state !== "door") await page.getByText(/^Verbonden/).waitFor();
      await page.waitForTimeout(600);
      await play(state, page, stand);
      await page.screenshot({ path: join(folder, `companion-${state}-${theme}-390.png`) });
      await page.context().close();
      stand.stop();
    }
  }
}
