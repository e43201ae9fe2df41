//! Explaining what a service wrote down.

use std::sync::Arc;

use zones::order::Order;
use zones::{Level, Millis, Timestamp, policy};

use super::limits::Orders;
use super::{AROUND, About, Explanation, MOST_INPUTS, Material, Question, Scope, Unexplained};
use crate::pipeline::rows;
use crate::store::{
    AlertRow, IncidentFilter, IncidentRow, IncidentStory, InputFilter, InputRow, MOST_ROWS, Store, StoreError,
};

/// The journal is read in pieces of this length: a long read would keep the service's log from being emptied.
const PIECE: Millis = Millis::from_secs(1_800);

/// Explains from a store; `now` ends what is not over yet. The store is only read.
///
/// # Errors
/// When there is nothing of that name or at that time, or the store cannot be read.
pub async fn of_store(
    store: &Store,
    question: &Question,
    now: Timestamp,
) -> Result<Explanation, Unexplained> {
    let material = match question {
        Question::Incident(incident) => of_incident(store, incident, now).await?,
        Question::Moment { device, at } => of_moment(store, device, *at, now).await?,
    };
    material.explained()
}

async fn of_incident(store: &Store, id: &str, now: Timestamp) -> Result<Material, Unexplained> {
    let story = store.incident(id).await?.ok_or_else(|| Unexplained::Incident(id.to_owned()))?;
    let IncidentStory { incident, alerts, deliveries, receipts, .. } = story;
    let (from, to) = (incident.opened_at - AROUND, end_of(&incident, now));
    let mut orders = Orders::default();
    enter(store, &incident.order, &mut orders).await?;
    let scope = Scope::of(&incident);
    // What has no device is time that passed, an order that changed.
    let devices = match &scope {
        Scope::Said(device) => vec![device.clone()],
        _ => orders.devices_of(&incident.order).into_iter().chain([String::new()]).collect(),
    };
    let mut journal = Journal { store, rows: Vec::new(), cut: false };
    for device in devices {
        journal.read(&device, from, to, |row| judged(row, &scope)).await?;
    }
    let Journal { rows, cut, .. } = journal;
    let about = About::of(&incident);
    Ok(Material { about, from, to, scope, rows, cut, orders, alerts, deliveries, receipts })
}

/// The last thing that belongs to an incident.
fn end_of(incident: &IncidentRow, now: Timestamp) -> Timestamp {
    let is_over = incident.level == Level::Clear.as_str() || incident.closed_at.is_some();
    let over = incident.closed_at.map_or(incident.changed_at, |closed| closed.max(incident.changed_at));
    if is_over { over } else { now }
}

/// Whether a row has to do with a watch at all; what is damaged is said later.
fn judged(row: &InputRow, scope: &Scope) -> bool {
    scope.keeps(&row.device)
        || rows::read_decisions(&row.decisions).map_or(true, |decisions| {
            decisions.iter().any(|decision| scope.holds(&row.device, &decision.watch))
        })
}

async fn of_moment(
    store: &Store,
    device: &str,
    at: Timestamp,
    now: Timestamp,
) -> Result<Material, Unexplained> {
    let (from, to) = (at - AROUND, at + AROUND);
    let mut journal = Journal { store, rows: Vec::new(), cut: false };
    journal.read(device, from, to, |_| true).await?;
    // A fix of that time may have come a day later.
    let last = (to + policy::HISTORY).min(now);
    let of_then = |row: &InputRow| row.fixed_at.is_some_and(|fixed_at| from <= fixed_at && fixed_at <= to);
    journal.read(device, to + Millis(1), last, of_then).await?;
    let orders = orders_of(store, device, &journal.rows).await?;
    let (watches, others) = orders.around(device);
    if watches.is_empty() && journal.rows.is_empty() && store.device(device).await?.is_none() {
        return Err(Unexplained::Device(device.to_owned()));
    }
    let scope = Scope::Device { device: device.to_owned(), watches };
    for other in others.into_iter().chain([String::new()]).filter(|other| other != device) {
        journal.read(&other, from, to, |row| judged(row, &scope)).await?;
    }
    let Journal { rows, cut, .. } = journal;
    let alerts = alerts_of(store, &orders, &scope, (from, last)).await?;
    let arrived: Vec<Timestamp> = rows.iter().map(|row| row.received_at).collect();
    let is_near = |alert: &AlertRow| alert.raised_at <= to || arrived.contains(&alert.raised_at);
    let alerts = alerts.into_iter().filter(is_near).collect();
    let about = About::Moment { device: device.to_owned(), at };
    let (deliveries, receipts) = (Vec::new(), Vec::new());
    Ok(Material { about, from, to, scope, rows, cut, orders, alerts, deliveries, receipts })
}

