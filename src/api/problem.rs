//! Errors over HTTP: every one is `application/problem+json` (RFC 9457).

use std::any::Any;
use std::error::Error;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use zones::Timestamp;
use zones::guidance::Finding;

use super::AppState;
use crate::metrics::HttpLabels;
use crate::store::StoreError;
use crate::wire::Unusable;

/// Media type of a problem document.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// Kinds of problem: `(name, title, status)`. The `type` of a document is `urn:afstand:problem:{name}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kind(&'static str, &'static str, StatusCode);

impl Kind {
    pub(crate) const NOT_JSON: Self = Self("not-json", "The body is not JSON", StatusCode::BAD_REQUEST);
    pub(crate) const PARAMETER: Self =
        Self("wrong-parameter", "A parameter cannot be used", StatusCode::BAD_REQUEST);
    pub(crate) const REQUEST: Self =
        Self("wrong-request", "The request cannot be used", StatusCode::BAD_REQUEST);
    pub(crate) const UNAUTHENTICATED: Self =
        Self("unauthenticated", "A valid token is needed", StatusCode::UNAUTHORIZED);
    pub(crate) const LOCKED: Self =
        Self("locked", "The session is locked; sign in again", StatusCode::UNAUTHORIZED);
    pub(crate) const FOREIGN: Self = Self(
        "foreign-request",
        "The request does not come from a page of this service",
        StatusCode::FORBIDDEN,
    );
    pub(crate) const FORBIDDEN: Self =
        Self("forbidden", "The role of this token may not do this", StatusCode::FORBIDDEN);
    pub(crate) const NOT_FOUND: Self =
        Self("not-found", "There is no such thing here", StatusCode::NOT_FOUND);
    pub(crate) const METHOD: Self =
        Self("wrong-method", "This method is not offered here", StatusCode::METHOD_NOT_ALLOWED);
    pub(crate) const CONFLICT: Self = Self("conflict", "Something else says otherwise", StatusCode::CONFLICT);
    pub(crate) const NOT_CANCELLED: Self = Self("not-cancelled", "The alarm goes on", StatusCode::CONFLICT);
    pub(crate) const CHANGED: Self =
        Self("changed", "It is not what the request leans on any more", StatusCode::PRECONDITION_FAILED);
    pub(crate) const TOO_LARGE: Self =
        Self("too-large", "The body is too large", StatusCode::PAYLOAD_TOO_LARGE);
    pub(crate) const MEDIA_TYPE: Self =
        Self("wrong-media-type", "The body must be JSON", StatusCode::UNSUPPORTED_MEDIA_TYPE);
    pub(crate) const INVALID: Self =
        Self("invalid", "A field cannot be used", StatusCode::UNPROCESSABLE_ENTITY);
    pub(crate) const NOT_IN_FORCE: Self =
        Self("order-not-in-force", "The order cannot be in force", StatusCode::UNPROCESSABLE_ENTITY);
    pub(crate) const LIMIT: Self = Self("limit", "A limit is reached", StatusCode::UNPROCESSABLE_ENTITY);
    pub(crate) const TIMEOUT: Self =
        Self("timeout", "It took too long; try again", StatusCode::SERVICE_UNAVAILABLE);
    pub(crate) const BUSY: Self =
        Self("busy", "Too much at once; try again", StatusCode::SERVICE_UNAVAILABLE);
    pub(crate) const NOT_RECORDED: Self = Self(
        "not-recorded",
        "It cannot be written down who looks, so nothing is shown; try again",
        StatusCode::SERVICE_UNAVAILABLE,
    );
    pub(crate) const NO_MAP: Self =
        Self("no-map", "The map with streets cannot be had now", StatusCode::SERVICE_UNAVAILABLE);
    pub(crate) const NOT_READY: Self = Self("not-ready", "Not ready", StatusCode::SERVICE_UNAVAILABLE);
    pub(crate) const INTERNAL: Self =
        Self("internal", "Something went wrong here", StatusCode::INTERNAL_SERVER_ERROR);
}

