//! Messages that cannot be used: kept with their reason, counted, and said.

use std::time::Instant;

use zones::Timestamp;

use super::decide::Decider;
use super::translate;
use crate::metrics::RejectionLabels;
use crate::store::{LONGEST_PAYLOAD, RejectedRow};
use crate::wire::{self, Unusable};

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
