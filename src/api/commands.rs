//! What the API asks of the decision pipeline: a bounded channel of commands, each answered after its commit.

use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use uuid::Uuid;
use zones::guidance::{Finding, Severity};
use zones::order::Draft;
use zones::{DeviceId, Invalid, OrderId, Outcome, Timestamp};

pub use super::precondition::Precondition;
use super::problem::{Kind, Problem};
use crate::followup::{self, Actor, Done, Refused, StaffRole};
use crate::pipeline::DutyNow;
use crate::wire::{TypedCode, Unusable};

/// Commands that wait for the pipeline at most; the next one is refused when its time is up.
pub const MOST_WAITING: usize = 256;

/// How long a caller waits for the answer to a command. A commit takes milliseconds; a pipeline that needs
/// longer is in trouble, and the caller is told so while it may still try again.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// Where the answer to a command goes: sent after the commit that holds its consequences, dropped when there
/// will be none.
pub type Reply<T> = oneshot::Sender<T>;

/// Something to be decided and committed.
#[derive(Debug)]
pub enum Command {
    /// Registers an order, or replaces the one with the same id.
    PutOrder {
        /// The order as it was read: every field is usable by itself. The guidance and the limits of the
        /// register, which need the time and the other orders, are for the pipeline to ask.
        draft: Box<Draft>,
        /// Name of the token.
        by: String,
        /// What it leans on.
        only_if: Precondition,
        /// The answer.
        reply: Reply<Result<OrderAccepted, OrderRefused>>,
    },
    /// Withdraws an order. Withdrawing it again changes nothing.
    WithdrawOrder {
        /// Which.
        order: OrderId,
        /// Name of the token.
        by: String,
        /// What it leans on.
        only_if: Precondition,
        /// Whether it is.
        reply: Reply<Result<(), NotWithdrawn>>,
    },
    /// Somebody does something about an incident.
    FollowUp {
        /// The incident.
        incident: Uuid,
        /// Who.
        actor: Actor,
        /// What.
        command: followup::Command,
        /// The same key again is the same command again.
        key: Option<String>,
        /// What came of it.
        reply: Reply<Result<Done, Refused>>,
    },
    /// Somebody says who has a role.
    SetDuty {
        /// Who says it.
        actor: Actor,
        /// The role.
        role: StaffRole,
        /// Who has it: names of contacts.
        people: Vec<String>,
        /// Until when.
        until: Timestamp,
        /// What came of it.
        reply: Reply<Result<Done, Refused>>,
    },
    /// Who has which role now.
    AskDuty {
        /// The answer, role by role.
        reply: Reply<Vec<DutyNow>>,
    },
    /// Takes in a Traccar position forward, as a message from that device. One that cannot be used is set
    /// aside like any other message, and answered after that.
    Ingest {
        /// The body as it arrived, JSON or not.
        payload: Bytes,
        /// The answer: `Err` when it was set aside.
        reply: Reply<Result<(), Unusable>>,
    },
    /// Takes in what the app of a victim says, as if her device had sent it over MQTT.
    FromApp {
        /// The topic that it would have come on.
        topic: String,
        /// The body.
        payload: Bytes,
        /// The answer: `Err` when it was set aside.
        reply: Reply<Result<(), Unusable>>,
    },
    /// An attempt to cancel a press of AWARE.
    CancelAware {
        /// The victim device.
        device: DeviceId,
        /// When.
        at: Timestamp,
        /// The code, digested.
        code: TypedCode,
        /// What became of it: [`Outcome::NotCancelled`] says why the alarm goes on.
        reply: Reply<Result<Outcome, Unusable>>,
    },
}

/// An order is in the register.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderAccepted {
    /// Whether the id is new, or was withdrawn before.
    pub created: bool,
    /// When it was last changed: now, or before when it was the same already.
    pub changed_at: Timestamp,
    /// Findings of the guidance, none of them an error.
    pub findings: Vec<Finding>,
}

/// Why an order is not in the register. Nothing was changed.
#[derive(Debug, Clone, PartialEq)]
pub enum OrderRefused {
    /// The guidance has an error: it cannot be in force. Every finding, the milder ones too.
    Findings(Vec<Finding>),
    /// It does not fit beside the wearer's other orders: field and problem.
    Limit(Invalid),
    /// It is not what the change leans on any more.
    Changed,
}

impl std::fmt::Display for OrderRefused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Limit(invalid) => invalid.fmt(f),
            Self::Changed => f.write_str("it was changed in the meantime"),
            Self::Findings(findings) => {
                let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
                let codes: Vec<_> = errors.map(|finding| finding.code.as_str()).collect();
                write!(f, "it cannot be in force: {}", codes.join(", "))
            }
        }
    }
}

