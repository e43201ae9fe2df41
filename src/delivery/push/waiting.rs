//! Which hint goes next: pure, time is passed in. To one browser one at a time; of an incident only the newest; alarms
//! first; and a push service that does not answer takes up only its own share.

use std::collections::BTreeMap;
use std::sync::Arc;

use zones::{Millis, Timestamp};

use super::hint::Hint;

/// Hints kept in memory; what finds no room stays in the outbox until there is some.
const MOST_HELD: usize = 2_000;
/// Under way at once, and of those to one push service.
const MOST_UNDER_WAY: usize = 64;
const MOST_TO_ONE: usize = 16;
/// Attempts in all.
const MOST_ATTEMPTS: u32 = 5;
/// Wait after the first failure; twice as long after each further one.
const FIRST_WAIT: Millis = Millis(1_000);
/// No longer is waited, whatever a push service asks for.
const LONGEST_WAIT: Millis = Millis(60_000);

/// A browser and a topic.
type Key = (String, String);

#[derive(Debug)]
struct Held {
    hint: Arc<Hint>,
    attempts: u32,
    due: Timestamp,
}

/// What waits and what is under way.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    held: BTreeMap<Key, Held>,
    /// By browser: the push service that it is under way to.
    under_way: BTreeMap<String, String>,
}

/// A hint whose turn it is.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) hint: Arc<Hint>,
    /// Which attempt this is, from 1.
    attempt: u32,
}

/// What comes of an attempt that may be made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Its turn comes again.
    Again,
    /// Something newer takes its place.
    Replaced,
    /// It was the last attempt, or would be too late.
    GivenUp,
}

impl Waiting {
    /// Whether there is room for what a page of the outbox can hold.
    pub(super) fn has_room(&self, hints: usize) -> bool {
        self.held.len() + hints <= MOST_HELD
    }

    /// Takes one in, instead of what it replaces.
    pub(super) fn offer(&mut self, hint: Hint, now: Timestamp) {
        let key = (hint.to.clone(), hint.topic.clone());
        self.held.insert(key, Held { hint: Arc::new(hint), attempts: 0, due: now });
    }

    /// Forgets what is of no use any more; how many those are.
    pub(super) fn forget_expired(&mut self, now: Timestamp) -> usize {
        let before = self.held.len();
        self.held.retain(|_, held| held.hint.until > now);
        before - self.held.len()
    }

    /// The next whose turn it is; to be called until there is none.
    pub(super) fn next_turn(&mut self, now: Timestamp) -> Option<Turn> {
        let ready = |(_, held): &(&Key, &Held)| held.due <= now && self.is_free(held);
        let first = self.held.iter().filter(ready).min_by_key(|(_, held)| (held.hint.said, held.due));
        let key = first.map(|(key, _)| key.clone())?;
        let held = self.held.remove(&key)?;
        self.under_way.insert(key.0, held.hint.service().to_owned());
        Some(Turn { hint: held.hint, attempt: held.attempts + 1 })
    }

    fn is_free(&self, held: &Held) -> bool {
        let service = held.hint.service();
        self.under_way.len() < MOST_UNDER_WAY
            && !self.under_way.contains_key(&held.hint.to)
            && self.under_way.values().filter(|other| **other == service).count() < MOST_TO_ONE
    }

    /// An attempt has ended, and there will be no other.
    pub(super) fn done(&mut self, to: &str) {
        self.under_way.remove(to);
    }

    /// An attempt has ended, and there may be another, after what the push service asked for.
    pub(super) fn failed(&mut self, turn: &Turn, asked: Option<Millis>, now: Timestamp) -> Next {
        self.done(&turn.hint.to);
        let key = (turn.hint.to.clone(), turn.hint.topic.clone());
        if self.held.contains_key(&key) {
            return Next::Replaced;
        }
        let wait = Millis(FIRST_WAIT.0 << (turn.attempt - 1).min(16));
        let due = now + wait.max(asked.unwrap_or(Millis(0))).min(LONGEST_WAIT);
        if turn.attempt >= MOST_ATTEMPTS || due >= turn.hint.until {
            return Next::GivenUp;
        }
        self.held.insert(key, Held { hint: Arc::clone(&turn.hint), attempts: turn.attempt, due });
        Next::Again
    }

    /// When the next turn can come; `None` while nothing waits for a time.
    pub(super) fn poll_deadline(&self) -> Option<Timestamp> {
        self.held.values().filter(|held| self.is_free(held)).map(|held| held.due).min()
    }
}

#[cfg(test)]
mod tests {
    use super::super::hint::tests::hint;
    use super::*;

    fn start() -> Timestamp {
        Timestamp::from_millis(1_000)
    }

    fn later(ms: i64) -> Timestamp {
        start() + Millis(ms)
    }

