//! Driving the follow-up: alerts, receipts and commands go in, rows and notices come out, in the engine's batch.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use uuid::Uuid;
use zones::{Alert, DeskId, DeviceId, Input, Level, OrderId, PersonId, Timestamp};

use super::decide::{Decider, ToDesk};
use super::rows;
use crate::delivery::Trouble;
use crate::followup::{
    Actor, Change, Command, DeskState, Done, Effect, Entry, Event, Incident, OnDuty, Raised, Refused,
    StaffRole, State, VictimState,
};
use crate::store::{Channel, IncidentRow, TimelineRow};
use crate::wire::{Message, Unusable};

/// Who has a role now, and who says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DutyNow {
    /// The role.
    pub role: StaffRole,
    /// Who has it.
    pub on_duty: OnDuty,
    /// Until when it was said to be so; `None` when the settings say it.
    pub until: Option<Timestamp>,
    /// Who said it.
    pub by: Option<String>,
}

impl Decider {
    /// Tells the follow-up one thing, and puts into the batch what follows.
    pub(super) fn follow(&mut self, now: Timestamp, event: Event) -> Result<Done, Refused> {
        let done = self.followup.handle(now, event);
        while let Some(effect) = self.followup.poll_effect() {
            self.pending.urgent = true;
            self.pending.begun.get_or_insert_with(std::time::Instant::now);
            match effect {
                Effect::Entry(entry) => self.entry(&entry),
                Effect::Notice(notice) => self.pending.told.push(notice),
                Effect::AllClear { id, incident, device, at } => self.all_clear(id, incident, &device, at),
                Effect::SecondChannel { id, incident, device, over, at } => {
                    self.second_channel(id, incident, &device, over, at);
                }
                Effect::Raise(own) => self.own_alert(&own),
                Effect::Desk(news) => self.tell_desk(&news),
                Effect::Released { incident } => self.pending.batch.released.push(incident.to_string()),
                Effect::Superseded { incident, at } => self.superseded(incident, at),
                Effect::Resolved { incident, watch, at } => {
                    self.pending.closed.push((incident.to_string(), at));
                    self.held_no_more(&incident.to_string(), at);
                    if let Some(watch) = watch {
                        // Nobody refuses to be told this; of an order that is gone there is nothing to close.
                        let _ = self.tell(at, &Input::IncidentClosed { watch, incident });
                    }
                }
            }
        }
        done
    }

    /// What the follow-up needs of an alert that was routed.
    pub(super) fn follow_alert(&mut self, alert: &Alert, victim_device: Option<DeviceId>, to_desk: ToDesk) {
        let order = self.engine.order(&alert.order);
        let risk = order.and_then(|order| order.risk);
        let second_road =
            victim_device.as_ref().is_some_and(|device| !self.second_roads(&alert.order, device).is_empty());
        let raised = Raised {
            alert: alert.alert,
            incident: alert.incident,
            watch: alert.watch.clone(),
            kind: alert.kind,
            level: alert.level,
            stands: alert.stands.unwrap_or(alert.level),
            late: alert.late,
            test: alert.test,
            order: alert.order.clone(),
            wearer: alert.wearer.clone(),
            victim: alert.victim.clone(),
            risk,
            victim_device,
            second_road,
            desk: alert.desk.clone(),
            told_desk: to_desk.told,
            held: to_desk.held,
            desk_by_hand: to_desk.by_hand,
            devices: u32::try_from(self.engine.device_count()).unwrap_or(u32::MAX),
            last_distance_m: alert.last_distance_m.map(|metres| metres as u32),
            case_contact: self.case_contact(alert),
            call_order: order.map(|order| order.call_order.clone()).unwrap_or_default(),
        };
        // An alert is never refused.
        let _ = self.follow(alert.raised_at, Event::Alert(Box::new(raised)));
    }

    /// The contact of the settings whom an order names as the coordinator of the case.
    fn case_contact(&self, alert: &Alert) -> Option<String> {
        let named = &alert.contacts.case_coordinator.as_ref()?.name;
        self.around.contacts.find(named).map(|contact| contact.name.clone())
    }

