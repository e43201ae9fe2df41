//! True episodes: from coming within a threshold to having left it.

use crate::clock::MINUTE;

use super::{Series, Watch};

/// An episode ends when truth stays farther than this beyond the threshold …
const LEFT_M: f64 = 100.0;
/// … for this long: the leaving rule, with the margin that an honest radio needs.
const LEFT_FOR_MS: i64 = MINUTE;

/// Truth within an alarm threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Episode {
    /// What was watched.
    pub(crate) watch: Watch,
    /// First moment within.
    pub(crate) from: i64,
    /// Last moment within.
    pub(crate) until: i64,
}

/// All episodes of a watch, in order.
pub(crate) fn episodes(watch: Watch, series: &Series) -> Vec<Episode> {
    let mut found: Vec<Episode> = Vec::new();
    let mut open: Option<Episode> = None;
    let mut beyond_since: Option<i64> = None;
    for (at, gap) in series.at.iter().copied().zip(series.gap_m.iter().copied()) {
        if gap <= 0.0 {
            beyond_since = None;
            open.get_or_insert(Episode { watch, from: at, until: at }).until = at;
        } else if gap <= LEFT_M {
            beyond_since = None;
        } else if open.is_some() {
            let since = *beyond_since.get_or_insert(at);
            // What a schedule ends is over at once.
            if gap.is_infinite() || at - since >= LEFT_FOR_MS {
                found.extend(open.take());
                beyond_since = None;
            }
        }
    }
    found.extend(open);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_steps_out_for_a_moment_has_not_left() {
        let gaps = [500.0, 90.0, -1.0, 20.0, 150.0, 150.0, -5.0, 101.0, 300.0, 300.0, 300.0, 300.0, -7.0];
        let at: Vec<i64> = (0..gaps.len() as i64).map(|i| i * 20_000).collect();
        let series = Series { at, gap_m: gaps.to_vec() };
        let found = episodes(Watch::Pair, &series);
        let ends: Vec<(i64, i64)> = found.iter().map(|e| (e.from / 20_000, e.until / 20_000)).collect();
        assert_eq!(ends, [(2, 6), (12, 12)]);
        assert_eq!(series.least_m(20_000, 50_000), -1.0);
        assert_eq!(series.least_m(60_000, 110_000), 20.0);
    }
}
