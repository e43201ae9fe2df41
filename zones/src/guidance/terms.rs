//! Which order takes over from which.

use std::collections::{BTreeMap, BTreeSet};

use crate::order::{Draft, Order, Victim};
use crate::{OrderId, PersonId, Timestamp};

/// What the rule about successors needs to know of an order: who, whom and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// The order.
    pub order: OrderId,
    /// Its wearer.
    pub wearer: PersonId,
    /// Whom it protects.
    pub victims: Vec<PersonId>,
    /// First moment of validity.
    pub valid_from: Timestamp,
    /// First moment at which it is not valid any more.
    pub valid_until: Timestamp,
}

impl Term {
    /// Whether it starts before another order ends, and ends later. Of the same wearer: the caller sees to that.
    pub fn takes_over_from(&self, other: &Self) -> bool {
        self.order != other.order
            && self.valid_from < other.valid_until
            && self.valid_until > other.valid_until
    }
}

fn persons(victims: &[Victim]) -> Vec<PersonId> {
    victims.iter().map(|victim| victim.party.person.clone()).collect()
}

impl From<&Order> for Term {
    fn from(order: &Order) -> Self {
        Self {
            order: order.order.clone(),
            wearer: order.wearer.person.clone(),
            victims: persons(&order.victims),
            valid_from: order.valid_from,
            valid_until: order.valid_until,
        }
    }
}

impl From<&Draft> for Term {
    fn from(draft: &Draft) -> Self {
        Self {
            order: draft.order.clone(),
            wearer: draft.wearer.person.clone(),
            victims: persons(&draft.victims),
            valid_from: draft.valid_from,
            valid_until: draft.valid_until,
        }
    }
}

/// All orders that may take over, by wearer.
pub(super) struct Terms(BTreeMap<PersonId, Vec<Term>>);

impl Terms {
    pub(super) fn new(drafts: &[Draft], known: &[Term]) -> Self {
        let replaced: BTreeSet<&OrderId> = drafts.iter().map(|draft| &draft.order).collect();
        let kept = known.iter().filter(|term| !replaced.contains(&term.order)).cloned();
        let mut by_wearer: BTreeMap<PersonId, Vec<Term>> = BTreeMap::new();
        for term in drafts.iter().map(Term::from).chain(kept) {
            by_wearer.entry(term.wearer.clone()).or_default().push(term);
        }
        Self(by_wearer)
    }

    /// Whether a draft has a successor among them: see [`is_succeeded`].
    pub(super) fn has_successor(&self, draft: &Draft) -> bool {
        let others = self.0.get(&draft.wearer.person).map(Vec::as_slice).unwrap_or_default();
        is_succeeded(&Term::from(draft), others)
    }
}

/// Whether every victim of an order, or its wearer where it has none, has a successor: another order of the same
/// wearer and victim that starts before this one ends, and ends later. `others` are orders of that wearer.
pub(crate) fn is_succeeded(own: &Term, others: &[Term]) -> bool {
    let successors: Vec<&Term> = others.iter().filter(|term| term.takes_over_from(own)).collect();
    let covered = |victim: &PersonId| successors.iter().any(|term| term.victims.contains(victim));
    !successors.is_empty() && own.victims.iter().all(covered)
}
