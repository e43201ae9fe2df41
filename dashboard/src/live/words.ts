// Words of the follow-up that the service takes.

export const OUTCOMES = [
  "police_intervened",
  "wearer_left",
  "chance_encounter",
  "authorised_contact",
  "device_fault",
  "device_recovered",
  "false_alarm",
  "test",
  "order_ended",
  "other",
] as const;
/** Outcomes that say too little without a note. */
export const NOTE_NEEDED: readonly string[] = ["false_alarm", "device_fault", "authorised_contact", "other"];
export const ACTIONS = [
  "called_victim",
  "called_wearer",
  "called_desk",
  "informed_officer",
  "other",
] as const;
export const ESCALATE_TO = ["second_operator", "shift_lead", "on_call_manager"] as const;

export type Verb = "acknowledge" | "act" | "note" | "escalate" | "resolve" | "step";
