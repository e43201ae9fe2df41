//! Why an alarm did or did not sound: what was judged, on which numbers, step by step.
//!
//! It reads what the service wrote down ([`of_store`]) or what a replay of recorded input decides ([`of_input`]):
//! the same rows, and one road from there. There are no positions in an explanation: whoever it is about, and the
//! other party, may come to read it.

mod from_input;
mod from_store;
mod happened;
mod judged;
mod limits;
mod steps;
mod text;
mod words;

use std::io;

use serde::Serialize;
use zones::{Millis, Timestamp};

pub use from_input::of_input;
pub use from_store::of_store;
pub use happened::Happened;
pub use judged::{Heard, Judgement};
pub use limits::{Limits, WatchKind};
pub use steps::{Step, StepRule};
pub use text::render;

use crate::pipeline::rows;
use crate::store::{AlertRow, DeliveryRecord, IncidentRow, InputRow, ReceiptRow, StoreError};
use limits::Orders;

/// So much before an incident, and around a moment, is looked at: what came before a step explains it.
pub const AROUND: Millis = Millis::from_secs(300);

/// Most inputs in one explanation: the first. A day of two devices at an interval of a minute is 2,880.
pub const MOST_INPUTS: usize = 10_000;

/// What is to be explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// An incident, by its id.
    Incident(String),
    /// What was decided about a device around a moment.
    Moment {
        /// The device.
        device: String,
        /// The moment.
        at: Timestamp,
    },
}

/// Why there is no explanation, in one line.
#[derive(Debug, thiserror::Error)]
pub enum Unexplained {
    /// There is no such incident.
    #[error("incident {0:?}: there is none of that name")]
    Incident(String),
    /// Nobody knows the device.
    #[error("device {0:?}: no order names it and nothing was heard of it")]
    Device(String),
    /// Nothing came and nothing was judged.
    #[error("device {device:?}: nothing was heard or judged between {from} and {to}")]
    Nothing {
        /// The device.
        device: String,
        /// Begin of the time that was looked at.
        from: Timestamp,
        /// Its end.
        to: Timestamp,
    },
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A row of it cannot be read.
    #[error("journal row {number}: {problem}")]
    Damaged {
        /// Number of the row.
        number: i64,
        /// What is wrong with it.
        problem: String,
    },
    /// Recorded input cannot be read.
    #[error(transparent)]
    Input(#[from] io::Error),
}

/// What is explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum About {
    /// An incident.
    Incident {
        /// Its id.
        incident: String,
        /// Kind of its alerts.
        kind: String,
        /// The watch it is about.
        watch: String,
        /// Level now.
        level: String,
        /// Highest level it has had.
        worst: String,
        /// When its first alert was raised.
        opened_at: Timestamp,
    },
    /// A moment of a device.
    Moment {
        /// The device.
        device: String,
        /// The moment.
        at: Timestamp,
    },
}

/// An explanation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// What is explained.
    #[serde(flatten)]
    pub about: About,
    /// First moment looked at.
    pub from: Timestamp,
    /// Last moment looked at.
    pub to: Timestamp,
    /// What was heard and how it was judged, oldest first.
    pub inputs: Vec<Heard>,
    /// Whether there was more than [`MOST_INPUTS`].
    pub cut: bool,
    /// How watches over devices and over orders as a whole stepped, which rest on no judgement of a fix.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// Alerts, deliveries and what recipients said, in time order.
    pub happened: Vec<Happened>,
}

/// Which judgements belong to an explanation.
#[derive(Debug)]
enum Scope {
    /// Those of one watch.
    Watch(String),
    /// What a device said, without judgements: incidents about devices rest on no distance.
    Said(String),
    /// What a device said, with all its judgements, and others' of the watches that concern it.
    Device { device: String, watches: Vec<String> },
}

impl Scope {
    fn of(incident: &IncidentRow) -> Self {
        match (&incident.zone, &*incident.kind, &incident.device) {
            (Some(_), ..) | (None, "victim_proximity", _) => Self::Watch(rows::watch_of(incident)),
            (.., device) => Self::Said(device.clone().unwrap_or_default()),
        }
    }

    /// Whether a judgement is kept, of an input of that device.
    fn holds(&self, device: &str, watch: &str) -> bool {
        match self {
            Self::Watch(name) => name == watch,
            Self::Said(_) => false,
            Self::Device { device: own, watches } => {
                own == device || watches.iter().any(|name| is_of(watch, name))
            }
        }
    }

    /// Whether an incident's alerts belong to it.
    fn concerns(&self, incident: &IncidentRow) -> bool {
        let watch = rows::watch_of(incident);
        match self {
            Self::Watch(name) => *name == watch,
            Self::Said(own) => incident.device.as_ref() == Some(own),
            Self::Device { device, watches } => {
                incident.device.as_ref() == Some(device)
                    || (incident.device.is_none() && watches.iter().any(|name| is_of(&watch, name)))
            }
        }
    }

    /// Whether an input is kept though none of its judgements is.
    fn keeps(&self, device: &str) -> bool {
        match self {
            Self::Watch(_) => false,
            Self::Said(own) | Self::Device { device: own, .. } => own == device,
        }
    }
}

/// Whether a watch is the one named, or of the order named (`{order}/`).
fn is_of(watch: &str, name: &str) -> bool {
    if name.ends_with('/') { watch.starts_with(name) } else { watch == name }
}

/// What an explanation is made of.
#[derive(Debug)]
struct Material {
    about: About,
    from: Timestamp,
    to: Timestamp,
    scope: Scope,
    /// In order of arrival.
    rows: Vec<InputRow>,
    cut: bool,
    orders: Orders,
    alerts: Vec<AlertRow>,
    deliveries: Vec<DeliveryRecord>,
    receipts: Vec<ReceiptRow>,
}

impl About {
    fn of(incident: &IncidentRow) -> Self {
        Self::Incident {
            incident: incident.incident.clone(),
            kind: incident.kind.to_string(),
            watch: rows::watch_of(incident),
            level: incident.level.to_string(),
            worst: incident.worst.to_string(),
            opened_at: incident.opened_at,
        }
    }
}

impl Material {
    fn explained(mut self) -> Result<Explanation, Unexplained> {
        self.rows.sort_by_key(|row| (row.received_at, row.seq));
        let mut inputs = Vec::new();
        for row in &self.rows {
            inputs.extend(judged::heard(row, &self.scope, &self.orders, &self.alerts)?);
        }
        let steps = steps::of(&self.alerts, &self.orders);
        let happened = happened::in_order(self.alerts, &self.deliveries, self.receipts);
        if let (About::Moment { device, .. }, true, true) =
            (&self.about, inputs.is_empty(), happened.is_empty())
        {
            return Err(Unexplained::Nothing { device: device.clone(), from: self.from, to: self.to });
        }
        let Self { about, from, to, cut, .. } = self;
        Ok(Explanation { about, from, to, inputs, cut, steps, happened })
    }
}
