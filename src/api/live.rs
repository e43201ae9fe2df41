//! `GET /v1/live`: alerts and what is done about them as server-sent events, resumable without a gap or a repeat.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Extension, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::AppState;
use super::access::Scope;
use super::extract::Params;
use super::followup::{self, LiveView};
use super::me::AppFeed;
use super::positions::Moved;
use super::problem::{Document, Kind, Problem};
use crate::metrics::Metrics;
use crate::store::{LiveRow, StateRow, Store};

/// Streams that may be open at once.
pub(super) const MOST_STREAMS: usize = 1_000;

/// Alerts read from the store at a time.
const PAGE: u32 = 100;

/// A comment goes out this often when there is nothing else, so that a reader sees that the line is alive.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// How long a browser waits before it connects again.
pub(super) const RETRY: Duration = Duration::from_secs(2);

/// Tells the streams that alerts were committed. Only the newest number is kept: a stream that is slow reads
/// what it missed from the store, so none can lag behind what this holds.
#[derive(Debug, Clone)]
pub struct LiveFeed {
    newest: Arc<watch::Sender<i64>>,
    streams: Arc<Semaphore>,
    pub(super) moved: Moved,
    /// The same for the apps of victims.
    pub(super) apps: AppFeed,
}

impl Default for LiveFeed {
    fn default() -> Self {
        Self {
            newest: Arc::new(watch::Sender::new(0)),
            streams: Arc::new(Semaphore::new(MOST_STREAMS)),
            moved: Moved::default(),
            apps: AppFeed::default(),
        }
    }
}

impl LiveFeed {
    /// Says that every alert up to the number `seq` is committed: call it after each commit that has alerts.
    pub fn committed(&self, seq: i64) {
        self.newest.send_replace(seq);
    }

    /// Says which devices' states were committed: call it after each commit.
    pub fn moved(&self, devices: &[StateRow]) {
        self.moved.note(devices);
    }

    /// Leave for one more stream, of alerts or of positions.
    pub(super) fn admit(&self) -> Result<OwnedSemaphorePermit, Problem> {
        Arc::clone(&self.streams)
            .try_acquire_owned()
            .map_err(|_| Problem::new(Kind::BUSY).detail(format!("{MOST_STREAMS} streams are open")))
    }

    /// Says that something for these victim devices is committed.
    pub fn told<'d>(&self, devices: impl Iterator<Item = &'d str>) {
        self.apps.told(devices);
    }
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(live))
}

/// Alerts as they are committed.
///
/// Events of type `alert` have the alert's JSON as `data`, police version; those of type `followup` a line of an
/// incident's timeline, with how the incident stands after it. Both share one count, the `id`. The stream
/// begins with the number it starts after, as an event without data. Give the last id seen as `Last-Event-ID`
/// (or `last_event_id`) to go on after it: nothing is left out, nothing comes twice. Without it the stream
/// begins now. Comments come at least every ten seconds. A desk sees its own alerts only.
#[utoipa::path(
    get,
    path = "/v1/live",
    tag = "live",
    params(
        ("Last-Event-ID" = Option<i64>, Header, description = "Number of the last alert seen"),
        ("last_event_id" = Option<i64>, Query, description = "The same, where headers cannot be set"),
    ),
    responses(
        (status = 200, description = "The stream", content_type = "text/event-stream", body = String),
        (status = 400, description = "An id that this service never gave", body = Document,
         content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
async fn live(
    State(state): State<AppState>,
    Extension(shutdown): Extension<CancellationToken>,
    scope: Scope,
    headers: HeaderMap,
    params: Params,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let asked = last_id(&headers, params)?;
    let permit = state.live.admit()?;
    // Subscribed before the store is read: what is committed in between wakes the stream.
    let feed = state.live.newest.subscribe();
    let latest = state.store.latest_live_seq().await?;
    let last = asked.unwrap_or(latest);
    if last > latest {
        let problem = format!("{last} is ahead of the newest alert, {latest}: begin anew without an id");
        return Err(Problem::parameter("last_event_id", problem));
    }
    let follow = Follow {
        store: state.store,
        scope,
        last,
        ready: VecDeque::from([position(last).retry(RETRY)]),
        feed,
        shutdown,
        _open: Open::new(permit, state.metrics),
    };
    let events = stream::unfold(follow, |mut follow| async {
        let event = follow.next().await?;
        Some((Ok(event), follow))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

/// The header counts more than the parameter: a browser that reconnects repeats the old address but sends the
/// newest id.
pub(super) fn last_id(headers: &HeaderMap, mut params: Params) -> Result<Option<i64>, Problem> {
    let parameter = params.number::<i64>("last_event_id")?;
    params.finish()?;
    let header = match headers.get("last-event-id") {
        None => None,
        Some(value) if value.is_empty() => None,
        Some(value) => {
            let number = value.to_str().ok().and_then(|text| text.trim().parse::<i64>().ok());
            Some(number.ok_or_else(|| Problem::parameter("Last-Event-ID", "is not a whole number"))?)
        }
    };
    let last = header.or(parameter);
    if last.is_some_and(|id| id < 0) {
        return Err(Problem::parameter("last_event_id", "is negative"));
    }
    Ok(last)
}

/// One reader's place in the alerts.
struct Follow {
    store: Store,
    scope: Scope,
    /// Number of the last alert that was looked at.
    last: i64,
    ready: VecDeque<Event>,
    feed: watch::Receiver<i64>,
    shutdown: CancellationToken,
    _open: Open,
}

impl Follow {
    /// The next event; `None` ends the stream, and the reader comes back with the last id.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if self.shutdown.is_cancelled() {
                return None;
            }
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            // Marked as seen before the store is read, for the same reason as above.
            self.feed.borrow_and_update();
            let rows = match self.store.live_after(self.last, PAGE).await {
                Ok(rows) => rows,
                Err(error) => {
                    tracing::error!(%error, "a live stream ends: the store cannot be read");
                    return None;
                }
            };
            if rows.is_empty() {
                tokio::select! {
                    () = self.shutdown.cancelled() => return None,
                    changed = self.feed.changed() => changed.ok()?,
                }
            } else {
                self.take(rows);
            }
        }
    }

    fn take(&mut self, rows: Vec<LiveRow>) {
        let Some(newest) = rows.last().map(LiveRow::seq) else { return };
        for row in rows {
            let seq = row.seq();
            let (kind, data) = match row {
                LiveRow::Alert(alert) if self.scope.sees(alert.desk.as_deref()) => ("alert", alert.data),
                LiveRow::FollowUp(line) if followup::shows(&self.scope, &line) => {
                    match serde_json::to_string(&LiveView::from(line)) {
                        Ok(data) => ("followup", data),
                        Err(_) => continue,
                    }
                }
                _ => continue,
            };
            self.ready.push_back(Event::default().event(kind).id(seq.to_string()).data(data));
            self.last = seq;
        }
        // A desk that has no alerts must not have to read all the others' again when it comes back.
        if self.last < newest {
            self.ready.push_back(position(newest));
            self.last = newest;
        }
    }
}

/// An event without data: it moves the reader's last id and is not seen otherwise.
pub(super) fn position(seq: i64) -> Event {
    Event::default().id(seq.to_string())
}

/// Counts a stream while it is open.
pub(super) struct Open {
    _permit: OwnedSemaphorePermit,
    metrics: Arc<Metrics>,
}

impl Open {
    pub(super) fn new(permit: OwnedSemaphorePermit, metrics: Arc<Metrics>) -> Self {
        metrics.live_streams.inc();
        Self { _permit: permit, metrics }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.metrics.live_streams.dec();
    }
}
