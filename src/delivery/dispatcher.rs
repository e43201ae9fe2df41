//! Empties the outbox: reads what is pending, sends it in its turn, writes down how that went.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;
use zones::{Millis, Timestamp};

use crate::metrics::{DeliveryLabels, Metrics};
use crate::store::{Channel, DeliveryProgress, NewDelivery, Outcome, PendingDelivery, Store, StoreError};

use super::lanes::{Address, AfterFailure, Item, Lanes, Limits, Offered, Turn};
use super::schedule::{Schedule, Until};
use super::transport::{SendError, Transport};

/// Rows of the outbox read at a time.
const PAGE: u32 = 500;
/// How long after a failed read or write the store is tried again.
const STORE_AGAIN: Duration = Duration::from_secs(1);
/// Results that may wait to be written down before no more is sent.
const MOST_UNWRITTEN: usize = 5_000;
/// Closed incidents that may wait to be looked at; beyond it the whole outbox is read anew.
const MOST_CLOSED: usize = 10_000;
/// What is under way when the service stops gets this long.
const STOP_WITHIN: Duration = Duration::from_secs(5);
/// At the latest then the clock is looked at again, should it have been set.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// From so many failed attempts on (37 s by the contract's schedule) a delivery is trouble: somebody must find another
/// way.
const TROUBLE_FROM: i64 = 5;
/// Longest error that is kept, in characters.
const LONGEST_ERROR: usize = 300;
/// Why a delivery was closed that somebody was to act on.
const CLOSED: &str = "the incident is closed";
/// Why one was given up that says how it ended.
const NEVER_RECEIVED: &str = "given up: not received within 24 hours after the incident was closed";

/// Where the dispatcher has the time from.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Tells the dispatcher that there is something to do; a clone tells the same one. Never waits.
#[derive(Debug, Clone)]
pub struct DispatchHandle {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    wake: Notify,
    news: Mutex<News>,
}

#[derive(Debug, Default)]
struct News {
    deliveries: bool,
    closed: Vec<(String, Timestamp)>,
    /// Devices and the alerts that they have shown.
    shown: Vec<(String, String)>,
    /// There were too many to remember, or older ones are to be sent after all: the outbox is to be read anew.
    read_anew: bool,
}

impl DispatchHandle {
    /// Deliveries were committed.
    pub fn committed(&self) {
        self.tell(|news| news.deliveries = true);
    }

    /// The closing of an incident was committed: what somebody was to act on is given up once it was tried, ends are
    /// tried for a while.
    pub fn incident_closed(&self, incident: &str, at: Timestamp) {
        self.tell(|news| {
            if news.closed.len() < MOST_CLOSED {
                news.closed.push((incident.to_owned(), at));
            } else {
                news.read_anew = true;
            }
        });
    }

    /// A receipt was committed by which a victim's device has shown an alert, and with it that it was received.
    pub fn shown(&self, device: &str, alert: &str) {
        self.tell(|news| {
            if news.shown.len() < MOST_CLOSED {
                news.shown.push((device.to_owned(), alert.to_owned()));
            } else {
                news.read_anew = true;
            }
        });
    }

    /// That deliveries which were kept back are to be sent after all was committed.
    pub fn released(&self) {
        self.tell(|news| news.read_anew = true);
    }

    fn tell(&self, what: impl FnOnce(&mut News)) {
        what(&mut self.shared.news.lock().unwrap_or_else(PoisonError::into_inner));
        self.shared.wake.notify_one();
    }
}

/// A delivery that does not get through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// The incident it is about.
    pub incident: String,
    /// The road.
    pub channel: Channel,
    /// Who it is for.
    pub recipient: String,
}

type Sent = (i64, i64, Result<String, SendError>);