/// A field that is at fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FieldProblem {
    /// Path of the field in the document, or name of the parameter or part; empty for the whole.
    pub field: String,
    /// What is wrong with it.
    pub problem: String,
    /// Line of the body, from 1, where the text is no JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Column of that line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
}

/// An error on its way to the caller; boxed, because every handler's result has room for one.
#[derive(Debug, Clone)]
pub(crate) struct Problem(Box<Document>);

/// A problem document.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Document {
    /// Kind of problem: a name that stays the same, not an address to visit.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in words.
    pub title: &'static str,
    /// The status code of the answer.
    pub status: u16,
    /// What happened this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The fields at fault.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
    /// Findings of the guidance, where an order cannot be in force.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Object>)]
    pub findings: Vec<Finding>,
    /// Who was first, where two do the same at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When that was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
    /// For the log only.
    #[serde(skip)]
    cause: Option<Cause>,
    /// Methods that are offered instead: the `Allow` header.
    #[serde(skip)]
    allow: Option<String>,
}

/// What is behind a 5xx: goes to the log at the boundary, never to the caller.
#[derive(Debug, Clone)]
enum Cause {
    /// It is this.
    Said(Arc<str>),
    /// It is in the log already.
    Logged,
}

impl Problem {
    /// The status code of the answer.
    pub(super) fn status(&self) -> u16 {
        self.0.status
    }

    pub(crate) fn new(Kind(name, title, status): Kind) -> Self {
        Self(Box::new(Document {
            kind: format!("urn:afstand:problem:{name}"),
            title,
            status: status.as_u16(),
            detail: None,
            errors: Vec::new(),
            findings: Vec::new(),
            by: None,
            at: None,
            cause: None,
            allow: None,
        }))
    }

    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Adds a field at fault.
    pub(crate) fn field(mut self, field: impl Into<String>, problem: impl Into<String>) -> Self {
        let (field, problem) = (field.into(), problem.into());
        self.0.errors.push(FieldProblem { field, problem, line: None, column: None });
        self
    }

    /// A parameter of the path or the query that cannot be used.
    pub(crate) fn parameter(name: &str, problem: impl Into<String>) -> Self {
        Self::new(Kind::PARAMETER).field(name, problem)
    }

    /// Text that is no JSON, with the place where it stops being JSON.
    pub(crate) fn not_json(error: &serde_json::Error) -> Self {
        let mut this = Self::new(Kind::NOT_JSON).field("", error.to_string());
        for at in &mut this.0.errors {
            (at.line, at.column) = (Some(error.line()), Some(error.column()));
        }
        this
    }

    /// Nothing is known under that id.
    pub(crate) fn unknown(what: &str, id: &str) -> Self {
        Self::new(Kind::NOT_FOUND).detail(format!("there is no {what} {id:?}"))
    }

    pub(crate) fn findings(mut self, findings: Vec<Finding>) -> Self {
        self.0.findings = findings;
        self
    }

    /// Somebody was first.
    pub(crate) fn first(mut self, by: String, at: Timestamp) -> Self {
        (self.0.by, self.0.at) = (Some(by), Some(at));
        self
    }

    pub(crate) fn allow(mut self, methods: &[&Method]) -> Self {
        let methods: Vec<&str> = methods.iter().map(|m| m.as_str()).collect();
        self.0.allow = Some(methods.join(", "));
        self
    }

