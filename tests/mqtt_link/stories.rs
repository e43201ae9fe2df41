//! What happens to messages.

use super::*;

pub(crate) async fn what_is_sent_while_the_link_is_down_arrives_when_it_is_back(broker: Broker) {
    let link = Link::start(broker.settings()).await;
    soon(link.handle.stop()).await;

    Device::connect(broker.port(), "device").send(0..500).await;

    let mut link = Link::start(broker.settings()).await;
    assert!(matches!(
        connected(&mut link.handle.status()).await,
        LinkStatus::Connected { session_present: true, .. }
    ));
    let (numbers, tokens) = link.take(500).await;
    assert_eq!(numbers.into_iter().collect::<BTreeSet<_>>(), (0..500).collect());
    link.handle.acks().ack(tokens);
    soon(link.handle.stop()).await;

    // What was acknowledged does not come again: the first to arrive is a new one.
    Device::connect(broker.port(), "device").send(500..501).await;
    let mut link = Link::start(broker.settings()).await;
    assert_eq!(link.take(1).await.0, [500]);
}

pub(crate) async fn a_broker_that_restarts_in_mid_stream_costs_nothing(mut broker: Broker) {
    let mut link = Link::start(broker.settings()).await;
    Device::connect(broker.port(), "device").send(0..1000).await;
    let (numbers, mut tokens) = link.take(1000).await;
    assert_eq!(numbers.iter().copied().collect::<BTreeSet<_>>(), (0..1000).collect());
    let unacknowledged: BTreeSet<usize> = numbers[400..].iter().copied().collect();
    let late = tokens.split_off(400);
    link.handle.acks().ack(tokens);

    let mut status = link.handle.status();
    broker.stop().await;
    away(&mut status).await;
    broker.start().await;
    assert!(matches!(connected(&mut status).await, LinkStatus::Connected { session_present: true, .. }));
    Device::connect(broker.port(), "device").send(1000..1010).await;

    link.handle.acks().ack(late);
    assert_eq!(link.handle.counters().read().dropped_old_acks, 600);
    let mut missing: BTreeSet<usize> = unacknowledged.into_iter().chain(1000..1010).collect();
    while !missing.is_empty() {
        let next = tokio::time::timeout(PATIENCE, link.arrived.recv()).await;
        let counts = link.handle.counters().read();
        let arrived =
            next.unwrap_or_else(|_| panic!("{missing:?} did not come: {counts:?}")).expect("the link runs");
        missing.remove(&number(&arrived));
        link.handle.acks().ack(vec![arrived.ack]);
    }
    let counts = link.handle.counters().read();
    assert_eq!((counts.reconnects, counts.sessions_lost, counts.overflows), (1, 0, 0));
}

pub(crate) async fn a_broker_that_lost_the_session_is_subscribed_to_again(mut broker: Broker) {
    let mut link = Link::start(broker.settings()).await;
    let mut status = link.handle.status();
    broker.stop().await;
    away(&mut status).await;
    broker.forget();
    broker.start().await;
    assert!(matches!(connected(&mut status).await, LinkStatus::Connected { session_present: false, .. }));
    assert_eq!(link.handle.counters().read().sessions_lost, 1);
    Device::connect(broker.port(), "device").send(7..8).await;
    assert_eq!(link.take(1).await.0, [7]);
}

pub(crate) async fn a_consumer_that_stops_taking_stalls_nothing_but_itself(broker: Broker) {
    let config = MqttConfig { receive_maximum: 100, keep_alive_s: 5, ..MqttConfig::new(broker.url()) };
    let mut link = Link::start(LinkSettings::load(&config, vec!["test/#".into()]).unwrap()).await;
    let counters = link.handle.counters();
    let mut device = Device::connect(broker.port(), "device");
    device.send(0..1000).await;

    // Nobody takes and nobody acknowledges, for longer than the broker waits for a ping. The loop still
    // reads: QoS 0 goes past, and is shed when there is no room.
    let begun = Instant::now();
    let enough = Duration::from_secs(9);
    while begun.elapsed() < enough || counters.read().dropped_qos0 == 0 {
        device.client.publish("test/0", QoS::AtMostOnce, false, "0").await.unwrap();
        soon(device.events.poll()).await.unwrap();
        assert!(begun.elapsed() < PATIENCE, "{:?}", counters.read());
    }
    assert!(link.handle.status().borrow().is_connected());

    let mut seen = BTreeSet::new();
    while seen.len() < 1000 {
        let arrived = link.next().await;
        seen.insert(number(&arrived));
        link.handle.acks().ack(vec![arrived.ack]);
    }
    let counts = counters.read();
    assert_eq!((counts.reconnects, counts.overflows, counts.dropped_old_acks), (0, 0, 0));
}

pub(crate) async fn twenty_thousand_messages_with_late_and_unordered_acks_all_arrive_once(broker: Broker) {
    const COUNT: usize = 20_000;
    let mut link = Link::start(broker.settings()).await;
    let port = broker.port();
    let sending = tokio::spawn(async move { Device::connect(port, "device").send(0..COUNT).await });
    let mut times_seen: BTreeMap<usize, usize> = BTreeMap::new();
    let mut commits = tokio::time::interval(Duration::from_millis(50));
    let mut held = Vec::new();
    while times_seen.len() < COUNT {
        tokio::select! {
            arrived = link.next() => {
                *times_seen.entry(number(&arrived)).or_default() += 1;
                held.push(arrived.ack);
            }
            _ = commits.tick() => {
                // Every other one first, each half backwards.
                let (odd, even): (Vec<_>, Vec<_>) =
                    held.drain(..).rev().enumerate().partition(|(place, _)| place % 2 == 1);
                for half in [odd, even] {
                    link.handle.acks().ack(half.into_iter().map(|(_, token)| token).collect());
                }
            }
        }
    }
    soon(sending).await.unwrap();
    link.handle.acks().ack(held);
    assert!(times_seen.values().all(|&times| times == 1));
    assert_eq!(link.handle.counters().read().acked, COUNT as u64);
    soon(link.handle.stop()).await;

    Device::connect(port, "device").send(COUNT..COUNT + 1).await;
    let mut link = Link::start(broker.settings()).await;
    assert_eq!(link.take(1).await.0, [COUNT]);
}

