// Where everybody is, as the service knows it. Read while somebody looks.
import type { Place } from "../map/drawing.ts";
import type { Centre } from "./centre.svelte.ts";
import type { Device } from "./types.ts";

const EVERY_MS = 5_000;

/** A device with a position as a place on the map. */
export function placeOf(device: Device): Place | null {
  const { last_fix: fix, role, person } = device;
  if (!fix || !role || !person) return null;
  return {
    person,
    device: device.device,
    role,
    at: [fix.lon, fix.lat],
    uncertainty_m: device.uncertainty_m ?? 0,
    fixed_at: Date.parse(fix.fixed_at),
    silent: device.silent_since !== null,
  };
}

export class Positions {
  devices = $state.raw<readonly Device[]>([]);
  places = $state.raw<readonly Place[]>([]);
  /** How the last reading went; `null` before the first. */
  read = $state<boolean | null>(null);
  /** Whether there are more devices than were read. */
  more = $state(false);
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readers = 0;

  constructor(private centre: Centre) {}

  /** Keeps reading until the function returned is called. */
  watch(): () => void {
    this.readers += 1;
    if (this.readers === 1) void this.keep();
    return () => {
      this.readers -= 1;
      if (this.readers === 0) clearTimeout(this.timer);
    };
  }

  private async keep(): Promise<void> {
    try {
      const { items, more } = await this.centre.api.all<Device>("/v1/devices");
      this.devices = items;
      this.more = more;
      this.places = items.flatMap((device) => placeOf(device) ?? []);
      this.read = true;
    } catch {
      this.read = false;
    }
    clearTimeout(this.timer);
    if (this.readers > 0) this.timer = setTimeout(() => void this.keep(), EVERY_MS);
  }
}
