//! A case as one picture, its pattern over weeks, and the page of it for the Actieoverleg.

mod live;
mod pattern;
mod print;
mod summary;
mod view;

use axum::Json;
use axum::extract::{Path, State};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zones::OrderId;
use zones::order::Order;

pub(super) use live::{Waiting, waiting};
pub(super) use print::escaped;
use view::CaseView;

use super::AppState;
use super::problem::{Document, Problem};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(case))
        .routes(routes!(summary::summary))
        .routes(routes!(summary::summary_html))
}

/// A case: its parties, whom to call in what order, how well each victim is protected, whether both devices have
/// reported, and everything that is open about it.
#[utoipa::path(
    get,
    path = "/v1/cases/{order}",
    tag = "cases",
    params(("order" = String, Path, description = "The order's id")),
    responses(
        (status = 200, description = "The case", body = CaseView),
        (status = 404, description = "No order in the register has that id", body = Document,
         content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
async fn case(State(state): State<AppState>, Path(order): Path<String>) -> Result<Json<CaseView>, Problem> {
    let order = known(&state, &order).await?;
    CaseView::of(&state, &order).await.map(Json)
}

/// An order in the register, also one that has ended.
async fn known(state: &AppState, id: &str) -> Result<Order, Problem> {
    let unknown = || Problem::unknown("order", id);
    let id = OrderId::new(id).map_err(|_| unknown())?;
    let stored = state.store.order(id.as_str()).await?.filter(|stored| stored.withdrawn_at.is_none());
    Order::accepted(&stored.ok_or_else(unknown)?.document).map_err(|e| Problem::internal(&e))
}
