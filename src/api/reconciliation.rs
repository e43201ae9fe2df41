//! What does not fit together: orders in force without live devices, and devices that send without an order.
//! `GET /v1/reconciliation`, and every morning by itself.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zones::{Calendar, DeviceId, Timestamp};

use super::AppState;
use super::cases::{Waiting, waiting};
use super::problem::Problem;
use crate::store::{MOST_ROWS, UnknownDevice};
use crate::wire;

/// Entries of each list that are shown; the counts are whole.
const MOST_SHOWN: usize = 1_000;

/// Hour of the day, in the Netherlands, at which it is made by itself: before the day shift comes.
const MORNING: i8 = 6;

/// One at a time: it walks through everything there is, and decisions need the same machine.
static WALK: Semaphore = Semaphore::const_new(1);

/// What does not fit together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Reconciliation {
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub made_at: Timestamp,
    /// Orders in force.
    pub in_force: usize,
    /// Of those, the ones of which all devices have reported.
    pub live: usize,
    /// The others, by id; the first thousand.
    pub orders_without_live_devices: Vec<NotLive>,
    /// Devices that send and are in no order.
    pub unknown: usize,
    /// Those, the most busy first; the first thousand.
    pub devices_without_orders: Vec<Unordered>,
}

/// An order in force that waits for devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct NotLive {
    /// The order.
    pub order: String,
    /// Since when it is in force.
    #[schema(value_type = String, format = DateTime)]
    pub valid_from: Timestamp,
    /// What has not reported.
    pub waiting_for: Vec<Waiting>,
}

/// A device that sends and is in no order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Unordered {
    /// The topic it sends on, which names it.
    pub topic: String,
    /// Its messages, of those set aside that are kept.
    pub messages: i64,
    /// When the last arrived.
    #[schema(value_type = String, format = DateTime)]
    pub last_at: Timestamp,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(reconciliation))
}

/// Orders in force of which a device has not reported since they began, and devices that send and are in no order.
#[utoipa::path(
    get,
    path = "/v1/reconciliation",
    tag = "cases",
    responses((status = 200, description = "What does not fit together", body = Reconciliation)),
    security(("token" = [])),
)]
async fn reconciliation(State(state): State<AppState>) -> Result<Json<Reconciliation>, Problem> {
    made(&state).await.map(Json)
}

async fn made(state: &AppState) -> Result<Reconciliation, Problem> {
    let _walk = WALK.acquire().await.map_err(|e| Problem::internal(&e))?;
    let now = (state.clock)();
    let seen = seen(state).await?;
    let mut found = Reconciliation {
        made_at: now,
        in_force: 0,
        live: 0,
        orders_without_live_devices: Vec::new(),
        unknown: 0,
        devices_without_orders: Vec::new(),
    };
    let mut after = None;
    loop {
        let page = state.register.after(after.as_ref(), MOST_ROWS as usize);
        let Some(last) = page.last() else { break };
        after = Some(last.order.clone());
        for order in page.iter().filter(|order| order.in_force(now)) {
            found.in_force += 1;
            let waiting_for = waiting(order, |device| seen.get(device.as_str()).copied());
            if waiting_for.is_empty() {
                found.live += 1;
            } else if found.orders_without_live_devices.len() < MOST_SHOWN {
                let (order, valid_from) = (order.order.to_string(), order.valid_from);
                found.orders_without_live_devices.push(NotLive { order, valid_from, waiting_for });
            }
        }
        tokio::task::yield_now().await;
    }
    let mut unknown = state.store.unknown_devices().await?;
    // One that is in an order by now was only early.
    unknown.retain(|device| !is_in_an_order(state, &device.topic));
    found.unknown = unknown.len();
    unknown.sort_by_key(|device| std::cmp::Reverse(device.messages));
    unknown.truncate(MOST_SHOWN);
    found.devices_without_orders = unknown.into_iter().map(Unordered::from).collect();
    Ok(found)
}

/// Whether the device of a topic is in an order of the register.
fn is_in_an_order(state: &AppState, topic: &str) -> bool {
    let device = wire::device_of(topic).and_then(|device| DeviceId::new(device).ok());
    device.is_some_and(|device| !state.register.of_device(&device).is_empty())
}

/// When each device last reported.
async fn seen(state: &AppState) -> Result<BTreeMap<String, Timestamp>, Problem> {
    let mut seen = BTreeMap::new();
    let mut after: Option<String> = None;
    loop {
        let page = state.store.devices(after.as_deref(), MOST_ROWS).await?;
        let Some(last) = page.last() else { return Ok(seen) };
        after = Some(last.key.to_string());
        for stored in page {
            // One that cannot be read is not live: the label says what is known.
            let last_fix = state.states.device(&stored).ok().and_then(|device| device.last_fix);
            seen.extend(last_fix.map(|fix| (stored.key.to_string(), fix.fixed_at)));
        }
    }
}

impl From<UnknownDevice> for Unordered {
    fn from(UnknownDevice { topic, messages, last_at }: UnknownDevice) -> Self {
        Self { topic, messages, last_at }
    }
}

/// Makes it every morning, and says in the log what does not fit together.
pub async fn every_morning(state: AppState, stop: CancellationToken) {
    let calendar = Calendar::default();
    loop {
        let now = (state.clock)();
        let left = calendar.next(now, MORNING) - now;
        let wait = Duration::from_millis(u64::try_from(left.0).unwrap_or_default().max(1_000));
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
        match made(&state).await {
            Ok(Reconciliation { in_force, live, unknown, .. }) if live < in_force || unknown > 0 => {
                tracing::warn!(
                    orders_not_live = in_force - live,
                    devices_without_orders = unknown,
                    "orders and devices do not fit together: see /v1/reconciliation"
                );
            }
            Ok(Reconciliation { in_force, .. }) => {
                tracing::info!(orders = in_force, "orders and devices fit together");
            }
            Err(problem) => tracing::error!(?problem, "orders and devices could not be compared"),
        }
    }
}
