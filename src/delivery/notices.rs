//! What devices are told of which only the newest counts: how well a victim is protected, how often an ankle
//! monitor is to report. Written with the commit that decided it, kept until the broker has it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::Clock;
use crate::mqtt::{Message, PublishError, Published, Publisher};
use crate::store::{Batch, NoticeRow, Store, StoreError};

/// Rows read at a time; all of them are under way to the broker at once.
const PAGE: u32 = 16;
/// How long after a failure it is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// Tells that notices were committed; a clone tells the same one. Never waits.
#[derive(Debug, Clone, Default)]
pub struct NoticeHandle(Arc<Notify>);

impl NoticeHandle {
    /// There is something to tell.
    pub fn committed(&self) {
        self.0.notify_one();
    }
}

/// Publishes notices for as long as it runs.
pub struct Notices {
    store: Store,
    publisher: Publisher,
    clock: Clock,
    wake: NoticeHandle,
}

impl fmt::Debug for Notices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notices").finish_non_exhaustive()
    }
}

impl Notices {
    /// One that has not begun, and the handle by which it is told of news.
    pub fn new(store: Store, publisher: Publisher, clock: Clock) -> (Self, NoticeHandle) {
        let wake = NoticeHandle::default();
        (Self { store, publisher, clock, wake: wake.clone() }, wake)
    }

    /// Runs until `stop`. What is not told by then is told after the next start.
    ///
    /// # Errors
    /// When the store fails for good.
    pub async fn run(self, stop: CancellationToken) -> Result<(), StoreError> {
        loop {
            let all_told = tokio::select! {
                () = stop.cancelled() => return Ok(()),
                told = self.tell_all() => match told {
                    Err(error) if error.is_retryable() => {
                        tracing::warn!(%error, "notices wait for the store");
                        false
                    }
                    told => told?,
                },
            };
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = self.wake.0.notified() => {}
                () = tokio::time::sleep(AGAIN), if !all_told => {}
            }
        }
    }

    /// Goes through all that is to be told once; `false` when some of it was not taken.
    async fn tell_all(&self) -> Result<bool, StoreError> {
        let (mut after, mut all_told) = (None, true);
        loop {
            let page = self.store.notices(after.as_deref(), PAGE).await?;
            let Some(last) = page.last() else { return Ok(all_told) };
            after = Some(last.topic.clone());
            let sends = page.into_iter().map(|notice| async move {
                let told = self.tell(&notice).await;
                (notice, told)
            });
            let mut noticed = Vec::new();
            let mut away = false;
            for (notice, told) in futures_util::future::join_all(sends).await {
                match told {
                    Ok(true) => noticed.push((notice.topic, notice.seq)),
                    Ok(false) => all_told = false,
                    Err(error) => {
                        all_told = false;
                        away |= matches!(error, PublishError::Away(_));
                        tracing::debug!(%error, "a notice could not be published; trying again");
                    }
                }
            }
            if !noticed.is_empty() {
                self.store.commit(&Batch { noticed, ..Batch::default() }).await?;
            }
            if away {
                return Ok(false);
            }
        }
    }

    /// Tells one device; whether it need not be told again.
    async fn tell(&self, notice: &NoticeRow) -> Result<bool, PublishError> {
        let left = notice.until.map(|until| until - (self.clock)());
        if left.is_some_and(|left| left.0 <= 0) {
            return Ok(true);
        }
        let mut message = Message::new(notice.topic.clone(), notice.payload.clone());
        message.retain = notice.until.is_none();
        message.expiry = left.map(|left| Duration::from_millis(left.0.unsigned_abs()));
        let retained = message.retain;
        // The broker keeps what is retained for whoever comes; anything else is lost when nobody is there.
        Ok(self.publisher.publish(message).await? != Published::NoSubscriber || retained)
    }
}
