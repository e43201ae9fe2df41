//! The way between two fixes.

use super::case::*;
use crate::AlertKind::{ExclusionZone, VictimProximity};
use crate::order::ZoneKind::{Exclusion, Inclusion};
use crate::*;

#[test]
fn who_drives_through_between_two_fixes_was_inside() {
    let mut case = Case::of([with_zone(order("o"), Exclusion, 300.0, 0.0)]);
    case.wearer(0, -1_000.0, 100.0);
    case.wearer(60, 1_000.0, 100.0);
    let alert = case.alerts[0].clone();
    assert_eq!(case.said(), [(ExclusionZone, Level::Alarm, Certainty::Likely)]);
    assert_eq!((alert.fixed_at, alert.raised_at), (Some(t(60)), t(61)), "the later fix's time");
    let deepest_m = alert.distance_m.unwrap();
    assert!((deepest_m + 200.0).abs() < 1.0, "100 m from the centre is 200 m inside: {deepest_m}");
    let decisions: Vec<_> = case.decisions.iter().rev().take(2).map(|d| (d.rule, d.after)).collect();
    assert_eq!(
        decisions,
        [(Rule::ExclusionZone, Standing::Alarm), (Rule::WayThroughZone, Standing::Alarm)],
        "and then where he is now, which is outside and ends nothing yet"
    );
    case.wearer(90, 1_500.0, 100.0);
    assert_eq!(case.said(), []);
    case.wearer(120, 2_000.0, 100.0);
    assert_eq!(case.levels(), [(ExclusionZone, Level::Clear)], "a minute outside");
}

#[test]
fn a_zone_that_neither_end_is_near_is_found() {
    let mut case = Case::of([with_zone(order("o"), Exclusion, 50.0, 0.0)]);
    case.wearer(0, -3_000.0, 0.0);
    case.wearer(100, 3_000.0, 20.0);
    assert_eq!(case.levels(), [(ExclusionZone, Level::Alarm)]);
}

#[test]
fn a_way_beside_the_zone_is_no_way_through_it() {
    let mut case = Case::of([with_zone(order("o"), Exclusion, 300.0, 0.0)]);
    case.wearer(0, -1_000.0, 305.0);
    case.wearer(60, 1_000.0, 305.0);
    assert_eq!(case.said(), []);
}

#[test]
fn nothing_is_claimed_across_a_gap_or_on_coarse_fixes() {
    let mut case = Case::of([with_zone(order("o"), Exclusion, 300.0, 0.0)]);
    case.wearer(0, -1_000.0, 0.0);
    case.wearer(121, 1_000.0, 0.0);
    assert_eq!(case.said(), [], "in two minutes and a second he may have gone around");
    let mut case = Case::of([with_zone(order("o"), Exclusion, 300.0, 0.0)]);
    case.wearer(0, -3_000.0, 0.0);
    case.fix(Role::Wearer, 60, place(1_000.0, 0.0), 250.0);
    assert_eq!(case.said(), []);
}

#[test]
fn driving_through_again_breaks_a_period_of_leaving() {
    let mut case = Case::of([with_zone(order("o"), Exclusion, 300.0, 0.0)]);
    case.wearer(0, -1_000.0, 0.0);
    case.wearer(50, 1_000.0, 0.0);
    assert_eq!(case.levels(), [(ExclusionZone, Level::Alarm)]);
    case.wearer(100, -1_000.0, 0.0);
    case.wearer(130, -1_500.0, 0.0);
    assert_eq!(case.said(), [], "50 s after he was inside again");
    case.wearer(165, -2_000.0, 0.0);
    assert_eq!(case.levels(), [(ExclusionZone, Level::Clear)]);
}

#[test]
fn an_inclusion_zone_is_judged_by_where_he_is() {
    let mut case = Case::of([with_zone(order("o"), Inclusion, 500.0, 0.0)]);
    case.wearer(0, 400.0, 0.0);
    case.wearer(30, -400.0, 0.0);
    assert_eq!(case.said(), []);
}

