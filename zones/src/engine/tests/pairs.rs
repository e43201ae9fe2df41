//! Wearer and victim.

use super::case::*;
use crate::AlertKind::{Silence, VictimProximity};
use crate::*;

#[test]
fn he_walks_up_to_her_and_away_again() {
    let mut case = Case::of([with_victim(order("o"))]);
    let mut story = Vec::new();
    // 3 km east of her, 120 m nearer every half minute until 600 m, then back.
    for step in 0..60 {
        let secs = step * 30;
        let east =
            if step <= 20 { 3_000.0 - 120.0 * step as f64 } else { 600.0 + 120.0 * (step - 20) as f64 };
        case.victim(secs, 0.0, 0.0);
        case.wearer(secs + 5, east, 0.0);
        story.extend(case.said().into_iter().map(|said| (step, said)));
    }
    let levels: Vec<_> = story.iter().map(|(step, (kind, level, _))| (*step, *kind, *level)).collect();
    assert_eq!(levels[0], (9, VictimProximity, Level::Warning), "1,920 m is the first within 2,000 m");
    assert_eq!(levels[1], (17, VictimProximity, Level::Alarm), "960 m is the first within 1,000 m");
    assert_eq!(story[1].1.2, Certainty::Certain);
    assert_eq!(levels.len(), 4, "{levels:?}");
    assert_eq!((levels[2].2, levels[3].2), (Level::Warning, Level::Clear));
    assert!((25..=30).contains(&levels[2].0) && (33..=39).contains(&levels[3].0), "{levels:?}");
}

#[test]
fn she_walks_up_to_him_and_he_sits_still() {
    let mut case = Case::of([with_victim(order("o"))]);
    case.wearer(0, 0.0, 0.0);
    case.victim(10, 2_500.0, 0.0);
    assert_eq!(case.said(), []);
    case.wearer(60, 0.0, 0.0);
    case.victim(70, 900.0, 0.0);
    let alert = case.alerts[0].clone();
    assert_eq!(case.levels(), [(VictimProximity, Level::Alarm)], "her fix alone is enough");
    assert_eq!((alert.fixed_at, alert.raised_at), (Some(t(70)), t(71)));
    assert!((alert.distance_m.unwrap() - 900.0).abs() < 1.0, "{:?}", alert.distance_m);
    // Both accuracies, and ten seconds in which he may have walked.
    let expected = (8.0_f64 * 8.0 + 8.0 * 8.0).sqrt() + 10.0 * 1.5;
    assert_eq!(alert.uncertainty_m, Some((expected * 10.0).round() / 10.0));
    assert_eq!(alert.wearer_fix.unwrap().fixed_at, t(60));
}

#[test]
fn a_phone_that_only_knows_its_cell_makes_a_possible_alarm_for_the_operator() {
    let mut case = Case::of([with_victim(order("o"))]);
    case.victim(0, 0.0, 0.0);
    case.fix(Role::Wearer, 5, place(2_300.0, 0.0), 1_500.0);
    assert!(case.alerts[0].operator_only);
    assert_eq!(case.said(), [(VictimProximity, Level::Warning, Certainty::Possible)]);
    case.victim(30, 0.0, 0.0);
    case.wearer(35, 1_500.0, 0.0);
    assert!(!case.alerts[0].operator_only, "now she must hear it too");
    assert_eq!(case.levels(), [(VictimProximity, Level::Warning)]);
    // Far away with coarse fixes: no end of it.
    for secs in (60..400).step_by(30) {
        case.victim(secs, 0.0, 0.0);
        case.fix(Role::Wearer, secs + 5, place(9_000.0, 0.0), 1_500.0);
    }
    assert_eq!(case.said(), []);
}

#[test]
fn near_but_vaguer_than_the_alarm_distance_is_never_more_than_possible() {
    let mut case = Case::of([with_victim(order("o"))]);
    case.victim(0, 0.0, 0.0);
    case.fix(Role::Wearer, 5, place(100.0, 0.0), 1_500.0);
    assert_eq!(case.said(), [(VictimProximity, Level::Warning, Certainty::Possible)]);
}

#[test]
fn an_alarm_outlives_her_silence_and_is_news_afterwards() {
    let mut case = Case::of([with_victim(order("o"))]);
    case.victim(0, 0.0, 0.0);
    case.wearer(5, 500.0, 0.0);
    assert_eq!(case.levels(), [(VictimProximity, Level::Alarm)]);
    // Her device says nothing for six minutes, while he goes far away.
    for secs in (65..=365).step_by(60) {
        case.wearer(secs, if secs < 180 { 500.0 } else { 4_000.0 }, 0.0);
    }
    let said = case.levels();
    assert_eq!(said[0], (Silence, Level::Alarm), "silent while a watch stands at alarm");
    assert!(!said.contains(&(VictimProximity, Level::Clear)), "her last fix is too old to clear: {said:?}");
    // She is back, and he has come back too.
    case.wearer(425, 400.0, 0.0);
    case.victim(430, 0.0, 0.0);
    assert_eq!(case.levels(), [(Silence, Level::Clear), (VictimProximity, Level::Alarm)]);
}

#[test]
fn no_fix_of_hers_no_judgement_but_a_decision_that_says_so() {
    let mut case = Case::of([with_victim(order("o"))]);
    case.wearer(0, 0.0, 0.0);
    assert_eq!(case.said(), []);
    assert_eq!(case.decisions.last().unwrap().rule, Rule::OtherUnseen);
}

