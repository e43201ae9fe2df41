//! Columns of the outbox and of receipts.

use super::{Columns, Read, Values, time};
use crate::store::bulk::{OnConflict, Table};
use crate::store::database::Value;
use crate::store::rows::{
    Channel, DeliveryRecord, NewDelivery, PendingDelivery, QuietRow, ReceiptRow, ToldRow,
};

/// The outbox.
pub(in crate::store) const DELIVERIES: Table<NewDelivery> = Table {
    name: "deliveries",
    columns: "id, alert, alert_seq, incident, channel, recipient, payload, level, created_at",
    on_conflict: OnConflict::Keep,
    bind: bind_delivery,
};

fn bind_delivery<'a>(row: &'a NewDelivery, to: Values<'_, 'a>) {
    to.extend([
        row.id.into(),
        Value::text(&row.alert),
        row.alert_seq.into(),
        Value::text(&row.incident),
        row.channel.number().into(),
        Value::text(&row.recipient),
        Value::text(&row.payload),
        Value::text(&row.level),
        time(row.created_at),
    ]);
}

fn read_delivery(from: &mut Columns<'_>) -> Read<NewDelivery> {
    Ok(NewDelivery {
        id: from.int()?,
        alert: from.text()?,
        alert_seq: from.int()?,
        incident: from.text()?,
        channel: from.numbered(Channel::from_number)?,
        recipient: from.text()?,
        payload: from.text()?,
        level: from.word()?,
        created_at: from.time()?,
    })
}

/// What [`read_pending`] reads of a delivery `d`, after the columns of [`DELIVERIES`].
pub(in crate::store) const PENDING_COLUMNS: &str = "attempts, attempted_at, error, next_at, \
    (SELECT i.closed_at FROM incidents i WHERE i.incident = d.incident)";

/// Reads [`DELIVERIES`] and [`PENDING_COLUMNS`].
pub(in crate::store) fn read_pending(from: &mut Columns<'_>) -> Read<PendingDelivery> {
    Ok(PendingDelivery {
        delivery: read_delivery(from)?,
        attempts: from.int()?,
        attempted_at: from.opt_time()?,
        error: from.opt_text()?,
        next_at: from.opt_time()?,
        incident_closed_at: from.opt_time()?,
    })
}

/// What [`read_told`] reads of a delivery.
pub(in crate::store) const TOLD_COLUMNS: &str = "id, incident, alert, created_at";

/// Reads [`TOLD_COLUMNS`].
pub(in crate::store) fn read_told(from: &mut Columns<'_>) -> Read<ToldRow> {
    Ok(ToldRow { id: from.int()?, incident: from.text()?, alert: from.text()?, at: from.time()? })
}

/// What [`read_record`] reads of a delivery `d`, after the columns of [`DELIVERIES`].
pub(in crate::store) const RECORD_COLUMNS: &str = "attempts, attempted_at, error, next_at, received_at, detail, closed_at, why, \
    (SELECT min(r.at) FROM receipts r \
      WHERE r.alert = d.alert AND r.recipient = d.recipient AND r.state = 'displayed'), \
    (SELECT min(r.at) FROM receipts r \
      WHERE r.alert = d.alert AND r.recipient = d.recipient AND r.state = 'confirmed')";

/// Reads [`DELIVERIES`] and [`RECORD_COLUMNS`].
pub(in crate::store) fn read_record(from: &mut Columns<'_>) -> Read<DeliveryRecord> {
    Ok(DeliveryRecord {
        delivery: read_delivery(from)?,
        attempts: from.int()?,
        attempted_at: from.opt_time()?,
        error: from.opt_text()?,
        next_at: from.opt_time()?,
        received_at: from.opt_time()?,
        detail: from.opt_text()?,
        closed_at: from.opt_time()?,
        why: from.opt_text()?,
        displayed_at: from.opt_time()?,
        confirmed_at: from.opt_time()?,
    })
}

/// What recipients said.
pub(in crate::store) const RECEIPTS: Table<ReceiptRow> = Table {
    name: "receipts",
    columns: "seq, at, received_at, channel, recipient, alert, incident, state, reference, reason",
    on_conflict: OnConflict::Keep,
    bind: bind_receipt,
};

fn bind_receipt<'a>(row: &'a ReceiptRow, to: Values<'_, 'a>) {
    to.extend([
        row.seq.into(),
        time(row.at),
        time(row.received_at),
        row.channel.number().into(),
        Value::text(&row.recipient),
        Value::opt_text(row.alert.as_deref()),
        Value::opt_text(row.incident.as_deref()),
        Value::text(&row.state),
        Value::opt_text(row.reference.as_deref()),
        Value::opt_text(row.reason.as_deref()),
    ]);
}

/// Reads [`RECEIPTS`].
pub(in crate::store) fn read_receipt(from: &mut Columns<'_>) -> Read<ReceiptRow> {
    Ok(ReceiptRow {
        seq: from.int()?,
        at: from.time()?,
        received_at: from.time()?,
        channel: from.numbered(Channel::from_number)?,
        recipient: from.text()?,
        alert: from.opt_text()?,
        incident: from.opt_text()?,
        state: from.word()?,
        reference: from.opt_text()?,
        reason: from.opt_text()?,
    })
}

/// What [`read_quiet`] reads of a delivery `d`.
pub(in crate::store) const QUIET_COLUMNS: &str = "d.incident, d.id, d.alert, d.recipient, d.next_at";

/// Reads [`QUIET_COLUMNS`].
pub(in crate::store) fn read_quiet(from: &mut Columns<'_>) -> Read<QuietRow> {
    Ok(QuietRow {
        incident: from.text()?,
        delivery: from.int()?,
        alert: from.text()?,
        device: from.text()?,
        until: from.opt_time()?,
    })
}

/// Reads one name.
pub(in crate::store) fn read_name(from: &mut Columns<'_>) -> Read<String> {
    from.text()
}
