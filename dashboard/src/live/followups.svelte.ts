// What operators do about an incident. What the service does not offer is known before it is tried: its description
// says so.
import { Refused } from "./api.ts";
import type { Centre } from "./centre.svelte.ts";
import type { IncidentDetail } from "./types.ts";
import type { Verb } from "./words.ts";

/** What is told twice when it is done twice; the others find it done. */
const TELLING: readonly Verb[] = ["note", "act", "escalate"];
/** Asked for again so soon after nobody answered, the same is meant. */
const AGAIN_MS = 120_000;

export class FollowUps {
  /** Paths that the service describes; `null` while that is not known. */
  private paths = $state.raw<ReadonlySet<string> | null>(null);
  busy = $state<Verb | null>(null);
  /** Why the last one was not done, for the incident it was about. */
  trouble = $state<{ incident: string; verb: Verb; error: Refused } | null>(null);

  /** What nobody answered, and the key that it went with. */
  private unanswered: { what: string; key: string; at: number } | null = null;

  constructor(private centre: Pick<Centre, "api" | "takeDetail" | "readDetail">) {
    void this.readDescription();
  }

  offers(verb: Verb): boolean {
    return this.paths === null || this.paths.has(`/v1/incidents/{incident}/${verb}`);
  }

  /** Whether it was done. */
  async press(incident: string, verb: Verb, body: Record<string, unknown> = {}): Promise<boolean> {
    if (this.busy) return false;
    this.busy = verb;
    this.trouble = null;
    try {
      const path = `/v1/incidents/${encodeURIComponent(incident)}/${verb}`;
      const key = { "idempotency-key": this.keyOf(verb, path, body) };
      const detail = await this.centre.api.send<IncidentDetail | null>("POST", path, body, key);
      this.unanswered = null;
      if (detail?.incident && Array.isArray(detail.alerts)) this.centre.takeDetail(detail);
      else await this.centre.readDetail();
      return true;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.trouble = { incident, verb, error };
      if (error.status > 0 && error.status < 500) this.unanswered = null;
      // Somebody else may have been first: show what is true now.
      await this.centre.readDetail();
      return false;
    } finally {
      this.busy = null;
    }
  }

  /** A key of its own; the same again for what nobody answered just now: it may have been done all the same. */
  private keyOf(verb: Verb, path: string, body: Record<string, unknown>): string {
    const what = `${path} ${JSON.stringify(body)}`;
    const known = this.unanswered?.what === what && Date.now() - this.unanswered.at < AGAIN_MS;
    if (!known || !TELLING.includes(verb))
      this.unanswered = { what, key: crypto.randomUUID(), at: Date.now() };
    return this.unanswered?.key ?? "";
  }

  private async readDescription(): Promise<void> {
    try {
      const { paths } = await this.centre.api.read<{ paths: Record<string, unknown> }>("/openapi.json");
      this.paths = new Set(Object.keys(paths));
    } catch {
      this.paths = null;
    }
  }
}
