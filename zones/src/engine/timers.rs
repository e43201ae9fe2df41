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

    /// Takes all that are due at exactly that moment. `put_off` is told of devices and their times before those
    /// come, and says when they are to come up instead.
    pub(super) fn take(
        &mut self,
        at: Timestamp,
        due: &mut Vec<Timer>,
        mut put_off: impl FnMut(u32, Timestamp) -> Timestamp,
    ) {
        while self.devices.next_at() == Some(at) {
            due.extend(self.devices.pop(&mut put_off).map(Timer::Device));
        }
        while self.others.peek().is_some_and(|Reverse((next, _))| *next == at) {
            due.extend(self.others.pop().map(|Reverse((_, timer))| timer));
        }
    }
}

/// Width of the stretches of time that entries wait in.
const STRETCH: Millis = Millis::from_secs(1);

/// The timers of devices: many, all due within minutes. One heap over all of them is a walk through cold memory
/// for every entry, so they wait unsorted, one list a second, and only the second that has begun is a heap. Nearly
/// all were heard again meanwhile: those are put off together as it begins, which waits for memory once, not for each.
#[derive(Debug, Default)]
struct Soon {
    /// The stretch of `begun`.
    stretch: i64,
    begun: BinaryHeap<Entry>,
    /// No entry of these is of an earlier stretch, nor of that of `begun` while there is anything in it.
    later: BTreeMap<i64, Waiting>,
}

type Entry = Reverse<(Timestamp, u32)>;

/// The entries of a stretch; never none.
#[derive(Debug)]
struct Waiting {
    first: Timestamp,
    entries: Vec<Entry>,
}

impl Soon {
    fn set(&mut self, at: Timestamp, slot: u32) {
        let (stretch, entry) = (stretch_of(at), Reverse((at, slot)));
        if !self.begun.is_empty() && stretch <= self.stretch {
            // What is over may be set too, and is due at once.
            self.begun.push(entry);
            return;
        }
        let waiting = self.later.entry(stretch).or_insert_with(|| Waiting { first: at, entries: Vec::new() });
        waiting.first = waiting.first.min(at);
        waiting.entries.push(entry);
    }

    fn next_at(&self) -> Option<Timestamp> {
        let begun = self.begun.peek().map(|Reverse((at, _))| *at);
        begun.or_else(|| self.later.first_key_value().map(|(_, waiting)| waiting.first))
    }

    /// Takes the next, if it is not put off.
    fn pop(&mut self, put_off: &mut impl FnMut(u32, Timestamp) -> Timestamp) -> Option<u32> {
        if self.begun.is_empty() {
            self.begin(put_off);
            return None;
        }
        self.begun.pop().map(|Reverse((_, slot))| slot)
    }

    fn begin(&mut self, put_off: &mut impl FnMut(u32, Timestamp) -> Timestamp) {
        let Some((stretch, Waiting { mut entries, .. })) = self.later.pop_first() else { return };
        self.stretch = stretch;
        for Reverse((at, slot)) in &mut entries {
            *at = put_off(*slot, *at);
        }
        entries.retain(|Reverse((at, slot))| {
            let stays = stretch_of(*at) <= stretch;
            if !stays {
                self.set(*at, *slot);
            }
            stays
        });
        self.begun = entries.into();
    }
}

fn stretch_of(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(STRETCH.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Some devices are heard again after they were entered: they come up late, and once.
        #[test]
        fn all_come_up_once_at_their_time(
            steps in prop::collection::vec((0_i64..5_000, prop::collection::vec(-2_000_i64..200_000, 0..4)), 1..200),
        ) {
            let (mut timers, mut waiting, mut slot, mut now) = (Timers::default(), Vec::new(), 0, 0);
            let mut heard: Vec<i64> = vec![0];
            for (passes, ahead) in steps {
                now += passes;
                while let Some(at) = timers.next_at().filter(|at| at.as_millis() <= now) {
                    let mut due = Vec::new();
                    let until = |slot: u32| Timestamp::from_millis(heard[slot as usize]);
                    timers.take(at, &mut due, |slot, at| at.max(until(slot)));
                    // As the engine does with what comes up too early.
                    due.retain(|timer| match timer {
                        Timer::Device(slot) if until(*slot) > at => {
                            timers.set(until(*slot), timer.clone());
                            false
                        }
                        _ => true,
                    });
                    if due.is_empty() {
                        continue;
                    }
                    due.sort();
                    let first: i64 = waiting.iter().map(|(at, _)| *at).min().unwrap();
                    let mut expected: Vec<_> = waiting.extract_if(.., |(at, _)| *at == first).map(|(_, t)| t).collect();
                    expected.sort();
                    prop_assert_eq!((at.as_millis(), due), (first, expected));
                }
                for ahead in ahead {
                    slot += 1;
                    let timer = if slot % 5 == 0 { Timer::Schedule(slot) } else { Timer::Device(slot) };
                    let put_off = if slot % 5 == 0 { 0 } else { i64::from(slot % 4) * 1_700 };
                    heard.push(now + ahead + put_off);
                    waiting.push((now + ahead + put_off, timer.clone()));
                    timers.set(Timestamp::from_millis(now + ahead), timer);
                }
                let next = timers.next_at().map(Timestamp::as_millis);
                prop_assert_eq!(next.is_none(), waiting.is_empty());
                prop_assert!(next <= waiting.iter().map(|(at, _)| *at).min());
            }
        }
    }
}
