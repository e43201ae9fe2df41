// What the service says to a victim's app: nothing about the wearer but the danger.

export interface Text {
  nl: string;
  en: string;
}

export interface Call {
  name: string;
  phone: string;
}

export type Level = "warning" | "alarm" | "clear";

/** An alert in her version. */
export interface Told {
  alert: string;
  incident: string;
  revision: number;
  kind: string;
  level: Level;
  late: boolean;
  /** A trial of AWARE: nobody was called. */
  test?: boolean;
  raised_at: string;
  title: Text;
  certainty_text: Text;
  advice: Text;
  call: Call[];
  /** What was done, where it is over. */
  done?: Text[];
}

export interface Protection {
  state: "protected" | "limited" | "unprotected";
  reasons: string[];
  since: string;
}

/** `GET /v1/me`. */
export interface Picture {
  /** Hers. */
  own_device?: string;
  /** Whether a code was agreed with which she cancels a press. */
  aware_code?: boolean;
  protection: Protection | null;
  /** What she can do about the reasons. */
  advice: Text[];
  call: Call[];
  alerts: { data: Told }[];
  fix_interval_s: number | null;
  /** Whether her browsers can be woken. */
  push: boolean;
}
