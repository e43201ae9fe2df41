//! What every back end must do.

use std::pin::pin;
use std::task::{Context, Poll};

use super::rows::*;
use crate::store::*;

fn span(from: i64, to: i64) -> InputFilter {
    InputFilter { device: None, from: at(from), to: at(to), after: None }
}

pub(super) async fn every_row_comes_back(store: &Store) {
    let batch = one_of_each();
    assert!(Batch::default().is_empty() && !batch.is_empty());
    assert_eq!(store.commit(&batch).await.unwrap(), Committed::default());

    assert_eq!(store.inputs(&span(0, 1_000), 10).await.unwrap(), batch.inputs);
    let device = store.device("am-1").await.unwrap().unwrap();
    assert_eq!(
        (device.key, Some(device.state)),
        (batch.devices[0].key.clone(), batch.devices[0].state.clone())
    );
    assert_eq!(store.devices(None, 10).await.unwrap().len(), 1);
    assert_eq!(store.notices(None, 10).await.unwrap(), batch.notices);
    assert_eq!(store.watches_of_prefix("ord-1/", None, 10).await.unwrap()[0].state, b"");

    let order = store.order("ord-1").await.unwrap().unwrap();
    assert_eq!(Some(order.document), batch.orders[0].document);
    assert_eq!((order.seq, order.changed_at, order.origin), (1, at(1), Origin::Api));
    assert_eq!(store.order_history("ord-1", None, 10).await.unwrap(), batch.orders);

    let story = store.incident("inc-000001").await.unwrap().unwrap();
    assert_eq!(story.incident, batch.incidents[0]);
    assert_eq!(story.alerts, batch.alerts);
    let sent: Vec<_> = story.deliveries.iter().map(|record| record.delivery.clone()).collect();
    assert_eq!(sent, batch.deliveries);
    assert_eq!(story.receipts, batch.receipts);
    assert_eq!(story.timeline, batch.timeline[..1]);
    assert_eq!(story.deadlines.len(), 2);
    assert!(batch.deadlines.iter().all(|clock| story.deadlines.contains(clock)));
    let loaded = store.load().await.unwrap();
    assert_eq!(Some(&loaded.few.followups[0].state), batch.followups[0].state.as_ref());
    assert_eq!(Some(&loaded.few.duty[0].state), batch.duty[0].state.as_ref());
    assert_eq!(loaded.few.next.alert, 5, "alerts and timelines share their numbers");
    assert_eq!(store.incident("inc-000002").await.unwrap().unwrap().incident, batch.incidents[1]);
    assert_eq!(store.alerts_after(0, 10).await.unwrap(), batch.alerts);
    assert_eq!(store.latest_alert_seq().await.unwrap(), 2);
    assert_eq!(store.rejected(None, 10).await.unwrap(), batch.rejected);
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.pending_deliveries, counts.open_incidents, counts.orders), (2, 2, 1));
    assert_eq!(counts.oldest_pending_at, Some(at(1)));

    assert!(store.device("nobody").await.unwrap().is_none());
    assert!(store.order("nobody").await.unwrap().is_none());
    assert!(store.incident("nobody").await.unwrap().is_none());
}

pub(super) async fn a_long_story_is_told_to_its_end(store: &Store) {
    let all = i64::from(MOST_ROWS) + 5;
    let alerts: Vec<AlertRow> = (1..=all).map(|n| alert(n, "inc-000001")).collect();
    let deliveries = alerts.iter().map(|a| delivery(a.seq, a, Channel::DeskMqtt, "r")).collect();
    store
        .commit(&Batch { incidents: vec![incident(1)], alerts, deliveries, ..Batch::default() })
        .await
        .unwrap();
    let story = store.incident("inc-000001").await.unwrap().unwrap();
    let newest: Vec<i64> = (6..=all).collect();
    assert_eq!(story.alerts.iter().map(|a| a.seq).collect::<Vec<_>>(), newest);
    assert_eq!(story.deliveries.iter().map(|d| d.delivery.id).collect::<Vec<_>>(), newest);
}

