//! A hash table of slots that cannot be iterated, so that no result can depend on its order.

use std::hash::Hasher;

use hashbrown::HashTable;
use rustc_hash::FxHasher;

/// Finds the slot of something by its name in constant time. The name lies with its owner: the table holds
/// eight bytes an entry, so that it stays in the processor's cache. The hasher has no random seed (names come
/// from the register, not from strangers), and there is no way to walk the entries.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lookup(HashTable<Entry>);

#[derive(Debug, Clone, Copy)]
struct Entry {
    hash: u32,
    slot: u32,
}

impl Lookup {
    /// The slot that was entered under this name. `is` says whether a slot is the one meant: different names
    /// may share a hash.
    pub(crate) fn get(&self, name: &str, is: impl Fn(u32) -> bool) -> Option<u32> {
        let hash = hash_of(name);
        let found = self.0.find(spread(hash), |entry| entry.hash == hash && is(entry.slot));
        found.map(|entry| entry.slot)
    }

    /// All slots that were entered under this name, and of others that share its hash: in no order that means
    /// anything, so whoever asks sorts them or only counts.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = u32> {
        let hash = hash_of(name);
        self.0.iter_hash(spread(hash)).filter(move |entry| entry.hash == hash).map(|entry| entry.slot)
    }

    /// Makes room for so many more, so that the table is made once.
    pub(crate) fn reserve(&mut self, more: usize) {
        self.0.reserve(more, |entry| spread(entry.hash));
    }

    /// Enters a slot that is not in the table yet.
    pub(crate) fn insert(&mut self, name: &str, slot: u32) {
        let hash = hash_of(name);
        self.0.insert_unique(spread(hash), Entry { hash, slot }, |entry| spread(entry.hash));
    }

    /// Takes a slot out.
    pub(crate) fn remove(&mut self, name: &str, slot: u32) {
        let hash = hash_of(name);
        // A slot may stand under several names, and several may lie where this one is looked for.
        let is = |entry: &Entry| entry.hash == hash && entry.slot == slot;
        if let Ok(entry) = self.0.find_entry(spread(hash), is) {
            entry.remove();
        }
    }
}

fn hash_of(name: &str) -> u32 {
    let mut hasher = FxHasher::default();
    hasher.write(name.as_bytes());
    (hasher.finish() >> 32) as u32
}

/// The table looks at the lowest and at the highest bits of a hash of 64 (the factor is that of Fibonacci
/// hashing: Knuth, The Art of Computer Programming 3, §6.4).
fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_until_it_is_removed() {
        let names: Vec<String> = (0..5_000).map(|n| format!("am-{n:06}")).collect();
        let mut lookup = Lookup::default();
        for (slot, name) in (0..).zip(&names) {
            lookup.insert(name, slot);
        }
        let find = |lookup: &Lookup, name: &str| lookup.get(name, |slot| names[slot as usize] == name);
        for (slot, name) in (0..).zip(&names) {
            assert_eq!(find(&lookup, name), Some(slot));
        }
        assert_eq!(find(&lookup, "am-5000"), None);
        lookup.remove("am-000007", 7);
        assert_eq!((find(&lookup, "am-000007"), find(&lookup, "am-000008")), (None, Some(8)));
    }

    #[test]
    fn a_slot_under_many_names_loses_the_one_that_is_taken_out() {
        let names: Vec<String> = (0..500).map(|n| format!("v-{n}")).collect();
        let mut lookup = Lookup::default();
        lookup.reserve(names.len());
        for name in &names {
            lookup.insert(name, 1);
            lookup.insert(name, 2);
        }
        for (n, name) in names.iter().enumerate() {
            lookup.remove(name, 1);
            let left = |name: &String| {
                let mut slots: Vec<u32> = lookup.all(name).collect();
                slots.sort_unstable();
                slots
            };
            assert_eq!(left(name), [2]);
            assert!(names[n + 1..].iter().all(|name| left(name) == [1, 2]));
        }
    }

    #[test]
    fn names_that_share_a_slot_s_hash_are_told_apart() {
        let mut lookup = Lookup::default();
        lookup.insert("x", 1);
        lookup.insert("x", 2);
        assert_eq!(lookup.get("x", |slot| slot == 2), Some(2));
        lookup.remove("x", 1);
        assert_eq!(lookup.get("x", |_| true), Some(2));
    }
}
