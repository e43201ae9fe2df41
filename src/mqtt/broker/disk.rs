//! Waiting for the disk of the embedded broker.
//!
//! It writes messages down behind its work: also that one of them was handed back, because its connection ended. Who
//! resumes a session reads what is on the disk, and waits for it, but no longer than five seconds, written or not.
//! On a slow disk it then sent what a service had been sent before its end twice, and what came first in no order.

use std::pin::Pin;
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use mqtt5::broker::storage::DynamicStorage;
use mqtt5::broker::{BrokerEventHandler, ClientConnectEvent};

/// So long the broker's own wait is. It does not say whether it ended because everything is written.
const BROKER_WAITS: Duration = Duration::from_secs(5);

/// A disk that takes longer than this is given up: who connects is served, in whatever order.
const PATIENCE: Duration = Duration::from_mins(1);

/// Holds who comes back until everything is written that was to be written by then.
#[derive(Debug, Default)]
pub(super) struct Disk(OnceLock<Weak<DynamicStorage>>);

impl Disk {
    /// Says where the broker writes. Before that there is nothing to wait for.
    pub(super) fn is(&self, storage: &Arc<DynamicStorage>) {
        // A broker has one storage. Whoever still holds its settings must not keep that from the next broker.
        let _ = self.0.set(Arc::downgrade(storage));
    }
}

impl BrokerEventHandler for Disk {
    fn on_client_connect<'a>(
        &'a self,
        event: ClientConnectEvent,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async move {
            let storage = self.0.get().filter(|_| !event.clean_start).and_then(Weak::upgrade);
            if let Some(storage) = storage
                && !written(&storage).await
            {
                tracing::warn!(
                    client = &*event.client_id,
                    "the broker's disk is too slow: messages may come twice and out of order"
                );
            }
        })
    }
}

/// Waits until everything is on disk that was to be written when this was called; `false` when that takes too long.
pub(super) async fn written(storage: &DynamicStorage) -> bool {
    let DynamicStorage::File(files) = storage else { return true };
    let wait = || async {
        let began = Instant::now();
        files.flush_queue_writes().await;
        began.elapsed()
    };
    done(wait).await
}

/// Waits as often as needed; `wait` says how long it did. One that was not given up has seen everything written.
async fn done<Waited: Future<Output = Duration>>(mut wait: impl FnMut() -> Waited) -> bool {
    let mut waited = Duration::ZERO;
    while waited < PATIENCE {
        let took = wait().await;
        if took < BROKER_WAITS {
            return true;
        }
        waited += took;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Waits for a disk that has everything after so many seconds, as the broker does; how often, and whether it had.
    async fn waits(mut disk_s: u64) -> (u32, bool) {
        let mut count = 0;
        let is_done = done(|| {
            let wait_s = disk_s.min(BROKER_WAITS.as_secs());
            (count, disk_s) = (count + 1, disk_s - wait_s);
            async move { Duration::from_secs(wait_s) }
        });
        let is_done = is_done.await;
        (count, is_done)
    }

    #[tokio::test]
    async fn a_wait_that_was_given_up_is_begun_anew_but_not_for_ever() {
        assert_eq!(waits(0).await, (1, true));
        assert_eq!(waits(4).await, (1, true));
        assert_eq!(waits(13).await, (3, true));
        assert_eq!(waits(3_600).await, (12, false));
    }
}
