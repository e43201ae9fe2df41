//! Signing in and out, for people: pages that a browser is led over, and what the console asks about its session.
//! Machines come with a token and need none of it.

mod cookies;
mod pages;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) use cookies::Cookie;

use super::AppState;
use super::access::Caller;
use super::me::bearer;
use super::problem::{Document, Kind, Problem};
use crate::audit::Entry;
use crate::config::{CALLBACK, Holder, Role};
use crate::sign_in::{ATTEMPT_WITHIN, Asked, Found, Person, Provider, Redeemed, Refusal};

/// Where a sign-in ends that began in a window of its own.
const DONE: &str = "/auth/done";

/// Longest place to go back to, in bytes.
const LONGEST_BACK: usize = 200;

/// The pages that a browser is led over.
pub(super) fn pages() -> Router<AppState> {
    Router::new()
        .route("/auth/login", get(login))
        .route(CALLBACK, get(callback))
        .route("/auth/once", get(once))
        .route(DONE, get(async || pages::done()))
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(ways))
        .routes(routes!(link))
        .routes(routes!(logout))
        .routes(routes!(lock))
        .routes(routes!(active))
}

/// How people can sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Ways {
    /// By a provider: `GET /auth/login`.
    pub provider: bool,
    /// By a link that the service shows where it was started: `POST /auth/link` asks for one.
    pub link: bool,
}

/// How people can sign in here.
#[utoipa::path(
    get,
    path = "/auth/ways",
    tag = "sign-in",
    responses((status = 200, description = "The ways there are, beside a token", body = Ways)),
)]
async fn ways(State(state): State<AppState>) -> Json<Ways> {
    Json(Ways { provider: state.sign_in.provider.is_some(), link: state.sign_in.links.is_some() })
}

/// Shows a new link where the service was started. Whoever can read that may come in.
#[utoipa::path(
    post,
    path = "/auth/link",
    tag = "sign-in",
    responses(
        (status = 204, description = "It is shown"),
        (status = 404, description = "There are no links here", body = Document,
         content_type = "application/problem+json"),
        (status = 409, description = "One was shown just now", body = Document,
         content_type = "application/problem+json"),
    ),
)]
async fn link(State(state): State<AppState>) -> Result<StatusCode, Problem> {
    let links = state.sign_in.links.as_ref().ok_or_else(|| Problem::new(Kind::NOT_FOUND))?;
    match links.ask((state.clock)()).map_err(|error| Problem::internal(&error))? {
        Asked::Shown => Ok(StatusCode::NO_CONTENT),
        Asked::TooSoon => Err(Problem::new(Kind::CONFLICT).detail("one was shown just now")),
        Asked::Nowhere => Err(Problem::new(Kind::BUSY).detail("nobody looks at where links are shown")),
    }
}

#[derive(Deserialize)]
struct Leaving {
    back: Option<String>,
}

/// To the provider.
async fn login(
    State(state): State<AppState>,
    headers: HeaderMap,
    Query(Leaving { back }): Query<Leaving>,
) -> Response {
    let sign_in = &state.sign_in;
    let Some(provider) = &sign_in.provider else { return pages::no_provider() };
    let back = back.filter(|back| is_own_page(back)).unwrap_or_else(|| "/".to_owned());
    let now = (state.clock)();
    let had = Cookie::Session.of(&headers, sign_in.is_secure()).and_then(|id| sign_in.sessions.find(id, now));
    let (url, attempt) =
        match provider.leave(back.clone(), had.map(|found| found.hash().to_owned()), now).await {
            Ok(left) => left,
            Err(refusal) => return pages::refusal(&refusal, provider.contact(), &back),
        };
    match sign_in.seal.close(&attempt) {
        Ok(sealed) => {
            let cookie = Cookie::Attempt.set(&sealed, Some(ATTEMPT_WITHIN.as_secs()), sign_in.is_secure());
            (with([cookie]), Redirect::to(&url)).into_response()
        }
        Err(error) => Problem::internal(&error).into_response(),
    }
}

