//! Follow-up: every alarm is somebody's. The second state machine, of the same form as the engine.
//!
//! Mutate once, then drain: [`FollowUp::handle`], then [`FollowUp::poll_effect`] until it is empty;
//! [`FollowUp::poll_deadline`] says when it wants to be woken with [`Event::Tick`]. Pure: no clock, no store, no
//! channel. Whatever was due before the time of an event happens first, at its own time; clocks hold no state of
//! their own, they follow from the incidents' rows, so that a restart changes nothing.
//!
//! INVARIANT: an unresolved alarm has a running clock, whatever was told in which order.

mod alerts;
mod clocks;
mod commands;
mod desks;
mod duty;
mod effect;
mod event;
mod incident;
mod mass;
mod policy;
mod proposals;
mod receipts;
#[cfg(test)]
mod tests;
mod words;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use uuid::Uuid;
use zones::{AlertKind, OrderId, Timestamp};

pub use duty::{DutyRow, OnDuty, Override};
pub use effect::{About, DeskNews, Effect, Entry, NO_ORDER, Notice, OwnAlert, Reason, SERVICE, What};
pub use event::{Actor, Command, Done, Event, Noted, Raised, Refused};
pub use incident::{ADDED, Clock, Incident, Proposal, WhatWasDone};
pub use policy::{ACCEPTED, Deadline, Duty, Policy, Rules, Step, Unfit};
pub use words::{
    Action, Condition, DeskState, Outcome, Recipient, StaffRole, State, Task, Unless, VictimState,
};

use words::StaffRole as Role;

/// The clock of one that was told nothing yet.
fn never() -> Timestamp {
    Timestamp::from_millis(i64::MIN)
}

/// All incidents that are somebody's, and who has which role.
#[derive(Debug)]
pub struct FollowUp {
    rules: Arc<Rules>,
    clock: Timestamp,
    incidents: BTreeMap<Uuid, Incident>,
    /// Incidents by when their next clock runs out: nothing is looked at before.
    due: BTreeSet<(Timestamp, Uuid)>,
    /// The last time that nobody looked: from after, up to.
    away: (Timestamp, Timestamp),
    /// Incidents that were resolved and last, by their watch.
    lasting: BTreeSet<(String, Uuid)>,
    /// Incidents by the alerts that victims were told of.
    by_alert: BTreeMap<Uuid, Uuid>,
    duty: BTreeMap<Role, DutyRow>,
    /// Silences that last, by when they began.
    silent: BTreeSet<(Timestamp, Uuid)>,
    /// Those that are grouped, by the incident they are part of.
    groups: BTreeMap<Uuid, mass::Group>,
    /// The incident of many silent devices, while that lasts.
    mass: Option<Uuid>,
    /// When it may change whether somebody has each role that is counted on.
    duty_at: Option<Timestamp>,
    /// When the next of a group that has ended get clocks of their own.
    settle_at: Option<Timestamp>,
    effects: VecDeque<Effect>,
    changed: BTreeSet<Uuid>,
    changed_duty: BTreeSet<Role>,
}

