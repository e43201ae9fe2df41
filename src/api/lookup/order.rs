//! Orders in brief: what holds, for whom, until when.

use serde::Serialize;
use utoipa::ToSchema;
use zones::order::{Contacts, LegalBasis, Order, Party, Proximity, Risk, Zone, ZoneKind};
use zones::{OrderId, Role, Timestamp};

use crate::api::AppState;
use crate::api::problem::Problem;
use crate::store::IncidentFilter;

/// Open incidents that are shown of an order, the last changed.
const MOST_INCIDENTS: u32 = 50;

/// An order as somebody needs it who asks about a person.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct OrderInBrief {
    /// The order.
    pub order: String,
    /// What the person is in it: `wearer` or `victim`.
    #[schema(value_type = String)]
    pub role: Role,
    /// The person's device in it.
    pub device: Option<String>,
    /// `in_force`, `to_come` or `ended`.
    pub state: &'static str,
    /// First moment of validity.
    #[schema(value_type = String, format = DateTime)]
    pub valid_from: Timestamp,
    /// The moment at which it ends.
    #[schema(value_type = String, format = DateTime)]
    pub valid_until: Timestamp,
    /// The law it rests on.
    #[schema(value_type = String)]
    pub legal_basis: LegalBasis,
    /// Whether police may arrest on the spot for a breach.
    pub arrest_on_sight: bool,
    /// Risk as the police screened it.
    #[schema(value_type = Option<String>)]
    pub risk: Option<Risk>,
    /// The wearer.
    pub wearer: String,
    /// Whom it protects, and how near the wearer may not come.
    pub victims: Vec<VictimInBrief>,
    /// Where the wearer must not or must be.
    pub zones: Vec<ZoneInBrief>,
    /// The desk that gets its alerts.
    pub desk: Option<String>,
    /// Whom to call.
    #[schema(value_type = Object)]
    pub contacts: Contacts,
    /// Its open incidents, the last changed first; at most fifty.
    pub open_incidents: Vec<IncidentInBrief>,
}

/// A victim of an order.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct VictimInBrief {
    /// Who.
    pub victim: String,
    /// The moving zone around her; `null` where only zones protect her.
    #[schema(value_type = Option<Object>)]
    pub proximity: Option<Proximity>,
}

/// A zone of an order. Where it lies, the order says.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct ZoneInBrief {
    /// The zone.
    pub zone: String,
    /// `exclusion` or `inclusion`.
    #[schema(value_type = String)]
    pub kind: ZoneKind,
    /// The victim it protects.
    pub victim: Option<String>,
    /// Width of its warning ring in metres.
    pub buffer_m: f64,
    /// Whether it applies now.
    pub applies: bool,
    /// When that changes; `null` is never while the order is in force.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub changes_at: Option<Timestamp>,
}

/// An open incident of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct IncidentInBrief {
    /// The incident.
    pub incident: String,
    /// Kind of its alerts.
    pub kind: String,
    /// Level now.
    pub level: String,
}

impl OrderInBrief {
    /// The order at that moment, for one of its parties; without its incidents.
    pub(super) fn new(order: &Order, role: Role, party: &Party, now: Timestamp) -> Self {
        Self {
            order: order.order.to_string(),
            role,
            device: party.device.as_ref().map(ToString::to_string),
            state: match order.in_force(now) {
                true => "in_force",
                false if now < order.valid_from => "to_come",
                false => "ended",
            },
            valid_from: order.valid_from,
            valid_until: order.valid_until,
            legal_basis: order.legal_basis,
            arrest_on_sight: order.legal_basis.arrest_on_sight(),
            risk: order.risk,
            wearer: order.wearer.person.to_string(),
            victims: order
                .victims
                .iter()
                .map(|victim| VictimInBrief {
                    victim: victim.party.person.to_string(),
                    proximity: victim.proximity,
                })
                .collect(),
            zones: order.zones.iter().map(|zone| ZoneInBrief::new(order, zone, now)).collect(),
            desk: order.desk.as_ref().map(ToString::to_string),
            contacts: order.contacts.clone(),
            open_incidents: Vec::new(),
        }
    }
}

impl ZoneInBrief {
    fn new(order: &Order, zone: &Zone, now: Timestamp) -> Self {
        let (applies, changes_at) = applies(order, zone, now);
        Self {
            zone: zone.zone.to_string(),
            kind: zone.kind,
            victim: zone.victim.as_ref().map(ToString::to_string),
            buffer_m: zone.buffer_m,
            applies,
            changes_at,
        }
    }
}

/// Whether a zone applies at a moment, by its schedule and by the validity of its order, and when that changes within
/// that validity.
pub(super) fn applies(order: &Order, zone: &Zone, at: Timestamp) -> (bool, Option<Timestamp>) {
    if !order.in_force(at) {
        return (false, None);
    }
    let (applies, changes) = zone.schedule.as_ref().map_or((true, None), |schedule| schedule.state_at(at));
    (applies, changes.filter(|changes| *changes < order.valid_until))
}

/// The open incidents of an order.
pub(super) async fn open_incidents(
    state: &AppState,
    order: &OrderId,
) -> Result<Vec<IncidentInBrief>, Problem> {
    let filter =
        IncidentFilter { order: Some(order.to_string()), open: Some(true), ..IncidentFilter::default() };
    let rows = state.store.incidents(&filter, MOST_INCIDENTS).await?;
    let brief = |row: crate::store::IncidentRow| IncidentInBrief {
        incident: row.incident,
        kind: row.kind.into_owned(),
        level: row.level.into_owned(),
    };
    Ok(rows.into_iter().map(brief).collect())
}
