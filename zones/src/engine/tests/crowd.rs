//! Many at once: a network fails.

use std::sync::Arc;

use super::case::*;
use crate::order::Order;
use crate::*;

const MANY: usize = 1_000;

/// A pair of its own, with the numbers of its people.
fn pair(n: usize) -> Order {
    let mut order = with_victim(order(&format!("o-{n:04}")));
    order.wearer = party(&format!("w-{n:04}"), Some(&format!("am-{n:04}")));
    order.victims[0].party = party(&format!("v-{n:04}"), Some(&format!("vd-{n:04}")));
    order
}

/// All wearers report at one moment, nine kilometres from their victims, and never again.
fn a_network_fails() -> Case {
    let mut case = Case::of([]);
    for n in 0..MANY {
        case.at(0, Input::Order(Arc::new(pair(n)))).unwrap();
    }
    for n in 0..MANY {
        let fix = Fix::new(t(60), place(9_000.0, 0.0));
        case.at(60, Input::Fix { role: Role::Wearer, device: &format!("am-{n:04}"), fix }).unwrap();
    }
    for secs in [60, 160, 260] {
        for n in 0..MANY {
            let fix = Fix::new(t(secs), place(0.0, 0.0));
            case.at(secs, Input::Fix { role: Role::Victim, device: &format!("vd-{n:04}"), fix }).unwrap();
        }
    }
    case
}

/// Tells the engine that time passes, millisecond by millisecond.
fn pass(case: &mut Case, from: Timestamp, to: Timestamp) {
    for at in from.as_millis()..=to.as_millis() {
        case.engine.handle(Timestamp::from_millis(at), Input::Tick).unwrap();
        while let Some(effect) = case.engine.poll_effect() {
            if let Effect::Alert(alert) = effect {
                case.alerts.push(*alert);
            }
        }
    }
}

#[test]
fn however_many_fall_silent_at_a_moment_an_alarm_of_a_pair_waits_for_few() {
    let mut case = a_network_that_failed_while_nobody_listened();
    let due = t(7_260);
    pass(&mut case, due + Millis(-5), due + Millis(24));
    let before = case.alerts.len();
    assert!(before > 0 && before <= 3 * policy::SILENCES_A_TURN as usize, "{before}");
    // In the middle of it he comes to her door.
    let here = |role, device| {
        let fix = Fix::new(due + Millis(25), place(0.0, 0.0));
        Input::Fix { role, device, fix }
    };
    for (role, device) in [(Role::Victim, "vd-0999"), (Role::Wearer, "am-0999")] {
        case.engine.handle(due + Millis(25), here(role, device)).unwrap();
    }
    while let Some(effect) = case.engine.poll_effect() {
        if let Effect::Alert(alert) = effect {
            case.alerts.push(*alert);
        }
    }
    let place = case.alerts.iter().position(|alert| alert.kind == AlertKind::VictimProximity).unwrap();
    assert!(place <= 4 * policy::SILENCES_A_TURN as usize, "{place} silences were said before it");
    // And none is lost: all but that pair, each once, within a second or so.
    pass(&mut case, due + Millis(26), due + Millis(1_100));
    let mut silent: Vec<String> = case
        .alerts
        .iter()
        .filter(|alert| alert.kind == AlertKind::Silence && alert.level > Level::Clear)
        .map(|alert| alert.device.as_ref().unwrap().to_string())
        .collect();
    silent.sort();
    silent.dedup();
    assert!(silent.len() >= 2 * MANY - 2, "{}", silent.len());
    let most = case.alerts.chunk_by(|a, b| a.raised_at == b.raised_at).map(<[_]>::len).max().unwrap();
    assert!(most <= policy::SILENCES_A_TURN as usize + 3, "{most} at one moment");
}

/// Nobody could be heard for two hours; a minute after that all are silent at once.
fn a_network_that_failed_while_nobody_listened() -> Case {
    let mut case = a_network_fails();
    case.at(261, Input::Hearing(false)).unwrap();
    case.at(7_200, Input::Hearing(true)).unwrap();
    case.alerts.clear();
    case
}

#[test]
fn a_silence_says_how_far_apart_both_were_last() {
    let mut case = Case::of([with_victim(order("o"))]);
    case.victim(100, 0.0, 0.0);
    case.wearer(100, 9_000.0, 0.0);
    case.alerts.clear();
    case.victim(200, 0.0, 0.0);
    case.at(281, Input::Tick).unwrap();
    let silence = case.alerts.iter().find(|alert| alert.kind == AlertKind::Silence).unwrap();
    let apart = silence.last_distance_m.unwrap();
    assert!((apart - 9_000.0).abs() < 5.0, "{apart}");
    assert!(serde_json::to_value(silence).unwrap().get("last_distance_m").is_some());
    case.wearer(300, 9_000.0, 0.0);
    let over = case.alerts.last().unwrap();
    assert_eq!((over.kind, over.level, over.last_distance_m), (AlertKind::Silence, Level::Clear, None));
}
