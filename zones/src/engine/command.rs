//! Near means more often: what an ankle monitor is told while a watch of its wearer is raised (§4 `command`).

use super::timers::Timer;
use super::{Effect, Engine};
use crate::{Millis, Timestamp, policy};

impl Engine {
    /// Tells an ankle monitor how often to report, where that has changed or its last command runs out.
    pub(super) fn command(&mut self, wearer: u32) {
        let now = self.clock;
        let device = &self.devices[wearer as usize];
        let near = Millis::from_secs(policy::NEAR_FIX_INTERVAL_S);
        if device.interval <= near {
            return; // It reports that often anyway.
        }
        let is_near = device.watches.iter().any(|watch| self.watches[*watch as usize].is_raised());
        let told = device.state.near_until.filter(|until| *until > now);
        let (interval, until) = match (is_near, told) {
            (true, Some(until)) if until - now > policy::COMMAND_RENEWED_BEFORE => return,
            (true, _) => (near, now + policy::COMMAND_FOR),
            (false, Some(until)) => (device.interval, until),
            (false, None) => return,
        };
        let id = device.id.clone();
        self.note_device(wearer);
        self.devices[wearer as usize].state.near_until = is_near.then_some(until);
        self.resume_command(wearer);
        self.effects.push_back(Effect::Command { device: id, fix_interval_s: interval.0 / 1_000, until });
    }

    /// Enters among the timers when a command must be renewed.
    pub(super) fn resume_command(&mut self, wearer: u32) {
        if let Some(until) = self.devices[wearer as usize].state.near_until {
            let at = (until - policy::COMMAND_RENEWED_BEFORE).max(self.clock);
            self.timers.set(at, Timer::Command(wearer));
        }
    }

    /// A command's timer came up.
    pub(super) fn check_command(&mut self, t: Timestamp, wearer: u32) {
        let until = self.devices[wearer as usize].state.near_until;
        if until.is_some_and(|until| until - t <= policy::COMMAND_RENEWED_BEFORE) {
            self.command(wearer);
        }
    }
}