    fn waiting(hints: impl IntoIterator<Item = Hint>) -> Waiting {
        let mut waiting = Waiting::default();
        for hint in hints {
            waiting.offer(hint, start());
        }
        waiting
    }

    /// `browser kind` of each turn there is.
    fn turns(waiting: &mut Waiting, now: Timestamp) -> Vec<Turn> {
        std::iter::from_fn(|| waiting.next_turn(now)).collect()
    }

    #[test]
    fn alarms_go_first_and_to_one_browser_one_at_a_time() {
        let said = |browser, incident: &str, level: &str| hint(browser, incident, level, 1_000);
        let mut waiting = waiting([
            said(1, "a", "clear"),
            said(1, "b", "warning"),
            said(1, "c", "alarm"),
            said(2, "d", "warning"),
        ]);
        let first = turns(&mut waiting, start());
        let said: Vec<&str> = first.iter().map(|turn| turn.hint.said.urgency()).collect();
        assert_eq!(said, ["high", "high"]);
        assert_eq!(first[0].hint.to, hint(1, "c", "alarm", 0).to);
        assert_eq!(first[0].hint.topic, hint(1, "c", "alarm", 0).topic);
        assert_eq!(waiting.poll_deadline(), None, "the rest waits for an end, not for a time");
        waiting.done(&first[0].hint.to);
        let next = turns(&mut waiting, start());
        assert_eq!(next[0].hint.topic, hint(1, "b", "warning", 0).topic);
    }

    #[test]
    fn only_the_newest_of_an_incident_is_sent() {
        let mut waiting = waiting([hint(1, "a", "warning", 1_000), hint(1, "a", "alarm", 1_000)]);
        let turn = waiting.next_turn(start()).unwrap();
        assert_eq!(turn.hint.said.urgency(), "high");
        // While it is under way it is over; the attempt fails.
        waiting.offer(hint(1, "a", "clear", 1_500), later(500));
        assert_eq!(waiting.failed(&turn, None, later(600)), Next::Replaced);
        let turn = waiting.next_turn(later(600)).unwrap();
        assert_eq!(turn.hint.said.urgency(), "normal");
        waiting.done(&turn.hint.to);
        assert!(turns(&mut waiting, later(700)).is_empty());
    }

    #[test]
    fn what_fails_comes_again_within_bounds() {
        let mut waiting = waiting([hint(1, "a", "alarm", 1_000)]);
        let (mut now, mut waits) = (start(), Vec::new());
        loop {
            let turn = waiting.next_turn(now).unwrap();
            if waiting.failed(&turn, None, now) == Next::GivenUp {
                break;
            }
            assert!(waiting.next_turn(now).is_none(), "not at once");
            let due = waiting.poll_deadline().unwrap();
            waits.push((due - now).0);
            now = due;
        }
        assert_eq!(waits, [1_000, 2_000, 4_000, 8_000]);
        // What a push service asks for counts, to a minute.
        waiting.offer(hint(1, "a", "alarm", 1_000), start());
        for (asked, waited) in [(30_000, 30_000), (3_600_000, 60_000), (0, 4_000)] {
            let turn = waiting.next_turn(now).unwrap();
            assert_eq!(waiting.failed(&turn, Some(Millis(asked)), now), Next::Again);
            let due = waiting.poll_deadline().unwrap();
            assert_eq!((due - now).0, waited);
            now = due;
        }
    }

    #[test]
    fn what_is_too_late_is_not_said() {
        let mut waiting = waiting([hint(1, "a", "warning", 1_000), hint(2, "b", "alarm", 1_000)]);
        let turn = waiting.next_turn(start()).unwrap();
        assert_eq!(waiting.failed(&turn, Some(Millis(5_000)), later(9 * 60_000 + 58_000)), Next::GivenUp);
        assert_eq!(waiting.forget_expired(later(119_999)), 0);
        assert_eq!(waiting.forget_expired(later(120_000)), 1, "the warning");
        assert!(waiting.next_turn(later(120_000)).is_none());
    }

    #[test]
    fn a_push_service_that_does_not_answer_leaves_room_for_others() {
        // Odd browsers are at one service, even ones at another.
        let mut waiting = waiting((1..=200).map(|browser| hint(browser, "a", "alarm", 1_000)));
        let first = turns(&mut waiting, start());
        assert_eq!(first.len(), 2 * MOST_TO_ONE);
        for turn in first.iter().filter(|turn| turn.hint.service().contains("push-0")) {
            waiting.done(&turn.hint.to);
        }
        let next = turns(&mut waiting, start());
        assert_eq!(next.len(), MOST_TO_ONE);
        assert!(next.iter().all(|turn| turn.hint.service().contains("push-0")));
        assert!(waiting.has_room(MOST_HELD - 200) && !waiting.has_room(MOST_HELD));
    }
}
