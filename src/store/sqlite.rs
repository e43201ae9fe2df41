//! SQLite: a file in WAL mode, one writing connection, a few reading ones, and a checkpoint beside them.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use futures_util::TryStreamExt;
use futures_util::future::BoxFuture;
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool,
    SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{Arguments, ConnectOptions, Connection, Row, SqlStr};
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::StoreError;
use super::database::{Cells, Database, Each, Held, Placeholder, Transaction, Value, Writer};
use super::error::Label;
use super::migration;

/// Reads that may run at once.
const READERS: u32 = 4;

/// How long a connection waits for another one's lock.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The write-ahead log is emptied into the file about so often while there are commits.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(1);

/// With more of the log than this left over, commits wait for the rest of a checkpoint, so that the log
/// begins anew; in pages.
const LOG_PAGES: i64 = 16_384;

/// A log that has been larger is cut to this when it begins anew; in bytes.
const LOG_KEPT: &str = "134217728";

/// The embedded default.
#[derive(Debug)]
pub(super) struct Sqlite {
    label: Label,
    writing: SqliteConnectOptions,
    writer: Writer<SqliteConnection>,
    readers: SqlitePool,
    committed: Arc<Notify>,
    checkpoints: JoinHandle<()>,
    /// Locked while this process has the store; the system gives it back when the process ends.
    lock: Mutex<Option<File>>,
}

impl Sqlite {
    /// Opens or creates the file, takes its lock and brings its tables up to date.
    pub(super) async fn open(url: &str, label: Label) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::from_str(url).map_err(|e| label.of(&e))?;
        // Whatever else a URL may ask for (read only, memory, no locking) breaks a promise.
        if url.split_once('?').is_some_and(|(_, parameters)| parameters != "mode=rwc") {
            return Err(label.url("takes no parameters"));
        }
        let path = file_of(&options, &label)?;
        let lock = lock_beside(&path, &label)?;
        let writing = writing(SqliteConnectOptions::new().filename(&path));
        let mut connection = writing.connect().await.map_err(|e| label.of(&e))?;
        migration::run(&migration::SQLITE, &mut connection, &label).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(BUSY_TIMEOUT)
            .connect_lazy_with(reading(&path));
        let writer = Writer::new(connection);
        let committed = Arc::new(Notify::new());
        let checkpoints =
            tokio::spawn(checkpoint_for_ever(writing.clone(), writer.share(), Arc::clone(&committed)));
        Ok(Self { label, writing, writer, readers, committed, checkpoints, lock: Mutex::new(Some(lock)) })
    }

    async fn begin(&self) -> Result<Box<dyn Transaction>, StoreError> {
        if self.readers.is_closed() {
            return Err(self.label.closed());
        }
        let mut held = self.writer.hold().await;
        let connection = match &mut *held.slot {
            Some(connection) => connection,
            slot => slot.insert(self.writing.connect().await.map_err(|e| self.label.of(&e))?),
        };
        sqlx::query("BEGIN IMMEDIATE").execute(connection).await.map_err(|e| self.label.of(&e))?;
        Ok(Box::new(Open { held, label: self.label.clone(), committed: Arc::clone(&self.committed) }))
    }
}

/// Gives each row of a query to `each`.
pub(super) async fn rows(
    readers: &SqlitePool,
    sql: SqlStr,
    values: Vec<Value<'_>>,
    each: Each<'_>,
) -> Result<(), sqlx::Error> {
    let mut rows = sqlx::query_with(sql, arguments(values)?).fetch(readers);
    while let Some(row) = rows.try_next().await? {
        each(&row)?;
    }
    Ok(())
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        self.checkpoints.abort();
    }
}

