use std::time::Duration;

use rumqttc::v5::mqttbytes::v5::Packet;

use super::*;
use crate::mqtt::testing::{self, FakeBroker, soon};

fn start(settings: LinkSettings) -> (IngestHandle, mpsc::Receiver<Arrived>) {
    let (out, arrived) = mpsc::channel(settings.channel_capacity());
    (IngestLink::start(settings, out), arrived)
}

async fn next(arrived: &mut mpsc::Receiver<Arrived>) -> Arrived {
    soon(arrived.recv()).await.expect("the link runs")
}

#[tokio::test]
async fn acknowledgements_leave_in_order_of_receipt_whatever_the_order_they_are_given_in() {
    let broker = FakeBroker::start().await;
    let (link, mut arrived) = start(broker.settings(&["a/+"]));
    let mut script = broker.accept_subscriber(false).await;
    for pkid in [7, 3, 9, 1] {
        script.publish(pkid, "x").await;
    }
    let mut tokens = Vec::new();
    for _ in 0..4 {
        tokens.push(next(&mut arrived).await.ack);
    }
    tokens.reverse();
    for token in tokens {
        link.acks().ack(vec![token]);
    }
    assert_eq!(script.acks(4).await, [7, 3, 9, 1]);
}

#[tokio::test]
async fn an_ack_never_strays_to_a_later_connection() {
    let broker = FakeBroker::start().await;
    let (link, mut arrived) = start(broker.settings(&["a/+"]));
    let mut script = broker.accept_subscriber(false).await;
    script.publish(1, "before").await;
    let before = next(&mut arrived).await;
    drop(script);

    let mut script = broker.accept_subscriber(true).await;
    script.publish(1, "another message with the same packet id").await;
    script.publish(2, "after").await;
    let another = next(&mut arrived).await;
    let after = next(&mut arrived).await;
    link.acks().ack(vec![before.ack, after.ack]);
    link.acks().ack(vec![another.ack]);
    assert_eq!(script.acks(2).await, [1, 2]);
    let counts = link.counters().read();
    assert_eq!((counts.dropped_old_acks, counts.acked, counts.reconnects), (1, 2, 1));
    assert_eq!(counts.sessions_lost, 0);
}

#[tokio::test]
async fn a_lost_session_is_counted_and_said() {
    let broker = FakeBroker::start().await;
    let (link, _arrived) = start(broker.settings(&["a/+"]));
    let mut status = link.status();
    let script = broker.accept_subscriber(false).await;
    testing::status(&mut status, LinkStatus::is_connected).await;
    drop(script);
    let _script = broker.accept_subscriber(false).await;
    testing::status(&mut status, |status| !status.is_connected()).await;
    let again = testing::status(&mut status, LinkStatus::is_connected).await;
    assert!(matches!(again, LinkStatus::Connected { session_present: false, .. }));
    assert_eq!(link.counters().read().sessions_lost, 1);
}

#[tokio::test]
async fn topics_that_are_no_text_arrive_as_they_are() {
    let broker = FakeBroker::start().await;
    let (link, mut arrived) = start(broker.settings(&["#"]));
    let mut script = broker.accept_subscriber(false).await;
    // PUBLISH, QoS 1, topic FF FE 00, packet id 5, no properties, payload "hi"
    script.say_bytes(&[0x32, 10, 0, 3, 0xFF, 0xFE, 0x00, 0, 5, 0, b'h', b'i']).await;
    let odd = next(&mut arrived).await;
    assert!(odd.topic().is_err());
    assert_eq!((&odd.topic[..], &odd.payload[..]), (&[0xFF, 0xFE, 0x00][..], &b"hi"[..]));
    link.acks().ack(vec![odd.ack]);
    assert_eq!(script.acks(1).await, [5]);
}

#[tokio::test]
async fn bytes_that_are_no_mqtt_end_the_connection_not_the_link() {
    let broker = FakeBroker::start().await;
    let (link, _arrived) = start(broker.settings(&["a/+"]));
    let mut status = link.status();
    let mut script = broker.accept_subscriber(false).await;
    testing::status(&mut status, LinkStatus::is_connected).await;
    script.say_bytes(&[0xFF; 64]).await;
    script.hung_up().await;
    let _script = broker.accept_subscriber(true).await;
    testing::status(&mut status, |status| {
        matches!(status, LinkStatus::Connected { session_present: true, .. })
    })
    .await;
}

#[tokio::test]
async fn a_broker_that_falls_silent_is_left() {
    let broker = FakeBroker::start().await;
    let mut settings = broker.settings(&["a/+"]);
    // Long enough to connect within on a busy machine.
    settings.dead_after = Duration::from_secs(2);
    let (link, _arrived) = start(settings);
    let mut status = link.status();
    let mut script = broker.accept_subscriber(false).await;
    testing::status(&mut status, LinkStatus::is_connected).await;
    script.hung_up().await;
    testing::status(&mut status, |status| {
        matches!(status, LinkStatus::Away { reason: AwayReason::Silent, .. })
    })
    .await;
    let _script = broker.accept_subscriber(true).await;
    testing::status(&mut status, LinkStatus::is_connected).await;
}

