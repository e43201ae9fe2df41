//! What has been sent, acknowledged and consumed, and whether more may be sent.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Counters shared by publishers, listeners and whoever reports.
#[derive(Debug)]
pub(super) struct Gate {
    began: Instant,
    backlog: u64,
    sent: AtomicU64,
    acknowledged: AtomicU64,
    consumed: AtomicU64,
    first_sent_us: AtomicU64,
    last_consumed_us: AtomicU64,
    stopped: AtomicBool,
}

impl Gate {
    /// A gate that lets at most `backlog` messages be sent and not yet consumed.
    pub(super) fn new(backlog: u64) -> Self {
        Self {
            began: Instant::now(),
            backlog,
            sent: AtomicU64::new(0),
            acknowledged: AtomicU64::new(0),
            consumed: AtomicU64::new(0),
            first_sent_us: AtomicU64::new(0),
            last_consumed_us: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
        }
    }

    /// Microseconds since the gate was made.
    pub(super) fn micros(&self) -> u64 {
        self.began.elapsed().as_micros() as u64
    }

    /// Takes leave to send up to `wanted` messages; they count as sent.
    pub(super) fn take(&self, wanted: u64) -> u64 {
        let room = |sent: u64| self.backlog.saturating_sub(sent.saturating_sub(self.consumed.load(Relaxed)));
        let mut granted = 0;
        // Always ends: the closure never says no.
        let _ = self.sent.fetch_update(Relaxed, Relaxed, |sent| {
            granted = wanted.min(room(sent));
            Some(sent + granted)
        });
        if granted > 0 && self.first_sent_us.load(Relaxed) == 0 {
            self.first_sent_us.store(self.micros().max(1), Relaxed);
        }
        granted
    }

    /// The broker has acknowledged `more`.
    pub(super) fn acknowledge(&self, more: u64) {
        self.acknowledged.fetch_add(more, Relaxed);
    }

    /// The consumer has taken `more`.
    pub(super) fn consume(&self, more: u64) {
        self.consumed.fetch_add(more, Relaxed);
        self.last_consumed_us.store(self.micros(), Relaxed);
    }

    /// The consumer has taken `total` in all.
    pub(super) fn consumed_in_all(&self, total: u64) {
        if self.consumed.fetch_max(total, Relaxed) < total {
            self.last_consumed_us.store(self.micros(), Relaxed);
        }
    }

    /// Messages sent.
    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Relaxed)
    }

    /// Messages acknowledged.
    pub(super) fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Relaxed)
    }

    /// Messages consumed.
    pub(super) fn consumed(&self) -> u64 {
        self.consumed.load(Relaxed)
    }

    /// Consumed messages a second, from the first sent to the last consumed.
    pub(super) fn consumed_per_s(&self) -> f64 {
        let us = self.last_consumed_us.load(Relaxed).saturating_sub(self.first_sent_us.load(Relaxed));
        if us == 0 { 0.0 } else { self.consumed() as f64 * 1e6 / us as f64 }
    }

    /// How long nothing has been consumed.
    pub(super) fn idle(&self) -> Duration {
        Duration::from_micros(self.micros().saturating_sub(self.last_consumed_us.load(Relaxed)))
    }

    /// No more is to be sent.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Relaxed);
    }

    /// Whether no more is to be sent.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_runs_ahead_of_the_consumer() {
        let gate = Gate::new(100);
        assert_eq!(gate.take(70), 70);
        assert_eq!(gate.take(70), 30);
        assert_eq!(gate.take(70), 0);
        gate.consume(50);
        assert_eq!(gate.take(70), 50);
        gate.consumed_in_all(120);
        gate.consumed_in_all(90);
        assert_eq!((gate.sent(), gate.consumed(), gate.take(1_000)), (150, 120, 70));
    }
}
