//! Many devices silent at once: one incident for all of them, in place of a ring for each.
//!
//! Each silence stays an incident of its own. While it is grouped, and nobody took it on, its clocks rest: those of the
//! incident it is part of run. Nothing is held beside the rows: which devices belong together follows from them.

use std::collections::BTreeSet;

use uuid::Uuid;
use zones::{AlertKind, Level, Timestamp};

use super::FollowUp;
use super::clocks::name_of;
use super::effect::{About, Effect, OwnAlert, What};
use super::event::Raised;
use super::incident::Incident;
use super::policy::{
    MASS_CHECKED_EVERY, MASS_OVER_BELOW, MASS_SILENCE_DEVICES, MASS_SILENCE_ONE_IN, MASS_SILENCE_WITHIN,
    SETTLED_AT_ONCE, SETTLED_EVERY,
};
use super::words::{Condition, State, Unless};

/// The namespace of ids of these incidents (itself a random UUID, fixed for ever).
const NAMESPACE: Uuid = Uuid::from_u128(0x9a0c_5d1e_7f42_4b38_8f06_2d61_c3be_7741);

/// The incidents that are grouped under one.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// Silent still.
    pub(super) silent: BTreeSet<Uuid>,
    /// Heard again, and nobody's but through the group.
    back: BTreeSet<Uuid>,
}

impl Incident {
    /// Whether its clocks rest because those of the incident it is part of run.
    pub(super) fn is_resting(&self) -> bool {
        self.grouped && !self.alone && self.state == State::New
    }

    /// Its clocks run from now on.
    pub(super) fn wake(&mut self, now: Timestamp) {
        self.since = now;
        self.desk_since = self.desk_since.map(|_| now);
        self.done = self.done.max(now);
    }

    /// The device that a silence is of: the last part of its watch's name.
    pub fn device(&self) -> Option<&str> {
        self.watch.as_deref().and_then(|watch| watch.rsplit('/').next())
    }

    fn is_ongoing_mass(&self) -> bool {
        self.kind == AlertKind::MassSilence && self.is_open() && self.condition == Condition::Active
    }
}

impl FollowUp {
    /// Enters a row where silences are looked up.
    pub(super) fn enter_silence(&mut self, id: Uuid, incident: &Incident) {
        if incident.is_ongoing_mass() {
            self.mass = Some(id);
        } else if self.mass == Some(id) {
            self.mass = None;
        }
        if !incident.is_open() {
            return;
        }
        if let Some(at) = incident.silent_since.filter(|_| incident.kind == AlertKind::Silence) {
            self.silent.insert((at, id));
        }
        let Some(mass) = incident.part_of.filter(|_| incident.grouped) else { return };
        let group = self.groups.entry(mass).or_default();
        if incident.silent_since.is_some() {
            group.silent.insert(id);
        } else if incident.is_resting() {
            group.back.insert(id);
        }
    }

    /// Takes it out there.
    pub(super) fn leave_silence(&mut self, id: Uuid, incident: &Incident) {
        if let Some(at) = incident.silent_since {
            self.silent.remove(&(at, id));
        }
        if let Some(group) = incident.part_of.and_then(|mass| self.groups.get_mut(&mass)) {
            group.silent.remove(&id);
            group.back.remove(&id);
        }
    }

    /// How many devices are silent under an incident.
    pub(super) fn silent_under(&self, mass: Uuid) -> u32 {
        let group = self.groups.get(&mass);
        group.map_or(0, |group| u32::try_from(group.silent.len()).unwrap_or(u32::MAX))
    }

    /// A silence begins: by itself, or as one of many.
    pub(super) fn begin_silence(
        &mut self,
        id: Uuid,
        incident: &mut Incident,
        now: Timestamp,
        raised: &Raised,
    ) {
        incident.silent_since = Some(now);
        incident.last_distance_m = raised.last_distance_m;
        let again = incident.grouped && incident.part_of.is_some() && incident.part_of == self.mass;
        if again {
            return; // It was heard for a moment.
        }
        if incident.grouped {
            // What was held back of it then is over.
            (incident.grouped, incident.held) = (false, false);
            incident.wake(now);
        }
        if !self.is_one_of_many(now, incident, raised.devices) {
            (incident.part_of, incident.alone) = (None, false);
            return;
        }
        let mass = self.mass.unwrap_or_else(|| self.gather(now));
        // What is an alarm already, because somebody was near, it was switched off, or it was silent before and nobody has
        // taken that on, rings by itself too.
        let alone = raised.level.max(incident.worst) == Level::Alarm;
        self.group(id, incident, now, mass, alone);
    }

