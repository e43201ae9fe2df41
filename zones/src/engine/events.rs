//! What devices say about themselves.

use std::sync::Arc;

use uuid::Uuid;

use super::announce::AboutDevice;
use super::device::Said;
use super::{Effect, Engine, Note, Noted, Outcome, Refused, Subject, WatchKey};
use crate::alert::{Alert, AlertKind};
use crate::order::Order;
use crate::standing::{Certainty, Standing};
use crate::{DeviceEvent, DeviceEventKind, OrderId, Role, Timestamp, words};

/// Something that concerns a device itself: its watch, and where that goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Happened {
    pub(super) kind: AlertKind,
    pub(super) standing: Standing,
    pub(super) at: Timestamp,
    /// What the device said, if it said it itself.
    pub(super) cause: Option<DeviceEventKind>,
}

/// What an event does to its watch: which one, and where that goes. Other events are kept as evidence. `raised`: a
/// watch of the device stands raised, so that what blinds it is an alarm at once.
fn meaning(event: DeviceEventKind, raised: bool) -> Option<(AlertKind, Standing)> {
    use DeviceEventKind as E;
    let blinds = if raised { Standing::Alarm } else { Standing::Warning };
    Some(match event {
        E::StrapTamper | E::CaseTamper => (AlertKind::Tamper, Standing::Alarm),
        E::BatteryLow => (AlertKind::Battery, Standing::Warning),
        E::BatteryCritical => (AlertKind::Battery, Standing::Alarm),
        E::Charging => (AlertKind::Battery, Standing::Clear),
        E::Jamming => (AlertKind::Jamming, Standing::Alarm),
        E::Shielded => (AlertKind::Jamming, blinds),
        E::BeaconLost => (AlertKind::Parted, blinds),
        E::BeaconFound => (AlertKind::Parted, Standing::Clear),
        E::Shutdown | E::Restart => return None,
    })
}

impl Engine {
    pub(super) fn take_event(
        &mut self,
        now: Timestamp,
        role: Role,
        device: &str,
        event: DeviceEvent,
    ) -> Result<Outcome, Refused> {
        let slot = self.find(role, device)?;
        if !self.devices[slot as usize].state.hears(Said::Event(event.event), event.at) {
            return Ok(Outcome::Duplicate);
        }
        self.note_device(slot);
        if event.event == DeviceEventKind::Shutdown {
            self.take_shutdown(now, slot);
            return Ok(Outcome::Done);
        }
        let raised = self.stands_raised(slot);
        let Some((kind, standing)) = meaning(event.event, raised) else { return Ok(Outcome::Done) };
        let what = Happened { kind, standing, at: event.at, cause: Some(event.event) };
        self.announce_event(now, slot, what, |alert| alert.reason = words::of_event(role, event.event));
        Ok(Outcome::Done)
    }

    /// Who switches a device off makes it silent at once; who does so again while it is silent has said it.
    fn take_shutdown(&mut self, now: Timestamp, slot: u32) {
        if self.devices[slot as usize].state.silent_since.is_none() {
            self.begin_silence(now, slot, true);
        } else {
            for (watch, incident) in self.raised_about(slot, AlertKind::Silence) {
                self.note(now, watch, incident, Noted::Repeated(DeviceEventKind::Shutdown));
            }
        }
    }

    /// What changes no level is no alert, but it belongs to the incident and is counted there.
    pub(super) fn note(&mut self, at: Timestamp, watch: WatchKey, incident: Uuid, what: Noted) {
        self.effects.push_back(Effect::Noted(Note { watch, incident, at, what }));
    }

    /// The watches over a device of that kind that stand raised, with their incidents.
    pub(super) fn raised_about(&self, slot: u32, kind: AlertKind) -> Vec<(WatchKey, Uuid)> {
        let device = &self.devices[slot as usize];
        let key = |order: &OrderId| WatchKey {
            order: order.clone(),
            subject: Subject::Device(kind, device.id.clone()),
        };
        let raised = |key: WatchKey| {
            let episode = self.about_devices.get(&key)?;
            (episode.standing > Standing::Clear).then_some((key, episode.incident))
        };
        device.orders.iter().map(key).filter_map(raised).collect()
    }

