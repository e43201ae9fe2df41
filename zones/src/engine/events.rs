//! What devices say about themselves, and the panic button.

use uuid::Uuid;

use super::announce::AboutDevice;
use super::device::Said;
use super::{Engine, Outcome, Refused, Subject, WatchKey};
use crate::alert::{Alert, AlertKind, tenths};
use crate::standing::{Certainty, Standing};
use crate::{Aware, DeviceEvent, DeviceEventKind, Fix, Role, Timestamp, policy, words};

/// What an event does to its watch: which one, and where that goes. Other events are kept as evidence.
fn meaning(event: DeviceEventKind) -> Option<(AlertKind, Standing)> {
    use DeviceEventKind as E;
    Some(match event {
        E::StrapTamper | E::CaseTamper => (AlertKind::Tamper, Standing::Alarm),
        E::BatteryLow => (AlertKind::Battery, Standing::Warning),
        E::BatteryCritical => (AlertKind::Battery, Standing::Alarm),
        E::Charging => (AlertKind::Battery, Standing::Clear),
        E::Jamming => (AlertKind::Jamming, Standing::Alarm),
        E::Shielded => (AlertKind::Jamming, Standing::Warning),
        E::Shutdown | E::Restart | E::BeaconLost | E::BeaconFound => return None,
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
            if self.devices[slot as usize].state.silent_since.is_none() {
                self.begin_silence(now, slot, true);
            }
            return Ok(Outcome::Done);
        }
        let Some((kind, standing)) = meaning(event.event) else { return Ok(Outcome::Done) };
        self.announce_event(now, slot, kind, event.at, standing, |alert| {
            alert.reason = words::of_event(role, event.event);
        });
        Ok(Outcome::Done)
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

    pub(super) fn take_aware(
        &mut self,
        now: Timestamp,
        device: &str,
        aware: Aware,
    ) -> Result<Outcome, Refused> {
        let slot = self.find(Role::Victim, device)?;
        if !self.devices[slot as usize].state.hears(Said::Aware, aware.pressed_at) {
            return Ok(Outcome::Duplicate);
        }
        self.note_device(slot);
        if aware.test {
            return Ok(Outcome::Done);
        }
        self.announce_event(now, slot, AlertKind::Aware, aware.pressed_at, Standing::Alarm, |alert| {
            words::AWARE.clone_into(&mut alert.reason);
            alert.late = now - aware.pressed_at > policy::LATE_AFTER;
            place(alert, aware);
        });
        Ok(Outcome::Done)
    }

    /// Announces an event in every order in force. Each event is an alert, also when its watch stood there
    /// already: nothing that a device says of tampering is swallowed. Only an end needs something to end.
    fn announce_event(
        &mut self,
        now: Timestamp,
        slot: u32,
        kind: AlertKind,
        evidence_at: Timestamp,
        standing: Standing,
        edit: impl Fn(&mut Alert),
    ) {
        for order in self.orders_of(slot) {
            let Some(order) = self.order(&order).cloned() else { continue };
            let about = AboutDevice { order: &order, kind, slot, now, evidence_at };
            let stood = self.standing_about(&about.key(self.devices[slot as usize].id.clone()));
            let in_force = order.in_force(now) || order.in_force(evidence_at);
            if !in_force || (standing == Standing::Clear && stood == Standing::Clear) {
                continue;
            }
            self.announce_device(&about, standing.max_if_raised(stood), &edit);
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

/// Puts the place of a press into its alert.
fn place(alert: &mut Alert, aware: Aware) {
    let Some(position) = aware.position else { return };
    alert.victim_fix = Some(Fix { accuracy_m: aware.accuracy_m, ..Fix::new(aware.pressed_at, position) });
    alert.uncertainty_m = aware.accuracy_m.map(|m| tenths(f64::from(m)));
    alert.fixed_at = Some(aware.pressed_at);
}
