// What a crowd costs: so many people who all move every second, on the console's map. The service and the page are
// real; the stream of positions has the bytes the service would send, made here, so that only the page is measured.
//     dashboard/run crowd [HOW-MANY]
// Told, not judged. Cores are of processor time, so that a busy machine does not change them much. Chromium draws
// without a graphics card here: what a card would do is told apart.
import { once } from "node:events";
import http from "node:http";
import { browser, demo, watched } from "./world.mjs";

const MANY = Number(process.argv[2] ?? 5_000);
const PIECE = 500;
const SETTLE_MS = 10_000;
const MEASURE_S = Number(process.env.MEASURE_S ?? 30);

const place = (n, at) => {
  // Everybody walks a small circle around a place of their own, from Zeeland to Groningen.
  const [lon, lat] = [3.6 + ((n * 7_919) % 3_200) / 1_000, 51.3 + ((n * 104_729) % 1_900) / 1_000];
  const turn = n + at / 20_000;
  return { lon: lon + 0.002 * Math.cos(turn), lat: lat + 0.0012 * Math.sin(turn) };
};

const device = (n, at) => ({
  device: `crowd-${n}`,
  role: n % 2 ? "victim" : "wearer",
  person: `crowd-person-${n}`,
  last_fix: {
    fixed_at: new Date(at).toISOString(),
    ...place(n, at),
    accuracy_m: 8.5,
    speed_mps: 1.3,
    course_deg: 271,
    source: "gnss",
    battery_pct: 71,
  },
  uncertainty_m: 8.5,
  age_s: 0,
  received_at: new Date(at).toISOString(),
  online: true,
  silent_since: null,
  unreadable: null,
});

/** The demonstration's own people, who walk as well: the pair that is looked at is among them. */
async function own(api, now) {
  const { body } = await api("GET", "/v1/devices?limit=500");
  return body.items.flatMap((known, n) => {
    const { last_fix: fix } = known;
    if (!fix) return [];
    const turn = n + now / 20_000;
    const [lon, lat] = [fix.lon + 0.0005 * Math.cos(turn), fix.lat + 0.0003 * Math.sin(turn)];
    const fixed_at = new Date(now).toISOString();
    return [{ ...known, silent_since: null, last_fix: { ...fix, lon, lat, fixed_at } }];
  });
}

function crowd(answer, api) {
  answer.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  const tell = async () => {
    const now = Date.now();
    const pair = await own(api, now).catch(() => []);
    if (answer.destroyed) return;
    answer.write(`event: positions\ndata: ${JSON.stringify(pair)}\n\n`);
    for (let from = 0; from < MANY; from += PIECE) {
      const piece = Array.from({ length: Math.min(PIECE, MANY - from) }, (_, n) => device(from + n, now));
      answer.write(`event: positions\ndata: ${JSON.stringify(piece)}\n\n`);
    }
  };
  tell();
  const every = setInterval(tell, 1_000);
  answer.on("close", () => clearInterval(every));
}

/** The service, but for its stream of positions. */
async function before({ address, api }) {
  const [host, port] = address.split(":");
  const server = http.createServer((asked, answer) => {
    if (asked.url.startsWith("/v1/live/positions")) return crowd(answer, api);
    const { method, url: path, headers } = asked;
    const further = http.request({ host, port, method, path, headers }, (answered) => {
      answer.writeHead(answered.statusCode, answered.headers);
      answered.pipe(answer);
    });
    further.on("error", () => answer.destroy());
    answer.on("close", () => further.destroy());
    asked.pipe(further);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { origin: `http://127.0.0.1:${server.address().port}`, stop };
}

/** Seconds of processor time of Chromium's processes, by kind. */
async function spent(session) {
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  const sums = {};
  for (const { type, cpuTime } of processInfo) sums[type] = (sums[type] ?? 0) + cpuTime;
  return sums;
}

/**
 * Counts how often the map is painted, and how often the crowd is drawn at other places than before: a page that lags
 * behind costs less than it should.
 */
const count = (many) => {
  globalThis.counted = { paints: 0, moves: 0 };
  const { prototype } = WebGL2RenderingContext;
  let painting = false;
  for (const name of ["drawElements", "drawArrays", "drawArraysInstanced"]) {
    const draw = prototype[name];
    prototype[name] = function (...what) {
      if (!painting) {
        // One picture is drawn in one turn.
        painting = true;
        queueMicrotask(() => {
          painting = false;
        });
        globalThis.counted.paints += 1;
      }
      return draw.apply(this, what);
    };
  }
  const upload = prototype.bufferData;
  let before = "";
  prototype.bufferData = function (target, data, ...more) {
    if (data?.length > many) {
      const places = data.slice(0, 300).join();
      if (places !== before) globalThis.counted.moves += 1;
      before = places;
    }
    return upload.call(this, target, data, ...more);
  };
};

async function measure(page, session, what) {
  const [from, counted, began] = [await spent(session), await page.evaluate("counted"), performance.now()];
  await new Promise((resume) => setTimeout(resume, MEASURE_S * 1_000));
  const [to, took] = [await spent(session), (performance.now() - began) / 1_000];
  const { paints, moves } = await page.evaluate("counted");
  const cores = (types) => types.reduce((sum, type) => sum + (to[type] ?? 0) - (from[type] ?? 0), 0) / took;
  const share = (...types) => `${(cores(types) * 100).toFixed(1)} %`;
  console.log(
    `${MANY} people move every second, ${what}: page and its workers ${share("renderer")} of a core, drawing ` +
      `without a card ${share("GPU")}, together ${share("renderer", "GPU")}; moved ${moves - counted.moves} times ` +
      `and painted ${paints - counted.paints} times in ${Math.round(took)} s`,
  );
}

const service = await demo();
const road = await before(service);
const chromium = await browser();
try {
  const { page } = await watched(chromium, road.origin);
  await page.addInitScript(count, MANY);
  const session = await chromium.newBrowserCDPSession();
  await page.goto(`${road.origin}/#token=${service.token}`);
  await page.locator(".maplibregl-canvas").waitFor();
  await page.waitForTimeout(SETTLE_MS);
  await measure(page, session, "the whole country in sight");
  await page.locator(".row").first().waitFor({ timeout: 120_000 });
  await page.keyboard.press("j");
  await page.waitForTimeout(SETTLE_MS);
  await measure(page, session, "an incident in sight");
  await page.evaluate(() => {
    location.hash = "#/devices";
  });
  await page.waitForTimeout(SETTLE_MS);
  await measure(page, session, "the list of devices in sight");
} finally {
  await chromium.close();
  road.stop();
  await service.stop();
}
