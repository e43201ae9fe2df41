//! Orders that begin, end and change while people are somewhere.

use std::sync::Arc;

use super::case::*;
use crate::AlertKind::{Aware as AwarePress, ExclusionZone, InclusionZone, Silence, VictimProximity};
use crate::order::ZoneKind::{Exclusion, Inclusion};
use crate::order::{Schedule, Window};
use crate::*;

#[test]
fn validity_follows_the_time_of_the_fix() {
    let mut soon = with_zone(order("o"), Exclusion, 1_000.0, 0.0);
    soon.valid_from = t(100);
    let mut case = Case::of([soon]);
    case.wearer(90, 0.0, 0.0);
    case.at(105, Input::Tick).unwrap();
    assert_eq!(case.said(), [], "taken before the order began");
    case.wearer(110, 0.0, 0.0);
    assert_eq!(case.levels(), [(ExclusionZone, Level::Alarm)]);
}

#[test]
fn the_end_of_an_order_ends_what_stands_raised() {
    let mut ending = with_zone(with_victim(order("o")), Exclusion, 1_000.0, 0.0);
    ending.valid_until = t(100);
    let mut case = Case::of([ending]);
    case.victim(0, 0.0, 0.0);
    case.wearer(5, 0.0, 0.0);
    assert_eq!(case.levels(), [(ExclusionZone, Level::Alarm), (VictimProximity, Level::Alarm)]);
    case.at(100, Input::Tick).unwrap();
    assert!(case.alerts.iter().all(|a| a.raised_at == t(100)));
    assert_eq!(case.levels(), [(ExclusionZone, Level::Clear), (VictimProximity, Level::Clear)]);
    case.wearer(110, 0.0, 0.0);
    case.at(4_000, Input::Tick).unwrap();
    assert_eq!(case.said(), [], "neither distance nor silence matters any more");
    case.at(100 + 86_400, Input::Tick).unwrap();
    assert_eq!(case.engine.orders().count(), 0, "after the history it is forgotten");
}

#[test]
fn an_order_comes_while_he_is_inside() {
    let mut case = Case::of([with_victim(order("o"))]);
    case.wearer(0, 0.0, 0.0);
    let second = with_zone(order("p"), Exclusion, 1_000.0, 0.0);
    case.at(10, Input::Order(Arc::new(second))).unwrap();
    assert_eq!(case.levels(), [(ExclusionZone, Level::Alarm)]);
}

#[test]
fn a_changed_order_keeps_what_it_can_and_ends_the_rest() {
    let first = with_zone(with_zone(order("o"), Exclusion, 1_000.0, 0.0), Exclusion, 2_000.0, 0.0);
    let mut case = Case::of([first.clone()]);
    case.wearer(0, 0.0, 0.0);
    let incidents: Vec<_> = case.alerts.iter().map(|a| a.incident).collect();
    assert_eq!(case.levels().len(), 2);
    let mut second = first;
    second.zones.remove(1);
    case.at(10, Input::Order(Arc::new(second))).unwrap();
    assert_eq!(case.alerts[0].incident, incidents[1]);
    assert_eq!(case.levels(), [(ExclusionZone, Level::Clear)]);
    case.wearer(20, 0.0, 0.0);
    assert_eq!(case.said(), [], "the other still stands at alarm");
    let changes = case.engine.take_changes();
    let rows: Vec<_> =
        changes.episodes.iter().map(|row| (row.watch.to_string(), row.episode.is_some())).collect();
    assert_eq!(rows, [("o/zone/zone-0".to_owned(), true), ("o/zone/zone-1".to_owned(), false)]);
}

#[test]
fn a_withdrawn_order_is_ended_and_gone() {
    let mut case = Case::of([with_zone(order("o"), Exclusion, 1_000.0, 0.0)]);
    case.wearer(0, 0.0, 0.0);
    case.at(10, Input::OrderWithdrawn(OrderId::new("o").unwrap())).unwrap();
    assert_eq!(case.levels(), [(ExclusionZone, Level::Alarm), (ExclusionZone, Level::Clear)]);
    let fix = Fix::new(t(20), place(0.0, 0.0));
    let gone = case.at(21, Input::Fix { role: Role::Wearer, device: "am", fix });
    assert_eq!(gone, Err(Refused::UnknownDevice));
    assert_eq!(case.engine.snapshot().devices, []);
    let again = case.at(30, Input::OrderWithdrawn(OrderId::new("o").unwrap()));
    assert_eq!(again, Err(Refused::UnknownOrder));
}

