// Pictures of what the demonstration does not come to in a minute, of a monitoring centre of its own: many devices silent
// at once, an approach with its why and its replay, what was resolved and its sheet of paper, an order being drawn and one
// with a history, answers of look-ups, a lost line, and signing in by a provider. Dark at 1,440 px, light at 1,920 px.
import { join } from "node:path";
import { CLIENT, provider } from "./provider.mjs";
import { centre, line, orderOf, tamper, watched } from "./world.mjs";

const SIZES = { dark: { width: 1440, height: 900 }, light: { width: 1920, height: 1080 } };
const PHONE = { width: 390, height: 844 };
const MANY = 24;
/** Metres of a degree of latitude, near enough to place somebody for a picture. */
const DEGREE_M = 111_250;

const pause = (ms) => new Promise((resume) => setTimeout(resume, ms));
const fix = (lat, lon, more = {}) => ({
  ...{ fixed_at: new Date().toISOString(), lat, lon, accuracy_m: 8 },
  ...more,
});

async function put(service, order) {
  const { status, body } = await service.api("PUT", `/v1/orders/${order.order}`, order);
  if (status !== 200 && status !== 201) throw new Error(JSON.stringify(body));
}

async function until(found) {
  for (const end = Date.now() + 120_000; Date.now() < end; await pause(300)) {
    const it = await found();
    if (it) return it;
  }
  throw new Error("it did not come in two minutes");
}

const incidentOf = (service, kind, is = () => true) =>
  until(async () => {
    const { body } = await service.api("GET", `/v1/incidents?kind=${kind}&limit=500`);
    return body.items.find(is);
  });

/** Two dozen devices that report once. */
async function fallSilent(service) {
  const interval = { fix_interval_s: 15 };
  for (let n = 0; n < MANY; n += 1) {
    const name = `stil-${String(n).padStart(2, "0")}`;
    const order = orderOf(name, { risk: ["low", "medium", "high"][n % 3], desk: "utrecht" });
    Object.assign(order.wearer, interval);
    order.victims = [{ person: `victim-${name}`, device: `vd-${name}`, ...interval }];
    await put(service, order);
    const lat = 52 + n / 100;
    await service.publish(`afstand/v1/victim/vd-${name}/fix`, fix(lat, 5.5));
    await service.publish(`afstand/v1/wearer/am-${name}/fix`, fix(lat + (3_000 + n * 400) / DEGREE_M, 5.5));
  }
}

/** Somebody comes nearer on a bicycle, into the alarm distance, and goes on. */
async function approach(service) {
  const [lat, lon] = [52.0907, 5.1214];
  await put(
    service,
    orderOf("nadert", {
      ...{ risk: "high", legal_basis: "sv_509hh", desk: "utrecht" },
      wearer: { person: "wearer-nadert", device: "am-nadert", residence: [5.217389, 52.287461] },
      victims: [
        {
          ...{ person: "victim-nadert", device: "vd-nadert", residence: [lon, lat] },
          proximity: { alarm_m: 1000, warning_m: 2000, warning_s: 300 },
        },
      ],
      zones: { type: "FeatureCollection", features: [] },
      contacts: {
        supervising_officer: { name: "Jan <b>de Vries</b> 👮 مرحبا", phone: "+31881110001" },
        victim_contact: { name: "Carla Contact", phone: "+31881110002" },
      },
    }),
  );
  await service.publish("afstand/v1/victim/vd-nadert/fix", fix(lat, lon));
  for (let step = 0; step < 12; step += 1) {
    const far_m = 2_300 - step * 150;
    const motion = { speed_mps: 6.2, course_deg: 200 };
    await service.publish(
      "afstand/v1/wearer/am-nadert/fix",
      fix(lat + far_m / DEGREE_M, lon + 0.004 - step * 0.0003, motion),
    );
    await pause(2_500);
  }
  const { incident } = await incidentOf(service, "victim_proximity");
  return incident;
}

async function resolved(service) {
  const device = await tamper(service, "klaar");
  const { incident } = await incidentOf(service, "tamper", (one) => one.device === device);
  const post = (what, body) => service.api("POST", `/v1/incidents/${incident}/${what}`, body);
  await post("acknowledge", {});
  await post("note", { text: `Band zat los, <script>alert(1)</script> 🤷 ${"lang verhaal ".repeat(28)}` });
  await post("resolve", { outcome: "device_fault", note: "Band vervangen" });
  return incident;
}

async function changedOrder(service) {
  await put(service, orderOf("gewijzigd"));
  await put(service, orderOf("gewijzigd", { desk: "utrecht" }));
  await put(service, orderOf("gewijzigd", { desk: "utrecht", risk: "high" }));
}

const button = (page, name) => page.getByRole("button", { name, exact: true });
const go = (page, hash) =>
  page.evaluate((to) => {
    location.hash = to;
  }, hash);

