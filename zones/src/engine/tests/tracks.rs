//! The kept track against everything that was put into it.

use proptest::prelude::*;

use super::super::track::{Track, place_between};
use super::case::*;
use crate::geodesy::distance_m;
use crate::*;

/// A day out: stretches of so many fixes, each so many seconds and metres on.
fn outing() -> impl Strategy<Value = Vec<Seen>> {
    let stretch = (1_usize..40, 10_i64..120, -20.0..20.0_f64, -20.0..20.0_f64);
    prop::collection::vec((stretch, 0.0..15.0_f64), 1..6).prop_map(|stretches| {
        let (mut secs, mut east, mut north, mut all) = (0, 0.0, 0.0, Vec::new());
        for ((count, every_s, east_mps, north_mps), jitter_m) in stretches {
            for n in 0..count {
                secs += every_s;
                east += east_mps * every_s as f64;
                north += north_mps * every_s as f64;
                let off = if n % 2 == 0 { jitter_m } else { -jitter_m };
                let fix = Fix { accuracy_m: Some(8.0), ..Fix::new(t(secs), place(east + off, north - off)) };
                all.push(Seen { fix, at: t(secs) });
            }
        }
        all
    })
}

proptest! {
    #[test]
    fn nothing_that_was_left_out_was_far_from_the_track(fixes in outing()) {
        let (mut track, mut history) = (Track::default(), Vec::new());
        for seen in &fixes {
            if track.push(seen) {
                track.settle(&mut history);
            }
        }
        let thinned = history.len() >= policy::TRACK_MOST;
        for seen in &fixes {
            let (before, after) = track.around(&history, seen.at);
            let (before, after) = (before.unwrap(), after.unwrap());
            let kept = place_between(before, after, seen.at);
            let off_m = distance_m(kept, seen.fix.position);
            // Rounding to a centimetre, and what thinning added to the uncertainty.
            let allowed_m = policy::TRACK_WITHIN_M + 0.1 + if thinned { after.accuracy_m() * 2.0 } else { 0.0 };
            prop_assert!(off_m <= allowed_m, "{off_m} m off, {allowed_m} m allowed");
            prop_assert!(before.at() <= seen.at && seen.at <= after.at());
            prop_assert!(after.accuracy_m() >= 8.0 && before.at() == after.at() || after.is_linked());
        }
    }

    #[test]
    fn late_fixes_find_their_place_in_any_order(fixes in outing(), stride in 1_usize..50) {
        let (mut track, mut history) = (Track::default(), Vec::new());
        let (late, live): (Vec<_>, Vec<_>) = fixes.iter().enumerate().partition(|(n, _)| n % 3 == 1);
        for (_, seen) in live {
            if track.push(seen) {
                track.settle(&mut history);
            }
        }
        let mut late: Vec<_> = late.into_iter().map(|(_, seen)| *seen).collect();
        while !late.is_empty() {
            track.insert(&late.remove(stride % late.len()), &mut history);
            let times: Vec<_> = track.all(&history).map(Kept::at).collect();
            prop_assert!(times.is_sorted_by(|a, b| a < b), "{times:?}");
        }
        prop_assert!(history.len() <= policy::TRACK_MOST);
    }
}

#[test]
fn a_night_at_home_is_two_places_and_a_gap_is_remembered() {
    let (mut track, mut history) = (Track::default(), Vec::new());
    let seen = |secs: i64, east_m: f64| {
        let fix = Fix { accuracy_m: Some(9.0), ..Fix::new(t(secs), place(east_m, 0.0)) };
        Seen { fix, at: t(secs) }
    };
    for minute in 0..600 {
        track.push(&seen(minute * 60, if minute % 2 == 0 { 6.0 } else { -6.0 }));
    }
    assert!(track.all(&history).count() <= 2 + 8, "two, and the newest as they are");
    assert!(track.all(&history).skip(1).all(Kept::is_linked));
    for minute in 700..720 {
        if track.push(&seen(minute * 60, 0.0)) {
            track.settle(&mut history);
        }
    }
    let (before, after) = track.around(&history, t(650 * 60));
    assert!(!after.unwrap().is_linked(), "an hour and a half in which he may have been anywhere");
    assert!(before.unwrap().at() <= t(600 * 60));
}
