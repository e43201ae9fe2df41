use axum::Router;
use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use axum::routing::get;
use serde_json::json;
use tower::ServiceExt as _;

use super::bench::{Bench, request};
use crate::api::extract::BODY_LIMIT;
use crate::api::problem::{MEDIA_TYPE, of_panic};

#[tokio::test]
async fn every_error_is_a_problem_document() {
    let bench = Bench::new().await;
    for (method, who, path, status) in [
        (Method::GET, "nobody", "/nowhere", 404),
        (Method::GET, "nobody", "/v1", 404),
        (Method::GET, "operator", "/v1/orders/ord-9", 404),
        (Method::GET, "operator", "/v1/orders/%FF", 400),
        (Method::GET, "operator", "/v1/orders/a.b", 400),
        (Method::GET, "operator", "/v1/people/nobody", 404),
        (Method::GET, "nobody", "/docs/nothing.js", 404),
        (Method::POST, "operator", "/v1/orders", 405),
        (Method::PATCH, "nobody", "/healthz", 405),
        (Method::PUT, "integrator", "/v1/orders/ord-1", 415),
        (Method::GET, "operator", "/v1/orders?limit=0", 400),
        (Method::GET, "operator", "/v1/orders?cursor=x", 400),
        (Method::GET, "operator", "/v1/orders?curser=x", 400),
        (Method::GET, "operator", "/v1/incidents?level=red", 400),
    ] {
        let answer = bench.send(request(method.clone(), who, path, "")).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path}");
        answer.problem();
    }
}

#[tokio::test]
async fn a_method_that_is_not_offered_is_told_which_are() {
    let bench = Bench::new().await;
    let answer = bench.send(request(Method::POST, "integrator", "/v1/orders/ord-1", "")).await;
    let mut offered: Vec<&str> = answer.header(header::ALLOW).split(',').map(str::trim).collect();
    offered.retain(|method| *method != "HEAD");
    offered.sort_unstable();
    assert_eq!(offered, ["DELETE", "GET", "PUT"]);
}

#[tokio::test]
async fn text_that_is_no_json_is_told_where_it_breaks() {
    let bench = Bench::new().await;
    let answer = bench.json(Method::PUT, "integrator", "/v1/orders/ord-1", "{\n \"order\": nonsense}").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let problem = answer.problem();
    assert_eq!(problem["type"], "urn:afstand:problem:not-json");
    assert_eq!((&problem["errors"][0]["line"], &problem["errors"][0]["column"]), (&json!(2), &json!(12)));
    for body in [&b"\"\xff\""[..], b"", b"{\"order\":1} x"] {
        let answer = bench.json(Method::PUT, "integrator", "/v1/orders/ord-1", body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body:?}");
        answer.problem();
    }
}

#[tokio::test]
async fn a_misspelt_kind_is_answered_with_the_kinds_there_are() {
    let bench = Bench::new().await;
    let answer = bench.get("operator", "/v1/incidents?kind=exclusion_zones").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let error = &answer.problem()["errors"][0];
    assert_eq!(error["field"], "kind");
    let words = error["problem"].as_str().unwrap();
    assert!(words.contains("\"exclusion_zones\"") && words.contains("victim_proximity"), "{words}");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_by_its_size() {
    let bench = Bench::new().await;
    let pad = " ".repeat(BODY_LIMIT);
    let answer = bench.json(Method::PUT, "integrator", "/v1/orders/ord-1", format!("{{{pad}}}")).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answer.problem()["detail"], "at most 1048576 bytes");
    // One that does not say how long it is, neither.
    let chunks = futures_util::stream::iter((0..2).map(move |_| Ok::<_, std::io::Error>(pad.clone())));
    let body = Body::from_stream(chunks);
    let answer = bench.json(Method::POST, "integrator", "/v1/ingest/traccar", body).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_panic_is_our_fault_and_tells_nothing() {
    async fn breaks() -> &'static str {
        panic!("the secret is 42")
    }
    let app: Router = Router::new()
        .route("/", get(breaks))
        .layer(tower_http::catch_panic::CatchPanicLayer::custom(of_panic));
    let answer = app.oneshot(request(Method::GET, "nobody", "/", "")).await.unwrap();
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(answer.headers()[header::CONTENT_TYPE], MEDIA_TYPE);
    let body = axum::body::to_bytes(answer.into_body(), 10_000).await.unwrap();
    assert!(!String::from_utf8_lossy(&body).contains("42"));
}

#[tokio::test]
async fn every_answer_has_the_strict_headers() {
    let bench = Bench::new().await;
    for path in ["/", "/nowhere", "/v1/orders", "/healthz", "/docs/"] {
        let answer = bench.get("nobody", path).await;
        assert!(answer.header(header::CONTENT_SECURITY_POLICY).starts_with("default-src 'none'"), "{path}");
        assert_eq!(answer.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff", "{path}");
        assert_eq!(answer.header(header::CACHE_CONTROL), "no-store", "{path}");
        assert_eq!(answer.header(header::REFERRER_POLICY), "no-referrer", "{path}");
    }
}

#[tokio::test]
async fn answers_are_counted_by_pattern_not_by_person() {
    let bench = Bench::new().await;
    bench.get("operator", "/v1/people/wearer-0001").await;
    bench.get("operator", "/v1/people/nobody").await;
    let text = bench.metrics.encode().unwrap();
    let line = r#"afstand_http_requests_total{method="GET",route="/v1/people/{person}",status="404"} 1"#;
    assert!(text.contains(line), "{text}");
    assert!(!text.contains("wearer-0001"));
}
