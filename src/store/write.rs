//! A batch, as statements.

use std::collections::BTreeMap;

use sqlx::SqlStr;
use zones::Timestamp;

use super::StoreError;
use super::bulk::{Bind, Bulk, Table};
use super::database::{Placeholder, Transaction, Value};
use super::error::Label;
use super::rows::{
    AlertRow, AuditRow, Batch, Committed, DeadlineRow, DeliveryProgress, IN_MASS, IncidentRow, InputRow,
    MOST_REJECTED, NewDelivery, NoticeRow, OrderRow, Outcome, PushRow, QUIET_HOURS, ReceiptRow, RejectedRow,
    SessionRow, StateRow, TimelineRow,
};
use super::tables;

/// Says that this service writes, and finds out whether it still may. It is the first statement of a commit:
/// who takes over waits for it or stops it.
const FENCE: &str = "UPDATE owner SET commits = commits + 1 WHERE id = 1 AND epoch = $1";

const WITHDRAW: &str =
    "UPDATE orders SET seq = $1, changed_at = $2, origin = $3, withdrawn_at = $2 WHERE order_id = $4";

const ATTEMPTED: &str = "UPDATE deliveries SET attempts = $1, attempted_at = $2, error = $3, next_at = $4 \
     WHERE id = $5 AND attempts < $1 AND received_at IS NULL AND closed_at IS NULL";

const RECEIVED: &str = "UPDATE deliveries SET attempts = $1, attempted_at = $2, received_at = $2, detail = $3, \
     next_at = NULL WHERE id = $4 AND received_at IS NULL";

const NOTICED: &str = "DELETE FROM notices WHERE topic = $1 AND seq = $2";

const CLOSED: &str = "UPDATE deliveries SET closed_at = $1, why = $2, next_at = NULL \
     WHERE id = $3 AND received_at IS NULL AND closed_at IS NULL";

const HELD: &str = "UPDATE deliveries SET closed_at = COALESCE(closed_at, $1), why = $2, next_at = $3 \
     WHERE id = $4 AND received_at IS NULL AND (closed_at IS NULL OR why = $2)";

const TOLD_AFTER_ALL: &str = "UPDATE deliveries SET id = $1, created_at = $2, closed_at = NULL, why = NULL, next_at = NULL \
     WHERE id = $3 AND why = $4 AND received_at IS NULL";

/// What she was shown she has, by whatever road.
const SHOWN: &str = "UPDATE deliveries SET received_at = $1, detail = $2, next_at = NULL \
     WHERE alert = $3 AND channel = $4 AND recipient = $5 AND received_at IS NULL";

const RELEASED: &str = "UPDATE deliveries SET closed_at = NULL, why = NULL \
     WHERE incident = $1 AND why = $2 AND received_at IS NULL";

/// How a recipient answered of whom only a receipt has come.
const BY_RECEIPT: &str = "shown to her, says the receipt; no attempt had got through";

/// One device with a fault must not fill the disk, and with it stop everybody.
const PRUNE: &str = "DELETE FROM rejected WHERE seq <= $1";

/// Rows into one table.
#[derive(Debug)]
pub(super) struct Insert<T> {
    statement: Bulk,
    bind: Bind<T>,
}

impl<T: Sync> Insert<T> {
    fn new(table: &Table<T>, placeholder: Placeholder) -> Self {
        Self { statement: table.insert(placeholder), bind: table.bind }
    }

    pub(super) async fn run<'r>(
        &self,
        on: &mut dyn Transaction,
        rows: impl IntoIterator<Item = &'r T>,
    ) -> Result<u64, StoreError>
    where
        T: 'r,
    {
        let rows: Vec<&T> = rows.into_iter().collect();
        self.statement.run(on, &rows, self.bind).await
    }
}

/// States under their keys: the last of each key counts (PostgreSQL replaces no row twice in one statement), in
/// order of key, so that neighbours on a page are found together.
#[derive(Debug)]
struct States {
    upsert: Insert<StateRow>,
    delete: Bulk,
}

impl States {
    fn new(table: &Table<StateRow>, key: &str, placeholder: Placeholder) -> Self {
        let head = format!("DELETE FROM {} WHERE {key} IN (VALUES ", table.name);
        Self { upsert: Insert::new(table, placeholder), delete: Bulk::new(&head, 1, ")", placeholder) }
    }

