//! One MQTT connection, for one device or for several.

use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{LastWill, Packet};
use rumqttc::v5::{AsyncClient, Event, EventLoop};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::Failure;
use crate::broker::Broker;

use super::city::Emission;

/// Messages that wait for one connection; a full queue holds up the world.
const QUEUE: usize = 256;
/// How long a broker gets to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Time between attempts to connect again.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// What the service asked of a device.
#[derive(Debug)]
pub(super) struct Command {
    /// Name of the device, from the topic.
    pub(super) device: String,
    /// JSON of the command.
    pub(super) payload: Vec<u8>,
}

/// What the tasks of connections tell whoever plays.
#[derive(Debug, Clone)]
pub(super) struct Ears {
    /// Commands of the service.
    pub(super) commands: mpsc::Sender<Command>,
    /// Troubles, in words.
    pub(super) troubles: mpsc::Sender<String>,
}

/// A connection and the task that serves it.
pub(super) struct Connection {
    queue: mpsc::Sender<Emission>,
    task: JoinHandle<()>,
}

/// What a connection is opened with.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// Where to.
    pub(super) broker: Broker,
    /// Client id; that of the device where it has the connection to itself.
    pub(super) client_id: String,
    /// Topic of the last will, where one device has the connection to itself: then falling silent is dropping
    /// the connection, and the broker says so.
    pub(super) will: Option<String>,
    /// Command topics to listen to.
    pub(super) command_topics: Vec<String>,
}

impl Connection {
    /// Connects, and serves from then on; connects again whenever the broker goes away.
    pub(super) async fn open(line: Line, ears: Ears) -> Result<Self, Failure> {
        let session = Session::open(&line, &ears).await?;
        let (queue, waiting) = mpsc::channel(QUEUE);
        let task = tokio::spawn(serve(line, ears, Some(session), waiting));
        Ok(Self { queue, task })
    }

    /// Sends a message; waits while the queue is full.
    pub(super) async fn send(&self, emission: Emission) {
        // The other end only closes with this one.
        let _ = self.queue.send(emission).await;
    }

    /// Sends what waits, and says goodbye.
    pub(super) async fn close(self) {
        drop(self.queue);
        let _ = timeout(PATIENCE, self.task).await;
    }
}

async fn serve(line: Line, ears: Ears, mut session: Option<Session>, mut waiting: mpsc::Receiver<Emission>) {
    while let Some(emission) = waiting.recv().await {
        let falls_silent = emission.retain && emission.payload == b"0";
        if falls_silent && line.will.is_some() && !waiting.is_closed() {
            // As a device in a drawer does: no goodbye. The broker publishes the last will.
            if let Some(session) = session.take() {
                session.pump.abort();
            }
            continue;
        }
        let open = match session.take() {
            Some(open) => open,
            None => Session::start(&line, &ears),
        };
        let Emission { topic, payload, retain, .. } = emission;
        if open.client.publish(topic, QoS::AtLeastOnce, retain, payload).await.is_ok() {
            session = Some(open);
        }
    }
    if let Some(session) = session {
        let _ = session.client.disconnect().await;
        let _ = timeout(PATIENCE, session.pump).await;
    }
}

/// A client and the task that moves its packets.
struct Session {
    client: AsyncClient,
    pump: JoinHandle<()>,
}

impl Session {
    /// Connects, and waits for the broker's yes.
    async fn open(line: &Line, ears: &Ears) -> Result<Self, Failure> {
        let (client, mut events) = Self::client(line);
        let refused = |why: String| Failure::new(format!("cannot connect to {}: {why}", line.broker));
        loop {
            match timeout(PATIENCE, events.poll()).await {
                Ok(Ok(Event::Incoming(Packet::ConnAck(_)))) => break,
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return Err(refused(error.to_string())),
                Err(_) => return Err(refused("no answer".to_owned())),
            }
        }
        for topic in &line.command_topics {
            let _ = client.try_subscribe(topic.as_str(), QoS::AtLeastOnce);
        }
        let pump = tokio::spawn(pump(events, ears.clone()));
        Ok(Self { client, pump })
    }

    /// Connects in its own time.
    fn start(line: &Line, ears: &Ears) -> Self {
        let (client, events) = Self::client(line);
        for topic in &line.command_topics {
            let _ = client.try_subscribe(topic.as_str(), QoS::AtLeastOnce);
        }
        let pump = tokio::spawn(pump(events, ears.clone()));
        Self { client, pump }
    }

    fn client(line: &Line) -> (AsyncClient, EventLoop) {
        let mut options = line.broker.options(&line.client_id);
        options.set_clean_start(false);
        // What was not acknowledged is sent again when the broker is back within the hour.
        options.set_session_expiry_interval(Some(3_600));
        if let Some(topic) = &line.will {
            options.set_last_will(LastWill::new(topic, "0", QoS::AtLeastOnce, true, None));
        }
        AsyncClient::new(options, QUEUE)
    }
}

async fn pump(mut events: EventLoop, ears: Ears) {
    let mut away = false;
    loop {
        match events.poll().await {
            Ok(Event::Incoming(Packet::Publish(publish))) => {
                let topic = String::from_utf8_lossy(&publish.topic).into_owned();
                if let Some(device) = topic.rsplit('/').nth(1) {
                    let payload = publish.payload.to_vec();
                    // A command that finds no ear is late anyway.
                    let _ = ears.commands.try_send(Command { device: device.to_owned(), payload });
                }
            }
            Ok(Event::Incoming(Packet::ConnAck(_))) => away = false,
            Ok(Event::Outgoing(rumqttc::Outgoing::Disconnect)) => return,
            Ok(_) => {}
            Err(error) => {
                if !away {
                    let _ = ears.troubles.try_send(format!("the broker is away, trying again: {error}"));
                }
                away = true;
                sleep(RETRY_AFTER).await;
            }
        }
    }
}
