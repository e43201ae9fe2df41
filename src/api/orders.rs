//! The register: `GET /v1/orders`, `PUT/GET/DELETE /v1/orders/{order}`.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zones::guidance::Finding;
use zones::order::Draft;
use zones::{OrderId, Timestamp};

use super::AppState;
use super::access::Caller;
use super::codes;
use super::commands::{NotWithdrawn, OrderAccepted, OrderRefused, Precondition};
use super::extract::{Page, Params, SaidJson};
use super::precondition::etag;
use super::problem::{Document, Kind, Problem};
use crate::store::{Origin, StoredOrder};

/// An order of the register in a list.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct OrderEntry {
    /// The order's id.
    pub order: String,
    /// When it was registered or last replaced; between quotes it is the order's `ETag`.
    #[schema(value_type = String, format = DateTime)]
    pub changed_at: Timestamp,
    /// `api` or `file`.
    pub origin: &'static str,
    /// `in_force`; `to_come` before it begins; `ended` when its time is over and nobody has withdrawn it yet.
    pub state: &'static str,
    /// The order as it was registered; of a victim's code it says only `"aware_code": true`.
    #[schema(value_type = Object)]
    pub document: Value,
}

/// What goes with an order: its version, for `If-Match`.
type Tagged<T> = ([(HeaderName, String); 1], Json<T>);

/// The answer to a registration.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct Registered {
    /// The order's id.
    pub order: String,
    /// Whether it was not in the register before.
    pub created: bool,
    /// When it was last changed: now, or before when it was the same already.
    #[schema(value_type = String, format = DateTime)]
    pub changed_at: Timestamp,
    /// What the guidance says about it; none of it keeps it out of force.
    #[schema(value_type = Vec<Object>)]
    pub findings: Vec<Finding>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get_order, put_order, withdraw_order))
}

/// Orders in the register, by id.
#[utoipa::path(
    get,
    path = "/v1/orders",
    tag = "orders",
    params(
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "Entries of a page, 1 to 500; 100 if not given"),
    ),
    responses(
        (status = 200, description = "A page", body = Page<OrderEntry>),
        (status = 400, description = "A parameter that cannot be used", body = Document,
         content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
async fn list(State(state): State<AppState>, params: Params) -> Result<Json<Page<OrderEntry>>, Problem> {
    let paging = params.paging::<String>("orders")?;
    let rows = state.store.orders(paging.after.as_deref(), paging.ask()).await?;
    let now = (state.clock)();
    Ok(Json(paging.page(rows, |row| row.order.to_string(), |row| entry(row, now))))
}

fn entry(StoredOrder { order, document, changed_at, origin, .. }: StoredOrder, now: Timestamp) -> OrderEntry {
    // Only documents that were read as orders are stored; text that is none after all is not shown.
    let mut document = serde_json::from_str(&document).unwrap_or_default();
    codes::hide(&mut document);
    let (origin, state) = (origin_word(origin), state_at(&document, now));
    OrderEntry { order: order.to_string(), changed_at, origin, state, document }
}

pub(super) fn origin_word(origin: Origin) -> &'static str {
    match origin {
        Origin::Api => "api",
        Origin::File => "file",
    }
}

/// Where an order stands in its time.
fn state_at(document: &Value, now: Timestamp) -> &'static str {
    let time = |field: &str| Timestamp::parse(document[field].as_str()?).ok();
    match (time("valid_from"), time("valid_until")) {
        (Some(from), _) if now < from => "to_come",
        (_, Some(until)) if until <= now => "ended",
        _ => "in_force",
    }
}

