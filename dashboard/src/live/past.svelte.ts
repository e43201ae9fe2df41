// The past of the selected incident: its track and its explanation, read when somebody asks.
import { Refused } from "./api.ts";
import type { Centre } from "./centre.svelte.ts";
import { type Moment, momentOf, type Track } from "./retrace.ts";
import { type Point, series } from "./series.ts";
import { type Explanation, stepsOf } from "./why.ts";

export class Past {
  incident = $state<string | null>(null);
  track = $state.raw<Track | null>(null);
  explanation = $state.raw<Explanation | null>(null);
  error = $state<Refused | null>(null);
  /** The moment that is replayed; `null` is now. */
  moment = $state<number | null>(null);

  shown = $derived.by((): Moment | null =>
    this.track && this.moment !== null ? momentOf(this.track, this.moment) : null,
  );
  /** The trails up to now, while nothing is replayed. */
  trails = $derived(this.track ? momentOf(this.track, this.moment ?? Date.parse(this.track.to)).trails : []);
  points = $derived.by((): Point[] =>
    this.explanation ? series(this.explanation.inputs.flatMap(({ judgements }) => judgements)) : [],
  );
  steps = $derived(stepsOf(this.explanation));

  constructor(private centre: Centre) {}

  async read(incident: string | null): Promise<void> {
    if (this.incident !== incident) {
      this.track = this.explanation = this.error = null;
      this.moment = null;
    }
    this.incident = incident;
    if (!incident) return;
    const path = `/v1/incidents/${encodeURIComponent(incident)}`;
    try {
      const [track, explanation] = await Promise.all([
        this.centre.api.read<Track>(`${path}/track`),
        this.centre.api.read<Explanation>(`${path}/explain`),
      ]);
      if (this.incident !== incident) return;
      this.track = track;
      this.explanation = explanation;
      this.error = null;
    } catch (error) {
      if (this.incident === incident && error instanceof Refused) this.error = error;
    }
  }
}
