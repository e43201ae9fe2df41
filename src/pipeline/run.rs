//! The deciding loop.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use zones::Input;

use super::cap::CapRecord;
use super::commit::Committer;
use super::decide::{Decider, Pending, Surroundings};
use super::directory::Directory;
use super::files::FileOrder;
use super::orders::By;
pub use super::resume::{Damaged, Taken};
use crate::api::commands::Command;
use crate::api::{LiveFeed, Readiness};
use crate::clock::Clock;
use crate::config::{Contacts, Desk};
use crate::delivery::{DispatchHandle, HintHandle, NoticeHandle, Trouble};
use crate::followup::Rules;
use crate::metrics::Metrics;
use crate::mqtt::{Acks, Arrived, LinkStatus, Publisher};
use crate::store::{Store, StoreError};
use crate::wire::{TrackerKeys, Unusable};

/// A batch closes when it has so many parts …
const MOST_IN_BATCH: usize = 2_000;

/// … or is this old, so that nobody waits longer for his acknowledgement than a disk needs anyway.
const OLDEST_BATCH: Duration = Duration::from_millis(10);

/// Messages whose devices are looked up together: what they need comes from memory at once, not one by one.
const FORESEEN: usize = 8;

/// How often readiness and figures are brought up to date.
const REFRESH_EVERY: Duration = Duration::from_millis(250);

/// How long nothing is decided at a start until the orders folder was looked through: its orders say whose the
/// messages are that wait at the broker. A folder that hangs must not take the protection of the others away.
const FOLDER_WITHIN: Duration = Duration::from_secs(30);

/// After a connect the broker needs a moment to hand over what it kept; an empty queue before that says
/// nothing.
const SETTLING: Duration = Duration::from_secs(1);

/// What the pipeline is to know.
#[derive(Debug)]
pub struct Settings {
    /// What time it is.
    pub clock: Clock,
    /// How alarms are followed up.
    pub rules: Rules,
    /// People whom follow-up reaches.
    pub contacts: Contacts,
    /// Desks and their roads.
    pub desks: Vec<Desk>,
    /// Keys of encrypted OwnTracks messages.
    pub keys: TrackerKeys,
    /// Topic of Traccar's position forward, if there is one.
    pub traccar_topic: Option<String>,
    /// Names this instance in events: a URI reference.
    pub source: String,
}

/// Where the pipeline hears from, and whom it tells.
#[derive(Debug)]
pub struct Sources {
    /// Messages of the ingest link.
    pub arrived: mpsc::Receiver<Arrived>,
    /// Where they are acknowledged.
    pub acks: Acks,
    /// How the ingest link stands.
    pub link: watch::Receiver<LinkStatus>,
    /// Commands of the API.
    pub commands: mpsc::Receiver<Command>,
    /// Deliveries that do not get through.
    pub trouble: mpsc::Receiver<Trouble>,
    /// Changes of the orders folder; closed where there is none.
    pub files: mpsc::Receiver<FileOrder>,
    /// The road to devices.
    pub publisher: Publisher,
    /// Told of new deliveries.
    pub dispatch: DispatchHandle,
    /// Told of what devices are to be told.
    pub notices: NoticeHandle,
    /// Told of what victims' browsers may be woken for.
    pub hints: HintHandle,
    /// Told of new alerts.
    pub live: LiveFeed,
}

/// The pipeline, ready to run.
pub struct Pipeline {
    clock: Clock,
    decider: Decider,
    store: Store,
    metrics: Arc<Metrics>,
    readiness: watch::Sender<Readiness>,
}

impl std::fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pipeline")
            .field("orders", &self.decider.engine.orders().count())
            .finish_non_exhaustive()
    }
}

impl Pipeline {
    /// Reads what the store holds, for [`resume`](Self::resume), and takes it up row by row.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn load(store: &Store) -> Result<Taken, StoreError> {
        Taken::load(store).await
    }

    /// Takes up what the store holds.
    ///
    /// # Errors
    /// When something stored cannot be read: one line that names it.
    pub fn resume(
        store: Store,
        loaded: Taken,
        settings: Settings,
        metrics: Arc<Metrics>,
        readiness: watch::Sender<Readiness>,
    ) -> Result<(Self, Directory), Damaged> {
        let Settings { clock, rules, desks, contacts, keys, traccar_topic, source } = settings;
        clock.go_on_from(loaded.clock());
        let around = Surroundings { desks, contacts, keys, traccar_topic, source };
        let decider = Decider::resume(loaded, around, rules, metrics.clone())?;
        let directory = decider.directory.clone();
        Ok((Self { clock, decider, store, metrics, readiness }, directory))
    }

    /// Takes up what desks were sent that later messages to them refer to.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn recall(&mut self) -> Result<(), StoreError> {
        self.decider.cap = CapRecord::load(&self.store, &self.decider.around.desks).await?;
        Ok(())
    }

    /// Decides until `stop`, then commits what is decided and ends.
    ///
    /// # Errors
    /// When the store fails for good. Nothing that was not committed has been acknowledged.
    pub async fn run(self, sources: Sources, stop: CancellationToken) -> Result<(), StoreError> {
        let Sources {
            arrived,
            acks,
            link,
            commands,
            trouble,
            files,
            publisher,
            dispatch,
            notices,
            hints,
            live,
        } = sources;
        let (store_ok, store_state) = watch::channel(true);
        let metrics = self.metrics.clone();
        let store = self.store;
        let committer =
            Committer { store, acks, publisher, dispatch, notices, hints, live, metrics, store_ok };
        let (to_committer, batches) = mpsc::channel(1);
        let mut committing = tokio::spawn(committer.run(batches));
        let deciding = Deciding {
            clock: self.clock,
            decider: self.decider,
            metrics: self.metrics,
            readiness: self.readiness,
            link,
            store_state,
            connected_at: None,
            caught_up: false,
            folder_until: Some(Instant::now() + FOLDER_WITHIN),
        };
        tokio::select! {
            () = deciding.run(Inbox { arrived, commands, trouble, files }, to_committer, stop) => {}
            ended = &mut committing => return ended.unwrap_or_else(|error| Err(broken(&error))),
        }
        committing.await.unwrap_or_else(|error| Err(broken(&error)))
    }
}

