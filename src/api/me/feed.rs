//! Waking the apps of victims: each only when there is something for its own device.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// Streams that one device may have open: an app that comes back before its last connection is known to be gone.
const MOST_OF_ONE: usize = 4;

/// Streams of apps that may be open at once: room of their own, so that they leave the monitoring centre's alone.
pub(in crate::api) const MOST_STREAMS: usize = 4_000;

/// The devices whose apps listen; a clone is the same.
#[derive(Debug, Clone)]
pub(in crate::api) struct AppFeed {
    listening: Arc<Mutex<BTreeMap<String, watch::Sender<()>>>>,
    room: Arc<Semaphore>,
}

impl Default for AppFeed {
    fn default() -> Self {
        Self { listening: Arc::default(), room: Arc::new(Semaphore::new(MOST_STREAMS)) }
    }
}

impl AppFeed {
    /// Wakes those who listen for one of these devices.
    pub(in crate::api) fn told<'d>(&self, devices: impl Iterator<Item = &'d str>) {
        let listening = self.lock();
        if listening.is_empty() {
            return;
        }
        for device in devices {
            if let Some(wake) = listening.get(device) {
                wake.send_replace(());
            }
        }
    }

    /// Listens for one device; `None` when it has as many streams as it may, or all together have.
    pub(super) fn listen(&self, device: &str) -> Option<Listening> {
        let room = Arc::clone(&self.room).try_acquire_owned().ok()?;
        let mut listening = self.lock();
        let wake = listening.entry(device.to_owned()).or_insert_with(|| watch::Sender::new(()));
        if wake.receiver_count() >= MOST_OF_ONE {
            return None;
        }
        Some(Listening { feed: self.clone(), device: device.to_owned(), wake: wake.subscribe(), _room: room })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, watch::Sender<()>>> {
        self.listening.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One who listens, until it is dropped.
#[derive(Debug)]
pub(super) struct Listening {
    feed: AppFeed,
    device: String,
    wake: watch::Receiver<()>,
    _room: OwnedSemaphorePermit,
}

impl Listening {
    /// Marks what was said up to here as heard.
    pub(super) fn heard(&mut self) {
        self.wake.borrow_and_update();
    }

    /// Waits until something is said that was not heard yet; `false` when nothing will be.
    pub(super) async fn hears(&mut self) -> bool {
        self.wake.changed().await.is_ok()
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let mut listening = self.feed.lock();
        // Its own receiver is still counted.
        if listening.get(&self.device).is_some_and(|wake| wake.receiver_count() <= 1) {
            listening.remove(&self.device);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::timeout;

    #[tokio::test]
    async fn each_is_woken_for_its_own_device_and_nobody_is_remembered() {
        let feed = AppFeed::default();
        let (mut hers, mut other) = (feed.listen("vd-1").unwrap(), feed.listen("vd-2").unwrap());
        feed.told(["vd-1", "vd-3"].into_iter());
        assert!(hers.hears().await);
        let nothing = timeout(Duration::from_millis(20), other.hears()).await;
        assert!(nothing.is_err(), "what is for another device wakes nobody");
        let more: Vec<_> = std::iter::from_fn(|| feed.listen("vd-1")).collect();
        assert_eq!(more.len(), MOST_OF_ONE - 1);
        drop((hers, more, other));
        assert!(feed.lock().is_empty());
    }
}
