// Whether this telephone is woken when there is something to see while the page is closed. A hint and no more: the page
// says so, and goes on as before where it cannot be had.
import { type Api, Refused } from "../live/api.ts";

/** `GET /v1/me/push`. */
interface Offer {
  on: boolean;
  public_key: string | null;
  browsers: number;
}

/** What a browser has for it; of `window`, but for tests. */
export interface Ground {
  /** The worker that would be woken; nothing where there can be none. */
  worker: () => Promise<Pick<ServiceWorkerRegistration, "pushManager"> | undefined>;
  permission: () => NotificationPermission;
  ask: () => Promise<NotificationPermission>;
}

const browser: Ground = {
  worker: async () => {
    if (!("serviceWorker" in navigator && "PushManager" in globalThis && "Notification" in globalThis))
      return;
    const registration = await navigator.serviceWorker.getRegistration("/victim");
    // Without its worker in place nothing can be woken: it comes with the first visit.
    return registration && (registration.active ? registration : navigator.serviceWorker.ready);
  },
  permission: () => Notification.permission,
  ask: () => Notification.requestPermission(),
};

const PATH = "/v1/me/push";

export class Waking {
  /** `unset`: the service is not set up for it; `unable`: this browser cannot. */
  state = $state<"looking" | "unset" | "unable" | "denied" | "off" | "asking" | "on" | "failed">("looking");
  /** How many of her browsers are woken, this one among them where it is. */
  browsers = $state(0);

  private key: Uint8Array<ArrayBuffer> | null = null;

  constructor(
    private api: Pick<Api, "read" | "send">,
    private ground: Ground = browser,
  ) {}

  /** How it stands. A browser that was woken before says so again: the service may have lost sight of it. */
  async look(): Promise<void> {
    try {
      const offer = await this.api.read<Offer>(PATH);
      this.browsers = offer.browsers;
      if (!offer.on || !offer.public_key) {
        this.state = "unset";
        return;
      }
      this.key = bytesOf(offer.public_key);
      const worker = await this.ground.worker();
      if (!worker) this.state = "unable";
      else if (this.ground.permission() === "denied") this.state = "denied";
      else if (await worker.pushManager.getSubscription()) await this.subscribe();
      else this.state = "off";
    } catch (error) {
      if (error instanceof Refused && error.notOffered) this.state = "unset";
      else this.state = "failed";
    }
  }

  /** Her press: nothing is asked without one. */
  async turnOn(): Promise<void> {
    this.state = "asking";
    try {
      if (!this.key) {
        await this.look();
        if (!this.key) return;
        this.state = "asking";
      }
      const said = this.ground.permission() === "granted" ? "granted" : await this.ground.ask();
      if (said !== "granted") {
        this.state = said === "denied" ? "denied" : "off";
        return;
      }
      await this.subscribe();
    } catch {
      // No push service that answers, or no contact with ours.
      this.state = "failed";
    }
  }

  async turnOff(): Promise<void> {
    const subscription = await this.current();
    // Whichever of the two fails, the other is enough: an address that is gone is forgotten when it is tried.
    if (this.state === "on") this.state = "off";
    if (!subscription) return;
    const { endpoint } = subscription;
    await Promise.allSettled([subscription.unsubscribe(), this.api.send("DELETE", PATH, { endpoint })]);
    this.browsers = Math.max(0, this.browsers - 1);
  }

  /** Whoever else is woken is not any more. */
  async onlyHere(): Promise<void> {
    try {
      await this.api.send("DELETE", PATH);
      await this.subscribe();
    } catch {
      this.state = "failed";
    }
  }

  private async current(): Promise<PushSubscription | null> {
    try {
      return (await (await this.ground.worker())?.pushManager.getSubscription()) ?? null;
    } catch {
      return null;
    }
  }

  private async subscribe(): Promise<void> {
    const worker = await this.ground.worker();
    if (!worker || !this.key) {
      this.state = "unable";
      return;
    }
    const { pushManager } = worker;
    let subscription = await pushManager.getSubscription();
    // Bound to a key that the service no longer has, it would never be woken.
    if (subscription && !isSame(subscription.options.applicationServerKey, this.key)) {
      await subscription.unsubscribe();
      subscription = null;
    }
    subscription ??= await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: this.key });
    await this.api.send("POST", PATH, subscription.toJSON());
    this.browsers = (await this.api.read<Offer>(PATH)).browsers;
    this.state = "on";
  }
}

function bytesOf(base64url: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function isSame(buffer: ArrayBuffer | null, key: Uint8Array): boolean {
  const bytes = new Uint8Array(buffer ?? new ArrayBuffer(0));
  return bytes.length === key.length && bytes.every((byte, at) => byte === key[at]);
}

/** Leaves her language where the worker finds it: it shows a notification while no page is open. */
export async function leaveLanguage(language: string): Promise<void> {
  if (!("caches" in globalThis)) return;
  const cache = await caches.open("companion-language");
  await cache.put("/victim/language", new Response(language));
}
