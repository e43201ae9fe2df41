//! What a victim may count on: *protected*, *limited* or *unprotected*, and why (§4 `protection`).
//!
//! It follows from what is known of her device, of the wearers' and of the orders, and never says where anybody
//! is.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::device::Device;
use super::watch::{Subject, WatchKey};
use super::{Effect, Engine};
use crate::alert::AlertKind;
use crate::order::Order;
use crate::{DeviceId, Role, Standing, Timestamp};

/// How well a victim is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProtectionState {
    /// Everything works.
    Protected,
    /// Something is less certain or slower than it should be.
    Limited,
    /// She must not count on a warning.
    Unprotected,
}

/// Why she is not fully protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProtectionReason {
    /// No order that protects her is in force.
    NoOrderInForce,
    /// Her device does not report.
    OwnDeviceSilent,
    /// Her device has not reported yet.
    OwnDeviceUnseen,
    /// Her device only knows roughly where it is, or its position does not change though it should.
    OwnPositionVague,
    /// Her device's battery is nearly empty.
    OwnBatteryCritical,
    /// A wearer's ankle monitor does not report.
    WearerDeviceSilent,
    /// A wearer's ankle monitor has not reported yet.
    WearerDeviceUnseen,
    /// A wearer's ankle monitor only knows roughly where it is, or its position does not change though it should.
    WearerPositionVague,
    /// A wearer's ankle monitor was opened, or jammed.
    WearerDeviceTampered,
    /// A wearer may be near, but that is too uncertain to say.
    DistanceUncertain,
    /// Her device and the phone or beacon that belongs to it are apart.
    OwnDeviceParted,
    /// A wearer's ankle monitor and the phone or beacon that belongs to it are apart.
    WearerDeviceParted,
}

/// What a victim was last told of her protection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Protection {
    /// How well she is protected.
    pub state: ProtectionState,
    /// Why it is no better, ascending.
    pub reasons: Vec<ProtectionReason>,
    /// Since when that state lasts.
    pub since: Timestamp,
}

impl ProtectionReason {
    const ALL: [Self; 12] = [
        Self::NoOrderInForce,
        Self::OwnDeviceSilent,
        Self::OwnDeviceUnseen,
        Self::OwnPositionVague,
        Self::OwnBatteryCritical,
        Self::WearerDeviceSilent,
        Self::WearerDeviceUnseen,
        Self::WearerPositionVague,
        Self::WearerDeviceTampered,
        Self::DistanceUncertain,
        Self::OwnDeviceParted,
        Self::WearerDeviceParted,
    ];
}

/// A [`Protection`] as the state of a device remembers it: that is copied with every fix, and must cost nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    state: ProtectionState,
    /// One bit a reason, in their order.
    reasons: u16,
    since: Timestamp,
}

impl Told {
    /// What was told.
    pub fn protection(self) -> Protection {
        let has = |reason: &ProtectionReason| self.reasons & 1 << *reason as u16 != 0;
        let reasons = ProtectionReason::ALL.into_iter().filter(has).collect();
        Protection { state: self.state, reasons, since: self.since }
    }
}

/// Reasons with how bad each is.
#[derive(Default)]
struct Findings {
    reasons: BTreeSet<ProtectionReason>,
    unprotected: bool,
}

impl Findings {
    fn add(&mut self, reason: ProtectionReason, when: bool) {
        if when {
            self.reasons.insert(reason);
        }
    }

    fn add_bad(&mut self, reason: ProtectionReason, when: bool) {
        self.add(reason, when);
        self.unprotected |= when;
    }
}

impl Engine {
    /// Something changed that the protection of a victim may depend on: of her own device, or of a wearer's.
    pub(super) fn note_protection(&mut self, slot: u32) {
        let device = &self.devices[slot as usize];
        if device.role == Role::Victim {
            self.protection_due.push(slot);
            return;
        }
        for order in &device.orders {
            if let Some(order) = self.orders.get(order) {
                let victims =
                    order.devices.iter().filter(|slot| self.devices[**slot as usize].role == Role::Victim);
                self.protection_due.extend(victims);
            }
        }
    }

    /// The same for all victims of an order.
    pub(super) fn note_protection_by(&mut self, order: &crate::OrderId) {
        if let Some(order) = self.orders.get(order) {
            self.protection_due
                .extend(order.devices.iter().filter(|s| self.devices[**s as usize].role == Role::Victim));
        }
    }

    /// Says what has changed, by name.
    pub(super) fn say_protection(&mut self) {
        if self.protection_due.is_empty() {
            return;
        }
        let mut due = std::mem::take(&mut self.protection_due);
        due.retain(|slot| self.devices[*slot as usize].named);
        due.sort_by(|a, b| self.device_name(*a).cmp(&self.device_name(*b)));
        due.dedup();
        for slot in due.drain(..) {
            self.tell_protection(slot);
        }
        self.protection_due = due;
    }

