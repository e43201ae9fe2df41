//! A start: an engine that goes on where another stopped.

use std::sync::Arc;

use super::{DeviceRow, Engine, Hearing, HistoryRow, Refused, Snapshot};
use crate::order::Order;

/// An engine that is being restored. The rows that are many may be given one by one, as they are read: at the size
/// of a country all of them at once would double the memory of a start.
#[derive(Debug)]
pub struct Restoring {
    engine: Engine,
    refused: Vec<(Arc<Order>, Refused)>,
}

impl Restoring {
    /// Begins with a snapshot, of which devices and histories may still be to come.
    pub fn new(snapshot: Snapshot) -> Self {
        let mut engine = Engine::new();
        engine.clock = snapshot.clock;
        engine.hearing =
            Hearing { on: snapshot.hearing, since: snapshot.hearing_since, served: snapshot.hearing_served };
        for row in snapshot.episodes {
            if let Some(episode) = row.episode {
                engine.about_devices.insert(row.watch, episode);
            }
        }
        engine.reserve(&snapshot.orders);
        let resumed = snapshot.orders.into_iter().map(|order| engine.resume_order(order));
        let refused = resumed.filter_map(Result::err).collect();
        // One by one in their order they left every node of the map half empty; at once they fill them.
        engine.orders = std::mem::take(&mut engine.orders).into_iter().collect();
        let mut restoring = Self { engine, refused };
        snapshot.devices.into_iter().for_each(|row| restoring.device(row));
        snapshot.histories.into_iter().for_each(|row| restoring.history(row));
        restoring
    }

    /// Takes in what was remembered of a device; nothing, when no order names it.
    pub fn device(&mut self, row: DeviceRow) {
        if let (Ok(slot), Some(state)) = (self.engine.find(row.role, row.device.as_str()), row.state) {
            self.engine.devices[slot as usize].state = state;
        }
    }

    /// Takes in where a device was before what its state remembers.
    pub fn history(&mut self, row: HistoryRow) {
        if let (Ok(slot), Some(history)) = (self.engine.find(row.role, row.device.as_str()), row.history) {
            self.engine.devices[slot as usize].history = history;
        }
    }

    /// The engine, and the orders that contradict others: those are not in it.
    pub fn end(self) -> (Engine, Vec<(Arc<Order>, Refused)>) {
        let Self { mut engine, refused } = self;
        for slot in 0..engine.devices.len() as u32 {
            engine.resume_device(slot);
            engine.resume_command(slot);
        }
        (engine, refused)
    }
}

impl Engine {
    /// An engine that goes on from a snapshot, and the orders of it that contradict others: those are not in it.
    pub fn restore(snapshot: Snapshot) -> (Self, Vec<(Arc<Order>, Refused)>) {
        Restoring::new(snapshot).end()
    }

    /// Makes room for these orders: a table that grows by doubling holds three times its rows while it does.
    fn reserve(&mut self, orders: &[Arc<Order>]) {
        let victims: usize = orders.iter().map(|order| order.victims.len()).sum();
        let zones: usize = orders.iter().map(|order| order.zones.len()).sum();
        self.devices.reserve_exact(orders.len() + victims);
        self.besides.reserve_exact(orders.len() + victims);
        self.device_names.reserve(orders.len() + victims);
        self.wearers.reserve(orders.len());
        self.watches.reserve_exact(zones + victims);
        // Each begins or ends, is said to run out, and is forgotten.
        self.timers.reserve(3 * orders.len());
    }
}