    fn group(&mut self, id: Uuid, incident: &mut Incident, now: Timestamp, mass: Uuid, alone: bool) {
        (incident.part_of, incident.grouped, incident.alone) = (Some(mass), true, alone);
        self.note(id, now, What::Grouped { part_of: mass, rings_alone: alone });
    }

    /// Whether so many fell silent lately that this one is no news by itself.
    fn is_one_of_many(&mut self, now: Timestamp, incident: &Incident, devices: u32) -> bool {
        let checked = self.mass.and_then(|mass| self.incidents.get(&mass)?.silent_since);
        if checked.is_some_and(|at| now - at < MASS_CHECKED_EVERY) {
            return true;
        }
        let enough = MASS_SILENCE_DEVICES.max(devices / MASS_SILENCE_ONE_IN) as usize;
        // A device may be in several orders.
        let mut lately: BTreeSet<&str> = incident.device().into_iter().collect();
        for (_, id) in self.silent.range((now - MASS_SILENCE_WITHIN, Uuid::nil())..).rev() {
            if lately.len() >= enough {
                break;
            }
            lately.extend(self.incidents.get(id).and_then(Incident::device));
        }
        let is_one = lately.len() >= enough;
        if is_one
            && let Some(mass) = self.mass
            && let Some(mut known) = self.take(mass)
        {
            known.silent_since = Some(now);
            self.put(mass, known);
        }
        is_one
    }

    /// Begins a group with those that fell silent lately; its incident follows with the one that made it so many.
    fn gather(&mut self, now: Timestamp) -> Uuid {
        let mass = name_of(NAMESPACE, &format!("mass_silence@{}", now.as_millis()));
        let lately = self.silent.range((now - MASS_SILENCE_WITHIN, Uuid::nil())..);
        for id in lately.map(|(_, id)| *id).collect::<Vec<_>>() {
            let Some(mut incident) = self.take(id) else { continue };
            let alone = incident.worst == Level::Alarm;
            self.group(id, &mut incident, now, mass, alone);
            self.put(id, incident);
        }
        mass
    }

    /// Raises the incident of all to the level of the one that was raised, if it is not there yet.
    pub(super) fn raise_mass(&mut self, now: Timestamp, mass: Uuid, raised: &Raised) {
        let Some(group) = self.groups.get(&mass) else { return };
        let known = self.incidents.get(&mass);
        let level = match known {
            Some(known) if !known.is_ongoing_mass() || known.worst >= raised.level => return,
            Some(_) => raised.level,
            None => {
                let of = |id: &Uuid| self.incidents.get(id).map(|one| one.level);
                group.silent.iter().filter_map(of).max().unwrap_or(raised.level)
            }
        };
        let revision = known.map_or(1, |known| known.count + 1);
        let own = self.mass_alert(now, mass, revision, level, raised);
        let known = Raised {
            alert: own.alert,
            incident: mass,
            watch: None,
            kind: AlertKind::MassSilence,
            level,
            victim: None,
            victim_device: None,
            desk: None,
            told_desk: false,
            held: false,
            last_distance_m: None,
            ..raised.clone()
        };
        self.effects.push_back(Effect::Raise(own));
        self.alert(now, &known);
        if revision == 1
            && let Some(mut opened) = self.take(mass)
        {
            opened.silent_since = Some(now);
            self.put(mass, opened);
        }
    }

    fn mass_alert(
        &self,
        at: Timestamp,
        mass: Uuid,
        revision: u32,
        level: Level,
        raised: &Raised,
    ) -> OwnAlert {
        let known = self.incidents.get(&mass);
        OwnAlert {
            alert: name_of(mass, &revision.to_string()),
            incident: mass,
            revision,
            level,
            order: known.map_or(&raised.order, |known| &known.order).clone(),
            wearer: known.map_or(&raised.wearer, |known| &known.wearer).clone(),
            at,
            about: About::Silent { devices: self.silent_under(mass) },
        }
    }

