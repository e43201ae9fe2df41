//! The thresholds of the order in force at a judgement.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;
use zones::order::{Order, ZoneKind};
use zones::{Role, Subject, WatchKey};

/// Orders with the numbers of the inputs that brought them, oldest first; `None` where one was withdrawn or cannot
/// be read.
#[derive(Debug, Default)]
pub(super) struct Orders(BTreeMap<String, Vec<(i64, Option<Arc<Order>>)>>);

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
        Subject::Device(..) => None,
    }
}
