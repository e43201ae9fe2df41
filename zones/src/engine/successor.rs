//! One order takes over from another without a gap: what stands raised goes on, in the incident it has. Nothing is
//! said to be over in between.

use std::sync::Arc;

use super::announce::{AboutDevice, enter};
use super::watch::{Subject, Target, WatchKey};
use super::{Effect, Engine};
use crate::order::Order;
use crate::standing::{Certainty, Episode, Standing};
use crate::{OrderId, Timestamp, words};

impl Engine {
    /// An order begins: it takes over from those of its wearer that end at that very moment.
    pub(super) fn take_over(&mut self, t: Timestamp, id: &OrderId) {
        let Some(new) = self.order(id).cloned() else { return };
        for old in self.others_of(&new).into_iter().filter(|old| old.valid_until == t) {
            self.hand_over(t, &old, &new);
        }
    }

    /// An order ends: those of its wearer that are in force take over. What still stands raised after that, and stands
    /// raised under one of them too, is ended for those who work with it; the victim has no reason to think it over.
    pub(super) fn hand_on(&mut self, t: Timestamp, id: &OrderId) {
        let Some(old) = self.order(id).cloned() else { return };
        let others: Vec<_> = self.others_of(&old).into_iter().filter(|new| new.in_force(t)).collect();
        for new in &others {
            self.hand_over(t, &old, new);
        }
        for slot in self.watches_of(id) {
            let goes_on = |new: &Arc<Order>| {
                self.counterpart(slot, new).is_some_and(|to| self.watches[to as usize].is_raised())
            };
            if self.watches[slot as usize].is_raised() && others.iter().any(goes_on) {
                self.lower(slot, t, words::ORDER_SUCCEEDED);
                self.keep_from_victim();
            }
        }
    }

    fn hand_over(&mut self, t: Timestamp, old: &Order, new: &Arc<Order>) {
        for from in self.watches_of(&old.order) {
            // One that began before has judged for itself.
            let to = self.counterpart(from, new).filter(|_| new.valid_from == t);
            if let Some(to) = to.filter(|to| self.watches[*to as usize].episode.is_none()) {
                self.move_watch(t, from, to);
            }
        }
        let named = |subject: &Subject| match subject {
            Subject::Device(_, device) => {
                new.parties().any(|(_, party)| party.device.as_ref() == Some(device))
            }
            Subject::Zone(_) | Subject::Pair(_) | Subject::Order(_) => false,
        };
        let raised = self.about_order(&old.order).filter(|(_, episode)| episode.standing > Standing::Clear);
        let keys: Vec<_> = raised.map(|(key, _)| key.clone()).filter(|key| named(&key.subject)).collect();
        for key in keys {
            self.move_about(t, &key, new);
        }
    }

    /// Gives the memory of a watch that stands raised to its counterpart.
    fn move_watch(&mut self, t: Timestamp, from: u32, to: u32) {
        // What does not stand raised ends with its order: who resolves it must find it where it was.
        if !self.watches[from as usize].is_raised() {
            return;
        }
        let Some(episode) = self.watches[from as usize].episode.take() else { return };
        let stood = episode.standing;
        self.watches[from as usize].episode = Some(Box::new(left_behind(&episode, t)));
        self.watches[to as usize].episode = Some(episode);
        self.note_watch(from);
        self.note_watch(to);
        self.stepped(to, Standing::Clear, stood);
        self.stepped(from, stood, Standing::Clear);
        self.announce_end(to, t, words::ORDER_TAKES_OVER);
        self.keep_from_victim();
    }

    /// The same for a watch over a device, unless the new order's stands raised itself.
    fn move_about(&mut self, t: Timestamp, from: &WatchKey, new: &Order) {
        let Subject::Device(kind, device) = &from.subject else { return };
        let mut carried = new.parties().filter(|(_, party)| party.device.as_ref() == Some(device));
        let slot = carried.find_map(|(role, _)| self.find(role, device.as_str()).ok());
        let Some(slot) = slot else { return };
        let about = AboutDevice { order: new, kind: *kind, slot, now: t, evidence_at: t };
        let (to, mut alert) = self.alert_about_device(&about);
        let Some(mut episode) = self.about_devices.get(from).cloned() else { return };
        if self.standing_about(&to) > Standing::Clear {
            return;
        }
        self.about_devices.insert(from.clone(), left_behind(&episode, t));
        enter(&mut episode, &to, t, &mut alert);
        words::ORDER_TAKES_OVER.clone_into(&mut alert.reason);
        self.changed_about.extend([from.clone(), to.clone()]);
        self.about_devices.insert(to, episode);
        self.effects.push_back(Effect::Alert(Box::new(alert)));
        self.keep_from_victim();
        self.note_protection(slot);
    }

    /// What was just said is no news for the victim.
    fn keep_from_victim(&mut self) {
        if let Some(Effect::Alert(alert)) = self.effects.back_mut() {
            alert.hindsight = true;
        }
    }

    /// The watch of an order that looks at the same: the same victim, the zone of that name, or one just like it.
    fn counterpart(&self, slot: u32, order: &Order) -> Option<u32> {
        let watch = &self.watches[slot as usize];
        let all = self.orders.get(&order.order)?.watches.iter().copied();
        let named = all.clone().find(|other| self.watches[*other as usize].subject() == watch.subject());
        named.or_else(|| {
            let Some(Target::Zone(zone)) = watch.target() else { return None };
            let mut alike = all.filter(|other| match self.watches[*other as usize].target() {
                Some(Target::Zone(other)) => {
                    other.kind == zone.kind && other.shape == zone.shape && other.victim == zone.victim
                }
                _ => false,
            });
            alike.next()
        })
    }

    fn watches_of(&self, id: &OrderId) -> Vec<u32> {
        self.orders.get(id).map(|registered| registered.watches.to_vec()).unwrap_or_default()
    }

    fn others_of(&self, order: &Order) -> Vec<Arc<Order>> {
        let all = self.orders_of_wearer(&order.wearer.person);
        all.filter(|other| other.order != order.order).cloned().collect()
    }
}

/// What stays with the order that ends: nothing stands, and what was raised is known. Whatever of its time comes late
/// opens an incident of its own.
fn left_behind(episode: &Episode, t: Timestamp) -> Episode {
    let mut left = episode.clone();
    left.step(Standing::Clear, Certainty::Certain);
    left.mark(t);
    left.closed = true;
    left.established = false;
    left
}
