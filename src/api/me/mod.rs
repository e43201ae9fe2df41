//! What the app of a victim sees and says: `/v1/me`. It speaks for her device: what it says takes the road of that
//! device's topics, and what it is shown is what that device is told, built in [`crate::delivery`] from the few things
//! she may know.

mod cancel;
mod feed;
mod hands;
mod live;
mod push;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};
use tokio::time::timeout;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zones::order::{Contact, Order};
use zones::{DeviceId, PersonId, Protection, Timestamp};

pub(super) use feed::{AppFeed, MOST_STREAMS};

use super::access::Scope;
use super::body;
use super::commands::ANSWER_WITHIN;
use super::extract::{BODY_LIMIT, SaidJson};
use super::problem::{Document, Kind, Problem};
use super::{AppState, REQUEST_WITHIN};
use crate::delivery::victim_picture;
use crate::sign_in::Found;
use crate::store::DeliveryRecord;
use crate::wire::incoming;

/// Deliveries among which the alerts are looked for that stand.
const MOST_STANDING: u32 = 200;

/// How long the body of a press is waited for: whatever has not come by then, she pressed.
const PRESS_READ_WITHIN: Duration = Duration::from_secs(2);

const _: () = assert!(PRESS_READ_WITHIN.as_secs() + ANSWER_WITHIN.as_secs() < REQUEST_WITHIN.as_secs());

/// The victim for whom the caller speaks.
struct Me {
    device: DeviceId,
    /// Who has the device now.
    bearer: Option<PersonId>,
}

impl FromRequestParts<AppState> for Me {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let Scope::Device(device) = Scope::from_request_parts(parts, state).await? else {
            return Err(Problem::new(Kind::FORBIDDEN));
        };
        let bearer = bearer(state, &device);
        let session = parts.extensions.get::<Found>();
        if !hands::is_still_of(state, session, &device, bearer.as_ref()).await {
            return Err(Problem::new(Kind::UNAUTHENTICATED));
        }
        Ok(Self { device, bearer })
    }
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(picture))
        .routes(routes!(live::live))
        .routes(routes!(receipt))
        .routes(routes!(aware))
        .routes(routes!(cancel::cancel))
        .routes(routes!(fix))
        .routes(routes!(push::offer))
        .routes(routes!(push::subscribe))
        .routes(routes!(push::unsubscribe))
}

/// Which device is hers, how well she is protected, what she can do about it, whom to call, and the alerts that stand,
/// in her version.
#[utoipa::path(
    get,
    path = "/v1/me",
    tag = "victim app",
    responses(
        (status = 200, description = "`{\"own_device\", \"aware_code\", \"protection\", \"advice\", \"call\", \
         \"alerts\", \"fix_interval_s\", \"push\"}`; `aware_code`: whether she has a code that cancels AWARE; `push`: \
         whether her browsers can be woken", body = Object,
         content_type = "application/json"),
    ),
    security(("token" = [])),
)]
async fn picture(State(state): State<AppState>, Me { device, bearer }: Me) -> Result<Response, Problem> {
    let now = (state.clock)();
    let orders = state.register.of_device(&device);
    let protection = protection(&state, &device).await?;
    let alerts = standing(&state, &device, bearer.as_ref()).await?;
    let events: Vec<String> = alerts.into_iter().map(|alert| alert.delivery.payload).collect();
    let in_force = || orders.iter().filter(|order| order.in_force(now));
    let hers = in_force().flat_map(|order| &order.victims).map(|victim| &victim.party);
    // Of several orders the most demanding one.
    let interval =
        hers.filter(|party| party.device.as_ref() == Some(&device)).map(|party| party.fix_interval).min();
    let contacts: BTreeSet<(&str, &str)> = in_force()
        .filter_map(|order| order.contacts.victim_contact.as_ref())
        .map(|contact| (&*contact.name, &*contact.phone))
        .collect();
    let contacts: Vec<Contact> = contacts
        .into_iter()
        .map(|(name, phone)| Contact { name: name.to_owned(), phone: phone.to_owned() })
        .collect();
    let contacts: Vec<&Contact> = contacts.iter().collect();
    let has_code = in_force()
        .flat_map(|order| &order.victims)
        .any(|victim| victim.party.device.as_ref() == Some(&device) && victim.aware_code.is_some());
    let push = state.push.is_some();
    let json = victim_picture(&device, has_code, protection.as_ref(), &contacts, &events, interval, push)
        .map_err(|e| Problem::internal(&e))?;
    let media = HeaderValue::from_static("application/json");
    Ok(([(header::CONTENT_TYPE, media)], json).into_response())
}

