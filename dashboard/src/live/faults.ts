// Fields at fault, in the words of the reader: the service names them by their path, and says what is wrong in English.
import type { Key } from "../words/dictionary.ts";
import type { OrderDocument } from "./types.ts";

/** Something to say: a text, and what is filled in. */
export interface Said {
  key: Key;
  values?: Record<string, string | number>;
}

export interface Fault {
  /** Of what it is: the wearer, a victim, a zone; nothing for the order itself. */
  of: Said | null;
  /** The field; `null` where the console has no name for it. */
  field: Said | null;
  /** What is wrong; the service's own text where there is no other. */
  problem: Said | { text: string };
}

const FIELDS: Record<string, Key> = {
  order: "order.id",
  desk: "order.desk",
  legal_basis: "order.basis",
  valid_from: "order.from",
  valid_until: "order.until",
  risk: "order.risk",
  person: "order.person",
  device: "order.device",
  residence: "order.home",
  fix_interval_s: "order.interval",
  receipts: "order.receipts",
  owntracks: "order.owntracks",
  aware_code: "order.code",
  second_channel: "also.second_channel",
  quiet_hours: "also.quiet_hours",
  language: "also.language",
  contacts: "order.contacts",
  call_order: "also.call_order",
  zones: "order.zones",
  "proximity.alarm_m": "order.alarm",
  "proximity.warning_m": "order.warning",
  "proximity.warning_s": "order.ahead",
  zone: "order.zoneName",
  victim: "order.protectsWhom",
  kind: "order.kind",
  radius_m: "order.radius",
  buffer_m: "order.buffer",
  protects: "order.protects",
  schedule: "order.schedule",
  "deviation.reason": "order.deviationReason",
  "deviation.decided_by": "order.deviationBy",
};

const PROBLEMS: [RegExp, Key][] = [
  [/is missing/, "fault.missing"],
  [/an id is 1 to 64/, "fault.id"],
  [/not a (latitude|longitude)|is not a position/, "fault.place"],
  [/already stands|is a victim twice/, "fault.twice"],
  [/is the wearer too/, "fault.wearerToo"],
  [/not of the form user\/device/, "fault.owntracks"],
  [/not an IANA time zone/, "fault.zoneOfTime"],
  [/says that she has a code/, "fault.code"],
  [/has (?<n>\d+) characters, more than (?<most>\d+)/, "fault.tooLong"],
  [/has (?<n>\d+) elements, more than (?<most>\d+)/, "fault.tooMany"],
  [/is not one of the victims/, "fault.noVictim"],
  [/^(-?[\d.]+)(?: s)? is more than (?<most>[\d.]+)(?: s)?$/, "fault.tooMuch"],
  [/is not more than 0$|is less than 0$/, "fault.tooLittle"],
  [/is not an RFC 3339 time|is not a time from/, "fault.time"],
  [/is less than alarm_m/, "fault.warning"],
];

/** A fault as the service names it, in parts that can be said. */
export function faultOf(order: OrderDocument | null, field: string, problem: string): Fault {
  const { of, rest } = partOf(order, field);
  const key = FIELDS[rest] ?? FIELDS[rest.split(/[.[]/)[0] ?? ""];
  const found = PROBLEMS.find(([pattern]) => pattern.test(problem));
  const values = found ? { ...(found[0].exec(problem)?.groups ?? {}) } : {};
  return {
    of,
    field: key ? { key } : null,
    problem: found ? { key: found[1], values } : { text: problem },
  };
}

function partOf(order: OrderDocument | null, field: string): { of: Said | null; rest: string } {
  const victim = /^victims\[(\d+)\]\.?(.*)$/.exec(field);
  if (victim)
    return { of: { key: "fault.victim", values: { n: Number(victim[1]) + 1 } }, rest: victim[2] ?? "" };
  const zone = /^zones\.features\[(\d+)\]\.?(?:properties\.)?(.*)$/.exec(field);
  if (zone) {
    const n = Number(zone[1]);
    const name = order?.zones.features[n]?.properties.zone || String(n + 1);
    return { of: { key: "fault.zone", values: { zone: name } }, rest: zone[2] ?? "" };
  }
  const wearer = /^wearer\.?(.*)$/.exec(field);
  return wearer ? { of: { key: "party.wearer" }, rest: wearer[1] ?? "" } : { of: null, rest: field };
}