/// The committing task ended without a word.
fn broken(error: &tokio::task::JoinError) -> StoreError {
    StoreError::Refused { url: String::new(), problem: format!("the committer failed: {error}") }
}

/// What the deciding loop hears.
struct Inbox {
    arrived: mpsc::Receiver<Arrived>,
    commands: mpsc::Receiver<Command>,
    trouble: mpsc::Receiver<Trouble>,
    files: mpsc::Receiver<FileOrder>,
}

struct Deciding {
    clock: Clock,
    decider: Decider,
    metrics: Arc<Metrics>,
    readiness: watch::Sender<Readiness>,
    link: watch::Receiver<LinkStatus>,
    store_state: watch::Receiver<bool>,
    connected_at: Option<Instant>,
    caught_up: bool,
    /// The orders folder is still being looked through for the first time; nobody waits longer than this.
    folder_until: Option<Instant>,
}

impl Deciding {
    async fn run(
        mut self,
        Inbox { mut arrived, mut commands, mut trouble, mut files }: Inbox,
        committer: mpsc::Sender<Pending>,
        stop: CancellationToken,
    ) {
        let mut refresh = tokio::time::interval(REFRESH_EVERY);
        let mut folder_watched = true;
        self.hear();
        loop {
            let full = self.decider.pending.len() >= MOST_IN_BATCH;
            let due = self.is_due(full);
            let wake = self.wake_in(due);
            let knows_orders = self.folder_until.is_none();
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                room = committer.reserve(), if due => match room {
                    Ok(room) => room.send(self.decider.take()),
                    Err(_) => return, // The committer has failed, and says why.
                },
                Ok(()) = self.link.changed() => self.hear(),
                Ok(()) = self.store_state.changed() => self.hear(),
                Some(command) = commands.recv(), if !full && knows_orders => self.command(command),
                Some(trouble) = trouble.recv(), if !full => self.decider.trouble(self.clock.now(), trouble),
                change = files.recv(), if !full && folder_watched => {
                    folder_watched = change.is_some();
                    self.folder(change);
                }
                Some(message) = arrived.recv(), if !full && knows_orders => self.take_in(message, &mut arrived),
                _ = refresh.tick() => self.refresh(arrived.len()),
                () = tokio::time::sleep(wake), if !full => {
                    self.decider.advance_some(self.clock.now(), MOST_IN_BATCH);
                }
            }
        }
        if !self.decider.pending.is_empty() {
            // Should the committer have failed, what is lost here was never acknowledged.
            let _ = committer.send(self.decider.take()).await;
        }
    }

    /// Takes in a message, and those that came with it while there is room.
    fn take_in(&mut self, message: Arrived, arrived: &mut mpsc::Receiver<Arrived>) {
        let mut next = Vec::with_capacity(FORESEEN);
        next.push(message);
        while !next.is_empty() {
            self.decider.foresee(next.iter().filter_map(|message| message.topic().ok()));
            next.drain(..).for_each(|message| self.take(message));
            let room = MOST_IN_BATCH.saturating_sub(self.decider.pending.len()).min(FORESEEN);
            next.extend(std::iter::from_fn(|| arrived.try_recv().ok()).take(room));
        }
    }

    fn take(&mut self, message: Arrived) {
        let now = self.clock.at(message.received_at);
        if let Ok(topic) = message.topic() {
            self.decider.message(now, topic, &message.payload);
        } else {
            let unusable = Unusable { reason: "the topic is no UTF-8".to_owned(), field: None };
            let topic = String::from_utf8_lossy(&message.topic);
            self.decider.set_aside(now, &topic, &message.payload, &unusable);
        }
        self.decider.pending.begun.get_or_insert_with(Instant::now);
        self.decider.pending.acks.push(message.ack);
    }

    fn command(&mut self, command: Command) {
        let now = self.clock.now();
        let answer: Box<dyn FnOnce() + Send> = match command {
            Command::PutOrder { draft, by, only_if, reply } => {
                let answer = self.decider.put_order(now, *draft, By::token(by).only_if(only_if));
                Box::new(move || _ = reply.send(answer))
            }
            Command::WithdrawOrder { order, by, only_if, reply } => {
                let answer = self.decider.withdraw_order(now, &order, By::token(by).only_if(only_if));
                Box::new(move || _ = reply.send(answer))
            }
            Command::CancelAware { device, at, code, reply } => {
                let answer = self.decider.cancel_aware(now, device.as_str(), at, &code);
                Box::new(move || _ = reply.send(answer))
            }
            Command::FollowUp { incident, actor, command, key, reply } => {
                let answer = self.decider.follow_command(now, incident, actor, command, key);
                Box::new(move || _ = reply.send(answer))
            }
            Command::SetDuty { actor, role, people, until, reply } => {
                let answer = self.decider.follow_duty(now, actor, role, people, until);
                Box::new(move || _ = reply.send(answer))
            }
            Command::AskDuty { reply } => {
                self.decider.advance(now);
                let answer = self.decider.duty_now(now);
                Box::new(move || _ = reply.send(answer))
            }
            Command::Ingest { payload, reply } => {
                let answer = self.decider.traccar(now, &payload);
                Box::new(move || _ = reply.send(answer))
            }
            Command::FromApp { topic, payload, reply } => {
                let answer = self.decider.said(now, &topic, &payload);
                Box::new(move || _ = reply.send(answer))
            }
        };
        self.decider.pending.urgent = true;
        self.decider.pending.begun.get_or_insert_with(Instant::now);
        self.decider.pending.replies.push(answer);
    }

    /// Takes in a change of the orders folder; `None` when nobody watches one.
    fn folder(&mut self, change: Option<FileOrder>) {
        if matches!(change, None | Some(FileOrder::Looked)) {
            self.folder_until = None;
        }
        match change {
            Some(change) => self.decider.file(self.clock.now(), change),
            None => self.decider.files.watched = false,
        }
    }

    /// Tells the engine whether devices can be heard.
    fn hear(&mut self) {
        let connected = self.link.borrow_and_update().is_connected();
        let stores = *self.store_state.borrow_and_update();
        self.connected_at = connected.then(Instant::now);
        self.caught_up &= connected;
        self.metrics.broker_connected.set(connected.into());
        let now = self.clock.now();
        self.decider.look_again(now);
        // While nothing can be stored nothing is read: what devices say waits at the broker. Nobody refuses to
        // be told this.
        let _ = self.decider.tell(now, &Input::Hearing(connected && stores));
        self.decider.pending.urgent = true;
    }

    fn is_due(&self, full: bool) -> bool {
        let pending = &self.decider.pending;
        let old = pending.begun.is_some_and(|begun| begun.elapsed() >= OLDEST_BATCH);
        !pending.is_empty() && (full || old || pending.urgent)
    }

    /// How long to sleep if nothing comes: until the batch is old (one that is due waits for the committer, not
    /// for the clock), or the engine wants to be woken.
    fn wake_in(&self, due: bool) -> Duration {
        let begun = self.decider.pending.begun.filter(|_| !due);
        let old = begun.map(|begun| OLDEST_BATCH.saturating_sub(begun.elapsed()));
        let deadline = self.decider.poll_deadline().map(|at| {
            let left = at - self.clock.now();
            // Not at once: what was due may turn out not to be, and another look can wait a millisecond.
            Duration::from_millis(u64::try_from(left.0).unwrap_or(0).max(1))
        });
        old.into_iter().chain(deadline).min().unwrap_or(REFRESH_EVERY).min(REFRESH_EVERY)
    }

    fn refresh(&mut self, backlog: usize) {
        if self.folder_until.is_some_and(|until| until <= Instant::now()) {
            self.folder_until = None;
            tracing::error!("the orders folder is still not read: going on with the orders of the store");
        }
        self.decider.try_files_again(self.clock.now());
        let settled =
            self.folder_until.is_none() && self.connected_at.is_some_and(|at| at.elapsed() >= SETTLING);
        self.caught_up |= settled && backlog == 0;
        self.metrics.clock_ahead_seconds.set(self.clock.ahead().0 / 1_000);
        self.metrics.backlog_messages.set(i64::try_from(backlog).unwrap_or(i64::MAX));
        let state = Readiness {
            broker_connected: self.connected_at.is_some(),
            broker_trouble: if self.connected_at.is_some() {
                String::new()
            } else {
                self.link.borrow().to_string()
            },
            caught_up: self.caught_up,
            backlog_messages: backlog as u64,
            store_ok: *self.store_state.borrow(),
        };
        self.readiness.send_if_modified(|before| {
            let changed = *before != state;
            *before = state;
            changed
        });
    }
}
