//! Time to contact, and who comes towards whom.

use super::case::*;
use crate::AlertKind::VictimProximity;
use crate::order::{Order, Proximity};
use crate::*;

/// 1,000 m alarm, 2,000 m or five minutes warning.
fn five_minutes() -> Order {
    let mut order = with_victim(order("o"));
    order.victims[0].proximity = Some(Proximity { alarm_m: 1_000.0, warning_m: 2_000.0, warning_s: 300.0 });
    order
}

#[test]
fn a_car_is_warned_of_five_minutes_before_it_is_near() {
    let mut case = Case::of([five_minutes()]);
    let mut warned = None;
    // 20 m/s from 15 km away: 1,000 m are reached after 700 s, 2,000 m only 50 s before that.
    for step in 0..=11 {
        let secs = step * 60;
        case.victim(secs, 0.0, 0.0);
        case.wearer(secs + 5, 15_000.0 - 20.0 * (secs + 5) as f64, 0.0);
        if warned.is_none() && !case.alerts.is_empty() {
            warned = Some((secs + 5, case.alerts[0].clone()));
            assert_eq!(case.decisions.last().unwrap().rule, Rule::TimeToContact);
        }
    }
    let (secs, alert) = warned.unwrap();
    // At 425 s it would be five minutes no more; 1,000 m are 335 s away at 365 s, within 39 s of 300 s.
    assert_eq!(secs, 365, "the last fix that leaves five minutes");
    let said =
        alert.reason.split(" s binnen 1000 m").next().and_then(|text| text.rsplit(' ').next()).unwrap();
    let said: f64 = said.parse().unwrap();
    assert!((said - 335.0).abs() <= 2.0, "and it says how many there are: {}", alert.reason);
    assert_eq!((alert.level, alert.certainty), (Level::Warning, Certainty::Likely));
    assert_eq!((alert.closing_mps, alert.approach), (Some(20.0), Some(Approach::WearerApproaches)));
    let meet_s = alert.distance_m.unwrap() / 20.0;
    assert!((alert.contact_s.unwrap() - meet_s).abs() <= meet_s / 100.0, "{:?}", alert.contact_s);
    assert_eq!(case.levels(), [(VictimProximity, Level::Warning)], "and it is one warning");
}

#[test]
fn who_drives_away_again_is_let_go() {
    let mut case = Case::of([five_minutes()]);
    for step in 0..30 {
        let secs = step * 30;
        let east =
            if secs <= 300 { 9_000.0 - 20.0 * secs as f64 } else { 3_000.0 + 20.0 * (secs - 300) as f64 };
        case.victim(secs, 0.0, 0.0);
        case.wearer(secs + 1, east, 0.0);
    }
    assert_eq!(case.levels(), [(VictimProximity, Level::Warning), (VictimProximity, Level::Clear)]);
}

#[test]
fn the_jitter_of_two_people_at_home_never_warns() {
    let mut case = Case::of([five_minutes()]);
    // 2,150 m apart, each fix up to 30 m off, as among high houses; a whole day.
    let mut seed = 12_345_u64;
    let mut jitter = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((seed >> 33) as f64 / f64::from(1_u32 << 31) - 0.5) * 60.0
    };
    for step in 0..1_440 {
        let (a, b, c, d) = (jitter(), jitter(), jitter(), jitter());
        case.victim(step * 60, a, b);
        case.wearer(step * 60 + 20, 2_150.0 + c, d);
    }
    assert_eq!(case.said(), []);
}

/// Both move east or west in a straight line, seen every ten seconds, until one alarm is raised at 1,000 m.
fn approach_of(his_mps: f64, hers_mps: f64) -> (Option<Approach>, Option<f64>) {
    let mut order = five_minutes();
    order.victims[0].proximity = Some(Proximity { alarm_m: 1_000.0, warning_m: 1_000.0, warning_s: 0.0 });
    let mut case = Case::of([order]);
    let closing_mps = hers_mps - his_mps;
    let start_m = 1_005.0 + closing_mps * 120.0;
    for step in 0..=14 {
        let secs = step * 10;
        case.wearer(secs, start_m + his_mps * secs as f64, 0.0);
        case.victim(secs, hers_mps * secs as f64, 0.0);
    }
    let alert = case.alerts.first().expect("they come within 1,000 m");
    (alert.approach, alert.closing_mps)
}

#[test]
fn it_is_told_who_comes_towards_whom() {
    assert_eq!(approach_of(-3.0, 0.0), (Some(Approach::WearerApproaches), Some(3.0)));
    assert_eq!(approach_of(0.0, 3.0), (Some(Approach::VictimApproaches), Some(3.0)));
    assert_eq!(approach_of(-3.0, 3.0), (Some(Approach::Both), Some(6.0)));
    // In one tram, closing in so slowly that it says nothing.
    assert_eq!(approach_of(8.0, 8.5).0, Some(Approach::Unclear));
}

#[test]
fn a_cyclist_is_warned_of_by_the_time_there_is() {
    let mut case = Case::of([five_minutes()]);
    for step in 0..=8 {
        case.victim(step * 60, 0.0, 0.0);
        case.wearer(step * 60 + 5, 4_200.0 - 5.0 * (step * 60 + 5) as f64, 0.0);
    }
    let alert = &case.alerts[0];
    assert_eq!(
        alert.fixed_at,
        Some(t(365)),
        "2,375 m, 275 s; a minute before it was 335 s, for a car soon enough"
    );
}

#[test]
fn whose_course_leads_past_her_is_not_looked_ahead_for() {
    // 20 m/s to the west, on a line 3 km north of her: 339 s at 7,159 m, 292 s at 6,090 m. 1,200 m north of her, which
    // is within the warning distance: 337 s at 7,595 m, 277 s at 6,413 m. Straight at her, 335 s at 7,700 m.
    let cases = [(8_900.0, 3_000.0, 5_300.0), (8_700.0, 1_200.0, 6_300.0), (8_900.0, 0.0, 7_700.0)];
    for (from, north, warned_at) in cases {
        let mut case = Case::of([five_minutes()]);
        for step in 0..=5 {
            case.victim(step * 60, 0.0, 0.0);
            case.wearer(step * 60 + 5, from - 20.0 * (step * 60) as f64, north);
        }
        let warned_m = case.alerts[0].distance_m.unwrap();
        let by_then_m = f64::hypot(warned_at, north);
        assert!((warned_m - by_then_m).abs() < 20.0, "{north}: {warned_m}");
    }
}
