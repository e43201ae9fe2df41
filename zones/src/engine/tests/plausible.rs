//! What nobody could have reached, and what does not change though it should.

use super::case::*;
use crate::AlertKind::{ExclusionZone, VictimProximity};
use crate::order::ZoneKind::{Exclusion, Inclusion};
use crate::*;

#[test]
fn a_teleport_is_held_and_forgotten_when_he_is_where_he_was() {
    let mut case = Case::of([with_zone(order("o"), Exclusion, 1_000.0, 0.0)]);
    case.wearer(0, 9_000.0, 0.0);
    assert_eq!(case.fix(Role::Wearer, 30, place(3_000.0, 0.0), 8.0), Outcome::Held, "200 m/s");
    assert_eq!(case.decisions.last().unwrap().rule, Rule::Held);
    let state = case.engine.device(Role::Wearer, "am").unwrap();
    assert_eq!(state.held.as_ref().unwrap().fix.position, place(3_000.0, 0.0), "kept as evidence");
    assert_eq!(state.last.unwrap().fix.position, place(9_000.0, 0.0));
    assert_eq!(case.fix(Role::Wearer, 60, place(9_010.0, 0.0), 8.0), Outcome::Done);
    assert_eq!(case.engine.device(Role::Wearer, "am").unwrap().held, None);
    assert_eq!(case.said(), []);
}

#[test]
fn a_held_fix_inside_is_possible_for_the_operator_and_an_alarm_from_the_first_when_the_next_agrees() {
    let mut case = Case::of([with_zone(order("o"), Exclusion, 1_000.0, 0.0)]);
    case.wearer(0, 9_000.0, 0.0);
    case.wearer(30, 500.0, 0.0);
    let alert = case.alerts[0].clone();
    assert!(alert.operator_only);
    assert_eq!(alert.wearer_fix.unwrap().position, place(500.0, 0.0), "the held one is the evidence");
    assert_eq!(case.said(), [(ExclusionZone, Level::Warning, Certainty::Possible)]);
    case.wearer(90, 520.0, 0.0);
    let alert = case.alerts[0].clone();
    assert_eq!(alert.fixed_at, Some(t(30)), "believed from the first");
    assert!(!alert.operator_only);
    assert_eq!(case.said(), [(ExclusionZone, Level::Alarm, Certainty::Certain)]);
}

/// He jumps from afar into a zone, and is there again 5 s later, to the last digit.
fn jumped_onto_a_copy() -> Case {
    let order = with_zone(with_victim(order("o")), Exclusion, 1_000.0, 0.0);
    let mut case = Case::of([with_zone(order, Exclusion, 600.0, 0.0)]);
    case.victim(0, 0.0, 30_000.0);
    case.wearer(0, 9_000.0, 0.0);
    case.wearer(30, 800.0, 0.0);
    assert_eq!(case.said(), [(ExclusionZone, Level::Warning, Certainty::Possible)], "held");
    assert_eq!(case.fix(Role::Wearer, 35, place(800.0, 0.0), 8.0), Outcome::Done);
    case
}

#[test]
fn a_copy_is_no_second_witness_of_a_jump_and_makes_nothing_certain() {
    let mut case = jumped_onto_a_copy();
    assert_eq!(case.alerts[0].fixed_at, Some(t(30)), "believed, and from the first");
    assert!(!case.alerts[0].operator_only, "nothing is missed by it");
    assert_eq!(case.said(), [(ExclusionZone, Level::Alarm, Certainty::Likely)]);
    let copied: Vec<_> = case.decisions.iter().filter(|d| d.rule == Rule::Copied).map(|d| d.at).collect();
    assert_eq!(copied, [t(30)], "said once");
    let told = case.protection.last().unwrap();
    assert!(told.reasons.contains(&ProtectionReason::WearerPositionVague), "{told:?}");
    // Other coordinates agree.
    case.wearer(40, 801.0, 0.0);
    case.wearer(60, 500.0, 0.0);
    assert_eq!(case.said(), [(ExclusionZone, Level::Alarm, Certainty::Certain)], "the inner zone");
    assert_eq!(case.protection.last().unwrap().state, ProtectionState::Protected);
}

#[test]
fn who_stays_where_he_jumped_to_did_come_there() {
    let mut case = jumped_onto_a_copy();
    let since = |case: &Case| case.engine.device(Role::Wearer, "am").unwrap().frozen_since;
    for secs in (60..=150).step_by(30) {
        case.wearer(secs, 800.0, 0.0);
        assert_eq!(since(&case), Some(t(0)), "{secs}: nothing sure is known since before the jump");
    }
    case.wearer(155, 800.0, 0.0);
    assert_eq!(since(&case), None);
}

