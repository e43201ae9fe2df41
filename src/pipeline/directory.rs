//! Who has which device and which watches, for readers beside the pipeline; and what stored states mean.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use serde_json::{Value, json};
use zones::order::Order;
use zones::{DeviceId, NamedOrders, OrderId, PersonId, Role, Standing, Subject, WatchKey};

use super::rows;
use crate::api::states::{DeviceState, PersonKeys, StateReader, Unreadable, WatchState};
use crate::store::{IncidentRow, InputRow, StoredState};

/// A view of the register that can be read while the pipeline changes it. A clone is the same.
#[derive(Debug, Clone, Default)]
pub struct Directory(Arc<RwLock<NamedOrders>>);

impl Directory {
    /// Makes room for so many more orders.
    pub(super) fn reserve(&self, orders: usize) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).reserve(orders);
    }

    /// Takes in an order, in place of what stood under its id.
    pub(super) fn note(&self, order: &Arc<Order>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(Arc::clone(order));
    }

    /// Takes an order out.
    pub(super) fn forget(&self, order: &OrderId) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(order);
    }

    fn read(&self) -> RwLockReadGuard<'_, NamedOrders> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StateReader for Directory {
    fn person(&self, person: &PersonId) -> Option<PersonKeys> {
        let orders = self.read();
        let mut devices = Vec::new();
        let mut watch_prefixes = Vec::new();
        for stated in orders.of_person(person.as_str()) {
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
        let orders = self.read();
        let owner = orders.of_device(device.as_str()).last().map(|stated| stated.party.person.to_string());
        Ok(DeviceState {
            role,
            person: owner,
            last_fix: state.last.map(|seen| seen.fix),
            received_at: None,
            online: state.online,
            silent_since: state.silent_since,
        })
    }

    fn watch(&self, stored: &StoredState) -> Result<WatchState, Unreadable> {
        let key: WatchKey = stored.key.parse().map_err(|e| unreadable(&stored.key, &e))?;
        let episode = rows::read_watch(&stored.state).map_err(|e| unreadable(&stored.key, &e))?;
        let wearer =
            self.read().get(&key.order).map(|order| order.wearer.person.to_string()).unwrap_or_default();
        let (kind, victim, zone) = match &key.subject {
            Subject::Zone(zone) => ("zone", None, Some(zone.to_string())),
            Subject::Pair(victim) => ("victim_proximity", Some(victim.to_string()), None),
            Subject::Device(kind, _) => (kind.as_str(), None, None),
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
            wearer,
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

fn unreadable(key: &str, problem: &dyn std::fmt::Display) -> Unreadable {
    Unreadable { key: key.to_owned(), problem: problem.to_string() }
}