/** Each picture: its name, and what is done for it. They follow each other on one page. */
const pictures = (told) => [
  ["mass", (page) => go(page, `#/incidents/${told.mass}`)],
  ["approach", (page) => go(page, `#/incidents/${told.approach}`)],
  [
    "why",
    async (page) => {
      const why = page.locator("summary#why");
      await why.click();
      await why.evaluate((title) => title.scrollIntoView());
    },
  ],
  ["replay", (page) => button(page, "Speel af").click()],
  ["resolved", (page) => go(page, `#/incidents/${told.resolved}`)],
  [
    "order",
    async (page) => {
      await go(page, "#/orders");
      await page.locator("button.order", { hasText: "ord-gewijzigd" }).click();
      const history = page.locator("summary", { hasText: "Geschiedenis" });
      await history.click();
      await history.scrollIntoViewIfNeeded();
    },
  ],
  [
    "drawing",
    async (page) => {
      await button(page, "Nieuw").click();
      await button(page, "Woning slachtoffer").click();
      const box = await page.locator(".middle .map").boundingBox();
      const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
      await page.mouse.click(middle.x, middle.y);
      await page.waitForTimeout(1_500);
      await button(page, "Cirkel").click();
      await page.mouse.click(middle.x - 20, middle.y + 10);
      await page.mouse.move(middle.x + 60, middle.y + 60, { steps: 4 });
    },
  ],
  [
    "place",
    async (page) => {
      await page.keyboard.press("Escape");
      await go(page, "#/lookup");
      await page.getByLabel("Plaats").check();
      await page.getByLabel("Breedte, lengte").fill("51.9, 4.4");
      await page.getByLabel("Reden").fill("Melding van een buurvrouw");
      await button(page, "Zoek op").click();
    },
  ],
  [
    "person",
    async (page) => {
      await page.getByLabel("Persoon").check();
      await page.getByLabel("Kenmerk van drager").fill("wearer-nadert");
      await button(page, "Zoek op").click();
    },
  ],
  [
    "keys",
    async (page) => {
      await go(page, `#/incidents/${told.approach}`);
      await button(page, "Menu").click();
      await button(page, "Toetsen").click();
    },
  ],
];

async function places(chromium, service, told, folder, theme) {
  const road = await line(service.address);
  const { page } = await watched(chromium, road.origin, SIZES[theme]);
  const shoot = (name) =>
    page.screenshot({ path: join(folder, `${name}-${theme}-${SIZES[theme].width}.png`) });
  await page.addInitScript((name) => localStorage.setItem("theme", name), theme);
  await page.goto(`${road.origin}/#token=${service.token.claire}`);
  await page.locator("h2#incidents").waitFor();
  for (const [name, prepare] of pictures(told)) {
    await prepare(page);
    await page.waitForTimeout(2_500);
    await shoot(name);
  }
  await page.keyboard.press("Escape");
  road.cut();
  await page.waitForTimeout(20_000);
  await shoot("lost");
  road.mend();
  await page.goto("about:blank");
  await page.goto(`${road.origin}/#/incidents/${told.resolved}`);
  await page.locator("aside.panel .figure").waitFor();
  await page.waitForTimeout(2_500);
  await page.emulateMedia({ media: "print" });
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  await page.setViewportSize({ width: 794, height: 1123 });
  await page.screenshot({ path: join(folder, `paper-${theme}.png`), fullPage: true });
  await page.context().close();
  road.stop();
}

async function doors(chromium, service, folder, theme) {
  const origin = `http://${service.address}`;
  for (const [name, path, size] of [
    ["provider", "/", SIZES[theme]],
    ["companion-provider", "/victim", PHONE],
  ]) {
    const { page } = await watched(chromium, origin, size, { colorScheme: theme });
    await page.addInitScript((to) => localStorage.setItem("theme", to), theme);
    await page.goto(`${origin}${path}`);
    await page.waitForTimeout(1_500);
    await page.screenshot({ path: join(folder, `${name}-${theme}-${size.width}.png`) });
    await page.context().close();
  }
}

const settings = (people) => (at) =>
  `
[sign_in]
issuer = "${people.issuer}"
client_id = "${CLIENT}"
public_url = "${at}"
role_claim = "groups"
contact = "servicedesk, 030-1234567"
[[sign_in.role]]
value = "centre"
role = "operator"
`;

export async function centrePictures(chromium, folder) {
  const people = await provider({ anna: ["centre"] });
  const service = await centre(settings(people));
  try {
    await fallSilent(service);
    await changedOrder(service);
    const told = { resolved: await resolved(service), approach: await approach(service) };
    told.mass = (await incidentOf(service, "mass_silence")).incident;
    for (const theme of ["dark", "light"]) {
      await places(chromium, service, told, folder, theme);
      await doors(chromium, service, folder, theme);
    }
  } finally {
    await service.stop();
    people.stop();
  }
}
