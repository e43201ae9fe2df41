// What the service sends. Fields that an older service does not have are optional: the console says so plainly
// instead of making them up.

export type Level = "alarm" | "warning" | "clear";
export type Certainty = "certain" | "likely" | "possible";
export type Role = "wearer" | "victim";

export interface Fix {
  fixed_at: string;
  lat: number;
  lon: number;
  accuracy_m?: number;
  speed_mps?: number;
  course_deg?: number;
  source?: string;
  battery_pct?: number;
}

export interface Contact {
  name?: string;
  phone?: string;
}

/** What an alert says of a moment, also in short in the list of incidents. */
export interface Measured {
  distance_m?: number | null;
  uncertainty_m?: number | null;
  closing_mps?: number | null;
  contact_s?: number | null;
  late?: boolean;
  arrest_on_sight?: boolean;
  reason?: string;
  fixed_at?: string | null;
  /** How many were silent then. */
  devices?: number;
}

export interface AlertData extends Measured {
  alert: string;
  incident: string;
  revision: number;
  kind: string;
  level: Level;
  certainty: Certainty;
  /** Nobody's, of what is about many. */
  order: string | null;
  wearer: string | null;
  victim: string | null;
  zone: string | null;
  device?: string | null;
  raised_at: string;
  wearer_fix?: Fix | null;
  victim_fix?: Fix | null;
  legal_basis?: string;
  contacts?: Record<string, Contact | null>;
}

export interface Proposed {
  by: string;
  outcome: string;
  at: string;
}

export interface Incident {
  incident: string;
  /** Nobody's, of what is about many. */
  order: string | null;
  kind: string;
  wearer: string | null;
  victim: string | null;
  zone: string | null;
  device: string | null;
  desk: string | null;
  level: Level;
  worst: Level;
  certainty: Certainty;
  /** `new`, `acknowledged`, `in_progress`, `resolved`; `open` of a service without follow-up. */
  state: string;
  revision: number;
  opened_at: string;
  changed_at: string;
  cleared_at: string | null;
  closed_at: string | null;
  condition?: "active" | "cleared";
  owner?: string | null;
  acknowledged_at?: string | null;
  outcome?: string | null;
  proposed?: Proposed | null;
  next_step_at?: string | null;
  tasks?: string[];
  count?: number;
  latest?: Measured | null;
  /** Of a silence: the incident of many that it is, or was, part of. */
  part_of?: string | null;
}

export interface Decision {
  at?: string;
  watch?: string;
  rule?: string;
  before?: string;
  after?: string;
  certainty?: string;
  distance_m?: number | null;
  uncertainty_m?: number | null;
}

export interface AlertEntry {
  seq: number;
  data: AlertData;
  decisions: Decision[];
  decisions_missing?: string;
}

export interface Delivery {
  delivery: number;
  alert: string;
  incident: string;
  level: string;
  channel: string;
  recipient: string;
  state: string;
  created_at: string;
  attempts: number;
  attempted_at: string | null;
  error: string | null;
  next_at: string | null;
  received_at: string | null;
  displayed_at: string | null;
  confirmed_at: string | null;
  closed_at: string | null;
  closed_because: string | null;
  /** When a victim is told of it whose quiet hours keep it from her, should it stand then. */
  held_until?: string | null;
}

export interface Receipt {
  at: string;
  received_at: string;
  channel: string;
  recipient: string;
  alert: string | null;
  state: string;
  reference: string | null;
  reason: string | null;
}

export interface TimelineEntry {
  seq?: number;
  at: string;
  actor: string;
  what: string;
  detail?: Record<string, unknown> | null;
}

export interface DeadlineEntry {
  name: string;
  due_at?: string;
  kept_at?: string | null;
  missed_at?: string | null;
  state?: string;
  partner?: string;
}

/** One silence of many, as the service ranks them. */
export interface SilentOne {
  incident: string;
  device: string | null;
  order: string;
  wearer: string;
  victim: string | null;
  risk: "low" | "medium" | "high" | null;
  last_distance_m: number | null;
  level: Level;
  state: string;
  condition: "active" | "cleared";
  opened_at: string;
}

export interface IncidentDetail extends Incident {
  alerts: AlertEntry[];
  deliveries: Delivery[];
  receipts: Receipt[];
  timeline?: TimelineEntry[];
  deadlines?: DeadlineEntry[];
  /** Of many silent devices: which, the most dangerous first; a long list is cut. */
  silent?: { all: number; silent: number; list: SilentOne[] };
}

/** Live event `followup`. */
export interface FollowUp {
  incident: string;
  at: string;
  actor: string;
  what: string;
  detail?: Record<string, unknown> | null;
  state?: string;
  condition?: "active" | "cleared";
  owner?: string | null;
}

