//! Web Push: a hint to a victim's browsers that there is something to see, so that a page that is closed wakes her.
//!
//! It is a hint and no delivery. It follows from what lies in the outbox for her device, and changes nothing there:
//! whether it was sent, or taken, or shown, says nothing about whether she was told, and no clock of the follow-up
//! waits for it. What it says is in [`hint`]; who may be reached, in [`subscription`] and [`public`].
//!
//! A start looks at what was put in the outbox in the last two minutes and was not displayed: a hint that a kill cut
//! off is given again, one that arrived may come twice, and replaces itself.

mod courier;
mod hint;
mod public;
mod seal;
mod subscription;
#[cfg(test)]
pub(super) mod testing;
#[cfg(test)]
mod tests;
mod vapid;
mod waiting;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use zones::{Millis, Timestamp};

pub use public::OwnOrigins;
pub use subscription::{Subscription, WrongSubscription, subscription_id};
pub use vapid::{VapidKey, WrongKey};

use courier::{Answer, Courier};
use hint::Hint;
use waiting::{Next, Turn, Waiting};

use super::dispatcher::{Clock, until};
use super::transport::SendError;
use crate::config::Push;
use crate::metrics::{Metrics, PushLabels};
use crate::store::{HintRow, PushRow, Store, StoreError};

/// Browsers that one person can be reached by; one more takes the place of the one that was seen longest ago.
pub const MOST_BROWSERS: u32 = 5;

/// What is in the outbox for longer was said before the start, or is too old.
const RESUMED_WITHIN: Millis = Millis(2 * 60_000);
/// So far back a start looks, in deliveries.
const RESUMED_MOST: i64 = 10_000;
/// Deliveries read at a time.
const PAGE: u32 = 100;
/// How long after a failed read or write the store is tried again.
const STORE_AGAIN: Duration = Duration::from_secs(5);
/// At the latest then the clock is looked at again, should it have been set.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// Tells that something for a victim was committed; a clone tells the same one. Never waits.
#[derive(Debug, Clone, Default)]
pub struct HintHandle(Arc<Notify>);

impl HintHandle {
    /// Deliveries were committed.
    pub fn committed(&self) {
        self.0.notify_one();
    }
}

/// Gives hints for as long as it runs.
pub struct Hints {
    store: Store,
    push: Arc<Push>,
    courier: Courier,
    clock: Clock,
    metrics: Arc<Metrics>,
    wake: HintHandle,
    waiting: Waiting,
    sends: JoinSet<(Turn, Answer)>,
    /// The browser of each send, should it end without a word.
    tasks: HashMap<Id, String>,
    /// Subscriptions that are no more, to be taken out of the store.
    gone: Vec<String>,
    /// Everything in the outbox up to here was looked at.
    read_up_to: i64,
    /// Nothing older is said.
    since: Timestamp,
    more_to_read: bool,
}

impl fmt::Debug for Hints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hints").field("read_up_to", &self.read_up_to).finish_non_exhaustive()
    }
}

impl Hints {
    /// One that has not begun. Forgets subscriptions that browsers bound to another key.
    ///
    /// # Errors
    /// When the store fails, or nothing can be sent as the settings say.
    pub async fn new(
        store: Store,
        push: Arc<Push>,
        clock: Clock,
        metrics: Arc<Metrics>,
        wake: HintHandle,
    ) -> Result<Self, NoHints> {
        store.keep_push_of(push.key.public()).await?;
        let read_up_to = store.latest_delivery().await? - RESUMED_MOST;
        let since = clock() - RESUMED_WITHIN;
        Ok(Self {
            courier: Courier::new(Arc::clone(&push))?,
            store,
            push,
            clock,
            metrics,
            wake,
            waiting: Waiting::default(),
            sends: JoinSet::new(),
            tasks: HashMap::new(),
            gone: Vec::new(),
            read_up_to,
            since,
            more_to_read: true,
        })
    }