/// The orders that a device's judgements name, or else those in the register that name the device.
async fn orders_of(store: &Store, device: &str, rows: &[InputRow]) -> Result<Orders, Unexplained> {
    let mut ids = Vec::new();
    for row in rows {
        for decision in rows::read_decisions(&row.decisions).unwrap_or_default() {
            ids.extend(decision.watch.split_once('/').map(|(order, _)| order.to_owned()));
        }
    }
    if ids.is_empty() {
        ids = registered_with(store, device).await?;
    }
    ids.sort();
    ids.dedup();
    let mut orders = Orders::default();
    for id in ids {
        enter(store, &id, &mut orders).await?;
    }
    Ok(orders)
}

async fn registered_with(store: &Store, device: &str) -> Result<Vec<String>, StoreError> {
    let quoted = format!("\"{device}\"");
    let (mut found, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = store.orders(after.as_deref(), MOST_ROWS).await?;
        let Some(last) = page.last() else { return Ok(found) };
        after = Some(last.order.to_string());
        // Few documents name it: only those are worth reading.
        let named = page.iter().filter(|stored| stored.document.contains(&quoted));
        found.extend(named.map(|stored| stored.order.to_string()));
    }
}

/// Enters everything that an order ever was.
async fn enter(store: &Store, id: &str, orders: &mut Orders) -> Result<(), StoreError> {
    let (mut changes, mut before) = (Vec::new(), None);
    loop {
        let page = store.order_history(id, before, MOST_ROWS).await?;
        let Some(last) = page.last() else { break };
        before = Some(last.seq);
        changes.extend(page);
    }
    for change in changes.into_iter().rev() {
        let order = change.document.as_deref().and_then(|document| Order::accepted(document).ok());
        orders.enter(id, change.seq, order.map(Arc::new));
    }
    Ok(())
}

/// Alerts of a span about the watches of a scope, and about its device.
async fn alerts_of(
    store: &Store,
    orders: &Orders,
    scope: &Scope,
    (from, to): (Timestamp, Timestamp),
) -> Result<Vec<AlertRow>, StoreError> {
    let mut found = Vec::new();
    for order in orders.ids() {
        let mut filter = IncidentFilter { order: Some(order.to_owned()), ..IncidentFilter::default() };
        loop {
            let page = store.incidents(&filter, MOST_ROWS).await?;
            let Some(last) = page.last() else { break };
            filter.before = Some(last.cursor());
            let is_over = last.changed_at < from;
            for incident in page.iter().filter(|row| row.opened_at <= to && row.changed_at >= from) {
                if scope.concerns(incident) {
                    let story = store.incident(&incident.incident).await?;
                    let alerts = story.map(|story| story.alerts).unwrap_or_default();
                    found.extend(alerts.into_iter().filter(|a| from <= a.raised_at && a.raised_at <= to));
                }
            }
            if is_over {
                break;
            }
        }
    }
    found.sort_by_key(|alert| alert.seq);
    Ok(found)
}

/// Rows of the journal, the first [`MOST_INPUTS`] of each device.
struct Journal<'s> {
    store: &'s Store,
    rows: Vec<InputRow>,
    cut: bool,
}

impl Journal<'_> {
    async fn read(
        &mut self,
        device: &str,
        from: Timestamp,
        to: Timestamp,
        keep: impl Fn(&InputRow) -> bool,
    ) -> Result<(), StoreError> {
        let (mut kept, mut begin) = (0, from);
        // The end of time is its own successor: the loop ends by what it has read.
        let mut is_read = from > to;
        while !is_read {
            let end = (begin + PIECE).min(to);
            is_read = end == to;
            let device = Some(device.to_owned());
            let mut filter = InputFilter { device, from: begin, to: end, after: None };
            loop {
                let page = self.store.inputs(&filter, MOST_ROWS).await?;
                let Some(last) = page.last() else { break };
                filter.after = Some((last.received_at, last.seq));
                for row in page.into_iter().filter(&keep) {
                    if kept == MOST_INPUTS {
                        self.cut = true;
                        return Ok(());
                    }
                    kept += 1;
                    self.rows.push(row);
                }
            }
            begin = end + Millis(1);
        }
        Ok(())
    }
}
