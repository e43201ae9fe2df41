//! What people do about incidents: `POST /v1/incidents/{incident}/…`; and how that is shown.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use zones::Timestamp;

use super::AppState;
use super::access::{Caller, Scope};
use super::extract::SaidJson;
use super::incidents::{IncidentDetail, detail};
use super::problem::{Document, Kind, Problem};
use crate::followup::{Action, Actor, Command, Outcome, StaffRole};
use crate::store::{DeadlineRow, FollowUpRow, TimelineRow};

/// Longest `Idempotency-Key`, in bytes.
const LONGEST_KEY: usize = 255;

/// Lines of a timeline that a desk sees: what it was told, what it said, how it ended.
const FOR_DESKS: [&str; 4] = ["raised", "cleared", "desk", "resolved"];

/// How the follow-up of an incident stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FollowUpView {
    /// Who has it.
    pub owner: Option<String>,
    /// When that one acknowledged it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub acknowledged_at: Option<Timestamp>,
    /// Somebody was called in: another may take it over by acknowledging it.
    pub handed_on: bool,
    /// What became of it.
    pub outcome: Option<String>,
    /// Who resolved it.
    pub resolved_by: Option<String>,
    /// What one says became of it, while that waits for a second person.
    pub proposed: Option<ProposedView>,
    /// When the next step is due, if nobody does anything.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_step_at: Option<Timestamp>,
    /// What is to be done by hand: `phone_desk`, `phone_victim`; and the calls that the case asks for, in its order:
    /// `call_wearer`, `call_victim`, `call_police`.
    pub tasks: Vec<String>,
    /// Alerts raised in it, other than its end.
    pub count: i64,
    /// Where it stands with the desk.
    pub desk_state: Option<String>,
    /// The desk's own number.
    pub reference: Option<String>,
    /// What the victim's device said of the newest alert: `displayed` or `confirmed`.
    pub victim_state: Option<String>,
    /// The incident of many silent devices that this silence is, or was, part of: it is followed up there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part_of: Option<String>,
}

/// A resolution that waits for a second person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ProposedView {
    /// Who proposes it.
    pub by: String,
    /// What.
    pub outcome: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

impl From<FollowUpRow> for FollowUpView {
    fn from(row: FollowUpRow) -> Self {
        let proposed = match (row.proposed_by, row.proposed_outcome, row.proposed_at) {
            (Some(by), Some(outcome), Some(at)) => {
                Some(ProposedView { by, outcome: outcome.into_owned(), at })
            }
            _ => None,
        };
        let word = |word: Option<crate::store::Word>| word.map(std::borrow::Cow::into_owned);
        let tasks = row.tasks.iter().flat_map(|tasks| tasks.split(','));
        Self {
            tasks: tasks.map(str::to_owned).collect(),
            owner: row.owner,
            acknowledged_at: row.acknowledged_at,
            handed_on: row.handed_on,
            outcome: word(row.outcome),
            resolved_by: row.resolved_by,
            proposed,
            next_step_at: row.next_step_at,
            count: row.count,
            desk_state: word(row.desk_state),
            reference: row.reference,
            victim_state: word(row.victim_state),
            part_of: row.part_of,
        }
    }
}

/// A line of an incident's timeline.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct TimelineView {
    /// Its number: the id of the live event.
    pub seq: i64,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who did it; `afstand` for what happened by itself.
    pub actor: String,
    /// What happened.
    #[schema(example = "acknowledged")]
    pub what: String,
    /// More about it.
    #[schema(value_type = Object)]
    pub detail: Value,
}

impl From<TimelineRow> for TimelineView {
    fn from(row: TimelineRow) -> Self {
        let detail = serde_json::from_str(&row.detail).unwrap_or(Value::String(row.detail));
        Self { seq: row.seq, at: row.at, actor: row.actor, what: row.what.into_owned(), detail }
    }
}

/// A line of a timeline in the live stream, with how its incident stands after it.
#[derive(Debug, Serialize)]
pub(crate) struct LiveView {
    incident: String,
    state: String,
    condition: String,
    owner: Option<String>,
    handed_on: bool,
    #[serde(flatten)]
    line: TimelineView,
}

