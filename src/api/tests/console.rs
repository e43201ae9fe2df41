use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use zones::{DeviceId, Fix, Input, Role};

use super::bench::{Bench, alert, at, incident};
use crate::pipeline::rows;
use crate::store::*;

#[tokio::test]
async fn everybody_is_told_who_they_are_and_nobody_else() {
    let bench = Bench::new().await;
    for who in ["operator", "supervisor", "auditor", "integrator", "victim"] {
        let session = bench.get(who, "/v1/session").await.json();
        assert_eq!(session, json!({"name": who, "role": who}));
    }
    assert_eq!(bench.get("rotterdam", "/v1/session").await.json()["role"], "desk");
    assert_eq!(bench.get("nobody", "/v1/session").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_queue_has_the_figures_of_the_newest_alert() {
    let bench = Bench::new().await;
    let with = |seq, incident: &str, data: Value| AlertRow {
        data: data.to_string(),
        ..alert(seq, incident, "rotterdam")
    };
    let (far, near) =
        (json!({"distance_m": 1900.0, "late": false}), json!({"distance_m": 842.3, "late": true}));
    bench
        .commit(Batch {
            incidents: vec![
                incident("inc-1", "rotterdam", "alarm", "2026-11-21T10:12:00Z"),
                incident("inc-2", "rotterdam", "alarm", "2026-11-21T10:11:00Z"),
            ],
            alerts: vec![with(1, "inc-1", far), with(2, "inc-1", near)],
            ..Batch::default()
        })
        .await;
    let items = bench.get("operator", "/v1/incidents").await.json()["items"].clone();
    assert_eq!(items[0]["latest"]["distance_m"], 842.3);
    assert_eq!((&items[0]["latest"]["late"], &items[0]["latest"]["contact_s"]), (&json!(true), &Value::Null));
    assert_eq!((&items[1]["incident"], &items[1]["latest"]), (&json!("inc-2"), &Value::Null));
}

const ORDERS: &str = include_str!("../../../zones/examples/orders.json");

/// The first of the sample orders.
fn order() -> Value {
    serde_json::from_str::<Vec<Value>>(ORDERS).unwrap().swap_remove(0)
}

#[tokio::test]
async fn an_order_is_judged_while_it_is_drawn_and_nothing_is_registered() {
    let bench = Bench::new().await;
    let mut order = order();
    order["zones"]["features"][0]["properties"]["radius_m"] = 800.into();
    let advice = bench.json(Method::POST, "operator", "/v1/guidance", order.to_string()).await.json();
    let codes: Vec<&str> =
        advice["findings"].as_array().unwrap().iter().map(|f| f["code"].as_str().unwrap()).collect();
    assert!(codes.contains(&"RADIUS_TOO_SMALL"), "{codes:?}");
    assert_eq!(bench.get("operator", "/v1/orders").await.json()["items"], json!([]));
    order["wearer"] = 7.into();
    let wrong = bench.json(Method::POST, "operator", "/v1/guidance", order.to_string()).await;
    assert_eq!(wrong.problem()["errors"][0]["field"], "wearer");
}

fn fix(seq: i64, role: Role, device: &str, fixed_at: &str, lon: f64) -> InputRow {
    let text = format!(r#"{{"fixed_at":"{fixed_at}","lat":52.0,"lon":{lon}}}"#);
    let fix: Fix = serde_json::from_str(&text).unwrap();
    let device = DeviceId::new(device).unwrap();
    rows::input(seq, fix.fixed_at, &Input::Fix { role, device: device.as_str(), fix })
}

#[tokio::test]
async fn the_track_has_both_parties_from_before_the_incident_to_its_end_and_nobody_else() {
    let bench = Bench::new().await;
    let order = order();
    let (wearer, victim) = (order["wearer"].clone(), order["victims"][0].clone());
    let name = |value: &Value| value.as_str().unwrap().to_owned();
    let row = IncidentRow {
        order: name(&order["order"]),
        wearer: name(&wearer["person"]),
        victim: Some(name(&victim["person"])),
        cleared_at: Some(at("2026-11-21T10:10:00Z")),
        ..incident("inc-1", "rotterdam", "clear", "2026-11-21T10:10:00Z")
    };
    let his = name(&wearer["device"]);
    let inputs = vec![
        fix(1, Role::Wearer, &his, "2026-11-21T09:54:59Z", 4.0),
        fix(2, Role::Wearer, &his, "2026-11-21T09:56:00Z", 4.1),
        fix(3, Role::Victim, &name(&victim["device"]), "2026-11-21T09:57:00Z", 4.2),
        fix(4, Role::Wearer, "am-other", "2026-11-21T09:58:00Z", 4.3),
        fix(5, Role::Wearer, &his, "2026-11-21T10:14:00Z", 4.4),
        fix(6, Role::Wearer, &his, "2026-11-21T10:16:00Z", 4.5),
    ];
    let orders = vec![OrderRow {
        order: zones::OrderId::new(&row.order).unwrap(),
        seq: 1,
        document: Some(order.to_string()),
        at: at("2026-11-21T09:00:00Z"),
        origin: Origin::Api,
        by: None,
    }];
    bench.commit(Batch { incidents: vec![row], inputs, orders, ..Batch::default() }).await;
    let track = bench.get("operator", "/v1/incidents/inc-1/track").await.json();
    let lons = |n: usize| -> Vec<f64> {
        let fixes = track["devices"][n]["fixes"].as_array().unwrap();
        fixes.iter().map(|fix| fix["lon"].as_f64().unwrap()).collect()
    };
    assert_eq!(track["devices"].as_array().unwrap().len(), 2, "{track}");
    assert_eq!((lons(0), lons(1)), (vec![4.1, 4.4], vec![4.2]));
    assert_eq!(
        (&track["from"], &track["to"]),
        (&json!("2026-11-21T09:55:00.000Z"), &json!("2026-11-21T10:15:00.000Z"))
    );
    assert_eq!(bench.get("operator", "/v1/incidents/none/track").await.status, StatusCode::NOT_FOUND);
    let why = bench.get("auditor", "/v1/incidents/inc-1/explain").await.json();
    assert_eq!(why["incident"], "inc-1");
    assert!(!why.to_string().contains("4.1"), "an explanation has no positions: {why}");
    assert_eq!(bench.get("operator", "/v1/incidents/none/explain").await.status, StatusCode::NOT_FOUND);
}
