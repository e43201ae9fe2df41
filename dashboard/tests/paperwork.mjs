// What the stories of the order form share: a supervisor at her desk, files that are given to the page, and an order that
// holds everything.
import assert from "node:assert/strict";
import { orderOf, sitDown } from "./world.mjs";

export const NASTY = "<script>alert(1)</script> 🚓 \u202eomgekeerd\u202c مرحبا ";
export const LONG = NASTY + "x".repeat(400 - NASTY.length);
export const HOME = [4.4792, 51.9225];
export const patience = { timeout: 180_000 };

/** A supervisor at the place for orders, and how its parts are found. */
export async function desk({ chromium, service }, prepare = async () => {}) {
  const at = await sitDown(chromium, service, "claire", prepare);
  await go(at.page, "orders");
  await at.page.locator("h2#orders").waitFor();
  const { page } = at;
  return {
    ...at,
    form: page.getByRole("complementary", { name: "Bevel" }),
    button: (name) => page.getByRole("button", { name, exact: true }),
    part: (legend) => page.getByRole("group", { name: legend, exact: true }),
    findings: page.getByRole("region", { name: "Richtlijn" }),
  };
}
export const go = (page, place) =>
  page.evaluate((hash) => {
    location.hash = hash;
  }, `#/${place}`);
export const row = (page, name) => page.locator("button.order", { hasText: name });
export const give = (page, name, content) =>
  page.locator("input[type=file]").setInputFiles({
    name,
    mimeType: "application/json",
    buffer: Buffer.from(typeof content === "string" ? content : JSON.stringify(content)),
  });
/** The register of a service: what stands in it, and how something is put there by somebody else. */
export const registerOf = (service) => ({
  stored: async (order) => (await service.api("GET", `/v1/orders/${order}`)).body,
  register: async (order) => {
    const { status, body } = await service.api("PUT", `/v1/orders/${order.order}`, order);
    assert.ok(status === 201 || status === 200, JSON.stringify(body));
  },
});
export const isBroad = (element) => element.scrollWidth > element.clientWidth;

/** Everything an order may hold, also what the form only leaves as it is. */
export const rich = (name) =>
  orderOf(name, {
    valid_from: "2026-01-01T09:30:15+01:00",
    valid_until: "2036-04-28T23:59:59+02:00",
    tell_desk: false,
    call_order: ["victim", "wearer"],
    note_of_another_system: "",
    wearer: {
      person: `wearer-${name}`,
      device: `am-${name}`,
      residence: [6.5, 53.2],
      fix_interval_s: 0.5,
      receipts: true,
    },
    victims: [
      {
        person: `ann-${name}`,
        device: `vd-${name}`,
        residence: [...HOME, 3.5],
        proximity: { alarm_m: 1000.5, warning_m: 2000, warning_s: 0 },
        fix_interval_s: 30,
        receipts: true,
        owntracks: `${name}/phone`,
        second_channel: { sms: "+31612345678" },
        quiet_hours: {
          timezone: "Europe/Amsterdam",
          weekly: [{ days: ["mon"], from: "22:00", to: "07:00" }],
        },
        language: "en",
        aware_code_sha256: "ab".repeat(32),
      },
      { person: `bea-${name}`, residence: null, proximity: null },
    ],
    zones: {
      type: "FeatureCollection",
      name: "drawn elsewhere",
      features: [
        {
          type: "Feature",
          id: 7,
          geometry: { type: "Point", coordinates: HOME },
          properties: {
            zone: "home",
            kind: "exclusion",
            victim: `ann-${name}`,
            radius_m: 5500.5,
            buffer_m: 0.5,
            stroke: "#f00",
            schedule: {
              timezone: "Europe/Amsterdam",
              weekly: [
                { days: ["mon", "sun"], from: "18:00", to: "24:00" },
                { days: ["fri"], from: "22:00", to: "06:00" },
              ],
            },
          },
        },
      ],
    },
    contacts: {
      case_coordinator: null,
      victim_contact: { name: LONG.slice(0, 200), phone: "06", email: "a@b.example" },
    },
  });

/** Waits until the form says that an order is registered; where it does not, tells what it says instead. */
export async function registered(form, order) {
  const said = form.getByText(`Bevel ${order} is van kracht volgens zijn data.`);
  await said
    .waitFor()
    .catch(async () => assert.fail((await form.locator(".told, .findings").allTextContents()).join()));
}
