//! From the outbox to recipients: victim devices and desks, over MQTT and signed webhooks.

mod signature;

pub use signature::{SecretError, SigningSecret, signatures};
