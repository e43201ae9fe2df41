//! Wire formats: what arrives on a topic, or in a Traccar forward, becomes a [`Message`] or an [`Unusable`].
//!
//! Pure functions over bytes: no clock, no network, no register. Whether a device is known, and which role an
//! OwnTracks or Traccar tracker has, is the caller's to look up.
//!
//! A single native fix is the hot road: its topic is taken apart in place and its JSON read straight into
//! [`Fix`]. Explaining what is wrong costs a second reading, on the road of bad messages only.

mod code;
mod json;
mod keys;
mod native;
mod owntracks;
mod topic;
mod traccar;

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use zones::{Aware, DeviceEvent, Fix, Invalid, Position, Role, Timestamp, policy};

pub use code::{TypedCode, without_code};
pub use keys::{KeyError, TrackerKeys};
pub use topic::{SUBSCRIPTIONS, incoming, outgoing};
pub use traccar::decode_traccar;

use topic::{Leaf, Topic};

/// Most fixes in one backlog: DESIGN §4.
pub const MOST_FIXES: usize = 1_000;

/// Largest payload that is read, in bytes: a backlog of 1,000 fixes with every field filled is under 250 KB;
/// beyond this it is set aside unread, so that nonsense costs no time.
pub const MOST_BYTES: usize = 1 << 20;

/// A message that can be used. Texts are borrowed from the topic or the payload where possible.
#[derive(Debug, Clone, PartialEq)]
pub enum Message<'a> {
    /// One position report.
    Fix {
        /// The party of the topic.
        role: Role,
        /// The device of the topic.
        device: &'a str,
        /// The report.
        fix: Fix,
    },
    /// A backlog of position reports.
    Fixes {
        /// The party of the topic.
        role: Role,
        /// The device of the topic.
        device: &'a str,
        /// The usable ones, in the order given.
        fixes: Vec<Fix>,
        /// The others: place in the array from 0, and why.
        rejected: Vec<(usize, Unusable)>,
    },
    /// A device said something about itself.
    Status {
        /// The party of the topic.
        role: Role,
        /// The device of the topic.
        device: &'a str,
        /// What it said.
        event: DeviceEvent,
    },
    /// A device came on line or went.
    Online {
        /// The party of the topic.
        role: Role,
        /// The device of the topic.
        device: &'a str,
        /// Whether it is on line.
        online: bool,
    },
    /// The panic button was pressed.
    Aware {
        /// The victim device of the topic.
        device: &'a str,
        /// The press.
        aware: Aware,
    },
    /// Somebody wants to cancel a press.
    AwareCancel {
        /// The victim device of the topic.
        device: &'a str,
        /// When, by the device's clock.
        at: Timestamp,
        /// The code, digested.
        code: TypedCode,
    },
    /// A victim device showed an alert, or its bearer confirmed it.
    VictimReceipt {
        /// The victim device of the topic.
        device: &'a str,
        /// The alert's id.
        alert: Cow<'a, str>,
        /// What happened to it.
        state: VictimReceiptState,
        /// When, by the device's clock.
        at: Timestamp,
    },
    /// A desk said where an incident stands with it.
    DeskReceipt {
        /// The desk of the topic.
        desk: &'a str,
        /// The incident's id.
        incident: Cow<'a, str>,
        /// Where it stands.
        state: DeskReceiptState,
        /// The desk's own number for it.
        reference: Option<Cow<'a, str>>,
        /// Why, in the desk's words.
        reason: Option<Cow<'a, str>>,
        /// When, by the desk's clock.
        at: Timestamp,
    },
    /// A message of the OwnTracks app.
    OwnTracks {
        /// `user/device`, as the register maps it to a person.
        tracker: &'a str,
        /// What it said.
        what: OwnTracks,
    },
    /// A position that Traccar forwarded.
    Traccar(Traccar<'a>),
    /// Nothing to use and nothing wrong: the empty payload by which a retained message is cleared, or a message
    /// of a kind that says nothing about a position.
    Ignored,
}

/// What the OwnTracks app said.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum OwnTracks {
    /// Where it is.
    Location(Fix),
    /// The broker lost it (its last will). It is back with its next message of another kind.
    Lwt,
    /// The app's state; it is alive.
    Status,
    /// It entered or left a region of its own, there.
    Transition(Fix),
    /// A kind that says nothing about where it is (a card, a waypoint, a command …).
    Ignored,
}

