//! Keeping a history within bounds.

use smallvec::SmallVec;

use super::{Kept, PENDING_ROOM, PER_DEG, UNIT_M, packed_metres};
use crate::policy;

/// Leaves out what changes the track least until no more is kept than may be. What a place was off the straight
/// way between its neighbours is added to the uncertainty of that way.
pub(super) fn thin(history: &mut Vec<Kept>) {
    /// More than ever comes together here; what does not fit in place goes to the heap.
    const ROOM: usize = 64;
    while history.len() > policy::TRACK_MOST {
        // The country is not so tall that one latitude would not do for an order of what matters least; nearest the
        // equator nothing is underestimated.
        let nearest = history.iter().map(|kept| kept.lat.unsigned_abs()).min().unwrap_or(0);
        let narrow = (f64::from(nearest) / PER_DEG).to_radians().cos();
        // Both ends stay. Squares, as the order is that of the roots.
        let mut off2: SmallVec<[f64; ROOM]> = SmallVec::from_elem(f64::INFINITY, history.len());
        for (off2, three) in off2[1..].iter_mut().zip(history.windows(3)) {
            *off2 = off_the_way2(three[0], three[1], three[2], narrow);
        }
        let mut gone: SmallVec<[(usize, f64); PENDING_ROOM]> = SmallVec::new();
        // A few times the least of them costs less than an order of all.
        for _ in policy::TRACK_MOST..history.len() {
            let (mut n, mut least2) = (0, f64::INFINITY);
            for (place, off2) in off2.iter().enumerate() {
                if *off2 < least2 {
                    (n, least2) = (place, *off2);
                }
            }
            if least2.is_infinite() {
                break;
            }
            gone.push((n, UNIT_M * least2.sqrt()));
            // What was measured of its neighbours goes with it.
            off2[n - 1..=n + 1].fill(f64::INFINITY);
        }
        gone.sort_unstable_by_key(|(n, _)| std::cmp::Reverse(*n));
        for (n, off_m) in gone {
            let dropped = history.remove(n);
            let after = history[n].worst_of(dropped);
            let accuracy = packed_metres(after.accuracy_m() + off_m);
            history[n] = Kept { accuracy, ..after };
        }
    }
}

/// Square of how far a place is off the straight way between its neighbours, in units of latitude.
fn off_the_way2(before: Kept, kept: Kept, after: Kept, narrow: f64) -> f64 {
    let (span, passed) = (after.since(before), kept.since(before));
    let share = if span > 0.0 { (passed / span).clamp(0.0, 1.0) } else { 0.0 };
    let (way, moved) = (after.from(before), kept.from(before));
    let [lat, lon]: [f64; 2] = std::array::from_fn(|axis| moved[axis] - way[axis] * share);
    lat * lat + lon * lon * narrow * narrow
}
