// What this page knows: her protection, what she was told, and how fresh that is. Nothing old is shown as live.
import { Api, Refused } from "../live/api.ts";
import { now } from "../live/clock.ts";
import { type Session, whoIsIn } from "../live/session.ts";
import { follow, type StreamEvent } from "../live/stream.ts";
import { Aware } from "./aware.svelte.ts";
import { type Standing, standingOf } from "./door.ts";
import { type Contact, faceOf, isLive, type Line } from "./face.ts";
import { ownerOf } from "./kept.ts";
import { Receipts } from "./receipts.ts";
import { confirmedBefore, keepCall, keptCall, rememberConfirmed } from "./session.ts";
import { type Heard, hear, reconcile } from "./story.ts";
import type { Call, Picture, Protection, Told } from "./types.ts";

/** What stands is asked again this often: it says also what is no longer there. */
const READ_EVERY_MS = 60_000;
/** The service is asked this often while it does not answer. */
const ASK_AGAIN_MS = 3_000;
/** A line that was silent for so long while nobody looked is made anew. */
const STALE_MS = 12_000;

export class Companion implements Contact {
  line = $state<Line>("connecting");
  lastSign = $state(0);
  readAt = $state(0);
  /** Whether the service answered last: what it says may still arrive when nothing gets there any more. */
  reached = $state(true);
  time = $state(now());
  refused = $state<"" | "token" | "role">("");
  /** What stood when it was refused. */
  stood: Standing = "";
  protection = $state.raw<Protection | null>(null);
  picture = $state.raw<Picture | null>(null);
  heard = $state.raw<Heard[]>([]);
  call = $state.raw<Call[]>(keptCall());
  confirmed = $state.raw<string[]>(confirmedBefore());

  readonly api: Api;
  readonly aware: Aware;
  private receipts: Receipts;
  private unfollow: () => void = () => {};
  private timer: ReturnType<typeof setInterval> | undefined;
  /** Counts what was said: a picture that was asked for before the last word is older than it. */
  private words = 0;
  private asked = 0;

  /** By a token, or by the cookie that the browser sends by itself: then by a session. */
  constructor(
    token: string,
    private session: Session | null = null,
  ) {
    this.api = new Api(token);
    this.api.csrf = session?.csrf ?? "";
    this.api.onDenied = () => void this.refuse(401);
    this.aware = new Aware(this.api, ownerOf(token));
    this.receipts = new Receipts(this.api, now);
  }

  start(): void {
    this.timer = setInterval(() => this.tick(), 1_000);
    globalThis.addEventListener("offline", this.cutOff);
    this.connect();
    void this.read();
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    globalThis.removeEventListener("offline", this.cutOff);
    this.unfollow();
    this.receipts.stop();
    this.aware.stop();
  }

  get live(): boolean {
    return this.reached && !this.aware.failing && isLive(this, this.time);
  }

  /** Whether it only just began: nothing is known yet, and nothing is wrong. */
  get isFirst(): boolean {
    return this.line !== "lost" && this.readAt === 0 && !this.worst;
  }

  get worst(): Heard | undefined {
    return this.heard[0];
  }

  get face() {
    return faceOf(this.worst, this.protection, this.live);
  }

  /** Her phone was in her pocket, or the page behind another: what is shown may be old. */
  back(): void {
    this.time = now();
    this.aware.hurry();
    void this.receipts.flush();
    if (now() - this.lastSign < STALE_MS) return;
    this.line = "connecting";
    this.connect();
    void this.read();
  }

  /** She can see it: not that it came, but that it stands on her screen. */
  displayed(alert: string): void {
    this.receipts.say(alert, "displayed");
  }

  confirm(told: Heard): void {
    // What was never seen cannot be confirmed; the service wants both.
    this.receipts.say(told.alert, "displayed");
    this.receipts.say(told.alert, "confirmed");
    this.confirmed = [...this.confirmed, told.alert];
    rememberConfirmed(this.confirmed);
    if (told.level === "clear") this.heard = this.heard.filter((one) => one !== told);
  }

  isConfirmed(told: Heard): boolean {
    return this.confirmed.includes(told.alert);
  }

  private tick(): void {
    this.time = now();
    if (this.time - this.asked >= (this.reached ? READ_EVERY_MS : ASK_AGAIN_MS)) void this.read();
  }

  private connect(): void {
    this.unfollow();
    this.unfollow = follow("/v1/me/live", () => this.api.headers(), {
      open: () => {
        this.line = "live";
        this.sign();
        void this.read();
        this.aware.hurry();
        void this.receipts.flush();
      },
      sign: () => this.sign(),
      event: (event) => this.take(event),
      lost: () => {
        this.line = "lost";
        this.time = now();
      },
      // What stands comes again by itself, and is known by its revision.
      anew: () => {},
      refused: (status) => void this.refuse(status),
    });
  }

  private cutOff = (): void => {
    this.reached = false;
  };

  private sign(): void {
    this.lastSign = now();
  }

  private take({ event, data }: StreamEvent): void {
    const said: unknown = JSON.parse(data);
    this.words += 1;
    if (event === "protection") this.protection = said as Protection;
    if (event === "alert") this.hear((said as { data: Told }).data);
    void this.read();
  }

  private hear(told: Told): void {
    if (told.test) {
      this.aware.heardTest(told.alert);
      return;
    }
    this.heard = hear(this.heard, told);
  }

  /** Asks how it stands. What came meanwhile is newer than the answer: then it is asked again. */
  private async read(): Promise<void> {
    const before = this.words;
    this.asked = now();
    try {
      const picture = await this.api.read<Picture>("/v1/me");
      this.reached = true;
      if (before !== this.words) return;
      this.picture = picture;
      if (picture.own_device) this.aware.isOf(picture.own_device);
      this.protection = picture.protection;
      this.call = picture.call;
      keepCall(picture.call);
      const standing = picture.alerts.map(({ data }) => data).filter((told) => !told.test);
      this.heard = reconcile(this.heard, standing);
      this.readAt = now();
      this.sign();
    } catch (error) {
      // It is asked again; until then what is shown says how old it is.
      if (error instanceof Refused && (error.status === 0 || error.status >= 500)) this.reached = false;
    }
  }

  private async refuse(status: number): Promise<void> {
    const { csrf } = this.api;
    if (status === 401 && csrf) {
      // In another tab she may have signed in since: this page goes on by that.
      const session = await whoIsIn().catch(() => null);
      if (!this.timer) return;
      if (session && session.name === this.session?.name && session.csrf !== csrf) {
        this.api.csrf = session.csrf;
        this.connect();
        return;
      }
    }
    // Before everything is put away.
    this.stood = standingOf(this.worst, this.aware);
    this.refused = status === 401 ? "token" : "role";
    this.stop();
  }
}
