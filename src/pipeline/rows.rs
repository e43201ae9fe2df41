//! From what was decided to what is stored, and back where somebody reads it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use zones::{
    Alert, Certainty, CodeCheck, Decision, DeskId, DeviceId, DeviceState, Engine, Episode, Fix, Input, Kept,
    Protection, Role, Rule, Standing, Timestamp, WatchKey,
};

use crate::followup::{ADDED, Condition, DutyRow, Incident, StaffRole};
use crate::store::{
    AlertRow, DeadlineRow, FollowUpRow, IncidentRow, InputKind, InputRow, NoticeRow, StateRow,
};
use crate::wire::outgoing;

/// A decision as it is stored: the watch by its name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct StoredDecision {
    /// Name of the watch.
    pub(crate) watch: String,
    pub(crate) rule: Rule,
    /// The time that was judged.
    pub(crate) at: Timestamp,
    pub(crate) distance_m: Option<f64>,
    pub(crate) uncertainty_m: Option<f32>,
    pub(crate) before: Standing,
    pub(crate) after: Standing,
    pub(crate) certainty: Certainty,
}

impl StoredDecision {
    /// `None` when the watch is gone already: its order was withdrawn by the same input.
    pub(crate) fn new(engine: &Engine, decision: &Decision) -> Option<Self> {
        Some(Self {
            watch: engine.watch_key(decision.watch)?.to_string(),
            rule: decision.rule,
            at: decision.at,
            distance_m: decision.distance_m,
            uncertainty_m: decision.uncertainty_m,
            before: decision.before,
            after: decision.after,
            certainty: decision.certainty,
        })
    }
}