#[test]
fn a_home_beacon_says_the_same_place_twice_and_is_there() {
    let mut case = Case::of([with_zone(order("o"), Exclusion, 1_000.0, 0.0)]);
    case.wearer(0, 9_000.0, 0.0);
    for secs in [30, 35] {
        let at_home = Fix { source: Some(Source::Beacon), ..Fix::new(t(secs), place(500.0, 0.0)) };
        case.at(secs, Input::Fix { role: Role::Wearer, device: "am", fix: at_home }).unwrap();
    }
    let alarm = case.alerts.iter().find(|alert| alert.level == Level::Alarm).unwrap();
    assert_eq!(alarm.certainty, Certainty::Certain);
}

#[test]
fn a_held_fix_near_her_is_possible_for_the_operator() {
    let mut case = Case::of([with_victim(order("o"))]);
    case.victim(0, 0.0, 0.0);
    case.wearer(5, 20_000.0, 0.0);
    case.wearer(35, 300.0, 0.0);
    assert!(case.alerts[0].operator_only);
    assert_eq!(case.said(), [(VictimProximity, Level::Warning, Certainty::Possible)]);
    // It was nothing: it ends as it began, for the operator alone.
    for secs in (60..200).step_by(30) {
        case.victim(secs, 0.0, 0.0);
        case.wearer(secs + 5, 20_000.0, 0.0);
    }
    assert!(case.alerts[0].operator_only);
    assert_eq!(case.levels(), [(VictimProximity, Level::Clear)]);
}

#[test]
fn two_teleports_that_disagree_are_both_held_and_an_old_one_confirms_nothing() {
    let mut case = Case::of([with_zone(order("o"), Exclusion, 1_000.0, 0.0)]);
    case.wearer(0, 30_000.0, 0.0);
    assert_eq!(case.fix(Role::Wearer, 10, place(0.0, 0.0), 8.0), Outcome::Held);
    assert_eq!(case.fix(Role::Wearer, 20, place(0.0, 15_000.0), 8.0), Outcome::Held);
    assert_eq!(case.fix(Role::Wearer, 141, place(0.0, 15_000.0), 8.0), Outcome::Held, "121 s later");
    assert_eq!(case.fix(Role::Wearer, 200, place(0.0, 15_000.0), 8.0), Outcome::Done);
}

#[test]
fn what_accuracy_explains_and_a_first_fix_are_believed() {
    let mut case = Case::of([with_zone(order("o"), Exclusion, 100.0, 0.0)]);
    assert_eq!(case.fix(Role::Wearer, 0, place(9_000.0, 0.0), 8.0), Outcome::Done);
    assert_eq!(case.fix(Role::Wearer, 10, place(7_000.0, 0.0), 1_500.0), Outcome::Done);
}

#[test]
fn a_metro_that_jumps_is_no_teleport() {
    // 1.2 km in 30 s is 40 m/s: a train.
    let mut case = Case::of([with_zone(order("o"), Exclusion, 100.0, 0.0)]);
    case.wearer(0, 9_000.0, 0.0);
    assert_eq!(case.fix(Role::Wearer, 30, place(7_800.0, 0.0), 30.0), Outcome::Done);
}

/// A fix of somebody's device with coordinates that never change.
fn same_again(case: &mut Case, role: Role, secs: i64, source: Source, speed_mps: f32) {
    let east_m = if role == Role::Wearer { 3_000.0 } else { 0.0 };
    let fix = Fix {
        speed_mps: Some(speed_mps),
        accuracy_m: Some(8.0),
        source: Some(source),
        ..Fix::new(t(secs), place(east_m, 0.0))
    };
    let device = if role == Role::Wearer { "am" } else { "vd" };
    case.at(secs + 1, Input::Fix { role, device, fix }).unwrap();
}

#[test]
fn a_device_that_moves_without_moving_grows_uncertain_and_is_told_of_once() {
    let mut case = Case::of([with_zone(with_victim(order("o")), Exclusion, 2_900.0, 0.0)]);
    for minute in 0..=60 {
        case.victim(minute * 60, 0.0, 0.0);
        same_again(&mut case, Role::Wearer, minute * 60, Source::Gnss, 10.0);
        if minute == 5 {
            let grown = |rule| {
                let decision = case.decisions.iter().rfind(|d| d.rule == rule).unwrap();
                (decision.uncertainty_m.unwrap() - 8.0).round()
            };
            assert_eq!(grown(Rule::ExclusionZone), 0.0, "as his device says");
            let both = (8.0_f32 * 2.0_f32.sqrt() - 8.0).round();
            assert_eq!(grown(Rule::VictimProximity), 300.0 * 10.0 + both);
        }
    }
    let frozen: Vec<_> = case.decisions.iter().filter(|d| d.rule == Rule::Frozen).map(|d| d.at).collect();
    assert_eq!(frozen[0], t(60), "said at the first repetition, and not again");
    assert!(frozen.iter().all(|at| *at == t(60)));
    assert!(case.alerts.iter().all(|alert| alert.operator_only));
    assert_eq!(
        case.said(),
        [(VictimProximity, Level::Warning, Certainty::Possible)],
        "2 km may be gone by now; more uncertain does not make it less possible"
    );
    let told = case.protection.last().unwrap();
    assert_eq!(told.reasons, [ProtectionReason::WearerPositionVague, ProtectionReason::DistanceUncertain]);
    // It moves again, far away.
    for minute in 61..=64 {
        case.victim(minute * 60, 0.0, 0.0);
        case.wearer(minute * 60, 4_000.0 + minute as f64, 0.0);
    }
    assert_eq!(case.levels(), [(VictimProximity, Level::Clear)]);
    assert_eq!(case.protection.last().unwrap().state, ProtectionState::Protected);
}

