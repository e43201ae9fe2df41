//! When the engine wants to be woken.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use crate::{Millis, OrderId, Timestamp};

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
pub(super) struct Timers {
    devices: Soon,
    others: BinaryHeap<Reverse<(Timestamp, Timer)>>,
}

impl Timers {
    pub(super) fn set(&mut self, at: Timestamp, timer: Timer) {
        match timer {
            Timer::Device(slot) => self.devices.set(at, slot),
            other => self.others.push(Reverse((at, other))),
        }
    }

    /// Makes room for so many more that are not of devices.
    pub(super) fn reserve(&mut self, more: usize) {
        self.others.reserve_exact(more);
    }

    pub(super) fn next_at(&self) -> Option<Timestamp> {
        let other = self.others.peek().map(|Reverse((at, _))| *at);
        match (self.devices.next_at(), other) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// Takes all that are due at exactly that moment.
    pub(super) fn take(&mut self, at: Timestamp, due: &mut Vec<Timer>) {
        while self.devices.next_at() == Some(at) {
            due.extend(self.devices.pop().map(Timer::Device));
        }
        while self.others.peek().is_some_and(|Reverse((next, _))| *next == at) {
            due.extend(self.others.pop().map(|Reverse((_, timer))| timer));
        }
    }
}

/// Width of the stretches of time that entries wait in.
const STRETCH: Millis = Millis::from_secs(1);

/// The timers of devices: many, all due within minutes. One heap over all of them is a walk through cold memory
/// for every entry, so they wait unsorted, one list a second, and only the second that comes next is a heap.
#[derive(Debug, Default)]
struct Soon {
    /// The stretch of `next`; no entry of `later` belongs to it or to an earlier one.
    stretch: i64,
    /// Empty only when `later` is.
    next: BinaryHeap<Reverse<(Timestamp, u32)>>,
    later: BTreeMap<i64, Vec<Reverse<(Timestamp, u32)>>>,
}

impl Soon {
    fn set(&mut self, at: Timestamp, slot: u32) {
        let stretch = at.as_millis().div_euclid(STRETCH.0);
        if self.next.is_empty() {
            self.stretch = stretch;
        } else if stretch < self.stretch {
            self.later.insert(self.stretch, std::mem::take(&mut self.next).into_vec());
            self.stretch = stretch;
        }
        let entry = Reverse((at, slot));
        if stretch == self.stretch {
            self.next.push(entry);
        } else {
            self.later.entry(stretch).or_default().push(entry);
        }
    }

    fn next_at(&self) -> Option<Timestamp> {
        self.next.peek().map(|Reverse((at, _))| *at)
    }

    fn pop(&mut self) -> Option<u32> {
        let Reverse((_, slot)) = self.next.pop()?;
        if self.next.is_empty()
            && let Some((stretch, entries)) = self.later.pop_first()
        {
            (self.stretch, self.next) = (stretch, entries.into());
        }
        Some(slot)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn all_come_up_once_at_their_time(
            steps in prop::collection::vec((0_i64..5_000, prop::collection::vec(-2_000_i64..200_000, 0..4)), 1..200),
        ) {
            let (mut timers, mut waiting, mut slot, mut now) = (Timers::default(), Vec::new(), 0, 0);
            for (passes, ahead) in steps {
                now += passes;
                while let Some(at) = timers.next_at().filter(|at| at.as_millis() <= now) {
                    let mut due = Vec::new();
                    timers.take(at, &mut due);
                    due.sort();
                    let first: i64 = waiting.iter().map(|(at, _)| *at).min().unwrap();
                    let mut expected: Vec<_> = waiting.extract_if(.., |(at, _)| *at == first).map(|(_, t)| t).collect();
                    expected.sort();
                    prop_assert_eq!((at.as_millis(), due), (first, expected));
                }
                for ahead in ahead {
                    slot += 1;
                    let timer = if slot % 5 == 0 { Timer::Schedule(slot) } else { Timer::Device(slot) };
                    waiting.push((now + ahead, timer.clone()));
                    timers.set(Timestamp::from_millis(now + ahead), timer);
                }
                prop_assert_eq!(timers.next_at().map(Timestamp::as_millis), waiting.iter().map(|(at, _)| *at).min());
            }
        }
    }
}
