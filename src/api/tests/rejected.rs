use serde_json::{Value, json};

use super::bench::{Bench, at};
use crate::store::{Batch, RejectedRow};

#[tokio::test]
async fn what_was_set_aside_is_listed_newest_first_with_its_reason() {
    let bench = Bench::new().await;
    let row = |seq, payload: &[u8], size| RejectedRow {
        seq,
        received_at: at("2026-11-21T10:10:00Z"),
        topic: "afstand/v1/wearer/am-0001/fix".to_owned(),
        reason: "lat: not a latitude (−90 to 90)".to_owned(),
        payload: payload.to_vec(),
        size,
    };
    let rejected = vec![row(1, b"{\"lat\":91}", 10), row(2, b"\xff\xfe<b>", 5_000), row(3, b"", 0)];
    bench.commit(Batch { rejected, ..Batch::default() }).await;
    let first = bench.get("auditor", "/v1/rejected?limit=2").await.json();
    assert_eq!((&first["items"][0]["rejected"], &first["items"][1]["rejected"]), (&json!(3), &json!(2)));
    assert_eq!(first["items"][1]["payload"], "\u{fffd}\u{fffd}<b>");
    assert_eq!(first["items"][1]["cut"], true);
    // Whose machine it is does not see the places that other machines sent.
    let blind = bench.get("integrator", "/v1/rejected?limit=2").await.json();
    assert_eq!((&blind["items"][1]["payload"], &blind["items"][1]["size"]), (&json!(""), &json!(5_000)));
    assert_eq!(blind["items"][1]["reason"], first["items"][1]["reason"]);
    let next = first["next"].as_str().unwrap();
    let second = bench.get("auditor", &format!("/v1/rejected?limit=2&cursor={next}")).await.json();
    assert_eq!(second["items"][0]["payload"], r#"{"lat":91}"#);
    assert_eq!((&second["items"][0]["cut"], &second["next"]), (&json!(false), &Value::Null));
}
