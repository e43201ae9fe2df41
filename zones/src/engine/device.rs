//! What is known of a device.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::geometry::ZoneIndex;
use crate::{DeviceEventKind, DeviceId, Fix, Millis, OrderId, Role, Timestamp, policy};

/// A fix and the time it is judged by: its own, or that of its arrival when the device's clock is ahead.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// The fix as the device sent it.
    pub fix: Fix,
    /// The time it is judged by.
    pub at: Timestamp,
}

/// Something a device said of itself, remembered to know it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Said {
    /// A status event.
    Event(DeviceEventKind),
    /// A press of the panic button.
    Aware,
}

/// The part of a device that survives a restart.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DeviceState {
    /// Its newest fix.
    pub last: Option<Seen>,
    /// Its speed in m/s, from the last two fixes or as it said.
    pub speed_mps: f32,
    /// When it is silent unless it is heard again.
    pub due: Option<Timestamp>,
    /// Since when it is silent.
    pub silent_since: Option<Timestamp>,
    /// What its last will says.
    pub online: Option<bool>,
    /// Its latest events, oldest first.
    pub said: Vec<(Said, Timestamp)>,
}

/// Events remembered per device; a broker sends again only what it has not seen acknowledged.
const SAID_MOST: usize = 256;

impl DeviceState {
    /// Remembers an event; `false` when it was said before.
    pub(super) fn hears(&mut self, said: Said, at: Timestamp) -> bool {
        if self.said.contains(&(said, at)) {
            return false;
        }
        if self.said.len() >= SAID_MOST {
            self.said.remove(0);
        }
        self.said.push((said, at));
        true
    }

    /// Speed to reckon with while the device is unseen: at least a walk.
    pub(super) fn reckoned_speed_mps(&self) -> f64 {
        f64::from(self.speed_mps).max(policy::LEAST_SPEED_MPS)
    }
}

/// A device in the register. What the fix of somebody who is far from everything needs stands together at the
/// front, in the few cache lines that such a fix costs: hence the fixed layout, and lists within the row.
#[derive(Debug)]
#[repr(C, align(64))]
pub(super) struct Device {
    pub(super) id: DeviceId,
    /// Its entry among the timers.
    pub(super) timer_at: Option<Timestamp>,
    /// Shortest expected interval over its orders.
    pub(super) interval: Millis,
    pub(super) role: Role,
    pub(super) changed: bool,
    pub(super) state: DeviceState,
    /// Places in `watches` that every fix is judged against: pairs and inclusion zones.
    pub(super) always: SmallVec<[u16; 8]>,
    /// All watches it takes part in, ascending by name.
    pub(super) watches: SmallVec<[u32; 4]>,
    /// Places of raised exclusion zones: judged until they are left, however far away.
    pub(super) raised: SmallVec<[u16; 8]>,
    /// Index over the exclusion zones among them, by place in `watches`.
    pub(super) zones: ZoneIndex,
    /// The orders it takes part in, ascending.
    pub(super) orders: SmallVec<[OrderId; 1]>,
}

impl Device {
    pub(super) fn new(id: DeviceId, role: Role) -> Self {
        Self {
            id,
            role,
            interval: policy::FIX_INTERVAL,
            state: DeviceState::default(),
            orders: SmallVec::new(),
            watches: SmallVec::new(),
            zones: ZoneIndex::default(),
            always: SmallVec::new(),
            raised: SmallVec::new(),
            timer_at: None,
            changed: false,
        }
    }
}
