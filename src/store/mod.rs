//! Durable state: SQLite or PostgreSQL.
//!
//! [`Store::commit`] is the one road in: a [`Batch`] is one transaction, and what it returned from is on disk.
//! Reads are paged by cursor and never wait for a commit. One store has one writer: opening it takes a lock
//! that the operating system or the server gives back when the process ends, and each commit checks that
//! nobody took over.
//!
//! All SQL is shared and stands in `tables`, `bulk`, `write` and `read`; `sqlite` and `postgres` only carry it.

mod audit;
mod bulk;
mod cases;
mod database;
mod error;
mod followup;
mod migration;
mod outbox;
mod postgres;
mod push;
mod read;
mod reader;
mod rows;
mod sessions;
mod sqlite;
mod tables;
#[cfg(test)]
pub(crate) mod tests;
mod write;

use std::sync::Arc;

use sqlx::SqlStr;
use zones::Timestamp;

pub use error::StoreError;
pub use rows::*;

use database::Database;
use error::Label;
use postgres::Postgres;
use sqlite::Sqlite;
use write::Statements;

/// Most rows that one read gives back; a larger limit is cut to it.
pub const MOST_ROWS: u32 = 1_000;

/// The handle everybody uses; a clone is the same store.
#[derive(Debug, Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    database: Box<dyn Database>,
    label: Label,
    statements: Statements,
    /// Number of this opening; a later one makes this one stop.
    epoch: i64,
}

impl Store {
    /// Opens a store, creating or updating its tables: `sqlite:FILE` or `postgres://USER@HOST/DATABASE`.
    /// A SQLite file is created, its folder is not.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let label = Label::new(url);
        let database: Box<dyn Database> = match url.split_once(':') {
            Some(("sqlite", _)) => Box::new(Sqlite::open(url, label.clone()).await?),
            Some(("postgres" | "postgresql", _)) => Box::new(Postgres::open(url, label.clone()).await?),
            _ => return Err(label.url("begins with neither sqlite: nor postgres:")),
        };
        let statements = Statements::new(database.placeholder());
        claim(&*database).await?;
        let mut store = Self { shared: Arc::new(Shared { database, label, statements, epoch: 0 }) };
        let epoch = store.number("epoch", "owner").await?;
        if let Some(shared) = Arc::get_mut(&mut store.shared) {
            shared.epoch = epoch;
        }
        Ok(store)
    }

    /// Makes a batch durable, all of it or nothing. After a retryable error the same batch may be committed
    /// again, also when the first try did succeed: then [`Committed::repeated`] says so.
    pub async fn commit(&self, batch: &Batch) -> Result<Committed, StoreError> {
        let Shared { database, label, statements, epoch } = &*self.shared;
        let mut transaction = database.begin().await?;
        let committed = statements.run(&mut *transaction, *epoch, batch, label).await?;
        transaction.commit().await?;
        Ok(committed)
    }

    /// Makes durable how deliveries went; the same as [`commit`](Self::commit) of a batch with nothing else.
    pub async fn record_deliveries(&self, progress: Vec<DeliveryProgress>) -> Result<(), StoreError> {
        self.commit(&Batch { progress, ..Batch::default() }).await.map(|_| ())
    }

    /// Everything a start needs. Nothing may be committed meanwhile.
    pub async fn load(&self) -> Result<Loaded, StoreError> {
        let (mut orders, mut devices, mut histories) = (Vec::new(), Vec::new(), Vec::new());
        self.each_order(|row| orders.push(row)).await?;
        self.each_device(|row| devices.push(row)).await?;
        self.each_history(|row| histories.push(row)).await?;
        orders.sort_unstable_by(|a, b| a.order.cmp(&b.order));
        devices.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        histories.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        Ok(Loaded { orders, devices, histories, few: self.load_few().await? })
    }

    /// What a start needs beside orders and devices, which are many:
    /// [`each_order`](Self::each_order), [`each_device`](Self::each_device) and
    /// [`each_history`](Self::each_history) give them one by one.
    pub async fn load_few(&self) -> Result<Few, StoreError> {
        // One after the other: fetching and reading run on two threads as it is, and more of them only wait
        // for each other.
        Ok(Few {
            watches: self.all_watches().await?,
            incidents: [self.open_incidents().await?, self.remembered_incidents().await?].concat(),
            quiet: self.quiet_incidents().await?,
            followups: self.all_followups().await?,
            duty: self.all_duty().await?,
            latest_fixes: self.latest_fixes().await?,
            next: self.next().await?,
            clock: self.clock().await?,
        })
    }

    /// The first free numbers.
    async fn next(&self) -> Result<Next, StoreError> {
        Ok(Next {
            input: self.number("COALESCE(max(seq), 0) + 1", "inputs").await?,
            alert: self.latest_live_seq().await? + 1,
            delivery: self.number("COALESCE(max(id), 0) + 1", "deliveries").await?,
            rejected: self.number("COALESCE(max(seq), 0) + 1", "rejected").await?,
        })
    }

    /// Latest arrival in the journal.
    async fn clock(&self) -> Result<Option<Timestamp>, StoreError> {
        let millis = self.number("COALESCE(max(received_at), -1)", "inputs").await?;
        Ok((millis >= 0).then(|| Timestamp::from_millis(millis)))
    }

    /// Ends all connections and gives the store free for another service; clones of the handle are of no use
    /// any more.
    pub async fn close(self) {
        self.shared.database.close().await;
    }
}

/// Becomes the one who writes; whoever did before is refused from now on.
async fn claim(database: &dyn Database) -> Result<(), StoreError> {
    let mut transaction = database.begin().await?;
    let raise = SqlStr::from_static("UPDATE owner SET epoch = epoch + 1 WHERE id = 1");
    transaction.exec(raise, Vec::new()).await?;
    transaction.commit().await
}
