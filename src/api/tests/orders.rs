use std::time::Duration;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::timeout;
use zones::Invalid;

use super::bench::{Bench, request};
use crate::api::commands::{Command, NotWithdrawn, OrderRefused, channel};
use crate::api::router;
use crate::store::AuditFilter;

/// An order about which the guidance has nothing to say: 5 km around the victim's home in Delft, the wearer in
/// Amersfoort.
pub(super) fn order(id: &str) -> Value {
    json!({
        "order": id, "legal_basis": "sv_509hh",
        "valid_from": "2026-11-01T00:00:00+01:00", "valid_until": "2027-05-01T00:00:00+02:00",
        "wearer": {"person": "wearer-0001", "device": "am-0001", "residence": [5.3871, 52.1563]},
        "victims": [{"person": "victim-0001", "device": "vd-0001", "residence": [4.358, 52.0113]}],
        "zones": {"type": "FeatureCollection", "features": [
            {"type": "Feature", "geometry": {"type": "Point", "coordinates": [4.358, 52.0113]},
             "properties": {"zone": "zone-0001", "kind": "exclusion", "victim": "victim-0001",
                            "radius_m": 5000}}]},
        "desk": "rotterdam",
    })
}

/// The same with another value at a JSON pointer.
fn with(pointer: &str, value: Value) -> Value {
    let mut order = order("ord-1");
    *order.pointer_mut(pointer).unwrap() = value;
    order
}

async fn put(bench: &Bench, order: &Value) -> super::bench::Answer {
    bench.json(Method::PUT, "supervisor", "/v1/orders/ord-1", order.to_string()).await
}

#[tokio::test]
async fn an_order_goes_in_comes_out_and_is_withdrawn() {
    let bench = Bench::new().await;
    let (path, original) = ("/v1/orders/ord-1", order("ord-1"));

    let first = put(&bench, &original).await;
    assert_eq!(first.status, StatusCode::CREATED);
    assert_eq!(
        first.json(),
        json!({"order": "ord-1", "created": true, "changed_at": "2026-11-21T10:20:00.000Z", "findings": []})
    );
    assert_eq!(put(&bench, &original).await.status, StatusCode::OK);
    let stored = bench.get("auditor", path).await.json();
    assert_eq!(stored, original);
    assert_eq!(put(&bench, &stored).await.status, StatusCode::OK, "what is read can be registered");

    let withdraw = || bench.send(request(Method::DELETE, "supervisor", path, ""));
    assert_eq!(withdraw().await.status, StatusCode::NO_CONTENT);
    assert_eq!(withdraw().await.status, StatusCode::NO_CONTENT);
    let gone = bench.get("auditor", path).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    assert!(gone.problem()["detail"].as_str().unwrap().contains("withdrawn at 2026-11-21T10:20:00.000Z"));
    assert_eq!(put(&bench, &original).await.status, StatusCode::CREATED);
    let history = bench.store.order_history("ord-1", None, 10).await.unwrap();
    assert_eq!(history.len(), 6);
    assert!(history.iter().all(|change| change.by.as_deref() == Some("supervisor")), "{history:?}");
    let unknown = bench.send(request(Method::DELETE, "supervisor", "/v1/orders/ord-2", "")).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_code_goes_in_never_comes_out_and_is_kept_by_what_was_read() {
    let bench = Bench::new().await;
    let path = "/v1/orders/ord-1";
    let digest = "03ac674216f3e15c761ee1a5e255f067953623c8b388b4459e13f978d7c846f4";
    let with_code = |mut order: Value| {
        order["victims"][0]["aware_code_sha256"] = json!(digest);
        order
    };
    assert_eq!(put(&bench, &with_code(order("ord-1"))).await.status, StatusCode::CREATED);
    let stored = || async { bench.state.store.order("ord-1").await.unwrap().unwrap().document };
    let first = stored().await;

    let read = bench.get("auditor", path).await;
    assert!(!read.text().contains(digest) && !read.text().contains("sha256"), "{}", read.text());
    assert!(!bench.get("operator", "/v1/orders").await.text().contains(digest));
    let mut read = read.json();
    assert_eq!(read["victims"][0]["aware_code"], true);
    let asked = bench.json(Method::POST, "operator", "/v1/guidance", read.to_string()).await;
    assert_eq!(asked.status, StatusCode::OK, "an editor asks about what it has read");

    // The very same comes back: nothing changes. Then it comes back with another end, and the code stays.
    assert_eq!(put(&bench, &read).await.status, StatusCode::OK);
    let again: Value = serde_json::from_str(&stored().await).unwrap();
    assert_eq!(again, serde_json::from_str::<Value>(&first).unwrap());
    read["valid_until"] = json!("2027-06-01T00:00:00+02:00");
    assert_eq!(put(&bench, &read).await.status, StatusCode::OK);
    let kept: Value = serde_json::from_str(&stored().await).unwrap();
    assert_eq!(kept["victims"][0]["aware_code_sha256"], digest);
    assert_eq!(kept["valid_until"], "2027-06-01T00:00:00+02:00");

    // For somebody who has none there, it cannot be kept; left out, it is gone.
    let mut other = read.clone();
    other["victims"][0]["person"] = json!("victim-0002");
    other["zones"]["features"][0]["properties"]["victim"] = json!("victim-0002");
    let refused = put(&bench, &other).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.problem()["errors"][0]["field"], "victims[0].aware_code");
    assert_eq!(put(&bench, &order("ord-1")).await.status, StatusCode::OK);
    assert!(!stored().await.contains("aware_code"));
    assert_eq!(bench.get("auditor", path).await.json()["victims"][0].get("aware_code"), None);
}

