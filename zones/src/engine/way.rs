//! The way between two fixes: §7. Who was outside before and is outside again may have been inside in between.

use super::Engine;
use super::device::{Device, Seen};
use super::judge::{Cause, Evidence, How, Judged, Sight};
use super::track::{Kept, share_of};
use super::watch::Target;
use crate::decision::{Decision, Rule};
use crate::engine::Effect;
use crate::geometry::Way;
use crate::standing::{Certainty, Episode, Look, Standing};
use crate::{Millis, Position, Role, Timestamp, policy};

/// The straight way from a device's last fix but one to its last.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) role: Role,
    pub(super) from: Stop,
    pub(super) to: Stop,
    /// The worse of both accuracies.
    pub(super) uncertainty_m: f64,
    /// No shorter than it is on the ground.
    pub(super) length_m: f64,
}

impl Step {
    /// `None` when nothing can be said of the way: too long ago, too coarse, or nobody can have gone it. `quick_m`
    /// is the distance between both.
    pub(super) fn new(role: Role, from: &Seen, to: &Seen, quick_m: f64) -> Option<Self> {
        let span = to.at - from.at;
        let linked = Millis(0) < span && span <= policy::LINKED_WITHIN;
        // The quick formula and a line straight in longitude and latitude are within this of the geodesic.
        let length_m = quick_m * 1.01 + 1.0;
        (linked && quick_m.is_finite() && !from.fix.is_coarse() && !to.fix.is_coarse()).then_some(Self {
            role,
            from: Stop::of(from, false),
            to: Stop::of(to, true),
            uncertainty_m: from.fix.uncertainty_m().max(to.fix.uncertainty_m()),
            length_m,
        })
    }

    pub(super) fn way(&self) -> Way {
        Way::new(self.from.position, self.to.position)
    }

    /// Whether zones may lie along it that neither end is near.
    pub(super) fn is_long(&self) -> bool {
        self.length_m > policy::COARSE_M
    }
}

/// Where they met on the way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Met {
    pub(super) distance_m: f64,
    pub(super) uncertainty_m: f64,
}

impl Engine {
    /// Raises an alarm when the way shows one that its end does not.
    pub(super) fn judge_way(&mut self, slot: u32, now: Timestamp, sight: &Sight, step: &Step) {
        if sight.look.distance_m + sight.error_m <= sight.thresholds.alarm_m {
            return; // The end says it already.
        }
        let (rule, met) = match sight.rule {
            Rule::ExclusionZone => (Rule::WayThroughZone, self.way_through(slot, sight, step)),
            Rule::VictimProximity => (Rule::WaysMeet, self.ways_meet(slot, sight, step)),
            _ => return,
        };
        let Some(met) = met else { return };
        let look = Look { distance_m: met.distance_m, uncertainty_m: met.uncertainty_m, ..sight.look };
        let watch = &mut self.watches[slot as usize];
        let before = watch.standing();
        let episode = watch.episode.get_or_insert_with(|| Box::new(Episode::new()));
        // He was within again: a period of leaving begins anew with the end of this way.
        (episode.beyond_alarm_since, episode.beyond_warning_since) = (None, None);
        if before < Standing::Alarm {
            episode.step(Standing::Alarm, Certainty::Likely);
            episode.mark(look.at);
        }
        self.note_watch(slot);
        self.effects.push_back(Effect::Decision(Decision {
            watch: slot,
            rule,
            at: look.at,
            distance_m: Some(met.distance_m),
            uncertainty_m: Some(met.uncertainty_m as f32),
            before,
            after: Standing::Alarm,
            certainty: Certainty::Likely,
        }));
        if before < Standing::Alarm {
            let judged = Judged {
                look,
                exact_m: met.distance_m,
                certainty: Certainty::Likely,
                how: How::Way,
                evidence: self.evidence(slot),
            };
            self.announce_distance(slot, now, Cause::Fix { after_silence: false }, &judged);
            self.stepped(slot, before, Standing::Alarm);
        }
    }

    fn way_through(&self, slot: u32, sight: &Sight, step: &Step) -> Option<Met> {
        // Whoever went in and came out again went at least as far as he is from the edge now.
        if sight.look.distance_m - sight.error_m > step.length_m {
            return None;
        }
        let watch = &self.watches[slot as usize];
        let Some(Target::Zone(zone)) = watch.target() else { return None };
        let applied = zone.schedule.as_ref().is_none_or(|schedule| schedule.applies(step.from.at));
        if !applied || !watch.in_force(step.from.at) {
            return None;
        }
        let way = step.way();
        let place = way.at(zone.shape.share_within(&way)?);
        let uncertainty_m = step.uncertainty_m;
        Some(Met { distance_m: zone.shape.edge_distance_m(place), uncertainty_m })
    }

