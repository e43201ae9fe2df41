//! Orders, by the names in them.

use std::sync::Arc;

use crate::lookup::Lookup;
use crate::order::{Order, Party};
use crate::{OrderId, Role};

/// Orders, found by their id and by the persons, devices and OwnTracks names that stand in them. The names lie in
/// the orders, which are shared: an entry takes some ten bytes, where a map of names takes a hundred.
#[derive(Debug, Clone, Default)]
pub struct NamedOrders {
    slots: Vec<Option<Arc<Order>>>,
    free: Vec<u32>,
    orders: Lookup,
    persons: Lookup,
    devices: Lookup,
    trackers: Lookup,
}

/// What an order says of a person with a device.
#[derive(Debug, Clone, Copy)]
pub struct Stated<'a> {
    /// The order.
    pub order: &'a Arc<Order>,
    /// What the person is in it.
    pub role: Role,
    /// What it says.
    pub party: &'a Party,
}

impl NamedOrders {
    /// Makes room for so many more orders, with one victim each.
    pub fn reserve(&mut self, orders: usize) {
        self.slots.reserve_exact(orders);
        self.orders.reserve(orders);
        self.persons.reserve(2 * orders);
        self.devices.reserve(2 * orders);
    }

    /// Takes in an order, in place of what stood under its id.
    pub fn insert(&mut self, order: Arc<Order>) {
        self.remove(&order.order);
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() as u32 - 1
        });
        self.orders.insert(order.order.as_str(), slot);
        self.each_name(&order, |names, name| names.insert(name, slot));
        self.slots[slot as usize] = Some(order);
    }

    /// Takes an order out, if it is there.
    pub fn remove(&mut self, order: &OrderId) {
        let Some(slot) = self.slot(order) else { return };
        let Some(known) = self.slots[slot as usize].take() else { return };
        self.orders.remove(order.as_str(), slot);
        self.each_name(&known, |names, name| names.remove(name, slot));
        self.free.push(slot);
    }

    /// The order of that id.
    pub fn get(&self, order: &OrderId) -> Option<&Arc<Order>> {
        self.slots[self.slot(order)? as usize].as_ref()
    }

    /// What is said of a person, ascending by order.
    pub fn of_person<'a>(&'a self, person: &'a str) -> impl Iterator<Item = Stated<'a>> {
        self.sorted(&self.persons, person, move |party| party.person.as_str() == person)
    }

    /// What is said of whoever has a device, ascending by order.
    pub fn of_device<'a>(&'a self, device: &'a str) -> impl Iterator<Item = Stated<'a>> {
        self.sorted(&self.devices, device, move |party| {
            party.device.as_ref().is_some_and(|known| known.as_str() == device)
        })
    }

    /// What is said of whoever has an OwnTracks name, ascending by order.
    pub fn of_tracker<'a>(&'a self, tracker: &'a str) -> impl Iterator<Item = Stated<'a>> {
        self.sorted(&self.trackers, tracker, move |party| party.owntracks.as_deref() == Some(tracker))
    }

    fn slot(&self, order: &OrderId) -> Option<u32> {
        let is = |slot: u32| self.slots[slot as usize].as_ref().is_some_and(|known| known.order == *order);
        self.orders.get(order.as_str(), is)
    }

    fn sorted<'a>(
        &'a self,
        names: &'a Lookup,
        name: &'a str,
        is: impl Fn(&Party) -> bool + 'a,
    ) -> impl Iterator<Item = Stated<'a>> {
        // Nearly every name stands in one order.
        let mut slots: smallvec::SmallVec<[u32; 4]> = names.all(name).collect();
        slots.sort_unstable_by_key(|slot| self.slots[*slot as usize].as_ref().map(|order| &order.order));
        slots.dedup();
        slots.into_iter().filter_map(|slot| self.slots[slot as usize].as_ref()).flat_map(move |order| {
            let stated = order.parties().map(move |(role, party)| Stated { order, role, party });
            stated.filter(|stated| is(stated.party)).collect::<smallvec::SmallVec<[_; 1]>>()
        })
    }

    fn each_name(&mut self, order: &Order, mut each: impl FnMut(&mut Lookup, &str)) {
        for (_, party) in order.parties() {
            each(&mut self.persons, party.person.as_str());
            if let Some(device) = &party.device {
                each(&mut self.devices, device.as_str());
            }
            if let Some(tracker) = &party.owntracks {
                each(&mut self.trackers, tracker);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// An order of one wearer and one victim, of few names, so that orders share them.
    fn order(id: u8, [wearer, am, victim, vd, phone]: [u8; 5]) -> Arc<Order> {
        let text = format!(
            r#"{{"order": "o-{id}", "legal_basis": "special_condition",
            "valid_from": "2026-11-01T00:00:00Z", "valid_until": "2027-11-01T00:00:00Z",
            "wearer": {{"person": "w-{wearer}", "device": "am-{am}", "owntracks": "jan/{phone}"}},
            "victims": [{{"person": "v-{victim}", "device": "vd-{vd}", "proximity": null}}],
            "zones": {{"type": "FeatureCollection", "features": []}}, "contacts": {{}}}}"#
        );
        Arc::new(Order::accepted(&text).unwrap())
    }

    fn said<'a>(found: impl Iterator<Item = Stated<'a>>) -> Vec<(&'a str, &'a str)> {
        found.map(|stated| (stated.order.order.as_str(), stated.party.person.as_str())).collect()
    }

    proptest! {
        /// Compared with a walk over all orders that are there.
        #[test]
        fn a_name_has_what_its_orders_say_and_nothing_of_others(
            steps in prop::collection::vec((0_u8..6, any::<bool>(), prop::array::uniform5(0_u8..4)), 1..40),
        ) {
            let (mut named, mut known) = (NamedOrders::default(), BTreeMap::new());
            for (id, there, names) in steps {
                let order = order(id, names);
                if there {
                    named.insert(Arc::clone(&order));
                    known.insert(order.order.clone(), order);
                } else {
                    named.remove(&order.order);
                    known.remove(&order.order);
                }
                let walk = |is: &dyn Fn(&Party) -> bool| {
                    let parties = known.values().flat_map(|order| order.parties().map(move |(_, party)| (order, party)));
                    let found = parties.filter(|(_, party)| is(party));
                    found.map(|(order, party)| (order.order.as_str(), party.person.as_str())).collect::<Vec<_>>()
                };
                for n in 0..4 {
                    for name in [format!("w-{n}"), format!("v-{n}")] {
                        prop_assert_eq!(said(named.of_person(&name)), walk(&|party| party.person.as_str() == name));
                    }
                    for name in [format!("am-{n}"), format!("vd-{n}")] {
                        let has = |party: &Party| party.device.as_ref().is_some_and(|device| device.as_str() == name);
                        prop_assert_eq!(said(named.of_device(&name)), walk(&has));
                    }
                    let name = format!("jan/{n}");
                    let has = |party: &Party| party.owntracks.as_ref() == Some(&name);
                    prop_assert_eq!(said(named.of_tracker(&name)), walk(&has));
                }
                for id in 0..6 {
                    let id = OrderId::new(&format!("o-{id}")).unwrap();
                    prop_assert_eq!(named.get(&id), known.get(&id));
                }
            }
        }
    }
}
