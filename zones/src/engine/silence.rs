//! Devices that do not report: §7 "Silence".

use super::announce::{AboutDevice, minutes_since};
use super::timers::Timer;
use super::{Engine, Hearing, Outcome};
use crate::alert::{AlertKind, tenths};
use crate::order::{Order, Party, Victim};
use crate::standing::{Level, Standing};
use crate::{DeviceEventKind, DeviceId, Millis, OrderId, Role, Timestamp, geodesy, policy, words};

impl Engine {
    /// A device's timer came up: it may be silent, or silent for long.
    pub(super) fn check_device(&mut self, t: Timestamp, slot: u32) {
        if !self.hearing.on {
            return; // All devices are looked at again when they can be heard.
        }
        let Some(due) = self.silence_due(slot) else { return };
        if due > t {
            self.set_device_timer(slot, due);
        } else if !self.is_expected(t, slot) {
            // Nobody waits for it; the order that does will say so when it begins.
        } else if let Some(turn) = self.turns.turn(t, slot) {
            self.set_device_timer(slot, turn);
        } else if self.devices[slot as usize].state.silent_since.is_none() {
            self.begin_silence(t, slot, false);
        } else {
            self.announce_silence(t, slot, Standing::Alarm, None);
        }
    }

    /// Says that a device is silent; `switched_off` when it said so itself.
    pub(super) fn begin_silence(&mut self, t: Timestamp, slot: u32, switched_off: bool) {
        self.note_device(slot);
        self.devices[slot as usize].state.silent_since = Some(t);
        let long = self.silent_long_at(slot).is_some_and(|at| at <= t);
        let at_once = long || switched_off || self.stands_raised(slot);
        let cause = switched_off.then_some(DeviceEventKind::Shutdown);
        self.announce_silence(t, slot, if at_once { Standing::Alarm } else { Standing::Warning }, cause);
        if !at_once && let Some(due) = self.silence_due(slot) {
            self.set_device_timer(slot, due);
        }
    }

    /// A live fix ended the silence.
    pub(super) fn end_silence(&mut self, now: Timestamp, slot: u32) {
        self.devices[slot as usize].state.silent_since = None;
        self.announce_silence(now, slot, Standing::Clear, None);
    }

    /// Moves the silence watches of all orders in force to a standing.
    fn announce_silence(
        &mut self,
        t: Timestamp,
        slot: u32,
        standing: Standing,
        cause: Option<DeviceEventKind>,
    ) {
        let device = &self.devices[slot as usize];
        let (role, id) = (device.role, device.id.clone());
        let last = device.state.last.map(|seen| seen.at);
        for order in self.orders_of(slot) {
            let Some(order) = self.order(&order).cloned() else { continue };
            let about = AboutDevice {
                order: &order,
                kind: AlertKind::Silence,
                slot,
                now: t,
                evidence_at: last.unwrap_or(t),
            };
            let stood = self.standing_about(&about.key(id.clone()));
            let expected = order.in_force(t) && order.expects(role, &id);
            if stood == standing || (standing > Standing::Clear && (!expected || stood > standing)) {
                continue;
            }
            let level = Level::from(standing);
            let apart_m =
                if standing > Standing::Clear { self.last_apart_m(&order, role, &id) } else { None };
            self.announce_device(&about, standing, |alert| {
                alert.cause = cause;
                alert.last_distance_m = apart_m.map(tenths);
                alert.reason = match cause {
                    Some(event) => words::of_event(role, event),
                    None => words::of_silence(role, level, minutes_since(last, t)),
                };
            });
        }
    }

    /// How far apart the wearer and the nearest victim were by the newest fix of each, of those whom a device of an
    /// order concerns.
    fn last_apart_m(&self, order: &Order, role: Role, device: &DeviceId) -> Option<f64> {
        let place = |role, party: &Party| {
            let slot = self.find(role, party.device.as_ref()?.as_str()).ok()?;
            self.devices[slot as usize].state.last.map(|seen| seen.fix.position)
        };
        let his = place(Role::Wearer, &order.wearer)?;
        let concerned =
            |victim: &&Victim| role == Role::Wearer || victim.party.device.as_ref() == Some(device);
        let hers = order.victims.iter().filter(concerned).filter_map(|v| place(Role::Victim, &v.party));
        hers.map(|hers| geodesy::distance_m(his, hers)).min_by(f64::total_cmp)
    }

    /// When to look at the device again; `None` when no order in force waits for it, or all is said.
    fn silence_due(&self, slot: u32) -> Option<Timestamp> {
        let device = &self.devices[slot as usize];
        let due = match device.state.silent_since {
            None => device.state.due?,
            Some(_) if self.is_said_to_be_silent(slot) => return None,
            Some(since) => self.silent_long_at(slot)?.max(since),
        };
        // What devices kept while nobody could hear them arrives first.
        let heard = self.hearing.heard_from();
        Some(heard.map_or(due, |heard| due.max(heard)))
    }