/// The binary form of rows. Writing to memory cannot fail for these types; should it, the row says nothing
/// rather than stand in the way of the commit.
fn binary(value: &impl Serialize) -> Vec<u8> {
    postcard::to_allocvec(value).unwrap_or_default()
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

/// The decisions of one input.
pub(crate) fn decisions(decisions: &[StoredDecision]) -> Vec<u8> {
    if decisions.is_empty() { Vec::new() } else { binary(&decisions) }
}

/// Reads [`decisions`] back.
pub(crate) fn read_decisions(bytes: &[u8]) -> Result<Vec<StoredDecision>, postcard::Error> {
    if bytes.is_empty() { Ok(Vec::new()) } else { postcard::from_bytes(bytes) }
}

/// A fix as it is stored.
pub(crate) fn fix(fix: &Fix) -> Vec<u8> {
    binary(fix)
}

/// Reads a fix back.
pub(crate) fn read_fix(bytes: &[u8]) -> Result<Fix, postcard::Error> {
    postcard::from_bytes(bytes)
}

/// The journal row of an input, without its decisions. Fixes are binary (they are nearly all there is),
/// everything else is JSON.
pub(crate) fn input(seq: i64, now: Timestamp, input: &Input<'_>) -> InputRow {
    let (kind, role, device, fixed_at, body) = match input {
        Input::Fix { role, device, fix } => {
            (InputKind::Fix, Some(*role), *device, Some(fix.fixed_at), self::fix(fix))
        }
        Input::Device { role, device, event } => {
            (InputKind::Event, Some(*role), *device, Some(event.at), json(event))
        }
        Input::Online { role, device, online } => {
            (InputKind::Online, Some(*role), *device, None, json(online))
        }
        Input::Aware { device, aware } => {
            (InputKind::Aware, Some(Role::Victim), *device, Some(aware.pressed_at), json(aware))
        }
        Input::AwareCancel { device, cancel } => {
            let body = json(&StoredCancel { cancel: true, at: cancel.at, code: cancel.code });
            (InputKind::Aware, Some(Role::Victim), *device, Some(cancel.at), body)
        }
        Input::Order(order) => (InputKind::Order, None, "", None, json(&order.order)),
        Input::OrderWithdrawn(order) => (InputKind::OrderWithdrawn, None, "", None, json(order)),
        Input::IncidentClosed { incident, .. } => (InputKind::IncidentClosed, None, "", None, json(incident)),
        Input::Hearing(on) => (InputKind::Hearing, None, "", None, json(on)),
        Input::Tick => (InputKind::Tick, None, "", None, Vec::new()),
    };
    InputRow {
        seq,
        kind,
        role,
        device: device.into(),
        fixed_at,
        received_at: now,
        body,
        decisions: Vec::new(),
    }
}

/// An attempt to cancel a press: what the code was, never the code.
#[derive(Serialize)]
struct StoredCancel {
    cancel: bool,
    at: Timestamp,
    code: CodeCheck,
}

/// The journal row of a receipt: it takes its number from the journal. What was said stands in its own row.
pub(crate) fn receipt(seq: i64, now: Timestamp, from: &str, at: Timestamp, state: &str) -> InputRow {
    InputRow {
        seq,
        kind: InputKind::Receipt,
        role: None,
        device: from.into(),
        fixed_at: Some(at),
        received_at: now,
        body: json(&state),
        decisions: Vec::new(),
    }
}

/// The journal row of what somebody in the monitoring centre did.
pub(crate) fn done_by_hand(seq: i64, now: Timestamp, body: &serde_json::Value) -> InputRow {
    InputRow {
        seq,
        kind: InputKind::Command,
        role: None,
        device: "".into(),
        fixed_at: None,
        received_at: now,
        body: json(body),
        decisions: Vec::new(),
    }
}

/// The state of a device, under its id.
pub(crate) fn device(role: Role, device: &DeviceId, state: Option<&DeviceState>) -> StateRow {
    StateRow { key: device.as_str().into(), state: state.map(|state| binary(&(role, state))) }
}

/// The history of a device, under its id.
pub(crate) fn history(role: Role, device: &DeviceId, history: Option<&[Kept]>) -> StateRow {
    StateRow { key: device.as_str().into(), state: history.map(|history| binary(&(role, history))) }
}

/// Reads a device's history back.
pub(crate) fn read_history(bytes: &[u8]) -> Result<(Role, Vec<Kept>), postcard::Error> {
    postcard::from_bytes(bytes)
}

/// What a victim device is told of its protection. It holds nothing about the wearer but whether his device works.
pub(crate) fn protection(seq: i64, device: &DeviceId, protection: &Protection) -> NoticeRow {
    let payload = String::from_utf8(json(protection)).unwrap_or_default();
    NoticeRow { topic: outgoing::victim_protection(device.as_str()), seq, payload, until: None }
}

/// What an ankle monitor is told of its interval.
pub(crate) fn command(seq: i64, device: &DeviceId, fix_interval_s: i64, until: Timestamp) -> NoticeRow {
    let payload = serde_json::json!({"fix_interval_s": fix_interval_s, "until": until}).to_string();
    NoticeRow { topic: outgoing::wearer_command(device.as_str()), seq, payload, until: Some(until) }
}

/// Reads a device's state back.
pub(crate) fn read_device(bytes: &[u8]) -> Result<(Role, DeviceState), postcard::Error> {
    postcard::from_bytes(bytes)
}

/// The memory of a watch, under its name.
pub(crate) fn watch(watch: &WatchKey, episode: Option<&Episode>) -> StateRow {
    StateRow { key: watch.to_string().into(), state: episode.map(binary) }
}

/// Reads the memory of a watch back.
pub(crate) fn read_watch(bytes: &[u8]) -> Result<Episode, postcard::Error> {
    postcard::from_bytes(bytes)
}

/// An alert's row. `desk` is who may read it of the desks: the one that is told.
pub(crate) fn alert(seq: i64, alert: &Alert, desk: Option<&DeskId>) -> AlertRow {
    AlertRow {
        seq,
        alert: alert.alert.to_string(),
        incident: alert.incident.to_string(),
        revision: alert.revision.into(),
        raised_at: alert.raised_at,
        level: Cow::Borrowed(alert.level.as_str()),
        kind: Cow::Borrowed(alert.kind.as_str()),
        order: alert.order.to_string(),
        wearer: alert.wearer.to_string(),
        victim: alert.victim.as_ref().map(ToString::to_string),
        desk: desk.map(ToString::to_string),
        data: String::from_utf8(json(alert)).unwrap_or_default(),
    }
}

/// The incident as the alert leaves it; `before` is how it stood, `desk` the one that is told of it.
pub(crate) fn incident(before: Option<&IncidentRow>, alert: &Alert, desk: Option<&DeskId>) -> IncidentRow {
    let level = alert.level.as_str();
    let worst = match before.map(|row| &*row.worst) {
        Some("alarm") => "alarm",
        Some("warning") if level != "alarm" => "warning",
        _ => level,
    };
    IncidentRow {
        incident: alert.incident.to_string(),
        order: alert.order.to_string(),
        kind: Cow::Borrowed(alert.kind.as_str()),
        wearer: alert.wearer.to_string(),
        victim: alert.victim.as_ref().map(ToString::to_string),
        zone: alert.zone.as_ref().map(ToString::to_string),
        device: alert.device.as_ref().map(ToString::to_string),
        desk: desk.map(ToString::to_string),
        level: Cow::Borrowed(level),
        worst: Cow::Borrowed(worst),
        certainty: certainty(alert.certainty),
        opened_at: before.map_or(alert.raised_at, |row| row.opened_at),
        changed_at: alert.raised_at,
        cleared_at: (level == "clear").then_some(alert.raised_at),
        closed_at: before.and_then(|row| row.closed_at),
        revision: alert.revision.into(),
        state: before.map_or(Cow::Borrowed("new"), |row| row.state.clone()),
        follow_up: before.map(|row| row.follow_up.clone()).unwrap_or_default(),
    }
}

/// Brings an incident's row up to date with its follow-up.
pub(crate) fn follow_up(row: &mut IncidentRow, incident: &Incident) {
    row.state = incident.state.as_str().into();
    row.closed_at = incident.resolved_at;
    row.changed_at = row.changed_at.max(incident.changed_at);
    if incident.condition == Condition::Cleared {
        row.level = Cow::Borrowed("clear");
    }
    row.cleared_at = incident.cleared_at;
    let tasks: Vec<&str> = incident.tasks.iter().map(|task| task.as_str()).collect();
    let proposed = incident.proposed.as_ref();
    row.follow_up = FollowUpRow {
        owner: incident.owner.clone(),
        acknowledged_at: incident.acknowledged_at,
        outcome: incident.outcome.map(|outcome| outcome.as_str().into()),
        resolved_by: incident.resolved_by.clone(),
        proposed_by: proposed.map(|proposal| proposal.by.clone()),
        proposed_outcome: proposed.map(|proposal| proposal.outcome.as_str().into()),
        proposed_at: proposed.map(|proposal| proposal.at),
        next_step_at: incident.next_step_at(),
        tasks: (!tasks.is_empty()).then(|| tasks.join(",")),
        count: incident.count.into(),
        desk_state: incident.desk_state.map(|state| state.as_str().into()),
        reference: incident.reference.clone(),
        victim_state: incident.victim_state.map(|state| state.as_str().into()),
        part_of: incident.part_of.map(|mass| mass.to_string()),
        risk: incident.part_of.map(|_| incident.risk.map_or(0, |risk| risk as i64 + 1)),
        last_distance_m: incident.part_of.and(incident.last_distance_m).map(i64::from),
        handed_on: incident.handed_on,
    };
}

/// What an incident's clocks follow from, under its id.
pub(crate) fn followup(incident: &str, state: Option<&Incident>) -> StateRow {
    StateRow { key: incident.into(), state: state.map(binary) }
}

/// Reads it back, also as an earlier version wrote it.
pub(crate) fn read_followup(bytes: &[u8]) -> Result<Incident, postcard::Error> {
    read_longer(bytes, ADDED)
}

/// Reads a row to whose end so many fields were added, each of which is one zero byte where nothing is said.
fn read_longer<T: serde::de::DeserializeOwned>(bytes: &[u8], added: usize) -> Result<T, postcard::Error> {
    let mut longer = bytes.to_vec();
    for _ in 0..added {
        match postcard::from_bytes(&longer) {
            Err(postcard::Error::DeserializeUnexpectedEnd) => longer.push(0),
            read => return read,
        }
    }
    postcard::from_bytes(&longer)
}

/// What is remembered of a role, under its word.
pub(crate) fn duty(role: StaffRole, row: &DutyRow) -> StateRow {
    StateRow { key: role.as_str().into(), state: Some(binary(row)) }
}

/// Reads it back.
pub(crate) fn read_duty(bytes: &[u8]) -> Result<DutyRow, postcard::Error> {
    read_longer(bytes, DutyRow::ADDED)
}

/// The deadlines of an incident.
pub(crate) fn deadlines<'a>(name: &'a str, incident: &'a Incident) -> impl Iterator<Item = DeadlineRow> + 'a {
    incident.deadlines.iter().map(move |clock| DeadlineRow {
        incident: name.to_owned(),
        name: clock.name.clone(),
        desk: clock.desk().unwrap_or_default().to_owned(),
        partner: clock.partner.clone(),
        order: incident.order_of_one().map(ToString::to_string).unwrap_or_default(),
        from: clock.from,
        due_at: clock.due_at,
        kept_at: clock.kept_at,
        missed: clock.missed,
    })
}

/// Name of the watch that an incident is about.
pub(crate) fn watch_of(incident: &IncidentRow) -> String {
    let IncidentRow { order, kind, zone, victim, device, .. } = incident;
    match (zone, victim, device) {
        (Some(zone), ..) => format!("{order}/zone/{zone}"),
        (None, Some(victim), _) if kind == "victim_proximity" => format!("{order}/pair/{victim}"),
        (None, _, device) => format!("{order}/{kind}/{}", device.as_deref().unwrap_or_default()),
    }
}

fn certainty(certainty: Certainty) -> Cow<'static, str> {
    Cow::Borrowed(match certainty {
        Certainty::Possible => "possible",
        Certainty::Likely => "likely",
        Certainty::Certain => "certain",
    })
}
