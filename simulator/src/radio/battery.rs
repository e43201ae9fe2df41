//! The battery of a device.

use crate::chance::Chance;
use crate::clock::HOUR;

use super::sent::Event;

/// Charge at which a device says `battery_low`, in percent.
const LOW_PCT: f64 = 15.0;
/// Charge at which it says `battery_critical`, in percent.
const CRITICAL_PCT: f64 = 5.0;

/// A battery.
#[derive(Debug)]
pub(crate) struct Battery {
    pct: f64,
    drain_pct_per_ms: f64,
    charge_below_pct: f64,
    charging: bool,
    neglected: bool,
    read_at: i64,
}

impl Battery {
    /// A battery that lasts 26 to 50 hours, somewhere between charged and not, at `now` (milliseconds).
    pub(crate) fn new(chance: &mut Chance, now: i64) -> Self {
        Self {
            pct: chance.between(45.0, 100.0),
            drain_pct_per_ms: 100.0 / (chance.between(26.0, 50.0) * HOUR as f64),
            charge_below_pct: chance.between(25.0, 40.0),
            charging: false,
            neglected: false,
            read_at: now,
        }
    }

    /// Charge in percent.
    pub(crate) fn percent(&self) -> u8 {
        self.pct as u8
    }

    /// From now on nobody charges it, and little is left.
    pub(crate) fn neglect(&mut self) {
        (self.neglected, self.charging) = (true, false);
        self.pct = self.pct.min(LOW_PCT + 0.05);
        // An old battery: the last of it goes faster.
        self.drain_pct_per_ms *= 4.0;
    }

    /// Somebody found it, and charged it.
    pub(crate) fn revive(&mut self, now: i64) {
        (self.pct, self.neglected, self.charging, self.read_at) = (80.0, false, false, now);
        self.drain_pct_per_ms = 100.0 / (30.0 * HOUR as f64);
    }

    /// Uses up what was needed since the last time; says what the device has to say about it.
    pub(crate) fn use_until(&mut self, now: i64, at_home: bool) -> Option<Event> {
        let span = (now - self.read_at).max(0) as f64;
        self.read_at = now;
        let before = self.pct;
        if self.charging {
            self.pct = (self.pct + span * 100.0 / (3.0 * HOUR as f64)).min(100.0);
            self.charging = self.pct < 99.0 && at_home;
            return None;
        }
        self.pct = (self.pct - span * self.drain_pct_per_ms).max(0.0);
        if at_home && !self.neglected && self.pct < self.charge_below_pct {
            self.charging = true;
            return Some(Event::Charging);
        }
        let fell_below = |pct: f64| before > pct && self.pct <= pct;
        if fell_below(0.0) {
            Some(Event::Shutdown)
        } else if fell_below(CRITICAL_PCT) {
            Some(Event::BatteryCritical)
        } else if fell_below(LOW_PCT) {
            Some(Event::BatteryLow)
        } else {
            None
        }
    }
}
