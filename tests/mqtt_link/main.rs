//! The MQTT links against real brokers: the embedded one always, mosquitto when there is one.

// A test that cannot go on should stop there; clippy's own exception covers only the test functions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod identity;
mod stories;
#[path = "../support/mod.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use afstand::mqtt::{
    AckToken, Arrived, AwayReason, EmbeddedBroker, EmbeddedSettings, IngestHandle, IngestLink, LinkSettings,
    LinkStatus, Message, MqttConfig, PublishError, Published, Publisher,
};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Packet, Publish};
use rumqttc::v5::{AsyncClient, Event, EventLoop, MqttOptions};
use support::certificates;
use support::mosquitto::Mosquitto;
use tokio::sync::{mpsc, watch};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_mins(1);

async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("it should have happened by now")
}

/// A broker that can be stopped and started again in the same place.
enum Broker {
    Embedded { broker: Option<EmbeddedBroker>, settings: EmbeddedSettings, _folder: tempfile::TempDir },
    Mosquitto(Mosquitto),
}

impl Broker {
    async fn embedded() -> Self {
        Self::embedded_with(|_, settings| settings).await
    }

    async fn embedded_with(change: impl FnOnce(&Path, EmbeddedSettings) -> EmbeddedSettings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let mut settings = change(folder.path(), EmbeddedSettings::open(any, folder.path().join("broker")));
        let broker = EmbeddedBroker::start(settings.clone()).await.unwrap();
        settings.listen = broker.address();
        Self::Embedded { broker: Some(broker), settings, _folder: folder }
    }

    fn url(&self) -> String {
        match self {
            Self::Embedded { settings, .. } => format!("mqtt://{}", settings.listen),
            Self::Mosquitto(mosquitto) => mosquitto.url(),
        }
    }

    fn port(&self) -> u16 {
        match self {
            Self::Embedded { settings, .. } => settings.listen.port(),
            Self::Mosquitto(mosquitto) => mosquitto.port(),
        }
    }

    async fn stop(&mut self) {
        match self {
            Self::Embedded { broker, .. } => broker.take().expect("it runs").stop().await.unwrap(),
            Self::Mosquitto(mosquitto) => mosquitto.stop(),
        }
    }

    async fn start(&mut self) {
        match self {
            Self::Embedded { broker, settings, .. } => {
                *broker = Some(EmbeddedBroker::start(settings.clone()).await.unwrap());
            }
            Self::Mosquitto(mosquitto) => mosquitto.run(),
        }
    }

    /// Loses the sessions. Only while it is stopped.
    fn forget(&self) {
        match self {
            Self::Embedded { settings, .. } => std::fs::remove_dir_all(&settings.data_dir).unwrap(),
            Self::Mosquitto(mosquitto) => mosquitto.forget(),
        }
    }

    fn settings(&self) -> LinkSettings {
        let config = MqttConfig { keep_alive_s: 5, ..MqttConfig::new(self.url()) };
        LinkSettings::load(&config, vec!["test/#".into()]).unwrap()
    }
}

/// A link with the two ends a pipeline would hold.
struct Link {
    handle: IngestHandle,
    arrived: mpsc::Receiver<Arrived>,
}

impl Link {
    /// Starts and waits until it is subscribed.
    async fn start(settings: LinkSettings) -> Self {
        let (out, arrived) = mpsc::channel(settings.channel_capacity());
        let link = Self { handle: IngestLink::start(settings, out), arrived };
        connected(&mut link.handle.status()).await;
        link
    }

    async fn next(&mut self) -> Arrived {
        soon(self.arrived.recv()).await.expect("the link runs")
    }

    /// Takes `count` messages; returns their numbers and tokens in order of arrival.
    async fn take(&mut self, count: usize) -> (Vec<usize>, Vec<AckToken>) {
        let (mut numbers, mut tokens) = (Vec::new(), Vec::new());
        while numbers.len() < count {
            let arrived = self.next().await;
            numbers.push(number(&arrived));
            tokens.push(arrived.ack);
        }
        (numbers, tokens)
    }
}

fn number(arrived: &Arrived) -> usize {
    std::str::from_utf8(&arrived.payload).unwrap().parse().unwrap()
}

async fn connected(status: &mut watch::Receiver<LinkStatus>) -> LinkStatus {
    soon(status.wait_for(LinkStatus::is_connected)).await.expect("the link runs").clone()
}

async fn away(status: &mut watch::Receiver<LinkStatus>) -> LinkStatus {
    soon(status.wait_for(|status| !status.is_connected())).await.expect("the link runs").clone()
}

/// A device's connection: another client than the one under test.
struct Device {
    client: AsyncClient,
    events: EventLoop,
}

impl Device {
    fn connect(port: u16, id: &str) -> Self {
        let mut options = MqttOptions::new(id, "127.0.0.1", port);
        options.set_max_packet_size(Some(64 << 20)).set_outgoing_inflight_upper_limit(1_000);
        let (client, events) = AsyncClient::new(options, 4);
        Self { client, events }
    }

    /// Publishes the numbers with QoS 1 and returns when the broker has acknowledged them all.
    async fn send(&mut self, numbers: std::ops::Range<usize>) {
        let (client, count) = (self.client.clone(), numbers.len());
        let publishing = tokio::spawn(async move {
            for number in numbers {
                let topic = format!("test/{}", number % 7);
                client.publish(topic, QoS::AtLeastOnce, false, number.to_string()).await.unwrap();
            }
        });
        let mut acknowledged = 0;
        while acknowledged < count {
            if let Event::Incoming(Packet::PubAck(_)) = soon(self.events.poll()).await.unwrap() {
                acknowledged += 1;
            }
        }
        soon(publishing).await.unwrap();
    }

    async fn subscribe(&mut self, filter: &str) {
        self.client.subscribe(filter, QoS::AtLeastOnce).await.unwrap();
        while !matches!(soon(self.events.poll()).await.unwrap(), Event::Incoming(Packet::SubAck(_))) {}
    }

    async fn message(&mut self) -> Publish {
        loop {
            if let Event::Incoming(Packet::Publish(publish)) = soon(self.events.poll()).await.unwrap() {
                return publish;
            }
        }
    }
}

/// Runs a story with the embedded broker and, when there is one, with mosquitto.
macro_rules! story {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn with_the_embedded_broker() {
                super::stories::$name(super::Broker::embedded().await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn with_mosquitto() {
                if let Some(mosquitto) = super::Mosquitto::start() {
                    super::stories::$name(super::Broker::Mosquitto(mosquitto)).await;
                }
            }
        }
    )+};
}

story! {
    what_is_sent_while_the_link_is_down_arrives_when_it_is_back,
    a_broker_that_restarts_in_mid_stream_costs_nothing,
    a_broker_that_lost_the_session_is_subscribed_to_again,
    a_consumer_that_stops_taking_stalls_nothing_but_itself,
    twenty_thousand_messages_with_late_and_unordered_acks_all_arrive_once,
    large_and_too_large_payloads,
    a_retained_message_is_marked_and_comes_with_every_connection,
    the_publisher_says_what_became_of_a_message,
}