/// What she was last told of her protection; `None` while that is not known.
pub(super) async fn protection(state: &AppState, device: &DeviceId) -> Result<Option<Protection>, Problem> {
    let Some(stored) = state.store.device(device.as_str()).await? else { return Ok(None) };
    Ok(state.register.protection(&stored).unwrap_or_else(|error| {
        tracing::error!(%error, "what a victim was told of her protection cannot be read");
        None
    }))
}

/// Who has the device now: the victim to whom an order in force gives it. Between orders it is hers if nobody else is to
/// have it.
pub(super) fn bearer(state: &AppState, device: &DeviceId) -> Option<PersonId> {
    let (orders, now) = (state.register.of_device(device), (state.clock)());
    let victim = |order: &Arc<Order>| {
        let given = order.victims.iter().find(|victim| victim.party.device.as_ref() == Some(device));
        given.map(|victim| victim.party.person.clone())
    };
    // The register gives a device to one person at a time.
    if let Some(hers) = orders.iter().filter(|order| order.in_force(now)).find_map(victim) {
        return Some(hers);
    }
    let mut named: Vec<PersonId> = orders.iter().filter_map(victim).collect();
    named.dedup();
    named.pop().filter(|_| named.is_empty())
}

/// What she was told last of each open incident, unless that is that it is over; oldest first.
async fn standing(
    state: &AppState,
    device: &DeviceId,
    bearer: Option<&PersonId>,
) -> Result<Vec<DeliveryRecord>, Problem> {
    let Some(bearer) = bearer else { return Ok(Vec::new()) };
    let (device, bearer) = (device.as_str(), bearer.as_str());
    let told = state.store.told_her_of_open_incidents(device, bearer, MOST_STANDING).await?;
    let mut seen = BTreeSet::new();
    let mut newest: Vec<_> =
        told.into_iter().filter(|told| seen.insert(told.delivery.incident.clone())).collect();
    newest.retain(|told| told.delivery.level != "clear");
    newest.reverse();
    Ok(newest)
}

