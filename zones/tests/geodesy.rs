//! Distances against Karney's test set, the Dutch pairs, and the laws that the quick road promises.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod common;

use std::io::Read;

use common::{at, cases, shared, wrapped};
use proptest::prelude::*;
use zones::Position;
use zones::geodesy::{distance_m, offset, quick_distance_m};

fn numbers(line: &str, separator: char) -> Vec<f64> {
    line.split(separator).map(|word| word.parse().unwrap()).collect()
}

/// The exact road is right to a millimetre and the quick one within what it admits.
fn both_roads_agree_with(a: Position, b: Position, s12_m: f64) {
    let exact = distance_m(a, b);
    assert!((exact - s12_m).abs() < 0.001, "{a:?} {b:?}: {exact}, should be {s12_m}");
    let (quick, error) = quick_distance_m(a, b);
    assert!((quick - s12_m).abs() <= error + 0.000_001, "{a:?} {b:?}: {quick} ± {error}, should be {s12_m}");
}

#[test]
fn karneys_test_set_comes_out() {
    let Some(bytes) = shared("geodesy/GeodTest-100.dat") else { return };
    let text = String::from_utf8(bytes).unwrap();
    let mut lines = 0;
    for line in text.lines() {
        // lat1 lon1 azi1 lat2 lon2 azi2 s12 …
        let n = numbers(line, ' ');
        let (a, b) = (at(n[0], wrapped(n[1])), at(n[3], wrapped(n[4])));
        both_roads_agree_with(a, b, n[6]);
        assert!(distance_m(offset(a, n[2], n[6]), b) < 0.001, "{line}");
        lines += 1;
    }
    assert_eq!(lines, 100);
}

#[test]
fn five_thousand_dutch_pairs_come_out() {
    let Some(bytes) = shared("geodesy/nl_short_pairs_wgs84.csv.gz") else { return };
    let mut text = String::new();
    flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
    let mut pairs = 0;
    for line in text.lines().skip(1) {
        // lat1,lon1,lat2,lon2,s12_m,azi1_deg,haversine
        let n = numbers(line, ',');
        both_roads_agree_with(at(n[0], n[1]), at(n[2], n[3]), n[4]);
        pairs += 1;
    }
    assert_eq!(pairs, 5_000);
}

#[test]
fn well_known_lengths_come_out() {
    // A quarter meridian and a degree of the equator, from the definition of WGS 84.
    assert!((distance_m(at(0.0, 5.0), at(90.0, 0.0)) - 10_001_965.729_3).abs() < 0.001);
    assert!((distance_m(at(0.0, 179.5), at(0.0, -179.5)) - 6_378_137.0_f64.to_radians()).abs() < 0.001);
    assert_eq!(distance_m(at(90.0, 0.0), at(90.0, 77.0)), 0.0);
    assert_eq!(distance_m(at(52.0, 180.0), at(52.0, -180.0)), 0.0);
}

#[test]
fn an_offset_that_is_no_number_leads_nowhere() {
    let here = at(52.0, 5.0);
    for (bearing, metres) in [(f64::NAN, 1.0), (0.0, f64::INFINITY), (0.0, f64::NAN)] {
        assert_eq!(offset(here, bearing, metres), here);
    }
}

/// Places everywhere, with the awkward ones often: poles, equator, antimeridian.
fn anywhere() -> impl Strategy<Value = Position> {
    let lat = prop_oneof![
        4 => -90.0..=90.0_f64,
        1 => prop::sample::select(vec![-90.0, 0.0, 90.0]),
        1 => (0.0..0.01_f64).prop_map(|d| 90.0 - d),
        1 => (0.0..0.01_f64).prop_map(|d| d - 90.0),
    ];
    let lon = prop_oneof![
        4 => -180.0..=180.0_f64,
        1 => prop::sample::select(vec![-180.0, 0.0, 180.0]),
        1 => (0.0..0.01_f64).prop_map(|d| 180.0 - d),
        1 => (0.0..0.01_f64).prop_map(|d| d - 180.0),
    ];
    (lat, lon).prop_map(|(lat, lon)| at(lat, lon))
}

/// Lengths from a centimetre to the other side of the earth, as many of each size.
fn length_m() -> impl Strategy<Value = f64> {
    (-2.0..7.301_f64).prop_map(|exponent| 10.0_f64.powf(exponent))
}

proptest! {
    #![proptest_config(cases(20_000))]

    #[test]
    fn the_quick_road_is_never_farther_off_than_it_says(
        a in anywhere(),
        bearing in 0.0..360.0_f64,
        metres in length_m(),
    ) {
        let b = offset(a, bearing, metres);
        let (quick, error) = quick_distance_m(a, b);
        let exact = distance_m(a, b);
        prop_assert!((quick - exact).abs() <= error, "{quick} ± {error}, but {exact}");
        let allowed_m = if metres < 20_000.0 { 0.001 } else { 0.005_1 * quick };
        prop_assert!(error <= allowed_m, "{error} at {exact}");
    }

    #[test]
    fn any_two_places_keep_the_quick_roads_promise(a in anywhere(), b in anywhere()) {
        let (quick, error) = quick_distance_m(a, b);
        let exact = distance_m(a, b);
        prop_assert!((quick - exact).abs() <= error, "{quick} ± {error}, but {exact}");
        prop_assert_eq!(quick_distance_m(b, a).1, error);
    }

    #[test]
    fn an_offset_is_as_far_as_asked(
        from in anywhere(),
        bearing in -360.0..360.0_f64,
        metres in 0.0..10_000_000.0_f64,
    ) {
        prop_assert!((distance_m(from, offset(from, bearing, metres)) - metres).abs() < 0.000_1);
    }
}
