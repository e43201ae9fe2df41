// Every text of the companion in her language.
import * as format from "../words/format.ts";
import { current, filled } from "../words/tongue.svelte.ts";
import { dictionary, type Key } from "./dictionary.ts";
import type { Text } from "./types.ts";

export { choose, current } from "../words/tongue.svelte.ts";

export const say = (key: Key, values: Record<string, string | number> = {}): string =>
  filled(dictionary[key], values);

/** A text of the service. */
export const pick = (text: Text): string => text[current()];

export const clock = (moment: number, today: number): string => format.clock(moment, current(), today);
export const span = (seconds: number): string => format.span(seconds, current());
export const seconds = (s: number): string => format.seconds(s, current());
