//! What is sent next, and what waits: pure, time is passed in.
//!
//! Each recipient has a lane per incident. Within a lane deliveries go one after the other, in order; lanes do
//! not wait for each other, and neither do recipients. A recipient has a few deliveries under way at once, so
//! that one who does not answer takes up little; those who share a road (the broker) share a limit too.
//!
//! Memory is bounded: beyond [`Limits::held_per_recipient`] a recipient's deliveries *spill*, that is, they
//! stay in the store only and are read again when there is room.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use zones::Timestamp;

use super::schedule::Until;
use crate::store::Channel;

/// Who, by which road.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Address {
    /// The road.
    pub channel: Channel,
    /// As [`NewDelivery::recipient`](crate::store::NewDelivery::recipient).
    pub name: Arc<str>,
}

/// How much at once.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Deliveries under way to one recipient.
    pub in_flight_per_recipient: usize,
    /// Deliveries under way over the broker, to all. Webhooks share no road, and have no such limit.
    pub in_flight_over_mqtt: usize,
    /// Deliveries under way through the mail server, and as many through the gateway for text messages: to staff,
    /// and the same again to victims, who never wait for staff.
    pub in_flight_through_server: usize,
    /// Deliveries kept in memory for one recipient.
    pub held_per_recipient: usize,
    /// Deliveries kept in memory.
    pub held: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            in_flight_per_recipient: 4,
            in_flight_over_mqtt: 256,
            in_flight_through_server: 16,
            // What is always refused stays until its incident is resolved: more of those than there can be incidents
            // open at one desk, or they would keep the next alarm from being tried at all.
            held_per_recipient: 5_000,
            held: 50_000,
        }
    }
}

/// A delivery that is to wait for its turn.
#[derive(Debug, Clone)]
pub(super) struct Item<P> {
    /// Number of the delivery; they count up.
    pub id: i64,
    /// To whom.
    pub to: Address,
    /// The incident it belongs to.
    pub incident: Arc<str>,
    /// Attempts so far.
    pub attempts: i64,
    /// Not before.
    pub due: Timestamp,
    /// For how long it is tried.
    pub until: Until,
    /// What goes with it.
    pub payload: P,
}

/// What became of a delivery that was offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offered {
    /// It waits for its turn.
    Held,
    /// It was held already.
    Known,
    /// There is no room: it must be read again later.
    Spilled,
}

/// A delivery whose turn it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Turn<P> {
    /// Number of the delivery.
    pub id: i64,
    /// Which attempt this is, from 1.
    pub attempt: i64,
    /// What goes with it.
    pub payload: P,
}

/// What a failed attempt leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AfterFailure {
    /// Its turn comes again.
    Again,
    /// It was the last attempt by that; it is forgotten.
    GivenUp(Until),
    /// It is held no more: what was to be done about it is done.
    Gone,
}

#[derive(Debug)]
struct Queue<P> {
    lanes: BTreeMap<Arc<str>, VecDeque<Item<P>>>,
    in_flight: BTreeSet<i64>,
    /// Heads that are due and wait for another delivery of this recipient to end.
    parked: BTreeSet<(Timestamp, i64)>,
    held: usize,
    /// Deliveries after this one are in the store only.
    spilled_after: Option<i64>,
}

impl<P> Default for Queue<P> {
    fn default() -> Self {
        Self {
            lanes: BTreeMap::new(),
            in_flight: BTreeSet::new(),
            parked: BTreeSet::new(),
            held: 0,
            spilled_after: None,
        }
    }
}

/// The lanes of all recipients.
#[derive(Debug)]
pub(super) struct Lanes<P> {
    limits: Limits,
    queues: BTreeMap<Address, Queue<P>>,
    /// Where each delivery that is held stands.
    places: BTreeMap<i64, (Address, Arc<str>)>,
    /// Heads of lanes by when they are due, a set for each road.
    due: [BTreeSet<(Timestamp, i64)>; ROADS],
    in_flight: [usize; ROADS],
    spilled: BTreeSet<Address>,
}

/// How many roads there are: those who share one share its limit.
const ROADS: usize = 6;
const BROKER: usize = 0;
const WEBHOOKS: usize = 1;

/// Which road a delivery takes.
fn road(channel: Channel) -> usize {
    match channel {
        Channel::VictimMqtt | Channel::DeskMqtt | Channel::StaffMqtt => BROKER,
        Channel::DeskWebhook | Channel::StaffWebhook => WEBHOOKS,
        Channel::Email => 2,
        Channel::Sms => 3,
        Channel::VictimEmail => 4,
        Channel::VictimSms => 5,
    }
}

