//! What a desk can be shown about what was sent to it: `GET /v1/desks/{desk}/deliveries`.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zones::{DeskId, Timestamp};

use super::AppState;
use super::access::Scope;
use super::extract::{Page, Params};
use super::problem::{Document, Kind, Problem};
use crate::store::{Channel, DeliveryRecord, QUIET_HOURS};

/// What was sent to whom, and how that went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct DeliveryView {
    /// Number of the delivery.
    pub delivery: i64,
    /// The alert.
    pub alert: String,
    /// Its incident.
    pub incident: String,
    /// Its level.
    pub level: String,
    /// `victim_mqtt`, `desk_mqtt` or `desk_webhook`.
    pub channel: &'static str,
    /// Device id or desk id.
    pub recipient: String,
    /// `pending`, `received` or `closed`.
    pub state: &'static str,
    /// When it was to be sent.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Attempts made.
    pub attempts: i64,
    /// When the last attempt was made.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub attempted_at: Option<Timestamp>,
    /// Why the last failed attempt failed.
    pub error: Option<String>,
    /// When the next attempt is due.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_at: Option<Timestamp>,
    /// When the recipient's side had it. This is not acceptance: that comes by receipt.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub received_at: Option<Timestamp>,
    /// How the recipient's side answered.
    pub answer: Option<String>,
    /// When the recipient's device said that it showed the alert.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub displayed_at: Option<Timestamp>,
    /// When the recipient confirmed it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub confirmed_at: Option<Timestamp>,
    /// When it was given up, or kept from a victim by her quiet hours (`closed_because` says `quiet_hours`).
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closed_at: Option<Timestamp>,
    /// Why it was given up.
    pub closed_because: Option<String>,
    /// Of a warning that a victim's quiet hours keep from her: when they end, and she is told should it stand then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub held_until: Option<Timestamp>,
}

impl From<DeliveryRecord> for DeliveryView {
    fn from(record: DeliveryRecord) -> Self {
        let state = match (record.received_at, record.closed_at) {
            (Some(_), _) => "received",
            (None, Some(_)) => "closed",
            (None, None) => "pending",
        };
        let is_held = record.closed_at.is_some() && record.why.as_deref() == Some(QUIET_HOURS);
        Self {
            held_until: record.next_at.filter(|_| is_held),
            delivery: record.delivery.id,
            alert: record.delivery.alert,
            incident: record.delivery.incident,
            level: record.delivery.level.into_owned(),
            channel: record.delivery.channel.word(),
            recipient: record.delivery.recipient,
            state,
            created_at: record.delivery.created_at,
            attempts: record.attempts,
            attempted_at: record.attempted_at,
            error: record.error,
            next_at: record.next_at.filter(|_| !is_held),
            received_at: record.received_at,
            answer: record.detail,
            displayed_at: record.displayed_at,
            confirmed_at: record.confirmed_at,
            closed_at: record.closed_at,
            closed_because: record.why,
        }
    }
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(deliveries))
}

/// What was sent to a desk, newest first: its record that nothing was kept from it. A desk sees its own.
#[utoipa::path(
    get,
    path = "/v1/desks/{desk}/deliveries",
    tag = "desks",
    params(
        ("desk" = String, Path, description = "The desk's id"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "Entries of a page, 1 to 500; 100 if not given"),
    ),
    responses(
        (status = 200, description = "A page", body = Page<DeliveryView>),
        (status = 403, description = "Another desk's", body = Document,
         content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
async fn deliveries(
    State(state): State<AppState>,
    scope: Scope,
    Path(desk): Path<String>,
    params: Params,
) -> Result<Json<Page<DeliveryView>>, Problem> {
    let desk = DeskId::new(&desk).map_err(|e| Problem::parameter("desk", e.problem))?;
    if !scope.sees(Some(desk.as_str())) {
        return Err(Problem::new(Kind::FORBIDDEN).detail("this token is another desk's"));
    }
    let paging = params.paging::<i64>("deliveries")?;
    // Deliveries are numbered over all roads, so the newest of both roads are among the newest of each.
    let mut rows = Vec::new();
    for channel in [Channel::DeskMqtt, Channel::DeskWebhook] {
        rows.extend(state.store.deliveries_to(channel, desk.as_str(), paging.after, paging.ask()).await?);
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.delivery.id));
    rows.truncate(paging.ask() as usize);
    Ok(Json(paging.page(rows, |row| row.delivery.id, DeliveryView::from)))
}
