//! Columns of the audit.

use super::{Columns, Read, Values, time};
use crate::store::bulk::{OnConflict, Table};
use crate::store::database::Value;
use crate::store::rows::{AuditHead, AuditRow};

/// Who looked at what.
pub(in crate::store) const AUDIT: Table<AuditRow> = Table {
    name: "audit",
    columns: "seq, at, who, role, bound_to, endpoint, subject, query, reason, outcome, hash",
    on_conflict: OnConflict::Keep,
    bind: bind_audit,
};

fn bind_audit<'a>(row: &'a AuditRow, to: Values<'_, 'a>) {
    to.extend([
        row.seq.into(),
        time(row.at),
        Value::text(&row.who),
        Value::text(&row.role),
        Value::opt_text(row.bound_to.as_deref()),
        Value::text(&row.endpoint),
        Value::text(&row.subject),
        Value::text(&row.query),
        Value::opt_text(row.reason.as_deref()),
        row.outcome.into(),
        Value::text(&row.hash),
    ]);
}

/// Reads [`AUDIT`].
pub(in crate::store) fn read_audit(from: &mut Columns<'_>) -> Read<AuditRow> {
    Ok(AuditRow {
        seq: from.int()?,
        at: from.time()?,
        who: from.text()?,
        role: from.word()?,
        bound_to: from.opt_text()?,
        endpoint: from.text()?,
        subject: from.text()?,
        query: from.text()?,
        reason: from.opt_text()?,
        outcome: from.int()?,
        hash: from.text()?,
    })
}

/// Columns of [`read_head`].
pub(in crate::store) const HEAD_COLUMNS: &str = "seq, hash";

/// Reads [`HEAD_COLUMNS`].
pub(in crate::store) fn read_head(from: &mut Columns<'_>) -> Read<AuditHead> {
    Ok(AuditHead { seq: from.int()?, hash: from.text()? })
}
