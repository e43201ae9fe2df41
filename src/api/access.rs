//! Who may do what: the one table of endpoints and roles, and the layer that enforces it.
//!
//! Invariant: no handler runs for a request without a row here. A route that is missing from the table is
//! refused, not open.

use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use zones::DeskId;

use super::problem::{Kind, Problem};
use super::{AppState, body};
use crate::config::{Role, Token};

/// What a role may see or do at an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cell {
    /// Nothing.
    No,
    /// Only what belongs to its own desk.
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
    Roles([Cell; 5]),
}

/// A row: method, pattern of the path, who.
#[derive(Debug)]
pub(crate) struct Row(pub(crate) Method, pub(crate) &'static str, pub(crate) Access);

/// The columns of the table.
pub(crate) const ROLES: [Role; 5] =
    [Role::Operator, Role::Supervisor, Role::Desk, Role::Auditor, Role::Integrator];

use Access::{Open, Roles};
use Cell::{All, No, Own};

/// The table.
#[rustfmt::skip]
pub(crate) static TABLE: [Row; 21] = [
    Row(Method::GET,    "/healthz",                    Open),
    Row(Method::GET,    "/readyz",                     Open),
    Row(Method::GET,    "/metrics",                    Open),
    Row(Method::GET,    "/",                           Open),
    Row(Method::GET,    "/assets/{*path}",             Open),
    Row(Method::GET,    "/openapi.json",               Open),
    Row(Method::GET,    "/docs",                       Open),
    Row(Method::GET,    "/docs/",                      Open),
    Row(Method::GET,    "/docs/{*rest}",               Open),
    //                                                       operator supervisor desk auditor integrator
    Row(Method::GET,    "/v1/orders",                  Roles([All,    All,       No,  All,    All])),
    Row(Method::GET,    "/v1/orders/{order}",          Roles([All,    All,       No,  All,    All])),
    Row(Method::PUT,    "/v1/orders/{order}",          Roles([No,     All,       No,  No,     All])),
    Row(Method::DELETE, "/v1/orders/{order}",          Roles([No,     All,       No,  No,     All])),
    Row(Method::GET,    "/v1/incidents",               Roles([All,    All,       Own, All,    No])),
    Row(Method::GET,    "/v1/incidents/{incident}",    Roles([All,    All,       Own, All,    No])),
    Row(Method::GET,    "/v1/live",                    Roles([All,    All,       Own, No,     No])),
    Row(Method::GET,    "/v1/people/{person}",         Roles([All,    All,       No,  No,     No])),
    Row(Method::GET,    "/v1/devices",                 Roles([All,    All,       No,  No,     No])),
    Row(Method::GET,    "/v1/rejected",                Roles([All,    All,       No,  All,    All])),
    Row(Method::POST,   "/v1/ingest/traccar",          Roles([No,     No,        No,  No,     All])),
    Row(Method::GET,    "/v1/desks/{desk}/deliveries", Roles([All,    All,       Own, All,    No])),
];

/// How much of an endpoint's data the caller may see: handlers behind an `Own` cell filter by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Everything.
    All,
    /// What belongs to this desk.
    Desk(DeskId),
}

impl Scope {
    /// Whether something of that desk may be seen.
    pub(crate) fn sees(&self, desk: Option<&str>) -> bool {
        match self {
            Self::All => true,
            Self::Desk(own) => desk == Some(own.as_str()),
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

/// The pattern of a route as a word that lives for ever; `-` for what is in no row.
pub(crate) fn static_path(path: &str) -> &'static str {
    TABLE.iter().find(|row| row.1 == path).map_or("-", |row| row.1)
}

/// The layer: runs for every request that matches a route, before its handler.
pub(crate) async fn enforce(
    State(state): State<AppState>,
    path: MatchedPath,
    mut request: Request,
    next: Next,
) -> Response {
    match admit(&state, &path, &mut request) {
        Ok(()) => next.run(request).await,
        Err(problem) => {
            body::discard_a_little(request).await;
            problem.into_response()
        }
    }
}

fn admit(state: &AppState, path: &MatchedPath, request: &mut Request) -> Result<(), Problem> {
    // HEAD is GET without its body.
    let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
    let rows = || TABLE.iter().filter(|row| row.1 == path.as_str());
    let Some(Row(_, _, access)) = rows().find(|row| row.0 == *method) else {
        let offered: Vec<&Method> = rows().map(|row| &row.0).collect();
        let kind = if offered.is_empty() { Kind::FORBIDDEN } else { Kind::METHOD };
        return Err(Problem::new(kind).allow(&offered));
    };
    let Roles(cells) = access else { return Ok(()) };
    let token = bearer(request).and_then(|secret| state.tokens.find(secret));
    let Some(Token { role, desk, .. }) = token else {
        return Err(Problem::new(Kind::UNAUTHENTICATED));
    };
    let forbidden = || Problem::new(Kind::FORBIDDEN);
    let column = ROLES.iter().position(|column| column == role).ok_or_else(forbidden)?;
    let scope = match (cells[column], desk) {
        (All, _) => Scope::All,
        (Own, Some(desk)) => Scope::Desk(desk.clone()),
        _ => return Err(forbidden()),
    };
    request.extensions_mut().insert(scope);
    Ok(())
}

/// The secret of an `Authorization: Bearer` header.
fn bearer(request: &Request) -> Option<&str> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, secret) = value.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer")).then(|| secret.trim())
}
