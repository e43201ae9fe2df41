//! What the follow-up is told.

use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zones::order::{Callee, Risk};
use zones::{AlertKind, DeskId, DeviceEventKind, DeviceId, Level, OrderId, PersonId, Timestamp, WatchKey};

use super::words::{Action, DeskState, Outcome, StaffRole, VictimState};

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The engine raised an alert.
    Alert(Box<Raised>),
    /// A victim device said something of an alert.
    VictimReceipt {
        /// The device it came from.
        device: DeviceId,
        /// The alert.
        alert: Uuid,
        /// What it said.
        state: VictimState,
        /// When, by its clock.
        at: Timestamp,
    },
    /// A desk said where an incident stands with it.
    DeskReceipt {
        /// The desk it came from.
        desk: DeskId,
        /// The incident.
        incident: Uuid,
        /// Where it stands.
        state: DeskState,
        /// The desk's own number.
        reference: Option<String>,
        /// Why, or with what outcome.
        reason: Option<String>,
        /// When, by its clock.
        at: Timestamp,
    },
    /// Somebody does something about an incident.
    Command {
        /// The incident.
        incident: Uuid,
        /// Who.
        actor: Actor,
        /// What.
        command: Command,
        /// The same key again is the same command again.
        key: Option<String>,
    },
    /// Somebody says who has a role.
    Duty {
        /// Who says it.
        actor: Actor,
        /// The role.
        role: StaffRole,
        /// Who has it; nobody when empty.
        people: Vec<String>,
        /// Until when; after that the settings count again.
        until: Timestamp,
    },
    /// Something belongs to an incident and changes no level.
    Noted {
        /// The incident.
        incident: Uuid,
        /// What.
        what: Noted,
    },
    /// A victim's quiet hours are over: her device is told now of an alert that they kept from her.
    QuietOver {
        /// The incident.
        incident: Uuid,
        /// The alert.
        alert: Uuid,
        /// Her device.
        device: DeviceId,
        /// Whether there is another road to her.
        second_road: bool,
    },
    /// Something could not be delivered for long.
    Undelivered {
        /// The incident it is about.
        incident: Uuid,
        /// The road, as a word.
        channel: &'static str,
        /// Who it was for.
        recipient: String,
    },
    /// An order is gone: nothing of it lasts any more. Its incidents stay somebody's until they are resolved.
    OrderGone(OrderId),
    /// Nobody could be told anything from the latest time that was handled up to this: of what is said again and again,
    /// what would have been said in between is left out.
    Away {
        /// Until when.
        until: Timestamp,
    },
    /// Nothing but the passing of time.
    Tick,
}

/// What belongs to an incident and changes no level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noted {
    /// A device said again what raised it: counted, nothing is dropped.
    Repeated(DeviceEventKind),
    /// Somebody tried to cancel a press of the panic button; why the alarm goes on.
    NotCancelled(&'static str),
}

/// What follow-up needs of an alert.
#[derive(Debug, Clone, PartialEq)]
pub struct Raised {
    /// The alert.
    pub alert: Uuid,
    /// Its incident.
    pub incident: Uuid,
    /// The watch it comes from.
    pub watch: Option<WatchKey>,
    /// What it is about.
    pub kind: AlertKind,
    /// The new level.
    pub level: Level,
    /// Where the watch stands with it: another than `level` where it was found of a time that is past.
    pub stands: Level,
    /// It came too late to act on at its time.
    pub late: bool,
    /// Only a trial: it rings nobody.
    pub test: bool,
    /// The order it rests on.
    pub order: OrderId,
    /// The wearer.
    pub wearer: PersonId,
    /// The victim concerned.
    pub victim: Option<PersonId>,
    /// The risk of the case.
    pub risk: Option<Risk>,
    /// Device of the victim, if this alert was sent to it.
    pub victim_device: Option<DeviceId>,
    /// Whether there is another road to her, for when her device does not show it.
    pub second_road: bool,
    /// The order's desk; others' receipts are refused.
    pub desk: Option<DeskId>,
    /// Whether this alert was sent to the desk.
    pub told_desk: bool,
    /// It would have been, but is held back: the desk hears of the group that the silence is part of.
    pub held: bool,
    /// It would have been, if the order did not say that it is for the operator to telephone.
    pub desk_by_hand: bool,
    /// How many devices there are in all.
    pub devices: u32,
    /// Last known metres between both parties, of a silence.
    pub last_distance_m: Option<u32>,
    /// The contact of the settings whom the order names as its coordinator.
    pub case_contact: Option<String>,
    /// Whom the case wants telephoned, in that order; nobody where it does not say.
    pub call_order: Vec<Callee>,
}

/// Who does something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Name of the token or the session, as it stands in the timeline.
    pub name: String,
    /// Who that is, whatever he comes with: what two tokens or sessions of one person have in common. `None` where that
    /// is not known.
    pub person: Option<String>,
    /// Whether it may do alone what takes two others.
    pub supervisor: bool,
}

/// What somebody does about an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Takes it on.
    Acknowledge,
    /// Says what was done.
    Act {
        /// What.
        action: Action,
        /// More about it.
        note: Option<String>,
    },
    /// Writes something down.
    Note {
        /// What.
        text: String,
    },
    /// Calls somebody else in.
    Escalate {
        /// Whom.
        to: StaffRole,
        /// Why.
        reason: String,
    },
    /// Says what became of it. Of an alarm the first of two operators proposes, the second confirms.
    Resolve {
        /// What.
        outcome: Outcome,
        /// Why.
        note: Option<String>,
    },
    /// Says that a partner has done his part.
    Step {
        /// Which part.
        step: String,
        /// More about it.
        note: Option<String>,
    },
}

/// What came of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// Taken in.
    Done,
    /// It was so already: nothing changed.
    Already,
}

/// Why an event was not taken in. Nothing changed but the passing of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no such incident, or it is long over.
    #[error("there is no open incident {0}")]
    UnknownIncident(Uuid),
    /// No open incident has that alert.
    #[error("no open incident has the alert {0}")]
    UnknownAlert(Uuid),
    /// Somebody was first.
    #[error("{by} was first, at {at}: {what}")]
    Conflict {
        /// Who.
        by: String,
        /// When.
        at: Timestamp,
        /// What that one did.
        what: &'static str,
    },
    /// The incident is over, for one who need not know by whom.
    #[error("the incident is resolved")]
    Resolved,
    /// The incident is another desk's.
    #[error("the incident is not this desk's")]
    OtherDesk,
    /// The alert was sent to another device.
    #[error("the alert was not sent to this device")]
    OtherDevice,
    /// What takes two people was asked by one of whom nobody can tell whether he is another.
    #[error(
        "an alarm is resolved by a supervisor or by two people, and nobody can tell whose this token or session is: give \
         the token the `person` who has it, or sign in again"
    )]
    Nameless,
    /// A field cannot be used.
    #[error("{field}: {problem}")]
    Invalid {
        /// Which.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
}

impl Refused {
    /// A field that cannot be used.
    pub(super) fn invalid(field: &'static str, problem: impl Into<String>) -> Self {
        Self::Invalid { field, problem: problem.into() }
    }
}
