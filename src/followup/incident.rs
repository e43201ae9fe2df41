//! One incident's follow-up: a flat row, from which all its clocks follow.

use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zones::order::Risk;
use zones::{AlertKind, DeskId, DeviceId, Level, OrderId, PersonId, Timestamp};

use super::desks::DeskTold;
use super::effect::NO_ORDER;
use super::event::{Raised, Refused};
use super::policy::{ACCEPTED, Deadline, LATE_KEPT_FOR, Policy, REMEMBERED, Rules};
use super::words::{Condition, DeskState, Outcome, State, Task, Unless, VictimState};

/// Alerts to the victim of which a receipt is still understood, and keys of commands that are known again.
const MOST_REMEMBERED: usize = 16;

/// So many fields at the end of an [`Incident`] are younger than the first stored rows. Each is such that nothing said
/// is written as one zero byte: a row without them is read as one that ends in zeros.
pub const ADDED: usize = 13;

/// The follow-up of an incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Its watch, as text; `None` for one that the service raised itself.
    pub watch: Option<String>,
    /// What it is about.
    pub kind: AlertKind,
    /// Its order; of many silent devices that of the first, see [`order_of_one`](Self::order_of_one).
    pub order: OrderId,
    /// The wearer.
    pub wearer: PersonId,
    /// The victim concerned.
    pub victim: Option<PersonId>,
    /// The risk of the case when it was last raised.
    pub risk: Option<Risk>,
    /// The order's desk.
    pub desk: Option<DeskId>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Level now.
    pub level: Level,
    /// Highest level it has had.
    pub worst: Level,
    /// Whether it lasts.
    pub condition: Condition,
    /// When it ended, while it is over.
    pub cleared_at: Option<Timestamp>,
    /// How far it is.
    pub state: State,
    /// Who has it, or had it before it came back.
    pub owner: Option<String>,
    /// When that one acknowledged it.
    pub acknowledged_at: Option<Timestamp>,
    /// Somebody was called in: another may take it over.
    pub handed_on: bool,
    /// What one operator says became of it.
    pub proposed: Option<Proposal>,
    /// What became of it.
    pub outcome: Option<Outcome>,
    /// Who resolved it.
    pub resolved_by: Option<String>,
    /// When.
    pub resolved_at: Option<Timestamp>,
    /// When the last person or partner did something, or an alert was raised.
    pub changed_at: Timestamp,
    /// Alerts raised in it, other than its end.
    pub count: u32,
    /// What is to be done by hand.
    pub tasks: Vec<Task>,
    /// Where it stands with the desk.
    pub desk_state: Option<DeskState>,
    /// The desk's own number.
    pub reference: Option<String>,
    /// What her device said of the newest alert.
    pub victim_state: Option<VictimState>,
    /// Her device, where it was told.
    pub victim_device: Option<DeviceId>,
    /// Partners' deadlines.
    pub deadlines: Vec<Clock>,
    /// The last action was taken.
    pub acted: bool,
    /// The clock of the steps that wait for an acknowledgement began here.
    pub(super) since: Timestamp,
    /// Her device was told here and has not shown it.
    pub(super) victim_since: Option<Timestamp>,
    /// The desk was told here and has not accepted.
    pub(super) desk_since: Option<Timestamp>,
    /// It rings again here.
    pub(super) ring_at: Option<Timestamp>,
    /// How often it rang.
    pub(super) rings: u32,
    /// Everything due up to here was done.
    pub(super) done: Timestamp,
    /// Alerts her device was told of, the newest last.
    pub(super) victim_alerts: Vec<Uuid>,
    /// Commands that an earlier version knew again, by their keys alone.
    pub(super) keys: Vec<Uuid>,
    // What follows was added later: see [`ADDED`].
    /// The incident of many silent devices that it is, or was, part of.
    pub part_of: Option<Uuid>,
    /// Its device has been silent since; of many silent devices: when it was last looked at whether it goes on.
    pub(super) silent_since: Option<Timestamp>,
    /// Last known metres between the two parties, of a silence.
    pub last_distance_m: Option<u32>,
    /// It is part of those many while that goes on.
    pub(super) grouped: bool,
    /// … and rings by itself all the same.
    pub(super) alone: bool,
    /// The contact whom its order names as coordinator.
    pub case_contact: Option<String>,
    /// Her second channel was told, and not yet that it is over.
    pub(super) second_told: bool,
    /// There is another road to her whose device was told.
    pub(super) second_road: bool,
    /// Receipts that are known again.
    pub(super) receipts: Vec<Uuid>,
    /// Commands that are known again: what each key stood for.
    pub(super) said: Vec<(Uuid, Uuid)>,
    /// The person who made the proposal, where there is one.
    pub(super) proposer: Option<String>,
    /// Its alarm was held back from its desk, which heard of the group that it is part of.
    pub(super) held: bool,
    /// Of many silent devices: which desks heard of it.
    pub(super) desks: Vec<DeskTold>,
    /// When its next clock runs out, as the due set has it. Follows from the rest.
    #[serde(skip)]
    pub(super) next_at: Option<Timestamp>,
}