    /// How close both came in the time that this step adds to what is known of their ways.
    fn ways_meet(&self, slot: u32, sight: &Sight, step: &Step) -> Option<Met> {
        let watch = &self.watches[slot as usize];
        let other =
            &self.devices[if step.role == Role::Wearer { watch.victim } else { watch.wearer } as usize];
        let last = other.state.last.as_ref()?;
        if last.at <= step.from.at {
            return None; // The other's next fix will tell of this time.
        }
        let alarm_m = sight.thresholds.alarm_m;
        let now_m = sight.look.distance_m - sight.error_m - step.length_m;
        let most_m = policy::FASTEST_MPS * (last.at - step.from.at).as_secs_f64();
        if now_m - most_m > alarm_m {
            return None; // Most are farther apart than anybody can have gone.
        }
        if now_m - gone_since_m(other, step.from.at) > alarm_m {
            return None;
        }
        let uncertainty_m = step.uncertainty_m.hypot(last.fix.uncertainty_m());
        if uncertainty_m > sight.thresholds.vague_beyond_m
            || other.state.is_vague()
            || !watch.in_force(step.from.at)
        {
            return None;
        }
        let until = step.to.at.min(last.at);
        let own = [step.from, step.to];
        let theirs = other.state.track.between(&other.history, step.from.at, until);
        let theirs: Vec<Stop> = theirs.into_iter().map(Stop::from).collect();
        let distance_m = closest_m(&own, &theirs, step.from.at, until)?;
        (distance_m <= alarm_m).then_some(Met { distance_m, uncertainty_m })
    }

    /// What a watch's newest fixes are.
    pub(super) fn evidence(&self, slot: u32) -> Evidence {
        let watch = &self.watches[slot as usize];
        let last = |device: u32| self.devices[device as usize].state.last;
        Evidence { his: last(watch.wearer), hers: last(watch.victim) }
    }
}

/// How far somebody went since a moment at the most, fix by fix; more than that when the track does not reach back so far.
fn gone_since_m(device: &Device, since: Timestamp) -> f64 {
    let (mut gone_m, mut later): (f64, Option<Kept>) = (1.0, None);
    for kept in device.state.track.newest_first() {
        if let Some(later) = later {
            gone_m += later.at_most_from_m(kept);
        }
        if kept.at() <= since {
            return gone_m;
        }
        later = Some(kept);
    }
    let reach_s = later.map_or(0.0, |oldest| (oldest.at() - since).as_secs_f64());
    gone_m + policy::FASTEST_MPS * reach_s
}

/// A place on somebody's way, and whether it is known how he came there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stop {
    pub(super) at: Timestamp,
    position: Position,
    linked: bool,
}

impl Stop {
    fn of(seen: &Seen, linked: bool) -> Self {
        Self { at: seen.at, position: seen.fix.position, linked }
    }
}

impl From<Kept> for Stop {
    fn from(kept: Kept) -> Self {
        Self { at: kept.at(), position: kept.position(), linked: kept.is_linked() }
    }
}

/// The least distance between two parties from one moment to another, both moving straight from stop to stop in
/// the same time. `None` when there is no time at which both their ways are known.
pub(super) fn closest_m(a: &[Stop], b: &[Stop], from: Timestamp, until: Timestamp) -> Option<f64> {
    let inner = a.iter().chain(b).map(|stop| stop.at).filter(|at| from < *at && *at < until);
    let mut times: Vec<Timestamp> = inner.chain([from, until]).collect();
    times.sort_unstable();
    times.dedup();
    let apart = times.windows(2).filter_map(|span| {
        let (here, there) = (leg(a, span[0], span[1])?, leg(b, span[0], span[1])?);
        Some(here.closest_together(&there).1)
    });
    apart.min_by(f64::total_cmp)
}

/// The part of somebody's way between two moments that no stop lies between.
fn leg(stops: &[Stop], from: Timestamp, until: Timestamp) -> Option<Way> {
    let covers = |pair: &&[Stop]| pair[0].at <= from && until <= pair[1].at && pair[1].linked;
    let pair = stops.windows(2).find(covers)?;
    let way = Way::new(pair[0].position, pair[1].position);
    let at = |moment| way.at(share_of(moment, pair[0].at, pair[1].at));
    Some(Way::new(at(from), at(until)))
}