    /// Runs until `stop`. What is under way then is not waited for.
    ///
    /// # Errors
    /// When the store fails for good.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), StoreError> {
        loop {
            let store_answers = self.use_store().await?;
            self.start_sends();
            let wait = self.wait(store_answers);
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                Some(ended) = self.sends.join_next_with_id(), if !self.sends.is_empty() => self.settle(ended),
                () = self.wake.0.notified() => self.more_to_read = true,
                () = sleep(wait) => {}
            }
        }
    }

    /// Takes out what is no more and reads what there is room for; `false` when the store is away.
    async fn use_store(&mut self) -> Result<bool, StoreError> {
        let used = match self.store.forget_push(&self.gone).await {
            Ok(()) => {
                self.gone.clear();
                self.read().await
            }
            failed => failed,
        };
        match used {
            Err(error) if error.is_retryable() => {
                tracing::warn!(%error, "hints wait for the store");
                Ok(false)
            }
            other => other.map(|()| true),
        }
    }

    async fn read(&mut self) -> Result<(), StoreError> {
        let most = PAGE as usize * MOST_BROWSERS as usize;
        while self.more_to_read && self.waiting.has_room(most) {
            let newest = self.store.latest_delivery().await?;
            let page = self.store.hints(self.read_up_to, newest, self.since, PAGE).await?;
            for row in &page {
                self.take(row).await?;
            }
            self.more_to_read = page.len() >= PAGE as usize;
            self.read_up_to = page.last().filter(|_| self.more_to_read).map_or(newest, |last| last.id);
        }
        Ok(())
    }

    /// One delivery to her device, for each of her browsers.
    async fn take(&mut self, row: &HintRow) -> Result<(), StoreError> {
        for PushRow { id, endpoint, p256dh, auth, .. } in
            self.store.push_subscriptions(&row.device, &row.person).await?
        {
            // What the settings allowed when it came may be allowed no more.
            match Subscription::parse(&endpoint, &p256dh, &auth, &self.push.own) {
                Ok(subscription) => {
                    if let Some(hint) = Hint::new(row, id, subscription) {
                        self.waiting.offer(hint, (self.clock)());
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "a browser cannot be reached any more: its subscription is dropped");
                    self.gone.push(id);
                }
            }
        }
        Ok(())
    }

    fn start_sends(&mut self) {
        let now = (self.clock)();
        let expired = self.waiting.forget_expired(now);
        self.count("expired", expired);
        while let Some(turn) = self.waiting.next_turn(now) {
            let (courier, to) = (self.courier.clone(), turn.hint.to.clone());
            let task = self.sends.spawn(async move {
                let answer = courier.send(&turn.hint, now).await;
                (turn, answer)
            });
            self.tasks.insert(task.id(), to);
        }
    }

    fn settle(&mut self, ended: Result<(Id, (Turn, Answer)), JoinError>) {
        let (turn, answer) = match ended {
            Ok((task, sent)) => {
                self.tasks.remove(&task);
                sent
            }
            Err(error) => {
                if let Some(to) = self.tasks.remove(&error.id()) {
                    self.waiting.done(&to);
                    self.count("failed", 1);
                }
                return;
            }
        };
        match answer {
            Answer::Taken => {
                self.waiting.done(&turn.hint.to);
                self.count("sent", 1);
            }
            Answer::Gone => {
                self.waiting.done(&turn.hint.to);
                self.gone.push(turn.hint.to.clone());
                self.count("gone", 1);
            }
            Answer::Later(asked, error) => {
                tracing::debug!(error, "a hint was not taken");
                let next = self.waiting.failed(&turn, asked, (self.clock)());
                let outcome = match next {
                    Next::Again => "again",
                    Next::Replaced => "replaced",
                    Next::GivenUp => "failed",
                };
                self.count(outcome, 1);
            }
            Answer::Refused(error) => {
                tracing::warn!(error, "a push service refuses a hint");
                self.waiting.done(&turn.hint.to);
                self.count("failed", 1);
            }
        }
    }

    fn count(&self, outcome: &'static str, hints: usize) {
        if hints > 0 {
            self.metrics.push_hints.get_or_create(&PushLabels { outcome }).inc_by(hints as u64);
        }
    }

    /// How long there is nothing to do, should nothing happen.
    fn wait(&self, store_answers: bool) -> Duration {
        let turn = self.waiting.poll_deadline().map(|due| until(due, (self.clock)()));
        let store = (!store_answers).then_some(STORE_AGAIN);
        let written = (store_answers && !self.gone.is_empty()).then_some(Duration::ZERO);
        turn.into_iter()
            .chain(store)
            .chain(written)
            .min()
            .map_or(LONGEST_SLEEP, |wait| wait.min(LONGEST_SLEEP))
    }
}

/// Hints cannot be given.
#[derive(Debug, thiserror::Error)]
pub enum NoHints {
    /// The store fails.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There can be no client.
    #[error("push: {0}")]
    Client(#[from] SendError),
}
