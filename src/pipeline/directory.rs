//! Who has which device and which watches, for readers beside the pipeline; and what stored states mean.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use serde_json::{Value, json};
use zones::order::Order;
use zones::{
    DeviceId, Fix, NamedOrders, OrderId, PersonId, Protection, Role, Standing, Subject, Told, WatchKey,
};

use super::rows;
use crate::api::states::{DeviceState, PersonKeys, RegisterReader, StateReader, Unreadable, WatchState};
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

    fn device(&self, stored: &StoredState) -> Result<DeviceState, Unreadable> {
        let (role, state) = rows::read_device(&stored.state).map_err(|e| unreadable(&stored.key, &e))?;
        let device = DeviceId::new(&stored.key).map_err(|e| unreadable(&stored.key, &e))?;
        let entries = self.read();
        let owner = entries.named.of_device(device.as_str()).last();
        Ok(DeviceState {
            role,
            person: owner.map(|stated| stated.party.person.to_string()),
            last_fix: state.last.map(|seen| seen.fix),
            received_at: None,
            online: state.online,
            silent_since: state.silent_since,
        })
    }

    fn watch(&self, stored: &StoredState) -> Result<WatchState, Unreadable> {
        let key: WatchKey = stored.key.parse().map_err(|e| unreadable(&stored.key, &e))?;
        let episode = rows::read_watch(&stored.state).map_err(|e| unreadable(&stored.key, &e))?;
        let wearer = self.read().named.get(&key.order).map(|order| order.wearer.person.to_string());
        let (kind, victim, zone) = match &key.subject {
            Subject::Zone(zone) => ("zone", None, Some(zone.to_string())),
            Subject::Pair(victim) => ("victim_proximity", Some(victim.to_string()), None),
            Subject::Device(kind, _) | Subject::Order(kind) => (kind.as_str(), None, None),
        };
        let standing = match episode.standing {
            Standing::Clear => "clear",
            Standing::Possible | Standing::Warning => "warning",
            Standing::Alarm => "alarm",
        };
        Ok(WatchState {
            watch: stored.key.to_string(),
            order: key.order.to_string(),
            kind: kind.to_owned(),
            wearer: wearer.unwrap_or_default(),
            victim,
            zone,
            standing: standing.to_owned(),
            since: None,
            incident: (!episode.closed).then(|| episode.incident.to_string()),
        })
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

fn unreadable(key: &str, problem: &dyn std::fmt::Display) -> Unreadable {
    Unreadable { key: key.to_owned(), problem: problem.to_string() }
}
