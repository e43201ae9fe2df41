//! Silences are said in turns: however many devices fall silent at one moment, no moment has more than a few of them to
//! say, and an alarm of a pair need not wait until all are said.

use std::collections::BTreeSet;

use crate::{Timestamp, policy};

/// Who says next that it is silent. Nothing of it is part of a snapshot: who is restored waits for nobody, and a turn is
/// over in milliseconds.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// Number of the first place that is free; each turn has so many, from the beginning of time.
    next: i64,
    /// Devices (slots) that have a place, and come up with it.
    waiting: BTreeSet<u32>,
}

impl Turns {
    /// `None` when a device may say at `t` that it is silent; else when it may.
    pub(super) fn turn(&mut self, t: Timestamp, slot: u32) -> Option<Timestamp> {
        if self.waiting.remove(&slot) {
            return None;
        }
        let first = t.as_millis().div_euclid(policy::SILENCE_TURN.0) * policy::SILENCES_A_TURN;
        let place = self.next.max(first);
        self.next = place + 1;
        let at = place.div_euclid(policy::SILENCES_A_TURN) * policy::SILENCE_TURN.0;
        let at = Timestamp::from_millis(at);
        if at <= t {
            return None;
        }
        self.waiting.insert(slot);
        Some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_one_turn_and_a_turn_has_only_so_many() {
        let (mut turns, mut now) = (Turns::default(), Timestamp::from_millis(1_795_000_000_007));
        let mut waiting: Vec<(Timestamp, u32)> = (0..1_000).map(|slot| (now, slot)).collect();
        let mut said = Vec::new();
        while let Some(&(at, slot)) = waiting.iter().min() {
            waiting.retain(|(_, other)| *other != slot);
            now = at;
            match turns.turn(now, slot) {
                Some(later) => {
                    assert!(later > now);
                    waiting.push((later, slot));
                }
                None => said.push((now, slot)),
            }
        }
        assert_eq!(said.len(), 1_000);
        for window in said.windows(policy::SILENCES_A_TURN as usize + 1) {
            assert!(window[0].0 < window[window.len() - 1].0, "{window:?}");
        }
        // Two turns of each ten milliseconds, from the middle of one on.
        let most = 1_000 / policy::SILENCES_A_TURN * policy::SILENCE_TURN.0;
        assert!(now - said[0].0 <= crate::Millis(most), "{:?}", now - said[0].0);
        assert_eq!(turns.turn(now + crate::Millis(60_000), 7), None, "later nobody waits");
    }
}
