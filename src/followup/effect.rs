//! What follows from an event.

use serde::Serialize;
use uuid::Uuid;
use zones::order::{Callee, Risk};
use zones::{AlertKind, DeskId, DeviceEventKind, DeviceId, Level, OrderId, PersonId, Timestamp, WatchKey};

use super::words::{Action, DeskState, Outcome, StaffRole, Task};

/// One thing that follows.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// A line of an incident's timeline.
    Entry(Entry),
    /// People are told.
    Notice(Notice),
    /// What a victim was told of is over because somebody says so: her device hears of it.
    AllClear {
        /// Id of the message: the same when it is made again.
        id: Uuid,
        /// The incident.
        incident: Uuid,
        /// Her device.
        device: DeviceId,
        /// When.
        at: Timestamp,
    },
    /// The victim is told by her second channel: her device has not shown the alarm; or that this is over.
    SecondChannel {
        /// Id of the message: the same when it is made again.
        id: Uuid,
        /// The incident.
        incident: Uuid,
        /// Device that did not show it.
        device: DeviceId,
        /// Whether it is over.
        over: bool,
        /// When it was due.
        at: Timestamp,
    },
    /// The service itself raises an alert of kind `follow_up`.
    Raise(OwnAlert),
    /// A desk hears of many silent devices what concerns it.
    Desk(DeskNews),
    /// What was held back from the desk of an incident goes there after all.
    Released {
        /// The incident.
        incident: Uuid,
    },
    /// An incident that was resolved while it lasted is over, for its watch has opened another: its desk is to be told.
    Superseded {
        /// The incident.
        incident: Uuid,
        /// When.
        at: Timestamp,
    },
    /// An incident was resolved: the engine and the outbox are to be told.
    Resolved {
        /// The incident.
        incident: Uuid,
        /// Its watch.
        watch: Option<WatchKey>,
        /// When.
        at: Timestamp,
    },
}

/// A line of a timeline. Nothing is ever taken out or changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The incident.
    pub incident: Uuid,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it; [`SERVICE`] for what happened by itself.
    pub actor: String,
    /// What.
    pub what: What,
}

/// What stands for order and wearer where something concerns none: a role that is empty before anybody needs it.
pub const NO_ORDER: &str = "-";

/// The actor of what happens by itself.
pub const SERVICE: &str = "afstand";

/// What happened. Serialises as an object with the word in `what`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
#[allow(missing_docs)] // Each variant is its word; its fields are what the word is about.
pub enum What {
    Raised {
        alert: Uuid,
        level: Level,
        late: bool,
        told_victim: bool,
        told_desk: bool,
    },
    Repeated {
        event: DeviceEventKind,
        count: u32,
    },
    NotCancelled {
        why: &'static str,
    },
    Cleared {
        alert: Option<Uuid>,
    },
    Told {
        role: StaffRole,
        people: Vec<String>,
        in_place_of: Option<StaffRole>,
        round: u32,
    },
    ToldSecondChannel {
        round: u32,
    },
    NotTold {
        times: i64,
        since: Timestamp,
    },
    TaskSet {
        task: Task,
    },
    TaskDone {
        task: Task,
    },
    Rang {
        people: Vec<String>,
        round: u32,
    },
    NobodyOnDuty {
        role: StaffRole,
    },
    Acknowledged,
    Acted {
        action: Action,
        note: Option<String>,
    },
    Noted {
        text: String,
    },
    Escalated {
        to: StaffRole,
        people: Vec<String>,
        reason: String,
    },
    ResolutionProposed {
        outcome: Outcome,
        note: Option<String>,
    },
    ProposalDisplaced {
        proposed_by: String,
        outcome: Outcome,
    },
    Resolved {
        outcome: Outcome,
        note: Option<String>,
        proposed_by: Option<String>,
    },
    Step {
        step: String,
        note: Option<String>,
    },
    Displayed {
        device: DeviceId,
        alert: Uuid,
        said_at: Timestamp,
    },
    Confirmed {
        device: DeviceId,
        alert: Uuid,
        said_at: Timestamp,
    },
    Desk {
        desk: String,
        state: DeskState,
        reference: Option<String>,
        reason: Option<String>,
        said_at: Timestamp,
    },
    DeadlineBegun {
        deadline: String,
        partner: String,
        due_at: Timestamp,
    },
    DeadlineReminded {
        deadline: String,
        partner: String,
        due_at: Timestamp,
    },
    DeadlineMissed {
        deadline: String,
        partner: String,
        due_at: Timestamp,
    },
    DeadlineKept {
        deadline: String,
        partner: String,
        late: bool,
    },
    Undelivered {
        channel: &'static str,
        recipient: String,
    },
    DutyChanged {
        role: StaffRole,
        people: Vec<String>,
        until: Timestamp,
    },
    Grouped {
        part_of: Uuid,
        rings_alone: bool,
    },
    Ungrouped {
        part_of: Uuid,
    },
    ToldDesk {
        desk: String,
        devices: u32,
    },
    QuietOver {
        device: DeviceId,
        alert: Uuid,
    },
}