    async fn run(&self, on: &mut dyn Transaction, rows: &[StateRow]) -> Result<(), StoreError> {
        let last: BTreeMap<&str, &StateRow> = rows.iter().map(|row| (&*row.key, row)).collect();
        let (kept, gone): (Vec<&StateRow>, Vec<&StateRow>) =
            last.into_values().partition(|row| row.state.is_some());
        self.upsert.run(on, kept).await?;
        self.delete.run(on, &gone, |row, values| values.push(Value::text(&row.key))).await?;
        Ok(())
    }
}

/// The statements of a commit.
#[derive(Debug)]
pub(super) struct Statements {
    inputs: Insert<InputRow>,
    devices: States,
    histories: States,
    watches: States,
    orders: Insert<OrderRow>,
    order_history: Insert<OrderRow>,
    incidents: Insert<IncidentRow>,
    followups: States,
    duty: States,
    timeline: Insert<TimelineRow>,
    deadlines: Insert<DeadlineRow>,
    alerts: Insert<AlertRow>,
    deliveries: Insert<NewDelivery>,
    notices: Insert<NoticeRow>,
    receipts: Insert<ReceiptRow>,
    rejected: Insert<RejectedRow>,
    pub(super) audit: Insert<AuditRow>,
    pub(super) sessions: Insert<SessionRow>,
    pub(super) push: Insert<PushRow>,
}

impl Statements {
    /// The texts, as a database likes its parameters.
    pub(super) fn new(placeholder: Placeholder) -> Self {
        Self {
            inputs: Insert::new(&tables::INPUTS, placeholder),
            devices: States::new(&tables::DEVICES, "device", placeholder),
            histories: States::new(&tables::HISTORIES, "device", placeholder),
            watches: States::new(&tables::WATCHES, "watch", placeholder),
            orders: Insert::new(&tables::ORDERS, placeholder),
            order_history: Insert::new(&tables::ORDER_HISTORY, placeholder),
            incidents: Insert::new(&tables::INCIDENTS, placeholder),
            followups: States::new(&tables::FOLLOWUPS, "incident", placeholder),
            duty: States::new(&tables::DUTY, "role", placeholder),
            timeline: Insert::new(&tables::TIMELINE, placeholder),
            deadlines: Insert::new(&tables::DEADLINES, placeholder),
            alerts: Insert::new(&tables::ALERTS, placeholder),
            deliveries: Insert::new(&tables::DELIVERIES, placeholder),
            notices: Insert::new(&tables::NOTICES, placeholder),
            receipts: Insert::new(&tables::RECEIPTS, placeholder),
            rejected: Insert::new(&tables::REJECTED, placeholder),
            audit: Insert::new(&tables::AUDIT, placeholder),
            sessions: Insert::new(&tables::SESSIONS, placeholder),
            push: Insert::new(&tables::PUSH, placeholder),
        }
    }

    /// Writes everything of a batch; the caller commits.
    pub(super) async fn run(
        &self,
        on: &mut dyn Transaction,
        epoch: i64,
        batch: &Batch,
        label: &Label,
    ) -> Result<Committed, StoreError> {
        self.fence(on, epoch, label).await?;
        let repeated = self.journal(on, &batch.inputs, label).await?;
        self.devices.run(on, &batch.devices).await?;
        self.histories.run(on, &batch.histories).await?;
        self.watches.run(on, &batch.watches).await?;
        self.register(on, &batch.orders).await?;
        let last: BTreeMap<_, _> = batch.incidents.iter().map(|row| (&row.incident, row)).collect();
        self.incidents.run(on, last.into_values()).await?;
        let new_alerts = self.alerts.run(on, &batch.alerts).await?;
        self.follow_up(on, batch).await?;
        self.deliveries.run(on, &batch.deliveries).await?;
        let last: BTreeMap<_, _> = batch.notices.iter().map(|row| (&row.topic, row)).collect();
        self.notices.run(on, last.into_values()).await?;
        for (topic, seq) in &batch.noticed {
            on.exec(SqlStr::from_static(NOTICED), vec![Value::text(topic), (*seq).into()]).await?;
        }
        for progress in &batch.progress {
            record(on, progress).await?;
        }
        for incident in &batch.released {
            let values = vec![Value::text(incident), Value::text(IN_MASS)];
            on.exec(SqlStr::from_static(RELEASED), values).await?;
        }
        self.receipts.run(on, &batch.receipts).await?;
        for receipt in &batch.receipts {
            shown(on, receipt).await?;
        }
        self.rejected.run(on, &batch.rejected).await?;
        if let Some(newest) = batch.rejected.iter().map(|row| row.seq).max() {
            on.exec(SqlStr::from_static(PRUNE), vec![(newest - MOST_REJECTED).into()]).await?;
        }
        Ok(Committed { repeated, known_alerts: batch.alerts.len() as u64 - new_alerts })
    }

