//! Looking at a watch with other fixes than the newest: held ones, late ones.

use super::Engine;
use super::announce;
use super::device::{Device, Seen};
use super::judge::{Cause, Evidence, How, Judged, reported_m};
use super::track::place_between;
use super::watch::Target;
use crate::standing::{Certainty, Episode, Look, Standing, Thresholds};
use crate::{Position, Timestamp, geodesy, policy};

/// Where a device was at some moment, as far as its track knows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whereabouts {
    pub(super) position: Position,
    pub(super) uncertainty_m: f64,
    /// How long before or after it was seen, in seconds.
    pub(super) unseen_s: f64,
    /// The nearest fix in time.
    pub(super) seen: Seen,
}

impl Engine {
    /// Measures a watch on given fixes at a moment of their time; `None` when one is missing, or the watch did not
    /// apply then.
    pub(super) fn look_at_evidence(
        &self,
        slot: u32,
        evidence: &Evidence,
        at: Timestamp,
    ) -> Option<(Thresholds, Look)> {
        let watch = &self.watches[slot as usize];
        let his = evidence.his.as_ref()?;
        if !watch.in_force(at) {
            return None;
        }
        let target = watch.target()?;
        let (distance_m, uncertainty_m, coarse) = match &target {
            Target::Zone(zone) => {
                if zone.schedule.as_ref().is_some_and(|schedule| !schedule.applies(at)) {
                    return None;
                }
                let edge_m = reported_m(watch.rule, zone.shape.edge_distance_m(his.fix.position));
                (edge_m, his.fix.uncertainty_m(), his.fix.is_coarse())
            }
            Target::Pair(..) => {
                let hers = evidence.hers.as_ref()?;
                let strayed_m = (his.at - hers.at).as_secs_f64().abs() * policy::LEAST_SPEED_MPS;
                let spread_m = his.fix.uncertainty_m().hypot(hers.fix.uncertainty_m());
                let apart_m = geodesy::distance_m(his.fix.position, hers.fix.position);
                (apart_m, spread_m + strayed_m, his.fix.is_coarse() || hers.fix.is_coarse())
            }
        };
        Some((watch.thresholds, Look { coarse, ..Look::new(at, distance_m, uncertainty_m) }))
    }

    /// Raises a possible alarm, for the operator alone, on a fix that is not believed.
    pub(super) fn raise_possible(&mut self, slot: u32, now: Timestamp, look: &Look, evidence: Evidence) {
        let watch = &mut self.watches[slot as usize];
        let episode = watch.episode.get_or_insert_with(|| Box::new(Episode::new()));
        episode.step(Standing::Possible, Certainty::Possible);
        let judged = Judged {
            look: *look,
            exact_m: self.reported_of(slot, look.distance_m),
            certainty: Certainty::Possible,
            how: How::Held,
            evidence,
        };
        self.announce_distance(slot, now, Cause::Fix { after_silence: false }, &judged);
        self.stepped(slot, Standing::Clear, Standing::Possible);
    }

    /// A distance as thresholds count it, as readers are told it; the other way round too.
    pub(super) fn reported_of(&self, slot: u32, distance_m: f64) -> f64 {
        reported_m(self.watches[slot as usize].rule, distance_m)
    }

    /// Announces what a late fix shows of a time that is past. Live standing stays where it is.
    pub(super) fn announce_past(&mut self, slot: u32, now: Timestamp, judged: &Judged, standing: Standing) {
        let Some(mut alert) = self.alert_about(slot, now, &judged.evidence) else { return };
        let watch = &mut self.watches[slot as usize];
        let Some(key) = watch.key() else { return };
        let episode = watch.episode.get_or_insert_with(|| Box::new(Episode::new()));
        announce::enter_past(episode, &key, judged.look.at, &mut alert);
        (alert.level, alert.certainty) = (standing.into(), judged.certainty);
        alert.stands = Some(episode.standing.into());
        (alert.late, alert.hindsight, alert.fixed_at) = (true, true, Some(judged.look.at));
        self.finish(slot, judged, alert);
    }
}

/// Where a device was at a moment: between the fixes around it, with what it may have strayed from the straight
/// way in a gap; after the last one, with what it may have gone since. `None` before the first.
pub(super) fn whereabouts(device: &Device, at: Timestamp) -> Option<Whereabouts> {
    let (before, after) = device.state.track.around(&device.history, at);
    let before = before?;
    let age_s = |other: Timestamp| (at - other).as_secs_f64().abs();
    let Some(after) = after else {
        let unseen_s = age_s(before.at());
        return Some(Whereabouts {
            position: before.position(),
            uncertainty_m: before.accuracy_m() + unseen_s * device.state.reckoned_speed_mps(),
            unseen_s,
            seen: before.seen(),
        });
    };
    if before.at() == after.at() {
        return Some(Whereabouts {
            position: before.position(),
            uncertainty_m: before.accuracy_m(),
            unseen_s: 0.0,
            seen: before.seen(),
        });
    }
    let nearest = if age_s(before.at()) <= age_s(after.at()) { before } else { after };
    // No fix is farther away in time than half the longest gap on the way.
    let unseen_s = age_s(nearest.at()).min(after.gap().as_secs_f64() / 2.0);
    let gone_m = geodesy::quick_distance_m(before.position(), after.position()).0;
    let speed_mps = gone_m / (after.at() - before.at()).as_secs_f64();
    let strays_mps =
        if after.is_linked() { policy::LEAST_SPEED_MPS } else { speed_mps.max(policy::LEAST_SPEED_MPS) };
    let left_out_m = if after.gap() < after.at() - before.at() { policy::TRACK_WITHIN_M } else { 0.0 };
    Some(Whereabouts {
        position: place_between(before, after, at),
        uncertainty_m: after.accuracy_m().max(before.accuracy_m()) + left_out_m + unseen_s * strays_mps,
        unseen_s,
        seen: nearest.seen(),
    })
}
