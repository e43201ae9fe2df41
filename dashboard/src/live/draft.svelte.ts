// The order that somebody draws up: its document, what the guidance says about it while they draw, and whether it is
// still the order that they opened.
import { fieldsOf, findingsOf, Refused } from "./api.ts";
import type { Centre } from "./centre.svelte.ts";
import { lacking, newOrder, outgoing, placeheld } from "./editing.ts";
import type { Pointing } from "./pointing.ts";
import type { Finding, OrderDocument, OrderEntry } from "./types.ts";
import { forgetDraft, keepDraft, keptDraft } from "./unsent-order.ts";

/** So long after the last change the guidance is asked. */
const ASK_AFTER_MS = 350;

/** Somebody else was first with the order since it was opened; of a new one: its name is taken. */
interface Conflict {
  /** Who; nobody knows before the service refused something. */
  by: string;
  at: number;
  /** What stands there now, as the service calls it. */
  version: string;
  gone: boolean;
  /** Whether it was a withdrawal that was refused, and not a change. */
  withdrawing: boolean;
}

/** The answer to a registration, as far as it is read. */
interface Registered {
  findings: Finding[];
  changed_at?: string;
}

export class Draft {
  document = $state.raw<OrderDocument | null>(null);
  /** Whether it is in the register under its name. */
  registered = $state(false);
  changed = $state(false);
  /** Whether something was written that stands nowhere else. */
  written = $state(false);
  /** Counts what was opened: another document is another order, whatever its name. */
  opened = $state(0);
  findings = $state.raw<Finding[] | null>(null);
  /** Fields that cannot be used, or why nothing could be asked. */
  problems = $state.raw<{ field: string; problem: string }[]>([]);
  conflict = $state.raw<Conflict | null>(null);
  /** Counts the answers to a press: each time it is to be seen what came of it. */
  answers = $state(0);
  /** The field whose place is being pointed at on the map. */
  pointing = $state.raw<Pointing | null>(null);
  /** Whether a file states it: then the file is what lasts. */
  fromFile = $state(false);
  /** Whether it was in the register when it was opened, and is not any more. */
  vanished = $state(false);
  saved = $state("");
  busy = $state(false);
  /** What was imported and not opened yet, or not registered. */
  queue = $state.raw<readonly OrderDocument[]>([]);
  /** What somebody wants that would throw away what is written. */
  wanted = $state.raw<(() => void) | null>(null);
  /** When the registered order was last changed, as it was opened. */
  private version = "";
  private timer: ReturnType<typeof setTimeout> | undefined;
  private asked = 0;

  constructor(private centre: Centre) {}

  /** Names that it still needs, by path. */
  get lacking(): string[] {
    return this.document ? lacking(this.document) : [];
  }

  /** Does it at once, or asks first when something that is written would be lost. */
  instead(act: () => void): void {
    if (this.written) this.wanted = act;
    else act();
  }

  answer(yes: boolean): void {
    const act = this.wanted;
    this.wanted = null;
    if (yes) act?.();
  }

  /** Opens what is in the register. */
  openEntry(entry: OrderEntry): void {
    this.version = entry.changed_at;
    this.show(entry.document, true);
    this.fromFile = entry.origin === "file";
  }

  /** Opens what is not in the register yet. */
  openNew(document: OrderDocument): void {
    this.version = "";
    this.show(document, false);
  }

  begin(): void {
    this.openNew(newOrder(this.centre.time));
  }

  private show(document: OrderDocument, registered: boolean): void {
    forgetDraft();
    this.registered = registered;
    this.opened += 1;
    [this.conflict, this.wanted, this.pointing] = [null, null, null];
    [this.fromFile, this.vanished] = [false, false];
    [this.findings, this.problems] = [null, []];
    this.put(document);
    [this.changed, this.written] = [!registered, false];
  }

  close(): void {
    clearTimeout(this.timer);
    forgetDraft();
    [this.document, this.written, this.conflict] = [null, false, null];
    [this.wanted, this.pointing, this.vanished] = [null, null, false];
  }

  /** The register was read again: what was opened and not written in follows it. */
  follow(): void {
    const { document } = this;
    if (!document || !this.registered || this.busy || !this.centre.ordersRead) return;
    const entry = this.centre.orders.get(document.order);
    this.vanished = !entry;
    // A list that was asked for before the last registration may arrive after it.
    const isNewer = entry && Date.parse(entry.changed_at) > Date.parse(this.version);
    // What was refused is read first.
    if (isNewer && !this.written && !this.conflict) this.openEntry(entry);
  }

