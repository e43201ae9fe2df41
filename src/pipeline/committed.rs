//! `committed` receipts (§4): how far a device's fixes are safely decided and stored.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::json;
use zones::{Role, Timestamp};

use crate::mqtt::{Message, Publisher};
use crate::wire::outgoing;

/// A device hears at most this often.
const EVERY: Duration = Duration::from_secs(10);

/// How long a broker keeps a receipt for a device that is away: a newer one follows its next fix.
const EXPIRES_AFTER: Duration = Duration::from_mins(1);

/// What devices that asked for it are still to be told. One entry a device: bounded by the register.
#[derive(Debug, Default)]
pub(super) struct CommittedBook(BTreeMap<(Role, Box<str>), Entry>);

#[derive(Debug)]
struct Entry {
    fixed_at: Timestamp,
    seq: Option<u64>,
    told_at: Option<Instant>,
    untold: bool,
}

impl CommittedBook {
    /// Notes a committed fix: the last in order of arrival, which is the order the device sent them in.
    pub(super) fn note(&mut self, role: Role, device: Box<str>, fixed_at: Timestamp, seq: Option<u64>) {
        let entry =
            self.0.entry((role, device)).or_insert(Entry { fixed_at, seq, told_at: None, untold: true });
        (entry.fixed_at, entry.seq, entry.untold) = (fixed_at, seq, true);
    }

    /// Messages that are due at `now`.
    pub(super) fn due(&mut self, now: Instant) -> Vec<Message> {
        let mut due = Vec::new();
        for ((role, device), entry) in &mut self.0 {
            if entry.untold && entry.told_at.is_none_or(|told| now.duration_since(told) >= EVERY) {
                entry.told_at = Some(now);
                entry.untold = false;
                let payload = json!({"fixed_at": entry.fixed_at, "seq": entry.seq}).to_string();
                let mut message = Message::new(outgoing::committed(*role, device), payload);
                message.expiry = Some(EXPIRES_AFTER);
                due.push(message);
            }
        }
        due
    }
}

/// Publishes receipts, one after the other. One that fails is not repeated: the next fix brings a newer one.
pub(super) async fn publish(publisher: &Publisher, messages: Vec<Message>) {
    for message in messages {
        if let Err(error) = publisher.publish(message).await {
            tracing::debug!(%error, "a committed receipt could not be published");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_hears_at_most_every_ten_seconds_and_always_of_the_newest() {
        let (mut book, start) = (CommittedBook::default(), Instant::now());
        let fix = |secs: i64| Timestamp::from_millis(1_793_646_000_000 + secs * 1_000);
        book.note(Role::Wearer, "am-1".into(), fix(0), Some(1));
        book.note(Role::Wearer, "am-1".into(), fix(1), Some(2));
        let told = book.due(start);
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].topic, "afstand/v1/wearer/am-1/committed");
        assert_eq!(&told[0].payload[..], br#"{"fixed_at":"2026-11-02T19:00:01.000Z","seq":2}"#);
        book.note(Role::Wearer, "am-1".into(), fix(9), None);
        assert!(book.due(start + Duration::from_secs(9)).is_empty());
        assert_eq!(book.due(start + EVERY).len(), 1);
        assert!(book.due(start + 3 * EVERY).is_empty(), "nothing new, nothing said");
    }
}
