//! State in and out: all of it at once, or what has changed since it was last asked for.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Engine;
use super::device::DeviceState;
use super::track::Kept;
use super::watch::WatchKey;
use crate::order::Order;
use crate::standing::Episode;
use crate::{DeviceId, Millis, Role, Timestamp};

/// The state of one device; `None` when no order names it any more.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceRow {
    /// The party it belongs to.
    pub role: Role,
    /// Its id.
    pub device: DeviceId,
    /// What is remembered of it.
    pub state: Option<DeviceState>,
}

/// Where one device was before what its state remembers; `None` when no order names it any more.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryRow {
    /// The party it belongs to.
    pub role: Role,
    /// Its id.
    pub device: DeviceId,
    /// The places kept, oldest first.
    pub history: Option<Vec<Kept>>,
}

/// The memory of one watch; `None` when the watch is gone.
#[derive(Debug, Clone, PartialEq)]
pub struct EpisodeRow {
    /// The watch.
    pub watch: WatchKey,
    /// What is remembered of it.
    pub episode: Option<Episode>,
}

/// Rows that have changed, each once, as it stands now. Their order follows from the input.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Changes {
    /// Devices: those that are gone, then the others in the order in which they first changed.
    pub devices: Vec<DeviceRow>,
    /// Histories of devices, which change with one fix in several.
    pub histories: Vec<HistoryRow>,
    /// Watches, ascending by name.
    pub episodes: Vec<EpisodeRow>,
    /// Orders that are not registered any more because they ended a history ago.
    pub forgotten: Vec<Arc<Order>>,
}

/// Something that has changed, lent; see [`Changes`].
#[derive(Debug)]
pub enum Change<'a> {
    /// A device; its state is `None` when no order names it any more.
    Device {
        /// The party it belongs to.
        role: Role,
        /// Its id.
        device: &'a DeviceId,
        /// What is remembered of it.
        state: Option<&'a DeviceState>,
    },
    /// The history of a device; `None` when no order names it any more.
    History {
        /// The party it belongs to.
        role: Role,
        /// Its id.
        device: &'a DeviceId,
        /// Where it was.
        history: Option<&'a [Kept]>,
    },
    /// A watch; `None` when it is gone.
    Watch {
        /// The watch.
        watch: WatchKey,
        /// What is remembered of it.
        episode: Option<&'a Episode>,
    },
    /// An order that is not registered any more because it ended a history ago.
    Forgotten(Arc<Order>),
}

/// Everything an engine needs to go on as if it had never stopped.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// The latest time that was handled.
    pub clock: Timestamp,
    /// Whether devices could be heard.
    pub hearing: bool,
    /// Since when, if that was ever said.
    pub hearing_since: Option<Timestamp>,
    /// How much of the grace went by in spells of hearing that ended before it did.
    pub hearing_served: Millis,
    /// The register, ascending by id.
    pub orders: Vec<Arc<Order>>,
    /// All devices.
    pub devices: Vec<DeviceRow>,
    /// Histories, of those devices that have one.
    pub histories: Vec<HistoryRow>,
    /// All watches that were ever raised.
    pub episodes: Vec<EpisodeRow>,
}

impl Engine {
    /// The whole state. Effects that were not polled are not in it: drain them first.
    pub fn snapshot(&self) -> Snapshot {
        let watches = self.orders.values().flat_map(|registered| &registered.watches);
        let mut episodes: Vec<_> = watches
            .filter_map(|slot| {
                let watch = &self.watches[*slot as usize];
                Some(EpisodeRow { watch: watch.key()?, episode: Some(watch.episode.as_deref()?.clone()) })
            })
            .collect();
        episodes.extend(
            self.about_devices
                .iter()
                .map(|(key, episode)| EpisodeRow { watch: key.clone(), episode: Some(episode.clone()) }),
        );
        episodes.sort_by(|a, b| a.watch.cmp(&b.watch));
        Snapshot {
            clock: self.clock,
            hearing: self.hearing.on,
            hearing_since: self.hearing.since,
            hearing_served: self.hearing.served,
            orders: self.orders().cloned().collect(),
            devices: self.device_slots().into_iter().map(|slot| self.device_row(slot)).collect(),
            histories: self
                .device_slots()
                .into_iter()
                .filter(|slot| !self.devices[*slot as usize].history.is_empty())
                .map(|slot| self.history_row(slot))
                .collect(),
            episodes,
        }
    }

