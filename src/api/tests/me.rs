use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes};
use axum::http::{Method, StatusCode};
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::timeout;
use tower::ServiceExt as _;
use zones::order::Order;

use super::bench::{Bench, alert, delivery, incident, request};
use crate::store::*;

/// An event as it lies in the outbox for her device.
pub(super) fn told(id: i64, incident: &str, level: &'static str, device: &str) -> NewDelivery {
    let payload = json!({"id": format!("alert-{id}"), "data": {"level": level}}).to_string();
    let alert = AlertRow { level: level.into(), ..alert(id, incident, "rotterdam") };
    NewDelivery { payload, ..delivery(id, &alert, Channel::VictimMqtt, device) }
}

/// These deliveries, with the alerts that they tell `victim`.
pub(super) fn about(victim: &str, deliveries: Vec<NewDelivery>) -> Batch {
    let told = |delivery: &NewDelivery| AlertRow {
        level: delivery.level.clone(),
        victim: Some(victim.to_owned()),
        ..alert(delivery.alert_seq, &delivery.incident, "rotterdam")
    };
    Batch { alerts: deliveries.iter().map(told).collect(), deliveries, ..Batch::default() }
}

/// An order of these days of 2026 that gives the device to somebody.
pub(super) fn order(order: &str, victim: &str, from: &str, until: &str) -> Arc<Order> {
    let document = json!({
        "order": order, "legal_basis": "special_condition", "valid_from": from, "valid_until": until,
        "wearer": {"person": "wearer-0001", "device": "am-0001"},
        "victims": [{"person": victim, "device": "vd-0001",
            "proximity": {"alarm_m": 1000, "warning_m": 1500, "warning_s": 0}}],
        "zones": {"type": "FeatureCollection", "features": []},
        "contacts": {"supervising_officer": {"name": "Otto", "phone": "1"},
            "victim_contact": {"name": "Carla", "phone": "+31881110002"}},
    });
    Arc::new(Order::accepted(&document.to_string()).unwrap())
}

/// Such an order, with a code that cancels a press.
fn with_code(name: &str) -> Arc<Order> {
    let like = order(name, "victim-0001", "2026-11-01T00:00:00Z", "2027-11-01T00:00:00Z");
    let mut document: Value = serde_json::from_str(&like.to_json()).unwrap();
    document["victims"][0]["aware_code_sha256"] = "ab".repeat(32).into();
    Arc::new(Order::accepted(&document.to_string()).unwrap())
}

pub(super) async fn bench() -> Bench {
    let bench = Bench::new().await;
    bench.register.note(&order("ord-0001", "victim-0001", "2026-11-01T00:00:00Z", "2027-11-01T00:00:00Z"));
    let closed = IncidentRow { closed_at: Some(super::bench::at(super::bench::NOW)), ..row("inc-3") };
    let incidents = vec![row("inc-1"), row("inc-2"), closed, row("inc-4")];
    let hers = vec![
        told(1, "inc-1", "warning", "vd-0001"),
        told(2, "inc-2", "alarm", "vd-0001"),
        told(3, "inc-3", "alarm", "vd-0001"),
        told(4, "inc-1", "alarm", "vd-0001"),
        told(5, "inc-2", "clear", "vd-0001"),
    ];
    bench.commit(Batch { incidents, ..about("victim-0001", hers) }).await;
    bench.commit(about("victim-0002", vec![told(6, "inc-4", "alarm", "vd-0002")])).await;
    bench
}

pub(super) fn row(id: &str) -> IncidentRow {
    incident(id, "rotterdam", "alarm", "2026-11-21T10:10:00Z")
}

#[tokio::test]
async fn she_sees_what_stands_and_whom_to_call() {
    let bench = bench().await;
    let me = bench.get("victim", "/v1/me").await.json();
    assert_eq!(me["alerts"], json!([{"id": "alert-4", "data": {"level": "alarm"}}]));
    assert_eq!(
        me["call"],
        json!([{"name": "112", "phone": "112"}, {"name": "Carla", "phone": "+31881110002"}])
    );
    assert_eq!((&me["protection"], &me["advice"]), (&Value::Null, &json!([])));
    assert_eq!(me["fix_interval_s"], 60, "what an order asks that does not say");
    assert_eq!(me["push"], false, "nothing of it is configured");
    assert_eq!((&me["own_device"], &me["aware_code"]), (&json!("vd-0001"), &json!(false)));
    assert_eq!(me.as_object().unwrap().len(), 8);
    bench.register.note(&with_code("ord-0002"));
    assert_eq!(
        bench.get("victim", "/v1/me").await.json()["aware_code"],
        true,
        "that she has one, and not which"
    );
    assert_eq!(bench.get("supervisor", "/v1/me").await.status, StatusCode::FORBIDDEN);
}