/// Her device showed an alert, or she confirmed that she saw it: as on the topic `receipt`.
#[utoipa::path(
    post,
    path = "/v1/me/receipt",
    tag = "victim app",
    request_body(content = Object, description = "`{\"alert\", \"state\": \"displayed\" | \"confirmed\", \"at\"}`; \
                 without `at` it is now"),
    responses(
        (status = 204, description = "Decided and stored"),
        (status = 400, description = "Not JSON", body = Document, content_type = "application/problem+json"),
        (status = 422, description = "A field that cannot be used; set aside", body = Document,
         content_type = "application/problem+json"),
        (status = 503, description = "It cannot be stored now: send it again", body = Document,
         content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
async fn receipt(
    State(state): State<AppState>,
    Me { device, .. }: Me,
    body: SaidJson,
) -> Result<StatusCode, Problem> {
    body.check()?;
    let payload = at_now(&body.0, "at", (state.clock)()).unwrap_or(body.0);
    say(&state, incoming::victim_receipt(device.as_str()), payload).await
}

/// Her panic button: as on the topic `aware`. A press counts whatever its body looks like; one that has no time of its
/// own is of now.
#[utoipa::path(
    post,
    path = "/v1/me/aware",
    tag = "victim app",
    request_body(content = Object, description = "`{\"pressed_at\"?, \"lat\"?, \"lon\"?, \"accuracy_m\"?, \
                 \"test\"?}`, or nothing"),
    responses(
        (status = 204, description = "Decided and stored; what follows comes as an alert"),
        (status = 422, description = "No order names this device; set aside", body = Document,
         content_type = "application/problem+json"),
        (status = 503, description = "It cannot be stored now: send it again", body = Document,
         content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
async fn aware(
    State(state): State<AppState>,
    Me { device, .. }: Me,
    request: Request,
) -> Result<StatusCode, Problem> {
    let now = (state.clock)();
    // A connection that breaks ends the body, not this handler: what writes runs to its end.
    let read = timeout(PRESS_READ_WITHIN, body::read(request, BODY_LIMIT)).await;
    let said = read.ok().and_then(Result::ok).unwrap_or_default();
    say(&state, incoming::victim_aware(device.as_str()), press(&said, now)).await
}

/// Where she is: one fix, or an array of them, as on the topic `fix`.
#[utoipa::path(
    post,
    path = "/v1/me/fix",
    tag = "victim app",
    request_body(content = Object, description = "A fix of the contract, or an array of up to 1,000"),
    responses(
        (status = 204, description = "Decided and stored"),
        (status = 400, description = "Not JSON; set aside", body = Document,
         content_type = "application/problem+json"),
        (status = 422, description = "A field that cannot be used, or no order names this device; set aside",
         body = Document, content_type = "application/problem+json"),
        (status = 503, description = "It cannot be stored now: send it again", body = Document,
         content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
async fn fix(
    State(state): State<AppState>,
    Me { device, .. }: Me,
    body: SaidJson,
) -> Result<StatusCode, Problem> {
    match say(&state, incoming::victim_fix(device.as_str()), body.0.clone()).await {
        Err(problem) => body.check().and(Err(problem)),
        done => done,
    }
}

/// Says something on a topic of her device; the answer comes after its commit.
async fn say(state: &AppState, topic: String, payload: Bytes) -> Result<StatusCode, Problem> {
    state.commands.say_for_app(topic, payload).await??;
    Ok(StatusCode::NO_CONTENT)
}

/// A JSON object with a moment put in where it has none; `None` where there is nothing to put in.
fn at_now(body: &[u8], field: &str, now: Timestamp) -> Option<Bytes> {
    let mut object: Map<String, Value> = serde_json::from_slice(body).ok()?;
    if object.get(field).is_some_and(|value| !value.is_null()) {
        return None;
    }
    object.insert(field.to_owned(), now.to_string().into());
    serde_json::to_vec(&object).ok().map(Bytes::from)
}

/// A press, whatever was said of it: what has no usable time, or is nothing at all, is of now.
fn press(said: &Bytes, now: Timestamp) -> Bytes {
    let mut object: Map<String, Value> = serde_json::from_slice(said).unwrap_or_default();
    let pressed_at = object.get("pressed_at").and_then(Value::as_str).map(Timestamp::parse);
    if !matches!(pressed_at, Some(Ok(_))) {
        object.insert("pressed_at".to_owned(), now.to_string().into());
    }
    // A cancellation is a request of its own, with an answer of its own.
    object.remove("cancel");
    serde_json::to_vec(&object).map_or_else(|_| said.clone(), Bytes::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: &str = "2026-11-21T10:20:00.000Z";

    #[test]
    fn a_press_counts_whatever_its_body_looks_like() {
        let now = Timestamp::parse(NOW).unwrap();
        for (said, want) in [
            ("", json!({"pressed_at": NOW})),
            ("help", json!({"pressed_at": NOW})),
            ("[1]", json!({"pressed_at": NOW})),
            ("{\"test\":true}", json!({"pressed_at": NOW, "test": true})),
            ("{\"pressed_at\":\"now\",\"lat\":52}", json!({"pressed_at": NOW, "lat": 52})),
            ("{\"pressed_at\":7,\"cancel\":true}", json!({"pressed_at": NOW})),
            ("{\"pressed_at\":\"2026-11-21T10:19:00Z\"}", json!({"pressed_at": "2026-11-21T10:19:00Z"})),
        ] {
            let press = press(&Bytes::from_static(said.as_bytes()), now);
            assert_eq!(serde_json::from_slice::<Value>(&press).unwrap(), want, "{said}");
        }
        assert_eq!(at_now(b"{\"at\":\"x\"}", "at", now), None, "what is there stays, right or wrong");
        assert_eq!(at_now(b"[]", "at", now), None);
    }

    #[test]
    fn the_time_of_an_answer_is_that_of_the_contract() {
        assert_eq!(Timestamp::parse(NOW).unwrap().to_string(), NOW);
    }
}
