//! Everything that can be wrong with what comes in: each gets one clear line or problem document, and harms nobody
//! else.

// A test that cannot go on should stop there; clippy's own exception covers only the test functions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod support;

use serde_json::json;
use sqlx::Connection;
use support::broker::Broker;
use support::case::{HOME, Pair, after, digits, fix, now};
use support::geo::moved;
use support::service::{Draft, Service};
use support::world::World;

/// A text that is nobody's business, put where a number or a word should be.
const ADDRESS: &str = "Geheimstraat";

/// Topic, payload, and words of the reason for which it is set aside.
fn unusable(pair: &Pair) -> Vec<(String, Vec<u8>, &'static str)> {
    let (fix_topic, (lat, lon)) = (pair.wearer_topic("fix"), HOME);
    let at = now();
    let place = format!("\"lat\":{lat},\"lon\":{lon}");
    let one = |rest: &str| format!("{{\"fixed_at\":\"{at}\",{rest}}}");
    let many = vec![fix(at, HOME, 0); 1_001];
    let mut cases: Vec<(String, Vec<u8>, &'static str)> = Vec::new();
    let fixes: [(String, &str); 16] = [
        (String::new(), "empty"),
        ("hello".into(), "not JSON"),
        (one(&place)[..40].to_owned(), "not JSON"),
        (one(&format!("\"lat\":NaN,\"lon\":{lon}")), "not JSON"),
        ("[]".into(), "an array without a fix"),
        ("12".into(), "expected an object"),
        (format!("{{{place}}}"), "fixed_at: missing"),
        (one(&format!("\"lat\":\"{lat} {ADDRESS}\",\"lon\":{lon}")), "lat: expected a number, found a text"),
        (one(&format!("\"lat\":91,\"lon\":{lon}")), "lat: not a latitude"),
        (one(&format!("\"lat\":{lat},\"lon\":181.5")), "lon: not a longitude"),
        (one(&format!("\"lat\":{lat}")), "lon: missing"),
        (one(&format!("{place},\"source\":\"{ADDRESS}\"")), "source"),
        (format!("{{\"fixed_at\":\"1970-01-01T00:00:00Z\",{place}}}"), "fixed_at: 1970"),
        (format!("{{\"fixed_at\":\"yesterday\",{place}}}"), "fixed_at"),
        (json!(many).to_string(), "more than 1000 fixes"),
        ("[".repeat(100_000), "not JSON"),
    ];
    cases.extend(fixes.into_iter().map(|(text, reason)| (fix_topic.clone(), text.into_bytes(), reason)));
    let megabytes: Vec<u8> =
        (0..5_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    cases.push((fix_topic.clone(), megabytes, "5000000 bytes"));
    cases.push((fix_topic, vec![0xff, 0xfe, 0x00], "not JSON"));
    let good = fix(at, HOME, 0).to_string().into_bytes();
    cases.push(("afstand/v1/wearer/am-nobody/fix".into(), good.clone(), "unknown device"));
    cases.push((pair.victim_topic("fix").replace("vd-", "am-"), good, "unknown device"));
    for (topic, text, reason) in [
        (pair.wearer_topic("online"), "yes".to_owned(), "online is 1 or 0"),
        (pair.wearer_topic("status"), format!("{{\"at\":\"{at}\",\"event\":\"{ADDRESS}\"}}"), "event"),
        (pair.victim_topic("aware"), "{\"test\":true}".to_owned(), "pressed_at: missing"),
        (
            pair.victim_topic("receipt"),
            format!("{{\"alert\":\"x\",\"state\":\"eaten\",\"at\":\"{at}\"}}"),
            "state",
        ),
        ("afstand/v1/desk/rotterdam/receipt".to_owned(), "{}".to_owned(), "incident: missing"),
        ("owntracks/nobody/phone".to_owned(), "{\"_type\":\"lwt\"}".to_owned(), "unknown OwnTracks tracker"),
        (
            "owntracks/nobody/phone".to_owned(),
            "{\"_type\":\"encrypted\",\"data\":\"AA\"}".to_owned(),
            "encrypted",
        ),
        ("owntracks/nobody/phone".to_owned(), "{\"_type\":\"poem\"}".to_owned(), "_type"),
    ] {
        cases.push((topic, text.into_bytes(), reason));
    }
    cases
}

/// The wearer of Omega comes near after a flood of nonsense, some of it under his own name: the alert is there, all
/// nonsense is listed with its reason, and the log tells nobody where anybody is.
async fn nonsense_harms_nobody(broker: Broker) {
    let (eta, omega) = (Pair::new("eta"), Pair::new("omega"));
    let mut world = World::start(broker, |draft| draft.orders([&eta.order, &omega.order])).await;
    let near = moved(HOME, 400.0, 0.0);
    let cases = unusable(&eta);
    for (topic, payload, _) in &cases {
        world.devices.publish(topic, payload.clone()).await;
    }
    // A clock that is decades ahead is believed about the place, not about the time.
    let ahead = json!({"fixed_at": "2090-01-01T00:00:00Z", "lat": near.0, "lon": near.1, "accuracy_m": 8.0});
    world.devices.publish_json(&eta.wearer_topic("fix"), &ahead).await;
    // Of a backlog in which something is wrong the rest counts.
    let mixed = json!([{"lat": 1}, fix(after(now(), -5), HOME, 7)]);
    world.devices.publish_json(&eta.victim_topic("fix"), &mixed).await;

    world.devices.publish_json(&omega.victim_topic("fix"), &fix(after(now(), -2), HOME, 1)).await;
    world.devices.publish_json(&omega.wearer_topic("fix"), &fix(after(now(), -1), near, 1)).await;
    for pair in [&omega, &eta] {
        let hers = |heard: &support::mqtt::Heard| heard.json()["data"]["level"] == "alarm";
        world.ear.wait_for(&pair.victim_topic("alert"), hers).await;
    }

    all_are_listed(&world.service, &cases).await;
    what_is_wrong_over_http(&world.service).await;
    assert!(world.service.stop().await.success());
    the_log_tells_nothing(&world.service, cases.len() + 1);
}

async fn all_are_listed(service: &Service, cases: &[(String, Vec<u8>, &str)]) {
    let page = service.api("auditor").get("/v1/rejected?limit=500").await.json();
    let listed = page["items"].as_array().unwrap();
    let mut reasons: Vec<(&str, &str)> = listed
        .iter()
        .map(|item| (item["topic"].as_str().unwrap(), item["reason"].as_str().unwrap()))
        .collect();
    reasons.reverse(); // The newest is first.
    assert_eq!(reasons.len(), cases.len() + 1, "{reasons:#?}");
    for ((topic, payload, want), (at, reason)) in cases.iter().zip(&reasons) {
        assert_eq!(topic, at);
        assert!(reason.contains(want) && !reason.contains('\n'), "{want:?} is not in {reason:?}");
        assert!(reason.chars().count() < 400, "{reason}");
        let item = listed.iter().find(|item| item["reason"] == **reason && item["topic"] == **at).unwrap();
        assert!(item["size"].as_u64().is_some(), "{item} of {} bytes", payload.len());
    }
    let (_, mixed) = reasons.last().unwrap();
    assert!(mixed.contains("1 of 2 fixes") && mixed.contains("[0]"), "{mixed}");
    let figure = service.api("operator").get("/metrics").await.body;
    assert!(figure.contains("afstand_messages_rejected_total"), "{figure}");
}

async fn what_is_wrong_over_http(service: &Service) {
    let (supervisor, integrator) = (service.api("supervisor"), service.api("integrator"));
    let broken = supervisor.put("/v1/orders/ord-new", "{\"order\": ").await;
    assert_eq!((broken.status, broken.problem()["errors"][0]["line"].as_u64()), (400, Some(1)));

    let number = Pair::new("new").with("/victims/0/proximity/alarm_m", "far").order;
    let wrong = supervisor.put("/v1/orders/ord-new", number).await;
    assert_eq!(wrong.status, 422);
    let field = wrong.problem()["errors"][0]["field"].as_str().unwrap().to_owned();
    assert!(field.contains("victims") && field.contains("alarm_m"), "{field}");

    let (lat, lon) = HOME;
    let crossing = json!({"type": "FeatureCollection", "features": [{"type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": [[[lon, lat], [lon + 0.1, lat + 0.1],
            [lon + 0.1, lat], [lon, lat + 0.1], [lon, lat]]]},
        "properties": {"zone": "bow-tie", "kind": "exclusion"}}]});
    let refused = supervisor.put("/v1/orders/ord-new", Pair::new("new").with("/zones", crossing).order).await;
    assert_eq!(refused.status, 422);
    let problem = refused.problem();
    let finding = problem["findings"].as_array().unwrap().iter().find(|f| f["code"] == "NOT_ENFORCEABLE");
    assert_eq!(finding.unwrap_or_else(|| panic!("{problem}"))["zone"], "bow-tie");
    assert_eq!(supervisor.get("/v1/orders/ord-new").await.status, 404, "none of them is in force");

    let traccar = integrator.post("/v1/ingest/traccar", "{\"position\":{},\"device\":{}}").await;
    assert_eq!(traccar.status, 422);
    let problem = traccar.problem();
    assert!(problem["errors"][0]["field"].as_str().unwrap().contains("position.fixTime"), "{problem}");
    let flood = "x".repeat(20_000_000);
    let answer = integrator.post("/v1/ingest/traccar", flood).await;
    assert_eq!(answer.status, 413, "{answer:?}");
    answer.problem();
    for (path, status) in [("/v1/nothing", 404), ("/v1/incidents?colour=red", 400), ("/v1/incidents/x", 404)]
    {
        let answer = supervisor.get(path).await;
        assert_eq!(answer.status, status, "{path}");
        answer.problem();
    }
}

fn the_log_tells_nothing(service: &Service, set_aside: usize) {
    let log = service.log();
    assert!(!log.contains("panicked"), "{log}");
    assert_eq!(log.lines().filter(|line| line.contains("message set aside")).count(), set_aside + 1, "{log}");
    assert!(log.contains("clock ahead"), "{log}");
    let mut secrets = digits(&[HOME, moved(HOME, 400.0, 0.0)]);
    secrets.extend([ADDRESS, "Carla", "Otto", "+3188", "wearer-", "victim-"].map(str::to_owned));
    for secret in secrets {
        let lines: Vec<&str> = log.lines().filter(|line| line.contains(&secret)).collect();
        assert!(lines.is_empty(), "{secret} in the log: {:.500}", lines[0]);
    }
    let longest = log.lines().map(|line| line.chars().count()).max().unwrap();
    assert!(longest < 600, "a line of {longest} characters");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nonsense_harms_nobody_with_nothing_installed() {
    nonsense_harms_nobody(Broker::embedded().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nonsense_harms_nobody_through_mosquitto() {
    let Some(broker) = Broker::mosquitto() else { return };
    nonsense_harms_nobody(broker).await;
}

/// Starts what cannot start; returns its exit status and the one line it wrote.
async fn refused(service: &mut Service) -> (Option<i32>, String) {
    service.spawn();
    let status = service.ended().await.code();
    let log = service.log();
    let lines: Vec<&str> = log.lines().filter(|line| !line.contains(" INFO ")).collect();
    let [line] = lines.as_slice() else { panic!("one line, not {lines:#?}") };
    (status, (*line).to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_that_cannot_be_used_end_the_start_with_one_line() {
    let nowhere = "mqtt://127.0.0.1:1";
    let (status, line) = refused(&mut Draft::new(nowhere).mqtt("clientid = \"x\"").write()).await;
    assert!(line.contains("clientid") && line.contains("afstand.toml"), "{line}");
    assert_eq!(status, Some(2));

    let (status, line) = refused(&mut Draft::new(nowhere).mqtt("password_file = \"gone\"").write()).await;
    assert!(line.contains("mqtt.password_file") && line.contains("gone"), "{line}");
    assert_eq!(status, Some(2));

    let (status, line) = refused(&mut Draft::new(nowhere).mqtt("receive_maximum = \"x\"").write()).await;
    assert!(line.contains("receive_maximum"), "{line}");
    assert_eq!(status, Some(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_of_a_newer_version_is_left_alone_with_one_line() {
    let mut service = Draft::new("mqtt://127.0.0.1:1").desk("rotterdam", None).write();
    let url = service.store_url();
    afstand::store::Store::open(&url).await.unwrap().close().await;
    let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
    let later = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (4711, 'later', true, x'01', 0)";
    sqlx::query(later).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let (status, line) = refused(&mut service).await;
    assert!(line.contains("newer version (4711)") && line.contains("afstand.db"), "{line}");
    assert!(status.is_some_and(|code| code != 0), "{status:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_service_on_the_same_store_is_refused_and_the_first_goes_on() {
    let broker = Broker::embedded().await;
    let mut first = Draft::new(&broker.url()).write();
    first.start().await;
    let draft = Draft::new(&broker.url()).mqtt("client_id = \"second\"").store(&first.store_url());
    let mut second = draft.desk("rotterdam", None).write();
    let (status, line) = refused(&mut second).await;
    assert!(line.contains("in use by another running service"), "{line}");
    assert!(status.is_some_and(|code| code != 0), "{status:?}");
    assert_eq!(first.api("operator").get("/readyz").await.status, 200);
    assert!(first.stop().await.success());
}