#[test]
fn a_night_at_home_to_the_last_digit_raises_no_zone() {
    for source in [Source::Gnss, Source::Beacon, Source::Wifi] {
        let orders = [(Inclusion, 3_100.0), (Exclusion, 2_800.0)];
        let mut order = with_victim(order("o"));
        for (kind, radius_m) in orders {
            order = with_zone(order, kind, radius_m, 50.0);
        }
        order.victims.clear();
        let mut case = Case::of([order]);
        for minute in 0..=600 {
            same_again(&mut case, Role::Wearer, minute * 60, source, 0.0);
        }
        assert_eq!(case.said(), [], "{source:?}");
    }
}

#[test]
fn a_beacon_never_freezes_and_her_own_frozen_position_is_told_her() {
    let mut case = Case::of([with_victim(order("o"))]);
    for minute in 0..=120 {
        same_again(&mut case, Role::Wearer, minute * 60, Source::Beacon, 3.0);
        same_again(&mut case, Role::Victim, minute * 60, Source::Gnss, 0.0);
    }
    assert_eq!(case.engine.device(Role::Wearer, "am").unwrap().frozen_since, None);
    assert_eq!(case.protection.last().unwrap().reasons[0], ProtectionReason::OwnPositionVague);
    assert!(!case.protection.last().unwrap().reasons.contains(&ProtectionReason::WearerPositionVague));
}

#[test]
fn a_frozen_position_ends_no_alarm_and_is_never_certain() {
    let mut case = Case::of([with_zone(order("o"), Exclusion, 2_900.0, 0.0)]);
    case.wearer(0, 2_000.0, 0.0);
    assert_eq!(case.said(), [(ExclusionZone, Level::Alarm, Certainty::Certain)]);
    for minute in 1..=10 {
        same_again(&mut case, Role::Wearer, minute * 60, Source::Gnss, 5.0);
    }
    assert_eq!(case.said(), [], "100 m outside, it says, while it moves at 18 km/h");
    let mut case = Case::of([with_zone(order("o"), Exclusion, 4_000.0, 0.0)]);
    case.engine.handle(t(0), Input::Tick).unwrap();
    same_again(&mut case, Role::Wearer, 0, Source::Gnss, 5.0);
    same_again(&mut case, Role::Wearer, 60, Source::Gnss, 5.0);
    assert_eq!(case.decisions.last().unwrap().certainty, Certainty::Likely);
}

#[test]
fn the_same_satellite_position_for_more_than_an_hour_is_no_news() {
    let mut case = Case::of([with_zone(order("o"), Exclusion, 100.0, 0.0)]);
    for minute in 0..=61 {
        let fix = Fix { source: Some(Source::Gnss), ..Fix::new(t(minute * 60), place(9_000.0, 0.0)) };
        case.at(minute * 60 + 1, Input::Fix { role: Role::Wearer, device: "am", fix }).unwrap();
    }
    assert_eq!(case.decisions.iter().filter(|d| d.rule == Rule::Frozen).count(), 1);
    // One digit more is news.
    case.wearer(62 * 60, 9_000.1, 0.0);
    assert_eq!(case.engine.device(Role::Wearer, "am").unwrap().frozen_since, None);
}

#[test]
fn uncertainty_grows_at_the_speed_of_the_way_he_travels() {
    let grown_in_a_minute = |speeds: &[f32]| {
        let mut case = Case::of([with_victim(order("o"))]);
        for (n, speed) in speeds.iter().enumerate() {
            let fix = Fix {
                speed_mps: Some(*speed),
                accuracy_m: Some(8.0),
                ..Fix::new(t(n as i64), place(9_000.0 + n as f64, 0.0))
            };
            case.at(n as i64, Input::Fix { role: Role::Wearer, device: "am", fix }).unwrap();
        }
        let last = speeds.len() as i64 - 1;
        case.victim(last + 60, 0.0, 0.0);
        (case.decisions.last().unwrap().uncertainty_m.unwrap() - 8.0_f32.hypot(8.0)).round()
    };
    assert_eq!(grown_in_a_minute(&[0.0]), 90.0, "who stands may walk off");
    assert_eq!(grown_in_a_minute(&[2.0]), 120.0, "on foot, as fast as he goes");
    assert_eq!(grown_in_a_minute(&[20.0]), 1_200.0, "in a car");
    assert_eq!(grown_in_a_minute(&[20.0, 0.0]), 420.0, "a bus at its stop");
}
