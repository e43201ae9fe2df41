// The panic button's road: sent until it has arrived, through a page that is closed and opened again; cancelled within
// ten seconds with her code; tried out without anybody being called.
import { type Api, Refused } from "../live/api.ts";
import { now } from "../live/clock.ts";
import { bounded, drop, keep, keptPresses, type Owner, type Press, rememberOwner } from "./kept.ts";
import type { Place } from "./places.ts";

/** Within this time a press can be cancelled (the service's own limit). */
export const CANCEL_MS = 10_000;
/** So long after that an attempt may still arrive (the service's own limit). */
const CANCEL_ARRIVES_MS = 120_000;
/** A trial's answer that takes longer is not coming. */
export const ANSWER_MS = 20_000;
/** A press that was not answered within this time is said not to have arrived. */
export const SLOW_MS = 4_000;
const AGAIN_MS = 2_000;
/** What the service cannot use: it has set it aside, and says so. Whatever else is answered is no answer to a press. */
const UNUSABLE = 422;

/** Why a press was not cancelled, in the service's words; `offline` when it did not answer. */
export type Refusal =
  | "wrong_code"
  | "too_late"
  | "no_code"
  | "too_many_tries"
  | "nothing_to_cancel"
  | "tried_already"
  | "offline";

const REFUSALS: readonly string[] = [
  "wrong_code",
  "too_late",
  "no_code",
  "too_many_tries",
  "nothing_to_cancel",
  "tried_already",
];

/** A code that was typed, and when. In memory only. */
interface Attempt {
  code: string;
  at: string;
  /** It was sent before, and the answer to that is not known. */
  again: boolean;
}

type Outcome = "sent" | "refused" | "sending";

const iso = (ms: number): string => new Date(ms).toISOString();

export class Aware {
  state = $state<"idle" | "sending" | "sent" | "cancelled" | "refused">("idle");
  /** Whether the press that is told of was, or is to be, a trial. */
  test = $state(false);
  pressedAt = $state(0);
  /** When it arrived. */
  arrivedAt = $state(0);
  /** Tries that did not arrive. */
  failed = $state(0);
  /** Real presses that have not arrived. */
  unsent = $state(0);
  /** A code was typed before the press had arrived: it follows it. */
  coded = $state(false);
  refusal = $state<Refusal | "">("");
  /** A trial's way there and back, in milliseconds; `null` until its message came back. */
  back = $state<number | null>(null);
  /** That message. */
  testAlert = $state("");

  private again: ReturnType<typeof setTimeout> | undefined;
  /** What has not arrived, oldest first: presses, or one trial. */
  private waiting: Press[] = [];
  private sending: Press | null = null;
  private attempt: Attempt | null = null;
  private stopped = false;

  constructor(
    private api: Pick<Api, "send">,
    private owner: Owner = { token: "", device: "" },
  ) {
    this.resume();
  }

  /** Whether a press was tried to be sent, and has not arrived. */
  get failing(): boolean {
    return this.state === "sending" && this.failed > 0;
  }

  /** The service says which device is hers: what was pressed on it by another token is hers too. */
  isOf(device: string): void {
    if (device === this.owner.device) return;
    this.owner = { ...this.owner, device };
    rememberOwner(this.owner);
    for (const press of this.waiting) if (!press.test) keep(this.owner, press);
    this.resume();
  }

  /** Says that she is in danger, or tries that out: but never in the place of a press that has not arrived. */
  press(test: boolean, place: Partial<Place> = {}): void {
    if (test && this.unsent) return;
    this.begin(now(), test);
    this.failed = 0;
    const press = { pressed_at: iso(this.pressedAt), ...(test && { test }), ...place };
    // A second press is told too: it has a time and a place of its own. A trial gives way.
    this.wait(test ? [press] : [...this.waiting.filter((one) => !one.test), press]);
    if (!test) keep(this.owner, press);
    void this.flush();
  }

  /** Tries now what has not arrived. */
  hurry(): void {
    if (this.failing) void this.flush();
  }

  /** The message of a trial came back. */
  heardTest(alert: string): void {
    if (!this.test || this.back !== null || !this.pressedAt) return;
    this.back = now() - this.pressedAt;
    this.testAlert = alert;
  }

