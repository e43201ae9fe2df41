//! Who may do what: the one table of endpoints and roles, and the layer that enforces it.
//!
//! Invariant: no handler runs for a request without a row here. A route that is missing from the table is
//! refused, not open.
//! Invariant: what is noted by the table is in the audit before its answer leaves.

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{FromRequestParts, MatchedPath, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use zones::{DeskId, DeviceId};

use super::audit::Look;
use super::problem::{Kind, Problem};
use super::{AppState, body};
use crate::config::{Only, Role, Token};

/// What a role may see or do at an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cell {
    /// Nothing.
    No,
    /// Only what belongs to its own desk or device.
    Own,
    /// Everything.
    All,
}

/// Who may use an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Anybody who reaches the port.
    Open,
    /// Holders of a token, by role in the order of [`ROLES`].
    Roles([Cell; 6]),
}

/// Whether a request is noted in the audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audit {
    /// It shows no position and no case.
    Off,
    /// It is noted, with the reason if one is given.
    Noted,
    /// It is noted, and refused without a reason.
    Reason,
}

/// A row: method, pattern of the path, who, and whether it is noted.
#[derive(Debug)]
pub(crate) struct Row(pub(crate) Method, pub(crate) &'static str, pub(crate) Access, pub(crate) Audit);

/// The columns of the table.
pub(crate) const ROLES: [Role; 6] =
    [Role::Operator, Role::Supervisor, Role::Desk, Role::Auditor, Role::Integrator, Role::Victim];

use Access::{Open, Roles};
use Audit::{Noted, Off, Reason};
use Cell::{All, No, Own};

/// The table.
#[rustfmt::skip]
pub(crate) static TABLE: &[Row] = &[
    Row(Method::GET,    "/healthz",                    Open, Off),
    Row(Method::GET,    "/readyz",                     Open, Off),
    Row(Method::GET,    "/metrics",                    Open, Off),
    Row(Method::GET,    "/",                           Open, Off),
    Row(Method::GET,    "/victim",                     Open, Off),
    Row(Method::GET,    "/victim/{*path}",             Open, Off),
    Row(Method::GET,    "/assets/{*path}",             Open, Off),
    Row(Method::GET,    "/openapi.json",               Open, Off),
    Row(Method::GET,    "/docs",                       Open, Off),
    Row(Method::GET,    "/docs/",                      Open, Off),
    Row(Method::GET,    "/docs/{*rest}",               Open, Off),
    //                                                       operator supervisor desk auditor integrator victim
    Row(Method::GET,    "/v1/orders",                  Roles([All,    All,       No,  All,    All,       No]),  Noted),
    Row(Method::GET,    "/v1/orders/{order}",          Roles([All,    All,       No,  All,    All,       No]),  Noted),
    Row(Method::PUT,    "/v1/orders/{order}",          Roles([No,     All,       No,  No,     All,       No]),  Noted),
    Row(Method::DELETE, "/v1/orders/{order}",          Roles([No,     All,       No,  No,     All,       No]),  Noted),
    Row(Method::GET,    "/v1/incidents",               Roles([All,    All,       Own, All,    No,        No]),  Noted),
    Row(Method::GET,    "/v1/incidents/{incident}",    Roles([All,    All,       Own, All,    No,        No]),  Noted),
    Row(Method::GET,    "/v1/incidents/{incident}/explain", Roles([All, All,      No,  All,    No,        No]),  Noted),
    Row(Method::GET,    "/v1/incidents/{incident}/track", Roles([All, All,        No,  All,    No,        No]),  Noted),
    Row(Method::GET,    "/v1/live/positions",          Roles([All,    All,       No,  No,     No,        No]),  Noted),
    Row(Method::GET,    "/v1/session",                 Roles([All,    All,       Own, All,    All,       Own]), Off),
    Row(Method::POST,   "/v1/guidance",                Roles([All,    All,       No,  All,    All,       No]),  Off),
    Row(Method::POST,   "/v1/incidents/{incident}/acknowledge", Roles([All, All, No,  No,     No,        No]),  Noted),
    Row(Method::POST,   "/v1/incidents/{incident}/act",         Roles([All, All, No,  No,     No,        No]),  Noted),
    Row(Method::POST,   "/v1/incidents/{incident}/note",        Roles([All, All, No,  No,     No,        No]),  Noted),
    Row(Method::POST,   "/v1/incidents/{incident}/escalate",    Roles([All, All, No,  No,     No,        No]),  Noted),
    Row(Method::POST,   "/v1/incidents/{incident}/resolve",     Roles([All, All, No,  No,     No,        No]),  Noted),
    Row(Method::POST,   "/v1/incidents/{incident}/step",        Roles([All, All, No,  No,     No,        No]),  Noted),
    Row(Method::GET,    "/v1/duty",                    Roles([All,    All,       No,  All,    No,        No]),  Off),
    Row(Method::PUT,    "/v1/duty/{role}",             Roles([No,     All,       No,  No,     No,        No]),  Off),
    Row(Method::GET,    "/v1/deadlines",               Roles([All,    All,       No,  All,    No,        No]),  Noted),
    Row(Method::GET,    "/v1/live",                    Roles([All,    All,       Own, No,     No,        No]),  Noted),
    Row(Method::GET,    "/v1/people/{person}",         Roles([All,    All,       No,  No,     No,        No]),  Noted),
    Row(Method::GET,    "/v1/devices",                 Roles([All,    All,       No,  No,     No,        No]),  Noted),
    Row(Method::GET,    "/v1/rejected",                Roles([All,    All,       No,  All,    All,       No]),  Noted),
    Row(Method::POST,   "/v1/ingest/traccar",          Roles([No,     No,        No,  No,     All,       No]),  Off),
    Row(Method::GET,    "/v1/desks/{desk}/deliveries", Roles([All,    All,       Own, All,    No,        No]),  Noted),
    Row(Method::GET,    "/v1/me",                      Roles([No,     No,        No,  No,     No,        Own]), Off),
    Row(Method::GET,    "/v1/me/live",                 Roles([No,     No,        No,  No,     No,        Own]), Off),
    Row(Method::POST,   "/v1/me/receipt",              Roles([No,     No,        No,  No,     No,        Own]), Off),
    Row(Method::POST,   "/v1/me/aware",                Roles([No,     No,        No,  No,     No,        Own]), Off),
    Row(Method::POST,   "/v1/me/aware/cancel",         Roles([No,     No,        No,  No,     No,        Own]), Off),
    Row(Method::POST,   "/v1/me/fix",                  Roles([No,     No,        No,  No,     No,        Own]), Off),
    Row(Method::GET,    "/v1/cases/{order}",           Roles([All,    All,       No,  All,    No,        No]),  Noted),
    Row(Method::GET,    "/v1/cases/{order}/summary",   Roles([All,    All,       No,  All,    No,        No]),  Noted),
    Row(Method::GET,    "/v1/cases/{order}/summary.html", Roles([All, All,       No,  All,    No,        No]),  Noted),
    Row(Method::GET,    "/v1/reconciliation",          Roles([All,    All,       No,  All,    All,       No]),  Noted),
    Row(Method::GET,    "/v1/lookup/place",            Roles([All,    All,       Own, No,     No,        No]),  Noted),
    Row(Method::GET,    "/v1/lookup/person/{person}",  Roles([All,    All,       Own, No,     No,        No]),  Noted),
    Row(Method::GET,    "/v1/lookup/victim/{person}",  Roles([All,    All,       Own, No,     No,        No]),  Noted),
    Row(Method::GET,    "/v1/lookup/near",             Roles([No,     All,       No,  No,     No,        No]),  Reason),
    Row(Method::GET,    "/tiles/{theme}/style",        Roles([All,    All,       All, All,    No,        No]),  Off),
    Row(Method::GET,    "/tiles/{theme}/tile/{source}/{z}/{x}/{y}", Roles([All, All, All, All, No,       No]),  Off),
    Row(Method::GET,    "/tiles/{theme}/glyphs/{font}/{range}", Roles([All, All,  All, All,    No,        No]),  Off),
    Row(Method::GET,    "/tiles/{theme}/sprite/{file}", Roles([All,   All,       All, All,    No,        No]),  Off),
    Row(Method::GET,    "/v1/audit",                   Roles([No,     No,        No,  All,    No,        No]),  Noted),
];

/// How much of an endpoint's data the caller may see: handlers behind an `Own` cell filter by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Everything.
    All,
    /// What belongs to this desk.
    Desk(DeskId),
    /// What belongs to this victim device.
    Device(DeviceId),
}

