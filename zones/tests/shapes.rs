//! Distances to the edges of shapes, by another road than the shapes take, and what is no shape.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod common;

use common::{Ring, Star, at, cases, positions, rectangle, shared, slow_edge_distance_m, star};
use geo::{Contains, Coord, LineString, Point, Polygon};
use proptest::prelude::*;
use zones::Position;
use zones::geodesy::{distance_m, offset};
use zones::geometry::Shape;

/// One polygon of rings.
fn polygon(rings: &[Ring]) -> Shape {
    Shape::polygons(vec![rings.iter().map(positions).collect()]).unwrap()
}

/// Several polygons of one ring each.
fn polygons(rings: &[Ring]) -> Shape {
    Shape::polygons(rings.iter().map(|ring| vec![positions(ring)]).collect()).unwrap()
}

fn assert_near(actual: f64, expected: f64) {
    assert!((actual - expected).abs() < 0.001, "{actual}, should be {expected}");
}

/// The quick answer admits the exact one; returns the error that it admits.
fn quick_admits_exact(shape: &Shape, p: Position) -> f64 {
    let (quick, error) = shape.quick_edge_distance_m(p);
    let exact = shape.edge_distance_m(p);
    let sides_agree = (quick < 0.0) == (exact < 0.0) || exact.abs() <= error;
    assert!((quick - exact).abs() <= error && sides_agree, "{quick} ± {error}, but {exact} ({p:?})");
    error
}

#[test]
fn a_circle_is_a_circle() {
    let center = at(70.0, 179.99);
    let shape = Shape::circle(center, 5_000.0).unwrap();
    for bearing in 0..36 {
        for metres in [0.0, 10.0, 4_999.99, 5_000.01, 7_500.0, 600_000.0] {
            let p = offset(center, f64::from(bearing) * 10.0, metres);
            assert_near(shape.edge_distance_m(p), metres - 5_000.0);
            let error = quick_admits_exact(&shape, p);
            assert!(metres > 10_000.0 || error < 0.001, "{error}");
        }
    }
    assert_eq!(shape.center_and_radius(), Some((center, 5_000.0)));
    for radius in [0.0, -1.0, f64::NAN, f64::INFINITY, 2e7] {
        assert_eq!(Shape::circle(center, radius).unwrap_err().field, "radius_m");
    }
}

#[test]
fn in_a_hole_is_outside() {
    let (outer, hole) = (rectangle(4.0, 52.0, 5.0, 53.0), rectangle(4.4, 52.4, 4.6, 52.6));
    let shape = polygon(&[outer.clone(), hole.clone()]);
    for (lat, lon, inside) in [(52.5, 4.5, false), (52.5, 4.2, true), (52.5, 5.2, false), (52.41, 4.5, false)]
    {
        let p = at(lat, lon);
        let metres = slow_edge_distance_m(&[outer.clone(), hole.clone()], p);
        assert_near(shape.edge_distance_m(p), if inside { -metres } else { metres });
    }
    assert_eq!(shape.rings()[0][1].len(), 5, "rings come out closed");
    assert_eq!(shape.center_and_radius(), None);
}

#[test]
fn an_edge_follows_its_parallel_and_not_the_geodesic() {
    // Between 10° and 20° east at 70° north the geodesic runs some 13 km north of the parallel.
    let shape = polygon(&[rectangle(10.0, 69.0, 20.0, 70.0)]);
    let p = at(70.05, 15.0);
    assert_near(shape.edge_distance_m(p), distance_m(p, at(70.0, 15.0)));
    assert!(shape.edge_distance_m(at(69.99, 15.0)) < 0.0);
}

