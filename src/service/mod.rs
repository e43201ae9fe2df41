//! The service: all parts put together, started in order and stopped in the opposite one.

mod orders_dir;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use zones::OrderId;

use crate::api::{self, AppState, LiveFeed, Readiness, commands};
use crate::audit;
use crate::clock::Clock;
use crate::config::{self, Contacts, Desk, MapStyles, Push, Tokens};
use crate::delivery::{Dispatcher, HintHandle, Hints, Notices, Roads};
use crate::followup::Rules;
use crate::metrics::Metrics;
use crate::mqtt::{IngestHandle, IngestLink, LinkSettings, MqttConfig, Publisher};
use crate::pipeline::{self, Directory, Pipeline, Sources};
use crate::sign_in::{Links, SignIn};
use crate::store::Store;
use crate::tiles::Tiles;
use crate::wire::{SUBSCRIPTIONS, TrackerKeys};

/// Changes of order files that may wait for the pipeline.
const FILES_WAITING: usize = 16;

/// Deliveries that do not get through and wait to be told of; the dispatcher comes back with those that find no room.
const TROUBLES_WAITING: usize = 64;

/// What a service is made of.
#[derive(Debug)]
pub struct Plan {
    /// URL of the store.
    pub store_url: String,
    /// The broker.
    pub broker: MqttConfig,
    /// Topic of Traccar's position forward, if there is one.
    pub traccar_topic: Option<String>,
    /// Keys of encrypted OwnTracks messages.
    pub keys: TrackerKeys,
    /// Where the API listens.
    pub listen: SocketAddr,
    /// Which machines may call it.
    pub tokens: Tokens,
    /// How people sign in by a provider.
    pub sign_in: Option<config::SignIn>,
    /// Links by which people sign in.
    pub links: Option<Arc<Links>>,
    /// A map with streets for the console.
    pub map: Option<MapStyles>,
    /// How the browsers of victims are woken.
    pub push: Option<Arc<Push>>,
    /// Folder of order files.
    pub orders_dir: Option<PathBuf>,
    /// What time it is.
    pub clock: Clock,
    /// How alarms are followed up.
    pub rules: Rules,
    /// Desks and their roads.
    pub desks: Vec<Desk>,
    /// People whom follow-up reaches.
    pub contacts: Contacts,
}

/// A failure that ends the service, in one line.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failure(String);

impl Failure {
    fn new(problem: impl std::fmt::Display) -> Self {
        Self(problem.to_string())
    }
}

/// A running service.
#[derive(Debug)]
pub struct Service {
    /// Where the API listens, with the port it got.
    pub address: SocketAddr,
    /// How the parts are.
    pub readiness: watch::Receiver<Readiness>,
    /// Its store, for reading.
    pub store: Store,
    stop: Stop,
    parts: JoinSet<Result<(), Failure>>,
}

/// Stops a service in two steps: first nothing new is decided, then, when that is stored, everything else.
#[derive(Debug, Clone, Default)]
struct Stop {
    deciding: CancellationToken,
    rest: CancellationToken,
}

