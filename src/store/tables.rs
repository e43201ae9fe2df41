//! Which columns a row has, in one order for writing and reading.

use zones::{OrderId, Role, Timestamp};

use super::bulk::{OnConflict, Table};
use super::database::{Cells, Value};
use super::rows::{
    AlertRow, Channel, DeliveryRecord, IncidentRow, InputKind, InputRow, NewDelivery, OrderRow, Origin,
    PendingDelivery, ReceiptRow, RejectedRow, StateRow, StoredOrder, StoredState, Word,
};

type Values<'v, 'a> = &'v mut Vec<Value<'a>>;
type Read<T> = Result<T, sqlx::Error>;

/// The columns of a row, one after the other.
pub(super) struct Columns<'a> {
    cells: &'a dyn Cells,
    next: usize,
}

impl<'a> Columns<'a> {
    /// From the first column.
    pub(super) fn new(cells: &'a dyn Cells) -> Self {
        Self { cells, next: 0 }
    }

    fn column(&mut self) -> usize {
        self.next += 1;
        self.next - 1
    }

    fn some<T>(&self, value: Option<T>) -> Read<T> {
        value.ok_or_else(|| decode(format!("column {} is empty", self.next)))
    }

    /// A number, or nothing.
    pub(super) fn opt_int(&mut self) -> Read<Option<i64>> {
        let column = self.column();
        self.cells.int(column)
    }

    /// A number.
    pub(super) fn int(&mut self) -> Read<i64> {
        let value = self.opt_int()?;
        self.some(value)
    }

    /// A moment, or nothing.
    pub(super) fn opt_time(&mut self) -> Read<Option<Timestamp>> {
        Ok(self.opt_int()?.map(Timestamp::from_millis))
    }

    fn time(&mut self) -> Read<Timestamp> {
        Ok(Timestamp::from_millis(self.int()?))
    }

    fn opt_text(&mut self) -> Read<Option<String>> {
        let column = self.column();
        Ok(self.cells.text(column)?.map(str::to_owned))
    }

    /// A text.
    pub(super) fn text(&mut self) -> Read<String> {
        let value = self.opt_text()?;
        self.some(value)
    }

    fn word(&mut self) -> Read<Word> {
        Ok(self.text()?.into())
    }

    fn bytes(&mut self) -> Read<Vec<u8>> {
        let column = self.column();
        let value = self.cells.bytes(column)?.map(<[u8]>::to_vec);
        self.some(value)
    }

    fn numbered<T>(&mut self, meaning: fn(i64) -> Option<T>) -> Read<T> {
        let number = self.int()?;
        meaning(number).ok_or_else(|| decode(format!("column {} has the unknown number {number}", self.next)))
    }
}

fn decode(problem: String) -> sqlx::Error {
    sqlx::Error::Decode(problem.into())
}

fn opt_time<'a>(moment: Option<Timestamp>) -> Value<'a> {
    Value::Int(moment.map(Timestamp::as_millis))
}

fn time<'a>(moment: Timestamp) -> Value<'a> {
    Value::Int(Some(moment.as_millis()))
}

/// Reads one number.
pub(super) fn read_number(from: &mut Columns<'_>) -> Read<i64> {
    from.int()
}

/// The journal.
pub(super) const INPUTS: Table<InputRow> = Table {
    name: "inputs",
    columns: "seq, kind, role, device, fixed_at, received_at, body, decisions",
    on_conflict: OnConflict::Keep,
    bind: bind_input,
};

fn bind_input<'a>(row: &'a InputRow, to: Values<'_, 'a>) {
    to.extend([
        row.seq.into(),
        row.kind.number().into(),
        Value::Int(row.role.map(role_number)),
        Value::text(&row.device),
        opt_time(row.fixed_at),
        time(row.received_at),
        Value::Bytes(&row.body),
        Value::Bytes(&row.decisions),
    ]);
}

/// Reads [`INPUTS`].
pub(super) fn read_input(from: &mut Columns<'_>) -> Read<InputRow> {
    Ok(InputRow {
        seq: from.int()?,
        kind: from.numbered(InputKind::from_number)?,
        role: from.opt_int()?.map(role_of).transpose()?,
        device: from.text()?.into(),
        fixed_at: from.opt_time()?,
        received_at: from.time()?,
        body: from.bytes()?,
        decisions: from.bytes()?,
    })
}

const fn role_number(role: Role) -> i64 {
    match role {
        Role::Wearer => 1,
        Role::Victim => 2,
    }
}

fn role_of(number: i64) -> Read<Role> {
    match number {
        1 => Ok(Role::Wearer),
        2 => Ok(Role::Victim),
        _ => Err(decode(format!("unknown role {number}"))),
    }
}

/// Engine states of devices.
pub(super) const DEVICES: Table<StateRow> = Table {
    name: "devices",
    columns: "device, state",
    on_conflict: OnConflict::Replace("device"),
    bind: bind_state,
};

/// Engine states of watches.
pub(super) const WATCHES: Table<StateRow> = Table {
    name: "watches",
    columns: "watch, state",
    on_conflict: OnConflict::Replace("watch"),
    bind: bind_state,
};

fn bind_state<'a>(row: &'a StateRow, to: Values<'_, 'a>) {
    to.extend([Value::text(&row.key), Value::Bytes(row.state.as_deref().unwrap_or_default())]);
}

/// Reads [`DEVICES`] and [`WATCHES`].
pub(super) fn read_state(from: &mut Columns<'_>) -> Read<StoredState> {
    Ok(StoredState { key: from.text()?.into(), state: from.bytes()? })
}

