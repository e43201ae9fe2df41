//! An order as it was handed in: readable, but not yet found fit to be in force.

use super::{
    Callee, Contacts, Deviation, LegalBasis, Order, Party, Proximity, Risk, Schedule, Victim, Zone, ZoneKind,
};
use crate::geometry::Shape;
use crate::guidance::{self, Finding};
use crate::{DeskId, Invalid, OrderId, PersonId, Position, Timestamp, ZoneId};

/// An order whose JSON has been read (§5), with its original text.
///
/// Every value in it is sound by itself: ids, positions, numbers in range, each zone's victim one of the
/// victims. Whether it can be enforced and keeps to the guidance (§6) is for [`guidance::check`] to say;
/// [`Draft::into_order`] makes the order of it when nothing stands in the way. It serialises as an [`Order`] does.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The order's id.
    pub order: OrderId,
    /// The law it rests on.
    pub legal_basis: LegalBasis,
    /// First moment of validity.
    pub valid_from: Timestamp,
    /// First moment at which it is not valid any more; may be before `valid_from`.
    pub valid_until: Timestamp,
    /// Stalking risk (SASH); `None` when not screened, or in a word that is not known.
    pub risk: Option<Risk>,
    /// Who wears the ankle monitor; may lack a device.
    pub wearer: Party,
    /// Whom it protects, at most six.
    pub victims: Vec<Victim>,
    /// Where the wearer must not or must be, at most 200.
    pub zones: Vec<DraftZone>,
    /// The police control room that receives its alerts.
    pub desk: Option<DeskId>,
    /// Whether the desk is told by itself.
    pub tell_desk: bool,
    /// Whom to call.
    pub contacts: Contacts,
    /// In what order; empty where the order does not say.
    pub call_order: Vec<Callee>,
    pub(super) document: Box<str>,
}

/// A zone as it was handed in.
#[derive(Debug, Clone, PartialEq)]
pub struct DraftZone {
    /// The zone's id.
    pub zone: ZoneId,
    /// Where not to be, or where to be.
    pub kind: ZoneKind,
    /// The victim it protects.
    pub victim: Option<PersonId>,
    /// Width of the warning ring around it, in metres.
    pub buffer_m: f64,
    /// When it applies; `None` is always. May never apply.
    pub schedule: Option<Box<Schedule>>,
    /// Why it may break the guidance; may be incomplete.
    pub deviation: Option<Box<Deviation>>,
    /// Another place than the victim's residence that it protects.
    pub protects: Option<Position>,
    pub(super) shape: Result<Shape, Unsound>,
}

/// A geometry that is no shape, and why: empty, without area, crossing itself.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Unsound {
    pub(super) geometry: Geometry,
    pub(super) problem: Invalid,
}

/// What a zone's GeoJSON geometry says, before anybody asked whether it is a sound shape.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Geometry {
    /// `null`, or without coordinates.
    Empty,
    /// A Point with its `radius_m`.
    Circle { center: Position, radius_m: f64 },
    /// A Polygon or MultiPolygon: polygons, each a list of rings, the outer one first.
    Polygons(Vec<Vec<Vec<Position>>>),
}

impl Geometry {
    pub(super) fn shape(self) -> Result<Shape, Unsound> {
        let shape = match &self {
            Self::Empty => Err(Invalid::new("geometry", "is empty")),
            Self::Circle { center, radius_m } => Shape::circle(*center, *radius_m),
            Self::Polygons(polygons) => Shape::polygons(polygons.clone()),
        };
        shape.map_err(|problem| Unsound { geometry: self, problem })
    }
}

impl Draft {
    /// The order's JSON as it was handed in, with the fields that Afstand does not know; white space apart.
    pub fn document(&self) -> &str {
        &self.document
    }

    /// The victim with that id.
    pub fn victim(&self, person: &PersonId) -> Option<&Victim> {
        self.victims.iter().find(|victim| victim.party.person == *person)
    }

    /// The order that can be in force.
    ///
    /// # Errors
    /// The findings of severity `error`, which keep it out of force. The rules that depend on the date and on
    /// other orders give warnings only, so neither is asked for.
    pub fn into_order(self) -> Result<Order, Vec<Finding>> {
        let errors = guidance::errors(&self);
        if errors.is_empty() { Ok(self.enforced()) } else { Err(errors) }
    }

    /// The order, of a draft without errors.
    fn enforced(self) -> Order {
        // Room for these and no more: collected in place they would keep that of the drafts, for as long as the
        // order lives. A zone without a shape is an error, and was just ruled out.
        let mut zones = Vec::with_capacity(self.zones.len());
        zones.extend(self.zones.into_iter().filter_map(DraftZone::into_zone));
        Order {
            order: self.order,
            legal_basis: self.legal_basis,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            risk: self.risk,
            wearer: self.wearer,
            victims: self.victims,
            zones,
            desk: self.desk,
            tell_desk: self.tell_desk,
            contacts: self.contacts,
            call_order: self.call_order,
        }
    }
}

impl Order {
    /// Reads the document of an order that was accepted before. Its distances are not measured again: an order
    /// in force does not fall because the program was started anew, or judges otherwise since.
    ///
    /// # Errors
    /// The path of the first value that cannot be used, and why; or what keeps the order from being enforced.
    pub fn accepted(document: &str) -> Result<Self, Invalid> {
        let value = serde_json::from_str(document).map_err(|error| Invalid::new("", error.to_string()))?;
        let draft = Draft::without_document(&value)?;
        match guidance::unenforceable(&draft).into_iter().next() {
            None => Ok(draft.enforced()),
            Some(finding) => Err(Invalid::new("", format!("{}: {}", finding.code.as_str(), finding.message))),
        }
    }
}

impl DraftZone {
    /// Its shape; the error says why it is none.
    pub fn shape(&self) -> Result<&Shape, &Invalid> {
        self.shape.as_ref().map_err(|unsound| &unsound.problem)
    }

    fn into_zone(self) -> Option<Zone> {
        Some(Zone {
            zone: self.zone,
            kind: self.kind,
            shape: self.shape.ok()?,
            victim: self.victim,
            buffer_m: self.buffer_m,
            schedule: self.schedule,
            deviation: self.deviation,
            protects: self.protects,
        })
    }
}

impl Deviation {
    /// Whether it says both why and who decided; else it excuses nothing.
    pub fn is_complete(&self) -> bool {
        !self.reason.trim().is_empty() && !self.decided_by.trim().is_empty()
    }
}

impl Proximity {
    /// Checks the relation between its distances; the error names `warning_m`.
    pub(super) fn checked(self) -> Result<Self, Invalid> {
        if self.warning_m < self.alarm_m {
            let problem = format!("{} is less than alarm_m, {}", self.warning_m, self.alarm_m);
            return Err(Invalid::new("warning_m", problem));
        }
        Ok(self)
    }
}