/// A row that has changed.
#[derive(Debug)]
pub enum Change<'a> {
    /// An incident as it stands now.
    Incident(Uuid, &'a Incident),
    /// An incident that need not be remembered any more.
    Forgotten(Uuid),
    /// What is remembered of a role.
    Duty(Role, &'a DutyRow),
}

impl FollowUp {
    /// One that knows no incident. Incidents for which there is no policy get the built-in one.
    pub fn new(rules: Rules) -> Self {
        Self::restore(rules, never(), [], [])
    }

    /// Takes up the rows that [`drain_changes`](Self::drain_changes) gave, as they stood at `clock`.
    pub fn restore(
        rules: Rules,
        clock: Timestamp,
        incidents: impl IntoIterator<Item = (Uuid, Incident)>,
        duty: impl IntoIterator<Item = (Role, DutyRow)>,
    ) -> Self {
        let mut this = Self {
            rules: Arc::new(rules.complete()),
            clock,
            incidents: BTreeMap::new(),
            due: BTreeSet::new(),
            away: (clock, clock),
            lasting: BTreeSet::new(),
            by_alert: BTreeMap::new(),
            duty: duty.into_iter().collect(),
            silent: BTreeSet::new(),
            groups: BTreeMap::new(),
            mass: None,
            duty_at: None,
            settle_at: None,
            effects: VecDeque::new(),
            changed: BTreeSet::new(),
            changed_duty: BTreeSet::new(),
        };
        for (id, incident) in incidents {
            this.by_alert.extend(incident.victim_alerts.iter().map(|alert| (*alert, id)));
            this.put(id, incident);
        }
        this.changed.clear();
        for row in this.duty.values_mut() {
            // An earlier version may have forgotten the incident and not this.
            row.lacking = row.lacking.filter(|id| this.incidents.contains_key(id));
        }
        this.settle_at = this.is_unsettled().then_some(clock);
        if clock > never() {
            this.duty_at = this.next_look_at_duty(clock);
        }
        this
    }

    /// Takes in one event at time `now`. A `now` before that of an earlier one counts as that one's: time never
    /// runs back, whatever is done to the clock.
    ///
    /// # Errors
    /// When it is refused: nothing changed but the passing of time.
    pub fn handle(&mut self, now: Timestamp, event: Event) -> Result<Done, Refused> {
        let now = now.max(self.clock);
        if self.clock == never() {
            self.duty_at = Some(now);
        }
        self.run_clocks(now);
        self.clock = now;
        let done = self.hear(now, event);
        if self.settle_at.is_none() {
            self.settle_groups(now);
        }
        done
    }

    fn hear(&mut self, now: Timestamp, event: Event) -> Result<Done, Refused> {
        match event {
            Event::Alert(raised) => Ok(self.alert(now, &raised)),
            Event::VictimReceipt { device, alert, state, at } => {
                self.victim_receipt(now, &device, alert, state, at)
            }
            Event::DeskReceipt { desk, incident, state, reference, reason, at } => {
                let said = receipts::DeskSaid { desk, state, reference, reason, at };
                self.desk_receipt(now, incident, &said)
            }
            Event::Command { incident, actor, command, key } => {
                self.command(now, incident, &actor, command, key.as_deref())
            }
            Event::Duty { actor, role, people, until } => Ok(self.set_duty(now, &actor, role, people, until)),
            Event::Undelivered { incident, channel, recipient } => {
                self.undelivered(now, incident, channel, &recipient)
            }
            Event::QuietOver { incident, alert, device, second_road } => {
                self.quiet_over(now, incident, alert, device, second_road)
            }
            Event::Noted { incident, what } => self.noted(now, incident, what),
            Event::OrderGone(order) => Ok(self.order_gone(now, &order)),
            Event::Away { until } => Ok(self.was_away(now, until)),
            Event::Tick => Ok(Done::Done),
        }
    }

    /// The next thing that follows from what was handled; `None` when all is said.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When to handle [`Event::Tick`] at the latest.
    pub fn poll_deadline(&self) -> Option<Timestamp> {
        self.due.first().map(|(at, _)| *at).into_iter().chain(self.settle_at).chain(self.duty_at).min()
    }

    /// Hands out what has changed since the last call, each once, as it stands now.
    pub fn drain_changes(&mut self, mut each: impl FnMut(Change<'_>)) {
        for id in std::mem::take(&mut self.changed) {
            match self.incidents.get(&id) {
                Some(incident) => each(Change::Incident(id, incident)),
                None => each(Change::Forgotten(id)),
            }
        }
        for role in std::mem::take(&mut self.changed_duty) {
            if let Some(row) = self.duty.get(&role) {
                each(Change::Duty(role, row));
            }
        }
    }

    /// The latest time that was handled.
    pub fn clock(&self) -> Timestamp {
        self.clock
    }

    /// An incident that is remembered.
    pub fn incident(&self, id: Uuid) -> Option<&Incident> {
        self.incidents.get(&id)
    }

    /// All incidents that are remembered, by id.
    pub fn incidents(&self) -> impl Iterator<Item = (Uuid, &Incident)> {
        self.incidents.iter().map(|(id, incident)| (*id, incident))
    }

    /// What the settings say.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Takes an incident out to be changed; [`put`](Self::put) puts it back.
    fn take(&mut self, id: Uuid) -> Option<Incident> {
        let incident = self.incidents.remove(&id)?;
        if let Some(at) = incident.next_at {
            self.due.remove(&(at, id));
        }
        self.leave_silence(id, &incident);
        if let Some(watch) = incident.lasting() {
            self.lasting.remove(&(watch, id));
        }
        Some(incident)
    }

    fn put(&mut self, id: Uuid, mut incident: Incident) {
        incident.next_at = incident.due(&self.rules, self.away.1);
        if let Some(at) = incident.next_at {
            self.due.insert((at, id));
        }
        self.enter_silence(id, &incident);
        self.lasting.extend(incident.lasting().map(|watch| (watch, id)));
        self.changed.insert(id);
        self.incidents.insert(id, incident);
    }

    /// A line of a timeline about what happened by itself.
    fn note(&mut self, incident: Uuid, at: Timestamp, what: What) {
        self.by(incident, at, SERVICE, what);
    }

    /// A line of a timeline about what somebody did.
    fn by(&mut self, incident: Uuid, at: Timestamp, actor: &str, what: What) {
        let entry = Entry { incident, at, actor: actor.to_owned(), what };
        self.effects.push_back(Effect::Entry(entry));
    }

    /// Nothing of an order lasts any more. That a role is empty is no matter of the order under which it showed.
    fn order_gone(&mut self, now: Timestamp, order: &OrderId) -> Done {
        // What concerns many orders, or the people who watch, goes on without one of them.
        let of_one = |kind: AlertKind| !matches!(kind, AlertKind::MassSilence | AlertKind::FollowUp);
        let lasts = |incident: &Incident| {
            incident.order == *order && incident.cleared_at.is_none() && of_one(incident.kind)
        };
        let ids: Vec<Uuid> = self.incidents().filter(|(_, one)| lasts(one)).map(|(id, _)| id).collect();
        for id in ids {
            let Some(mut incident) = self.take(id) else { continue };
            self.clear(id, &mut incident, now, None);
            self.put(id, incident);
        }
        Done::Done
    }
}
