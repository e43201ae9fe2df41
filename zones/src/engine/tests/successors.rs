//! Orders that run out, and orders that take over.

use std::sync::Arc;

use super::case::*;
use crate::AlertKind::{Aware as AwarePress, ExclusionZone, OrderExpiry, Silence, Tamper, VictimProximity};
use crate::order::Order;
use crate::order::ZoneKind::Exclusion;
use crate::*;

const DAY: i64 = 86_400;

/// What was said of the end of orders: so many whole days after the beginning, level.
fn expiries(case: &mut Case) -> Vec<(i64, Level)> {
    let said = case.alerts.drain(..).filter(|alert| alert.kind == OrderExpiry);
    said.map(|alert| ((alert.raised_at - t(0)).0 / (DAY * 1_000), alert.level)).collect()
}

/// An order of `with_victim` from one day to another.
fn lasting(id: &str, from: i64, until: i64) -> Order {
    Order { valid_from: t(from * DAY), valid_until: t(until * DAY), ..with_victim(order(id)) }
}

fn put(case: &mut Case, day: i64, order: Order) {
    case.at(day * DAY, Input::Order(Arc::new(order))).unwrap();
}

#[test]
fn the_end_of_an_order_is_said_five_times() {
    let mut case = Case::of([lasting("o", 0, 90)]);
    case.at(100 * DAY, Input::Tick).unwrap();
    let first = case.alerts.iter().find(|alert| alert.kind == OrderExpiry).unwrap();
    assert_eq!(first.reason.split(" / ").next(), Some("Bevel loopt over 30 dagen af, zonder opvolger"));
    assert_eq!((first.raised_at, first.victim.clone()), (t(60 * DAY), None), "at its own time");
    let expected = [
        (60, Level::Warning),
        (76, Level::Warning),
        (83, Level::Warning),
        (87, Level::Warning),
        (89, Level::Alarm),
        (90, Level::Clear),
    ];
    assert_eq!(expiries(&mut case), expected);
}

#[test]
fn what_is_left_of_a_short_order_is_said_from_its_beginning_on() {
    let mut case = Case::of([lasting("o", 10, 22)]);
    case.at(30 * DAY, Input::Tick).unwrap();
    let days: Vec<_> = expiries(&mut case).into_iter().map(|(day, _)| day).collect();
    assert_eq!(days, [15, 19, 21, 22], "14 days before its end it had not begun");
}

#[test]
fn a_successor_settles_it_and_its_withdrawal_unsettles_it() {
    let mut case = Case::of([lasting("o", 0, 40)]);
    case.at(12 * DAY, Input::Tick).unwrap();
    assert_eq!(expiries(&mut case), [(10, Level::Warning)]);
    put(&mut case, 13, lasting("p", 39, 200));
    assert_eq!(expiries(&mut case), [(13, Level::Clear)]);
    case.at(30 * DAY, Input::Tick).unwrap();
    assert_eq!(expiries(&mut case), [], "neither at 14 days");
    case.at(31 * DAY, Input::OrderWithdrawn(OrderId::new("p").unwrap())).unwrap();
    assert_eq!(expiries(&mut case), [(31, Level::Warning)], "nine days are left, and nobody takes over");
    put(&mut case, 32, lasting("o", 0, 120));
    assert_eq!(expiries(&mut case), [(32, Level::Clear)], "prolonged");
    case.at(85 * DAY, Input::Tick).unwrap();
    assert_eq!(expiries(&mut case), []);
}

#[test]
fn an_order_that_comes_when_little_is_left_waits_for_its_next_mark() {
    let mut case = Case::of([lasting("o", 0, 20)]);
    assert_eq!(expiries(&mut case), [], "whoever handed it in was told");
    case.at(7 * DAY, Input::Tick).unwrap();
    assert_eq!(expiries(&mut case), [(6, Level::Warning)]);
}

/// He stands in her village, near her, with a cut strap, and she pressed; at `t(1_000)` one order ends and the
/// other begins.
fn at_the_boundary(old: &str, new: &str) -> Case {
    let under = |id: &str, from: i64, until: i64| {
        let order = with_zone(with_victim(order(id)), Exclusion, 1_500.0, 0.0);
        Order { valid_from: t(from), valid_until: t(until), ..order }
    };
    let mut case = Case::of([under(old, -DAY, 1_000), under(new, 1_000, 50 * DAY)]);
    case.victim(940, 0.0, 0.0);
    case.wearer(950, 500.0, 0.0);
    let event = DeviceEvent { at: t(960), event: DeviceEventKind::StrapTamper };
    case.at(961, Input::Device { role: Role::Wearer, device: "am", event }).unwrap();
    let aware = Aware { pressed_at: t(970), position: None, accuracy_m: None, test: false };
    case.at(971, Input::Aware { device: "vd", aware }).unwrap();
    case
}

