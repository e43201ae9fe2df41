use std::collections::BTreeSet;
use std::sync::Arc;

use axum::http::StatusCode;
use serde_json::{Value, json};
use zones::order::Order;
use zones::{Fix, Position, Role, Timestamp, geodesy};

use super::bench::{Bench, at, incident};
use crate::pipeline::rows;
use crate::store::*;

/// The middle of all that happens here.
fn home() -> Position {
    Position::new(51.9225, 4.4792).unwrap()
}

/// So many metres from there.
fn away(bearing_deg: f64, metres: f64) -> Position {
    geodesy::offset(home(), bearing_deg, metres)
}

fn query(place: Position) -> String {
    format!("lat={}&lon={}", place.lat_deg(), place.lon_deg())
}

fn circle(zone: &str, kind: &str, center: Position, radius_m: f64) -> Value {
    json!({"type": "Feature", "geometry": {"type": "Point", "coordinates": [center.lon_deg(), center.lat_deg()]},
        "properties": {"zone": zone, "kind": kind, "radius_m": radius_m, "buffer_m": 500.0}})
}

fn document(n: usize, desk: &str, zones: &[Value]) -> Value {
    json!({
        "order": format!("ord-{n:04}"), "legal_basis": "sv_509hh",
        "valid_from": "2026-11-01T00:00:00Z", "valid_until": "2027-11-01T00:00:00Z",
        "wearer": {"person": format!("wearer-{n}"), "device": format!("am-{n}")},
        "victims": [{"person": format!("victim-{n}"), "device": format!("vd-{n}"),
            "proximity": {"alarm_m": 1000, "warning_m": 1500, "warning_s": 0}}],
        "zones": {"type": "FeatureCollection", "features": zones}, "desk": desk,
        "contacts": {"supervising_officer": {"name": "Otto", "phone": "1"}},
    })
}

fn enter(bench: &Bench, document: &Value) {
    bench.register.note(&Arc::new(Order::accepted(&document.to_string()).unwrap()));
}

fn words(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect()
}

#[tokio::test]
async fn who_may_not_be_here_follows_shape_schedule_and_validity() {
    let bench = Bench::new().await;
    let mut nightly = circle("night", "exclusion", home(), 5_000.0);
    nightly["properties"]["schedule"] = json!({"timezone": "Europe/Amsterdam",
        "weekly": [{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "22:00", "to": "06:00"}]});
    enter(&bench, &document(1, "rotterdam", &[circle("always", "exclusion", home(), 5_000.0)]));
    enter(&bench, &document(2, "rotterdam", &[nightly]));
    enter(&bench, &document(3, "utrecht", &[circle("house", "inclusion", away(90.0, 100.0), 200.0)]));
    let mut ended = document(4, "rotterdam", &[circle("past", "exclusion", home(), 5_000.0)]);
    ended["valid_until"] = json!("2026-11-20T00:00:00Z");
    enter(&bench, &ended);

    let here = |place: Position, more: &str| format!("/v1/lookup/place?{}{more}", query(place));
    let noon = bench.get("operator", &here(home(), "")).await.json();
    assert_eq!(words(&noon["may_not_be_here"]), ["wearer-1"]);
    assert_eq!(words(&noon["must_be_here"]), ["wearer-3"]);
    let zones = noon["zones"].as_array().unwrap();
    assert_eq!(
        zones.iter().map(|zone| zone["zone"].as_str().unwrap()).collect::<Vec<_>>(),
        ["always", "night", "house"]
    );
    // At the middle of a circle the edge is a radius away; 22:00 in Amsterdam is 21:00 UTC in November.
    assert!((zones[0]["edge_m"].as_f64().unwrap() + 5_000.0).abs() < 0.01, "{noon}");
    assert_eq!(
        (&zones[1]["applies"], &zones[1]["changes_at"]),
        (&json!(false), &json!("2026-11-21T21:00:00.000Z"))
    );
    assert_eq!(zones[0]["arrest_on_sight"], true);

    let night = bench.get("operator", &here(home(), "&at=2026-11-21T23:00:00Z")).await.json();
    assert_eq!(words(&night["may_not_be_here"]), ["wearer-1", "wearer-2"]);
    let before = bench.get("operator", &here(home(), "&at=2026-11-10T12:00:00Z")).await.json();
    assert_eq!(words(&before["may_not_be_here"]), ["wearer-1", "wearer-4"]);

    let ring = bench.get("operator", &here(away(0.0, 5_300.0), "")).await.json();
    assert_eq!((words(&ring["may_not_be_here"]), ring["zones"].as_array().unwrap().len()), (vec![], 2));
    assert!(
        (ring["zones"][0]["edge_m"].as_f64().unwrap() - 300.0).abs() < 0.01
            && ring["zones"][0]["covers"] == false
    );
    let outside = bench.get("operator", &here(away(0.0, 5_501.0), "")).await.json();
    assert_eq!(outside["zones"], json!([]));
    // A desk sees its own orders.
    let desk = bench.get("utrecht", &here(home(), "")).await.json();
    assert_eq!((words(&desk["may_not_be_here"]), words(&desk["must_be_here"])), (vec![], vec!["wearer-3"]));
}

