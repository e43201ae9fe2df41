//! Rows about what is sent to recipients and what they say.

use zones::Timestamp;

use super::{Channel, Word};

impl Channel {
    /// The word for a road, in JSON and in metrics.
    pub const fn word(self) -> &'static str {
        match self {
            Self::VictimMqtt => "victim_mqtt",
            Self::DeskMqtt => "desk_mqtt",
            Self::DeskWebhook => "desk_webhook",
            Self::StaffMqtt => "staff_mqtt",
            Self::StaffWebhook => "staff_webhook",
            Self::Email => "email",
            Self::Sms => "sms",
            Self::VictimSms => "victim_sms",
            Self::VictimEmail => "victim_email",
        }
    }
}

/// A message to a recipient, to be sent until it is received or closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDelivery {
    /// Number of the delivery, counting up (first: [`Next::delivery`](super::Next::delivery)).
    pub id: i64,
    /// The alert; an alert has one delivery per channel and recipient, a second is ignored.
    pub alert: String,
    /// Number of the alert.
    pub alert_seq: i64,
    /// Its incident.
    pub incident: String,
    /// The road.
    pub channel: Channel,
    /// Device id, desk id or name of a contact; of a victim's second channel it may be a number or an address.
    pub recipient: String,
    /// The exact body to send; of an e-mail or a text message what it is worded from.
    pub payload: String,
    /// Level of the alert.
    pub level: Word,
    /// When it was put in the outbox.
    pub created_at: Timestamp,
}

/// Why a delivery was closed that her quiet hours keep from a victim: until its `next_at`, or for good where it has none.
pub const QUIET_HOURS: &str = "quiet_hours";

/// Why a delivery to a desk was closed that is about one of many silent devices: the desk hears of all at once.
pub const IN_MASS: &str = "mass_silence";

/// How a delivery went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryProgress {
    /// The delivery.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub outcome: Outcome,
}

/// What happened to a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// An attempt failed.
    Attempted {
        /// Which attempt this was, from 1; one that is recorded already changes nothing.
        attempt: i64,
        /// Why it failed.
        error: String,
        /// When the next attempt is due.
        next_at: Timestamp,
    },
    /// The recipient has it. The first time counts.
    Received {
        /// Which attempt this was, from 1.
        attempt: i64,
        /// How it answered.
        detail: String,
    },
    /// It need not be sent any more. What was received stays received.
    Closed {
        /// Why.
        why: String,
    },
    /// Her quiet hours keep it from a victim. What was received or given up stays so.
    Held {
        /// Until when, should it stand then; `None` when she need not be told of it any more.
        until: Option<Timestamp>,
    },
    /// Her quiet hours are over, and it stands: it is in the outbox from now on, as its newest.
    Released {
        /// Its number from now on, so that whoever reads on in the outbox finds it.
        id: i64,
    },
}

/// The last thing that a victim was to be told of an incident, and that her quiet hours kept from her.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuietRow {
    /// The incident.
    pub incident: String,
    /// The delivery.
    pub delivery: i64,
    /// The alert.
    pub alert: String,
    /// Her device.
    pub device: String,
    /// Until when it is held; `None` when it is an end, or need not be told any more.
    pub until: Option<Timestamp>,
}

/// A delivery that is neither received nor closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingDelivery {
    /// What is to be sent to whom.
    pub delivery: NewDelivery,
    /// Attempts so far.
    pub attempts: i64,
    /// When the last attempt was made.
    pub attempted_at: Option<Timestamp>,
    /// Why it failed.
    pub error: Option<String>,
    /// When the next is due; `None` is now.
    pub next_at: Option<Timestamp>,
    /// When its incident was closed; for how long it is tried then, follows from that.
    pub incident_closed_at: Option<Timestamp>,
}

/// That somebody was sent an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldRow {
    /// The delivery.
    pub id: i64,
    /// The incident.
    pub incident: String,
    /// The alert.
    pub alert: String,
    /// When it was put in the outbox.
    pub at: Timestamp,
}

/// A delivery as its recipient can be shown it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRecord {
    /// What was to be sent to whom.
    pub delivery: NewDelivery,
    /// Attempts made.
    pub attempts: i64,
    /// When the last attempt was made.
    pub attempted_at: Option<Timestamp>,
    /// Why the last failed one failed.
    pub error: Option<String>,
    /// When the next is due.
    pub next_at: Option<Timestamp>,
    /// When it was received.
    pub received_at: Option<Timestamp>,
    /// How the recipient answered.
    pub detail: Option<String>,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// Why it was closed.
    pub why: Option<String>,
    /// When the recipient's device said it displayed the alert.
    pub displayed_at: Option<Timestamp>,
    /// When the recipient confirmed it.
    pub confirmed_at: Option<Timestamp>,
}

/// What a recipient said about an alert or an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptRow {
    /// Number of the input that brought it; the key.
    pub seq: i64,
    /// When, by the recipient's clock.
    pub at: Timestamp,
    /// When it arrived.
    pub received_at: Timestamp,
    /// The road it came by.
    pub channel: Channel,
    /// Device id or desk id.
    pub recipient: String,
    /// The alert it is about.
    pub alert: Option<String>,
    /// The incident it is about.
    pub incident: Option<String>,
    /// `displayed`, `confirmed`, `received`, `accepted`, …
    pub state: Word,
    /// The recipient's own reference.
    pub reference: Option<String>,
    /// Why.
    pub reason: Option<String>,
}
