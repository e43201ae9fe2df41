//! Police desks in a mass silence: one message about all that are silent of theirs, in place of one for each.
//!
//! A silence that becomes an alarm while it rests in a group is held back from its desk, which hears of the group with
//! a list of what is its own; of more that follow it hears now and then. Not held back is what rings by itself too, and
//! a case of high risk whose parties were last near each other, or of whom that is not known. When a group ends, what
//! was held back goes to the desk after all, each by itself. Nothing is held beside the rows.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zones::order::Risk;
use zones::{AlertKind, DeskId, Level, Timestamp};

use super::FollowUp;
use super::clocks::name_of;
use super::effect::{DeskNews, Effect, What};
use super::event::{Done, Raised, Refused};
use super::incident::Incident;
use super::policy::{MASS_DESK_AGAIN, MASS_NEAR_M};
use super::receipts::DeskSaid;
use super::words::Unless;

/// What a desk was told of a mass silence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DeskTold {
    desk: DeskId,
    /// How often.
    times: u32,
    /// When last.
    at: Timestamp,
    /// More of its own was held back since.
    news: bool,
}

impl Incident {
    /// When a desk is to hear of more, of an incident of many.
    pub(super) fn desks_due(&self) -> Option<Timestamp> {
        let told = self.desks.iter().filter(|told| told.news && self.cleared_at.is_none() && self.is_open());
        told.map(|told| told.at + MASS_DESK_AGAIN).min()
    }
}

impl FollowUp {
    /// Whether an alert of a silence is kept from its desk, because that hears of all that are silent at once.
    pub fn holds_back(
        &self,
        incident: Uuid,
        level: Level,
        risk: Option<Risk>,
        last_distance_m: Option<u32>,
    ) -> bool {
        let Some(known) = self.incidents.get(&incident) else { return false };
        if known.held {
            return true;
        }
        let stands_out =
            risk == Some(Risk::High) && last_distance_m.is_none_or(|metres| metres <= MASS_NEAR_M);
        let goes_on = known.part_of.is_some() && known.part_of == self.mass;
        level == Level::Alarm && goes_on && known.is_resting() && !stands_out
    }

    /// What was held back, or was not, of a silence in a group.
    pub(super) fn hold(&mut self, id: Uuid, incident: &mut Incident, now: Timestamp, raised: &Raised) {
        if raised.kind != AlertKind::Silence || raised.level != Level::Alarm {
            return;
        }
        if raised.held && incident.grouped {
            incident.held = true;
        } else if raised.held {
            // The group ended at this very moment.
            incident.held = true;
            self.release(id, incident, now);
        } else if raised.told_desk && incident.is_resting() {
            // Its desk is called for it alone, so it is somebody's by itself.
            incident.alone = true;
            incident.wake(now);
        }
    }

    /// A desk hears of the group: at once the first time, of more than that now and then.
    pub(super) fn tell_desk_of(&mut self, now: Timestamp, mass: Uuid, desk: &DeskId) {
        let Some(mut incident) = self.take(mass) else { return };
        match incident.desks.iter_mut().find(|told| told.desk == *desk) {
            Some(told) if now - told.at < MASS_DESK_AGAIN => told.news = true,
            known => {
                if known.is_none() {
                    incident.desks.push(DeskTold { desk: desk.clone(), times: 0, at: now, news: true });
                }
                self.tell_desk(mass, &mut incident, desk, Level::Alarm, now);
            }
        }
        self.put(mass, incident);
    }

    /// Desks of which more was held back since they were told.
    pub(super) fn tell_desks_of_news(&mut self, mass: Uuid, incident: &mut Incident, at: Timestamp) {
        if incident.desks_due().is_none_or(|due| due > at) {
            return;
        }
        let due = incident.desks.iter().filter(|told| told.news && told.at + MASS_DESK_AGAIN <= at);
        for desk in due.map(|told| told.desk.clone()).collect::<Vec<_>>() {
            self.tell_desk(mass, incident, &desk, Level::Alarm, at);
        }
    }

