// Why: how the service judged what it heard of an incident, and what followed.

interface Judged {
  at: string;
  distance_m: number | null;
  uncertainty_m: number | null;
  before: string;
  after: string;
  certainty: string;
  why: string;
}

export interface Explanation {
  inputs: {
    number: number;
    received_at: string;
    kind: string;
    device: string | null;
    judgements: Judged[];
  }[];
  cut: boolean;
  /** Of watches over a device or an order, which rest on no fix. */
  steps?: Step[];
}

/** A step of a watch, and why. */
export interface Step {
  at: string;
  why: string;
}

/** Every step, oldest first: those that a judged fix brought, and those of a device or an order. */
export function stepsOf(explanation: Pick<Explanation, "inputs" | "steps"> | null): Step[] {
  const judged = (explanation?.inputs ?? []).flatMap(({ judgements }) =>
    judgements.filter(({ before, after }) => before !== after),
  );
  return [...judged, ...(explanation?.steps ?? [])].toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
}