#[test]
fn what_stands_raised_goes_on_under_the_successor_in_its_incident() {
    for (old, new) in [("a", "b"), ("b", "a")] {
        let mut case = at_the_boundary(old, new);
        let standing = |alert: &&Alert| alert.raised_at >= t(940) && alert.kind != Silence;
        let before: Vec<Alert> = case.alerts.drain(..).filter(|alert| standing(&alert)).collect();
        assert_eq!(before.len(), 4);
        case.at(1_001, Input::Tick).unwrap();
        let taken: Vec<Alert> = case.alerts.drain(..).collect();
        assert!(taken.iter().all(|alert| alert.level == Level::Alarm), "no end in between: {taken:#?}");
        assert!(taken.iter().all(|alert| alert.hindsight), "no news for her");
        for kind in [ExclusionZone, VictimProximity, Tamper, AwarePress] {
            let of = |alerts: &[Alert]| alerts.iter().filter(|a| a.kind == kind).cloned().collect::<Vec<_>>();
            let ([was], [is]) = (&of(&before)[..], &of(&taken)[..]) else { panic!("{kind:?}: {taken:#?}") };
            assert_eq!((is.incident, is.revision), (was.incident, was.revision + 1), "{kind:?}");
            assert_eq!(is.order.as_str(), new);
        }
        // What was under way belongs to the order that ended, and was known.
        case.wearer(999, 500.0, 0.0);
        assert_eq!(case.said(), []);
        // He leaves: the end is in the incident that began under the other order.
        for secs in [1_060, 1_120, 1_180, 1_240] {
            case.victim(secs - 5, 0.0, 0.0);
            case.wearer(secs, 6_000.0, 0.0);
        }
        let ended: Vec<_> =
            case.alerts.iter().filter(|a| a.level == Level::Clear && a.kind != Silence).collect();
        let mut incidents: Vec<_> = ended.iter().map(|alert| alert.incident).collect();
        let mut expected: Vec<_> = before[..2].iter().map(|alert| alert.incident).collect();
        incidents.sort();
        expected.sort();
        assert_eq!(incidents, expected);
        assert!(ended.iter().all(|alert| alert.order.as_str() == new));
    }
}

#[test]
fn a_successor_goes_on_after_a_restart_at_any_moment() {
    let tell = |restart_at: Option<i64>| {
        let mut case = at_the_boundary("a", "b");
        let mut said: Vec<Alert> = case.alerts.drain(..).collect();
        for secs in [990, 1_000, 1_001, 1_060, 1_120, 1_180, 1_240] {
            if restart_at == Some(secs) {
                case.engine = Engine::restore(case.engine.snapshot()).0;
            }
            case.victim(secs, 0.0, 0.0);
            case.wearer(secs + 1, if secs < 1_050 { 500.0 } else { 6_000.0 }, 0.0);
            said.append(&mut case.alerts);
        }
        said
    };
    let whole = tell(None);
    for secs in [990, 1_000, 1_001, 1_060, 1_120, 1_180] {
        assert_eq!(tell(Some(secs)), whole, "{secs}");
    }
}

#[test]
fn an_incident_that_was_handed_over_is_resolved_under_its_new_order() {
    let mut case = at_the_boundary("a", "b");
    case.at(1_001, Input::Tick).unwrap();
    let strap = case.alerts.iter().rfind(|alert| alert.kind == Tamper).unwrap().clone();
    let watch = strap.watch.unwrap();
    assert_eq!(watch.to_string(), "b/tamper/am");
    let closed = case.at(1_010, Input::IncidentClosed { watch: watch.clone(), incident: strap.incident });
    assert_eq!(closed, Ok(Outcome::Done));
    assert_eq!(case.engine.episode(&watch).unwrap().standing, Standing::Clear);
}

#[test]
fn under_two_orders_the_end_of_one_is_not_told_to_her_as_the_end() {
    let mut first = with_victim(order("a"));
    first.valid_until = t(1_000);
    let mut case = Case::of([first, with_victim(order("b"))]);
    case.victim(940, 0.0, 0.0);
    case.wearer(950, 500.0, 0.0);
    case.alerts.clear();
    case.at(1_001, Input::Tick).unwrap();
    let pair: Vec<_> = case.alerts.iter().filter(|alert| alert.kind == VictimProximity).collect();
    let [end] = pair[..] else { panic!("{pair:#?}") };
    assert_eq!((end.level, end.order.as_str(), end.hindsight), (Level::Clear, "a", true));
    // And a strap that was cut before the second order came does not heal with the first.
    let mut first = with_victim(order("a"));
    first.valid_until = t(1_000);
    let mut case = Case::of([first]);
    let event = DeviceEvent { at: t(10), event: DeviceEventKind::StrapTamper };
    case.at(11, Input::Device { role: Role::Wearer, device: "am", event }).unwrap();
    case.at(20, Input::Order(Arc::new(with_victim(order("b"))))).unwrap();
    case.at(1_001, Input::Tick).unwrap();
    let strap: Vec<_> = case.alerts.iter().filter(|alert| alert.kind == Tamper).collect();
    assert_eq!(strap.iter().map(|alert| alert.level).collect::<Vec<_>>(), [Level::Alarm, Level::Alarm]);
    assert_eq!((strap[1].order.as_str(), strap[1].incident), ("b", strap[0].incident));
}

#[test]
fn what_is_over_but_not_resolved_stays_with_its_order() {
    let mut first = with_victim(order("a"));
    first.valid_until = t(1_000);
    let mut second = with_victim(order("b"));
    second.valid_from = t(1_000);
    let mut case = Case::of([first, second]);
    case.victim(540, 0.0, 0.0);
    case.wearer(550, 500.0, 0.0);
    for secs in [610, 670, 730, 790] {
        case.victim(secs - 5, 0.0, 0.0);
        case.wearer(secs, 6_000.0, 0.0);
    }
    let pair: Vec<Alert> = case.alerts.drain(..).filter(|alert| alert.kind == VictimProximity).collect();
    assert_eq!(pair.last().unwrap().level, Level::Clear);
    case.victim(1_050, 0.0, 0.0);
    case.wearer(1_060, 500.0, 0.0);
    // Resolved by now, under the order it belongs to.
    let (watch, incident) = (pair[0].watch.clone().unwrap(), pair[0].incident);
    assert_eq!(case.at(1_070, Input::IncidentClosed { watch, incident }), Ok(Outcome::Done));
    let again = case.alerts.iter().find(|alert| alert.kind == VictimProximity).unwrap();
    assert_eq!((again.level, again.revision, again.order.as_str()), (Level::Alarm, 1, "b"));
    assert_ne!(again.incident, incident);
}
