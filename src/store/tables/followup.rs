//! Columns of timelines and deadlines.

use super::{Columns, Read, Values, opt_time, time};
use crate::store::bulk::{OnConflict, Table};
use crate::store::database::Value;
use crate::store::rows::{DeadlineCount, DeadlineRow, FollowUpRow, StateRow, TimelineRow};

/// What clocks follow from.
pub(in crate::store) const FOLLOWUPS: Table<StateRow> = Table {
    name: "followups",
    columns: "incident, state",
    on_conflict: OnConflict::Replace("incident"),
    bind: super::bind_state,
};

/// What is remembered of roles.
pub(in crate::store) const DUTY: Table<StateRow> = Table {
    name: "duty",
    columns: "role, state",
    on_conflict: OnConflict::Replace("role"),
    bind: super::bind_state,
};

/// Columns of an incident's row about its follow-up.
pub(super) fn bind_follow_up<'a>(row: &'a FollowUpRow, to: Values<'_, 'a>) {
    to.extend([
        Value::opt_text(row.owner.as_deref()),
        opt_time(row.acknowledged_at),
        Value::opt_text(row.outcome.as_deref()),
        Value::opt_text(row.resolved_by.as_deref()),
        Value::opt_text(row.proposed_by.as_deref()),
        Value::opt_text(row.proposed_outcome.as_deref()),
        opt_time(row.proposed_at),
        opt_time(row.next_step_at),
        Value::opt_text(row.tasks.as_deref()),
        row.count.into(),
        Value::opt_text(row.desk_state.as_deref()),
        Value::opt_text(row.reference.as_deref()),
        Value::opt_text(row.victim_state.as_deref()),
        Value::opt_text(row.part_of.as_deref()),
        Value::Int(row.risk),
        Value::Int(row.last_distance_m),
        i64::from(row.handed_on).into(),
    ]);
}

/// Reads what [`bind_follow_up`] wrote.
pub(super) fn read_follow_up(from: &mut Columns<'_>) -> Read<FollowUpRow> {
    Ok(FollowUpRow {
        owner: from.opt_text()?,
        acknowledged_at: from.opt_time()?,
        outcome: from.opt_text()?.map(Into::into),
        resolved_by: from.opt_text()?,
        proposed_by: from.opt_text()?,
        proposed_outcome: from.opt_text()?.map(Into::into),
        proposed_at: from.opt_time()?,
        next_step_at: from.opt_time()?,
        tasks: from.opt_text()?,
        count: from.int()?,
        desk_state: from.opt_text()?.map(Into::into),
        reference: from.opt_text()?,
        victim_state: from.opt_text()?.map(Into::into),
        part_of: from.opt_text()?,
        risk: from.opt_int()?,
        last_distance_m: from.opt_int()?,
        handed_on: from.int()? != 0,
    })
}

/// Timelines.
pub(in crate::store) const TIMELINE: Table<TimelineRow> = Table {
    name: "timeline",
    columns: "seq, incident, at, actor, what, detail, order_id, desk, state, condition, owner, handed_on",
    on_conflict: OnConflict::Keep,
    bind: bind_timeline,
};

fn bind_timeline<'a>(row: &'a TimelineRow, to: Values<'_, 'a>) {
    to.extend([
        row.seq.into(),
        Value::text(&row.incident),
        time(row.at),
        Value::text(&row.actor),
        Value::text(&row.what),
        Value::text(&row.detail),
        Value::text(&row.order),
        Value::opt_text(row.desk.as_deref()),
        Value::text(&row.state),
        Value::text(&row.condition),
        Value::opt_text(row.owner.as_deref()),
        i64::from(row.handed_on).into(),
    ]);
}

/// Reads [`TIMELINE`].
pub(in crate::store) fn read_timeline(from: &mut Columns<'_>) -> Read<TimelineRow> {
    Ok(TimelineRow {
        seq: from.int()?,
        incident: from.text()?,
        at: from.time()?,
        actor: from.text()?,
        what: from.word()?,
        detail: from.text()?,
        order: from.text()?,
        desk: from.opt_text()?,
        state: from.word()?,
        condition: from.word()?,
        owner: from.opt_text()?,
        handed_on: from.int()? != 0,
    })
}

/// Deadlines as they are now.
pub(in crate::store) const DEADLINES: Table<DeadlineRow> = Table {
    name: "deadlines",
    columns: "incident, name, desk, partner, order_id, from_at, due_at, kept_at, missed",
    on_conflict: OnConflict::Replace("incident, name, desk"),
    bind: bind_deadline,
};

fn bind_deadline<'a>(row: &'a DeadlineRow, to: Values<'_, 'a>) {
    to.extend([
        Value::text(&row.incident),
        Value::text(&row.name),
        Value::text(&row.desk),
        Value::text(&row.partner),
        Value::text(&row.order),
        time(row.from),
        time(row.due_at),
        opt_time(row.kept_at),
        i64::from(row.missed).into(),
    ]);
}

/// Reads [`DEADLINES`].
pub(in crate::store) fn read_deadline(from: &mut Columns<'_>) -> Read<DeadlineRow> {
    Ok(DeadlineRow {
        incident: from.text()?,
        name: from.text()?,
        desk: from.text()?,
        partner: from.text()?,
        order: from.text()?,
        from: from.time()?,
        due_at: from.time()?,
        kept_at: from.opt_time()?,
        missed: from.int()? != 0,
    })
}

/// Columns of a [`DeadlineCount`].
pub(in crate::store) const COUNT_COLUMNS: &str = "name, partner, \
    sum(CASE WHEN kept_at IS NOT NULL AND missed = 0 THEN 1 ELSE 0 END), \
    CAST(sum(missed) AS BIGINT), \
    sum(CASE WHEN kept_at IS NOT NULL AND missed = 1 THEN 1 ELSE 0 END), \
    sum(CASE WHEN kept_at IS NULL AND missed = 0 THEN 1 ELSE 0 END)";

/// Reads [`COUNT_COLUMNS`].
pub(in crate::store) fn read_count(from: &mut Columns<'_>) -> Read<DeadlineCount> {
    Ok(DeadlineCount {
        name: from.text()?,
        partner: from.text()?,
        kept: from.int()?,
        missed: from.int()?,
        kept_late: from.int()?,
        open: from.int()?,
    })
}
