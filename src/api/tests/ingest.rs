use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::bench::Bench;

const PATH: &str = "/v1/ingest/traccar";

fn forward(latitude: &Value) -> String {
    json!({
        "position": {"fixTime": "2026-11-21T10:15:30.000+00:00", "latitude": latitude, "longitude": 5.1214,
                     "speed": 2.5, "accuracy": 8.0, "valid": true},
        "device": {"uniqueId": "am-0001"},
    })
    .to_string()
}

#[tokio::test]
async fn a_position_is_taken_in() {
    let bench = Bench::new().await;
    let answer = bench.json(Method::POST, "integrator", PATH, forward(&json!(52.0907))).await;
    assert_eq!((answer.status, answer.text().as_str()), (StatusCode::NO_CONTENT, ""));
}

#[tokio::test]
async fn one_that_cannot_be_used_is_answered_with_its_field_and_set_aside() {
    let bench = Bench::new().await;
    for (body, status, field) in [
        (forward(&json!(91)), 422, "position.latitude"),
        (forward(&json!("52.0907")), 422, "position.latitude"),
        (r#"{"device":{"uniqueId":"am-0001"}}"#.to_owned(), 422, "position"),
        ("not json".to_owned(), 400, ""),
    ] {
        let answer = bench.json(Method::POST, "integrator", PATH, body.clone()).await;
        assert_eq!(answer.status.as_u16(), status, "{body}");
        assert_eq!(answer.problem()["errors"][0]["field"], field, "{body}");
        let newest = bench.get("supervisor", "/v1/rejected?limit=1").await.json();
        assert_eq!(newest["items"][0]["payload"], body);
        let hers = bench.get("integrator", "/v1/rejected?limit=1").await.json();
        assert_eq!(hers["items"][0]["payload"], "", "who feeds positions need not read others'");
    }
}
