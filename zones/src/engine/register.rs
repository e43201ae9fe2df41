//! The register: which orders, devices and watches there are.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use smallvec::SmallVec;

use super::device::{Beside, Device};
use super::timers::Timer;
use super::watch::{Subject, Watch, WatchKey, What};
use super::{Engine, Outcome, Registered};
use crate::geometry::ZoneIndex;
use crate::order::{Order, ZoneKind, fits_beside};
use crate::standing::Episode;
use crate::{DeviceId, Invalid, Millis, OrderId, PersonId, Role, Timestamp, policy, words};

/// Why an input was not taken in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No registered order names the device in that role.
    #[error("unknown device")]
    UnknownDevice,
    /// No order has that id.
    #[error("unknown order")]
    UnknownOrder,
    /// It does not go together with the wearer's other orders.
    #[error(transparent)]
    Beside(Invalid),
    /// A device belongs to one person at a time.
    #[error("{device} belongs to {person} under {order}, which is valid at the same time")]
    DeviceTaken {
        /// The device.
        device: DeviceId,
        /// Whose it is.
        person: PersonId,
        /// The order that says so.
        order: OrderId,
    },
}

impl Engine {
    pub(super) fn put_order(&mut self, now: Timestamp, order: &Arc<Order>) -> Result<Outcome, Refused> {
        if self.order(&order.order).is_some_and(|known| known == order) {
            return Ok(Outcome::Duplicate);
        }
        self.admit(order)?;
        let wearers = self.wearers_of(&order.order, Some(order));
        let had = self.succeeded(&wearers);
        self.end_what_is_dropped(now, order);
        let (kept, devices) = self.unregister(&order.order);
        let left = self.register(order, kept);
        self.note_gone(&order.order, left);
        for slot in &devices {
            self.note_protection(*slot);
        }
        self.sweep(devices);
        self.set_order_timers(now, order);
        if order.in_force(now) {
            self.begin_order(now, &order.order);
        } else {
            self.end_order(now, &order.order, words::ORDER_CHANGED);
        }
        self.settle_expiry(now, &wearers, &had);
        Ok(Outcome::Done)
    }

    pub(super) fn withdraw_order(&mut self, now: Timestamp, id: &OrderId) -> Result<Outcome, Refused> {
        let order = self.order(id).cloned().ok_or(Refused::UnknownOrder)?;
        let wearers = self.wearers_of(id, None);
        let had = self.succeeded(&wearers);
        self.end_order(now, id, words::ORDER_CHANGED);
        self.forget_order(&order);
        self.settle_expiry(now, &wearers, &had);
        Ok(Outcome::Done)
    }

    /// The wearers of an order: as it is known, and as it is to be.
    fn wearers_of(&self, id: &OrderId, new: Option<&Order>) -> Vec<PersonId> {
        let known = self.order(id).map(|order| order.wearer.person.clone());
        let mut wearers: Vec<_> =
            known.into_iter().chain(new.map(|order| order.wearer.person.clone())).collect();
        wearers.sort();
        wearers.dedup();
        wearers
    }

    /// Takes an order out, with all that is remembered of its watches.
    pub(super) fn forget_order(&mut self, order: &Order) {
        let (kept, devices) = self.unregister(&order.order);
        self.note_gone(&order.order, kept);
        let about: Vec<_> = self.about_order(&order.order).map(|(key, _)| key.clone()).collect();
        for key in about {
            self.about_devices.remove(&key);
            self.changed_about.insert(key);
        }
        self.sweep(devices);
    }

    /// What is remembered of the devices of an order.
    pub(super) fn about_order(&self, id: &OrderId) -> impl Iterator<Item = (&WatchKey, &Episode)> {
        let id = id.clone();
        self.about_devices.iter().filter(move |(key, _)| key.order == id)
    }

    /// The rows of watches that are gone must go too.
    fn note_gone(&mut self, order: &OrderId, gone: BTreeMap<Subject, Box<Episode>>) {
        let keys = gone.into_keys().map(|subject| WatchKey { order: order.clone(), subject });
        self.changed_about.extend(keys);
    }

