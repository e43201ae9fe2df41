//! The thresholds of the order in force at a judgement.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;
use zones::order::{Order, ZoneKind};
use zones::{Millis, Role, Subject, WatchKey};

/// What an order became with the input of that number; `None` where it was withdrawn or cannot be read.
type Change = (i64, Option<Arc<Order>>);

/// Orders with their changes, oldest first.
#[derive(Debug, Default)]
pub(super) struct Orders(BTreeMap<String, Vec<Change>>);

impl Orders {
    /// Enters what an order became with an input; later changes come later.
    pub(super) fn enter(&mut self, id: &str, number: i64, order: Option<Arc<Order>>) {
        self.0.entry(id.to_owned()).or_default().push((number, order));
    }

    /// The thresholds that a watch had at an input.
    pub(super) fn limits(&self, watch: &str, number: i64) -> Option<Limits> {
        let key: WatchKey = watch.parse().ok()?;
        let changes = self.0.get(key.order.as_str())?;
        let (_, order) = changes.iter().rev().find(|(since, _)| *since <= number)?;
        limits_of(order.as_deref()?, &key.subject)
    }

    /// How often an order expects a device to report; `None` where that changed, or it never named the device.
    pub(super) fn interval(&self, order: &str, device: &str) -> Option<Millis> {
        let versions = self.0.get(order)?.iter().filter_map(|(_, order)| order.as_deref());
        let parties = versions.flat_map(|order| order.parties().map(|(_, party)| party));
        let named = parties.filter(|party| party.device.as_ref().is_some_and(|own| own.as_str() == device));
        let intervals: BTreeSet<Millis> = named.map(|party| party.fix_interval).collect();
        intervals.first().copied().filter(|_| intervals.len() == 1)
    }

    /// Their ids.
    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Every device that an order ever named.
    pub(super) fn devices_of(&self, id: &str) -> BTreeSet<String> {
        let orders = self.0.get(id).into_iter().flatten().filter_map(|(_, order)| order.as_deref());
        let devices = orders.flat_map(|order| order.parties().map(|(_, party)| party.device.as_ref()));
        devices.flatten().map(ToString::to_string).collect()
    }

    /// The watches that concern a device, by all that its orders ever said, and the devices that are judged with it.
    pub(super) fn around(&self, device: &str) -> (Vec<String>, Vec<String>) {
        let (mut watches, mut others) = (Vec::new(), Vec::new());
        for order in self.0.values().flatten().filter_map(|(_, order)| order.as_deref()) {
            for (role, party) in order.parties() {
                match &party.device {
                    Some(own) if own.as_str() == device => watches.push(match role {
                        Role::Wearer => format!("{}/", order.order),
                        Role::Victim => format!("{}/pair/{}", order.order, party.person),
                    }),
                    Some(other) => others.push(other.to_string()),
                    None => {}
                }
            }
        }
        for list in [&mut watches, &mut others] {
            list.sort();
            list.dedup();
        }
        (watches, others)
    }
}

/// What kind of thing is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WatchKind {
    /// Wearer and victim.
    VictimProximity,
    /// Wearer and a place to stay away from.
    ExclusionZone,
    /// Wearer and a place to be.
    InclusionZone,
}

/// The thresholds of a watch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Limits {
    /// What is watched.
    pub kind: WatchKind,
    /// Distance in metres of the alarm; of a zone its edge, 0.
    pub alarm_m: f64,
    /// Distance in metres of the warning.
    pub warning_m: f64,
    /// Time to the alarm distance in seconds at which a pair is warned of; 0 for never.
    pub warning_s: f64,
}

fn limits_of(order: &Order, subject: &Subject) -> Option<Limits> {
    match subject {
        Subject::Pair(person) => {
            let proximity = order.victims.iter().find(|victim| victim.party.person == *person)?.proximity?;
            Some(Limits {
                kind: WatchKind::VictimProximity,
                alarm_m: proximity.alarm_m,
                warning_m: proximity.warning_m,
                warning_s: proximity.warning_s,
            })
        }
        Subject::Zone(id) => {
            let zone = order.zones.iter().find(|zone| zone.zone == *id)?;
            let (kind, warning_m) = match zone.kind {
                ZoneKind::Exclusion => (WatchKind::ExclusionZone, zone.buffer_m),
                ZoneKind::Inclusion => (WatchKind::InclusionZone, 0.0),
            };
            Some(Limits { kind, alarm_m: 0.0, warning_m, warning_s: 0.0 })
        }
        Subject::Device(..) | Subject::Order(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(alarm_m: u32) -> Arc<Order> {
        let document = serde_json::json!({
            "order": "o", "legal_basis": "special_condition",
            "valid_from": "2026-11-01T00:00:00Z", "valid_until": "2027-11-01T00:00:00Z",
            "wearer": {"person": "w", "device": "am"},
            "victims": [{"person": "v", "device": "vd",
                "proximity": {"alarm_m": alarm_m, "warning_m": 2_000, "warning_s": 300}}],
            "zones": {"type": "FeatureCollection", "features": [
                {"type": "Feature", "geometry": {"type": "Point", "coordinates": [5.1, 52.1]},
                 "properties": {"zone": "z", "kind": "exclusion", "radius_m": 5_000, "buffer_m": 400}}]},
            "contacts": {},
        });
        Arc::new(Order::accepted(&document.to_string()).unwrap())
    }

    #[test]
    fn a_judgement_is_held_against_the_order_as_it_was_then() {
        let mut orders = Orders::default();
        for (number, change) in [(5, Some(order(500))), (9, Some(order(800))), (12, None)] {
            orders.enter("o", number, change);
        }
        let alarm_m = |number| orders.limits("o/pair/v", number).map(|limits| limits.alarm_m);
        assert_eq!(
            [4, 5, 8, 9, 11, 12].map(alarm_m),
            [None, Some(500.0), Some(500.0), Some(800.0), Some(800.0), None]
        );
        assert_eq!(
            orders.limits("o/zone/z", 6).map(|limits| (limits.kind, limits.warning_m)),
            Some((WatchKind::ExclusionZone, 400.0))
        );
        for nothing in ["o/zone/y", "o/pair/w", "p/pair/v", "o/silence/am", "", "o"] {
            assert_eq!(orders.limits(nothing, 6), None, "{nothing}");
        }
    }

    #[test]
    fn a_device_has_the_watches_of_its_wearer_or_its_victim() {
        let mut orders = Orders::default();
        orders.enter("o", 1, Some(order(500)));
        assert_eq!(orders.around("am"), (vec!["o/".to_owned()], vec!["vd".to_owned()]));
        assert_eq!(orders.around("vd"), (vec!["o/pair/v".to_owned()], vec!["am".to_owned()]));
        assert_eq!(orders.around("x").0, Vec::<String>::new());
        assert_eq!(orders.interval("o", "vd"), Some(Millis::from_secs(60)));
        assert_eq!((orders.interval("o", "x"), orders.interval("p", "vd")), (None, None));
    }
}
