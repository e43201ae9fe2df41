//! Wearer and zones.

use super::case::*;
use crate::AlertKind::{ExclusionZone, InclusionZone};
use crate::order::ZoneKind::{Exclusion, Inclusion};
use crate::*;

#[test]
fn who_starts_inside_is_inside() {
    let mut case = Case::of([with_zone(order("o"), Exclusion, 1_000.0, 500.0)]);
    case.wearer(0, 300.0, 0.0);
    let alert = case.alerts[0].clone();
    assert_eq!(case.said(), [(ExclusionZone, Level::Alarm, Certainty::Certain)]);
    assert!((alert.distance_m.unwrap() + 700.0).abs() < 1.0, "negative inside: {:?}", alert.distance_m);
    assert_eq!(alert.uncertainty_m, Some(8.0));
}

#[test]
fn the_buffer_warns_the_edge_alarms_and_leaving_takes_a_minute() {
    let mut case = Case::of([with_zone(order("o"), Exclusion, 1_000.0, 500.0)]);
    let mut story = Vec::new();
    for (secs, east) in [
        (0, 2_000.0),
        (30, 1_400.0),
        (60, 990.0),
        (90, 1_020.0),
        (120, 1_100.0),
        (150, 1_100.0),
        (180, 1_100.0),
    ] {
        case.wearer(secs, east, 0.0);
        story.extend(case.said().into_iter().map(|said| (secs, said.1, said.2)));
    }
    assert_eq!(
        story,
        [
            (30, Level::Warning, Certainty::Certain),
            (60, Level::Alarm, Certainty::Certain),
            (180, Level::Warning, Certainty::Certain)
        ]
    );
    // Home, far outside: the index does not name the zone any more, yet it is cleared.
    case.wearer(210, 20_000.0, 0.0);
    case.wearer(240, 20_003.0, 0.0);
    assert_eq!(case.said(), []);
    case.wearer(270, 20_001.0, 0.0);
    assert_eq!(case.levels(), [(ExclusionZone, Level::Clear)]);
}

#[test]
fn hovering_at_the_edge_is_one_alarm() {
    let mut case = Case::of([with_zone(order("o"), Exclusion, 1_000.0, 0.0)]);
    for step in 0..100 {
        let wobble = if step % 2 == 0 { -20.0 } else { 40.0 };
        case.wearer(step * 30, 1_000.0 + wobble, 0.0);
    }
    assert_eq!(case.levels(), [(ExclusionZone, Level::Alarm)]);
}

#[test]
fn the_edge_of_the_uncertainty_is_for_the_operator() {
    let mut case = Case::of([with_zone(order("o"), Exclusion, 1_000.0, 0.0)]);
    case.fix(Role::Wearer, 0, place(1_050.0, 0.0), 100.0);
    assert!(case.alerts[0].operator_only);
    assert_eq!(case.said(), [(ExclusionZone, Level::Warning, Certainty::Possible)]);
    case.fix(Role::Wearer, 30, place(980.0, 0.0), 100.0);
    assert_eq!(case.said(), [(ExclusionZone, Level::Alarm, Certainty::Likely)]);
}

#[test]
fn a_coarse_fix_far_from_a_zone_still_reaches_it() {
    let mut case = Case::of([with_zone(order("o"), Exclusion, 1_000.0, 0.0)]);
    case.fix(Role::Wearer, 0, place(5_000.0, 0.0), 5_000.0);
    assert_eq!(case.said(), [(ExclusionZone, Level::Warning, Certainty::Possible)]);
}

#[test]
fn he_must_be_at_home() {
    let mut case = Case::of([with_zone(order("o"), Inclusion, 50.0, 0.0)]);
    case.wearer(0, 10.0, 0.0);
    assert_eq!(case.said(), []);
    case.fix(Role::Wearer, 30, place(0.0, 0.0), 1_500.0);
    assert_eq!(case.said(), [], "a cell fix cannot show that he left");
    case.wearer(60, 400.0, 0.0);
    let alert = case.alerts[0].clone();
    assert_eq!(case.said(), [(InclusionZone, Level::Alarm, Certainty::Certain)]);
    assert!((alert.distance_m.unwrap() - 350.0).abs() < 1.0, "{:?}", alert.distance_m);
    for secs in [90, 120, 150] {
        case.wearer(secs, 5.0, 0.0);
    }
    assert_eq!(
        case.levels(),
        [(InclusionZone, Level::Clear)],
        "back in a house is back, though no 50 m deep"
    );
}

