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
  /** More to say: words of the dictionary, and words that people wrote. */
  notes: Note[];
}

export type Note = { family: string; word: string } | { text: string };

const OWN_NAME = "afstand";

/** Details of a step that are words of the dictionary, and those that are texts, in the order they read well. */
const WORDS: Record<string, string> = {
  outcome: "outcome",
  action: "action",
  to: "role",
  role: "role",
  task: "task",
  state: "receipt",
  deadline: "deadline",
};
const TEXTS = ["step", "people", "desk", "recipient", "reference", "reason", "note", "text"];

/** Steps that alerts tell already, and better. */
const TOLD_BY_ALERTS = ["raised", "cleared"];

function notesOf(detail: Record<string, unknown>): Note[] {
  const notes: Note[] = [];
  for (const [name, family] of Object.entries(WORDS)) {
    const word = detail[name];
    if (typeof word === "string") notes.push({ family, word });
  }
  for (const name of TEXTS) {
    const value = detail[name];
    const text = Array.isArray(value) ? value.join(", ") : value;
    if (typeof text === "string" && text) notes.push({ text });
  }
  return notes;
}

export function story(incident: IncidentDetail): Happening[] {
  const alerts = incident.alerts.map(
    ({ seq, data }): Happening => ({
      key: `alert/${seq}`,
      at: Date.parse(data.raised_at),
      mark: shapeOf(data),
      what: { text: data.reason ?? data.kind },
      who: "",
      notes: [],
    }),
  );
  const entries = (incident.timeline ?? []).filter((entry) => !TOLD_BY_ALERTS.includes(entry.what));
  const steps = entries.map((entry, n): Happening => {
    const own = entry.actor === OWN_NAME;
    return {
      key: `step/${entry.seq ?? n}`,
      at: Date.parse(entry.at),
      mark: own ? "automatic" : "person",
      what: { family: "step", word: entry.what },
      who: own ? "" : entry.actor,
      notes: notesOf(entry.detail ?? {}),
    };
  });
  // A service that keeps a timeline has what recipients said in it.
  const receipts = (incident.timeline ? [] : incident.receipts).map(
    (receipt, n): Happening => ({
      key: `receipt/${n}`,
      at: Date.parse(receipt.at),
      mark: "automatic",
      what: { family: "receipt", word: receipt.state },
      who: receipt.recipient,
      notes: [receipt.reference, receipt.reason].flatMap((text) => (text ? [{ text }] : [])),
    }),
  );
  return [...alerts, ...steps, ...receipts].sort((a, b) => b.at - a.at || (a.key < b.key ? 1 : -1));
}
