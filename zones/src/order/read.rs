//! Orders out of the contract's JSON (§5).

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::draft::{Draft, DraftZone, Geometry};
use super::json::{Fields, boolean, each, not_negative, number, position, positive, text, timestamp, word};
use super::telling::{aware_code, call_order, second_channel};
use super::window::DAYS;
use super::{Contact, Contacts, Deviation, Party, Proximity, Risk, Schedule, Victim, Window};
use crate::{Invalid, Millis, OrderId, PersonId, policy};

/// Most characters of a name or telephone number.
const LONGEST_NAME: usize = 200;
/// Most characters of a deviation's reason.
const LONGEST_REASON: usize = 2_000;
/// Most windows of a schedule.
const MOST_WINDOWS: usize = 200;
/// Most positions of a ring; a zone as wound as a province's border stays well below.
const MOST_POSITIONS: usize = 20_000;
/// Most rings of a polygon and polygons of a zone.
const MOST_RINGS: usize = 1_000;
/// Longest time to contact that may be warned of, in seconds.
const LONGEST_WARNING_S: f64 = 86_400.0;

/// Reads a file of one order or an array of them.
///
/// # Errors
/// The first thing that cannot be used, with its path, such as
/// `[3].zones.features[0].properties.radius_m: is missing`; where the text is not JSON, with line and column.
pub fn read(json: &str) -> Result<Vec<Draft>, Invalid> {
    read_each(json)?.into_iter().collect()
}

/// The same, but an order that cannot be used loses none of the others: every element of the array gives a
/// draft or its own error, in order. An id that stands twice is an error where it stands again.
///
/// # Errors
/// The text is not JSON, or neither an order nor an array.
pub fn read_each(json: &str) -> Result<Vec<Result<Draft, Invalid>>, Invalid> {
    // An editor's byte order mark is no part of the text.
    let json = json.strip_prefix('\u{feff}').unwrap_or(json);
    let File(drafts) =
        serde_json::from_str(json).map_err(|e| Invalid::new("", format!("not readable as orders: {e}")))?;
    Ok(drafts)
}

/// A file, read one order at a time, so that a large one is never in memory as a whole tree.
struct File(Vec<Result<Draft, Invalid>>);

impl<'de> Deserialize<'de> for File {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(FileVisitor)
    }
}

struct FileVisitor;