    /// Checks what no single order can know.
    fn admit(&self, order: &Order) -> Result<(), Refused> {
        let related = self.related(order);
        fits_beside(order, related.iter().map(|other| &***other)).map_err(Refused::Beside)?;
        related.iter().filter(|other| other.overlaps(order)).try_for_each(|other| taken(order, other))
    }

    /// The other orders of the same wearer or with one of the same devices, ascending.
    fn related(&self, order: &Order) -> Vec<&Arc<Order>> {
        let of_wearer = self.orders_of_wearer(&order.wearer.person);
        let mut ids: BTreeSet<&OrderId> = of_wearer.map(|order| &order.order).collect();
        for device in order.parties().filter_map(|(_, party)| party.device.as_ref()) {
            let slots = [Role::Wearer, Role::Victim].map(|role| self.find(role, device.as_str()).ok());
            ids.extend(slots.into_iter().flatten().flat_map(|slot| &self.devices[slot as usize].orders));
        }
        ids.remove(&order.order);
        ids.into_iter().filter_map(|id| self.order(id)).collect()
    }

    /// Enters an order, giving its watches the memory of those they replace; returns what found no heir.
    fn register(
        &mut self,
        order: &Arc<Order>,
        mut kept: BTreeMap<Subject, Box<Episode>>,
    ) -> BTreeMap<Subject, Box<Episode>> {
        let mut devices = Vec::new();
        for (role, party) in order.parties() {
            let Some(id) = &party.device else { continue };
            let slot = self.device_slot(role, id);
            let device = &mut self.devices[slot as usize];
            if let Err(gap) = device.orders.binary_search(&order.order) {
                device.orders.insert(gap, order.order.clone());
            }
            devices.push(slot);
        }
        if let Some(wearer) = devices.first() {
            self.wearers.insert(order.wearer.person.as_str(), *wearer);
        }
        let mut watches = Vec::new();
        for (subject, what, victim) in watched(order) {
            let Some(wearer) = devices.first().copied() else { break };
            let victim = victim.and_then(|id| self.find(Role::Victim, id).ok()).unwrap_or(wearer);
            let Some(watch) = Watch::new(order, what, wearer, victim) else { continue };
            watches.push(self.add_watch(Watch { episode: kept.remove(&subject), ..watch }));
        }
        self.orders.insert(
            order.order.clone(),
            Registered { order: Arc::clone(order), watches: watches.into(), devices: devices.clone().into() },
        );
        for slot in devices {
            self.relist(slot);
        }
        kept
    }

    /// Takes an order's watches out; returns what was remembered of them, and the devices it named.
    fn unregister(&mut self, id: &OrderId) -> (BTreeMap<Subject, Box<Episode>>, Vec<u32>) {
        let mut kept = BTreeMap::new();
        let Some(registered) = self.orders.remove(id) else { return (kept, Vec::new()) };
        if let Some(wearer) = registered.devices.first() {
            self.wearers.remove(registered.order.wearer.person.as_str(), *wearer);
        }
        for slot in registered.watches {
            let watch = &mut self.watches[slot as usize];
            watch.timer_at = None;
            if std::mem::take(&mut watch.changed) {
                self.changed_about.extend(watch.key());
            }
            if let (Some(subject), Some(episode)) = (watch.subject(), watch.episode.take()) {
                kept.insert(subject, episode);
            }
            self.free_watches.push(slot);
        }
        for slot in &registered.devices {
            self.devices[*slot as usize].orders.retain(|order| order != id);
            self.relist(*slot);
        }
        (kept, registered.devices.into_vec())
    }

    fn add_watch(&mut self, watch: Watch) -> u32 {
        if let Some(slot) = self.free_watches.pop() {
            self.watches[slot as usize] = watch;
            return slot;
        }
        self.watches.push(watch);
        self.watches.len() as u32 - 1
    }

