//! Fixes that nobody could have reached, and positions that do not change though they should: §7
//! "Plausibility".

use super::device::{DeviceState, Seen};
use super::judge::Evidence;
use super::{Effect, Engine};
use crate::decision::{Decision, Rule};
use crate::{Millis, Role, Source, Standing, Timestamp, geodesy, policy};

/// What to make of a device's newest fix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Believe,
    /// The fix that was held is believed, and this one after it.
    BelieveBoth,
    /// The same, but this one has the very same coordinates, and is no second witness: nothing is certain on them.
    BelieveVaguely,
    Hold,
}

/// Judges a fix by how it was reached; `way_m` is the distance from the last good one.
pub(super) fn verdict(state: &DeviceState, seen: &Seen, way_m: f64) -> Verdict {
    let Some(last) = &state.last else { return Verdict::Believe };
    let plausible = is_reached(last, seen, way_m);
    let Some(held) = state.held.as_deref() else {
        return if plausible { Verdict::Believe } else { Verdict::Hold };
    };
    let (from_held_m, _) = geodesy::quick_distance_m(held.fix.position, seen.fix.position);
    let span = seen.at - held.at;
    let agrees = Millis(0) < span && span <= policy::HELD_FOR && is_reached(held, seen, from_held_m);
    if agrees && (!plausible || from_held_m < way_m) {
        // A phone under the ground sends the place of a network again every few seconds, freshly stamped.
        let copied = seen.fix.position == held.fix.position && seen.fix.source != Some(Source::Beacon);
        if copied { Verdict::BelieveVaguely } else { Verdict::BelieveBoth }
    } else if plausible {
        Verdict::Believe
    } else {
        Verdict::Hold
    }
}

/// Whether somebody can have come from one fix to the other, a way of `way_m`, as far as their accuracies allow.
pub(super) fn is_reached(from: &Seen, to: &Seen, way_m: f64) -> bool {
    // Behind a clock that runs ahead its own times tell how much later one fix is.
    let spans = [to.at - from.at, to.fix.fixed_at - from.fix.fixed_at].map(|span| span.as_secs_f64().abs());
    let span_s = spans[0].max(spans[1]);
    way_m - from.fix.uncertainty_m() - to.fix.uncertainty_m() <= policy::FASTEST_MPS * span_s
}

/// Since when the position of a device says nothing, by a fix with the same coordinates as the one before.
pub(super) fn frozen_since(state: &DeviceState, seen: &Seen, same_since: Timestamp) -> Option<Timestamp> {
    if seen.fix.source == Some(Source::Beacon) {
        return None; // It is as near as ever, and that is news.
    }
    let moves = seen.fix.speed_mps.is_some_and(|speed| f64::from(speed) >= policy::FROZEN_MOVING_MPS);
    let long = seen.fix.source == Some(Source::Gnss) && seen.at - same_since >= policy::FROZEN_AFTER;
    // From before these coordinates were first said: that is a jump which only they themselves agree with. Somebody
    // who has stayed there since did come there.
    let stayed = |since: &Timestamp| *since < same_since && seen.at - same_since > policy::HELD_FOR;
    state.frozen_since.filter(|since| !stayed(since)).or(if moves {
        Some(same_since)
    } else if long {
        Some(same_since + policy::FROZEN_AFTER)
    } else {
        None
    })
}

impl Engine {
    /// Holds a fix: it is kept, and shown to the operator where it would mean an alarm.
    pub(super) fn hold(&mut self, slot: u32, now: Timestamp, seen: Seen) {
        self.note_device(slot);
        self.devices[slot as usize].state.held = Some(Box::new(seen));
        let mut near = std::mem::take(&mut self.near);
        self.touched_by(slot, &seen, None, &mut near);
        if near.is_empty() && !self.devices[slot as usize].watches.is_empty() {
            near.push(0); // What is held is never without a decision.
        }
        for place in &near {
            let watch = self.devices[slot as usize].watches[*place as usize];
            self.judge_held(watch, now, self.devices[slot as usize].role, &seen);
        }
        self.near = near;
    }

    fn judge_held(&mut self, slot: u32, now: Timestamp, role: Role, held: &Seen) {
        let watch = &self.watches[slot as usize];
        let (wearer, victim) = (&self.devices[watch.wearer as usize], &self.devices[watch.victim as usize]);
        let (his, hers) = match role {
            Role::Wearer => (Some(*held), victim.state.last),
            Role::Victim => (wearer.state.last, Some(*held)),
        };
        let evidence = Evidence { his, hers };
        // Where the other is by now says nothing of a time that is past.
        let outdated = watch.is_pair() && now - held.at > policy::LATE_AFTER;
        let before = watch.standing();
        let look = self.look_at_evidence(slot, &evidence, held.at);
        let mut decision = Decision::unjudged(slot, Rule::Held, held.at, before);
        if let Some((thresholds, look)) = look {
            decision.distance_m = Some(look.distance_m);
            decision.uncertainty_m = Some(look.uncertainty_m as f32);
            if look.distance_m <= thresholds.alarm_m && before == Standing::Clear && !outdated {
                self.raise_possible(slot, now, &look, evidence);
                decision.after = Standing::Possible;
            }
        }
        self.effects.push_back(Effect::Decision(decision));
    }

    /// Says in a decision of each pair and inclusion zone, or of the first watch, why a position says nothing.
    pub(super) fn note_frozen(&mut self, slot: u32, rule: Rule, at: Timestamp) {
        let device = &self.devices[slot as usize];
        let first = [0].into_iter().filter(|_| device.always.is_empty());
        let places: Vec<u16> = device.always.iter().copied().chain(first).collect();
        for place in places {
            let Some(watch) = self.devices[slot as usize].watches.get(usize::from(place)).copied() else {
                return;
            };
            let stands = self.watches[watch as usize].standing();
            self.effects.push_back(Effect::Decision(Decision::unjudged(watch, rule, at, stands)));
        }
    }
}