/// The register: rows with a document. Registering an order again takes its withdrawal back.
pub(super) const ORDERS: Table<OrderRow> = Table {
    name: "orders",
    columns: "order_id, seq, document, changed_at, origin, withdrawn_at",
    on_conflict: OnConflict::Replace("order_id"),
    bind: bind_order,
};

fn bind_order<'a>(row: &'a OrderRow, to: Values<'_, 'a>) {
    bind_change(row, to);
    to.push(Value::Int(None));
}

/// Reads [`ORDERS`].
pub(super) fn read_order(from: &mut Columns<'_>) -> Read<StoredOrder> {
    Ok(StoredOrder {
        order: order_id(from)?,
        seq: from.int()?,
        document: from.text()?,
        changed_at: from.time()?,
        origin: from.numbered(Origin::from_number)?,
        withdrawn_at: from.opt_time()?,
    })
}

fn order_id(from: &mut Columns<'_>) -> Read<OrderId> {
    OrderId::new(&from.text()?).map_err(|e| decode(format!("order: {e}")))
}

/// Everything that ever happened to the register.
pub(super) const ORDER_HISTORY: Table<OrderRow> = Table {
    name: "order_history",
    columns: "order_id, seq, document, changed_at, origin",
    on_conflict: OnConflict::Keep,
    bind: bind_change,
};

fn bind_change<'a>(row: &'a OrderRow, to: Values<'_, 'a>) {
    to.extend([
        Value::text(row.order.as_str()),
        row.seq.into(),
        Value::opt_text(row.document.as_deref()),
        time(row.at),
        row.origin.number().into(),
    ]);
}

/// Reads [`ORDER_HISTORY`].
pub(super) fn read_change(from: &mut Columns<'_>) -> Read<OrderRow> {
    Ok(OrderRow {
        order: order_id(from)?,
        seq: from.int()?,
        document: from.opt_text()?,
        at: from.time()?,
        origin: from.numbered(Origin::from_number)?,
    })
}

/// Incidents as they are now.
pub(super) const INCIDENTS: Table<IncidentRow> = Table {
    name: "incidents",
    columns: "incident, order_id, kind, wearer, victim, zone, device, desk, level, worst, certainty, opened_at, \
              changed_at, cleared_at, closed_at, revision, state",
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
}

/// Reads [`INCIDENTS`].
pub(super) fn read_incident(from: &mut Columns<'_>) -> Read<IncidentRow> {
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
    })
}

/// Alerts as they were raised.
pub(super) const ALERTS: Table<AlertRow> = Table {
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
pub(super) fn read_alert(from: &mut Columns<'_>) -> Read<AlertRow> {
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

/// The outbox.
pub(super) const DELIVERIES: Table<NewDelivery> = Table {
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
pub(super) const PENDING_COLUMNS: &str = "attempts, attempted_at, error, next_at, \
    (SELECT i.closed_at FROM incidents i WHERE i.incident = d.incident)";

/// Reads [`DELIVERIES`] and [`PENDING_COLUMNS`].
pub(super) fn read_pending(from: &mut Columns<'_>) -> Read<PendingDelivery> {
    Ok(PendingDelivery {
        delivery: read_delivery(from)?,
        attempts: from.int()?,
        attempted_at: from.opt_time()?,
        error: from.opt_text()?,
        next_at: from.opt_time()?,
        incident_closed: from.opt_int()?.is_some(),
    })
}

/// What [`read_record`] reads of a delivery `d`, after the columns of [`DELIVERIES`].
pub(super) const RECORD_COLUMNS: &str = "attempts, attempted_at, error, next_at, received_at, detail, closed_at, why, \
    (SELECT min(r.at) FROM receipts r \
      WHERE r.alert = d.alert AND r.recipient = d.recipient AND r.state = 'displayed'), \
    (SELECT min(r.at) FROM receipts r \
      WHERE r.alert = d.alert AND r.recipient = d.recipient AND r.state = 'confirmed')";

/// Reads [`DELIVERIES`] and [`RECORD_COLUMNS`].
pub(super) fn read_record(from: &mut Columns<'_>) -> Read<DeliveryRecord> {
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
pub(super) const RECEIPTS: Table<ReceiptRow> = Table {
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
pub(super) fn read_receipt(from: &mut Columns<'_>) -> Read<ReceiptRow> {
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

/// Messages set aside.
pub(super) const REJECTED: Table<RejectedRow> = Table {
    name: "rejected",
    columns: "seq, received_at, topic, reason, payload, size",
    on_conflict: OnConflict::Keep,
    bind: bind_rejected,
};

fn bind_rejected<'a>(row: &'a RejectedRow, to: Values<'_, 'a>) {
    use super::rows::{LONGEST_PAYLOAD, LONGEST_TOPIC};
    to.extend([
        row.seq.into(),
        time(row.received_at),
        Value::text(&row.topic[..row.topic.floor_char_boundary(LONGEST_TOPIC)]),
        Value::text(&row.reason),
        Value::Bytes(&row.payload[..row.payload.len().min(LONGEST_PAYLOAD)]),
        row.size.into(),
    ]);
}

/// Reads [`REJECTED`].
pub(super) fn read_rejected(from: &mut Columns<'_>) -> Read<RejectedRow> {
    Ok(RejectedRow {
        seq: from.int()?,
        received_at: from.time()?,
        topic: from.text()?,
        reason: from.text()?,
        payload: from.bytes()?,
        size: from.int()?,
    })
}