#[test]
fn every_judged_fix_leaves_a_decision_also_when_nothing_is_raised() {
    let mut case = Case::of([with_victim(order("o"))]);
    case.victim(0, 0.0, 0.0);
    case.wearer(5, 30_000.0, 0.0);
    let decision = *case.decisions.last().unwrap();
    assert_eq!(case.engine.watch_key(decision.watch).unwrap().to_string(), "o/pair/victim");
    assert!((decision.distance_m.unwrap() - 30_000.0).abs() < 60.0);
    assert_eq!((decision.before, decision.after), (Standing::Clear, Standing::Clear));
}

#[test]
fn a_small_alarm_distance_with_an_older_fix_still_warns_the_operator() {
    let mut close = with_victim(order("o"));
    close.victims[0].proximity =
        Some(order::Proximity { alarm_m: 100.0, warning_m: 2_000.0, warning_s: 0.0 });
    let mut case = Case::of([close]);
    case.victim(0, 0.0, 0.0);
    case.wearer(70, 500.0, 0.0);
    assert_eq!(case.said(), [(VictimProximity, Level::Warning, Certainty::Possible)]);
}

#[test]
fn who_was_not_seen_for_minutes_is_likely_at_the_most() {
    for (age, certainty) in [(60, Certainty::Certain), (120, Certainty::Certain), (300, Certainty::Likely)] {
        let mut case = Case::of([with_victim(order("o"))]);
        case.victim(0, 0.0, 0.0);
        case.wearer(age, 100.0, 0.0);
        let alert = case.alerts.iter().find(|alert| alert.kind == VictimProximity).unwrap();
        // Within 1,000 m with all of its uncertainty, if she walked at the most.
        assert!(alert.distance_m.unwrap() + alert.uncertainty_m.unwrap() < 1_000.0);
        assert_eq!((alert.level, alert.certainty), (Level::Alarm, certainty), "after {age} s");
    }
}

#[test]
fn a_reflection_is_no_ride_and_makes_nobody_unseen_less_sure() {
    // He sits 1,100 m from her. Once, for one fix or for two, his band shows a place 150 m on.
    for reflected in [1..2, 1..3] {
        let mut case = Case::of([with_victim(order("o"))]);
        case.victim(0, 0.0, 0.0);
        for step in 0..6 {
            case.wearer(5 + 10 * step, if reflected.contains(&step) { 1_250.0 } else { 1_100.0 }, 0.0);
        }
        assert_eq!(case.levels(), [(VictimProximity, Level::Warning)]);
        // He is cut off, and two minutes later she is 850 m from where he sat.
        case.victim(175, 250.0, 0.0);
        let alert = case.alerts[0].clone();
        assert_eq!(case.said(), [(VictimProximity, Level::Alarm, Certainty::Likely)], "{reflected:?}");
        // Both accuracies, and two minutes in which he may have walked.
        let expected = (8.0_f64 * 8.0 + 8.0 * 8.0).sqrt() + 120.0 * policy::LEAST_SPEED_MPS;
        assert_eq!(alert.uncertainty_m, Some((expected * 10.0).round() / 10.0));
    }
}

#[test]
fn who_rode_lately_may_ride_on_unseen() {
    // Two ways one after the other at 12 m/s, then a stop; the band does not say how fast it is.
    let mut case = Case::of([with_victim(order("o"))]);
    case.victim(0, 0.0, 0.0);
    for (secs, east_m) in [(5, 5_000.0), (15, 4_880.0), (25, 4_760.0), (35, 4_760.0)] {
        case.wearer(secs, east_m, 0.0);
    }
    case.victim(95, 0.0, 0.0);
    let expected = (8.0_f64 * 8.0 + 8.0 * 8.0).sqrt() + 60.0 * policy::TravelMode::Vehicle.grows_mps();
    let uncertainty_m = f64::from(case.decisions.last().unwrap().uncertainty_m.unwrap());
    assert!((uncertainty_m - expected).abs() < 0.1, "{uncertainty_m} {expected}");
}

#[test]
fn a_clock_that_runs_ahead_makes_nobody_older_than_he_is() {
    // Hers is 48 s ahead. He drives up to her at 33 m/s, and each fix of either is a second under way.
    let mut case = Case::of([with_victim(order("o"))]);
    let hers = Fix { accuracy_m: Some(8.0), ..Fix::new(t(50), place(0.0, 0.0)) };
    case.at(3, Input::Fix { role: Role::Victim, device: "vd", fix: hers }).unwrap();
    let his = Fix { accuracy_m: Some(8.0), speed_mps: Some(33.0), ..Fix::new(t(9), place(900.0, 0.0)) };
    case.at(10, Input::Fix { role: Role::Wearer, device: "am", fix: his }).unwrap();
    let alert = case.alerts[0].clone();
    assert_eq!(case.said(), [(VictimProximity, Level::Alarm, Certainty::Certain)]);
    // Both accuracies, and the second that his fix was under way.
    let expected = (8.0_f64 * 8.0 + 8.0 * 8.0).sqrt() + 33.0;
    assert_eq!(alert.uncertainty_m, Some((expected * 10.0).round() / 10.0));
}
