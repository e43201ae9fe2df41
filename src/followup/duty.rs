//! Who has which role, and what happens when nobody has one.

use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zones::order::Risk;
use zones::{AlertKind, Level, Millis, OrderId, PersonId, Timestamp};

use super::FollowUp;
use super::clocks::name_of;
use super::effect::{About, Effect, NO_ORDER, OwnAlert, What};
use super::event::{Actor, Done, Raised};
use super::incident::Incident;
use super::words::StaffRole;

/// What is remembered of a role beside the settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DutyRow {
    /// Who was said to have it.
    pub instead: Option<Override>,
    /// The incident that says that nobody has it, while that is so.
    pub lacking: Option<Uuid>,
    /// Nobody has it who should, when it was last looked at.
    pub empty: bool,
}

impl DutyRow {
    /// So many fields at its end are younger than the first stored rows, as in [`super::ADDED`].
    pub const ADDED: usize = 1;
}

/// Who has a role for now, whatever the settings say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// Who; nobody when empty.
    pub people: Vec<String>,
    /// Until when.
    pub until: Timestamp,
    /// Who said so.
    pub by: String,
}

/// Who has a role at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnDuty {
    /// There is only the console: it counts as told.
    Console,
    /// These.
    People(Vec<String>),
    /// The settings name nobody for it.
    Unstaffed,
    /// Somebody should have it, and nobody does.
    Nobody,
}

/// The namespace of ids of alerts that the service raises about itself (itself a random UUID, fixed for ever).
const NAMESPACE: Uuid = Uuid::from_u128(0x41be_2f6c_0d53_4e0c_9c3b_6f5a_d7e1_8a02);

impl FollowUp {
    /// Who has a role at that moment.
    pub fn on_duty(&self, role: StaffRole, at: Timestamp) -> OnDuty {
        let people =
            |people: Vec<String>| if people.is_empty() { OnDuty::Nobody } else { OnDuty::People(people) };
        let instead = self.duty.get(&role).and_then(|row| row.instead.as_ref());
        if let Some(instead) = instead.filter(|instead| at < instead.until) {
            return people(instead.people.clone());
        }
        if self.rules.duty.is_empty() {
            return OnDuty::Console;
        }
        let mut of_role = self.rules.duty.iter().filter(|duty| duty.role == role).peekable();
        if of_role.peek().is_none() {
            return OnDuty::Unstaffed;
        }
        let applies = of_role.filter(|duty| duty.schedule.as_ref().is_none_or(|weekly| weekly.applies(at)));
        let mut found = Vec::new();
        for name in applies.flat_map(|duty| &duty.people) {
            if !found.contains(name) {
                found.push(name.clone());
            }
        }
        people(found)
    }

    /// What is remembered of a role.
    pub fn duty_row(&self, role: StaffRole) -> Option<&DutyRow> {
        self.duty.get(&role)
    }

    /// Those who have a role, or the next one up that somebody has, or else the next one down; nobody in the list
    /// means the console. A case contact is whom the order names, where it names one of the contacts.
    pub(super) fn reach(
        &mut self,
        id: Uuid,
        incident: &Incident,
        role: StaffRole,
        at: Timestamp,
    ) -> (StaffRole, Vec<String>) {
        if let Some(named) = incident.case_contact.clone().filter(|_| role == StaffRole::CaseContact) {
            return (role, vec![named]);
        }
        let up = std::iter::successors(Some(role), |asked| asked.up());
        let below = [StaffRole::ShiftLead, StaffRole::SecondOperator, StaffRole::Operator];
        for asked in up.chain(below) {
            match self.on_duty(asked, at) {
                OnDuty::People(people) => {
                    self.has_somebody(asked, at);
                    return (asked, people);
                }
                OnDuty::Console => return (role, Vec::new()),
                OnDuty::Nobody => self.misses(id, incident, asked, at),
                OnDuty::Unstaffed => {
                    // That the operator stands in for a case contact is how small sites are meant to be.
                    if asked == role && role != StaffRole::CaseContact {
                        self.misses(id, incident, role, at);
                    }
                }
            }
        }
        self.misses(id, incident, role, at);
        (role, Vec::new())
    }

    /// Nobody has a role that a step of an incident needs.
    fn misses(&mut self, id: Uuid, incident: &Incident, role: StaffRole, at: Timestamp) {
        self.has_nobody(id, (incident.order.clone(), incident.wearer.clone(), incident.risk), role, at);
    }

    /// Whether everybody is there who is counted on: looked at when that may have changed, and not only when somebody is
    /// needed.
    pub(super) fn look_at_duty(&mut self, at: Timestamp) {
        for role in self.rules.counted_on() {
            let (was, is) = (self.is_known_empty(role), self.on_duty(role, at) == OnDuty::Nobody);
            if was == is {
                continue;
            }
            self.duty.entry(role).or_default().empty = is;
            self.changed_duty.insert(role);
            if !is {
                self.has_somebody(role, at);
            } else if let (Ok(order), Ok(wearer)) = (OrderId::new(NO_ORDER), PersonId::new(NO_ORDER)) {
                self.has_nobody(Uuid::nil(), (order, wearer, None), role, at);
            }
        }
        self.duty_at = self.next_look_at_duty(at);
    }