impl<P: Clone> Lanes<P> {
    /// No deliveries yet.
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            queues: BTreeMap::new(),
            places: BTreeMap::new(),
            due: Default::default(),
            in_flight: [0; ROADS],
            spilled: BTreeSet::new(),
        }
    }

    /// Takes a delivery into its lane. Those of one recipient must be offered in order of their numbers.
    pub(super) fn offer(&mut self, item: Item<P>) -> Offered {
        if self.places.contains_key(&item.id) {
            return Offered::Known;
        }
        let is_full = self.places.len() >= self.limits.held;
        let queue = self.queues.entry(item.to.clone()).or_default();
        if queue.spilled_after.is_some() {
            return Offered::Spilled;
        }
        if is_full || queue.held >= self.limits.held_per_recipient {
            queue.spilled_after = Some(item.id - 1);
            self.spilled.insert(item.to);
            return Offered::Spilled;
        }
        queue.held += 1;
        self.places.insert(item.id, (item.to.clone(), item.incident.clone()));
        let road = road(item.to.channel);
        let lane = queue.lanes.entry(item.incident.clone()).or_default();
        if lane.is_empty() {
            self.due[road].insert((item.due, item.id));
        }
        lane.push_back(item);
        Offered::Held
    }

    /// The next delivery whose turn it is; to be called until there is none.
    pub(super) fn next_turn(&mut self, now: Timestamp) -> Option<Turn<P>> {
        (0..self.due.len()).find_map(|road| self.next_on(road, now))
    }

    fn next_on(&mut self, road: usize, now: Timestamp) -> Option<Turn<P>> {
        while self.has_room(road) && self.due[road].first().is_some_and(|(due, _)| *due <= now) {
            let (due, id) = self.due[road].pop_first()?;
            let (to, incident) = self.places.get(&id)?;
            let queue = self.queues.get_mut(to)?;
            if queue.in_flight.len() >= self.limits.in_flight_per_recipient {
                queue.parked.insert((due, id));
                continue;
            }
            let head = queue.lanes.get(incident)?.front()?;
            let turn = Turn { id, attempt: head.attempts + 1, payload: head.payload.clone() };
            queue.in_flight.insert(id);
            self.in_flight[road] += 1;
            return Some(turn);
        }
        None
    }

    fn has_room(&self, road: usize) -> bool {
        let most = match road {
            BROKER => self.limits.in_flight_over_mqtt,
            WEBHOOKS => return true,
            _ => self.limits.in_flight_through_server,
        };
        self.in_flight[road] < most
    }

    /// The delivery was received. The next of its lane is due.
    pub(super) fn received(&mut self, id: i64) {
        if self.land(id) {
            self.drop_item(id);
        }
    }

    /// The attempt failed. Its lane waits until `next_at`; no other does. What could not get through however often
    /// it was tried (`hopeless`) is tried again only while its incident is open.
    pub(super) fn failed(&mut self, id: i64, next_at: Timestamp, hopeless: bool) -> AfterFailure {
        if !self.land(id) {
            return AfterFailure::Gone;
        }
        let head = self
            .places
            .get(&id)
            .and_then(|(to, incident)| self.queues.get_mut(to)?.lanes.get_mut(incident)?.front_mut());
        let Some(head) = head else { return AfterFailure::Gone };
        let again = match head.until {
            Until::Received => true,
            Until::Tried | Until::Had => false,
            Until::Latest(at) => !hopeless && next_at < at,
        };
        if again {
            head.attempts += 1;
            head.due = next_at;
            let road = road(head.to.channel);
            self.due[road].insert((next_at, id));
            return AfterFailure::Again;
        }
        let until = head.until;
        self.drop_item(id);
        if until == Until::Had { AfterFailure::Gone } else { AfterFailure::GivenUp(until) }
    }

    /// An incident is closed; `until` says for how long each of its deliveries is tried now. Gives back those that are
    /// given up at once: somebody was to act on them, and they were tried.
    pub(super) fn close(&mut self, incident: &str, until: impl Fn(&P) -> Until) -> Vec<P> {
        let mut given_up = Vec::new();
        for queue in self.queues.values_mut() {
            for item in queue.lanes.get_mut(incident).into_iter().flatten() {
                if item.until != Until::Received {
                    continue;
                }
                item.until = until(&item.payload);
                let is_over = item.until == Until::Tried && item.attempts > 0;
                if is_over && !queue.in_flight.contains(&item.id) {
                    given_up.push((item.id, item.payload.clone()));
                }
            }
        }
        let drop = |(id, payload)| {
            self.drop_item(id);
            payload
        };
        given_up.into_iter().map(drop).collect()
    }

    /// The recipient has by another road what `is` picks. One that is under way is not tried again.
    pub(super) fn had(&mut self, to: &Address, is: impl Fn(&P) -> bool) {
        let Some(queue) = self.queues.get_mut(to) else { return };
        let mut done = Vec::new();
        for item in queue.lanes.values_mut().flatten().filter(|item| is(&item.payload)) {
            item.until = Until::Had;
            if !queue.in_flight.contains(&item.id) {
                done.push(item.id);
            }
        }
        for id in done {
            self.drop_item(id);
        }
    }

    /// When the next turn comes; `None` when nothing waits for a time. A delivery that waits for another to
    /// end has no time.
    pub(super) fn poll_deadline(&self) -> Option<Timestamp> {
        let first = |road: usize| self.due[road].first().filter(|_| self.has_room(road)).map(|(due, _)| *due);
        (0..ROADS).filter_map(first).min()
    }

    /// A recipient whose spilled deliveries there is room for, and the number after which they begin.
    pub(super) fn to_reload(&self) -> Option<(Address, i64)> {
        if self.places.len() >= self.limits.held {
            return None;
        }
        self.spilled.iter().find_map(|address| {
            let queue = self.queues.get(address)?;
            let after = queue.spilled_after.filter(|_| queue.held * 2 <= self.limits.held_per_recipient)?;
            Some((address.clone(), after))
        })
    }

    /// From here on the recipient's deliveries are offered again, from the one after which they spilled.
    pub(super) fn resume(&mut self, address: &Address) {
        self.spilled.remove(address);
        if let Some(queue) = self.queues.get_mut(address) {
            queue.spilled_after = None;
        }
        self.tidy(address);
    }

    /// The recipient's deliveries after that number are in the store only.
    pub(super) fn spill(&mut self, address: &Address, after: i64) {
        let queue = self.queues.entry(address.clone()).or_default();
        queue.spilled_after.get_or_insert(after);
        self.spilled.insert(address.clone());
    }

    /// Forgets all that is not under way: everything pending is about to be offered again.
    pub(super) fn forget_waiting(&mut self) {
        let under_way: BTreeSet<i64> =
            self.queues.values().flat_map(|queue| queue.in_flight.iter().copied()).collect();
        let waiting: Vec<i64> = self.places.keys().filter(|id| !under_way.contains(id)).copied().collect();
        for id in waiting {
            self.drop_item(id);
        }
        for address in std::mem::take(&mut self.spilled) {
            self.resume(&address);
        }
    }

    /// To whom a delivery that is held goes, and about which incident.
    pub(super) fn place(&self, id: i64) -> Option<(&Address, &str)> {
        self.places.get(&id).map(|(to, incident)| (to, &**incident))
    }

    /// Deliveries held, and those of them under way.
    #[cfg(test)]
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.places.len(), self.in_flight.iter().sum())
    }

    /// An attempt has ended; whether it was one of ours. One that was parked may go instead.
    fn land(&mut self, id: i64) -> bool {
        let Some((to, _)) = self.places.get(&id) else { return false };
        let road = road(to.channel);
        let Some(queue) = self.queues.get_mut(to) else { return false };
        if !queue.in_flight.remove(&id) {
            return false;
        }
        self.in_flight[road] = self.in_flight[road].saturating_sub(1);
        if let Some(parked) = queue.parked.pop_first() {
            self.due[road].insert(parked);
        }
        true
    }

    /// Takes a delivery that is not under way out of its lane; if it was the head, the next one is due.
    fn drop_item(&mut self, id: i64) {
        let Some((to, incident)) = self.places.remove(&id) else { return };
        let road = road(to.channel);
        let Some(queue) = self.queues.get_mut(&to) else { return };
        let Some(lane) = queue.lanes.get_mut(&incident) else { return };
        let Some(index) = lane.iter().position(|item| item.id == id) else { return };
        let Some(item) = lane.remove(index) else { return };
        queue.held -= 1;
        let slot = (item.due, id);
        self.due[road].remove(&slot);
        queue.parked.remove(&slot);
        match lane.front() {
            Some(next) if index == 0 => {
                self.due[road].insert((next.due, next.id));
            }
            Some(_) => {}
            None => {
                queue.lanes.remove(&incident);
            }
        }
        self.tidy(&to);
    }

    /// Nothing is kept about a recipient for whom there is nothing.
    fn tidy(&mut self, address: &Address) {
        let is_empty = self.queues.get(address).is_some_and(|q| q.held == 0 && q.spilled_after.is_none());
        if is_empty {
            self.queues.remove(address);
        }
    }
}

#[cfg(test)]
mod tests;
