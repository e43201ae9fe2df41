//! Taking in a fix: whose it is, what time it belongs to, and which watches it touches.

use std::hint::black_box;

use super::device::Seen;
use super::judge::Cause;
use super::plausible::{self, Verdict};
use super::way::Step;
use super::{Engine, Outcome, Refused};
use crate::{Fix, Millis, Role, Rule, Timestamp, geodesy, policy};

impl Engine {
    pub(super) fn take_fix(
        &mut self,
        now: Timestamp,
        role: Role,
        device: &str,
        fix: Fix,
    ) -> Result<Outcome, Refused> {
        let slot = self.find(role, device)?;
        self.fetch(slot);
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
            if at < last.at && at == fix.fixed_at {
                return Ok(self.take_late(slot, now, Seen { fix, at }));
            }
            if at < last.at || repeated || (at == last.at && behind >= Millis(0)) {
                return Ok(Outcome::Older);
            }
        }
        let seen = Seen { fix, at };
        let way_m = known
            .state
            .last
            .as_ref()
            .map_or(0.0, |last| geodesy::quick_distance_m(last.fix.position, fix.position).0);
        let verdict = plausible::verdict(&known.state, &seen, way_m);
        match verdict {
            Verdict::Believe => self.believe(slot, now, seen, way_m, None),
            Verdict::Hold => {
                if known.state.held.as_deref() == Some(&seen) {
                    return Ok(Outcome::Duplicate);
                }
                self.hold(slot, now, seen);
                return Ok(Outcome::Held);
            }
            Verdict::BelieveBoth | Verdict::BelieveVaguely => {
                let state = &mut self.devices[slot as usize].state;
                let Some(held) = state.held.take() else { return Ok(Outcome::Held) };
                let last_sure = state.last.as_ref().map(|last| last.at);
                let vague_since = last_sure.filter(|_| verdict == Verdict::BelieveVaguely);
                self.believe(slot, now, *held, f64::INFINITY, vague_since);
                let (way_m, _) = geodesy::quick_distance_m(held.fix.position, fix.position);
                self.believe(slot, now, seen, way_m, None);
            }
        }
        Ok(if ahead > policy::CLOCK_AHEAD { Outcome::ClockAhead(ahead) } else { Outcome::Done })
    }

    /// Says whose fixes come next, so that what they need is at hand when they do: memory is asked for all of them
    /// together, where one after the other would wait for each. Worth its cost for some eight at a time. Changes
    /// nothing, whatever then comes.
    pub fn foresee<'a>(&self, devices: impl Iterator<Item = &'a str> + Clone) {
        for device in devices.clone() {
            black_box(self.device_names.touch(device));
        }
        for device in devices {
            // Nearly always the one that is meant; to make sure of it would be to wait.
            if let Some(slot) = self.device_names.all(device).next() {
                self.fetch(slot);
            }
        }
    }

    /// Reads a little of all that a fix of this device is likely to need. It lies far apart in memory, and waiting
    /// for one piece after the other is most of what a fix costs; asked for together, they come together. Changes
    /// nothing.
    fn fetch(&self, slot: u32) {
        let device = &self.devices[slot as usize];
        let beside = self.besides[slot as usize];
        if let Some(watch) = self.watches.get(beside.watch as usize) {
            black_box((watch.valid_until, watch.rule));
        }
        if let Some(other) = self.devices.get(beside.device as usize) {
            black_box((other.state.last.as_ref().map(|last| last.at), other.state.due));
        }
        black_box((device.state.last.as_ref().map(|last| last.at), device.state.due));
        black_box((device.raised.len(), device.watches.len(), device.state.track.touch()));
    }

    /// Makes a fix the device's newest, and judges it. `way_m` is how far it is from the one before; infinite when
    /// nobody can have come from there. `vague_since` is since when nothing sure is known, if this fix does not end that.
    fn believe(&mut self, slot: u32, now: Timestamp, seen: Seen, way_m: f64, vague_since: Option<Timestamp>) {
        let late = now - seen.at > policy::LATE_AFTER;
        let known = &self.devices[slot as usize];
        let role = known.role;
        let was_silent = known.state.silent_since.is_some();
        let step = known.state.last.as_ref().and_then(|last| Step::new(role, last, &seen, way_m));
        self.remember(slot, now, seen, way_m, vague_since);
        if was_silent && !late {
            self.end_silence(now, slot);
        }
        let step = step.filter(|_| self.devices[slot as usize].state.frozen_since.is_none());
        self.judge_touched(slot, now, Cause::Fix { after_silence: was_silent && !late }, step.as_ref());
    }

    /// Makes a fix the device's newest.
    fn remember(
        &mut self,
        slot: u32,
        now: Timestamp,
        seen: Seen,
        way_m: f64,
        vague_since: Option<Timestamp>,
    ) {
        self.note_device(slot);
        let device = &mut self.devices[slot as usize];
        let state = &mut device.state;
        let (was_unseen, was_vague) = (state.last.is_none(), state.is_vague());
        let was_frozen = state.frozen_since;
        state.note_speed(recent_speed_mps(state.last.as_ref(), &seen, way_m), &seen);
        let same = state.last.as_ref().is_some_and(|last| last.fix.position == seen.fix.position);
        let since = state.same_since.filter(|_| same).unwrap_or(seen.at);
        state.frozen_since = if same { plausible::frozen_since(state, &seen, since) } else { vague_since };
        state.same_since = Some(since);
        if state.held.as_deref().is_some_and(|held| held.at < seen.at) {
            state.held = None;
        }
        state.last = Some(seen);
        if !seen.fix.is_coarse() && state.track.push(&seen) {
            state.track.settle(&mut device.history);
            self.note_history(slot);
        }
        let state = &self.devices[slot as usize].state;
        let (is_vague, is_frozen) = (state.is_vague(), state.frozen_since);
        if was_unseen || is_vague != was_vague {
            self.note_protection(slot);
        }
        if is_frozen.is_some() && is_frozen != was_frozen {
            self.note_frozen(slot, if vague_since.is_some() { Rule::Copied } else { Rule::Frozen }, seen.at);
        }
        if now - seen.at > policy::LATE_AFTER {
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
    fn judge_touched(&mut self, slot: u32, now: Timestamp, cause: Cause, step: Option<&Step>) {
        let Some(last) = self.devices[slot as usize].state.last else { return };
        let mut near = std::mem::take(&mut self.near);
        self.touched_by(slot, &last, step, &mut near);
        // Where the other is by now says nothing of whom he was near when a late fix was taken: a pair is only as
        // fresh as the older of both.
        let late = now - last.at > policy::LATE_AFTER;
        for place in &near {
            let device = &self.devices[slot as usize];
            let (watch, role) = (device.watches[*place as usize], device.role);
            if late && self.watches[watch as usize].is_pair() {
                self.judge_past(watch, now, role, &last, step.map_or(&[], std::slice::from_ref));
            } else {
                self.judge(watch, now, cause, step);
            }
        }
        self.near = near;
    }

    /// Places in a device's list of the watches that a fix, and the way to it, may concern.
    pub(super) fn touched_by(&self, slot: u32, seen: &Seen, step: Option<&Step>, near: &mut Vec<u32>) {
        near.clear();
        let device = &self.devices[slot as usize];
        match device.role {
            // The index knows fixes with an ordinary uncertainty; a coarse one may concern any zone.
            Role::Wearer if seen.fix.is_coarse() => {
                near.extend(0..device.watches.len() as u32);
                return;
            }
            Role::Wearer => {
                match step.filter(|step| step.is_long()) {
                    Some(step) => device.zones.along(&step.way(), near),
                    None => device.zones.touching(seen.fix.position, near),
                }
                near.extend(device.raised.iter().map(|place| u32::from(*place)));
                near.extend(device.always.iter().map(|place| u32::from(*place)));
            }
            Role::Victim => near.extend(device.always.iter().map(|place| u32::from(*place))),
        }
        if near.len() > 1 {
            near.sort_unstable();
            near.dedup();
        }
    }
}

/// Speed in m/s as the newest two fixes show it, or as the device measured it where that is more; 0 when
/// neither says anything. What both accuracies explain is no movement.
fn recent_speed_mps(before: Option<&Seen>, seen: &Seen, way_m: f64) -> f32 {
    let said = seen.fix.speed_mps.unwrap_or(0.0);
    let shown = before.map_or(0.0, |before| {
        let span = seen.at - before.at;
        if span <= Millis(0) || span > policy::LINKED_WITHIN || way_m.is_infinite() {
            return 0.0;
        }
        let noise_m = before.fix.uncertainty_m() + seen.fix.uncertainty_m();
        (way_m - noise_m).max(0.0) / span.as_secs_f64()
    });
    said.max(shown as f32).min(policy::FASTEST_MPS as f32)
}
