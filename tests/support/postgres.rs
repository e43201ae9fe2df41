//! A database of one's own on the PostgreSQL that the tests were given.

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// Names the server (URL of a superuser); tests that need it are skipped without.
pub const VARIABLE: &str = "AFSTAND_TEST_POSTGRES";

pub struct Database {
    server: String,
    name: String,
}

impl Database {
    /// Makes one; says so on standard output when there is no server.
    pub async fn create() -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let Ok(server) = std::env::var(VARIABLE) else {
            println!("skipped: needs PostgreSQL (set {VARIABLE})");
            return None;
        };
        let name = format!("afstand_e2e_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let this = Self { server, name };
        this.run(format!("CREATE DATABASE {}", this.name)).await;
        Some(this)
    }

    pub fn url(&self) -> String {
        let (base, query) = self.server.split_once('?').unwrap_or((&self.server, ""));
        let host_at = base.find("://").expect("a URL") + 3;
        let host = base[host_at..].find('/').map_or(base, |end| &base[..host_at + end]);
        format!("{host}/{}?{query}", self.name)
    }

    pub async fn remove(self) {
        self.run(format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
    }

    async fn run(&self, sql: String) {
        let mut connection = PgConnection::connect(&self.server).await.expect("the server answers");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.expect("the server does it");
    }
}
