//! The link over which everything that devices send comes in.
//!
//! **Nothing is lost**: the broker keeps a session for us, and a message in it until its [`AckToken`] has
//! been given back. **Nothing waits for the consumer inside the link**: the broker may send `receive_maximum`
//! messages ahead, the channel has room for that many, so the loop that reads the connection (and pings) never
//! stands still. **An acknowledgement never strays**: packet ids mean something within one
//! connection only, so every connection is an epoch with a client of its own.

mod acks;
mod connection;
mod counters;

use std::str::Utf8Error;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

pub use acks::{AckToken, Acks};
pub use counters::{IngestCounters, IngestCounts};

use super::backoff::Backoff;
use super::settings::LinkSettings;
use super::status::{AwayReason, LinkStatus, Reporter};
use acks::AckDesk;
use connection::Ended;

/// One message as it came in.
#[derive(Debug)]
pub struct Arrived {
    /// The topic as sent; a broker should only let UTF-8 through, see [`Arrived::topic`].
    pub topic: Bytes,
    /// The payload, not copied.
    pub payload: Bytes,
    /// The broker had kept this message and sends it because we subscribed: it may be old.
    pub retain: bool,
    /// When it was read from the connection.
    pub received_at: SystemTime,
    /// To be given back when everything that follows from the message is safe.
    pub ack: AckToken,
}

impl Arrived {
    /// The topic as text.
    pub fn topic(&self) -> Result<&str, Utf8Error> {
        std::str::from_utf8(&self.topic)
    }
}

/// Starts ingest links.
#[derive(Debug)]
pub struct IngestLink;

impl IngestLink {
    /// Starts a link that puts what arrives into `out` and reconnects for ever, until it is stopped, its
    /// handle is dropped, or nobody receives from `out` any more.
    ///
    /// Give `out` a capacity of [`LinkSettings::channel_capacity`]; with less, the broker is told that it may
    /// send less ahead. Must be called within a Tokio runtime.
    pub fn start(settings: LinkSettings, out: mpsc::Sender<Arrived>) -> IngestHandle {
        let counters = Arc::new(IngestCounters::default());
        let desk = Arc::new(AckDesk::new(counters.clone()));
        let report = Reporter::new("ingest");
        let stop = CancellationToken::new();
        let (acks, status) = (Acks::new(desk.clone()), report.subscribe());
        let link = Link { settings, out, desk, counters: counters.clone(), report, stop: stop.clone() };
        IngestHandle { acks, status, counters, task: tokio::spawn(link.run()), stop: stop.drop_guard() }
    }
}

/// A running ingest link. Dropping it ends the link.
#[derive(Debug)]
pub struct IngestHandle {
    acks: Acks,
    status: watch::Receiver<LinkStatus>,
    counters: Arc<IngestCounters>,
    task: JoinHandle<()>,
    stop: DropGuard,
}

impl IngestHandle {
    /// Where tokens are given back.
    pub fn acks(&self) -> Acks {
        self.acks.clone()
    }

    /// How the link stands, and every change of it.
    pub fn status(&self) -> watch::Receiver<LinkStatus> {
        self.status.clone()
    }

    /// What the link has counted.
    pub fn counters(&self) -> Arc<IngestCounters> {
        self.counters.clone()
    }

    /// Sends the acknowledgements given back so far, says goodbye to the broker and ends the link; takes a
    /// few seconds at most. Messages not acknowledged stay in the session and come again.
    pub async fn stop(self) {
        drop(self.stop);
        // The task has no result, and a panic in it has been reported by the runtime.
        let _ = self.task.await;
    }
}

/// The state that outlives a connection.
struct Link {
    settings: LinkSettings,
    out: mpsc::Sender<Arrived>,
    desk: Arc<AckDesk>,
    counters: Arc<IngestCounters>,
    report: Reporter,
    stop: CancellationToken,
}

impl Link {
    async fn run(self) {
        let mut backoff = Backoff::default();
        let mut connected_before = false;
        for epoch in 1.. {
            let Some(receive_maximum) = self.wait_for_room().await else { break };
            let Ended { reason, lived } = self.connection(epoch, receive_maximum, connected_before).await;
            self.desk.close();
            connected_before |= lived.is_some();
            if reason == AwayReason::Stopped {
                break;
            }
            let wait = backoff.after(lived, reason.is_refusal());
            tracing::debug!(%reason, wait_s = wait.as_secs_f64(), "connection ended");
            self.report.away(reason);
            tokio::select! {
                () = self.stop.cancelled() => break,
                () = tokio::time::sleep(wait) => {}
            }
        }
        self.report.away(AwayReason::Stopped);
    }

    /// Waits until the channel can take all that the broker may send on a new connection, and returns how
    /// much that is: the channel may still hold messages of an earlier connection, which come again.
    /// `None` when the link is to end.
    async fn wait_for_room(&self) -> Option<u16> {
        let capacity = u16::try_from(self.out.max_capacity()).unwrap_or(u16::MAX);
        let receive_maximum = self.settings.receive_maximum().min(capacity);
        if self.out.capacity() < receive_maximum.into() {
            self.report.away(AwayReason::ConsumerBehind);
        }
        tokio::select! {
            biased;
            () = self.stop.cancelled() => None,
            room = self.out.reserve_many(receive_maximum.into()) => room.ok().map(|_| receive_maximum),
        }
    }
}

#[cfg(test)]
mod tests;
