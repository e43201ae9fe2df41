// Whether the console is open, for somebody who came by a cookie: it locks when nobody sits there, and it waits when the
// session ended in mid-work. Nothing on the page is lost meanwhile: signing in happens in another window. The tabs of a
// session are one console: who is seen in one is there for all, and a lock in one closes all.
import type { Centre } from "./centre.svelte.ts";
import { Idle } from "./idle.ts";
import { type Session, whoIsIn } from "./session.ts";

/** While the console is closed, it is asked this often whether somebody has signed in again. */
const ASK_MS = 2_000;
/** The other tabs are told of keys and pointers this often, at most. */
const TELL_MS = 1_000;

/** What a tab tells the others; `of` names the session. */
interface News {
  of: string;
  said: "seen" | "locked";
}

export class Gate {
  state = $state<"open" | "locked" | "ended">("open");

  private idle: Idle;
  private timer: ReturnType<typeof setInterval>;
  private askedAt = 0;
  private toldAt = 0;
  private tabs = new BroadcastChannel("afstand-gate");

  constructor(
    private centre: Centre,
    private session: Session,
    /** Somebody else signed in: nothing of this page is for him. */
    private stranger: () => void,
    /** The same person is back. */
    private back: () => void,
  ) {
    this.idle = this.freshIdle();
    centre.api.csrf = session.csrf;
    centre.api.onDenied = (locked) => this.denied(locked);
    this.tabs.onmessage = ({ data }: MessageEvent<News>) => this.hear(data);
    this.timer = setInterval(() => void this.tick(), 1_000);
  }

  stop(): void {
    clearInterval(this.timer);
    this.tabs.close();
  }

  /** A key or a pointer. */
  seen(): void {
    const at = Date.now();
    if (this.state !== "open" || this.idle.isOver(at)) return;
    if (this.idle.seen(at)) void this.tell("/auth/active");
    if (at - this.toldAt < TELL_MS) return;
    this.toldAt = at;
    this.say("seen");
  }

  /** Locks now: here at once, at the service as soon as it hears of it. */
  lock(): void {
    if (this.state !== "open") return;
    this.close("locked");
    this.say("locked");
    void this.tell("/auth/lock");
  }

  /** The session is over, or locked at the service. */
  close(how: "locked" | "ended"): void {
    if (this.state === "ended" || this.state === how) return;
    this.state = how;
    this.centre.quiet = true;
  }

  private say(said: News["said"]): void {
    this.tabs.postMessage({ of: this.session.csrf, said } satisfies News);
  }

  private hear({ of, said }: News): void {
    if (of !== this.session.csrf || this.state !== "open") return;
    if (said === "locked") this.close("locked");
    else this.idle.seen(Date.now());
  }

  /** Not accepted: over, or another session is in its place that began in another tab. Who was locked out stays so. */
  private denied(locked: boolean): void {
    if (locked || this.state === "open") this.close(locked ? "locked" : "ended");
    if (!locked) void this.look();
  }

  private async tick(): Promise<void> {
    if (this.state === "open") {
      if (this.idle.isOver(Date.now())) this.lock();
    } else if (Date.now() - this.askedAt >= ASK_MS) {
      this.askedAt = Date.now();
      await this.look();
    }
  }

  /** Whether somebody signed in meanwhile. */
  private async look(): Promise<void> {
    const session = await whoIsIn().catch(() => undefined);
    if (session === undefined) return;
    if (session === null) this.close("ended");
    else if (session.name !== this.session.name) this.stranger();
    else if (!session.locked && (this.state === "ended" || session.csrf !== this.session.csrf))
      this.open(session);
  }

  private open(session: Session): void {
    this.session = session;
    this.centre.api.csrf = session.csrf;
    this.centre.quiet = false;
    this.idle = this.freshIdle();
    this.state = "open";
    this.back();
  }

  private freshIdle(): Idle {
    return new Idle((this.session.idle_lock_s ?? Number.POSITIVE_INFINITY) * 1_000, Date.now());
  }

  private async tell(path: string): Promise<void> {
    try {
      await this.centre.api.send("POST", path);
    } catch {
      // The service locks by itself when it hears nothing.
    }
  }
}