/// Nobody is missed and nobody is made up, however many orders there are.
#[tokio::test]
async fn a_place_among_many_circles() {
    let bench = Bench::new().await;
    let mut centers = Vec::new();
    for n in 0..60 {
        let (bearing, metres, radius) =
            ((n * 37 % 360) as f64, (n * 997 % 9_000) as f64, (500 + n * 211 % 4_000) as f64);
        let center = away(bearing, metres);
        enter(&bench, &document(n, "rotterdam", &[circle("z", "exclusion", center, radius)]));
        centers.push((n, center, radius));
    }
    for n in 0..40 {
        let place = away(f64::from(n * 53 % 360), f64::from(n * 311 % 9_000));
        let found = bench.get("operator", &format!("/v1/lookup/place?{}", query(place))).await.json();
        let want: BTreeSet<String> = centers
            .iter()
            .filter(|(_, center, radius)| geodesy::distance_m(*center, place) <= *radius)
            .map(|(n, ..)| format!("wearer-{n}"))
            .collect();
        let got: BTreeSet<String> = words(&found["may_not_be_here"]).into_iter().map(str::to_owned).collect();
        assert_eq!(got, want);
    }
}

#[tokio::test]
async fn what_holds_for_a_person_and_what_protects_a_victim() {
    let bench = Bench::new().await;
    enter(&bench, &document(1, "rotterdam", &[circle("home", "exclusion", home(), 5_000.0)]));
    let open = IncidentRow {
        order: "ord-0001".to_owned(),
        ..incident("inc-1", "rotterdam", "alarm", "2026-11-21T10:10:00Z")
    };
    let closed = IncidentRow {
        incident: "inc-2".to_owned(),
        closed_at: Some(at("2026-11-21T10:11:00Z")),
        ..open.clone()
    };
    bench.commit(Batch { incidents: vec![open, closed], ..Batch::default() }).await;

    let him = bench.get("operator", "/v1/lookup/person/wearer-1").await.json();
    let order = &him["orders"][0];
    assert_eq!(
        (&order["order"], &order["role"], &order["state"]),
        (&json!("ord-0001"), &json!("wearer"), &json!("in_force"))
    );
    assert_eq!(
        order["open_incidents"],
        json!([{"incident": "inc-1", "kind": "exclusion_zone", "level": "alarm"}])
    );
    assert_eq!((&order["zones"][0]["zone"], &order["zones"][0]["applies"]), (&json!("home"), &json!(true)));
    assert_eq!(order["victims"][0]["proximity"]["alarm_m"], 1000.0);
    assert_eq!(order["contacts"]["supervising_officer"]["name"], "Otto");
    let her = bench.get("rotterdam", "/v1/lookup/victim/victim-1").await.json();
    assert_eq!(
        (&her["orders"][0]["wearer"], &her["orders"][0]["role"]),
        (&json!("wearer-1"), &json!("victim"))
    );
    assert_eq!(her["protection"], json!([{"device": "vd-1", "told": null}]));
    for (who, path) in [
        ("operator", "/v1/lookup/person/nobody"),
        ("operator", "/v1/lookup/victim/wearer-1"),
        ("utrecht", "/v1/lookup/person/wearer-1"),
        ("utrecht", "/v1/lookup/victim/victim-1"),
    ] {
        assert_eq!(bench.get(who, path).await.status, StatusCode::NOT_FOUND, "{who} {path}");
    }
    // It says what holds, not where anybody is.
    for text in [him.to_string(), her.to_string()] {
        assert!(
            !text.contains("\"lat\"") && !text.contains("coordinates") && !text.contains("residence"),
            "{text}"
        );
    }
}

