//! Waking the apps of victims: each only when there is something for its own device.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// Streams that one device may have open. A phone that changes its network leaves connections behind of which nobody
/// knows yet that they are dead: a stream too many ends the oldest, never the one that she opens now.
const MOST_OF_ONE: usize = 4;

/// Streams of apps that may be open at once: room of their own, so that they leave the monitoring centre's alone.
pub(in crate::api) const MOST_STREAMS: usize = 4_000;

/// The devices whose apps listen; a clone is the same.
#[derive(Debug, Clone)]
pub(in crate::api) struct AppFeed {
    listening: Arc<Mutex<Ears>>,
    room: Arc<Semaphore>,
}

#[derive(Debug, Default)]
struct Ears {
    /// Number of the stream that was opened last.
    number: u64,
    /// The streams of each device, oldest first.
    of_device: BTreeMap<String, VecDeque<Ear>>,
}

/// What the feed knows of a stream; dropped, it ends the stream.
#[derive(Debug)]
struct Ear {
    number: u64,
    wake: watch::Sender<()>,
    _room: OwnedSemaphorePermit,
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
        if listening.of_device.is_empty() {
            return;
        }
        for device in devices {
            for ear in listening.of_device.get(device).into_iter().flatten() {
                ear.wake.send_replace(());
            }
        }
    }

    /// Listens for one device, in place of its oldest stream where it has as many as it may; `None` when all together
    /// have as many as they may, and none of them is its own.
    pub(super) fn listen(&self, device: &str) -> Option<Listening> {
        let mut listening = self.lock();
        let mut own = listening.of_device.remove(device).unwrap_or_default();
        if own.len() >= MOST_OF_ONE || self.room.available_permits() == 0 {
            own.pop_front();
        }
        let room = Arc::clone(&self.room).try_acquire_owned().ok()?;
        let wake = watch::Sender::new(());
        let heard = wake.subscribe();
        listening.number += 1;
        let number = listening.number;
        own.push_back(Ear { number, wake, _room: room });
        listening.of_device.insert(device.to_owned(), own);
        Some(Listening { feed: self.clone(), device: device.to_owned(), number, wake: heard })
    }

    fn lock(&self) -> MutexGuard<'_, Ears> {
        self.listening.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One who listens, until it is dropped.
#[derive(Debug)]
pub(super) struct Listening {
    feed: AppFeed,
    device: String,
    number: u64,
    wake: watch::Receiver<()>,
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
        let Some(own) = listening.of_device.get_mut(&self.device) else { return };
        own.retain(|ear| ear.number != self.number);
        if own.is_empty() {
            listening.of_device.remove(&self.device);
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
        drop((hers, other));
        assert!(feed.lock().of_device.is_empty());
        assert_eq!(feed.room.available_permits(), MOST_STREAMS);
    }

    #[tokio::test]
    async fn a_stream_too_many_ends_the_oldest_of_its_own_device() {
        let feed = AppFeed::default();
        let mut other = feed.listen("vd-2").unwrap();
        let mut hers: Vec<_> = (0..=MOST_OF_ONE).map(|_| feed.listen("vd-1").unwrap()).collect();
        assert!(!hers[0].hears().await, "the oldest has ended");
        feed.told(["vd-1", "vd-2"].into_iter());
        for stream in hers.iter_mut().skip(1).chain([&mut other]) {
            assert!(stream.hears().await);
        }
        assert_eq!(feed.room.available_permits(), MOST_STREAMS - MOST_OF_ONE - 1, "it gave up its room");
        // It is gone only now, and takes nothing of the others with it.
        drop(hers.remove(0));
        assert_eq!(feed.lock().of_device["vd-1"].len(), MOST_OF_ONE);
    }

    #[test]
    fn where_all_room_is_taken_a_device_that_has_some_keeps_its_own() {
        let feed = AppFeed::default();
        let _all: Vec<_> = (0..MOST_STREAMS).map(|n| feed.listen(&format!("vd-{n}")).unwrap()).collect();
        assert!(feed.listen("vd-more").is_none());
        assert!(feed.listen("vd-7").is_some(), "in place of the one it has");
    }
}
