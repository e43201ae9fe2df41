use std::time::Duration;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use zones::Invalid;

use super::bench::{Bench, request};
use crate::api::commands::{Command, OrderAccepted, OrderRefused, channel};
use crate::api::router;

fn order(id: &str) -> Value {
    json!({"order": id, "legal_basis": "sv_509hh", "victims": []})
}

/// A pipeline that gives every order the same answer.
async fn answering(answer: Result<OrderAccepted, OrderRefused>) -> Bench {
    Bench::with_commands(move |_, mut commands| async move {
        while let Some(command) = commands.recv().await {
            if let Command::PutOrder { reply, .. } = command {
                let _ = reply.send(answer.clone());
            }
        }
    })
    .await
}

#[tokio::test]
async fn an_order_goes_in_comes_out_and_is_withdrawn() {
    let bench = Bench::new().await;
    let (path, text) = ("/v1/orders/ord-1", order("ord-1").to_string());
    let put = || bench.json(Method::PUT, "integrator", path, text.clone());

    let first = put().await;
    assert_eq!(first.status, StatusCode::CREATED);
    assert_eq!(first.json(), json!({"order": "ord-1", "created": true, "findings": []}));
    assert_eq!(put().await.status, StatusCode::OK);
    assert_eq!(bench.get("auditor", path).await.json(), order("ord-1"));

    let withdraw = || bench.send(request(Method::DELETE, "supervisor", path, ""));
    assert_eq!(withdraw().await.status, StatusCode::NO_CONTENT);
    assert_eq!(withdraw().await.status, StatusCode::NO_CONTENT);
    let gone = bench.get("auditor", path).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    assert!(gone.problem()["detail"].as_str().unwrap().contains("withdrawn at 2026-11-21T10:20:00.000Z"));
    assert_eq!(put().await.status, StatusCode::CREATED);
    let unknown = bench.send(request(Method::DELETE, "supervisor", "/v1/orders/ord-2", "")).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_register_is_read_page_by_page() {
    let bench = Bench::new().await;
    let ids: Vec<String> = (1..=5).map(|n| format!("ord-{n}")).collect();
    for id in &ids {
        bench.json(Method::PUT, "integrator", &format!("/v1/orders/{id}"), order(id).to_string()).await;
    }
    let (mut seen, mut path) = (Vec::new(), "/v1/orders?limit=2".to_owned());
    for page in 1.. {
        let answer = bench.get("operator", &path).await.json();
        for item in answer["items"].as_array().unwrap() {
            assert_eq!(item["document"], order(item["order"].as_str().unwrap()));
            assert_eq!(item["origin"], "api");
            seen.push(item["order"].as_str().unwrap().to_owned());
        }
        let Some(next) = answer["next"].as_str() else {
            assert_eq!(page, 3);
            break;
        };
        path = format!("/v1/orders?limit=2&cursor={next}");
    }
    assert_eq!(seen, ids);
}

#[tokio::test]
async fn an_order_under_another_orders_address_is_refused() {
    let bench = Bench::new().await;
    for (body, part) in [
        (order("ord-2").to_string(), "the address says \"ord-1\""),
        (r#"{"legal_basis":"sv_509hh"}"#.to_owned(), "missing"),
        (r#"{"order":7}"#.to_owned(), "is 7"),
        ("[]".to_owned(), "not an object"),
        ("12".to_owned(), "not an object"),
    ] {
        let answer = bench.json(Method::PUT, "integrator", "/v1/orders/ord-1", body.clone()).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        let problem = answer.problem()["errors"][0]["problem"].as_str().unwrap().to_owned();
        assert!(problem.contains(part), "{body}: {problem}");
    }
    assert_eq!(bench.get("operator", "/v1/orders").await.json()["items"], json!([]));
}

#[tokio::test]
async fn findings_come_with_the_answer_either_way() {
    let finding = json!({"order": "ord-1", "zone": "zone-1", "code": "RADIUS_TOO_SMALL", "severity": "error",
                         "measured_m": 500.0, "required_m": 1000.0, "message": "…"});
    let refusing = answering(Err(OrderRefused::Findings(vec![finding.clone()]))).await;
    let put = async |bench: &Bench| {
        bench.json(Method::PUT, "supervisor", "/v1/orders/ord-1", order("ord-1").to_string()).await
    };
    let refused = put(&refusing).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.problem()["findings"], json!([finding]));

    let advice = json!({"code": "RADIUS_BELOW_ADVICE", "severity": "warning"});
    let accepting = answering(Ok(OrderAccepted { created: true, findings: vec![advice.clone()] })).await;
    assert_eq!(put(&accepting).await.json()["findings"], json!([advice]));
}

#[tokio::test]
async fn what_the_pipeline_finds_wrong_names_the_field() {
    let invalid = Invalid::new("zones.features[0].geometry", "91 is not a latitude");
    let limit = Invalid::new("wearer", "has 201 zones over all orders, at most 200");
    for (refused, kind) in [(OrderRefused::Invalid(invalid), "invalid"), (OrderRefused::Limit(limit), "limit")] {
        let want = match &refused {
            OrderRefused::Invalid(i) | OrderRefused::Limit(i) => i.clone(),
            OrderRefused::Findings(_) => unreachable!("not in this list"),
        };
        let bench = answering(Err(refused)).await;
        let answer = bench.json(Method::PUT, "supervisor", "/v1/orders/ord-1", order("ord-1").to_string()).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        let problem = answer.problem();
        assert_eq!(problem["type"], format!("urn:afstand:problem:{kind}"));
        assert_eq!(problem["errors"], json!([{"field": want.field, "problem": want.problem}]));
    }
}

#[tokio::test]
async fn a_pipeline_that_does_not_answer_is_unavailable_not_a_success() {
    // One that holds on to what it got, and one that has ended.
    let bench = Bench::new().await;
    let put = |commands| {
        let state = crate::api::AppState { commands, ..bench.state.clone() };
        let app = router(state, &bench.shutdown);
        let mut request = request(Method::PUT, "supervisor", "/v1/orders/ord-1", order("ord-1").to_string());
        request.headers_mut().insert("content-type", "application/json".parse().unwrap());
        tower::ServiceExt::oneshot(app, request)
    };
    let (commands, held) = channel();
    let late = put(commands.answering_within(Duration::from_millis(5))).await.unwrap();
    assert_eq!(late.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(late.headers()["retry-after"], "5");
    drop(held);
    let (commands, ended) = channel();
    drop(ended);
    assert_eq!(put(commands).await.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
}
