// Days as the courts mean them: from midnight to midnight in the Netherlands, whatever the clock of this machine says.
export const COURT_TIME = "Europe/Amsterdam";

const DAY_MS = 86_400_000;
const calendar = new Intl.DateTimeFormat("sv-SE", { timeZone: COURT_TIME });
const offsets = new Intl.DateTimeFormat("en", { timeZone: COURT_TIME, timeZoneName: "longOffset" });

/** The day there, as `2026-11-26`; an empty text for what is no moment. */
export function dayOf(moment: number): string {
  return Number.isNaN(moment) ? "" : calendar.format(moment);
}

/** So many days after a day. */
export const daysAfter = (day: string, days: number): string =>
  new Date(Date.parse(`${day}T12:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);

/** Midnight at the beginning of that day there, with its offset: `2026-11-26T00:00:00+01:00`. */
export function midnight(day: string): string {
  // Two hours before midnight in Greenwich it is midnight or an hour before it there; clocks change later in the night.
  const before = Date.parse(`${day}T00:00:00Z`) - 2 * 3_600_000;
  const name =
    offsets.formatToParts(before).find((part) => part.type === "timeZoneName")?.value ?? "GMT+01:00";
  return `${day}T00:00:00${name.slice(3) || "Z"}`;
}
