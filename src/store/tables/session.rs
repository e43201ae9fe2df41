//! Columns of sessions.

use super::{Columns, Read, Values, time};
use crate::store::bulk::{OnConflict, Table};
use crate::store::database::Value;
use crate::store::rows::SessionRow;

/// People who signed in.
pub(in crate::store) const SESSIONS: Table<SessionRow> = Table {
    name: "sessions",
    columns: "hash, name, role, desk, device, terms, begun_at, active_at, locked, person, bearer",
    on_conflict: OnConflict::Replace("hash"),
    bind: bind_session,
};

fn bind_session<'a>(row: &'a SessionRow, to: Values<'_, 'a>) {
    to.extend([
        Value::text(&row.hash),
        Value::text(&row.name),
        Value::text(&row.role),
        Value::opt_text(row.desk.as_deref()),
        Value::opt_text(row.device.as_deref()),
        Value::text(&row.terms),
        time(row.begun_at),
        time(row.active_at),
        i64::from(row.locked).into(),
        Value::opt_text(row.person.as_deref()),
        Value::opt_text(row.bearer.as_deref()),
    ]);
}

/// Reads [`SESSIONS`].
pub(in crate::store) fn read_session(from: &mut Columns<'_>) -> Read<SessionRow> {
    Ok(SessionRow {
        hash: from.text()?,
        name: from.text()?,
        role: from.word()?,
        desk: from.opt_text()?,
        device: from.opt_text()?,
        terms: from.text()?,
        begun_at: from.time()?,
        active_at: from.time()?,
        locked: from.int()? != 0,
        person: from.opt_text()?,
        bearer: from.opt_text()?,
    })
}
