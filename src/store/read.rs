//! What the API, the delivery and `explain` read.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, SqlSafeStr};

use super::database::Value;
use super::outbox::record_columns;
use super::rows::{
    AlertRow, Counts, FixFilter, IncidentFilter, IncidentRow, IncidentStory, InputFilter, InputKind,
    InputRow, JournalFix, NoticeRow, OrderRow, RejectedRow, StoredFix, StoredOrder, StoredState,
};
use super::tables::{self, Columns};
use super::{MOST_ROWS, Store, StoreError};

/// Rows of the journal among which the latest fixes are looked for: as many messages as a broker can send ahead of
/// their acknowledgement.
const LATEST_FIXES: i64 = 65_536;

/// A SELECT that grows condition by condition. All texts are constants; what comes from outside is a value.
pub(super) struct Select<'a> {
    sql: String,
    values: Vec<Value<'a>>,
    joint: &'static str,
}

impl<'a> Select<'a> {
    pub(super) fn new(columns: &str, from: &str) -> Self {
        Self { sql: format!("SELECT {columns} FROM {from}"), values: Vec::new(), joint: " WHERE " }
    }

    /// A condition; each `?` in it is the next of the values.
    pub(super) fn filter(mut self, condition: &str, values: impl IntoIterator<Item = Value<'a>>) -> Self {
        self.sql.push_str(self.joint);
        self.joint = " AND ";
        self.push(condition, values);
        self
    }

    /// A condition that is only there with a value.
    pub(super) fn filter_some(self, condition: &str, value: Option<Value<'a>>) -> Self {
        match value {
            Some(value) => self.filter(condition, [value]),
            None => self,
        }
    }

    /// The order, and no more rows than asked for and allowed.
    pub(super) fn page(mut self, order: &str, limit: u32) -> Self {
        let limit = i64::from(limit.min(MOST_ROWS));
        self.push(&format!(" ORDER BY {order} LIMIT ?"), [limit.into()]);
        self
    }

    /// One row for all rows that are alike in these columns.
    pub(super) fn grouped(mut self, columns: &str) -> Self {
        self.push(&format!(" GROUP BY {columns} ORDER BY {columns}"), []);
        self
    }

    /// The order of all rows.
    pub(super) fn ordered(mut self, order: &str) -> Self {
        self.push(&format!(" ORDER BY {order}"), []);
        self
    }

    fn push(&mut self, text: &str, values: impl IntoIterator<Item = Value<'a>>) {
        let mut next = self.values.len();
        for (n, part) in text.split('?').enumerate() {
            if n > 0 {
                next += 1;
                self.sql.push('$');
                self.sql.push_str(&next.to_string());
            }
            self.sql.push_str(part);
        }
        self.values.extend(values);
    }
}

