//! What people do about an incident. Two at once: the second is told who was first.

use uuid::Uuid;
use zones::{AlertKind, Level, Timestamp};

use super::FollowUp;
use super::clocks::name_of;
use super::effect::{Effect, Reason, What};
use super::event::{Actor, Command, Done, Refused};
use super::incident::{Incident, Proposal};
use super::words::{Action, Condition, Outcome, StaffRole, State, Task};

/// Longest note, in bytes.
const LONGEST_NOTE: usize = 4_000;

impl FollowUp {
    pub(super) fn command(
        &mut self,
        now: Timestamp,
        id: Uuid,
        actor: &Actor,
        command: Command,
        key: Option<&str>,
    ) -> Result<Done, Refused> {
        let key = key.map(|key| {
            let key = name_of(id, &format!("{}/{key}", actor.name));
            (key, name_of(key, &format!("{command:?}")))
        });
        let known = self.incidents.get(&id).ok_or(Refused::UnknownIncident(id))?;
        if let Some((key, said)) = key
            && known.knows(key, said)?
        {
            return Ok(Done::Already);
        }
        let mut incident = self.take(id).ok_or(Refused::UnknownIncident(id))?;
        let done = self.carry_out(now, id, &mut incident, actor, command);
        if done == Ok(Done::Done) {
            incident.changed_at = now;
        }
        if let (Ok(_), Some((key, said))) = (&done, key) {
            incident.remember_command(key, said);
        }
        self.put(id, incident);
        done
    }

    fn carry_out(
        &mut self,
        now: Timestamp,
        id: Uuid,
        incident: &mut Incident,
        actor: &Actor,
        command: Command,
    ) -> Result<Done, Refused> {
        match command {
            Command::Acknowledge => self.acknowledge(now, id, incident, actor),
            Command::Act { action, note } => self.act(now, id, incident, actor, action, note),
            Command::Note { text } => {
                let text = said("text", text)?;
                self.by(id, now, &actor.name, What::Noted { text });
                Ok(Done::Done)
            }
            Command::Escalate { to, reason } => self.escalate(now, id, incident, actor, to, reason),
            Command::Resolve { outcome, note } => self.resolve(now, id, incident, actor, outcome, note),
            Command::Step { step, note } => self.partner_step(now, id, incident, actor, &step, note),
        }
    }

    fn acknowledge(
        &mut self,
        now: Timestamp,
        id: Uuid,
        incident: &mut Incident,
        actor: &Actor,
    ) -> Result<Done, Refused> {
        incident.must_be_open()?;
        let has_it = incident.state != State::New;
        if has_it && incident.owner.as_deref() == Some(&actor.name) {
            return Ok(Done::Already);
        }
        if has_it && !incident.handed_on {
            let by = incident.owner.clone().unwrap_or_default();
            let at = incident.acknowledged_at.unwrap_or(incident.changed_at);
            return Err(Refused::Conflict { by, at, what: "acknowledged it" });
        }
        self.take_on(now, id, incident, actor);
        Ok(Done::Done)
    }

    fn take_on(&mut self, now: Timestamp, id: Uuid, incident: &mut Incident, actor: &Actor) {
        if incident.is_resting() {
            incident.wake(now);
        }
        if incident.state == State::New {
            incident.state = State::Acknowledged;
        }
        incident.owner = Some(actor.name.clone());
        incident.acknowledged_at = Some(now);
        incident.handed_on = false;
        incident.rings = 0;
        self.by(id, now, &actor.name, What::Acknowledged);
        self.rest(incident, now);
    }

    fn act(
        &mut self,
        now: Timestamp,
        id: Uuid,
        incident: &mut Incident,
        actor: &Actor,
        action: Action,
        note: Option<String>,
    ) -> Result<Done, Refused> {
        incident.must_be_open()?;
        let note = note.map(|note| said("note", note)).transpose()?;
        if action == Action::Other && note.is_none() {
            return Err(Refused::invalid("note", "missing: say what was done"));
        }
        if incident.state == State::New {
            self.take_on(now, id, incident, actor);
        }
        incident.state = State::InProgress;
        incident.acted = true;
        incident.rings = 0;
        self.by(id, now, &actor.name, What::Acted { action, note });
        match action {
            Action::CalledDesk => self.end_tasks(id, incident, now, &[Task::PhoneDesk, Task::CallPolice]),
            Action::CalledVictim => self.end_tasks(id, incident, now, &[Task::PhoneVictim, Task::CallVictim]),
            Action::CalledWearer => self.end_task(id, incident, now, Task::CallWearer),
            _ => {}
        }
        self.rest(incident, now);
        Ok(Done::Done)
    }

    fn escalate(
        &mut self,
        now: Timestamp,
        id: Uuid,
        incident: &mut Incident,
        actor: &Actor,
        to: StaffRole,
        reason: String,
    ) -> Result<Done, Refused> {
        incident.must_be_open()?;
        let reason = said("reason", reason)?;
        let (found, people) = self.reach(id, incident, to, now);
        self.by(id, now, &actor.name, What::Escalated { to, people: people.clone(), reason });
        self.tell(id, incident, found, Reason::Escalated, None, 0, now);
        incident.handed_on = true;
        self.rest(incident, now);
        Ok(Done::Done)
    }

