//! The description of the interface: `GET /openapi.json`, and `/docs` to read it in a browser.

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::routing::get;
use axum::{Json, middleware, response::Response};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Components, InfoBuilder, OpenApi, OpenApiBuilder};
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::AppState;

/// The vendored reader sets style attributes as text, which nothing stricter lets it; its script is a file.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                      connect-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; \
                      form-action 'none'";

/// What the generated description begins with.
pub(super) fn head() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Afstand")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Watches the distance between a person with an ankle monitor and the people and places a court \
             told them to stay away from. Lengths are metres, speeds metres per second, times RFC 3339 in UTC. \
             Every error is an `application/problem+json` document. Programs come with a token; people with the cookie \
             of their session, and then every request that changes something needs the header `X-CSRF-Token` with \
             what `GET /v1/session` gives.",
        ))
        .build();
    let mut components = Components::new();
    let token = Http::builder().scheme(HttpAuthScheme::Bearer).build();
    components.add_security_scheme("token", SecurityScheme::Http(token));
    OpenApiBuilder::new().info(info).components(Some(components)).build()
}

/// The description and its reader.
pub(super) fn routes(openapi: OpenApi) -> Router<AppState> {
    let openapi = Arc::new(openapi);
    let json = get(move || async move { Json(openapi) });
    let reader: Router<AppState> =
        SwaggerUi::new("/docs").config(Config::from("/openapi.json").validator_url("none")).into();
    Router::new().route("/openapi.json", json).merge(reader.layer(middleware::map_response(policy)))
}

async fn policy(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}