    /// The slot of a device, a new one if need be.
    fn device_slot(&mut self, role: Role, id: &DeviceId) -> u32 {
        if let Ok(slot) = self.find(role, id.as_str()) {
            return slot;
        }
        let device = Device::new(id.clone(), role);
        let slot = if let Some(slot) = self.free_devices.pop() {
            self.devices[slot as usize] = device;
            slot
        } else {
            self.devices.push(device);
            self.besides.push(Beside::NOBODY);
            self.devices.len() as u32 - 1
        };
        self.device_names.insert(id.as_str(), slot);
        slot
    }

    /// Makes a device's lists anew from its orders.
    fn relist(&mut self, slot: u32) {
        let device = &self.devices[slot as usize];
        let orders: Vec<_> = device.orders.iter().filter_map(|order| self.orders.get(order)).collect();
        let of_device = |watch: &&u32| {
            let watch = &self.watches[**watch as usize];
            let slots = (watch.wearer, watch.victim);
            if device.role == Role::Wearer { slots.0 == slot } else { slots.1 == slot && slots.0 != slot }
        };
        let watches: SmallVec<_> =
            orders.iter().flat_map(|o| &o.watches).filter(of_device).copied().collect();
        let party = |registered: &&Registered| {
            let order = &registered.order;
            let found = order
                .parties()
                .find(|(role, party)| *role == device.role && party.device.as_ref() == Some(&device.id));
            found.map(|(_, party)| party.fix_interval)
        };
        let interval = orders.iter().filter_map(party).min().unwrap_or(policy::FIX_INTERVAL);
        let (mut zones, mut always, mut raised) = (Vec::new(), SmallVec::new(), SmallVec::new());
        for (place, watch) in watches.iter().enumerate() {
            let watch = &self.watches[*watch as usize];
            match watch.what {
                What::Zone(n) if watch.order.zones[usize::from(n)].kind == ZoneKind::Exclusion => {
                    let zone = &watch.order.zones[usize::from(n)];
                    zones.push((place as u32, &zone.shape, zone.buffer_m + policy::COARSE_M));
                    raised.extend(watch.is_raised().then_some(place as u16));
                }
                _ => always.push(place as u16),
            }
        }
        let zones = ZoneIndex::new(zones.into_iter());
        let is_wearer = device.role == Role::Wearer;
        let beside = always.first().map_or(Beside::NOBODY, |place: &u16| {
            let slot = watches[usize::from(*place)];
            let watch = &self.watches[slot as usize];
            Beside { watch: slot, device: if is_wearer { watch.victim } else { watch.wearer } }
        });
        for (place, watch) in watches.iter().enumerate().filter(|_| is_wearer) {
            self.watches[*watch as usize].place = place as u16;
        }
        self.besides[slot as usize] = beside;
        let device = &mut self.devices[slot as usize];
        device.zones = zones;
        device.always = always;
        device.raised = raised;
        device.interval = interval;
        device.named = !device.orders.is_empty();
        device.watches = watches;
        for place in 0..self.devices[slot as usize].watches.len() {
            let watch = self.devices[slot as usize].watches[place] as usize;
            let parties = [self.watches[watch].wearer, self.watches[watch].victim];
            let [his, hers] = parties.map(|party| self.devices[party as usize].interval);
            self.watches[watch].interval = his.max(hers);
        }
    }

    /// Slots of all devices in use, ascending by role and id.
    pub(super) fn device_slots(&self) -> Vec<u32> {
        let mut slots: Vec<u32> =
            (0..self.devices.len() as u32).filter(|s| self.devices[*s as usize].named).collect();
        slots.sort_by(|a, b| self.device_name(*a).cmp(&self.device_name(*b)));
        slots
    }

    /// What a device is sorted by where order matters.
    pub(super) fn device_name(&self, slot: u32) -> (Role, &DeviceId) {
        let device = &self.devices[slot as usize];
        (device.role, &device.id)
    }

    /// Frees those devices that no order names any more.
    fn sweep(&mut self, devices: Vec<u32>) {
        for slot in devices {
            let device = &self.devices[slot as usize];
            if device.named {
                continue;
            }
            self.device_names.remove(device.id.as_str(), slot);
            self.gone_devices.insert((device.role, device.id.clone()));
            self.end_protection(slot);
            self.free_devices.push(slot);
        }
    }

