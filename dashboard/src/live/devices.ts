// Devices by what is wrong with them: who is unseen comes first, the highest risk above all.
import { OLD_AFTER_S } from "../map/drawing.ts";
import type { Device } from "./types.ts";

export type DeviceLook = "silent" | "unheard" | "old" | "unreadable" | "offline" | "seen";

const LOOKS: DeviceLook[] = ["silent", "unheard", "unreadable", "old", "offline", "seen"];
const RISKS = ["high", "medium", "low"];

export function lookOf(device: Device, now: number): DeviceLook {
  if (device.unreadable) return "unreadable";
  if (device.silent_since) return "silent";
  if (!device.last_fix) return "unheard";
  if ((now - Date.parse(device.last_fix.fixed_at)) / 1000 > OLD_AFTER_S) return "old";
  return device.online === false ? "offline" : "seen";
}

export interface DeviceRow {
  device: Device;
  look: DeviceLook;
  risk: string;
  /** Milliseconds since 1970; 0 when never. */
  seenAt: number;
}

/** By what is wrong, then by risk, then the longest unseen. */
export function unseenFirst(
  devices: readonly Device[],
  riskOf: (person: string | null) => string,
  now: number,
): DeviceRow[] {
  const rows = devices.map(
    (device): DeviceRow => ({
      device,
      look: lookOf(device, now),
      risk: riskOf(device.person),
      seenAt: Date.parse(device.last_fix?.fixed_at ?? "") || 0,
    }),
  );
  const rank = (list: readonly string[], word: string): number => {
    const at = list.indexOf(word);
    return at < 0 ? list.length : at;
  };
  const isUnseen = (row: DeviceRow): number => (["seen", "offline"].includes(row.look) ? 1 : 0);
  return rows.sort(
    (a, b) =>
      isUnseen(a) - isUnseen(b) ||
      (isUnseen(a) ? rank(LOOKS, a.look) - rank(LOOKS, b.look) : rank(RISKS, a.risk) - rank(RISKS, b.risk)) ||
      rank(LOOKS, a.look) - rank(LOOKS, b.look) ||
      a.seenAt - b.seenAt ||
      (a.device.device < b.device.device ? -1 : 1),
  );
}
