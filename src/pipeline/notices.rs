//! From who is to be told to what is sent: notices to people, a victim's second channel, alerts of the service itself.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::json;
use uuid::Uuid;
use zones::order::Victim;
use zones::{Alert, AlertKind, DeviceId, Level, OrderId, Timestamp};

use super::decide::Decider;
use crate::delivery::{
    Ask, DeskRoads, Facts, Notice as Message, Over, Recipient, recipients, resolved_event,
};
use crate::followup::{About, Event, NO_ORDER, Notice, OwnAlert, Reason, Task};
use crate::metrics::AlertLabels;
use crate::store::{AlertRow, Channel, FollowUpRow, IncidentRow, NewDelivery};

impl Decider {
    /// Puts notices into the outbox, by every road that their people have. Of several that ask the same of one person
    /// about one incident and are due at once, because nobody looked for a while, the newest is enough.
    pub(super) fn deliver_notices(&mut self) {
        let told = std::mem::take(&mut self.pending.told);
        let mut had = BTreeSet::new();
        let mut kept = Vec::new();
        for notice in told.iter().rev() {
            for name in &notice.to {
                if had.insert((notice.incident, name, ask(notice) as u8, &notice.deadline)) {
                    kept.push((notice, name));
                }
            }
        }
        for (notice, name) in kept.into_iter().rev() {
            let message = Message {
                notice: notice.id.to_string(),
                incident: notice.incident.to_string(),
                kind: notice.kind,
                level: notice.level,
                // What concerns many orders is of none.
                order: Some(notice.order.clone())
                    .filter(|order| notice.devices.is_none() && order.as_str() != NO_ORDER),
                devices: notice.devices,
                call: notice.call.clone(),
                step: ask(notice),
                about: notice.deadline.clone(),
                late: false,
                language: None,
                raised_at: notice.at,
            };
            let roads: Vec<Recipient> = self
                .around
                .contacts
                .roads_of(name)
                .map(|channel| Recipient { channel, name: name.clone(), kept_back: None })
                .collect();
            self.send(&message, roads);
        }
    }

    /// Tells a victim's device that what she was told of is over: somebody in the monitoring centre says so.
    pub(super) fn all_clear(&mut self, id: Uuid, incident: Uuid, device: &DeviceId, at: Timestamp) {
        let Some(known) = self.followup.incident(incident) else { return };
        let row = self.incidents.get_mut(&incident.to_string());
        let revision = row.map_or(1, |row| {
            row.revision += 1;
            row.revision
        });
        let order = self.engine.order(&known.order);
        let over = Over {
            alert: id,
            incident,
            revision: u32::try_from(revision).unwrap_or(u32::MAX),
            kind: known.kind,
            at,
            contact: order.and_then(|order| order.contacts.victim_contact.as_deref()),
        };
        let Ok(payload) = resolved_event(&self.around.source, over, known.what_was_done()) else {
            tracing::error!(%incident, "an all-clear could not be written");
            return;
        };
        let delivery = self.next.delivery;
        self.next.delivery += 1;
        self.pending.batch.deliveries.push(NewDelivery {
            id: delivery,
            alert: id.to_string(),
            alert_seq: self.next.alert - 1,
            incident: incident.to_string(),
            channel: Channel::VictimMqtt,
            recipient: device.to_string(),
            payload,
            level: Level::Clear.as_str().into(),
            created_at: at,
        });
    }

    /// Tells a victim by her second channel that there is an alarm which her device has not shown, or that it is over.
    pub(super) fn second_channel(
        &mut self,
        id: Uuid,
        incident: Uuid,
        device: &DeviceId,
        over: bool,
        at: Timestamp,
    ) {
        let Some(known) = self.followup.incident(incident) else { return };
        let (kind, level) = (known.kind, if over { Level::Clear } else { known.worst });
        let order = known.order.clone();
        let roads = self.second_roads(&order, device);
        if roads.is_empty() {
            // Her order or the settings have changed since the alert.
            let (channel, recipient) = ("second_channel", device.to_string());
            let _ = self.follow(at, Event::Undelivered { incident, channel, recipient });
            return;
        }
        let language = self.victim_with(&order, device).and_then(|victim| victim.language);
        let message = Message {
            notice: id.to_string(),
            incident: incident.to_string(),
            kind,
            level,
            order: None,
            devices: None,
            call: Vec::new(),
            step: Ask::Look,
            about: None,
            late: false,
            language,
            raised_at: at,
        };
        self.send(&message, roads);
    }

    /// The roads to a victim besides her device, by the order that protects her.
    pub(super) fn second_roads(&self, order: &OrderId, device: &DeviceId) -> Vec<Recipient> {
        let second = self.victim_with(order, device).and_then(|victim| victim.second_channel.as_deref());
        second.map(|second| self.around.contacts.second_roads(second)).unwrap_or_default()
    }

    fn victim_with(&self, order: &OrderId, device: &DeviceId) -> Option<&Victim> {
        let victims = &self.engine.order(order)?.victims;
        victims.iter().find(|victim| victim.party.device.as_ref() == Some(device))
    }

    fn send(&mut self, message: &Message, roads: Vec<Recipient>) {
        let Ok(payload) = message.to_json() else {
            tracing::error!(notice = message.notice, "a notice could not be written as JSON");
            return;
        };
        for Recipient { channel, name, .. } in roads {
            let id = self.next.delivery;
            self.next.delivery += 1;
            self.pending.batch.deliveries.push(NewDelivery {
                id,
                alert: message.notice.clone(),
                alert_seq: self.next.alert - 1,
                incident: message.incident.clone(),
                channel,
                recipient: name,
                payload: payload.clone(),
                level: message.level.as_str().into(),
                created_at: message.raised_at,
            });
        }
    }