/// An order as it was registered: what is read here can be registered again. Where a victim has a code to cancel
/// AWARE with, `"aware_code": true` stands in place of `aware_code_sha256`.
#[utoipa::path(
    get,
    path = "/v1/orders/{order}",
    tag = "orders",
    params(("order" = String, Path, description = "The order's id")),
    responses(
        (status = 200, description = "The order", body = Object,
         headers(("ETag" = String, description = "Its version: send it as `If-Match` with a change"))),
        (status = 404, description = "Not in the register, or withdrawn", body = Document,
         content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
async fn get_order(
    State(state): State<AppState>,
    Path(order): Path<String>,
) -> Result<Tagged<Value>, Problem> {
    let order = order_id(&order)?;
    let Some(stored) = state.store.order(order.as_str()).await? else {
        return Err(Problem::unknown("order", order.as_str()));
    };
    if let Some(at) = stored.withdrawn_at {
        return Err(Problem::new(Kind::NOT_FOUND).detail(format!("order {order} was withdrawn at {at}")));
    }
    let now = (state.clock)();
    let entry = entry(stored, now);
    Ok(([(header::ETAG, etag(entry.changed_at))], Json(entry.document)))
}

/// Registers an order, or replaces the one with the same id. The same document again changes nothing.
///
/// A victim's code is set by `aware_code_sha256` and taken away by leaving it out. `"aware_code": true`, as in a document
/// that was read, keeps the code that is stored for her in this order; where none is, the answer is 422.
///
/// With `If-Match` only the version that was read is replaced (`*`: only what is in the register), with
/// `If-None-Match: *` nothing; 412 says who changed it and when. Without these whatever is there is replaced.
#[utoipa::path(
    put,
    path = "/v1/orders/{order}",
    tag = "orders",
    params(
        ("order" = String, Path, description = "The order's id, as in the document"),
        ("If-Match" = Option<String>, Header, description = "`ETag` of the order that was read"),
        ("If-None-Match" = Option<String>, Header, description = "`*`: only where there is none"),
    ),
    request_body(content = Object, description = "One order"),
    responses(
        (status = 200, description = "Replaced, or unchanged", body = Registered),
        (status = 201, description = "Registered", body = Registered),
        (status = 400, description = "Not JSON", body = Document, content_type = "application/problem+json"),
        (status = 412, description = "Somebody else changed it (`by`, `at`)", body = Document,
         content_type = "application/problem+json"),
        (status = 422, description = "It cannot be in force: a field that cannot be used, an error of the \
         guidance (`findings`), or a limit of the register", body = Document,
         content_type = "application/problem+json"),
        (status = 503, description = "It cannot be stored now", body = Document,
         content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
async fn put_order(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    Path(order): Path<String>,
    body: SaidJson,
) -> Result<(StatusCode, Tagged<Registered>), Problem> {
    let (order, only_if) = (order_id(&order)?, Precondition::of(&headers)?);
    body.check()?;
    // Reading a large order takes milliseconds: not on a thread that serves others.
    let read = move || serde_json::from_slice::<Value>(&body.0).map_err(|e| Problem::not_json(&e));
    let mut value = tokio::task::spawn_blocking(read).await.map_err(|e| Problem::internal(&e))??;
    if codes::keeps_one(&mut value)
        && let Some(stored) = state.store.order(order.as_str()).await?
    {
        codes::restore(&mut value, &mut serde_json::from_str(&stored.document).unwrap_or_default());
    }
    // An array, which a file may hold, is no order here.
    let read = tokio::task::spawn_blocking(move || Draft::read(&value).map(Box::new));
    let draft = read.await.map_err(|e| Problem::internal(&e))??;
    if draft.order != order {
        let problem = format!("is \"{}\", but the address says \"{order}\"", draft.order);
        return Err(Problem::new(Kind::INVALID).field("order", problem));
    }
    let accepted = match state.commands.put_order(draft, caller.name, only_if).await? {
        Err(OrderRefused::Changed) => return Err(changed(&state, &order).await?),
        answer => answer?,
    };
    let status = if accepted.created { StatusCode::CREATED } else { StatusCode::OK };
    let OrderAccepted { created, changed_at, findings } = accepted;
    let registered = Registered { order: order.to_string(), created, changed_at, findings };
    Ok((status, ([(header::ETAG, etag(changed_at))], Json(registered))))
}

/// Who was first: the last change of an order.
async fn changed(state: &AppState, order: &OrderId) -> Result<Problem, Problem> {
    let refused = Problem::new(Kind::CHANGED);
    let Some(last) = state.store.order_history(order.as_str(), None, 1).await?.pop() else {
        return Ok(refused.detail(format!("there is no order {order}")));
    };
    let what = if last.document.is_some() { "changed" } else { "withdrawn" };
    let by = last.by.unwrap_or_else(|| "somebody".to_owned());
    Ok(refused.detail(format!("order {order} was {what} at {} by {by}", last.at)).first(by, last.at))
}

/// Withdraws an order: it is not watched any more, its history is kept. Once more changes nothing. `If-Match` as with PUT.
#[utoipa::path(
    delete,
    path = "/v1/orders/{order}",
    tag = "orders",
    params(
        ("order" = String, Path, description = "The order's id"),
        ("If-Match" = Option<String>, Header, description = "`ETag` of the order that was read"),
    ),
    responses(
        (status = 204, description = "Withdrawn"),
        (status = 404, description = "There never was such an order", body = Document,
         content_type = "application/problem+json"),
        (status = 409, description = "An order file states it: it is withdrawn by taking it out of that file",
         body = Document, content_type = "application/problem+json"),
        (status = 412, description = "Somebody else changed it (`by`, `at`)", body = Document,
         content_type = "application/problem+json"),
        (status = 503, description = "It cannot be stored now", body = Document,
         content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
async fn withdraw_order(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    Path(order): Path<String>,
) -> Result<StatusCode, Problem> {
    let (order, only_if) = (order_id(&order)?, Precondition::of(&headers)?);
    match state.commands.withdraw_order(order.clone(), caller.name, only_if).await? {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(NotWithdrawn::StatedBy(what)) => Err(Problem::new(Kind::CONFLICT).detail(format!(
            "order {order} is stated by {what}: take it out there, and it is withdrawn within seconds"
        ))),
        Err(NotWithdrawn::Changed) => Err(changed(&state, &order).await?),
        // It is not in the register; if it ever was, it has been withdrawn before.
        Err(NotWithdrawn::Unknown) => match state.store.order(order.as_str()).await? {
            Some(_) => Ok(StatusCode::NO_CONTENT),
            None => Err(Problem::unknown("order", order.as_str())),
        },
    }
}

pub(super) fn order_id(text: &str) -> Result<OrderId, Problem> {
    OrderId::new(text).map_err(|e| Problem::parameter("order", e.problem))
}
