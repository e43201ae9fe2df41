//! Messages set aside: `GET /v1/rejected`.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zones::Timestamp;

use super::AppState;
use super::access::Caller;
use super::extract::{Page, Params};
use super::problem::Problem;
use crate::config::Role;
use crate::store::RejectedRow;

/// A message that could not be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct RejectedView {
    /// Its number.
    pub rejected: i64,
    /// When it arrived.
    #[schema(value_type = String, format = DateTime)]
    pub received_at: Timestamp,
    /// Where it arrived.
    pub topic: String,
    /// Why it could not be used.
    pub reason: String,
    /// Its beginning as text; bytes that are no UTF-8 are shown as �. Empty for an integrator: it may hold a place.
    pub payload: String,
    /// Its whole size in bytes.
    pub size: i64,
    /// Whether there is more of it than is shown.
    pub cut: bool,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Messages that could not be used, newest first.
#[utoipa::path(
    get,
    path = "/v1/rejected",
    tag = "rejected",
    params(
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "Entries of a page, 1 to 500; 100 if not given"),
    ),
    responses((status = 200, description = "A page", body = Page<RejectedView>)),
    security(("token" = [])),
)]
async fn list(
    State(state): State<AppState>,
    caller: Caller,
    params: Params,
) -> Result<Json<Page<RejectedView>>, Problem> {
    let paging = params.paging::<i64>("rejected")?;
    let rows = state.store.rejected(paging.after, paging.ask()).await?;
    let shown = |row: RejectedRow| match caller.role {
        Role::Integrator => view(RejectedRow { payload: Vec::new(), ..row }),
        _ => view(row),
    };
    Ok(Json(paging.page(rows, |row| row.seq, shown)))
}

fn view(RejectedRow { seq, received_at, topic, reason, payload, size }: RejectedRow) -> RejectedView {
    let cut = i64::try_from(payload.len()).is_ok_and(|kept| kept < size);
    let payload = String::from_utf8_lossy(&payload).into_owned();
    RejectedView { rejected: seq, received_at, topic, reason, payload, size, cut }
}
