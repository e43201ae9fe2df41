//! Fixes that come late: judged in their own time, told once.

use super::case::*;
use crate::AlertKind::{ExclusionZone, InclusionZone, VictimProximity};
use crate::order::ZoneKind::{Exclusion, Inclusion};
use crate::*;

/// A fix of the wearer at one time that arrives at another.
fn arrives(case: &mut Case, role: Role, at: i64, fixed: i64, east_m: f64) -> Outcome {
    let fix = Fix { accuracy_m: Some(8.0), ..Fix::new(t(fixed), place(east_m, 0.0)) };
    let device = if role == Role::Wearer { "am" } else { "vd" };
    case.at(at, Input::Fix { role, device, fix }).unwrap()
}

#[test]
fn an_incursion_that_comes_to_light_afterwards_is_told_and_moves_nothing() {
    let mut case = Case::of([with_zone(order("o"), Exclusion, 1_000.0, 0.0)]);
    case.wearer(0, 9_000.0, 0.0);
    case.wearer(600, 9_000.0, 0.0);
    case.alerts.clear();
    assert_eq!(arrives(&mut case, Role::Wearer, 700, 300, 200.0), Outcome::Older);
    let alert = case.alerts[0].clone();
    assert_eq!(case.said(), [(ExclusionZone, Level::Alarm, Certainty::Certain)]);
    assert!(alert.late && alert.hindsight && !alert.operator_only);
    assert_eq!(alert.stands, Some(Level::Clear), "no end is to come");
    assert_eq!((alert.fixed_at, alert.raised_at), (Some(t(300)), t(700)));
    assert!((alert.distance_m.unwrap() + 800.0).abs() < 1.0);
    let key = alert.watch.unwrap();
    assert_eq!(case.engine.episode(&key).unwrap().standing, Standing::Clear, "live standing stays");
    case.wearer(701, 9_000.0, 0.0);
    assert_eq!(case.said(), []);
}

#[test]
fn what_was_known_is_not_told_again() {
    let mut case = Case::of([with_zone(order("o"), Exclusion, 1_000.0, 0.0)]);
    case.wearer(0, 1_500.0, 0.0);
    case.wearer(60, 900.0, 0.0);
    case.wearer(120, 500.0, 0.0);
    case.wearer(180, 900.0, 0.0);
    for secs in [240, 300, 360] {
        case.wearer(secs, 1_500.0, 0.0);
    }
    assert_eq!(case.levels(), [(ExclusionZone, Level::Alarm), (ExclusionZone, Level::Clear)]);
    for fixed in [90, 150, 185] {
        arrives(&mut case, Role::Wearer, 400, fixed, 600.0);
    }
    assert_eq!(case.said(), [], "all of it belongs to the alarm that was raised");
    arrives(&mut case, Role::Wearer, 401, 330, 990.0);
    assert_eq!(case.levels(), [(ExclusionZone, Level::Alarm)], "that one is another: he was out in between");
}

#[test]
fn a_backlog_in_any_order_tells_each_missed_episode_once() {
    // 1,000 fixes, one a minute, over sixteen hours; inside from minute 200 to 219 and from 600 to 629.
    let inside = |minute: i64| (200..220).contains(&minute) || (600..630).contains(&minute);
    for stride in [1, 7, 500, 997, 413, 34] {
        let mut case = Case::of([with_zone(order("o"), Exclusion, 1_000.0, 0.0)]);
        case.wearer(0, 3_000.0, 0.0);
        case.wearer(1_000 * 60, 3_000.0, 0.0);
        case.alerts.clear();
        for n in 0..999 {
            // Every minute once, as the stride and 999 have no divisor in common.
            let minute = if stride == 1 { 999 - n } else { n * stride % 999 + 1 };
            let east = if inside(minute) { 500.0 } else { 3_000.0 };
            arrives(&mut case, Role::Wearer, 60_001 + n / 100, minute * 60, east);
        }
        let told: Vec<_> = case.alerts.iter().filter(|a| a.kind == ExclusionZone).collect();
        let minutes: Vec<_> = told.iter().map(|a| (a.fixed_at.unwrap() - t(0)).0 / 60_000).collect();
        assert_eq!(told.len(), 2, "stride {stride}: {minutes:?}");
        assert!(told.iter().all(|a| a.level == Level::Alarm && a.late), "{told:?}");
        assert!(minutes.iter().any(|m| *m < 400) && minutes.iter().any(|m| *m > 400), "{minutes:?}");
    }
}

