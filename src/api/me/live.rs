//! `GET /v1/me/live`: what a victim's device is told, as server-sent events.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use axum::extract::{Extension, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, Sse};
use futures_util::Stream;
use tokio_util::sync::CancellationToken;
use zones::{DeviceId, PersonId, Protection};

use super::feed::Listening;
use super::hands::is_still_of;
use super::{Me, bearer, protection, standing};
use crate::api::AppState;
use crate::api::extract::Params;
use crate::api::problem::{Document, Kind, Problem};
use crate::api::stream::{self, Follower, begin, first_position, last_id};
use crate::delivery::victim_protection;
use crate::sign_in::Found;
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
    Me { device, bearer }: Me,
    session: Option<Extension<Found>>,
    headers: HeaderMap,
    params: Params,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let asked = last_id(&headers, params)?;
    let too_many = || Problem::new(Kind::BUSY).detail("too many streams are open");
    // Before the store is read: what is committed in between wakes the stream.
    let listening = state.live.apps.listen(device.as_str()).ok_or_else(too_many)?;
    let last = begin(asked, state.store.latest_delivery().await?)?;
    let told = protection(&state, &device).await?;
    let mut first: Vec<Event> = told.iter().filter_map(said_of_protection).collect();
    if asked.is_none() {
        let stands = standing(&state, &device, bearer.as_ref()).await?;
        first.extend(stands.into_iter().filter(|alert| alert.delivery.id <= last).map(said_of_alert));
    }
    first.push(first_position(last));
    let session = session.map(|Extension(found)| found);
    let follow = Follow { state, device, session, bearer, last, told, listening, looked_at: Instant::now() };
    // The device may have become another's while that was read.
    let now = super::bearer(&follow.state, &follow.device);
    if !follow.is_hers(now.as_ref()).await {
        return Err(Problem::new(Kind::UNAUTHENTICATED));
    }
    Ok(stream::follow(first, follow, shutdown))
}

/// One app's place in what is said to its device.
struct Follow {
    state: AppState,
    device: DeviceId,
    /// By which she came, where it was no token.
    session: Option<Found>,
    /// Who has the device, as far as is known: when her order is withdrawn she still hears that it is over.
    bearer: Option<PersonId>,
    /// Number of the last event that was looked at.
    last: i64,
    told: Option<Protection>,
    listening: Listening,
    looked_at: Instant,
}

impl Follow {
    /// Whether she may be told still; where not, her session has ended, and the stream ends with it.
    async fn is_hers(&self, bearer: Option<&PersonId>) -> bool {
        is_still_of(&self.state, self.session.as_ref(), &self.device, bearer).await
    }
}

impl Follower for Follow {
    async fn look(&mut self) -> Result<Vec<Event>, Problem> {
        self.listening.heard();
        self.looked_at = Instant::now();
        let mut events = Vec::new();
        let now = bearer(&self.state, &self.device);
        if !self.is_hers(now.as_ref()).await {
            return Ok(Vec::new());
        }
        self.bearer = now.or_else(|| self.bearer.take());
        if let Some(bearer) = &self.bearer {
            let (store, device) = (&self.state.store, self.device.as_str());
            for alert in store.told_her_after(device, bearer.as_str(), self.last, PAGE).await? {
                self.last = alert.delivery.id;
                events.push(said_of_alert(alert));
            }
        }
        let told = protection(&self.state, &self.device).await?;
        if told != self.told {
            events.extend(told.as_ref().and_then(said_of_protection));
            self.told = told;
        }
        // Here too.
        let is_hers = self.is_hers(bearer(&self.state, &self.device).as_ref()).await;
        Ok(if is_hers { events } else { Vec::new() })
    }

    async fn wait(&mut self) -> bool {
        let goes_on = self.listening.hears().await;
        tokio::time::sleep(REST.saturating_sub(self.looked_at.elapsed())).await;
        goes_on
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
