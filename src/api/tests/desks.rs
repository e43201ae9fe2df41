use serde_json::{Value, json};

use super::bench::{Bench, alert, at, delivery};
use crate::store::*;

#[tokio::test]
async fn a_desk_reads_what_was_sent_to_it_over_both_roads_newest_first() {
    let bench = Bench::new().await;
    let alerts: Vec<AlertRow> = (1..=3).map(|seq| alert(seq, "inc-1", "rotterdam")).collect();
    let deliveries = vec![
        delivery(1, &alerts[0], Channel::DeskWebhook, "rotterdam"),
        delivery(2, &alerts[0], Channel::DeskMqtt, "rotterdam"),
        delivery(3, &alerts[1], Channel::DeskWebhook, "rotterdam"),
        delivery(4, &alerts[1], Channel::DeskMqtt, "utrecht"),
        delivery(5, &alerts[2], Channel::DeskWebhook, "rotterdam"),
    ];
    let received = |id| DeliveryProgress {
        id,
        at: at("2026-11-21T10:10:03Z"),
        outcome: Outcome::Received { attempt: 2, detail: "HTTP 204".to_owned() },
    };
    let gave_up = DeliveryProgress {
        id: 3,
        at: at("2026-11-21T10:11:00Z"),
        outcome: Outcome::Closed { why: "the incident was closed".to_owned() },
    };
    let progress = vec![received(1), gave_up];
    bench.commit(Batch { alerts, deliveries, progress, ..Batch::default() }).await;

    let first = bench.get("rotterdam", "/v1/desks/rotterdam/deliveries?limit=3").await.json();
    let numbers: Vec<_> = first["items"].as_array().unwrap().iter().map(|d| &d["delivery"]).collect();
    assert_eq!(numbers, [&json!(5), &json!(3), &json!(2)]);
    let states: Vec<_> = first["items"].as_array().unwrap().iter().map(|d| &d["state"]).collect();
    assert_eq!(states, [&json!("pending"), &json!("closed"), &json!("pending")]);
    assert_eq!(first["items"][1]["closed_because"], "the incident was closed");
    let next = first["next"].as_str().unwrap();
    let path = format!("/v1/desks/rotterdam/deliveries?limit=3&cursor={next}");
    let second = bench.get("operator", &path).await.json();
    assert_eq!(second["next"], Value::Null);
    let last = &second["items"][0];
    assert_eq!(
        (&last["delivery"], &last["state"], &last["received_at"], &last["answer"]),
        (&json!(1), &json!("received"), &json!("2026-11-21T10:10:03.000Z"), &json!("HTTP 204"))
    );
    // What was sent holds positions; the record of the sending does not.
    assert!(last.get("payload").is_none());
}