impl Service {
    /// Starts all parts. Must be called within a Tokio runtime; a TLS provider must be installed.
    ///
    /// # Errors
    /// When a part cannot start: one line that names what is wrong.
    pub async fn start(mut plan: Plan) -> Result<Self, Failure> {
        let (listener, address) = bind(plan.listen).await?;
        let ingest_settings = LinkSettings::load(&plan.broker, subscriptions(plan.traccar_topic.as_deref()))
            .map_err(Failure::new)?;
        let out_settings = LinkSettings::load(&plan.broker, Vec::new()).map_err(Failure::new)?;
        let store = Store::open(&plan.store_url).await.map_err(Failure::new)?;
        let metrics = Arc::new(Metrics::default());
        let (ready, readiness) = watch::channel(Readiness::default());
        let (pipeline, directory, from_files) = take_up(&store, &mut plan, &metrics, ready).await?;
        let sign_in = SignIn::start(plan.sign_in.take(), plan.links.take(), store.clone(), plan.clock.now())
            .await
            .map_err(Failure::new)?;

        let stop = Stop::default();
        let mut parts = JoinSet::new();
        let publisher = Publisher::start(out_settings);
        let roads = Roads::new(publisher.clone(), &plan.desks, plan.contacts).map_err(Failure::new)?;
        let (dispatcher, dispatch) = Dispatcher::new(store.clone(), roads, plan.clock.reader());
        let (to_pipeline_too, trouble) = mpsc::channel(TROUBLES_WAITING);
        let dispatcher = dispatcher.telling(to_pipeline_too).counting(metrics.clone());
        let (notices, notice_handle) = Notices::new(store.clone(), publisher.clone(), plan.clock.reader());
        let wake = HintHandle::default();
        let (commands, asked) = commands::channel();
        let (to_files, files) = mpsc::channel(FILES_WAITING);
        let (to_pipeline, arrived) = mpsc::channel(ingest_settings.channel_capacity());
        let live = LiveFeed::default();
        let ingest = IngestLink::start(ingest_settings, to_pipeline);
        let sources = Sources {
            arrived,
            acks: ingest.acks(),
            link: ingest.status(),
            commands: asked,
            trouble,
            files,
            publisher,
            dispatch,
            notices: notice_handle,
            hints: wake.clone(),
            live: live.clone(),
        };
        let (recorder, writer) = audit::recorder(store.clone(), metrics.clone());
        let state = AppState {
            store: store.clone(),
            commands,
            audit: recorder,
            refusals: api::Refusals::default(),
            tokens: Arc::new(plan.tokens),
            sign_in: Arc::new(sign_in),
            readiness: readiness.clone(),
            metrics: metrics.clone(),
            live,
            states: Arc::new(directory.clone()),
            register: Arc::new(directory),
            tiles: plan.map.map(Tiles::new).transpose().map_err(Failure::new)?.map(Arc::new),
            push: plan.push,
            clock: plan.clock.reader(),
        };
        hint(&mut parts, &state, wake, &stop.rest).await?;
        decide(&mut parts, pipeline, sources, ingest, &stop.deciding);
        deliver(&mut parts, dispatcher, notices, &stop.rest);
        keep_house(&mut parts, &state, &stop.rest);
        answer(&mut parts, listener, state, writer, &stop.rest);
        parts.spawn(figures(store.clone(), metrics, stop.rest.clone()));
        // Without a folder the channel closes here, which says so.
        if let Some(dir) = plan.orders_dir {
            parts.spawn(orders_dir::watch(dir, from_files, to_files, stop.deciding.clone()));
        }
        Ok(Self { address, readiness, store, stop, parts })
    }

    /// Runs until `stop` is cancelled or a part fails; then stops what still runs: decided things are stored,
    /// what is under way to recipients gets a few seconds.
    ///
    /// # Errors
    /// The failure of the part that ended the service.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), Failure> {
        let mut result = Ok(());
        tokio::select! {
            () = stop.cancelled() => {}
            // A part that ends unasked leaves a service that does only part of its work.
            Some(ended) = self.parts.join_next() => {
                result = part_of(ended).and(Err(Failure::new("a part of the service ended by itself")));
                self.stop.rest.cancel();
            }
        }
        self.stop.deciding.cancel();
        while let Some(ended) = self.parts.join_next().await {
            result = result.and(part_of(ended));
            // The pipeline is the part that takes long; whichever it was, the rest may go after the first.
            self.stop.rest.cancel();
        }
        self.store.close().await;
        result
    }
}

/// Takes up what the store holds: the pipeline, who has what, and the orders that files were the last to state.
async fn take_up(
    store: &Store,
    plan: &mut Plan,
    metrics: &Arc<Metrics>,
    ready: watch::Sender<Readiness>,
) -> Result<(Pipeline, Directory, BTreeSet<OrderId>), Failure> {
    let loaded = Pipeline::load(store).await.map_err(Failure::new)?;
    let from_files = loaded.of_files().cloned().collect();
    let (mut pipeline, directory) =
        Pipeline::resume(store.clone(), loaded, settings(plan), Arc::clone(metrics), ready)
            .map_err(Failure::new)?;
    pipeline.recall().await.map_err(Failure::new)?;
    Ok((pipeline, directory, from_files))
}

/// What the pipeline is to know.
fn settings(plan: &mut Plan) -> pipeline::Settings {
    pipeline::Settings {
        clock: plan.clock.clone(),
        rules: std::mem::take(&mut plan.rules),
        contacts: plan.contacts.clone(),
        desks: plan.desks.clone(),
        keys: std::mem::take(&mut plan.keys),
        traccar_topic: plan.traccar_topic.take(),
        source: format!("urn:afstand:{}", plan.broker.client_id),
    }
}

