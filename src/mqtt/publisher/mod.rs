//! Publishing: each message is reported as taken only when the broker has said so.
//!
//! On a reconnect the client library would quietly drop what it was about to publish. So every connection
//! has a client of its own, and when it ends, whoever waits for an answer gets an error and decides what to
//! do; the outbox tries again.

mod connection;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use rumqttc::v5::AsyncClient;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{PubAckReason, Publish, PublishProperties};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::settings::{LONGEST_STRING, LinkSettings};
use super::status::{LinkStatus, Reporter};
use connection::Link;

/// Messages under way to the broker at once.
const IN_FLIGHT: u16 = 32;
/// Callers that may wait for their turn; beyond it they are told so at once.
const QUEUE: usize = 4_096;
/// How long a message waits for a connection.
const CONNECTED_WITHIN: Duration = Duration::from_secs(2);

/// A message to publish.
#[derive(Debug, Clone)]
pub struct Message {
    /// Where to; no wildcards.
    pub topic: String,
    /// What.
    pub payload: Bytes,
    /// The broker keeps it for those who subscribe later.
    pub retain: bool,
    /// After this long the broker no longer delivers it (whole seconds, rounded up).
    pub expiry: Option<Duration>,
    /// QoS 1 when true: the broker answers. Otherwise QoS 0: it is sent and forgotten.
    pub answered: bool,
}

impl Message {
    /// A QoS 1 message that is not retained and does not expire.
    pub fn new(topic: impl Into<String>, payload: impl Into<Bytes>) -> Self {
        Self { topic: topic.into(), payload: payload.into(), retain: false, expiry: None, answered: true }
    }

    fn into_packet(self, largest: usize) -> Result<Publish, PublishError> {
        let Self { topic, payload, retain, expiry, answered } = self;
        if topic.is_empty() || topic.len() > LONGEST_STRING || topic.contains(['+', '#', '\0']) {
            return Err(PublishError::Topic);
        }
        let properties = expiry.map(|expiry| PublishProperties {
            message_expiry_interval: Some(whole_seconds(expiry)),
            ..PublishProperties::default()
        });
        let qos = if answered { QoS::AtLeastOnce } else { QoS::AtMostOnce };
        let mut packet = Publish::new(topic, qos, payload, properties);
        packet.retain = retain;
        // Two bytes of packet id come on top of what `size` knows now.
        let size = packet.size() + 2;
        if size > largest {
            return Err(PublishError::TooLarge { size, largest });
        }
        Ok(packet)
    }
}

fn whole_seconds(expiry: Duration) -> u32 {
    u32::try_from(expiry.as_millis().div_ceil(1000)).unwrap_or(u32::MAX)
}

/// The broker's answer to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// The broker has it.
    Taken,
    /// The broker has it, and nobody is subscribed to it now. Not every broker says so.
    NoSubscriber,
    /// QoS 0: it was written to the connection.
    Sent,
}

/// Why a message was not published, as far as is known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// The topic is empty, too long, or holds a wildcard. Trying again does not help.
    #[error("the topic cannot be published to")]
    Topic,
    /// Larger than the broker or our own limit allows. Trying again does not help.
    #[error("{size} bytes is more than the largest packet, {largest} bytes")]
    TooLarge {
        /// Size of the packet, in bytes.
        size: usize,
        /// Largest that is allowed, in bytes.
        largest: usize,
    },
    /// The broker said no, for example because the account may not publish there.
    #[error("the broker refused the message: {0}")]
    Refused(String),
    /// There is no connection.
    #[error("not connected: {0}")]
    Away(LinkStatus),
    /// Too many messages wait already.
    #[error("too many messages wait to be published")]
    QueueFull,
    /// No answer came in time, or the connection broke before it came: the message may have arrived or not.
    #[error("the broker did not answer")]
    Unanswered,
}

/// A connection to publish over. Cheap to clone; the connection ends with the last clone.
#[derive(Debug, Clone)]
pub struct Publisher {
    shared: Arc<Shared>,
    status: watch::Receiver<LinkStatus>,
    answered_within: Duration,
    lifetime: Arc<Lifetime>,
}

#[derive(Debug)]
struct Lifetime {
    stop: DropGuard,
    task: JoinHandle<()>,
}

/// What callers and the connection share.
#[derive(Debug)]
struct Shared {
    outlet: Mutex<Option<Outlet>>,
    in_flight: Arc<Semaphore>,
    queue: Semaphore,
}

/// The current connection, as callers see it.
#[derive(Debug)]
struct Outlet {
    client: AsyncClient,
    /// Largest packet the broker takes, in bytes.
    largest: usize,
    /// Callers in the order of their requests, until the event loop says which packet id theirs got.
    handed_over: VecDeque<Waiting>,
}