#[test]
fn a_late_fix_is_judged_against_where_she_was_then() {
    let mut case = Case::of([with_victim(order("o"))]);
    // She walks 3 km east in an hour, and home again; he is not heard meanwhile.
    case.wearer(0, 20_000.0, 0.0);
    for minute in 0..=120 {
        let east = if minute <= 60 { 50.0 * minute as f64 } else { 50.0 * (120 - minute) as f64 };
        case.victim(minute * 60, east, 0.0);
    }
    case.wearer(120 * 60 + 1, 20_000.0, 0.0);
    case.alerts.clear();
    // At half past he was 400 m beyond where she was then, which is 1,900 m from where she is now.
    arrives(&mut case, Role::Wearer, 121 * 60, 30 * 60, 1_900.0);
    let alert = case.alerts.iter().find(|alert| alert.kind == VictimProximity).unwrap();
    assert_eq!((alert.level, alert.late, alert.hindsight), (Level::Alarm, true, true));
    assert!((alert.distance_m.unwrap() - 400.0).abs() < 30.0, "{:?}", alert.distance_m);
    let her_fix = alert.victim_fix.unwrap();
    assert!((her_fix.fixed_at - t(30 * 60)).0.abs() <= 30 * 60_000, "a fix of hers around that time");
    case.alerts.clear();
    // At the full hour he was 2,900 m from her.
    arrives(&mut case, Role::Wearer, 121 * 60, 60 * 60, 5_900.0);
    assert_eq!(case.said(), []);
}

#[test]
fn her_late_fix_counts_as_his_does() {
    let mut case = Case::of([with_victim(order("o"))]);
    for minute in 0..=20 {
        case.wearer(minute * 60, 0.0, 0.0);
    }
    case.victim(1_201, 5_000.0, 0.0);
    case.alerts.clear();
    arrives(&mut case, Role::Victim, 1_210, 600, 700.0);
    assert_eq!(case.levels(), [(VictimProximity, Level::Alarm)]);
}

#[test]
fn driving_through_comes_to_light_afterwards_too() {
    let mut case = Case::of([with_zone(order("o"), Exclusion, 300.0, 0.0)]);
    case.wearer(0, -2_000.0, 0.0);
    case.wearer(600, 9_000.0, 0.0);
    case.alerts.clear();
    arrives(&mut case, Role::Wearer, 700, 60, 800.0);
    assert_eq!(case.said(), [(ExclusionZone, Level::Alarm, Certainty::Likely)]);
}

/// She sits at the square and is heard every half minute; he was far away at both ends of a quarter of an hour in
/// which he was not heard. Of that time come, in this order, fixes at so many seconds and metres to the east; returns
/// the times of the alarms they raise.
fn alarms_of_a_backlog(fixes: &[(i64, f64)]) -> Vec<i64> {
    let mut case = Case::of([with_victim(order("o"))]);
    case.wearer(0, 9_000.0, 0.0);
    for secs in (0..=900).step_by(30) {
        case.victim(secs, 0.0, 0.0);
    }
    case.wearer(900, 9_000.0, 0.0);
    case.alerts.clear();
    for (secs, east) in fixes {
        arrives(&mut case, Role::Wearer, 910, *secs, *east);
    }
    let alarms = case.alerts.iter().filter(|a| (a.kind, a.level) == (VictimProximity, Level::Alarm));
    alarms.map(|alarm| (alarm.fixed_at.unwrap() - t(0)).0 / 1_000).collect()
}

#[test]
fn a_way_that_begins_or_ends_where_an_alarm_was_told_is_told_with_it() {
    let [before, near, after] = [(300, 2_500.0), (400, 300.0), (500, 2_500.0)];
    // Her own fixes on the way show that he had left, which makes it no other visit.
    for order in [[near, before, after], [near, after, before], [before, near, after], [after, near, before]]
    {
        assert_eq!(alarms_of_a_backlog(&order), [400], "{order:?}");
    }
    // Past her on the other side of the road is another visit, and has no end that was told.
    let past = (600, -2_500.0);
    assert_eq!(alarms_of_a_backlog(&[near, before, after, past]), [400, 600]);
    assert_eq!(alarms_of_a_backlog(&[before, after, past, near]), [600, 400]);
}