/// Sends what the outbox holds, for as long as it runs.
pub struct Dispatcher<T> {
    store: Store,
    transport: Arc<T>,
    clock: Clock,
    schedule: Schedule,
    lanes: Lanes<Arc<NewDelivery>>,
    shared: Arc<Shared>,
    sends: JoinSet<Sent>,
    /// Delivery and attempt of each send, should it end without a word.
    tasks: HashMap<Id, (i64, i64)>,
    unwritten: Vec<DeliveryProgress>,
    /// Everything in the outbox up to here is in the lanes, spilled, or done with.
    read_up_to: i64,
    more_to_read: bool,
    /// The store did not answer: not before then.
    store_again_at: Option<Instant>,
    /// Who hears of trouble.
    trouble: Option<mpsc::Sender<Trouble>>,
    /// Deliveries whose trouble was told.
    told: BTreeSet<i64>,
    /// What came of attempts.
    metrics: Arc<Metrics>,
}

impl<T> fmt::Debug for Dispatcher<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dispatcher").field("read_up_to", &self.read_up_to).finish_non_exhaustive()
    }
}

impl<T: Transport> Dispatcher<T> {
    /// A dispatcher that has not begun, and the handle by which it is told of news.
    pub fn new(store: Store, transport: T, clock: Clock) -> (Self, DispatchHandle) {
        Self::with(store, transport, clock, Schedule::default(), Limits::default())
    }

    /// The same with another schedule and other limits than the contract's and the usual ones.
    pub fn with(
        store: Store,
        transport: T,
        clock: Clock,
        schedule: Schedule,
        limits: Limits,
    ) -> (Self, DispatchHandle) {
        let shared = Arc::new(Shared::default());
        let handle = DispatchHandle { shared: shared.clone() };
        let dispatcher = Self {
            store,
            transport: Arc::new(transport),
            clock,
            schedule,
            lanes: Lanes::new(limits),
            shared,
            sends: JoinSet::new(),
            tasks: HashMap::new(),
            unwritten: Vec::new(),
            read_up_to: 0,
            more_to_read: true,
            store_again_at: None,
            trouble: None,
            told: BTreeSet::new(),
            metrics: Arc::default(),
        };
        (dispatcher, handle)
    }

    /// Counts there what comes of attempts.
    #[must_use]
    pub fn counting(self, metrics: Arc<Metrics>) -> Self {
        Self { metrics, ..self }
    }

    /// Tells `trouble` of each delivery that does not get through, once.
    #[must_use]
    pub fn telling(self, trouble: mpsc::Sender<Trouble>) -> Self {
        Self { trouble: Some(trouble), ..self }
    }