  /** Takes a press back. Whether the code is right only the service knows: a press goes first, whatever was typed. */
  async cancel(code: string): Promise<void> {
    this.refusal = "";
    this.attempt = { code, at: iso(now()), again: false };
    this.coded = this.unsent > 0;
    if (!this.coded) await this.tryCode();
  }

  /** What was told of the last press is put away. */
  close(): void {
    if (this.unsent) return;
    clearTimeout(this.again);
    this.wait([]);
    this.sending = null;
    this.attempt = null;
    this.state = "idle";
    this.test = false;
    this.pressedAt = 0;
  }

  /** The page is left. What has not arrived stays on the telephone. */
  stop(): void {
    this.stopped = true;
    clearTimeout(this.again);
    this.attempt = null;
  }

  /** What was pressed before this page was opened and has not arrived is sent now, and said. */
  private resume(): void {
    const known = new Set(this.waiting.map(({ pressed_at }) => pressed_at));
    const kept = keptPresses(this.owner).filter(({ pressed_at }) => !known.has(pressed_at));
    const newest = kept.at(-1);
    if (!newest) return;
    if (!this.unsent) {
      this.begin(Date.parse(newest.pressed_at), false);
      this.failed = 1;
    }
    this.wait([...kept, ...this.waiting.filter(({ test }) => !test)]);
    void this.flush();
  }

  private begin(at: number, test: boolean): void {
    clearTimeout(this.again);
    this.test = test;
    this.pressedAt = at;
    this.refusal = "";
    this.back = null;
    this.testAlert = "";
    this.attempt = null;
    this.coded = false;
    this.state = "sending";
  }

  private wait(waiting: readonly Press[]): void {
    this.waiting = bounded(waiting);
    this.unsent = this.waiting.filter(({ test }) => !test).length;
  }

  /** One after the other, so that they arrive in order; what a trial waits for holds up no press. */
  private async flush(): Promise<void> {
    clearTimeout(this.again);
    if (this.sending && !this.sending.test) return;
    for (let press = this.waiting[0]; press && !this.stopped; press = this.waiting[0]) {
      this.sending = press;
      const outcome = await this.send(press);
      if (outcome !== "sending" && !press.test) drop(this.owner, press);
      if (this.sending !== press) return;
      this.sending = null;
      if (outcome === "sending") break;
      this.wait(this.waiting.filter((one) => one !== press));
      if (this.waiting.length) continue;
      this.state = outcome;
      this.arrivedAt = now();
      if (outcome === "sent" && this.coded) void this.tryCode();
    }
    if (!this.waiting.length || this.stopped) return;
    this.failed += 1;
    this.again = setTimeout(() => void this.flush(), AGAIN_MS);
  }

  private async send(press: Press): Promise<Outcome> {
    try {
      await this.api.send("POST", "/v1/me/aware", press);
      return "sent";
    } catch (error) {
      return error instanceof Refused && error.status === UNUSABLE ? "refused" : "sending";
    }
  }

  private async tryCode(): Promise<void> {
    const attempt = this.attempt;
    if (!attempt) return;
    this.coded = false;
    const { code, at } = attempt;
    let why = "";
    let lost = false;
    try {
      await this.api.send("POST", "/v1/me/aware/cancel", { code, at });
    } catch (error) {
      why = error instanceof Refused && REFUSALS.includes(error.detail) ? error.detail : "offline";
      lost = !(error instanceof Refused) || error.status === 0 || error.status >= 500;
    }
    // She pressed again meanwhile, or typed another.
    if (this.attempt !== attempt) return;
    if (why === "tried_already" && attempt.again) {
      // It had arrived, and its answer was lost: what came of it is asked with a new moment.
      this.attempt = { code, at: iso(now()), again: true };
      await this.tryCode();
    } else if (!why || (why === "nothing_to_cancel" && attempt.again)) {
      this.attempt = null;
      this.refusal = "";
      this.state = "cancelled";
    } else {
      this.refusal = why as Refusal;
      if (lost) this.tryCodeLater(attempt);
      else this.attempt = null;
    }
  }

  private tryCodeLater(attempt: Attempt): void {
    attempt.again = true;
    if (now() - this.pressedAt > CANCEL_MS + CANCEL_ARRIVES_MS) return;
    setTimeout(() => {
      if (this.attempt === attempt) void this.tryCode();
    }, AGAIN_MS);
  }
}
