//! When the broker is the one that fails: restarted in mid-stream, away at the start, refusing the password.

// A test that cannot go on should stop there; clippy's own exception covers only the test functions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod support;

use std::process::Command;

use afstand::mqtt::{EmbeddedBroker, EmbeddedSettings};
use serde_json::json;
use support::broker::Broker;
use support::case::{HOME, Pair, fix, now};
use support::geo::moved;
use support::journal::Journal;
use support::mosquitto::Mosquitto;
use support::mqtt::Client;
use support::service::{Draft, Service};
use support::until;
use support::world::World;
use zones::Timestamp;

const DESK: &str = "afstand/v1/desk/rotterdam/alert";

/// What `/readyz` says about the broker, once that has these words in it.
async fn trouble_with_the_broker(service: &Service, words: &str) -> String {
    let api = service.api("operator");
    until(words, async || {
        let answer = api.try_get("/readyz").await.filter(|answer| answer.status == 503)?;
        let problem = answer.problem();
        let found = problem["errors"].as_array()?.iter().find(|error| error["field"] == "broker")?;
        Some(found["problem"].as_str()?.to_owned()).filter(|said| said.contains(words))
    })
    .await
}

/// 600 fixes are on their way when the broker is stopped; it comes back with what it had kept, and 600 more
/// follow. The wearer comes near with the last of them, a minute after the one before. Nothing is missing, and
/// everybody is told.
async fn a_restart_in_mid_stream(broker: Broker) {
    let pair = Pair::new("rho");
    let mut world = World::start(broker, |draft| draft.orders([&pair.order])).await;
    let (begin, far, near) = (now(), moved(HOME, 1_900.0, 0.0), moved(HOME, 700.0, 0.0));
    let at = |n: i64| {
        let before_ms = if n < 1_199 { 90_000 - n * 25 } else { 0 };
        Timestamp::from_millis(begin.as_millis() - before_ms)
    };
    let first = Client::connect(world.broker.port(), "rho-before").await;
    first.publish_json(&pair.victim_topic("fix"), &fix(at(-1), HOME, 0)).await;
    for n in 0..600 {
        first.send(&pair.wearer_topic("fix"), fix(at(n), far, 0).to_string()).await;
    }
    first.acknowledged().await;
    drop(first);

    world.broker.stop().await;
    trouble_with_the_broker(&world.service, "not connected").await;
    assert_eq!(world.service.api("operator").get("/healthz").await.status, 200, "alive all the while");
    world.broker.start().await;
    let second = Client::connect(world.broker.port(), "rho-after").await;
    for n in 600..1_200 {
        second
            .send(&pair.wearer_topic("fix"), fix(at(n), if n < 1_199 { far } else { near }, 0).to_string())
            .await;
    }
    second.acknowledged().await;

    let alert = world.ear.wait_for(DESK, |heard| heard.json()["data"]["level"] == "alarm").await;
    assert_eq!(alert.json()["data"]["fixed_at"], json!(at(1_199)));
    world.service.ready().await;
    assert!(world.service.stop().await.success());
    let journal = Journal::read(&world.service.store_url()).await;
    let fixes = journal.fixes();
    let lost: Vec<i64> = (0..1_200).filter(|n| !fixes.contains_key(&("am-rho".to_owned(), at(*n)))).collect();
    assert!(lost.is_empty(), "{} lost, first {:?}", lost.len(), lost.first());
    assert_eq!(journal.alerts.len(), 1, "{:?}", journal.alerts);
    assert!(!world.service.log().contains("panicked"), "{}", world.service.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_in_mid_stream_of_the_embedded_broker() {
    a_restart_in_mid_stream(Broker::embedded().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_in_mid_stream_of_mosquitto() {
    let Some(broker) = Broker::mosquitto() else { return };
    a_restart_in_mid_stream(broker).await;
}

/// The service starts first, says what it lacks, and is ready when the broker is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_comes_later() {
    let mut broker = Broker::embedded_away();
    let pair = Pair::new("tau");
    let mut service = Draft::new(&broker.url()).orders([&pair.order]).write();
    service.spawn();
    trouble_with_the_broker(&service, "cannot connect").await;
    let api = service.api("operator");
    assert_eq!(api.get("/healthz").await.status, 200);
    // The register can be asked all the same, once the folder has been read.
    api.until("/v1/orders/ord-tau", |order| order["order"].as_str().map(str::to_owned)).await;
    assert_eq!(api.figure("afstand_broker_connected ").await, 0.0);

    broker.start().await;
    service.ready().await;
    assert_eq!(api.figure("afstand_broker_connected ").await, 1.0);
    let devices = Client::connect(broker.port(), "devices").await;
    devices.publish_json(&pair.victim_topic("aware"), &json!({"pressed_at": now()})).await;
    api.until("/v1/incidents?kind=aware", |page| page["items"].get(0).cloned()).await;
    assert!(service.stop().await.success());
}

/// One line in the log for each of the two links, and the same reason where the monitoring looks.
async fn a_wrong_password(url: &str) {
    let mut service = Draft::new(url)
        .mqtt("username = \"afstand\"\npassword_file = \"mqtt.password\"")
        .file("mqtt.password", "sesam-verkeerd\n")
        .write();
    service.spawn();
    let said = trouble_with_the_broker(&service, "password_file").await;
    assert!(said.contains("refuses this client") && !said.contains('\n'), "{said}");
    let log = service.log();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("refuses this client")).collect();
    assert!((1..=2).contains(&lines.len()), "one line a link: {lines:#?}");
    assert!(!log.contains("sesam-verkeerd"), "{log}");
    std::fs::write(service.path("mqtt.password"), "sesam\n").unwrap();
    assert!(service.stop().await.success(), "it can be stopped while it waits");
    service.start().await;
    assert!(service.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_at_mosquitto() {
    let mosquitto = Mosquitto::prepared(|folder| {
        let made = Command::new("mosquitto_passwd")
            .args(["-b", "-c"])
            .arg(folder.join("users"))
            .args(["afstand", "sesam"])
            .status()
            .expect("mosquitto_passwd comes with mosquitto");
        assert!(made.success());
        "allow_anonymous false\npassword_file {folder}/users\n".into()
    });
    let Some(mosquitto) = mosquitto else { return };
    a_wrong_password(&mosquitto.url()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_at_the_embedded_broker() {
    let folder = tempfile::tempdir().unwrap();
    let users = folder.path().join("users");
    let hash = mqtt5::broker::auth::PasswordAuthProvider::hash_password("sesam").unwrap();
    std::fs::write(&users, format!("afstand:{hash}\n")).unwrap();
    let open = EmbeddedSettings::open("127.0.0.1:0".parse().unwrap(), folder.path().join("broker"));
    let settings = EmbeddedSettings { password_file: Some(users), ..open };
    let broker = EmbeddedBroker::start(settings).await.unwrap();
    a_wrong_password(&broker.url()).await;
    broker.stop().await.unwrap();
}