/// A broker under full load: messages keep coming, the answer to a ping does not.
#[tokio::test]
async fn a_broker_that_is_too_busy_for_pings_is_not_left() {
    let broker = FakeBroker::start().await;
    let config = crate::mqtt::MqttConfig { keep_alive_s: 5, ..broker.config() };
    let (link, mut arrived) = start(LinkSettings::load(&config, vec!["a/+".into()]).unwrap());
    let mut script = broker.accept_subscriber(false).await;
    let (mut pings, mut pkid) = (0, 0);
    // The second ping without an answer would be one too many, were nothing else to be heard.
    while pings < 3 {
        pkid += 1;
        script.publish(pkid, "x").await;
        link.acks().ack(vec![next(&mut arrived).await.ack]);
        loop {
            match script.next().await {
                Packet::PubAck(ack) => break assert_eq!(ack.pkid, pkid),
                Packet::PingReq(_) => pings += 1,
                other => panic!("expected PUBACK or PINGREQ, got {other:?}"),
            }
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(link.counters().read().reconnects, 0);
    // One that says nothing at all any more is left when the next ping is due.
    script.hung_up().await;
    let away = |status: &LinkStatus| matches!(status, LinkStatus::Away { reason: AwayReason::Silent, .. });
    testing::status(&mut link.status(), away).await;
}

#[tokio::test]
async fn a_broker_that_sends_more_than_it_may_waits_for_the_consumer() {
    let broker = FakeBroker::start().await;
    let (out, mut arrived) = mpsc::channel(4);
    let link = IngestLink::start(broker.settings(&["a/+"]), out);
    let mut script = broker.accept_subscriber(false).await;
    for pkid in 1..=100 {
        script.publish(pkid, "x").await;
    }
    let mut tokens = Vec::new();
    for _ in 0..100 {
        tokens.push(next(&mut arrived).await.ack);
    }
    link.acks().ack(tokens);
    assert_eq!(script.acks(100).await, (1..=100).collect::<Vec<_>>());
    assert!(link.counters().read().overflows > 0);
    assert_eq!(link.counters().read().reconnects, 0);
}

#[tokio::test]
async fn a_consumer_that_does_not_take_what_it_should_not_have_been_sent_gets_it_later() {
    let broker = FakeBroker::start().await;
    let mut settings = broker.settings(&["a/+"]);
    settings.stall_within = Duration::from_millis(100);
    let (out, mut arrived) = mpsc::channel(4);
    let link = IngestLink::start(settings, out);
    let mut script = broker.accept_subscriber(false).await;
    for pkid in 1..=5 {
        script.publish(pkid, "x").await;
    }
    script.hung_up().await;
    let mut status = link.status();
    testing::status(&mut status, |status| {
        matches!(status, LinkStatus::Away { reason: AwayReason::ConsumerBehind, .. })
    })
    .await;
    assert_eq!((link.counters().read().overflows, link.counters().read().received), (1, 4));
    // It comes back when the four have been taken, because all of them may come again.
    for _ in 0..4 {
        next(&mut arrived).await;
    }
    broker.accept_subscriber(true).await;
}

#[tokio::test]
async fn a_flood_of_qos_0_is_shed_before_it_takes_the_room_of_others() {
    let broker = FakeBroker::start().await;
    let (out, mut arrived) = mpsc::channel(3);
    let config = crate::mqtt::MqttConfig { receive_maximum: 2, ..broker.config() };
    let settings = LinkSettings::load(&config, vec!["a/+".into()]).unwrap();
    let link = IngestLink::start(settings, out);
    let mut script = broker.accept_subscriber(false).await;
    for _ in 0..5 {
        script.publish(0, "flood").await;
    }
    script.publish(1, "one").await;
    script.publish(2, "two").await;
    for expected in ["flood", "one", "two"] {
        assert_eq!(next(&mut arrived).await.payload, expected);
    }
    assert_eq!((link.counters().read().dropped_qos0, link.counters().read().overflows), (4, 0));
}

#[tokio::test]
async fn a_refused_subscription_is_named() {
    let broker = FakeBroker::start().await;
    let (link, _arrived) = start(broker.settings(&["a/+", "secret/#"]));
    let mut status = link.status();
    let mut script = broker.accept().await;
    script.welcome(false).await;
    script.next().await;
    // SUBACK for packet id 1, no properties: granted QoS 1, not authorised
    script.say_bytes(&[0x90, 5, 0, 1, 0, 0x01, 0x87]).await;
    let away = testing::status(&mut status, |status| {
        matches!(status, LinkStatus::Away { reason: AwayReason::SubscriptionRefused(_), .. })
    })
    .await;
    assert_eq!(away.to_string(), "the broker refuses the subscription to secret/#: NotAuthorized");
}

#[tokio::test]
async fn a_stopped_link_sends_the_acks_it_was_given_and_says_goodbye() {
    let broker = FakeBroker::start().await;
    let (link, mut arrived) = start(broker.settings(&["a/+"]));
    let mut script = broker.accept_subscriber(false).await;
    script.publish(1, "x").await;
    let token = next(&mut arrived).await.ack;
    link.acks().ack(vec![token]);
    let stopping = tokio::spawn(link.stop());
    assert_eq!(script.acks(1).await, [1]);
    // DISCONNECT with reason 0, in its shortest form.
    assert_eq!(script.bytes(2).await, [0xE0, 0]);
    // It has stopped only when the broker has read all that, and says so by hanging up.
    assert!(!stopping.is_finished());
    drop(script);
    soon(stopping).await.unwrap();
    assert!(arrived.recv().await.is_none());
}
