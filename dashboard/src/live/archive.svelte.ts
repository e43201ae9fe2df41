// Incidents that are resolved, read when somebody asks for them: the newest first, a page at a time.
import { Refused } from "./api.ts";
import type { Centre } from "./centre.svelte.ts";
import type { Incident, Page } from "./types.ts";

const PAGE = 100;

export class Archive {
  /** How many were read; `null` before the first page. */
  read = $state<number | null>(null);
  more = $state(false);
  error = $state("");
  private next: string | null = null;
  private busy = false;

  constructor(private centre: Pick<Centre, "api" | "takeRead">) {}

  /** Begins at the newest when it is asked for again. */
  forget(): void {
    [this.read, this.more, this.next, this.error] = [null, false, null, ""];
  }

  /** Reads the first page, and with every call the next. */
  async readOn(): Promise<void> {
    if (this.busy || (this.read !== null && !this.more)) return;
    this.busy = true;
    try {
      const after = this.next ? `&cursor=${encodeURIComponent(this.next)}` : "";
      const path = `/v1/incidents?state=closed&limit=${PAGE}${after}`;
      const page = await this.centre.api.read<Page<Incident>>(path);
      this.centre.takeRead(page.items);
      this.next = page.next;
      this.more = page.next !== null;
      this.read = (this.read ?? 0) + page.items.length;
      this.error = "";
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.error = error.detail;
    } finally {
      this.busy = false;
    }
  }
}