#[test]
fn a_new_band_takes_over_and_the_old_ones_silence_ends() {
    let mut case = Case::of([with_zone(order("o"), Exclusion, 1_000.0, 0.0)]);
    case.at(300, Input::Tick).unwrap();
    assert_eq!(case.levels(), [(Silence, Level::Warning)]);
    let mut swapped = with_zone(order("o"), Exclusion, 1_000.0, 0.0);
    swapped.wearer = party("wearer", Some("am-new"));
    case.at(310, Input::Order(Arc::new(swapped))).unwrap();
    assert_eq!(case.levels(), [(Silence, Level::Clear)]);
    let rows = case.engine.take_changes().devices;
    let rows: Vec<_> = rows.iter().map(|row| (row.device.as_str(), row.state.is_some())).collect();
    assert_eq!(rows, [("am", false), ("am-new", true)]);
}

#[test]
fn what_contradicts_the_register_is_refused() {
    let mut case = Case::of([with_zone(order("o"), Exclusion, 1_000.0, 0.0)]);
    let mut other_band = order("p");
    other_band.wearer = party("wearer", Some("am-2"));
    let mut same_band = order("p");
    same_band.wearer = party("somebody-else", Some("am"));
    let mut crowded = order("p");
    for n in 0..7 {
        let victim = order::Victim::new(party(&format!("v{n}"), None), None);
        crowded.victims.push(victim);
    }
    for (order, word) in [
        (other_band, "another device in order o"),
        (same_band, "belongs to wearer"),
        (crowded, "more than 6"),
    ] {
        let refused = case.at(1, Input::Order(Arc::new(order))).unwrap_err().to_string();
        assert!(refused.contains(word), "{refused}");
    }
    let mut later = order("p");
    later.wearer = party("wearer", Some("am-2"));
    later.valid_from = t(30 * 86_400);
    later.valid_until = t(60 * 86_400);
    case.at(1, Input::Order(Arc::new(later))).unwrap();
}

/// Every night from 22:00 to 06:00 in Utrecht: 21:00 to 05:00 UTC in November. The story begins at 19:00 UTC.
fn nights() -> Schedule {
    let week = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    Schedule::new("Europe/Amsterdam", vec![Window::new(&week, "22:00", "06:00").unwrap()]).unwrap()
}

const HOUR: i64 = 3_600;

#[test]
fn a_curfew_begins_and_ends_by_the_clock() {
    let mut case = Case::of([on_schedule(with_zone(order("o"), Inclusion, 50.0, 0.0), nights())]);
    case.wearer(2 * HOUR - 30, 5_000.0, 0.0);
    case.alerts.clear(); // Two hours of silence before.
    assert_eq!(case.decisions.last().unwrap().rule, Rule::OutsideSchedule, "half a minute too early");
    case.at(2 * HOUR, Input::Tick).unwrap();
    let alert = case.alerts[0].clone();
    assert_eq!(case.levels(), [(InclusionZone, Level::Alarm)]);
    assert_eq!((alert.raised_at, alert.fixed_at), (t(2 * HOUR), Some(t(2 * HOUR - 30))));
    for secs in (2 * HOUR + 60..10 * HOUR + 120).step_by(60) {
        case.wearer(secs, 5_000.0, 0.0);
    }
    let alert = case.alerts[0].clone();
    assert_eq!(case.levels(), [(InclusionZone, Level::Clear)], "it ends at 05:00 UTC, wherever he is");
    assert_eq!(alert.raised_at, t(10 * HOUR));
}

#[test]
fn a_place_of_minutes_ago_is_a_possible_one_when_a_curfew_begins() {
    // 40 m outside two and a half minutes ago he may be back by now; 4,950 m outside he is not, on foot.
    for (east, expected) in
        [(90.0, (Level::Warning, Certainty::Possible)), (5_000.0, (Level::Alarm, Certainty::Likely))]
    {
        let mut case = Case::of([on_schedule(with_zone(order("o"), Inclusion, 50.0, 0.0), nights())]);
        case.wearer(2 * HOUR - 150, east, 0.0);
        case.at(2 * HOUR, Input::Tick).unwrap();
        let about = |alert: &Alert| alert.kind == InclusionZone;
        let told: Vec<_> = case.alerts.drain(..).filter(about).collect();
        let short: Vec<_> = told.iter().map(|alert| (alert.level, alert.certainty)).collect();
        assert_eq!(short, [expected], "{east}");
        assert_eq!(told[0].operator_only, expected.1 == Certainty::Possible);
        // The next fix tells.
        case.wearer(2 * HOUR + 10, east, 0.0);
        let all = told.iter().chain(&case.alerts).filter(|alert| about(alert));
        let alarms: Vec<_> = all.filter(|alert| alert.level == Level::Alarm).map(|a| a.raised_at).collect();
        assert_eq!(alarms, [t(2 * HOUR + if expected.1 == Certainty::Possible { 11 } else { 0 })], "{east}");
    }
}