#[derive(Deserialize)]
struct Coming {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
}

/// Back from the provider.
async fn callback(
    State(state): State<AppState>,
    headers: HeaderMap,
    Query(coming): Query<Coming>,
) -> Response {
    let sign_in = &state.sign_in;
    let Some(provider) = &sign_in.provider else { return pages::no_provider() };
    let sealed = Cookie::Attempt.of(&headers, sign_in.is_secure());
    let attempt = sealed.and_then(|sealed| sign_in.seal.open(sealed, (state.clock)()));
    let Some(attempt) = attempt.filter(|attempt| {
        coming.state.as_ref().is_some_and(|came| came.as_bytes().ct_eq(attempt.state.as_bytes()).into())
    }) else {
        return forgetting(pages::unknown_attempt(), sign_in.is_secure());
    };
    let arrived = match coming.code {
        Some(code) if coming.error.is_none() => provider.arrive(&attempt, code).await,
        _ => Err(Refusal::Declined),
    };
    let response = match arrived {
        Ok(person) => welcome(&state, person, CALLBACK, attempt.instead.as_deref(), &attempt.back).await,
        Err(refusal) => refused(provider, &refusal, &attempt.back),
    };
    forgetting(response, sign_in.is_secure())
}

#[derive(Deserialize)]
struct Once {
    code: Option<String>,
}

/// By a link that is good once.
async fn once(
    State(state): State<AppState>,
    headers: HeaderMap,
    Query(Once { code }): Query<Once>,
) -> Response {
    let sign_in = &state.sign_in;
    let Some(links) = &sign_in.links else { return pages::unknown_link() };
    let now = (state.clock)();
    match links.redeem(code.as_deref().unwrap_or_default(), now) {
        Redeemed::Good(holder) => {
            let had = Cookie::Session.of(&headers, sign_in.is_secure());
            let had = had.and_then(|id| sign_in.sessions.find(id, now));
            let person = Person { holder, subject: String::new() };
            welcome(&state, person, "/auth/once", had.as_ref().map(Found::hash), "/").await
        }
        Redeemed::Used => pages::used_link(),
        Redeemed::Unknown => pages::unknown_link(),
    }
}

/// Signs somebody in: written down first, then with a new id, whatever the browser had.
async fn welcome(state: &AppState, person: Person, by: &str, instead: Option<&str>, back: &str) -> Response {
    let sign_in = &state.sign_in;
    let status = StatusCode::SEE_OTHER;
    if state.audit.record(entry(state, &person.holder, by, person.subject, status)).await.is_err() {
        return pages::not_written();
    }
    let bearer = person.holder.device.as_ref().and_then(|device| bearer(state, device));
    match sign_in.sessions.begin(person.holder, bearer.as_ref(), instead, (state.clock)()).await {
        Ok(id) => {
            let cookie = Cookie::Session.set(&id, None, sign_in.is_secure());
            (with([cookie]), Redirect::to(back)).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "nobody can sign in");
            pages::not_written()
        }
    }
}

/// Tells somebody why not.
fn refused(provider: &Provider, refusal: &Refusal, back: &str) -> Response {
    if let Refusal::NoRole { name } | Refusal::NoDevice { name } = refusal {
        tracing::warn!("somebody whom the provider knows has no role or device here and was not let in");
        tracing::debug!(name, "who was not let in");
    }
    pages::refusal(refusal, provider.contact(), back)
}

fn entry(state: &AppState, holder: &Holder, by: &str, subject: String, outcome: StatusCode) -> Entry {
    let caller = Caller::from(holder);
    Entry {
        at: (state.clock)(),
        who: caller.name,
        role: caller.role.as_str(),
        bound_to: caller.bound_to,
        endpoint: format!("GET {by}"),
        subject,
        query: String::new(),
        reason: None,
        outcome: outcome.as_u16(),
    }
}