impl What {
    /// Its word.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Raised { .. } => "raised",
            Self::Repeated { .. } => "repeated",
            Self::NotCancelled { .. } => "not_cancelled",
            Self::Cleared { .. } => "cleared",
            Self::Told { .. } => "told",
            Self::ToldSecondChannel { .. } => "told_second_channel",
            Self::NotTold { .. } => "not_told",
            Self::TaskSet { .. } => "task_set",
            Self::TaskDone { .. } => "task_done",
            Self::Rang { .. } => "rang",
            Self::NobodyOnDuty { .. } => "nobody_on_duty",
            Self::Acknowledged => "acknowledged",
            Self::Acted { .. } => "acted",
            Self::Noted { .. } => "noted",
            Self::Escalated { .. } => "escalated",
            Self::ResolutionProposed { .. } => "resolution_proposed",
            Self::ProposalDisplaced { .. } => "proposal_displaced",
            Self::Resolved { .. } => "resolved",
            Self::Step { .. } => "step",
            Self::Displayed { .. } => "displayed",
            Self::Confirmed { .. } => "confirmed",
            Self::Desk { .. } => "desk",
            Self::DeadlineBegun { .. } => "deadline_begun",
            Self::DeadlineReminded { .. } => "deadline_reminded",
            Self::DeadlineMissed { .. } => "deadline_missed",
            Self::DeadlineKept { .. } => "deadline_kept",
            Self::Undelivered { .. } => "undelivered",
            Self::DutyChanged { .. } => "duty_changed",
            Self::Grouped { .. } => "grouped",
            Self::Ungrouped { .. } => "ungrouped",
            Self::ToldDesk { .. } => "told_desk",
            Self::QuietOver { .. } => "quiet_over",
        }
    }
}

/// Why people are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// An alert was raised, and a step of its policy says so.
    Step,
    /// It rings again: it is theirs, and nothing was done for long.
    Ring,
    /// Somebody has it, and it is raised again.
    Again,
    /// The desk does not take it on.
    DeskRejected,
    /// Somebody called them in.
    Escalated,
    /// One says what became of it, and that waits for a second.
    Confirm,
    /// They said what became of it, and another sees it otherwise.
    Displaced,
    /// A deadline comes near.
    DeadlineNear,
    /// A deadline was missed.
    DeadlineMissed,
    /// Something could not be delivered.
    Undelivered,
}

impl Reason {
    /// The word in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Ring => "ring",
            Self::Again => "again",
            Self::DeskRejected => "desk_rejected",
            Self::Escalated => "escalated",
            Self::Confirm => "confirm",
            Self::Displaced => "displaced",
            Self::DeadlineNear => "deadline_near",
            Self::DeadlineMissed => "deadline_missed",
            Self::Undelivered => "undelivered",
        }
    }
}

/// People are told something. No position, name or address: it may travel in the open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its id: the same when it is made again.
    pub id: Uuid,
    /// The incident.
    pub incident: Uuid,
    /// Contacts by name; nobody when there is only the console.
    pub to: Vec<String>,
    /// As what they are told.
    pub role: StaffRole,
    /// Why.
    pub reason: Reason,
    /// What they are to do.
    pub task: Option<Task>,
    /// Which time, from 0.
    pub round: u32,
    /// What the incident is about.
    pub kind: AlertKind,
    /// Its worst level.
    pub level: Level,
    /// Its order.
    pub order: OrderId,
    /// The risk of the case.
    pub risk: Option<Risk>,
    /// The deadline, where it is about one.
    pub deadline: Option<String>,
    /// How many devices are silent, where it is about many.
    pub devices: Option<u32>,
    /// Whom the case wants telephoned, in that order, as far as nobody has done so.
    pub call: Vec<Callee>,
    /// When it was due.
    pub at: Timestamp,
}

/// What a desk hears of many silent devices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskNews {
    /// Id of the message: the same when it is made again.
    pub id: Uuid,
    /// The incident of them all.
    pub incident: Uuid,
    /// The desk.
    pub desk: DeskId,
    /// Which message to that desk it is, from 1.
    pub revision: u32,
    /// `alarm`, or `clear` when it is over.
    pub level: Level,
    /// Silences in all.
    pub devices: u32,
    /// Devices of the desk's orders that are silent.
    pub of_desk: u32,
    /// Their silences, the most dangerous first.
    pub silent: Vec<Uuid>,
    /// When.
    pub at: Timestamp,
}

/// An alert that the service raises about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnAlert {
    /// The alert.
    pub alert: Uuid,
    /// Its incident.
    pub incident: Uuid,
    /// Its place within the incident, from 1.
    pub revision: u32,
    /// `alarm`, or `clear` when it is over.
    pub level: Level,
    /// The order of the incident that showed it; [`NO_ORDER`] where none did.
    pub order: OrderId,
    /// The wearer of that order; likewise.
    pub wearer: PersonId,
    /// When.
    pub at: Timestamp,
    /// What it says.
    pub about: About,
}

/// What the service says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// Nobody has a role.
    Nobody(StaffRole),
    /// Many devices are silent.
    Silent {
        /// How many.
        devices: u32,
    },
}
