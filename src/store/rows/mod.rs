//! What is stored: the rows of a commit and the rows that reads give back.
//!
//! Times are milliseconds since 1970 UTC in both back ends. Words of the contract (levels, kinds, states) are
//! stored as the text that stands in JSON. A NUL character in a text becomes U+FFFD: PostgreSQL cannot keep
//! it, and no message may block a commit.

mod audit;
mod delivery;
mod followup;
mod incident;
mod push;
mod session;

use std::borrow::Cow;

use zones::{OrderId, Role, Timestamp};

pub use audit::*;
pub use delivery::*;
pub use followup::*;
pub use incident::*;
pub use push::*;
pub use session::*;

/// A word of the contract, such as `alarm` or `victim_proximity`.
pub type Word = Cow<'static, str>;

/// Everything that one commit makes durable: all of it or nothing.
///
/// Every row has a key that the caller gives, so a batch whose outcome is unknown can be committed again.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// Journal of everything that was decided, in order of `seq`.
    pub inputs: Vec<InputRow>,
    /// Engine state of devices, by device id; `state: None` deletes. Of several with one key the last counts.
    pub devices: Vec<StateRow>,
    /// Histories of devices, by device id; `state: None` deletes. Of several with one key the last counts.
    pub histories: Vec<StateRow>,
    /// Engine state of watches, by watch key; `state: None` deletes. Of several with one key the last counts.
    pub watches: Vec<StateRow>,
    /// Orders registered, replaced or withdrawn.
    pub orders: Vec<OrderRow>,
    /// Incidents opened or changed. Of several with one id the last counts.
    pub incidents: Vec<IncidentRow>,
    /// What the clocks of incidents follow from, by incident; `state: None` deletes. Of several with one key the last
    /// counts.
    pub followups: Vec<StateRow>,
    /// What is remembered of roles, by role; likewise.
    pub duty: Vec<StateRow>,
    /// Lines of timelines.
    pub timeline: Vec<TimelineRow>,
    /// Incidents of which is sent after all what was closed with [`IN_MASS`].
    pub released: Vec<String>,
    /// Partners' deadlines begun or changed. Of several of one incident, name and desk the last counts.
    pub deadlines: Vec<DeadlineRow>,
    /// Alerts raised. An alert id that is stored already is left as it is, and counted.
    pub alerts: Vec<AlertRow>,
    /// The outbox: one row per alert and recipient.
    pub deliveries: Vec<NewDelivery>,
    /// What devices are to be told of which only the newest counts. Of several on one topic the last counts.
    pub notices: Vec<NoticeRow>,
    /// Notices that the broker has: their topics and numbers. A newer one on the same topic stays.
    pub noticed: Vec<(String, i64)>,
    /// How deliveries went.
    pub progress: Vec<DeliveryProgress>,
    /// What recipients said.
    pub receipts: Vec<ReceiptRow>,
    /// Messages set aside.
    pub rejected: Vec<RejectedRow>,
}

impl Batch {
    /// Whether there is nothing to commit.
    pub fn is_empty(&self) -> bool {
        self.inputs.is_empty()
            && self.devices.is_empty()
            && self.histories.is_empty()
            && self.watches.is_empty()
            && self.orders.is_empty()
            && self.incidents.is_empty()
            && self.followups.is_empty()
            && self.duty.is_empty()
            && self.timeline.is_empty()
            && self.deadlines.is_empty()
            && self.released.is_empty()
            && self.alerts.is_empty()
            && self.deliveries.is_empty()
            && self.notices.is_empty()
            && self.noticed.is_empty()
            && self.progress.is_empty()
            && self.receipts.is_empty()
            && self.rejected.is_empty()
    }
}

/// What a commit found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Committed {
    /// The batch's inputs were stored already: this was a second try of a commit that had succeeded.
    pub repeated: bool,
    /// Alerts of the batch that were stored already, and left as they were.
    pub known_alerts: u64,
}

