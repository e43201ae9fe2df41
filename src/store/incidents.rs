//! The list of incidents, and one with everything that belongs to it.

use super::database::Value;
use super::read::{Select, record_columns};
use super::rows::{IncidentFilter, IncidentRow, IncidentStory};
use super::{MOST_ROWS, Store, StoreError, tables};

impl Store {
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
