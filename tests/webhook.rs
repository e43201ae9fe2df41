//! A desk whose webhook fails: its alerts wait, in order, over a restart, and nobody else waits with them.

// A test that cannot go on should stop there; clippy's own exception covers only the test functions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::Value;
use support::broker::Broker;
use support::case::{HOME, Pair, after, fix, now};
use support::geo::moved;
use support::mqtt::Client;
use support::service::{Draft, WEBHOOK_SECRET};
use support::until;
use support::webhook::{Posted, Webhook};

/// In, out for over a minute, in again: alarm, warning, alarm in one incident. All of it in the last two minutes.
async fn in_and_out_and_in(devices: &Client, pair: &Pair) {
    let begin = after(now(), -100);
    for (second, metres) in
        [(0, 800.0), (15, 1_300.0), (40, 1_300.0), (65, 1_300.0), (80, 1_300.0), (95, 800.0)]
    {
        let (at, place) = (after(begin, second), moved(HOME, metres, 0.0));
        devices.publish_json(&pair.wearer_topic("fix"), &fix(at, place, 0)).await;
        devices.publish_json(&pair.victim_topic("fix"), &fix(at, HOME, 0)).await;
    }
}

const STORY: [&str; 3] = ["alarm", "warning", "alarm"];

/// The levels of each incident in the order in which they were received.
fn stories(received: &[Posted]) -> BTreeMap<String, Vec<String>> {
    let mut stories = BTreeMap::<_, Vec<_>>::new();
    for post in received {
        let data: Value = post.json()["data"].clone();
        let word = |key: &str| data[key].as_str().unwrap().to_owned();
        stories.entry(word("wearer")).or_default().push(word("level"));
    }
    stories
}

fn is_told(posts: &[Posted], pairs: &[&Pair]) -> bool {
    let received: Vec<Posted> = posts.iter().filter(|post| post.status < 300).cloned().collect();
    let stories = stories(&received);
    pairs.iter().all(|pair| stories.get(&pair.wearer()).is_some_and(|story| story.len() >= STORY.len()))
}

/// Delft answers 500 for 35 seconds. Utrecht has all its alerts meanwhile, at once; Delft has them all after.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_desk_that_fails_gets_everything_later_and_delays_nobody() {
    let (delft, utrecht) = (Webhook::start().await, Webhook::start().await);
    let broker = Broker::embedded().await;
    let pair = |name: &str, desk: &str| Pair::new(name).with("/desk", desk);
    let (d1, d2, u1) = (pair("d1", "delft"), pair("d2", "delft"), pair("u1", "utrecht"));
    let mut service = Draft::new(&broker.url())
        .desk("delft", Some(&delft.url))
        .desk("utrecht", Some(&utrecht.url))
        .orders([&d1.order, &d2.order, &u1.order])
        .write();
    service.start().await;
    let devices = Client::connect(broker.port(), "devices").await;
    delft.answer_with(500);
    in_and_out_and_in(&devices, &d1).await;
    in_and_out_and_in(&devices, &d2).await;
    let tried = delft.wait_for("a first try", |posts| posts.first().map(|post| post.at)).await;

    // Utrecht's come while Delft has failed already, and all are received before Delft has received anything.
    in_and_out_and_in(&devices, &u1).await;
    utrecht.wait_for("Utrecht's story", |posts| is_told(posts, &[&u1]).then_some(())).await;
    assert_eq!(utrecht.posts().len(), STORY.len(), "each once");
    assert!(delft.received().is_empty());

    // This is the one test that lets real time pass: the waits between tries are the contract's.
    tokio::time::sleep_until((tried + Duration::from_secs(35)).into()).await;
    delft.answer_with(200);
    delft.wait_for("Delft's stories", |posts| is_told(posts, &[&d1, &d2]).then_some(())).await;
    assert_eq!(
        stories(&delft.received()).into_values().collect::<Vec<_>>(),
        vec![STORY.map(str::to_owned).to_vec(); 2]
    );
    assert_eq!(stories(&utrecht.received())[&u1.wearer()], STORY);
    the_tries_were_spaced_as_promised(&delft, tried);
    for post in delft.posts().iter().chain(&utrecht.posts()) {
        assert!(post.is_signed_with(WEBHOOK_SECRET), "{post:?}");
    }
    assert!(service.stop().await.success());
}

/// 0, 2, 5, 10, 20 s: of each incident its first alert was tried at 0, 2, 7, 17 and 37 s, and no later one before it
/// was received.
fn the_tries_were_spaced_as_promised(delft: &Webhook, first: Instant) {
    let failed: Vec<Posted> = delft.posts().into_iter().filter(|post| post.status >= 300).collect();
    let ids: BTreeSet<&str> = failed.iter().map(|post| post.id.as_str()).collect();
    assert_eq!(ids.len(), 2, "one alert an incident was tried, the others waited behind it");
    for id in ids {
        let tries = delft.posts().into_iter().filter(|post| post.id == id);
        let seconds: Vec<f64> = tries.map(|post| (post.at - first).as_secs_f64()).collect();
        assert_eq!(seconds.len(), 5, "{seconds:?}");
        for (second, promised) in seconds.iter().zip([0.0, 2.0, 7.0, 17.0, 37.0]) {
            // Never early; a busy machine may be late.
            assert!((-0.5..10.0).contains(&(second - promised)), "{seconds:?}");
        }
    }
}

/// The service is killed while a desk still fails. After the restart the desk gets the same alert, under the same id,
/// and then the rest of the story.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_pending_is_delivered_after_a_restart_under_the_same_id() {
    let (desk, broker, pair) = (Webhook::start().await, Broker::embedded().await, Pair::new("pi"));
    let draft = Draft::new(&broker.url()).desk("rotterdam", Some(&desk.url)).orders([&pair.order]);
    let mut service = draft.write();
    service.start().await;
    let devices = Client::connect(broker.port(), "devices").await;
    desk.answer_with(503);
    in_and_out_and_in(&devices, &pair).await;
    let tried = desk.wait_for("two tries", |posts| posts.get(1).cloned()).await;
    let api = service.api("operator");
    let pending = async || {
        let outbox = api.get("/v1/desks/rotterdam/deliveries").await.json();
        let waiting = outbox["items"]
            .as_array()?
            .iter()
            .filter(|d| d["channel"] == "desk_webhook" && d["state"] == "pending");
        (waiting.count() == STORY.len()).then_some(())
    };
    until("three deliveries in the outbox", pending).await;
    service.kill().await;

    desk.answer_with(204);
    service.start().await;
    desk.wait_for("the story", |posts| is_told(posts, &[&pair]).then_some(())).await;
    let received = desk.received();
    assert_eq!((&received[0].id, &received[0].body), (&tried.id, &tried.body));
    assert_eq!(stories(&received)[&pair.wearer()], STORY);
    let ids: BTreeSet<&String> = received.iter().map(|post| &post.id).collect();
    assert_eq!(ids.len(), STORY.len());
    assert!(service.stop().await.success());
}
