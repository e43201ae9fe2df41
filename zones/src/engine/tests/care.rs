//! What victims are told of their protection, and ankle monitors of their interval.

use super::case::*;
use crate::ProtectionReason as Why;
use crate::ProtectionState::{Limited, Protected, Unprotected};
use crate::order::ZoneKind::Exclusion;
use crate::*;

impl Case {
    /// What she was told since the last time.
    fn told(&mut self) -> Vec<(ProtectionState, Vec<ProtectionReason>)> {
        self.protection.drain(..).map(|p| (p.state, p.reasons)).collect()
    }
}

#[test]
fn she_is_protected_once_both_devices_were_seen_and_not_before() {
    let mut case = Case::of([with_victim(order("o"))]);
    assert_eq!(case.told(), [(Unprotected, vec![Why::OwnDeviceUnseen, Why::WearerDeviceUnseen])]);
    case.victim(10, 0.0, 0.0);
    assert_eq!(case.told(), [(Unprotected, vec![Why::WearerDeviceUnseen])], "nothing could warn her of him");
    case.wearer(15, 30_000.0, 0.0);
    let last = case.protection.last().unwrap().clone();
    assert_eq!((last.state, last.since), (Protected, t(16)));
    let known = case.engine.device(Role::Victim, "vd").unwrap().protection.unwrap();
    assert_eq!(known.protection(), last, "and it is remembered");
    assert_eq!(case.told().len(), 1);
}

#[test]
fn a_zone_protects_her_wherever_her_device_is_and_nothing_does_while_his_was_never_heard() {
    let mut with_zone = with_victim(with_zone(order("o"), Exclusion, 1_000.0, 0.0));
    with_zone.victims[0].proximity = None;
    let mut case = Case::of([with_zone]);
    assert_eq!(case.told(), [(Unprotected, vec![Why::WearerDeviceUnseen])]);
    case.wearer(15, 30_000.0, 0.0);
    assert_eq!(case.told(), [(Protected, vec![])]);
}

#[test]
fn silence_limits_her_protection_and_then_ends_it() {
    let mut case = Case::of([with_victim(order("o"))]);
    case.victim(0, 0.0, 0.0);
    for minute in 0..=12 {
        case.wearer(minute * 60 + 5, 30_000.0, 0.0);
    }
    assert_eq!(
        case.told().split_off(2),
        [
            (Protected, vec![]),
            (Limited, vec![Why::OwnDeviceSilent]),
            (Unprotected, vec![Why::OwnDeviceSilent])
        ]
    );
    case.victim(730, 0.0, 0.0);
    assert_eq!(case.told(), [(Protected, vec![])]);
    // And now his: for her it is the same.
    for minute in 13..=24 {
        case.victim(minute * 60, 0.0, 0.0);
    }
    assert_eq!(
        case.told(),
        [(Limited, vec![Why::WearerDeviceSilent]), (Unprotected, vec![Why::WearerDeviceSilent])]
    );
}

#[test]
fn coarse_fixes_an_empty_battery_and_a_cut_strap_are_reasons() {
    let mut case = Case::of([with_victim(order("o"))]);
    case.victim(0, 0.0, 0.0);
    case.wearer(5, 30_000.0, 0.0);
    case.told();
    case.fix(Role::Victim, 30, place(0.0, 0.0), 1_500.0);
    assert_eq!(case.told(), [(Limited, vec![Why::OwnPositionVague])]);
    case.victim(60, 0.0, 0.0);
    assert_eq!(case.told(), [(Protected, vec![])]);
    let event = DeviceEvent { at: t(70), event: DeviceEventKind::BatteryCritical };
    case.at(70, Input::Device { role: Role::Victim, device: "vd", event }).unwrap();
    assert_eq!(case.told(), [(Limited, vec![Why::OwnBatteryCritical])]);
    let event = DeviceEvent { at: t(80), event: DeviceEventKind::StrapTamper };
    case.at(80, Input::Device { role: Role::Wearer, device: "am", event }).unwrap();
    let known = case.engine.device(Role::Victim, "vd").unwrap().protection.unwrap();
    assert_eq!(known.protection(), *case.protection.last().unwrap());
    assert_eq!(case.told(), [(Unprotected, vec![Why::OwnBatteryCritical, Why::WearerDeviceTampered])]);
    let alert = case.alerts.last().unwrap().clone();
    let watch = alert.watch.unwrap();
    case.at(90, Input::IncidentClosed { watch, incident: alert.incident }).unwrap();
    assert_eq!(case.told(), [(Limited, vec![Why::OwnBatteryCritical])], "a new strap, and somebody said so");
}

