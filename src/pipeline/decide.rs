//! Deciding: what arrives goes through the engine, and what follows is collected into one batch.
//!
//! No clock, no channel, no store: time and messages are passed in, a [`Pending`] is taken out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use zones::{
    Alert, Change, Effect, Engine, Input, Level, Note, Noted, OrderId, Outcome, Refused, Role, Timestamp,
};

use super::cap::CapRecord;
use super::directory::Directory;
use super::files::Files;
use super::quiet::Quiet;
use super::recent::{self, Recent};
use super::register::Register;
use super::rows::{self, StoredDecision};
use super::translate;
use crate::config::{Contacts, Desk};
use crate::delivery::{DeskRoads, Facts, Recipient, all_clear_event, police_event, recipients, victim_event};
use crate::followup::{self, Done, Event, FollowUp, Incident, Notice};
use crate::lines::Lines;
use crate::metrics::{AlertLabels, Metrics};
use crate::mqtt::AckToken;
use crate::store::{Batch, Channel, DeliveryProgress, IncidentRow, NewDelivery, Next, Origin, ReceiptRow};
use crate::wire::{self, Message, TrackerKeys, TypedCode, Unusable};

/// About so many rows of a batch follow from an alert: incident, clocks, lines of its timeline, deliveries, states.
const ROWS_OF_AN_ALERT: usize = 8;

/// A batch in the making, and what is owed to others once it is committed.
#[derive(Default)]
pub(super) struct Pending {
    pub(super) batch: Batch,
    /// Messages to be acknowledged.
    pub(super) acks: Vec<AckToken>,
    /// Answers to commands.
    pub(super) replies: Vec<Box<dyn FnOnce() + Send>>,
    /// Fixes of devices that asked for receipts: role, device, time of the fix and its number.
    pub(super) receipts: Vec<(Role, Box<str>, Timestamp, Option<u64>)>,
    /// Fixes in it.
    pub(super) fixes: u64,
    /// When its first part was decided.
    pub(super) begun: Option<Instant>,
    /// Somebody waits for it: it need not fill up first.
    pub(super) urgent: bool,
    /// People who are to be told.
    pub(super) told: Vec<Notice>,
    /// Incidents whose rows have changed.
    pub(super) changed: BTreeSet<String>,
    /// Devices of victims who are told now of what their quiet hours had kept from them.
    pub(super) told_again: Vec<String>,
    /// Incidents that were resolved, and when: what somebody was to act on is not sent any more.
    pub(super) closed: Vec<(String, Timestamp)>,
}

impl Pending {
    /// Parts decided so far: what a batch is limited by. Time that passes is one input, however much it brings about:
    /// alerts count for the rows that follow from them.
    pub(super) fn len(&self) -> usize {
        let followed = (self.batch.alerts.len() * ROWS_OF_AN_ALERT).max(self.batch.timeline.len());
        self.batch.inputs.len().max(self.acks.len()).max(followed)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.batch.is_empty() && self.acks.is_empty() && self.replies.is_empty()
    }
}

/// What an alert is to the desk of its order.
#[derive(Debug, Clone, Copy)]
pub(super) struct ToDesk {
    /// It is sent.
    pub(super) told: bool,
    /// It is held back, because the desk hears of all that are silent at once.
    pub(super) held: bool,
    /// It is for the operator to telephone.
    pub(super) by_hand: bool,
}

/// What does not change while the service runs.
pub(super) struct Surroundings {
    pub(super) desks: Vec<Desk>,
    pub(super) contacts: Contacts,
    pub(super) keys: TrackerKeys,
    pub(super) traccar_topic: Option<String>,
    /// `source` of events: names this instance.
    pub(super) source: String,
}

