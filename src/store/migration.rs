//! The tables, brought up to date at each start.

use sqlx::migrate::{Migrate, Migrator};

use super::StoreError;
use super::error::Label;

/// Tables of SQLite.
pub(super) static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");

/// The same tables of PostgreSQL.
pub(super) static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// Applies what is missing. Refuses tables of a newer version, and such as differ from what was applied.
pub(super) async fn run<C: Migrate>(
    migrator: &Migrator,
    connection: &mut C,
    label: &Label,
) -> Result<(), StoreError> {
    let known = newest(migrator);
    migrator.run_direct(None, connection, false).await.map_err(|e| label.of_migration(&e, known))
}

/// For those who may not apply anything: refuses tables of any other version than this program's.
pub(super) fn must_be_current(migrator: &Migrator, found: i64, label: &Label) -> Result<(), StoreError> {
    let known = newest(migrator);
    match found.cmp(&known) {
        std::cmp::Ordering::Less => Err(label.older(found, known)),
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(label.newer(found, known)),
    }
}

fn newest(migrator: &Migrator) -> i64 {
    migrator.iter().map(|migration| migration.version).max().unwrap_or_default()
}