#[test]
fn a_possible_alarm_limits_what_she_may_count_on() {
    let mut case = Case::of([with_victim(order("o"))]);
    case.victim(0, 0.0, 0.0);
    case.wearer(5, 3_000.0, 0.0);
    case.told();
    case.fix(Role::Wearer, 35, place(2_900.0, 0.0), 2_000.0);
    assert_eq!(case.told(), [(Limited, vec![Why::WearerPositionVague, Why::DistanceUncertain])]);
}

#[test]
fn without_an_order_nobody_protects_her() {
    let mut ending = with_victim(order("o"));
    ending.valid_until = t(100);
    let mut case = Case::of([ending]);
    case.victim(0, 0.0, 0.0);
    case.wearer(5, 30_000.0, 0.0);
    case.told();
    case.at(100, Input::Tick).unwrap();
    assert_eq!(case.told(), [(Unprotected, vec![Why::NoOrderInForce])]);
    let mut case = Case::of([with_victim(order("o"))]);
    case.told();
    case.at(10, Input::OrderWithdrawn(OrderId::new("o").unwrap())).unwrap();
    assert_eq!(case.told(), [(Unprotected, vec![Why::NoOrderInForce])], "said before she is forgotten");
}

#[test]
fn a_victim_with_zones_only_depends_on_the_band_alone() {
    let mut guarded = with_zone(with_victim(order("o")), Exclusion, 1_000.0, 0.0);
    guarded.victims[0].proximity = None;
    let mut case = Case::of([guarded]);
    case.wearer(5, 30_000.0, 0.0);
    assert_eq!(case.told().last().unwrap().0, Protected, "her device need not report");
}

#[test]
fn near_means_more_often_and_back_afterwards() {
    let mut case = Case::of([with_zone(order("o"), Exclusion, 1_000.0, 500.0)]);
    case.wearer(0, 3_000.0, 0.0);
    assert_eq!(case.commands, []);
    case.wearer(60, 1_300.0, 0.0);
    assert_eq!(case.commands, [(10, t(661))]);
    case.wearer(120, 500.0, 0.0);
    assert_eq!(case.commands.len(), 1, "it holds still");
    for secs in (130..800).step_by(10) {
        case.wearer(secs, 500.0, 0.0);
    }
    assert_eq!(case.commands[1..], [(10, t(541 + 600))], "renewed two minutes before it runs out");
    for (secs, north) in [(800, 0.0), (860, 4.0), (920, 2.0)] {
        case.wearer(secs, 3_000.0, north);
    }
    assert_eq!(case.commands[2..], [(60, t(1_141))], "back to his own interval");
    case.at(4_000, Input::Tick).unwrap();
    assert_eq!(case.commands.len(), 3);
}

#[test]
fn a_command_that_nobody_can_renew_by_fixes_is_renewed_by_the_clock() {
    let mut case = Case::of([with_zone(order("o"), Exclusion, 1_000.0, 0.0)]);
    case.wearer(0, 0.0, 0.0);
    case.at(1_000, Input::Tick).unwrap();
    let until: Vec<_> = case.commands.iter().map(|(_, until)| *until).collect();
    assert_eq!(until, [t(601), t(1_081), t(1_561)], "his last standing is alarm, silent or not");
}