    /// Takes what has changed since the last call: [`drain_changes`](Self::drain_changes), copied.
    pub fn take_changes(&mut self) -> Changes {
        let mut changes = Changes::default();
        self.drain_changes(|change| match change {
            Change::Device { role, device, state } => {
                let row = DeviceRow { role, device: device.clone(), state: state.cloned() };
                changes.devices.push(row);
            }
            Change::History { role, device, history } => {
                let row = HistoryRow { role, device: device.clone(), history: history.map(<[_]>::to_vec) };
                changes.histories.push(row);
            }
            Change::Watch { watch, episode } => {
                changes.episodes.push(EpisodeRow { watch, episode: episode.cloned() });
            }
            Change::Forgotten(order) => changes.forgotten.push(order),
        });
        changes
    }

    /// Hands out what has changed since the last call, each once, as it stands now: histories, devices, watches,
    /// orders that were forgotten. Nothing is copied: nearly every fix changes a device.
    pub fn drain_changes(&mut self, mut each: impl FnMut(Change<'_>)) {
        // Those that were gone and are back are changed, with a history that begins anew.
        let mut gone = std::mem::take(&mut self.gone_devices);
        gone.retain(|(role, device)| match self.find(*role, device.as_str()) {
            Ok(slot) => {
                self.note_history(slot);
                self.note_device(slot);
                false
            }
            Err(_) => true,
        });
        for (role, device) in &gone {
            each(Change::History { role: *role, device, history: None });
        }
        for slot in self.changed_histories.drain(..) {
            let device = &mut self.devices[slot as usize];
            // A slot that was freed and given away since may stand here twice.
            if std::mem::take(&mut device.history_changed) && device.named {
                let history = Some(&*device.history);
                each(Change::History { role: device.role, device: &device.id, history });
            }
        }
        for (role, device) in &gone {
            each(Change::Device { role: *role, device, state: None });
        }
        // In the order in which they first changed: sorting them by name would cost as much as judging them.
        for slot in self.changed_devices.drain(..) {
            let device = &mut self.devices[slot as usize];
            if std::mem::take(&mut device.changed) && device.named {
                each(Change::Device { role: device.role, device: &device.id, state: Some(&device.state) });
            }
        }
        // By name; those in the register with their slot, as to find them by name would cost more than the rest.
        let about = std::mem::take(&mut self.changed_about);
        let mut keys: BTreeMap<WatchKey, Option<u32>> = about.into_iter().map(|key| (key, None)).collect();
        for slot in self.changed_watches.drain(..) {
            let watch = &mut self.watches[slot as usize];
            // A slot that was freed and given away since may stand here twice.
            if std::mem::take(&mut watch.changed) {
                keys.extend(watch.key().map(|key| (key, Some(slot))));
            }
        }
        for (watch, slot) in keys {
            let known = slot.map(|slot| self.watches[slot as usize].episode.as_deref());
            let episode = known.unwrap_or_else(|| self.episode(&watch));
            each(Change::Watch { watch, episode });
        }
        std::mem::take(&mut self.forgotten).into_iter().map(Change::Forgotten).for_each(each);
    }

    /// What is remembered of a watch.
    pub fn episode(&self, key: &WatchKey) -> Option<&Episode> {
        if let Some(episode) = self.about_devices.get(key) {
            return Some(episode);
        }
        let registered = self.orders.get(&key.order)?;
        let mut watches = registered.watches.iter().map(|slot| &self.watches[*slot as usize]);
        watches.find(|watch| watch.subject().as_ref() == Some(&key.subject))?.episode.as_deref()
    }

    /// What is remembered of a device.
    pub fn device(&self, role: Role, device: &str) -> Option<&DeviceState> {
        self.find(role, device).ok().map(|slot| &self.devices[slot as usize].state)
    }

    fn history_row(&self, slot: u32) -> HistoryRow {
        let device = &self.devices[slot as usize];
        HistoryRow { role: device.role, device: device.id.clone(), history: Some(device.history.clone()) }
    }

    fn device_row(&self, slot: u32) -> DeviceRow {
        let device = &self.devices[slot as usize];
        DeviceRow { role: device.role, device: device.id.clone(), state: Some(device.state.clone()) }
    }
}
