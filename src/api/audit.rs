//! Who looked at what: noting it before the answer leaves, and `GET /v1/audit`, where the auditor reads it.

use axum::Json;
use axum::extract::{Query, RawPathParams, Request, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zones::Timestamp;

use super::AppState;
use super::access::{Audit, Caller, ROLES, Row};
use super::extract::{Page, Params};
use super::problem::{Document, Kind, Problem};
use crate::audit::Entry;
use crate::config::Role;
use crate::store::{AuditFilter, AuditRow};

/// Header that says why.
const HEADER: &str = "x-reason";

/// Parameter that says why, where headers cannot be set.
const PARAMETER: &str = "reason";

/// Longest reason in characters.
const LONGEST_REASON: usize = 500;

/// Left in a request whose reason was read: handlers find no such parameter any more.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReasonTaken;

impl ReasonTaken {
    /// Whether a parameter of that name was taken.
    pub(super) fn is(name: &str) -> bool {
        name == PARAMETER
    }
}

/// A request that is noted, or one that need not be.
pub(super) struct Look(Option<(Entry, Option<Problem>)>);

impl Look {
    /// Reads what is noted of a request; `ids` are those in its path.
    pub(super) fn new(
        row: &Row,
        caller: &Caller,
        ids: Option<&RawPathParams>,
        request: &mut Request,
    ) -> Self {
        if row.3 == Audit::Off {
            return Self(None);
        }
        request.extensions_mut().insert(ReasonTaken);
        // A query that cannot be read is refused by the handler; it is noted as it came.
        let (asked, query) = match Query::<Vec<(String, String)>>::try_from_uri(request.uri()) {
            Ok(Query(pairs)) => pairs.into_iter().partition(|(name, _)| name == PARAMETER),
            Err(_) => {
                (Vec::new(), vec![("?".to_owned(), request.uri().query().unwrap_or_default().to_owned())])
            }
        };
        let reason = reason(request.headers(), asked.iter().map(|(_, text)| &**text), row.3 == Audit::Reason);
        let (reason, wrong) = match reason {
            Ok(reason) => (reason, None),
            Err(problem) => (None, Some(problem)),
        };
        let ids: Vec<&str> = ids.into_iter().flatten().map(|(_, id)| id).collect();
        let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let entry = Entry {
            at: Timestamp::from_millis(0),
            who: caller.name.clone(),
            role: caller.role.as_str(),
            bound_to: caller.bound_to.clone(),
            endpoint: format!("{} {}", row.0, row.1),
            subject: ids.join("/"),
            query: query.join("&"),
            reason,
            outcome: 0,
        };
        let too_long =
            || Problem::new(Kind::PARAMETER).detail("the query is too long to be noted as a whole");
        let wrong = wrong.or_else(|| (!entry.keeps_its_query()).then(too_long));
        Self(Some((entry, wrong)))
    }

    /// Refuses a look without the reason that it needs, and one of which the audit could not say what it was at.
    pub(super) fn may_go_on(&self) -> Result<(), Problem> {
        match &self.0 {
            Some((_, Some(problem))) => Err(problem.clone()),
            _ => Ok(()),
        }
    }

    /// Writes the look down with what came of it. What cannot be written down is not shown.
    pub(super) async fn noted(self, state: &AppState, response: Response) -> Response {
        let Some((entry, _)) = self.0 else { return response };
        let status = response.status();
        let entry = Entry { at: (state.clock)(), outcome: status.as_u16(), ..entry };
        match state.audit.record(entry).await {
            Err(_) if !status.is_client_error() && !status.is_server_error() => {
                Problem::new(Kind::NOT_RECORDED).into_response()
            }
            _ => response,
        }
    }
}

/// The reason that a request gives, by header or parameter.
fn reason<'t>(
    headers: &'t HeaderMap,
    asked: impl Iterator<Item = &'t str>,
    is_needed: bool,
) -> Result<Option<String>, Problem> {
    let wrong = |problem: &str| Problem::parameter(PARAMETER, problem);
    let mut given = Vec::new();
    for value in headers.get_all(HEADER) {
        given.push(std::str::from_utf8(value.as_bytes()).map_err(|_| wrong("is not UTF-8"))?);
    }
    given.extend(asked);
    let given: Vec<&str> = given.into_iter().map(str::trim).filter(|text| !text.is_empty()).collect();
    match given[..] {
        [] if is_needed => {
            Err(wrong("is missing: say why, in the header X-Reason or as the parameter reason"))
        }
        [] => Ok(None),
        [text] if text.chars().any(char::is_control) => Err(wrong("is not plain text on one line")),
        [text] if text.chars().count() > LONGEST_REASON => {
            Err(wrong(&format!("is longer than {LONGEST_REASON} characters")))
        }
        [text] => Ok(Some(text.to_owned())),
        _ => Err(wrong("is given more than once")),
    }
}

/// A look at a position or a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct LookView {
    /// Its number.
    pub seq: i64,
    /// When the answer was ready.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Name of the token.
    pub who: String,
    /// Its role.
    pub role: String,
    /// The desk or device it speaks for.
    pub bound_to: Option<String>,
    /// Method and pattern of the path.
    #[schema(example = "GET /v1/people/{person}")]
    pub endpoint: String,
    /// Ids in the path; empty for a list.
    #[schema(example = "wearer-0001")]
    pub subject: String,
    /// The other parameters.
    pub query: String,
    /// Why, in the words of who asked.
    pub reason: Option<String>,
    /// Status of the answer.
    pub outcome: i64,
    /// SHA-256 over the hash of the row before and this row.
    pub hash: String,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Who looked at what and why, newest first. Reading it is noted as well.
#[utoipa::path(
    get,
    path = "/v1/audit",
    tag = "audit",
    params(
        ("who" = Option<String>, Query, description = "Name of the token"),
        ("role" = Option<String>, Query, description = "Its role"),
        ("subject" = Option<String>, Query, description = "Id in the path, such as a person or an incident"),
        ("endpoint" = Option<String>, Query, description = "Method and pattern, as `GET /v1/people/{person}`"),
        ("from" = Option<String>, Query, description = "First moment (RFC 3339)"),
        ("to" = Option<String>, Query, description = "The moment before which it ends"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "Entries of a page, 1 to 500; 100 if not given"),
    ),
    responses(
        (status = 200, description = "A page", body = Page<LookView>),
        (status = 400, description = "A parameter that cannot be used", body = Document,
         content_type = "application/problem+json"),
        (status = 503, description = "This look cannot be noted now", body = Document,
         content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
async fn list(State(state): State<AppState>, mut params: Params) -> Result<Json<Page<LookView>>, Problem> {
    let mut filter = AuditFilter {
        who: params.text("who")?,
        role: params.word("role", &ROLES.map(Role::as_str))?.map(str::to_owned),
        subject: params.text("subject")?,
        endpoint: params.text("endpoint")?,
        from: params.time("from")?,
        to: params.time("to")?,
        before: None,
    };
    let paging = params.paging::<i64>("audit")?;
    filter.before = paging.after;
    let rows = state.store.audit(&filter, paging.ask()).await?;
    Ok(Json(paging.page(rows, |row| row.seq, view)))
}

fn view(row: AuditRow) -> LookView {
    let AuditRow { seq, at, who, role, bound_to, endpoint, subject, query, reason, outcome, hash } = row;
    let role = role.into_owned();
    LookView { seq, at, who, role, bound_to, endpoint, subject, query, reason, outcome, hash }
}
