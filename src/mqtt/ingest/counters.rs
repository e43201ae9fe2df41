//! What the ingest link counts.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that only goes up.
#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    pub(super) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The counters of an ingest link, over all its connections.
#[derive(Debug, Default)]
pub struct IngestCounters {
    pub(super) received: Count,
    pub(super) bytes: Count,
    pub(super) acked: Count,
    pub(super) dropped_old_acks: Count,
    pub(super) dropped_qos0: Count,
    pub(super) overflows: Count,
    pub(super) reconnects: Count,
    pub(super) sessions_lost: Count,
}

/// The counters at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IngestCounts {
    /// Messages handed to the consumer, also those that came again.
    pub received: u64,
    /// Bytes of payload in them.
    pub bytes: u64,
    /// Acknowledgements handed to the connection.
    pub acked: u64,
    /// Acknowledgements dropped because the connection of their message is gone.
    pub dropped_old_acks: u64,
    /// QoS 0 messages dropped because the consumer was behind: their sender asked for no more.
    pub dropped_qos0: u64,
    /// Messages that came although the consumer had no room: the broker sends more than it was told it may.
    pub overflows: u64,
    /// Connections made after the first.
    pub reconnects: u64,
    /// Of those, how often the broker had lost the session, and with it what it kept for us.
    pub sessions_lost: u64,
}

impl IngestCounters {
    /// The counts now.
    pub fn read(&self) -> IngestCounts {
        IngestCounts {
            received: self.received.read(),
            bytes: self.bytes.read(),
            acked: self.acked.read(),
            dropped_old_acks: self.dropped_old_acks.read(),
            dropped_qos0: self.dropped_qos0.read(),
            overflows: self.overflows.read(),
            reconnects: self.reconnects.read(),
            sessions_lost: self.sessions_lost.read(),
        }
    }
}
