//! Where the suite runs.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use tempfile::TempDir;

use crate::store::Store;

/// A place for one store, empty.
pub(crate) struct Scratch {
    url: String,
    folder: Option<TempDir>,
    server: Option<String>,
}

impl Scratch {
    /// One per back end that is at hand.
    pub(crate) async fn all() -> Vec<Self> {
        let mut all = vec![Self::sqlite()];
        all.extend(Self::postgres().await);
        all
    }

    /// A file in a folder of its own.
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("afstand.db").display());
        Self { url, folder: Some(folder), server: None }
    }

    /// A database of its own, if there is a server.
    pub(crate) async fn postgres() -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let Ok(server) = std::env::var("AFSTAND_TEST_POSTGRES") else {
            println!("skipped: needs PostgreSQL (set AFSTAND_TEST_POSTGRES)");
            return None;
        };
        let name = format!("afstand_test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        run(&server, format!("CREATE DATABASE {name}")).await;
        let (base, query) =
            server.split_once('?').map_or((server.as_str(), ""), |(base, query)| (base, query));
        // The path of the URL, if it has one, is the maintenance database.
        let host = base.find("://").and_then(|at| base[at + 3..].find('/').map(|end| &base[..at + 3 + end]));
        let url = format!("{}/{name}?{query}", host.unwrap_or(base));
        Some(Self { url, folder: None, server: Some(server) })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    fn database(&self) -> &str {
        self.url.rsplit('/').next().unwrap().split('?').next().unwrap()
    }

    /// Ends every connection to the database, as a restart of the server does.
    pub(super) async fn end_connections(&self) {
        let server = self.server.as_ref().unwrap();
        let sql = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1";
        let mut connection = PgConnection::connect(server).await.unwrap();
        let ended = sqlx::query(sql).bind(self.database()).execute(&mut connection).await.unwrap();
        assert!(ended.rows_affected() > 0);
    }

    /// Keeps every reader of a table waiting, until the result is dropped.
    pub(super) async fn hold_up(&self, table: &str) -> PgConnection {
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        let lock = format!("BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE");
        sqlx::raw_sql(AssertSqlSafe(lock)).execute(&mut connection).await.unwrap();
        connection
    }

    /// Takes it away.
    pub(crate) async fn remove(self) {
        if let Some(server) = &self.server {
            run(server, format!("DROP DATABASE {} WITH (FORCE)", self.database())).await;
        }
        drop(self.folder);
    }
}

async fn run(server: &str, sql: String) {
    let mut connection = PgConnection::connect(server).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

type Told<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Runs a story of the suite on a new store of each back end.
pub(super) async fn with_both(story: impl for<'a> Fn(&'a Store) -> Told<'a>) {
    for scratch in Scratch::all().await {
        let store = Store::open(scratch.url()).await.unwrap();
        story(&store).await;
        store.close().await;
        scratch.remove().await;
    }
}

/// Notes in the tables that a migration was applied which nobody here knows.
pub(super) async fn newer_version(url: &str, version: i64) {
    let sql = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
               VALUES ($1, 'later', true, $2, 0)";
    if url.starts_with("sqlite") {
        let mut connection = SqliteConnection::connect(url).await.unwrap();
        sqlx::query(sql).bind(version).bind(vec![1_u8]).execute(&mut connection).await.unwrap();
    } else {
        let mut connection = PgConnection::connect(url).await.unwrap();
        sqlx::query(sql).bind(version).bind(vec![1_u8]).execute(&mut connection).await.unwrap();
    }
}

/// Somebody with the database in hand runs SQL on it.
pub(crate) async fn by_hand(url: &str, sql: &str) -> Result<(), sqlx::Error> {
    if url.starts_with("sqlite") {
        let mut connection = SqliteConnection::connect(url).await?;
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await?;
        connection.close().await
    } else {
        let mut connection = PgConnection::connect(url).await?;
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await?;
        connection.close().await
    }
}
