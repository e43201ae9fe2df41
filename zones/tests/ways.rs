//! What lies on the way: the answer against walking the way step by step.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod common;

use common::{Star, at, cases, positions, rectangle, star};
use proptest::prelude::*;
use zones::Position;
use zones::geodesy::{distance_m, offset};
use zones::geometry::{Shape, Way, ZoneIndex};

const STEPS: i32 = 2_000;

/// The places along the straight way in longitude and latitude, made without [`Way`].
fn walked(from: Position, to: Position) -> impl Iterator<Item = Position> {
    let (lat, lon) = (from.lat_deg(), from.lon_deg());
    let mut east = to.lon_deg() - lon;
    if east > 180.0 {
        east -= 360.0;
    } else if east < -180.0 {
        east += 360.0;
    }
    let north = to.lat_deg() - lat;
    (0..=STEPS).map(move |step| {
        let share = f64::from(step) / f64::from(STEPS);
        at((lat + north * share).clamp(-90.0, 90.0), lon + east * share)
    })
}

/// Whether the shape's own answer for each step agrees with its answer for the way.
fn agrees(shape: &Shape, from: Position, to: Position) -> Result<(), TestCaseError> {
    let way = Way::new(from, to);
    let deepest_m = walked(from, to).map(|p| shape.edge_distance_m(p)).fold(f64::INFINITY, f64::min);
    let step_m = distance_m(from, to) / f64::from(STEPS) + 0.001;
    match shape.share_within(&way) {
        Some(share) => {
            let metres = shape.edge_distance_m(way.at(share));
            prop_assert!(metres <= 0.001, "said to be within, and {metres} m outside");
            prop_assert!(deepest_m <= step_m, "said to be within, and {deepest_m} m away at every step");
        }
        None => prop_assert!(deepest_m >= -step_m, "said to be outside, and {deepest_m} m within"),
    }
    Ok(())
}

/// A way beside or through something of that size at a place: up to 8 km, as far as anybody gets in two minutes.
fn way_near(center: Position, size_m: f64) -> impl Strategy<Value = (Position, Position)> {
    (0.0..360.0_f64, 0.0..1.5_f64, 0.0..360.0_f64, 1.0..8_400.0_f64).prop_map(
        move |(bearing, share, course, length_m)| {
            let middle = offset(center, bearing, size_m * share);
            (offset(middle, course, length_m / 2.0), offset(middle, course + 180.0, length_m / 2.0))
        },
    )
}

fn circle_and_way() -> impl Strategy<Value = (Shape, (Position, Position))> {
    let lon = prop_oneof![-180.0..180.0_f64, 179.95..180.0_f64, -180.0..-179.95_f64];
    (-80.0..80.0_f64, lon, 1.7..3.7_f64).prop_flat_map(|(lat, lon, exponent)| {
        let (center, radius_m) = (at(lat, lon), 10.0_f64.powf(exponent));
        (Just(Shape::circle(center, radius_m).unwrap()), way_near(center, radius_m))
    })
}

/// A star with a hole of its own form in it.
fn polygon_and_way() -> impl Strategy<Value = (Shape, (Position, Position))> {
    let lon = prop_oneof![-180.0..180.0_f64, 179.9..180.1_f64];
    star(lon).prop_flat_map(|star: Star| {
        let star = Star { size: star.size.min(0.08), ..star };
        let rings = [star.ring(1.0, star.lon), star.ring(0.4, star.lon)];
        let shape = Shape::polygons(vec![rings.iter().map(positions).collect()]).unwrap();
        (Just(shape), way_near(at(star.lat, star.lon), star.size * 111_000.0))
    })
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn a_way_meets_a_circle_where_its_steps_do((shape, (from, to)) in circle_and_way()) {
        agrees(&shape, from, to)?;
    }

    #[test]
    fn a_way_meets_a_polygon_where_its_steps_do((shape, (from, to)) in polygon_and_way()) {
        agrees(&shape, from, to)?;
    }

    #[test]
    fn the_index_names_every_zone_on_the_way(
        zones in prop::collection::vec(circle_and_way(), 1..20),
        chosen in any::<prop::sample::Index>(),
    ) {
        let index = ZoneIndex::new(zones.iter().enumerate().map(|(n, (shape, _))| (n as u32, shape, 0.0)));
        let (from, to) = chosen.get(&zones).1;
        let way = Way::new(from, to);
        let mut named = Vec::new();
        index.along(&way, &mut named);
        for (n, (shape, _)) in zones.iter().enumerate() {
            let met = walked(from, to).any(|p| shape.edge_distance_m(p) <= 0.0);
            prop_assert!(!met || named.contains(&(n as u32)), "zone {n} is not named");
        }
        prop_assert!(named.is_sorted_by(|a, b| a < b), "{named:?}");
    }
}

#[test]
fn through_a_hole_is_not_through_the_zone() {
    let (outer, hole) = (rectangle(4.0, 52.0, 4.1, 52.1), rectangle(4.02, 52.02, 4.08, 52.08));
    let shape = Shape::polygons(vec![vec![positions(&outer), positions(&hole)]]).unwrap();
    assert_eq!(shape.share_within(&Way::new(at(52.05, 4.03), at(52.05, 4.07))), None, "within the hole");
    let out = shape.share_within(&Way::new(at(52.05, 4.05), at(52.05, 4.15))).unwrap();
    assert!((0.3..0.5).contains(&out), "from the hole across the rim: {out}");
}

#[test]
fn a_way_takes_the_short_side_of_the_earth() {
    let way = Way::new(at(70.0, 179.98), at(70.0, -179.98));
    assert!((way.at(0.5).lon_deg().abs() - 180.0).abs() < 1e-9);
    let zone = Shape::circle(at(70.0, 180.0), 100.0).unwrap();
    assert!(zone.share_within(&way).is_some());
}
