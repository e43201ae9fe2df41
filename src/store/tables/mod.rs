//! Which columns a row has, in one order for writing and reading.

mod audit;
mod delivery;
mod followup;
mod incident;
mod push;
mod session;

use zones::{OrderId, Role, Timestamp};

use super::bulk::{OnConflict, Table};
use super::database::{Cells, Value};
use super::rows::{
    InputKind, InputRow, JournalFix, NoticeRow, OrderRow, Origin, RejectedRow, StateRow, StoredFix,
    StoredOrder, StoredState, UnknownDevice, Word,
};

pub(super) use audit::*;
pub(super) use delivery::*;
pub(super) use followup::*;
pub(super) use incident::*;
pub(super) use push::*;
pub(super) use session::*;

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

/// Reads a device that is in no order.
pub(super) fn read_unknown_device(from: &mut Columns<'_>) -> Read<UnknownDevice> {
    Ok(UnknownDevice { topic: from.text()?, messages: from.int()?, last_at: from.time()? })
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

/// Columns of a [`StoredFix`].
pub(super) const FIX_COLUMNS: &str = "role, device, body";

/// Reads [`FIX_COLUMNS`].
pub(super) fn read_fix(from: &mut Columns<'_>) -> Read<StoredFix> {
    Ok(StoredFix { role: role_of(from.int()?)?, device: from.text()?, body: from.bytes()? })
}

/// Columns of a [`JournalFix`].
pub(super) const JOURNAL_FIX_COLUMNS: &str = "seq, received_at, role, device, fixed_at, body";

/// Reads [`JOURNAL_FIX_COLUMNS`].
pub(super) fn read_journal_fix(from: &mut Columns<'_>) -> Read<JournalFix> {
    Ok(JournalFix {
        seq: from.int()?,
        received_at: from.time()?,
        role: role_of(from.int()?)?,
        device: from.text()?,
        fixed_at: from.opt_time()?,
        body: from.bytes()?,
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

/// Histories of devices.
pub(super) const HISTORIES: Table<StateRow> = Table {
    name: "histories",
    columns: "device, history",
    on_conflict: OnConflict::Replace("device"),
    bind: bind_state,
};

/// What devices are to be told.
pub(super) const NOTICES: Table<NoticeRow> = Table {
    name: "notices",
    columns: "topic, seq, payload, until",
    on_conflict: OnConflict::Replace("topic"),
    bind: bind_notice,
};

fn bind_notice<'a>(row: &'a NoticeRow, to: Values<'_, 'a>) {
    to.extend([Value::text(&row.topic), row.seq.into(), Value::text(&row.payload), opt_time(row.until)]);
}

/// Reads [`NOTICES`].
pub(super) fn read_notice(from: &mut Columns<'_>) -> Read<NoticeRow> {
    Ok(NoticeRow { topic: from.text()?, seq: from.int()?, payload: from.text()?, until: from.opt_time()? })
}

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

/// Reads [`DEVICES`], [`HISTORIES`] and [`WATCHES`].
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
    bind_document(row, to);
    to.push(Value::Int(None));
}

/// What a register and its history have in common.
fn bind_document<'a>(row: &'a OrderRow, to: Values<'_, 'a>) {
    to.extend([
        Value::text(row.order.as_str()),
        row.seq.into(),
        Value::opt_text(row.document.as_deref()),
        time(row.at),
        row.origin.number().into(),
    ]);
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
    columns: "order_id, seq, document, changed_at, origin, changed_by",
    on_conflict: OnConflict::Keep,
    bind: bind_change,
};

fn bind_change<'a>(row: &'a OrderRow, to: Values<'_, 'a>) {
    bind_document(row, to);
    to.push(Value::opt_text(row.by.as_deref()));
}

/// Reads [`ORDER_HISTORY`].
pub(super) fn read_change(from: &mut Columns<'_>) -> Read<OrderRow> {
    Ok(OrderRow {
        order: order_id(from)?,
        seq: from.int()?,
        document: from.opt_text()?,
        at: from.time()?,
        origin: from.numbered(Origin::from_number)?,
        by: from.opt_text()?,
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