    fn resolve(
        &mut self,
        now: Timestamp,
        id: Uuid,
        incident: &mut Incident,
        actor: &Actor,
        outcome: Outcome,
        note: Option<String>,
    ) -> Result<Done, Refused> {
        if incident.resolved_by.as_ref() == Some(&actor.name) && incident.outcome == Some(outcome) {
            return Ok(Done::Already);
        }
        incident.must_be_open()?;
        let note = note.map(|note| said("note", note)).transpose()?;
        if outcome.needs_note() && note.is_none() {
            return Err(Refused::invalid("note", format!("missing: {outcome} has to be explained")));
        }
        let lasts = incident.condition == Condition::Active && incident.level == Level::Alarm;
        if lasts && !outcome.fits_active_alarm() {
            return Err(Refused::invalid(
                "outcome",
                format!("{outcome} is not possible while the alarm lasts"),
            ));
        }
        let takes_two = incident.worst >= Level::Alarm && !actor.supervisor;
        if takes_two && actor.person.is_none() {
            return Err(Refused::Nameless);
        }
        let proposed = incident.proposed.as_ref();
        let mine = proposed.is_some_and(|proposal| proposal.by == actor.name)
            || (actor.person.is_some() && incident.proposer == actor.person);
        let same = proposed.is_some_and(|proposal| proposal.outcome == outcome);
        if !takes_two || (same && !mine) {
            let proposed_by = incident.proposed.take().filter(|_| same && !mine).map(|proposal| proposal.by);
            self.resolved(now, id, incident, actor, outcome, note, proposed_by);
            return Ok(Done::Done);
        }
        if same {
            return Ok(Done::Already);
        }
        if incident.state == State::New {
            self.take_on(now, id, incident, actor);
        }
        let proposal = Proposal { by: actor.name.clone(), at: now, outcome };
        let before = incident.proposed.replace(proposal.clone()).filter(|_| !mine);
        incident.proposer.clone_from(&actor.person);
        self.by(id, now, &actor.name, What::ResolutionProposed { outcome, note });
        self.ask_others(id, incident, &proposal, before.as_ref());
        self.rest(incident, now);
        Ok(Done::Done)
    }

    #[allow(clippy::too_many_arguments)] // Who says what became of which, when and why.
    fn resolved(
        &mut self,
        now: Timestamp,
        id: Uuid,
        incident: &mut Incident,
        actor: &Actor,
        outcome: Outcome,
        note: Option<String>,
        proposed_by: Option<String>,
    ) {
        incident.state = State::Resolved;
        incident.outcome = Some(outcome);
        incident.resolved_by = Some(actor.name.clone());
        incident.resolved_at = Some(now);
        incident.tasks.clear();
        (incident.ring_at, incident.victim_since, incident.desk_since) = (None, None, None);
        self.by(id, now, &actor.name, What::Resolved { outcome, note, proposed_by });
        // Some things last until somebody says that they are over. A role that is needed and empty after that is news.
        let is_own = incident.kind == AlertKind::FollowUp;
        if incident.condition == Condition::Active && (is_own || !incident.kind.ends_by_itself()) {
            self.clear_by_hand(id, incident, now);
            self.forget_lacking(id);
        }
        let watch = incident.watch.as_ref().and_then(|watch| watch.parse().ok());
        self.effects.push_back(Effect::Resolved { incident: id, watch, at: now });
    }

    fn partner_step(
        &mut self,
        now: Timestamp,
        id: Uuid,
        incident: &mut Incident,
        actor: &Actor,
        step: &str,
        note: Option<String>,
    ) -> Result<Done, Refused> {
        let note = note.map(|note| said("note", note)).transpose()?;
        let mut known: Vec<&str> = self.rules.partner_steps().collect();
        if !known.contains(&step) {
            known.sort_unstable();
            known.dedup();
            return Err(Refused::invalid("step", format!("is none of {}", known.join(", "))));
        }
        let waits = incident.deadlines.iter().any(|clock| clock.kept_by == step && clock.kept_at.is_none());
        let had = incident.deadlines.iter().any(|clock| clock.kept_by == step);
        if had && !waits {
            return Ok(Done::Already);
        }
        self.by(id, now, &actor.name, What::Step { step: step.to_owned(), note });
        self.keep(id, incident, now, |clock| clock.kept_by == step);
        Ok(Done::Done)
    }
}

/// A text that says something.
fn said(field: &'static str, text: String) -> Result<String, Refused> {
    if text.trim().is_empty() {
        return Err(Refused::invalid(field, "is empty"));
    }
    if text.len() > LONGEST_NOTE {
        return Err(Refused::invalid(field, format!("is longer than {LONGEST_NOTE} bytes")));
    }
    Ok(text)
}
