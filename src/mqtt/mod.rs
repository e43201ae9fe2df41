//! MQTT: the link that takes in what devices send, the publisher, and an embedded broker.
//!
//! This module knows topics and bytes only; what they mean is for [`crate::wire`].
//!
//! * [`IngestLink`] takes messages with a persistent session and acknowledges each one only when it is
//!   given back its [`AckToken`]: that is how "an acknowledged message is not lost" is kept.
//! * [`Publisher`] has a connection of its own, so that a flood of fixes never stands in the way of an alert.
//! * [`EmbeddedBroker`] is for the demo, small sites and tests.
//!
//! TLS: certificates are verified by the `rustls` that this package configures (see `tls`). The older
//! `rustls-webpki` that `rumqttc` brings along is linked for one of its error types only.

mod backoff;
mod broker;
mod ingest;
mod publisher;
mod settings;
mod status;
#[cfg(test)]
mod testing;
mod tls;

pub use broker::{BrokerError, EmbeddedBroker, EmbeddedSettings};
pub use ingest::{AckToken, Acks, Arrived, IngestCounters, IngestCounts, IngestHandle, IngestLink};
pub use publisher::{Message, PublishError, Published, Publisher};
pub use settings::{LinkSettings, MqttConfig, SettingsError};
pub use status::{AwayReason, LinkStatus};
