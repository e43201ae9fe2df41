//! What became of an order, and who did it: `GET /v1/orders/{order}/history`.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zones::Timestamp;

use super::AppState;
use super::codes;
use super::extract::{Page, Params};
use super::orders::{order_id, origin_word};
use super::problem::{Document, Problem};
use crate::store::OrderRow;

/// One change of the register.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct OrderChange {
    /// Its number; a later change has a higher one.
    pub seq: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// `added`, `changed` or `withdrawn`.
    pub change: &'static str,
    /// `api` or `file`.
    pub origin: &'static str,
    /// Who made it: the name of the person or the token, or of the file; `null` where that was not kept.
    pub changed_by: Option<String>,
    /// From when the order holds since this change; `null` once it is withdrawn.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub valid_from: Option<Timestamp>,
    /// Until when.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub valid_until: Option<Timestamp>,
    /// What it changed in the document; empty where the order was added or withdrawn.
    pub differences: Vec<Difference>,
}

/// A place in the document at which something else stands than before.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct Difference {
    /// Where; victims and zones by their ids. `true` before and after in `aware_code` is another code.
    #[schema(example = "zones.features[zone-0001].properties.radius_m")]
    pub field: String,
    /// What stood there; `null` for nothing.
    #[schema(value_type = Object)]
    pub before: Value,
    /// What stands there since; `null` for nothing.
    #[schema(value_type = Object)]
    pub after: Value,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(history))
}

/// The changes of an order, newest first, also of one that is withdrawn. That its time ran out is none.
#[utoipa::path(
    get,
    path = "/v1/orders/{order}/history",
    tag = "orders",
    params(
        ("order" = String, Path, description = "The order's id"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "Entries of a page, 1 to 500; 100 if not given"),
    ),
    responses(
        (status = 200, description = "A page", body = Page<OrderChange>),
        (status = 400, description = "A parameter that cannot be used", body = Document,
         content_type = "application/problem+json"),
        (status = 404, description = "There never was such an order", body = Document,
         content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
async fn history(
    State(state): State<AppState>,
    Path(order): Path<String>,
    params: Params,
) -> Result<Json<Page<OrderChange>>, Problem> {
    let order = order_id(&order)?;
    let paging = params.paging::<i64>("history")?;
    let rows = state.store.order_history(order.as_str(), paging.after, paging.ask()).await?;
    if rows.is_empty() && paging.after.is_none() {
        return Err(Problem::unknown("order", order.as_str()));
    }
    // Reading large documents takes milliseconds: not on a thread that serves others.
    let read = move || paging.page(changes(rows), |change| change.seq, |change| change);
    Ok(Json(tokio::task::spawn_blocking(read).await.map_err(|e| Problem::internal(&e))?))
}

/// Rows, newest first, each held against the one it followed. A page asks for one row more than it shows: the last that is
/// shown has its own behind it, or none was ever before it.
fn changes(rows: Vec<OrderRow>) -> Vec<OrderChange> {
    let (mut changes, mut before) = (Vec::with_capacity(rows.len()), None);
    for row in rows.into_iter().rev() {
        // Only documents that were read as orders are stored; of text that is none after all nothing is shown.
        let document = row.document.as_deref().map(|text| serde_json::from_str(text).unwrap_or_default());
        changes.push(change(row, before.as_ref(), document.as_ref()));
        before = document;
    }
    changes.reverse();
    changes
}

fn change(row: OrderRow, before: Option<&Value>, after: Option<&Value>) -> OrderChange {
    let time = |field: &str| Timestamp::parse(after?[field].as_str()?).ok();
    let (change, differences) = match (before, after) {
        (_, None) => ("withdrawn", Vec::new()),
        (None, Some(_)) => ("added", Vec::new()),
        (Some(before), Some(after)) => ("changed", differences(before.clone(), after.clone())),
    };
    OrderChange {
        seq: row.seq,
        at: row.at,
        change,
        origin: origin_word(row.origin),
        changed_by: row.by,
        valid_from: time("valid_from"),
        valid_until: time("valid_until"),
        differences,
    }
}

/// What stands differently in two documents, without anybody's code.
fn differences(mut before: Value, mut after: Value) -> Vec<Difference> {
    let exchanged = codes::exchanged(&mut before, &mut after);
    codes::hide(&mut before);
    codes::hide(&mut after);
    let mut found = Vec::new();
    compare("", &before, &after, &mut found);
    found.extend(exchanged.into_iter().map(|person| Difference {
        field: format!("victims[{person}].aware_code"),
        before: Value::Bool(true),
        after: Value::Bool(true),
    }));
    found
}

/// Goes down as far as both sides have the same form; absent is as good as `null`.
fn compare(path: &str, before: &Value, after: &Value, found: &mut Vec<Difference>) {
    if before == after {
        return;
    }
    if let (Value::Object(before), Value::Object(after)) = (before, after) {
        let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for key in keys {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            let [before, after] = [before, after].map(|side| side.get(key).unwrap_or(&Value::Null));
            compare(&path, before, after, found);
        }
    } else if let (Some(before), Some(after)) = (by_name(before), by_name(after)) {
        let names: BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
        for name in names {
            let [before, after] =
                [&before, &after].map(|side| side.get(name).copied().unwrap_or(&Value::Null));
            compare(&format!("{path}[{name}]"), before, after, found);
        }
    } else {
        found.push(Difference { field: path.to_owned(), before: before.clone(), after: after.clone() });
    }
}

/// A list whose entries have names of their own: victims have, and zones.
fn by_name(list: &Value) -> Option<BTreeMap<&str, &Value>> {
    fn name(entry: &Value) -> Option<&str> {
        entry["person"].as_str().or_else(|| entry["properties"]["zone"].as_str())
    }
    let list = list.as_array()?;
    let entries = list.iter().map(|entry| Some((name(entry)?, entry)));
    let named: BTreeMap<&str, &Value> = entries.collect::<Option<_>>()?;
    (named.len() == list.len()).then_some(named)
}