type Read<T> = fn(&mut Columns<'_>) -> Result<T, sqlx::Error>;

impl Store {
    pub(super) async fn all<T: Send>(&self, select: Select<'_>, read: Read<T>) -> Result<Vec<T>, StoreError> {
        let mut found = Vec::new();
        self.each(select, read, |row| found.push(row)).await?;
        Ok(found)
    }

    async fn each<T: Send>(
        &self,
        select: Select<'_>,
        read: Read<T>,
        mut take: impl FnMut(T) + Send,
    ) -> Result<(), StoreError> {
        let mut each = |cells: &dyn super::database::Cells| {
            take(read(&mut Columns::new(cells))?);
            Ok(())
        };
        let sql = AssertSqlSafe(select.sql).into_sql_str();
        self.shared.database.rows(sql, select.values, &mut each).await
    }

    pub(super) async fn first<T: Send>(
        &self,
        select: Select<'_>,
        read: Read<T>,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.all(select, read).await?.pop())
    }

    /// One number of one row.
    pub(super) async fn number(&self, expression: &str, from: &str) -> Result<i64, StoreError> {
        Ok(self.first(Select::new(expression, from), tables::read_number).await?.unwrap_or_default())
    }

    // In no order: in that of their keys the database would jump about in its file.

    /// Gives every order in the register, as it lies in the database.
    pub async fn each_order(&self, take: impl FnMut(StoredOrder) + Send) -> Result<(), StoreError> {
        let select = Select::new(tables::ORDERS.columns, "orders").filter("withdrawn_at IS NULL", []);
        self.each(select, tables::read_order, take).await
    }

    /// The same for states of devices.
    pub async fn each_device(&self, take: impl FnMut(StoredState) + Send) -> Result<(), StoreError> {
        self.each(Select::new(tables::DEVICES.columns, "devices"), tables::read_state, take).await
    }

    /// The same for histories of devices.
    pub async fn each_history(&self, take: impl FnMut(StoredState) + Send) -> Result<(), StoreError> {
        self.each(Select::new(tables::HISTORIES.columns, "histories"), tables::read_state, take).await
    }

    /// All states of watches, by key.
    pub(super) async fn all_watches(&self) -> Result<Vec<StoredState>, StoreError> {
        self.all_states(Select::new(tables::WATCHES.columns, "watches")).await
    }

    /// Sorted here: in order of key the database would jump about in its file.
    pub(super) async fn all_states(&self, select: Select<'_>) -> Result<Vec<StoredState>, StoreError> {
        let mut states = self.all(select, tables::read_state).await?;
        states.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        Ok(states)
    }

    /// What devices are still to be told, by topic, after the one given.
    pub async fn notices(&self, after: Option<&str>, limit: u32) -> Result<Vec<NoticeRow>, StoreError> {
        let select = Select::new(tables::NOTICES.columns, "notices")
            .filter_some("topic > ?", after.map(Value::text))
            .page("topic", limit);
        self.all(select, tables::read_notice).await
    }

    /// All open incidents, by id.
    pub(super) async fn open_incidents(&self) -> Result<Vec<IncidentRow>, StoreError> {
        let select = Select::new(tables::INCIDENTS.columns, "incidents").filter("closed_at IS NULL", []);
        self.all(select.ordered("incident"), tables::read_incident).await
    }

    /// The latest fixes of the journal, oldest first. The journal's newest rows lie together, whatever its length.
    pub(super) async fn latest_fixes(&self) -> Result<Vec<StoredFix>, StoreError> {
        let newest = self.number("COALESCE(max(seq), 0)", "inputs").await?;
        let select = Select::new(tables::FIX_COLUMNS, "inputs")
            .filter("kind = ? AND seq > ?", [InputKind::Fix.number().into(), (newest - LATEST_FIXES).into()]);
        self.all(select.ordered("seq"), tables::read_fix).await
    }

    /// Orders in the register (not withdrawn), by id.
    pub async fn orders(&self, after: Option<&str>, limit: u32) -> Result<Vec<StoredOrder>, StoreError> {
        let select = Select::new(tables::ORDERS.columns, "orders")
            .filter("withdrawn_at IS NULL", [])
            .filter_some("order_id > ?", after.map(Value::text))
            .page("order_id", limit);
        self.all(select, tables::read_order).await
    }

    /// One order, also when it is withdrawn.
    pub async fn order(&self, order: &str) -> Result<Option<StoredOrder>, StoreError> {
        let select =
            Select::new(tables::ORDERS.columns, "orders").filter("order_id = ?", [Value::text(order)]);
        self.first(select, tables::read_order).await
    }

    /// The changes of an order before the one with that number, newest first.
    pub async fn order_history(
        &self,
        order: &str,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<OrderRow>, StoreError> {
        let select = Select::new(tables::ORDER_HISTORY.columns, "order_history")
            .filter("order_id = ?", [Value::text(order)])
            .filter_some("seq < ?", before.map(Value::from))
            .page("seq DESC", limit);
        self.all(select, tables::read_change).await
    }

    /// Incidents, last changed first.
    pub async fn incidents(
        &self,
        filter: &IncidentFilter,
        limit: u32,
    ) -> Result<Vec<IncidentRow>, StoreError> {
        let states: Vec<Option<&String>> =
            if filter.states.is_empty() { vec![None] } else { filter.states.iter().map(Some).collect() };
        // The first of several states are among the first of each: every page is read off an index.
        let mut rows = Vec::new();
        for state in &states {
            rows.extend(self.all(incidents(filter, *state, limit), tables::read_incident).await?);
        }
        if states.len() > 1 {
            rows.sort_by(|a, b| (b.changed_at, &b.incident).cmp(&(a.changed_at, &a.incident)));
            rows.truncate(limit.min(MOST_ROWS) as usize);
        }
        Ok(rows)
    }

    /// One incident with its alerts, deliveries and receipts: of each the newest, no more than [`MOST_ROWS`], oldest
    /// first.
    pub async fn incident(&self, incident: &str) -> Result<Option<IncidentStory>, StoreError> {
        let of_incident = |columns: &str, from: &str| {
            Select::new(columns, from).filter("incident = ?", [Value::text(incident)])
        };
        let select = of_incident(tables::INCIDENTS.columns, "incidents");
        let Some(row) = self.first(select, tables::read_incident).await? else { return Ok(None) };
        let alerts = of_incident(tables::ALERTS.columns, "alerts").page("seq DESC", MOST_ROWS);
        let deliveries = of_incident(&record_columns(), "deliveries d").page("id DESC", MOST_ROWS);
        let receipts = Select::new(tables::RECEIPTS.columns, "receipts")
            .filter(
                "(incident = ? OR alert IN (SELECT a.alert FROM alerts a WHERE a.incident = ?))",
                [Value::text(incident), Value::text(incident)],
            )
            .page("seq DESC", MOST_ROWS);
        let mut story = IncidentStory {
            incident: row,
            alerts: self.all(alerts, tables::read_alert).await?,
            deliveries: self.all(deliveries, tables::read_record).await?,
            receipts: self.all(receipts, tables::read_receipt).await?,
            timeline: self.timeline(incident).await?,
            deadlines: self.deadlines_of(incident).await?,
        };
        story.alerts.reverse();
        story.deliveries.reverse();
        story.receipts.reverse();
        Ok(Some(story))
    }

    /// Alerts with a higher number, oldest first: how live events resume.
    pub async fn alerts_after(&self, seq: i64, limit: u32) -> Result<Vec<AlertRow>, StoreError> {
        let select = Select::new(tables::ALERTS.columns, "alerts").filter("seq > ?", [seq.into()]);
        self.all(select.page("seq", limit), tables::read_alert).await
    }

    /// The newest alert of each of these incidents, by incident.
    pub async fn newest_alerts(&self, incidents: &[&str]) -> Result<BTreeMap<String, AlertRow>, StoreError> {
        if incidents.is_empty() {
            return Ok(BTreeMap::new());
        }
        let holes = vec!["?"; incidents.len()].join(", ");
        let condition = format!(
            "seq IN (SELECT max(a.seq) FROM alerts a WHERE a.incident IN ({holes}) GROUP BY a.incident)"
        );
        let select = Select::new(tables::ALERTS.columns, "alerts")
            .filter(&condition, incidents.iter().map(|incident| Value::text(incident)));
        let alerts = self.all(select, tables::read_alert).await?;
        Ok(alerts.into_iter().map(|alert| (alert.incident.clone(), alert)).collect())
    }

    /// Number of the newest alert; 0 when there is none.
    pub async fn latest_alert_seq(&self) -> Result<i64, StoreError> {
        self.number("COALESCE(max(seq), 0)", "alerts").await
    }

    /// Messages set aside, before the one with that number, newest first.
    pub async fn rejected(&self, before: Option<i64>, limit: u32) -> Result<Vec<RejectedRow>, StoreError> {
        let select = Select::new(tables::REJECTED.columns, "rejected")
            .filter_some("seq < ?", before.map(Value::from))
            .page("seq DESC", limit);
        self.all(select, tables::read_rejected).await
    }

    /// States of devices, by id.
    pub async fn devices(&self, after: Option<&str>, limit: u32) -> Result<Vec<StoredState>, StoreError> {
        let select = Select::new(tables::DEVICES.columns, "devices")
            .filter_some("device > ?", after.map(Value::text))
            .page("device", limit);
        self.all(select, tables::read_state).await
    }

    /// State of one device.
    pub async fn device(&self, device: &str) -> Result<Option<StoredState>, StoreError> {
        let select =
            Select::new(tables::DEVICES.columns, "devices").filter("device = ?", [Value::text(device)]);
        self.first(select, tables::read_state).await
    }

    /// States of the watches whose key begins with `prefix`, by key.
    pub async fn watches_of_prefix(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<StoredState>, StoreError> {
        // No key holds the last character there is, so this is past all that begin with the prefix.
        let end = format!("{prefix}{}", char::MAX);
        let select = Select::new(tables::WATCHES.columns, "watches")
            .filter("watch >= ? AND watch < ?", [Value::text(prefix), Value::text(&end)])
            .filter_some("watch > ?", after.map(Value::text))
            .page("watch", limit);
        self.all(select, tables::read_state).await
    }

    /// Journal rows of a span of time, oldest first. A filter on a device still walks the whole span.
    pub async fn inputs(&self, filter: &InputFilter, limit: u32) -> Result<Vec<InputRow>, StoreError> {
        let from = filter.after.map_or(filter.from, |(received_at, _)| received_at.max(filter.from));
        let mut select = Select::new(tables::INPUTS.columns, "inputs")
            .filter("received_at BETWEEN ? AND ?", [from.as_millis().into(), filter.to.as_millis().into()])
            .filter_some("device = ?", filter.device.as_deref().map(Value::text));
        if let Some((received_at, seq)) = filter.after {
            select =
                select.filter("(received_at, seq) > (?, ?)", [received_at.as_millis().into(), seq.into()]);
        }
        self.all(select.page("received_at, seq", limit), tables::read_input).await
    }

    /// Fixes of the journal that arrived in a span of time, oldest first.
    pub async fn fixes(&self, filter: &FixFilter, limit: u32) -> Result<Vec<JournalFix>, StoreError> {
        let from = filter.after.map_or(filter.arrived_from, |(at, _)| at.max(filter.arrived_from));
        let mut select = Select::new(tables::JOURNAL_FIX_COLUMNS, "inputs")
            .filter(
                "received_at BETWEEN ? AND ?",
                [from.as_millis().into(), filter.arrived_to.as_millis().into()],
            )
            .filter("kind = ?", [InputKind::Fix.number().into()]);
        if let Some((at, seq)) = filter.after {
            select = select.filter("(received_at, seq) > (?, ?)", [at.as_millis().into(), seq.into()]);
        }
        self.all(select.page("received_at, seq", limit), tables::read_journal_fix).await
    }

    /// Figures for metrics.
    pub async fn counts(&self) -> Result<Counts, StoreError> {
        let select = Select::new(
            "(SELECT count(*) FROM deliveries WHERE received_at IS NULL AND closed_at IS NULL), \
             (SELECT created_at FROM deliveries WHERE received_at IS NULL AND closed_at IS NULL ORDER BY id LIMIT 1), \
             (SELECT count(*) FROM incidents WHERE closed_at IS NULL), \
             (SELECT count(*) FROM orders WHERE withdrawn_at IS NULL)",
            "owner",
        );
        let counts = self.first(select, |row| {
            Ok(Counts {
                pending_deliveries: row.int()?,
                oldest_pending_at: row.opt_time()?,
                open_incidents: row.int()?,
                orders: row.int()?,
            })
        });
        Ok(counts.await?.unwrap_or_default())
    }
}

fn incidents<'a>(filter: &'a IncidentFilter, state: Option<&'a String>, limit: u32) -> Select<'a> {
    fn word(word: Option<&String>) -> Option<Value<'_>> {
        word.map(|word| Value::text(word))
    }
    let mut select = Select::new(tables::INCIDENTS.columns, "incidents")
        .filter_some("state = ?", word(state))
        .filter_some("level = ?", word(filter.level.as_ref()))
        .filter_some("kind = ?", word(filter.kind.as_ref()))
        .filter_some("desk = ?", word(filter.desk.as_ref()))
        .filter_some("order_id = ?", word(filter.order.as_ref()))
        .filter_some("wearer = ?", word(filter.wearer.as_ref()))
        .filter_some("owner = ?", word(filter.owner.as_ref()));
    if let Some(active) = filter.active {
        select = select.filter(if active { "cleared_at IS NULL" } else { "cleared_at IS NOT NULL" }, []);
    }
    if let Some(open) = filter.open {
        select = select.filter(if open { "closed_at IS NULL" } else { "closed_at IS NOT NULL" }, []);
    }
    if let Some(before) = &filter.before {
        let place = [before.changed_at.as_millis().into(), Value::text(&before.incident)];
        select = select.filter("(changed_at, incident) < (?, ?)", place);
    }
    select.page("changed_at DESC, incident DESC", limit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::IncidentCursor;

    /// However many incidents there are, a page is read off an index: no scan of them all, no sorting.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_page_of_incidents_is_read_off_an_index() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&format!("sqlite:{}", folder.path().join("a.db").display())).await.unwrap();
        let some = |text: &str| Some(text.to_owned());
        let all = IncidentFilter::default;
        let before = IncidentCursor::parse("1795255200000_inc-1");
        for (filter, index) in [
            (all(), "incidents_by_change"),
            (IncidentFilter { open: Some(true), ..all() }, "incidents_open"),
            (IncidentFilter { states: vec!["new".to_owned()], before, ..all() }, "incidents_by_state"),
            (IncidentFilter { level: some("alarm"), ..all() }, "incidents_by_level"),
            (IncidentFilter { kind: some("silence"), ..all() }, "incidents_by_kind"),
            (IncidentFilter { desk: some("rotterdam"), ..all() }, "incidents_by_desk"),
            (IncidentFilter { order: some("ord-1"), ..all() }, "incidents_by_order"),
            (IncidentFilter { owner: some("Anna"), ..all() }, "incidents_by_owner"),
            (IncidentFilter { wearer: some("wearer-1"), ..all() }, "incidents_by_wearer"),
        ] {
            let mut select = incidents(&filter, filter.states.first(), 100);
            select.sql.insert_str(0, "EXPLAIN QUERY PLAN ");
            let plan = store
                .all(select, |row| Ok((row.int()?, row.int()?, row.int()?, row.text()?).3))
                .await
                .unwrap();
            assert_eq!(plan.len(), 1, "{plan:?}");
            assert!(plan[0].contains(&format!("USING INDEX {index}")), "{plan:?}");
        }
        store.close().await;
    }
}