#[test]
fn he_passes_her_between_their_fixes() {
    let mut case = Case::of([with_victim(order("o"))]);
    // She stands still; he drives past at 33 m/s, 600 m to the north of her, and is seen every 100 s.
    case.victim(0, 0.0, 0.0);
    case.wearer(10, -2_460.0, 600.0);
    case.victim(60, 0.0, 0.0);
    case.wearer(110, 840.0, 600.0);
    assert_eq!(case.levels(), [(VictimProximity, Level::Warning)], "1,032 m");
    assert_eq!(
        case.said(),
        [],
        "of her nothing is known after 60 s, and until then he was not within 1,000 m"
    );
    case.victim(120, 0.0, 0.0);
    let alert = case.alerts[0].clone();
    assert_eq!(
        case.said(),
        [(VictimProximity, Level::Alarm, Certainty::Likely)],
        "her fix tells of the rest"
    );
    assert!((alert.distance_m.unwrap() - 600.0).abs() < 1.0, "{:?}", alert.distance_m);
    assert_eq!(alert.fixed_at, Some(t(120)));
}

#[test]
fn both_move_and_only_the_same_time_counts() {
    // Their ways cross, but he is at the crossing a minute before her: never nearer than 1,060 m.
    let mut case = Case::of([with_victim(order("o"))]);
    case.victim(0, 0.0, -1_500.0);
    case.wearer(0, 0.0, 0.0);
    case.alerts.clear();
    case.wearer(60, 1_500.0, 0.0);
    case.victim(60, 0.0, 0.0);
    case.wearer(120, 3_000.0, 0.0);
    case.victim(120, 0.0, 1_500.0);
    let passed: Vec<_> = case.decisions.iter().filter(|d| d.rule == Rule::WaysMeet).collect();
    assert!(passed.is_empty(), "{passed:?}");
    assert!(case.said().iter().all(|said| said.1 != Level::Alarm));
}

#[test]
fn a_way_and_walking_it_step_by_step_agree_on_pairs() {
    // Straight ways of both at many speeds; the least distance by small steps of time.
    for (n, (his, hers)) in [
        ((-1_900.0, 1_200.0, 25.0, -10.0), (1_500.0, -1_200.0, -20.0, 15.0)),
        ((-2_000.0, 0.0, 33.0, 0.0), (1_100.0, 1_100.0, 0.0, -9.0)),
        ((-2_000.0, 900.0, 30.0, 0.0), (1_500.0, 1_200.0, -20.0, 0.0)),
        ((-1_800.0, -1_300.0, 10.0, 30.0), (1_200.0, 1_300.0, -10.0, -30.0)),
        ((1_300.0, 0.0, 25.0, 0.0), (-300.0, 0.0, 20.0, 0.0)),
    ]
    .into_iter()
    .enumerate()
    {
        let at =
            |start: (f64, f64, f64, f64), secs: f64| (start.0 + start.2 * secs, start.1 + start.3 * secs);
        let apart = |secs: f64| {
            let (a, b) = (at(his, secs), at(hers, secs));
            (a.0 - b.0).hypot(a.1 - b.1)
        };
        let least_m = (0..=9_000).map(|step| apart(f64::from(step) / 100.0)).fold(f64::INFINITY, f64::min);
        let mut case = Case::of([with_victim(order("o"))]);
        for secs in [0, 45, 90] {
            let (a, b) = (at(his, secs as f64), at(hers, secs as f64));
            case.wearer(secs, a.0, a.1);
            case.victim(secs, b.0, b.1);
        }
        let raised = case.alerts.iter().any(|alert| alert.level == Level::Alarm);
        assert_eq!(raised, least_m <= 1_000.0, "case {n}: {least_m} m at the least");
        let met = case.decisions.iter().filter(|d| d.rule == Rule::WaysMeet).filter_map(|d| d.distance_m);
        if let Some(met_m) = met.min_by(f64::total_cmp) {
            assert!((met_m - least_m).abs() < 5.0, "case {n}: {met_m}, by steps {least_m}");
        }
    }
}