export interface Device {
  device: string;
  role: Role | null;
  person: string | null;
  last_fix: Fix | null;
  uncertainty_m: number | null;
  age_s: number | null;
  received_at: string | null;
  online: boolean | null;
  silent_since: string | null;
  unreadable: string | null;
}

export interface Watch {
  watch: string;
  order: string;
  kind: string;
  wearer: string;
  victim: string | null;
  zone: string | null;
  standing: string;
  incident: string | null;
}

export interface Person {
  person: string;
  devices: Device[];
  watches: Watch[];
}

export type Lonlat = [number, number];

/** Windows of the week, in local time. */
export interface Schedule {
  timezone?: string;
  weekly: { days: string[]; from: string; to: string }[];
}

export interface ZoneFeature {
  type: "Feature";
  geometry:
    | { type: "Point"; coordinates: Lonlat }
    | { type: "Polygon"; coordinates: Lonlat[][] }
    | { type: "MultiPolygon"; coordinates: Lonlat[][][] };
  properties: {
    zone: string;
    kind: "exclusion" | "inclusion";
    victim?: string | null;
    radius_m?: number;
    buffer_m?: number;
    schedule?: Schedule | null;
    deviation?: { reason: string; decided_by: string } | null;
    protects?: Lonlat | null;
    [more: string]: unknown;
  };
}

export interface OrderDocument {
  order: string;
  legal_basis: string;
  valid_from: string;
  valid_until: string;
  risk?: string;
  wearer: { person: string; device?: string | null; residence?: Lonlat | null; [more: string]: unknown };
  victims: {
    person: string;
    device?: string | null;
    residence?: Lonlat | null;
    proximity?: { alarm_m: number; warning_m: number; warning_s?: number } | null;
    [more: string]: unknown;
  }[];
  zones: { type: "FeatureCollection"; features: ZoneFeature[] };
  desk?: string | null;
  contacts?: Record<string, Contact | null> | null;
  call_order?: string[];
  [more: string]: unknown;
}

export interface OrderEntry {
  order: string;
  changed_at: string;
  origin: "api" | "file";
  state: "in_force" | "to_come" | "ended";
  document: OrderDocument;
}

/** One change of an order in the register. */
export interface OrderChange {
  seq: number;
  at: string;
  /** `added`, `changed`, `withdrawn`; perhaps more of a later service. */
  change: string;
  origin?: string;
  changed_by: string | null;
  differences?: { field: string; before: unknown; after: unknown }[];
}

export interface Finding {
  order?: string;
  zone: string | null;
  code: string;
  severity: "error" | "warning" | "info";
  measured_m: number | null;
  required_m: number | null;
  message: string;
}

export interface Rejected {
  rejected: number;
  received_at: string;
  topic: string;
  reason: string;
  payload: string;
  size: number;
  cut: boolean;
}

export interface Page<T> {
  items: T[];
  next: string | null;
}

/** Who was near a place around a moment, by what devices reported. */
export interface Near {
  seen: {
    device: string;
    role: Role;
    person: string | null;
    at: string;
    distance_m: number;
    uncertainty_m: number;
    certainty: Certainty;
    how: "fix" | "way";
  }[];
  looked_at: number;
  not_looked_at: { what: string; count: number | null }[];
  next: string | null;
}

/** A zone that holds a place, or whose warning ring does. */
export interface ZoneHere {
  order: string;
  zone: string;
  kind: "exclusion" | "inclusion";
  wearer: string;
  victim: string | null;
  /** Metres to its edge; negative within. */
  edge_m: number;
  buffer_m: number;
  covers: boolean;
  applies: boolean;
  changes_at: string | null;
  legal_basis: string;
  arrest_on_sight: boolean;
  desk: string | null;
}

export interface PlaceFound {
  at: string;
  may_not_be_here: string[];
  must_be_here: string[];
  zones: ZoneHere[];
  cut: boolean;
}

/** What orders say of a person. */
export interface PersonFound {
  person: string;
  orders: {
    order: string;
    role: Role;
    device: string | null;
    state: string;
    valid_from: string;
    valid_until: string;
    legal_basis: string;
    arrest_on_sight: boolean;
    risk: string | null;
    wearer: string;
    victims: { victim: string; proximity: { alarm_m: number; warning_m: number } | null }[];
    zones: {
      zone: string;
      kind: "exclusion" | "inclusion";
      victim: string | null;
      buffer_m: number;
      applies: boolean;
      changes_at: string | null;
    }[];
    desk: string | null;
    contacts: Record<string, Contact | null>;
    open_incidents: { incident: string; kind: string; level: string }[];
  }[];
}
