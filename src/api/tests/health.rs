use axum::http::StatusCode;
use serde_json::json;

use super::bench::Bench;
use crate::api::Readiness;

#[tokio::test]
async fn ready_means_heard_decided_and_stored() {
    let mut bench = Bench::new().await;
    assert_eq!(bench.get("nobody", "/readyz").await.json(), json!({"status": "ready"}));
    let ready = Readiness { broker_connected: true, caught_up: true, store_ok: true, ..Readiness::default() };
    let trouble = "wrong password".to_owned();
    let refused = Readiness { broker_connected: false, broker_trouble: trouble, ..ready.clone() };
    for (state, part, words) in [
        (Readiness { broker_connected: false, ..ready.clone() }, "broker", "not connected: devices"),
        (refused, "broker", "not connected (wrong password): devices"),
        (Readiness { caught_up: false, backlog_messages: 812, ..ready.clone() }, "backlog", "812 messages"),
        (Readiness { store_ok: false, ..ready.clone() }, "store", "commit failed"),
    ] {
        bench.readiness.as_ref().unwrap().send_replace(state);
        let answer = bench.get("nobody", "/readyz").await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        let errors = answer.problem()["errors"].clone();
        assert_eq!((errors.as_array().unwrap().len(), &errors[0]["field"]), (1, &json!(part)));
        assert!(errors[0]["problem"].as_str().unwrap().contains(words), "{errors}");
        assert_eq!(bench.get("nobody", "/healthz").await.status, StatusCode::OK);
    }
    // What an ended pipeline said last is not believed.
    bench.readiness.as_ref().unwrap().send_replace(ready);
    bench.readiness = None;
    assert_eq!(bench.get("nobody", "/readyz").await.problem()["errors"][0]["field"], "pipeline");
}

#[tokio::test]
async fn figures_are_in_the_form_prometheus_asks_for() {
    let bench = Bench::new().await;
    bench.metrics.broker_connected.set(1);
    let answer = bench.get("nobody", "/metrics").await;
    assert!(answer.header("content-type").starts_with("application/openmetrics-text; version=1.0.0"));
    assert!(answer.text().contains("\nafstand_broker_connected 1\n"), "{}", answer.text());
    assert!(answer.text().ends_with("# EOF\n"));
}
