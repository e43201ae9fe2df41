//! Who is signed in, beside the commits of the pipeline: read at a start, and written when it changes.

use sqlx::SqlStr;

use super::database::Value;
use super::read::Select;
use super::rows::SessionRow;
use super::{Shared, Store, StoreError, tables};

const END: &str = "DELETE FROM sessions WHERE hash = $1";

impl Store {
    /// Keeps sessions as they are now, and drops those that are over, all or nothing.
    pub async fn keep_sessions(&self, now: &[SessionRow], over: &[String]) -> Result<(), StoreError> {
        if now.is_empty() && over.is_empty() {
            return Ok(());
        }
        let Shared { database, label, statements, epoch } = &*self.shared;
        let mut transaction = database.begin().await?;
        statements.fence(&mut *transaction, *epoch, label).await?;
        statements.sessions.run(&mut *transaction, now).await?;
        for hash in over {
            transaction.exec(SqlStr::from_static(END), vec![Value::text(hash)]).await?;
        }
        transaction.commit().await
    }

    /// Every session that is kept.
    pub async fn sessions(&self) -> Result<Vec<SessionRow>, StoreError> {
        self.all(Select::new(tables::SESSIONS.columns, "sessions"), tables::read_session).await
    }
}