/// Sets the pipeline to work.
fn decide(
    parts: &mut JoinSet<Result<(), Failure>>,
    pipeline: Pipeline,
    sources: Sources,
    ingest: IngestHandle,
    stop: &CancellationToken,
) {
    let deciding = stop.clone();
    parts.spawn(async move {
        let ended = pipeline.run(sources, deciding).await.map_err(Failure::new);
        ingest.stop().await; // Acknowledgements of the last batch leave with it.
        ended
    });
}

/// Sets what empties the outbox to work.
fn deliver(
    parts: &mut JoinSet<Result<(), Failure>>,
    dispatcher: Dispatcher<Roads>,
    notices: Notices,
    stop: &CancellationToken,
) {
    let rest = stop.clone();
    parts.spawn(async move { dispatcher.run(rest).await.map_err(Failure::new) });
    let rest = stop.clone();
    parts.spawn(async move { notices.run(rest).await.map_err(Failure::new) });
}

/// Sets to work, where it is configured, what wakes the browsers of victims.
async fn hint(
    parts: &mut JoinSet<Result<(), Failure>>,
    state: &AppState,
    wake: HintHandle,
    stop: &CancellationToken,
) -> Result<(), Failure> {
    let Some(push) = state.push.clone() else { return Ok(()) };
    let (store, clock, metrics) = (state.store.clone(), Arc::clone(&state.clock), Arc::clone(&state.metrics));
    let hints = Hints::new(store, push, clock, metrics, wake).await.map_err(Failure::new)?;
    let rest = stop.clone();
    parts.spawn(async move { hints.run(rest).await.map_err(Failure::new) });
    Ok(())
}

/// Sets to work what runs beside the answers: the report of each morning, and who ends and locks sessions.
fn keep_house(parts: &mut JoinSet<Result<(), Failure>>, state: &AppState, stop: &CancellationToken) {
    let (reader, rest) = (state.clone(), stop.clone());
    parts.spawn(async move {
        api::every_morning(reader, rest).await;
        Ok(())
    });
    let (sign_in, clock, rest) = (Arc::clone(&state.sign_in), Arc::clone(&state.clock), stop.clone());
    parts.spawn(async move {
        sign_in.keep(clock, rest).await;
        Ok(())
    });
}

/// Sets the API to work, and beside it, until it has ended, the one who writes down who looks.
fn answer(
    parts: &mut JoinSet<Result<(), Failure>>,
    listener: TcpListener,
    state: AppState,
    writer: audit::Writer,
    stop: &CancellationToken,
) {
    let (rest, answered) = (stop.clone(), CancellationToken::new());
    let written = answered.clone();
    parts.spawn(async move {
        api::serve(listener, state, rest).await;
        answered.cancel();
        Ok(())
    });
    parts.spawn(async move {
        writer.run(written).await;
        Ok(())
    });
}

async fn bind(listen: SocketAddr) -> Result<(TcpListener, SocketAddr), Failure> {
    let bound = TcpListener::bind(listen).await.and_then(|listener| {
        let address = listener.local_addr()?;
        Ok((listener, address))
    });
    bound.map_err(|error| Failure(format!("api.listen: {listen}: {error}")))
}

fn part_of(ended: Result<Result<(), Failure>, tokio::task::JoinError>) -> Result<(), Failure> {
    ended.unwrap_or_else(|error| Err(Failure(format!("a part of the service failed: {error}"))))
}

fn subscriptions(traccar_topic: Option<&str>) -> Vec<String> {
    SUBSCRIPTIONS.iter().copied().chain(traccar_topic).map(str::to_owned).collect()
}

/// Brings the figures that are counted in the store up to date every few seconds.
async fn figures(store: Store, metrics: Arc<Metrics>, stop: CancellationToken) -> Result<(), Failure> {
    let mut tick = tokio::time::interval(std::time::Duration::from_secs(5));
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            _ = tick.tick() => {}
        }
        // An unreachable store is reported where it matters, by the committer.
        if let Ok(counts) = store.counts().await {
            metrics.deliveries_pending.set(counts.pending_deliveries);
            metrics.open_incidents.set(counts.open_incidents);
        }
    }
}
