//! A hash map that cannot be iterated, so that no result can depend on its order.

use std::borrow::Borrow;
use std::hash::{BuildHasherDefault, Hash};

use rustc_hash::FxHasher;

/// Finds a value by its key in constant time. The hasher has no random seed (ids come from the register, not
/// from strangers), and there is no way to walk the entries.
#[derive(Debug, Clone)]
#[expect(clippy::disallowed_types, reason = "the one place that holds a hash map, and it never iterates")]
pub(crate) struct Lookup<K, V>(std::collections::HashMap<K, V, BuildHasherDefault<FxHasher>>);

impl<K, V> Default for Lookup<K, V> {
    #[expect(clippy::default_trait_access, reason = "its name would be a second mention of the banned type")]
    fn default() -> Self {
        Self(Default::default())
    }
}

impl<K: Eq + Hash, V: Copy> Lookup<K, V> {
    pub(crate) fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.0.get(key).copied()
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        self.0.insert(key, value);
    }

    pub(crate) fn remove<Q: Eq + Hash + ?Sized>(&mut self, key: &Q)
    where
        K: Borrow<Q>,
    {
        self.0.remove(key);
    }
}