    fn entry(&mut self, entry: &Entry) {
        let seq = self.next.alert;
        self.next.alert += 1;
        let known = self.followup.incident(entry.incident);
        let mut detail = serde_json::to_value(&entry.what).unwrap_or_default();
        if let Some(fields) = detail.as_object_mut() {
            fields.remove("what");
            fields.retain(|_, value| !value.is_null());
        }
        self.pending.batch.timeline.push(TimelineRow {
            seq,
            incident: if entry.incident.is_nil() { String::new() } else { entry.incident.to_string() },
            at: entry.at,
            actor: entry.actor.clone(),
            what: entry.what.word().into(),
            detail: if detail.is_null() { Value::Object(serde_json::Map::new()) } else { detail }.to_string(),
            order: known.and_then(Incident::order_of_one).map(ToString::to_string).unwrap_or_default(),
            desk: self.incidents.get(&entry.incident.to_string()).and_then(|row| row.desk.clone()),
            state: known.map_or(State::Resolved, |one| one.state).as_str().into(),
            condition: known.map_or("cleared", |one| one.condition.as_str()).into(),
            owner: known.and_then(|one| one.owner.clone()),
            handed_on: known.is_some_and(|one| one.handed_on),
        });
    }

    /// Somebody does something about an incident.
    pub(super) fn follow_command(
        &mut self,
        now: Timestamp,
        incident: Uuid,
        actor: Actor,
        command: Command,
        key: Option<String>,
    ) -> Result<Done, Refused> {
        self.advance(now);
        let body = json!({"incident": incident, "by": actor.name, "command": command});
        let seq = self.journal(now, &body);
        let done = self.follow(now, Event::Command { incident, actor, command, key });
        self.journal_if(done == Ok(Done::Done), seq);
        done
    }

    /// Writes a command into the journal, before what follows from it.
    fn journal(&mut self, now: Timestamp, body: &Value) -> i64 {
        let seq = self.next.input;
        self.next.input += 1;
        self.pending.batch.inputs.push(rows::done_by_hand(seq, now, body));
        seq
    }

    /// Takes it out again when nothing came of it.
    fn journal_if(&mut self, done: bool, seq: i64) {
        let inputs = &mut self.pending.batch.inputs;
        if !done && inputs.last().is_some_and(|row| row.seq == seq) {
            inputs.pop();
            self.next.input = seq;
        }
    }

    /// Somebody says who has a role.
    pub(super) fn follow_duty(
        &mut self,
        now: Timestamp,
        actor: Actor,
        role: StaffRole,
        people: Vec<String>,
        until: Timestamp,
    ) -> Result<Done, Refused> {
        self.advance(now);
        let strange = |name: &&String| self.around.contacts.find(name).is_none();
        if let Some(name) = people.iter().find(strange) {
            let problem = format!("{name:.40?} is no contact of the settings");
            return Err(Refused::Invalid { field: "people", problem });
        }
        if until <= now {
            return Err(Refused::Invalid { field: "until", problem: "is past".to_owned() });
        }
        let seq =
            self.journal(now, &json!({"role": role, "by": actor.name, "people": people, "until": until}));
        let done = self.follow(now, Event::Duty { actor, role, people, until });
        self.journal_if(done == Ok(Done::Done), seq);
        done
    }

    /// Something does not get through to whom it is for.
    pub(super) fn trouble(&mut self, now: Timestamp, trouble: Trouble) {
        self.advance(now);
        let Trouble { incident, channel, recipient } = trouble;
        let Ok(incident) = Uuid::parse_str(&incident) else { return };
        // A number or an address of hers is nothing for a timeline.
        let recipient = match channel {
            Channel::VictimSms | Channel::VictimEmail => "second_channel".to_owned(),
            _ => recipient,
        };
        let channel = channel.word();
        // Of an incident that is over nobody need find another way.
        let _ = self.follow(now, Event::Undelivered { incident, channel, recipient });
    }

    /// Who has which role now.
    pub(super) fn duty_now(&self, now: Timestamp) -> Vec<DutyNow> {
        let of = |role: &StaffRole| {
            let instead = self.followup.duty_row(*role).and_then(|row| row.instead.clone());
            let instead = instead.filter(|instead| now < instead.until);
            DutyNow {
                role: *role,
                on_duty: self.followup.on_duty(*role, now),
                until: instead.as_ref().map(|instead| instead.until),
                by: instead.map(|instead| instead.by),
            }
        };
        StaffRole::ALL.iter().map(of).collect()
    }

