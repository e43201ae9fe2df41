//! Reading the outbox: what is still to be sent, and what was sent to whom.

use super::database::Value;
use super::read::Select;
use super::rows::{Channel, DeliveryRecord, PendingDelivery, QUIET_HOURS, ToldRow};
use super::{Store, StoreError, tables};

/// Of a delivery `d`.
const OF_OPEN_INCIDENT: &str =
    "EXISTS (SELECT 1 FROM incidents i WHERE i.incident = d.incident AND i.closed_at IS NULL)";

/// Of a delivery `d` to the device of a victim: it is about her, and her quiet hours did not keep it from her. Devices
/// go from hand to hand.
const SHOWN_TO_HER: &str = "(d.why IS NULL OR d.why <> ?) \
    AND EXISTS (SELECT 1 FROM alerts a WHERE a.incident = d.incident AND a.victim = ?)";

/// The columns of a [`DeliveryRecord`], from `deliveries d`.
pub(super) fn record_columns() -> String {
    format!("{}, {}", tables::DELIVERIES.columns, tables::RECORD_COLUMNS)
}

/// What the device of a victim was told of her.
fn told_her<'a>(device: &'a str, victim: &'a str) -> Select<'a> {
    let to = [Channel::VictimMqtt.number().into(), Value::text(device)];
    Select::new(&record_columns(), "deliveries d")
        .filter("channel = ? AND recipient = ?", to)
        .filter(SHOWN_TO_HER, [Value::text(QUIET_HOURS), Value::text(victim)])
}

impl Store {
    /// Deliveries with a higher number that are neither received nor closed, oldest first.
    pub async fn pending_deliveries(
        &self,
        after: i64,
        limit: u32,
    ) -> Result<Vec<PendingDelivery>, StoreError> {
        let columns = format!("{}, {}", tables::DELIVERIES.columns, tables::PENDING_COLUMNS);
        let select = Select::new(&columns, "deliveries d")
            .filter("received_at IS NULL AND closed_at IS NULL AND id > ?", [after.into()])
            .page("id", limit);
        self.all(select, tables::read_pending).await
    }

    /// The same of one recipient.
    pub async fn pending_deliveries_to(
        &self,
        channel: Channel,
        recipient: &str,
        after: i64,
        limit: u32,
    ) -> Result<Vec<PendingDelivery>, StoreError> {
        let columns = format!("{}, {}", tables::DELIVERIES.columns, tables::PENDING_COLUMNS);
        let select = Select::new(&columns, "deliveries d")
            .filter("channel = ? AND recipient = ?", [channel.number().into(), Value::text(recipient)])
            .filter("received_at IS NULL AND closed_at IS NULL AND id > ?", [after.into()])
            .page("id", limit);
        self.all(select, tables::read_pending).await
    }

    /// What a victim's device was told of her after the delivery with that number, oldest first.
    pub async fn told_her_after(
        &self,
        device: &str,
        victim: &str,
        after: i64,
        limit: u32,
    ) -> Result<Vec<DeliveryRecord>, StoreError> {
        let select = told_her(device, victim).filter("d.id > ?", [after.into()]).page("d.id", limit);
        self.all(select, tables::read_record).await
    }

    /// The same about incidents that are open, newest first.
    pub async fn told_her_of_open_incidents(
        &self,
        device: &str,
        victim: &str,
        limit: u32,
    ) -> Result<Vec<DeliveryRecord>, StoreError> {
        let select = told_her(device, victim).filter(OF_OPEN_INCIDENT, []).page("d.id DESC", limit);
        self.all(select, tables::read_record).await
    }

    /// What one recipient was sent about incidents that are open, after the delivery with that number, oldest first.
    pub async fn told_of_open_incidents(
        &self,
        channel: Channel,
        recipient: &str,
        after: i64,
        limit: u32,
    ) -> Result<Vec<ToldRow>, StoreError> {
        let select = Select::new(tables::TOLD_COLUMNS, "deliveries d")
            .filter("channel = ? AND recipient = ?", [channel.number().into(), Value::text(recipient)])
            .filter(OF_OPEN_INCIDENT, [])
            .filter("id > ?", [after.into()])
            .page("id", limit);
        self.all(select, tables::read_told).await
    }

    /// Number of the newest delivery; 0 when there is none.
    pub async fn latest_delivery(&self) -> Result<i64, StoreError> {
        self.number("COALESCE(max(id), 0)", "deliveries").await
    }

    /// Deliveries to one recipient before the one with that number, newest first.
    pub async fn deliveries_to(
        &self,
        channel: Channel,
        recipient: &str,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<DeliveryRecord>, StoreError> {
        let select = Select::new(&record_columns(), "deliveries d")
            .filter("channel = ? AND recipient = ?", [channel.number().into(), Value::text(recipient)])
            .filter_some("id < ?", before.map(Value::from))
            .page("id DESC", limit);
        self.all(select, tables::read_record).await
    }
}
