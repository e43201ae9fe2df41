//! What orders say of a name.

use std::collections::BTreeMap;

use crate::OrderId;

/// A value per name and order that states it. Nearly every name stands in one order, so the two are one key: a map
/// in a map would take half a kilobyte for each.
#[derive(Debug, Clone)]
pub struct ByOrder<K, V>(BTreeMap<(K, Option<OrderId>), V>);

impl<K: Ord, V> Default for ByOrder<K, V> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord + Clone, V> ByOrder<K, V> {
    /// Enters what the order says of a name, in place of what it said before.
    pub fn insert(&mut self, name: K, order: OrderId, value: V) {
        self.0.insert((name, Some(order)), value);
    }

    /// Takes out what the order says of a name.
    pub fn remove(&mut self, name: &K, order: &OrderId) {
        self.0.remove(&(name.clone(), Some(order.clone())));
    }

    /// What is said of a name, ascending by order.
    pub fn of<'a>(&'a self, name: &K) -> impl Iterator<Item = (&'a OrderId, &'a V)> {
        // `None` stands before every order.
        let from = self.0.range((name.clone(), None)..);
        from.take_while(move |((other, _), _)| other == name)
            .filter_map(|((_, order), value)| Some((order.as_ref()?, value)))
    }

    /// Whether any order says something of a name.
    pub fn has(&self, name: &K) -> bool {
        self.of(name).next().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PersonId;

    #[test]
    fn a_name_has_what_its_orders_say_and_nothing_of_others() {
        let (a, b) = (PersonId::new("a").unwrap(), PersonId::new("a-b").unwrap());
        let order = |id| OrderId::new(id).unwrap();
        let mut said = ByOrder::default();
        said.insert(a.clone(), order("2"), 2);
        said.insert(a.clone(), order("10"), 10);
        said.insert(b.clone(), order("1"), 1);
        said.insert(a.clone(), order("2"), 3);
        let of_a: Vec<_> = said.of(&a).map(|(order, value)| (order.as_str(), *value)).collect();
        assert_eq!(of_a, [("10", 10), ("2", 3)]);
        said.remove(&a, &order("10"));
        said.remove(&a, &order("2"));
        assert_eq!((said.has(&a), said.has(&b)), (false, true));
    }
}
