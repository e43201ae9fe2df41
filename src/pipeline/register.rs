//! What the register says about devices beyond what the engine needs: their other names, their wishes.

use std::collections::BTreeMap;
use std::sync::Arc;

use zones::order::Order;
use zones::{DeviceId, Invalid, NamedOrders, OrderId, Role};

/// Names and wishes of devices, by the orders that state them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Register(NamedOrders);

impl Register {
    /// Takes in many orders.
    pub(crate) fn note_all(&mut self, orders: &[Arc<Order>]) {
        self.0.reserve(orders.len());
        for order in orders {
            self.note(order);
        }
    }

    /// Takes in an order, in place of what stood under its id.
    pub(crate) fn note(&mut self, order: &Arc<Order>) {
        self.0.insert(Arc::clone(order));
    }

    /// Takes out what an order had stated.
    pub(crate) fn forget(&mut self, order: &OrderId) {
        self.0.remove(order);
    }

    /// Refuses an order that gives an OwnTracks name to another device than a registered order does: one phone
    /// would tell two people's places, and nobody could say whose.
    pub(crate) fn names_are_free(&self, order: &Order) -> Result<(), Invalid> {
        let mut own = BTreeMap::new();
        for (n, (role, party)) in order.parties().enumerate() {
            let (Some(device), Some(tracker)) = (&party.device, &party.owntracks) else { continue };
            let field =
                if n == 0 { "wearer.owntracks".to_owned() } else { format!("victims[{}].owntracks", n - 1) };
            let other = self.0.of_tracker(tracker).find(|stated| {
                let another = (stated.role, stated.party.device.as_ref()) != (role, Some(device));
                stated.order.order != order.order && stated.party.device.is_some() && another
            });
            if let Some(stated) = other {
                let problem = format!("is the name of another device in {}", stated.order.order);
                return Err(Invalid::new(field, problem));
            }
            if own.insert(tracker, (role, device)).is_some_and(|before| before != (role, device)) {
                return Err(Invalid::new(field, "is the name of two devices in this order"));
            }
        }
        Ok(())
    }

    /// The device that an OwnTracks name `user/device` stands for.
    pub(crate) fn tracker<'a>(&'a self, tracker: &'a str) -> Option<(Role, &'a DeviceId)> {
        let stated = self.0.of_tracker(tracker);
        stated.filter_map(|stated| Some((stated.role, stated.party.device.as_ref()?))).last()
    }

    /// The role of a device whose message does not say it.
    pub(crate) fn role(&self, device: &str) -> Option<Role> {
        self.0.of_device(device).map(|stated| stated.role).last()
    }

    /// Whether a device wants `committed` receipts.
    pub(crate) fn wants_receipts(&self, role: Role, device: &str) -> bool {
        self.0.of_device(device).any(|stated| stated.role == role && stated.party.receipts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(id: &str, receipts: bool) -> Arc<Order> {
        let text = serde_json::json!({
            "order": id, "legal_basis": "special_condition",
            "valid_from": "2026-11-01T00:00:00Z", "valid_until": "2027-11-01T00:00:00Z",
            "wearer": {"person": "w", "device": "am-1", "owntracks": "jan/phone", "receipts": receipts},
            "victims": [{"person": "v", "device": "vd-1", "proximity": null}],
            "zones": {"type": "FeatureCollection", "features": []}, "contacts": {}
        });
        Arc::new(zones::order::read(&text.to_string()).unwrap().remove(0).into_order().unwrap())
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
        register.forget(&first.order);
        assert!(!register.wants_receipts(Role::Wearer, "am-1"), "only the first asked for them");
        assert!(register.tracker("jan/phone").is_some());
        register.forget(&second.order);
        assert_eq!((register.tracker("jan/phone"), register.role("am-1")), (None, None));
    }
}
