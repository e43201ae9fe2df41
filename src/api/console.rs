//! What the console asks beyond the resources themselves: who am I (`GET /v1/session`), why
//! (`GET /v1/incidents/{incident}/explain`), where were they (`…/track`), may this order be (`POST /v1/guidance`).

use axum::Json;
use axum::extract::{Extension, Path, State};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zones::Timestamp;
use zones::guidance::{self, Finding};
use zones::order::Draft;

use super::AppState;
use super::access::{Caller, Scope};
use super::codes;
use super::extract::SaidJson;
use super::problem::{Document, Problem};
use crate::config::Role;
use crate::explain::{self, Explanation, Question, Unexplained};
use crate::sign_in::Found;
use crate::store::OpenAlarms;
use crate::track::{self, Track};

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct SessionView {
    /// Name of the person or the token: what stands in a timeline.
    pub name: String,
    /// The role.
    #[schema(example = "operator")]
    pub role: &'static str,
    /// Of a caller with a cookie: the session.
    #[serde(flatten)]
    pub session: Option<SignedIn>,
}

/// The session of somebody who came with a cookie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct SignedIn {
    /// What every request that changes something has to bring along as `X-CSRF-Token`.
    pub csrf: String,
    /// Whether it is locked: then it hears of alarms and is answered nothing else.
    pub locked: bool,
    /// While it is locked, of somebody who hears of alerts: how many there are, and nothing of whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alarms: Option<AlarmsView>,
    /// How long it may be idle before a console locks, in seconds.
    pub idle_lock_s: u64,
    /// When it ends whatever happens.
    #[schema(value_type = String, format = DateTime)]
    pub ends_at: Timestamp,
}

/// What a console that is locked may show: numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct AlarmsView {
    /// Open alarms.
    pub open: i64,
    /// Those of them that nobody has acknowledged.
    pub untaken: i64,
    /// Open warnings that nobody has acknowledged.
    pub warnings: i64,
}

/// What the guidance says about an order that nobody registered.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct Advice {
    /// The findings; an `error` would keep it out of force.
    #[schema(value_type = Vec<Object>)]
    pub findings: Vec<Finding>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(session))
        .routes(routes!(explain_incident))
        .routes(routes!(track_incident))
        .routes(routes!(advise))
}

/// Who asks.
#[utoipa::path(
    get,
    path = "/v1/session",
    tag = "console",
    responses((status = 200, description = "The holder of the token or the session", body = SessionView)),
    security(("token" = [])),
)]
async fn session(
    State(state): State<AppState>,
    caller: Caller,
    scope: Scope,
    found: Option<Extension<Found>>,
) -> Result<Json<SessionView>, Problem> {
    let session = match found {
        None => None,
        Some(Extension(Found { csrf, is_locked, ends_at, idle, .. })) => Some(SignedIn {
            csrf,
            locked: is_locked,
            alarms: if is_locked { alarms(&state, &caller, &scope).await? } else { None },
            idle_lock_s: idle.as_secs(),
            ends_at,
        }),
    };
    Ok(Json(SessionView { name: caller.name, role: caller.role.as_str(), session }))
}

/// How many alarms are open, for whoever `GET /v1/live` tells of them.
async fn alarms(state: &AppState, caller: &Caller, scope: &Scope) -> Result<Option<AlarmsView>, Problem> {
    if !matches!(caller.role, Role::Operator | Role::Supervisor | Role::Desk) {
        return Ok(None);
    }
    let OpenAlarms { open, untaken, warnings } = state.store.open_alarms(scope.desk()?.as_deref()).await?;
    Ok(Some(AlarmsView { open, untaken, warnings }))
}

/// Why: each judgement of an incident's watch, with the numbers it saw, in Dutch and English. No positions.
#[utoipa::path(
    get,
    path = "/v1/incidents/{incident}/explain",
    tag = "incidents",
    params(("incident" = String, Path, description = "The incident's id")),
    responses(
        (status = 200, description = "As `afstand explain --json`", body = Object),
        (status = 404, description = "There is none", body = Document, content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
async fn explain_incident(
    State(state): State<AppState>,
    Path(incident): Path<String>,
) -> Result<Json<Explanation>, Problem> {
    let question = Question::Incident(incident);
    match explain::of_store(&state.store, &question, (state.clock)()).await {
        Ok(explanation) => Ok(Json(explanation)),
        Err(Unexplained::Incident(incident)) => Err(Problem::unknown("incident", &incident)),
        Err(Unexplained::Store(error)) => Err(error.into()),
        Err(other) => Err(Problem::internal(&other)),
    }
}

/// Where both parties were, from five minutes before an incident to its end.
#[utoipa::path(
    get,
    path = "/v1/incidents/{incident}/track",
    tag = "incidents",
    params(("incident" = String, Path, description = "The incident's id")),
    responses(
        (status = 200, description = "Fixes as they came, oldest first", body = Object),
        (status = 404, description = "There is none", body = Document, content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
async fn track_incident(
    State(state): State<AppState>,
    Path(incident): Path<String>,
) -> Result<Json<Track>, Problem> {
    let story = state.store.incident(&incident).await?;
    let Some(story) = story else { return Err(Problem::unknown("incident", &incident)) };
    Ok(Json(track::of_incident(&state.store, &story.incident, (state.clock)()).await?))
}

/// What the guidance says about an order, without registering it: for an editor, while somebody draws.
#[utoipa::path(
    post,
    path = "/v1/guidance",
    tag = "orders",
    request_body(content = Object, description = "One order"),
    responses(
        (status = 200, description = "The findings", body = Advice),
        (status = 400, description = "Not JSON", body = Document, content_type = "application/problem+json"),
        (status = 422, description = "A field that cannot be used", body = Document,
         content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
async fn advise(State(state): State<AppState>, body: SaidJson) -> Result<Json<Advice>, Problem> {
    body.check()?;
    let now = (state.clock)();
    // Reading a large order takes milliseconds: not on a thread that serves others.
    let findings = tokio::task::spawn_blocking(move || {
        let mut value: Value = serde_json::from_slice(&body.0).map_err(|e| Problem::not_json(&e))?;
        codes::leave_out(&mut value);
        Ok::<_, Problem>(guidance::check(&[Draft::read(&value)?], now))
    });
    Ok(Json(Advice { findings: findings.await.map_err(|e| Problem::internal(&e))?? }))
}
