//! Links that are good once and for minutes, for a demonstration: whoever sees its terminal may come in.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use zones::Timestamp;

use super::{NoSignIn, digest, new_secret};
use crate::config::Holder;

/// How long a link is good.
const GOOD_FOR: Duration = Duration::from_mins(10);

/// A new one is asked for no more often than this.
const ASKED_EVERY: Duration = Duration::from_secs(3);

/// Links that are remembered, used or not.
const MOST_LINKS: usize = 64;

/// Gives out links and takes them back.
#[derive(Debug)]
pub struct Links {
    /// Who comes by them.
    holder: Holder,
    /// Where new codes are shown.
    show: mpsc::Sender<String>,
    given: Mutex<VecDeque<Link>>,
}

#[derive(Debug)]
struct Link {
    hash: String,
    given_at: Timestamp,
    used: bool,
}

/// What came of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redeemed {
    /// It was good, and is no longer.
    Good(Holder),
    /// It was used before.
    Used,
    /// It is too old, or was never given.
    Unknown,
}

/// What came of asking for a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// It is shown.
    Shown,
    /// One was shown just now.
    TooSoon,
    /// Nobody looks at what is shown.
    Nowhere,
}

impl Links {
    /// Links for this holder; codes that are asked for go to `show`.
    pub fn new(holder: Holder, show: mpsc::Sender<String>) -> Self {
        Self { holder, show, given: Mutex::default() }
    }

    /// The code of a new link.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn give(&self, now: Timestamp) -> Result<String, NoSignIn> {
        let code = new_secret()?;
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        given.truncate(MOST_LINKS - 1);
        given.push_front(Link { hash: digest(&code), given_at: now, used: false });
        Ok(code)
    }

    /// Shows a new code where the service was started.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn ask(&self, now: Timestamp) -> Result<Asked, NoSignIn> {
        let newest = self.given.lock().unwrap_or_else(PoisonError::into_inner).front().map(|l| l.given_at);
        if newest.is_some_and(|at| since(at, now) < ASKED_EVERY) {
            return Ok(Asked::TooSoon);
        }
        let shown = self.show.try_send(self.give(now)?);
        Ok(if shown.is_ok() { Asked::Shown } else { Asked::Nowhere })
    }

    /// Takes a code back.
    pub fn redeem(&self, code: &str, now: Timestamp) -> Redeemed {
        let hash = digest(code);
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        match given.iter_mut().find(|link| link.hash == hash) {
            Some(link) if link.used => Redeemed::Used,
            Some(link) if since(link.given_at, now) < GOOD_FOR => {
                link.used = true;
                Redeemed::Good(self.holder.clone())
            }
            _ => Redeemed::Unknown,
        }
    }
}

fn since(moment: Timestamp, now: Timestamp) -> Duration {
    let millis = now.as_millis().saturating_sub(moment.as_millis());
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}
