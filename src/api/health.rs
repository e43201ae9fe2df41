//! For those who run the service: `GET /healthz`, `/readyz`, `/metrics`.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::AppState;
use super::problem::{Document, Kind, Problem};

/// How the service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Health {
    /// `alive` or `ready`.
    pub status: &'static str,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(healthz)).routes(routes!(readyz)).routes(routes!(metrics))
}

/// Alive: the process answers.
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "health",
    responses((status = 200, description = "Alive", body = Health)),
)]
async fn healthz() -> Json<Health> {
    Json(Health { status: "alive" })
}

/// Ready: the broker is connected, what waited is decided, and the store takes commits.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "health",
    responses(
        (status = 200, description = "Ready", body = Health),
        (status = 503, description = "Not ready: `errors` says which part and why", body = Document,
         content_type = "application/problem+json"),
    ),
)]
async fn readyz(State(state): State<AppState>) -> Result<Json<Health>, Problem> {
    let mut problem = Problem::new(Kind::NOT_READY);
    for (part, reason) in state.readiness.borrow().reasons() {
        problem = problem.field(part, reason);
    }
    // The other end goes when the pipeline ends: what it said last is old then.
    if state.readiness.has_changed().is_err() {
        problem = problem.field("pipeline", "has stopped");
    }
    if let Err(error) = state.store.latest_alert_seq().await {
        tracing::warn!(%error, "not ready: the store cannot be read");
        problem = problem.field("store", "cannot be read");
    }
    if problem.errors().is_empty() { Ok(Json(Health { status: "ready" })) } else { Err(problem) }
}

/// Figures for Prometheus.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "health",
    responses((status = 200, description = "OpenMetrics text", body = String,
               content_type = "application/openmetrics-text")),
)]
async fn metrics(State(state): State<AppState>) -> Result<Response, Problem> {
    let text = state.metrics.encode().map_err(|e| Problem::internal(&e))?;
    let media = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, media)], text).into_response())
}
