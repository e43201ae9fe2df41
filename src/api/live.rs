//! `GET /v1/live`: alerts and what is done about them as server-sent events, resumable without a gap or a repeat.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, Sse};
use futures_util::Stream;
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
use super::stream::{self, Follower, Open, begin, first_position, last_id, position};
use crate::store::{LiveRow, StateRow, Store};

/// Streams that may be open at once.
pub(super) const MOST_STREAMS: usize = 1_000;

/// Alerts read from the store at a time.
const PAGE: u32 = 100;

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
/// incident's timeline, with how the incident stands after it: `state`, `condition`, `owner`, and `handed_on`, while
/// another may take it over by acknowledging it. Of these lines a console makes a sound, also for who has
/// acknowledged: `rang` (nothing is done, or it is raised again), `desk` with `detail.state` `rejected`, `escalated`
/// (until it is taken over), `deadline_reminded` and `deadline_missed`, `resolution_proposed` (for all but its `actor`),
/// `proposal_displaced` (for `detail.proposed_by`) and `undelivered`. Both share one count, the `id`. The stream
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
    let last = begin(asked, state.store.latest_live_seq().await?)?;
    let open = Open::new(permit, state.metrics);
    let follow = Follow { store: state.store, scope, last, feed, _open: open };
    Ok(stream::follow(vec![first_position(last)], follow, shutdown))
}

/// One reader's place in the alerts.
struct Follow {
    store: Store,
    scope: Scope,
    /// Number of the last alert that was looked at.
    last: i64,
    feed: watch::Receiver<i64>,
    _open: Open,
}

impl Follower for Follow {
    async fn look(&mut self) -> Result<Vec<Event>, Problem> {
        self.feed.borrow_and_update();
        let rows = self.store.live_after(self.last, PAGE).await?;
        Ok(self.take(rows))
    }

    async fn wait(&mut self) -> bool {
        self.feed.changed().await.is_ok()
    }
}

impl Follow {
    fn take(&mut self, rows: Vec<LiveRow>) -> Vec<Event> {
        let mut events = Vec::new();
        let Some(newest) = rows.last().map(LiveRow::seq) else { return events };
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
            events.push(Event::default().event(kind).id(seq.to_string()).data(data));
            self.last = seq;
        }
        // A desk that has no alerts must not have to read all the others' again when it comes back.
        if self.last < newest {
            events.push(position(newest));
            self.last = newest;
        }
        events
    }
}
