//! Orders into the contract's JSON (§5), in one form only.

use serde::{Serialize, Serializer};

use super::draft::{Draft, DraftZone, Geometry};
use super::{
    AwareCode, Callee, Contacts, Deviation, Language, LegalBasis, Order, Party, Proximity, Risk, Schedule,
    SecondChannel, Victim, Window, Zone, ZoneKind,
};
use crate::geometry::Shape;
use crate::{DeskId, DeviceId, OrderId, PersonId, Position, Timestamp, ZoneId, policy};

impl Order {
    /// The order as canonical JSON text: see its [`Serialize`].
    pub fn to_json(&self) -> String {
        text(&OrderJson::from(self))
    }
}

impl Draft {
    /// The draft as canonical JSON text, like [`Order::to_json`].
    pub fn to_json(&self) -> String {
        text(&OrderJson::from(self))
    }
}

/// The contract's JSON in one form only: the fields that have a value, in the contract's order, times in UTC,
/// rings closed. Orders that say the same give the same text.
impl Serialize for Order {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        OrderJson::from(self).serialize(to)
    }
}

impl Serialize for Draft {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        OrderJson::from(self).serialize(to)
    }
}

fn text(order: &OrderJson<'_>) -> String {
    // Field names and finite numbers only: there is nothing in it that JSON cannot hold.
    serde_json::to_string(order).unwrap_or_default()
}

#[derive(Serialize)]
struct OrderJson<'a> {
    order: &'a OrderId,
    legal_basis: LegalBasis,
    valid_from: Timestamp,
    valid_until: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    risk: Option<Risk>,
    wearer: PartyJson<'a>,
    victims: Vec<VictimJson<'a>>,
    zones: ZonesJson<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    desk: Option<&'a DeskId>,
    #[serde(skip_serializing_if = "Clone::clone")]
    tell_desk: bool,
    contacts: &'a Contacts,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    call_order: &'a [Callee],
}

#[derive(Serialize)]
struct PartyJson<'a> {
    person: &'a PersonId,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<&'a DeviceId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    residence: Option<Position>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix_interval_s: Option<f64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    receipts: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    owntracks: Option<&'a str>,
}

#[derive(Serialize)]
struct VictimJson<'a> {
    #[serde(flatten)]
    party: PartyJson<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proximity: Option<Proximity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    second_channel: Option<&'a SecondChannel>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aware_code_sha256: Option<&'a AwareCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quiet_hours: Option<ScheduleJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<Language>,
}

#[derive(Serialize)]
struct ZonesJson<'a> {
    r#type: &'static str,
    features: Vec<FeatureJson<'a>>,
}

#[derive(Serialize)]
struct FeatureJson<'a> {
    r#type: &'static str,
    geometry: Option<GeometryJson<'a>>,
    properties: PropertiesJson<'a>,
}

#[derive(Serialize)]
#[serde(tag = "type", content = "coordinates")]
enum GeometryJson<'a> {
    Point(Position),
    Polygon(&'a [Vec<Position>]),
    MultiPolygon(&'a [Vec<Vec<Position>>]),
}

#[derive(Serialize)]
struct PropertiesJson<'a> {
    zone: &'a ZoneId,
    kind: ZoneKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    victim: Option<&'a PersonId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    radius_m: Option<f64>,
    buffer_m: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule: Option<ScheduleJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deviation: Option<&'a Deviation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    protects: Option<Position>,
}

#[derive(Serialize)]
struct ScheduleJson<'a> {
    timezone: &'a str,
    weekly: Vec<WindowJson>,
}

#[derive(Serialize)]
struct WindowJson {
    days: Vec<&'static str>,
    from: String,
    to: String,
}