pub(super) async fn only_the_newest_rejected_messages_are_kept(store: &Store) {
    let row = |seq| RejectedRow { seq, ..one_of_each().rejected.remove(0) };
    let batch =
        |seqs: &[i64]| Batch { rejected: seqs.iter().copied().map(row).collect(), ..Batch::default() };
    store.commit(&batch(&[1, 2, 3])).await.unwrap();
    assert_eq!(store.rejected(None, 10).await.unwrap().len(), 3);
    store.commit(&batch(&[MOST_REJECTED + 1, MOST_REJECTED + 2])).await.unwrap();
    let left: Vec<i64> = store.rejected(None, 10).await.unwrap().iter().map(|row| row.seq).collect();
    assert_eq!(left, [MOST_REJECTED + 2, MOST_REJECTED + 1, 3]);
}

pub(super) async fn second_try_changes_nothing(store: &Store) {
    let mut batch = one_of_each();
    batch.progress = vec![
        DeliveryProgress {
            id: 1,
            at: at(10),
            outcome: Outcome::Attempted { attempt: 1, error: "no route".into(), next_at: at(12) },
        },
        DeliveryProgress {
            id: 2,
            at: at(11),
            outcome: Outcome::Received { attempt: 1, detail: "PUBACK".into() },
        },
    ];
    store.commit(&batch).await.unwrap();
    let (loaded, story) = (store.load().await.unwrap(), store.incident("inc-000001").await.unwrap());
    let again = store.commit(&batch).await.unwrap();
    assert_eq!(again, Committed { repeated: true, known_alerts: 2 });
    assert_eq!(store.load().await.unwrap(), loaded);
    assert_eq!(store.incident("inc-000001").await.unwrap(), story);
    assert_eq!(store.order_history("ord-1", None, 10).await.unwrap().len(), 1);
    assert_eq!(story.unwrap().deliveries[0].attempts, 1);
}

pub(super) async fn known_alert_is_kept(store: &Store) {
    let first = alert(1, "inc-000001");
    let deliveries = vec![delivery(1, &first, Channel::DeskMqtt, "rotterdam")];
    store.commit(&Batch { alerts: vec![first.clone()], deliveries, ..Batch::default() }).await.unwrap();

    // The same alert under another number, with its delivery, beside a new one.
    let second = AlertRow { seq: 2, data: "{}".into(), ..first.clone() };
    let third = alert(3, "inc-000001");
    let deliveries = vec![
        delivery(2, &second, Channel::DeskMqtt, "rotterdam"),
        delivery(3, &third, Channel::DeskMqtt, "rotterdam"),
    ];
    let batch = Batch { alerts: vec![second, third.clone()], deliveries, ..Batch::default() };
    assert_eq!(store.commit(&batch).await.unwrap().known_alerts, 1);
    assert_eq!(store.alerts_after(0, 10).await.unwrap(), [first, third]);
    let pending: Vec<_> =
        store.pending_deliveries(0, 10).await.unwrap().iter().map(|d| d.delivery.id).collect();
    assert_eq!(pending, [1, 3]);
}

/// Journal numbers that are partly somebody else's stop the batch, and all that stood in it is undone.
pub(super) async fn failing_batch_leaves_nothing(store: &Store) {
    store.commit(&Batch { inputs: vec![input(5)], ..Batch::default() }).await.unwrap();
    let before = store.load().await.unwrap();
    let mut batch = one_of_each();
    batch.inputs = vec![input(4), input(5), input(6)];
    let refused = store.commit(&batch).await.unwrap_err();
    assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused}");
    assert!(!refused.is_retryable());
    assert_eq!(store.load().await.unwrap(), before);
    assert_eq!(store.inputs(&span(0, 100), 10).await.unwrap(), [input(5)]);

    // The store goes on.
    batch.inputs = vec![input(6)];
    assert!(!store.commit(&batch).await.unwrap().repeated);
}