const THEN: &str = "2026-11-21T08:00:00Z";

fn seconds(from: &str, seconds: i64) -> Timestamp {
    Timestamp::from_millis(at(from).as_millis() + seconds * 1_000)
}

/// A report of a device, so many seconds after then, that took so long to come.
fn report(seq: i64, device: &str, after_s: i64, place: Position, late_s: i64) -> InputRow {
    let fixed_at = seconds(THEN, after_s);
    let fix = Fix { accuracy_m: Some(10.0), ..Fix::new(fixed_at, place) };
    InputRow {
        seq,
        kind: InputKind::Fix,
        role: Some(if device.starts_with("am") { Role::Wearer } else { Role::Victim }),
        device: device.into(),
        fixed_at: Some(fixed_at),
        received_at: seconds(THEN, after_s + late_s),
        body: rows::fix(&fix),
        decisions: Vec::new(),
    }
}

async fn near(bench: &Bench, more: &str) -> Value {
    let path = format!("/v1/lookup/near?{}&radius_m=200&at={THEN}&reason=zaak%2012{more}", query(home()));
    let answer = bench.get("supervisor", &path).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()
}

#[tokio::test]
async fn who_was_near_is_found_by_report_by_way_and_when_it_came_late() {
    let bench = Bench::new().await;
    enter(&bench, &document(1, "rotterdam", &[]));
    let damaged = InputRow { body: vec![255; 3], ..report(90, "am-damaged", 0, home(), 1) };
    let inputs = vec![
        report(1, "am-1", -60, away(0.0, 150.0), 1),
        report(2, "am-1", -10, away(0.0, 100.0), 1),
        report(3, "vd-edge", 20, away(90.0, 205.0), 1),
        report(4, "am-outside", 0, away(90.0, 250.0), 1),
        // Through the middle, a minute between two reports far outside; and the same with three minutes between.
        report(5, "am-passing", -30, away(270.0, 1_000.0), 1),
        report(6, "am-passing", 30, away(90.0, 1_000.0), 1),
        report(7, "am-gap", -90, away(270.0, 1_000.0), 1),
        report(8, "am-gap", 91, away(90.0, 1_000.0), 1),
        // Another time, and this time but told two hours later.
        report(9, "am-before", -400, home(), 1),
        report(10, "am-late", 5, away(0.0, 50.0), 7_200),
        damaged,
    ];
    bench.commit(Batch { inputs, ..Batch::default() }).await;
    let found = near(&bench, "").await;
    let seen: Vec<_> = found["seen"].as_array().unwrap().iter().collect();
    let devices: Vec<_> = seen.iter().map(|seen| seen["device"].as_str().unwrap()).collect();
    assert_eq!(devices, ["am-passing", "am-late", "am-1", "vd-edge"], "{found}");
    assert_eq!((&seen[0]["how"], &seen[0]["certainty"]), (&json!("way"), &json!("likely")));
    assert!(seen[0]["distance_m"].as_f64().unwrap() < 1.0, "{found}");
    assert_eq!(seen[0]["at"], json!(seconds(THEN, 0)));
    assert_eq!((&seen[2]["person"], &seen[2]["at"]), (&json!("wearer-1"), &json!(seconds(THEN, -10))));
    assert!((seen[2]["distance_m"].as_f64().unwrap() - 100.0).abs() < 0.01);
    assert_eq!((&seen[2]["certainty"], &seen[3]["certainty"]), (&json!("certain"), &json!("possible")));
    assert_eq!((&seen[3]["role"], &seen[3]["person"]), (&json!("victim"), &Value::Null));
    assert_eq!(
        found["not_looked_at"],
        json!([{"what": "not_arrived_yet", "count": null}, {"what": "unreadable", "count": 1}])
    );
    assert_eq!((&found["next"], &found["looked_at"]), (&Value::Null, &json!(11)));
    // A narrower time leaves out who was there a little before.
    let narrow = near(&bench, "&within_s=8").await;
    let devices: Vec<_> = narrow["seen"].as_array().unwrap().iter().map(|seen| &seen["device"]).collect();
    assert_eq!(devices, ["am-passing", "am-late"]);
}

