// What somebody was writing and has not sent: it outlives another form, another incident that is looked at, and a
// session that ends in mid-work. It stays on this tab, for its writer only, until it is sent, cancelled, or the writer
// signs out.

export const FORMS = ["resolve", "escalate", "note"] as const;
export type Form = (typeof FORMS)[number];

export interface Words {
  note: string;
  outcome: string;
  to: string;
}

export interface Unsent {
  /** The form that is open. */
  form: Form | "";
  drafts: Partial<Record<Form, Words>>;
}

interface Kept extends Unsent {
  by: string;
}

const KEY = "unsent";

function all(): Record<string, Kept> {
  try {
    const read: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "{}");
    return typeof read === "object" && read !== null ? (read as Record<string, Kept>) : {};
  } catch {
    return {};
  }
}

function write(next: Record<string, Kept>): void {
  if (Object.keys(next).length) sessionStorage.setItem(KEY, JSON.stringify(next));
  else sessionStorage.removeItem(KEY);
}

/** What this person has not sent about an incident. */
export function unsentOf(incident: string, by: string): Unsent | null {
  const kept = all()[incident];
  return kept?.drafts && kept.by === by ? { form: kept.form, drafts: kept.drafts } : null;
}

/** Keeps the drafts that say something; without any the incident is forgotten. */
export function keepUnsent(incident: string, by: string, { form, drafts }: Unsent): void {
  const said = Object.entries(drafts).filter(([, { note }]) => note.trim() !== "");
  const { [incident]: _, ...others } = all();
  write(said.length ? { ...others, [incident]: { by, form, drafts: Object.fromEntries(said) } } : others);
}

/** Who signs out leaves nothing for the next. */
export const forgetAllUnsent = (): void => sessionStorage.removeItem(KEY);
