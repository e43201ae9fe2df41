//! Who has which role, and how partners keep their deadlines: `GET /v1/duty`, `PUT /v1/duty/{role}`,
//! `GET /v1/deadlines`.

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zones::{Millis, Timestamp};

use super::AppState;
use super::access::Caller;
use super::extract::{Params, SaidJson};
use super::followup::{DeadlineView, read};
use super::problem::{Document, Problem};
use crate::followup::{OnDuty, StaffRole};
use crate::pipeline::DutyNow;
use crate::store::{DeadlineCount, MOST_ROWS};

/// The span of a report that names none.
const REPORT_OVER: Millis = Millis::from_secs(7 * 86_400);

/// Who has a role now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct DutyView {
    /// The role.
    pub role: &'static str,
    /// `people`; `console` where there are no contacts at all; `unstaffed` when the settings name nobody for it;
    /// `nobody` when somebody should have it and nobody does.
    pub state: &'static str,
    /// Who has it.
    pub people: Vec<String>,
    /// Until when somebody said so; `null` when the settings say it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// Who said so.
    pub by: Option<String>,
}

impl From<DutyNow> for DutyView {
    fn from(now: DutyNow) -> Self {
        let (state, people) = match now.on_duty {
            OnDuty::Console => ("console", Vec::new()),
            OnDuty::People(people) => ("people", people),
            OnDuty::Unstaffed => ("unstaffed", Vec::new()),
            OnDuty::Nobody => ("nobody", Vec::new()),
        };
        Self { role: now.role.as_str(), state, people, until: now.until, by: now.by }
    }
}

/// Who has a role for now.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SetDuty {
    /// Names of contacts; nobody when empty, which is an alarm: of a role of the watch at once, of another as soon as a
    /// step needs it.
    people: Vec<String>,
    /// Until when; after that the settings count again.
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
}

/// How the deadlines went that end in a span of time.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeadlinesReport {
    /// Beginning of the span.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// Its end, not included.
    #[schema(value_type = String, format = DateTime)]
    pub to: Timestamp,
    /// Name by name.
    pub deadlines: Vec<CountView>,
    /// Those that were missed, the last first; at most a thousand.
    pub missed: Vec<DeadlineView>,
}

/// How the deadlines of one name went.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CountView {
    /// The name.
    pub name: String,
    /// Whose it is.
    pub partner: String,
    /// Kept in time.
    pub kept: i64,
    /// Missed, kept after all or not.
    pub missed: i64,
    /// Of those missed: kept after all.
    pub kept_late: i64,
    /// Running still.
    pub open: i64,
}

impl From<DeadlineCount> for CountView {
    fn from(DeadlineCount { name, partner, kept, missed, kept_late, open }: DeadlineCount) -> Self {
        Self { name, partner, kept, missed, kept_late, open }
    }
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(duty)).routes(routes!(set_duty)).routes(routes!(deadlines))
}

/// Who has which role now.
#[utoipa::path(
    get,
    path = "/v1/duty",
    tag = "follow-up",
    responses((status = 200, description = "Role by role", body = Vec<DutyView>)),
    security(("token" = [])),
)]
async fn duty(State(state): State<AppState>, params: Params) -> Result<Json<Vec<DutyView>>, Problem> {
    params.finish()?;
    Ok(Json(state.commands.duty().await?.into_iter().map(DutyView::from).collect()))
}

/// Says who has a role until a moment, whatever the settings say.
#[utoipa::path(
    put,
    path = "/v1/duty/{role}",
    tag = "follow-up",
    params(("role" = String, Path, description = "The role, such as `shift_lead`")),
    request_body = SetDuty,
    responses(
        (status = 200, description = "Who has it now", body = DutyView),
        (status = 404, description = "There is no such role", body = Document,
         content_type = "application/problem+json"),
        (status = 422, description = "Somebody who is no contact, or a time that is past", body = Document,
         content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
async fn set_duty(
    State(state): State<AppState>,
    caller: Caller,
    Path(role): Path<String>,
    body: SaidJson,
) -> Result<Json<DutyView>, Problem> {
    let known = StaffRole::from_word(&role).ok_or_else(|| Problem::unknown("role", &role))?;
    let SetDuty { people, until } = read(&body)?;
    state.commands.set_duty(caller.actor(), known, people, until).await?;
    let now = state.commands.duty().await?.into_iter().find(|now| now.role == known);
    now.map(|now| Json(DutyView::from(now))).ok_or_else(|| Problem::unknown("role", &role))
}

/// How partners kept the deadlines that end in a span of time; the last seven days if none is given.
#[utoipa::path(
    get,
    path = "/v1/deadlines",
    tag = "follow-up",
    params(
        ("from" = Option<String>, Query, description = "Beginning of the span, RFC 3339"),
        ("to" = Option<String>, Query, description = "Its end, not included; now if not given"),
    ),
    responses(
        (status = 200, description = "The report", body = DeadlinesReport),
        (status = 400, description = "A parameter that cannot be used", body = Document,
         content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
async fn deadlines(
    State(state): State<AppState>,
    mut params: Params,
) -> Result<Json<DeadlinesReport>, Problem> {
    let mut time = |name: &str| -> Result<Option<Timestamp>, Problem> {
        let Some(text) = params.text(name)? else { return Ok(None) };
        Timestamp::parse(&text).map(Some).map_err(|error| Problem::parameter(name, error.problem))
    };
    let (from, to) = (time("from")?, time("to")?);
    params.finish()?;
    let to = to.unwrap_or_else(|| (state.clock)());
    let from = from.unwrap_or(to - REPORT_OVER);
    let counts = state.store.deadline_counts(from, to).await?;
    let missed = state.store.missed_deadlines(from, to, MOST_ROWS).await?;
    Ok(Json(DeadlinesReport {
        from,
        to,
        deadlines: counts.into_iter().map(CountView::from).collect(),
        missed: missed.into_iter().map(DeadlineView::from).collect(),
    }))
}