#[tokio::test]
async fn a_long_journal_is_looked_at_in_parts_that_join() {
    let bench = Bench::new().await;
    let place = |n: i64| if n % 1_000 == 7 { home() } else { away(0.0, 5_000.0) };
    let inputs: Vec<_> =
        (1..=7_500).map(|n| report(n, &format!("am-{n}"), n / 100 - 30, place(n), 1)).collect();
    bench.commit(Batch { inputs, ..Batch::default() }).await;
    let (mut seen, mut looked_at, mut cursor) = (Vec::new(), 0, String::new());
    loop {
        let part = near(&bench, &cursor).await;
        looked_at += part["looked_at"].as_u64().unwrap();
        seen.extend(
            part["seen"].as_array().unwrap().iter().map(|seen| seen["device"].as_str().unwrap().to_owned()),
        );
        let said: Vec<_> = part["not_looked_at"]
            .as_array()
            .unwrap()
            .iter()
            .map(|not| not["what"].as_str().unwrap())
            .collect();
        assert_eq!(said.contains(&"later_arrivals"), !part["next"].is_null(), "{part}");
        match part["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    seen.sort();
    assert_eq!(seen, ["am-1007", "am-2007", "am-3007", "am-4007", "am-5007", "am-6007", "am-7", "am-7007"]);
    assert_eq!(looked_at, 7_500);
}

#[tokio::test]
async fn a_look_that_makes_no_sense_is_told_why() {
    let bench = Bench::new().await;
    for (path, field) in [
        ("place?lon=5", "lat"),
        ("place?lat=91&lon=5", "lat"),
        ("place?lat=52&lon=east", "lon"),
        ("place?lat=NaN&lon=5", "lat"),
        ("place?lat=52&lon=5&at=now", "at"),
        ("place?lat=52&lon=5&radius=3", "radius"),
        ("person/a%20b", "person"),
        ("person/wearer-1?when=now", "when"),
        ("near?lat=52&lon=5&radius_m=5&at=2026-11-21T08:00:00Z", "reason"),
        ("near?lat=52&lon=5&radius_m=0&at=2026-11-21T08:00:00Z&reason=x", "radius_m"),
        ("near?lat=52&lon=5&radius_m=10001&at=2026-11-21T08:00:00Z&reason=x", "radius_m"),
        ("near?lat=52&lon=5&at=2026-11-21T08:00:00Z&reason=x", "radius_m"),
        ("near?lat=52&lon=5&radius_m=5&reason=x", "at"),
        ("near?lat=52&lon=5&radius_m=5&at=2026-11-21T08:00:00Z&within_s=3601&reason=x", "within_s"),
        ("near?lat=52&lon=5&radius_m=5&at=2026-11-21T08:00:00Z&cursor=zz&reason=x", "cursor"),
    ] {
        let refused = bench.get("supervisor", &format!("/v1/lookup/{path}")).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{path}");
        assert_eq!(refused.problem()["errors"][0]["field"], field, "{path}");
    }
}
