//! The pattern of a case over weeks: as JSON, and as a page to print.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderValue;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use zones::order::{Order, Risk};
use zones::{Calendar, PersonId, Timestamp};

use super::pattern::{Week, pattern};
use super::{known, print};
use crate::api::AppState;
use crate::api::extract::Params;
use crate::api::problem::{Document, Problem};
use crate::store::{AlertRow, IncidentFilter, IncidentRow, MOST_ROWS};

/// Weeks where the request names no number, and at most.
const WEEKS: u32 = 4;
const MOST_WEEKS: u32 = 52;

/// Alerts and incidents of a case that are read at most: a case with more is a fault to be seen to, and the summary
/// says that it is not whole.
const MOST_ALERTS: usize = 20_000;
const MOST_INCIDENTS: usize = 5_000;

/// What a case looked like over weeks.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct Summary {
    /// The order.
    pub order: String,
    /// Other orders of the same wearer that protected one of the same people in that time, such as the one before an
    /// extension: what was raised under them is in it.
    pub with_orders: Vec<String>,
    /// The wearer.
    pub wearer: String,
    /// The victims.
    pub victims: Vec<String>,
    /// Stalking risk (SASH).
    #[schema(value_type = Option<String>)]
    pub risk: Option<Risk>,
    /// First moment of validity of the order.
    #[schema(value_type = String, format = DateTime)]
    pub valid_from: Timestamp,
    /// First moment at which it is not valid any more.
    #[schema(value_type = String, format = DateTime)]
    pub valid_until: Timestamp,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub made_at: Timestamp,
    /// Whether everything of that time is in it.
    pub whole: bool,
    /// A week each, from Monday 00:00 local time; the last is the one that is not over.
    pub weeks: Vec<Week>,
}

