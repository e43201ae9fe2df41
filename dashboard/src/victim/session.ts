// Who this page is for. The token comes by the link's fragment (and is taken out of it, so that it is in no history).
// It is kept until the tab is closed, or on this telephone when she asks for that: an installed page has no tab.
import { leaveBehind } from "./kept.ts";

const KEY = "companion-token";

export function takeToken(): string {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    history.replaceState(null, "", location.pathname);
    keepToken(given, isKept());
  }
  return sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY) ?? "";
}

export const isKept = (): boolean => localStorage.getItem(KEY) !== null;

export function keepToken(token: string, onTelephone: boolean): void {
  sessionStorage.setItem(KEY, token);
  if (onTelephone) localStorage.setItem(KEY, token);
  else localStorage.removeItem(KEY);
}

/** Nothing of hers stays, but a call for help that nobody has received yet. */
export function forget(): void {
  leaveBehind();
  sessionStorage.removeItem(KEY);
  localStorage.removeItem(KEY);
  localStorage.removeItem(CALL);
  localStorage.removeItem(CONFIRMED);
}

const CALL = "companion-call";
const CONFIRMED = "companion-confirmed";
const MOST_CONFIRMED = 50;

/** A list that outlives a reload; empty when it was never kept or cannot be read. */
function kept<T>(key: string): T[] {
  try {
    const list: unknown = JSON.parse(localStorage.getItem(key) ?? "[]");
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}

/** Whom to call, so that she can when nothing else works. */
export const keptCall = (): { name: string; phone: string }[] => kept(CALL);
export const keepCall = (call: readonly { name: string; phone: string }[]): void =>
  localStorage.setItem(CALL, JSON.stringify(call));

/** Alerts that she confirmed. */
export const confirmedBefore = (): string[] => kept(CONFIRMED);
export const rememberConfirmed = (alerts: readonly string[]): void =>
  localStorage.setItem(CONFIRMED, JSON.stringify(alerts.slice(-MOST_CONFIRMED)));
