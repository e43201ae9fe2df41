//! Weekly schedules in local time.

use crate::Timestamp;

/// When a zone applies.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {}

impl Schedule {
    /// Whether it applies at that moment.
    pub fn applies(&self, _at: Timestamp) -> bool {
        true
    }

    /// The first moment after `after` at which it begins or stops to apply; `None` when it never changes.
    pub fn next_change(&self, _after: Timestamp) -> Option<Timestamp> {
        None
    }
}
