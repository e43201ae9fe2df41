//! The panic button: tried out, cancelled with a code, and by whoever does not have it.

use super::case::*;
use crate::AlertKind::Aware as AwarePress;
use crate::*;

fn press(case: &mut Case, secs: i64) {
    let aware = Aware { pressed_at: t(secs), position: None, accuracy_m: None, test: false };
    case.at(secs + 1, Input::Aware { device: "vd", aware }).unwrap();
}

/// An attempt a second before it arrives.
fn cancel(case: &mut Case, secs: i64, code: CodeCheck) -> Outcome {
    let cancel = AwareCancel { at: t(secs), code };
    case.at(secs + 1, Input::AwareCancel { device: "vd", cancel }).unwrap()
}

fn not(why: NotCancelled) -> Outcome {
    Outcome::NotCancelled(why)
}

#[test]
fn a_trial_proves_the_road_and_moves_nothing() {
    let mut case = Case::of([with_victim(order("o"))]);
    let test = Aware { pressed_at: t(5), position: Some(place(1.0, 2.0)), accuracy_m: None, test: true };
    case.at(6, Input::Aware { device: "vd", aware: test }).unwrap();
    assert_eq!(case.at(7, Input::Aware { device: "vd", aware: test }), Ok(Outcome::Duplicate));
    let tried = case.alerts[0].clone();
    assert!(tried.test && tried.victim_device.is_some());
    assert_eq!(case.levels(), [(AwarePress, Level::Warning)]);
    // A press at the very same time is one, in an incident of its own.
    press(&mut case, 5);
    let pressed = &case.alerts[0];
    assert!(!pressed.test && pressed.incident != tried.incident);
    assert_eq!((pressed.revision, pressed.level), (1, Level::Alarm));
}

#[test]
fn her_code_cancels_a_press_within_ten_seconds_and_the_incident_stays() {
    for (after, cancelled) in [(0, true), (10, true), (11, false), (-1, false)] {
        let mut case = Case::of([with_victim(order("o"))]);
        press(&mut case, 100);
        let incident = case.alerts[0].incident;
        let outcome = cancel(&mut case, 100 + after, CodeCheck::Right);
        if cancelled {
            assert_eq!(outcome, Outcome::Done, "{after} s");
            assert_eq!((case.alerts[1].incident, case.alerts[1].revision), (incident, 2));
            assert!(case.alerts[1].reason.contains("geannuleerd met de code"));
            assert_eq!(case.levels(), [(AwarePress, Level::Alarm), (AwarePress, Level::Clear)]);
        } else {
            assert_eq!(outcome, not(NotCancelled::TooLate), "{after} s");
            assert_eq!(case.levels(), [(AwarePress, Level::Alarm)], "the alarm goes on");
            assert_eq!(
                (case.notes[0].incident, case.notes[0].what),
                (incident, Noted::NotCancelled(NotCancelled::TooLate))
            );
        }
    }
}

#[test]
fn a_cancel_that_travels_long_counts_by_its_own_time_but_not_for_ever() {
    for (arrives, expected) in [(230, Outcome::Done), (231, not(NotCancelled::TooLate))] {
        let mut case = Case::of([with_victim(order("o"))]);
        press(&mut case, 100);
        let cancel = AwareCancel { at: t(105), code: CodeCheck::Right };
        let outcome = case.at(arrives, Input::AwareCancel { device: "vd", cancel }).unwrap();
        assert_eq!(outcome, expected, "{arrives}");
    }
}

/// A press and its code that arrive together, late: both are told, and the end says in one sentence what happened.
#[test]
fn a_press_that_was_cancelled_before_it_reached_us_is_told_with_its_end_in_one_sentence() {
    for (arrives, late) in [(107, false), (110, false), (148, true)] {
        let mut case = Case::of([with_victim(order("o"))]);
        let aware = Aware { pressed_at: t(100), position: None, accuracy_m: None, test: false };
        case.at(arrives, Input::Aware { device: "vd", aware }).unwrap();
        let cancel = AwareCancel { at: t(106), code: CodeCheck::Right };
        case.at(arrives, Input::AwareCancel { device: "vd", cancel }).unwrap();
        let reason = case.alerts[1].reason.clone();
        assert_eq!(
            case.levels(),
            [(AwarePress, Level::Alarm), (AwarePress, Level::Clear)],
            "nothing is silent"
        );
        assert!(reason.contains("geannuleerd met de code"), "{reason}");
        assert_eq!(reason.contains("6 s after pressing it") && reason.contains("48 s after the press"), late);
    }
}

