// The order that somebody draws up: its document, and what the guidance says about it while they draw.
import { Refused } from "./api.ts";
import type { Centre } from "./centre.svelte.ts";
import { newOrder, outgoing } from "./editing.ts";
import type { Finding, OrderDocument } from "./types.ts";

/** So long after the last change the guidance is asked. */
const ASK_AFTER_MS = 350;

export class Draft {
  document = $state.raw<OrderDocument | null>(null);
  /** Whether it is in the register under its name. */
  registered = $state(false);
  changed = $state(false);
  findings = $state.raw<Finding[] | null>(null);
  /** Fields that cannot be used, or why nothing could be asked. */
  problems = $state.raw<{ field: string; problem: string }[]>([]);
  saved = $state("");
  busy = $state(false);
  private timer: ReturnType<typeof setTimeout> | undefined;
  private asked = 0;

  constructor(private centre: Centre) {}

  open(document: OrderDocument, registered: boolean): void {
    this.registered = registered;
    this.take(document);
    this.changed = !registered;
  }

  begin(): void {
    this.open(newOrder(this.centre.time), false);
  }

  close(): void {
    this.document = null;
  }

  take(document: OrderDocument): void {
    this.document = document;
    this.changed = true;
    this.saved = "";
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.ask(), ASK_AFTER_MS);
  }

  async ask(): Promise<void> {
    const { document } = this;
    if (!document) return;
    this.asked += 1;
    const { asked } = this;
    try {
      const { findings } = await this.centre.api.send<{ findings: Finding[] }>(
        "POST",
        "/v1/guidance",
        outgoing(document),
      );
      if (asked !== this.asked) return;
      [this.findings, this.problems] = [findings, []];
    } catch (error) {
      if (asked !== this.asked || !(error instanceof Refused)) return;
      this.findings = null;
      this.problems = error.fields.length ? error.fields : [{ field: "", problem: error.detail }];
    }
  }

  /** Whether it was registered. */
  async save(): Promise<boolean> {
    const { document } = this;
    if (!document || this.busy) return false;
    this.busy = true;
    try {
      const path = `/v1/orders/${encodeURIComponent(document.order)}`;
      const { findings } = await this.centre.api.send<{ findings: Finding[] }>(
        "PUT",
        path,
        outgoing(document),
      );
      [this.findings, this.problems] = [findings, []];
      [this.registered, this.changed, this.saved] = [true, false, document.order];
      await this.centre.readOrders();
      return true;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.findings.length) this.findings = error.findings;
      this.problems = error.fields.length ? error.fields : [{ field: "", problem: error.detail }];
      return false;
    } finally {
      this.busy = false;
    }
  }

  async withdraw(): Promise<boolean> {
    const { document } = this;
    if (!document) return false;
    try {
      await this.centre.api.send("DELETE", `/v1/orders/${encodeURIComponent(document.order)}`);
      await this.centre.readOrders();
      this.close();
      return true;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.problems = [{ field: "", problem: error.detail }];
      return false;
    }
  }
}
