//! Who may do what: the one table of endpoints and roles, and the layer that enforces it.
//!
//! Invariant: no handler runs for a request without a row here. A route that is missing from the table is
//! refused, not open.
//! Invariant: what is noted by the table is in the audit before its answer leaves.

use axum::body::Body;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{FromRequestParts, MatchedPath, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;
use subtle::ConstantTimeEq;
use zones::{DeskId, DeviceId};

use super::audit::Look;
use super::auth::Cookie;
use super::problem::{Kind, Problem};
use super::{AppState, body};
use crate::config::{Holder, Only, Role};
use crate::followup::Actor;
use crate::sign_in::Found;

/// The header that shows that a request comes from a page of ours.
const CSRF: HeaderName = HeaderName::from_static("x-csrf-token");

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
    /// Holders of a token or a session, by role in the order of [`ROLES`].
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
    Row(Method::GET,    "/auth/login",                 Open, Off),
    Row(Method::GET,    "/auth/callback",              Open, Off), // Who comes in is noted by the handler.
    Row(Method::GET,    "/auth/once",                  Open, Off), // The same.
    Row(Method::GET,    "/auth/done",                  Open, Off),
    Row(Method::GET,    "/auth/ways",                  Open, Off),
    Row(Method::POST,   "/auth/link",                  Open, Off),
    Row(Method::GET,    "/openapi.json",               Open, Off),
    Row(Method::GET,    "/docs",                       Open, Off),
    Row(Method::GET,    "/docs/",                      Open, Off),
    Row(Method::GET,    "/docs/{*rest}",               Open, Off),
    //                                                       operator supervisor desk auditor integrator victim
    Row(Method::GET,    "/v1/orders",                  Roles([All,    All,       No,  All,    All,       No]),  Noted),
    Row(Method::GET,    "/v1/orders/{order}",          Roles([All,    All,       No,  All,    All,       No]),  Noted),
    Row(Method::PUT,    "/v1/orders/{order}",          Roles([No,     All,       No,  No,     All,       No]),  Noted),
    Row(Method::DELETE, "/v1/orders/{order}",          Roles([No,     All,       No,  No,     All,       No]),  Noted),
    Row(Method::GET,    "/v1/orders/{order}/history",  Roles([No,     All,       No,  All,    No,        No]),  Noted),
    Row(Method::GET,    "/v1/incidents",               Roles([All,    All,       Own, All,    No,        No]),  Noted),
    Row(Method::GET,    "/v1/incidents/{incident}",    Roles([All,    All,       Own, All,    No,        No]),  Noted),
    Row(Method::GET,    "/v1/incidents/{incident}/explain", Roles([All, All,      No,  All,    No,        No]),  Noted),
    Row(Method::GET,    "/v1/incidents/{incident}/track", Roles([All, All,        No,  All,    No,        No]),  Noted),
    Row(Method::GET,    "/v1/live/positions",          Roles([All,    All,       No,  No,     No,        No]),  Noted),
    Row(Method::GET,    "/v1/session",                 Roles([All,    All,       Own, All,    All,       Own]), Off),
    Row(Method::POST,   "/auth/logout",                Roles([All,    All,       Own, All,    All,       Own]), Noted),
    Row(Method::POST,   "/auth/lock",                  Roles([All,    All,       Own, All,    All,       Own]), Noted),
    Row(Method::POST,   "/auth/active",                Roles([All,    All,       Own, All,    All,       Own]), Off),
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
    Row(Method::GET,    "/v1/me/push",                 Roles([No,     No,        No,  No,     No,        Own]), Off),
    // Whoever has her token could have a telephone of his own woken: that leaves a trace.
    Row(Method::POST,   "/v1/me/push",                 Roles([No,     No,        No,  No,     No,        Own]), Noted),
    Row(Method::DELETE, "/v1/me/push",                 Roles([No,     No,        No,  No,     No,        Own]), Noted),
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

/// What a session that is locked may still do: hear alarms, say who it is, and end.
const WHILE_LOCKED: [&str; 3] = ["/v1/live", "/v1/session", "/auth/logout"];

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

    /// What there is to see in a cell, for a holder; nothing in a cell that says no.
    fn of(cell: Cell, holder: &Holder) -> Option<Self> {
        match (cell, holder.role, &holder.desk, &holder.device) {
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
    /// Name of the session or the token.
    pub(crate) name: String,
    /// Who that is, where it is known.
    pub(crate) person: Option<String>,
    /// The role.
    pub(crate) role: Role,
    /// The desk or device spoken for.
    pub(crate) bound_to: Option<String>,
}

impl From<&Holder> for Caller {
    fn from(Holder { name, person, role, desk, device, .. }: &Holder) -> Self {
        let desk = desk.as_ref().map(ToString::to_string);
        let device = device.as_ref().map(ToString::to_string);
        Self { name: name.clone(), person: person.clone(), role: *role, bound_to: desk.or(device) }
    }
}

impl Caller {
    /// As the follow-up knows who does something.
    pub(crate) fn actor(self) -> Actor {
        Actor { name: self.name, person: self.person, supervisor: self.role == Role::Supervisor }
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
    let (row, came) = match known(&state, &path, &request) {
        Ok((_, None)) => return next.run(request).await,
        Ok((row, Some(came))) => (row, came),
        Err(problem) => {
            state.refusals.say(&state, &problem, &request, &path);
            return refuse(problem, request).await;
        }
    };
    let caller = Caller::from(came.holder());
    let look = Look::new(row, &caller, ids.ok().as_ref(), &mut request);
    let admitted = scope(row, came.holder()).and_then(|scope| look.may_go_on().map(|()| scope));
    let writes = !request.method().is_safe();
    let answered = async move {
        let response = match admitted {
            Ok(scope) => {
                request.extensions_mut().insert(scope);
                request.extensions_mut().insert(caller);
                came.run(row, request, next).await
            }
            Err(problem) => {
                state.refusals.say(&state, &problem, &request, &path);
                refuse(problem, request).await
            }
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

/// By what somebody came in.
enum Came {
    /// A token.
    Token(Holder),
    /// A session's cookie.
    Session(Found),
}

impl Came {
    fn holder(&self) -> &Holder {
        match self {
            Self::Token(holder) => holder,
            Self::Session(found) => &found.holder,
        }
    }

    /// Lets the handler answer. A stream that it begins ends with the session.
    async fn run(self, row: &Row, mut request: Request, next: Next) -> Response {
        let Self::Session(found) = self else { return next.run(request).await };
        let until = if WHILE_LOCKED.contains(&row.1) { found.over.clone() } else { found.locked.clone() };
        request.extensions_mut().insert(found);
        let response = next.run(request).await;
        let media = response.headers().get(header::CONTENT_TYPE);
        if media.is_none_or(|media| media != "text/event-stream") {
            return response;
        }
        let ended = until.cancelled_owned();
        response.map(|body| Body::from_stream(body.into_data_stream().take_until(ended)))
    }
}

async fn refuse(problem: Problem, request: Request) -> Response {
    body::discard_a_little(request).await;
    problem.into_response()
}

/// The row of a request, and by what it came in where that is needed.
fn known(
    state: &AppState,
    path: &MatchedPath,
    request: &Request,
) -> Result<(&'static Row, Option<Came>), Problem> {
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
    // Who says that he has a token is judged by it alone.
    let came = if request.headers().contains_key(header::AUTHORIZATION) {
        let token = bearer(request).and_then(|secret| state.tokens.find(secret));
        token.map(|token| Came::Token(token.holder.clone()))
    } else {
        session(state, row, request)?.map(Came::Session)
    };
    came.map(|came| (row, Some(came))).ok_or_else(|| Problem::new(Kind::UNAUTHENTICATED))
}

/// The session of a request's cookie, if it may do this now. A browser sends the cookie along with whatever any page
/// asks: what changes something must show that it comes from a page of ours.
fn session(state: &AppState, row: &Row, request: &Request) -> Result<Option<Found>, Problem> {
    let now = (state.clock)();
    let id = Cookie::Session.of(request.headers(), state.sign_in.is_secure());
    let Some(found) = id.and_then(|id| state.sign_in.sessions.find(id, now)) else { return Ok(None) };
    // A page may be of a session that another tab has put this one in the place of: it is answered as if it had none, and
    // not with what somebody else may see.
    if row.0 == Method::GET && is_of(&found, request.headers()) == Some(false) {
        return Ok(None);
    }
    if found.is_locked && !WHILE_LOCKED.contains(&row.1) {
        return Err(Problem::new(Kind::LOCKED));
    }
    if row.0 != Method::GET {
        if !is_of_a_page_here(state, &found, request.headers()) {
            return Err(Problem::new(Kind::FOREIGN));
        }
        // Who changes something is there. What a console says of its session says that for itself.
        if !row.1.starts_with("/auth/") {
            state.sign_in.sessions.touch(&found, now);
        }
    }
    Ok(Some(found))
}

/// Whether a request comes from a page of this session, where it says of which.
fn is_of(found: &Found, headers: &HeaderMap) -> Option<bool> {
    headers.get(CSRF).map(|token| token.as_bytes().ct_eq(found.csrf.as_bytes()).into())
}

fn is_of_a_page_here(state: &AppState, found: &Found, headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let knows = is_of(found, headers) == Some(true);
    let host = text(header::HOST);
    let from_here = text(header::ORIGIN).is_none_or(|origin| state.sign_in.is_own_origin(origin, host));
    let site = text(HeaderName::from_static("sec-fetch-site"));
    knows && from_here && site.is_none_or(|site| site == "same-origin")
}

/// What a holder may see behind a row.
fn scope(row: &Row, holder: &Holder) -> Result<Scope, Problem> {
    let Roles(cells) = row.2 else { return Ok(Scope::All) };
    if holder.only == Some(Only::Positions) && !row.1.starts_with("/v1/ingest/") {
        return Err(Problem::new(Kind::FORBIDDEN));
    }
    let column = ROLES.iter().position(|role| *role == holder.role);
    let scope = column.and_then(|column| Scope::of(cells[column], holder));
    scope.ok_or_else(|| Problem::new(Kind::FORBIDDEN))
}

/// The secret of an `Authorization: Bearer` header.
fn bearer(request: &Request) -> Option<&str> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, secret) = value.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer")).then(|| secret.trim())
}
