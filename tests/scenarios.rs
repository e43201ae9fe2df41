//! Cases of the simulator, played at true speed through the real service: what its devices publish, and what desk
//! and victim hear.

// A test that cannot go on should stop there; clippy's own exception covers only the test functions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod support;

use serde_json::Value;
use simulator::scenarios::{Report, Service, select};
use support::broker::Broker;
use support::world::World;

/// Those that take no more than a minute: they are played at once.
const SHORT: [&str; 8] = [
    "aware-cancelled",
    "aware-pressed",
    "aware-test",
    "first-fix-inside",
    "live-coarse",
    "live-jamming",
    "live-teleport",
    "live-twice",
];

#[tokio::test(flavor = "multi_thread")]
async fn short_cases_go_as_they_must_through_the_real_service() {
    let world = World::start(Broker::embedded().await, |draft| draft).await;
    let broker = simulator::Broker::parse(&world.broker.url()).unwrap();
    let api = world.service.api("integrator");
    let service = Service::new(broker, api.base(), Some(api.token().to_owned())).unwrap();
    let names = SHORT.map(str::to_owned);
    // One that takes hours is not played, and said not to be.
    let scenarios = select(&[&names[..], &["curfew".to_owned()]].concat()).unwrap();
    let report = Report::through_service(&scenarios, &service).await.unwrap();
    let counts = (report.passed, report.missed, report.not_playable);
    assert_eq!(counts, (SHORT.len(), 0, 1), "{report:#?}");
    // Nothing is left behind: orders without devices would be silent for ever.
    let orders = api.get("/v1/orders").await.json();
    assert_eq!(orders["items"], Value::Array(Vec::new()), "{orders}");
}
