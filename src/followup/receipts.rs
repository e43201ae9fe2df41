//! What desks and victim devices say.

use uuid::Uuid;
use zones::{AlertKind, DeskId, DeviceId, Timestamp};

use super::FollowUp;
use super::clocks::name_of;
use super::effect::{Reason, What};
use super::event::{Done, Refused};
use super::incident::{Clock, Incident};
use super::words::{DeskState, StaffRole, Task, VictimState};

/// What a desk said.
pub(super) struct DeskSaid {
    pub(super) desk: DeskId,
    pub(super) state: DeskState,
    pub(super) reference: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) at: Timestamp,
}

impl DeskSaid {
    /// An id of the receipt: the same when it comes again.
    pub(super) fn name(&self, incident: Uuid) -> Uuid {
        let Self { desk, state, reference, at, .. } = self;
        let reference = reference.as_deref().unwrap_or_default();
        name_of(incident, &format!("{desk}/{state}/{}/{reference}", at.as_millis()))
    }
}

impl FollowUp {
    pub(super) fn desk_receipt(
        &mut self,
        now: Timestamp,
        id: Uuid,
        said: &DeskSaid,
    ) -> Result<Done, Refused> {
        let known = self.incidents.get(&id).ok_or(Refused::UnknownIncident(id))?;
        if known.kind == AlertKind::MassSilence {
            return self.said_of_many(now, id, said);
        }
        if known.desk.as_ref() != Some(&said.desk) {
            return self.accepted_before(now, id, said);
        }
        let receipt = said.name(id);
        if known.receipts.contains(&receipt) {
            return Ok(Done::Already);
        }
        if !known.is_open() {
            // Who resolved it is no matter of a desk's, or of a log.
            return Err(Refused::Resolved);
        }
        let is_new = known.desk_state != Some(said.state)
            || said.reference.as_ref().is_some_and(|number| known.reference.as_ref() != Some(number));
        if !is_new {
            return Ok(Done::Already);
        }
        let mut incident = self.take(id).ok_or(Refused::UnknownIncident(id))?;
        incident.remember_receipt(receipt);
        self.desk_says(now, id, &mut incident, said);
        self.put(id, incident);
        Ok(Done::Done)
    }

    /// What a desk says that was told before the incident went to another one. That it accepts is what it was asked, and
    /// ends its own clock; anything else is for the desk whose it is now.
    fn accepted_before(&mut self, now: Timestamp, id: Uuid, said: &DeskSaid) -> Result<Done, Refused> {
        let known = self.incidents.get(&id).ok_or(Refused::UnknownIncident(id))?;
        let asked = |clock: &Clock| clock.desk() == Some(said.desk.as_str()) && clock.kept_at.is_none();
        if !said.state.is_accepted() || !known.deadlines.iter().any(asked) {
            return Err(Refused::OtherDesk);
        }
        if !known.is_open() {
            return Err(Refused::Resolved);
        }
        let mut incident = self.take(id).ok_or(Refused::UnknownIncident(id))?;
        self.note_desk(now, id, said);
        incident.changed_at = now;
        self.keep(id, &mut incident, now, |clock| clock.desk() == Some(said.desk.as_str()));
        self.put(id, incident);
        Ok(Done::Done)
    }

    pub(super) fn note_desk(&mut self, now: Timestamp, id: Uuid, said: &DeskSaid) {
        let DeskSaid { desk, state, reference, reason, at } = said;
        let what = What::Desk {
            desk: desk.to_string(),
            state: *state,
            reference: reference.clone(),
            reason: reason.clone(),
            said_at: *at,
        };
        self.by(id, now, desk.as_str(), what);
    }

    fn desk_says(&mut self, now: Timestamp, id: Uuid, incident: &mut Incident, said: &DeskSaid) {
        let DeskSaid { desk, state, reference, .. } = said;
        self.note_desk(now, id, said);
        incident.changed_at = now;
        if reference.is_some() {
            incident.reference.clone_from(reference);
        }
        // What is said late does not take back what was said after it.
        let is_later = *state == DeskState::Rejected || incident.desk_state.is_none_or(|had| had < *state);
        if is_later || incident.desk_state == Some(DeskState::Rejected) {
            incident.desk_state = Some(*state);
        }
        if state.is_accepted() {
            incident.desk_since = None;
            self.end_task(id, incident, now, Task::PhoneDesk);
            self.keep(id, incident, now, |clock| clock.is_accepted_by(desk));
        } else if *state == DeskState::Rejected {
            // It comes back to the operator at once; nobody waits for the desk any more.
            incident.desk_since = None;
            self.set_task(id, incident, now, Task::PhoneDesk);
            let task = Some(Task::PhoneDesk);
            self.tell(id, incident, StaffRole::Operator, Reason::DeskRejected, task, 0, now);
        }
    }

    pub(super) fn victim_receipt(
        &mut self,
        now: Timestamp,
        device: &DeviceId,
        alert: Uuid,
        state: VictimState,
        at: Timestamp,
    ) -> Result<Done, Refused> {
        let id = *self.by_alert.get(&alert).ok_or(Refused::UnknownAlert(alert))?;
        let known = self.incidents.get(&id).ok_or(Refused::UnknownIncident(id))?;
        if known.victim_device.as_ref().is_some_and(|hers| hers != device) {
            return Err(Refused::OtherDevice);
        }
        let receipt = name_of(id, &format!("{device}/{alert}/{state}/{}", at.as_millis()));
        if known.receipts.contains(&receipt) {
            return Ok(Done::Already);
        }
        let is_newest = known.victim_alerts.last() == Some(&alert);
        if is_newest && known.victim_state.is_some_and(|had| had >= state) {
            return Ok(Done::Already);
        }
        let mut incident = self.take(id).ok_or(Refused::UnknownIncident(id))?;
        incident.remember_receipt(receipt);
        let what = match state {
            VictimState::Displayed => What::Displayed { device: device.clone(), alert, said_at: at },
            VictimState::Confirmed => What::Confirmed { device: device.clone(), alert, said_at: at },
        };
        self.by(id, now, device.as_str(), what);
        if is_newest {
            incident.victim_state = Some(state);
            incident.victim_since = None;
            self.end_task(id, &mut incident, now, Task::PhoneVictim);
        }
        self.put(id, incident);
        Ok(Done::Done)
    }

    /// A partner has done his part: in time, or after all.
    pub(super) fn keep(
        &mut self,
        id: Uuid,
        incident: &mut Incident,
        now: Timestamp,
        keeps: impl Fn(&Clock) -> bool,
    ) -> bool {
        let mut kept = Vec::new();
        for clock in &mut incident.deadlines {
            if keeps(clock) && clock.kept_at.is_none() {
                clock.kept_at = Some(now);
                kept.push((clock.name.clone(), clock.partner.clone(), clock.missed));
            }
        }
        let any = !kept.is_empty();
        for (deadline, partner, late) in kept {
            self.note(id, now, What::DeadlineKept { deadline, partner, late });
        }
        any
    }
}
