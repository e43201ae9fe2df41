use std::time::Duration;

use axum::http::{Method, StatusCode};
use futures_util::StreamExt as _;
use serde_json::Value;
use tokio::time::timeout;
use tower::ServiceExt as _;

use super::bench::{Bench, request};
use crate::store::{Batch, StateRow};

fn at(device: &str, lon: f64) -> StateRow {
    let state = format!(r#"{{"fixed_at":"2026-11-21T10:17:30Z","lat":52.0,"lon":{lon}}}"#);
    StateRow { key: device.into(), state: Some(state.into_bytes()) }
}

async fn commit(bench: &Bench, devices: Vec<StateRow>) {
    bench.live.moved(&devices);
    bench.commit(Batch { devices, ..Batch::default() }).await;
}

#[tokio::test]
async fn all_places_come_first_and_then_the_newest_of_each_that_moved() {
    let bench = Bench::new().await;
    commit(&bench, (0..3).map(|n| at(&format!("am-{n}"), 4.0)).collect()).await;
    let response =
        bench.app.clone().oneshot(request(Method::GET, "operator", "/v1/live/positions", "")).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let mut body = response.into_body().into_data_stream();
    let mut text = String::new();
    let mut places = Vec::new();
    while places.len() < 5 {
        // Not before everything that was there was told: then two of one device, of which the newest counts.
        if places.len() == 3 && text.is_empty() {
            commit(&bench, vec![at("am-1", 4.5)]).await;
            commit(&bench, vec![at("am-1", 4.6), at("am-2", 4.7)]).await;
        }
        let more =
            timeout(Duration::from_mins(1), body.next()).await.expect("nothing came").unwrap().unwrap();
        text.push_str(std::str::from_utf8(&more).unwrap());
        while let Some((block, rest)) = text.clone().split_once("\n\n") {
            text = rest.to_owned();
            let Some(data) = block.lines().find_map(|line| line.strip_prefix("data: ")) else { continue };
            assert!(block.contains("event: positions"), "{block}");
            let devices: Vec<Value> = serde_json::from_str(data).unwrap();
            places.extend(devices.iter().map(|device| {
                (device["device"].as_str().unwrap().to_owned(), device["last_fix"]["lon"].as_f64().unwrap())
            }));
        }
    }
    let said: Vec<(&str, f64)> = places.iter().map(|(device, lon)| (device.as_str(), *lon)).collect();
    assert_eq!(said, [("am-0", 4.0), ("am-1", 4.0), ("am-2", 4.0), ("am-1", 4.6), ("am-2", 4.7)]);
    bench.shutdown.cancel();
    while let Some(end) = timeout(Duration::from_mins(1), body.next()).await.expect("the stream did not end")
    {
        end.unwrap();
    }
}

#[tokio::test]
async fn a_desk_is_not_told_where_people_are() {
    let bench = Bench::new().await;
    for who in ["rotterdam", "auditor", "integrator", "victim"] {
        assert_eq!(bench.get(who, "/v1/live/positions").await.status, StatusCode::FORBIDDEN, "{who}");
    }
}
