//! The dashboard: the operator's console at `/`, the victim's companion at `/victim`. Files that were built into the
//! binary, none of them made at run time. The policy forbids every script and style that is not one of them.

use axum::Router;
use axum::extract::Path;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::AppState;
use super::problem::{Kind, Problem};

/// What a browser may load and do here; also the policy of every answer that sets none.
pub(super) const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
                                 img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; \
                                 worker-src 'self'; manifest-src 'self'; base-uri 'none'; \
                                 frame-ancestors 'none'; form-action 'self'";

/// Names of files in here have a hash of their content: what was fetched once never changes.
const ASSETS: &str = "assets";
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// A file of the dashboard.
#[derive(Debug)]
pub(super) struct File {
    /// Its path below `/`.
    pub(super) path: &'static str,
    pub(super) media: &'static str,
    plain: &'static [u8],
    br: Option<&'static [u8]>,
    gz: Option<&'static [u8]>,
}

/// Made by `build.rs`.
pub(super) static FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/dashboard.rs"));

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/", get(async |headers: HeaderMap| send("index.html", &headers)))
        .route("/victim", get(async |headers: HeaderMap| send(companion(), &headers)))
        .route("/victim/{*path}", get(beside_companion))
        .route("/assets/{*path}", get(asset))
}

/// The companion's page; the one notice there is, where the dashboard was not built in.
fn companion() -> &'static str {
    FILES.iter().map(|file| file.path).find(|path| *path == "victim.html").unwrap_or("index.html")
}

/// What makes the companion installable: its manifest, icons and service worker, which is for the companion alone.
async fn beside_companion(Path(path): Path<String>, headers: HeaderMap) -> Response {
    let mut response = send(&format!("victim/{path}"), &headers);
    if path == "worker.js" {
        response.headers_mut().insert("service-worker-allowed", HeaderValue::from_static("/victim"));
    }
    response
}

async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Response {
    let mut response = send(&format!("{ASSETS}/{path}"), &headers);
    if response.status().is_success() {
        response.headers_mut().insert(header::CACHE_CONTROL, FOR_EVER);
    }
    response
}

fn send(path: &str, asked: &HeaderMap) -> Response {
    let Some(file) = FILES.iter().find(|file| file.path == path) else {
        return Problem::new(Kind::NOT_FOUND).into_response();
    };
    let (body, encoding) = match (file.br, file.gz) {
        (Some(bytes), _) if accepts(asked, "br") => (bytes, Some("br")),
        (_, Some(bytes)) if accepts(asked, "gzip") => (bytes, Some("gzip")),
        _ => (file.plain, None),
    };
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.media));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

/// Whether the client takes an encoding: named, and not with a weight of nothing.
fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    let named = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    named.flat_map(|value| value.split(',')).any(|part| {
        let (name, weight) = part.split_once(';').unwrap_or((part, ""));
        let weight: String = weight.split_whitespace().collect();
        let none = weight.strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0_f32));
        name.trim().eq_ignore_ascii_case(encoding) && !none
    })
}
