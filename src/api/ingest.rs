//! Reports over HTTP: `POST /v1/ingest/traccar`.

use axum::extract::State;
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::AppState;
use super::extract::SaidJson;
use super::problem::{Document, Problem};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(traccar))
}

/// Takes in one position as Traccar forwards it in JSON. The answer comes when it is decided and stored.
///
/// One that cannot be used is set aside, listed under `/v1/rejected`, and answered with what is wrong with it.
#[utoipa::path(
    post,
    path = "/v1/ingest/traccar",
    tag = "ingest",
    request_body(content = Object, description = "`{\"position\": {…}, \"device\": {…}}`"),
    responses(
        (status = 204, description = "Decided and stored"),
        (status = 400, description = "Not JSON; set aside", body = Document,
         content_type = "application/problem+json"),
        (status = 422, description = "A field that cannot be used, or an unknown device; set aside",
         body = Document, content_type = "application/problem+json"),
        (status = 503, description = "It cannot be stored now: send it again", body = Document,
         content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
async fn traccar(State(state): State<AppState>, body: SaidJson) -> Result<StatusCode, Problem> {
    match state.commands.ingest(body.0.clone()).await? {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(unusable) => {
            body.check()?;
            Err(unusable.into())
        }
    }
}
