//! A hash table of slots that cannot be iterated, so that no result can depend on its order.

use std::hash::Hasher;

use rustc_hash::FxHasher;

/// Finds the slot of something by its name in constant time. The name lies with its owner: the table holds eight
/// bytes an entry. The hasher has no random seed (names come from the register, not from strangers), and there is no
/// way to walk the entries.
///
/// Among a million names the table is cold memory, where every cache line costs as much as a tenth of a fix. So hashes
/// and slots lie in one line, and a look-up takes that one, nearly always: tables made for any key take two, one after
/// the other.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lookup {
    lines: Vec<Line>,
    count: usize,
}

/// Entries in a cache line.
const ROOM: usize = 8;

/// Entries in a line at the most, on average: one line in fourteen is full then, and its next one looked at too.
const FULLEST: usize = 5;

/// No slot.
const FREE: u32 = u32::MAX;

/// Entries that belong here or overflowed from the lines before; the free ones last.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
struct Line {
    hashes: [u32; ROOM],
    slots: [u32; ROOM],
}

impl Lookup {
    /// The slot that was entered under this name. `is` says whether a slot is the one meant: different names
    /// may share a hash.
    pub(crate) fn get(&self, name: &str, is: impl Fn(u32) -> bool) -> Option<u32> {
        self.place(hash_of(name), is).map(|(line, place)| self.lines[line].slots[place])
    }

    /// All slots that were entered under this name, and of others that share its hash: in no order that means
    /// anything, so whoever asks sorts them or only counts.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = u32> {
        let hash = hash_of(name);
        let mut next = Some(self.home(hash));
        let lines = std::iter::from_fn(move || {
            let at = next?;
            let line = self.lines.get(at)?;
            next = line.is_full().then(|| self.after(at));
            Some(line)
        });
        lines.flat_map(move |line| line.with(hash).map(|place| line.slots[place]))
    }

    /// Reads a little of where a name is entered, so that it is at hand when it is looked up. What it gives means
    /// nothing.
    pub(crate) fn touch(&self, name: &str) -> Option<u32> {
        self.lines.get(self.home(hash_of(name))).map(|line| line.hashes[0])
    }

    /// Makes room for so many more, so that the table is made once.
    pub(crate) fn reserve(&mut self, more: usize) {
        let lines = (self.count + more).div_ceil(FULLEST);
        if lines > self.lines.len() {
            self.grow(lines);
        }
    }

    /// Enters a slot that is not in the table yet.
    pub(crate) fn insert(&mut self, name: &str, slot: u32) {
        if self.count >= self.lines.len() * FULLEST {
            self.grow((2 * self.lines.len()).max(1));
        }
        self.put(hash_of(name), slot);
        self.count += 1;
    }

    /// Takes a slot out.
    pub(crate) fn remove(&mut self, name: &str, slot: u32) {
        let Some((mut at, place)) = self.place(hash_of(name), |known| known == slot) else { return };
        self.count -= 1;
        let mut was_full = self.lines[at].is_full();
        self.lines[at].take(place);
        // What overflowed from a full line must not be looked for in vain.
        let mut moved = Vec::new();
        while was_full {
            at = self.after(at);
            let line = std::mem::replace(&mut self.lines[at], Line::EMPTY);
            was_full = line.is_full();
            moved.extend(line.entries());
        }
        for (hash, slot) in moved {
            self.put(hash, slot);
        }
    }

    /// Where an entry with this hash is.
    fn place(&self, hash: u32, is: impl Fn(u32) -> bool) -> Option<(usize, usize)> {
        let mut at = self.home(hash);
        loop {
            let line = self.lines.get(at)?;
            let found = line.with(hash).find(|place| is(line.slots[*place]));
            if found.is_some() || !line.is_full() {
                return found.map(|place| (at, place));
            }
            at = self.after(at);
        }
    }

    fn put(&mut self, hash: u32, slot: u32) {
        let mut at = self.home(hash);
        while !self.lines[at].add(hash, slot) {
            at = self.after(at);
        }
    }

    fn grow(&mut self, lines: usize) {
        let old = std::mem::replace(&mut self.lines, vec![Line::EMPTY; lines]);
        for (hash, slot) in old.iter().flat_map(Line::entries) {
            self.put(hash, slot);
        }
    }

    /// The line that a hash belongs to: its share of the number of lines.
    fn home(&self, hash: u32) -> usize {
        ((u64::from(spread(hash)) * self.lines.len() as u64) >> 32) as usize
    }

    fn after(&self, line: usize) -> usize {
        if line + 1 == self.lines.len() { 0 } else { line + 1 }
    }
}

