//! A case as one picture, its summary, and what does not fit together.

use std::sync::Arc;

use axum::http::StatusCode;
use serde_json::{Value, json};
use zones::OrderId;
use zones::order::Order;

use super::bench::{Bench, NOW, alert, at, incident};
use crate::store::*;

fn document(id: &str, from: &str, until: &str) -> Value {
    json!({
        "order": id, "legal_basis": "special_condition", "risk": "high",
        "valid_from": from, "valid_until": until,
        "wearer": {"person": "wearer-0001", "device": "am-0001"},
        "victims": [{"person": "victim-0001", "device": "vd-0001",
            "proximity": {"alarm_m": 1000, "warning_m": 1500, "warning_s": 0},
            "second_channel": {"sms": "+31612345678"}, "aware_code_sha256": "0".repeat(64), "language": "en",
            "quiet_hours": {"timezone": "Europe/Amsterdam", "weekly": [{"days": ["sat"], "from": "11:00", "to": "12:00"}]}}],
        "zones": {"type": "FeatureCollection", "features": []}, "desk": "rotterdam", "tell_desk": false,
        "call_order": ["victim", "police"],
        "contacts": {"victim_contact": {"name": "Carla", "phone": "+31881110002"}},
    })
}

/// An alert of that day in November, with what the pattern reads.
fn told(seq: i64, at_time: &str, level: &'static str, distance_m: f64) -> AlertRow {
    let data =
        json!({"certainty": "certain", "late": false, "distance_m": distance_m, "uncertainty_m": 12.0});
    let raised_at = at(&format!("2026-11-{at_time}:00Z"));
    AlertRow {
        raised_at,
        level: level.into(),
        kind: "victim_proximity".into(),
        data: data.to_string(),
        ..alert(seq, "inc-1", "rotterdam")
    }
}

