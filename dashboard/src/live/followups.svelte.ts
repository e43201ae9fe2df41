// What operators do about an incident. What the service does not offer is known before it is tried: its description
// says so.
import { Refused } from "./api.ts";
import type { Centre } from "./centre.svelte.ts";
import type { IncidentDetail } from "./types.ts";
import type { Verb } from "./words.ts";

export class FollowUps {
  /** Paths that the service describes; `null` while that is not known. */
  private paths = $state.raw<ReadonlySet<string> | null>(null);
  busy = $state<Verb | null>(null);
  /** Why the last one was not done, for the incident it was about. */
  trouble = $state<{ incident: string; verb: Verb; error: Refused } | null>(null);

  constructor(private centre: Centre) {
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
      // A key of its own: pressed twice, or sent again after a stall, it is done once.
      const key = { "idempotency-key": crypto.randomUUID() };
      const detail = await this.centre.api.send<IncidentDetail | null>("POST", path, body, key);
      if (detail?.incident && Array.isArray(detail.alerts)) this.centre.takeDetail(detail);
      else await this.centre.readDetail();
      return true;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.trouble = { incident, verb, error };
      // Somebody else may have been first: show what is true now.
      await this.centre.readDetail();
      return false;
    } finally {
      this.busy = null;
    }
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