/// An order and a draft have the same fields, but for their zones' shapes.
macro_rules! order_json {
    ($from:ty) => {
        impl<'a> From<&'a $from> for OrderJson<'a> {
            fn from(order: &'a $from) -> Self {
                Self {
                    order: &order.order,
                    legal_basis: order.legal_basis,
                    valid_from: order.valid_from,
                    valid_until: order.valid_until,
                    risk: order.risk,
                    wearer: PartyJson::from(&order.wearer),
                    victims: order.victims.iter().map(VictimJson::from).collect(),
                    zones: ZonesJson {
                        r#type: "FeatureCollection",
                        features: order.zones.iter().map(FeatureJson::from).collect(),
                    },
                    desk: order.desk.as_ref(),
                    tell_desk: order.tell_desk,
                    contacts: &order.contacts,
                    call_order: &order.call_order,
                }
            }
        }
    };
}

order_json!(Order);
order_json!(Draft);

/// The same for zones, given how each gets at its geometry and radius.
macro_rules! feature_json {
    ($from:ty, $outline:expr) => {
        impl<'a> From<&'a $from> for FeatureJson<'a> {
            fn from(zone: &'a $from) -> Self {
                let (geometry, radius_m) = $outline(zone);
                let properties = PropertiesJson {
                    zone: &zone.zone,
                    kind: zone.kind,
                    victim: zone.victim.as_ref(),
                    radius_m,
                    buffer_m: zone.buffer_m,
                    schedule: zone.schedule.as_deref().map(ScheduleJson::from),
                    deviation: zone.deviation.as_deref(),
                    protects: zone.protects,
                };
                Self { r#type: "Feature", geometry, properties }
            }
        }
    };
}

feature_json!(Zone, |zone: &'a Zone| of_shape(&zone.shape));
feature_json!(DraftZone, |zone: &'a DraftZone| match &zone.shape {
    Ok(shape) => of_shape(shape),
    Err(unsound) => match &unsound.geometry {
        Geometry::Empty => (None, None),
        Geometry::Circle { center, radius_m } => (Some(GeometryJson::Point(*center)), Some(*radius_m)),
        Geometry::Polygons(polygons) => (Some(of_polygons(polygons)), None),
    },
});

fn of_shape(shape: &Shape) -> (Option<GeometryJson<'_>>, Option<f64>) {
    match shape.center_and_radius() {
        Some((center, radius_m)) => (Some(GeometryJson::Point(center)), Some(radius_m)),
        None => (Some(of_polygons(shape.rings())), None),
    }
}

fn of_polygons(polygons: &[Vec<Vec<Position>>]) -> GeometryJson<'_> {
    match polygons {
        // A MultiPolygon of one without rings is no Polygon without rings: that would read as empty.
        [polygon] if !polygon.is_empty() => GeometryJson::Polygon(polygon),
        several => GeometryJson::MultiPolygon(several),
    }
}

impl<'a> From<&'a Party> for PartyJson<'a> {
    fn from(party: &'a Party) -> Self {
        let interval = party.fix_interval;
        Self {
            person: &party.person,
            device: party.device.as_ref(),
            residence: party.residence,
            fix_interval_s: (interval != policy::FIX_INTERVAL).then(|| interval.as_secs_f64()),
            receipts: party.receipts,
            owntracks: party.owntracks.as_deref(),
        }
    }
}

impl<'a> From<&'a Victim> for VictimJson<'a> {
    fn from(victim: &'a Victim) -> Self {
        Self {
            party: PartyJson::from(&victim.party),
            proximity: victim.proximity,
            second_channel: victim.second_channel.as_deref(),
            aware_code_sha256: victim.aware_code.as_deref(),
            quiet_hours: victim.quiet_hours.as_deref().map(ScheduleJson::from),
            language: victim.language,
        }
    }
}

impl<'a> From<&'a Schedule> for ScheduleJson<'a> {
    fn from(schedule: &'a Schedule) -> Self {
        let window = |window: &Window| WindowJson {
            days: window.days().collect(),
            from: window.from(),
            to: window.to(),
        };
        Self { timezone: schedule.timezone(), weekly: schedule.windows().iter().map(window).collect() }
    }
}
