//! Quiet hours: warnings that a victim asked not to be woken by, and of which she is told when they are over, should
//! they stand then. Alarms always reach her.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;
use zones::order::Victim;
use zones::{Alert, DeviceId, Engine, Level, OrderId, PersonId, Timestamp};

use super::decide::Decider;
use crate::delivery::Recipient;
use crate::followup::Event;
use crate::store::{DeliveryProgress, Outcome, QUIET_HOURS, QuietRow};

/// Incidents of which a victim knows nothing now: what was last raised in them was kept from her, so its end is too.
#[derive(Debug, Default)]
pub(super) struct Quiet {
    /// By incident; with what she is told of it when her quiet hours end, where it is held for that.
    unaware: BTreeMap<String, Option<QuietRow>>,
    /// When, and of which incident. Follows from the rest.
    due: BTreeSet<(Timestamp, String)>,
}

impl Quiet {
    /// Takes up what was stored.
    pub(super) fn new(rows: impl IntoIterator<Item = QuietRow>) -> Self {
        let mut this = Self::default();
        rows.into_iter().for_each(|row| this.hold(row));
        this
    }

    /// Whether an alert is kept from her. `stood` is the level of the incident before it.
    fn keeps(&mut self, engine: &Engine, alert: &Alert, stood: Option<&str>) -> bool {
        let incident = alert.incident.to_string();
        let unaware = self.unaware.contains_key(&incident);
        // What was found of the past, or is for the operator alone, tells her nothing.
        let tells_her = !alert.operator_only && !alert.hindsight;
        let keeps = match alert.level {
            Level::Alarm => false,
            // What she heard the beginning of goes on and ends aloud.
            Level::Warning => is_quiet(engine, alert) && (unaware || matches!(stood, None | Some("clear"))),
            Level::Clear => unaware,
        };
        if keeps {
            self.unaware.entry(incident).or_default();
        } else if tells_her {
            self.unaware.remove(&incident);
        }
        keeps
    }

    /// She is unaware of an incident, and told of it when that is due.
    fn hold(&mut self, row: QuietRow) {
        let incident = row.incident.clone();
        self.due.extend(row.until.map(|until| (until, incident.clone())));
        self.unaware.insert(incident, Some(row).filter(|row| row.until.is_some()));
    }

    /// What is held of an incident is held no more; she stays unaware of it.
    fn let_go(&mut self, incident: &str) -> Option<QuietRow> {
        let held = self.unaware.get_mut(incident)?.take()?;
        if let Some(until) = held.until {
            self.due.remove(&(until, incident.to_owned()));
        }
        Some(held)
    }

    /// When the first quiet hours end in which something was held.
    pub(super) fn poll_deadline(&self) -> Option<Timestamp> {
        self.due.first().map(|(at, _)| *at)
    }
}

impl Decider {
    /// Whether an alert is kept from the victim; what was held of its incident before is overtaken by it.
    pub(super) fn keeps_quiet(&mut self, alert: &Alert, stood: Option<&str>) -> bool {
        if !alert.operator_only && !alert.hindsight {
            self.held_no_more(&alert.incident.to_string(), alert.raised_at);
        }
        self.quiet.keeps(&self.engine, alert, stood)
    }

    /// What the outbox is to say of an alert that is kept back: until when, where she is told of it after all.
    pub(super) fn kept_back(&mut self, alert: &Alert, delivery: i64, to: &Recipient, why: &str) -> Outcome {
        if why != QUIET_HOURS {
            return Outcome::Closed { why: why.to_owned() };
        }
        let victim = self.victim_of(&alert.order, alert.victim.as_ref());
        let ends = victim.and_then(|victim| victim.quiet_until(alert.raised_at));
        let until = ends.filter(|_| alert.level == Level::Warning);
        self.quiet.hold(QuietRow {
            incident: alert.incident.to_string(),
            delivery,
            alert: alert.alert.to_string(),
            device: to.name.clone(),
            until,
        });
        Outcome::Held { until }
    }

    /// She need not be told any more of what is held of an incident: it is over, or she is told otherwise.
    pub(super) fn held_no_more(&mut self, incident: &str, at: Timestamp) {
        if let Some(held) = self.quiet.let_go(incident) {
            self.progress(held.delivery, at, Outcome::Held { until: None });
        }
    }

    /// The quiet hours end in which something was held: she is told of what stands.
    pub(super) fn quiet_hours_end(&mut self, at: Timestamp) {
        let Some((_, incident)) = self.quiet.due.pop_first() else { return };
        let Some(held) = self.quiet.let_go(&incident) else { return };
        let known = Uuid::parse_str(&incident).ok().and_then(|id| self.followup.incident(id));
        let Some(known) = known.filter(|one| one.is_open() && one.level > Level::Clear) else {
            self.progress(held.delivery, at, Outcome::Held { until: None });
            return;
        };
        let order = known.order.clone();
        let victim = self.victim_of(&order, known.victim.as_ref());
        if let Some(until) = victim.and_then(|victim| victim.quiet_until(at)) {
            // The order says other hours by now.
            self.progress(held.delivery, at, Outcome::Held { until: Some(until) });
            self.quiet.hold(QuietRow { until: Some(until), ..held });
            return;
        }
        self.quiet.unaware.remove(&incident);
        self.tell_after_quiet(&order, &held, at);
    }

    fn tell_after_quiet(&mut self, order: &OrderId, held: &QuietRow, at: Timestamp) {
        let id = self.next.delivery;
        self.next.delivery += 1;
        self.progress(held.delivery, at, Outcome::Released { id });
        self.pending.told_again.push(held.device.clone());
        let ids = (Uuid::parse_str(&held.incident), Uuid::parse_str(&held.alert));
        let (Ok(incident), Ok(alert)) = ids else { return };
        let Ok(device) = DeviceId::new(&held.device) else { return };
        let second_road = !self.second_roads(order, &device).is_empty();
        // It is known and open, or this was not reached.
        let _ = self.follow(at, Event::QuietOver { incident, alert, device, second_road });
    }

    fn progress(&mut self, id: i64, at: Timestamp, outcome: Outcome) {
        self.pending.urgent = true;
        self.pending.begun.get_or_insert_with(std::time::Instant::now);
        self.pending.batch.progress.push(DeliveryProgress { id, at, outcome });
    }

    fn victim_of(&self, order: &OrderId, victim: Option<&PersonId>) -> Option<&Victim> {
        victim_of(&self.engine, order, victim)
    }
}

fn victim_of<'a>(engine: &'a Engine, order: &OrderId, victim: Option<&PersonId>) -> Option<&'a Victim> {
    engine.order(order)?.victims.iter().find(|one| Some(&one.party.person) == victim)
}

/// Whether it is raised in the quiet hours of the victim it concerns. A trial of AWARE is her own doing.
fn is_quiet(engine: &Engine, alert: &Alert) -> bool {
    let victim = victim_of(engine, &alert.order, alert.victim.as_ref());
    !alert.test && victim.is_some_and(|victim| victim.is_quiet(alert.raised_at))
}