    /// When a silence has lasted long enough for an alarm.
    fn silent_long_at(&self, slot: u32) -> Option<Timestamp> {
        let state = &self.devices[slot as usize].state;
        let began = state.last.map(|seen| seen.at).or(state.silent_since)?;
        Some(began + policy::SILENCE_ALARM_AFTER)
    }

    /// Whether all orders that wait for the device stand at alarm for its silence.
    fn is_said_to_be_silent(&self, slot: u32) -> bool {
        let device = &self.devices[slot as usize];
        device.orders.iter().filter_map(|order| self.order(order)).all(|order| {
            let about = AboutDevice {
                order,
                kind: AlertKind::Silence,
                slot,
                now: self.clock,
                evidence_at: self.clock,
            };
            !order.in_force(self.clock)
                || !order.expects(device.role, &device.id)
                || self.standing_about(&about.key(device.id.clone())) == Standing::Alarm
        })
    }

    /// Whether an order in force needs the device's fixes.
    fn is_expected(&self, t: Timestamp, slot: u32) -> bool {
        let device = &self.devices[slot as usize];
        let mut orders = device.orders.iter().filter_map(|order| self.order(order));
        orders.any(|order| order.in_force(t) && order.expects(device.role, &device.id))
    }

    /// Whether a watch of the device stands at warning or alarm.
    pub(super) fn stands_raised(&self, slot: u32) -> bool {
        let watches = &self.devices[slot as usize].watches;
        watches.iter().any(|watch| self.watches[*watch as usize].is_raised())
    }

    pub(super) fn orders_of(&self, slot: u32) -> Vec<OrderId> {
        self.devices[slot as usize].orders.to_vec()
    }

    /// From now on the device is expected to report (again): it gets its three intervals.
    pub(super) fn expect_device(&mut self, t: Timestamp, slot: u32) {
        self.note_device(slot);
        let device = &mut self.devices[slot as usize];
        let due = t + device.interval * policy::SILENT_AFTER_INTERVALS;
        let due = device.state.due.map_or(due, |known| known.max(due));
        device.state.due = Some(due);
        if device.state.silent_since.is_some() {
            let long = self.silent_long_at(slot).is_some_and(|at| at <= t);
            self.announce_silence(t, slot, if long { Standing::Alarm } else { Standing::Warning }, None);
        }
        if let Some(due) = self.silence_due(slot) {
            self.set_device_timer(slot, due);
        }
    }

    /// Enters a device among the timers, unless it stands there for an earlier time: then it is looked at, and
    /// entered again, when that comes.
    pub(super) fn set_device_timer(&mut self, slot: u32, due: Timestamp) {
        let device = &mut self.devices[slot as usize];
        if device.timer_at.is_none_or(|at| at > due) {
            device.timer_at = Some(due);
            self.timers.set(due, Timer::Device(slot));
        }
    }

    /// Enters a device among the timers again after a restart.
    pub(super) fn resume_device(&mut self, slot: u32) {
        if self.devices[slot as usize].state.due.is_none() && self.is_expected(self.clock, slot) {
            self.expect_device(self.clock, slot); // Its row was lost: it must not be unseen for ever.
        }
        if let Some(due) = self.silence_due(slot).filter(|_| self.hearing.on) {
            self.set_device_timer(slot, due);
        }
    }

    /// The service can hear devices, or cannot.
    pub(super) fn set_hearing(&mut self, now: Timestamp, on: bool) -> Outcome {
        if on == self.hearing.on {
            return Outcome::Duplicate;
        }
        self.hearing = self.hearing.turned(now, on);
        if on {
            for slot in self.device_slots() {
                self.resume_device(slot);
            }
        }
        Outcome::Done
    }
}

impl Hearing {
    /// How long devices may still be unheard after `since` before their silence counts.
    fn grace_left(self) -> Millis {
        Millis(policy::HEARING_GRACE.0 - self.served.0)
    }

    /// From when on nobody is silent because the service could not hear; `None` when nothing was said of that.
    pub(super) fn heard_from(self) -> Option<Timestamp> {
        self.since.map(|since| since + self.grace_left())
    }

    /// What hearing becomes at `now`. A broker that drops every few seconds must not postpone every silence for
    /// ever: the grace goes on where it was cut off, and begins anew only when it had run out.
    fn turned(self, now: Timestamp, on: bool) -> Self {
        let heard = self.since.map_or(self.grace_left(), |since| now - since);
        let served = match (on, heard < self.grace_left()) {
            (true, _) => self.served,
            (false, true) => self.served + heard,
            (false, false) => Millis(0),
        };
        Self { on, since: on.then_some(now), served }
    }
}

impl Order {
    /// Whether a watch of this order needs that device's fixes.
    fn expects(&self, role: Role, device: &DeviceId) -> bool {
        let carries = |party: &Party| party.device.as_ref() == Some(device);
        match role {
            Role::Wearer => {
                carries(&self.wearer)
                    && (!self.zones.is_empty() || self.victims.iter().any(|v| v.proximity.is_some()))
            }
            Role::Victim => self.victims.iter().any(|v| v.proximity.is_some() && carries(&v.party)),
        }
    }
}