/// How often warned, how near, at what hours, whether somebody feels for the edge, how long devices were silent, how soon
/// people acted: a week each.
#[utoipa::path(
    get,
    path = "/v1/cases/{order}/summary",
    tag = "cases",
    params(
        ("order" = String, Path, description = "The order's id"),
        ("weeks" = Option<u32>, Query, description = "How many, 1 to 52; 4 if not given"),
    ),
    responses(
        (status = 200, description = "The summary", body = Summary),
        (status = 400, description = "A parameter that cannot be used", body = Document,
         content_type = "application/problem+json"),
        (status = 404, description = "No order in the register has that id", body = Document,
         content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
pub(super) async fn summary(
    State(state): State<AppState>,
    Path(order): Path<String>,
    params: Params,
) -> Result<Json<Summary>, Problem> {
    made(&state, &order, params).await.map(Json)
}

/// The same as a page to print on A4, Dutch first.
#[utoipa::path(
    get,
    path = "/v1/cases/{order}/summary.html",
    tag = "cases",
    params(
        ("order" = String, Path, description = "The order's id"),
        ("weeks" = Option<u32>, Query, description = "How many, 1 to 52; 4 if not given"),
    ),
    responses(
        (status = 200, description = "The page", body = String, content_type = "text/html"),
        (status = 400, description = "A parameter that cannot be used", body = Document,
         content_type = "application/problem+json"),
        (status = 404, description = "No order in the register has that id", body = Document,
         content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
pub(super) async fn summary_html(
    State(state): State<AppState>,
    Path(order): Path<String>,
    params: Params,
) -> Result<Response, Problem> {
    let page = print::page(&made(&state, &order, params).await?);
    let policy = HeaderValue::from_str(&print::policy()).map_err(|e| Problem::internal(&e))?;
    let media = HeaderValue::from_static("text/html; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, media), (header::CONTENT_SECURITY_POLICY, policy)], page).into_response())
}

async fn made(state: &AppState, order: &str, mut params: Params) -> Result<Summary, Problem> {
    let count: u32 = params.number("weeks")?.unwrap_or(WEEKS);
    if !(1..=MOST_WEEKS).contains(&count) {
        return Err(Problem::parameter("weeks", format!("{count} is not 1 to {MOST_WEEKS}")));
    }
    params.finish()?;
    let order = known(state, order).await?;
    let now = (state.clock)();
    let calendar = Calendar::default();
    let mut edges: Vec<Timestamp> = (0..count).rev().map(|back| calendar.week(now, back)).collect();
    edges.push(now);
    let from = edges.first().copied().unwrap_or(now);
    let with_orders = beside(state, &order, from).await?;
    let (mut raised, mut opened, mut whole) = (Vec::new(), Vec::new(), true);
    for id in with_orders.iter().map(String::as_str).chain([order.order.as_str()]) {
        let (alerts, all_alerts) = alerts(state, id, from, now).await?;
        let (incidents, all_incidents) = incidents(state, id, from).await?;
        raised.extend(alerts);
        opened.extend(incidents);
        whole &= all_alerts && all_incidents;
    }
    // What one order takes over from another goes on, and is no new approach.
    raised.sort_by_key(|alert| (alert.raised_at, alert.seq));
    Ok(Summary {
        order: order.order.to_string(),
        with_orders,
        wearer: order.wearer.person.to_string(),
        victims: order.victims.iter().map(|victim| victim.party.person.to_string()).collect(),
        risk: order.risk,
        valid_from: order.valid_from,
        valid_until: order.valid_until,
        made_at: now,
        whole,
        weeks: pattern(&calendar, edges, &raised, &opened),
    })
}

/// Other orders of the same wearer that protect one of the same people, under which something was raised since then.
async fn beside(state: &AppState, order: &Order, from: Timestamp) -> Result<Vec<String>, Problem> {
    let mut beside = state.store.orders_that_raised(order.wearer.person.as_str(), from).await?;
    beside.retain(|id| *id != order.order.as_str());
    let people = |order: &Order| order.victims.iter().map(|victim| victim.party.person.clone()).collect();
    let protected: BTreeSet<PersonId> = people(order);
    let mut found = Vec::new();
    for id in beside {
        // One that has been withdrawn counts all the same.
        let Some(stored) = state.store.order(&id).await? else { continue };
        let other = Order::accepted(&stored.document).map_err(|e| Problem::internal(&e))?;
        if !protected.is_disjoint(&people(&other)) {
            found.push(id);
        }
    }
    Ok(found)
}

/// The alerts of that time under an order, and whether those are all.
async fn alerts(
    state: &AppState,
    order: &str,
    from: Timestamp,
    until: Timestamp,
) -> Result<(Vec<AlertRow>, bool), Problem> {
    let mut all: Vec<AlertRow> = Vec::new();
    while all.len() < MOST_ALERTS {
        let after = all.last().map(|alert| (alert.raised_at, alert.seq));
        let page = state.store.alerts_of_order(order, from, until, after, MOST_ROWS).await?;
        let last = page.len() < MOST_ROWS as usize;
        all.extend(page);
        if last {
            return Ok((all, true));
        }
    }
    Ok((all, false))
}

/// The incidents of an order opened since then, and whether those are all. They are listed by when something last happened to them,
/// which is never before they were opened.
async fn incidents(
    state: &AppState,
    order: &str,
    from: Timestamp,
) -> Result<(Vec<IncidentRow>, bool), Problem> {
    let mut filter = IncidentFilter { order: Some(order.to_owned()), ..IncidentFilter::default() };
    let mut all = Vec::new();
    while all.len() < MOST_INCIDENTS {
        let page = state.store.incidents(&filter, MOST_ROWS).await?;
        let last = page.last().filter(|row| row.changed_at >= from && page.len() >= MOST_ROWS as usize);
        filter.before = last.map(IncidentRow::cursor);
        all.extend(page.into_iter().filter(|row| row.opened_at >= from));
        if filter.before.is_none() {
            return Ok((all, true));
        }
    }
    Ok((all, false))
}