    pub(super) fn take_online(&mut self, role: Role, device: &str, online: bool) -> Result<Outcome, Refused> {
        let slot = self.find(role, device)?;
        let state = &mut self.devices[slot as usize].state;
        if state.online == Some(online) {
            return Ok(Outcome::Duplicate);
        }
        state.online = Some(online);
        self.note_device(slot);
        Ok(Outcome::Done)
    }

    /// The orders of a device that are in force, or were when it happened.
    pub(super) fn orders_in_force(&self, slot: u32, now: Timestamp, at: Timestamp) -> Vec<Arc<Order>> {
        let known = self.devices[slot as usize].orders.iter().filter_map(|order| self.order(order));
        known.filter(|order| order.in_force(now) || order.in_force(at)).cloned().collect()
    }

    /// Announces an event in every order in force. Only an end needs something to end. What a device says of itself
    /// again, while its watch stands there or higher and nobody has resolved that, is a repetition: noted, not
    /// announced. Nothing that a device says of tampering is swallowed.
    pub(super) fn announce_event(
        &mut self,
        now: Timestamp,
        slot: u32,
        what: Happened,
        edit: impl Fn(&mut Alert),
    ) {
        let Happened { kind, standing, at, cause } = what;
        let orders = match kind {
            AlertKind::Aware => self.orders_of_press(slot, now, at),
            _ => self.orders_in_force(slot, now, at),
        };
        for order in orders {
            let about = AboutDevice { order: &order, kind, slot, now, evidence_at: at };
            let key = about.key(self.devices[slot as usize].id.clone());
            let stood = self.standing_about(&key);
            if standing == Standing::Clear && stood == Standing::Clear {
                continue;
            }
            let open = self.about_devices.get(&key).filter(|episode| !episode.closed).map(|e| e.incident);
            match (cause, open) {
                (Some(event), Some(incident)) if standing > Standing::Clear && stood >= standing => {
                    self.note(now, key, incident, Noted::Repeated(event));
                }
                _ => self.announce_device(&about, standing.max_if_raised(stood), |alert| {
                    alert.cause = cause;
                    edit(alert);
                }),
            }
        }
    }

    /// An incident was resolved: its watch opens another next time. What has no measurable end (a press, a cut
    /// strap, jamming) ends with it.
    pub(super) fn close_incident(&mut self, key: &WatchKey, incident: Uuid) -> Outcome {
        if let Some(episode) = self.about_devices.get_mut(key).filter(|e| e.incident == incident && !e.closed)
        {
            episode.closed = true;
            if matches!(&key.subject, Subject::Device(kind, _) if !kind.ends_by_itself()) {
                episode.step(Standing::Clear, Certainty::Certain);
            }
            self.changed_about.insert(key.clone());
            self.note_protection_by(&key.order);
            return Outcome::Done;
        }
        let Some(registered) = self.orders.get(&key.order) else { return Outcome::Duplicate };
        let named = |slot: &&u32| self.watches[**slot as usize].subject().as_ref() == Some(&key.subject);
        let Some(slot) = registered.watches.iter().find(named).copied() else { return Outcome::Duplicate };
        let watch = &mut self.watches[slot as usize];
        match watch.episode.as_mut().filter(|e| e.incident == incident && !e.closed) {
            Some(episode) => {
                episode.closed = true;
                self.note_watch(slot);
                Outcome::Done
            }
            None => Outcome::Duplicate,
        }
    }
}

impl Standing {
    /// A weaker event does not lower what a stronger one raised; a clearing one does.
    fn max_if_raised(self, stood: Self) -> Self {
        if self == Self::Clear { self } else { self.max(stood) }
    }
}
