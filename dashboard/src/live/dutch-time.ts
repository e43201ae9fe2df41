// Days and hours as the courts mean them: those of the Netherlands, whatever the clock of this machine says.
export const COURT_TIME = "Europe/Amsterdam";

const DAY_MS = 86_400_000;
const calendar = new Intl.DateTimeFormat("sv-SE", { timeZone: COURT_TIME });
const clock = new Intl.DateTimeFormat("sv-SE", { timeZone: COURT_TIME, timeStyle: "medium" });
const offsets = new Intl.DateTimeFormat("en", { timeZone: COURT_TIME, timeZoneName: "longOffset" });

/** The day there, as `2026-11-26`; an empty text for what is no moment. */
export function dayOf(moment: number): string {
  return Number.isNaN(moment) ? "" : calendar.format(moment);
}

/** The time of day there, as `22:30`, or `23:59:59` where there are seconds; an empty text for what is no moment. */
export function timeOf(moment: number): string {
  return Number.isNaN(moment) ? "" : clock.format(moment).replace(/:00$/, "");
}

/** So many days after a day. */
export const daysAfter = (day: string, days: number): string =>
  new Date(Date.parse(`${day}T12:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);

/** The difference with Greenwich at a moment, as `+01:00`. */
function offsetAt(moment: number): string {
  const parts = offsets.formatToParts(moment);
  return parts.find((part) => part.type === "timeZoneName")?.value.slice(3) || "+00:00";
}

/**
 * That time of that day there, with its offset: `2026-11-26T22:30:00+01:00`; of a time that comes twice the first.
 * `null` for what is no day or no time.
 */
export function momentOf(day: string, time: string): string | null {
  const wall = `${day}T${time.length === 5 ? `${time}:00` : time}`;
  const greenwich = Date.parse(`${wall}Z`);
  if (!/^(199|2\d\d)\d-/.test(day) || Number.isNaN(greenwich)) return null;
  // The clock there is one or two hours ahead; the earlier of the two that fits is meant.
  const fits = ["+02:00", "+01:00"].find((offset) => offsetAt(Date.parse(`${wall}${offset}`)) === offset);
  // A time that the clock jumps over is none on the wall: what it would have been is meant.
  return `${wall}${fits ?? offsetAt(greenwich - 2 * 3_600_000)}`;
}

/** Midnight at the beginning of that day there: `2026-11-26T00:00:00+01:00`. */
export const midnight = (day: string): string => momentOf(day, "00:00") ?? `${day}T00:00:00+01:00`;
