//! Orders that run out: said in time to whoever must see to a successor, at 30, 14, 7, 3 and 1 days before the end.

use std::sync::Arc;

use super::announce::enter;
use super::timers::Timer;
use super::watch::{Subject, WatchKey};
use super::{Effect, Engine};
use crate::alert::{Alert, AlertKind};
use crate::guidance::{Term, is_succeeded};
use crate::order::Order;
use crate::standing::{Certainty, Episode, Standing};
use crate::{Millis, OrderId, PersonId, Timestamp, policy, words};

const DAY: Millis = Millis::from_secs(24 * 3_600);

impl Engine {
    /// Enters the next moment at which the end of an order is said among the timers.
    pub(super) fn set_expiry_timer(&mut self, now: Timestamp, order: &Order) {
        if let Some(at) = marks(order).map(|(at, _)| at).find(|at| *at > now) {
            self.timers.set(at, Timer::Order(order.order.clone()));
        }
    }

    /// A moment at which the end of an order is said, if that is what came up.
    pub(super) fn check_expiry(&mut self, t: Timestamp, order: &Arc<Order>) {
        let Some((_, days)) = marks(order).find(|(at, _)| *at == t) else { return };
        self.set_expiry_timer(t, order);
        if !self.is_succeeded(order) {
            self.say_expiry(t, order, days);
        }
    }

    /// The orders of these wearers that have a successor.
    pub(super) fn succeeded(&self, wearers: &[PersonId]) -> Vec<OrderId> {
        let orders = wearers.iter().flat_map(|wearer| self.orders_of_wearer(wearer));
        orders.filter(|order| self.is_succeeded(order)).map(|order| order.order.clone()).collect()
    }

    /// The register has changed for these wearers: whose end was said and who has a successor now is all right, whose
    /// successor is gone runs out after all.
    pub(super) fn settle_expiry(&mut self, now: Timestamp, wearers: &[PersonId], had: &[OrderId]) {
        let orders: Vec<_> =
            wearers.iter().flat_map(|wearer| self.orders_of_wearer(wearer)).map(Arc::clone).collect();
        for order in orders {
            let soon = order.in_force(now) && order.valid_until - now <= policy::EXPIRES_SOON;
            let raised = self.standing_about(&key(&order.order)) > Standing::Clear;
            let safe = !soon || self.is_succeeded(&order);
            if raised && safe {
                self.announce_order(now, now, &order, Standing::Clear, words::EXPIRY_SETTLED);
            } else if !raised && !safe && had.contains(&order.order) {
                let days = (order.valid_until - now).0.div_euclid(DAY.0);
                self.say_expiry(now, &order, days);
            }
        }
    }

    fn say_expiry(&mut self, t: Timestamp, order: &Arc<Order>, days: i64) {
        let standing = if days <= policy::EXPIRY_ALARM_DAYS { Standing::Alarm } else { Standing::Warning };
        self.announce_order(t, t, order, standing, &words::of_expiry(days));
    }

    /// Announces something about an order as a whole.
    pub(super) fn announce_order(
        &mut self,
        now: Timestamp,
        evidence_at: Timestamp,
        order: &Order,
        standing: Standing,
        reason: &str,
    ) {
        let key = key(&order.order);
        let mut alert = Alert::about(order, AlertKind::OrderExpiry, now);
        let episode = self.about_devices.entry(key.clone()).or_insert_with(Episode::new);
        episode.step(standing, Certainty::Certain);
        enter(episode, &key, evidence_at, &mut alert);
        self.changed_about.insert(key);
        reason.clone_into(&mut alert.reason);
        self.effects.push_back(Effect::Alert(Box::new(alert)));
    }

    fn is_succeeded(&self, order: &Order) -> bool {
        let others: Vec<Term> =
            self.orders_of_wearer(&order.wearer.person).map(|other| Term::from(&**other)).collect();
        is_succeeded(&Term::from(order), &others)
    }
}

/// The watch over the validity of an order.
pub(super) fn key(order: &OrderId) -> WatchKey {
    WatchKey { order: order.clone(), subject: Subject::Order(AlertKind::OrderExpiry) }
}

/// When the end of an order is said, with the days that are left then; none before it is in force.
fn marks(order: &Order) -> impl Iterator<Item = (Timestamp, i64)> {
    let (from, until) = (order.valid_from, order.valid_until);
    let at = move |days: i64| (until - DAY * days, days);
    policy::EXPIRY_DAYS.into_iter().map(at).filter(move |(at, _)| *at >= from)
}
