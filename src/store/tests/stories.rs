//! Things that have a life of their own: a delivery, an order, a state.

use super::rows::*;
use crate::store::*;

pub(super) async fn delivery_life_cycle(store: &Store) {
    let alert = alert(1, "inc-000001");
    let deliveries = vec![
        delivery(1, &alert, Channel::DeskWebhook, "rotterdam"),
        delivery(2, &alert, Channel::VictimMqtt, "vd-1"),
        delivery(3, &alert, Channel::DeskMqtt, "rotterdam"),
    ];
    let incidents = vec![incident(1)];
    store.commit(&Batch { alerts: vec![alert], incidents, deliveries, ..Batch::default() }).await.unwrap();
    let pending = store.pending_deliveries(0, 10).await.unwrap();
    assert_eq!(pending.len(), 3);
    assert!(pending.iter().all(|d| d.attempts == 0 && d.next_at.is_none() && d.incident_closed_at.is_none()));
    assert_eq!(store.pending_deliveries(2, 10).await.unwrap()[0].delivery.id, 3);

    let told = async |after| {
        let told = store.told_of_open_incidents(Channel::DeskWebhook, "rotterdam", after, 10).await.unwrap();
        told.into_iter().map(|row| (row.id, row.incident, row.alert)).collect::<Vec<_>>()
    };
    assert_eq!(told(0).await, [(1, "inc-000001".to_owned(), "alert-1".to_owned())]);
    assert!(told(1).await.is_empty(), "nothing after it");

    // The webhook fails twice, the second failure is recorded twice; then it answers.
    let failed = |attempt, millis| DeliveryProgress {
        id: 1,
        at: at(millis),
        outcome: Outcome::Attempted {
            attempt,
            error: format!("failure {attempt}"),
            next_at: at(millis + 2_000),
        },
    };
    store.record_deliveries(vec![failed(1, 10), failed(2, 20), failed(2, 30)]).await.unwrap();
    let waiting = &store.pending_deliveries(0, 1).await.unwrap()[0];
    assert_eq!((waiting.attempts, waiting.attempted_at), (2, Some(at(20))));
    assert_eq!((waiting.error.as_deref(), waiting.next_at), (Some("failure 2"), Some(at(2_020))));
    let received = |millis| DeliveryProgress {
        id: 1,
        at: at(millis),
        outcome: Outcome::Received { attempt: 3, detail: "204".into() },
    };
    store.record_deliveries(vec![received(40), received(50)]).await.unwrap();
    // The victim's device says what it did; the incident is closed with one still under way.
    let receipts = vec![
        receipt(1, "vd-1", Some("alert-1"), "displayed"),
        receipt(2, "vd-1", Some("alert-1"), "confirmed"),
    ];
    let incidents = vec![IncidentRow { closed_at: Some(at(60)), ..incident(1) }];
    store.commit(&Batch { incidents, receipts, ..Batch::default() }).await.unwrap();
    let left = store.pending_deliveries(0, 10).await.unwrap();
    let left: Vec<_> = left.iter().map(|left| (left.delivery.id, left.incident_closed_at)).collect();
    assert_eq!(left, [(3, Some(at(60)))], "what her device has shown, it has");
    assert!(told(0).await.is_empty(), "the incident is closed");
    let closed =
        |id| DeliveryProgress { id, at: at(70), outcome: Outcome::Closed { why: "incident closed".into() } };
    store.record_deliveries(vec![closed(1), closed(2), closed(3)]).await.unwrap();
    assert!(store.pending_deliveries(0, 10).await.unwrap().is_empty());
    assert_eq!(store.counts().await.unwrap().pending_deliveries, 0);

    let webhook = &store.deliveries_to(Channel::DeskWebhook, "rotterdam", None, 10).await.unwrap()[0];
    assert_eq!((webhook.attempts, webhook.received_at, webhook.closed_at), (3, Some(at(40)), None));
    assert_eq!((webhook.detail.as_deref(), webhook.next_at), (Some("204"), None));
    assert_eq!(webhook.displayed_at, None);
    let victim = &store.deliveries_to(Channel::VictimMqtt, "vd-1", None, 10).await.unwrap()[0];
    assert_eq!((victim.displayed_at, victim.confirmed_at), (Some(at(1)), Some(at(2))));
    assert_eq!((victim.received_at, victim.attempts, victim.closed_at), (Some(at(21)), 0, None));
    let desk = &store.deliveries_to(Channel::DeskMqtt, "rotterdam", None, 10).await.unwrap()[0];
    assert_eq!((desk.closed_at, desk.why.as_deref()), (Some(at(70)), Some("incident closed")));
}

