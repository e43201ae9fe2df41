//! Cancelling a press of AWARE with her code: `POST /v1/me/aware/cancel`.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use zones::{Outcome, Timestamp};

use super::Me;
use crate::api::AppState;
use crate::api::extract::SaidJson;
use crate::api::problem::{Document, Kind, Problem};
use crate::wire::TypedCode;

/// No error of it holds what was typed.
#[derive(Deserialize)]
struct Said {
    code: Option<TypedCode>,
    at: Option<Timestamp>,
}

/// Cancels her press, within 10 s of it and with her code only. What does not cancel it is evidence: the alarm goes on,
/// and the attempt is in its incident.
#[utoipa::path(
    post,
    path = "/v1/me/aware/cancel",
    tag = "victim app",
    request_body(content = Object, description = "`{\"code\", \"at\"?}`; without `at` it is now"),
    responses(
        (status = 204, description = "Cancelled, and stored"),
        (status = 400, description = "Not JSON", body = Document, content_type = "application/problem+json"),
        (status = 409, description = "The alarm goes on; `detail` says why: `wrong_code`, `too_late`, `no_code`, \
         `too_many_tries`, `nothing_to_cancel`, `tried_already`", body = Document,
         content_type = "application/problem+json"),
        (status = 422, description = "A field that cannot be used", body = Document,
         content_type = "application/problem+json"),
        (status = 503, description = "It cannot be stored now: send it again", body = Document,
         content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
pub(super) async fn cancel(
    State(state): State<AppState>,
    Me { device, .. }: Me,
    body: SaidJson,
) -> Result<StatusCode, Problem> {
    body.check()?;
    let wrong = |field: &str, problem: &str| Problem::new(Kind::INVALID).field(field, problem);
    let said: Said = serde_json::from_slice(&body.0)
        .map_err(|_| wrong("", "is not an object with a code and, at most, an RFC 3339 time `at`"))?;
    let code = said.code.ok_or_else(|| wrong("code", "is missing"))?;
    let at = said.at.unwrap_or_else(|| (state.clock)());
    let goes_on = |why: &'static str| Err(Problem::new(Kind::NOT_CANCELLED).detail(why));
    match state.commands.cancel_aware(device, at, code).await?? {
        Outcome::NotCancelled(why) => goes_on(why.as_str()),
        Outcome::Duplicate => goes_on("tried_already"),
        _ => Ok(StatusCode::NO_CONTENT),
    }
}
