//! Rows about what was done about incidents.

use zones::Timestamp;

use super::{AlertRow, Word};

/// What an incident's row says of its follow-up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FollowUpRow {
    /// Who has it.
    pub owner: Option<String>,
    /// When that one acknowledged it.
    pub acknowledged_at: Option<Timestamp>,
    /// What became of it.
    pub outcome: Option<Word>,
    /// Who resolved it.
    pub resolved_by: Option<String>,
    /// Who says what became of it, while that waits for a second person.
    pub proposed_by: Option<String>,
    /// What that one says.
    pub proposed_outcome: Option<Word>,
    /// When.
    pub proposed_at: Option<Timestamp>,
    /// When the next step is due.
    pub next_step_at: Option<Timestamp>,
    /// What is to be done by hand: words with a comma between.
    pub tasks: Option<String>,
    /// Alerts raised in it, other than its end.
    pub count: i64,
    /// Where it stands with the desk.
    pub desk_state: Option<Word>,
    /// The desk's own number.
    pub reference: Option<String>,
    /// What the victim's device said of the newest alert.
    pub victim_state: Option<Word>,
    /// The incident of many silent devices that it is, or was, part of.
    pub part_of: Option<String>,
    /// The risk of the case, of one that is part of another: 1 low to 3 high, 0 not known.
    pub risk: Option<i64>,
    /// Last known metres between both parties; likewise.
    pub last_distance_m: Option<i64>,
    /// Somebody was called in: another may take it over.
    pub handed_on: bool,
}

/// A line of an incident's timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineRow {
    /// Its number, one count with [`AlertRow::seq`]: id of live events, and cursor.
    pub seq: i64,
    /// The incident; empty where it is about none.
    pub incident: String,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it; `afstand` for what happened by itself.
    pub actor: String,
    /// What happened, as a word.
    pub what: Word,
    /// More about it, as a JSON object.
    pub detail: String,
    /// Order of the incident.
    pub order: String,
    /// Desk of the incident.
    pub desk: Option<String>,
    /// State of the follow-up after it.
    pub state: Word,
    /// Condition after it.
    pub condition: Word,
    /// Who has it after it.
    pub owner: Option<String>,
    /// Whether another may take it over after it.
    pub handed_on: bool,
}

/// A partner's deadline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadlineRow {
    /// The incident; with name and desk it is the key.
    pub incident: String,
    /// Its name in the settings.
    pub name: String,
    /// The desk, where it is one's; else empty.
    pub desk: String,
    /// Whose it is.
    pub partner: String,
    /// Order of the incident.
    pub order: String,
    /// When it began.
    pub from: Timestamp,
    /// When it ends.
    pub due_at: Timestamp,
    /// When it was kept.
    pub kept_at: Option<Timestamp>,
    /// Whether it ended before it was kept.
    pub missed: bool,
}

/// How deadlines of one name went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadlineCount {
    /// The name.
    pub name: String,
    /// Whose it is.
    pub partner: String,
    /// Kept in time.
    pub kept: i64,
    /// Missed, kept after all or not.
    pub missed: i64,
    /// Of those missed: kept after all.
    pub kept_late: i64,
    /// Running still.
    pub open: i64,
}

/// One thing that a live stream tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiveRow {
    /// An alert.
    Alert(AlertRow),
    /// A line of a timeline.
    FollowUp(TimelineRow),
}

impl LiveRow {
    /// Its number.
    pub const fn seq(&self) -> i64 {
        match self {
            Self::Alert(row) => row.seq,
            Self::FollowUp(row) => row.seq,
        }
    }
}
