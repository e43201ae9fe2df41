import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ACTIONS, ESCALATE_TO, OUTCOMES } from "../live/words.ts";
import { dictionary as companion } from "../victim/dictionary.ts";
import { dictionary } from "../words/dictionary.ts";

const holes = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).toSorted();

test("every text is there in both languages, with the same things to fill in", () => {
  for (const [key, [nl, en]] of [...Object.entries(dictionary), ...Object.entries(companion)]) {
    expect(nl.trim() && en.trim(), key).toBeTruthy();
    expect(holes(nl), key).toEqual(holes(en));
  }
});

test("every word that the service may say has a text", () => {
  const words = {
    kind: [
      "exclusion_zone",
      "inclusion_zone",
      "victim_proximity",
      "aware",
      "tamper",
      "silence",
      "battery",
      "jamming",
      "parted",
      "order_expiry",
      "follow_up",
      "mass_silence",
    ],
    level: ["alarm", "warning", "clear", "unknown"],
    certainty: ["certain", "likely", "possible"],
    state: ["new", "acknowledged", "in_progress", "resolved"],
    outcome: [...OUTCOMES],
    action: [...ACTIONS],
    role: [...ESCALATE_TO],
    basis: [
      "sv_509hh",
      "suspended_detention",
      "special_condition",
      "immediate_supervision",
      "conditional_release",
      "measure_38z",
      "temporary_restraining_order",
    ],
    receipt: [
      "displayed",
      "confirmed",
      "received",
      "accepted",
      "rejected",
      "dispatched",
      "on_scene",
      "closed",
    ],
  };
  for (const [family, all] of Object.entries(words)) {
    for (const word of all) expect(dictionary, `${family}.${word}`).toHaveProperty([`${family}.${word}`]);
  }
});

/** A file of the service, as it stands beside this page. */
const ofService = (path: string): string =>
  readFileSync(join(import.meta.dirname, "../../../src/followup", path), "utf8");

test("every line that the service may write into a timeline has a text, and so have the words in it", () => {
  const [, lines = ""] = /fn word\(&self\)[^{]*\{(.*?)\n {4}\}/s.exec(ofService("effect.rs")) ?? [];
  const steps = [...lines.matchAll(/=> "(\w+)"/g)].map(([, word]) => `step.${word}`);
  const families = {
    Outcome: "outcome",
    Action: "action",
    StaffRole: "role",
    Task: "task",
    DeskState: "receipt",
  };
  const words = Object.entries(families).flatMap(([type, family]) => {
    const [, all = ""] =
      new RegExp(`\\n {4}${type} \\{(.*?)\\n {4}\\}`, "s").exec(ofService("words.rs")) ?? [];
    return [...all.matchAll(/= "(\w+)"/g)].map(([, word]) => `${family}.${word}`);
  });
  expect(steps.length).toBeGreaterThan(25);
  expect(words.length).toBeGreaterThan(30);
  // Alerts tell these, and better.
  const told = ["step.raised", "step.cleared"];
  const without = [...steps, ...words].filter((key) => !(key in dictionary) && !told.includes(key));
  expect(without).toEqual([]);
});

test("every reason that she cannot change has a text for her", () => {
  for (const reason of [
    "wearer_device_silent",
    "wearer_device_unseen",
    "wearer_position_vague",
    "wearer_device_tampered",
    "wearer_device_parted",
    "distance_uncertain",
  ])
    expect(companion).toHaveProperty([`reason.${reason}`]);
});

test.each([
  { of: "console", all: dictionary, files: /^(?!tests|victim|words\/(dictionary|paperwork))/ },
  { of: "companion", all: companion, files: /^victim\/(?!dictionary)/ },
])("no text of the $of is left that nobody shows", ({ all, files }) => {
  const folder = join(import.meta.dirname, "..");
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
    (name) => /\.(svelte|ts)$/.test(name) && files.test(name),
  );
  const sources = names.map((name) => readFileSync(join(folder, name), "utf8")).join("\n");
  const unused = Object.keys(all).filter((key) => {
    const family = key.slice(0, key.indexOf("."));
    const whole = sources.includes(`"${key}"`);
    const built =
      sources.includes(`\`${family}.\${`) ||
      sources.includes(`word("${family}"`) ||
      sources.includes(`family: "${family}"`);
    const inner = sources.includes(`\`${key.slice(0, key.lastIndexOf("."))}.\${`);
    return !whole && !built && !inner;
  });
  expect(unused).toEqual([]);
});
