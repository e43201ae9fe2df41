//! Who has which device and which watches, for readers beside the pipeline; and what stored states mean.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use serde_json::{Value, json};
use zones::order::{Order, Party, ZoneKind};
use zones::{
    AlertKind, DeviceId, Fix, NamedOrders, OrderId, PersonId, Protection, Role, Standing, Subject, Timestamp,
    Told, WatchKey,
};

use super::rows;
use crate::api::states::{
    DeviceState, PersonKeys, RegisterReader, StateReader, Unreadable, WatchState, Watched,
};
use crate::store::{IncidentRow, InputRow, StoredState};

/// A view of the register that can be read while the pipeline changes it. A clone is the same.
#[derive(Debug, Clone, Default)]
pub struct Directory(Arc<RwLock<Entries>>);

#[derive(Debug, Default)]
struct Entries {
    named: NamedOrders,
    /// For who reads them one after the other.
    ids: BTreeSet<OrderId>,
}

impl Directory {
    /// Takes in an order, in place of what stood under its id.
    pub(crate) fn note(&self, order: &Arc<Order>) {
        let mut entries = self.write();
        entries.ids.insert(order.order.clone());
        entries.named.insert(Arc::clone(order));
    }

    /// Takes in many orders.
    pub(super) fn note_all(&self, orders: &[Arc<Order>]) {
        let mut entries = self.write();
        entries.named.reserve(orders.len());
        for order in orders {
            entries.named.insert(Arc::clone(order));
        }
        // Made at once it takes half the room of one that grew.
        let mut ids = orders.iter().map(|order| order.order.clone()).collect();
        entries.ids.append(&mut ids);
    }

    /// Takes an order out.
    pub(super) fn forget(&self, order: &OrderId) {
        let mut entries = self.write();
        entries.ids.remove(order);
        entries.named.remove(order);
    }

    fn read(&self) -> RwLockReadGuard<'_, Entries> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Entries> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StateReader for Directory {
    fn person(&self, person: &PersonId) -> Option<PersonKeys> {
        let entries = self.read();
        let mut devices = Vec::new();
        let mut watch_prefixes = Vec::new();
        for stated in entries.named.of_person(person.as_str()) {
            let order = &stated.order.order;
            devices.extend(stated.party.device.as_ref().map(ToString::to_string));
            // Wearers have every watch of the order, victims the one that is theirs.
            let wears = stated.role == Role::Wearer;
            watch_prefixes.push(if wears { format!("{order}/") } else { format!("{order}/pair/{person}") });
        }
        if watch_prefixes.is_empty() {
            return None;
        }
        devices.sort();
        devices.dedup();
        Some(PersonKeys { devices, watch_prefixes })
    }

    fn watches(&self, person: &PersonId, now: Timestamp) -> BTreeMap<String, Watched> {
        let entries = self.read();
        let stated = entries.named.of_person(person.as_str()).filter(|stated| stated.order.in_force(now));
        let watched = stated.flat_map(|stated| match stated.role {
            Role::Wearer => watched(stated.order, None),
            Role::Victim => watched(stated.order, Some(person)),
        });
        watched.map(|watched| (watched.watch.watch.clone(), watched)).collect()
    }

    fn device(&self, stored: &StoredState) -> Result<DeviceState, Unreadable> {
        let (role, state) = rows::read_device(&stored.state).map_err(|e| unreadable(&stored.key, &e))?;
        let device = DeviceId::new(&stored.key).map_err(|e| unreadable(&stored.key, &e))?;
        let entries = self.read();
        let owner = entries.named.of_device(device.as_str()).last();
        Ok(DeviceState {
            role,
            person: owner.map(|stated| stated.party.person.to_string()),
            last_fix: state.last.map(|seen| seen.fix),
            online: state.online,
            silent_since: state.silent_since,
        })
    }

    fn watch(&self, stored: &StoredState) -> Result<WatchState, Unreadable> {
        let key: WatchKey = stored.key.parse().map_err(|e| unreadable(&stored.key, &e))?;
        let episode = rows::read_watch(&stored.state).map_err(|e| unreadable(&stored.key, &e))?;
        let entries = self.read();
        let order = entries.named.get(&key.order);
        let standing = match episode.standing {
            Standing::Clear => "clear",
            Standing::Possible | Standing::Warning => "warning",
            Standing::Alarm => "alarm",
        };
        let known = order.and_then(|order| named(order, &key.subject));
        let watch =
            known.ok_or_else(|| unreadable(&stored.key, &"no order in the register has this watch"))?;
        let incident = (!episode.closed).then(|| episode.incident.to_string());
        Ok(WatchState { standing: standing.to_owned(), incident, ..watch })
    }

    fn decisions(&self, incident: &IncidentRow, input: &InputRow) -> Result<Vec<Value>, Unreadable> {
        let all = rows::read_decisions(&input.decisions).map_err(|e| unreadable("decisions", &e))?;
        let subject = rows::watch_of(incident);
        Ok(all.into_iter().filter(|decision| decision.watch == subject).map(|d| json!(d)).collect())
    }
}

impl RegisterReader for Directory {
    fn of_person(&self, person: &PersonId) -> Vec<Arc<Order>> {
        self.read().named.of_person(person.as_str()).map(|stated| Arc::clone(stated.order)).collect()
    }

    fn of_device(&self, device: &DeviceId) -> Vec<Arc<Order>> {
        self.read().named.of_device(device.as_str()).map(|stated| Arc::clone(stated.order)).collect()
    }