#[test]
fn two_halves_of_a_zone_on_the_antimeridian_have_no_edge_between_them() {
    let cut = polygons(&[rectangle(179.0, -1.0, 180.0, 1.0), rectangle(-180.0, -1.0, -179.0, 1.0)]);
    let drawn_across = polygon(&[rectangle(179.0, -1.0, 181.0, 1.0)]);
    for lon in [179.5, 179.999, 180.0, -180.0, -179.999, -179.0, -178.0] {
        for lat in [-1.5, -1.0, -0.3, 0.0, 0.9, 1.1] {
            let p = at(lat, lon);
            assert_near(cut.edge_distance_m(p), drawn_across.edge_distance_m(p));
            quick_admits_exact(&cut, p);
            quick_admits_exact(&drawn_across, p);
        }
    }
    assert_near(cut.edge_distance_m(at(0.9, 180.0)), -distance_m(at(0.9, 180.0), at(1.0, 180.0)));
    assert_near(cut.edge_distance_m(at(0.0, -180.0)), -distance_m(at(0.0, 180.0), at(1.0, 180.0)));
}

#[test]
fn a_zone_that_ends_on_the_antimeridian_does_have_an_edge_there() {
    // The eastern half reaches only half as far north.
    let cut = polygons(&[rectangle(179.0, 50.0, 180.0, 52.0), rectangle(-180.0, 50.0, -179.0, 51.0)]);
    assert_near(cut.edge_distance_m(at(51.5, 180.0)), 0.0);
    let p = at(51.5, -179.99);
    assert_near(cut.edge_distance_m(p), slow_edge_distance_m(&[vec![(180.0, 51.0), (180.0, 52.0)]], p));
    let p = at(50.5, 179.99);
    let corner_and_south = [vec![(180.0, 51.0), (180.0, 52.0)], vec![(179.0, 50.0), (180.0, 50.0)]];
    assert_near(cut.edge_distance_m(p), -slow_edge_distance_m(&corner_and_south, p));
}

#[test]
fn a_cap_over_the_pole_has_one_edge() {
    let cap = polygon(&[rectangle(-180.0, 80.0, 180.0, 90.0)]);
    // Its edge is the parallel of 80°, so every meridian is as good.
    for lon in [-180.0, -90.0, 0.0, 33.0, 180.0] {
        for lat in [70.0, 79.9, 80.1, 89.0, 90.0] {
            let metres = distance_m(at(lat, lon), at(80.0, lon));
            assert_near(cap.edge_distance_m(at(lat, lon)), if lat > 80.0 { -metres } else { metres });
            quick_admits_exact(&cap, at(lat, lon));
        }
    }
    let south = polygon(&[rectangle(-180.0, -90.0, 180.0, -60.0)]);
    assert_near(south.edge_distance_m(at(-90.0, 12.0)), -distance_m(at(-90.0, 0.0), at(-60.0, 0.0)));
    assert!(south.edge_distance_m(at(90.0, 12.0)) > 16_000_000.0);
}

#[test]
fn a_slice_that_ends_in_a_pole_has_it_for_a_corner() {
    let slice = polygon(&[rectangle(0.0, 89.0, 40.0, 90.0)]);
    assert_near(slice.edge_distance_m(at(90.0, 100.0)), 0.0);
    let beyond = at(89.9, -160.0);
    assert_near(slice.edge_distance_m(beyond), distance_m(beyond, at(90.0, 0.0)));
    assert!(slice.edge_distance_m(at(89.9, 20.0)) < 0.0);
}

#[test]
fn five_thousand_corners_give_the_same_distances() {
    let corner = |i: u32| {
        let angle = f64::from(i) * std::f64::consts::TAU / 5_000.0;
        let reach = 0.1 + 0.02 * (angle * 40.0).sin();
        (4.5 + reach * angle.cos() / 0.6, 52.0 + reach * angle.sin())
    };
    let ring: Ring = (0..5_000).map(corner).collect();
    let shape = polygon(std::slice::from_ref(&ring));
    for (lat, lon, inside) in [(52.0, 4.5, true), (52.0, 4.66, true), (52.2, 4.9, false), (55.0, 12.0, false)]
    {
        let metres = slow_edge_distance_m(std::slice::from_ref(&ring), at(lat, lon));
        assert_near(shape.edge_distance_m(at(lat, lon)), if inside { -metres } else { metres });
        assert!(quick_admits_exact(&shape, at(lat, lon)) < 100.0);
    }
}