/// What she says is what her device would have said, on the topics of that device and no other.
#[tokio::test]
async fn what_she_says_takes_the_road_of_her_device() {
    let bench = bench().await;
    let now = "2026-11-21T10:20:00.000Z";
    let fix = json!({"fixed_at": now, "lat": 52.0, "lon": 5.0});
    for (path, body, topic, said) in [
        ("fix", fix.clone(), "fix", fix.clone()),
        ("fix", json!([fix]), "fix", json!([fix])),
        (
            "receipt",
            json!({"alert": "a", "state": "displayed"}),
            "receipt",
            json!({"alert": "a", "state": "displayed", "at": now}),
        ),
        (
            "receipt",
            json!({"alert": "a", "state": "confirmed", "at": "2026-11-21T10:19:00Z"}),
            "receipt",
            json!({"alert": "a", "state": "confirmed", "at": "2026-11-21T10:19:00Z"}),
        ),
        (
            "aware",
            json!({"lat": 52.0, "lon": 5.0}),
            "aware",
            json!({"pressed_at": now, "lat": 52.0, "lon": 5.0}),
        ),
    ] {
        let answer = bench.json(Method::POST, "victim", &format!("/v1/me/{path}"), body.to_string()).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{body}: {}", answer.text());
        let heard = bench.store.rejected(None, 1).await.unwrap().remove(0);
        assert_eq!(heard.topic, format!("afstand/v1/victim/vd-0001/{topic}"));
        assert_eq!(serde_json::from_slice::<Value>(&heard.payload).unwrap(), said, "{body}");
    }
    // A press needs neither a body nor a media type.
    let press = bench.send(request(Method::POST, "victim", "/v1/me/aware", "")).await;
    assert_eq!(press.status, StatusCode::NO_CONTENT);
    for (path, body, status, field) in [
        ("fix", "{\"fixed_at\":\"2026-11-21T10:20:00Z\",\"lat\":91,\"lon\":5}", 422, "lat"),
        ("fix", "hello", 400, ""),
        ("receipt", "{\"alert\":\"a\",\"state\":\"eaten\"}", 422, "state"),
        ("receipt", "[", 400, ""),
        ("receipt", "[]", 422, ""),
    ] {
        let refused = bench.json(Method::POST, "victim", &format!("/v1/me/{path}"), body).await;
        assert_eq!(refused.status, status, "{body}: {}", refused.text());
        assert_eq!(refused.problem()["errors"][0]["field"], field, "{body}");
    }
}

/// A body that begins and never ends, and says when somebody waits for the rest of it.
fn stalled(waited_for: &Arc<Notify>) -> Body {
    let waited_for = Arc::clone(waited_for);
    let begun = stream::once(async { Ok::<_, std::io::Error>(Bytes::from_static(b"{\"lat\":")) });
    let rest = stream::once(async move {
        waited_for.notify_one();
        std::future::pending().await
    });
    Body::from_stream(begun.chain(rest))
}

/// The network of a phone may go in the very moment that she needs it.
#[tokio::test]
async fn a_press_counts_although_its_body_stalls_or_its_connection_breaks() {
    let bench = bench().await;
    let reading = Arc::new(Notify::new());
    let press = || bench.send(request(Method::POST, "victim", "/v1/me/aware", stalled(&reading)));
    let answer = timeout(Duration::from_mins(1), press()).await.unwrap();
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text());
    let heard = async || bench.store.rejected(None, 10).await.unwrap();
    let first = heard().await.remove(0);
    assert_eq!(first.topic, "afstand/v1/victim/vd-0001/aware");
    assert_eq!(first.payload, br#"{"pressed_at":"2026-11-21T10:20:00.000Z"}"#);
    reading.notified().await;
    // Who gives up drops the request while its body is being read.
    tokio::select! {
        biased;
        () = reading.notified() => {}
        answer = press() => panic!("the body is not there yet: {}", answer.text()),
    }
    let told = async {
        while heard().await.len() < 2 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(20), told).await.expect("the press was lost");
}