/// What was done about an incident. It holds nothing of people or places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WhatWasDone {
    /// Somebody in the monitoring centre has it.
    pub acknowledged: bool,
    /// Something was done.
    pub acted: bool,
    /// Where it stands with the desk.
    pub desk: Option<DeskState>,
    /// Somebody has said what became of it.
    pub resolved: bool,
}

/// A resolution that waits for a second person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Who proposes it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What.
    pub outcome: Outcome,
}

/// A partner's deadline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// Its name in the settings.
    pub name: String,
    /// Whose it is.
    pub partner: String,
    /// What keeps it: a partner's step, or [`ACCEPTED`], and by which desk: `accepted/rotterdam`. (Of one that an earlier
    /// version began the desk is not said.)
    pub kept_by: String,
    /// When it began.
    pub from: Timestamp,
    /// When it ends.
    pub due_at: Timestamp,
    /// When it was kept, in time or after all.
    pub kept_at: Option<Timestamp>,
    /// It ended before it was kept.
    pub missed: bool,
}

impl Clock {
    /// Whether it still runs.
    pub fn is_open(&self) -> bool {
        self.kept_at.is_none() && !self.missed
    }

    /// The desk that must accept, where it is one desk's.
    pub fn desk(&self) -> Option<&str> {
        self.kept_by.strip_prefix(ACCEPTED)?.strip_prefix('/')
    }

    /// Whether that desk's acceptance keeps it.
    pub(super) fn is_accepted_by(&self, desk: &DeskId) -> bool {
        self.kept_by == ACCEPTED || self.desk() == Some(desk.as_str())
    }
}

impl Incident {
    /// An incident as its first alert opens it; its clocks are for the caller to start.
    pub(super) fn open(raised: &Raised, at: Timestamp) -> Self {
        Self {
            watch: raised.watch.as_ref().map(ToString::to_string),
            kind: raised.kind,
            order: raised.order.clone(),
            wearer: raised.wearer.clone(),
            victim: raised.victim.clone(),
            risk: raised.risk,
            desk: raised.desk.clone(),
            opened_at: at,
            level: Level::Clear,
            worst: Level::Clear,
            condition: Condition::Active,
            cleared_at: None,
            state: State::New,
            owner: None,
            acknowledged_at: None,
            handed_on: false,
            proposed: None,
            outcome: None,
            resolved_by: None,
            resolved_at: None,
            changed_at: at,
            count: 0,
            tasks: Vec::new(),
            desk_state: None,
            reference: None,
            victim_state: None,
            victim_device: None,
            deadlines: Vec::new(),
            acted: false,
            since: at,
            victim_since: None,
            desk_since: None,
            ring_at: None,
            rings: 0,
            done: at,
            victim_alerts: Vec::new(),
            keys: Vec::new(),
            part_of: None,
            silent_since: None,
            last_distance_m: None,
            grouped: false,
            alone: false,
            case_contact: None,
            second_told: false,
            second_road: false,
            receipts: Vec::new(),
            said: Vec::new(),
            proposer: None,
            held: false,
            desks: Vec::new(),
            next_at: None,
        }
    }

    /// What it is to be found by when its watch opens another: it was resolved and lasts, so that its end may belong
    /// to the other one.
    pub(super) fn lasting(&self) -> Option<String> {
        self.watch.clone().filter(|_| !self.is_open() && self.cleared_at.is_none())
    }

    /// Its order, unless it concerns many, where that one is only of the first of them, or none.
    pub fn order_of_one(&self) -> Option<&OrderId> {
        Some(&self.order).filter(|order| self.kind != AlertKind::MassSilence && order.as_str() != NO_ORDER)
    }

    /// Whether somebody still has to do something about it.
    pub fn is_open(&self) -> bool {
        self.state != State::Resolved
    }

    /// Whether its alarm was held back from its desk.
    pub fn is_held(&self) -> bool {
        self.held
    }

    /// Nothing is known of a desk.
    pub(super) fn leave_desk(&mut self) {
        (self.desk_state, self.reference, self.desk_since) = (None, None, None);
    }

    /// What was done about it so far, for her who is told that it is over.
    pub fn what_was_done(&self) -> WhatWasDone {
        let acknowledged = self.acknowledged_at.is_some();
        WhatWasDone { acknowledged, acted: self.acted, desk: self.desk_state, resolved: !self.is_open() }
    }

    /// When its next clock runs out.
    pub fn next_step_at(&self) -> Option<Timestamp> {
        self.next_at.filter(|_| self.is_open())
    }

    /// The clock of steps that wait for that, where it runs.
    pub(super) fn clock(&self, unless: Option<Unless>) -> Option<Timestamp> {
        if !self.is_open() || self.is_resting() {
            return None;
        }
        // A warning that is over rings nobody any more; it stays in the queue.
        let lasts = self.worst == Level::Alarm || self.condition == Condition::Active;
        match unless {
            None => Some(self.since).filter(|_| lasts),
            Some(Unless::Acknowledged) => Some(self.since).filter(|_| lasts && self.state == State::New),
            Some(Unless::Displayed) => self.victim_since,
            Some(Unless::Accepted) => self.desk_since,
        }
    }