/// A caller who waits for the broker's answer.
#[derive(Debug)]
struct Waiting {
    since: Instant,
    answer: oneshot::Sender<Result<Published, PublishError>>,
    /// Held until the place in flight is really free, also when the caller has gone away.
    _place: OwnedSemaphorePermit,
}

impl Waiting {
    fn resolve(self, result: Result<Published, PublishError>) {
        // A caller who went away does not want to know.
        let _ = self.answer.send(result);
    }
}

impl Publisher {
    /// Starts the connection, as client id `{client_id}-out`, and reconnects for ever. Must be called within
    /// a Tokio runtime.
    pub fn start(settings: LinkSettings) -> Self {
        let shared = Arc::new(Shared {
            outlet: Mutex::new(None),
            in_flight: Arc::new(Semaphore::new(IN_FLIGHT.into())),
            queue: Semaphore::new(QUEUE),
        });
        let report = Reporter::new("publisher");
        let status = report.subscribe();
        let stop = CancellationToken::new();
        let answered_within = settings.answered_within;
        let link = Link { settings, shared: shared.clone(), report, stop: stop.clone() };
        let task = tokio::spawn(link.run());
        let lifetime = Arc::new(Lifetime { stop: stop.drop_guard(), task });
        Self { shared, status, answered_within, lifetime }
    }

    /// How the connection stands, and every change of it.
    pub fn status(&self) -> watch::Receiver<LinkStatus> {
        self.status.clone()
    }

    /// Publishes a message and waits for the broker's answer, 22 s at most: 2 s for a connection, 10 s for
    /// a place in flight and 10 s for the answer. After an error the caller decides whether to try again.
    pub async fn publish(&self, message: Message) -> Result<Published, PublishError> {
        let _turn = self.shared.queue.try_acquire().map_err(|_| PublishError::QueueFull)?;
        self.connected().await?;
        let place = tokio::time::timeout(self.answered_within, self.shared.in_flight.clone().acquire_owned());
        let Ok(Ok(place)) = place.await else { return Err(PublishError::QueueFull) };
        let (answer, answered) = oneshot::channel();
        self.hand_over(message, Waiting { since: Instant::now(), answer, _place: place })?;
        // The connection gives up when an answer does not come in time; the sender is dropped with it.
        answered.await.unwrap_or(Err(PublishError::Unanswered))
    }

    /// Says goodbye to the broker; what is in flight fails.
    pub async fn stop(self) {
        // A clone that is still about keeps the connection; then there is nothing to wait for.
        if let Ok(Lifetime { stop, task }) = Arc::try_unwrap(self.lifetime) {
            drop(stop);
            let _ = task.await;
        }
    }

    async fn connected(&self) -> Result<(), PublishError> {
        let mut status = self.status.clone();
        let up = tokio::time::timeout(CONNECTED_WITHIN, status.wait_for(LinkStatus::is_connected)).await;
        match up {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(self.away()),
        }
    }

    fn hand_over(&self, message: Message, waiting: Waiting) -> Result<(), PublishError> {
        let mut outlet = self.shared.outlet();
        let outlet = outlet.as_mut().ok_or_else(|| self.away())?;
        let packet = message.into_packet(outlet.largest)?;
        outlet.send(packet).map_err(|()| PublishError::Unanswered)?;
        outlet.handed_over.push_back(waiting);
        Ok(())
    }

    fn away(&self) -> PublishError {
        PublishError::Away(self.status.borrow().clone())
    }
}

impl Shared {
    /// Callers hand over under this lock, so that the order of `handed_over` is that of the requests.
    fn outlet(&self) -> MutexGuard<'_, Option<Outlet>> {
        self.outlet.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outlet {
    fn send(&self, packet: Publish) -> Result<(), ()> {
        let Publish { topic, qos, retain, payload, properties, .. } = packet;
        // Checked when the packet was made from a `String`.
        let topic = String::from_utf8(topic.into()).map_err(|_| ())?;
        let sent = match properties {
            Some(properties) => {
                self.client.try_publish_with_properties(topic, qos, retain, payload, properties)
            }
            None => self.client.try_publish(topic, qos, retain, payload),
        };
        sent.map_err(|_| ())
    }
}

/// What a PUBACK means to the caller.
fn outcome(reason: PubAckReason) -> Result<Published, PublishError> {
    match reason {
        PubAckReason::Success => Ok(Published::Taken),
        PubAckReason::NoMatchingSubscribers => Ok(Published::NoSubscriber),
        refused => Err(PublishError::Refused(format!("{refused:?}"))),
    }
}

#[cfg(test)]
mod tests;
