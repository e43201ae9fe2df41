//! `GET /v1/me/live`: what a victim's device is told, as server-sent events.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::{Duration, Instant};

use axum::extract::{Extension, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use tokio_util::sync::CancellationToken;
use zones::{DeviceId, PersonId, Protection};

use super::feed::Listening;
use super::{Me, bearer, protection, standing};
use crate::api::AppState;
use crate::api::extract::Params;
use crate::api::live::{KEEP_ALIVE, RETRY, last_id, position};
use crate::api::problem::{Document, Kind, Problem};
use crate::delivery::victim_protection;
use crate::store::DeliveryRecord;

/// Events read from the store at a time.
const PAGE: u32 = 100;

/// A stream looks at the store no more often than this, however often it is woken.
const REST: Duration = Duration::from_millis(100);

/// What is said to her device, as it is said.
///
/// Events are of type `alert`, with the event that her device gets over MQTT as `data`, and of type `protection`, with
/// how well she is protected. The stream begins with her protection and, without `Last-Event-ID`, with the alerts that
/// stand; with it, with what came after that event. Nothing is left out, nothing comes twice. Comments come at least
/// every ten seconds.
#[utoipa::path(
    get,
    path = "/v1/me/live",
    tag = "victim app",
    params(
        ("Last-Event-ID" = Option<i64>, Header, description = "Number of the last event seen"),
        ("last_event_id" = Option<i64>, Query, description = "The same, where headers cannot be set"),
    ),
    responses(
        (status = 200, description = "The stream", content_type = "text/event-stream", body = String),
        (status = 400, description = "An id that this service never gave", body = Document,
         content_type = "application/problem+json"),
        (status = 503, description = "Too many streams are open", body = Document,
         content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
pub(super) async fn live(
    State(state): State<AppState>,
    Extension(shutdown): Extension<CancellationToken>,
    Me(device): Me,
    headers: HeaderMap,
    params: Params,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let asked = last_id(&headers, params)?;
    let too_many = || Problem::new(Kind::BUSY).detail("too many streams are open");
    // Before the store is read: what is committed in between wakes the stream.
    let listening = state.live.apps.listen(device.as_str()).ok_or_else(too_many)?;
    let latest = state.store.latest_delivery().await?;
    let last = asked.unwrap_or(latest);
    if last > latest {
        let problem = format!("{last} is ahead of the newest event, {latest}: begin anew without an id");
        return Err(Problem::parameter("last_event_id", problem));
    }
    let told = protection(&state, &device).await?;
    let mut ready: VecDeque<Event> = told.iter().filter_map(said_of_protection).collect();
    let bearer = bearer(&state, &device);
    if asked.is_none() {
        let stands = standing(&state, &device, bearer.as_ref()).await?;
        ready.extend(stands.into_iter().filter(|alert| alert.delivery.id <= last).map(said_of_alert));
    }
    ready.push_back(position(last).retry(RETRY));
    let looked_at = Instant::now();
    let follow = Follow { state, device, bearer, last, told, ready, listening, shutdown, looked_at };
    let events = stream::unfold(follow, |mut follow| async {
        let event = follow.next().await?;
        Some((Ok(event), follow))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

/// One app's place in what is said to its device.
struct Follow {
    state: AppState,
    device: DeviceId,
    /// Who has the device, as far as is known: when her order is withdrawn she still hears that it is over.
    bearer: Option<PersonId>,
    /// Number of the last event that was looked at.
    last: i64,
    told: Option<Protection>,
    ready: VecDeque<Event>,
    listening: Listening,
    shutdown: CancellationToken,
    looked_at: Instant,
}

impl Follow {
    /// The next event; `None` ends the stream, and the app comes back with the last id.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if self.shutdown.is_cancelled() {
                return None;
            }
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            // Marked as heard before the store is read, for the same reason as above.
            self.listening.heard();
            self.looked_at = Instant::now();
            if let Err(problem) = self.look().await {
                tracing::error!(?problem, "the live stream of an app ends: the store cannot be read");
                return None;
            }
            if self.ready.is_empty() {
                tokio::select! {
                    () = self.shutdown.cancelled() => return None,
                    goes_on = self.listening.hears() => if !goes_on { return None },
                }
                tokio::time::sleep(REST.saturating_sub(self.looked_at.elapsed())).await;
            }
        }
    }

    async fn look(&mut self) -> Result<(), Problem> {
        self.bearer = bearer(&self.state, &self.device).or_else(|| self.bearer.take());
        if let Some(bearer) = &self.bearer {
            let (store, device) = (&self.state.store, self.device.as_str());
            for alert in store.told_her_after(device, bearer.as_str(), self.last, PAGE).await? {
                self.last = alert.delivery.id;
                self.ready.push_back(said_of_alert(alert));
            }
        }
        let told = protection(&self.state, &self.device).await?;
        if told != self.told {
            self.ready.extend(told.as_ref().and_then(said_of_protection));
            self.told = told;
        }
        Ok(())
    }
}

fn said_of_alert(alert: DeliveryRecord) -> Event {
    Event::default().event("alert").id(alert.delivery.id.to_string()).data(alert.delivery.payload)
}

/// It has no id of its own: who comes back is told how it stands anyway.
fn said_of_protection(protection: &Protection) -> Option<Event> {
    let json = victim_protection(protection);
    json.ok().map(|json| Event::default().event("protection").data(json))
}
