//! The connection behind a [`super::Publisher`].

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use rumqttc::Outgoing;
use rumqttc::v5::mqttbytes::v5::{ConnAck, Packet};
use rumqttc::v5::{AsyncClient, Event, EventLoop};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{IN_FLIGHT, Outlet, Published, Shared, Waiting, outcome};
use crate::mqtt::backoff::Backoff;
use crate::mqtt::settings::LinkSettings;
use crate::mqtt::status::{AwayReason, Reporter};

/// How long saying goodbye may take.
const GOODBYE_WITHIN: Duration = Duration::from_secs(1);
/// Requests beside messages: DISCONNECT.
const OTHER_REQUESTS: usize = 1;

/// The state that outlives a connection.
pub(super) struct Link {
    pub(super) settings: LinkSettings,
    pub(super) shared: Arc<Shared>,
    pub(super) report: Reporter,
    pub(super) stop: CancellationToken,
}

/// What is known within one connection.
struct Connection<'a> {
    link: &'a Link,
    client: AsyncClient,
    made: Option<Instant>,
    /// Callers by the packet id of their message.
    in_flight: HashMap<u16, Waiting>,
}

impl Link {
    pub(super) async fn run(self) {
        let mut backoff = Backoff::default();
        loop {
            let (client, events) = AsyncClient::new(
                self.settings.publisher_options(IN_FLIGHT),
                usize::from(IN_FLIGHT) + OTHER_REQUESTS,
            );
            let mut connection = Connection { link: &self, client, made: None, in_flight: HashMap::new() };
            let reason = connection.run(events).await;
            let lived = connection.made.map(|since| since.elapsed());
            self.report.away(reason.clone());
            // Both at the end of the connection: every caller gets an error now, and nobody new comes in.
            *self.shared.outlet() = None;
            drop(connection);
            if reason == AwayReason::Stopped {
                return;
            }
            tokio::select! {
                () = self.stop.cancelled() => break,
                () = tokio::time::sleep(backoff.after(lived, reason.is_refusal())) => {}
            }
        }
        self.report.away(AwayReason::Stopped);
    }
}

impl Connection<'_> {
    async fn run(&mut self, mut events: EventLoop) -> AwayReason {
        let stop = self.link.stop.clone();
        loop {
            let deadline = self.deadline();
            let event = tokio::select! {
                biased;
                () = stop.cancelled() => return self.goodbye(events).await,
                event = events.poll() => event,
                () = tokio::time::sleep_until(deadline) => return AwayReason::Silent,
            };
            match event {
                Ok(event) => self.take(event),
                Err(error) => return AwayReason::of(&error, self.made.is_some()),
            }
        }
    }

    /// When the connection counts as dead unless something happens before: the oldest message has waited too
    /// long for its answer, or nothing at all has come.
    fn deadline(&self) -> Instant {
        let idle = Instant::now() + self.link.settings.dead_after();
        let handed_over = self
            .link
            .shared
            .outlet()
            .as_ref()
            .and_then(|outlet| outlet.handed_over.front().map(|waiting| waiting.since));
        let oldest = self.in_flight.values().map(|waiting| waiting.since).chain(handed_over).min();
        oldest.map_or(idle, |since| idle.min(since + self.link.settings.answered_within))
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Incoming(Packet::ConnAck(answer)) => self.connected(&answer),
            Event::Outgoing(Outgoing::Publish(pkid)) => self.sent(pkid),
            Event::Incoming(Packet::PubAck(answer)) => {
                if let Some(waiting) = self.in_flight.remove(&answer.pkid) {
                    waiting.resolve(outcome(answer.reason));
                }
            }
            _ => {}
        }
    }

    fn connected(&mut self, answer: &ConnAck) {
        let ours = self.link.settings.max_packet_bytes();
        let theirs = answer.properties.as_ref().and_then(|properties| properties.max_packet_size);
        let largest = theirs.unwrap_or(ours).min(ours) as usize;
        *self.link.shared.outlet() =
            Some(Outlet { client: self.client.clone(), largest, handed_over: VecDeque::new() });
        self.made = Some(Instant::now());
        self.link.report.connected(false);
    }

    /// The event loop sends requests in their order, so this is the message of the first who waits.
    fn sent(&mut self, pkid: u16) {
        let first = self.link.shared.outlet().as_mut().and_then(|outlet| outlet.handed_over.pop_front());
        match first {
            Some(waiting) if pkid == 0 => waiting.resolve(Ok(Published::Sent)),
            Some(waiting) => {
                self.in_flight.insert(pkid, waiting);
            }
            None => {}
        }
    }

    async fn goodbye(&mut self, mut events: EventLoop) -> AwayReason {
        if self.made.is_some() && self.client.try_disconnect().is_ok() {
            let said = async {
                while let Ok(event) = events.poll().await {
                    if matches!(event, Event::Outgoing(Outgoing::Disconnect)) {
                        break;
                    }
                    self.take(event);
                }
            };
            // Whether it was said in time makes no difference: the connection ends now.
            let _ = tokio::time::timeout(GOODBYE_WITHIN, said).await;
        }
        AwayReason::Stopped
    }
}
