//! Order files: read before anything that devices said, and the authority for what they state.

// A test that cannot go on should stop there; clippy's own exception covers only the test functions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod support;

use serde_json::{Value, json};
use support::broker::Broker;
use support::case::{HOME, Pair, after, fix, now};
use support::geo::moved;
use support::until;
use support::world::World;

/// While the service is down an order file is added, and its people's devices report: he is with her. When the
/// service is back the file comes first, although it is long and stands behind another.
async fn a_file_that_is_new_comes_before_what_waits_at_the_broker(broker: Broker) {
    let (old, new) = (Pair::new("old"), Pair::new("new"));
    let mut world = World::start(broker, |draft| draft.orders([&old.order])).await;
    assert!(world.service.stop().await.success());

    let others: Vec<Value> = (0..300).map(|n| Pair::new(&format!("other-{n}")).order).collect();
    std::fs::write(world.service.path("orders/a-long-one.json"), json!(others).to_string()).unwrap();
    std::fs::write(world.service.path("orders/z-last.json"), new.order.to_string()).unwrap();
    world.devices.publish_json(&new.victim_topic("fix"), &fix(after(now(), -3), HOME, 1)).await;
    let near = moved(HOME, 300.0, 0.0);
    world.devices.publish_json(&new.wearer_topic("fix"), &fix(after(now(), -2), near, 1)).await;

    world.service.start().await;
    let his = |heard: &support::mqtt::Heard| heard.json()["data"]["wearer"] == new.wearer();
    let alert = world.ear.wait_for("afstand/v1/desk/rotterdam/alert", his).await;
    assert_eq!(alert.json()["data"]["level"], "alarm");
    let rejected = world.service.api("auditor").get("/v1/rejected").await.json();
    assert_eq!(rejected["items"], json!([]));
    assert!(world.service.stop().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_new_comes_first_with_nothing_installed() {
    a_file_that_is_new_comes_before_what_waits_at_the_broker(Broker::embedded().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_new_comes_first_through_mosquitto() {
    let Some(broker) = Broker::mosquitto() else { return };
    a_file_that_is_new_comes_before_what_waits_at_the_broker(broker).await;
}

/// An order of a file is not withdrawn over the API. One that did not fit is in force when the other has gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_and_the_api_do_not_work_against_each_other() {
    let (first, second) = (Pair::new("first"), Pair::new("second").with("/wearer/device", "am-first"));
    let world = World::start(Broker::embedded().await, |draft| draft.orders([&first.order])).await;
    let (supervisor, file) =
        (world.service.api("supervisor"), |name: &str| world.service.path(&format!("orders/{name}.json")));

    let refused = supervisor.delete("/v1/orders/ord-first").await;
    assert_eq!(refused.status, 409, "{refused:?}");
    assert!(refused.problem()["detail"].as_str().unwrap().contains("all.json"), "{refused:?}");

    // His device belongs to the first wearer still.
    std::fs::write(file("second"), second.order.to_string()).unwrap();
    until("the refusal in the log", async || world.service.log().contains("ord-second").then_some(())).await;
    assert_eq!(supervisor.get("/v1/orders/ord-second").await.status, 404);
    std::fs::write(file("all"), "[]").unwrap();
    let registered = async || Some(supervisor.get("/v1/orders/ord-second").await.status == 200);
    until("the second order", async || registered().await.filter(|is| *is)).await;
    assert_eq!(supervisor.get("/v1/orders/ord-first").await.status, 404);

    // What came over the API goes over the API, and once more changes nothing.
    let third = Pair::new("third");
    assert_eq!(supervisor.put("/v1/orders/ord-third", &third.order).await.status, 201);
    for _ in 0..2 {
        assert_eq!(supervisor.delete("/v1/orders/ord-third").await.status, 204);
    }
    assert_eq!(supervisor.delete("/v1/orders/ord-never").await.status, 404);
}