/// Who signed out here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct SignedOut {
    /// Where the browser goes to be signed out at the provider too; that leads back to the page that is
    /// theirs: `/`, or `/victim`.
    pub end_session: String,
}

/// Signs out. A token goes on; a session is over, and with it its streams.
#[utoipa::path(
    post,
    path = "/auth/logout",
    tag = "sign-in",
    responses(
        (status = 200, description = "The session is over, and the provider's can be ended", body = SignedOut),
        (status = 204, description = "The session is over"),
        (status = 409, description = "The caller has a token, not a session", body = Document,
         content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
async fn logout(State(state): State<AppState>, Session(found): Session) -> Response {
    if let Err(error) = state.sign_in.sessions.end(&found).await {
        tracing::warn!(%error, "a session is over, but still in the store; that is tried again");
    }
    let cookie = with([Cookie::Session.unset(state.sign_in.is_secure())]);
    let farewell = match &state.sign_in.provider {
        Some(provider) => provider.farewell(door(found.holder.role)).await,
        None => None,
    };
    match farewell {
        Some(end_session) => (cookie, Json(SignedOut { end_session })).into_response(),
        None => (cookie, StatusCode::NO_CONTENT).into_response(),
    }
}

/// The page to which somebody comes back who has signed out. It follows from the role and from nothing that was asked.
const fn door(role: Role) -> &'static str {
    match role {
        Role::Victim => pages::VICTIMS_DOOR,
        _ => "/",
    }
}

/// Locks the session: until somebody signs in again it hears of alarms and is answered nothing else.
#[utoipa::path(
    post,
    path = "/auth/lock",
    tag = "sign-in",
    responses(
        (status = 204, description = "It is locked"),
        (status = 409, description = "The caller has a token, not a session", body = Document,
         content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
async fn lock(State(state): State<AppState>, Session(found): Session) -> StatusCode {
    if let Err(error) = state.sign_in.sessions.lock(&found).await {
        tracing::warn!(%error, "a session is locked, and not yet in the store; that is tried again");
    }
    StatusCode::NO_CONTENT
}

/// Says that somebody sits at the console: keys and pointers are counted, streams and questions are not.
#[utoipa::path(
    post,
    path = "/auth/active",
    tag = "sign-in",
    responses(
        (status = 204, description = "It is noted"),
        (status = 409, description = "The caller has a token, not a session", body = Document,
         content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
async fn active(State(state): State<AppState>, Session(found): Session) -> StatusCode {
    state.sign_in.sessions.touch(&found, (state.clock)());
    StatusCode::NO_CONTENT
}

/// The session of a caller who has one.
struct Session(Found);

impl<S: Sync> axum::extract::FromRequestParts<S> for Session {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut axum::http::request::Parts, _: &S) -> Result<Self, Problem> {
        let no_session = || Problem::new(Kind::CONFLICT).detail("a token has no session");
        parts.extensions.get::<Found>().cloned().map(Self).ok_or_else(no_session)
    }
}

/// Whether a place to go back to is a page of this service: a path below this host, and none that does something.
fn is_own_page(back: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/#?=&%._-~".contains(c);
    let path = back.split(['?', '#']).next().unwrap_or_default();
    back.len() <= LONGEST_BACK
        && back.chars().all(plain)
        && back.starts_with('/')
        && !back.starts_with("//")
        && (path == DONE || !(path.starts_with("/auth/") || path.starts_with("/v1/")))
}

/// Cookies to set.
fn with<const N: usize>(
    cookies: [Option<HeaderValue>; N],
) -> AppendHeaders<impl IntoIterator<Item = (header::HeaderName, HeaderValue)>> {
    AppendHeaders(cookies.into_iter().flatten().map(|cookie| (header::SET_COOKIE, cookie)))
}

/// The same answer, and the attempt is over.
fn forgetting(mut response: Response, is_secure: bool) -> Response {
    if let Some(cookie) = Cookie::Attempt.unset(is_secure) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}