#[test]
fn borders_of_the_police_units_are_shapes_and_no_place_is_in_two() {
    let Some(bytes) = shared("places/police_regional_units.geojson") else { return };
    let units: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    let shape = |unit: &serde_json::Value| {
        let coordinates = unit["geometry"]["coordinates"].clone();
        Shape::polygons(match unit["geometry"]["type"].as_str() {
            Some("Polygon") => vec![serde_json::from_value(coordinates).unwrap()],
            _ => serde_json::from_value(coordinates).unwrap(),
        })
        .unwrap()
    };
    let shapes: Vec<Shape> = units["features"].as_array().unwrap().iter().map(shape).collect();
    assert_eq!(shapes.len(), 10);
    let mut held = 0;
    for (lat, lon) in
        (0..30).flat_map(|i| (0..30).map(move |j| (50.8 + 0.09 * f64::from(i), 3.4 + 0.12 * f64::from(j))))
    {
        let p = at(lat, lon);
        let inside = shapes.iter().filter(|shape| shape.edge_distance_m(p) < 0.0).count();
        assert!(inside <= 1, "{inside} units hold {p:?}");
        held += inside;
        for shape in &shapes {
            assert!(quick_admits_exact(shape, p) < 1.0);
        }
    }
    // The units cover about half of this box.
    assert!((400..600).contains(&held), "{held}");
}

#[test]
fn what_is_no_shape_is_refused_with_its_reason() {
    let square = || rectangle(4.0, 52.0, 5.0, 53.0);
    let bow_tie = vec![(4.0, 52.0), (5.0, 53.0), (5.0, 52.0), (4.0, 53.0)];
    let spike = vec![(4.0, 52.0), (5.0, 52.0), (6.0, 52.0), (5.0, 52.0), (5.0, 53.0)];
    let eight = vec![(0.0, 0.0), (1.0, 1.0), (2.0, 0.0), (2.0, 2.0), (1.0, 1.0), (0.0, 2.0)];
    let shifted = |by: f64| rectangle(4.0 + by, 52.0, 5.0 + by, 53.0);
    let cases: Vec<(Vec<Vec<Ring>>, &str)> = vec![
        (vec![], "is empty"),
        (vec![vec![]], "polygon 1 has no ring"),
        (vec![vec![vec![]]], "polygon 1: the outer ring has fewer than three"),
        (vec![vec![vec![(4.0, 52.0), (5.0, 52.0)]]], "fewer than three"),
        (vec![vec![vec![(4.0, 52.0), (5.0, 52.0), (4.5, 52.0)]]], "no area"),
        (vec![vec![bow_tie]], "crosses or touches itself"),
        (vec![vec![spike]], "crosses or touches itself"),
        (vec![vec![eight]], "crosses or touches itself"),
        (vec![vec![square(), shifted(2.0)]], "hole 1 is not within"),
        (vec![vec![square(), shifted(0.5)]], "hole 1 is not within"),
        (vec![vec![square(), rectangle(4.0, 52.2, 4.5, 52.8)]], "hole 1 runs along"),
        (
            vec![vec![square(), rectangle(4.1, 52.1, 4.5, 52.5), rectangle(4.4, 52.4, 4.8, 52.8)]],
            "hole 2 overlaps another",
        ),
        (vec![vec![square()], vec![shifted(0.5)]], "polygons 1 and 2 overlap"),
        (vec![vec![square()], vec![square()]], "polygons 1 and 2 overlap"),
        (vec![vec![square()], vec![shifted(1.0)]], "share an edge"),
        (
            vec![vec![rectangle(178.0, 0.0, 182.0, 1.0)], vec![rectangle(-179.0, 0.0, -177.0, 1.0)]],
            "polygons 1 and 2 overlap",
        ),
        (vec![vec![vec![(0.0, 80.0), (120.0, 80.0), (-120.0, 80.0)]]], "goes around a pole"),
        (vec![vec![rectangle(-180.0, -90.0, 180.0, 90.0)]], "whole earth"),
    ];
    for (rings, reason) in cases {
        let given = rings.iter().map(|polygon| polygon.iter().map(positions).collect()).collect();
        let error = Shape::polygons(given).unwrap_err();
        assert_eq!(error.field, "coordinates");
        assert!(error.problem.contains(reason), "{rings:?}: {error}, should say {reason}");
    }
}

