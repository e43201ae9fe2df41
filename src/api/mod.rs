//! HTTP: the register, incidents, people, devices, live events, health and metrics.
//!
//! One file per resource; each has the routes, the shapes and the handlers of it. Reads come from the store;
//! what changes something goes through [`commands`] to the decision pipeline and is answered after its commit.
//! Who may do what stands in one table, `access.rs`.

mod access;
mod audit;
mod auth;
mod body;
mod cases;
mod codes;
pub mod commands;
mod console;
mod desks;
mod docs;
mod duty;
mod extract;
mod followup;
mod health;
mod history;
mod incidents;
mod ingest;
mod listener;
mod live;
mod lookup;
mod map;
mod me;
mod orders;
mod page;
mod people;
mod positions;
mod precondition;
mod problem;
mod readiness;
mod reconciliation;
mod refusals;
mod rejected;
mod silent;
pub mod states;
mod stream;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Extension, Request};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa_axum::router::OpenApiRouter;

pub use live::LiveFeed;
pub use readiness::Readiness;
pub use reconciliation::every_morning;
pub use refusals::Refusals;

use self::commands::{ANSWER_WITHIN, Commands};
use self::listener::{HEAD_WITHIN, Limits};
use self::problem::{Kind, Problem};
use self::states::{RegisterReader, StateReader};
use crate::audit::Recorder;
use crate::config::{Push, Tokens};
use crate::delivery::Clock;
use crate::metrics::Metrics;
use crate::sign_in::SignIn;
use crate::store::Store;
use crate::tiles::Tiles;

/// How long a request may take until its answer begins. A stream may go on after that.
const REQUEST_WITHIN: Duration = Duration::from_secs(10);

/// How long requests may go on after the shutdown has begun.
const GRACE: Duration = Duration::from_secs(5);

/// Connections that may be open at once: every live stream there may be, and as many as the monitoring centre's for
/// everything else. The service's unit lets it open far more files than that.
const MOST_CONNECTIONS: usize = 2 * live::MOST_STREAMS + me::MOST_STREAMS;

const _: () = assert!(ANSWER_WITHIN.as_secs() < REQUEST_WITHIN.as_secs());

/// What the handlers work with; a clone is the same.
#[derive(Clone)]
pub struct AppState {
    /// What was decided.
    pub store: Store,
    /// The road to the decision pipeline.
    pub commands: Commands,
    /// Where it is written down who looks.
    pub audit: Recorder,
    /// What was said of those who may not.
    pub refusals: Refusals,
    /// Which machines may call.
    pub tokens: Arc<Tokens>,
    /// How people come in, and who did.
    pub sign_in: Arc<SignIn>,
    /// How the parts are; the other end is fed by those who run them, and dropped when they end.
    pub readiness: watch::Receiver<Readiness>,
    /// Figures.
    pub metrics: Arc<Metrics>,
    /// Where newly committed alerts are announced.
    pub live: LiveFeed,
    /// What the stored states mean.
    pub states: Arc<dyn StateReader>,
    /// The orders in the register.
    pub register: Arc<dyn RegisterReader>,
    /// A map with streets, where one is configured.
    pub tiles: Option<Arc<Tiles>>,
    /// How the browsers of victims are woken, where that is configured.
    pub push: Option<Arc<Push>>,
    /// What time it is.
    pub clock: Clock,
}

/// Answers requests until `shutdown` is cancelled: then takes no new ones, ends the live streams, and gives the
/// others five seconds. A connection that fails harms no other.
pub async fn serve(listener: TcpListener, state: AppState, shutdown: CancellationToken) {
    let limits = Limits { most: MOST_CONNECTIONS as u32, head_within: HEAD_WITHIN };
    let serving = listener::serve(listener, router(state, &shutdown), limits, &shutdown);
    let overdue = async {
        shutdown.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        () = serving => {}
        () = overdue => {
            tracing::warn!("requests were still open {GRACE:?} after the shutdown began: they are cut off");
        }
    }
}

/// Every route, with what holds for all of them. The last layer is the outermost.
pub(crate) fn router(state: AppState, shutdown: &CancellationToken) -> Router {
    let (described, openapi) = described().split_for_parts();
    described
        .merge(docs::routes(openapi))
        .merge(page::routes())
        .merge(auth::pages())
        .merge(map::routes())
        .route_layer(middleware::from_fn_with_state(state.clone(), access::enforce))
        .fallback(nothing_here)
        .layer(Extension(shutdown.clone()))
        .layer(DefaultBodyLimit::max(extract::BODY_LIMIT))
        .layer(middleware::from_fn(in_time))
        .layer(CatchPanicLayer::custom(problem::of_panic))
        .layer(header_unless_set(header::CACHE_CONTROL, "no-store"))
        .layer(header_unless_set(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header_unless_set(header::X_FRAME_OPTIONS, "DENY"))
        .layer(header_unless_set(header::REFERRER_POLICY, "no-referrer"))
        .layer(header_unless_set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin"))
        .layer(header_unless_set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin"))
        .layer(header_unless_set(header::CONTENT_SECURITY_POLICY, page::POLICY))
        .layer(middleware::from_fn_with_state(state.clone(), problem::boundary))
        .with_state(state)
}

/// The routes that the OpenAPI description lists.
fn described() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(docs::head())
        .merge(health::routes())
        .merge(auth::routes())
        .merge(orders::routes())
        .merge(history::routes())
        .merge(incidents::routes())
        .merge(followup::routes())
        .merge(duty::routes())
        .merge(live::routes())
        .merge(people::routes())
        .merge(positions::routes())
        .merge(console::routes())
        .merge(rejected::routes())
        .merge(desks::routes())
        .merge(ingest::routes())
        .merge(audit::routes())
        .merge(me::routes())
        .merge(lookup::routes())
        .merge(cases::routes())
        .merge(reconciliation::routes())
}

async fn nothing_here() -> Problem {
    Problem::new(Kind::NOT_FOUND)
}

async fn in_time(request: Request, next: Next) -> Response {
    match timeout(REQUEST_WITHIN, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::new(Kind::TIMEOUT).into_response(),
    }
}

fn header_unless_set(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}
