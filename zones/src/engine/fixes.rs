//! Taking in a fix: whose it is, what time it belongs to, and which watches it touches.

use super::device::Seen;
use super::judge::Cause;
use super::{Engine, Outcome, Refused};
use crate::{Fix, Millis, Role, Timestamp, geodesy, policy};

impl Engine {
    pub(super) fn take_fix(
        &mut self,
        now: Timestamp,
        role: Role,
        device: &str,
        fix: Fix,
    ) -> Result<Outcome, Refused> {
        let slot = self.find(role, device)?;
        let ahead = fix.fixed_at - now;
        let at = if ahead > policy::CLOCK_AHEAD { now } else { fix.fixed_at };
        let known = &self.devices[slot as usize];
        if let Some(last) = &known.state.last {
            if last.fix == fix {
                return Ok(Outcome::Duplicate);
            }
            // Behind a clock that runs ahead, the device's own times tell what came after what; but a clock
            // that was put back by more than an hour was put right.
            let behind = last.fix.fixed_at - fix.fixed_at;
            let repeated = at < fix.fixed_at && Millis(0) <= behind && behind <= policy::CLOCK_PUT_BACK;
            if at < last.at || repeated || (at == last.at && behind >= Millis(0)) {
                return Ok(Outcome::Older);
            }
        }
        let late = now - at > policy::LATE_AFTER;
        let was_silent = known.state.silent_since.is_some();
        self.remember(slot, now, Seen { fix, at }, late);
        if was_silent && !late {
            self.end_silence(now, slot);
        }
        self.judge_touched(slot, now, Cause::Fix { after_silence: was_silent && !late });
        Ok(if ahead > policy::CLOCK_AHEAD { Outcome::ClockAhead(ahead) } else { Outcome::Done })
    }

    /// Makes a fix the device's newest.
    fn remember(&mut self, slot: u32, now: Timestamp, seen: Seen, late: bool) {
        self.note_device(slot);
        let device = &mut self.devices[slot as usize];
        device.state.speed_mps = recent_speed_mps(device.state.last.as_ref(), &seen);
        device.state.last = Some(seen);
        if late {
            self.resume_device(slot); // A silence counts from the newest fix, and that is another now.
            return;
        }
        let device = &mut self.devices[slot as usize];
        let three = device.interval * policy::SILENT_AFTER_INTERVALS;
        // A device whose messages travel long must not be called silent between two of them.
        let due = (seen.at + three).max(now + device.interval * (policy::SILENT_AFTER_INTERVALS - 1));
        device.state.due = Some(due);
        self.set_device_timer(slot, due);
    }

    /// Judges all watches a device's newest fix may concern, in the order of their names.
    fn judge_touched(&mut self, slot: u32, now: Timestamp, cause: Cause) {
        let mut near = std::mem::take(&mut self.near);
        near.clear();
        let device = &self.devices[slot as usize];
        match (device.role, &device.state.last) {
            // The index knows fixes with an ordinary uncertainty; a coarse one may concern any zone.
            (Role::Wearer, Some(last)) if last.fix.is_coarse() => near.extend(0..device.watches.len() as u32),
            (Role::Wearer, Some(last)) => {
                device.zones.touching(last.fix.position, &mut near);
                near.extend(device.raised.iter().map(|place| u32::from(*place)));
                near.extend(device.always.iter().map(|place| u32::from(*place)));
            }
            _ => near.extend(device.always.iter().map(|place| u32::from(*place))),
        }
        near.sort_unstable();
        near.dedup();
        for place in &near {
            let watch = self.devices[slot as usize].watches[*place as usize];
            self.judge(watch, now, cause);
        }
        self.near = near;
    }
}

/// Speed in m/s as the newest two fixes show it, or as the device measured it where that is more; 0 when
/// neither says anything. What both accuracies explain is no movement.
fn recent_speed_mps(before: Option<&Seen>, seen: &Seen) -> f32 {
    let said = seen.fix.speed_mps.unwrap_or(0.0);
    let shown = before.map_or(0.0, |before| {
        let span = seen.at - before.at;
        if span <= Millis(0) || span > policy::LINKED_WITHIN {
            return 0.0;
        }
        let (way_m, _) = geodesy::quick_distance_m(before.fix.position, seen.fix.position);
        let noise_m = before.fix.uncertainty_m() + seen.fix.uncertainty_m();
        (way_m - noise_m).max(0.0) / span.as_secs_f64()
    });
    said.max(shown as f32).min(policy::FASTEST_MPS as f32)
}
