//! What happens when a clock runs out.

use std::sync::Arc;

use uuid::Uuid;
use zones::{AlertKind, Level, Timestamp};

use super::FollowUp;
use super::effect::{Effect, Notice, Reason, What};
use super::event::Done;
use super::incident::{Clock, Incident};
use super::policy::{SHORTEST_REPEAT, Step, times_before};
use super::words::{Recipient, StaffRole, State, Task, Unless};

/// From so many rings on the shift lead hears them too: who has it does not answer.
const RINGS_ALONE: u32 = 2;

impl FollowUp {
    /// Everything that was due up to `now`, each at its own time.
    pub(super) fn run_clocks(&mut self, now: Timestamp) {
        loop {
            let next = self.due.first().copied().filter(|(at, _)| *at <= now);
            let settle_at = self.settle_at.filter(|at| *at <= now);
            let first = next.map(|(at, _)| at).into_iter().chain(settle_at).min();
            if let Some(at) = self.duty_at.filter(|at| *at <= now && first.is_none_or(|first| *at <= first)) {
                self.clock = self.clock.max(at);
                self.look_at_duty(self.clock);
                continue;
            }
            if let Some(at) = settle_at.filter(|at| next.is_none_or(|(next, _)| *at <= next)) {
                self.clock = self.clock.max(at);
                self.settle_groups(self.clock);
                continue;
            }
            let Some((at, id)) = next else { return };
            let Some(mut incident) = self.take(id) else {
                self.due.remove(&(at, id));
                continue;
            };
            self.clock = self.clock.max(at);
            if incident.forget_at().is_some_and(|forget| forget <= at) {
                for alert in &incident.victim_alerts {
                    self.by_alert.remove(alert);
                }
                self.forget_lacking(id);
                self.changed.insert(id);
                continue;
            }
            self.run(id, &mut incident, at);
            incident.done = at;
            self.put(id, incident);
        }
    }

    fn run(&mut self, id: Uuid, incident: &mut Incident, at: Timestamp) {
        let rules = Arc::clone(&self.rules);
        let policy = rules.policy(incident.kind, incident.worst, incident.risk);
        for step in policy.into_iter().flat_map(|policy| &policy.steps) {
            let Some(from) = incident.clock(step.unless) else { continue };
            if step.next_by(from, incident.done, self.away.1) == Some(at) {
                self.left_out(id, step, from, at);
                self.step(id, incident, step, from, at);
            }
        }
        if incident.is_open() && incident.ring_at.is_some_and(|ring| ring <= at) {
            match self.rings_left_out(incident, at) {
                Some((times, last)) => {
                    incident.rings = incident.rings.saturating_add(u32::try_from(times).unwrap_or(u32::MAX));
                    incident.ring_at = Some(last);
                    self.note(id, at, What::NotTold { times, since: at });
                }
                None => self.ring_again(id, incident, at),
            }
        }
        for n in 0..incident.deadlines.len() {
            self.deadline(id, incident, n, at);
        }
        self.tell_desks_of_news(id, incident, at);
    }

    /// Nobody can have been told anything while nobody looked.
    pub(super) fn was_away(&mut self, now: Timestamp, until: Timestamp) -> Done {
        if until > now {
            self.away = (now, until);
            self.duty_at = self.duty_at.map(|at| at.max(until));
        }
        Done::Done
    }

    /// Says how often a step would have been taken before, had somebody looked.
    fn left_out(&mut self, id: Uuid, step: &Step, from: Timestamp, at: Timestamp) {
        let (after, until) = self.away;
        let Some(every) = step.repeat.filter(|_| at <= until) else { return };
        // What is taken at once was, with its alert.
        let after = if step.after.0 == 0 { after.max(from) } else { after };
        let Some(since) = step.next(from, after) else { return };
        let times = times_before(since, every, at);
        if times > 0 {
            self.note(id, at, What::NotTold { times, since });
        }
    }

    /// How often it would have rung before the last time that nobody looked, and when that was.
    fn rings_left_out(&self, incident: &Incident, at: Timestamp) -> Option<(i64, Timestamp)> {
        let policy = self.rules.policy(incident.kind, incident.worst, incident.risk);
        let every = incident.patience(policy)?;
        let times = times_before(at, every, self.away.1);
        (times > 0).then(|| (times, at + every.max(SHORTEST_REPEAT) * times))
    }

