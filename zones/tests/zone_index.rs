//! The index finds what looking at every zone finds.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod common;

use common::{Star, at, cases, positions, rectangle, star};
use proptest::prelude::*;
use zones::Position;
use zones::geodesy::offset;
use zones::geometry::{Shape, ZoneIndex};

fn touching(index: &ZoneIndex, p: Position) -> Vec<u32> {
    let mut found = Vec::new();
    index.touching(p, &mut found);
    found
}

/// Places everywhere, often where boxes are awkward: 70° north, the antimeridian, the poles.
fn anywhere() -> impl Strategy<Value = Position> {
    let lat = prop_oneof![
        -90.0..=90.0_f64,
        69.0..71.0_f64,
        89.0..=90.0_f64,
        -90.0..-89.0_f64,
        Just(90.0),
        Just(-90.0)
    ];
    let lon =
        prop_oneof![-180.0..=180.0_f64, 179.0..=180.0_f64, -180.0..-179.0_f64, Just(180.0), Just(-180.0)];
    (lat, lon).prop_map(|(lat, lon)| at(lat, lon))
}

fn circle() -> impl Strategy<Value = Shape> {
    (anywhere(), 0.0..6.0_f64)
        .prop_map(|(center, exponent)| Shape::circle(center, 10.0_f64.powf(exponent)).unwrap())
}

fn polygon() -> impl Strategy<Value = Shape> {
    let lon = prop_oneof![-180.0..180.0_f64, 179.0..181.0_f64];
    star(lon)
        .prop_map(|star: Star| Shape::polygons(vec![vec![positions(&star.ring(1.0, star.lon))]]).unwrap())
}

/// Zones with margins, and a place near one of them.
fn zones() -> impl Strategy<Value = (Vec<(Shape, f64)>, Position)> {
    let margin = prop_oneof![Just(0.0), 0.0..5_000.0_f64];
    let zone = (prop_oneof![2 => circle(), 1 => polygon()], margin);
    (prop::collection::vec(zone, 1..30), any::<prop::sample::Index>(), 0.0..360.0_f64, 0.0..1.6_f64).prop_map(
        |(zones, chosen, bearing, share)| {
            let (shape, margin) = chosen.get(&zones);
            let (from, reach) = match shape.center_and_radius() {
                Some((center, radius)) => (center, radius + margin),
                None => (shape.rings()[0][0][0], margin + 1_000.0),
            };
            let p = offset(from, bearing, reach * share);
            (zones, p)
        },
    )
}

fn index(zones: &[(Shape, f64)]) -> ZoneIndex {
    ZoneIndex::new((0..).zip(zones).map(|(number, (shape, margin))| (number, shape, *margin)))
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn no_zone_is_missed_and_each_comes_once_in_order((zones, p) in zones()) {
        let found = touching(&index(&zones), p);
        prop_assert!(found.is_sorted_by(|a, b| a < b), "{:?}", found);
        for (number, (shape, margin)) in (0..).zip(&zones) {
            // The quick distance rules out here too; tests/shapes.rs holds it to its error.
            let (quick, error) = shape.quick_edge_distance_m(p);
            if quick - error > *margin {
                continue;
            }
            let metres = shape.edge_distance_m(p);
            prop_assert!(metres > *margin || found.contains(&number), "{metres} from {number}: {shape:?}");
        }
    }

    #[test]
    fn what_is_found_is_near(
        center in anywhere(),
        (radius, margin) in (10.0..100_000.0_f64, 0.0..1_000.0_f64),
        bearing in 0.0..360.0_f64,
    ) {
        let center = at(center.lat_deg() * 0.88, center.lon_deg());
        let zone = [(Shape::circle(center, radius).unwrap(), margin)];
        // The corner of a square around a circle is 1.42 radii away; half as far again is beyond any box.
        let beyond = offset(center, bearing, (radius + margin) * 2.1 + 10.0);
        prop_assert_eq!(touching(&index(&zone), beyond), Vec::<u32>::new());
    }

    #[test]
    fn a_long_list_and_a_short_one_find_the_same((zones, p) in zones()) {
        let one_by_one: Vec<u32> = (0..).zip(&zones)
            .filter(|(_, zone)| !touching(&index(std::slice::from_ref(*zone)), p).is_empty())
            .map(|(number, _)| number)
            .collect();
        prop_assert_eq!(touching(&index(&zones), p), one_by_one);
    }
}

#[test]
fn zones_keep_their_own_numbers_and_what_was_found_before_stays() {
    let here = at(52.0, 5.0);
    let shape = Shape::circle(here, 100.0).unwrap();
    let index = ZoneIndex::new([(9, &shape, 0.0), (4, &shape, 0.0), (7, &shape, 0.0)].into_iter());
    let mut found = vec![9];
    index.touching(here, &mut found);
    assert_eq!(found, [9, 4, 7, 9]);
    assert_eq!(touching(&ZoneIndex::default(), here), Vec::<u32>::new());
}

#[test]
fn both_names_of_the_antimeridian_are_one_place() {
    let cut = Shape::polygons(vec![
        vec![positions(&rectangle(179.0, 50.0, 180.0, 51.0))],
        vec![positions(&rectangle(-180.0, 50.0, -179.0, 51.0))],
    ])
    .unwrap();
    let west_only = Shape::polygons(vec![vec![positions(&rectangle(179.0, 50.0, 180.0, 51.0))]]).unwrap();
    for shape in [cut, west_only] {
        let index = ZoneIndex::new(std::iter::once((1, &shape, 0.0)));
        assert_eq!(touching(&index, at(50.5, 180.0)), [1]);
        assert_eq!(touching(&index, at(50.5, -180.0)), [1]);
    }
}

#[test]
fn an_index_of_few_zones_is_small() {
    assert!(size_of::<ZoneIndex>() <= 40);
}
