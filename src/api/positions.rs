//! Where everybody is, as it changes: `GET /v1/live/positions`, for the map of the console.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Extension, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use tokio::time::{Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::AppState;
use super::live::{KEEP_ALIVE, Open};
use super::problem::{Document, Problem};
use super::states::DeviceView;
use crate::store::{StateRow, StoreError, StoredState};

/// How often changes are told: an eye sees no more, and a device that reports faster costs no more.
const EVERY: Duration = Duration::from_secs(1);

/// Devices in one event, and read from the store at a time.
const PIECE: usize = 500;

/// States that changed since somebody began to look: of each device the newest, numbered. Empty while nobody looks.
#[derive(Debug, Clone, Default)]
pub(super) struct Moved(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    watchers: AtomicUsize,
    changes: Mutex<Changes>,
}

#[derive(Debug, Default)]
struct Changes {
    number: u64,
    newest: BTreeMap<Box<str>, (u64, Vec<u8>)>,
}

impl Moved {
    /// Takes note of committed states. Costs nothing while nobody looks.
    pub(super) fn note(&self, devices: &[StateRow]) {
        if devices.is_empty() || self.0.watchers.load(Ordering::SeqCst) == 0 {
            return;
        }
        let mut changes = self.changes();
        for row in devices {
            let Some(state) = &row.state else { continue };
            changes.number += 1;
            let number = changes.number;
            changes.newest.insert(row.key.clone(), (number, state.clone()));
        }
    }

    /// Begins to look: from here on every change is kept.
    fn watch(&self) -> Watching {
        self.0.watchers.fetch_add(1, Ordering::SeqCst);
        Watching(self.clone())
    }

    /// What changed after the number given, and the number now.
    fn after(&self, number: u64) -> (Vec<StoredState>, u64) {
        let changes = self.changes();
        let newer = changes.newest.iter().filter(|(_, (changed, _))| *changed > number);
        let states = newer.map(|(key, (_, state))| StoredState { key: key.clone(), state: state.clone() });
        (states.collect(), changes.number)
    }

    fn changes(&self) -> std::sync::MutexGuard<'_, Changes> {
        // Whoever panicked left whole entries: each is inserted at once.
        self.0.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody looks; with the last one the changes are forgotten.
struct Watching(Moved);

impl Drop for Watching {
    fn drop(&mut self) {
        let mut changes = self.0.changes();
        if self.0.0.watchers.fetch_sub(1, Ordering::SeqCst) == 1 {
            changes.newest.clear();
        }
    }
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(positions))
}

/// Where everybody is, and then every second who moved.
///
/// Events are of type `positions`; `data` is an array of devices as `GET /v1/devices` has them. The first events
/// have all devices that were heard; those that follow have the changed ones. A reader that comes back is told all
/// of them again.
#[utoipa::path(
    get,
    path = "/v1/live/positions",
    tag = "live",
    responses(
        (status = 200, description = "The stream", content_type = "text/event-stream", body = String),
        (status = 503, description = "Too many streams are open", body = Document,
         content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
async fn positions(
    State(state): State<AppState>,
    Extension(shutdown): Extension<CancellationToken>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let open = Open::new(state.live.admit()?, Arc::clone(&state.metrics));
    // Before the store is read: what is committed in between is a change.
    let watching = state.live.moved.watch();
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let begin = Some(String::new());
    let follow = Follow { state, watching, tick, begin, number: 0, ready: Vec::new(), shutdown, _open: open };
    let events = stream::unfold(follow, |mut follow| async {
        let event = follow.next().await?;
        Some((Ok(event), follow))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

struct Follow {
    state: AppState,
    watching: Watching,
    tick: Interval,
    /// The device after which the store is still to be read; `None` when all were told.
    begin: Option<String>,
    /// The change that was told last.
    number: u64,
    /// Changes that are still to be told.
    ready: Vec<StoredState>,
    shutdown: CancellationToken,
    _open: Open,
}

impl Follow {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if self.shutdown.is_cancelled() {
                return None;
            }
            if let Some(after) = self.begin.take() {
                match self.page(&after).await {
                    Ok(Some(event)) => return Some(event),
                    Ok(None) => continue,
                    Err(error) => {
                        tracing::error!(%error, "a stream of positions ends: the store cannot be read");
                        return None;
                    }
                }
            }
            if !self.ready.is_empty() {
                let piece: Vec<_> = self.ready.drain(..self.ready.len().min(PIECE)).collect();
                return self.event(&piece);
            }
            tokio::select! {
                () = self.shutdown.cancelled() => return None,
                _ = self.tick.tick() => {}
            }
            (self.ready, self.number) = self.watching.0.after(self.number);
        }
    }

    /// The next devices of the store; `None` after the last.
    async fn page(&mut self, after: &str) -> Result<Option<Event>, StoreError> {
        let page = self.state.store.devices(Some(after), PIECE as u32).await?;
        let Some(last) = page.last() else { return Ok(None) };
        self.begin = Some(last.key.to_string());
        Ok(self.event(&page))
    }

    fn event(&self, states: &[StoredState]) -> Option<Event> {
        let now = (self.state.clock)();
        let views: Vec<_> =
            states.iter().map(|stored| DeviceView::new(stored, &*self.state.states, now)).collect();
        Event::default().event("positions").json_data(views).ok()
    }
}
