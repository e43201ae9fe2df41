// How far a message has come with each recipient: sent, received, shown, accepted, on the scene.
import type { Delivery, Receipt } from "./types.ts";

export interface Rung {
  /** Word of the step: `sent`, `received`, `displayed`, `confirmed`, `accepted`, `dispatched`, `on_scene`. */
  step: string;
  /** When it was reached; `null` while it is not. */
  at: string | null;
}

export interface Ladder {
  key: string;
  channel: string;
  recipient: string;
  rungs: Rung[];
  /** Attempts, and why the last one failed, while it has not arrived. */
  trouble: { attempts: number; error: string; next_at: string | null } | null;
  /** Why it was given up. */
  closed: string | null;
  /** Her quiet hours keep it from her: until then, or for good. */
  held: { until: string | null } | null;
  /** A refusal of the recipient, with its reason. */
  rejected: { at: string; reason: string } | null;
  /** The recipient's own number for it. */
  reference: string | null;
}

const VICTIM = ["displayed", "confirmed"];
const DESK = ["received", "accepted", "dispatched", "on_scene"];
const QUIET_HOURS = "quiet_hours";
const LEVELS = ["clear", "warning", "alarm"];

/** One ladder a recipient, about the newest message of the worst level it was sent: an all-clear does not hide how the
 *  alarm fared. */
export function ladders(deliveries: readonly Delivery[], receipts: readonly Receipt[]): Ladder[] {
  const byRecipient = new Map<string, Delivery>();
  for (const delivery of deliveries) {
    const key = `${delivery.channel}/${delivery.recipient}`;
    const before = byRecipient.get(key);
    const worse = before ? LEVELS.indexOf(delivery.level) - LEVELS.indexOf(before.level) : 1;
    if (worse > 0 || (worse === 0 && before && delivery.delivery > before.delivery))
      byRecipient.set(key, delivery);
  }
  return [...byRecipient].map(([key, delivery]) => ladder(key, delivery, receipts));
}

function ladder(key: string, delivery: Delivery, receipts: readonly Receipt[]): Ladder {
  const isDesk = delivery.channel.startsWith("desk");
  const said = receipts.filter(
    (receipt) =>
      receipt.recipient === delivery.recipient &&
      receipt.channel.startsWith("desk") === isDesk &&
      (isDesk || receipt.alert === delivery.alert),
  );
  const first = (state: string) => said.find((receipt) => receipt.state === state)?.at ?? null;
  const reached: Record<string, string | null> = {
    sent: delivery.received_at,
    received: isDesk ? (first("received") ?? delivery.received_at) : delivery.received_at,
    displayed: delivery.displayed_at ?? first("displayed"),
    confirmed: delivery.confirmed_at ?? first("confirmed"),
  };
  const isVictim = delivery.channel.startsWith("victim");
  const steps = isVictim ? ["sent", ...VICTIM] : isDesk ? DESK : ["sent"];
  const rejected = said.findLast((receipt) => receipt.state === "rejected");
  const held = delivery.received_at === null && delivery.closed_because === QUIET_HOURS;
  const arrived = delivery.received_at !== null || delivery.closed_at !== null;
  return {
    key,
    channel: delivery.channel,
    recipient: delivery.recipient,
    rungs: steps.map((step) => ({ step, at: reached[step] ?? first(step) })),
    trouble: arrived
      ? null
      : { attempts: delivery.attempts, error: delivery.error ?? "", next_at: delivery.next_at },
    closed: delivery.received_at === null && !held ? delivery.closed_because : null,
    held: held ? { until: delivery.held_until ?? null } : null,
    rejected: rejected ? { at: rejected.at, reason: rejected.reason ?? "" } : null,
    reference: said.findLast((receipt) => receipt.reference)?.reference ?? null,
  };
}
