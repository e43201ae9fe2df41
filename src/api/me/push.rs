//! Her browsers that are woken when there is something to see: `/v1/me/push`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Me;
use crate::api::AppState;
use crate::api::body::{self, Unread};
use crate::api::extract::SaidJson;
use crate::api::problem::{Document, Kind, Problem};
use crate::config::Push;
use crate::delivery::{MOST_BROWSERS, Subscription, subscription_id};
use crate::store::PushRow;

/// Longest body that takes a browser away, in bytes.
const LONGEST_AWAY: usize = 8 * 1024;

/// Whether browsers can be woken here, and what they need to know for it.
#[derive(Serialize, ToSchema)]
pub(super) struct Offer {
    /// Whether this service is set up for it.
    on: bool,
    /// What a browser binds its subscription to: `applicationServerKey`, in base64url.
    public_key: Option<String>,
    /// How many of her browsers are woken.
    browsers: usize,
}

/// What a browser's `PushSubscription` is as JSON. What it has besides is not used.
#[derive(Deserialize)]
struct Given {
    endpoint: Option<String>,
    keys: Option<GivenKeys>,
}

#[derive(Deserialize)]
struct GivenKeys {
    p256dh: Option<String>,
    auth: Option<String>,
}

/// Whether her browsers can be woken, and how many are. A hint is no delivery: it says that there is something to see.
#[utoipa::path(
    get,
    path = "/v1/me/push",
    tag = "victim app",
    responses((status = 200, description = "Whether it is on, and the key to subscribe with", body = Offer)),
    security(("token" = [])),
)]
pub(super) async fn offer(
    State(state): State<AppState>,
    Me { device, bearer }: Me,
) -> Result<Json<Offer>, Problem> {
    let browsers = match (&state.push, &bearer) {
        (Some(_), Some(person)) => {
            state.store.push_subscriptions(device.as_str(), person.as_str()).await?.len()
        }
        _ => 0,
    };
    let public_key = state.push.as_ref().map(|push| push.key.public().to_owned());
    Ok(Json(Offer { on: public_key.is_some(), public_key, browsers }))
}

/// Wakes this browser from now on. The same browser may say so again, and should each time the page is opened; of a
/// person's browsers the five that said so last are kept.
#[utoipa::path(
    post,
    path = "/v1/me/push",
    tag = "victim app",
    request_body(content = Object, description = "A browser's `PushSubscription` as JSON: `{\"endpoint\", \
                 \"keys\": {\"p256dh\", \"auth\"}}`"),
    responses(
        (status = 204, description = "Stored"),
        (status = 400, description = "Not JSON", body = Document, content_type = "application/problem+json"),
        (status = 409, description = "This service wakes no browsers, or nobody has this device now",
         body = Document, content_type = "application/problem+json"),
        (status = 422, description = "A field that cannot be used: an address that may not be sent to, a key that is none",
         body = Document, content_type = "application/problem+json"),
        (status = 503, description = "It cannot be stored now: send it again", body = Document,
         content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
pub(super) async fn subscribe(
    State(state): State<AppState>,
    Me { device, bearer }: Me,
    body: SaidJson,
) -> Result<StatusCode, Problem> {
    body.check()?;
    let conflict = |detail: &str| Problem::new(Kind::CONFLICT).detail(detail);
    let push: &Arc<Push> = state.push.as_ref().ok_or_else(|| conflict("this service wakes no browsers"))?;
    let person = bearer.ok_or_else(|| conflict("no order says whose device this is"))?;
    let wrong = |field: &str, problem: &str| Problem::new(Kind::INVALID).field(field, problem);
    let given: Given = serde_json::from_slice(&body.0)
        .map_err(|_| wrong("", "is not an object with texts endpoint, keys.p256dh and keys.auth"))?;
    let needed = |text: Option<String>, field: &str| text.ok_or_else(|| wrong(field, "is missing"));
    let endpoint = needed(given.endpoint, "endpoint")?;
    let keys = given.keys.ok_or_else(|| wrong("keys", "is missing"))?;
    let (p256dh, auth) = (needed(keys.p256dh, "keys.p256dh")?, needed(keys.auth, "keys.auth")?);
    let subscription = Subscription::parse(&endpoint, &p256dh, &auth, &push.own)
        .map_err(|error| wrong(error.field, error.problem))?;
    let row = PushRow {
        id: subscription.id(),
        person: person.as_str().to_owned(),
        device: device.as_str().to_owned(),
        endpoint: subscription.endpoint().to_owned(),
        p256dh,
        auth,
        server_key: push.key.public().to_owned(),
        seen_at: (state.clock)(),
    };
    state.store.subscribe_push(&row, MOST_BROWSERS).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Wakes a browser no more; without a body, none.
#[utoipa::path(
    delete,
    path = "/v1/me/push",
    tag = "victim app",
    request_body(content = Object, description = "`{\"endpoint\"}` of the browser, or nothing"),
    responses(
        (status = 204, description = "Dropped, or never there"),
        (status = 422, description = "Neither nothing nor an endpoint", body = Document,
         content_type = "application/problem+json"),
        (status = 503, description = "It cannot be stored now: send it again", body = Document,
         content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
pub(super) async fn unsubscribe(
    State(state): State<AppState>,
    Me { device, .. }: Me,
    request: Request,
) -> Result<StatusCode, Problem> {
    let body = body::read(request, LONGEST_AWAY).await.map_err(|unread| match unread {
        Unread::TooLarge => Problem::new(Kind::TOO_LARGE).detail(format!("at most {LONGEST_AWAY} bytes")),
        Unread::Broken => Problem::new(Kind::REQUEST).detail("the body could not be read to its end"),
    })?;
    let wrong = || Problem::new(Kind::INVALID).field("endpoint", "is missing, and the body is not empty");
    let endpoint = match &*body {
        [] => None,
        said => {
            let said: Given = serde_json::from_slice(said).map_err(|_| wrong())?;
            Some(said.endpoint.ok_or_else(wrong)?)
        }
    };
    let id = endpoint.as_deref().map(subscription_id);
    state.store.unsubscribe_push(device.as_str(), id.as_deref()).await?;
    Ok(StatusCode::NO_CONTENT)
}
