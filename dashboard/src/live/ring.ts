// When a sound is due. An alarm that nobody has taken up rings on; a warning is said again after a while.

export const ALARM_EVERY_MS = 8_000;
export const WARNING_EVERY_MS = 60_000;
/** Sounds of a burst are one. */
const APART_MS = 2_000;

export interface Sounding {
  /** When each sound was last made, in milliseconds. */
  lastAlarm: number;
  lastWarning: number;
  /** Whether something came that was not told yet. */
  fresh: boolean;
}

/** The sound to make now; an alarm drowns a warning. */
export function due(
  { lastAlarm, lastWarning, fresh }: Sounding,
  alarms: number,
  warnings: number,
  now: number,
): "alarm" | "warning" | null {
  if (alarms > 0) {
    return now - lastAlarm >= (fresh ? APART_MS : ALARM_EVERY_MS) ? "alarm" : null;
  }
  if (warnings > 0) {
    return now - lastWarning >= (fresh ? APART_MS : WARNING_EVERY_MS) ? "warning" : null;
  }
  return null;
}