impl Scope {
    /// Whether something of that desk may be seen.
    pub(crate) fn sees(&self, desk: Option<&str>) -> bool {
        match self {
            Self::All => true,
            Self::Desk(own) => desk == Some(own.as_str()),
            Self::Device(_) => false,
        }
    }

    /// The desk that a list of incidents is limited to, if it is.
    pub(crate) fn desk(&self) -> Result<Option<String>, Problem> {
        match self {
            Self::All => Ok(None),
            Self::Desk(own) => Ok(Some(own.to_string())),
            Self::Device(_) => Err(Problem::new(Kind::FORBIDDEN)),
        }
    }

    /// What there is to see in a cell, for the holder of a token; nothing in a cell that says no.
    fn of(cell: Cell, token: &Token) -> Option<Self> {
        match (cell, token.role, &token.desk, &token.device) {
            (All, ..) => Some(Self::All),
            (Own, Role::Desk, Some(desk), _) => Some(Self::Desk(desk.clone())),
            (Own, Role::Victim, _, Some(device)) => Some(Self::Device(device.clone())),
            _ => None,
        }
    }
}

/// Taken from what the access layer left. An open endpoint has none: asking for it there is refused.
impl<S: Sync> FromRequestParts<S> for Scope {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Problem::new(Kind::UNAUTHENTICATED))
    }
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    /// Name of the token.
    pub(crate) name: String,
    /// Its role.
    pub(crate) role: Role,
    /// The desk or device it speaks for.
    pub(crate) bound_to: Option<String>,
}