async fn bench() -> Bench {
    let bench = Bench::new().await;
    let documents = [
        document("ord-0001", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"),
        document("ord-0002", "2026-11-30T00:00:00Z", "2027-12-01T00:00:00Z"),
    ];
    let mut orders = Vec::new();
    for (seq, document) in (1..).zip(&documents) {
        bench.register.note(&Arc::new(Order::accepted(&document.to_string()).unwrap()));
        let order = OrderId::new(document["order"].as_str().unwrap()).unwrap();
        let document = Some(document.to_string());
        orders.push(OrderRow { order, seq, document, at: at(NOW), origin: Origin::Api, by: None });
    }
    let fix = |time: &str| Some(json!({"fixed_at": time, "lat": 52.0, "lon": 5.0}).to_string().into_bytes());
    let unknown = |seq, topic: &str| RejectedRow {
        seq,
        received_at: at(NOW),
        topic: topic.to_owned(),
        reason: "unknown device: no registered order names it".to_owned(),
        payload: Vec::new(),
        size: 0,
    };
    let closed = IncidentRow { closed_at: Some(at(NOW)), ..incident("inc-2", "rotterdam", "alarm", NOW) };
    bench
        .commit(Batch {
            orders,
            devices: vec![
                StateRow { key: "am-0001".into(), state: fix("2026-11-21T10:19:00Z") },
                StateRow { key: "vd-0001".into(), state: fix("2026-10-31T23:00:00Z") },
            ],
            incidents: vec![incident("inc-1", "rotterdam", "alarm", NOW), closed],
            alerts: vec![
                told(1, "12T08:00", "warning", 1_400.0),
                told(2, "12T08:30", "clear", 2_000.0),
                told(3, "18T20:00", "alarm", 812.0),
            ],
            rejected: vec![
                unknown(1, "afstand/v1/wearer/am-x/fix"),
                unknown(2, "afstand/v1/wearer/am-y/fix"),
                unknown(3, "afstand/v1/wearer/am-y/fix"),
                // It sent before its order was registered.
                unknown(5, "afstand/v1/wearer/am-0001/fix"),
                RejectedRow {
                    reason: "lat: missing".to_owned(),
                    ..unknown(4, "afstand/v1/wearer/am-0001/fix")
                },
            ],
            ..Batch::default()
        })
        .await;
    bench
}

#[tokio::test]
async fn a_case_is_one_picture() {
    let bench = bench().await;
    let case = bench.get("operator", "/v1/cases/ord-0001").await.json();
    let of = |keys: &[&str]| keys.iter().map(|key| case[*key].clone()).collect::<Vec<_>>();
    assert_eq!(
        of(&["order", "in_force", "risk", "desk", "tell_desk"]),
        [json!("ord-0001"), json!(true), json!("high"), json!("rotterdam"), json!(false)]
    );
    assert_eq!(case["call_order"], json!(["victim", "police"]));
    assert_eq!(case["contacts"]["victim_contact"]["name"], "Carla");
    assert_eq!(case["successors"], json!(["ord-0002"]));
    // Her device was last heard before the order began.
    assert_eq!(case["live"], false);
    let waiting =
        json!([{"role": "victim", "device": "vd-0001", "last_fixed_at": "2026-10-31T23:00:00.000Z"}]);
    assert_eq!(case["waiting_for"], waiting);
    assert_eq!(case["wearer"]["device"]["device"], "am-0001");
    let victim = &case["victims"][0];
    assert_eq!((&victim["person"], &victim["second_channel"]), (&json!("victim-0001"), &json!("sms")));
    assert_eq!((&victim["has_aware_code"], &victim["language"]), (&json!(true), &json!("en")));
    assert_eq!(victim["quiet_now"], true, "Saturday 11:20");
    assert!(!case.to_string().contains("31612345678"), "her number is nobody's here");
    let open: Vec<_> = case["incidents"].as_array().unwrap().iter().map(|one| &one["incident"]).collect();
    assert_eq!(open, ["inc-1"]);
    let incident = bench.get("operator", "/v1/incidents/inc-1").await.json();
    assert_eq!(incident["call_order"]["order"], json!(["victim", "police"]));
    assert_eq!(incident["call_order"]["text_nl"], "Bel eerst het slachtoffer, dan de politie.");
    assert_eq!(incident["call_order"]["text_en"], "Phone the victim first, then the police.");
    assert_eq!(bench.get("operator", "/v1/cases/ord-9").await.status, StatusCode::NOT_FOUND);
    assert_eq!(bench.get("operator", "/v1/cases/not%20an%20id").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_summary_counts_weeks_and_can_be_printed() {
    let bench = bench().await;
    let summary = bench.get("auditor", "/v1/cases/ord-0001/summary").await.json();
    let weeks = summary["weeks"].as_array().unwrap();
    let mondays: Vec<_> = weeks.iter().map(|week| week["monday"].as_str().unwrap()).collect();
    assert_eq!(mondays, ["2026-10-26", "2026-11-02", "2026-11-09", "2026-11-16"]);
    assert_eq!((&weeks[2]["warnings"], &weeks[2]["stopped_short"]), (&json!(1), &json!(1)));
    assert_eq!(weeks[2]["hours"][9], 1, "09:00 on the wall");
    assert_eq!((&weeks[3]["alarms"], &weeks[3]["nearest"]["distance_m"]), (&json!(1), &json!(812.0)));
    assert_eq!(weeks[3]["follow_up"]["alarms"], 2);
    assert_eq!(summary["whole"], true);
    let two = bench.get("auditor", "/v1/cases/ord-0001/summary?weeks=2").await.json();
    assert_eq!(two["weeks"].as_array().unwrap()[..], weeks[2..]);
    // Its successor goes on from there: the wearer and the victim are the same.
    let next = bench.get("auditor", "/v1/cases/ord-0002/summary").await.json();
    assert_eq!((&next["with_orders"], &summary["with_orders"]), (&json!(["ord-0001"]), &json!([])));
    assert_eq!(next["weeks"], summary["weeks"]);
    let printed = bench.get("auditor", "/v1/cases/ord-0002/summary.html").await.text();
    assert!(printed.contains("Zaakoverzicht ord-0002") && printed.contains("raised under</i>: ord-0001"));
    for bad in ["weeks=0", "weeks=53", "weeks=many", "week=4"] {
        let refused = bench.get("auditor", &format!("/v1/cases/ord-0001/summary?{bad}")).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{bad}");
        refused.problem();
    }
    let page = bench.get("supervisor", "/v1/cases/ord-0001/summary.html?weeks=2").await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let policy = page.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"),
        "{policy}"
    );
    let text = page.text();
    assert!(text.contains("Zaakoverzicht ord-0001") && text.contains("812 m ± 12 m"), "{text}");
    assert!(!text.contains("<script") && !text.contains("http"), "{text}");
    assert!(text.find("Waarschuwingen").unwrap() < text.find("warnings").unwrap(), "Dutch first");
}

#[tokio::test]
async fn what_does_not_fit_together_is_listed() {
    let bench = bench().await;
    let found = bench.get("integrator", "/v1/reconciliation").await.json();
    assert_eq!((&found["in_force"], &found["live"]), (&json!(1), &json!(0)), "the other has not begun");
    assert_eq!(found["orders_without_live_devices"][0]["order"], "ord-0001");
    assert_eq!(found["orders_without_live_devices"][0]["waiting_for"][0]["device"], "vd-0001");
    let unordered = |topic: &str, messages| json!({"topic": format!("afstand/v1/wearer/{topic}/fix"), "messages": messages, "last_at": "2026-11-21T10:20:00.000Z"});
    assert_eq!(found["devices_without_orders"], json!([unordered("am-y", 2), unordered("am-x", 1)]));
    assert_eq!(found["unknown"], 2);
}
