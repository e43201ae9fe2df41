//! Who has which device and which watches, for readers beside the pipeline; and what stored states mean.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use serde_json::{Value, json};
use zones::order::Order;
use zones::{ByOrder, DeviceId, Fix, OrderId, PersonId, Protection, Standing, Subject, Told, WatchKey};

use super::rows;
use crate::api::states::{DeviceState, PersonKeys, RegisterReader, StateReader, Unreadable, WatchState};
use crate::store::{IncidentRow, InputRow, StoredState};

/// A view of the register that can be read while the pipeline changes it. A clone is the same.
#[derive(Debug, Clone, Default)]
pub struct Directory(Arc<RwLock<Entries>>);

#[derive(Debug, Default)]
struct Entries {
    persons: ByOrder<PersonId, Place>,
    owners: ByOrder<DeviceId, PersonId>,
    orders: BTreeMap<OrderId, Arc<Order>>,
}

/// What an order says of a person.
#[derive(Debug)]
struct Place {
    device: Option<DeviceId>,
    /// Wearers have every watch of the order, victims the one that is theirs.
    wears: bool,
}

impl Directory {
    /// Takes in an order.
    pub(crate) fn note(&self, order: &Arc<Order>) {
        let mut entries = self.0.write().unwrap_or_else(PoisonError::into_inner);
        entries.orders.insert(order.order.clone(), Arc::clone(order));
        for (role, party) in order.parties() {
            let place = Place { device: party.device.clone(), wears: role == zones::Role::Wearer };
            entries.persons.insert(party.person.clone(), order.order.clone(), place);
            if let Some(device) = &party.device {
                entries.owners.insert(device.clone(), order.order.clone(), party.person.clone());
            }
        }
    }

    /// Takes an order out.
    pub(super) fn forget(&self, order: &Order) {
        let mut entries = self.0.write().unwrap_or_else(PoisonError::into_inner);
        entries.orders.remove(&order.order);
        for (_, party) in order.parties() {
            entries.persons.remove(&party.person, &order.order);
            if let Some(device) = &party.device {
                entries.owners.remove(device, &order.order);
            }
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Entries> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StateReader for Directory {
    fn person(&self, person: &PersonId) -> Option<PersonKeys> {
        let entries = self.read();
        if !entries.persons.has(person) {
            return None;
        }
        let places = || entries.persons.of(person);
        let mut devices: Vec<_> =
            places().filter_map(|(_, place)| place.device.as_ref().map(ToString::to_string)).collect();
        devices.sort();
        devices.dedup();
        let watch_prefixes = places()
            .map(
                |(order, place)| {
                    if place.wears { format!("{order}/") } else { format!("{order}/pair/{person}") }
                },
            )
            .collect();
        Some(PersonKeys { devices, watch_prefixes })
    }

    fn device(&self, stored: &StoredState) -> Result<DeviceState, Unreadable> {
        let (role, state) = rows::read_device(&stored.state).map_err(|e| unreadable(&stored.key, &e))?;
        let device = DeviceId::new(&stored.key).map_err(|e| unreadable(&stored.key, &e))?;
        let owner = self.read().owners.of(&device).map(|(_, person)| person.clone()).last();
        Ok(DeviceState {
            role,
            person: owner.map(|person| person.to_string()),
            last_fix: state.last.map(|seen| seen.fix),
            received_at: None,
            online: state.online,
            silent_since: state.silent_since,
        })
    }

    fn watch(&self, stored: &StoredState) -> Result<WatchState, Unreadable> {
        let key: WatchKey = stored.key.parse().map_err(|e| unreadable(&stored.key, &e))?;
        let episode = rows::read_watch(&stored.state).map_err(|e| unreadable(&stored.key, &e))?;
        let wearer = self.read().orders.get(&key.order).map(|order| order.wearer.person.to_string());
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
        let entries = self.read();
        entries.persons.of(person).filter_map(|(id, _)| entries.orders.get(id)).cloned().collect()
    }

    fn of_device(&self, device: &DeviceId) -> Vec<Arc<Order>> {
        let entries = self.read();
        entries.owners.of(device).filter_map(|(id, _)| entries.orders.get(id)).cloned().collect()
    }

    fn after(&self, order: Option<&OrderId>, most: usize) -> Vec<Arc<Order>> {
        let from = order.map_or(Bound::Unbounded, Bound::Excluded);
        self.read()
            .orders
            .range::<OrderId, _>((from, Bound::Unbounded))
            .take(most)
            .map(|(_, order)| Arc::clone(order))
            .collect()
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