    fn tell_protection(&mut self, slot: u32) {
        let device = &self.devices[slot as usize];
        let mut found = Findings::default();
        let mut victims: BTreeSet<&str> = BTreeSet::new();
        for order in
            device.orders.iter().filter_map(|order| self.order(order)).filter(|o| o.in_force(self.clock))
        {
            for victim in order.victims.iter().filter(|v| v.party.device.as_ref() == Some(&device.id)) {
                victims.insert(victim.party.person.as_str());
                if victim.proximity.is_some() {
                    self.find_own(order, device, &mut found);
                }
                self.find_wearer(order, victim, &mut found);
            }
        }
        if victims.is_empty() {
            found.add_bad(ProtectionReason::NoOrderInForce, true);
        }
        let state = match (found.unprotected, found.reasons.is_empty()) {
            (true, _) => ProtectionState::Unprotected,
            (false, false) => ProtectionState::Limited,
            (false, true) => ProtectionState::Protected,
        };
        let reasons: Vec<_> = found.reasons.into_iter().collect();
        self.set_protection(slot, state, reasons);
    }

    /// A device that leaves the register protects nobody any more, and its bearer must know.
    pub(super) fn end_protection(&mut self, slot: u32) {
        if self.devices[slot as usize].state.protection.is_some() {
            self.set_protection(slot, ProtectionState::Unprotected, vec![ProtectionReason::NoOrderInForce]);
        }
    }

    fn set_protection(&mut self, slot: u32, state: ProtectionState, reasons: Vec<ProtectionReason>) {
        let device = &self.devices[slot as usize];
        let told = device.state.protection;
        let bits = reasons.iter().fold(0, |bits, reason| bits | 1 << *reason as u16);
        if told.is_some_and(|told| told.state == state && told.reasons == bits) {
            return;
        }
        let since = told.filter(|told| told.state == state).map_or(self.clock, |told| told.since);
        let protection = Protection { state, reasons, since };
        let (id, orders) = (device.id.clone(), &device.orders);
        let carried = |order: &crate::OrderId| {
            let order = self.order(order)?;
            let victim = order.victims.iter().find(|victim| victim.party.device.as_ref() == Some(&id))?;
            Some(victim.party.person.clone())
        };
        let victim = orders.iter().find_map(carried);
        self.devices[slot as usize].state.protection = Some(Told { state, reasons: bits, since });
        self.note_device(slot);
        self.effects.push_back(Effect::Protection { victim, device: id, protection });
    }

    /// What her own device makes of her protection by a moving zone.
    fn find_own(&self, order: &Order, device: &Device, found: &mut Findings) {
        let silence = self.stands_about(order, AlertKind::Silence, &device.id);
        found.add(ProtectionReason::OwnDeviceSilent, silence == Standing::Warning);
        found.add_bad(ProtectionReason::OwnDeviceSilent, silence == Standing::Alarm);
        // Where she is nobody knows: a moving zone that has no middle warns of nothing.
        found.add_bad(ProtectionReason::OwnDeviceUnseen, device.state.last.is_none());
        found.add(ProtectionReason::OwnPositionVague, device.state.is_vague());
        let battery = self.stands_about(order, AlertKind::Battery, &device.id);
        found.add(ProtectionReason::OwnBatteryCritical, battery == Standing::Alarm);
        let parted = self.stands_about(order, AlertKind::Parted, &device.id);
        found.add(ProtectionReason::OwnDeviceParted, parted > Standing::Clear);
    }

    /// What the wearer's device makes of it, and the distance between both.
    fn find_wearer(&self, order: &Order, victim: &crate::order::Victim, found: &mut Findings) {
        let Some(id) = &order.wearer.device else { return };
        let Ok(slot) = self.find(Role::Wearer, id.as_str()) else { return };
        let wearer = &self.devices[slot as usize];
        let silence = self.stands_about(order, AlertKind::Silence, id);
        found.add(ProtectionReason::WearerDeviceSilent, silence == Standing::Warning);
        found.add_bad(ProtectionReason::WearerDeviceSilent, silence == Standing::Alarm);
        // One that never reported is no better than one that is silent for long.
        found.add_bad(ProtectionReason::WearerDeviceUnseen, wearer.state.last.is_none());
        found.add(ProtectionReason::WearerPositionVague, wearer.state.is_vague());
        let tamper = self.stands_about(order, AlertKind::Tamper, id);
        found.add_bad(ProtectionReason::WearerDeviceTampered, tamper > Standing::Clear);
        let jamming = self.stands_about(order, AlertKind::Jamming, id);
        found.add(ProtectionReason::WearerDeviceTampered, jamming > Standing::Clear);
        let parted = self.stands_about(order, AlertKind::Parted, id);
        found.add(ProtectionReason::WearerDeviceParted, parted > Standing::Clear);
        let pair =
            WatchKey { order: order.order.clone(), subject: Subject::Pair(victim.party.person.clone()) };
        let possible = self.episode(&pair).is_some_and(|episode| episode.standing == Standing::Possible);
        found.add(ProtectionReason::DistanceUncertain, possible);
    }

    fn stands_about(&self, order: &Order, kind: AlertKind, device: &DeviceId) -> Standing {
        let key = WatchKey { order: order.order.clone(), subject: Subject::Device(kind, device.clone()) };
        self.standing_about(&key)
    }
}