    /// The steps of those clocks that are taken at once.
    pub(super) fn first_steps(
        &mut self,
        id: Uuid,
        incident: &mut Incident,
        at: Timestamp,
        clocks: &[Option<Unless>],
    ) {
        if incident.is_resting() {
            return;
        }
        let rules = Arc::clone(&self.rules);
        let policy = rules.policy(incident.kind, incident.worst, incident.risk);
        for step in policy.into_iter().flat_map(|policy| &policy.steps) {
            if step.after.0 == 0 && clocks.contains(&step.unless) {
                self.step(id, incident, step, at, at);
            }
        }
    }

    fn step(&mut self, id: Uuid, incident: &mut Incident, step: &Step, from: Timestamp, at: Timestamp) {
        let round = step.round(from, at);
        if let Some(task) = step.task {
            self.set_task(id, incident, at, task);
        }
        for recipient in &step.tell {
            match recipient.staff() {
                Some(role) => self.tell(id, incident, role, Reason::Step, step.task, round, at),
                None if *recipient == Recipient::VictimSecond => self.second_channel(id, incident, round, at),
                // The alert itself went to her device and to the desk.
                None => {}
            }
        }
    }

    /// Her device has not shown it. Where there is no other road to her, somebody has to telephone.
    fn second_channel(&mut self, id: Uuid, incident: &mut Incident, round: u32, at: Timestamp) {
        let Some(device) = incident.victim_device.clone() else { return };
        if !incident.second_road {
            self.set_task(id, incident, at, Task::PhoneVictim);
            let task = Some(Task::PhoneVictim);
            self.tell(id, incident, StaffRole::Operator, Reason::Step, task, round, at);
            return;
        }
        incident.second_told = true;
        self.note(id, at, What::ToldSecondChannel { round });
        let message = name_of(id, &format!("second/{}", at.as_millis()));
        self.effects.push_back(Effect::SecondChannel { id: message, incident: id, device, over: false, at });
    }

    pub(super) fn set_task(&mut self, id: Uuid, incident: &mut Incident, at: Timestamp, task: Task) {
        if !incident.tasks.contains(&task) {
            incident.tasks.push(task);
            self.note(id, at, What::TaskSet { task });
        }
    }

    pub(super) fn end_tasks(&mut self, id: Uuid, incident: &mut Incident, at: Timestamp, tasks: &[Task]) {
        for task in tasks {
            self.end_task(id, incident, at, *task);
        }
    }

    pub(super) fn end_task(&mut self, id: Uuid, incident: &mut Incident, at: Timestamp, task: Task) {
        if incident.tasks.contains(&task) {
            incident.tasks.retain(|open| *open != task);
            self.note(id, at, What::TaskDone { task });
        }
    }

    /// Tells those who have a role, or the next one up that somebody has.
    #[allow(clippy::too_many_arguments)] // What is told, to whom, why and when.
    pub(super) fn tell(
        &mut self,
        id: Uuid,
        incident: &Incident,
        role: StaffRole,
        reason: Reason,
        task: Option<Task>,
        round: u32,
        at: Timestamp,
    ) {
        let (found, people) = self.reach(id, incident, role, at);
        let in_place_of = (found != role).then_some(role);
        self.note(id, at, What::Told { role: found, people: people.clone(), in_place_of, round });
        let mut notice = self.notice(id, incident, people, (found, reason, round), at);
        if let Some(task) = task {
            // Two steps at one moment may reach the same role; what is to be done tells them apart.
            notice.id = name_of(id, &format!("{}/{task}/{found}/{}", reason.as_str(), at.as_millis()));
            notice.task = Some(task);
        }
        self.effects.push_back(Effect::Notice(notice));
    }

    /// It rings at those.
    pub(super) fn ring(
        &mut self,
        id: Uuid,
        incident: &Incident,
        at: Timestamp,
        reason: Reason,
        (role, people): (StaffRole, Vec<String>),
    ) {
        self.note(id, at, What::Rang { people: people.clone(), round: incident.rings });
        let notice = self.notice(id, incident, people, (role, reason, incident.rings), at);
        self.effects.push_back(Effect::Notice(notice));
    }