pub(super) async fn what_was_kept_back_is_sent_after_all(store: &Store) {
    let alerts: Vec<AlertRow> =
        (1..=4).map(|n| alert(n, if n < 4 { "inc-000001" } else { "inc-000002" })).collect();
    let deliveries: Vec<NewDelivery> =
        alerts.iter().map(|alert| delivery(alert.seq, alert, Channel::DeskMqtt, "rotterdam")).collect();
    let closed =
        |id, why: &str| DeliveryProgress { id, at: at(5), outcome: Outcome::Closed { why: why.to_owned() } };
    let progress = vec![closed(1, IN_MASS), closed(2, QUIET_HOURS), closed(3, IN_MASS), closed(4, IN_MASS)];
    store.commit(&Batch { alerts, deliveries, progress, ..Batch::default() }).await.unwrap();
    assert!(store.pending_deliveries(0, 10).await.unwrap().is_empty());
    let released = vec!["inc-000001".to_owned()];
    assert!(!Batch { released: released.clone(), ..Batch::default() }.is_empty());
    store.commit(&Batch { released, ..Batch::default() }).await.unwrap();
    let pending = store.pending_deliveries(0, 10).await.unwrap();
    assert_eq!(pending.iter().map(|one| one.delivery.id).collect::<Vec<_>>(), [1, 3]);
}

