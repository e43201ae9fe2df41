//! The decisions of Afstand, pure: geodesy, zones, orders, guidance, proximity, standing and the engine.
//!
//! Nothing in this crate reads a clock, a file or the network, writes a log, or depends on the iteration
//! order of a hash map (`clippy.toml` bans them). Time is passed in; the same input gives byte-identical
//! output.
//!
//! Lengths are metres, speeds metres per second, angles degrees, times milliseconds since 1970 UTC; the unit
//! stands in the name or the type.

mod alert;
mod calendar;
mod decision;
mod engine;
mod fix;
pub mod geodesy;
pub mod geometry;
pub mod guidance;
mod ids;
mod input;
mod invalid;
mod lookup;
mod named;
pub mod order;
pub mod policy;
mod position;
mod standing;
mod time;
mod words;

pub use alert::{Alert, AlertKind, Approach, Many, SilentOne};
pub use calendar::Calendar;
pub use decision::{Decision, Rule};
pub use engine::{
    Change, Changes, DeviceRow, DeviceState, Effect, Engine, EpisodeRow, HistoryRow, Kept, NotCancelled,
    Note, Noted, Outcome, Protection, ProtectionReason, ProtectionState, Refused, Restoring, Said, Seen,
    Snapshot, Subject, Told, Track, WatchKey,
};
pub use fix::{Fix, Source};
pub use ids::{DeskId, DeviceId, OrderId, PersonId, ZoneId, is_id};
pub use input::{Aware, AwareCancel, CodeCheck, DeviceEvent, DeviceEventKind, Input, Role};
pub use invalid::Invalid;
pub use named::{NamedOrders, Stated};
pub use position::Position;
pub use standing::{Certainty, Episode, Level, Raised, Standing};
pub use time::{Millis, Timestamp};
