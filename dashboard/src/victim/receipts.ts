// Receipts reach the service, however long it takes: each is sent until it is answered.
import { type Api, Refused } from "../live/api.ts";

export type State = "displayed" | "confirmed";

const AGAIN_MS = 3_000;

export class Receipts {
  private waiting: { alert: string; state: State; at: string }[] = [];
  private said = new Set<string>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private sending = false;

  constructor(
    private api: Pick<Api, "send">,
    private now: () => number,
    /** It has arrived. */
    private arrived: (alert: string, state: State) => void = () => {},
  ) {}

  /** Says it, once. The moment is that of the deed, not of its arrival. */
  say(alert: string, state: State): void {
    const key = `${state} ${alert}`;
    if (this.said.has(key)) return;
    this.said.add(key);
    this.waiting.push({ alert, state, at: new Date(this.now()).toISOString() });
    void this.flush();
  }

  /** Tries now what waits. */
  async flush(): Promise<void> {
    if (this.sending) return;
    this.sending = true;
    clearTimeout(this.timer);
    for (let receipt = this.waiting[0]; receipt; receipt = this.waiting[0]) {
      try {
        await this.api.send("POST", "/v1/me/receipt", receipt);
        this.arrived(receipt.alert, receipt.state);
      } catch (error) {
        const hopeless = error instanceof Refused && error.status >= 400 && error.status < 500;
        if (!hopeless) break;
      }
      this.waiting.shift();
    }
    this.sending = false;
    if (this.waiting.length) this.timer = setTimeout(() => void this.flush(), AGAIN_MS);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.waiting = [];
  }
}