    /// Ends what stands raised under an order and has no place in its new version.
    fn end_what_is_dropped(&mut self, now: Timestamp, order: &Order) {
        let Some(registered) = self.orders.get(&order.order) else { return };
        let stays: BTreeSet<Subject> = watched(order).into_iter().map(|(subject, ..)| subject).collect();
        let dropped =
            |slot: &u32| self.watches[*slot as usize].subject().is_some_and(|s| !stays.contains(&s));
        let dropped: Vec<u32> = registered.watches.iter().copied().filter(dropped).collect();
        for slot in dropped {
            self.lower(slot, now, words::ORDER_CHANGED);
        }
        let named =
            |device: &DeviceId| order.parties().any(|(_, party)| party.device.as_ref() == Some(device));
        let gone: Vec<WatchKey> = self
            .about_order(&order.order)
            .filter(|(key, _)| matches!(&key.subject, Subject::Device(_, device) if !named(device)))
            .map(|(key, _)| key.clone())
            .collect();
        for key in gone {
            self.lower_about(now, &key, words::ORDER_CHANGED);
            self.about_devices.remove(&key);
            self.changed_about.insert(key);
        }
    }

    /// Enters an order again after a restart: nothing begins anew, nothing is said.
    pub(super) fn resume_order(&mut self, order: Arc<Order>) -> Result<(), (Arc<Order>, Refused)> {
        if let Err(refused) = self.admit(&order) {
            return Err((order, refused));
        }
        let mut kept = BTreeMap::new();
        for (subject, ..) in watched(&order) {
            let key = WatchKey { order: order.order.clone(), subject };
            if let Some(episode) = self.about_devices.remove(&key) {
                kept.insert(key.subject, Box::new(episode));
            }
        }
        self.register(&order, kept);
        self.set_order_timers(self.clock, &order);
        if order.in_force(self.clock) {
            let watches = self.orders.get(&order.order).map(|r| r.watches.clone()).unwrap_or_default();
            for slot in watches {
                self.set_schedule_timer(self.clock, slot);
            }
        }
        Ok(())
    }

    fn set_order_timers(&mut self, now: Timestamp, order: &Order) {
        for at in [order.valid_from, order.valid_until] {
            if at > now {
                self.timers.set(at, Timer::Order(order.order.clone()));
            }
        }
        self.set_expiry_timer(now, order);
        let forgotten = (order.valid_until + policy::HISTORY).max(now + Millis(1));
        self.timers.set(forgotten, Timer::Order(order.order.clone()));
    }
}

/// The watches of an order, ascending by subject: zones, then pairs with the victim's device.
fn watched(order: &Order) -> Vec<(Subject, What, Option<&str>)> {
    let zones = order.zones.iter().enumerate();
    let mut all: Vec<_> =
        zones.map(|(n, zone)| (Subject::Zone(zone.zone.clone()), What::Zone(n as u16), None)).collect();
    for (n, victim) in order.victims.iter().enumerate() {
        if let (Some(_), Some(device)) = (victim.proximity, &victim.party.device) {
            let subject = Subject::Pair(victim.party.person.clone());
            all.push((subject, What::Pair(n as u16), Some(device.as_str())));
        }
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

/// Refuses an order that gives a device to somebody else than another order does.
fn taken(order: &Order, other: &Order) -> Result<(), Refused> {
    for (role, party) in order.parties() {
        for (other_role, owner) in other.parties() {
            let same = party.device.is_some() && party.device == owner.device;
            let other_owner = party.person != owner.person || role != other_role;
            if let (true, Some(device)) = (same && other_owner, &party.device) {
                let (device, person) = (device.clone(), owner.person.clone());
                return Err(Refused::DeviceTaken { device, person, order: other.order.clone() });
            }
        }
    }
    Ok(())
}

impl Order {
    fn overlaps(&self, other: &Self) -> bool {
        self.valid_from < other.valid_until && other.valid_from < self.valid_until
    }
}
