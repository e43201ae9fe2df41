//! The panic button: pressed, tried out, cancelled.

use std::sync::Arc;

use super::announce::AboutDevice;
use super::device::Said;
use super::events::Happened;
use super::{Effect, Engine, NotCancelled, Noted, Outcome, Refused};
use crate::alert::{Alert, AlertKind, alert_id, incident_id, tenths};
use crate::order::{AwareCode, Order, Victim};
use crate::standing::{Level, Standing};
use crate::{Aware, AwareCancel, CodeCheck, Fix, Role, Timestamp, policy, words};

impl Engine {
    pub(super) fn take_aware(
        &mut self,
        now: Timestamp,
        device: &str,
        aware: Aware,
    ) -> Result<Outcome, Refused> {
        let slot = self.find(Role::Victim, device)?;
        let said = if aware.test { Said::AwareTest } else { Said::Aware };
        if !self.devices[slot as usize].state.hears(said, aware.pressed_at) {
            return Ok(Outcome::Duplicate);
        }
        self.note_device(slot);
        if !aware.test && self.raised_about(slot, AlertKind::Aware).is_empty() {
            // A new alarm: what was tried in the one before is over with it.
            self.devices[slot as usize].state.said.retain(|(said, _)| *said != Said::AwareWrongCode);
        }
        if aware.test {
            self.announce_test(now, slot, aware);
            return Ok(Outcome::Done);
        }
        let protected = self.is_protected(slot, now, aware.pressed_at);
        self.announce_event(now, slot, press(Standing::Alarm, aware.pressed_at), |alert| {
            let reason = if protected { words::AWARE } else { words::AWARE_WITHOUT_ORDER };
            reason.clone_into(&mut alert.reason);
            if !protected {
                leave_to_operator(alert);
            }
            alert.late = now - aware.pressed_at > policy::LATE_AFTER;
            place(alert, aware);
        });
        Ok(Outcome::Done)
    }

    /// A trial of the button proves its road, and moves nothing: it is an incident by itself.
    fn announce_test(&mut self, now: Timestamp, slot: u32, aware: Aware) {
        let protected = self.is_protected(slot, now, aware.pressed_at);
        for order in self.orders_of_press(slot, now, aware.pressed_at) {
            let kind = AlertKind::Aware;
            let about = AboutDevice { order: &order, kind, slot, now, evidence_at: aware.pressed_at };
            let (key, mut alert) = self.alert_about_device(&about);
            alert.incident = incident_id(&format!("{key}/test"), 1, aware.pressed_at);
            alert.revision = 1;
            alert.alert = alert_id(alert.incident, alert.revision);
            alert.watch = Some(key);
            alert.level = Level::Warning;
            alert.test = true;
            alert.late = now - aware.pressed_at > policy::LATE_AFTER;
            let reason = if protected { words::AWARE_TEST } else { words::AWARE_TEST_WITHOUT_ORDER };
            reason.clone_into(&mut alert.reason);
            if !protected {
                leave_to_operator(&mut alert);
            }
            place(&mut alert, aware);
            self.effects.push_back(Effect::Alert(Box::new(alert)));
        }
    }

    /// The orders that a press is announced in: those in force; where there is none, the one that was last, or else is
    /// next. Whoever calls for help is heard, also the day after an order has ended.
    pub(super) fn orders_of_press(&self, slot: u32, now: Timestamp, at: Timestamp) -> Vec<Arc<Order>> {
        let in_force = self.orders_in_force(slot, now, at);
        if !in_force.is_empty() {
            return in_force;
        }
        let known = self.devices[slot as usize].orders.iter().filter_map(|order| self.order(order));
        let (ended, to_come): (Vec<_>, Vec<_>) = known.partition(|order| order.valid_until <= now);
        let last = ended.into_iter().max_by_key(|order| order.valid_until);
        last.or_else(|| to_come.into_iter().min_by_key(|order| order.valid_from))
            .cloned()
            .into_iter()
            .collect()
    }

    fn is_protected(&self, slot: u32, now: Timestamp, at: Timestamp) -> bool {
        !self.orders_in_force(slot, now, at).is_empty()
    }

