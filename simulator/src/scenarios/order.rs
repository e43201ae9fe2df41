//! The orders of a case: short in the file, whole as the contract wants them.

use serde::Deserialize;
use serde_json::{Value, json};
use zones::order::Order;
use zones::{Invalid, Millis, Role, Timestamp};

use super::file::{Device, fixed};
use super::place::{Known, Person, check_name};
use super::play::Names;
use super::words::{Calendar, Words, local, wrong};
use crate::orders;

/// Validity before the start of a story where the file names none.
const BEFORE: Millis = Millis::from_secs(30 * 86_400);
/// Validity after it.
const AFTER: Millis = Millis::from_secs(90 * 86_400);

/// An order as a case file has it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    wearer: String,
    #[serde(default)]
    victims: Vec<String>,
    #[serde(default)]
    proximity: Proximity,
    valid: Option<[String; 2]>,
    issued: Option<String>,
    /// Weekly windows in which its victims are told no warnings.
    quiet_hours: Option<Value>,
    #[serde(default)]
    zone: Vec<Zone>,
}

/// The moving zone; 1,000 m, 2,000 m and 5 minutes where the file says nothing.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Proximity {
    alarm_m: f64,
    warning_m: f64,
    warning_s: f64,
}

impl Default for Proximity {
    fn default() -> Self {
        Self { alarm_m: 1_000.0, warning_m: 2_000.0, warning_s: 300.0 }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Zone {
    id: String,
    kind: String,
    /// `5 km around home`.
    circle: Option<String>,
    /// Corners.
    polygon: Option<Vec<String>>,
    #[serde(default)]
    holes: Vec<Vec<String>>,
    #[serde(default)]
    buffer_m: f64,
    victim: Option<String>,
    weekly: Option<Value>,
}

/// An order of a case, checked.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) wearer: usize,
    pub(super) victims: Vec<usize>,
    pub(super) issued: Timestamp,
    proximity: Proximity,
    valid: [Timestamp; 2],
    zones: Vec<(Zone, Value)>,
    /// Weekly windows in which victims are told no warnings.
    quiet: Option<Value>,
}

/// With which every victim cancels a press.
pub(super) const HER_CODE: &str = "2580";

/// `printf 2580 | sha256sum`.
const HER_CODE_SHA256: &str = "ed946f65d2c785d90e827c5ffd879ce3b49c68d4c88013074176a7e73bc58bcf";

/// The persons that orders name: wearers and victims.
pub(super) fn people(orders: &[Document]) -> Result<Vec<Person>, Invalid> {
    let mut people: Vec<Person> = Vec::new();
    let named = orders.iter().flat_map(|order| {
        let victims = order.victims.iter().map(|name| (name, Role::Victim));
        std::iter::once((&order.wearer, Role::Wearer)).chain(victims)
    });
    for (name, role) in named {
        check_name(name).map_err(|error| error.within("order"))?;
        match people.iter().find(|person| person.name == *name) {
            Some(person) if person.role != role => {
                return Err(Invalid::new("order", format!("{name} cannot be both wearer and victim")));
            }
            Some(_) => {}
            None => people.push(Person { name: name.clone(), role }),
        }
    }
    Ok(people)
}

/// Checks all orders of a file, and makes their zones known.
pub(super) fn plans(
    orders: &[Document],
    known: &mut Known,
    calendar: &Calendar,
) -> Result<Vec<Plan>, Invalid> {
    let mut plans = Vec::with_capacity(orders.len());
    for (index, order) in orders.iter().enumerate() {
        let plan = plan(order, known, calendar).map_err(|e| e.within(&format!("order[{index}]")))?;
        known.zones.extend(order.zone.iter().map(|zone| zone.id.clone()));
        plans.push(plan);
    }
    Ok(plans)
}

fn plan(order: &Document, known: &Known, calendar: &Calendar) -> Result<Plan, Invalid> {
    let valid = match &order.valid {
        Some([from, until]) => {
            let moment = |text: &str| local(text).map(|(_, moment)| moment).map_err(|e| e.within("valid"));
            [moment(from)?, moment(until)?]
        }
        None => [calendar.starts - BEFORE, calendar.starts + AFTER],
    };
    let issued = match &order.issued {
        Some(text) => Words::of(text).moment(calendar).map_err(|e| e.within("issued"))?,
        None => calendar.starts,
    };
    let person = |name: &String| known.person(name).ok_or_else(|| wrong("names nobody"));
    let mut zones = Vec::with_capacity(order.zone.len());
    for zone in &order.zone {
        let field = format!("zone.{}", zone.id);
        check_name(&zone.id).map_err(|e| e.within("zone"))?;
        if zone.victim.as_ref().is_some_and(|victim| !order.victims.contains(victim)) {
            return Err(Invalid::new(field, "protects nobody of this order"));
        }
        let geometry = geometry(zone, known).map_err(|e| e.within(&field))?;
        zones.push((zone.clone(), geometry));
    }
    Ok(Plan {
        wearer: person(&order.wearer)?,
        victims: order.victims.iter().map(person).collect::<Result<_, _>>()?,
        issued,
        proximity: order.proximity,
        valid,
        zones,
        quiet: order.quiet_hours.clone(),
    })
}

/// Geometry and radius of a zone.
fn geometry(zone: &Zone, known: &Known) -> Result<Value, Invalid> {
    match (&zone.circle, &zone.polygon) {
        (Some(circle), None) => {
            let mut words = Words::of(circle);
            let radius_m = words.metres().map_err(|e| e.within("circle"))?;
            words.need("around").map_err(|e| e.within("circle"))?;
            let centre = words.next("a place").and_then(|name| {
                words.end()?;
                fixed(name, known)
            });
            let centre = <[f64; 2]>::from(centre.map_err(|e| e.within("circle"))?);
            Ok(json!({"geometry": {"type": "Point", "coordinates": centre}, "radius_m": radius_m}))
        }
        (None, Some(corners)) => {
            let ring = |corners: &Vec<String>| {
                let ring = corners.iter().map(|corner| fixed(corner, known).map(<[f64; 2]>::from));
                let mut ring = ring.collect::<Result<Vec<_>, _>>()?;
                ring.extend(ring.first().copied());
                Ok::<_, Invalid>(ring)
            };
            let rings = std::iter::once(corners).chain(&zone.holes).map(ring);
            let rings = rings.collect::<Result<Vec<_>, _>>().map_err(|e| e.within("polygon"))?;
            Ok(json!({"geometry": {"type": "Polygon", "coordinates": rings}}))
        }
        _ => Err(wrong("has either a circle or a polygon")),
    }
}

impl Plan {
    /// The document of the contract, for one copy of the case, `shift` later than the story is told.
    pub(super) fn document(
        &self,
        names: &Names<'_>,
        index: usize,
        devices: &[Device],
        shift: Millis,
    ) -> Value {
        let party = |person: usize| {
            json!({
                "person": names.person(person), "device": names.device(person),
                "fix_interval_s": devices[person].every.0 / 1_000,
            })
        };
        let victims: Vec<Value> = self
            .victims
            .iter()
            .map(|victim| {
                let mut party = party(*victim);
                let Proximity { alarm_m, warning_m, warning_s } = self.proximity;
                party["proximity"] =
                    json!({"alarm_m": alarm_m, "warning_m": warning_m, "warning_s": warning_s});
                party["aware_code_sha256"] = HER_CODE_SHA256.into();
                party["quiet_hours"] = self
                    .quiet
                    .as_ref()
                    .map(|weekly| json!({"timezone": "Europe/Amsterdam", "weekly": weekly}))
                    .into();
                party
            })
            .collect();
        let features: Vec<Value> = self
            .zones
            .iter()
            .map(|(zone, shape)| {
                let schedule = zone
                    .weekly
                    .as_ref()
                    .map(|weekly| json!({"timezone": "Europe/Amsterdam", "weekly": weekly}));
                json!({
                    "type": "Feature", "geometry": shape["geometry"],
                    "properties": {
                        "zone": names.zone(&zone.id), "kind": zone.kind, "radius_m": shape.get("radius_m"),
                        "buffer_m": zone.buffer_m, "schedule": schedule,
                        "victim": zone.victim.as_ref().and_then(|name| names.person_called(name)),
                    },
                })
            })
            .collect();
        let moment = |at: Timestamp| (at + shift).to_string();
        json!({
            "order": names.order(index), "legal_basis": "sv_509hh", "risk": "high",
            "valid_from": moment(self.valid[0]), "valid_until": moment(self.valid[1]),
            "wearer": party(self.wearer), "victims": victims,
            "zones": {"type": "FeatureCollection", "features": features},
            "desk": "scenarios", "contacts": orders::contacts(),
        })
    }

    /// Whether it has a zone that depends on the time of the day.
    pub(super) fn has_schedule(&self) -> bool {
        self.zones.iter().any(|(zone, _)| zone.weekly.is_some())
    }
}

/// An order that can be in force, of a document.
pub(super) fn in_force(document: &Value) -> Result<Order, Invalid> {
    let within = |error: Invalid| error.within("order");
    let drafts = zones::order::read(&document.to_string()).map_err(within)?;
    let draft = drafts.into_iter().next().ok_or_else(|| Invalid::new("order", "is none"))?;
    draft.into_order().map_err(|findings| {
        let first =
            findings.first().map_or_else(String::new, |f| format!("{}: {}", f.code.as_str(), f.message));
        Invalid::new("order", format!("cannot be in force: {first}"))
    })
}
