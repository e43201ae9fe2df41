//! Rows about browsers that are woken.

use zones::Timestamp;

use super::Word;

/// A browser that a victim wants to be woken by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushRow {
    /// SHA-256 of the address, in hexadecimal digits.
    pub id: String,
    /// Whose it is.
    pub person: String,
    /// The victim device whose alerts it is for.
    pub device: String,
    /// The address at the push service. Whoever knows it and the keys can wake her.
    pub endpoint: String,
    /// The browser's public key, in base64url.
    pub p256dh: String,
    /// The browser's secret, in base64url.
    pub auth: String,
    /// Our public key that the browser bound it to.
    pub server_key: String,
    /// When the browser last said so.
    pub seen_at: Timestamp,
}

/// Something in the outbox for a victim's device, of which her browsers may be told that it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HintRow {
    /// Number of the delivery.
    pub id: i64,
    /// The device.
    pub device: String,
    /// The victim.
    pub person: String,
    /// The incident.
    pub incident: String,
    /// Level of the alert.
    pub level: Word,
    /// What her device is sent.
    pub payload: String,
    /// When it was put in the outbox.
    pub created_at: Timestamp,
}