#[test]
fn he_was_not_at_home_when_he_should_have_been() {
    let mut case = Case::of([with_zone(order("o"), Inclusion, 50.0, 0.0)]);
    case.wearer(0, 0.0, 0.0);
    case.wearer(3_600, 0.0, 0.0);
    case.alerts.clear();
    arrives(&mut case, Role::Wearer, 3_700, 1_800, 2_000.0);
    assert_eq!(case.said(), [(InclusionZone, Level::Alarm, Certainty::Certain)]);
}

#[test]
fn what_is_older_than_a_day_or_before_the_order_is_not_judged() {
    let mut begun = with_zone(order("o"), Exclusion, 1_000.0, 0.0);
    begun.valid_from = t(0);
    let mut case = Case::of([begun]);
    case.wearer(60, 3_000.0, 0.0);
    assert_eq!(arrives(&mut case, Role::Wearer, 70, -60, 100.0), Outcome::Older);
    assert_eq!(case.said(), [], "the order was not in force");
    case.wearer(90_000, 9_000.0, 0.0);
    case.alerts.clear();
    let decisions = case.decisions.len();
    assert_eq!(arrives(&mut case, Role::Wearer, 90_010, 3_000, 100.0), Outcome::TooOld);
    assert_eq!((case.said(), case.decisions.len()), (vec![], decisions));
}

#[test]
fn a_late_teleport_is_not_believed() {
    let mut case = Case::of([with_zone(order("o"), Exclusion, 1_000.0, 0.0)]);
    case.wearer(0, 30_000.0, 0.0);
    case.wearer(60, 30_000.0, 0.0);
    assert_eq!(arrives(&mut case, Role::Wearer, 70, 30, 0.0), Outcome::Held);
    assert_eq!(case.said(), []);
    assert_eq!(case.decisions.last().unwrap().rule, Rule::Held);
}

#[test]
fn a_newest_fix_that_comes_late_is_judged_in_her_time_too() {
    let mut case = Case::of([with_victim(order("o"))]);
    case.wearer(0, 20_000.0, 0.0);
    for minute in 0..=40 {
        case.victim(minute * 60, if minute <= 20 { 0.0 } else { 9_000.0 }, 0.0);
    }
    case.alerts.clear();
    arrives(&mut case, Role::Wearer, 2_420, 1_140, 700.0);
    let told: Vec<_> = case.alerts.iter().filter(|a| a.hindsight).map(|a| (a.kind, a.level)).collect();
    assert_eq!(told, [(VictimProximity, Level::Alarm)], "she was 700 m away then; now she is 8 km away");
}

/// What more than the operator was told about the pair since the last time: level, and whether it is of the past.
fn of_the_pair(case: &mut Case) -> Vec<(Level, bool)> {
    let told = case.alerts.drain(..).filter(|alert| alert.kind == VictimProximity && !alert.operator_only);
    told.map(|alert| (alert.level, alert.late && alert.hindsight)).collect()
}

#[test]
fn his_backlog_is_judged_in_its_own_time_and_never_live() {
    let mut case = Case::of([with_victim(order("o"))]);
    // He cycles past her at 6 m/s, from 6 km west of her to 9 km east, and is not heard from minute 4 to minute 35.
    let east = |minute: i64| -6_000.0 + 360.0 * minute as f64;
    for minute in 0..=35 {
        case.victim(minute * 60, 0.0, 0.0);
        if minute < 4 {
            case.wearer(minute * 60 + 5, east(minute), 0.0);
        }
    }
    assert_eq!(of_the_pair(&mut case), []);
    for minute in 4..=35 {
        arrives(&mut case, Role::Wearer, 35 * 60 + 10, minute * 60 + 5, east(minute));
    }
    case.victim(36 * 60, 0.0, 0.0);
    case.wearer(36 * 60 + 5, east(36), 0.0);
    let first = case.alerts.iter().find(|alert| alert.level == Level::Alarm && alert.hindsight).unwrap();
    let passed_from = t(14 * 60 + 5);
    assert_eq!(first.fixed_at, Some(passed_from), "960 m, the first within 1,000 m");
    let told = of_the_pair(&mut case);
    let expected = [(Level::Warning, true), (Level::Alarm, true), (Level::Clear, false)];
    assert_eq!(told, expected, "of now only that he is 7 km away, which was possible at the most");
    assert_eq!(case.decisions.last().unwrap().rule, Rule::VictimProximity, "and live again");
}

