//! Devices: silence, what they say of themselves, the panic button.

use super::case::*;
use crate::AlertKind::{Aware as AwarePress, Battery, Jamming, Parted, Silence, Tamper};
use crate::order::ZoneKind::Exclusion;
use crate::*;

fn says(case: &mut Case, secs: i64, event: DeviceEventKind) -> Outcome {
    let event = DeviceEvent { at: t(secs), event };
    case.at(secs + 1, Input::Device { role: Role::Wearer, device: "am", event }).unwrap()
}

#[test]
fn three_intervals_without_a_fix_are_silence_and_ten_minutes_an_alarm() {
    let mut case = Case::of([with_zone(order("o"), Exclusion, 1_000.0, 0.0)]);
    case.wearer(0, 9_000.0, 0.0);
    case.at(179, Input::Tick).unwrap();
    assert_eq!(case.said(), []);
    assert_eq!(case.engine.poll_deadline(), Some(t(180)));
    case.at(3_600, Input::Tick).unwrap();
    let times: Vec<_> = case.alerts.iter().map(|a| (a.raised_at, a.level, a.revision)).collect();
    assert_eq!(times, [(t(180), Level::Warning, 1), (t(600), Level::Alarm, 2)], "at their own time");
    assert!(case.alerts.iter().all(|a| a.kind == Silence && a.device.as_ref().unwrap().as_str() == "am"));
    case.alerts.clear();
    case.wearer(3_700, 9_000.0, 0.0);
    assert_eq!(case.levels(), [(Silence, Level::Clear)]);
}

#[test]
fn who_never_reports_is_silent_too() {
    let mut case = Case::of([with_victim(order("o"))]);
    case.at(200, Input::Tick).unwrap();
    assert_eq!(case.levels(), [(Silence, Level::Warning), (Silence, Level::Warning)], "band and her device");
}

#[test]
fn a_victim_protected_by_zones_only_is_not_expected_to_report() {
    let mut guarded = with_zone(with_victim(order("o")), Exclusion, 1_000.0, 0.0);
    guarded.victims[0].proximity = None;
    let mut case = Case::of([guarded]);
    case.wearer(100, 9_000.0, 0.0);
    case.at(200, Input::Tick).unwrap();
    assert_eq!(case.said(), []);
}

#[test]
fn nobody_is_silent_while_the_service_could_not_hear() {
    let mut case = Case::of([with_zone(order("o"), Exclusion, 1_000.0, 0.0)]);
    case.wearer(0, 9_000.0, 0.0);
    case.at(30, Input::Hearing(false)).unwrap();
    case.at(7_200, Input::Hearing(true)).unwrap();
    assert_eq!(case.said(), []);
    // What the device kept arrives first.
    case.wearer(7_201, 9_000.0, 0.0);
    case.at(7_270, Input::Tick).unwrap();
    assert_eq!(case.said(), []);
    // And if nothing comes after all, it is silence, an hour old.
    let mut case = Case::of([with_zone(order("o"), Exclusion, 1_000.0, 0.0)]);
    case.wearer(0, 9_000.0, 0.0);
    case.at(30, Input::Hearing(false)).unwrap();
    case.at(7_200, Input::Hearing(true)).unwrap();
    case.at(7_260, Input::Tick).unwrap();
    assert_eq!(case.levels(), [(Silence, Level::Alarm)]);
}

#[test]
fn a_broker_that_drops_again_and_again_does_not_hide_a_silence() {
    let mut case = Case::of([with_zone(order("o"), Exclusion, 1_000.0, 0.0)]);
    case.wearer(0, 9_000.0, 0.0);
    // Heard for 50 s, not heard for 10 s, and so on: never for a whole minute of grace.
    let mut told = Vec::new();
    for minute in 0..20 {
        case.at(minute * 60, Input::Hearing(false)).unwrap();
        case.at(minute * 60 + 10, Input::Hearing(true)).unwrap();
        told.extend(case.levels().into_iter().map(|(kind, level)| (minute, kind, level)));
    }
    // Due after three minutes. The grace that was cut off in an even minute runs out in the next, odd one; what is
    // raised then comes to light here with the next input.
    let [(warned, Silence, Level::Warning), (alarmed, Silence, Level::Alarm)] = told[..] else {
        panic!("{told:?}")
    };
    assert!((3..=5).contains(&warned) && (10..=12).contains(&alarmed), "{told:?}");
}

