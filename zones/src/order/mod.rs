//! Orders: what a court or prosecutor decided, in types that cannot be wrong.

use crate::geometry::Shape;
use crate::{DeskId, DeviceId, Millis, OrderId, PersonId, Position, Role, Timestamp, ZoneId};
use serde::{Deserialize, Serialize};

mod address;
mod draft;
mod json;
mod read;
mod schedule;
mod telling;
mod together;
mod window;
mod write;

pub use address::{EmailAddress, PhoneNumber};
pub use draft::{Draft, DraftZone};
pub use read::{read, read_each};
pub use schedule::Schedule;
pub use telling::{AwareCode, Callee, Language, SecondChannel};
pub use together::fits_beside;
pub use window::Window;

/// A decision in force between two moments: who wears, whom and what it protects. Everything in it is usable:
/// at least the wearer has a device, shapes are sound, `valid_from` is before `valid_until`.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// The order's id.
    pub order: OrderId,
    /// The law it rests on.
    pub legal_basis: LegalBasis,
    /// First moment of validity.
    pub valid_from: Timestamp,
    /// End of validity: the first moment at which it is not valid any more.
    pub valid_until: Timestamp,
    /// Stalking risk (SASH); `None` when not screened.
    pub risk: Option<Risk>,
    /// Who wears the ankle monitor.
    pub wearer: Party,
    /// Whom it protects, at most six.
    pub victims: Vec<Victim>,
    /// Where the wearer must not or must be, at most 200.
    pub zones: Vec<Zone>,
    /// The police control room that receives its alerts.
    pub desk: Option<DeskId>,
    /// Whether the desk is told by itself. Else the operator telephones it: an alarm that it would have been sent is
    /// a task of his.
    pub tell_desk: bool,
    /// Whom to call.
    pub contacts: Contacts,
    /// In what order; empty where the order does not say.
    pub call_order: Vec<Callee>,
}

impl Order {
    /// Whether the order is in force at that moment.
    pub fn in_force(&self, at: Timestamp) -> bool {
        self.valid_from <= at && at < self.valid_until
    }

    /// Its persons with their devices: the wearer, then the victims.
    pub fn parties(&self) -> impl Iterator<Item = (Role, &Party)> {
        let victims = self.victims.iter().map(|victim| (Role::Victim, &victim.party));
        std::iter::once((Role::Wearer, &self.wearer)).chain(victims)
    }
}

/// A person with a device.
#[derive(Debug, Clone, PartialEq)]
pub struct Party {
    /// The person.
    pub person: PersonId,
    /// The device; a wearer always has one, a victim may be protected by zones only.
    pub device: Option<DeviceId>,
    /// Where the person lives.
    pub residence: Option<Position>,
    /// Expected interval between fixes.
    pub fix_interval: Millis,
    /// Whether the device wants `committed` receipts.
    pub receipts: bool,
    /// The OwnTracks name `user/device` that this device's fixes may come under.
    pub owntracks: Option<String>,
}

/// A protected person.
#[derive(Debug, Clone, PartialEq)]
pub struct Victim {
    /// Who, with which device.
    pub party: Party,
    /// The moving zone; `None` when only zones protect.
    pub proximity: Option<Proximity>,
    /// Another road to her, for when her device does not show what it was sent.
    pub second_channel: Option<Box<SecondChannel>>,
    /// With what she cancels a press of AWARE; without it she cannot.
    pub aware_code: Option<Box<AwareCode>>,
    /// When her device stays quiet about warnings; alarms always reach her.
    pub quiet_hours: Option<Box<Schedule>>,
    /// The language she is told in first; `None` where the order does not say.
    pub language: Option<Language>,
}

impl Victim {
    /// A victim who asked for nothing in particular.
    pub const fn new(party: Party, proximity: Option<Proximity>) -> Self {
        Self { party, proximity, second_channel: None, aware_code: None, quiet_hours: None, language: None }
    }

    /// Whether a warning that is raised now is kept from her device.
    pub fn is_quiet(&self, at: Timestamp) -> bool {
        self.quiet_hours.as_ref().is_some_and(|hours| hours.applies(at))
    }

    /// Until when such a warning is kept from it; `None` where it is not quiet now, or always is.
    pub fn quiet_until(&self, at: Timestamp) -> Option<Timestamp> {
        match self.quiet_hours.as_ref()?.state_at(at) {
            (true, until) => until,
            (false, _) => None,
        }
    }
}

/// The moving zone around a victim.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Proximity {
    /// Distance at or below which the standing is `alarm`, in metres.
    pub alarm_m: f64,
    /// Distance at or below which it is `warning`, in metres; at least `alarm_m`.
    pub warning_m: f64,
    /// Time to the alarm distance at or below which it is `warning`, in seconds; 0 switches this off.
    pub warning_s: f64,
}

/// A zone of an order. What few zones have lies apart: there are as many as people, and all are in memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone {
    /// The zone's id.
    pub zone: ZoneId,
    /// Where not to be, or where to be.
    pub kind: ZoneKind,
    /// Its shape.
    pub shape: Shape,
    /// The victim it protects.
    pub victim: Option<PersonId>,
    /// Width of the warning ring around it, in metres.
    pub buffer_m: f64,
    /// When it applies; `None` is always.
    pub schedule: Option<Box<Schedule>>,
    /// Why it may break the guidance.
    pub deviation: Option<Box<Deviation>>,
    /// Another place than the victim's residence that it protects.
    pub protects: Option<Position>,
}

/// Kind of zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZoneKind {
    /// Where the wearer must not be (locatieverbod).
    Exclusion,
    /// Where the wearer must be while the schedule applies (locatiegebod).
    Inclusion,
}

/// A decision to depart from the guidance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deviation {
    /// Why.
    pub reason: String,
    /// Who decided it.
    pub decided_by: String,
}

/// The law an order rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegalBasis {
    /// Gedragsaanwijzing, art. 509hh Sv: arrest on the spot possible (art. 184/184a Sr).
    #[serde(rename = "sv_509hh")]
    Sv509hh,
    /// Schorsing voorlopige hechtenis.
    SuspendedDetention,
    /// Bijzondere voorwaarde.
    SpecialCondition,
    /// Dadelijk uitvoerbaar toezicht.
    ImmediateSupervision,
    /// Voorwaardelijke invrijheidstelling.
    ConditionalRelease,
    /// Maatregel art. 38z Sr.
    #[serde(rename = "measure_38z")]
    Measure38z,
    /// Tijdelijk huisverbod.
    TemporaryRestrainingOrder,
}

impl LegalBasis {
    /// Whether a breach is a crime for which police may arrest on the spot.
    pub const fn arrest_on_sight(self) -> bool {
        matches!(self, Self::Sv509hh)
    }
}

/// Stalking risk as the police screen it (SASH).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
}

/// Whom to call about a case.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Contacts {
    /// The reclassering's supervising officer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supervising_officer: Option<Box<Contact>>,
    /// The case coordinator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case_coordinator: Option<Box<Contact>>,
    /// The victim's fixed contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub victim_contact: Option<Box<Contact>>,
}

/// A name and a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Name.
    pub name: String,
    /// Telephone number.
    pub phone: String,
}

#[cfg(test)]
mod tests;