    /// The group has ended: each desk that heard of it hears that, and what is silent still.
    pub(super) fn tell_desks_the_end(&mut self, mass: Uuid, incident: &mut Incident, at: Timestamp) {
        for desk in incident.desks.iter().map(|told| told.desk.clone()).collect::<Vec<_>>() {
            self.tell_desk(mass, incident, &desk, Level::Clear, at);
        }
    }

    fn tell_desk(&mut self, mass: Uuid, incident: &mut Incident, desk: &DeskId, level: Level, at: Timestamp) {
        let silent = self.silent_of(mass, desk);
        let devices: BTreeSet<&str> =
            silent.iter().filter_map(|id| self.incidents.get(id)?.device()).collect();
        let of_desk = u32::try_from(devices.len()).unwrap_or(u32::MAX);
        let Some(told) = incident.desks.iter_mut().find(|told| told.desk == *desk) else { return };
        (told.times, told.at, told.news) = (told.times + 1, at, false);
        let revision = told.times;
        self.note(mass, at, What::ToldDesk { desk: desk.to_string(), devices: of_desk });
        self.effects.push_back(Effect::Desk(DeskNews {
            id: name_of(mass, &format!("desk/{desk}/{revision}")),
            incident: mass,
            desk: desk.clone(),
            revision,
            level,
            devices: self.silent_under(mass),
            of_desk,
            silent,
            at,
        }));
    }

    /// Silences under a group that are a desk's, the most dangerous first.
    fn silent_of(&self, mass: Uuid, desk: &DeskId) -> Vec<Uuid> {
        let silent = self.groups.get(&mass).into_iter().flat_map(|group| &group.silent);
        let known = silent.filter_map(|id| Some((*id, self.incidents.get(id)?)));
        let mut own: Vec<_> = known.filter(|(_, one)| one.desk.as_ref() == Some(desk)).collect();
        own.sort_by_key(|(id, one)| (Reverse(one.risk), one.last_distance_m.unwrap_or(u32::MAX), *id));
        own.into_iter().map(|(id, _)| id).collect()
    }

    /// What was held back goes to the desk after all, and its clock begins.
    pub(super) fn release(&mut self, id: Uuid, incident: &mut Incident, now: Timestamp) {
        if !std::mem::take(&mut incident.held) || !incident.is_open() {
            return;
        }
        self.effects.push_back(Effect::Released { incident: id });
        if incident.level != Level::Alarm {
            return;
        }
        incident.desk_since = Some(now);
        let rules = std::sync::Arc::clone(&self.rules);
        for clock in incident.begin(&rules.deadlines, Level::Alarm, now) {
            let (deadline, partner, due_at) = (clock.name.clone(), clock.partner.clone(), clock.due_at);
            self.note(id, now, What::DeadlineBegun { deadline, partner, due_at });
            incident.deadlines.push(clock);
        }
        if !incident.is_resting() {
            self.first_steps(id, incident, now, &[Some(Unless::Accepted)]);
        }
    }

    /// What a desk says about many of which some are its own. It is written down: no desk has all of it.
    pub(super) fn said_of_many(
        &mut self,
        now: Timestamp,
        id: Uuid,
        said: &DeskSaid,
    ) -> Result<Done, Refused> {
        let known = self.incidents.get(&id).ok_or(Refused::UnknownIncident(id))?;
        if !known.desks.iter().any(|told| told.desk == said.desk) {
            return Err(Refused::OtherDesk);
        }
        let receipt = said.name(id);
        if known.receipts.contains(&receipt) {
            return Ok(Done::Already);
        }
        if !known.is_open() {
            return Err(Refused::Resolved);
        }
        let mut incident = self.take(id).ok_or(Refused::UnknownIncident(id))?;
        incident.remember_receipt(receipt);
        incident.changed_at = now;
        self.note_desk(now, id, said);
        self.put(id, incident);
        Ok(Done::Done)
    }
}
