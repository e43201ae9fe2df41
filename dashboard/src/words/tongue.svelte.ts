// The language of the reader: one for all pages, whichever texts they have.
import type { Language } from "./format.ts";

const stored = localStorage.getItem("language");
let language = $state<Language>(stored === "en" ? "en" : "nl");

export const current = (): Language => language;

export function choose(next: Language): void {
  language = next;
  localStorage.setItem("language", next);
  document.documentElement.lang = next;
}
document.documentElement.lang = stored === "en" ? "en" : "nl";

/** A text in that language; `{n}` and the like are replaced. */
export function filled(
  texts: readonly [nl: string, en: string],
  values: Record<string, string | number>,
): string {
  const text = texts[language === "nl" ? 0 : 1];
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
