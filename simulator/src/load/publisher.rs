//! A publisher that writes many packets at once. A client library writes each by itself, which costs a system
//! call a message and would measure the library; packets here are prepared bytes, and only the few other packets
//! go through the library's codec.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use rumqttc::v5::mqttbytes::Error;
use rumqttc::v5::mqttbytes::v5::{
    Connect, ConnectProperties, ConnectReturnCode, Disconnect, DisconnectReasonCode, Login, Packet,
    PubAckReason,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::Failure;
use crate::broker::Broker;
use crate::clock::TimeText;
use crate::clock::now;

use super::fleet::{Fleet, Template};
use super::gate::Gate;

/// Most packets in one write.
const AT_ONCE: u64 = 128;
/// Most packets without acknowledgement on one connection, whatever the broker would take.
const UNACKNOWLEDGED_MOST: u64 = 2_000;
/// How long the broker gets to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest sleep before the gate is asked again.
const NAP: Duration = Duration::from_millis(2);

/// A connected publisher of some of the devices.
pub(super) struct Publisher {
    stream: TcpStream,
    window: u64,
    templates: Vec<Template>,
    fleet: Arc<Fleet>,
    gate: Arc<Gate>,
    /// Messages a second of this connection; 0 is as fast as possible.
    rate: f64,
}

/// What the reading half tells the writing half.
#[derive(Debug, Default)]
struct Acknowledged {
    count: AtomicU64,
    more: Notify,
}

impl Publisher {
    /// Connects to the broker; `templates` are the devices it publishes for, in turn.
    pub(super) async fn connect(
        broker: &Broker,
        client_id: String,
        templates: Vec<Template>,
        (fleet, gate): (Arc<Fleet>, Arc<Gate>),
        rate: f64,
    ) -> Result<Self, Failure> {
        let refused = |why: &str| Failure::new(format!("cannot connect to {broker}: {why}"));
        let address = format!("{}:{}", broker.host, broker.port);
        let mut stream = match timeout(PATIENCE, TcpStream::connect(address)).await {
            Ok(stream) => stream.map_err(|e| refused(&e.to_string()))?,
            Err(_) => return Err(refused("no answer")),
        };
        // Writes are large already.
        stream.set_nodelay(true).map_err(|e| refused(&e.to_string()))?;
        let connect = Connect {
            keep_alive: 0,
            client_id,
            clean_start: true,
            properties: Some(ConnectProperties::new()),
        };
        let login = broker.login.as_ref().map(|(user, password)| Login::new(user, password));
        let mut out = BytesMut::new();
        Packet::Connect(connect, None, login).write(&mut out, None).map_err(|e| refused(&e.to_string()))?;
        stream.write_all(&out).await.map_err(|e| refused(&e.to_string()))?;
        let mut read = BytesMut::new();
        let answer = timeout(PATIENCE, next_packet(&mut stream, &mut read)).await;
        let window = match answer {
            Ok(Ok(Packet::ConnAck(yes))) if yes.code == ConnectReturnCode::Success => {
                yes.properties.and_then(|p| p.receive_max).map_or(UNACKNOWLEDGED_MOST, u64::from)
            }
            Ok(Ok(Packet::ConnAck(no))) => return Err(refused(&format!("{:?}", no.code))),
            Ok(Ok(_)) => return Err(refused("it did not answer as a broker does")),
            Ok(Err(failure)) => return Err(refused(&failure.to_string())),
            Err(_) => return Err(refused("no answer")),
        };
        let window = window.min(UNACKNOWLEDGED_MOST);
        Ok(Self { stream, window, templates, fleet, gate, rate })
    }

    /// Publishes until the gate is stopped, waits for what is unacknowledged, and says goodbye.
    pub(super) async fn run(self) -> Result<(), Failure> {
        let Self { stream, window, mut templates, fleet, gate, rate } = self;
        let (reading, mut writing) = stream.into_split();
        let acknowledged = Arc::new(Acknowledged::default());
        let reader =
            tokio::spawn(read_acknowledgements(reading, Arc::clone(&acknowledged), Arc::clone(&gate)));
        let began = Instant::now();
        let (mut sent, mut next, mut id) = (0_u64, 0_usize, 0_u16);
        let mut time = TimeText::default();
        let mut buffer = Vec::with_capacity(AT_ONCE as usize * 300);
        while !gate.is_stopped() {
            if reader.is_finished() {
                break;
            }
            let due = if rate > 0.0 {
                ((began.elapsed().as_secs_f64() * rate) as u64).saturating_sub(sent)
            } else {
                AT_ONCE
            };
            let open = window - (sent - acknowledged.count.load(Relaxed)).min(window);
            let granted = gate.take(due.min(open).min(AT_ONCE));
            if granted == 0 {
                // Woken by acknowledgements; time and the consumer's progress are looked at after a nap.
                let _ = timeout(NAP, acknowledged.more.notified()).await;
                continue;
            }
            let (now, since_start) = (now().as_millis(), gate.micros());
            buffer.clear();
            for _ in 0..granted {
                id = id.checked_add(1).unwrap_or(1);
                templates[next].push(&mut buffer, id, now, since_start, &fleet, &mut time);
                next = if next + 1 == templates.len() { 0 } else { next + 1 };
            }
            sent += granted;
            if let Err(error) = writing.write_all(&buffer).await {
                return Err(lost(&error.to_string()));
            }
        }
        let until = Instant::now() + PATIENCE;
        while acknowledged.count.load(Relaxed) < sent && !reader.is_finished() && Instant::now() < until {
            let _ = timeout(NAP, acknowledged.more.notified()).await;
        }
        if reader.is_finished() {
            return reader.await.unwrap_or_else(|e| Err(lost(&e.to_string())));
        }
        reader.abort();
        let mut goodbye = BytesMut::new();
        let disconnect = Disconnect::new(DisconnectReasonCode::NormalDisconnection);
        if Packet::Disconnect(disconnect).write(&mut goodbye, None).is_ok() {
            let _ = writing.write_all(&goodbye).await;
        }
        Ok(())
    }
}

async fn read_acknowledgements(
    mut reading: OwnedReadHalf,
    acknowledged: Arc<Acknowledged>,
    gate: Arc<Gate>,
) -> Result<(), Failure> {
    let mut bytes = BytesMut::with_capacity(1 << 16);
    loop {
        match reading.read_buf(&mut bytes).await {
            Ok(0) => return Err(lost("it closed the connection")),
            Ok(_) => {}
            Err(error) => return Err(lost(&error.to_string())),
        }
        let mut count = 0;
        loop {
            match Packet::read(&mut bytes, None) {
                Ok(Packet::PubAck(ack)) => match ack.reason {
                    PubAckReason::Success | PubAckReason::NoMatchingSubscribers => count += 1,
                    refusal => {
                        return Err(Failure::new(format!("the broker refuses a message: {refusal:?}")));
                    }
                },
                Ok(Packet::Disconnect(why)) => return Err(lost(&format!("{:?}", why.reason_code))),
                Ok(_) => {}
                Err(Error::InsufficientBytes(_)) => break,
                Err(error) => return Err(lost(&error.to_string())),
            }
        }
        acknowledged.count.fetch_add(count, Relaxed);
        gate.acknowledge(count);
        acknowledged.more.notify_one();
    }
}

async fn next_packet(stream: &mut TcpStream, bytes: &mut BytesMut) -> Result<Packet, Failure> {
    loop {
        match Packet::read(bytes, None) {
            Ok(packet) => return Ok(packet),
            Err(Error::InsufficientBytes(_)) => {}
            Err(error) => return Err(Failure::new(error.to_string())),
        }
        match stream.read_buf(bytes).await {
            Ok(0) => return Err(Failure::new("it closed the connection")),
            Ok(_) => {}
            Err(error) => return Err(Failure::new(error.to_string())),
        }
    }
}

fn lost(why: &str) -> Failure {
    Failure::new(format!("the connection to the broker was lost: {why}"))
}