    /// The codes that cancel a press on that victim device, under the orders that it is announced in. Which of them was typed is
    /// for whoever takes in the message to find out, so that no code comes in here.
    pub fn aware_codes(&self, device: &str) -> impl Iterator<Item = &AwareCode> {
        let slot = self.find(Role::Victim, device).ok();
        slot.into_iter().flat_map(|slot| {
            let orders = self.orders_of_press(slot, self.clock, self.clock);
            let orders = orders.into_iter().filter_map(|order| self.order(&order.order));
            let victims = orders.flat_map(|order| &order.victims);
            let hers =
                |victim: &&Victim| victim.party.device.as_ref() == Some(&self.devices[slot as usize].id);
            victims.filter(hers).filter_map(|victim| victim.aware_code.as_deref()).collect::<Vec<_>>()
        })
    }

    /// She, or somebody who has her device, wants to cancel a press.
    pub(super) fn cancel_aware(
        &mut self,
        now: Timestamp,
        device: &str,
        cancel: AwareCancel,
    ) -> Result<Outcome, Refused> {
        let slot = self.find(Role::Victim, device)?;
        let said = if cancel.code == CodeCheck::Right { Said::AwareCancelled } else { Said::AwareWrongCode };
        let state = &mut self.devices[slot as usize].state;
        // One moment is one attempt: else a thousand codes could be tried in it.
        if state.said.contains(&(Said::AwareWrongCode, cancel.at)) || !state.hears(said, cancel.at) {
            return Ok(Outcome::Duplicate);
        }
        let of = |what: Said| state.said.iter().filter(move |(said, _)| *said == what).map(|(_, at)| *at);
        let pressed_at = of(Said::Aware).max();
        // A device tries in order: after one attempt no other can have been before it, whatever it claims.
        let tried =
            state.said.iter().filter(|(said, _)| matches!(said, Said::AwareCancelled | Said::AwareWrongCode));
        let overtaken = tried.map(|(_, at)| *at).max().is_some_and(|last| last > cancel.at);
        // Pressing again gives no new tries: only the end of the alarm does.
        let wrong = of(Said::AwareWrongCode).count();
        self.note_device(slot);
        let raised = self.raised_about(slot, AlertKind::Aware);
        let (Some(pressed_at), false) = (pressed_at, raised.is_empty()) else {
            return Ok(Outcome::NotCancelled(NotCancelled::NothingToCancel));
        };
        let since = cancel.at - pressed_at;
        let in_time = !overtaken
            && (0..=policy::AWARE_CANCEL_WITHIN.0).contains(&since.0)
            && now - pressed_at <= policy::AWARE_CANCEL_WITHIN + policy::LATE_AFTER;
        let why = match cancel.code {
            _ if !in_time => NotCancelled::TooLate,
            CodeCheck::Wrong => NotCancelled::WrongCode,
            CodeCheck::None => NotCancelled::NoCode,
            CodeCheck::Right if wrong >= policy::AWARE_WRONG_CODES => NotCancelled::TooManyTries,
            CodeCheck::Right => {
                let reached = now - pressed_at;
                let reason = if reached > policy::AWARE_CANCEL_WITHIN {
                    words::aware_cancelled_late(since, reached)
                } else {
                    words::AWARE_CANCELLED.to_owned()
                };
                self.announce_event(now, slot, press(Standing::Clear, cancel.at), |alert| {
                    alert.reason.clone_from(&reason);
                });
                return Ok(Outcome::Done);
            }
        };
        for (watch, incident) in raised {
            self.note(now, watch, incident, Noted::NotCancelled(why));
        }
        Ok(Outcome::NotCancelled(why))
    }
}

/// No order is in force: a person has to judge what can be done for her, and the law of the order permits nothing.
fn leave_to_operator(alert: &mut Alert) {
    alert.desk = None;
    alert.arrest_on_sight = false;
}

/// Every press is announced: a second one says that she is still in danger.
const fn press(standing: Standing, at: Timestamp) -> Happened {
    Happened { kind: AlertKind::Aware, standing, at, cause: None }
}

/// Puts the place of a press into its alert.
fn place(alert: &mut Alert, aware: Aware) {
    let Some(position) = aware.position else { return };
    alert.victim_fix = Some(Fix { accuracy_m: aware.accuracy_m, ..Fix::new(aware.pressed_at, position) });
    alert.uncertainty_m = aware.accuracy_m.map(|m| tenths(f64::from(m)));
    alert.fixed_at = Some(aware.pressed_at);
}
