//! PostgreSQL: one writing connection that holds the lock of the store, and a pool for reads.

use std::str::FromStr;
use std::time::Duration;

use futures_util::TryStreamExt;
use futures_util::future::BoxFuture;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgConnection, PgPool, PgPoolOptions, PgRow};
use sqlx::{Arguments, ConnectOptions, Connection, Row, SqlStr};
use tokio::time::timeout;

use super::StoreError;
use super::database::{Cells, Database, Each, Held, Placeholder, Transaction, Value, Writer};
use super::error::Label;
use super::migration;

/// Reads that may run at once.
const READERS: u32 = 8;

/// A server that does not answer within this is taken for lost, whether it is written to or read from: who waits
/// for a read may be the one who sends the alerts out.
const PATIENCE: Duration = if cfg!(test) { Duration::from_secs(10) } else { Duration::from_secs(30) };

/// The same for a new connection.
pub(super) const CONNECT_PATIENCE: Duration = Duration::from_secs(5);

/// The advisory lock of a store, one per database: "afstand" in ASCII.
const LOCK: i64 = 0x0061_6673_7461_6e64;

/// After a crash the server may need a moment to notice; so long a start waits for the lock, in milliseconds.
const LOCK_PATIENCE: &str = "2000";

/// A PostgreSQL database.
#[derive(Debug)]
pub(super) struct Postgres {
    label: Label,
    options: PgConnectOptions,
    writer: Writer<PgConnection>,
    readers: PgPool,
}

impl Postgres {
    /// Connects, takes the lock and brings the tables up to date.
    pub(super) async fn open(url: &str, label: Label) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url)
            .map_err(|e| label.of(&e))?
            .application_name("afstand")
            .statement_cache_capacity(256)
            .disable_statement_logging();
        let mut connection = connect(&options, &label).await?;
        migration::run(&migration::POSTGRES, &mut connection, &label).await?;
        let readers = PgPoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(CONNECT_PATIENCE)
            .connect_lazy_with(options.clone());
        Ok(Self { label, options, writer: Writer::new(connection), readers })
    }

    async fn begin(&self) -> Result<Box<dyn Transaction>, StoreError> {
        if self.readers.is_closed() {
            return Err(self.label.closed());
        }
        let mut held = self.writer.hold().await;
        let connection = match &mut *held.slot {
            Some(connection) => connection,
            // A store that was open here may be held by what the server has not noticed to be gone: later.
            slot => slot.insert(connect(&self.options, &self.label).await.map_err(|error| match error {
                StoreError::Owned { .. } => self.label.busy("its lock is not free yet"),
                other => other,
            })?),
        };
        within(PATIENCE, &self.label, sqlx::query("BEGIN").execute(connection)).await?;
        Ok(Box::new(Open { held, label: self.label.clone() }))
    }
}

/// Gives each row of a query to `each`.
pub(super) async fn rows(
    readers: &PgPool,
    label: &Label,
    sql: SqlStr,
    values: Vec<Value<'_>>,
    each: Each<'_>,
) -> Result<(), StoreError> {
    let of = |error| label.of(&error);
    let mut rows = sqlx::query_with(sql, arguments(values).map_err(of)?).fetch(readers);
    // Each row in its time: a long answer may take long.
    while let Some(row) = within(PATIENCE, label, rows.try_next()).await? {
        each(&row).map_err(of)?;
    }
    Ok(())
}

/// A connection that may write: it has the lock, and its commits are on disk when they return whatever the
/// server's default is.
async fn connect(options: &PgConnectOptions, label: &Label) -> Result<PgConnection, StoreError> {
    let mut connection = within(CONNECT_PATIENCE, label, options.connect()).await?;
    let set = "SELECT set_config('lock_timeout', $1, false), \
               CASE WHEN current_setting('synchronous_commit') IN ('off', 'local') \
               THEN set_config('synchronous_commit', 'on', false) END";
    within(PATIENCE, label, sqlx::query(set).bind(LOCK_PATIENCE).execute(&mut connection)).await?;
    let lock = sqlx::query("SELECT pg_advisory_lock($1)").bind(LOCK).execute(&mut connection);
    match within(PATIENCE, label, lock).await {
        Err(StoreError::Busy { .. }) => return Err(label.owned()),
        other => other?,
    };
    let unset = "SELECT current_setting('fsync') = 'on' FROM set_config('lock_timeout', '0', false)";
    let safe: bool = within(PATIENCE, label, sqlx::query_scalar(unset).fetch_one(&mut connection)).await?;
    if !safe {
        tracing::warn!("the server runs with fsync off: what is committed does not survive a loss of power");
    }
    Ok(connection)
}

/// What the server answers, if it does so in time.
async fn within<T>(
    patience: Duration,
    label: &Label,
    answer: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, StoreError> {
    match timeout(patience, answer).await {
        Ok(answer) => answer.map_err(|e| label.of(&e)),
        Err(_) => Err(label.unreachable(format!("no answer within {} s", patience.as_secs()))),
    }
}

impl Database for Postgres {
    fn placeholder(&self) -> Placeholder {
        Placeholder::Numbered
    }

    fn begin(&self) -> BoxFuture<'_, Result<Box<dyn Transaction>, StoreError>> {
        Box::pin(self.begin())
    }

    fn rows<'a>(
        &'a self,
        sql: SqlStr,
        values: Vec<Value<'a>>,
        each: Each<'a>,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(rows(&self.readers, &self.label, sql, values, each))
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.readers.close().await;
            let connection = self.writer.hold().await.slot.take();
            if let Some(connection) = connection
                && let Ok(Err(error)) = timeout(CONNECT_PATIENCE, connection.close()).await
            {
                tracing::warn!(%error, "closing the store");
            }
        })
    }
}

/// An open transaction.
struct Open {
    held: Held<PgConnection>,
    label: Label,
}

impl Open {
    async fn run(&mut self, sql: SqlStr, values: Vec<Value<'_>>) -> Result<u64, StoreError> {
        let Some(connection) = &mut *self.held.slot else { return Err(self.label.closed()) };
        let answer = async { sqlx::query_with(sql, arguments(values)?).execute(connection).await };
        Ok(within(PATIENCE, &self.label, answer).await?.rows_affected())
    }
}

impl Transaction for Open {
    fn exec<'a>(&'a mut self, sql: SqlStr, values: Vec<Value<'a>>) -> BoxFuture<'a, Result<u64, StoreError>> {
        Box::pin(self.run(sql, values))
    }

    fn commit(mut self: Box<Self>) -> BoxFuture<'static, Result<(), StoreError>> {
        Box::pin(async move {
            self.run(SqlStr::from_static("COMMIT"), Vec::new()).await?;
            self.held.keep();
            Ok(())
        })
    }
}

fn arguments(values: Vec<Value<'_>>) -> Result<PgArguments, sqlx::Error> {
    let mut arguments = PgArguments::default();
    arguments.reserve(values.len(), values.len() * 8);
    for value in values {
        match value {
            Value::Int(number) => arguments.add(number),
            Value::Text(text) => arguments.add(text),
            Value::Bytes(bytes) => arguments.add(bytes),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

impl Cells for PgRow {
    fn int(&self, column: usize) -> Result<Option<i64>, sqlx::Error> {
        self.try_get(column)
    }
    fn text(&self, column: usize) -> Result<Option<&str>, sqlx::Error> {
        self.try_get(column)
    }
    fn bytes(&self, column: usize) -> Result<Option<&[u8]>, sqlx::Error> {
        self.try_get(column)
    }
}
