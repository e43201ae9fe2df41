// The language of the reader, and every text in it.
import { dictionary, type Key } from "./dictionary.ts";
import type { Language } from "./format.ts";
import * as format from "./format.ts";

const stored = localStorage.getItem("language");
let language = $state<Language>(stored === "en" ? "en" : "nl");

export const current = (): Language => language;

export function choose(next: Language): void {
  language = next;
  localStorage.setItem("language", next);
  document.documentElement.lang = next;
}
document.documentElement.lang = stored === "en" ? "en" : "nl";

/** A text; `{n}` and the like are replaced. */
export function say(key: Key, values: Record<string, string | number> = {}): string {
  const text = dictionary[key][language === "nl" ? 0 : 1];
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** The text for a word of the service (`kind.silence`), or the word itself when there is none yet. */
export function word(family: string, value: string): string {
  const key = `${family}.${value}`;
  return key in dictionary ? say(key as Key) : value.replaceAll("_", " ");
}

export const metres = (m: number): string => format.metres(m, language);
export const roundMetres = (m: number): string => format.roundMetres(m, language);
export const speed = (mps: number): string => format.speed(mps, language);
export const age = (seconds: number): string => format.age(seconds, language);
export const span = (seconds: number): string => format.span(seconds, language);
export const half = (text: string): string => format.half(text, language);
export const clock = (moment: number, today: number): string => format.clock(moment, language, today);
export const day = (moment: number): string => format.day(moment, language);
export const seconds = (s: number): string => format.seconds(s, language);
