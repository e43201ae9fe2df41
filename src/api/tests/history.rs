use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::bench::{Bench, at, request};
use super::orders::order;
use crate::store::{Batch, OrderRow, Origin};

const PATH: &str = "/v1/orders/ord-1/history";

/// What a change says beside its number and its time.
fn said(change: &Value) -> [&Value; 4] {
    ["change", "changed_by", "origin", "differences"].map(|field| &change[field])
}

async fn put(bench: &Bench, who: &str, order: &Value) {
    let answer = bench.json(Method::PUT, who, "/v1/orders/ord-1", order.to_string()).await;
    assert!(answer.status.is_success(), "{}", answer.text());
}

/// The integrator registers an order of six months, a supervisor gives it another end, a smaller zone and a second
/// one, and withdraws it; a year later it comes back. The auditor reads who did what.
#[tokio::test]
async fn a_history_says_who_changed_what() {
    let bench = Bench::new().await;
    put(&bench, "integrator", &order("ord-1")).await;
    let mut later = order("ord-1");
    later["valid_until"] = json!("2027-09-01T00:00:00+02:00");
    later["zones"]["features"][0]["properties"]["radius_m"] = json!(3_000);
    let mut work = later["zones"]["features"][0].clone();
    work["properties"]["zone"] = json!("zone-0002");
    later["zones"]["features"].as_array_mut().unwrap().insert(0, work.clone());
    later["victims"][0]["proximity"] = Value::Null; // As good as absent.
    put(&bench, "supervisor", &later).await;
    assert_eq!(bench.send(request(Method::DELETE, "supervisor", "/v1/orders/ord-1", "")).await.status, 204);
    put(&bench, "integrator", &later).await;

    let history = bench.get("auditor", PATH).await.json();
    let [back, gone, changed, added] = &history["items"].as_array().unwrap()[..] else { panic!("{history}") };
    let nothing = json!([]);
    assert_eq!(said(added), [&json!("added"), &json!("integrator"), &json!("api"), &nothing]);
    assert_eq!(said(gone), [&json!("withdrawn"), &json!("supervisor"), &json!("api"), &nothing]);
    assert_eq!(said(back), [&json!("added"), &json!("integrator"), &json!("api"), &nothing]);
    let differences = json!([
        {"field": "valid_until", "before": "2027-05-01T00:00:00+02:00", "after": "2027-09-01T00:00:00+02:00"},
        {"field": "zones.features[zone-0001].properties.radius_m", "before": 5000, "after": 3000},
        {"field": "zones.features[zone-0002]", "before": null, "after": work},
    ]);
    assert_eq!(said(changed), [&json!("changed"), &json!("supervisor"), &json!("api"), &differences]);
    let ends = [added, changed, gone, back].map(|change| change["valid_until"].clone());
    let [first, second] = ["2027-04-30T22:00:00.000Z", "2027-08-31T22:00:00.000Z"].map(Value::from);
    assert_eq!(ends, [first, second.clone(), Value::Null, second]);
    assert_eq!(history["next"], Value::Null);
}

/// Page by page it is the same history: also the last of a page is held against what came before it.
#[tokio::test]
async fn a_history_is_read_page_by_page() {
    let bench = Bench::new().await;
    let orders = (1..=5).map(|n| {
        let mut document = order("ord-1");
        document["victims"][0]["fix_interval_s"] = json!(n * 10);
        OrderRow {
            order: zones::OrderId::new("ord-1").unwrap(),
            seq: n,
            document: Some(document.to_string()),
            at: at("2026-11-01T00:00:00Z"),
            origin: Origin::File,
            by: (n > 1).then(|| "cases.json".to_owned()),
        }
    });
    bench.commit(Batch { orders: orders.collect(), ..Batch::default() }).await;
    let (mut seen, mut path, mut pages) = (Vec::new(), format!("{PATH}?limit=2"), 0);
    loop {
        let answer = bench.get("supervisor", &path).await.json();
        pages += 1;
        seen.extend(answer["items"].as_array().unwrap().clone());
        let Some(next) = answer["next"].as_str() else { break };
        path = format!("{PATH}?limit=2&cursor={next}");
    }
    assert_eq!((pages, seen.len()), (3, 5));
    for (change, n) in seen.iter().zip((2..=5).rev()) {
        let field = "victims[victim-0001].fix_interval_s";
        let differences = json!([{"field": field, "before": (n - 1) * 10, "after": n * 10}]);
        assert_eq!(change["seq"], n);
        assert_eq!(said(change), [&json!("changed"), &json!("cases.json"), &json!("file"), &differences]);
    }
    assert_eq!(said(&seen[4]), [&json!("added"), &Value::Null, &json!("file"), &json!([])]);
}

/// That a code was set, exchanged or taken away is a change like others; the code itself is in no answer.
#[tokio::test]
async fn a_history_tells_of_a_code_and_never_the_code() {
    let bench = Bench::new().await;
    let with_code = |digit: char| {
        let mut order = order("ord-1");
        order["victims"][0]["aware_code_sha256"] = json!(digit.to_string().repeat(64));
        order
    };
    for order in [order("ord-1"), with_code('a'), with_code('b'), order("ord-1")] {
        put(&bench, "supervisor", &order).await;
    }
    let answer = bench.get("auditor", PATH).await;
    assert!(!answer.text().contains("aaaa") && !answer.text().contains("bbbb"), "{}", answer.text());
    let history = answer.json();
    let code = |n: usize| {
        let differences = history["items"][n]["differences"].as_array().unwrap();
        assert_eq!(
            (differences.len(), &differences[0]["field"]),
            (1, &json!("victims[victim-0001].aware_code"))
        );
        (differences[0]["before"].clone(), differences[0]["after"].clone())
    };
    let (yes, no) = (json!(true), Value::Null);
    assert_eq!(
        (code(2), code(1), code(0)),
        ((no.clone(), yes.clone()), (yes.clone(), yes.clone()), (yes, no))
    );
}

#[tokio::test]
async fn an_order_that_never_was_has_no_history() {
    let bench = Bench::new().await;
    let unknown = bench.get("auditor", PATH).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert!(unknown.problem()["detail"].as_str().unwrap().contains("ord-1"));
    let cursor = bench.get("auditor", &format!("{PATH}?cursor=x")).await;
    assert_eq!(cursor.problem()["errors"][0]["field"], "cursor");
}