#[test]
fn her_backlog_is_judged_in_its_own_time_and_never_live() {
    let mut case = Case::of([with_victim(order("o"))]);
    // He goes past where she sits, while her device is not heard; when it is, both are far away.
    case.victim(0, 0.0, 0.0);
    for minute in 0..=40 {
        case.wearer(minute * 60 + 5, -6_000.0 + 360.0 * minute as f64, 0.0);
    }
    case.alerts.clear();
    for minute in 1..=40 {
        arrives(&mut case, Role::Victim, 40 * 60 + 10, minute * 60, if minute < 25 { 0.0 } else { 60_000.0 });
    }
    let told = of_the_pair(&mut case);
    assert_eq!(told.iter().filter(|told| **told == (Level::Alarm, true)).count(), 1, "{told:?}");
    assert!(told.iter().all(|(level, past)| *past || *level == Level::Clear), "{told:?}");
}

#[test]
fn who_sat_still_while_she_passed_twice_was_near_her_twice() {
    let mut case = Case::of([with_victim(order("o"))]);
    case.victim(0, 9_000.0, 0.0);
    for minute in 0..=60 {
        case.wearer(minute * 60, 0.0, 0.0);
    }
    case.alerts.clear();
    // By car, in her own time: past him at minute 10 and again at minute 25, 9 km away in between.
    for minute in 1..=59_i64 {
        let from_him = (minute - 10).abs().min((minute - 25).abs());
        let east = (600.0 + 1_200.0 * from_him as f64).min(9_000.0);
        arrives(&mut case, Role::Victim, 60 * 60 + 10, minute * 60, east);
    }
    let alarms = of_the_pair(&mut case).into_iter().filter(|told| told.0 == Level::Alarm);
    assert_eq!(alarms.collect::<Vec<_>>(), [(Level::Alarm, true); 2]);
}

#[test]
fn a_warning_that_was_known_hides_no_alarm_after_it() {
    let mut case = Case::of([with_victim(order("o"))]);
    let east = |minute: i64| if minute < 5 || (40..45).contains(&minute) { 500.0 } else { 1_500.0 };
    for minute in 0..=60 {
        case.victim(minute * 60, 0.0, 0.0);
        if minute < 10 {
            case.wearer(minute * 60 + 5, east(minute), 0.0);
        }
    }
    assert_eq!(of_the_pair(&mut case), [(Level::Alarm, false), (Level::Warning, false)]);
    // Half an hour and more he was within the warning distance, and then near her again.
    for minute in 10..=57 {
        arrives(&mut case, Role::Wearer, 60 * 60 + 10, minute * 60 + 5, east(minute));
    }
    assert_eq!(of_the_pair(&mut case), [(Level::Alarm, true)]);
}

#[test]
fn a_teleport_in_a_backlog_is_no_possible_alarm_of_now() {
    let mut case = Case::of([with_victim(order("o"))]);
    case.victim(0, 60_000.0, 0.0);
    case.wearer(5, 30_000.0, 0.0);
    for minute in 1..=20 {
        case.victim(minute * 60, 0.0, 0.0);
    }
    case.alerts.clear();
    assert_eq!(arrives(&mut case, Role::Wearer, 1_210, 30, 500.0), Outcome::Held, "1.2 km a second");
    assert_eq!(of_the_pair(&mut case), [], "she was 60 km away then, whatever it is worth");
}

#[test]
fn a_day_of_moving_about_stays_small() {
    let mut case = Case::of([with_victim(order("o"))]);
    for step in 0..2_880_i64 {
        let (north, east) = ((step * 37 % 101) as f64 * 20.0, (step * 53 % 97) as f64 * 20.0);
        case.victim(step * 30, east, north);
    }
    let snapshot = case.engine.snapshot();
    let history = snapshot.histories[0].history.as_ref().unwrap();
    assert!(history.len() <= policy::TRACK_MOST, "{}", history.len());
    assert_eq!(size_of::<Kept>(), 16);
    // What is written with every fix, and with one in several.
    let state = &snapshot.devices.iter().find(|row| row.role == Role::Victim).unwrap().state;
    let bytes = [postcard::to_allocvec(state).unwrap().len(), postcard::to_allocvec(history).unwrap().len()];
    assert!(bytes[0] <= 400 && bytes[1] <= 20 * policy::TRACK_MOST, "{bytes:?}");
}
