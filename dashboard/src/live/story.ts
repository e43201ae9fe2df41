// What happened, as one list: alerts, steps of people, automatic steps, what recipients said. Newest first.
import type { Shape } from "./shown.ts";
import { shapeOf } from "./shown.ts";
import type { IncidentDetail } from "./types.ts";

export interface Happening {
  key: string;
  at: number;
  /** Shape of an alert; `person` or `automatic` for a step. */
  mark: Shape | "person" | "automatic";
  /** Family and word of the dictionary, or the text of the service itself. */
  what: { family: string; word: string } | { text: string };
  /** Who: a name, a recipient, or nobody. */
  who: string;
  /** More to say, in words that people wrote. */
  note: string;
}

const OWN_NAME = "afstand";

/** Texts of a step's details, in the order in which they read well. */
const TELLING = ["outcome", "action", "to", "step", "reason", "note", "text"];

export function story(incident: IncidentDetail): Happening[] {
  const alerts = incident.alerts.map(
    ({ seq, data }): Happening => ({
      key: `alert/${seq}`,
      at: Date.parse(data.raised_at),
      mark: shapeOf(data),
      what: { text: data.reason ?? data.kind },
      who: "",
      note: "",
    }),
  );
  const steps = (incident.timeline ?? []).map((entry, n): Happening => {
    const detail = entry.detail ?? {};
    const texts = TELLING.map((name) => detail[name]).filter((text) => typeof text === "string" && text);
    return {
      key: `step/${entry.seq ?? n}`,
      at: Date.parse(entry.at),
      mark: entry.actor === OWN_NAME ? "automatic" : "person",
      what: { family: "step", word: entry.what },
      who: entry.actor === OWN_NAME ? "" : entry.actor,
      note: texts.join(" · "),
    };
  });
  const receipts = incident.receipts.map(
    (receipt, n): Happening => ({
      key: `receipt/${n}`,
      at: Date.parse(receipt.at),
      mark: "automatic",
      what: { family: "receipt", word: receipt.state },
      who: receipt.recipient,
      note: [receipt.reference, receipt.reason].filter(Boolean).join(" · "),
    }),
  );
  return [...alerts, ...steps, ...receipts].sort((a, b) => b.at - a.at || (a.key < b.key ? 1 : -1));
}
