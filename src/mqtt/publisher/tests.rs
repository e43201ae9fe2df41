use super::*;
use crate::mqtt::testing::{self, FakeBroker, soon};

#[test]
fn topics_that_cannot_be_published_to_are_refused() {
    for topic in ["", "a/+/b", "a/#", "a\0b", &"x".repeat(65_536)] {
        assert_eq!(Message::new(topic, "x").into_packet(1 << 20), Err(PublishError::Topic));
    }
}

#[test]
fn the_size_that_counts_is_that_of_the_packet_on_the_wire() {
    // 1 type + 1 length + 2 + 3 topic + 2 id + 1 properties + 10 payload
    let message = Message::new("a/b", vec![0_u8; 10]);
    assert!(message.clone().into_packet(20).is_ok());
    assert_eq!(message.into_packet(19), Err(PublishError::TooLarge { size: 20, largest: 19 }));
}

#[test]
fn an_expiry_is_rounded_up_so_that_it_never_becomes_nothing() {
    assert_eq!(whole_seconds(Duration::from_millis(1)), 1);
    assert_eq!(whole_seconds(Duration::from_millis(2_001)), 3);
    assert_eq!(whole_seconds(Duration::MAX), u32::MAX);
}

#[test]
fn only_the_two_good_answers_count_as_published() {
    assert_eq!(outcome(PubAckReason::Success), Ok(Published::Taken));
    assert_eq!(outcome(PubAckReason::NoMatchingSubscribers), Ok(Published::NoSubscriber));
    assert_eq!(outcome(PubAckReason::NotAuthorized), Err(PublishError::Refused("NotAuthorized".into())));
    assert!(outcome(PubAckReason::QuotaExceeded).is_err());
}

fn publish(publisher: &Publisher, topic: &str) -> JoinHandle<Result<Published, PublishError>> {
    let (publisher, message) = (publisher.clone(), Message::new(topic, "x"));
    tokio::spawn(async move { publisher.publish(message).await })
}

#[tokio::test]
async fn a_message_counts_as_published_only_after_its_own_answer() {
    let broker = FakeBroker::start().await;
    let publisher = Publisher::start(broker.settings(&[]));
    let mut script = broker.accept().await;
    script.welcome(false).await;

    let first = publish(&publisher, "first");
    let one = script.published().await;
    let second = publish(&publisher, "second");
    let two = script.published().await;
    let third = publish(&publisher, "third");
    let three = script.published().await;

    // Answers out of order: each goes to the caller of that very message.
    script.puback(three.pkid, PubAckReason::NotAuthorized).await;
    assert_eq!(soon(third).await.unwrap(), Err(PublishError::Refused("NotAuthorized".into())));
    assert!(!first.is_finished() && !second.is_finished());
    script.puback(two.pkid, PubAckReason::NoMatchingSubscribers).await;
    assert_eq!(soon(second).await.unwrap(), Ok(Published::NoSubscriber));
    assert!(!first.is_finished());
    script.puback(one.pkid, PubAckReason::Success).await;
    assert_eq!(soon(first).await.unwrap(), Ok(Published::Taken));
}

#[tokio::test]
async fn what_was_in_flight_when_the_connection_broke_fails_and_is_not_sent_again_by_itself() {
    let broker = FakeBroker::start().await;
    let publisher = Publisher::start(broker.settings(&[]));
    let mut script = broker.accept().await;
    script.welcome(false).await;
    let lost = publish(&publisher, "lost");
    script.published().await;
    drop(script);
    assert_eq!(soon(lost).await.unwrap(), Err(PublishError::Unanswered));

    let mut script = broker.accept().await;
    script.welcome(false).await;
    let next = publish(&publisher, "next");
    let packet = script.published().await;
    assert_eq!(packet.topic, "next");
    script.puback(packet.pkid, PubAckReason::Success).await;
    assert_eq!(soon(next).await.unwrap(), Ok(Published::Taken));
}

#[tokio::test]
async fn a_broker_that_never_answers_costs_a_bounded_time_and_a_new_connection() {
    let broker = FakeBroker::start().await;
    let mut settings = broker.settings(&[]);
    settings.answered_within = Duration::from_secs(1);
    let publisher = Publisher::start(settings);
    let mut status = publisher.status();
    let mut script = broker.accept().await;
    script.welcome(false).await;
    let unanswered = publish(&publisher, "unanswered");
    script.published().await;
    assert_eq!(soon(unanswered).await.unwrap(), Err(PublishError::Unanswered));
    script.hung_up().await;
    let mut script = broker.accept().await;
    script.welcome(false).await;
    testing::status(&mut status, LinkStatus::is_connected).await;
}

#[tokio::test]
async fn no_more_are_under_way_than_there_are_places_and_the_rest_wait_their_turn() {
    let broker = FakeBroker::start().await;
    let publisher = Publisher::start(broker.settings(&[]));
    let mut script = broker.accept().await;
    script.welcome(false).await;
    let total = 3 * usize::from(IN_FLIGHT);
    let all: Vec<_> = (0..total).map(|number| publish(&publisher, &format!("t/{number}"))).collect();
    let mut under_way = VecDeque::new();
    for _ in 0..IN_FLIGHT {
        under_way.push_back(script.published().await.pkid);
    }
    for _ in usize::from(IN_FLIGHT)..total {
        script.puback(under_way.pop_front().unwrap(), PubAckReason::Success).await;
        under_way.push_back(script.published().await.pkid);
    }
    for pkid in under_way {
        script.puback(pkid, PubAckReason::Success).await;
    }
    for each in all {
        assert_eq!(soon(each).await.unwrap(), Ok(Published::Taken));
    }
}

#[tokio::test]
async fn a_message_the_broker_finds_too_large_harms_no_other() {
    let broker = FakeBroker::start().await;
    let publisher = Publisher::start(broker.settings(&[]));
    let mut status = publisher.status();
    let mut script = broker.accept().await;
    // CONNACK with Maximum Packet Size (39) of 1,000.
    script.say_bytes(&[0x20, 8, 0, 0, 5, 39, 0, 0, 0x03, 0xE8]).await;
    testing::status(&mut status, LinkStatus::is_connected).await;
    let small = publish(&publisher, "small");
    let pkid = script.published().await.pkid;
    let large = publisher.publish(Message::new("large", vec![0_u8; 1_000])).await;
    assert_eq!(large, Err(PublishError::TooLarge { size: 1_013, largest: 1_000 }));
    script.puback(pkid, PubAckReason::Success).await;
    assert_eq!(soon(small).await.unwrap(), Ok(Published::Taken));
}