    /// Tells the follow-up what a desk or a victim device said, and says whether that was new; why it was not taken in,
    /// where it was not.
    pub(super) fn follow_receipt(&mut self, now: Timestamp, message: &Message<'_>) -> Result<Done, Unusable> {
        let not_an_id =
            |field: &str| Unusable { reason: "not an id of ours".to_owned(), field: Some(field.to_owned()) };
        let event = match message {
            Message::VictimReceipt { device, alert, state, at } => Event::VictimReceipt {
                device: DeviceId::new(device)?,
                alert: Uuid::parse_str(alert).map_err(|_| not_an_id("alert"))?,
                state: VictimState::from_word(state.as_str()).ok_or_else(|| not_an_id("state"))?,
                at: *at,
            },
            Message::DeskReceipt { desk, incident, state, reference, reason, at } => Event::DeskReceipt {
                desk: DeskId::new(desk)?,
                incident: Uuid::parse_str(incident).map_err(|_| not_an_id("incident"))?,
                state: DeskState::from_word(state.as_str()).ok_or_else(|| not_an_id("state"))?,
                reference: reference.as_ref().map(ToString::to_string),
                reason: reason.as_ref().map(ToString::to_string),
                at: *at,
            },
            _ => return Ok(Done::Already),
        };
        self.follow(now, event).map_err(|refused| Unusable { reason: refused.to_string(), field: None })
    }

    /// Incidents that were open before there was a follow-up get one, as if their last alert came now.
    pub(super) fn adopt(&mut self, now: Timestamp) {
        let lasts = self.followup.incidents().filter(|(_, one)| one.cleared_at.is_none());
        let orders: BTreeSet<OrderId> = lasts.map(|(_, one)| one.order.clone()).collect();
        for order in orders {
            if self.engine.order(&order).is_none() {
                let _ = self.follow(now, Event::OrderGone(order));
            }
        }
        let known = |row: &&IncidentRow| {
            Uuid::parse_str(&row.incident).is_ok_and(|id| self.followup.incident(id).is_some())
        };
        let lost: Vec<IncidentRow> =
            self.incidents.values().filter(|row| row.closed_at.is_none() && !known(row)).cloned().collect();
        for row in lost {
            let Some(mut raised) = raised_of(&row) else {
                tracing::error!(incident = row.incident, "an open incident cannot be followed up");
                continue;
            };
            let _ = self.follow(now, Event::Alert(Box::new(raised.clone())));
            if row.level == "clear" {
                (raised.level, raised.stands) = (Level::Clear, Level::Clear);
                let _ = self.follow(now, Event::Alert(Box::new(raised)));
            }
        }
    }

    /// Nothing of an order lasts any more; its incidents stay somebody's.
    pub(super) fn leave_incidents(&mut self, now: Timestamp, id: &OrderId) {
        // Nobody refuses to be told this.
        let _ = self.follow(now, Event::OrderGone(id.clone()));
        self.files.worth_trying = true;
    }

    /// Brings the rows of incidents up to date with what the follow-up changed.
    pub(super) fn take_followup(&mut self) {
        let Self { followup, pending, incidents, .. } = self;
        let batch = &mut pending.batch;
        let mut changed = std::mem::take(&mut pending.changed);
        followup.drain_changes(|change| match change {
            Change::Incident(id, incident) => {
                let name = id.to_string();
                batch.followups.push(rows::followup(&name, Some(incident)));
                batch.deadlines.extend(rows::deadlines(&name, incident));
                if let Some(row) = incidents.get_mut(&name) {
                    rows::follow_up(row, incident);
                }
                changed.insert(name);
            }
            Change::Forgotten(id) => {
                let name = id.to_string();
                batch.followups.push(rows::followup(&name, None));
                incidents.remove(&name);
            }
            Change::Duty(role, row) => batch.duty.push(rows::duty(role, row)),
        });
        batch.incidents.extend(changed.iter().filter_map(|name| incidents.get(name).cloned()));
    }
}

/// The alert that an incident's row stands for.
fn raised_of(row: &IncidentRow) -> Option<Raised> {
    let incident = Uuid::parse_str(&row.incident).ok()?;
    let level = if row.worst == "alarm" { Level::Alarm } else { Level::Warning };
    Some(Raised {
        alert: Uuid::new_v5(&incident, b"adopted"),
        incident,
        watch: rows::watch_of(row).parse().ok(),
        kind: serde_json::from_value(Value::String(row.kind.to_string())).ok()?,
        level,
        stands: level,
        late: false,
        test: false,
        order: OrderId::new(&row.order).ok()?,
        wearer: PersonId::new(&row.wearer).ok()?,
        victim: row.victim.as_deref().and_then(|victim| PersonId::new(victim).ok()),
        risk: None,
        victim_device: None,
        second_road: false,
        desk: row.desk.as_deref().and_then(|desk| DeskId::new(desk).ok()),
        told_desk: false,
        held: false,
        desk_by_hand: false,
        devices: 0,
        last_distance_m: None,
        case_contact: None,
        call_order: Vec::new(),
    })
}
