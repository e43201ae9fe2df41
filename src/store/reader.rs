//! A store opened to be read beside the service that writes it: no lock, no epoch, no update of its tables.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use sqlx::{ConnectOptions, SqlStr};

use super::database::{Database, Each, Placeholder, Transaction, Value};
use super::error::Label;
use super::write::Statements;
use super::{Shared, Store, StoreError, migration, postgres, sqlite};

impl Store {
    /// Opens a store that exists, to read from it. Whoever writes it notices nothing; a commit to the result is
    /// refused. Its tables must be those of this version.
    pub async fn open_to_read(url: &str) -> Result<Self, StoreError> {
        let label = Label::new(url);
        let (database, migrator): (Box<dyn Database>, _) = match url.split_once(':') {
            Some(("sqlite", _)) => (Box::new(SqliteReader::open(url, &label)?), &migration::SQLITE),
            Some(("postgres" | "postgresql", _)) => {
                (Box::new(PostgresReader::open(url, &label)?), &migration::POSTGRES)
            }
            _ => return Err(label.url("begins with neither sqlite: nor postgres:")),
        };
        let statements = Statements::new(database.placeholder());
        let shared = Shared { database, label, statements, epoch: NOBODY };
        let store = Self { shared: Arc::new(shared) };
        let found = store.number("COALESCE(max(version), 0)", "_sqlx_migrations").await?;
        migration::must_be_current(migrator, found, &store.shared.label)?;
        Ok(store)
    }
}

/// The epoch of those who do not write: no start ever has it.
const NOBODY: i64 = -1;

/// A file of SQLite, read only.
#[derive(Debug)]
struct SqliteReader {
    label: Label,
    readers: SqlitePool,
}

impl SqliteReader {
    fn open(url: &str, label: &Label) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::from_str(url).map_err(|e| label.of(&e))?;
        let path: PathBuf = options.get_filename().to_owned();
        if !path.is_file() {
            return Err(label.url("there is no such file"));
        }
        let readers = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(sqlite::BUSY_TIMEOUT)
            .connect_lazy_with(sqlite::reading(&path));
        Ok(Self { label: label.clone(), readers })
    }
}

impl Database for SqliteReader {
    fn placeholder(&self) -> Placeholder {
        Placeholder::Plain
    }

    fn begin(&self) -> BoxFuture<'_, Result<Box<dyn Transaction>, StoreError>> {
        Box::pin(async { Err(self.label.only_read()) })
    }

    fn rows<'a>(
        &'a self,
        sql: SqlStr,
        values: Vec<Value<'a>>,
        each: Each<'a>,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            sqlite::rows(&self.readers, sql, values, each).await.map_err(|e| self.label.of(&e))
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.readers.close())
    }
}

/// A PostgreSQL database in sessions that cannot write.
#[derive(Debug)]
struct PostgresReader {
    label: Label,
    readers: PgPool,
}

impl PostgresReader {
    fn open(url: &str, label: &Label) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url)
            .map_err(|e| label.of(&e))?
            .application_name("afstand explain")
            .options([("default_transaction_read_only", "on")])
            .disable_statement_logging();
        let readers = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(postgres::CONNECT_PATIENCE)
            .connect_lazy_with(options);
        Ok(Self { label: label.clone(), readers })
    }
}

impl Database for PostgresReader {
    fn placeholder(&self) -> Placeholder {
        Placeholder::Numbered
    }

    fn begin(&self) -> BoxFuture<'_, Result<Box<dyn Transaction>, StoreError>> {
        Box::pin(async { Err(self.label.only_read()) })
    }

    fn rows<'a>(
        &'a self,
        sql: SqlStr,
        values: Vec<Value<'a>>,
        each: Each<'a>,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(postgres::rows(&self.readers, &self.label, sql, values, each))
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.readers.close())
    }
}