  /** What the writer had written in this tab before, if nothing else was begun since. */
  restore(by: string): void {
    const kept = keptDraft(by);
    if (!kept || this.document) return;
    this.version = kept.version;
    this.registered = kept.registered;
    this.opened += 1;
    this.put(kept.document);
    [this.changed, this.written] = [true, true];
  }

  /** Begins to point at a place on the map, or ends it. */
  point(what: Pointing | null): void {
    this.pointing = what;
  }

  /** Takes a change by the writer. */
  take(document: OrderDocument): void {
    this.put(document);
    [this.changed, this.written] = [true, true];
    const by = this.centre.me?.name;
    if (by) keepDraft(by, { document, registered: this.registered, version: this.version });
  }

  private put(document: OrderDocument): void {
    this.document = document;
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
        outgoing(placeheld(document)),
      );
      if (asked !== this.asked) return;
      [this.findings, this.problems] = [findings, []];
    } catch (error) {
      if (asked !== this.asked || !(error instanceof Refused)) return;
      this.findings = null;
      this.problems = fieldsOf(error).length ? fieldsOf(error) : [{ field: "", problem: error.detail }];
    }
  }

  /** Whether it was registered. */
  async save(): Promise<boolean> {
    const { document } = this;
    if (!document || this.busy) return false;
    this.busy = true;
    try {
      const path = `/v1/orders/${encodeURIComponent(document.order)}`;
      const body = outgoing(document);
      const answer = await this.centre.api.send<Registered>("PUT", path, body, this.precondition());
      [this.findings, this.problems, this.conflict] = [answer.findings, [], null];
      [this.registered, this.saved, this.version] = [true, document.order, answer.changed_at ?? ""];
      this.fromFile = false;
      this.answers += 1;
      // What was written while the answer was on its way is not saved.
      if (this.document === document) {
        [this.changed, this.written] = [false, false];
        this.wanted = null;
        forgetDraft();
      }
      this.queue = this.queue.filter((one) => one.order !== document.order);
      await this.centre.readOrders();
      return true;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.refused(error, document);
      return false;
    } finally {
      this.busy = false;
    }
  }

  async withdraw(): Promise<boolean> {
    const { document, opened } = this;
    if (!document || this.busy) return false;
    this.busy = true;
    try {
      const path = `/v1/orders/${encodeURIComponent(document.order)}`;
      await this.centre.api.send("DELETE", path, undefined, this.precondition());
      await this.centre.readOrders();
      // Another that was opened meanwhile is not what was withdrawn.
      if (this.opened === opened) this.close();
      return true;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.refused(error, document, true);
      return false;
    } finally {
      this.busy = false;
    }
  }

  /** Only the order that was opened is changed; a new one takes nobody's place. */
  private precondition(): Record<string, string> {
    return this.version ? { "if-match": `"${this.version}"` } : { "if-none-match": "*" };
  }

  private refused(error: Refused, document: OrderDocument, withdrawing = false): void {
    this.answers += 1;
    if (error.status === 412) {
      const { by, at } = error.problem;
      const gone = !this.centre.orders.has(this.document?.order ?? "");
      const version = String(at ?? "");
      this.conflict = { by: String(by ?? "–"), at: Date.parse(version), version, gone, withdrawing };
      void this.centre.readOrders().then(() => this.lookAgain());
      return;
    }
    const [findings, fields] = [findingsOf(error), fieldsOf(error)];
    if (findings.length) this.findings = findings;
    // Findings say by themselves what is wrong.
    const other = findings.length ? [] : [{ field: "", problem: error.detail }];
    this.problems = fields.length ? fields : other;
    // Guidance that was asked before knows less than the refusal: it must not wipe it away.
    if (this.document === document) {
      clearTimeout(this.timer);
      this.asked += 1;
    }
  }

  private lookAgain(): void {
    const gone = !this.centre.orders.has(this.document?.order ?? "");
    if (this.conflict) this.conflict = { ...this.conflict, gone };
  }

  /** Shows the order as somebody else left it; what was written here is dropped. */
  openTheirs(): void {
    const entry = this.centre.orders.get(this.document?.order ?? "");
    if (entry) this.openEntry(entry);
    else this.close();
  }

  /** Registers what is written here in place of what somebody else left; what a third left since is told again. */
  async saveMine(): Promise<boolean> {
    this.version = this.conflict?.gone ? "" : (this.conflict?.version ?? this.version);
    this.conflict = null;
    return this.save();
  }
}
