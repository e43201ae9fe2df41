//! Orders as JSON: what a court would decide about a world's pairs, clean by the guidance.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Value, json};

use crate::chance::{Chance, Stream};
use crate::clock::{DAY, TimeText};
use crate::stream::{Arrivals, Names};
use crate::world::{BUFFER_M, Point, Setup, ZONE_RADIUS_M};

/// The legal bases that are most common.
const BASES: [&str; 4] = ["sv_509hh", "special_condition", "suspended_detention", "conditional_release"];

/// `[longitude, latitude]` in degrees, rounded to about a centimetre.
type LonLat = [f64; 2];

/// A party of an order.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Party {
    pub(crate) person: String,
    pub(crate) device: String,
    pub(crate) residence: LonLat,
    pub(crate) fix_interval_s: i64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) receipts: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) proximity: Option<Value>,
}

/// An order.
#[derive(Debug, Clone, Serialize)]
#[expect(clippy::struct_field_names, reason = "the contract calls the id of an order `order`")]
pub(crate) struct Order {
    pub(crate) order: String,
    pub(crate) legal_basis: &'static str,
    pub(crate) valid_from: String,
    pub(crate) valid_until: String,
    pub(crate) risk: &'static str,
    pub(crate) wearer: Party,
    pub(crate) victims: [Party; 1],
    pub(crate) zones: Value,
    pub(crate) desk: String,
    pub(crate) contacts: Value,
}

/// An exclusion zone as the advice has it, around a victim's home.
pub(crate) fn advised_zone(zone: &str, victim: &str, centre: LonLat) -> Value {
    json!({"type": "FeatureCollection", "features": [{
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": centre},
        "properties": {
            "zone": zone, "kind": "exclusion", "victim": victim,
            "radius_m": ZONE_RADIUS_M, "buffer_m": BUFFER_M, "schedule": null, "deviation": null,
        },
    }]})
}

/// Whom to call: numbers that exist nowhere.
pub(crate) fn contacts() -> Value {
    json!({
        "supervising_officer": {"name": "Toezichthouder dienst", "phone": "+31000000001"},
        "case_coordinator": {"name": "Casusregisseur dienst", "phone": "+31000000002"},
        "victim_contact": {"name": "Contactpersoon slachtoffer", "phone": "+31000000003"},
    })
}

/// First and last moment of validity of orders for a world that starts at `start`: in force for a month, and for
/// four more.
pub(crate) fn validity(start: i64) -> (String, String) {
    let midnight = start - start.rem_euclid(DAY);
    let text = |moment| {
        let mut out = Vec::new();
        TimeText::default().push(&mut out, moment);
        String::from_utf8_lossy(&out).into_owned()
    };
    (text(midnight - 30 * DAY), text(midnight + 120 * DAY))
}

/// Writes the orders of a world as an array, one a line.
pub(crate) fn write(to: &mut impl Write, setup: &Setup, arrivals: &Arrivals) -> io::Result<()> {
    let names = Names::new(setup.pairs);
    write_array(to, (0..setup.pairs).map(|pair| order(setup, arrivals, names, pair)))
}

/// Writes orders as an array, one a line.
pub(crate) fn write_array(to: &mut impl Write, orders: impl Iterator<Item = Order>) -> io::Result<()> {
    to.write_all(b"[")?;
    for (i, order) in orders.enumerate() {
        to.write_all(if i == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut *to, &order)?;
    }
    to.write_all(b"\n]\n")
}

/// The order of a pair.
pub(crate) fn order(setup: &Setup, arrivals: &Arrivals, names: Names, pair: usize) -> Order {
    let mut chance = Chance::new(setup.seed, Stream::Order, pair as u64);
    let people = &arrivals.world.pairs[pair];
    let party = |prefix: &str, home: Point, device: usize| Party {
        person: names.person(device as u32),
        device: names.of(prefix, pair),
        residence: lon_lat(arrivals.world.city.plane.degrees_e7(home)),
        fix_interval_s: arrivals.devices[device].interval_ms / 1_000,
        receipts: false,
        proximity: None,
    };
    let wearer = party("am", people.wearer.home.p, 2 * pair);
    let mut victim = party("vd", people.victim.home.p, 2 * pair + 1);
    victim.proximity = Some(json!({"alarm_m": 1000, "warning_m": 2000, "warning_s": 300}));
    let (valid_from, valid_until) = validity(setup.start);
    Order {
        order: names.of("ord", pair),
        legal_basis: chance.pick::<&str>(&BASES),
        valid_from,
        valid_until,
        risk: chance.pick::<&str>(&["low", "medium", "medium", "high"]),
        zones: advised_zone(&names.of("zone", pair), &victim.person, victim.residence),
        wearer,
        victims: [victim],
        desk: arrivals.world.city.desk.to_owned(),
        contacts: contacts(),
    }
}

/// From units of 10⁻⁷ degree, latitude first.
pub(crate) fn lon_lat((lat_e7, lon_e7): (i32, i32)) -> LonLat {
    [f64::from(lon_e7) / 1e7, f64::from(lat_e7) / 1e7]
}
