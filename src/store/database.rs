//! What the store needs of a database: one writer with transactions, and reads beside it.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use sqlx::SqlStr;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::StoreError;

/// A SQLite or PostgreSQL database.
pub(super) trait Database: Send + Sync + fmt::Debug {
    /// How a parameter of a long list of values is written.
    fn placeholder(&self) -> Placeholder;

    /// Begins a transaction on the one writing connection, when its turn comes. Dropped before its commit, the
    /// transaction leaves nothing.
    fn begin(&self) -> BoxFuture<'_, Result<Box<dyn Transaction>, StoreError>>;

    /// Gives each row of a query to `each`, in order, on a reading connection.
    fn rows<'a>(
        &'a self,
        sql: SqlStr,
        values: Vec<Value<'a>>,
        each: Each<'a>,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Ends all connections and gives the store free.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// A transaction of the writing connection.
pub(super) trait Transaction: Send {
    /// Runs a statement; the number of rows it changed.
    fn exec<'a>(&'a mut self, sql: SqlStr, values: Vec<Value<'a>>) -> BoxFuture<'a, Result<u64, StoreError>>;

    /// Makes it durable. After an error it may be so or not.
    fn commit(self: Box<Self>) -> BoxFuture<'static, Result<(), StoreError>>;
}

/// What is done with each row of a query.
pub(super) type Each<'a> = &'a mut (dyn FnMut(&dyn Cells) -> Result<(), sqlx::Error> + Send);

/// How a parameter is written in a list of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placeholder {
    /// `$1`, `$2`, …
    Numbered,
    /// `?`: SQLite looks named parameters up one by one, which in a statement of thousands takes most of its
    /// time.
    Plain,
}

/// A parameter of a statement.
#[derive(Debug)]
pub(super) enum Value<'a> {
    /// A whole number or nothing.
    Int(Option<i64>),
    /// A text or nothing.
    Text(Option<Cow<'a, str>>),
    /// Bytes.
    Bytes(&'a [u8]),
}

impl<'a> Value<'a> {
    /// A text or nothing; a NUL, which PostgreSQL cannot keep, becomes U+FFFD.
    pub(super) fn opt_text(text: Option<&'a str>) -> Self {
        Self::Text(text.map(|text| {
            if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text.into() }
        }))
    }

    /// A text.
    pub(super) fn text(text: &'a str) -> Self {
        Self::opt_text(Some(text))
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Int(Some(number))
    }
}

/// The columns of one row, by position.
pub(super) trait Cells {
    /// A number, or nothing.
    fn int(&self, column: usize) -> Result<Option<i64>, sqlx::Error>;
    /// A text, or nothing.
    fn text(&self, column: usize) -> Result<Option<&str>, sqlx::Error>;
    /// Bytes, or nothing.
    fn bytes(&self, column: usize) -> Result<Option<&[u8]>, sqlx::Error>;
}

/// The writing connection: absent before its first use and after a transaction that did not reach its end.
#[derive(Debug)]
pub(super) struct Writer<C>(Arc<Mutex<Option<C>>>);

impl<C> Writer<C> {
    /// A writer with its connection.
    pub(super) fn new(connection: C) -> Self {
        Self(Arc::new(Mutex::new(Some(connection))))
    }

    /// The writer alone, when its turn comes.
    pub(super) async fn hold(&self) -> Held<C> {
        Held { slot: Arc::clone(&self.0).lock_owned().await, clean: false }
    }

    /// Another handle of the same writer.
    pub(super) fn share(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// The writing connection in one pair of hands. Dropped without [`keep`](Self::keep) it ends the connection:
/// whatever it was in the middle of is undone by the database, also when a future was dropped half-way.
#[derive(Debug)]
pub(super) struct Held<C> {
    /// The connection, if there is one.
    pub(super) slot: OwnedMutexGuard<Option<C>>,
    clean: bool,
}

impl<C> Held<C> {
    /// Gives the connection back as it is: no transaction is open on it.
    pub(super) fn keep(mut self) {
        self.clean = true;
    }
}

impl<C> Drop for Held<C> {
    fn drop(&mut self) {
        if !self.clean {
            *self.slot = None;
        }
    }
}