    fn is_known_empty(&self, role: StaffRole) -> bool {
        self.duty.get(&role).is_some_and(|row| row.empty)
    }

    /// When that may change after `at`; a moment later where the settings are others than those it was looked at under,
    /// so that who was away meanwhile looks when he is back.
    pub(super) fn next_look_at_duty(&self, at: Timestamp) -> Option<Timestamp> {
        let roles = self.rules.counted_on();
        if roles.iter().any(|role| self.is_known_empty(*role) != (self.on_duty(*role, at) == OnDuty::Nobody))
        {
            return Some(at + Millis(1));
        }
        let duty = self.rules.duty.iter().filter(|duty| roles.contains(&duty.role));
        let edges = duty.filter_map(|duty| duty.schedule.as_ref()?.next_change(at));
        let rows = self.duty.iter().filter(|(role, _)| roles.contains(role));
        let ends = rows.filter_map(|(_, row)| Some(row.instead.as_ref()?.until)).filter(|until| *until > at);
        edges.chain(ends).min()
    }

    /// Nobody has a role: that is an alarm of its own, once until somebody has it.
    fn has_nobody(
        &mut self,
        found_by: Uuid,
        (order, wearer, risk): (OrderId, PersonId, Option<Risk>),
        role: StaffRole,
        at: Timestamp,
    ) {
        let row = self.duty.entry(role).or_default();
        if row.lacking.is_some() {
            return;
        }
        let id = name_of(NAMESPACE, &format!("{role}@{}", at.as_millis()));
        row.lacking = Some(id);
        self.changed_duty.insert(role);
        self.note(found_by, at, What::NobodyOnDuty { role });
        let alert = name_of(id, "1");
        let own = OwnAlert {
            alert,
            incident: id,
            revision: 1,
            level: Level::Alarm,
            order: order.clone(),
            wearer: wearer.clone(),
            at,
            about: About::Nobody(role),
        };
        self.effects.push_back(Effect::Raise(own));
        let raised = Raised {
            alert,
            incident: id,
            watch: None,
            kind: AlertKind::FollowUp,
            level: Level::Alarm,
            stands: Level::Alarm,
            late: false,
            test: false,
            order,
            wearer,
            victim: None,
            risk,
            victim_device: None,
            second_road: false,
            desk: None,
            told_desk: false,
            desk_by_hand: false,
            held: false,
            devices: 0,
            last_distance_m: None,
            case_contact: None,
            call_order: Vec::new(),
        };
        self.alert(at, &raised);
    }

    /// An incident that said that nobody has a role is resolved, or remembered no more: should it still be so when the
    /// role is needed next, that is another alarm.
    pub(super) fn forget_lacking(&mut self, id: Uuid) {
        for (role, row) in self.duty.iter_mut().filter(|(_, row)| row.lacking == Some(id)) {
            row.lacking = None;
            self.changed_duty.insert(*role);
        }
    }

    /// Somebody has the role again.
    fn has_somebody(&mut self, role: StaffRole, at: Timestamp) {
        let Some(id) = self.duty.get(&role).and_then(|row| row.lacking) else { return };
        // It may be the one that is being told of: the next to be told sees to it.
        let Some(mut incident) = self.take(id) else { return };
        self.duty.entry(role).or_default().lacking = None;
        self.changed_duty.insert(role);
        let alert = name_of(id, "2");
        self.effects.push_back(Effect::Raise(OwnAlert {
            alert,
            incident: id,
            revision: 2,
            level: Level::Clear,
            order: incident.order.clone(),
            wearer: incident.wearer.clone(),
            at,
            about: About::Nobody(role),
        }));
        self.clear(id, &mut incident, at, Some(alert));
        incident.changed_at = at;
        self.put(id, incident);
    }

    pub(super) fn set_duty(
        &mut self,
        now: Timestamp,
        actor: &Actor,
        role: StaffRole,
        people: Vec<String>,
        until: Timestamp,
    ) -> Done {
        let instead = Override { people: people.clone(), until, by: actor.name.clone() };
        let row = self.duty.entry(role).or_default();
        if row.instead.as_ref() == Some(&instead) {
            return Done::Already;
        }
        row.instead = Some(instead);
        self.changed_duty.insert(role);
        self.by(Uuid::nil(), now, &actor.name, What::DutyChanged { role, people, until });
        if matches!(self.on_duty(role, now), OnDuty::People(_)) {
            self.has_somebody(role, now);
        }
        self.look_at_duty(now);
        Done::Done
    }
}