    /// The next moment at which something is due: it follows from the row and the rules alone, and from when nobody
    /// looked any more.
    pub(super) fn due(&self, rules: &Rules, away_until: Timestamp) -> Option<Timestamp> {
        let steps = rules.policy(self.kind, self.worst, self.risk).into_iter().flat_map(|p| &p.steps);
        let steps = steps.filter_map(|step| step.next_by(self.clock(step.unless)?, self.done, away_until));
        let deadlines = self.deadlines.iter().filter(|clock| clock.is_open());
        let deadlines = deadlines.flat_map(|clock| {
            let rule = rules.deadlines.iter().find(|rule| rule.name == clock.name);
            let reminders = rule.into_iter().flat_map(|rule| &rule.remind_before);
            let reminders = reminders.map(|before| clock.due_at - *before).filter(|at| *at > self.done);
            reminders.chain([clock.due_at])
        });
        let ring = self.ring_at.filter(|_| self.is_open());
        steps.chain(deadlines).chain(ring).chain(self.desks_due()).chain(self.forget_at()).min()
    }

    /// When nothing about it need be remembered any more.
    pub(super) fn forget_at(&self) -> Option<Timestamp> {
        let resolved = self.resolved_at?;
        let mut last = resolved.max(self.cleared_at?);
        for clock in &self.deadlines {
            if clock.is_open() {
                return None;
            }
            last = last.max(clock.kept_at.unwrap_or(clock.due_at + LATE_KEPT_FOR));
        }
        Some(last + REMEMBERED)
    }

    /// Begins those deadlines that an alert of that level begins: each once, and a desk's once for each desk that is told.
    pub(super) fn begin(&self, rules: &[Deadline], level: Level, at: Timestamp) -> Vec<Clock> {
        let desk = self.desk.as_ref();
        let runs = |rule: &Deadline, clock: &Clock| {
            let other_desks = rule.is_of_desk() && desk.is_some_and(|desk| !clock.is_accepted_by(desk));
            clock.name == rule.name && !other_desks
        };
        let begins = |rule: &&Deadline| {
            rule.level == level
                && rule.fits(self.kind)
                && (!rule.is_of_desk() || self.desk_since.is_some())
                && !self.deadlines.iter().any(|clock| runs(rule, clock))
        };
        let kept_by = |rule: &Deadline| match desk.filter(|_| rule.is_of_desk()) {
            Some(desk) => format!("{ACCEPTED}/{desk}"),
            None => rule.kept_by.clone(),
        };
        let clock = |rule: &Deadline| Clock {
            name: rule.name.clone(),
            partner: rule.partner.clone(),
            kept_by: kept_by(rule),
            from: at,
            due_at: at + rule.within,
            kept_at: None,
            missed: false,
        };
        rules.iter().filter(begins).map(clock).collect()
    }

    /// Remembers an alert that her device was told of.
    pub(super) fn remember_alert(&mut self, alert: Uuid) -> Option<Uuid> {
        self.victim_alerts.push(alert);
        (self.victim_alerts.len() > MOST_REMEMBERED).then(|| self.victim_alerts.remove(0))
    }

    /// Whether a key stood for that very command before.
    ///
    /// # Errors
    /// When it stood for another.
    pub(super) fn knows(&self, key: Uuid, command: Uuid) -> Result<bool, Refused> {
        match self.said.iter().find(|(known, _)| *known == key) {
            Some((_, before)) if *before == command => Ok(true),
            Some(_) => Err(Refused::invalid("Idempotency-Key", "was used for another command")),
            None => Ok(self.keys.contains(&key)),
        }
    }

    /// Remembers a command by its key.
    pub(super) fn remember_command(&mut self, key: Uuid, command: Uuid) {
        remember(&mut self.said, (key, command));
    }

    /// Remembers a receipt: a broker may bring it again, after others.
    pub(super) fn remember_receipt(&mut self, receipt: Uuid) {
        remember(&mut self.receipts, receipt);
    }

    /// How long it may lie after the last thing somebody did.
    pub(super) fn patience(&self, policy: Option<&Policy>) -> Option<zones::Millis> {
        let policy = policy?;
        Some(if self.state == State::InProgress { policy.idle } else { policy.ring_again })
    }

    /// Refuses what cannot be done to a resolved incident.
    pub(super) fn must_be_open(&self) -> Result<(), Refused> {
        match (&self.resolved_by, self.resolved_at) {
            (Some(by), Some(at)) => Err(Refused::Conflict { by: by.clone(), at, what: "resolved it" }),
            _ => Ok(()),
        }
    }
}

/// Keeps the newest few.
fn remember<T>(keys: &mut Vec<T>, key: T) {
    keys.push(key);
    if keys.len() > MOST_REMEMBERED {
        keys.remove(0);
    }
}
