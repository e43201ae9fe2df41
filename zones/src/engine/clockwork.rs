//! What happens because time passes: orders and schedules begin and end, devices fall silent.

use super::Engine;
use super::announce::AboutDevice;
use super::judge::Cause;
use super::timers::Timer;
use super::watch::{Subject, Target, WatchKey};
use crate::standing::Standing;
use crate::{OrderId, Role, Timestamp, policy, words};

impl Engine {
    /// Does everything that was due up to `now`, each at its own time, in an order that depends on names
    /// only.
    pub(super) fn run_timers(&mut self, now: Timestamp) {
        while let Some(t) = self.timers.next_at().filter(|t| *t <= now) {
            let mut due = std::mem::take(&mut self.due);
            self.take_timers(t, &mut due);
            due.sort_by_cached_key(|timer| self.name_of(timer));
            let t = t.max(self.clock);
            self.clock = t;
            for timer in due.drain(..) {
                self.fire(t, timer);
            }
            self.say_protection();
            self.due = due;
        }
    }

    /// Takes what is due at a moment. Devices that were heard again are put off without being looked at one by one:
    /// looked at, that is all that would become of them.
    fn take_timers(&mut self, t: Timestamp, due: &mut Vec<Timer>) {
        let heard = self.hearing.heard_from();
        let (on, devices) = (self.hearing.on, &mut self.devices);
        self.timers.take(t, due, |slot, at| {
            let device = &mut devices[slot as usize];
            let alive = on && device.named && device.state.silent_since.is_none();
            match device.state.due.filter(|_| alive && device.timer_at == Some(at)) {
                Some(until) if until > at => {
                    let until = heard.map_or(until, |heard| until.max(heard));
                    device.timer_at = Some(until);
                    until
                }
                _ => at,
            }
        });
    }

    fn fire(&mut self, t: Timestamp, timer: Timer) {
        match timer {
            Timer::Order(id) => self.turn_order(t, &id),
            Timer::Schedule(slot) => self.turn_schedule(t, slot),
            Timer::Device(slot) => {
                let device = &mut self.devices[slot as usize];
                if device.timer_at.is_some_and(|at| at <= t) && device.named {
                    device.timer_at = None;
                    self.check_device(t, slot);
                }
            }
            Timer::Command(slot) => {
                if self.devices[slot as usize].named {
                    self.check_command(t, slot);
                }
            }
        }
    }

    /// What simultaneous timers are sorted by.
    fn name_of(&self, timer: &Timer) -> (u8, String) {
        match timer {
            Timer::Order(id) => (0, id.to_string()),
            Timer::Schedule(slot) => {
                (1, self.watches[*slot as usize].key().map_or_else(String::new, |key| key.to_string()))
            }
            Timer::Device(slot) | Timer::Command(slot) => {
                let (role, id) = self.device_name(*slot);
                let kind = if matches!(timer, Timer::Device(_)) { 2 } else { 3 };
                (kind, format!("{}/{id}", role.as_str()))
            }
        }
    }

    fn turn_order(&mut self, t: Timestamp, id: &OrderId) {
        let Some(order) = self.order(id).cloned() else { return };
        if t >= order.valid_until + policy::HISTORY {
            self.forget_order(&order);
            self.forgotten.push(order);
        } else if t == order.valid_until {
            self.end_order(t, id, words::ORDER_ENDED);
        } else {
            if t == order.valid_from {
                self.begin_order(t, id);
            }
            self.check_expiry(t, &order);
        }
    }

    /// An order is in force from now on: its devices are expected to report, its schedules run, and fixes that
    /// belong to its time already are judged.
    pub(super) fn begin_order(&mut self, t: Timestamp, id: &OrderId) {
        self.take_over(t, id);
        let Some(registered) = self.orders.get(id) else { return };
        let (devices, watches) = (registered.devices.clone(), registered.watches.clone());
        for slot in devices {
            self.expect_device(t, slot);
            self.note_protection(slot);
        }
        for slot in watches {
            self.set_schedule_timer(t, slot);
            self.end_what_is_over(slot, t);
            self.judge(slot, t, Cause::Registered, None);
        }
    }

    /// Ends all that stands raised under an order.
    pub(super) fn end_order(&mut self, t: Timestamp, id: &OrderId, reason: &str) {
        self.hand_on(t, id);
        let Some(registered) = self.orders.get(id) else { return };
        let (watches, devices) = (registered.watches.clone(), registered.devices.clone());
        for slot in watches {
            self.lower(slot, t, reason);
        }
        for slot in devices {
            self.note_protection(slot);
        }
        let raised = self.about_order(id).filter(|(_, episode)| episode.standing > Standing::Clear);
        let raised: Vec<WatchKey> = raised.map(|(key, _)| key.clone()).collect();
        for key in raised {
            self.lower_about(t, &key, reason);
        }
    }

    /// Ends what stands raised about a device.
    pub(super) fn lower_about(&mut self, now: Timestamp, key: &WatchKey, reason: &str) {
        let (kind, device) = match &key.subject {
            Subject::Device(kind, device) => (kind, device),
            Subject::Order(_) => return self.lower_order(now, key, reason),
            Subject::Zone(_) | Subject::Pair(_) => return,
        };
        let slot = [Role::Wearer, Role::Victim].into_iter().find_map(|role| {
            let slot = self.find(role, device.as_str()).ok()?;
            self.devices[slot as usize].orders.contains(&key.order).then_some(slot)
        });
        let (Some(order), Some(slot)) = (self.order(&key.order).cloned(), slot) else { return };
        if self.standing_about(key) > Standing::Clear {
            let about = AboutDevice { order: &order, kind: *kind, slot, now, evidence_at: now };
            self.announce_device(&about, Standing::Clear, |alert| reason.clone_into(&mut alert.reason));
        }
    }

    /// Ends what stands raised about an order as a whole.
    fn lower_order(&mut self, now: Timestamp, key: &WatchKey, reason: &str) {
        let Some(order) = self.order(&key.order).cloned() else { return };
        if self.standing_about(key) > Standing::Clear {
            self.announce_order(now, now, &order, Standing::Clear, reason);
        }
    }

    /// A zone's schedule begins or ends, by the clock: who is inside when it begins is inside.
    fn turn_schedule(&mut self, t: Timestamp, slot: u32) {
        let watch = &self.watches[slot as usize];
        if watch.timer_at.is_none_or(|at| at > t) {
            return;
        }
        let applies = match watch.target() {
            Some(Target::Zone(zone)) => zone.schedule.as_ref().is_none_or(|schedule| schedule.applies(t)),
            _ => return,
        };
        let wearer = &self.devices[watch.wearer as usize].state;
        // After a time of deafness nobody is called silent yet, but his last fix says nothing of now.
        let seen = wearer.silent_since.is_none() && wearer.due.is_some_and(|due| t < due);
        if !applies {
            self.lower(slot, t, words::SCHEDULE_ENDED);
        } else if seen && watch.order.in_force(t) {
            self.judge(slot, t, Cause::Clock, None);
        }
        self.set_schedule_timer(t, slot);
    }

    pub(super) fn set_schedule_timer(&mut self, t: Timestamp, slot: u32) {
        let watch = &mut self.watches[slot as usize];
        let next = match watch.target() {
            Some(Target::Zone(zone)) => zone.schedule.as_ref().and_then(|schedule| schedule.next_change(t)),
            _ => None,
        };
        let next = next.filter(|next| *next < watch.order.valid_until);
        watch.timer_at = next;
        if let Some(next) = next {
            self.timers.set(next, Timer::Schedule(slot));
        }
    }
}
