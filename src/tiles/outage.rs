//! Saying once that the server of a map is down, and once that it is back, however many pieces are asked for meanwhile.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::Unavailable;

/// It is back when it has given pieces for so long and refused none: one that gives every other piece is still down.
const BACK_AFTER: Duration = Duration::from_secs(30);

/// What is known of the server of one map.
#[derive(Debug, Default)]
pub(super) struct Outage(Mutex<Option<Down>>);

#[derive(Debug)]
struct Down {
    failed_at: Instant,
    failures: u64,
}

/// What is worth saying.
#[derive(Debug, PartialEq, Eq)]
enum News {
    /// It is down.
    Down,
    /// It is back, after so many pieces that could not be had.
    Back(u64),
}

impl Outage {
    /// Takes note of what came of asking for something.
    pub(super) fn note<T>(&self, theme: &'static str, came: &Result<T, Unavailable>) {
        let news = match came {
            Ok(_) => self.succeeded(Instant::now()),
            // That the style does not name it says nothing of the server.
            Err(Unavailable::NotNamed) => None,
            Err(_) => self.failed(Instant::now()),
        };
        match (news, came) {
            (Some(News::Down), Err(why)) => {
                tracing::warn!(theme, %why, "the map with streets cannot be had: the console shows its own");
            }
            (Some(News::Back(failures)), _) => {
                tracing::info!(theme, failures, "the map with streets can be had again");
            }
            _ => {}
        }
    }

    fn failed(&self, now: Instant) -> Option<News> {
        let mut down = self.down();
        let is_news = down.is_none();
        let failures = down.as_ref().map_or(0, |down| down.failures) + 1;
        *down = Some(Down { failed_at: now, failures });
        is_news.then_some(News::Down)
    }

    fn succeeded(&self, now: Instant) -> Option<News> {
        let mut down = self.down();
        let is_back = |down: &mut Down| now.saturating_duration_since(down.failed_at) >= BACK_AFTER;
        down.take_if(is_back).map(|down| News::Back(down.failures))
    }

    fn down(&self) -> MutexGuard<'_, Option<Down>> {
        // It is replaced as a whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_said_once_and_its_end_once() {
        let (outage, start) = (Outage::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(outage.succeeded(at(0)), None);
        assert_eq!(outage.failed(at(1)), Some(News::Down));
        for n in 2..1_000 {
            assert_eq!(outage.failed(at(n)), None);
        }
        assert_eq!(outage.succeeded(at(1_028)), None, "one piece is not the server");
        assert_eq!(outage.succeeded(at(1_029)), Some(News::Back(999)));
        assert_eq!(outage.succeeded(at(1_030)), None);
        assert_eq!(outage.failed(at(1_031)), Some(News::Down), "another outage");
    }

    #[test]
    fn a_server_that_gives_every_other_piece_is_down_and_not_said_twice() {
        let (outage, start) = (Outage::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(outage.failed(at(0)), Some(News::Down));
        for n in 0..500 {
            assert_eq!(outage.succeeded(at(n * 20 + 10)), None);
            assert_eq!(outage.failed(at(n * 20 + 20)), None);
        }
    }
}
