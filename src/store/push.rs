//! Browsers that victims want to be woken by, beside the commits of the pipeline, and what they are woken for.

use sqlx::SqlStr;
use zones::Timestamp;

use super::database::Value;
use super::read::Select;
use super::rows::{Channel, HintRow, PushRow, QUIET_HOURS};
use super::{Shared, Store, StoreError, tables};

const CROWDED_OUT: &str = "DELETE FROM push_subscriptions WHERE person = $1 AND id NOT IN \
     (SELECT id FROM push_subscriptions WHERE person = $1 ORDER BY seen_at DESC, id LIMIT $2)";

const FORGET: &str = "DELETE FROM push_subscriptions WHERE id = $1";

const OF_OTHER_KEYS: &str = "DELETE FROM push_subscriptions WHERE server_key <> $1";

const OF_DEVICE: &str = "DELETE FROM push_subscriptions WHERE device = $1";

const OF_FORMER: &str = "DELETE FROM push_subscriptions WHERE device = $1 AND person = $2";

const ONE_OF_DEVICE: &str = "DELETE FROM push_subscriptions WHERE device = $1 AND id = $2";

/// Of a delivery `d` about an incident `i`: its victim has a browser that wants to know.
const IS_WANTED: &str =
    "EXISTS (SELECT 1 FROM push_subscriptions p WHERE p.device = d.recipient AND p.person = i.victim)";

const NOT_DISPLAYED: &str = "NOT EXISTS (SELECT 1 FROM receipts r \
     WHERE r.alert = d.alert AND r.recipient = d.recipient AND r.state = 'displayed')";

impl Store {
    /// Keeps a browser, in place of what was kept under its id; of a person's browsers the `most` that were seen last
    /// stay.
    pub async fn subscribe_push(&self, row: &PushRow, most: u32) -> Result<(), StoreError> {
        let Shared { database, label, statements, epoch } = &*self.shared;
        let mut transaction = database.begin().await?;
        statements.fence(&mut *transaction, *epoch, label).await?;
        statements.push.run(&mut *transaction, [row]).await?;
        let values = vec![Value::text(&row.person), i64::from(most).into()];
        transaction.exec(SqlStr::from_static(CROWDED_OUT), values).await?;
        transaction.commit().await
    }

    /// Drops what a device's alerts are told to: one browser, or all of them.
    pub async fn unsubscribe_push(&self, device: &str, id: Option<&str>) -> Result<(), StoreError> {
        match id {
            Some(id) => self.drop_push([(ONE_OF_DEVICE, vec![Value::text(device), Value::text(id)])]).await,
            None => self.drop_push([(OF_DEVICE, vec![Value::text(device)])]).await,
        }
    }

    /// Drops the browsers of somebody who has the device no more.
    pub async fn forget_push_of(&self, device: &str, person: &str) -> Result<(), StoreError> {
        self.drop_push([(OF_FORMER, vec![Value::text(device), Value::text(person)])]).await
    }

    /// Drops browsers that cannot be reached any more.
    pub async fn forget_push(&self, ids: &[String]) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        self.drop_push(ids.iter().map(|id| (FORGET, vec![Value::text(id)]))).await
    }

    /// Drops browsers that are bound to another key than this one.
    pub async fn keep_push_of(&self, server_key: &str) -> Result<(), StoreError> {
        self.drop_push([(OF_OTHER_KEYS, vec![Value::text(server_key)])]).await
    }

    async fn drop_push(
        &self,
        statements: impl IntoIterator<Item = (&'static str, Vec<Value<'_>>)> + Send,
    ) -> Result<(), StoreError> {
        let Shared { database, label, statements: fenced, epoch } = &*self.shared;
        let statements: Vec<_> = statements.into_iter().collect();
        let mut transaction = database.begin().await?;
        fenced.fence(&mut *transaction, *epoch, label).await?;
        for (sql, values) in statements {
            transaction.exec(SqlStr::from_static(sql), values).await?;
        }
        transaction.commit().await
    }

    /// The browsers of a person that want to know what her device is told.
    pub async fn push_subscriptions(&self, device: &str, person: &str) -> Result<Vec<PushRow>, StoreError> {
        let select = Select::new(tables::PUSH.columns, "push_subscriptions")
            .filter("device = ? AND person = ?", [Value::text(device), Value::text(person)])
            .ordered("seen_at DESC, id");
        self.all(select, tables::read_push).await
    }

    /// What was put in the outbox for victims' devices, after one delivery and up to another, and not before a moment:
    /// where somebody wants to know, nobody has seen it, and her quiet hours did not keep it from her. Oldest first.
    pub async fn hints(
        &self,
        after: i64,
        up_to: i64,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<HintRow>, StoreError> {
        let span = [after.into(), up_to.into(), since.as_millis().into()];
        let select =
            Select::new(tables::HINT_COLUMNS, "deliveries d JOIN incidents i ON i.incident = d.incident")
                .filter("d.id > ? AND d.id <= ? AND d.created_at >= ?", span)
                // By number: there is an index on the channel, which would lead through everything ever sent.
                .filter("d.channel + 0 = ?", [Channel::VictimMqtt.number().into()])
                .filter("(d.why IS NULL OR d.why <> ?)", [Value::text(QUIET_HOURS)])
                .filter(IS_WANTED, [])
                .filter(NOT_DISPLAYED, [])
                .page("d.id", limit);
        self.all(select, tables::read_hint).await
    }
}
