//! The MQTT links against real brokers: the embedded one always, mosquitto when there is one.

// A test that cannot go on should stop there; clippy's own exception covers only the test functions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

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

mod stories {
    use super::*;

    pub(super) async fn what_is_sent_while_the_link_is_down_arrives_when_it_is_back(broker: Broker) {
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

    pub(super) async fn a_broker_that_restarts_in_mid_stream_costs_nothing(mut broker: Broker) {
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
            let arrived = link.next().await;
            missing.remove(&number(&arrived));
            link.handle.acks().ack(vec![arrived.ack]);
        }
        let counts = link.handle.counters().read();
        assert_eq!((counts.reconnects, counts.sessions_lost, counts.overflows), (1, 0, 0));
    }

    pub(super) async fn a_broker_that_lost_the_session_is_subscribed_to_again(mut broker: Broker) {
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

    pub(super) async fn a_consumer_that_stops_taking_stalls_nothing_but_itself(broker: Broker) {
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

    pub(super) async fn twenty_thousand_messages_with_late_and_unordered_acks_all_arrive_once(
        broker: Broker,
    ) {
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

    pub(super) async fn large_and_too_large_payloads(broker: Broker) {
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
        while !matches!(soon(careless.events.poll()).await, Err(_) | Ok(Event::Incoming(Packet::PubAck(_)))) {
        }
        Device::connect(broker.port(), "other").send(3..4).await;
        assert_eq!(link.take(1).await.0, [3]);
        assert_eq!(link.handle.counters().read().reconnects, 0);
    }

    pub(super) async fn a_retained_message_is_marked_and_comes_with_every_connection(broker: Broker) {
        let publisher = Publisher::start(broker.settings());
        let message = Message { retain: true, ..Message::new("test/online", "1") };
        soon(publisher.publish(message)).await.unwrap();
        for _ in 0..2 {
            let mut link = Link::start(broker.settings()).await;
            let kept = link.next().await;
            assert_eq!(
                (kept.topic().unwrap(), &kept.payload[..], kept.retain),
                ("test/online", &b"1"[..], true)
            );
            link.handle.acks().ack(vec![kept.ack]);
            soon(publisher.publish(Message::new("test/online", "2"))).await.unwrap();
            let live = link.next().await;
            assert_eq!((&live.payload[..], live.retain), (&b"2"[..], false));
            link.handle.acks().ack(vec![live.ack]);
            soon(link.handle.stop()).await;
        }
    }

    pub(super) async fn the_publisher_says_what_became_of_a_message(mut broker: Broker) {
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
        assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());

        broker.start().await;
        connected(&mut status).await;
        assert!(soon(publisher.publish(alert)).await.is_ok());
    }
}

/// Starts a link without waiting for it, and returns the line it goes away with for this reason.
async fn refused_with(config: &MqttConfig) -> String {
    let settings = LinkSettings::load(config, vec!["test/#".into()]).unwrap();
    let (out, _arrived) = mpsc::channel(settings.channel_capacity());
    let link = IngestLink::start(settings, out);
    let mut status = link.status();
    let is_refused = |status: &LinkStatus| {
        matches!(status, LinkStatus::Away { reason: AwayReason::Refused(_) | AwayReason::Unreachable(_), .. })
    };
    soon(status.wait_for(is_refused)).await.expect("the link runs").to_string()
}

fn with_password(url: String, folder: &Path, password: &str) -> MqttConfig {
    let path = folder.join(format!("password-{password}"));
    std::fs::write(&path, format!("{password}\n")).unwrap();
    MqttConfig { username: Some("afstand".into()), password_file: Some(path), ..MqttConfig::new(url) }
}

async fn a_wrong_password_is_one_line_and_the_right_one_connects(url: String, folder: &Path) {
    let line = refused_with(&with_password(url.clone(), folder, "wrong")).await;
    assert!(line.contains("refuses this client") && line.contains("password_file"), "{line}");
    assert!(!line.contains('\n'), "{line}");
    let right = with_password(url, folder, "right");
    Link::start(LinkSettings::load(&right, vec!["test/#".into()]).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_at_the_embedded_broker() {
    let mut secrets = None;
    let broker = Broker::embedded_with(|folder, settings| {
        let path = folder.join("users");
        let hash = mqtt5::broker::auth::PasswordAuthProvider::hash_password("right").unwrap();
        std::fs::write(&path, format!("afstand:{hash}\n")).unwrap();
        secrets = Some(folder.to_path_buf());
        EmbeddedSettings { password_file: Some(path), ..settings }
    })
    .await;
    a_wrong_password_is_one_line_and_the_right_one_connects(broker.url(), &secrets.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_at_mosquitto() {
    let mosquitto = Mosquitto::prepared(|folder| {
        let made = Command::new("mosquitto_passwd")
            .args(["-b", "-c"])
            .arg(folder.join("users"))
            .args(["afstand", "right"])
            .status()
            .expect("mosquitto_passwd comes with mosquitto");
        assert!(made.success());
        "allow_anonymous false\npassword_file {folder}/users\n".into()
    });
    let Some(mosquitto) = mosquitto else { return };
    a_wrong_password_is_one_line_and_the_right_one_connects(mosquitto.url(), mosquitto.folder()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_embedded_broker_that_cannot_listen_says_where() {
    let Broker::Embedded { settings, .. } = &Broker::embedded().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let second = EmbeddedSettings { data_dir: folder.path().to_path_buf(), ..settings.clone() };
    let line = EmbeddedBroker::start(second).await.expect_err("the port is taken").to_string();
    assert!(line.contains(&settings.listen.to_string()) && !line.contains('\n'), "{line}");
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

/// Makes an authority, and a server and a client certificate signed by it, in `folder`.
fn certificates(folder: &Path) {
    let openssl = |arguments: &str| {
        let made = Command::new("openssl")
            .args(arguments.split_whitespace())
            .current_dir(folder)
            .output()
            .expect("openssl comes with mosquitto's TLS");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    };
    for authority in ["ca", "other"] {
        openssl(&format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN={authority} \
             -keyout {authority}.key -out {authority}.pem"
        ));
    }
    std::fs::write(folder.join("names"), "subjectAltName=DNS:localhost\n").unwrap();
    for holder in ["localhost", "afstand"] {
        openssl(&format!(
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN={holder} \
             -keyout {holder}.key -out {holder}.csr"
        ));
        openssl(&format!(
            "x509 -req -in {holder}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
             -extfile names -out {holder}.pem"
        ));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_tls_both_sides_show_a_certificate_and_a_stranger_is_not_trusted() {
    let mosquitto = Mosquitto::prepared(|folder| {
        certificates(folder);
        "cafile {folder}/ca.pem\ncertfile {folder}/localhost.pem\nkeyfile {folder}/localhost.key\n\
         require_certificate true\nuse_identity_as_username true\n"
            .into()
    });
    let Some(mosquitto) = mosquitto else { return };
    let file = |name: &str| Some(mosquitto.folder().join(name));
    let good = MqttConfig {
        ca_file: file("ca.pem"),
        client_cert_file: file("afstand.pem"),
        client_key_file: file("afstand.key"),
        ..MqttConfig::new(format!("mqtts://localhost:{}", mosquitto.port()))
    };
    let settings = LinkSettings::load(&good, vec!["test/#".into()]).unwrap();
    let mut link = Link::start(settings.clone()).await;
    let publisher = Publisher::start(settings);
    assert_eq!(soon(publisher.publish(Message::new("test/1", "1"))).await, Ok(Published::Taken));
    assert_eq!(link.take(1).await.0, [1]);

    let line = refused_with(&MqttConfig { ca_file: file("other.pem"), ..good.clone() }).await;
    assert!(line.contains("UnknownIssuer"), "{line}");
    let other_name = format!("mqtts://127.0.0.1:{}", mosquitto.port());
    let line = refused_with(&MqttConfig { url: other_name, ..good }).await;
    assert!(line.contains("NotValidForName") || line.contains("not valid for name"), "{line}");
}
