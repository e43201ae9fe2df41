//! One connection of the ingest link, from CONNECT to its end.

use std::time::{Duration, SystemTime};

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{ConnAck, Filter, Packet, Publish, SubAck, SubscribeReasonCode};
use rumqttc::v5::{AsyncClient, Event, EventLoop};
use tokio::sync::mpsc::Permit;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::Instant;

use super::{AckToken, Arrived, AwayReason, Link};

/// How long the broker may take to answer the subscription. Long, because what it kept for us comes first.
const SUBSCRIBED_WITHIN: Duration = Duration::from_secs(30);
/// How long saying goodbye may take. The broker hangs up when it has read everything before it, so that what
/// was acknowledged does not come again.
const GOODBYE_WITHIN: Duration = Duration::from_secs(5);
/// Requests beside acknowledgements: SUBSCRIBE and DISCONNECT.
const OTHER_REQUESTS: usize = 2;

/// How a connection ended.
pub(super) struct Ended {
    pub(super) reason: AwayReason,
    /// How long it stood; `None` when it was never made.
    pub(super) lived: Option<Duration>,
}

/// What is known within one connection.
struct Connection<'a> {
    link: &'a Link,
    epoch: u32,
    receive_maximum: u16,
    connected_before: bool,
    /// Messages so far that want an acknowledgement.
    issued: u64,
    made: Option<(Instant, ConnAck)>,
    subscribed: bool,
    stopping: bool,
}

impl Link {
    /// Connects, subscribes, and takes messages until something ends it.
    pub(super) async fn connection(&self, epoch: u32, receive_maximum: u16, connected_before: bool) -> Ended {
        let mut connection = Connection {
            link: self,
            epoch,
            receive_maximum,
            connected_before,
            issued: 0,
            made: None,
            subscribed: false,
            stopping: false,
        };
        let reason = connection.run().await;
        Ended { reason, lived: connection.made.map(|(since, _)| since.elapsed()) }
    }
}

