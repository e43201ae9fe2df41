//! A control room that takes CAP, over a restart.

use super::*;
use crate::config::{Desk, Webhook, WebhookBody};
use crate::pipeline::cap::CapRecord;
use crate::store::Store;

fn rotterdam() -> Desk {
    let webhook = Webhook { url: "https://desk.example".parse().unwrap(), secrets: Vec::new() };
    let body = WebhookBody::Cap { exercise: true };
    Desk { name: zones::DeskId::new("rotterdam").unwrap(), mqtt: true, webhook: Some(webhook), body }
}

/// She stays where she is; he is so far from her, at so many seconds.
fn seen(decider: &mut Decider, seconds: i64, metres: f64) {
    decider.message(t(seconds), "afstand/v1/wearer/am-a/fix", &fix(seconds, 52.0 + metres / 111_200.0));
    decider.message(t(seconds), "afstand/v1/victim/vd-a/fix", &fix(seconds, 52.0));
}

/// What the desk is posted, and the references within.
fn posted(batch: &Batch) -> Vec<(String, String, Option<String>)> {
    let webhook = batch.deliveries.iter().filter(|row| row.channel == Channel::DeskWebhook);
    let inside = |xml: &str, name: &str| {
        let (_, rest) = xml.split_once(&format!("<{name}>"))?;
        rest.split_once("</").map(|(text, _)| text.to_owned())
    };
    let parts = |row: &NewDelivery| {
        let xml = &row.payload;
        assert!(xml.starts_with("<?xml") && inside(xml, "status").unwrap() == "Exercise", "{xml}");
        let reference = inside(xml, "references");
        (
            inside(xml, "msgType").unwrap(),
            format!("{},{}", row.alert, inside(xml, "sent").unwrap()),
            reference,
        )
    };
    webhook.map(parts).collect()
}

#[tokio::test]
async fn a_message_refers_to_those_before_it_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&format!("sqlite:{}", folder.path().join("store.db").display())).await.unwrap();
    let mut decider = started(nothing());
    decider.around.desks = vec![rotterdam()];
    decider.put_order(t(0), draft(&order("a")), Origin::Api).unwrap();
    seen(&mut decider, 0, 1_900.0);
    seen(&mut decider, 40, 800.0);
    let mut batch = decider.take().batch;
    let first = posted(&batch);
    assert_eq!((first.len(), first[0].0.as_str(), &first[0].2), (1, "Alert", &None));
    let json = batch.deliveries.iter().find(|row| row.channel == Channel::DeskMqtt).unwrap();
    assert!(json.payload.starts_with('{'), "over MQTT it is JSON as ever");
    store.commit(&batch).await.unwrap();

    // Another process goes on with what was stored.
    let mut decider = started(stored(std::mem::take(&mut batch)));
    decider.around.desks = vec![rotterdam()];
    decider.cap = CapRecord::load(&store, &decider.around.desks).await.unwrap();
    for (seconds, metres) in [(60, 1_300.0), (90, 1_300.0), (125, 1_300.0), (150, 900.0)] {
        seen(&mut decider, seconds, metres);
    }
    let after = posted(&decider.take().batch);
    let kinds: Vec<&str> = after.iter().map(|(kind, ..)| kind.as_str()).collect();
    assert_eq!(kinds, ["Update", "Update"], "{after:?}");
    let name = |message: &(String, String, Option<String>)| format!("urn:afstand:test,{}", message.1);
    assert_eq!(after[0].2.as_ref(), Some(&name(&first[0])));
    assert_eq!(after[1].2, Some(format!("{} {}", name(&first[0]), name(&after[0]))));
}
