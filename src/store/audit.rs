//! The audit: appended to beside the commits of the pipeline, read by the auditor and by who verifies it.

use sqlx::SqlStr;

use super::database::{Transaction, Value};
use super::error::Label;
use super::read::Select;
use super::rows::{AuditFilter, AuditHead, AuditRow};
use super::write::Statements;
use super::{Shared, Store, StoreError, tables};

const HEAD: &str = "INSERT INTO audit_head (id, seq, hash) VALUES (1, $1, $2) \
     ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, hash = excluded.hash";

impl Store {
    /// Appends rows to the audit and notes the last as its head, all or nothing. After an error they may be there
    /// or not: [`audit_head`](Self::audit_head) says which.
    pub async fn append_audit(&self, rows: &[AuditRow]) -> Result<(), StoreError> {
        let Shared { database, label, statements, epoch } = &*self.shared;
        let mut transaction = database.begin().await?;
        statements.append_audit(&mut *transaction, *epoch, rows, label).await?;
        transaction.commit().await
    }

    /// The head of the audit as it was noted with the last row; `None` when somebody took the note away.
    pub async fn audit_head(&self) -> Result<Option<AuditHead>, StoreError> {
        self.first(Select::new(tables::HEAD_COLUMNS, "audit_head"), tables::read_head).await
    }

    /// Number of the newest row of the audit; 0 when there is none.
    pub async fn latest_audit_seq(&self) -> Result<i64, StoreError> {
        self.number("COALESCE(max(seq), 0)", "audit").await
    }

    /// Rows of the audit, newest first.
    pub async fn audit(&self, filter: &AuditFilter, limit: u32) -> Result<Vec<AuditRow>, StoreError> {
        let millis = |moment: zones::Timestamp| Value::from(moment.as_millis());
        let select = Select::new(tables::AUDIT.columns, "audit")
            .filter_some("who = ?", filter.who.as_deref().map(Value::text))
            .filter_some("role = ?", filter.role.as_deref().map(Value::text))
            .filter_some("subject = ?", filter.subject.as_deref().map(Value::text))
            .filter_some("endpoint = ?", filter.endpoint.as_deref().map(Value::text))
            .filter_some("at >= ?", filter.from.map(millis))
            .filter_some("at < ?", filter.to.map(millis))
            .filter_some("seq < ?", filter.before.map(Value::from))
            .page("seq DESC", limit);
        self.all(select, tables::read_audit).await
    }

    /// Rows of the audit with a higher number, oldest first.
    pub async fn audit_after(&self, seq: i64, limit: u32) -> Result<Vec<AuditRow>, StoreError> {
        let select = Select::new(tables::AUDIT.columns, "audit").filter("seq > ?", [seq.into()]);
        self.all(select.page("seq", limit), tables::read_audit).await
    }
}

impl Statements {
    async fn append_audit(
        &self,
        on: &mut dyn Transaction,
        epoch: i64,
        rows: &[AuditRow],
        label: &Label,
    ) -> Result<(), StoreError> {
        let Some(last) = rows.last() else { return Ok(()) };
        self.fence(on, epoch, label).await?;
        if self.audit.run(on, rows).await? != rows.len() as u64 {
            return Err(label.corrupt(format!("rows up to {} of the audit are there already", last.seq)));
        }
        let head = vec![last.seq.into(), Value::text(&last.hash)];
        on.exec(SqlStr::from_static(HEAD), head).await?;
        Ok(())
    }
}
