use axum::http::StatusCode;
use serde_json::{Value, json};

use super::bench::Bench;
use crate::store::{Batch, StateRow};

fn state(key: &str, state: &str) -> StateRow {
    StateRow { key: key.into(), state: Some(state.as_bytes().to_vec()) }
}

/// A fix of two minutes and a half before the time of the tests.
const FIX: &str = r#"{"fixed_at":"2026-11-21T10:17:30Z","lat":52.0907,"lon":5.1214,"source":"wifi"}"#;

#[tokio::test]
async fn a_person_is_shown_with_where_how_sure_how_old_and_how_it_stands() {
    let bench = Bench::new().await;
    bench
        .commit(Batch {
            devices: vec![state("am-0001", FIX), state("am-silent", FIX)],
            watches: vec![state("ord-0001/zone-0001", "\"alarm\""), state("ord-0002/zone-1", "\"clear\"")],
            ..Batch::default()
        })
        .await;
    let person = bench.get("operator", "/v1/people/wearer-0001").await.json();
    let device = &person["devices"][0];
    assert_eq!((&device["device"], &device["role"]), (&json!("am-0001"), &json!("wearer")));
    assert_eq!(device["last_fix"]["lat"], 52.0907);
    // §4: 100 m is assumed for wifi without an accuracy.
    assert_eq!((&device["uncertainty_m"], &device["age_s"]), (&json!(100.0), &json!(150.0)));
    let never = &person["devices"][1];
    assert_eq!((&never["device"], &never["last_fix"]), (&json!("am-never"), &Value::Null));
    // What was raised stays raised, whatever is silent; of what never was it is known or not.
    let watches = person["watches"].as_array().unwrap().iter();
    let stands: Vec<_> = watches
        .map(|watch| (watch["watch"].as_str().unwrap(), watch["standing"].as_str().unwrap()))
        .collect();
    assert_eq!(
        stands,
        [
            ("ord-0001/zone-0001", "alarm"),
            ("ord-0001/zone-0003", "clear"),
            ("ord-0001/zone-0004", "unknown"),
            ("ord-0001/zone-0005", "unknown"),
        ]
    );
    assert_eq!(bench.get("operator", "/v1/people/wearer-0002").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_state_that_cannot_be_read_hides_neither_itself_nor_others() {
    let bench = Bench::new().await;
    bench
        .commit(Batch {
            devices: vec![state("am-0001", "damaged"), state("am-0002", FIX)],
            watches: vec![state("ord-0001/zone-0001", "damaged"), state("ord-0001/zone-0002", "\"clear\"")],
            ..Batch::default()
        })
        .await;
    let person = bench.get("operator", "/v1/people/wearer-0001").await.json();
    assert_eq!(person["unreadable"], json!(["ord-0001/zone-0001"]));
    assert_eq!(person["watches"][0]["watch"], "ord-0001/zone-0002");
    let devices = bench.get("operator", "/v1/devices").await.json();
    assert!(devices["items"][0]["unreadable"].is_string(), "{devices}");
    assert_eq!(devices["items"][1]["age_s"], 150.0);
}

#[tokio::test]
async fn devices_are_read_page_by_page() {
    let bench = Bench::new().await;
    let devices = (1..=3).map(|n| state(&format!("am-000{n}"), FIX)).collect();
    bench.commit(Batch { devices, ..Batch::default() }).await;
    let first = bench.get("supervisor", "/v1/devices?limit=2").await.json();
    let next = first["next"].as_str().unwrap();
    let second = bench.get("supervisor", &format!("/v1/devices?limit=2&cursor={next}")).await.json();
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    assert_eq!(second["items"][0]["device"], "am-0003");
    assert_eq!(second["next"], Value::Null);
}