#[test]
fn rings_may_touch_in_points() {
    let outer = rectangle(4.0, 52.0, 5.0, 53.0);
    let hole = vec![(4.0, 52.5), (4.5, 52.3), (4.5, 52.7)];
    assert!(polygon(&[outer.clone(), hole]).edge_distance_m(at(52.5, 4.4)) > 0.0);
    let beside = polygons(&[outer, rectangle(5.0, 53.0, 6.0, 54.0)]);
    assert_near(beside.edge_distance_m(at(53.0, 5.0)), 0.0);
    // An island in a lake.
    let island = Shape::polygons(vec![
        vec![positions(&rectangle(0.0, 0.0, 3.0, 3.0)), positions(&rectangle(1.0, 1.0, 2.0, 2.0))],
        vec![positions(&rectangle(1.4, 1.4, 1.6, 1.6))],
    ])
    .unwrap();
    assert!(island.edge_distance_m(at(1.5, 1.5)) < 0.0);
    assert!(island.edge_distance_m(at(1.2, 1.2)) > 0.0);
}

#[test]
fn a_ring_may_be_closed_or_open_and_is_the_same_shape() {
    let open = positions(&rectangle(4.0, 52.0, 5.0, 53.0));
    let mut closed = open.clone();
    closed.push(open[0]);
    let shape = Shape::polygons(vec![vec![open]]).unwrap();
    assert_eq!(shape, Shape::polygons(vec![vec![closed.clone()]]).unwrap());
    assert_eq!(shape.rings(), [vec![closed]]);
    assert_ne!(shape, polygon(&[rectangle(4.0, 52.0, 5.0, 53.1)]));
    assert!(size_of::<Shape>() <= 40);
}

/// A direction, and how far away in sizes of a star.
fn aside() -> impl Strategy<Value = (f64, f64)> {
    (0.0..360.0_f64, 0.0..3.0_f64)
}

/// A place near a star: in any direction, up to three times its size away, often near its edge.
fn near(star: &Star, bearing: f64, share: f64) -> Position {
    offset(at(star.lat, star.lon), bearing, star.size * 111_000.0 * share)
}