/// A future that is dropped at each of its waiting points in turn, as when the service is stopped.
pub(super) async fn dropped_commit_leaves_nothing(store: &Store) {
    let mut batch = one_of_each();
    let mut dropped = 0;
    // A busy server wakes the waiting one many times for each step: beyond the first few, in strides.
    for waits in (0..200).chain((200..20_000).step_by(100)) {
        let done = {
            let mut commit = pin!(store.commit(&batch));
            // The connection works on other threads: each poll may find it a little further.
            let mut polls = 0;
            std::future::poll_fn(|context: &mut Context<'_>| {
                let poll = commit.as_mut().poll(context);
                polls += 1;
                match poll {
                    Poll::Ready(result) => Poll::Ready(Some(result)),
                    Poll::Pending if polls > waits => Poll::Ready(None),
                    Poll::Pending => Poll::Pending,
                }
            })
            .await
        };
        match done {
            Some(result) => {
                result.unwrap();
                break;
            }
            None => dropped += 1,
        }
        // All of it or nothing: a commit that was dropped in its very last step may have succeeded, or still be at it.
        let mut loaded = store.load().await.unwrap();
        loop {
            let again = store.load().await.unwrap();
            if std::mem::replace(&mut loaded, again) == loaded {
                break;
            }
        }
        let whole = [loaded.few.next.input == 4, loaded.orders.len() == 1, loaded.few.next.delivery == 4];
        assert!(whole == [true; 3] || whole == [false; 3], "{whole:?} after {waits} waits");
    }
    assert!(dropped > 0, "it was never dropped: how often it waits is for the database to say");
    batch.inputs.clear();
    store.commit(&batch).await.unwrap();
    assert_eq!(store.load().await.unwrap().few.next.input, 4);
}

pub(super) async fn pages_join(store: &Store) {
    let batch = Batch {
        inputs: (1..=25).map(input).collect(),
        devices: (0..25).map(|n| state(&format!("d{n:02}"), Some(&[n]))).collect(),
        orders: (0..25).map(|n| order(&format!("o{n:02}"), n + 1, Some("{}"))).collect(),
        incidents: (0..25).map(incident).collect(),
        alerts: (1..=25).map(|n| alert(n, "inc-000001")).collect(),
        deliveries: (1..=25).map(|n| delivery(n, &alert(n, "inc-000001"), Channel::DeskMqtt, "r")).collect(),
        rejected: (1..=25).map(rejected).collect(),
        ..Batch::default()
    };
    store.commit(&batch).await.unwrap();

    let mut seen: Vec<String> = Vec::new();
    while let page = store.orders(seen.last().map(String::as_str), 7).await.unwrap()
        && !page.is_empty()
    {
        seen.extend(page.iter().map(|row| row.order.to_string()));
    }
    assert_eq!(seen, (0..25).map(|n| format!("o{n:02}")).collect::<Vec<_>>());

    let mut seen: Vec<Box<str>> = Vec::new();
    while let page = store.devices(seen.last().map(|key| &**key), 7).await.unwrap()
        && !page.is_empty()
    {
        seen.extend(page.into_iter().map(|row| row.key));
    }
    assert_eq!(seen.len(), 25);

    let mut filter = span(0, 1_000);
    let mut seen = Vec::new();
    while let page = store.inputs(&filter, 7).await.unwrap()
        && !page.is_empty()
    {
        filter.after = page.last().map(|row| (row.received_at, row.seq));
        seen.extend(page);
    }
    assert_eq!(seen, batch.inputs);
    filter = InputFilter { device: Some("am-3".to_owned()), ..span(0, 1_000) };
    assert_eq!(store.inputs(&filter, 7).await.unwrap(), [input(3)]);
    assert_eq!(store.inputs(&span(3, 4), 7).await.unwrap(), [input(3), input(4)]);

    let mut seen: Vec<AlertRow> = Vec::new();
    while let page = store.alerts_after(seen.last().map_or(0, |row| row.seq), 7).await.unwrap()
        && !page.is_empty()
    {
        seen.extend(page);
    }
    assert_eq!(seen, batch.alerts);
    newest_first(store).await;
}

