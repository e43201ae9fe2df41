//! Columns of browsers that are woken.

use super::{Columns, Read, Values, time};
use crate::store::bulk::{OnConflict, Table};
use crate::store::database::Value;
use crate::store::rows::{HintRow, PushRow};

/// Browsers that victims want to be woken by.
pub(in crate::store) const PUSH: Table<PushRow> = Table {
    name: "push_subscriptions",
    columns: "id, person, device, endpoint, p256dh, auth, server_key, seen_at",
    on_conflict: OnConflict::Replace("id"),
    bind: bind_push,
};

/// The columns of a [`HintRow`], from `deliveries d` and `incidents i`.
pub(in crate::store) const HINT_COLUMNS: &str =
    "d.id, d.recipient, i.victim, d.incident, d.level, d.payload, d.created_at";

fn bind_push<'a>(row: &'a PushRow, to: Values<'_, 'a>) {
    to.extend([
        Value::text(&row.id),
        Value::text(&row.person),
        Value::text(&row.device),
        Value::text(&row.endpoint),
        Value::text(&row.p256dh),
        Value::text(&row.auth),
        Value::text(&row.server_key),
        time(row.seen_at),
    ]);
}

/// Reads [`PUSH`].
pub(in crate::store) fn read_push(from: &mut Columns<'_>) -> Read<PushRow> {
    Ok(PushRow {
        id: from.text()?,
        person: from.text()?,
        device: from.text()?,
        endpoint: from.text()?,
        p256dh: from.text()?,
        auth: from.text()?,
        server_key: from.text()?,
        seen_at: from.time()?,
    })
}

/// Reads [`HINT_COLUMNS`].
pub(in crate::store) fn read_hint(from: &mut Columns<'_>) -> Read<HintRow> {
    Ok(HintRow {
        id: from.int()?,
        device: from.text()?,
        person: from.text()?,
        incident: from.text()?,
        level: from.word()?,
        payload: from.text()?,
        created_at: from.time()?,
    })
}
