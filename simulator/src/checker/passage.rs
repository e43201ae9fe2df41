//! Short episodes that no fix is within, but that the straight way between two fixes shows.

use crate::judge::Heard;
use crate::oracle::{Episode, Spot, Watch};

use zones::Role;

use super::Case;

/// Fixes farther apart say nothing about the way between them (§7), in milliseconds.
const LINKED_MS: i64 = 120_000;

impl Case<'_> {
    /// Whether the ways between live fixes go through the threshold by the radio's error at some moment of an
    /// episode.
    pub(super) fn shown_between(&self, episode: &Episode) -> bool {
        if !self.watch.concerns_victim() {
            return false;
        }
        let error_m = self.evidence.error_m(self.watch, episode.from, episode.until);
        (episode.from..=episode.until).step_by(2_000).any(|at| {
            let his = self.by_the_way(Role::Wearer, at);
            let hers = if self.watch == Watch::Pair { self.by_the_way(Role::Victim, at) } else { his };
            let (Some(his), Some(hers)) = (his, hers) else { return false };
            self.truth.law.gap_m(self.watch, &his, &hers) <= -error_m
        })
    }
}

/// Where somebody was at a moment by the straight way between the fixes around it.
pub(super) fn between(fixes: &[Heard], at: i64) -> Option<Spot> {
    let next = fixes.partition_point(|heard| heard.true_at <= at);
    let (before, after) = (fixes.get(next.checked_sub(1)?)?, fixes.get(next)?);
    let span = after.true_at - before.true_at;
    let usable = |heard: &Heard| heard.is_good() && heard.is_live();
    if span > LINKED_MS || !usable(before) || !usable(after) {
        return None;
    }
    let part = (at - before.true_at) as f64 / span.max(1) as f64;
    let along = |a: f64, b: f64| a + (b - a) * part;
    Some(Spot::at(along(before.spot.lat, after.spot.lat), along(before.spot.lon, after.spot.lon)))
}