/// The file of a URL, with an existing folder.
fn file_of(options: &SqliteConnectOptions, label: &Label) -> Result<PathBuf, StoreError> {
    let path = options.get_filename();
    if path.as_os_str().is_empty() || path.to_string_lossy().starts_with("file:") {
        return Err(label.url("needs a file: what is kept in memory is lost"));
    }
    if path.exists() {
        return path.canonicalize().map_err(|e| label.url(format!("{}: {e}", path.display())));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder =
        folder.canonicalize().map_err(|e| label.url(format!("the folder {}: {e}", folder.display())))?;
    let name = path.file_name().ok_or_else(|| label.url("names no file"))?;
    Ok(folder.join(name))
}

/// Locks a file beside the store's, for as long as the result lives.
fn lock_beside(path: &Path, label: &Label) -> Result<File, StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push("-owner");
    let name = PathBuf::from(name);
    let problem = |e: std::io::Error| label.url(format!("{}: {e}", name.display()));
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&name).map_err(problem)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(label.owned()),
        Err(std::fs::TryLockError::Error(e)) => Err(problem(e)),
    }
}

/// Durable at each commit (FULL), and never stopped by a checkpoint of its own.
fn writing(options: SqliteConnectOptions) -> SqliteConnectOptions {
    options
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        .statement_cache_capacity(256)
        .pragma("wal_autocheckpoint", "0")
        .pragma("journal_size_limit", LOG_KEPT)
        .pragma("temp_store", "MEMORY")
        .pragma("cache_size", "-65536")
        .disable_statement_logging()
}

/// A connection that cannot write.
pub(super) fn reading(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .busy_timeout(BUSY_TIMEOUT)
        .row_buffer_size(1_024)
        .pragma("temp_store", "MEMORY")
        // A start walks through everything once: what it has read is not worth keeping.
        .pragma("cache_size", "-4096")
        .disable_statement_logging()
}

/// Copies the log into the file beside the commits. Under a steady stream of commits a checkpoint never meets
/// the end of the log, which would grow without end; what little remains after it is copied while commits
/// wait, and the next commit begins the log anew.
async fn checkpoint_for_ever(
    options: SqliteConnectOptions,
    writer: Writer<SqliteConnection>,
    committed: Arc<Notify>,
) {
    let mut connection = None;
    loop {
        committed.notified().await;
        tokio::time::sleep(CHECKPOINT_EVERY).await;
        if let Err(error) = checkpoint(&options, &mut connection, &writer).await {
            // The next commit brings the next try; until then the log only grows.
            tracing::warn!(%error, "checkpoint failed");
            connection = None;
        }
    }
}

async fn checkpoint(
    options: &SqliteConnectOptions,
    slot: &mut Option<SqliteConnection>,
    writer: &Writer<SqliteConnection>,
) -> Result<(), sqlx::Error> {
    let connection = match slot {
        Some(connection) => connection,
        slot => slot.insert(options.connect().await?),
    };
    if log_pages(connection).await? > LOG_PAGES {
        // Twice: the second time there is only what came during the first.
        log_pages(connection).await?;
        let held = writer.hold().await;
        log_pages(connection).await?;
        held.keep();
    }
    Ok(())
}

/// Copies what it can without waiting for anybody; the length of the log in pages.
async fn log_pages(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").fetch_one(connection).await?.try_get(1)
}

impl Database for Sqlite {
    fn placeholder(&self) -> Placeholder {
        Placeholder::Plain
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
        Box::pin(async move { rows(&self.readers, sql, values, each).await.map_err(|e| self.label.of(&e)) })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.checkpoints.abort();
            self.readers.close().await;
            let connection = self.writer.hold().await.slot.take();
            if let Some(connection) = connection
                && let Err(error) = connection.close().await
            {
                tracing::warn!(%error, "closing the store");
            }
            // A poisoned lock still holds the file.
            *self.lock.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = None;
        })
    }
}

/// An open transaction.
struct Open {
    held: Held<SqliteConnection>,
    label: Label,
    committed: Arc<Notify>,
}

impl Open {
    async fn run(&mut self, sql: SqlStr, values: Vec<Value<'_>>) -> Result<u64, StoreError> {
        let Some(connection) = &mut *self.held.slot else { return Err(self.label.closed()) };
        let done = async { sqlx::query_with(sql, arguments(values)?).execute(connection).await }.await;
        Ok(done.map_err(|e| self.label.of(&e))?.rows_affected())
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
            self.committed.notify_one();
            Ok(())
        })
    }
}

fn arguments(values: Vec<Value<'_>>) -> Result<SqliteArguments, sqlx::Error> {
    let mut arguments = SqliteArguments::default();
    arguments.reserve(values.len(), 0);
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

impl Cells for SqliteRow {
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
