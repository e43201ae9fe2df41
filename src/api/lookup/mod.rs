//! Looking somebody or somewhere up: `/v1/lookup`. Who may not be here, what holds for a person, what protects a
//! victim, and who was near a place at a time. Every look is in the audit.

mod near;
mod order;
mod place;

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use tokio::sync::Semaphore;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zones::{DeskId, DeviceId, PersonId, Position, Role};

use super::AppState;
use super::access::Scope;
use super::extract::Params;
use super::problem::{Document, Kind, Problem};
use order::OrderInBrief;

/// Look-ups that walk through everything there is, one at a time: decisions need the same machine.
static WALK: Semaphore = Semaphore::const_new(1);

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(place::place))
        .routes(routes!(person))
        .routes(routes!(victim))
        .routes(routes!(near::near))
}

/// What holds for a person.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct Found {
    /// The person.
    pub person: String,
    /// The orders that name the person, by id. A desk sees its own.
    pub orders: Vec<OrderInBrief>,
    /// How well her devices protect her, of a victim.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub protection: Vec<ProtectionOf>,
}

/// What a victim device was last told.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct ProtectionOf {
    /// The device.
    pub device: String,
    /// `{"state", "reasons", "since"}`; `null` while nothing is known of it.
    #[schema(value_type = Option<Object>)]
    pub told: Option<zones::Protection>,
}

/// The orders that name a person, as wearer or as victim, with what they forbid and whom to call.
#[utoipa::path(
    get,
    path = "/v1/lookup/person/{person}",
    tag = "look-ups",
    params(("person" = String, Path, description = "The person's id")),
    responses(
        (status = 200, description = "What holds for the person", body = Found),
        (status = 404, description = "In no order of the register, or of this desk", body = Document,
         content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
async fn person(
    State(state): State<AppState>,
    scope: Scope,
    Path(person): Path<String>,
    params: Params,
) -> Result<Json<Found>, Problem> {
    params.finish()?;
    found(&state, &scope, &person, None).await.map(Json)
}

/// The orders that protect a victim, from whom, and how well she is protected now.
#[utoipa::path(
    get,
    path = "/v1/lookup/victim/{person}",
    tag = "look-ups",
    params(("person" = String, Path, description = "The victim's id")),
    responses(
        (status = 200, description = "What protects her", body = Found),
        (status = 404, description = "Victim in no order of the register, or of this desk", body = Document,
         content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
async fn victim(
    State(state): State<AppState>,
    scope: Scope,
    Path(person): Path<String>,
    params: Params,
) -> Result<Json<Found>, Problem> {
    params.finish()?;
    let mut found = found(&state, &scope, &person, Some(Role::Victim)).await?;
    let mut devices: Vec<DeviceId> = found
        .orders
        .iter()
        .filter_map(|order| order.device.as_deref())
        .filter_map(|id| DeviceId::new(id).ok())
        .collect();
    devices.sort();
    devices.dedup();
    for device in devices {
        let told = super::me::protection(&state, &device).await?;
        found.protection.push(ProtectionOf { device: device.to_string(), told });
    }
    Ok(Json(found))
}

/// The orders of a person that the caller may see, in which the person has that role.
async fn found(state: &AppState, scope: &Scope, person: &str, role: Option<Role>) -> Result<Found, Problem> {
    let id = PersonId::new(person).map_err(|e| Problem::parameter("person", e.problem))?;
    let now = (state.clock)();
    let mut orders = Vec::new();
    for order in state.register.of_person(&id) {
        let named =
            order.parties().find(|(has, party)| party.person == id && role.is_none_or(|role| role == *has));
        let Some((role, party)) = named else { continue };
        if !scope.sees(order.desk.as_ref().map(DeskId::as_str)) {
            continue;
        }
        let mut brief = OrderInBrief::new(&order, role, party, now);
        brief.open_incidents = order::open_incidents(state, &order.order).await?;
        orders.push(brief);
    }
    // One answer for what is not there and what is not the caller's: a desk learns nothing of others.
    if orders.is_empty() {
        return Err(Problem::unknown("person", id.as_str()));
    }
    Ok(Found { person: id.to_string(), orders, protection: Vec::new() })
}

/// The place that the parameters `lat` and `lon` name.
fn place_of(params: &mut Params) -> Result<Position, Problem> {
    let mut degrees = |name| params.decimal(name)?.ok_or_else(|| Problem::parameter(name, "is missing"));
    let (lat, lon) = (degrees("lat")?, degrees("lon")?);
    Position::new(lat, lon).map_err(|wrong| Problem::parameter(&wrong.field, wrong.problem))
}

/// Does something that walks through everything there is, off the threads that serve others.
async fn walk<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    let busy = |_| Problem::new(Kind::BUSY);
    let _turn = WALK.acquire().await.map_err(busy)?;
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))
}
