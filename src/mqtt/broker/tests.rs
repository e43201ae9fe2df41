use std::path::Path;
use std::time::Instant;

use mqtt5::QoS;
use mqtt5::broker::storage::{QueuedMessage, StorageBackend};
use mqtt5::packet::publish::PublishPacket;
use rumqttc::v5::mqttbytes::QoS::AtLeastOnce;
use rumqttc::v5::mqttbytes::v5::{ConnectProperties, Packet};
use rumqttc::v5::{AsyncClient, Event, EventLoop, MqttOptions};

use super::*;
use crate::mqtt::testing::soon;

/// Messages under way when the connection ends.
const UNDER_WAY: u32 = 100;

/// A client whose session outlives its connection, and that acknowledges nothing.
fn client(port: u16) -> (AsyncClient, EventLoop) {
    let mut options = MqttOptions::new("service", "127.0.0.1", port);
    let properties = ConnectProperties { session_expiry_interval: Some(3_600), ..ConnectProperties::new() };
    options.set_connect_properties(properties).set_clean_start(false).set_manual_acks(true);
    options.set_keep_alive(Duration::from_mins(10));
    AsyncClient::new(options, 1_000)
}

/// What comes until a message says `last`.
async fn heard_until(events: &mut EventLoop, last: u32) -> Vec<u32> {
    let mut heard = Vec::new();
    while heard.last() != Some(&last) {
        if let Event::Incoming(Packet::Publish(publish)) = events.poll().await.unwrap() {
            heard.push(std::str::from_utf8(&publish.payload).unwrap().parse().unwrap());
        }
    }
    heard
}

/// Has the broker keep messages for somebody who never comes.
async fn keep(storage: &DynamicStorage, count: u32) {
    for _ in 0..count {
        let packet = PublishPacket::new("t".to_owned(), vec![0; 8], QoS::AtLeastOnce);
        let message = QueuedMessage::new(packet, "nobody".to_owned(), QoS::AtLeastOnce, None);
        storage.queue_message(message).await.unwrap();
    }
}

/// Waits until there are so many files or more.
async fn files(folder: &Path, count: usize) {
    let there = || std::fs::read_dir(folder).map_or(0, Iterator::count);
    while there() < count {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_back_while_the_disk_is_busy_gets_each_message_once_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let settings = EmbeddedSettings::open(([127, 0, 0, 1], 0).into(), folder.path());
    let broker = EmbeddedBroker::start(settings).await.unwrap();
    let storage = broker.storage.clone().unwrap();

    let (link, mut events) = client(broker.address().port());
    link.subscribe("t", AtLeastOnce).await.unwrap();
    for n in 0..UNDER_WAY {
        link.publish("t", AtLeastOnce, false, n.to_string()).await.unwrap();
    }
    soon(heard_until(&mut events, UNDER_WAY - 1)).await;
    soon(files(&folder.path().join("inflight/service"), UNDER_WAY as usize)).await;

    // The disk gets work for two of the waits that the broker would not have waited for.
    let began = Instant::now();
    keep(&storage, 1_000).await;
    assert!(disk::written(&storage).await);
    let per_s = 1_000.0 / began.elapsed().as_secs_f64();
    keep(&storage, (10.0 * per_s) as u32).await;
    soon(files(&folder.path().join("queues/nobody"), 1_100)).await;

    drop((link, events));
    let handed_back = async {
        while storage.queue_handle("service").count() < UNDER_WAY as usize {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    soon(handed_back).await;
    let (link, mut events) = client(broker.address().port());
    link.publish("t", AtLeastOnce, false, UNDER_WAY.to_string()).await.unwrap();
    let heard = tokio::time::timeout(Duration::from_mins(2), heard_until(&mut events, UNDER_WAY));
    assert_eq!(heard.await.unwrap(), (0..=UNDER_WAY).collect::<Vec<_>>());
}