    /// Tells the desk that was told of an incident, which was resolved while it lasted, that this one is over.
    pub(super) fn superseded(&mut self, incident: Uuid, at: Timestamp) {
        let (row, known) = (self.incidents.get(&incident.to_string()), self.followup.incident(incident));
        let (Some(row), Some(known)) = (row, known) else { return };
        let watch = known.watch.as_deref().and_then(|watch| watch.parse().ok());
        let (Some(watch), Some(order)) = (watch, self.engine.order(&known.order)) else { return };
        let revision = u32::try_from(row.revision).unwrap_or_default().saturating_add(1);
        let told_desk = order.tell_desk && row.worst == "alarm" && !known.is_held();
        let alert = Alert::superseded(order, &watch, known.kind, (incident, revision), at);
        let told = recipients(&Facts {
            kind: alert.kind,
            level: alert.level,
            operator_only: false,
            test: false,
            quiet: false,
            // She hears of what there is now.
            victim_device: None,
            desk: alert.desk.as_ref().map(|desk| DeskRoads::of(desk, &self.around.desks)),
            told_victim: false,
            told_desk,
        });
        let seq = self.enter(&alert, told_desk);
        self.deliver(&alert, seq, told);
    }

    /// Puts an alert that the service raises about itself into the batch, with its incident. What concerns many orders
    /// is stored as of none: no case has it, and no filter finds it there.
    pub(super) fn own_alert(&mut self, own: &OwnAlert) {
        let (kind, reason) = own_words(own);
        let of_none = matches!(own.about, About::Silent { .. }) || own.order.as_str() == NO_ORDER;
        let one = |name: &str| if of_none { String::new() } else { name.to_owned() };
        let (order, wearer) = (one(own.order.as_str()), one(own.wearer.as_str()));
        let mut data = json!({
            "alert": own.alert, "incident": own.incident, "revision": own.revision, "kind": kind,
            "level": own.level, "certainty": "certain", "late": false,
            "order": (!of_none).then_some(&order), "wearer": (!of_none).then_some(&wearer), "victim": null,
            "zone": null, "device": null, "raised_at": own.at,
            "fixed_at": null, "distance_m": null, "uncertainty_m": null, "closing_mps": null,
            "contact_s": null, "wearer_fix": null, "victim_fix": null, "legal_basis": null,
            "arrest_on_sight": false, "contacts": {}, "reason": reason,
        });
        match own.about {
            About::Nobody(role) => data["role"] = json!(role),
            About::Silent { devices } => data["devices"] = json!(devices),
        }
        let seq = self.next.alert;
        self.next.alert += 1;
        self.pending.batch.alerts.push(AlertRow {
            seq,
            alert: own.alert.to_string(),
            incident: own.incident.to_string(),
            revision: own.revision.into(),
            raised_at: own.at,
            level: own.level.as_str().into(),
            kind: kind.into(),
            order: order.clone(),
            wearer: wearer.clone(),
            victim: None,
            desk: None,
            data: data.to_string(),
        });
        let labels = AlertLabels { kind, level: own.level.as_str() };
        self.metrics.alerts.get_or_create(&labels).inc();
        let id = own.incident.to_string();
        let row = self.incidents.entry(id.clone()).or_insert_with(|| IncidentRow {
            incident: id.clone(),
            order,
            kind: kind.into(),
            wearer,
            victim: None,
            zone: None,
            device: None,
            desk: None,
            level: own.level.as_str().into(),
            worst: own.level.as_str().into(),
            certainty: "certain".into(),
            opened_at: own.at,
            changed_at: own.at,
            cleared_at: None,
            closed_at: None,
            revision: own.revision.into(),
            state: Cow::Borrowed("new"),
            follow_up: FollowUpRow::default(),
        });
        row.level = own.level.as_str().into();
        if own.level == Level::Alarm {
            row.worst = own.level.as_str().into();
        }
        row.revision = own.revision.into();
        row.changed_at = own.at;
        self.pending.changed.insert(id);
    }
}

/// The kind of an alert of the service itself, and what it says.
fn own_words(own: &OwnAlert) -> (&'static str, String) {
    let over = own.level == Level::Clear;
    match own.about {
        About::Nobody(role) => {
            let (nl, en) = if over {
                ("Er is weer iemand die", "There is somebody again who is")
            } else {
                ("Er is niemand die", "There is nobody who is")
            };
            (AlertKind::FollowUp.as_str(), format!("{nl} {role} is / {en} {role}"))
        }
        About::Silent { devices } => {
            let reason = if over {
                format!("Nog {devices} toestellen zwijgen / {devices} devices are silent still")
            } else {
                format!("{devices} toestellen zwijgen tegelijk / {devices} devices are silent at once")
            };
            (AlertKind::MassSilence.as_str(), reason)
        }
    }
}

/// What a notice asks of who reads it.
fn ask(notice: &Notice) -> Ask {
    match notice.reason {
        Reason::Step if notice.task == Some(Task::PhoneDesk) => Ask::PhoneDesk,
        Reason::Step if notice.task == Some(Task::PhoneVictim) => Ask::PhoneVictim,
        Reason::Step if notice.kind == AlertKind::FollowUp => Ask::NobodyOnDuty,
        Reason::Step | Reason::Escalated => Ask::Acknowledge,
        Reason::Ring => Ask::RingAgain,
        Reason::Again => Ask::RaisedAgain,
        Reason::DeskRejected => Ask::DeskRejected,
        Reason::Confirm => Ask::Confirm,
        Reason::Displaced => Ask::Differs,
        Reason::DeadlineNear => Ask::Remind,
        Reason::DeadlineMissed => Ask::Missed,
        Reason::Undelivered => Ask::Undelivered,
    }
}