impl From<&Token> for Caller {
    fn from(Token { name, role, desk, device, .. }: &Token) -> Self {
        let desk = desk.as_ref().map(ToString::to_string);
        let device = device.as_ref().map(ToString::to_string);
        Self { name: name.clone(), role: *role, bound_to: desk.or(device) }
    }
}

/// Left by the access layer, as the scope is.
impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Problem::new(Kind::UNAUTHENTICATED))
    }
}

/// The pattern of a route as a word that lives for ever; `-` for what is in no row.
pub(crate) fn static_path(path: &str) -> &'static str {
    TABLE.iter().find(|row| row.1 == path).map_or("-", |row| row.1)
}

/// The layer: runs for every request that matches a route, before its handler.
pub(crate) async fn enforce(
    State(state): State<AppState>,
    path: MatchedPath,
    ids: Result<RawPathParams, RawPathParamsRejection>,
    mut request: Request,
    next: Next,
) -> Response {
    let (row, token) = match known(&state, &path, &request) {
        Ok((_, None)) => return next.run(request).await,
        Ok((row, Some(token))) => (row, token),
        Err(problem) => return refuse(problem, request).await,
    };
    let caller = Caller::from(token);
    let look = Look::new(row, &caller, ids.ok().as_ref(), &mut request);
    let admitted = scope(row, token).and_then(|scope| look.may_go_on().map(|()| scope));
    let writes = !request.method().is_safe();
    let answered = async move {
        let response = match admitted {
            Ok(scope) => {
                request.extensions_mut().insert(scope);
                request.extensions_mut().insert(caller);
                next.run(request).await
            }
            Err(problem) => refuse(problem, request).await,
        };
        look.noted(&state, response).await
    };
    if writes { to_the_end(answered).await } else { answered.await }
}

/// Runs what writes to its end and its row in the audit, also when the caller has closed the connection meanwhile.
async fn to_the_end(answered: impl Future<Output = Response> + Send + 'static) -> Response {
    match tokio::spawn(answered).await {
        Ok(response) => response,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => Problem::internal(&error).into_response(),
        },
    }
}

async fn refuse(problem: Problem, request: Request) -> Response {
    body::discard_a_little(request).await;
    problem.into_response()
}

/// The row of a request, and the token it came with where one is needed.
fn known<'s>(
    state: &'s AppState,
    path: &MatchedPath,
    request: &Request,
) -> Result<(&'static Row, Option<&'s Token>), Problem> {
    // HEAD is GET without its body.
    let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
    let rows = || TABLE.iter().filter(|row| row.1 == path.as_str());
    let Some(row) = rows().find(|row| row.0 == *method) else {
        let offered: Vec<&Method> = rows().map(|row| &row.0).collect();
        let kind = if offered.is_empty() { Kind::FORBIDDEN } else { Kind::METHOD };
        return Err(Problem::new(kind).allow(&offered));
    };
    if row.2 == Open {
        return Ok((row, None));
    }
    match bearer(request).and_then(|secret| state.tokens.find(secret)) {
        Some(token) => Ok((row, Some(token))),
        None => Err(Problem::new(Kind::UNAUTHENTICATED)),
    }
}

/// What the holder of a token may see behind a row.
fn scope(row: &Row, token: &Token) -> Result<Scope, Problem> {
    let Roles(cells) = row.2 else { return Ok(Scope::All) };
    if token.only == Some(Only::Positions) && !row.1.starts_with("/v1/ingest/") {
        return Err(Problem::new(Kind::FORBIDDEN));
    }
    let column = ROLES.iter().position(|role| *role == token.role);
    let scope = column.and_then(|column| Scope::of(cells[column], token));
    scope.ok_or_else(|| Problem::new(Kind::FORBIDDEN))
}

/// The secret of an `Authorization: Bearer` header.
fn bearer(request: &Request) -> Option<&str> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, secret) = value.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer")).then(|| secret.trim())
}
