//! Durable state: SQLite or PostgreSQL.
//!
//! [`Store::commit`] is the one road in: a [`Batch`] is one transaction, and what it returned from is on disk.
//! Reads are paged by cursor and never wait for a commit. One store has one writer: opening it takes a lock
//! that the operating system or the server gives back when the process ends, and each commit checks that
//! nobody took over.

mod error;
mod rows;

use zones::Timestamp;

pub use error::StoreError;
pub use rows::*;

/// Most rows that one read gives back; a larger limit is cut to it.
pub const MOST_ROWS: u32 = 1_000;

/// The handle everybody uses; a clone is the same store.
#[derive(Debug, Clone)]
pub struct Store {}

impl Store {
    /// Opens a store, creating or updating its tables: `sqlite:FILE` or `postgres://USER@HOST/DATABASE`.
    /// A SQLite file is created, its folder is not.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        unimplemented!()
    }

    /// Makes a batch durable, all of it or nothing. After a retryable error the same batch may be committed
    /// again, also when the first try did succeed.
    pub async fn commit(&self, batch: &Batch) -> Result<Committed, StoreError> {
        unimplemented!()
    }

    /// Everything a start needs.
    pub async fn load(&self) -> Result<Loaded, StoreError> {
        unimplemented!()
    }

    /// Orders in the register (not withdrawn), by id.
    pub async fn orders(&self, after: Option<&str>, limit: u32) -> Result<Vec<StoredOrder>, StoreError> {
        unimplemented!()
    }

    /// One order, also when it is withdrawn.
    pub async fn order(&self, order: &str) -> Result<Option<StoredOrder>, StoreError> {
        unimplemented!()
    }

    /// The changes of an order, newest first.
    pub async fn order_history(
        &self,
        order: &str,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<OrderRow>, StoreError> {
        unimplemented!()
    }

    /// Incidents, last changed first.
    pub async fn incidents(&self, filter: &IncidentFilter, limit: u32) -> Result<Vec<IncidentRow>, StoreError> {
        unimplemented!()
    }

    /// One incident with its alerts, deliveries and receipts.
    pub async fn incident(&self, incident: &str) -> Result<Option<IncidentStory>, StoreError> {
        unimplemented!()
    }

    /// Alerts with a higher number, oldest first: how live events resume.
    pub async fn alerts_after(&self, seq: i64, limit: u32) -> Result<Vec<AlertRow>, StoreError> {
        unimplemented!()
    }

    /// Number of the newest alert; 0 when there is none.
    pub async fn latest_alert_seq(&self) -> Result<i64, StoreError> {
        unimplemented!()
    }

    /// Messages set aside, newest first.
    pub async fn rejected(&self, before: Option<i64>, limit: u32) -> Result<Vec<RejectedRow>, StoreError> {
        unimplemented!()
    }

    /// States of devices, by id.
    pub async fn devices(&self, after: Option<&str>, limit: u32) -> Result<Vec<StoredState>, StoreError> {
        unimplemented!()
    }

    /// State of one device.
    pub async fn device(&self, device: &str) -> Result<Option<StoredState>, StoreError> {
        unimplemented!()
    }

    /// States of the watches whose key begins with `prefix`, by key.
    pub async fn watches_of_prefix(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<StoredState>, StoreError> {
        unimplemented!()
    }

    /// Journal rows of a span of time, oldest first. A filter on a device still walks the whole span.
    pub async fn inputs(&self, filter: &InputFilter, limit: u32) -> Result<Vec<InputRow>, StoreError> {
        unimplemented!()
    }

    /// Figures for metrics.
    pub async fn counts(&self) -> Result<Counts, StoreError> {
        unimplemented!()
    }

    /// Deliveries that are neither received nor closed, oldest first.
    pub async fn pending_deliveries(
        &self,
        after: i64,
        limit: u32,
    ) -> Result<Vec<PendingDelivery>, StoreError> {
        unimplemented!()
    }

    /// Deliveries to one recipient, newest first.
    pub async fn deliveries_to(
        &self,
        channel: Channel,
        recipient: &str,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<DeliveryRecord>, StoreError> {
        unimplemented!()
    }

    /// Makes durable how deliveries went; the same as [`commit`](Self::commit) of a batch with nothing else.
    pub async fn record_deliveries(&self, progress: Vec<DeliveryProgress>) -> Result<(), StoreError> {
        unimplemented!()
    }

    /// Ends all connections and gives the store free for another service.
    pub async fn close(self) {
        unimplemented!()
    }
}
