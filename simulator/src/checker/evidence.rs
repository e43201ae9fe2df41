//! What the radio gave: when somebody was heard, and how wrong such fixes usually are.

use zones::Role;

use crate::judge::{Day, Heard};
use crate::oracle::Watch;

use super::INTERVAL_MS;

/// A fix is live when it arrives within this of its own time, in milliseconds.
pub(super) const LIVE_MS: i64 = 120_000;

/// A fix less sure than this is coarse (§7), in metres: 68 % radius.
const COARSE_M: f64 = 200.0;

/// Fixes of a day by party and true time.
pub(crate) struct Evidence<'a> {
    /// In order of arrival.
    pub(super) arrivals: &'a [Heard],
    by_time: [Vec<Heard>; 2],
}

impl<'a> Evidence<'a> {
    pub(super) fn of(day: &'a Day) -> Self {
        let by_time = [Role::Wearer, Role::Victim].map(|role| {
            let mut of: Vec<Heard> = day.heard.iter().filter(|h| h.role == role).copied().collect();
            of.sort_by_key(|heard| (heard.true_at, heard.arrived_at));
            of
        });
        Self { arrivals: &day.heard, by_time }
    }

    /// Fixes of a party by true time.
    pub(super) fn of_party(&self, role: Role) -> &[Heard] {
        &self.by_time[role as usize]
    }

    /// Fixes of a party from `from` up to and including `until`, by true time.
    pub(super) fn between(&self, role: Role, from: i64, until: i64) -> &[Heard] {
        let of = self.of_party(role);
        let (first, last) =
            (of.partition_point(|h| h.true_at < from), of.partition_point(|h| h.true_at <= until));
        &of[first..last.max(first)]
    }

    /// The radio's error about a watch between two moments, in metres: the usual (95 %) error of the kind of
    /// fixes that stood then, of both parties together where both count. The fix before and the one after belong
    /// to it.
    pub(super) fn error_m(&self, watch: Watch, from: i64, until: i64) -> f64 {
        parties(watch).iter().map(|role| self.party_error_m(*role, from, until)).sum()
    }

    fn party_error_m(&self, role: Role, from: i64, until: i64) -> f64 {
        let of = self.of_party(role);
        let first = of.partition_point(|h| h.true_at <= from).saturating_sub(1);
        let last = (of.partition_point(|h| h.true_at < until) + 1).min(of.len());
        of[first.min(last)..last].iter().map(|h| h.usual_error_m).fold(0.0, f64::max)
    }

    /// Whether a device worked between two moments: heard in time all along, and no fix coarse.
    pub(super) fn works(&self, role: Role, from: i64, until: i64) -> bool {
        let of = self.between(role, from, until);
        let longest = 2 * INTERVAL_MS + INTERVAL_MS / 2;
        let ends = [from, until];
        let mut times: Vec<i64> =
            ends.into_iter().chain(of.iter().filter(|h| h.is_live()).map(|h| h.true_at)).collect();
        times.sort_unstable();
        of.iter().all(Heard::is_usable) && times.windows(2).all(|pair| pair[1] - pair[0] <= longest)
    }
}

/// Whose fixes a watch rests on.
pub(super) const fn parties(watch: Watch) -> &'static [Role] {
    match watch {
        Watch::Pair => &[Role::Wearer, Role::Victim],
        _ => &[Role::Wearer],
    }
}

impl Heard {
    /// Arrived in time to act on.
    pub(super) fn is_live(&self) -> bool {
        self.arrived_at - self.true_at <= LIVE_MS
    }

    /// Not coarse, as §7 has it.
    pub(super) fn is_usable(&self) -> bool {
        self.accuracy_m <= COARSE_M
    }

    /// As right as fixes of its kind usually are: no reflection, and not the odd one in twenty.
    pub(super) fn is_good(&self) -> bool {
        self.is_usable() && self.error_m <= self.usual_error_m.max(5.0)
    }
}
