//! How a link stands, and why it is away, in words an operator can act on.

use std::fmt;
use std::time::SystemTime;

use rumqttc::v5::mqttbytes::v5::{ConnectReturnCode, DisconnectReasonCode};
use rumqttc::v5::{ConnectionError, StateError};
use tokio::sync::watch;

/// How a link stands; [`fmt::Display`] gives one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkStatus {
    /// Connected, and for the ingest link: subscribed.
    Connected {
        /// When that began.
        since: SystemTime,
        /// The broker still had the session, with what it kept for us. Always `false` for the publisher.
        session_present: bool,
    },
    /// Not connected. The link keeps trying, except after [`AwayReason::Stopped`].
    Away {
        /// When the link went away, whatever has been tried since.
        since: SystemTime,
        /// What the latest attempt ended with.
        reason: AwayReason,
    },
}

impl LinkStatus {
    /// Whether the link is up.
    pub fn is_connected(&self) -> bool {
        matches!(self, Self::Connected { .. })
    }
}

impl fmt::Display for LinkStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connected { session_present: true, .. } => f.write_str("connected, session resumed"),
            Self::Connected { .. } => f.write_str("connected"),
            Self::Away { reason, .. } => reason.fmt(f),
        }
    }
}

/// Why a link is away; [`fmt::Display`] gives one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AwayReason {
    /// The first attempt is under way.
    Starting,
    /// No connection could be made: address, network, TLS.
    Unreachable(String),
    /// The broker refuses this client: user name, password, certificate or client id.
    Refused(String),
    /// The broker refuses a subscription, or grants less than QoS 1.
    SubscriptionRefused(String),
    /// Another client connected with the same client id.
    TakenOver,
    /// The connection stood, but the broker no longer answered.
    Silent,
    /// The consumer has not taken earlier messages yet; new ones wait at the broker.
    ConsumerBehind,
    /// The connection broke, or the broker ended it.
    Lost(String),
    /// The link was stopped, or nobody is left to take its messages.
    Stopped,
}

impl AwayReason {
    /// Whether only a person can change the answer, so that hurrying makes no sense.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::SubscriptionRefused(_) | Self::TakenOver)
    }

    /// The reason behind an error of the event loop; `connected` says whether the connection stood before.
    pub(super) fn of(error: &ConnectionError, connected: bool) -> Self {
        match error {
            ConnectionError::ConnectionRefused(code) if is_about_identity(*code) => {
                Self::Refused(format!("{code:?}"))
            }
            ConnectionError::ConnectionRefused(code) => {
                Self::Unreachable(format!("the broker answered {code:?}"))
            }
            ConnectionError::MqttState(StateError::ServerDisconnect { reason_code, .. })
                if *reason_code == DisconnectReasonCode::SessionTakenOver =>
            {
                Self::TakenOver
            }
            ConnectionError::MqttState(StateError::ServerDisconnect { reason_code, .. }) => {
                Self::Lost(format!("the broker ended it: {reason_code:?}"))
            }
            ConnectionError::MqttState(StateError::AwaitPingResp | StateError::CollisionTimeout) => {
                Self::Silent
            }
            ConnectionError::Timeout(_) => Self::Unreachable("no answer in time".into()),
            other if connected => Self::Lost(one_line(other)),
            other => Self::Unreachable(one_line(other)),
        }
    }
}

fn is_about_identity(code: ConnectReturnCode) -> bool {
    matches!(
        code,
        ConnectReturnCode::BadUserNamePassword
            | ConnectReturnCode::NotAuthorized
            | ConnectReturnCode::Banned
            | ConnectReturnCode::BadAuthenticationMethod
            | ConnectReturnCode::BadClientId
            | ConnectReturnCode::ClientIdentifierNotValid
    )
}

fn one_line(error: &ConnectionError) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

impl fmt::Display for AwayReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Starting => f.write_str("connecting"),
            Self::Unreachable(why) => write!(f, "cannot connect: {why}"),
            Self::Refused(why) => write!(
                f,
                "the broker refuses this client ({why}): check client_id, username, password_file and client_cert_file"
            ),
            Self::SubscriptionRefused(why) => write!(f, "the broker refuses the subscription {why}"),
            Self::TakenOver => f.write_str("another client connected with the same client_id"),
            Self::Silent => f.write_str("the broker stopped answering"),
            Self::ConsumerBehind => f.write_str("earlier messages have not been taken yet"),
            Self::Lost(why) => write!(f, "the connection was lost: {why}"),
            Self::Stopped => f.write_str("stopped"),
        }
    }
}

/// Tells the watchers and the log how a link stands: the log once per change, not once per attempt.
#[derive(Debug)]
pub(super) struct Reporter {
    link: &'static str,
    status: watch::Sender<LinkStatus>,
}

impl Reporter {
    pub(super) fn new(link: &'static str) -> Self {
        let starting = LinkStatus::Away { since: SystemTime::now(), reason: AwayReason::Starting };
        Self { link, status: watch::Sender::new(starting) }
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<LinkStatus> {
        self.status.subscribe()
    }

    pub(super) fn connected(&self, session_present: bool) {
        tracing::info!(link = self.link, session_present, "connected to the broker");
        self.status.send_replace(LinkStatus::Connected { since: SystemTime::now(), session_present });
    }

    pub(super) fn away(&self, reason: AwayReason) {
        let was = self.status.borrow().clone();
        let since = match &was {
            LinkStatus::Away { since, .. } => *since,
            LinkStatus::Connected { .. } => SystemTime::now(),
        };
        let now = LinkStatus::Away { since, reason };
        if now == was {
            return;
        }
        match &now {
            LinkStatus::Away { reason: AwayReason::Stopped, .. } => {
                tracing::info!(link = self.link, "link stopped");
            }
            other => tracing::warn!(link = self.link, reason = %other, "not connected to the broker"),
        }
        self.status.send_replace(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_password_reads_as_one_line_that_says_where_to_look() {
        let error = ConnectionError::ConnectionRefused(ConnectReturnCode::BadUserNamePassword);
        let reason = AwayReason::of(&error, false);
        assert!(reason.is_refusal());
        let line = reason.to_string();
        assert!(line.contains("password_file") && !line.contains('\n'), "{line}");
    }

    #[test]
    fn a_busy_broker_is_not_a_refusal() {
        let error = ConnectionError::ConnectionRefused(ConnectReturnCode::ServerBusy);
        assert!(!AwayReason::of(&error, false).is_refusal());
    }

    #[test]
    fn the_time_away_counts_from_the_loss_through_every_attempt() {
        let reporter = Reporter::new("test");
        let status = reporter.subscribe();
        let LinkStatus::Away { since: first, .. } = status.borrow().clone() else { panic!("away at first") };
        reporter.away(AwayReason::Unreachable("one".into()));
        reporter.away(AwayReason::Unreachable("two".into()));
        assert_eq!(
            *status.borrow(),
            LinkStatus::Away { since: first, reason: AwayReason::Unreachable("two".into()) }
        );
    }
}