#[test]
fn a_fix_under_way_when_the_window_ends_is_told_and_ended_and_the_next_night_counts() {
    let mut case = Case::of([on_schedule(with_zone(order("o"), Exclusion, 1_000.0, 0.0), nights())]);
    case.wearer(10 * HOUR - 70, 4_000.0, 0.0);
    case.at(10 * HOUR, Input::Tick).unwrap();
    case.alerts.clear(); // A night of silence before.
    let fix = Fix { accuracy_m: Some(8.0), ..Fix::new(t(10 * HOUR - 2), place(0.0, 0.0)) };
    case.at(10 * HOUR + 5, Input::Fix { role: Role::Wearer, device: "am", fix }).unwrap();
    assert_eq!(case.levels(), [(ExclusionZone, Level::Alarm), (ExclusionZone, Level::Clear)]);
    case.wearer(26 * HOUR + 10, 0.0, 0.0);
    let levels = case.levels();
    assert!(levels.contains(&(ExclusionZone, Level::Alarm)), "{levels:?}");
}

#[test]
fn a_backlog_of_a_night_that_is_over_tells_nothing_anew() {
    for away_from in [5 * HOUR, 10 * HOUR - 600] {
        let mut case = Case::of([on_schedule(with_zone(order("o"), Inclusion, 50.0, 0.0), nights())]);
        for secs in (0..10 * HOUR - 240).step_by(60) {
            case.wearer(secs, if secs < away_from { 0.0 } else { 3_000.0 }, 0.0);
        }
        assert_eq!(case.levels(), [(InclusionZone, Level::Alarm)]);
        case.at(10 * HOUR, Input::Tick).unwrap();
        assert!(case.levels().contains(&(InclusionZone, Level::Clear)));
        for secs in (10 * HOUR - 200..10 * HOUR).step_by(10) {
            let fix = Fix { accuracy_m: Some(8.0), ..Fix::new(t(secs), place(3_000.0, 0.0)) };
            case.at(10 * HOUR + 30, Input::Fix { role: Role::Wearer, device: "am", fix }).unwrap();
        }
        let told: Vec<_> = case.levels().into_iter().filter(|(kind, _)| *kind == InclusionZone).collect();
        assert_eq!(told, [], "he was away until the end, and that was raised");
        assert_eq!(case.decisions.last().unwrap().rule, Rule::InclusionZone, "but judged");
    }
    // Who went out in the gap is told of once, and that it is over.
    let mut case = Case::of([on_schedule(with_zone(order("o"), Inclusion, 50.0, 0.0), nights())]);
    for secs in (0..10 * HOUR - 240).step_by(60) {
        case.wearer(secs, 0.0, 0.0);
    }
    case.at(10 * HOUR, Input::Tick).unwrap();
    case.alerts.clear();
    for secs in (10 * HOUR - 200..10 * HOUR).step_by(10) {
        let fix = Fix { accuracy_m: Some(8.0), ..Fix::new(t(secs), place(3_000.0, 0.0)) };
        case.at(10 * HOUR + 30, Input::Fix { role: Role::Wearer, device: "am", fix }).unwrap();
    }
    let told: Vec<_> = case.levels().into_iter().filter(|(kind, _)| *kind == InclusionZone).collect();
    assert_eq!(told, [(InclusionZone, Level::Alarm), (InclusionZone, Level::Clear)]);
}

#[test]
fn an_order_that_is_cut_short_by_its_new_version_ends_what_stood() {
    let first = with_zone(order("o"), Exclusion, 1_000.0, 0.0);
    let mut case = Case::of([first.clone()]);
    case.wearer(0, 0.0, 0.0);
    assert_eq!(case.levels(), [(ExclusionZone, Level::Alarm)]);
    let mut cut = first;
    cut.valid_until = t(5);
    case.at(10, Input::Order(Arc::new(cut))).unwrap();
    assert_eq!(case.levels(), [(ExclusionZone, Level::Clear)]);
}

#[test]
fn an_order_that_is_prolonged_is_not_disturbed_at_its_former_end() {
    let mut first = with_zone(order("o"), Exclusion, 1_000.0, 0.0);
    first.valid_until = t(600);
    let mut case = Case::of([first.clone()]);
    let mut longer = first;
    longer.valid_until = t(86_400);
    case.at(10, Input::Order(Arc::new(longer))).unwrap();
    case.wearer(590, 0.0, 0.0);
    case.at(601, Input::Tick).unwrap();
    assert_eq!(
        case.levels(),
        [(Silence, Level::Warning), (Silence, Level::Clear), (ExclusionZone, Level::Alarm)]
    );
}

#[test]
fn a_press_just_before_the_end_is_heard_after_it() {
    let mut ending = with_victim(order("o"));
    ending.valid_until = t(100);
    let mut case = Case::of([ending]);
    let aware = Aware { pressed_at: t(95), position: None, accuracy_m: None, test: false };
    case.at(103, Input::Aware { device: "vd", aware }).unwrap();
    assert_eq!(case.levels(), [(AwarePress, Level::Alarm)]);
}
