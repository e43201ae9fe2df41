//! What is read of cases: what was raised under an order, what was kept from a victim, who sends without an order.

use zones::Timestamp;

use super::database::Value;
use super::read::Select;
use super::rows::{AlertRow, QUIET_HOURS, QuietRow, UnknownDevice};
use super::{Store, StoreError, tables};

impl Store {
    /// Open incidents of which the last that a victim was to be told was kept from her by her quiet hours.
    pub(super) async fn quiet_incidents(&self) -> Result<Vec<QuietRow>, StoreError> {
        let held = Select::new(tables::QUIET_COLUMNS, "deliveries d");
        let select = held.filter("d.why = ?", [Value::text(QUIET_HOURS)]).filter(
            "d.id = (SELECT max(o.id) FROM deliveries o WHERE o.incident = d.incident AND o.channel = d.channel) \
             AND EXISTS (SELECT 1 FROM incidents i WHERE i.incident = d.incident AND i.closed_at IS NULL)",
            [],
        );
        self.all(select.ordered("d.incident"), tables::read_quiet).await
    }

    /// Alerts raised under an order from `from` up to and without `until`, oldest first; after the one whose time and
    /// number are given.
    pub async fn alerts_of_order(
        &self,
        order: &str,
        from: Timestamp,
        until: Timestamp,
        after: Option<(Timestamp, i64)>,
        limit: u32,
    ) -> Result<Vec<AlertRow>, StoreError> {
        let span = [Value::text(order), from.as_millis().into(), until.as_millis().into()];
        let mut select = Select::new(tables::ALERTS.columns, "alerts")
            .filter("order_id = ? AND raised_at >= ? AND raised_at < ?", span);
        if let Some((at, seq)) = after {
            select = select.filter("(raised_at, seq) > (?, ?)", [at.as_millis().into(), seq.into()]);
        }
        self.all(select.page("raised_at, seq", limit), tables::read_alert).await
    }

    /// Orders under which something was raised about a wearer that changed since then.
    pub async fn orders_that_raised(
        &self,
        wearer: &str,
        since: Timestamp,
    ) -> Result<Vec<String>, StoreError> {
        let select = Select::new("order_id", "incidents")
            .filter("wearer = ? AND changed_at >= ?", [Value::text(wearer), since.as_millis().into()])
            .grouped("order_id");
        self.all(select, tables::read_name).await
    }

    /// Devices that sent something and are in no order, by topic: of what is kept of messages set aside.
    pub async fn unknown_devices(&self) -> Result<Vec<UnknownDevice>, StoreError> {
        let select = Select::new("topic, count(*), max(received_at)", "rejected")
            .filter("reason LIKE 'unknown %'", [])
            .grouped("topic");
        self.all(select, tables::read_unknown_device).await
    }
}