    fn after(&self, order: Option<&OrderId>, most: usize) -> Vec<Arc<Order>> {
        let from = order.map_or(Bound::Unbounded, Bound::Excluded);
        let entries = self.read();
        let ids = entries.ids.range::<OrderId, _>((from, Bound::Unbounded));
        ids.take(most).filter_map(|id| entries.named.get(id)).cloned().collect()
    }

    fn protection(&self, stored: &StoredState) -> Result<Option<Protection>, Unreadable> {
        let (_, state) = rows::read_device(&stored.state).map_err(|e| unreadable(&stored.key, &e))?;
        Ok(state.protection.map(Told::protection))
    }

    fn fix(&self, body: &[u8]) -> Result<Fix, Unreadable> {
        rows::read_fix(body).map_err(|e| unreadable("journal", &e))
    }
}

/// What an order watches; of one victim only what is between both.
fn watched(order: &Order, victim: Option<&PersonId>) -> Vec<Watched> {
    let device = |party: &Party| party.device.as_ref().map(ToString::to_string);
    let zones = order.zones.iter().filter(|_| victim.is_none());
    let zones = zones.map(|zone| (Subject::Zone(zone.zone.clone()), vec![device(&order.wearer)]));
    let pairs =
        order.victims.iter().filter(|known| victim.is_none_or(|victim| known.party.person == *victim));
    // The moving zone needs a device that moves with her.
    let pairs =
        pairs.filter(|victim| victim.proximity.is_some() && victim.party.device.is_some()).map(|victim| {
            (Subject::Pair(victim.party.person.clone()), vec![device(&order.wearer), device(&victim.party)])
        });
    let all = zones.chain(pairs).filter_map(|(subject, devices)| {
        Some(Watched { watch: named(order, &subject)?, devices: devices.into_iter().flatten().collect() })
    });
    all.collect()
}

/// A watch of an order, `clear`; `None` when the order has none such.
fn named(order: &Order, subject: &Subject) -> Option<WatchState> {
    let (kind, victim, zone) = match subject {
        Subject::Zone(id) => {
            let zone = order.zones.iter().find(|zone| zone.zone == *id)?;
            let kind = match zone.kind {
                ZoneKind::Exclusion => AlertKind::ExclusionZone,
                ZoneKind::Inclusion => AlertKind::InclusionZone,
            };
            (kind, zone.victim.as_ref().map(ToString::to_string), Some(id.to_string()))
        }
        Subject::Pair(victim) => (AlertKind::VictimProximity, Some(victim.to_string()), None),
        Subject::Device(kind, _) | Subject::Order(kind) => (*kind, None, None),
    };
    let key = WatchKey { order: order.order.clone(), subject: subject.clone() };
    Some(WatchState {
        watch: key.to_string(),
        order: order.order.to_string(),
        kind: kind.as_str().to_owned(),
        wearer: order.wearer.person.to_string(),
        victim,
        zone,
        standing: "clear".to_owned(),
        incident: None,
    })
}

fn unreadable(key: &str, problem: &dyn std::fmt::Display) -> Unreadable {
    Unreadable { key: key.to_owned(), problem: problem.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(id: &str) -> PersonId {
        PersonId::new(id).unwrap()
    }

    /// Of every kind one, of which none was ever raised: all are watched, and the victim has the one that is hers.
    #[test]
    fn what_is_watched_is_known_before_anything_was_raised() {
        let at = |day: u32| format!("2026-11-{day:02}T00:00:00Z");
        let zone = |id: &str, kind: &str| {
            json!({"type": "Feature", "geometry": {"type": "Point", "coordinates": [4.358, 52.0113]},
                   "properties": {"zone": id, "kind": kind, "radius_m": 5000}})
        };
        let victim = |n: u8, proximity: Value| json!({"person": format!("v-{n}"), "device": format!("vd-{n}"), "proximity": proximity});
        let moving = || json!({"alarm_m": 1000, "warning_m": 1500, "warning_s": 0});
        let order = json!({
            "order": "o-1", "legal_basis": "special_condition", "valid_from": at(1), "valid_until": at(20),
            "wearer": {"person": "w-1", "device": "am-1"},
            "victims": [victim(1, moving()), victim(2, moving()), victim(3, Value::Null)],
            "zones": {"type": "FeatureCollection", "features": [zone("z-1", "exclusion"), zone("z-2", "inclusion")]},
            "contacts": {},
        });
        let directory = Directory::default();
        directory.note(&Arc::new(Order::accepted(&order.to_string()).unwrap()));
        let watched = |who: &str, day: u32| -> Vec<(String, String, String)> {
            let all = directory.watches(&person(who), Timestamp::parse(&at(day)).unwrap());
            let shown =
                all.into_iter().map(|(key, Watched { watch, devices })| (key, watch.kind, devices.join("+")));
            shown.collect()
        };
        let want = [
            ("o-1/pair/v-1", "victim_proximity", "am-1+vd-1"),
            ("o-1/pair/v-2", "victim_proximity", "am-1+vd-2"),
            ("o-1/zone/z-1", "exclusion_zone", "am-1"),
            ("o-1/zone/z-2", "inclusion_zone", "am-1"),
        ];
        let want = want.map(|(key, kind, devices)| (key.to_owned(), kind.to_owned(), devices.to_owned()));
        assert_eq!(watched("w-1", 5), want);
        assert_eq!(watched("v-2", 5), want[1..2]);
        assert_eq!((watched("v-3", 5), watched("w-1", 20)), (Vec::new(), Vec::new()), "no moving zone; over");
    }
}