impl Line {
    const EMPTY: Self = Self { hashes: [0; ROOM], slots: [FREE; ROOM] };

    fn is_full(&self) -> bool {
        self.slots[ROOM - 1] != FREE
    }

    fn count(&self) -> usize {
        self.slots.iter().position(|slot| *slot == FREE).unwrap_or(ROOM)
    }

    /// Places of the entries with this hash. All are compared at once, as nearly always one or none is like it.
    fn with(&self, hash: u32) -> impl Iterator<Item = usize> {
        let alike = |bits: u32, place: usize| bits | u32::from(self.hashes[place] == hash) << place;
        let mut bits = (0..ROOM).fold(0, alike);
        let slots = self.slots;
        std::iter::from_fn(move || {
            let place = bits.trailing_zeros() as usize;
            bits &= bits.wrapping_sub(1);
            (place < ROOM).then_some(place)
        })
        .filter(move |place| slots[*place] != FREE)
    }

    fn entries(&self) -> impl Iterator<Item = (u32, u32)> + use<> {
        let count = self.count();
        self.hashes.into_iter().zip(self.slots).take(count)
    }

    /// Adds an entry, if there is room.
    fn add(&mut self, hash: u32, slot: u32) -> bool {
        let place = self.count();
        if place == ROOM {
            return false;
        }
        (self.hashes[place], self.slots[place]) = (hash, slot);
        true
    }

    /// Takes an entry out; the last one comes in its place.
    fn take(&mut self, place: usize) {
        let last = self.count() - 1;
        (self.hashes[place], self.slots[place]) = (self.hashes[last], self.slots[last]);
        (self.hashes[last], self.slots[last]) = (0, FREE);
    }
}

fn hash_of(name: &str) -> u32 {
    let mut hasher = FxHasher::default();
    hasher.write(name.as_bytes());
    (hasher.finish() >> 32) as u32
}

/// Names that differ a little have hashes that do; the highest bits of these do not (the factor is that of Fibonacci
/// hashing: Knuth, The Art of Computer Programming 3, §6.4).
fn spread(hash: u32) -> u32 {
    hash.wrapping_mul(0x9e37_79b9)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_name_is_found_until_it_is_removed() {
        let names: Vec<String> = (0..5_000).map(|n| format!("am-{n:06}")).collect();
        let mut lookup = Lookup::default();
        assert_eq!(lookup.get("am-000007", |_| true), None);
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

    #[test]
    fn names_of_a_kind_spread_over_the_lines() {
        let mut lookup = Lookup::default();
        for slot in 0..100_000 {
            lookup.insert(&format!("am-{slot:06}"), slot);
        }
        let full = lookup.lines.iter().filter(|line| line.is_full()).count();
        assert!(full * 14 < lookup.lines.len(), "{full} of {}", lookup.lines.len());
        assert_eq!(size_of::<Line>(), 64);
    }

    proptest! {
        /// Few names for many slots, so that lines overflow, around the end of the table too.
        #[test]
        fn it_holds_what_a_list_holds(steps in prop::collection::vec((any::<bool>(), 0_u8..6), 1..400)) {
            let (mut lookup, mut list) = (Lookup::default(), Vec::new());
            for (slot, (enters, name)) in (0_u32..).zip(steps) {
                let name = format!("n{name}");
                if enters {
                    lookup.insert(&name, slot);
                    list.push((name.clone(), slot));
                } else if let Some(at) = list.iter().position(|(known, _)| *known == name) {
                    lookup.remove(&name, list.swap_remove(at).1);
                }
                prop_assert_eq!(lookup.count, list.len());
                for (name, slot) in &list {
                    prop_assert_eq!(lookup.get(name, |known| known == *slot), Some(*slot));
                }
                let mut all: Vec<u32> = lookup.all(&name).collect();
                all.sort_unstable();
                let known = list.iter().filter(|(known, _)| *known == name).map(|(_, slot)| *slot);
                let mut known: Vec<u32> = known.collect();
                known.sort_unstable();
                prop_assert_eq!(all, known);
            }
            for (name, slot) in &list {
                lookup.remove(name, *slot);
            }
            prop_assert!(lookup.lines.iter().all(|line| line.count() == 0));
        }
    }
}