impl Connection<'_> {
    async fn run(&mut self) -> AwayReason {
        let settings = &self.link.settings;
        let requests = usize::from(self.receive_maximum) + OTHER_REQUESTS;
        let (client, mut events) = AsyncClient::new(settings.ingest_options(self.receive_maximum), requests);
        self.link.desk.open(self.epoch, client.clone());
        // On every connection, also when the broker has the session: it may have lost the subscriptions, the
        // settings may have changed, and it makes the broker send the retained messages again.
        let filters = settings.subscriptions().iter().map(|path| Filter::new(path, QoS::AtLeastOnce));
        if !settings.subscriptions().is_empty() && client.try_subscribe_many(filters).is_err() {
            return AwayReason::SubscriptionRefused("that was asked for".into());
        }
        let mut goodbye_until = None;
        loop {
            let next = tokio::select! {
                biased;
                () = self.link.stop.cancelled(), if !self.stopping => {
                    self.stopping = true;
                    goodbye_until = Some(Instant::now() + GOODBYE_WITHIN);
                    if self.made.is_none() || client.try_disconnect().is_err() {
                        return AwayReason::Stopped;
                    }
                    continue;
                }
                () = until(goodbye_until) => return AwayReason::Stopped,
                next = self.next(&mut events) => next,
            };
            let taken = match next {
                Ok(event) => self.take_all(event, &mut events).await,
                Err(reason) => Err(reason),
            };
            if let Err(reason) = taken {
                return if self.stopping { AwayReason::Stopped } else { reason };
            }
            self.link.desk.send_more();
        }
    }

    /// The next event. Dropped halfway it loses nothing that matters: the connection ends then, or says
    /// goodbye, which writes out what was left.
    async fn next(&self, events: &mut EventLoop) -> Result<Event, AwayReason> {
        match tokio::time::timeout(self.link.settings.dead_after(), events.poll()).await {
            Ok(Ok(event)) => Ok(event),
            Ok(Err(error)) => Err(AwayReason::of(&error, self.made.is_some())),
            Err(_) => Err(AwayReason::Silent),
        }
    }

    /// Takes `event` and those that were read together with it.
    async fn take_all(&mut self, event: Event, events: &mut EventLoop) -> Result<(), AwayReason> {
        let mut heard = matches!(event, Event::Incoming(_));
        self.take(event).await?;
        while let Some(event) = events.state.events.pop_front() {
            heard |= matches!(event, Event::Incoming(_));
            self.take(event).await?;
        }
        if heard {
            // Whatever the broker says shows that it is there. Under load its answer to a ping can be minutes
            // away: mosquitto reads one packet a round from each client, so our ping waits behind as many
            // acknowledgements as are under way, and its answer behind the messages that those let through.
            events.state.await_pingresp = false;
        }
        let waiting_since = self.made.as_ref().filter(|_| !self.subscribed).map(|(since, _)| *since);
        if waiting_since.is_some_and(|since| since.elapsed() > SUBSCRIBED_WITHIN) {
            return Err(AwayReason::SubscriptionRefused("by not answering it".into()));
        }
        Ok(())
    }

    async fn take(&mut self, event: Event) -> Result<(), AwayReason> {
        match event {
            Event::Incoming(Packet::Publish(publish)) => self.arrived(publish).await,
            Event::Incoming(Packet::ConnAck(answer)) => {
                self.connected(answer);
                Ok(())
            }
            Event::Incoming(Packet::SubAck(answer)) => self.subscribed(&answer),
            _ => Ok(()),
        }
    }

    fn connected(&mut self, answer: ConnAck) {
        let wanted = self.link.settings.session_expiry_s();
        let granted = answer.properties.as_ref().and_then(|properties| properties.session_expiry_interval);
        if let Some(granted_s) = granted.filter(|granted| *granted < wanted) {
            tracing::warn!(wanted_s = wanted, granted_s, "the broker keeps the session for a shorter time");
        }
        if self.connected_before {
            self.link.counters.reconnects.add(1);
            if !answer.session_present {
                self.link.counters.sessions_lost.add(1);
                tracing::warn!("the broker lost the session; what it kept for this service is gone");
            }
        }
        self.made = Some((Instant::now(), answer));
        if self.link.settings.subscriptions().is_empty() {
            self.stands();
        }
    }

    fn subscribed(&mut self, answer: &SubAck) -> Result<(), AwayReason> {
        for (filter, code) in self.link.settings.subscriptions().iter().zip(&answer.return_codes) {
            match code {
                SubscribeReasonCode::Success(QoS::AtLeastOnce | QoS::ExactlyOnce) => {}
                SubscribeReasonCode::Success(QoS::AtMostOnce) => {
                    return Err(AwayReason::SubscriptionRefused(format!("to {filter} with QoS 1")));
                }
                refused => {
                    return Err(AwayReason::SubscriptionRefused(format!("to {filter}: {refused:?}")));
                }
            }
        }
        self.stands();
        Ok(())
    }

    fn stands(&mut self) {
        self.subscribed = true;
        if let Some((_, answer)) = &self.made {
            self.link.report.connected(answer.session_present);
        }
    }

    async fn arrived(&mut self, publish: Publish) -> Result<(), AwayReason> {
        if self.stopping {
            return Ok(());
        }
        let wants_ack = publish.qos != QoS::AtMostOnce;
        // The room for what must not be lost is not given to what may be: else a flood of QoS 0 from one
        // device would break the connection for all.
        if !wants_ack && self.link.out.capacity() <= self.receive_maximum.into() {
            self.link.counters.dropped_qos0.add(1);
            return Ok(());
        }
        let received_at = SystemTime::now();
        let ack = if wants_ack {
            AckToken::new(self.epoch, publish.pkid, publish.qos, self.issued)
        } else {
            AckToken::none()
        };
        self.issued += u64::from(wants_ack);
        let room = match self.link.out.try_reserve() {
            Ok(room) => room,
            Err(TrySendError::Full(())) => self.wait_for_room().await?,
            Err(TrySendError::Closed(())) => return Err(AwayReason::Stopped),
        };
        // Counted before it is handed over: whoever holds a message finds it in the count.
        self.link.counters.received.add(1);
        self.link.counters.bytes.add(publish.payload.len() as u64);
        room.send(Arrived {
            topic: publish.topic,
            payload: publish.payload,
            retain: publish.retain,
            received_at,
            ack,
        });
        Ok(())
    }

    /// The broker sends more than it was told it may (mosquitto 2.0.11 with `max_inflight_messages 0` does).
    /// So the connection waits for the consumer after all, but not so long that pings would be missed; then
    /// it is given up. Nothing is lost by that: nothing of it was acknowledged.
    async fn wait_for_room(&self) -> Result<Permit<'_, Arrived>, AwayReason> {
        self.link.counters.overflows.add(1);
        tokio::select! {
            biased;
            () = self.link.stop.cancelled() => Err(AwayReason::Stopped),
            room = self.link.out.reserve() => room.map_err(|_| AwayReason::Stopped),
            () = tokio::time::sleep(self.link.settings.stall_within) => Err(AwayReason::ConsumerBehind),
        }
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
