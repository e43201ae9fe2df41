//! How a watch truly stood over a day, looked at so often that nothing can be missed.

use crate::clock::{MINUTE, SECOND};
use crate::world::FASTEST_MPS;

use super::{Truth, Watch};

/// Least and most time between two looks, in milliseconds.
const STEP_MS: (i64, i64) = (SECOND / 2, MINUTE);

/// Truth at moments in order. Between two of them nobody can have come from one side of a threshold to the other and
/// back, but for what happens within half a second.
#[derive(Debug, Clone)]
pub(crate) struct Series {
    /// Moments, in milliseconds since 1970 UTC.
    pub(crate) at: Vec<i64>,
    /// Metres beyond the alarm threshold; infinite while the schedule does not apply.
    pub(crate) gap_m: Vec<f64>,
}

impl Series {
    /// A watch from `from` up to and including `until`.
    pub(crate) fn of(truth: &Truth<'_>, watch: Watch, from: i64, until: i64) -> Self {
        let mut series = Self { at: Vec::new(), gap_m: Vec::new() };
        let warning_m = truth.law.warning_gap_m(watch);
        // Two people who go towards each other.
        let most_mps = if watch == Watch::Pair { 2.0 * FASTEST_MPS } else { FASTEST_MPS };
        let mut at = from;
        while at <= until {
            let gap = truth.gap_m(watch, at);
            series.at.push(at);
            series.gap_m.push(gap.unwrap_or(f64::INFINITY));
            at = match gap {
                Some(gap) => {
                    let nearest = gap.abs().min((gap - warning_m).abs());
                    let next = at + ((nearest / most_mps * 1_000.0) as i64).clamp(STEP_MS.0, STEP_MS.1);
                    // A schedule changes on the minute.
                    let minute = at - at.rem_euclid(MINUTE) + MINUTE;
                    if watch.applies(next) { next } else { next.min(minute) }
                }
                None => at - at.rem_euclid(MINUTE) + MINUTE,
            };
        }
        series
    }

    /// Index of the last look at or before a moment (0 when there is none).
    pub(crate) fn index(&self, at: i64) -> usize {
        self.at.partition_point(|t| *t <= at).saturating_sub(1)
    }

    /// Least distance beyond the threshold between two moments.
    pub(crate) fn least_m(&self, from: i64, until: i64) -> f64 {
        let last = (self.index(until) + 1).min(self.at.len());
        self.gap_m[self.index(from).min(last)..last].iter().copied().fold(f64::INFINITY, f64::min)
    }
}