#[tokio::test]
async fn the_register_is_read_page_by_page() {
    let bench = Bench::new().await;
    let ids: Vec<String> = (1..=5).map(|n| format!("ord-{n}")).collect();
    for id in &ids {
        let path = format!("/v1/orders/{id}");
        let answer = bench.json(Method::PUT, "integrator", &path, order(id).to_string()).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    }
    let (mut seen, mut path, mut pages) = (Vec::new(), "/v1/orders?limit=2".to_owned(), 0);
    loop {
        let answer = bench.get("operator", &path).await.json();
        pages += 1;
        for item in answer["items"].as_array().unwrap() {
            assert_eq!(item["document"], order(item["order"].as_str().unwrap()));
            assert_eq!((&item["origin"], &item["state"]), (&json!("api"), &json!("in_force")));
            seen.push(item["order"].as_str().unwrap().to_owned());
        }
        let Some(next) = answer["next"].as_str() else { break };
        path = format!("/v1/orders?limit=2&cursor={next}");
    }
    assert_eq!((seen, pages), (ids, 3));
}

#[tokio::test]
async fn a_list_says_which_orders_have_ended_and_which_are_to_come() {
    let bench = Bench::new().await;
    let at = |id: &str, from: &str, until: &str| {
        let mut order = order(id);
        order["valid_from"] = json!(from);
        order["valid_until"] = json!(until);
        order
    };
    // It is 10:20 UTC on 21 November.
    for order in [
        at("ord-1", "2026-11-01T00:00:00+01:00", "2026-11-21T11:20:00+01:00"),
        at("ord-2", "2026-11-21T11:20:00+01:00", "2026-11-21T11:20:01+01:00"),
        at("ord-3", "2026-11-21T10:20:01Z", "2027-11-21T10:20:01Z"),
    ] {
        let id = order["order"].as_str().unwrap();
        let row = crate::store::OrderRow {
            order: zones::OrderId::new(id).unwrap(),
            seq: 1,
            document: Some(order.to_string()),
            at: super::bench::at("2026-11-01T00:00:00Z"),
            origin: crate::store::Origin::File,
            by: None,
        };
        bench.commit(crate::store::Batch { orders: vec![row], ..Default::default() }).await;
    }
    let list = bench.get("operator", "/v1/orders").await.json();
    let states: Vec<&str> =
        list["items"].as_array().unwrap().iter().map(|item| item["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["ended", "in_force", "to_come"]);
}

/// Who closes the connection too soon to see the answer has changed the register all the same, under his name.
#[tokio::test]
async fn a_change_of_the_register_is_noted_although_its_maker_does_not_wait_for_the_answer() {
    let ((came, mut heard), (go_on, mut may)) = (mpsc::channel(1), mpsc::channel::<()>(1));
    let bench = Bench::with_commands(|_, mut commands| async move {
        while let Some(command) = commands.recv().await {
            if let Command::WithdrawOrder { by, reply, .. } = command {
                assert_eq!(by, "supervisor");
                came.send(()).await.unwrap();
                may.recv().await;
                let _ = reply.send(Ok(()));
            }
        }
    })
    .await;
    tokio::select! {
        answer = bench.send(request(Method::DELETE, "supervisor", "/v1/orders/ord-1", "")) => panic!("{}", answer.text()),
        _ = heard.recv() => {} // Under way; and now nobody waits for the answer.
    }
    go_on.send(()).await.unwrap();
    let noted = async {
        loop {
            let rows = bench.store.audit(&AuditFilter::default(), 1).await.unwrap();
            match rows.first() {
                Some(row) => return row.clone(),
                None => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    };
    let row = timeout(Duration::from_secs(20), noted).await.expect("nobody knows who did it");
    assert_eq!((row.who.as_str(), row.subject.as_str(), row.outcome), ("supervisor", "ord-1", 204));
}

#[tokio::test]
async fn an_order_that_a_file_states_is_not_withdrawn_over_the_api() {
    let bench = Bench::with_commands(|_, mut commands| async move {
        while let Some(command) = commands.recv().await {
            if let Command::WithdrawOrder { reply, .. } = command {
                let _ = reply.send(Err(NotWithdrawn::StatedBy("the file cases.json".to_owned())));
            }
        }
    })
    .await;
    let answer = bench.send(request(Method::DELETE, "supervisor", "/v1/orders/ord-1", "")).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.problem()["detail"].as_str().unwrap().contains("the file cases.json"));
}

/// Commands as a pipeline answers them that finds another version than the one named.
async fn somebody_was_first() -> Bench {
    let bench = Bench::with_commands(|_, mut commands| async move {
        while let Some(command) = commands.recv().await {
            match command {
                Command::PutOrder { only_if, reply, .. } => {
                    assert!(!only_if.holds(None));
                    let _ = reply.send(Err(OrderRefused::Changed));
                }
                Command::WithdrawOrder { only_if, reply, .. } => {
                    assert!(!only_if.holds(None));
                    let _ = reply.send(Err(NotWithdrawn::Changed));
                }
                _ => {}
            }
        }
    })
    .await;
    let row = crate::store::OrderRow {
        order: zones::OrderId::new("ord-1").unwrap(),
        seq: 1,
        document: Some(order("ord-1").to_string()),
        at: zones::Timestamp::parse("2026-11-21T09:00:00.125Z").unwrap(),
        origin: crate::store::Origin::Api,
        by: Some("Anna".to_owned()),
    };
    bench.commit(crate::store::Batch { orders: vec![row], ..Default::default() }).await;
    bench
}

#[tokio::test]
async fn who_leans_on_a_version_that_is_gone_is_told_who_was_first() {
    let bench = somebody_was_first().await;
    let read = bench.get("operator", "/v1/orders/ord-1").await;
    assert_eq!(read.headers["etag"], "\"2026-11-21T09:00:00.125Z\"");
    let listed = bench.get("operator", "/v1/orders").await.json();
    assert_eq!(listed["items"][0]["changed_at"], "2026-11-21T09:00:00.125Z", "a list names the version too");
    for (method, body) in [(Method::PUT, order("ord-1").to_string()), (Method::DELETE, String::new())] {
        let mut request = request(method, "supervisor", "/v1/orders/ord-1", body);
        request.headers_mut().insert("content-type", "application/json".parse().unwrap());
        request.headers_mut().insert("if-match", "\"2026-11-20T08:00:00.000Z\"".parse().unwrap());
        let refused = bench.send(request).await;
        assert_eq!(refused.status, StatusCode::PRECONDITION_FAILED);
        let problem = refused.problem();
        assert_eq!(problem["type"], "urn:afstand:problem:changed");
        assert_eq!((&problem["by"], &problem["at"]), (&json!("Anna"), &json!("2026-11-21T09:00:00.125Z")));
        assert!(problem["detail"].as_str().unwrap().contains("was changed at"), "{problem}");
    }
    for (name, value) in [("If-Match", &b"\xe9"[..]), ("If-None-Match", b"\"2026-11-21T09:00:00.125Z\"")] {
        let mut request = request(Method::DELETE, "supervisor", "/v1/orders/ord-1", "");
        let value = axum::http::HeaderValue::from_bytes(value).unwrap();
        request.headers_mut().insert(axum::http::HeaderName::from_bytes(name.as_bytes()).unwrap(), value);
        assert_eq!(bench.send(request).await.problem()["errors"][0]["field"], name);
    }
}

#[tokio::test]
async fn an_order_that_cannot_be_read_is_answered_with_the_field_at_fault() {
    let bench = Bench::new().await;
    let feature = "/zones/features/0";
    for (order, field, words) in [
        (with("/wearer/residence", json!([5.3871, 91])), "wearer.residence", "latitude"),
        (
            with(&format!("{feature}/geometry/coordinates"), json!([4.358, 91])),
            "zones.features[0].geometry",
            "latitude",
        ),
        (
            with(&format!("{feature}/properties/kind"), json!("exclusoin")),
            "zones.features[0].properties.kind",
            "exclusoin",
        ),
        (with("/valid_from", json!(12)), "valid_from", ""),
        (with("/victims", json!({})), "victims", ""),
        (with("/order", json!("ord-2")), "order", "the address says \"ord-1\""),
        (json!({"legal_basis": "sv_509hh"}), "order", "missing"),
        (json!([order("ord-1")]), "", "object"),
        (json!(12), "", "object"),
    ] {
        let answer = put(&bench, &order).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{order}");
        let error = &answer.problem()["errors"][0];
        assert!(error["field"].as_str().unwrap().starts_with(field), "{order}: {error}");
        assert!(error["problem"].as_str().unwrap().contains(words), "{order}: {error}");
    }
    assert_eq!(bench.get("operator", "/v1/orders").await.json()["items"], json!([]));
}

#[tokio::test]
async fn an_order_that_cannot_be_in_force_is_refused_with_its_findings() {
    let bench = Bench::new().await;
    let refused = put(&bench, &with("/zones/features/0/properties/radius_m", json!(500))).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let problem = refused.problem();
    assert_eq!(problem["type"], "urn:afstand:problem:order-not-in-force");
    let finding = &problem["findings"][0];
    assert_eq!(
        (&finding["code"], &finding["severity"], &finding["zone"]),
        (&json!("RADIUS_TOO_SMALL"), &json!("error"), &json!("zone-0001"))
    );
    assert_eq!((&finding["measured_m"], &finding["required_m"]), (&json!(500), &json!(1000)));
    assert_eq!(bench.get("operator", "/v1/orders/ord-1").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn advice_comes_with_the_answer_and_keeps_nothing_out() {
    let bench = Bench::new().await;
    let accepted = put(&bench, &with("/zones/features/0/properties/radius_m", json!(3_000))).await;
    assert_eq!(accepted.status, StatusCode::CREATED);
    assert_eq!(accepted.json()["findings"][0]["code"], "RADIUS_BELOW_ADVICE");
}

#[tokio::test]
async fn a_limit_of_the_register_names_the_field() {
    let bench = Bench::with_commands(|_, mut commands| async move {
        while let Some(command) = commands.recv().await {
            if let Command::PutOrder { reply, .. } = command {
                let limit = Invalid::new("wearer.device", "the wearer has another device in order ord-9");
                let _ = reply.send(Err(OrderRefused::Limit(limit)));
            }
        }
    })
    .await;
    let answer = put(&bench, &order("ord-1")).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.problem()["type"], "urn:afstand:problem:limit");
    assert_eq!(answer.problem()["errors"][0]["field"], "wearer.device");
}

#[tokio::test]
async fn a_pipeline_that_does_not_answer_is_unavailable_not_a_success() {
    let bench = Bench::new().await;
    let put = |commands| {
        let state = crate::api::AppState { commands, ..bench.state.clone() };
        let app = router(state, &bench.shutdown);
        let mut request = request(Method::PUT, "supervisor", "/v1/orders/ord-1", order("ord-1").to_string());
        request.headers_mut().insert("content-type", "application/json".parse().unwrap());
        tower::ServiceExt::oneshot(app, request)
    };
    // One that holds on to what it got, and one that has ended.
    let (commands, held) = channel();
    let late = put(commands.answering_within(Duration::from_millis(5))).await.unwrap();
    assert_eq!(late.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(late.headers()["retry-after"], "5");
    drop(held);
    let (commands, ended) = channel();
    drop(ended);
    assert_eq!(put(commands).await.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
}
