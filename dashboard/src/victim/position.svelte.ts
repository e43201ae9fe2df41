// This telephone as a source of her position, while the page is open and she allows it.
import { type Api, Refused } from "../live/api.ts";
import { now } from "../live/clock.ts";
import { type Fix, fixOf, type Place, placeNow, queued } from "./places.ts";

/** What is asked of a device for which no order says more. */
const INTERVAL_S = 60;
const FIND_WITHIN_MS = 30_000;

export class Position {
  state = $state<"off" | "asking" | "on" | "denied" | "unavailable">("off");
  /** When a position arrived at the service last; 0 when none did. Milliseconds. */
  sentAt = $state(0);
  accuracyM = $state<number | null>(null);
  /** Whether the screen is kept on. */
  awake = $state(false);

  private watching: number | null = null;
  private newest: Fix | null = null;
  private waiting: Fix[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private lock: WakeLockSentinel | null = null;

  constructor(
    private api: Pick<Api, "send">,
    /** Seconds between two positions, as asked; `null` when nobody says. */
    private interval: () => number | null,
  ) {}

  turnOn(): void {
    // A search that found nothing yet goes on: none of before may tell where she is once she said no.
    this.turnOff();
    if (!("geolocation" in navigator)) {
      this.state = "unavailable";
      return;
    }
    this.state = "asking";
    this.watching = navigator.geolocation.watchPosition(
      (reading) => this.take(reading),
      (error) => this.fail(error),
      { enableHighAccuracy: true, maximumAge: 0, timeout: FIND_WITHIN_MS },
    );
    void this.stayAwake();
  }

  turnOff(): void {
    if (this.watching !== null) navigator.geolocation.clearWatch(this.watching);
    clearTimeout(this.timer);
    void this.lock?.release();
    this.watching = this.newest = this.lock = null;
    this.waiting = [];
    this.timer = undefined;
    this.awake = false;
    this.state = "off";
  }

  /** Where she is now, for a press of her button; nothing when that is not known. */
  place(): Partial<Place> {
    return placeNow(this.newest, now());
  }

  /** The system lets go of the screen whenever the page is out of sight. */
  async stayAwake(): Promise<void> {
    if (this.watching === null || document.visibilityState !== "visible") return;
    try {
      this.lock = (await navigator.wakeLock?.request("screen")) ?? null;
      this.awake = this.lock !== null;
      this.lock?.addEventListener("release", () => {
        this.awake = false;
      });
    } catch {
      // A battery that is nearly empty: the page says that the screen may go dark.
      this.awake = false;
    }
  }

  private take(reading: GeolocationPosition): void {
    const first = this.newest === null;
    this.newest = fixOf(reading, now() - Date.now());
    this.accuracyM = this.newest.accuracy_m ?? null;
    this.state = "on";
    if (first) void this.send();
  }

  private fail(error: GeolocationPositionError): void {
    if (error.code === error.PERMISSION_DENIED) {
      this.turnOff();
      this.state = "denied";
    } else if (this.newest === null) {
      this.state = "unavailable";
    }
  }

  /** What was found and not yet received, then again after the interval. */
  private async send(): Promise<void> {
    clearTimeout(this.timer);
    if (this.newest) this.waiting = queued(this.waiting, this.newest);
    const sending = this.waiting;
    if (sending.length) {
      try {
        await this.api.send("POST", "/v1/me/fix", sending.length === 1 ? sending[0] : sending);
        this.waiting = this.waiting.filter((fix) => !sending.includes(fix));
        this.sentAt = now();
      } catch (error) {
        // What the service cannot use it has set aside; what did not arrive goes with the next.
        if (error instanceof Refused && error.status >= 400 && error.status < 500) this.waiting = [];
      }
    }
    if (this.watching === null) return;
    this.timer = setTimeout(() => void this.send(), (this.interval() ?? INTERVAL_S) * 1_000);
  }
}
