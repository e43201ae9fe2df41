//! When a delivery that failed is tried again, and for how long: DESIGN §8.

use std::sync::Arc;

use zones::{Level, Millis, Timestamp};

use crate::store::NewDelivery;

/// What is still to be said of an incident that is closed is tried for so long (our choice: a recipient that was away
/// for a day finds it in the incident, and nothing is tried for ever that nobody waits for).
pub(super) const GIVEN_UP_AFTER: Millis = Millis::from_secs(24 * 3_600);

/// For how long a delivery is tried. It follows from the delivery and from when its incident was closed, so that a
/// restart changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// Until it is received, however long that takes: its incident is open.
    Received,
    /// Once, should it not have been tried yet: its incident was closed, and nobody need act on it any more.
    Tried,
    /// Until it is received, and no further attempt from then on: an end, or what was made after the closing.
    Latest(Timestamp),
    /// Not again: the recipient has it by another road.
    Had,
}

impl Until {
    /// For how long one is tried whose incident was closed then; `None` is open.
    pub(super) fn of(delivery: &NewDelivery, incident_closed_at: Option<Timestamp>) -> Self {
        let Some(closed_at) = incident_closed_at else { return Self::Received };
        let is_end = delivery.level == Level::Clear.as_str();
        if is_end || delivery.created_at > closed_at {
            Self::Latest(delivery.created_at.max(closed_at) + GIVEN_UP_AFTER)
        } else {
            Self::Tried
        }
    }
}

/// Waits before the attempts; the last one stays.
#[derive(Debug, Clone)]
pub struct Schedule {
    waits: Arc<[Millis]>,
}

impl Default for Schedule {
    /// The contract's: at once, after 2, 5, 10, 20, 30 s, then every 30 s.
    fn default() -> Self {
        Self::new([0, 2, 5, 10, 20, 30].map(Millis::from_secs).to_vec())
    }
}

impl Schedule {
    /// A schedule of one's own: the wait before the first attempt, the second … and every further one.
    pub fn new(waits: Vec<Millis>) -> Self {
        Self { waits: waits.into() }
    }

    /// The wait after so many failed attempts.
    pub fn after(&self, attempts: i64) -> Millis {
        let index = usize::try_from(attempts).unwrap_or(0);
        self.waits.get(index).or(self.waits.last()).copied().unwrap_or_default()
    }

    /// The longest wait there is.
    pub fn longest(&self) -> Millis {
        self.waits.iter().copied().max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Channel;

    #[test]
    fn how_long_it_is_tried_follows_from_what_it_is_and_when_the_incident_was_closed() {
        let at = |secs: i64| Timestamp::from_millis(secs * 1_000);
        let made = |level: &'static str, secs| NewDelivery {
            id: 1,
            alert: "a".to_owned(),
            alert_seq: 1,
            incident: "i".to_owned(),
            channel: Channel::DeskMqtt,
            recipient: "d".to_owned(),
            payload: String::new(),
            level: level.into(),
            created_at: at(secs),
        };
        let day = 86_400;
        for (level, created, closed, want) in [
            ("alarm", 5, None, Until::Received),
            ("clear", 5, None, Until::Received),
            ("alarm", 5, Some(5), Until::Tried),
            ("warning", 5, Some(9), Until::Tried),
            // A deadline that was missed afterwards.
            ("alarm", 10, Some(9), Until::Latest(at(10 + day))),
            // An end counts from the closing, whenever it was made.
            ("clear", 5, Some(9), Until::Latest(at(9 + day))),
            ("clear", 9, Some(9), Until::Latest(at(9 + day))),
        ] {
            assert_eq!(
                Until::of(&made(level, created), closed.map(at)),
                want,
                "{level} {created} {closed:?}"
            );
        }
    }

    #[test]
    fn waits_are_those_of_the_contract() {
        let schedule = Schedule::default();
        let waits: Vec<i64> = (0..9).map(|attempts| schedule.after(attempts).0 / 1_000).collect();
        assert_eq!(waits, [0, 2, 5, 10, 20, 30, 30, 30, 30]);
        assert_eq!(schedule.after(i64::MAX), Millis::from_secs(30));
        assert_eq!(schedule.longest(), Millis::from_secs(30));
    }
}
