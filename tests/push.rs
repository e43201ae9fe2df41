//! A victim's browser is woken while the real road goes on as if it were not there: through an approach, with a push
//! service that does not answer, and over a kill.

// A test that cannot go on should stop there; clippy's own exception covers only the test functions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod support;

/// The browser of the unit tests.
#[path = "../src/delivery/push/testing.rs"]
mod testing;

use std::time::Duration;

use serde_json::{Value, json};
use support::broker::Broker;
use support::case::{HOME, Pair, after, digits, fix, now};
use support::geo::moved;
use support::service::{Draft, command};
use support::until;
use support::world::World;
use testing::Browser;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// A world where browsers can be woken through that push service.
async fn world(pair: &Pair, service: &MockServer) -> World {
    let section = format!(
        "[push]\nkey_file = \"push.key\"\ncontact = \"mailto:beheer@example.nl\"\nallow = [\"{}\"]\n",
        service.uri()
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("push.key");
    let made = command().arg("push-key").arg(&file).output().await.unwrap();
    assert!(made.status.success(), "{made:?}");
    let again = command().arg("push-key").arg(&file).output().await.unwrap();
    assert_eq!(again.status.code(), Some(2), "browsers are bound to the key that is there");
    let key = std::fs::read_to_string(&file).unwrap();
    let said = String::from_utf8(made.stdout).unwrap();
    let draft = |draft: Draft| {
        draft.orders([&pair.order]).victim(&format!("vd-{}", pair.name)).file("push.key", &key).more(&section)
    };
    let world = World::start(Broker::embedded().await, draft).await;
    let offer = world.service.api("victim").get("/v1/me/push").await.json();
    assert_eq!(
        said.lines().next(),
        Some(format!("public key: {}", offer["public_key"].as_str().unwrap()).as_str())
    );
    world
}

async fn service(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST")).and(path("/hers")).respond_with(answer).mount(&server).await;
    server
}

async fn subscribe(world: &World, browser: &Browser, service: &MockServer) {
    let subscription = json!({"endpoint": format!("{}/hers", service.uri()),
        "keys": {"p256dh": browser.p256dh(), "auth": browser.auth()}});
    let answer = world.service.api("victim").post("/v1/me/push", subscription).await;
    assert_eq!(answer.status, 204, "{answer:?}");
}

/// He comes within 900 m of her.
async fn approach(world: &World, pair: &Pair) {
    world.devices.publish_json(&pair.victim_topic("fix"), &fix(after(now(), -40), HOME, 1)).await;
    for (seq, (seconds, metres)) in [(-35, 2_600.0), (-25, 2_000.0), (-2, 900.0)].into_iter().enumerate() {
        let place = moved(HOME, metres, 0.0);
        world
            .devices
            .publish_json(&pair.wearer_topic("fix"), &fix(after(now(), seconds), place, seq as u64))
            .await;
    }
}

/// What her browser makes of the pushes so far.
async fn read(browser: &Browser, service: &MockServer) -> Vec<(Value, Request)> {
    let requests = service.received_requests().await.unwrap();
    let open = |request: &Request| serde_json::from_str(&browser.open(&request.body).unwrap()).unwrap();
    requests.into_iter().map(|request| (open(&request), request)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn her_browser_is_woken_and_learns_nothing() {
    let (pair, browser) = (Pair::new("push"), Browser::new(1));
    let service = service(ResponseTemplate::new(201)).await;
    let mut world = world(&pair, &service).await;
    subscribe(&world, &browser, &service).await;
    approach(&world, &pair).await;
    let (text, request) = until("the hint of the alarm", async || {
        read(&browser, &service).await.into_iter().find(|(text, _)| text["kind"] == "alarm")
    })
    .await;
    assert_eq!(text.as_object().unwrap().len(), 2, "{text}");
    assert_eq!(text["tag"].as_str(), request.headers["topic"].to_str().ok());
    // Nothing of anybody, in what the push service sees and in what she sees.
    let seen =
        format!("{text} {:?} {:?} {}", request.headers, request.url, String::from_utf8_lossy(&request.body));
    let mut secrets = digits(&[HOME, moved(HOME, 900.0, 0.0)]);
    secrets.extend(
        ["victim-push", "vd-push", "wearer-push", "am-push", "ord-push", "rotterdam", "Carla"]
            .map(str::to_owned),
    );
    for secret in &secrets {
        assert!(!seen.contains(secret.as_str()), "{secret}: {seen}");
    }
    // The real road is as it was, and knows nothing of the other.
    let alert = world
        .ear
        .wait_for(&pair.victim_topic("alert"), |heard| heard.json()["data"]["level"] == "alarm")
        .await;
    let incident = alert.json()["data"]["incident"].as_str().unwrap().to_owned();
    let story = world.service.api("operator").get(&format!("/v1/incidents/{incident}")).await.json();
    let channels: Vec<_> =
        story["deliveries"].as_array().unwrap().iter().map(|sent| &sent["channel"]).collect();
    assert!(
        !channels.is_empty() && channels.iter().all(|channel| !channel.as_str().unwrap().contains("push"))
    );
    assert!(
        story["receipts"].as_array().unwrap().iter().all(|receipt| receipt["state"] != "displayed"),
        "{story}"
    );
    let sent = world.service.api("operator").figure("afstand_push_hints_total{outcome=\"sent\"}").await;
    assert!(sent >= 1.0, "{sent}");
    assert!(world.service.stop().await.success());
    let log = world.service.log();
    assert!(!log.contains("/hers") && !log.contains(&browser.auth()), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_service_that_does_not_answer_delays_no_alarm_and_a_kill_loses_no_hint() {
    let (pair, browser) = (Pair::new("stall"), Browser::new(2));
    let service = service(ResponseTemplate::new(201).set_delay(Duration::from_mins(5))).await;
    let mut world = world(&pair, &service).await;
    subscribe(&world, &browser, &service).await;
    approach(&world, &pair).await;
    // The push service holds her hint, and her device has its alarm.
    world.ear.wait_for(&pair.victim_topic("alert"), |heard| heard.json()["data"]["level"] == "alarm").await;
    until("a hint under way", async || (!read(&browser, &service).await.is_empty()).then_some(())).await;
    let before = read(&browser, &service).await.len();
    world.service.kill().await;
    world.service.start().await;
    let again = until("the hint after the kill", async || {
        let all = read(&browser, &service).await;
        all.into_iter().skip(before).map(|(text, _)| text).find(|text| text["kind"] == "alarm")
    })
    .await;
    assert_eq!(again.as_object().unwrap().len(), 2);
    assert!(world.service.stop().await.success());
}