pub(super) async fn withdrawal_keeps_history(store: &Store) {
    let commit =
        async |orders: Vec<OrderRow>| store.commit(&Batch { orders, ..Batch::default() }).await.unwrap();
    commit(vec![order("a", 1, Some("first")), order("b", 2, Some("b"))]).await;
    commit(vec![order("a", 3, Some("second")), order("a", 4, None)]).await;
    let ids = |orders: Vec<StoredOrder>| orders.iter().map(|o| o.order.to_string()).collect::<Vec<_>>();
    assert_eq!(ids(store.load().await.unwrap().orders), ["b"]);
    assert_eq!(ids(store.orders(None, 10).await.unwrap()), ["b"]);
    assert_eq!(store.counts().await.unwrap().orders, 1);
    let a = store.order("a").await.unwrap().unwrap();
    assert_eq!((a.document.as_str(), a.withdrawn_at, a.seq), ("second", Some(at(4)), 4));
    let documents = async || -> Vec<_> {
        store.order_history("a", None, 10).await.unwrap().into_iter().map(|row| row.document).collect()
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(documents().await, [None, text("second"), text("first")]);
    assert_eq!(store.order_history("a", Some(3), 10).await.unwrap().len(), 1);

    // Registered again, after one more withdrawal in the same batch.
    commit(vec![order("a", 5, None), order("a", 6, Some("third"))]).await;
    let a = store.order("a").await.unwrap().unwrap();
    assert_eq!((a.document.as_str(), a.withdrawn_at), ("third", None));
    assert_eq!(documents().await, [text("third"), None, None, text("second"), text("first")]);
    // What was never there can be withdrawn.
    commit(vec![order("c", 7, None)]).await;
    assert!(store.order("c").await.unwrap().is_none());
}

pub(super) async fn states_by_key(store: &Store) {
    let commit =
        async |watches: Vec<StateRow>| store.commit(&Batch { watches, ..Batch::default() }).await.unwrap();
    commit(vec![
        state("a/1", Some(b"x")),
        state("a/2", Some(b"x")),
        state("ab/1", Some(b"x")),
        state("a/1", Some(b"y")),
    ])
    .await;
    let found = store.watches_of_prefix("a/", None, 10).await.unwrap();
    assert_eq!(
        found.iter().map(|row| (&*row.key, &*row.state)).collect::<Vec<_>>(),
        [("a/1", &b"y"[..]), ("a/2", b"x")]
    );
    assert_eq!(store.watches_of_prefix("a/", Some("a/1"), 10).await.unwrap().len(), 1);
    assert_eq!(store.watches_of_prefix("", None, 10).await.unwrap().len(), 3);

    // Deleted; set and deleted; deleted and set; deleted though it was never there.
    commit(vec![
        state("a/1", None),
        state("a/3", Some(b"x")),
        state("a/3", None),
        state("a/2", None),
        state("a/2", Some(b"z")),
        state("nobody", None),
    ])
    .await;
    let loaded = store.load().await.unwrap().few.watches;
    assert_eq!(
        loaded.iter().map(|row| (&*row.key, &*row.state)).collect::<Vec<_>>(),
        [("a/2", &b"z"[..]), ("ab/1", b"x")]
    );
}

pub(super) async fn notices_by_topic(store: &Store) {
    let commit = async |notices: Vec<NoticeRow>, noticed: Vec<(String, i64)>| {
        store.commit(&Batch { notices, noticed, ..Batch::default() }).await.unwrap();
        store.notices(None, 10).await.unwrap()
    };
    let (first, second, other) = (notice("a", 1, None), notice("a", 2, None), notice("b", 2, Some(at(5))));
    assert_eq!(commit(vec![first, second.clone(), other.clone()], vec![]).await, [second, other.clone()]);
    // Told of the second while the third is decided: the third waits still.
    let third = notice("a", 3, None);
    assert_eq!(commit(vec![third.clone()], vec![]).await, [third.clone(), other.clone()]);
    assert_eq!(commit(vec![], vec![("a".to_owned(), 2)]).await, [third, other.clone()]);
    assert_eq!(commit(vec![], vec![("a".to_owned(), 3), ("c".to_owned(), 1)]).await, [other]);
    assert_eq!(store.notices(Some("b"), 10).await.unwrap(), []);
}

/// What her quiet hours keep from a victim is in the record, never pending, and known at the next start: until she
/// is told of the incident after all, or it is closed.
pub(super) async fn quiet_hours_are_remembered(store: &Store) {
    let kept = |id: i64, incident: &str| {
        let delivery = delivery(id, &alert(id, incident), Channel::VictimMqtt, "vd-1");
        let outcome = Outcome::Held { until: Some(at(100)) };
        (delivery, DeliveryProgress { id, at: at(id), outcome })
    };
    let all = [kept(1, "inc-000001"), kept(2, "inc-000002"), kept(3, "inc-000003")];
    let (mut deliveries, progress): (Vec<_>, Vec<_>) = all.into_iter().unzip();
    deliveries.push(delivery(4, &alert(4, "inc-000002"), Channel::VictimMqtt, "vd-1"));
    // The desk was told meanwhile: that is no business of hers.
    deliveries.push(delivery(5, &alert(5, "inc-000001"), Channel::DeskMqtt, "rotterdam"));
    let closed = IncidentRow { closed_at: Some(at(9)), ..incident(3) };
    let incidents = vec![incident(1), incident(2), closed];
    store.commit(&Batch { incidents, deliveries, progress, ..Batch::default() }).await.unwrap();
    let held = async || store.load().await.unwrap().few.quiet;
    let row = |until| QuietRow {
        incident: "inc-000001".to_owned(),
        delivery: 1,
        alert: alert(1, "inc-000001").alert,
        device: "vd-1".to_owned(),
        until,
    };
    assert_eq!(held().await, [row(Some(at(100)))]);
    let pending = store.pending_deliveries(0, 10).await.unwrap();
    assert_eq!(pending.iter().map(|p| p.delivery.id).collect::<Vec<_>>(), [4, 5]);
    let story = store.incident("inc-000001").await.unwrap().unwrap();
    assert_eq!(story.deliveries[0].why.as_deref(), Some("quiet_hours"));
    assert_eq!((story.deliveries[0].next_at, story.deliveries[0].closed_at), (Some(at(100)), Some(at(1))));

    // Over before her hours were: known, and never told. What was received or given up is not held any more.
    let change = async |id, outcome| {
        let progress = vec![DeliveryProgress { id, at: at(50), outcome }];
        store.commit(&Batch { progress, ..Batch::default() }).await.unwrap();
    };
    change(1, Outcome::Held { until: None }).await;
    assert_eq!(held().await, [row(None)]);
    change(5, Outcome::Closed { why: "given up".to_owned() }).await;
    change(5, Outcome::Held { until: Some(at(100)) }).await;
    // Released twice, as when nobody knows what came of a commit: it is the newest of the outbox, once.
    change(1, Outcome::Held { until: Some(at(100)) }).await;
    for _ in 0..2 {
        change(1, Outcome::Released { id: 6 }).await;
    }
    assert_eq!(held().await, []);
    let pending = store.pending_deliveries(5, 10).await.unwrap();
    let told: Vec<_> = pending.iter().map(|p| (p.delivery.id, &*p.delivery.alert, p.next_at)).collect();
    assert_eq!(told, [(6, &*alert(1, "inc-000001").alert, None)]);
    assert_eq!(pending[0].delivery.created_at, at(50));
    assert_eq!(store.load().await.unwrap().few.next.delivery, 7);
}
