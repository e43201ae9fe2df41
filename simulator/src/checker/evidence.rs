//! What the radio gave: when somebody was heard, and how wrong such fixes usually are.

use zones::Role;

use crate::judge::{Day, Heard};
use crate::oracle::Watch;

use super::INTERVAL_MS;

/// A fix is live when it arrives within this of its own time, in milliseconds.
pub(super) const LIVE_MS: i64 = 120_000;

/// A fix less sure than this is coarse (§7), in metres: 68 % radius.
const COARSE_M: f64 = 200.0;

/// A device that works is heard at least so often, in milliseconds: one fix may fail.
const WORKS_MS: i64 = 2 * INTERVAL_MS + INTERVAL_MS / 2;

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

    /// Whether a device worked when a fix of somebody arrived: its newest usable fix that had arrived by then was no
    /// older beside that one than a working device's is.
    pub(super) fn knows(&self, role: Role, by: &Heard) -> bool {
        let lately = self.between(role, by.true_at - WORKS_MS, i64::MAX);
        lately.iter().any(|h| h.arrived_at <= by.arrived_at && h.is_live() && h.is_usable())
    }

    /// Whether a device worked between two moments: heard in time all along, and no fix coarse.
    pub(super) fn works(&self, role: Role, from: i64, until: i64) -> bool {
        let of = self.between(role, from, until);
        let ends = [from, until];
        let mut times: Vec<i64> =
            ends.into_iter().chain(of.iter().filter(|h| h.is_live()).map(|h| h.true_at)).collect();
        times.sort_unstable();
        of.iter().all(Heard::is_usable) && times.windows(2).all(|pair| pair[1] - pair[0] <= WORKS_MS)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::Spot;

    fn heard(role: Role, true_s: i64, arrived_s: i64, accuracy_m: f64) -> Heard {
        Heard {
            role,
            true_at: true_s * 1_000,
            arrived_at: arrived_s * 1_000,
            spot: Spot::at(52.0, 5.0),
            accuracy_m,
            said_mps: 0.0,
            usual_error_m: 12.0,
            error_m: 3.0,
        }
    }

    #[test]
    fn where_somebody_cut_off_was_is_known_when_it_is_heard_and_not_before() {
        use Role::{Victim, Wearer};
        // He is cut off from 60 s on; at 600 s everything comes at once. She is heard all along.
        let his = [(0, 1), (60, 61), (120, 601), (180, 601), (540, 601), (600, 601)];
        let his: Vec<Heard> = his.into_iter().map(|(at, by)| heard(Wearer, at, by, 8.0)).collect();
        let evidence = Evidence { arrivals: &[], by_time: [his, Vec::new()] };
        let known = |her_s: i64| evidence.knows(Wearer, &heard(Victim, her_s, her_s + 1, 8.0));
        assert_eq!([30, 90, 210].map(known), [true; 3], "150 s is what a device that works may take");
        assert_eq!([211, 300, 599].map(known), [false; 3], "what was kept comes too late for that");
        assert_eq!([600, 660].map(known), [true; 2]);
        // What says too little is as good as nothing.
        let coarse = Evidence { arrivals: &[], by_time: [vec![heard(Wearer, 0, 1, 900.0)], Vec::new()] };
        assert!(!coarse.knows(Wearer, &heard(Victim, 30, 31, 8.0)));
    }
}