async fn newest_first(store: &Store) {
    let mut filter = IncidentFilter::default();
    let mut seen = Vec::new();
    while let page = store.incidents(&filter, 7).await.unwrap()
        && let Some(last) = page.last()
    {
        let cursor = last.cursor();
        assert_eq!(IncidentCursor::parse(&cursor.to_string()), Some(cursor.clone()));
        filter.before = Some(cursor);
        seen.extend(page.into_iter().map(|row| row.incident));
    }
    assert_eq!(seen, (0..25).rev().map(|n| incident(n).incident).collect::<Vec<_>>());
    assert_eq!(IncidentCursor::parse("x_y"), None);

    let mut seen: Vec<i64> = Vec::new();
    while let page = store.rejected(seen.last().copied(), 7).await.unwrap()
        && !page.is_empty()
    {
        seen.extend(page.iter().map(|row| row.seq));
    }
    assert_eq!(seen, (1..=25).rev().collect::<Vec<_>>());

    let mut seen: Vec<i64> = Vec::new();
    while let page = store.deliveries_to(Channel::DeskMqtt, "r", seen.last().copied(), 7).await.unwrap()
        && !page.is_empty()
    {
        seen.extend(page.iter().map(|row| row.delivery.id));
    }
    assert_eq!(seen, (1..=25).rev().collect::<Vec<_>>());
    assert!(store.deliveries_to(Channel::DeskWebhook, "r", None, 7).await.unwrap().is_empty());
    assert_eq!(store.rejected(None, u32::MAX).await.unwrap().len(), 25, "a large limit is cut, not refused");
    assert!(store.rejected(None, 0).await.unwrap().is_empty());
}

/// The ways to ask for open incidents of [`incident`].
fn one_filter_of_each_kind() -> Vec<IncidentFilter> {
    let some = |text: &str| Some(text.to_owned());
    vec![
        IncidentFilter { states: vec!["new".to_owned()], ..Default::default() },
        IncidentFilter { open: Some(true), ..Default::default() },
        IncidentFilter { level: some("alarm"), ..Default::default() },
        IncidentFilter { kind: some("exclusion_zone"), ..Default::default() },
        IncidentFilter { desk: some("rotterdam"), ..Default::default() },
        IncidentFilter { order: some("ord-1"), ..Default::default() },
        IncidentFilter { wearer: some("wearer-1"), ..Default::default() },
        IncidentFilter { owner: some("Anna"), ..Default::default() },
        IncidentFilter { active: Some(true), kind: some("exclusion_zone"), ..Default::default() },
        IncidentFilter { states: vec!["in_progress".to_owned(), "new".to_owned()], ..Default::default() },
        IncidentFilter {
            states: vec!["new".to_owned()],
            before: Some(incident(18).cursor()),
            ..Default::default()
        },
    ]
}

