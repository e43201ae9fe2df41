//! Columns of incidents and alerts.

use super::followup::{bind_follow_up, read_follow_up};
use super::{Columns, Read, Values, opt_time, time};
use crate::store::bulk::{OnConflict, Table};
use crate::store::database::Value;
use crate::store::rows::{AlertRow, IncidentRow};

/// Incidents as they are now.
pub(in crate::store) const INCIDENTS: Table<IncidentRow> = Table {
    name: "incidents",
    columns: "incident, order_id, kind, wearer, victim, zone, device, desk, level, worst, certainty, opened_at, \
              changed_at, cleared_at, closed_at, revision, state, owner, acknowledged_at, outcome, resolved_by, \
              proposed_by, proposed_outcome, proposed_at, next_step_at, tasks, count, desk_state, reference, \
              victim_state, part_of, risk, last_distance_m, handed_on",
    on_conflict: OnConflict::Replace("incident"),
    bind: bind_incident,
};

fn bind_incident<'a>(row: &'a IncidentRow, to: Values<'_, 'a>) {
    to.extend([
        Value::text(&row.incident),
        Value::text(&row.order),
        Value::text(&row.kind),
        Value::text(&row.wearer),
        Value::opt_text(row.victim.as_deref()),
        Value::opt_text(row.zone.as_deref()),
        Value::opt_text(row.device.as_deref()),
        Value::opt_text(row.desk.as_deref()),
        Value::text(&row.level),
        Value::text(&row.worst),
        Value::text(&row.certainty),
        time(row.opened_at),
        time(row.changed_at),
        opt_time(row.cleared_at),
        opt_time(row.closed_at),
        row.revision.into(),
        Value::text(&row.state),
    ]);
    bind_follow_up(&row.follow_up, to);
}

/// Reads [`INCIDENTS`].
pub(in crate::store) fn read_incident(from: &mut Columns<'_>) -> Read<IncidentRow> {
    Ok(IncidentRow {
        incident: from.text()?,
        order: from.text()?,
        kind: from.word()?,
        wearer: from.text()?,
        victim: from.opt_text()?,
        zone: from.opt_text()?,
        device: from.opt_text()?,
        desk: from.opt_text()?,
        level: from.word()?,
        worst: from.word()?,
        certainty: from.word()?,
        opened_at: from.time()?,
        changed_at: from.time()?,
        cleared_at: from.opt_time()?,
        closed_at: from.opt_time()?,
        revision: from.int()?,
        state: from.word()?,
        follow_up: read_follow_up(from)?,
    })
}

/// Alerts as they were raised.
pub(in crate::store) const ALERTS: Table<AlertRow> = Table {
    name: "alerts",
    columns: "seq, alert, incident, revision, raised_at, level, kind, order_id, wearer, victim, desk, data",
    on_conflict: OnConflict::Keep,
    bind: bind_alert,
};

fn bind_alert<'a>(row: &'a AlertRow, to: Values<'_, 'a>) {
    to.extend([
        row.seq.into(),
        Value::text(&row.alert),
        Value::text(&row.incident),
        row.revision.into(),
        time(row.raised_at),
        Value::text(&row.level),
        Value::text(&row.kind),
        Value::text(&row.order),
        Value::text(&row.wearer),
        Value::opt_text(row.victim.as_deref()),
        Value::opt_text(row.desk.as_deref()),
        Value::text(&row.data),
    ]);
}

/// Reads [`ALERTS`].
pub(in crate::store) fn read_alert(from: &mut Columns<'_>) -> Read<AlertRow> {
    Ok(AlertRow {
        seq: from.int()?,
        alert: from.text()?,
        incident: from.text()?,
        revision: from.int()?,
        raised_at: from.time()?,
        level: from.word()?,
        kind: from.word()?,
        order: from.text()?,
        wearer: from.text()?,
        victim: from.opt_text()?,
        desk: from.opt_text()?,
        data: from.text()?,
    })
}