    /// Who has it, by a name that can be reached: a token may have any.
    pub(super) fn reachable_owner(&self, incident: &Incident) -> Option<String> {
        incident.owner.clone().filter(|owner| self.rules.contacts.contains(owner))
    }

    /// Somebody has it, and nothing was done for long.
    fn ring_again(&mut self, id: Uuid, incident: &mut Incident, at: Timestamp) {
        incident.rings += 1;
        let rung = match self.reachable_owner(incident) {
            Some(owner) => (StaffRole::Operator, vec![owner]),
            None => self.reach(id, incident, StaffRole::Operator, at),
        };
        self.ring(id, incident, at, Reason::Ring, rung);
        self.tell(id, incident, StaffRole::SecondOperator, Reason::Ring, None, incident.rings, at);
        if incident.rings > RINGS_ALONE {
            self.tell(id, incident, StaffRole::ShiftLead, Reason::Ring, None, incident.rings, at);
        }
        self.rest(incident, at);
    }

    /// It rings again when nothing is done from now on. A warning that somebody has may wait.
    pub(super) fn rest(&self, incident: &mut Incident, now: Timestamp) {
        let has_it = matches!(incident.state, State::Acknowledged | State::InProgress);
        let policy = self.rules.policy(incident.kind, incident.worst, incident.risk);
        let patience = incident.patience(policy).filter(|_| has_it && incident.worst == Level::Alarm);
        incident.ring_at = patience.map(|patience| now + patience);
    }

    fn deadline(&mut self, id: Uuid, incident: &mut Incident, n: usize, at: Timestamp) {
        let rules = Arc::clone(&self.rules);
        let Some(clock) = incident.deadlines.get_mut(n).filter(|clock| clock.is_open()) else { return };
        let Clock { name: deadline, partner, due_at, .. } = clock.clone();
        let rule = rules.deadlines.iter().find(|rule| rule.name == deadline);
        let (reason, what) = if due_at <= at {
            clock.missed = true;
            (Reason::DeadlineMissed, What::DeadlineMissed { deadline: deadline.clone(), partner, due_at })
        } else if rule.is_some_and(|rule| rule.remind_before.iter().any(|before| due_at - *before == at)) {
            (Reason::DeadlineNear, What::DeadlineReminded { deadline: deadline.clone(), partner, due_at })
        } else {
            return;
        };
        self.note(id, at, what);
        // One that settings have forgotten is missed all the same.
        let roles = rule.map_or(&[StaffRole::ShiftLead][..], |rule| &rule.escalate_to);
        for role in roles {
            let (found, people) = self.reach(id, incident, *role, at);
            let in_place_of = (found != *role).then_some(*role);
            self.note(id, at, What::Told { role: found, people: people.clone(), in_place_of, round: 0 });
            let mut notice = self.notice(id, incident, people, (found, reason, 0), at);
            notice.id = name_of(id, &format!("{}/{deadline}/{role}/{}", reason.as_str(), at.as_millis()));
            notice.deadline = Some(deadline.clone());
            self.effects.push_back(Effect::Notice(notice));
        }
    }

    pub(super) fn notice(
        &self,
        id: Uuid,
        incident: &Incident,
        to: Vec<String>,
        (role, reason, round): (StaffRole, Reason, u32),
        at: Timestamp,
    ) -> Notice {
        Notice {
            id: name_of(id, &format!("{}/{role}/{}", reason.as_str(), at.as_millis())),
            incident: id,
            to,
            role,
            reason,
            task: None,
            round,
            kind: incident.kind,
            level: incident.worst,
            order: incident.order.clone(),
            risk: incident.risk,
            deadline: None,
            call: incident.tasks.iter().filter_map(|task| task.callee()).collect(),
            devices: (incident.kind == AlertKind::MassSilence).then(|| self.silent_under(id)),
            at,
        }
    }
}

/// An id that is a function of an incident and what it names in it.
pub(super) fn name_of(incident: Uuid, what: &str) -> Uuid {
    Uuid::new_v5(&incident, what.as_bytes())
}