#[test]
fn a_device_whose_messages_travel_long_is_not_called_silent_between_two() {
    let mut case = Case::of([with_zone(order("o"), Exclusion, 1_000.0, 0.0)]);
    for n in 0..20 {
        let fix = Fix::new(t(n * 60), place(9_000.0, 0.0));
        case.at(n * 60 + 110, Input::Fix { role: Role::Wearer, device: "am", fix }).unwrap();
    }
    assert_eq!(case.said(), []);
}

#[test]
fn what_is_said_again_is_counted_in_its_incident_and_none_is_dropped() {
    let mut case = Case::of([with_zone(order("o"), Exclusion, 1_000.0, 0.0)]);
    assert_eq!(says(&mut case, 10, DeviceEventKind::StrapTamper), Outcome::Done);
    assert_eq!(
        says(&mut case, 10, DeviceEventKind::StrapTamper),
        Outcome::Duplicate,
        "sent again by the broker"
    );
    for n in 1..46 {
        says(&mut case, 10 + n, DeviceEventKind::StrapTamper);
    }
    says(&mut case, 60, DeviceEventKind::CaseTamper);
    let alert = case.alerts[0].clone();
    assert_eq!(alert.cause, Some(DeviceEventKind::StrapTamper));
    assert_eq!(case.levels(), [(Tamper, Level::Alarm)], "one level, one alert");
    assert_eq!(case.notes.len(), 46, "46 of them were once dropped by a filter");
    assert!(case.notes.iter().all(|note| note.incident == alert.incident));
    assert_eq!(case.notes[45].what, Noted::Repeated(DeviceEventKind::CaseTamper));
    assert_eq!(case.notes[45].at, t(61));
    // Once somebody has resolved it, it begins anew.
    let watch = alert.watch.unwrap();
    case.at(70, Input::IncidentClosed { watch, incident: alert.incident }).unwrap();
    says(&mut case, 80, DeviceEventKind::CaseTamper);
    let again = &case.alerts[0];
    assert_eq!((again.revision, again.cause), (1, Some(DeviceEventKind::CaseTamper)));
    assert_ne!(again.incident, alert.incident);
}

#[test]
fn a_battery_runs_low_and_is_charged() {
    let mut case = Case::of([with_zone(order("o"), Exclusion, 1_000.0, 0.0)]);
    for (secs, event) in [
        (10, DeviceEventKind::Charging),
        (20, DeviceEventKind::BatteryLow),
        (30, DeviceEventKind::BatteryCritical),
        (40, DeviceEventKind::BatteryLow),
        (50, DeviceEventKind::Charging),
    ] {
        says(&mut case, secs, event);
    }
    let levels: Vec<_> = case.levels().into_iter().map(|(kind, level)| (kind == Battery, level)).collect();
    let expected = [Level::Warning, Level::Alarm, Level::Clear].map(|level| (true, level));
    assert_eq!(levels, expected);
    let noted: Vec<_> = case.notes.iter().map(|note| note.what).collect();
    assert_eq!(noted, [Noted::Repeated(DeviceEventKind::BatteryLow)], "no worse than it stood");
}

#[test]
fn a_battery_that_is_low_again_after_its_incident_was_resolved_is_told_anew() {
    let mut case = Case::of([with_zone(order("o"), Exclusion, 1_000.0, 0.0)]);
    says(&mut case, 10, DeviceEventKind::BatteryLow);
    let first = case.alerts[0].clone();
    case.at(20, Input::IncidentClosed { watch: first.watch.unwrap(), incident: first.incident }).unwrap();
    says(&mut case, 30, DeviceEventKind::BatteryLow);
    assert_eq!(case.alerts.len(), 2);
    assert_ne!(case.alerts[1].incident, first.incident);
}