    /// Runs until `stop`, or until the store fails for good; what was pending before is sent too. What is under
    /// way at the end gets a few seconds; the rest is pending still, and sent after the next start.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), StoreError> {
        while !stop.is_cancelled() {
            self.hear_news();
            self.use_store().await?;
            self.start_sends();
            let wait = self.wait();
            tokio::select! {
                () = stop.cancelled() => break,
                Some(ended) = self.sends.join_next_with_id(), if !self.sends.is_empty() => self.settle_all(ended),
                () = self.shared.wake.notified() => {}
                () = sleep(wait) => {}
            }
        }
        self.finish().await
    }

    fn hear_news(&mut self) {
        let news = std::mem::take(&mut *self.shared.news.lock().unwrap_or_else(PoisonError::into_inner));
        self.more_to_read |= news.deliveries;
        for (incident, at) in &news.closed {
            for delivery in self.lanes.close(incident, |delivery| Until::of(delivery, Some(*at))) {
                self.close(delivery.id, delivery.channel, "closed", CLOSED);
            }
        }
        for (device, alert) in &news.shown {
            let to = Address { channel: Channel::VictimMqtt, name: device.as_str().into() };
            self.lanes.had(&to, |delivery| delivery.alert == *alert);
        }
        if news.read_anew {
            self.lanes.forget_waiting();
            self.read_up_to = 0;
            self.more_to_read = true;
        }
    }

    /// Writes down what is to be written down, and reads what there is room for; in this order, so that nothing
    /// is read back that was received. A store that is away is tried again later.
    async fn use_store(&mut self) -> Result<(), StoreError> {
        if self.store_again_at.is_some_and(|at| Instant::now() < at) {
            return Ok(());
        }
        self.store_again_at = None;
        let used = match self.write().await {
            Ok(()) => self.read().await,
            failed => failed,
        };
        match used {
            Err(error) if error.is_retryable() => {
                tracing::warn!(%error, "deliveries wait for the store");
                self.store_again_at = Some(Instant::now() + STORE_AGAIN);
                Ok(())
            }
            other => other,
        }
    }

    async fn write(&mut self) -> Result<(), StoreError> {
        if !self.unwritten.is_empty() {
            self.store.record_deliveries(self.unwritten.clone()).await?;
            self.unwritten.clear();
        }
        Ok(())
    }

    /// One page of what is new and one of what was spilled: sends go on while a long outbox is read.
    async fn read(&mut self) -> Result<(), StoreError> {
        if self.more_to_read {
            let page = self.store.pending_deliveries(self.read_up_to, PAGE).await?;
            self.more_to_read = page.len() >= PAGE as usize;
            for pending in page {
                self.read_up_to = self.read_up_to.max(pending.delivery.id);
                self.offer(pending);
            }
        }
        match self.lanes.to_reload() {
            Some((address, after)) => self.reload(&address, after).await,
            None => Ok(()),
        }
    }

    async fn reload(&mut self, address: &Address, after: i64) -> Result<(), StoreError> {
        let page = self.store.pending_deliveries_to(address.channel, &address.name, after, PAGE).await?;
        self.lanes.resume(address);
        let last = page.last().map(|pending| pending.delivery.id);
        let is_full = page.len() >= PAGE as usize;
        for pending in page {
            // What is newer comes with the next page of all.
            if pending.delivery.id <= self.read_up_to && self.offer(pending) == Offered::Spilled {
                return Ok(());
            }
        }
        match last {
            Some(last) if is_full && last < self.read_up_to => self.lanes.spill(address, last),
            _ => {}
        }
        Ok(())
    }

    fn offer(&mut self, pending: PendingDelivery) -> Offered {
        let PendingDelivery { delivery, attempts, next_at, incident_closed_at, .. } = pending;
        let now = (self.clock)();
        let until = Until::of(&delivery, incident_closed_at);
        if until == Until::Tried && attempts > 0 {
            self.close(delivery.id, delivery.channel, "closed", CLOSED);
            return Offered::Held;
        }
        // A clock that was set back must not hold a delivery up.
        let due = next_at.unwrap_or(now).min(now + self.schedule.longest());
        self.lanes.offer(Item {
            id: delivery.id,
            to: Address { channel: delivery.channel, name: delivery.recipient.as_str().into() },
            incident: delivery.incident.as_str().into(),
            attempts,
            due,
            until,
            payload: Arc::new(delivery),
        })
    }

    fn start_sends(&mut self) {
        while self.may_send() {
            let Some(Turn { id, attempt, payload }) = self.lanes.next_turn((self.clock)()) else { return };
            let transport = self.transport.clone();
            let task = self.sends.spawn(async move { (id, attempt, transport.send(&payload).await) });
            self.tasks.insert(task.id(), (id, attempt));
        }
    }

    /// How long there is nothing to do, should nothing happen.
    fn wait(&self) -> Duration {
        let wants_store = !self.unwritten.is_empty() || self.more_to_read || self.lanes.to_reload().is_some();
        let store = wants_store.then(|| {
            self.store_again_at.map_or(Duration::ZERO, |at| at.saturating_duration_since(Instant::now()))
        });
        let due = self.lanes.poll_deadline().filter(|_| self.may_send());
        let turn = due.map(|due| until(due, (self.clock)()));
        turn.into_iter().chain(store).min().map_or(LONGEST_SLEEP, |wait| wait.min(LONGEST_SLEEP))
    }

    /// Without the store nothing more is sent than can be written down later.
    fn may_send(&self) -> bool {
        self.unwritten.len() + self.sends.len() < MOST_UNWRITTEN
    }

    /// All sends that have ended by now, so that they are written down together.
    fn settle_all(&mut self, first: Result<(Id, Sent), JoinError>) {
        self.settle(first);
        while let Some(ended) = self.sends.try_join_next_with_id() {
            self.settle(ended);
        }
    }

    fn settle(&mut self, ended: Result<(Id, Sent), JoinError>) {
        let (id, attempt, result) = match ended {
            Ok((task, sent)) => {
                self.tasks.remove(&task);
                sent
            }
            Err(error) => match self.tasks.remove(&error.id()) {
                Some((id, attempt)) => {
                    (id, attempt, Err(SendError::new("the attempt was broken off".to_owned())))
                }
                None => return,
            },
        };
        let at = (self.clock)();
        match result {
            Ok(detail) => {
                tracing::debug!(delivery = id, attempt, "delivered");
                if let Some(channel) = self.road(id) {
                    self.count(channel, "received");
                }
                self.lanes.received(id);
                self.told.remove(&id);
                self.unwritten.push(DeliveryProgress {
                    id,
                    at,
                    outcome: Outcome::Received { attempt, detail },
                });
            }
            Err(error) => self.failed(id, attempt, at, &error),
        }
    }

    fn failed(&mut self, id: i64, attempt: i64, at: Timestamp, why: &SendError) {
        // The first failure of each delivery is news; that it goes on can be seen in the store.
        if attempt == 1 {
            tracing::warn!(delivery = id, error = %why, "not delivered; trying again");
        } else {
            tracing::debug!(delivery = id, attempt, error = %why, "not delivered");
        }
        if attempt >= TROUBLE_FROM {
            self.tell_trouble(id);
        }
        let next_at = at + self.schedule.after(attempt);
        let error: String = why.to_string().chars().take(LONGEST_ERROR).collect();
        let outcome = Outcome::Attempted { attempt, error: error.clone(), next_at };
        self.unwritten.push(DeliveryProgress { id, at, outcome });
        let Some(channel) = self.road(id) else { return };
        self.count(channel, "failed");
        match self.lanes.failed(id, next_at, why.is_missing()) {
            AfterFailure::Again => {}
            AfterFailure::Gone => drop(self.told.remove(&id)),
            AfterFailure::GivenUp(Until::Latest(_)) => {
                let because = if why.is_missing() { &error } else { NEVER_RECEIVED };
                tracing::warn!(delivery = id, attempt, because, "given up");
                self.close(id, channel, "given_up", because);
            }
            AfterFailure::GivenUp(_) => self.close(id, channel, "closed", CLOSED),
        }
    }

    fn road(&self, id: i64) -> Option<Channel> {
        self.lanes.place(id).map(|(to, _)| to.channel)
    }

    fn count(&self, channel: Channel, outcome: &'static str) {
        let labels = DeliveryLabels { channel: channel.word(), outcome };
        self.metrics.deliveries.get_or_create(&labels).inc();
    }

    /// Says once that a delivery does not get through; later, when nobody can listen now.
    fn tell_trouble(&mut self, id: i64) {
        let (Some(trouble), Some((to, incident))) = (&self.trouble, self.lanes.place(id)) else { return };
        let about =
            Trouble { incident: incident.to_owned(), channel: to.channel, recipient: to.name.to_string() };
        if !self.told.contains(&id) && trouble.try_send(about).is_ok() {
            self.told.insert(id);
        }
    }

    fn close(&mut self, id: i64, channel: Channel, outcome: &'static str, why: &str) {
        self.told.remove(&id);
        self.count(channel, outcome);
        let outcome = Outcome::Closed { why: why.to_owned() };
        self.unwritten.push(DeliveryProgress { id, at: (self.clock)(), outcome });
    }

    /// Waits a little for what is under way, and writes down how it went.
    async fn finish(mut self) -> Result<(), StoreError> {
        let end = Instant::now() + STOP_WITHIN;
        while let Ok(Some(ended)) = timeout_at(end, self.sends.join_next_with_id()).await {
            self.settle_all(ended);
        }
        self.write().await
    }
}

/// How long it is from now to then.
pub(super) fn until(due: Timestamp, now: Timestamp) -> Duration {
    let Millis(millis) = due - now;
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}