    pub(crate) fn internal(error: &(dyn Error + 'static)) -> Self {
        let mut text = error.to_string();
        let mut next = error.source();
        while let Some(error) = next {
            text = format!("{text}: {error}");
            next = error.source();
        }
        Self::new(Kind::INTERNAL).because(&text)
    }

    /// What is behind it, for the log.
    pub(crate) fn because(mut self, cause: &str) -> Self {
        self.0.cause = Some(Cause::Said(cause.into()));
        self
    }

    /// It is in the log, where it was noticed.
    pub(crate) fn logged(mut self) -> Self {
        self.0.cause = Some(Cause::Logged);
        self
    }

    /// The fields at fault.
    pub(crate) fn errors(&self) -> &[FieldProblem] {
        &self.0.errors
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if error.is_retryable() {
            Self::new(Kind::BUSY).because(&error.to_string())
        } else {
            Self::internal(&error)
        }
    }
}

impl From<zones::Invalid> for Problem {
    fn from(zones::Invalid { field, problem }: zones::Invalid) -> Self {
        Self::new(Kind::INVALID).field(field, problem)
    }
}

impl From<Unusable> for Problem {
    fn from(Unusable { reason, field }: Unusable) -> Self {
        Self::new(Kind::INVALID).field(field.unwrap_or_default(), reason)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self(document) = self;
        // A struct of texts and numbers always serializes; an empty body would still carry the status.
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let status = StatusCode::from_u16(document.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        match status {
            StatusCode::UNAUTHORIZED => {
                headers
                    .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"afstand\""));
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
            }
            _ => {}
        }
        if let Some(allow) = document.allow.and_then(|methods| HeaderValue::from_str(&methods).ok()) {
            headers.insert(header::ALLOW, allow);
        }
        if let Some(cause) = document.cause {
            response.extensions_mut().insert(cause);
        }
        response
    }
}

/// A handler that panicked.
#[allow(clippy::needless_pass_by_value)] // the form the layer asks for
pub(crate) fn of_panic(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic
        .downcast_ref::<&'static str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    Problem::new(Kind::INTERNAL).because(&format!("panic: {text}")).into_response()
}

/// Left in an answer that says what is wrong in words for people: it stays as it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said;

/// The outermost layer: counts the answer, makes a problem document of every error that is none yet (those of
/// the HTTP library), and logs what is our fault, once.
pub(crate) async fn boundary(
    State(state): State<AppState>,
    path: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let method = known_method(request.method());
    // The pattern is logged and counted: the path may hold a person's id.
    let route = path.map_or("-", |path| super::access::static_path(path.as_str()));
    let mut response = next.run(request).await;
    let status = response.status();
    state.metrics.http_requests.get_or_create(&HttpLabels { method, route, status: status.as_u16() }).inc();
    // Not being ready is an answer, not a fault: it is asked for every few seconds, and its body says why.
    if status.is_server_error() && route != "/readyz" {
        log(method, route, status, response.extensions_mut().remove::<Cause>().as_ref());
    }
    let is_problem = response.headers().get(header::CONTENT_TYPE).is_some_and(|v| v == MEDIA_TYPE)
        || response.extensions().get::<Said>().is_some();
    if (status.is_client_error() || status.is_server_error()) && !is_problem {
        let allow = response.headers_mut().remove(header::ALLOW);
        response = of_status(status).into_response();
        if let Some(allow) = allow {
            response.headers_mut().insert(header::ALLOW, allow);
        }
    }
    response
}

fn log(method: &'static str, route: &'static str, status: StatusCode, cause: Option<&Cause>) {
    let cause = match cause {
        Some(Cause::Logged) => return,
        Some(Cause::Said(cause)) => &**cause,
        None => "not said",
    };
    if status == StatusCode::SERVICE_UNAVAILABLE {
        tracing::warn!(method, route, status = status.as_u16(), cause, "request refused for now");
    } else {
        tracing::error!(method, route, status = status.as_u16(), cause, "request failed");
    }
}

fn of_status(status: StatusCode) -> Problem {
    let kind = match status {
        StatusCode::NOT_FOUND => Kind::NOT_FOUND,
        StatusCode::METHOD_NOT_ALLOWED => Kind::METHOD,
        StatusCode::PAYLOAD_TOO_LARGE => Kind::TOO_LARGE,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Kind::MEDIA_TYPE,
        status if status.is_client_error() => {
            Kind("wrong-request", status.canonical_reason().unwrap_or("Wrong request"), status)
        }
        _ => Kind::INTERNAL,
    };
    Problem::new(kind)
}

/// Methods are free text; the label must not be.
pub(super) fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}
