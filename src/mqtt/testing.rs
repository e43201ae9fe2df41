//! A broker for tests that says exactly what the test tells it to say, and nothing else.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use rumqttc::v5::mqttbytes::Error;
use rumqttc::v5::mqttbytes::v5::{
    ConnAck, ConnectReturnCode, Packet, PubAck, PubAckReason, SubAck, SubscribeReasonCode,
};
use rumqttc::v5::mqttbytes::{QoS, v5::Publish};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::settings::{LinkSettings, MqttConfig};
use super::status::LinkStatus;

/// How long a test waits for what must come.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for what must come.
pub(super) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("it should have happened by now")
}

/// Waits for a status.
pub(super) async fn status(
    link: &mut tokio::sync::watch::Receiver<LinkStatus>,
    is: impl Fn(&LinkStatus) -> bool,
) -> LinkStatus {
    soon(link.wait_for(|status| is(status))).await.expect("the link runs").clone()
}

/// Listens; a test takes one [`Script`] per connection.
pub(super) struct FakeBroker {
    listener: TcpListener,
}

/// The broker's end of one connection.
pub(super) struct Script {
    stream: TcpStream,
    unread: BytesMut,
}

impl FakeBroker {
    pub(super) async fn start() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    pub(super) fn config(&self) -> MqttConfig {
        MqttConfig::new(format!("mqtt://{}", self.listener.local_addr().unwrap()))
    }

    pub(super) fn settings(&self, subscriptions: &[&str]) -> LinkSettings {
        let subscriptions = subscriptions.iter().map(ToString::to_string).collect();
        LinkSettings::load(&self.config(), subscriptions).unwrap()
    }

    /// Takes the next connection up to its CONNECT.
    pub(super) async fn accept(&self) -> Script {
        let (stream, _) = soon(self.listener.accept()).await.unwrap();
        let mut script = Script { stream, unread: BytesMut::new() };
        let Packet::Connect(..) = script.next().await else { panic!("CONNECT comes first") };
        script
    }

    /// Takes the next connection and says yes to it and to its subscription.
    pub(super) async fn accept_subscriber(&self, session_present: bool) -> Script {
        let mut script = self.accept().await;
        script.welcome(session_present).await;
        let Packet::Subscribe(subscribe) = script.next().await else { panic!("SUBSCRIBE comes next") };
        let return_codes =
            subscribe.filters.iter().map(|_| SubscribeReasonCode::Success(QoS::AtLeastOnce)).collect();
        script.say(Packet::SubAck(SubAck { pkid: subscribe.pkid, return_codes, properties: None })).await;
        script
    }
}

impl Script {
    pub(super) async fn next(&mut self) -> Packet {
        loop {
            match Packet::read(&mut self.unread, None) {
                Ok(packet) => return packet,
                Err(Error::InsufficientBytes(_)) => {}
                Err(error) => panic!("the link wrote nonsense: {error}"),
            }
            let read = soon(self.stream.read_buf(&mut self.unread)).await.unwrap();
            assert_ne!(read, 0, "the link hung up");
        }
    }

    pub(super) async fn say(&mut self, packet: Packet) {
        let mut bytes = BytesMut::new();
        packet.write(&mut bytes, None).unwrap();
        self.say_bytes(&bytes).await;
    }

    pub(super) async fn say_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    pub(super) async fn welcome(&mut self, session_present: bool) {
        let code = ConnectReturnCode::Success;
        self.say(Packet::ConnAck(ConnAck { session_present, code, properties: None })).await;
    }

    pub(super) async fn publish(&mut self, pkid: u16, payload: &str) {
        let qos = if pkid == 0 { QoS::AtMostOnce } else { QoS::AtLeastOnce };
        let mut publish = Publish::new("a/b", qos, Bytes::copy_from_slice(payload.as_bytes()), None);
        publish.pkid = pkid;
        self.say(Packet::Publish(publish)).await;
    }

    pub(super) async fn puback(&mut self, pkid: u16, reason: PubAckReason) {
        self.say(Packet::PubAck(PubAck { pkid, reason, properties: None })).await;
    }

    /// The next message the publisher sends.
    pub(super) async fn published(&mut self) -> Publish {
        match self.next().await {
            Packet::Publish(publish) => publish,
            other => panic!("expected PUBLISH, got {other:?}"),
        }
    }

    /// The packet ids of the next `count` acknowledgements.
    pub(super) async fn acks(&mut self, count: usize) -> Vec<u16> {
        let mut pkids = Vec::new();
        while pkids.len() < count {
            match self.next().await {
                Packet::PubAck(ack) => pkids.push(ack.pkid),
                other => panic!("expected PUBACK, got {other:?}"),
            }
        }
        pkids
    }

    /// Waits until the link hangs up, whatever it says before.
    pub(super) async fn hung_up(&mut self) {
        while soon(self.stream.read_buf(&mut self.unread)).await.is_ok_and(|read| read > 0) {}
    }

    /// The next bytes as they are.
    pub(super) async fn bytes(&mut self, count: usize) -> Vec<u8> {
        while self.unread.len() < count {
            soon(self.stream.read_buf(&mut self.unread)).await.unwrap();
        }
        self.unread.split_to(count).to_vec()
    }
}
