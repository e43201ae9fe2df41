//! What the register says about devices beyond what the engine needs: their other names, their wishes.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use zones::order::Order;
use zones::{DeviceId, Invalid, OrderId, Role};

/// Names and wishes of devices, by the orders that state them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Register {
    trackers: BTreeMap<String, BTreeMap<OrderId, (Role, DeviceId)>>,
    devices: BTreeMap<DeviceId, BTreeMap<OrderId, Role>>,
    wearers_with_receipts: Wishes,
    victims_with_receipts: Wishes,
}

type Wishes = BTreeMap<DeviceId, BTreeSet<OrderId>>;

impl Register {
    /// Takes in an order.
    pub(crate) fn note(&mut self, order: &Order) {
        for (role, party) in order.parties() {
            let Some(device) = &party.device else { continue };
            let id = order.order.clone();
            self.devices.entry(device.clone()).or_default().insert(id.clone(), role);
            if let Some(tracker) = &party.owntracks {
                let orders = self.trackers.entry(tracker.clone()).or_default();
                orders.insert(id.clone(), (role, device.clone()));
            }
            if party.receipts {
                self.wishes(role).entry(device.clone()).or_default().insert(id);
            }
        }
    }

    /// Takes out what an order had stated.
    pub(crate) fn forget(&mut self, order: &Order) {
        let id = &order.order;
        for (role, party) in order.parties() {
            let Some(device) = &party.device else { continue };
            drop_from(&mut self.devices, device, |orders| orders.remove(id).is_some(), BTreeMap::is_empty);
            if let Some(tracker) = &party.owntracks {
                drop_from(
                    &mut self.trackers,
                    tracker,
                    |orders| orders.remove(id).is_some(),
                    BTreeMap::is_empty,
                );
            }
            drop_from(self.wishes(role), device, |orders| orders.remove(id), BTreeSet::is_empty);
        }
    }

    /// Refuses an order that gives an OwnTracks name to another device than a registered order does: one phone
    /// would tell two people's places, and nobody could say whose.
    pub(crate) fn names_are_free(&self, order: &Order) -> Result<(), Invalid> {
        let mut own = BTreeMap::new();
        for (n, (role, party)) in order.parties().enumerate() {
            let (Some(device), Some(tracker)) = (&party.device, &party.owntracks) else { continue };
            let field =
                if n == 0 { "wearer.owntracks".to_owned() } else { format!("victims[{}].owntracks", n - 1) };
            let others = self.trackers.get(tracker).into_iter().flatten();
            let mut others = others.filter(|(id, (r, d))| **id != order.order && (*r, d) != (role, device));
            if let Some((id, _)) = others.next() {
                return Err(Invalid::new(field, format!("is the name of another device in {id}")));
            }
            if own.insert(tracker, (role, device)).is_some_and(|before| before != (role, device)) {
                return Err(Invalid::new(field, "is the name of two devices in this order"));
            }
        }
        Ok(())
    }

    /// The device that an OwnTracks name `user/device` stands for.
    pub(crate) fn tracker(&self, tracker: &str) -> Option<&(Role, DeviceId)> {
        self.trackers.get(tracker)?.values().next_back()
    }

    /// The role of a device whose message does not say it.
    pub(crate) fn role(&self, device: &str) -> Option<Role> {
        self.devices.get(device)?.values().next_back().copied()
    }

    /// Whether a device wants `committed` receipts.
    pub(crate) fn wants_receipts(&self, role: Role, device: &str) -> bool {
        match role {
            Role::Wearer => self.wearers_with_receipts.contains_key(device),
            Role::Victim => self.victims_with_receipts.contains_key(device),
        }
    }

    fn wishes(&mut self, role: Role) -> &mut Wishes {
        match role {
            Role::Wearer => &mut self.wearers_with_receipts,
            Role::Victim => &mut self.victims_with_receipts,
        }
    }
}

/// Takes an order out of an entry, and the entry out when nothing is left in it.
fn drop_from<K, Q, V>(
    map: &mut BTreeMap<K, V>,
    key: &Q,
    remove: impl FnOnce(&mut V) -> bool,
    is_empty: impl FnOnce(&V) -> bool,
) where
    K: Ord + Borrow<Q>,
    Q: Ord + ?Sized,
{
    if let Some(value) = map.get_mut(key)
        && remove(value)
        && is_empty(value)
    {
        map.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(id: &str, receipts: bool) -> Order {
        let text = serde_json::json!({
            "order": id, "legal_basis": "special_condition",
            "valid_from": "2026-11-01T00:00:00Z", "valid_until": "2027-11-01T00:00:00Z",
            "wearer": {"person": "w", "device": "am-1", "owntracks": "jan/phone", "receipts": receipts},
            "victims": [{"person": "v", "device": "vd-1", "proximity": null}],
            "zones": {"type": "FeatureCollection", "features": []}, "contacts": {}
        });
        zones::order::read(&text.to_string()).unwrap().remove(0).into_order().unwrap()
    }

    #[test]
    fn a_name_lasts_as_long_as_an_order_states_it() {
        let mut register = Register::default();
        let (first, second) = (order("o-1", true), order("o-2", false));
        register.note(&first);
        register.note(&second);
        assert_eq!(register.tracker("jan/phone").unwrap().1.as_str(), "am-1");
        assert_eq!(register.role("vd-1"), Some(Role::Victim));
        assert!(register.wants_receipts(Role::Wearer, "am-1"));
        register.forget(&first);
        assert!(!register.wants_receipts(Role::Wearer, "am-1"), "only the first asked for them");
        assert!(register.tracker("jan/phone").is_some());
        register.forget(&second);
        assert_eq!((register.tracker("jan/phone"), register.role("am-1")), (None, None));
    }
}
