//! A night without the service: what the broker of `deploy/mosquitto` keeps, it hands over whole and in order, also
//! when there are more messages than packet ids.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)] // Helpers of tests fail like tests.

mod support;

use std::fs;
use std::path::Path;
use std::time::Duration;

use afstand::mqtt::{IngestLink, LinkSettings, LinkStatus, MqttConfig};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::Packet;
use rumqttc::v5::{AsyncClient, Event, MqttOptions};
use support::mosquitto::Mosquitto;
use tokio::sync::mpsc;

/// More than there are packet ids.
const MESSAGES: usize = 70_000;
const PATIENCE: Duration = Duration::from_mins(2);

/// The limits of the broker's configuration, without its accounts.
fn broker() -> Option<Mosquitto> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/mosquitto/mosquitto.conf");
    let text = fs::read_to_string(file).expect("the configuration");
    Mosquitto::configured(|folder, port| {
        let limits = text.lines().filter(|line| line.starts_with("max_") || line.starts_with("message_size"));
        let limits: Vec<&str> = limits.collect();
        assert_eq!(limits.len(), 4, "{limits:?}");
        let folder = folder.display();
        format!(
            "persistence true\npersistence_location {folder}/\nallow_anonymous true\n{}\nlistener {port} 127.0.0.1\n",
            limits.join("\n")
        )
    })
}

/// Connects the service's link and waits until it is subscribed.
async fn link(broker: &Mosquitto) -> (afstand::mqtt::IngestHandle, mpsc::Receiver<afstand::mqtt::Arrived>) {
    let settings = LinkSettings::load(&MqttConfig::new(broker.url()), vec!["fixes".into()]).unwrap();
    let (out, arrived) = mpsc::channel(settings.channel_capacity());
    let handle = IngestLink::start(settings, out);
    let mut status = handle.status();
    let up = status.wait_for(|status| matches!(status, LinkStatus::Connected { .. }));
    tokio::time::timeout(PATIENCE, up).await.expect("it connects").unwrap();
    (handle, arrived)
}

/// Publishes the numbers from 0 and waits until the broker has answered for each.
async fn publish_all(port: u16) {
    let (client, mut events) = AsyncClient::new(MqttOptions::new("devices", "127.0.0.1", port), 1_000);
    tokio::spawn(async move {
        for number in 0..MESSAGES {
            client.publish("fixes", QoS::AtLeastOnce, false, number.to_string()).await.expect("asked");
        }
        // The connection ends with its last handle.
        std::future::pending::<()>().await;
    });
    let mut answered = 0;
    while answered < MESSAGES {
        if let Event::Incoming(Packet::PubAck(_)) = events.poll().await.expect("the connection stands") {
            answered += 1;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backlog_longer_than_all_packet_ids_arrives_whole() {
    let Some(broker) = broker() else { return };
    let (handle, _) = link(&broker).await;
    handle.stop().await;
    tokio::time::timeout(PATIENCE, publish_all(broker.port())).await.expect("all are published");

    let (handle, mut arrived) = link(&broker).await;
    let acks = handle.acks();
    let all = async {
        let mut next = 0;
        while next < MESSAGES {
            let mut batch = Vec::new();
            assert_ne!(arrived.recv_many(&mut batch, 2_000).await, 0, "the link runs");
            for message in &batch {
                assert_eq!(message.payload, next.to_string());
                next += 1;
            }
            acks.ack(batch.into_iter().map(|message| message.ack).collect());
        }
    };
    tokio::time::timeout(PATIENCE, all).await.expect("all arrive");
    handle.stop().await;
}
