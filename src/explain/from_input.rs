//! Explaining recorded input, without a service: the same engine decides again.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::Arc;

use zones::order::Order;
use zones::{Alert, Timestamp};

use super::limits::Orders;
use super::{AROUND, About, Explanation, MOST_INPUTS, Material, Question, Scope, Unexplained};
use crate::pipeline::rows;
use crate::replay::{self, Event};
use crate::store::{AlertRow, IncidentRow, InputRow};

/// Explains recorded input of §10; `open` gives it from its beginning, more than once for an incident.
///
/// # Errors
/// When there is nothing of that name or at that time, or the input cannot be read.
pub fn of_input<R: Read + Send>(
    orders: &[Arc<Order>],
    mut open: impl FnMut() -> io::Result<R>,
    question: &Question,
) -> Result<Explanation, Unexplained> {
    let mut known = Orders::default();
    for order in orders {
        known.enter(order.order.as_str(), i64::MIN, Some(Arc::clone(order)));
    }
    let plan = match question {
        Question::Incident(id) => plan_of_incident(orders, open()?, id)?,
        Question::Moment { device, at } => Plan {
            about: About::Moment { device: device.clone(), at: *at },
            from: *at - AROUND,
            to: *at + AROUND,
            scope: Scope::Device { device: device.clone(), watches: known.around(device).0 },
            incident: None,
        },
    };
    if let (Question::Moment { device, .. }, Scope::Device { watches, .. }) = (question, &plan.scope)
        && watches.is_empty()
    {
        return Err(Unexplained::Device(device.clone()));
    }
    collected(orders, open()?, plan, known)?.explained()
}

/// What is to be gathered from a replay.
struct Plan {
    about: About,
    from: Timestamp,
    to: Timestamp,
    scope: Scope,
    incident: Option<String>,
}

/// Replays once to see what the incident is about and how long it lasts.
fn plan_of_incident(orders: &[Arc<Order>], input: impl Read + Send, id: &str) -> Result<Plan, Unexplained> {
    let mut found: Option<IncidentRow> = None;
    replay::run(orders, input, |event| {
        if let Event::Alert(alert) = event
            && alert.incident.to_string() == id
        {
            found = Some(rows::incident(found.as_ref(), &alert, alert.desk.as_ref()));
        }
        Ok(())
    })?;
    let incident = found.ok_or_else(|| Unexplained::Incident(id.to_owned()))?;
    let to = incident.cleared_at.unwrap_or(Timestamp::from_millis(i64::MAX));
    Ok(Plan {
        about: About::of(&incident),
        from: incident.opened_at - AROUND,
        to,
        scope: Scope::of(&incident),
        incident: Some(id.to_owned()),
    })
}

impl Plan {
    fn keeps_row(&self, row: &InputRow) -> bool {
        let within = |at: Timestamp| self.from <= at && at <= self.to;
        // A fix of that time may have come later.
        let of_then =
            self.incident.is_none() && row.fixed_at.is_some_and(within) && row.received_at > self.to;
        let own = self.scope.keeps(&row.device);
        (within(row.received_at) || (of_then && own))
            && (own
                || rows::read_decisions(&row.decisions).is_ok_and(|decisions| {
                    decisions.iter().any(|decision| self.scope.holds(&row.device, &decision.watch))
                }))
    }

    fn keeps_alert(&self, alert: &Alert, incident: &IncidentRow) -> bool {
        match &self.incident {
            Some(id) => alert.incident.to_string() == *id,
            None => self.from <= alert.raised_at && self.scope.concerns(incident),
        }
    }
}

fn collected(
    orders: &[Arc<Order>],
    input: impl Read + Send,
    plan: Plan,
    known: Orders,
) -> Result<Material, Unexplained> {
    let (mut kept, mut cut) = (Vec::<InputRow>::new(), false);
    let (mut alerts, mut count) = (BTreeMap::<i64, AlertRow>::new(), 0);
    replay::run_with_journal(orders, input, |event| {
        match event {
            Event::Judged(row) if plan.keeps_row(&row) => {
                if kept.len() < MOST_INPUTS {
                    kept.push(*row);
                } else {
                    cut = true;
                }
            }
            Event::Alert(alert) => {
                count += 1;
                if plan.keeps_alert(&alert, &rows::incident(None, &alert, None)) {
                    alerts.insert(count, rows::alert(count, &alert, alert.desk.as_ref()));
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    let Plan { about, from, to, scope, incident } = plan;
    if incident.is_none() {
        // Of what was raised later, only what a late fix of that time showed.
        let arrived: Vec<Timestamp> = kept.iter().map(|row| row.received_at).collect();
        alerts.retain(|_, alert| alert.raised_at <= to || arrived.contains(&alert.raised_at));
    }
    Ok(Material {
        about,
        from,
        to: kept.last().map_or(to, |last| if incident.is_some() { to.min(last.received_at) } else { to }),
        scope,
        rows: kept,
        cut,
        orders: known,
        alerts: alerts.into_values().collect(),
        deliveries: Vec::new(),
        receipts: Vec::new(),
    })
}