    /// Whether a group that has ended has members still.
    pub(super) fn is_unsettled(&self) -> bool {
        self.groups.iter().any(|(mass, group)| {
            let known = self.incidents.get(mass);
            let over = self.mass != Some(*mass) && !group.silent.is_empty();
            over || (!group.back.is_empty() && known.is_none_or(|mass| !mass.is_open()))
        })
    }

    /// Ends groups of which few are silent still, and those that somebody has resolved. Of many only so many at a time,
    /// so that an alarm of a pair need not wait until all are done.
    pub(super) fn settle_groups(&mut self, now: Timestamp) {
        self.settle_at = None;
        if self.groups.is_empty() {
            return;
        }
        let masses: Vec<Uuid> = self.groups.keys().copied().collect();
        for mass in masses {
            let silent = self.groups.get(&mass).map_or(0, |group| group.silent.len());
            let lasts = self.incidents.get(&mass).is_some_and(|one| one.condition == Condition::Active);
            let ongoing = self.mass == Some(mass);
            if lasts && (!ongoing || silent < MASS_OVER_BELOW) {
                self.end_mass(now, mass);
            } else if !ongoing && silent > 0 {
                self.let_go(now, mass);
            }
            self.resolve_with(now, mass);
        }
        if self.is_unsettled() {
            self.settle_at = Some(now + SETTLED_EVERY);
        }
    }

    /// The condition of the group has ended; it stays somebody's until it is resolved.
    fn end_mass(&mut self, now: Timestamp, mass: Uuid) {
        let Some(mut incident) = self.take(mass) else { return };
        let devices = self.silent_under(mass);
        let revision = incident.count + 1;
        let alert = name_of(mass, &revision.to_string());
        self.effects.push_back(Effect::Raise(OwnAlert {
            alert,
            incident: mass,
            revision,
            level: Level::Clear,
            order: incident.order.clone(),
            wearer: incident.wearer.clone(),
            at: now,
            about: About::Silent { devices },
        }));
        self.clear(mass, &mut incident, now, Some(alert));
        self.tell_desks_the_end(mass, &mut incident, now);
        incident.changed_at = now;
        self.put(mass, incident);
        self.let_go(now, mass);
    }

    /// Who is silent still has clocks of its own again, from now on.
    fn let_go(&mut self, now: Timestamp, mass: Uuid) {
        let Some(group) = self.groups.get(&mass) else { return };
        for id in group.silent.iter().copied().take(SETTLED_AT_ONCE).collect::<Vec<_>>() {
            let Some(mut incident) = self.take(id) else { continue };
            let rested = incident.is_resting();
            incident.grouped = false;
            self.note(id, now, What::Ungrouped { part_of: mass });
            if rested {
                incident.wake(now);
                let clocks = [None, Some(Unless::Acknowledged), Some(Unless::Accepted)];
                self.first_steps(id, &mut incident, now, &clocks);
            }
            self.release(id, &mut incident, now);
            self.put(id, incident);
        }
    }

    /// What was heard again is resolved with the group, as far as nobody took it on by itself.
    fn resolve_with(&mut self, now: Timestamp, mass: Uuid) {
        let known = self.incidents.get(&mass);
        let outcome = known.and_then(|known| Some((known.outcome?, known.resolved_by.clone()?)));
        if let Some((outcome, by)) = outcome {
            let back = self.groups.get(&mass).into_iter().flat_map(|group| &group.back).copied();
            for id in back.take(SETTLED_AT_ONCE).collect::<Vec<_>>() {
                let Some(mut incident) = self.take(id) else { continue };
                incident.state = State::Resolved;
                (incident.outcome, incident.resolved_by) = (Some(outcome), Some(by.clone()));
                incident.resolved_at = Some(now);
                incident.changed_at = now;
                incident.tasks.clear();
                (incident.ring_at, incident.desk_since, incident.grouped) = (None, None, false);
                self.by(id, now, &by, What::Resolved { outcome, note: None, proposed_by: None });
                let watch = incident.watch.as_ref().and_then(|watch| watch.parse().ok());
                self.effects.push_back(Effect::Resolved { incident: id, watch, at: now });
                self.put(id, incident);
            }
        }
        if self.groups.get(&mass).is_some_and(Group::is_empty) {
            self.groups.remove(&mass);
        }
    }
}

impl Group {
    fn is_empty(&self) -> bool {
        self.silent.is_empty() && self.back.is_empty()
    }
}