/// What Traccar forwarded about one device.
#[derive(Debug, Clone, PartialEq)]
pub struct Traccar<'a> {
    /// The device's unique id in Traccar, which is its id here.
    pub device: Cow<'a, str>,
    /// Where it is. `None` when Traccar only repeats the last known position.
    pub fix: Option<Fix>,
    /// Why its position could not be used although what else it said can.
    pub rejected: Option<Unusable>,
    /// What it said about itself.
    pub events: Vec<DeviceEvent>,
    /// Its panic button was pressed.
    pub sos: Option<Aware>,
}

/// What a victim device reports about an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VictimReceiptState {
    /// It was shown.
    Displayed,
    /// The victim confirmed having seen it.
    Confirmed,
}

impl VictimReceiptState {
    /// The word in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Displayed => "displayed",
            Self::Confirmed => "confirmed",
        }
    }
}

/// Where an incident stands with a desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeskReceiptState {
    /// It has the alert.
    Received,
    /// It takes the incident on.
    Accepted,
    /// It does not take it on.
    Rejected,
    /// Officers are under way.
    Dispatched,
    /// Officers are there.
    OnScene,
    /// It is done with it.
    Closed,
}

impl DeskReceiptState {
    /// The word in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Dispatched => "dispatched",
            Self::OnScene => "on_scene",
            Self::Closed => "closed",
        }
    }
}

/// Why a message cannot be used: one line, with no more of the payload in it than the value at fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Unusable {
    /// What is wrong, without the field's name.
    pub reason: String,
    /// Path of the field at fault, such as `lat` or `position.fixTime`.
    pub field: Option<String>,
}

impl Unusable {
    fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), field: None }
    }

    fn field(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), field: Some(field.into()) }
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "{field}: {}", self.reason),
            None => f.write_str(&self.reason),
        }
    }
}

impl From<Invalid> for Unusable {
    fn from(invalid: Invalid) -> Self {
        let field = (!invalid.field.is_empty()).then_some(invalid.field);
        Self { reason: invalid.problem, field }
    }
}

/// Reads one message of a topic of DESIGN §4, Traccar's excepted: its topic is a setting, its decoder
/// [`decode_traccar`].
///
/// Never panics, and takes time linear in the payload, of which no more than [`MOST_BYTES`] is looked at.
pub fn decode<'a>(topic: &'a str, payload: &'a [u8], keys: &TrackerKeys) -> Result<Message<'a>, Unusable> {
    let topic = Topic::parse(topic)?;
    check_size(payload)?;
    match topic {
        Topic::Device { role, device, leaf } => match leaf {
            Leaf::Fix => native::fixes(role, device, payload),
            Leaf::Status => native::status(role, device, payload),
            Leaf::Online => native::online(role, device, payload),
        },
        Topic::Aware { device } => native::aware(device, payload),
        Topic::VictimReceipt { device } => native::victim_receipt(device, payload),
        Topic::DeskReceipt { desk } => native::desk_receipt(desk, payload),
        Topic::OwnTracks { tracker } => owntracks::decode(tracker, payload, keys),
    }
}

/// The device whose messages come on a topic, if its name stands there.
pub fn device_of(topic: &str) -> Option<&str> {
    match Topic::parse(topic) {
        Ok(Topic::Device { device, .. }) => Some(device),
        _ => None,
    }
}

fn check_size(payload: &[u8]) -> Result<(), Unusable> {
    if payload.len() > MOST_BYTES {
        return Err(Unusable::new(format!(
            "the payload has {} bytes, more than the {MOST_BYTES} that are read",
            payload.len()
        )));
    }
    Ok(())
}

/// A fix in the terms of another format: SI units, with nonsense in the optional fields left out, as in the
/// native form.
struct Foreign {
    fixed_at: Timestamp,
    lat: f64,
    lon: f64,
    accuracy_m: Option<f64>,
    speed_mps: Option<f64>,
    course_deg: Option<f64>,
    battery_pct: Option<f64>,
}

impl Foreign {
    /// The errors name `lat`, `lon`, or the format's own field of the time, `time_field`.
    fn into_fix(self, time_field: &str) -> Result<Fix, Unusable> {
        if self.fixed_at < policy::EARLIEST_FIX {
            return Err(Unusable::field(time_field, format!("{} is before the year 2000", self.fixed_at)));
        }
        let not_negative = |v: f64| Some(v as f32).filter(|v| v.is_finite() && *v >= 0.0);
        Ok(Fix {
            accuracy_m: self.accuracy_m.and_then(not_negative).filter(|m| *m > 0.0),
            speed_mps: self.speed_mps.and_then(not_negative),
            course_deg: self.course_deg.and_then(not_negative),
            battery_pct: self.battery_pct.and_then(not_negative).map(|pct| pct.min(100.0) as u8),
            ..Fix::new(self.fixed_at, Position::new(self.lat, self.lon)?)
        })
    }
}

#[cfg(test)]
mod tests;
