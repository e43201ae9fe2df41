// What somebody was writing and has not sent: it outlives another incident that is looked at, and a session that ends
// in mid-work. It stays on this tab, for its writer only, until it is sent, cancelled, or the writer signs out.
export interface Unsent {
  form: "resolve" | "escalate" | "note";
  note: string;
  outcome: string;
  to: string;
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
  return kept && kept.by === by ? kept : null;
}

export function keepUnsent(incident: string, by: string, what: Unsent): void {
  write({ ...all(), [incident]: { ...what, by } });
}

export function forgetUnsent(incident: string): void {
  const { [incident]: _, ...others } = all();
  write(others);
}

/** Who signs out leaves nothing for the next. */
export const forgetAllUnsent = (): void => sessionStorage.removeItem(KEY);