/// The engine with everything around it that belongs to a decision.
pub(super) struct Decider {
    pub(super) engine: Engine,
    pub(super) followup: FollowUp,
    pub(super) register: Arc<Register>,
    pub(super) directory: Directory,
    pub(super) around: Surroundings,
    pub(super) next: Next,
    pub(super) incidents: BTreeMap<String, IncidentRow>,
    pub(super) quiet: Quiet,
    pub(super) cap: CapRecord,
    /// Where the orders in the register came from, and when.
    pub(super) origins: BTreeMap<OrderId, (Origin, Timestamp)>,
    pub(super) files: Files,
    pub(super) recent: Recent,
    pub(super) said: Lines,
    /// Devices whose clock is known to be ahead.
    pub(super) ahead: BTreeSet<Box<str>>,
    pub(super) pending: Pending,
    pub(super) metrics: Arc<Metrics>,
}

impl Decider {
    /// Says on which topics the next messages came.
    pub(super) fn foresee<'a>(&self, topics: impl Iterator<Item = &'a str> + Clone) {
        self.engine.foresee(topics.filter_map(wire::device_of));
    }

    /// Takes in a message. Whatever is wrong with it, it ends up in the batch, so that it can be acknowledged.
    pub(super) fn message(&mut self, now: Timestamp, topic: &str, payload: &[u8]) {
        // What is wrong with it was noted; nobody waits to be told.
        let _ = self.said(now, topic, payload);
    }

    /// The same for somebody who waits: an error says that it was set aside.
    pub(super) fn said(&mut self, now: Timestamp, topic: &str, payload: &[u8]) -> Result<(), Unusable> {
        self.advance(now);
        let decoded = if self.around.traccar_topic.as_deref() == Some(topic) {
            wire::decode_traccar(payload)
        } else {
            wire::decode(topic, payload, &self.around.keys)
        };
        let taken = decoded.and_then(|message| self.decoded(now, topic, payload, &message));
        taken.inspect_err(|unusable| self.set_aside(now, topic, payload, unusable))
    }

    /// Takes in a Traccar forward that came over HTTP.
    pub(super) fn traccar(&mut self, now: Timestamp, payload: &[u8]) -> Result<(), Unusable> {
        const TOPIC: &str = "http:/v1/ingest/traccar";
        self.advance(now);
        let decoded = wire::decode_traccar(payload);
        let taken = decoded.and_then(|message| self.decoded(now, TOPIC, payload, &message));
        taken.inspect_err(|unusable| self.set_aside(now, TOPIC, payload, unusable))
    }

    fn decoded(
        &mut self,
        now: Timestamp,
        topic: &str,
        payload: &[u8],
        message: &Message<'_>,
    ) -> Result<(), Unusable> {
        if let Message::Fix { role, device, fix } = message {
            return self.input(now, &Input::Fix { role: *role, device, fix: *fix }).map(|_| ());
        }
        if matches!(message, Message::VictimReceipt { .. } | Message::DeskReceipt { .. }) {
            if self.follow_receipt(now, message)? == Done::Already {
                return Ok(()); // It has its row.
            }
            self.pending.urgent = true;
            let receipt = self.receipt(now, message);
            self.pending.batch.receipts.extend(receipt);
            return Ok(());
        }
        if let Message::AwareCancel { device, at, code } = message {
            return self.cancel_aware(now, device, *at, code).map(|_| ());
        }
        let register = Arc::clone(&self.register);
        let mut taken = Ok(());
        translate::inputs(&register, message, |input| {
            let one = self.input(now, &input).map(|_| ());
            if taken.is_ok() {
                taken = one;
            }
        })?;
        if let Some(unusable) = translate::partly_unusable(message) {
            self.set_aside(now, topic, payload, &unusable);
        }
        taken
    }

    /// Takes in an attempt to cancel a press of AWARE; says what came of it.
    pub(super) fn cancel_aware(
        &mut self,
        now: Timestamp,
        device: &str,
        at: Timestamp,
        typed: &TypedCode,
    ) -> Result<Outcome, Unusable> {
        self.advance(now);
        let outcome = self.input(now, &translate::cancel(&self.engine, device, at, typed))?;
        if let Outcome::NotCancelled(why) = outcome {
            tracing::warn!(device, why = why.as_str(), "a press of AWARE is not cancelled");
        }
        Ok(outcome)
    }

    /// Everything that was due before `now`, each at its own time.
    pub(super) fn advance(&mut self, now: Timestamp) {
        self.advance_until(now, |_| false);
    }

    /// The same, as far as the batch has room: the rest comes with the next one, at its own time all the same.
    pub(super) fn advance_some(&mut self, now: Timestamp, most: usize) {
        self.advance_until(now, |pending| pending.len() >= most);
    }

    fn advance_until(&mut self, now: Timestamp, is_full: impl Fn(&Pending) -> bool) {
        let now = now.max(self.engine.clock());
        while let Some(due) = self.poll_deadline().filter(|due| *due <= now) {
            if is_full(&self.pending) {
                return;
            }
            // Where both have something to do at a moment, the follow-up hears what the engine says of it.
            if self.engine.poll_deadline().is_some_and(|at| at <= due) {
                let due = due.max(self.engine.clock());
                // A tick cannot be refused.
                let _: Result<Outcome, Refused> = self.engine.handle(due, Input::Tick);
                self.collect(due, &Input::Tick);
            } else if self.quiet.poll_deadline().is_some_and(|at| at <= due) {
                self.quiet_hours_end(due);
            } else {
                let _ = self.follow(due, Event::Tick);
            }
        }
    }

    /// The same after a while in which perhaps nobody looked.
    pub(super) fn look_again(&mut self, now: Timestamp) {
        let (since, until) = (self.followup.clock(), now);
        let _ = self.follow(since, Event::Away { until });
        self.advance(now);
    }

    /// When something is due next, in the engine, at the end of quiet hours or in the follow-up.
    pub(super) fn poll_deadline(&self) -> Option<Timestamp> {
        let quiet = self.quiet.poll_deadline();
        self.engine.poll_deadline().into_iter().chain(quiet).chain(self.followup.poll_deadline()).min()
    }

    /// Tells the engine one thing.
    fn input(&mut self, now: Timestamp, input: &Input<'_>) -> Result<Outcome, Unusable> {
        match self.tell(now, input) {
            Ok(outcome) => Ok(outcome),
            Err(Refused::UnknownDevice) => Err(translate::unknown("device")),
            Err(refused) => Err(Unusable { reason: refused.to_string(), field: None }),
        }
    }

    /// Tells the engine one thing and collects what follows.
    pub(super) fn tell(&mut self, now: Timestamp, input: &Input<'_>) -> Result<Outcome, Refused> {
        // The engine's time never runs back; the journal has its time.
        let now = now.max(self.engine.clock());
        let key = self.key_of_fix(input);
        let outcome = match key {
            Some(key) if self.recent.has(key) => Outcome::Duplicate,
            _ => self.engine.handle(now, input.clone())?,
        };
        if let Input::Fix { device, .. } = input {
            self.say_clock(device, outcome);
        }
        if let Input::Fix { role, device, fix } = input {
            self.pending.fixes += 1;
            if self.register.wants_receipts(*role, device) {
                self.pending.receipts.push((*role, (*device).into(), fix.fixed_at, fix.seq));
            }
        }
        if outcome != Outcome::Duplicate {
            if let Some(key) = key {
                self.recent.note(key);
            }
            self.collect(now, input);
        }
        Ok(outcome)
    }

    /// Says once that a device's clock is ahead, and once that it is right again: it may send a fix a second.
    fn say_clock(&mut self, device: &str, outcome: Outcome) {
        match outcome {
            Outcome::ClockAhead(ahead) if self.ahead.insert(device.into()) => {
                let ahead_s = ahead.as_secs_f64();
                tracing::warn!(device, ahead_s, "clock ahead: judged by the time of arrival");
            }
            Outcome::Done if self.ahead.remove(device) => tracing::info!(device, "clock right again"),
            _ => {}
        }
    }

    fn key_of_fix(&self, input: &Input<'_>) -> Option<recent::Key> {
        match input {
            Input::Fix { role, device, fix } => Some(self.recent.key(*role, device, fix)),
            _ => None,
        }
    }

    /// Puts an input and what followed from it into the batch. Time that passed without consequence leaves no
    /// trace.
    pub(super) fn collect(&mut self, now: Timestamp, input: &Input<'_>) {
        let mut decisions = Vec::new();
        let mut alerts = Vec::new();
        let mut notices = Vec::new();
        let mut noted = Vec::new();
        while let Some(effect) = self.engine.poll_effect() {
            match effect {
                Effect::Decision(decision) => decisions.extend(StoredDecision::new(&self.engine, &decision)),
                Effect::Alert(alert) => alerts.push(alert),
                Effect::Noted(note) => noted.push(note),
                Effect::Protection { device, protection, .. } => {
                    notices.push(rows::protection(self.next.input, &device, &protection));
                }
                Effect::Command { device, fix_interval_s, until } => {
                    notices.push(rows::command(self.next.input, &device, fix_interval_s, until));
                }
            }
        }
        let nothing = decisions.is_empty() && alerts.is_empty() && notices.is_empty() && noted.is_empty();
        if matches!(input, Input::Tick) && nothing {
            return;
        }
        self.pending.batch.notices.extend(notices);
        let mut row = rows::input(self.next.input, now, input);
        row.decisions = rows::decisions(&decisions);
        self.next.input += 1;
        self.pending.begun.get_or_insert_with(Instant::now);
        self.pending.batch.inputs.push(row);
        for alert in alerts {
            self.alert(&alert);
        }
        for Note { incident, what, .. } in noted {
            let what = match what {
                Noted::Repeated(event) => followup::Noted::Repeated(event),
                Noted::NotCancelled(why) => followup::Noted::NotCancelled(why.as_str()),
            };
            // Of an incident that is over nothing more need be written down.
            let _ = self.follow(now, Event::Noted { incident, what });
        }
    }

    /// Puts an alert, its incident and its deliveries into the batch.
    fn alert(&mut self, alert: &Alert) {
        let id = alert.incident.to_string();
        let before = self.incidents.get(&id);
        let told_desk = before.is_some_and(|row| row.worst == "alarm");
        let stood = before.map(|row| row.level.clone());
        let quiet = self.keeps_quiet(alert, stood.as_deref());
        let tell_desk = self.engine.order(&alert.order).is_none_or(|order| order.tell_desk);
        let facts = Facts {
            kind: alert.kind,
            level: alert.level,
            operator_only: alert.operator_only,
            test: alert.test,
            quiet,
            victim_device: alert.victim_device.as_ref().filter(|_| !alert.hindsight),
            desk: alert.desk.as_ref().map(|desk| DeskRoads::of(desk, &self.around.desks)),
            // What is for more than the operator was told from the incident's first such alert on.
            told_victim: !alert.operator_only,
            told_desk,
        };
        let mut told = recipients(&facts);
        let held = self.is_held(alert);
        if held {
            Self::hold_back(&mut told);
        }
        let is_desk = |to: &Recipient| matches!(to.channel, Channel::DeskMqtt | Channel::DeskWebhook);
        let for_desk = told.iter().any(is_desk);
        told.retain(|to| tell_desk || !is_desk(to));
        let held = held && for_desk && tell_desk;
        let (told_desk, desk_by_hand) = (for_desk && tell_desk && !held, for_desk && !tell_desk);
        // What is held back is in its queue all the same.
        let seq = self.enter(alert, told_desk || held);
        let hers = told.iter().any(|to| to.channel == Channel::VictimMqtt && to.kept_back.is_none());
        let victim_device = alert.victim_device.clone().filter(|_| hers);
        self.deliver(alert, seq, told);
        self.follow_alert(alert, victim_device, ToDesk { told: told_desk, held, by_hand: desk_by_hand });
    }

    /// Puts an alert and its incident into the batch; its number.
    pub(super) fn enter(&mut self, alert: &Alert, told_desk: bool) -> i64 {
        let id = alert.incident.to_string();
        let before = self.incidents.get(&id);
        // A desk sees what it is told, and of that incident what follows.
        let sees = told_desk || before.is_some_and(|row| row.desk.is_some());
        let desk = alert.desk.as_ref().filter(|_| sees);
        let incident = rows::incident(before, alert, desk);
        self.incidents.insert(id.clone(), incident);
        self.pending.changed.insert(id);
        let seq = self.next.alert;
        self.next.alert += 1;
        self.pending.urgent = true;
        self.pending.batch.alerts.push(rows::alert(seq, alert, desk));
        let labels = AlertLabels { kind: alert.kind.as_str(), level: alert.level.as_str() };
        self.metrics.alerts.get_or_create(&labels).inc();
        seq
    }

    /// Puts an alert into the outbox, for each recipient in its version.
    pub(super) fn deliver(&mut self, alert: &Alert, seq: i64, told: Vec<Recipient>) {
        for recipient in told {
            let body = match recipient.channel {
                Channel::DeskMqtt => police_event(&self.around.source, alert).ok(),
                Channel::DeskWebhook => self.webhook_body(alert, &recipient.name),
                _ if alert.level == Level::Clear => {
                    let known = self.followup.incident(alert.incident);
                    let done = known.map(Incident::what_was_done).unwrap_or_default();
                    all_clear_event(&self.around.source, alert, done).ok()
                }
                // Whoever else it is gets the version that discloses nothing.
                _ => victim_event(&self.around.source, alert).ok(),
            };
            let Some(payload) = body else {
                tracing::error!(alert = %alert.alert, "an alert could not be written");
                continue;
            };
            let id = self.next.delivery;
            self.next.delivery += 1;
            if let Some(why) = recipient.kept_back {
                let outcome = self.kept_back(alert, id, &recipient, why);
                self.pending.batch.progress.push(DeliveryProgress { id, at: alert.raised_at, outcome });
            }
            self.pending.batch.deliveries.push(NewDelivery {
                id,
                alert: alert.alert.to_string(),
                alert_seq: seq,
                incident: alert.incident.to_string(),
                channel: recipient.channel,
                recipient: recipient.name,
                payload,
                level: alert.level.as_str().into(),
                created_at: alert.raised_at,
            });
        }
    }

    /// The row of a receipt; `None` for any other message.
    fn receipt(&mut self, now: Timestamp, message: &Message<'_>) -> Option<ReceiptRow> {
        let (channel, recipient, alert, incident, state, reference, reason, at) = match message {
            Message::VictimReceipt { device, alert, state, at } => {
                (Channel::VictimMqtt, device, Some(alert), None, state.as_str(), None, None, at)
            }
            Message::DeskReceipt { desk, incident, state, reference, reason, at } => {
                let (reference, reason) = (reference.as_ref(), reason.as_ref());
                (Channel::DeskMqtt, desk, None, Some(incident), state.as_str(), reference, reason, at)
            }
            _ => return None,
        };
        let seq = self.next.input;
        self.next.input += 1;
        let journal = rows::receipt(seq, now, recipient, *at, state);
        self.pending.batch.inputs.push(journal);
        Some(ReceiptRow {
            seq,
            at: *at,
            received_at: now,
            channel,
            recipient: (*recipient).to_owned(),
            alert: alert.map(ToString::to_string),
            incident: incident.map(ToString::to_string),
            state: state.into(),
            reference: reference.map(ToString::to_string),
            reason: reason.map(ToString::to_string),
        })
    }

    /// Closes the batch: adds the state as it stands now, and begins the next one.
    pub(super) fn take(&mut self) -> Pending {
        self.take_followup();
        self.deliver_notices();
        let mut pending = std::mem::take(&mut self.pending);
        let (batch, mut forgotten) = (&mut pending.batch, Vec::new());
        self.engine.drain_changes(|change| match change {
            Change::Device { role, device, state } => batch.devices.push(rows::device(role, device, state)),
            Change::History { role, device, history } => {
                batch.histories.push(rows::history(role, device, history));
            }
            Change::Watch { watch, episode } => batch.watches.push(rows::watch(&watch, episode)),
            Change::Forgotten(order) => forgotten.push(order),
        });
        for order in forgotten {
            self.forget(&order);
            let now = self.engine.clock();
            self.leave_incidents(now, &order.order);
        }
        pending
    }
}