pub(super) async fn incidents_are_filtered(store: &Store) {
    let other = |n: i64| IncidentRow {
        kind: "silence".into(),
        level: "clear".into(),
        wearer: "somebody".into(),
        order: "other".into(),
        desk: None,
        state: "resolved".into(),
        closed_at: Some(at(99)),
        follow_up: FollowUpRow::default(),
        ..incident(n)
    };
    let incidents = (0..20).map(incident).chain((20..30).map(other)).collect();
    store.commit(&Batch { incidents, ..Batch::default() }).await.unwrap();
    for filter in one_filter_of_each_kind() {
        let found = store.incidents(&filter, 100).await.unwrap();
        assert!(!found.is_empty() && found.iter().all(|row| row.state == "new"), "{filter:?}");
    }
    let closed = IncidentFilter { open: Some(false), ..Default::default() };
    assert_eq!(store.incidents(&closed, 100).await.unwrap().len(), 10);
    assert_eq!(store.incidents(&IncidentFilter::default(), 100).await.unwrap().len(), 30);
    assert_eq!(store.load().await.unwrap().few.incidents.len(), 20, "a start needs the open ones");

    // Of two revisions in one batch the last counts.
    let twice = vec![incident(1), IncidentRow { revision: 9, changed_at: at(500), ..incident(1) }];
    store.commit(&Batch { incidents: twice, ..Batch::default() }).await.unwrap();
    let newest = store.incidents(&IncidentFilter::default(), 1).await.unwrap();
    assert_eq!((newest[0].incident.as_str(), newest[0].revision), ("inc-000001", 9));
}

pub(super) async fn odd_texts(store: &Store) {
    let long = "ß".repeat(100_000);
    let texts = ["", " ", "É́ “quote” 'single' \\ 🚓 \u{202e}", "'; DROP TABLE inputs; --", "?1 $1", &long];
    let batch = Batch {
        inputs: vec![
            InputRow { seq: 1 << 53, body: vec![0; 1_000_000], ..input(1) },
            InputRow { seq: i64::MAX - 1, ..input(2) },
        ],
        rejected: texts
            .iter()
            .zip(1..)
            .map(|(text, n)| RejectedRow { reason: (*text).to_owned(), ..rejected(n) })
            .collect(),
        orders: vec![order("big", 1, Some(&long))],
        ..Batch::default()
    };
    store.commit(&batch).await.unwrap();
    let mut found = store.rejected(None, 10).await.unwrap();
    found.reverse();
    assert_eq!(found, batch.rejected);
    assert_eq!(store.order("big").await.unwrap().unwrap().document, long);
    assert_eq!(store.load().await.unwrap().few.next.input, i64::MAX);
    assert_eq!(store.inputs(&span(0, 10), 10).await.unwrap(), batch.inputs);

    // A NUL must not stop a commit, and a rejected message is cut, not at half a character.
    let odd = RejectedRow {
        topic: format!("x{}", "é".repeat(400)),
        reason: "a\0b".to_owned(),
        payload: vec![0; 10_000],
        size: 10_000,
        ..rejected(99)
    };
    store.commit(&Batch { rejected: vec![odd], ..Batch::default() }).await.unwrap();
    let kept = store.rejected(None, 1).await.unwrap().remove(0);
    assert_eq!(
        (kept.topic.len(), kept.reason.as_str(), kept.payload.len(), kept.size),
        (511, "a\u{fffd}b", 4_096, 10_000)
    );
}

/// Around the lengths of the prepared statements, and the largest batch.
pub(super) async fn every_length(store: &Store) {
    let mut first = 1;
    for length in [1, 3, 4, 5, 15, 17, 63, 65, 255, 256, 257, 340, 2_000] {
        let seqs = first..first + length;
        first += length;
        let batch = Batch {
            inputs: seqs.clone().map(input).collect(),
            devices: seqs.map(|n| state(&format!("am-{n}"), Some(&n.to_be_bytes()))).collect(),
            ..Batch::default()
        };
        assert!(!store.commit(&batch).await.unwrap().repeated);
        assert!(store.commit(&batch).await.unwrap().repeated);
    }
    let loaded = store.load().await.unwrap();
    assert_eq!(loaded.few.next.input, first);
    assert_eq!(loaded.devices.len(), usize::try_from(first - 1).unwrap());
    for row in loaded.devices {
        let n = i64::from_be_bytes(row.state.try_into().unwrap());
        assert_eq!(*row.key, *format!("am-{n}"));
    }
    assert_eq!(store.inputs(&span(0, first), u32::MAX).await.unwrap().len(), MOST_ROWS as usize);
}
