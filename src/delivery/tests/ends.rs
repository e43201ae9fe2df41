//! How deliveries end that are not received: with their incident, a day after it, or because she has it already.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicI64, Ordering};

use super::*;
use crate::config::Contacts;
use crate::metrics::{DeliveryLabels, Metrics};
use crate::mqtt::{EmbeddedBroker, EmbeddedSettings, LinkSettings, MqttConfig, Publisher};
use crate::store::IncidentRow;
use crate::store::tests::rows;

impl Case {
    /// Commits that an incident is resolved.
    async fn resolve(&self, incident: &str, at: Timestamp) {
        let row = IncidentRow { incident: incident.to_owned(), closed_at: Some(at), ..rows::incident(1) };
        self.store.commit(&Batch { incidents: vec![row], ..Batch::default() }).await.unwrap();
    }

    /// Commits the end of an incident for somebody.
    async fn tell_end(&mut self, channel: Channel, recipient: &str, incident: &str) {
        let id = self.next;
        self.next += 1;
        let mut end = rows::delivery(id, &rows::alert(id, incident), channel, recipient);
        (end.level, end.created_at) = ("clear".into(), clock()());
        self.store.commit(&Batch { deliveries: vec![end], ..Batch::default() }).await.unwrap();
    }

    /// Commits that a victim's device has shown an alert.
    async fn shows(&self, device: &str, alert: &str) {
        let receipts = vec![rows::receipt(1, device, Some(alert), "displayed")];
        self.store.commit(&Batch { receipts, ..Batch::default() }).await.unwrap();
    }
}

/// A clock that the test sets forward.
fn set_by_hand() -> (Arc<AtomicI64>, Clock) {
    let ahead = Arc::new(AtomicI64::new(0));
    let (read, real) = (ahead.clone(), clock());
    (ahead, Arc::new(move || real() + Millis(read.load(Ordering::Relaxed))))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_closed_incident_is_tried_for_a_day_and_then_given_up_where_everybody_sees_it() {
    let mut case = Case::new().await;
    case.raise(Channel::DeskMqtt, "d", "i", 1).await;
    case.resolve("i", clock()()).await;
    case.tell_end(Channel::VictimMqtt, "vd", "i").await;
    // Nobody hears it before the service ends; the next one knows for how long it is to be tried.
    let case = case.reopen().await;
    let (ahead, clock) = set_by_hand();
    let metrics = Arc::new(Metrics::default());
    let (transport, mut asked) = by_hand();
    let (dispatcher, handle) =
        Dispatcher::with(case.store.clone(), transport, clock, fast(), Limits::default());
    let stop = CancellationToken::new();
    let task = tokio::spawn(dispatcher.counting(metrics.clone()).run(stop.clone()));
    for _ in 0..6 {
        ask(&mut asked).await.refuse();
    }
    let record = async |channel, to| case.records(channel, to).await.remove(0);
    assert_eq!(record(Channel::VictimMqtt, "vd").await.closed_at, None, "it goes on");
    ahead.store(24 * 3_600 * 1_000, Ordering::Relaxed);
    within("given up", async {
        while record(Channel::VictimMqtt, "vd").await.closed_at.is_none() {
            if let Ok(asked) = asked.try_recv() {
                asked.refuse();
            }
            handle.committed();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    Running { handle, stop, task }.stop().await;
    let why = record(Channel::VictimMqtt, "vd").await.why.unwrap();
    assert_eq!(why, "given up: not received within 24 hours after the incident was closed");
    let alarm = record(Channel::DeskMqtt, "d").await;
    assert_eq!((alarm.attempts, alarm.why.as_deref()), (1, Some("the incident is closed")));
    assert_eq!(case.pending().await, 0);
    let count =
        |channel, outcome| metrics.deliveries.get_or_create(&DeliveryLabels { channel, outcome }).get();
    assert_eq!((count("victim_mqtt", "given_up"), count("desk_mqtt", "closed")), (1, 1));
    assert!(count("victim_mqtt", "failed") >= 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_missing_in_the_settings_is_tried_while_the_incident_is_open_and_no_longer() {
    install_tls();
    let mut case = Case::new().await;
    let broker = EmbeddedSettings::open((Ipv4Addr::LOCALHOST, 0).into(), case.folder.path());
    let broker = EmbeddedBroker::start(broker).await.unwrap();
    let link = MqttConfig::new(format!("mqtt://{}", broker.address()));
    let publisher = Publisher::start(LinkSettings::load(&link, Vec::new()).unwrap());
    let roads = Roads::new(publisher.clone(), &[], Contacts::default()).unwrap();
    case.raise(WEBHOOK, "gone", "open", 1).await;
    case.raise(WEBHOOK, "gone", "closed", 1).await;
    let run = Running::start(&case, roads, Limits::default());
    within("an attempt", async {
        while case.records(WEBHOOK, "gone").await.iter().any(|record| record.attempts < 1) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    let closed_at = clock()();
    case.resolve("closed", closed_at).await;
    run.handle.incident_closed("closed", closed_at);
    case.tell_end(WEBHOOK, "gone", "closed").await;
    run.handle.committed();
    within("the end", async {
        while case.records(WEBHOOK, "gone").await.iter().filter(|record| record.closed_at.is_some()).count()
            < 2
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    run.stop().await;
    publisher.stop().await;
    broker.stop().await.unwrap();
    let records = case.records(WEBHOOK, "gone").await;
    let why: Vec<_> = records.iter().map(|record| record.why.as_deref()).collect();
    let missing = "this desk has no webhook in the settings";
    assert_eq!(why, [None, Some("the incident is closed"), Some(missing)]);
    assert_eq!(records[2].attempts, 1, "at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_she_was_shown_by_another_road_is_received_and_not_tried_again() {
    let mut case = Case::new().await;
    let shown = case.raise(Channel::VictimMqtt, "vd", "i", 2).await.remove(0);
    let (transport, mut asked) = by_hand();
    let run = Running::start(&case, transport, Limits::default());
    ask(&mut asked).await.refuse();
    ask(&mut asked).await.refuse();
    case.shows("vd", &shown).await;
    run.handle.shown("vd", &shown);
    // The one behind it is tried in its turn: nothing was said of that.
    within("the next", async {
        loop {
            let asked = ask(&mut asked).await;
            if asked.alert == shown { asked.refuse() } else { break asked.take() }
        }
    })
    .await;
    run.stop().await;
    let records = case.records(Channel::VictimMqtt, "vd").await;
    assert!(records.iter().all(|record| record.received_at.is_some()));
    assert!(records[0].detail.as_deref().unwrap().starts_with("shown to her"), "{:?}", records[0]);
    assert!(records[0].displayed_at.is_some() && records[1].displayed_at.is_none());
    assert_eq!(case.pending().await, 0);
}
