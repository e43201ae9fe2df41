// Numbers as people say them. Pure: the language is given.

export type Language = "nl" | "en";

const locale = (language: Language): string => (language === "nl" ? "nl-NL" : "en-GB");

const number = (value: number, language: Language, digits: number): string =>
  value.toLocaleString(locale(language), { maximumFractionDigits: digits });

/** Metres: whole below 10 km, kilometres with one digit from there. */
export function metres(m: number, language: Language): string {
  if (Math.abs(m) < 9_999.5) return `${number(Math.round(m), language, 0)} m`;
  return `${number(m / 1000, language, 1)} km`;
}

/** Metres for a scale or a ring: kilometres where they are round. */
export function roundMetres(m: number, language: Language): string {
  return Math.abs(m) >= 1_000
    ? `${number(m / 1000, language, 2)} km`
    : `${number(Math.round(m), language, 0)} m`;
}

/** Metres per second as the operator says it to a car: kilometres an hour from 5 m/s, below that m/s. */
export function speed(mps: number, language: Language): string {
  return Math.abs(mps) >= 5
    ? `${number(mps * 3.6, language, 0)} ${language === "nl" ? "km/u" : "km/h"}`
    : `${number(mps, language, 1)} m/s`;
}

const two = (n: number): string => String(n).padStart(2, "0");

/** An age in a list: `0:42`, `12:40`, `1:05 u`, `3 d`. Never negative. */
export function age(seconds: number, language: Language): string {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 3_600) return `${Math.floor(s / 60)}:${two(s % 60)}`;
  const hour = language === "nl" ? "u" : "h";
  if (s < 86_400) return `${Math.floor(s / 3_600)}:${two(Math.floor(s / 60) % 60)} ${hour}`;
  return `${Math.floor(s / 86_400)} d`;
}

/** A span in words: `4 s`, `3 min`, `2 u 05 min`, `3 d 4 u`. */
export function span(seconds: number, language: Language): string {
  const s = Math.max(0, Math.floor(seconds));
  const hour = language === "nl" ? "u" : "h";
  if (s < 60) return `${s} s`;
  if (s < 3_600) return `${Math.floor(s / 60)} min${s < 600 && s % 60 ? ` ${s % 60} s` : ""}`;
  if (s < 86_400) return `${Math.floor(s / 3_600)} ${hour} ${two(Math.floor(s / 60) % 60)} min`;
  return `${Math.floor(s / 86_400)} d ${Math.floor(s / 3_600) % 24} ${hour}`;
}

/** A moment as the clock on the wall shows it; with the day when that is not the day of `today`. */
export function clock(moment: number, language: Language, today: number): string {
  const at = new Date(moment);
  if (Number.isNaN(at.getTime())) return "–";
  const same = at.toDateString() === new Date(today).toDateString();
  const day: Intl.DateTimeFormatOptions = same ? {} : { day: "numeric", month: "short" };
  return at.toLocaleString(locale(language), {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    ...day,
  });
}

/** A moment that has to be clear years later: date and time. */
export function stamp(moment: number, language: Language): string {
  const at = new Date(moment);
  if (Number.isNaN(at.getTime())) return "–";
  return at.toLocaleString(locale(language), {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZoneName: "short",
  });
}

/** A day. */
export function day(moment: number, language: Language): string {
  const at = new Date(moment);
  if (Number.isNaN(at.getTime())) return "–";
  return at.toLocaleDateString(locale(language), { day: "numeric", month: "short", year: "numeric" });
}

/** The half of a text of the service (`Nederlands / English`) that is in the language. */
export function half(text: string, language: Language): string {
  const parts = text.split(" / ");
  if (parts.length < 2 || parts.length % 2) return text;
  const middle = parts.length / 2;
  return (language === "nl" ? parts.slice(0, middle) : parts.slice(middle)).join(" / ");
}

/** Seconds with one digit: `0,2 s`. */
export const seconds = (s: number, language: Language): string => `${number(s, language, 1)} s`;