impl From<TimelineRow> for LiveView {
    fn from(row: TimelineRow) -> Self {
        Self {
            incident: row.incident.clone(),
            state: row.state.to_string(),
            condition: row.condition.to_string(),
            owner: row.owner.clone(),
            handed_on: row.handed_on,
            line: TimelineView::from(row),
        }
    }
}

/// Whether a caller may see a line of a timeline.
pub(crate) fn shows(scope: &Scope, line: &TimelineRow) -> bool {
    match scope {
        Scope::All => true,
        scope => scope.sees(line.desk.as_deref()) && FOR_DESKS.contains(&&*line.what),
    }
}

/// Whether a line of an incident that is no desk's tells of this one: what it was told, and what it said.
pub(crate) fn tells_of(scope: &Scope, line: &TimelineRow) -> bool {
    let Scope::Desk(own) = scope else { return false };
    let detail: Value = serde_json::from_str(&line.detail).unwrap_or_default();
    matches!(&*line.what, "told_desk" | "desk") && detail["desk"] == own.as_str()
}

/// A partner's deadline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct DeadlineView {
    /// The incident.
    pub incident: String,
    /// Its order, unless it concerns many.
    pub order: Option<String>,
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub partner: String,
    /// Which desk's, where it is a desk's: each that is told has its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desk: Option<String>,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    pub due_at: Timestamp,
    /// When it was kept.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub kept_at: Option<Timestamp>,
    /// `open`, `kept`, `missed`, or `kept_late`.
    pub state: &'static str,
}

impl From<DeadlineRow> for DeadlineView {
    fn from(row: DeadlineRow) -> Self {
        let state = match (row.kept_at, row.missed) {
            (None, false) => "open",
            (Some(_), false) => "kept",
            (None, true) => "missed",
            (Some(_), true) => "kept_late",
        };
        let DeadlineRow { incident, name, desk, partner, order, from, due_at, kept_at, .. } = row;
        let desk = Some(desk).filter(|desk| !desk.is_empty());
        let order = Some(order).filter(|order| !order.is_empty());
        Self { incident, order, name, partner, desk, from, due_at, kept_at, state }
    }
}

/// Whether a caller may see a deadline.
pub(crate) fn concerns(scope: &Scope, row: &DeadlineRow) -> bool {
    let own = row.desk.is_empty() || scope.sees(Some(&row.desk));
    matches!(scope, Scope::All) || (row.partner == "desk" && own)
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// What was done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Act {
    /// `called_wearer`, `called_victim`, `called_desk`, `informed_officer`, `sent_somebody` or `other`.
    #[schema(value_type = String)]
    action: Action,
    /// More about it; needed for `other`.
    note: Option<String>,
}

/// What is to be written down.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Note {
    text: String,
}

/// Who is called in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Escalate {
    /// A role: `second_operator`, `shift_lead`, `on_call_manager`, …
    #[schema(value_type = String)]
    to: StaffRole,
    /// Why.
    reason: String,
}

/// What became of it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Resolve {
    /// `police_intervened`, `wearer_left`, `chance_encounter`, `authorised_contact`, `device_fault`,
    /// `device_recovered`, `false_alarm`, `test`, `order_ended` or `other`.
    #[schema(value_type = String)]
    outcome: Outcome,
    /// Why; needed for `false_alarm`, `device_fault`, `authorised_contact` and `other`.
    note: Option<String>,
}

/// A partner has done his part.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PartnerStep {
    /// Which: `officer_reviewed`, `prosecutor_informed`, or what the settings name.
    step: String,
    /// More about it.
    note: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(acknowledge))
        .routes(routes!(act))
        .routes(routes!(note))
        .routes(routes!(escalate))
        .routes(routes!(resolve))
        .routes(routes!(step))
}

/// Who asks for what, of which incident.
struct Asked {
    incident: Uuid,
    actor: Actor,
    key: Option<String>,
}