pub(crate) async fn large_and_too_large_payloads(broker: Broker) {
    let mut link = Link::start(broker.settings()).await;
    let mut device = Device::connect(broker.port(), "device");
    let large: Vec<u8> = (0..5_000_000_u32).map(|place| (place % 251) as u8).collect();
    device.client.publish("test/large", QoS::AtLeastOnce, false, large.clone()).await.unwrap();
    while !matches!(soon(device.events.poll()).await.unwrap(), Event::Incoming(Packet::PubAck(_))) {}
    let arrived = link.next().await;
    assert!(arrived.payload == large, "{} bytes, or others, arrived", arrived.payload.len());
    link.handle.acks().ack(vec![arrived.ack]);

    // Larger than the link announced: whoever drops it, it must not stand in the way of the next.
    let mut careless = Device::connect(broker.port(), "careless");
    careless.client.publish("test/huge", QoS::AtLeastOnce, false, vec![0_u8; 17 << 20]).await.unwrap();
    while !matches!(soon(careless.events.poll()).await, Err(_) | Ok(Event::Incoming(Packet::PubAck(_)))) {}
    Device::connect(broker.port(), "other").send(3..4).await;
    assert_eq!(link.take(1).await.0, [3]);
    assert_eq!(link.handle.counters().read().reconnects, 0);
}

pub(crate) async fn a_retained_message_is_marked_and_comes_with_every_connection(broker: Broker) {
    let publisher = Publisher::start(broker.settings());
    let message = Message { retain: true, ..Message::new("test/online", "1") };
    soon(publisher.publish(message)).await.unwrap();
    for _ in 0..2 {
        let mut link = Link::start(broker.settings()).await;
        let kept = link.next().await;
        assert_eq!((kept.topic().unwrap(), &kept.payload[..], kept.retain), ("test/online", &b"1"[..], true));
        link.handle.acks().ack(vec![kept.ack]);
        soon(publisher.publish(Message::new("test/online", "2"))).await.unwrap();
        let live = link.next().await;
        assert_eq!((&live.payload[..], live.retain), (&b"2"[..], false));
        link.handle.acks().ack(vec![live.ack]);
        soon(link.handle.stop()).await;
    }
}

pub(crate) async fn the_publisher_says_what_became_of_a_message(mut broker: Broker) {
    let publisher = Publisher::start(broker.settings());
    let mut victim = Device::connect(broker.port(), "victim");
    victim.subscribe("out/alert").await;
    let alert = Message { expiry: Some(Duration::from_secs(90)), ..Message::new("out/alert", "beware") };
    assert_eq!(soon(publisher.publish(alert.clone())).await, Ok(Published::Taken));
    let received = victim.message().await;
    assert_eq!((received.qos, &received.payload[..]), (QoS::AtLeastOnce, &b"beware"[..]));
    // The broker may have counted off a second already.
    let expiry_s = received.properties.and_then(|properties| properties.message_expiry_interval);
    assert!(matches!(expiry_s, Some(85..=90)), "{expiry_s:?}");
    let unheard = match broker {
        Broker::Mosquitto(_) => Published::NoSubscriber,
        Broker::Embedded { .. } => Published::Taken,
    };
    assert_eq!(soon(publisher.publish(Message::new("out/nobody", "x"))).await, Ok(unheard));
    let fleeting = Message { answered: false, ..Message::new("out/alert", "x") };
    assert_eq!(soon(publisher.publish(fleeting)).await, Ok(Published::Sent));

    let mut status = publisher.status();
    broker.stop().await;
    away(&mut status).await;
    let asked = Instant::now();
    let refused = soon(publisher.publish(alert.clone())).await;
    assert!(matches!(refused, Err(PublishError::Away(_))), "{refused:?}");
    // It waits for a connection, not for the answer as well.
    assert!(asked.elapsed() < Duration::from_secs(22), "{:?}", asked.elapsed());

    broker.start().await;
    connected(&mut status).await;
    assert!(soon(publisher.publish(alert)).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mosquitto_without_limits_is_slowed_down_and_not_hung_up_on() {
    let Some(mosquitto) = Mosquitto::with("allow_anonymous true\nmax_inflight_messages 0\n") else { return };
    let config = MqttConfig { receive_maximum: 10, ..MqttConfig::new(mosquitto.url()) };
    let settings = LinkSettings::load(&config, vec!["test/#".into()]).unwrap();
    let link = Link::start(settings.clone()).await;
    soon(link.handle.stop()).await;
    Device::connect(mosquitto.port(), "device").send(0..5000).await;

    let (out, arrived) = mpsc::channel(10);
    let mut link = Link { handle: IngestLink::start(settings, out), arrived };
    let mut seen = BTreeSet::new();
    while seen.len() < 5000 {
        let arrived = link.next().await;
        seen.insert(number(&arrived));
        link.handle.acks().ack(vec![arrived.ack]);
    }
    let counts = link.handle.counters().read();
    assert_eq!((counts.received, counts.reconnects), (5000, 0));
}