/// Only her code cancels, and no answer holds what was typed.
#[tokio::test]
async fn a_press_is_cancelled_by_her_code_only() {
    let bench = bench().await;
    for (body, status, detail) in [
        (r#"{"code":"2580"}"#, 204, Value::Null),
        (r#"{"code":2580,"at":"2026-11-21T10:20:05Z"}"#, 204, Value::Null),
        (r#"{"code":"4711"}"#, 409, json!("wrong_code")),
        (r#"{"code":["4711"]}"#, 409, json!("wrong_code")),
        (r#"{"code":"4711","at":"4711"}"#, 422, Value::Null),
        ("{}", 422, Value::Null),
        (r#""4711""#, 422, Value::Null),
        (r#"{"code":"4711""#, 400, Value::Null),
    ] {
        let answer = bench.json(Method::POST, "victim", "/v1/me/aware/cancel", body).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.text());
        assert!(!answer.text().contains("4711"), "{body}: {}", answer.text());
        if status == 409 {
            assert_eq!(answer.problem()["detail"], detail);
        }
    }
    let operator = bench.json(Method::POST, "operator", "/v1/me/aware/cancel", r#"{"code":"2580"}"#).await;
    assert_eq!(operator.status, StatusCode::FORBIDDEN);
}

/// Blocks of the stream, without comments.
pub(super) async fn blocks(body: &mut BodyDataStream, count: usize) -> Vec<String> {
    let mut text = String::new();
    loop {
        let blocks: Vec<&str> =
            text.split_inclusive("\n\n").filter(|block| block.ends_with("\n\n")).collect();
        if blocks.len() >= count {
            return blocks.into_iter().map(|block| block.trim().to_owned()).collect();
        }
        let more = timeout(Duration::from_mins(1), body.next()).await.expect("nothing came");
        text.push_str(std::str::from_utf8(&more.expect("it goes on").unwrap()).unwrap());
    }
}

/// The numbers in these blocks.
pub(super) fn ids(blocks: &[String]) -> Vec<&str> {
    blocks.iter().flat_map(|block| block.lines().filter(|line| line.starts_with("id"))).collect()
}

async fn open(bench: &Bench, last_id: Option<i64>) -> BodyDataStream {
    let mut request = request(Method::GET, "victim", "/v1/me/live", "");
    if let Some(id) = last_id {
        request.headers_mut().insert("last-event-id", id.into());
    }
    let response = bench.app.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    response.into_body().into_data_stream()
}

#[tokio::test]
async fn a_stream_begins_with_what_stands_and_goes_on_with_her_own() {
    let bench = bench().await;
    let mut stream = open(&bench, None).await;
    let first = blocks(&mut stream, 2).await;
    assert!(first[0].contains("alert-4") && first[0].contains("id: 4") && first[0].contains("event: alert"));
    assert!(first[1].contains("id: 6") && !first[1].contains("data"), "{first:?}");
    for (id, device, victim) in [(7, "vd-0002", "victim-0002"), (8, "vd-0001", "victim-0001")] {
        bench.commit(about(victim, vec![told(id, "inc-1", "clear", device)])).await;
        bench.live.told([device].into_iter());
    }
    let next = blocks(&mut stream, 1).await;
    assert!(next[0].contains("alert-8") && next[0].contains("\"clear\""), "{next:?}");
    // That an alarm is over because a person says so is no alert of its own.
    let ended = NewDelivery { alert_seq: 999, ..told(9, "inc-1", "clear", "vd-0001") };
    bench.commit(Batch { deliveries: vec![ended], ..Batch::default() }).await;
    bench.live.told(["vd-0001"].into_iter());
    assert_eq!(ids(&blocks(&mut stream, 1).await), ["id: 9"]);
    drop(stream);

    // Who comes back is told what came after, each once.
    let mut back = open(&bench, Some(4)).await;
    assert_eq!(ids(&blocks(&mut back, 4).await), ["id: 4", "id: 5", "id: 8", "id: 9"]);
    let ahead = bench.get("victim", "/v1/me/live?last_event_id=99").await;
    assert_eq!(
        (ahead.status, &ahead.problem()["errors"][0]["field"]),
        (StatusCode::BAD_REQUEST, &json!("last_event_id"))
    );
    bench.shutdown.cancel();
    assert!(timeout(Duration::from_mins(1), back.next()).await.unwrap().is_none(), "a shutdown ends it");
}

/// What she asked not to be woken by is kept from her app as it is from her device; the alarm after it is not.
#[tokio::test]
async fn what_her_quiet_hours_keep_back_is_kept_from_her_app() {
    let bench = bench().await;
    let kept = |id| DeliveryProgress {
        id,
        at: super::bench::at(super::bench::NOW),
        outcome: Outcome::Held { until: Some(super::bench::at("2026-11-21T10:30:00Z")) },
    };
    let quiet = vec![told(7, "inc-5", "warning", "vd-0001")];
    let (incidents, progress) = (vec![row("inc-5")], vec![kept(7)]);
    bench.commit(Batch { incidents, progress, ..about("victim-0001", quiet) }).await;
    let stands = async || bench.get("victim", "/v1/me").await.json()["alerts"].as_array().unwrap().len();
    assert_eq!(stands().await, 1, "the one that stood before");
    let mut stream = open(&bench, Some(5)).await;
    assert_eq!(ids(&blocks(&mut stream, 1).await), ["id: 5"]);
    bench.commit(about("victim-0001", vec![told(8, "inc-5", "alarm", "vd-0001")])).await;
    bench.live.told(["vd-0001"].into_iter());
    let next = blocks(&mut stream, 1).await;
    assert!(next[0].contains("id: 8") && next[0].contains("alarm"), "{next:?}");
    assert_eq!(stands().await, 2);
    // Of another she is told when her hours end: it comes on the stream, though what was told later came before it.
    let quiet = vec![told(9, "inc-6", "warning", "vd-0001")];
    let (incidents, progress) = (vec![row("inc-6")], vec![kept(9)]);
    bench.commit(Batch { incidents, progress, ..about("victim-0001", quiet) }).await;
    let held = &bench.get("operator", "/v1/incidents/inc-6").await.json()["deliveries"][0];
    let says = |field: &str| held[field].clone();
    assert_eq!(
        [says("state"), says("closed_because"), says("held_until"), says("next_at")],
        [json!("closed"), json!("quiet_hours"), json!("2026-11-21T10:30:00.000Z"), Value::Null]
    );
    bench.commit(about("victim-0001", vec![told(10, "inc-5", "clear", "vd-0001")])).await;
    let released = DeliveryProgress { outcome: Outcome::Released { id: 11 }, ..kept(9) };
    bench.commit(Batch { progress: vec![released], ..Batch::default() }).await;
    bench.live.told(["vd-0001"].into_iter());
    assert_eq!(ids(&blocks(&mut stream, 2).await), ["id: 10", "id: 11"]);
    let sent = &bench.get("operator", "/v1/incidents/inc-6").await.json()["deliveries"][0];
    assert_eq!((&sent["state"], sent.get("held_until")), (&json!("pending"), None));
}

/// A device goes from hand to hand: who has it now is told nothing of who had it before.
#[tokio::test]
async fn the_next_bearer_sees_nothing_of_the_one_before() {
    let bench = bench().await;
    let handed_over = "2026-11-21T10:15:00Z";
    bench.register.note(&order("ord-0001", "victim-0001", "2026-11-01T00:00:00Z", handed_over));
    let alerts = async || bench.get("victim", "/v1/me").await.json()["alerts"].clone();
    assert_eq!(alerts().await[0]["id"], "alert-4", "between orders it is still hers");
    bench.register.note(&order("ord-0003", "victim-0003", handed_over, "2027-11-01T00:00:00Z"));
    assert_eq!(alerts().await, json!([]));
    let mut stream = open(&bench, Some(0)).await;
    assert_eq!(ids(&blocks(&mut stream, 1).await), ["id: 0"]);
    let hers = about("victim-0003", vec![told(7, "inc-9", "alarm", "vd-0001")]);
    bench.commit(Batch { incidents: vec![row("inc-9")], ..hers }).await;
    bench.live.told(["vd-0001"].into_iter());
    assert_eq!(ids(&blocks(&mut stream, 1).await), ["id: 7"]);
    assert_eq!(alerts().await[0]["id"], "alert-7");
}

/// A phone that goes from network to network leaves connections behind that nobody closes.
#[tokio::test]
async fn a_fifth_stream_is_not_refused_but_ends_the_first() {
    let bench = bench().await;
    let mut streams = Vec::new();
    for _ in 0..5 {
        streams.push(open(&bench, Some(6)).await);
    }
    assert_eq!(ids(&blocks(&mut streams[0], 1).await), ["id: 6"]);
    assert!(timeout(Duration::from_mins(1), streams[0].next()).await.unwrap().is_none(), "it has ended");
    bench.commit(about("victim-0001", vec![told(7, "inc-1", "alarm", "vd-0001")])).await;
    bench.live.told(["vd-0001"].into_iter());
    for stream in &mut streams[1..] {
        assert_eq!(ids(&blocks(stream, 2).await), ["id: 6", "id: 7"]);
    }
}