#[test]
fn what_blinds_a_device_is_a_warning_far_away_and_an_alarm_when_he_is_near() {
    use DeviceEventKind::{BeaconFound, BeaconLost, Shielded};
    for (east_m, level) in [(9_000.0, Level::Warning), (0.0, Level::Alarm)] {
        let mut case = Case::of([with_zone(order("o"), Exclusion, 1_000.0, 0.0)]);
        case.wearer(0, east_m, 0.0);
        case.alerts.clear();
        says(&mut case, 10, Shielded);
        says(&mut case, 20, BeaconLost);
        let causes: Vec<_> = case.alerts.iter().map(|alert| alert.cause.unwrap()).collect();
        assert_eq!(causes, [Shielded, BeaconLost]);
        assert_ne!(case.alerts[0].incident, case.alerts[1].incident, "each its own");
        assert_eq!(case.levels(), [(Jamming, level), (Parted, level)]);
        says(&mut case, 30, BeaconFound);
        assert_eq!(case.levels(), [(Parted, Level::Clear)], "and together again");
        says(&mut case, 40, BeaconFound);
        assert_eq!((case.levels(), case.notes.len()), (vec![], 0), "nothing to end");
    }
}

#[test]
fn jamming_after_shielding_is_worse_and_shielding_after_jamming_is_not() {
    let mut case = Case::of([with_zone(order("o"), Exclusion, 1_000.0, 0.0)]);
    says(&mut case, 10, DeviceEventKind::Shielded);
    says(&mut case, 20, DeviceEventKind::Jamming);
    says(&mut case, 30, DeviceEventKind::Shielded);
    assert_eq!(case.levels(), [(Jamming, Level::Warning), (Jamming, Level::Alarm)]);
    assert_eq!(case.notes.len(), 1);
}

#[test]
fn switched_off_is_silent_at_once() {
    let mut case = Case::of([with_zone(order("o"), Exclusion, 1_000.0, 0.0)]);
    case.wearer(0, 9_000.0, 0.0);
    says(&mut case, 10, DeviceEventKind::Shutdown);
    assert_eq!(case.alerts[0].cause, Some(DeviceEventKind::Shutdown));
    assert_eq!(case.alerts[0].reason, "Enkelband: uitgezet / Ankle monitor: switched off");
    says(&mut case, 20, DeviceEventKind::Shutdown);
    assert_eq!(case.levels(), [(Silence, Level::Alarm)]);
    assert_eq!(case.notes.len(), 1, "and again, counted");
}

#[test]
fn she_presses_the_button() {
    let mut case = Case::of([with_victim(order("o"))]);
    let press = |test| Aware { pressed_at: t(5), position: Some(place(1.0, 2.0)), accuracy_m: None, test };
    case.at(6, Input::Aware { device: "vd", aware: press(false) }).unwrap();
    case.at(7, Input::Aware { device: "vd", aware: press(false) }).unwrap();
    let alert = case.alerts[0].clone();
    assert_eq!(case.levels(), [(AwarePress, Level::Alarm)]);
    assert_eq!(alert.victim_fix.unwrap().position, place(1.0, 2.0));
    // Resolved by people; the next press is another incident.
    let watch = alert.watch.clone().unwrap();
    case.at(60, Input::IncidentClosed { watch, incident: alert.incident }).unwrap();
    let again = Aware { pressed_at: t(90), ..press(false) };
    case.at(91, Input::Aware { device: "vd", aware: again }).unwrap();
    assert_ne!(case.alerts[0].incident, alert.incident);
    assert_eq!(case.alerts[0].revision, 1);
}

#[test]
fn an_unknown_device_is_refused() {
    let mut case = Case::of([with_victim(order("o"))]);
    let fix = Fix::new(t(0), place(0.0, 0.0));
    for (role, device) in [(Role::Wearer, "nobody"), (Role::Victim, "am"), (Role::Wearer, "")] {
        let refused = case.at(1, Input::Fix { role, device, fix });
        assert_eq!(refused, Err(Refused::UnknownDevice));
    }
}

#[test]
fn whoever_is_announced_may_stay_away() {
    let mut case = Case::of([with_victim(order("o"))]);
    case.wearer(0, 0.0, 0.0);
    let before = case.engine.snapshot();
    Engine::new().foresee(["am"].into_iter());
    // Known, known in another role, a stranger, nobody; the wearer's device before and after it is free again.
    case.engine.foresee(["am", "vd", "nobody", ""].into_iter());
    assert_eq!(case.engine.snapshot(), before);
    case.at(1, Input::OrderWithdrawn(OrderId::new("o").unwrap())).unwrap();
    case.engine.foresee(["am", "vd"].into_iter());
    assert_eq!(case.engine.snapshot().devices, []);
}