impl Asked {
    fn new(incident: &str, caller: Caller, headers: &HeaderMap) -> Result<Self, Problem> {
        let incident = Uuid::parse_str(incident).map_err(|_| Problem::unknown("incident", incident))?;
        let actor = caller.actor();
        let key = match headers.get("idempotency-key").map(|value| value.to_str()) {
            None => None,
            Some(Ok(key)) if (1..=LONGEST_KEY).contains(&key.len()) => Some(key.to_owned()),
            Some(_) => {
                let problem = format!("is not 1 to {LONGEST_KEY} plain characters");
                return Err(Problem::parameter("Idempotency-Key", problem));
            }
        };
        Ok(Self { incident, actor, key })
    }

    /// Has it done, and shows what came of it.
    async fn done(self, state: &AppState, scope: &Scope, command: Command) -> Answer {
        let Self { incident, actor, key } = self;
        state.commands.follow_up(incident, actor, command, key).await?;
        Ok(Json(detail(state, scope, &incident.to_string()).await?))
    }
}

type Answer = Result<Json<IncidentDetail>, Problem>;

/// A body of which every field is known; the error names the one at fault.
pub(super) fn read<T: DeserializeOwned>(body: &SaidJson) -> Result<T, Problem> {
    let text = body.check()?;
    let mut from = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut from).map_err(|error| {
        let path = error.path().to_string();
        let field = if path == "." { String::new() } else { path };
        let said = error.into_inner().to_string();
        let problem = said.split(" at line ").next().unwrap_or_default().to_owned();
        Problem::new(Kind::INVALID).field(field, problem)
    })
}

macro_rules! command {
    ($(#[$doc:meta])* $name:ident, $path:literal, $body:ty, |$said:ident| $command:expr) => {
        $(#[$doc])*
        #[utoipa::path(
            post,
            path = $path,
            tag = "follow-up",
            params(
                ("incident" = String, Path, description = "The incident's id"),
                ("Idempotency-Key" = Option<String>, Header, description = "The same key again is the same command; with another command it is refused"),
            ),
            request_body = $body,
            responses(
                (status = 200, description = "The incident after it", body = IncidentDetail),
                (status = 403, description = "The role may not, or, of an alarm that is resolved, nobody can tell whose \
                 the token is", body = Document, content_type = "application/problem+json"),
                (status = 404, description = "There is none, or it is long over", body = Document,
                 content_type = "application/problem+json"),
                (status = 409, description = "Somebody was first: `by` and `at` say who and when", body = Document,
                 content_type = "application/problem+json"),
                (status = 422, description = "A field cannot be used", body = Document,
                 content_type = "application/problem+json"),
                (status = 503, description = "It cannot be stored now", body = Document,
                 content_type = "application/problem+json"),
            ),
            security(("token" = [])),
        )]
        async fn $name(
            State(state): State<AppState>,
            scope: Scope,
            caller: Caller,
            Path(incident): Path<String>,
            headers: HeaderMap,
            body: SaidJson,
        ) -> Answer {
            let asked = Asked::new(&incident, caller, &headers)?;
            let $said: $body = read(&body)?;
            asked.done(&state, &scope, $command).await
        }
    };
}

command!(
    /// Takes an incident on. It stops the search for somebody who does; other clocks run on.
    acknowledge, "/v1/incidents/{incident}/acknowledge", Nothing, |_nothing| Command::Acknowledge
);
command!(
    /// Says what was done about an incident. Whoever acts on a new one has it.
    act, "/v1/incidents/{incident}/act", Act, |said| Command::Act { action: said.action, note: said.note }
);
command!(
    /// Writes something down, also after the incident was resolved.
    note, "/v1/incidents/{incident}/note", Note, |said| Command::Note { text: said.text }
);
command!(
    /// Calls somebody in; another may then take the incident over.
    escalate, "/v1/incidents/{incident}/escalate", Escalate, |said| Command::Escalate {
        to: said.to,
        reason: said.reason,
    }
);
command!(
    /// Says what became of an incident. An alarm takes a supervisor, or two operators with the same outcome: the first
    /// proposes it, the second confirms. While an alarm lasts only some outcomes are possible.
    resolve, "/v1/incidents/{incident}/resolve", Resolve, |said| Command::Resolve {
        outcome: said.outcome,
        note: said.note,
    }
);
command!(
    /// Says that a partner has done his part, which keeps his deadline.
    step, "/v1/incidents/{incident}/step", PartnerStep, |said| Command::Step { step: said.step, note: said.note }
);