#[test]
fn a_duplicate_changes_nothing_and_an_older_fix_moves_nothing() {
    let mut case = Case::of([with_zone(order("o"), Exclusion, 1_000.0, 0.0)]);
    assert_eq!(case.fix(Role::Wearer, 60, place(0.0, 0.0), 8.0), Outcome::Done);
    let decisions = case.decisions.len();
    assert_eq!(case.fix(Role::Wearer, 60, place(0.0, 0.0), 8.0), Outcome::Duplicate);
    assert_eq!(case.fix(Role::Wearer, 30, place(1_500.0, 0.0), 8.0), Outcome::Older);
    assert_eq!(case.alerts.len(), 1);
    let late = case.decisions[decisions..].iter().map(|d| (d.rule, d.at, d.after));
    assert_eq!(late.collect::<Vec<_>>(), [(Rule::LateExclusionZone, t(30), Standing::Alarm)]);
}

#[test]
fn a_clock_ahead_is_brought_back_to_the_time_of_arrival() {
    let mut case = Case::of([with_zone(order("o"), Exclusion, 1_000.0, 0.0)]);
    let fix = Fix::new(t(64 * 365 * 86_400), place(0.0, 0.0));
    let outcome = case.at(10, Input::Fix { role: Role::Wearer, device: "am", fix }).unwrap();
    assert!(matches!(outcome, Outcome::ClockAhead(_)));
    let alert = &case.alerts[0];
    assert_eq!((alert.fixed_at, alert.raised_at), (Some(t(10)), t(10)));
    assert_eq!(alert.wearer_fix.unwrap().fixed_at, fix.fixed_at, "the fix keeps its own");
    case.wearer(60, 0.0, 0.0);
    assert_eq!(case.decisions.last().unwrap().at, t(60), "a right clock goes on at once");
}

#[test]
fn a_fix_that_comes_late_is_said_to_be_late() {
    let mut case = Case::of([with_zone(order("o"), Exclusion, 1_000.0, 0.0)]);
    let fix = Fix { accuracy_m: Some(8.0), ..Fix::new(t(0), place(0.0, 0.0)) };
    case.at(170, Input::Fix { role: Role::Wearer, device: "am", fix }).unwrap();
    assert!(case.alerts[0].late);
    assert_eq!(case.levels(), [(ExclusionZone, Level::Alarm)]);
}

#[test]
fn one_wearers_zones_are_nothing_to_another() {
    let mut other = with_zone(order("p"), Exclusion, 1_000.0, 0.0);
    other.wearer = party("other", Some("am-2"));
    let mut case = Case::of([with_zone(order("o"), Exclusion, 1_000.0, 0.0), other]);
    let fix = Fix::new(t(0), place(0.0, 0.0));
    case.at(1, Input::Fix { role: Role::Wearer, device: "am-2", fix }).unwrap();
    assert_eq!(case.alerts.len(), 1);
    assert_eq!(case.alerts[0].order.as_str(), "p");
}

#[test]
fn a_backlog_of_a_clock_that_runs_ahead_ends_with_its_newest_fix() {
    let mut case = Case::of([with_zone(order("o"), Exclusion, 1_000.0, 0.0)]);
    let fix = |n: i64, east_m: f64| Fix { accuracy_m: Some(8.0), ..Fix::new(t(600 + n), place(east_m, 0.0)) };
    let mut send =
        |secs: i64, fix: Fix| case.at(secs, Input::Fix { role: Role::Wearer, device: "am", fix }).unwrap();
    send(10, fix(0, 1_040.0));
    assert!(matches!(send(10, fix(1, 980.0)), Outcome::ClockAhead(_)), "the newest counts, not the first");
    assert_eq!(send(20, fix(0, 1_040.0)), Outcome::Older, "and what is sent again moves nothing back");
    assert_eq!(case.levels(), [(ExclusionZone, Level::Alarm)]);
}
