//! Where everybody is, as it changes: `GET /v1/live/positions`, for the map of the console.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Extension, State};
use axum::response::sse::{Event, Sse};
use futures_util::Stream;
use tokio::time::{Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::AppState;
use super::problem::{Document, Problem};
use super::states::DeviceView;
use super::stream::{self, Follower, Open};
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
    /// The devices by the numbers of their changes: whoever looks finds what is new to him without a look at the rest,
    /// while those who commit wait.
    by_number: BTreeMap<u64, Box<str>>,
}

impl Moved {
    /// Takes note of committed states. Costs nothing while nobody looks.
    pub(super) fn note(&self, devices: &[StateRow]) {
        if devices.is_empty() || self.0.watchers.load(Ordering::SeqCst) == 0 {
            return;
        }
        let mut changes = self.changes();
        let changes = &mut *changes;
        for row in devices {
            let Some(state) = &row.state else { continue };
            changes.number += 1;
            let before = changes.newest.insert(row.key.clone(), (changes.number, state.clone()));
            if let Some((number, _)) = before {
                changes.by_number.remove(&number);
            }
            changes.by_number.insert(changes.number, row.key.clone());
        }
    }

    /// Begins to look: from here on every change is kept.
    fn watch(&self) -> Watching {
        self.0.watchers.fetch_add(1, Ordering::SeqCst);
        Watching(self.clone())
    }

    /// The first [`PIECE`] of what changed after the number given, and the number of the last of them.
    fn after(&self, number: u64) -> (Vec<StoredState>, u64) {
        let (changes, mut last) = (self.changes(), number);
        let newer = changes.by_number.range(number.saturating_add(1)..).take(PIECE);
        let states = newer.filter_map(|(number, key)| {
            last = *number;
            let (_, state) = changes.newest.get(key)?;
            Some(StoredState { key: key.clone(), state: state.clone() })
        });
        (states.collect(), last)
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
            changes.by_number.clear();
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
    let follow =
        Follow { state, watching, tick, begin: Some(String::new()), number: 0, is_due: false, _open: open };
    Ok(stream::follow(Vec::new(), follow, shutdown))
}

struct Follow {
    state: AppState,
    watching: Watching,
    tick: Interval,
    /// The device after which the store is still to be read; `None` when all were told.
    begin: Option<String>,
    /// The change that was told last.
    number: u64,
    /// It is time to tell what changed: a second is over, or there was more than goes into one event.
    is_due: bool,
    _open: Open,
}

impl Follower for Follow {
    async fn look(&mut self) -> Result<Vec<Event>, Problem> {
        if let Some(after) = self.begin.take()
            && let Some(event) = self.page(&after).await?
        {
            return Ok(vec![event]);
        }
        if !self.is_due {
            return Ok(Vec::new());
        }
        let (piece, number) = self.watching.0.after(self.number);
        (self.number, self.is_due) = (number, piece.len() == PIECE);
        Ok(if piece.is_empty() { Vec::new() } else { self.event(&piece).into_iter().collect() })
    }

    async fn wait(&mut self) -> bool {
        self.tick.tick().await;
        self.is_due = true;
        true
    }
}

impl Follow {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn places(numbers: std::ops::Range<usize>, place: u8) -> Vec<StateRow> {
        let row = |n| StateRow { key: format!("am-{n:04}").into(), state: Some(vec![place]) };
        numbers.map(row).collect()
    }

    /// Who commits waits for a reader: a piece is all that one may take at a time.
    #[test]
    fn a_reader_takes_the_changes_piece_by_piece_and_of_each_device_the_newest_only() {
        let moved = Moved::default();
        moved.note(&places(0..PIECE, 1));
        assert_eq!(moved.after(0).1, 0, "nobody looked");
        let watching = moved.watch();
        moved.note(&places(0..PIECE + 20, 1));
        // The first hundred move on before anybody was told of them.
        moved.note(&places(0..100, 2));
        let (first, number) = moved.after(0);
        let (second, number) = moved.after(number);
        assert_eq!((first.len(), second.len()), (PIECE, 20), "each once");
        assert_eq!(moved.after(number), (Vec::new(), number));
        let mut told: Vec<_> = first.into_iter().chain(second).map(|it| (it.key, it.state[0])).collect();
        told.sort();
        let place = |n| if n < 100 { 2 } else { 1 };
        let want: Vec<_> = (0..PIECE + 20).map(|n| (format!("am-{n:04}").into(), place(n))).collect();
        assert_eq!(told, want);
        drop(watching);
        assert_eq!(moved.after(0).0, Vec::new());
    }
}
