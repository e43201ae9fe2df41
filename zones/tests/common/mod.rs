//! What the tests of shapes share: places, polygons made at random, and a slow road to the nearest edge.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods, reason = "a test may")]

use std::path::Path;

use proptest::prelude::*;
use zones::Position;
use zones::geodesy::distance_m;

pub(crate) fn at(lat: f64, lon: f64) -> Position {
    Position::new(lat, wrapped(lon)).unwrap()
}

/// Any longitude, as a position wants it.
pub(crate) fn wrapped(lon: f64) -> f64 {
    if (-180.0..=180.0).contains(&lon) { lon } else { (lon + 540.0).rem_euclid(360.0) - 180.0 }
}

/// A file of the shared data, where it is; a test that wants it says so where it is not.
pub(crate) fn shared(file: &str) -> Option<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data").join(file);
    let Ok(bytes) = std::fs::read(&path) else {
        println!("skipped: {} is not here", path.display());
        return None;
    };
    Some(bytes)
}

/// So many random cases; failures are kept nowhere but in what the test prints.
pub(crate) fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// Corners of a ring in (longitude, latitude), longitudes running on past 180.
pub(crate) type Ring = Vec<(f64, f64)>;

pub(crate) fn positions(ring: &Ring) -> Vec<Position> {
    ring.iter().map(|&(lon, lat)| at(lat, lon)).collect()
}

/// A box as a ring.
pub(crate) fn rectangle(west: f64, south: f64, east: f64, north: f64) -> Ring {
    vec![(west, south), (east, south), (east, north), (west, north)]
}

/// A polygon that every corner of can be seen from its middle, and what it was made of.
#[derive(Debug, Clone)]
pub(crate) struct Star {
    pub(crate) lon: f64,
    pub(crate) lat: f64,
    /// Largest distance of a corner in degrees of latitude.
    pub(crate) size: f64,
    /// Per corner its direction in radians and its share of the size.
    pub(crate) corners: Vec<(f64, f64)>,
}

impl Star {
    /// The ring, `scale` times as large, seen from another longitude.
    pub(crate) fn ring(&self, scale: f64, lon: f64) -> Ring {
        let wider = 1.0 / self.lat.to_radians().cos();
        let corner = |&(angle, share): &(f64, f64)| {
            let reach = self.size * share * scale;
            (lon + reach * angle.cos() * wider, self.lat + reach * angle.sin())
        };
        self.corners.iter().map(corner).collect()
    }
}

/// Stars from some 100 m to some 300 km, up to 80° north and south.
pub(crate) fn star(lon: impl Strategy<Value = f64>) -> impl Strategy<Value = Star> {
    let corners = prop::collection::vec((-0.4..0.4_f64, 0.3..1.0_f64), 4..24);
    (lon, -75.0..75.0_f64, -3.0..0.5_f64, corners).prop_map(|(lon, lat, exponent, jitter)| {
        let step = std::f64::consts::TAU / jitter.len() as f64;
        let corners =
            jitter.iter().enumerate().map(|(i, &(turn, share))| ((i as f64 + turn) * step, share)).collect();
        Star { lon, lat, size: 10.0_f64.powf(exponent), corners }
    })
}

/// Distance to the nearest point of rings by walking along every edge that can be the nearest, then ever
/// closer around the best.
pub(crate) fn slow_edge_distance_m(rings: &[Ring], p: Position) -> f64 {
    let edges = || rings.iter().flat_map(|ring| ring.iter().zip(ring.iter().cycle().skip(1)));
    let corner_m = |&(lon, lat): &(f64, f64)| distance_m(p, at(lat, lon));
    let nearest_corner_m = edges().map(|(a, _)| corner_m(a)).fold(f64::INFINITY, f64::min);
    // A line is no longer than its steps of longitude and latitude one after the other.
    let longest_m = |a: &(f64, f64), b: &(f64, f64)| ((a.0 - b.0).abs() + (a.1 - b.1).abs()) * 112_000.0;
    edges()
        .filter(|(a, b)| corner_m(a) - longest_m(a, b) <= nearest_corner_m)
        .map(|(&a, &b)| slow_distance_to_line_m(a, b, p))
        .fold(f64::INFINITY, f64::min)
}

fn slow_distance_to_line_m((lon_a, lat_a): (f64, f64), (lon_b, lat_b): (f64, f64), p: Position) -> f64 {
    const STEPS: i32 = 40;
    let metres = |t: f64| distance_m(p, at(lat_a + (lat_b - lat_a) * t, lon_a + (lon_b - lon_a) * t));
    let (mut low, mut high) = (0.0, 1.0);
    let mut best = f64::INFINITY;
    for _ in 0..8 {
        let share = |i: i32| low + (high - low) * f64::from(i) / f64::from(STEPS);
        let nearest = (0..=STEPS).min_by(|&i, &j| metres(share(i)).total_cmp(&metres(share(j)))).unwrap();
        best = best.min(metres(share(nearest)));
        (low, high) = (share((nearest - 1).max(0)), share((nearest + 1).min(STEPS)));
    }
    best
}