#[test]
fn the_last_press_counts_and_ends_all() {
    let mut case = Case::of([with_victim(order("o"))]);
    press(&mut case, 100);
    press(&mut case, 108);
    assert_eq!(cancel(&mut case, 115, CodeCheck::Right), Outcome::Done);
    assert_eq!(case.levels().last(), Some(&(AwarePress, Level::Clear)));
    assert_eq!(cancel(&mut case, 116, CodeCheck::Right), not(NotCancelled::NothingToCancel));
    assert_eq!(case.notes, [], "there is no incident that it belongs to");
}

#[test]
fn whoever_has_her_device_cannot_try_codes() {
    let mut case = Case::of([with_victim(order("o"))]);
    press(&mut case, 100);
    let (incident, watch) = (case.alerts[0].incident, case.alerts[0].watch.clone().unwrap());
    assert_eq!(cancel(&mut case, 101, CodeCheck::Wrong), not(NotCancelled::WrongCode));
    // The broker sends it again, or he tries another in the same moment: it is the same attempt.
    assert_eq!(cancel(&mut case, 101, CodeCheck::Wrong), Outcome::Duplicate);
    assert_eq!(cancel(&mut case, 101, CodeCheck::Right), Outcome::Duplicate);
    assert_eq!(cancel(&mut case, 102, CodeCheck::Wrong), not(NotCancelled::WrongCode));
    assert_eq!(cancel(&mut case, 103, CodeCheck::Wrong), not(NotCancelled::WrongCode));
    assert_eq!(cancel(&mut case, 104, CodeCheck::Right), not(NotCancelled::TooManyTries));
    assert_eq!(case.levels(), [(AwarePress, Level::Alarm)], "the alarm goes on");
    assert_eq!(case.notes.len(), 4);
    assert!(case.notes.iter().all(|note| note.incident == incident));
    // Pressing again gives no new tries, until somebody has resolved it.
    press(&mut case, 300);
    assert_eq!(cancel(&mut case, 305, CodeCheck::Right), not(NotCancelled::TooManyTries));
    case.at(310, Input::IncidentClosed { watch, incident }).unwrap();
    press(&mut case, 400);
    assert_eq!(cancel(&mut case, 405, CodeCheck::Right), Outcome::Done);
}

#[test]
fn two_slips_do_not_keep_her_from_it() {
    let mut case = Case::of([with_victim(order("o"))]);
    press(&mut case, 100);
    cancel(&mut case, 103, CodeCheck::Wrong);
    cancel(&mut case, 106, CodeCheck::Wrong);
    assert_eq!(cancel(&mut case, 109, CodeCheck::Right), Outcome::Done);
}

#[test]
fn where_no_order_gives_a_code_nothing_cancels() {
    let mut case = Case::of([with_victim(order("o"))]);
    assert_eq!(case.engine.aware_codes("vd").count(), 0);
    press(&mut case, 100);
    assert_eq!(cancel(&mut case, 105, CodeCheck::None), not(NotCancelled::NoCode));
    assert_eq!(case.notes.len(), 1);
}