/// The convex ring on one side of a meridian, cut as RFC 7946 wants.
fn clipped(ring: &Ring, meridian: f64, west: bool) -> Ring {
    let keeps = |lon: f64| if west { lon <= meridian } else { lon >= meridian };
    let mut kept = Ring::new();
    for (i, &(lon, lat)) in ring.iter().enumerate() {
        let (next_lon, next_lat) = ring[(i + 1) % ring.len()];
        if keeps(lon) {
            kept.push((lon, lat));
        }
        if keeps(lon) != keeps(next_lon) && lon != meridian && next_lon != meridian {
            kept.push((meridian, lat + (next_lat - lat) * (meridian - lon) / (next_lon - lon)));
        }
    }
    if !west {
        // So that the cut is written as -180.
        for corner in &mut kept {
            corner.0 -= 360.0;
        }
    }
    kept
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn edge_distance_is_that_of_the_slow_road(
        star in star(-180.0..180.0_f64),
        hole in any::<bool>(),
        (bearing, share) in aside(),
    ) {
        let mut rings = vec![star.ring(1.0, star.lon)];
        if hole {
            rings.push(star.ring(0.4, star.lon));
        }
        let shape = polygon(&rings);
        let p = near(&star, bearing, share);
        let (actual, slow) = (shape.edge_distance_m(p).abs(), slow_edge_distance_m(&rings, p));
        prop_assert!((actual - slow).abs() < 0.001, "{actual}, should be {slow}");
    }

    #[test]
    fn far_away_it_is_that_of_the_slow_road_too(
        star in star(-180.0..180.0_f64),
        bearing in 0.0..360.0_f64,
        metres in 100_000.0..15_000_000.0_f64,
    ) {
        let rings = [star.ring(1.0, star.lon)];
        let shape = polygon(&rings);
        let p = offset(at(star.lat, star.lon), bearing, metres);
        let (actual, slow) = (shape.edge_distance_m(p).abs(), slow_edge_distance_m(&rings, p));
        prop_assert!((actual - slow).abs() < 0.001, "{actual}, should be {slow}");
        quick_admits_exact(&shape, p);
    }
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn inside_is_what_geo_calls_inside(star in star(-150.0..150.0_f64), (bearing, share) in aside()) {
        let rings = [star.ring(1.0, star.lon), star.ring(0.4, star.lon)];
        let line = |ring: &Ring| LineString(ring.iter().map(|&(x, y)| Coord { x, y }).collect());
        let reference = Polygon::new(line(&rings[0]), vec![line(&rings[1])]);
        let p = near(&star, bearing, share / 2.0);
        let inside = reference.contains(&Point::new(p.lon_deg(), p.lat_deg()));
        prop_assert_eq!(polygon(&rings).edge_distance_m(p) < 0.0, inside);
    }

    #[test]
    fn the_quick_answer_is_never_farther_off_than_it_says(
        star in star(-180.0..180.0_f64),
        (bearing, share) in aside(),
    ) {
        let shape = polygon(&[star.ring(1.0, star.lon)]);
        let p = near(&star, bearing, share);
        let error = quick_admits_exact(&shape, p);
        prop_assert!(error < 0.5 || shape.edge_distance_m(p).abs() > 150_000.0, "{}", error);
    }

    #[test]
    fn across_the_antimeridian_nothing_changes(star in star(-1.0..1.0_f64), (bearing, share) in aside()) {
        let here = polygon(&[star.ring(1.0, star.lon)]);
        let there = polygon(&[star.ring(1.0, star.lon + 180.0)]);
        let p = near(&star, bearing, share);
        let moved = at(p.lat_deg(), p.lon_deg() + 180.0);
        prop_assert!((here.edge_distance_m(p) - there.edge_distance_m(moved)).abs() < 0.000_001);
        quick_admits_exact(&there, moved);
    }

    #[test]
    fn a_cut_along_the_antimeridian_changes_nothing(
        (lat, lon) in (-70.0..70.0_f64, 179.0..181.0_f64),
        size in 0.001..1.0_f64,
        corners in 3..12_u32,
        turn in 0.0..1.0_f64,
        (bearing, share) in aside(),
    ) {
        let angle = |i: u32| (f64::from(i) + turn) * std::f64::consts::TAU / f64::from(corners);
        let corner = |i: u32| (lon + size * angle(i).cos(), lat + size * angle(i).sin());
        let ring: Ring = (0..corners).map(corner).collect();
        let whole = polygon(std::slice::from_ref(&ring));
        let halves = [true, false].map(|west| clipped(&ring, 180.0, west));
        let halves: Vec<Ring> = halves.into_iter().filter(|half| half.len() > 2).collect();
        let cut = polygons(&halves);
        let p = offset(at(lat, lon), bearing, size * 111_000.0 * share);
        prop_assert!((whole.edge_distance_m(p) - cut.edge_distance_m(p)).abs() < 0.000_1);
        // On the cut itself.
        let on_cut = at(p.lat_deg(), if turn < 0.5 { 180.0 } else { -180.0 });
        prop_assert!((whole.edge_distance_m(on_cut) - cut.edge_distance_m(on_cut)).abs() < 0.000_1);
    }
}
