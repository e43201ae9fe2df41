//! Committing batches, and what may happen only after that.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};

use super::committed::{self, CommittedBook};
use super::decide::Pending;
use crate::api::LiveFeed;
use crate::delivery::{DispatchHandle, HintHandle, NoticeHandle};
use crate::metrics::Metrics;
use crate::mqtt::{Acks, Publisher};
use crate::store::{Batch, Channel, Store, StoreError};
use crate::wire::outgoing;

/// First and longest wait before a batch is tried again.
const RETRY: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// How often receipts are looked at.
const RECEIPTS_EVERY: Duration = Duration::from_secs(1);

/// The end of the road of a batch.
pub(super) struct Committer {
    pub(super) store: Store,
    pub(super) acks: Acks,
    pub(super) publisher: Publisher,
    pub(super) dispatch: DispatchHandle,
    pub(super) notices: NoticeHandle,
    pub(super) hints: HintHandle,
    pub(super) live: LiveFeed,
    pub(super) metrics: Arc<Metrics>,
    pub(super) store_ok: watch::Sender<bool>,
}

impl Committer {
    /// Commits what comes, in order, until the sender is gone. An error is for good: this batch can never be
    /// stored, or the store is not ours any more.
    pub(super) async fn run(self, mut batches: mpsc::Receiver<Pending>) -> Result<(), StoreError> {
        let mut book = CommittedBook::default();
        let mut tick = tokio::time::interval(RECEIPTS_EVERY);
        let mut publishing: Option<tokio::task::JoinHandle<()>> = None;
        loop {
            tokio::select! {
                batch = batches.recv() => match batch {
                    Some(pending) => self.batch(pending, &mut book).await?,
                    None => return Ok(()),
                },
                _ = tick.tick() => {
                    // One round at a time: a broker that is slow makes receipts rarer, not more numerous.
                    if publishing.as_ref().is_none_or(tokio::task::JoinHandle::is_finished) {
                        let (due, publisher) = (book.due(Instant::now()), self.publisher.clone());
                        publishing = (!due.is_empty())
                            .then(|| tokio::spawn(async move { committed::publish(&publisher, due).await }));
                    }
                }
            }
        }
    }

    async fn batch(&self, pending: Pending, book: &mut CommittedBook) -> Result<(), StoreError> {
        let began = Instant::now();
        if !pending.batch.is_empty() {
            self.commit(&pending.batch).await?;
        }
        self.acks.ack(pending.acks);
        for reply in pending.replies {
            reply();
        }
        for (incident, at) in &pending.closed {
            self.dispatch.incident_closed(incident, *at);
        }
        for receipt in &pending.batch.receipts {
            if let Some(alert) = &receipt.alert {
                self.dispatch.shown(&receipt.recipient, alert);
            }
        }
        if !pending.batch.released.is_empty() {
            self.dispatch.released();
        }
        if !pending.batch.deliveries.is_empty() || !pending.told_again.is_empty() {
            self.dispatch.committed();
            self.hints.committed();
        }
        if !pending.batch.notices.is_empty() {
            self.notices.committed();
        }
        let newest = pending.batch.alerts.last().map(|row| row.seq);
        let newest = newest.max(pending.batch.timeline.last().map(|row| row.seq));
        if let Some(newest) = newest {
            self.live.committed(newest);
        }
        self.tell_apps(&pending.batch, &pending.told_again);
        // After the alerts: places may wait.
        self.live.moved(&pending.batch.devices);
        for (role, device, fixed_at, seq) in pending.receipts {
            book.note(role, device, fixed_at, seq);
        }
        self.metrics.fixes_decided.inc_by(pending.fixes);
        self.metrics.commit_seconds.observe(began.elapsed().as_secs_f64());
        self.metrics.batch_size.observe(pending.batch.inputs.len() as f64);
        if let Some(begun) = pending.begun {
            self.metrics.decide_to_commit_seconds.observe(begun.elapsed().as_secs_f64());
        }
        Ok(())
    }

    /// Wakes the apps of victims to whom the batch has something to say.
    fn tell_apps(&self, batch: &Batch, told_again: &[String]) {
        let alerts = batch.deliveries.iter().filter(|delivery| delivery.channel == Channel::VictimMqtt);
        let alerts = alerts.map(|delivery| delivery.recipient.as_str());
        let protections = batch.notices.iter().filter_map(|notice| outgoing::victim_of(&notice.topic));
        self.live.told(alerts.chain(protections).chain(told_again.iter().map(String::as_str)));
    }

    /// Tries until it is done. Meanwhile nothing is acknowledged, so the broker keeps what comes next.
    async fn commit(&self, batch: &Batch) -> Result<(), StoreError> {
        let mut wait = RETRY.0;
        loop {
            match self.store.commit(batch).await {
                Ok(committed) => {
                    if committed.known_alerts > 0 && !committed.repeated {
                        tracing::error!(alerts = committed.known_alerts, "alerts were stored before");
                    }
                    self.store_ok.send_if_modified(|ok| !std::mem::replace(ok, true));
                    return Ok(());
                }
                Err(error) if error.is_retryable() => {
                    if self.store_ok.send_if_modified(|ok| std::mem::replace(ok, false)) {
                        tracing::error!(%error, "a commit failed and is tried again; nothing is acknowledged");
                    }
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(RETRY.1);
                }
                Err(error) => return Err(error),
            }
        }
    }
}