/// Why an order is not withdrawn. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotWithdrawn {
    /// There is no order with that id in the register.
    Unknown,
    /// An order file states it, and would bring it back: which.
    StatedBy(String),
    /// It is not what the withdrawal leans on any more.
    Changed,
}

impl From<OrderRefused> for Problem {
    fn from(refused: OrderRefused) -> Self {
        match refused {
            OrderRefused::Findings(findings) => Self::new(Kind::NOT_IN_FORCE).findings(findings),
            OrderRefused::Limit(Invalid { field, problem }) => Self::new(Kind::LIMIT).field(field, problem),
            OrderRefused::Changed => Self::new(Kind::CHANGED),
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let said = refused.to_string();
        match refused {
            Refused::UnknownIncident(_) | Refused::UnknownAlert(_) => Self::new(Kind::NOT_FOUND).detail(said),
            Refused::Conflict { by, at, .. } => Self::new(Kind::CONFLICT).detail(said).first(by, at),
            Refused::Resolved => Self::new(Kind::CONFLICT).detail(said),
            Refused::OtherDesk | Refused::OtherDevice | Refused::Nameless => {
                Self::new(Kind::FORBIDDEN).detail(said)
            }
            Refused::Invalid { field, problem } => Self::new(Kind::INVALID).field(field, problem),
        }
    }
}

/// The API's end of the channel; a clone is the same channel.
#[derive(Debug, Clone)]
pub struct Commands {
    to: mpsc::Sender<Command>,
    answer_within: Duration,
}

/// The channel: the API's end, and the end the pipeline receives from.
pub fn channel() -> (Commands, mpsc::Receiver<Command>) {
    let (to, from) = mpsc::channel(MOST_WAITING);
    (Commands { to, answer_within: ANSWER_WITHIN }, from)
}

impl Commands {
    /// The same channel with another patience.
    #[must_use]
    pub fn answering_within(self, answer_within: Duration) -> Self {
        Self { answer_within, ..self }
    }

    pub(crate) async fn put_order(
        &self,
        draft: Box<Draft>,
        by: String,
        only_if: Precondition,
    ) -> Result<Result<OrderAccepted, OrderRefused>, Problem> {
        self.ask(|reply| Command::PutOrder { draft, by, only_if, reply }).await
    }

    pub(crate) async fn withdraw_order(
        &self,
        order: OrderId,
        by: String,
        only_if: Precondition,
    ) -> Result<Result<(), NotWithdrawn>, Problem> {
        self.ask(|reply| Command::WithdrawOrder { order, by, only_if, reply }).await
    }

    pub(crate) async fn ingest(&self, payload: Bytes) -> Result<Result<(), Unusable>, Problem> {
        self.ask(|reply| Command::Ingest { payload, reply }).await
    }

    pub(crate) async fn say_for_app(
        &self,
        topic: String,
        payload: Bytes,
    ) -> Result<Result<(), Unusable>, Problem> {
        self.ask(|reply| Command::FromApp { topic, payload, reply }).await
    }

    pub(crate) async fn cancel_aware(
        &self,
        device: DeviceId,
        at: Timestamp,
        code: TypedCode,
    ) -> Result<Result<Outcome, Unusable>, Problem> {
        self.ask(|reply| Command::CancelAware { device, at, code, reply }).await
    }

    pub(crate) async fn follow_up(
        &self,
        incident: Uuid,
        actor: Actor,
        command: followup::Command,
        key: Option<String>,
    ) -> Result<Done, Problem> {
        Ok(self.ask(|reply| Command::FollowUp { incident, actor, command, key, reply }).await??)
    }

    pub(crate) async fn set_duty(
        &self,
        actor: Actor,
        role: StaffRole,
        people: Vec<String>,
        until: Timestamp,
    ) -> Result<Done, Problem> {
        Ok(self.ask(|reply| Command::SetDuty { actor, role, people, until, reply }).await??)
    }

    pub(crate) async fn duty(&self) -> Result<Vec<DutyNow>, Problem> {
        self.ask(|reply| Command::AskDuty { reply }).await
    }

    /// Sends a command and waits for its answer. A command that timed out may still be carried out: all of
    /// them can be sent again.
    async fn ask<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, Problem> {
        let (reply, answer) = oneshot::channel();
        let asked = async {
            self.to.send(command(reply)).await.ok()?;
            answer.await.ok()
        };
        match timeout(self.answer_within, asked).await {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => Err(Problem::new(Kind::BUSY).detail("nothing can be stored now")),
            Err(_) => Err(Problem::new(Kind::TIMEOUT)
                .detail("it may still be done; sending the same again changes nothing")),
        }
    }
}