macro_rules! numbered {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $number:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// The number it is stored under; never given to another meaning.
            pub const fn number(self) -> i64 {
                match self { $(Self::$variant => $number,)* }
            }

            /// What a stored number means.
            pub const fn from_number(number: i64) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

numbered! {
    /// What kind of input a journal row holds.
    InputKind {
        /// A position report.
        Fix = 1,
        /// A device event.
        Event = 2,
        /// A device came on line or went.
        Online = 3,
        /// The panic button.
        Aware = 4,
        /// An order was registered or replaced.
        Order = 5,
        /// An order was withdrawn.
        OrderWithdrawn = 6,
        /// An incident was resolved.
        IncidentClosed = 7,
        /// The service began or ceased to hear devices.
        Hearing = 8,
        /// Time passed.
        Tick = 9,
        /// A recipient said something.
        Receipt = 10,
        /// Somebody in the monitoring centre did something.
        Command = 11,
    }
}

numbered! {
    /// The road and the kind of recipient of a delivery.
    Channel {
        /// A victim device, over MQTT.
        VictimMqtt = 1,
        /// A desk, over MQTT.
        DeskMqtt = 2,
        /// A desk, over its webhook.
        DeskWebhook = 3,
        /// A contact of the settings, over MQTT.
        StaffMqtt = 4,
        /// A contact, over its webhook.
        StaffWebhook = 5,
        /// A contact, by e-mail.
        Email = 6,
        /// A contact, by text message.
        Sms = 7,
        /// A victim's second channel: a text message to a number (`+31…`), or to the one of a contact.
        VictimSms = 8,
        /// A victim's second channel: an e-mail to an address, or to the one of a contact.
        VictimEmail = 9,
    }
}

numbered! {
    /// Where an order came from.
    Origin {
        /// The API.
        Api = 1,
        /// A file of the orders folder.
        File = 2,
    }
}

/// One thing that was decided, with what was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputRow {
    /// Number in the journal, counting up; given by the one writer (first: [`Next::input`]).
    pub seq: i64,
    /// What `body` holds.
    pub kind: InputKind,
    /// The party the device belongs to, where there is a device.
    pub role: Option<Role>,
    /// Device id; empty where there is none.
    pub device: Box<str>,
    /// When it happened by the device's clock.
    pub fixed_at: Option<Timestamp>,
    /// When it arrived.
    pub received_at: Timestamp,
    /// The input; opaque to the store.
    pub body: Vec<u8>,
    /// The decisions it led to; opaque to the store.
    pub decisions: Vec<u8>,
}

/// Engine state under a key; opaque to the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateRow {
    /// Device id or watch key.
    pub key: Box<str>,
    /// The state; `None` deletes the row.
    pub state: Option<Vec<u8>>,
}

/// A stored state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredState {
    /// Device id or watch key.
    pub key: Box<str>,
    /// The state.
    pub state: Vec<u8>,
}

/// Something a device is to be told of which only the newest counts, such as its retained state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeRow {
    /// Where to.
    pub topic: String,
    /// Number of the input that it follows from.
    pub seq: i64,
    /// What.
    pub payload: String,
    /// It is of no use after this; retained by the broker when it is of use for ever.
    pub until: Option<Timestamp>,
}

/// A change of the register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRow {
    /// The order.
    pub order: OrderId,
    /// Number of the input that brought the change; with the order it is the key of the history.
    pub seq: i64,
    /// The document as it is to be shown; `None` withdraws the order. Its history is kept.
    pub document: Option<String>,
    /// When it was registered or withdrawn.
    pub at: Timestamp,
    /// Where the change came from.
    pub origin: Origin,
    /// Who made it: the name of the token, or of the file; `None` where that was not kept.
    pub by: Option<String>,
}

/// An order as the register has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredOrder {
    /// The order.
    pub order: OrderId,
    /// Number of the input that brought the last change.
    pub seq: i64,
    /// The last document.
    pub document: String,
    /// When the last change was made.
    pub changed_at: Timestamp,
    /// Where the last change came from.
    pub origin: Origin,
    /// When it was withdrawn; `None` while it is in the register.
    pub withdrawn_at: Option<Timestamp>,
}

/// A message that could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedRow {
    /// Number, counting up (first: [`Next::rejected`]).
    pub seq: i64,
    /// When it arrived.
    pub received_at: Timestamp,
    /// Where it arrived; cut to [`LONGEST_TOPIC`] bytes.
    pub topic: String,
    /// Why it could not be used.
    pub reason: String,
    /// Its beginning; cut to [`LONGEST_PAYLOAD`] bytes.
    pub payload: Vec<u8>,
    /// Its whole size in bytes.
    pub size: i64,
}

