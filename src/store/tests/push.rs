//! Browsers that are woken, and what for.

use super::rows::at;
use crate::store::*;

fn browser(id: &str, person: &str, device: &str, seen: i64) -> PushRow {
    PushRow {
        id: id.to_owned(),
        person: person.to_owned(),
        device: device.to_owned(),
        endpoint: format!("https://push.example/{id}"),
        p256dh: "point".to_owned(),
        auth: "secret".to_owned(),
        server_key: "ours".to_owned(),
        seen_at: at(seen),
    }
}

async fn ids(store: &Store, device: &str, person: &str) -> Vec<String> {
    let rows = store.push_subscriptions(device, person).await.unwrap();
    rows.into_iter().map(|row| row.id).collect()
}

/// Of a person's browsers those stay that were seen last; nobody else's are touched.
pub(super) async fn browsers_are_kept_and_dropped(store: &Store) {
    let eva = browser("eva", "victim-2", "vd-2", 1);
    store.subscribe_push(&eva, 2).await.unwrap();
    assert_eq!(store.push_subscriptions("vd-2", "victim-2").await.unwrap(), [eva]);
    for (id, seen) in [("a", 1), ("b", 2), ("c", 3)] {
        store.subscribe_push(&browser(id, "victim-1", "vd-1", seen), 2).await.unwrap();
    }
    assert_eq!(ids(store, "vd-1", "victim-1").await, ["c", "b"], "the one seen longest ago is gone");
    // Seen again, it is the newest.
    store.subscribe_push(&browser("b", "victim-1", "vd-1", 4), 2).await.unwrap();
    store.subscribe_push(&browser("d", "victim-1", "vd-1", 5), 2).await.unwrap();
    assert_eq!(ids(store, "vd-1", "victim-1").await, ["d", "b"]);
    // A telephone that somebody else has now wakes him alone.
    store.subscribe_push(&browser("d", "victim-2", "vd-2", 6), 2).await.unwrap();
    assert_eq!(ids(store, "vd-1", "victim-1").await, ["b"]);
    assert_eq!(ids(store, "vd-2", "victim-2").await, ["d", "eva"]);
    assert_eq!(ids(store, "vd-2", "victim-1").await, [] as [&str; 0]);

    // Who has a device no more takes along what was hers, and nothing else.
    store.subscribe_push(&browser("f", "victim-3", "vd-2", 1), 2).await.unwrap();
    store.forget_push_of("vd-1", "victim-3").await.unwrap();
    assert_eq!(ids(store, "vd-2", "victim-3").await, ["f"]);
    store.forget_push_of("vd-2", "victim-3").await.unwrap();
    assert_eq!(ids(store, "vd-2", "victim-3").await, [] as [&str; 0]);
    assert_eq!(ids(store, "vd-2", "victim-2").await, ["d", "eva"]);

    store.unsubscribe_push("vd-1", Some("d")).await.unwrap();
    assert_eq!(ids(store, "vd-2", "victim-2").await, ["d", "eva"], "not hers to drop");
    store.unsubscribe_push("vd-2", Some("d")).await.unwrap();
    assert_eq!(ids(store, "vd-2", "victim-2").await, ["eva"]);
    let bound = PushRow { server_key: "another".to_owned(), ..browser("e", "victim-2", "vd-2", 7) };
    store.subscribe_push(&bound, 5).await.unwrap();
    store.keep_push_of("ours").await.unwrap();
    assert_eq!(ids(store, "vd-2", "victim-2").await, ["eva"]);
    store.forget_push(&["eva".to_owned(), "never".to_owned()]).await.unwrap();
    store.forget_push(&[]).await.unwrap();
    assert_eq!(ids(store, "vd-2", "victim-2").await, [] as [&str; 0]);
    store.unsubscribe_push("vd-1", None).await.unwrap();
    assert_eq!(ids(store, "vd-1", "victim-1").await, [] as [&str; 0]);
}

/// A hint follows from what lies in the outbox for her device, and from nothing that her browsers did.
pub(super) async fn hints_follow_from_the_outbox(store: &Store) {
    let batch = super::rows::one_of_each();
    let incident = IncidentRow {
        incident: "inc-push".to_owned(),
        victim: Some("victim-1".to_owned()),
        ..batch.incidents[0].clone()
    };
    let delivery = |id: i64, channel, recipient: &str, created: i64| NewDelivery {
        id,
        alert: format!("alert-{id}"),
        alert_seq: id,
        incident: "inc-push".to_owned(),
        channel,
        recipient: recipient.to_owned(),
        payload: format!("payload {id}"),
        level: "alarm".into(),
        created_at: at(created),
    };
    let hers = Channel::VictimMqtt;
    let deliveries = vec![
        delivery(1, hers, "vd-1", 9),
        delivery(2, hers, "vd-1", 10),
        delivery(3, Channel::DeskMqtt, "vd-1", 10),
        // Of somebody who wants no hints.
        delivery(4, hers, "vd-9", 10),
        delivery(5, hers, "vd-1", 11),
        delivery(6, hers, "vd-1", 12),
        delivery(7, hers, "vd-1", 13),
        delivery(8, hers, "vd-1", 14),
    ];
    let closed =
        |id, why: &str| DeliveryProgress { id, at: at(12), outcome: Outcome::Closed { why: why.to_owned() } };
    let displayed = ReceiptRow {
        seq: 900,
        at: at(12),
        received_at: at(12),
        channel: hers,
        recipient: "vd-1".to_owned(),
        alert: Some("alert-6".to_owned()),
        incident: None,
        state: "displayed".into(),
        reference: None,
        reason: None,
    };
    let confirmed_by_other = ReceiptRow {
        seq: 901,
        recipient: "vd-2".to_owned(),
        alert: Some("alert-7".to_owned()),
        ..displayed.clone()
    };
    store
        .commit(&Batch {
            incidents: vec![incident],
            deliveries,
            progress: vec![closed(5, QUIET_HOURS), closed(7, "the incident is closed")],
            receipts: vec![displayed, confirmed_by_other],
            ..Batch::default()
        })
        .await
        .unwrap();
    let found = async |after, up_to, since: i64, limit| {
        let rows = store.hints(after, up_to, at(since), limit).await.unwrap();
        rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(found(0, 100, 0, 10).await, [0; 0], "nobody wants to know");
    store.subscribe_push(&browser("a", "victim-1", "vd-1", 1), 5).await.unwrap();
    store.subscribe_push(&browser("b", "victim-1", "vd-1", 2), 5).await.unwrap();
    assert_eq!(found(0, 100, 10, 10).await, [2, 7, 8], "once, however many browsers she has");
    assert_eq!(found(0, 100, 0, 2).await, [1, 2]);
    assert_eq!(found(2, 7, 0, 10).await, [7]);
    let row = store.hints(1, 2, at(0), 10).await.unwrap().remove(0);
    assert_eq!(
        (row.device.as_str(), row.person.as_str(), row.incident.as_str()),
        ("vd-1", "victim-1", "inc-push")
    );
    assert_eq!((&*row.level, row.payload.as_str(), row.created_at), ("alarm", "payload 2", at(10)));
    // The device went to somebody else: what is hers is not told to the one before.
    store.unsubscribe_push("vd-1", None).await.unwrap();
    store.subscribe_push(&browser("c", "victim-0", "vd-1", 3), 5).await.unwrap();
    assert_eq!(found(0, 100, 0, 10).await, [0; 0]);
}
