// The panic button's road: sent until it has arrived, cancelled within ten seconds with her code, tried out without
// anybody being called.
import { type Api, Refused } from "../live/api.ts";
import { now } from "../live/clock.ts";
import type { Place } from "./places.ts";

/** Within this time a press can be cancelled (the service's own limit). */
export const CANCEL_MS = 10_000;
/** A trial's answer that takes longer is not coming. */
export const ANSWER_MS = 20_000;
const AGAIN_MS = 2_000;

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

interface Press extends Partial<Place> {
  pressed_at: string;
  test?: boolean;
}

export class Aware {
  state = $state<"idle" | "sending" | "sent" | "cancelled" | "refused">("idle");
  /** Whether the press that is told of was, or is to be, a trial. */
  test = $state(false);
  pressedAt = $state(0);
  /** Tries that did not arrive. */
  failed = $state(0);
  refusal = $state<Refusal | "">("");
  /** A trial's way there and back, in milliseconds; `null` until its message came back. */
  back = $state<number | null>(null);
  /** That message. */
  testAlert = $state("");

  private again: ReturnType<typeof setTimeout> | undefined;
  /** What is being sent: an answer to an earlier press says nothing of this one. */
  private current: Press | null = null;

  constructor(private api: Pick<Api, "send">) {}

  /** Says that she is in danger, or tries that out. */
  press(test: boolean, place: Partial<Place> = {}): void {
    clearTimeout(this.again);
    this.test = test;
    this.pressedAt = now();
    this.failed = 0;
    this.refusal = "";
    this.back = null;
    this.state = "sending";
    this.current = { pressed_at: new Date(this.pressedAt).toISOString(), ...(test && { test }), ...place };
    void this.send(this.current);
  }

  /** Tries now what has not arrived. */
  hurry(): void {
    if (this.state !== "sending" || !this.failed || !this.current) return;
    clearTimeout(this.again);
    void this.send(this.current);
  }

  /** The message of a trial came back. */
  heardTest(alert: string): void {
    if (!this.test || this.back !== null || !this.pressedAt) return;
    this.back = now() - this.pressedAt;
    this.testAlert = alert;
  }

  async cancel(code: string): Promise<void> {
    this.refusal = "";
    try {
      await this.api.send("POST", "/v1/me/aware/cancel", { code, at: new Date(now()).toISOString() });
      this.state = "cancelled";
    } catch (error) {
      const why = error instanceof Refused ? error.detail : "";
      this.refusal = REFUSALS.includes(why) ? (why as Refusal) : "offline";
    }
  }

  /** What was told of the last press is put away. */
  close(): void {
    clearTimeout(this.again);
    this.state = "idle";
    this.test = false;
    this.pressedAt = 0;
    this.current = null;
  }

  private async send(press: Press): Promise<void> {
    let state: "sent" | "refused" | "sending" = "sent";
    try {
      await this.api.send("POST", "/v1/me/aware", press);
    } catch (error) {
      const hopeless = error instanceof Refused && error.status >= 400 && error.status < 500;
      state = hopeless ? "refused" : "sending";
    }
    if (this.current !== press) return;
    this.state = state;
    if (state !== "sending") return;
    this.failed += 1;
    this.again = setTimeout(() => void this.send(press), AGAIN_MS);
  }
}