impl<'de> Visitor<'de> for FileVisitor {
    type Value = File;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an order or an array of orders")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<File, A::Error> {
        let value = Value::deserialize(MapAccessDeserializer::new(map))?;
        Ok(File(vec![Draft::read(&value)]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<File, A::Error> {
        let mut drafts = Vec::new();
        let mut seen: BTreeMap<OrderId, usize> = BTreeMap::new();
        while let Some(value) = list.next_element::<Value>()? {
            let place = drafts.len();
            let draft = Draft::read(&value).and_then(|draft| match seen.get(&draft.order) {
                Some(first) => {
                    Err(Invalid::new("order", format!("{} already stands at [{first}]", draft.order)))
                }
                None => Ok(draft),
            });
            if let Ok(draft) = &draft {
                seen.insert(draft.order.clone(), place);
            }
            drafts.push(draft.map_err(|e| e.within(&format!("[{place}]"))));
        }
        Ok(File(drafts))
    }
}

impl Draft {
    /// Reads one order; fields it does not know are left alone.
    ///
    /// # Errors
    /// The path of the first value that cannot be used, and why.
    pub fn read(value: &Value) -> Result<Self, Invalid> {
        Ok(Self { document: value.to_string().into(), ..Self::without_document(value)? })
    }

    /// The same for who has the document already: it is left empty.
    pub(super) fn without_document(value: &Value) -> Result<Self, Invalid> {
        let fields = Fields::of(value)?;
        let draft = Self {
            order: fields.need("order", word)?,
            legal_basis: fields.need("legal_basis", word)?,
            valid_from: fields.need("valid_from", timestamp)?,
            valid_until: fields.need("valid_until", timestamp)?,
            risk: fields.may("risk", risk)?.flatten(),
            wearer: fields.need("wearer", party)?,
            victims: fields.need("victims", |list| each(list, policy::MOST_VICTIMS, victim))?,
            zones: fields.need("zones", zones)?,
            desk: fields.may("desk", word)?,
            tell_desk: fields.may("tell_desk", boolean)?.unwrap_or(true),
            contacts: fields.may("contacts", contacts)?.unwrap_or_default(),
            call_order: fields.may("call_order", call_order)?.unwrap_or_default(),
            document: Box::default(),
        };
        draft.people_are_distinct()?;
        draft.zones_fit()?;
        Ok(draft)
    }

    fn people_are_distinct(&self) -> Result<(), Invalid> {
        for (i, victim) in self.victims.iter().enumerate() {
            let person = &victim.party.person;
            let earlier = self.victims.iter().take(i).any(|other| other.party.person == *person);
            let problem = if *person == self.wearer.person {
                "is the wearer too"
            } else if earlier {
                "is a victim twice"
            } else {
                continue;
            };
            return Err(Invalid::new(format!("victims[{i}].person"), format!("{person} {problem}")));
        }
        self.devices_are_distinct()
    }

    /// A device belongs to one person: a press of its button must say whose it is.
    fn devices_are_distinct(&self) -> Result<(), Invalid> {
        let mut carried = BTreeMap::new();
        carried.extend(self.wearer.device.as_ref().map(|device| (device, "wearer".to_owned())));
        for (i, victim) in self.victims.iter().enumerate() {
            let Some(device) = &victim.party.device else { continue };
            if let Some(first) = carried.insert(device, format!("victims[{i}]")) {
                let problem = format!("{device} already stands at {first}");
                return Err(Invalid::new(format!("victims[{i}].device"), problem));
            }
        }
        Ok(())
    }

    fn zones_fit(&self) -> Result<(), Invalid> {
        let mut seen = BTreeMap::new();
        for (i, zone) in self.zones.iter().enumerate() {
            let path = |field: &str| format!("zones.features[{i}].properties.{field}");
            if let Some(first) = seen.insert(&zone.zone, i) {
                let problem = format!("{} already stands at features[{first}]", zone.zone);
                return Err(Invalid::new(path("zone"), problem));
            }
            if let Some(victim) = zone.victim.as_ref().filter(|person| self.victim(person).is_none()) {
                return Err(Invalid::new(path("victim"), format!("{victim} is not one of the victims")));
            }
        }
        Ok(())
    }
}

/// The word for the risk. One that is not known here must not keep an order out of force.
fn risk(value: &Value) -> Result<Option<Risk>, Invalid> {
    text(value, LONGEST_NAME)?;
    Ok(word(value).ok())
}

fn party(value: &Value) -> Result<Party, Invalid> {
    let fields = Fields::of(value)?;
    Ok(Party {
        person: fields.need("person", word::<PersonId>)?,
        device: fields.may("device", word)?,
        residence: fields.may("residence", position)?,
        fix_interval: fields.may("fix_interval_s", fix_interval)?.unwrap_or(policy::FIX_INTERVAL),
        receipts: fields.may("receipts", boolean)?.unwrap_or(false),
        owntracks: fields.may("owntracks", owntracks)?,
    })
}

fn fix_interval(value: &Value) -> Result<Millis, Invalid> {
    let seconds = positive(value)?;
    let most = policy::LONGEST_FIX_INTERVAL.as_secs_f64();
    if seconds > most {
        return Err(Invalid::new("", format!("{seconds} s is more than {most} s")));
    }
    Ok(Millis(((seconds * 1_000.0).round() as i64).max(1)))
}

/// `user/device`, as in the topic `owntracks/{user}/{device}`.
fn owntracks(value: &Value) -> Result<String, Invalid> {
    let name = text(value, LONGEST_NAME)?;
    let sound = |part: &str| !part.is_empty() && !part.contains(['/', '+', '#']);
    let fits = name.split_once('/').is_some_and(|(user, device)| sound(user) && sound(device));
    if !fits || name.chars().any(char::is_control) {
        return Err(Invalid::new("", format!("{name:.80?} is not of the form user/device")));
    }
    Ok(name.to_owned())
}

fn victim(value: &Value) -> Result<Victim, Invalid> {
    let fields = Fields::of(value)?;
    if fields.may("aware_code", boolean)? == Some(true) && fields.may("aware_code_sha256", Ok)?.is_none() {
        let problem = "says that she has a code, as in an order that was read; the code itself is not known";
        return Err(Invalid::new("aware_code", problem));
    }
    Ok(Victim {
        second_channel: fields.may("second_channel", second_channel)?.map(Box::new),
        aware_code: fields.may("aware_code_sha256", aware_code)?.map(Box::new),
        quiet_hours: fields.may("quiet_hours", schedule)?.map(Box::new),
        language: fields.may("language", word)?,
        ..Victim::new(party(value)?, fields.may("proximity", proximity)?)
    })
}

fn proximity(value: &Value) -> Result<Proximity, Invalid> {
    let fields = Fields::of(value)?;
    let proximity = Proximity {
        alarm_m: fields.need("alarm_m", |m| positive(m).and_then(at_most(policy::FURTHEST_M)))?,
        warning_m: fields.need("warning_m", |m| positive(m).and_then(at_most(policy::FURTHEST_M)))?,
        warning_s: fields.need("warning_s", |s| not_negative(s).and_then(at_most(LONGEST_WARNING_S)))?,
    };
    proximity.checked()
}

fn at_most(most: f64) -> impl Fn(f64) -> Result<f64, Invalid> {
    move |n| if n > most { Err(Invalid::new("", format!("{n} is more than {most}"))) } else { Ok(n) }
}

fn zones(value: &Value) -> Result<Vec<DraftZone>, Invalid> {
    let fields = Fields::of(value)?;
    fields.need("type", |kind| literally(kind, "FeatureCollection"))?;
    fields.need("features", |list| each(list, policy::MOST_ZONES, zone))
}

fn literally(value: &Value, expected: &str) -> Result<(), Invalid> {
    match text(value, LONGEST_NAME)? {
        found if found == expected => Ok(()),
        found => Err(Invalid::new("", format!("{found:.80?} is not {expected:?}"))),
    }
}

fn zone(value: &Value) -> Result<DraftZone, Invalid> {
    let feature = Fields::of(value)?;
    feature.need("type", |kind| literally(kind, "Feature"))?;
    let (zone, radius_m) = feature.need("properties", |properties| {
        let properties = Fields::of(properties)?;
        let radius_m = properties.may("radius_m", |m| number(m).and_then(at_most(policy::FURTHEST_M)))?;
        let zone = DraftZone {
            zone: properties.need("zone", word)?,
            kind: properties.need("kind", word)?,
            victim: properties.may("victim", word)?,
            buffer_m: properties
                .may("buffer_m", |m| not_negative(m).and_then(at_most(policy::FURTHEST_M)))?
                .unwrap_or(0.0),
            schedule: properties.may("schedule", schedule)?.map(Box::new),
            deviation: properties.may("deviation", deviation)?.map(Box::new),
            protects: properties.may("protects", position)?,
            shape: Geometry::Empty.shape(),
        };
        Ok((zone, radius_m))
    })?;
    let geometry = feature.may("geometry", geometry)?.unwrap_or(Geometry::Empty);
    let geometry = match (geometry, radius_m) {
        (Geometry::Circle { center, .. }, Some(radius_m)) => Geometry::Circle { center, radius_m },
        (Geometry::Circle { .. }, None) => {
            return Err(Invalid::new("properties.radius_m", "is missing: a Point is a circle's centre"));
        }
        (other, _) => other,
    };
    Ok(DraftZone { shape: geometry.shape(), ..zone })
}

/// A Point gives a circle of radius 0: the radius stands among the properties.
fn geometry(value: &Value) -> Result<Geometry, Invalid> {
    let fields = Fields::of(value)?;
    let ring = |ring| each(ring, MOST_POSITIONS, position);
    let polygon = |polygon| each(polygon, MOST_RINGS, ring);
    let empty = |coordinates: &Value| coordinates.as_array().is_some_and(Vec::is_empty);
    fields.need("type", |kind| match text(kind, LONGEST_NAME)? {
        "Point" | "Polygon" | "MultiPolygon" => Ok(()),
        other => Err(Invalid::new("", format!("{other:.80?} is not one of Point, Polygon, MultiPolygon"))),
    })?;
    fields.need("coordinates", |coordinates| match fields.need("type", |kind| text(kind, LONGEST_NAME))? {
        _ if empty(coordinates) => Ok(Geometry::Empty),
        "Point" => position(coordinates).map(|center| Geometry::Circle { center, radius_m: 0.0 }),
        "Polygon" => polygon(coordinates).map(|polygon| Geometry::Polygons(vec![polygon])),
        _ => each(coordinates, MOST_RINGS, polygon).map(Geometry::Polygons),
    })
}

fn schedule(value: &Value) -> Result<Schedule, Invalid> {
    let fields = Fields::of(value)?;
    let windows = fields.need("weekly", |list| each(list, MOST_WINDOWS, window))?;
    Schedule::new(fields.need("timezone", |name| text(name, LONGEST_NAME))?, windows)
}

fn window(value: &Value) -> Result<Window, Invalid> {
    let fields = Fields::of(value)?;
    let time = |value| text(value, LONGEST_NAME);
    let days = fields.need("days", |list| each(list, DAYS.len(), |day| text(day, LONGEST_NAME)))?;
    Window::new(&days, fields.need("from", time)?, fields.need("to", time)?)
}

fn deviation(value: &Value) -> Result<Deviation, Invalid> {
    let fields = Fields::of(value)?;
    let said = |name, most| Ok(fields.may(name, |said| text(said, most))?.unwrap_or_default().to_owned());
    Ok(Deviation { reason: said("reason", LONGEST_REASON)?, decided_by: said("decided_by", LONGEST_NAME)? })
}

fn contacts(value: &Value) -> Result<Contacts, Invalid> {
    let fields = Fields::of(value)?;
    Ok(Contacts {
        supervising_officer: fields.may("supervising_officer", contact)?.map(Box::new),
        case_coordinator: fields.may("case_coordinator", contact)?.map(Box::new),
        victim_contact: fields.may("victim_contact", contact)?.map(Box::new),
    })
}

fn contact(value: &Value) -> Result<Contact, Invalid> {
    let fields = Fields::of(value)?;
    let said = |name| Ok(fields.may(name, |said| text(said, LONGEST_NAME))?.unwrap_or_default().to_owned());
    Ok(Contact { name: said("name")?, phone: said("phone")? })
}
