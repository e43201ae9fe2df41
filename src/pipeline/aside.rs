//! Messages that cannot be used: kept with their reason, counted, and said.

use std::time::Instant;

use zones::Timestamp;

use super::decide::Decider;
use super::translate;
use crate::metrics::RejectionLabels;
use crate::store::{LONGEST_PAYLOAD, RejectedRow};
use crate::wire::{self, Unusable};

/// Lines a minute about messages set aside. One device with a fault can send a hundred thousand of them, and who
/// reads the log has to find the other lines; every message is counted and listed all the same.
const LINES_A_MINUTE: u32 = 100;

/// What was said in the log within a minute.
#[derive(Debug, Default)]
pub(super) struct Said {
    minute: i64,
    lines: u32,
    unsaid: u32,
}

impl Said {
    /// Whether one more line may be written; says first how many were not, when a minute is over.
    fn may_say(&mut self, now: Timestamp) -> bool {
        let minute = now.as_millis().div_euclid(60_000);
        if minute != self.minute {
            if self.unsaid > 0 {
                tracing::warn!(count = self.unsaid, "more messages were set aside than are said one by one");
            }
            *self = Self { minute, ..Self::default() };
        }
        let may = self.lines < LINES_A_MINUTE;
        if may {
            self.lines += 1;
        } else {
            self.unsaid += 1;
        }
        may
    }
}

impl Decider {
    /// Keeps a message that cannot be used, with its reason.
    pub(super) fn set_aside(&mut self, now: Timestamp, topic: &str, payload: &[u8], unusable: &Unusable) {
        let class = if unusable.reason.starts_with(translate::UNKNOWN) { "unknown" } else { "unusable" };
        self.metrics.messages_rejected.get_or_create(&RejectionLabels { reason_class: class }).inc();
        if self.said.may_say(now) {
            // An OwnTracks topic holds the name its user chose.
            let topic_said = if topic.starts_with("owntracks/") { "owntracks/…" } else { topic };
            tracing::warn!(topic = topic_said, reason = %unusable, size_bytes = payload.len(), "message set aside");
        }
        let kept = wire::without_code(topic, payload);
        let seq = self.next.rejected;
        self.next.rejected += 1;
        self.pending.begun.get_or_insert_with(Instant::now);
        self.pending.batch.rejected.push(RejectedRow {
            seq,
            received_at: now,
            topic: topic.to_owned(),
            reason: unusable.to_string(),
            payload: kept[..kept.len().min(LONGEST_PAYLOAD)].to_vec(),
            size: i64::try_from(payload.len()).unwrap_or(i64::MAX),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_nonsense_leaves_room_in_the_log() {
        let mut said = Said::default();
        let at = |secs: i64| Timestamp::from_millis(1_793_646_000_000 + secs * 1_000);
        let lines = (0..1_000).filter(|n| said.may_say(at(n / 50))).count();
        assert_eq!((lines, said.unsaid), (100, 900));
        assert!(said.may_say(at(60)), "the next minute has lines of its own");
        assert_eq!((said.lines, said.unsaid), (1, 0));
    }
}
