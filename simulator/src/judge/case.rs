//! The case of a pair: the order as the service reads it, and the same as the oracle does.

use serde_json::{Value, json};

use crate::Failure;
use crate::clock::HOUR;
use crate::oracle::{Area, Circle, Law, Spot};
use crate::orders;
use crate::stream::{Arrivals, Names};
use crate::world::{BUFFER_M, CURFEW_FROM, CURFEW_UNTIL, Plane, Point, Setup, ZONE_RADIUS_M};

/// The moving zone of every order: metres, metres and seconds.
const ALARM_M: f64 = 1_000.0;
const WARNING_M: f64 = 2_000.0;
const WARNING_S: f64 = 300.0;

/// Where a wearer must be by night: within this of his home, in metres.
const CURFEW_M: f64 = 200.0;
/// Half the side of the square where he must not be by night, and the radius of its hole, in metres.
const NIGHT_HALF_M: f64 = 3_400.0;
const NIGHT_HOLE_M: f64 = 1_300.0;
/// Corners of that hole.
const HOLE_CORNERS: u32 = 16;

/// The time zone of every schedule.
pub(crate) const TIMEZONE: &str = "Europe/Amsterdam";

/// A case.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    /// The order (§5).
    pub(crate) order: Value,
    /// What it forbids.
    pub(crate) law: Law,
    /// Names of the devices: the wearer's, the victim's.
    pub(crate) devices: [String; 2],
}

impl Case {
    /// The case of a pair of a trial.
    pub(crate) fn of(setup: &Setup, arrivals: &Arrivals, pair: usize) -> Result<Self, Failure> {
        let names = Names::new(setup.pairs);
        let unreadable = |error| Failure::new(format!("an order cannot be written: {error}"));
        let mut order =
            serde_json::to_value(orders::order(setup, arrivals, names, pair)).map_err(unreadable)?;
        let people = &arrivals.world.pairs[pair];
        let plane = &arrivals.world.city.plane;
        let (his, hers) = (people.wearer.home.p, people.victim.home.p);
        let night = Area { rings: vec![square(plane, his), hole(plane, his)] };
        let schedule = json!({"timezone": TIMEZONE, "weekly": [{
            "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
            "from": wall(CURFEW_FROM), "to": wall(CURFEW_UNTIL),
        }]});
        let home = orders::lon_lat(plane.degrees_e7(his));
        let zone = |name, kind, geometry| {
            json!({"type": "Feature", "geometry": geometry, "properties": {
                "zone": names.of(name, pair), "kind": kind, "radius_m": CURFEW_M, "schedule": schedule,
            }})
        };
        let polygon = json!({"type": "Polygon", "coordinates": night.rings});
        if let Some(features) = order["zones"]["features"].as_array_mut() {
            features.push(zone("night", "exclusion", polygon));
            features.push(zone("curfew", "inclusion", json!({"type": "Point", "coordinates": home})));
        }
        let spot = |p: Point| {
            let [lon, lat] = orders::lon_lat(plane.degrees_e7(p));
            Spot::at(lat, lon)
        };
        let law = Law {
            alarm_m: ALARM_M,
            warning_m: WARNING_M,
            warning_s: WARNING_S,
            home: Circle { centre: spot(hers), radius_m: ZONE_RADIUS_M },
            buffer_m: BUFFER_M,
            night,
            curfew: Circle { centre: spot(his), radius_m: CURFEW_M },
        };
        Ok(Self { order, law, devices: [0, 1].map(|party| names.device((2 * pair + party) as u32)) })
    }
}

fn wall(of_day: i64) -> String {
    format!("{:02}:00", of_day / HOUR)
}

fn square(plane: &Plane, middle: Point) -> Vec<[f64; 2]> {
    [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0), (-1.0, -1.0)]
        .map(|(x, y)| corner(plane, middle.plus(x * NIGHT_HALF_M, y * NIGHT_HALF_M)))
        .to_vec()
}

fn hole(plane: &Plane, middle: Point) -> Vec<[f64; 2]> {
    let corners = (0..=HOLE_CORNERS).map(|i| {
        // The last is the first again, to the bit.
        let part = f64::from(i % HOLE_CORNERS) / f64::from(HOLE_CORNERS);
        let angle = -part * 2.0 * std::f64::consts::PI;
        corner(plane, middle.plus(NIGHT_HOLE_M * libm::cos(angle), NIGHT_HOLE_M * libm::sin(angle)))
    });
    corners.collect()
}

fn corner(plane: &Plane, p: Point) -> [f64; 2] {
    orders::lon_lat(plane.degrees_e7(p))
}

#[cfg(test)]
mod tests {
    use zones::order::Order;

    use super::*;
    use crate::judge::trial;
    use crate::radio::Noise;

    #[test]
    fn the_service_reads_what_the_oracle_reads() {
        let setup = trial(7, 0, 3, Noise::Calm, None);
        let arrivals = Arrivals::new(&setup, 1.0);
        for pair in 0..3 {
            let case = Case::of(&setup, &arrivals, pair).unwrap();
            let order = Order::accepted(&case.order.to_string()).unwrap();
            let proximity = order.victims[0].proximity.unwrap();
            assert_eq!((proximity.alarm_m, proximity.warning_m), (case.law.alarm_m, case.law.warning_m));
            let his = arrivals.world.pairs[pair].wearer.home.p;
            for (x, y) in [(0.0, 0.0), (250.0, 0.0), (0.0, 2_000.0), (-4_000.0, 0.0), (1_350.0, 900.0)] {
                let (lat, lon) = arrivals.world.city.plane.degrees(his.plus(x, y));
                let (spot, position) = (Spot::at(lat, lon), zones::Position::new(lat, lon).unwrap());
                let gaps = [
                    case.law.gap_m(crate::oracle::Watch::Home, &spot, &spot),
                    case.law.gap_m(crate::oracle::Watch::Night, &spot, &spot),
                    -case.law.gap_m(crate::oracle::Watch::Curfew, &spot, &spot),
                ];
                for (zone, gap) in order.zones.iter().zip(gaps) {
                    let metres = zone.shape.edge_distance_m(position);
                    assert!((metres - gap).abs() < 0.1 + metres.abs() * 0.002, "{metres} {gap}");
                }
            }
        }
    }
}