/// So much of a rejected message's topic is kept, in bytes.
pub const LONGEST_TOPIC: usize = 512;

/// So much of a rejected message's payload is kept, in bytes.
pub const LONGEST_PAYLOAD: usize = 4_096;

/// So many rejected messages are kept, the newest; the journal of usable ones is kept whole.
pub const MOST_REJECTED: i64 = 100_000;

/// The first free numbers; all start at 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Next {
    /// Of the journal of inputs.
    pub input: i64,
    /// Of alerts and lines of timelines.
    pub alert: i64,
    /// Of deliveries.
    pub delivery: i64,
    /// Of rejected messages.
    pub rejected: i64,
}

/// What a start needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// Orders in the register, by id.
    pub orders: Vec<StoredOrder>,
    /// States of devices, by id.
    pub devices: Vec<StoredState>,
    /// Histories of devices, by id.
    pub histories: Vec<StoredState>,
    /// The rest.
    pub few: Few,
}

/// What a start needs beside orders and devices.
#[derive(Debug, Clone, PartialEq)]
pub struct Few {
    /// States of watches, by key.
    pub watches: Vec<StoredState>,
    /// Open incidents, then closed ones of which something is remembered; each by id.
    pub incidents: Vec<IncidentRow>,
    /// Open incidents of which a victim knows nothing, because of her quiet hours.
    pub quiet: Vec<QuietRow>,
    /// What the clocks of incidents follow from, by incident.
    pub followups: Vec<StoredState>,
    /// What is remembered of roles.
    pub duty: Vec<StoredState>,
    /// First free numbers.
    pub next: Next,
    /// The latest fixes of the journal, oldest first: the broker may send them again.
    pub latest_fixes: Vec<StoredFix>,
    /// Latest arrival in the journal: the time the stored states belong to. `None` when nothing ever came.
    pub clock: Option<Timestamp>,
}

/// A fix of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFix {
    /// The party it belongs to.
    pub role: Role,
    /// The device.
    pub device: String,
    /// The fix, in the form the service gave it.
    pub body: Vec<u8>,
}

/// A fix of the journal with when it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalFix {
    /// Number in the journal.
    pub seq: i64,
    /// When it arrived.
    pub received_at: Timestamp,
    /// The party of its device.
    pub role: Role,
    /// The device.
    pub device: String,
    /// When it happened by the device's clock.
    pub fixed_at: Option<Timestamp>,
    /// The fix, in the form the service gave it.
    pub body: Vec<u8>,
}

/// Which fixes of the journal to read: a span of arrival, oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FixFilter {
    /// First moment of arrival.
    pub arrived_from: Timestamp,
    /// Last moment of arrival, included.
    pub arrived_to: Timestamp,
    /// Only those after this row: its `received_at` and `seq`.
    pub after: Option<(Timestamp, i64)>,
}

/// Which journal rows to read: a span of arrival, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFilter {
    /// Only of this device.
    pub device: Option<String>,
    /// First moment of arrival.
    pub from: Timestamp,
    /// Last moment of arrival, included.
    pub to: Timestamp,
    /// Only those after this row: its `received_at` and `seq`.
    pub after: Option<(Timestamp, i64)>,
}

/// Figures for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Deliveries neither received nor closed.
    pub pending_deliveries: i64,
    /// When the oldest of them was created.
    pub oldest_pending_at: Option<Timestamp>,
    /// Incidents that are not closed.
    pub open_incidents: i64,
    /// Orders in the register.
    pub orders: i64,
}

/// How many incidents are open that are followed up by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OpenAlarms {
    /// At level `alarm`.
    pub open: i64,
    /// Those of them that nobody has acknowledged.
    pub untaken: i64,
    /// At level `warning`, that nobody has acknowledged.
    pub warnings: i64,
}

/// A device that sends and is in no order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownDevice {
    /// The topic it sends on.
    pub topic: String,
    /// Messages set aside, of those that are kept.
    pub messages: i64,
    /// When the last arrived.
    pub last_at: Timestamp,
}
