// Every text of the console in the language of the reader.
import { dictionary, type Key } from "./dictionary.ts";
import * as format from "./format.ts";
import { current, filled } from "./tongue.svelte.ts";

export { choose, current } from "./tongue.svelte.ts";

/** A text; `{n}` and the like are replaced. */
export function say(key: Key, values: Record<string, string | number> = {}): string {
  return filled(dictionary[key], values);
}

/** The text for a word of the service (`kind.silence`), or the word itself when there is none yet. */
export function word(family: string, value: string): string {
  const key = `${family}.${value}`;
  return key in dictionary ? say(key as Key) : value.replaceAll("_", " ");
}

export const metres = (m: number): string => format.metres(m, current());
export const roundMetres = (m: number): string => format.roundMetres(m, current());
export const speed = (mps: number): string => format.speed(mps, current());
export const age = (seconds: number): string => format.age(seconds, current());
export const span = (seconds: number): string => format.span(seconds, current());
export const half = (text: string): string => format.half(text, current());
export const clock = (moment: number, today: number): string => format.clock(moment, current(), today);
export const stamp = (moment: number): string => format.stamp(moment, current());
export const day = (moment: number): string => format.day(moment, current());
export const seconds = (s: number): string => format.seconds(s, current());
