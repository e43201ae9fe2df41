//! What the register says about devices beyond what the engine needs: their other names, their wishes.

use std::collections::BTreeMap;

use zones::order::Order;
use zones::{ByOrder, DeviceId, Invalid, Role};

/// Names and wishes of devices, by the orders that state them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Register {
    trackers: ByOrder<String, (Role, DeviceId)>,
    devices: ByOrder<DeviceId, Stated>,
}

/// What an order says of a device.
#[derive(Debug, Clone, Copy)]
struct Stated {
    role: Role,
    receipts: bool,
}

impl Register {
    /// Takes in an order.
    pub(crate) fn note(&mut self, order: &Order) {
        for (role, party) in order.parties() {
            let Some(device) = &party.device else { continue };
            let stated = Stated { role, receipts: party.receipts };
            self.devices.insert(device.clone(), order.order.clone(), stated);
            if let Some(tracker) = &party.owntracks {
                self.trackers.insert(tracker.clone(), order.order.clone(), (role, device.clone()));
            }
        }
    }

    /// Takes out what an order had stated.
    pub(crate) fn forget(&mut self, order: &Order) {
        for (_, party) in order.parties() {
            let Some(device) = &party.device else { continue };
            self.devices.remove(device, &order.order);
            if let Some(tracker) = &party.owntracks {
                self.trackers.remove(tracker, &order.order);
            }
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
            let mut others = self
                .trackers
                .of(tracker)
                .filter(|(id, (r, d))| **id != order.order && (*r, d) != (role, device));
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
        self.trackers.of(&tracker.to_owned()).map(|(_, device)| device).last()
    }

    /// The role of a device whose message does not say it.
    pub(crate) fn role(&self, device: &str) -> Option<Role> {
        self.devices.of(&DeviceId::new(device).ok()?).map(|(_, stated)| stated.role).last()
    }

    /// Whether a device wants `committed` receipts.
    pub(crate) fn wants_receipts(&self, role: Role, device: &str) -> bool {
        let Ok(device) = DeviceId::new(device) else { return false };
        self.devices.of(&device).any(|(_, stated)| stated.role == role && stated.receipts)
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
