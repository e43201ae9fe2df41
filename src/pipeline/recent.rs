//! Fixes decided lately: how one that the broker sends again is known.
//!
//! A broker repeats what was not acknowledged before a connection or the service ended, also what had been
//! committed by then. An engine remembers a device's newest fix only; without this every repeated one would be a
//! second row of the journal.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};

use zones::{Fix, Role};

use super::rows;

/// How many are remembered: as many messages as a broker can send ahead of their acknowledgement.
pub(super) const REMEMBERED: u32 = 65_536;

/// A fix of a device, in short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key(u64);

/// The latest fixes. Only ever asked whether one is there, so the order of hashing shows nowhere.
#[derive(Debug, Default)]
pub(super) struct Recent {
    known: HashSet<Key>,
    in_order: VecDeque<Key>,
    hasher: RandomState,
}

impl Recent {
    pub(super) fn key(&self, role: Role, device: &str, fix: &Fix) -> Key {
        self.stored_key(role, device, &rows::fix(fix))
    }

    /// The key of a fix in the form it is stored in.
    pub(super) fn stored_key(&self, role: Role, device: &str, body: &[u8]) -> Key {
        Key(self.hasher.hash_one((role == Role::Wearer, device, body)))
    }

    pub(super) fn has(&self, key: Key) -> bool {
        self.known.contains(&key)
    }

    pub(super) fn note(&mut self, key: Key) {
        if !self.known.insert(key) {
            return;
        }
        self.in_order.push_back(key);
        if self.in_order.len() > REMEMBERED as usize
            && let Some(oldest) = self.in_order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }

    /// Forgets all: to an order that is new, a fix that was known before may be the first.
    pub(super) fn clear(&mut self) {
        self.known.clear();
        self.in_order.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_are_known_and_the_others_forgotten() {
        let mut recent = Recent::default();
        let key = |recent: &Recent, n: u32| recent.stored_key(Role::Wearer, "am-1", &n.to_le_bytes());
        for n in 0..REMEMBERED + 10 {
            let key = key(&recent, n);
            recent.note(key);
            recent.note(key);
        }
        let known = (0..REMEMBERED + 10).filter(|n| recent.has(key(&recent, *n)));
        assert_eq!(known.collect::<Vec<_>>(), (10..REMEMBERED + 10).collect::<Vec<_>>());
        let of_another = recent.stored_key(Role::Victim, "am-1", &20_u32.to_le_bytes());
        assert!(!recent.has(of_another), "a wearer's and a victim's device are two");
    }
}