    /// The first statement of a commit: finds out whether this service may still write.
    pub(super) async fn fence(
        &self,
        on: &mut dyn Transaction,
        epoch: i64,
        label: &Label,
    ) -> Result<(), StoreError> {
        match on.exec(SqlStr::from_static(FENCE), vec![epoch.into()]).await? {
            1 => Ok(()),
            _ => Err(label.taken_over()),
        }
    }

    /// Appends to the journal; whether everything was there. A part of a batch cannot be there: then the
    /// numbers are somebody else's.
    async fn journal(
        &self,
        on: &mut dyn Transaction,
        rows: &[InputRow],
        label: &Label,
    ) -> Result<bool, StoreError> {
        let new = self.inputs.run(on, rows).await?;
        match rows {
            [first, .., last] if new != 0 && new != rows.len() as u64 => {
                Err(label
                    .corrupt(format!("some of the inputs {} to {} are stored already", first.seq, last.seq)))
            }
            [] => Ok(false),
            _ => Ok(new == 0),
        }
    }

    /// Writes down what was done about incidents.
    async fn follow_up(&self, on: &mut dyn Transaction, batch: &Batch) -> Result<(), StoreError> {
        self.followups.run(on, &batch.followups).await?;
        self.duty.run(on, &batch.duty).await?;
        self.timeline.run(on, &batch.timeline).await?;
        let last: BTreeMap<_, _> =
            batch.deadlines.iter().map(|row| ((&row.incident, &row.name, &row.desk), row)).collect();
        self.deadlines.run(on, last.into_values()).await?;
        Ok(())
    }

    /// Changes the register: the last document of each order, then what is withdrawn after all.
    async fn register(&self, on: &mut dyn Transaction, rows: &[OrderRow]) -> Result<(), StoreError> {
        self.order_history.run(on, rows).await?;
        let with_document = rows.iter().filter(|row| row.document.is_some());
        let documents: BTreeMap<_, _> = with_document.map(|row| (&row.order, row)).collect();
        self.orders.run(on, documents.into_values()).await?;
        let last: BTreeMap<_, _> = rows.iter().map(|row| (&row.order, row)).collect();
        for row in last.into_values().filter(|row| row.document.is_none()) {
            let values = vec![
                row.seq.into(),
                row.at.as_millis().into(),
                row.origin.number().into(),
                Value::text(row.order.as_str()),
            ];
            on.exec(SqlStr::from_static(WITHDRAW), values).await?;
        }
        Ok(())
    }
}

/// A receipt of an alert ends what is still to be sent of it to that recipient.
async fn shown(on: &mut dyn Transaction, receipt: &ReceiptRow) -> Result<(), StoreError> {
    let Some(alert) = receipt.alert.as_deref() else { return Ok(()) };
    let values = vec![
        receipt.received_at.as_millis().into(),
        Value::text(BY_RECEIPT),
        Value::text(alert),
        receipt.channel.number().into(),
        Value::text(&receipt.recipient),
    ];
    on.exec(SqlStr::from_static(SHOWN), values).await?;
    Ok(())
}

async fn record(on: &mut dyn Transaction, progress: &DeliveryProgress) -> Result<(), StoreError> {
    let (id, at) = (Value::from(progress.id), Value::from(progress.at.as_millis()));
    let (sql, values) = match &progress.outcome {
        Outcome::Attempted { attempt, error, next_at } => {
            (ATTEMPTED, vec![(*attempt).into(), at, Value::text(error), next_at.as_millis().into(), id])
        }
        Outcome::Received { attempt, detail } => {
            (RECEIVED, vec![(*attempt).into(), at, Value::text(detail), id])
        }
        Outcome::Closed { why } => (CLOSED, vec![at, Value::text(why), id]),
        Outcome::Held { until } => {
            (HELD, vec![at, Value::text(QUIET_HOURS), Value::Int(until.map(Timestamp::as_millis)), id])
        }
        Outcome::Released { id: new } => {
            (TOLD_AFTER_ALL, vec![(*new).into(), at, id, Value::text(QUIET_HOURS)])
        }
    };
    on.exec(SqlStr::from_static(sql), values).await?;
    Ok(())
}
