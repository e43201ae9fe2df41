//! When the engine wants to be woken.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::{OrderId, Timestamp};

/// What is due.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// An order begins, ends, or can be forgotten.
    Order(OrderId),
    /// A zone's schedule changes (slot of the watch).
    Schedule(u32),
    /// A device may be silent (slot of the device).
    Device(u32),
    /// A command to report more often runs out (slot of the ankle monitor).
    Command(u32),
}

/// Timers by time. Entries are never taken back: an owner that has moved its time ignores the old one. A
/// device has one entry at the most, which is looked at anew when it comes up, so that a fix costs no work
/// here.
#[derive(Debug, Default)]
pub(super) struct Timers(BinaryHeap<Reverse<(Timestamp, Timer)>>);

impl Timers {
    pub(super) fn set(&mut self, at: Timestamp, timer: Timer) {
        self.0.push(Reverse((at, timer)));
    }

    pub(super) fn next_at(&self) -> Option<Timestamp> {
        self.0.peek().map(|Reverse((at, _))| *at)
    }

    /// Takes all that are due at exactly that moment.
    pub(super) fn take(&mut self, at: Timestamp, due: &mut Vec<Timer>) {
        while self.next_at() == Some(at) {
            if let Some(Reverse((_, timer))) = self.0.pop() {
                due.push(timer);
            }
        }
    }
}
