//! The plain live page at `/`: alerts as they come, and when each device was last heard.
//!
//! Files, none of them made at run time: the policy forbids every script and style
//! that is not one of them.

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use axum::routing::get;

use super::AppState;

/// What a browser may load and do here; also the policy of every answer that sets none.
pub(super) const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                                 img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; \
                                 form-action 'none'";

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/", get(async || file("text/html; charset=utf-8", include_str!("index.html"))))
        .route("/page.css", get(async || file("text/css; charset=utf-8", include_str!("page.css"))))
        .route("/page.js", get(async || file("text/javascript; charset=utf-8", include_str!("page.js"))))
        .route("/stream.js", get(async || file("text/javascript; charset=utf-8", include_str!("stream.js"))))
        .route("/words.js", get(async || file("text/javascript; charset=utf-8", include_str!("words.js"))))
}

fn file(media: &'static str, text: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, HeaderValue::from_static(media))], text)
}
