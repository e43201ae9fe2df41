//! Rows about incidents and their alerts.

use std::fmt;

use zones::Timestamp;

use super::{DeadlineRow, DeliveryRecord, FollowUpRow, ReceiptRow, TimelineRow, Word};

/// An incident as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentRow {
    /// The incident's id.
    pub incident: String,
    /// Order of its watch; empty, as the wearer, where it concerns many.
    pub order: String,
    /// Kind of its alerts (`victim_proximity`, …).
    pub kind: Word,
    /// The wearer.
    pub wearer: String,
    /// The victim, where one is concerned.
    pub victim: Option<String>,
    /// The zone, where one is concerned.
    pub zone: Option<String>,
    /// The device, where one is concerned.
    pub device: Option<String>,
    /// The desk its alerts go to.
    pub desk: Option<String>,
    /// Level now.
    pub level: Word,
    /// Highest level it has had.
    pub worst: Word,
    /// Certainty now.
    pub certainty: Word,
    /// When the first alert was raised.
    pub opened_at: Timestamp,
    /// When the last thing happened to it.
    pub changed_at: Timestamp,
    /// When its level went to `clear`, while it is there.
    pub cleared_at: Option<Timestamp>,
    /// When it was closed; `None` while it is open.
    pub closed_at: Option<Timestamp>,
    /// Revision of its last alert.
    pub revision: i64,
    /// State of its follow-up (`new`, …, `resolved`).
    pub state: Word,
    /// What is known of its follow-up beside that.
    pub follow_up: FollowUpRow,
}

impl IncidentRow {
    /// Where a page that begins after this row begins.
    pub fn cursor(&self) -> IncidentCursor {
        IncidentCursor { changed_at: self.changed_at, incident: self.incident.clone() }
    }
}

/// A place in the list of incidents, which has the last changed first. Text: `{changed_at ms}_{incident}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentCursor {
    /// `changed_at` of the last row seen.
    pub changed_at: Timestamp,
    /// Its incident.
    pub incident: String,
}

impl IncidentCursor {
    /// Reads the text form; `None` when it is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let (millis, incident) = text.split_once('_')?;
        Some(Self { changed_at: Timestamp::from_millis(millis.parse().ok()?), incident: incident.to_owned() })
    }
}

impl fmt::Display for IncidentCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.changed_at.as_millis(), self.incident)
    }
}

/// Which incidents to list; the default is all, last changed first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IncidentFilter {
    /// States of the follow-up; any when empty.
    pub states: Vec<String>,
    /// Who has it.
    pub owner: Option<String>,
    /// Only what lasts (`true`) or what has ended (`false`).
    pub active: Option<bool>,
    /// Only open ones (`true`) or closed ones (`false`).
    pub open: Option<bool>,
    /// Level now.
    pub level: Option<String>,
    /// Kind of alerts.
    pub kind: Option<String>,
    /// Desk.
    pub desk: Option<String>,
    /// Order.
    pub order: Option<String>,
    /// Wearer.
    pub wearer: Option<String>,
    /// Only those after this place in the list.
    pub before: Option<IncidentCursor>,
}

/// An alert as it was raised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertRow {
    /// Number of the alert, counting up: id of live events, and cursor (first: [`Next::alert`](super::Next::alert)).
    pub seq: i64,
    /// The alert's id.
    pub alert: String,
    /// Its incident.
    pub incident: String,
    /// Its place within the incident.
    pub revision: i64,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// Level.
    pub level: Word,
    /// Kind.
    pub kind: Word,
    /// Order.
    pub order: String,
    /// Wearer.
    pub wearer: String,
    /// Victim, where one is concerned.
    pub victim: Option<String>,
    /// Desk.
    pub desk: Option<String>,
    /// JSON of the contract's `data`, police version.
    pub data: String,
}

/// One incident with everything that belongs to it, each in order of number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentStory {
    /// The incident.
    pub incident: IncidentRow,
    /// Its alerts; at most [`MOST_ROWS`](crate::store::MOST_ROWS), the first.
    pub alerts: Vec<AlertRow>,
    /// Their deliveries; likewise.
    pub deliveries: Vec<DeliveryRecord>,
    /// What was said about it and its alerts; likewise.
    pub receipts: Vec<ReceiptRow>,
    /// Its timeline; likewise, the newest.
    pub timeline: Vec<TimelineRow>,
    /// Partners' deadlines.
    pub deadlines: Vec<DeadlineRow>,
}