#[test]
fn only_codes_of_orders_in_force_count() {
    let document = |id: &str, code: &str, until: &str| {
        let text = serde_json::json!({
            "order": id, "legal_basis": "sv_509hh",
            "valid_from": "2026-11-01T00:00:00Z", "valid_until": until,
            "wearer": {"person": "w", "device": "am"},
            "victims": [{"person": "v", "device": "vd", "aware_code_sha256": code.repeat(64)}],
            "zones": {"type": "FeatureCollection", "features": []}
        });
        order::read(&text.to_string()).unwrap().remove(0).into_order().unwrap()
    };
    let mut case = Case::of([]);
    for order in [document("a", "a", "2026-11-02T12:00:00Z"), document("b", "b", "2027-11-02T12:00:00Z")] {
        let at = Timestamp::parse("2026-11-02T00:00:00Z").unwrap();
        case.engine.handle(at, Input::Order(std::sync::Arc::new(order))).unwrap();
    }
    let codes = |case: &Case| case.engine.aware_codes("vd").map(|code| code.sha256()[0]).collect::<Vec<_>>();
    assert_eq!(codes(&case), [0xaa, 0xbb]);
    case.engine.handle(Timestamp::parse("2026-11-02T12:00:00Z").unwrap(), Input::Tick).unwrap();
    assert_eq!(codes(&case), [0xbb]);
}

/// She was told that she is no longer protected, and presses all the same: he stands at her door.
#[test]
fn who_presses_when_no_order_is_in_force_is_heard_all_the_same() {
    let mut ended = with_victim(order("ended"));
    (ended.valid_until, ended.desk) = (t(1_000), Some(DeskId::new("politie").unwrap()));
    let mut case = Case::of([ended]);
    case.at(1_999, Input::Tick).unwrap();
    case.alerts.clear(); // The silence of both while the order was in force.
    press(&mut case, 2_000);
    let pressed = case.alerts.pop().unwrap();
    assert_eq!((pressed.kind, pressed.level), (AwarePress, Level::Alarm));
    assert!(pressed.reason.contains("geen bevel van kracht"), "{}", pressed.reason);
    assert!(pressed.victim_device.is_some(), "her device is told that it was heard");
    assert_eq!((pressed.desk, pressed.arrest_on_sight), (None, false), "a person judges what can be done");
    // It is cancelled as any other.
    assert_eq!(cancel(&mut case, 2_005, CodeCheck::Right), Outcome::Done);
    assert_eq!(case.levels(), [(AwarePress, Level::Clear)]);
    let test = Aware { pressed_at: t(3_000), position: None, accuracy_m: None, test: true };
    case.at(3_001, Input::Aware { device: "vd", aware: test }).unwrap();
    assert!(case.alerts[0].test && case.alerts[0].reason.contains("geen bevel van kracht"));
}

#[test]
fn of_orders_that_are_not_in_force_the_last_counts_or_else_the_next() {
    let lasting = |id: &str, from: i64, until: i64| {
        let mut order = with_victim(order(id));
        (order.valid_from, order.valid_until) = (t(from), t(until));
        order
    };
    let all = || [lasting("first", 0, 500), lasting("last", 0, 900), lasting("next", 5_000, 9_000)];
    for (orders, secs, heard) in [
        (all().to_vec(), 400, vec!["first", "last"]),
        (all().to_vec(), 1_000, vec!["last"]),
        (all()[2..].to_vec(), 1_000, vec!["next"]),
    ] {
        let mut case = Case::of(orders);
        case.at(secs - 1, Input::Tick).unwrap();
        case.alerts.clear();
        press(&mut case, secs);
        let told: Vec<_> = case.alerts.iter().map(|alert| alert.order.to_string()).collect();
        assert_eq!(told, heard, "{secs}");
    }
}

/// Fourteen seconds after the press her own code is too late; claiming an earlier moment after that helps nobody.
#[test]
fn after_one_attempt_no_other_can_have_been_before_it() {
    let mut case = Case::of([with_victim(order("o"))]);
    press(&mut case, 100);
    assert_eq!(cancel(&mut case, 114, CodeCheck::Right), not(NotCancelled::TooLate));
    let claimed = AwareCancel { at: t(109), code: CodeCheck::Right };
    let outcome = case.at(116, Input::AwareCancel { device: "vd", cancel: claimed }).unwrap();
    assert_eq!(outcome, not(NotCancelled::TooLate));
    assert_eq!(case.levels(), [(AwarePress, Level::Alarm)], "the alarm goes on");
}
