//! Distances on the WGS 84 ellipsoid.
//!
//! Two roads: Karney's geodesic, which is exact for every purpose here (a microsecond), and a quick one that
//! says how wrong it can be (a few dozen nanoseconds), for ruling out.

use std::sync::LazyLock;

use geographiclib_rs::{DirectGeodesic, Geodesic, InverseGeodesic};

use crate::Position;

/// Semi-major axis of WGS 84 in metres (NIMA TR8350.2).
const A_M: f64 = 6_378_137.0;

/// Flattening of WGS 84 (NIMA TR8350.2).
const FLATTENING: f64 = 1.0 / 298.257_223_563;

/// First eccentricity squared.
const E2: f64 = FLATTENING * (2.0 - FLATTENING);

/// The smallest radius of curvature on the ellipsoid, `a (1 − e²)`: that of the meridian at the equator.
pub(crate) const SMALLEST_RADIUS_M: f64 = A_M * (1.0 - E2);

/// The largest, `a / √(1 − e²)`: at the poles.
pub(crate) const LARGEST_RADIUS_M: f64 = 6_399_593.625_9;

/// Half a meridian: no two places are farther apart (rounded up).
pub(crate) const FARTHEST_M: f64 = 20_003_932.0;

/// Where the mid-latitude formula gives way to the sphere: beyond, its error grows faster than is useful.
const NEAR_M: f64 = 400_000.0;

/// Error of the mid-latitude formula: less than this times the cube of the distance. The largest measured,
/// in 1.8 million pairs over the whole earth, is 6.2e-17 (at a pole).
const NEAR_ERROR_PER_M3: f64 = 1.0e-16;

/// What rounding of coordinates and of both formulas adds to an error, in metres.
pub(crate) const ROUNDING_M: f64 = 1.0e-6;

static WGS84: LazyLock<Geodesic> = LazyLock::new(Geodesic::wgs84);

/// Length in metres of the shortest way between two positions, to better than a micrometre.
///
/// Source: C. F. F. Karney, Algorithms for geodesics, J. Geod. 87 (2013), 43–55.
pub fn distance_m(a: Position, b: Position) -> f64 {
    Spot::from(a).distance_m(b.into())
}

/// The same, quickly: `(metres, largest error in metres)`. The geodesic differs from the first by no more than
/// the second, anywhere on earth: 0.1 mm at 10 km, 0.8 mm at 20 km, at worst 0.51 % of the distance.
pub fn quick_distance_m(a: Position, b: Position) -> (f64, f64) {
    Spot::from(a).quick_distance_m(b.into())
}

/// The place that lies `metres` away from `from` on the geodesic that leaves it at `bearing_deg` (clockwise
/// from north). A bearing or length that is not finite leads nowhere: the answer is `from`.
pub fn offset(from: Position, bearing_deg: f64, metres: f64) -> Position {
    if !(bearing_deg.is_finite() && metres.is_finite()) {
        return from;
    }
    let (lat, lon): (f64, f64) = WGS84.direct(from.lat_deg(), from.lon_deg(), bearing_deg, metres);
    Position::new(lat.clamp(-90.0, 90.0), lon.clamp(-180.0, 180.0)).unwrap_or(from)
}

/// A place whose longitude may run on past ±180°, as along a ring that is drawn across the antimeridian.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spot {
    pub(crate) lon_deg: f64,
    pub(crate) lat_deg: f64,
}

impl From<Position> for Spot {
    fn from(p: Position) -> Self {
        Self { lon_deg: p.lon_deg(), lat_deg: p.lat_deg() }
    }
}

impl Spot {
    /// As [`distance_m`].
    pub(crate) fn distance_m(self, to: Self) -> f64 {
        WGS84.inverse(self.lat_deg, self.lon_deg, to.lat_deg, to.lon_deg)
    }

    /// As [`quick_distance_m`].
    ///
    /// Near: the chord through the ellipsoid, developed around the mean latitude with its radii of curvature
    /// in the meridian and the prime vertical, then the arc over that chord. It is the Gauss mid-latitude
    /// method (R. H. Rapp, Geometric Geodesy I, 1991) written with chords, which has no trouble with poles
    /// and the antimeridian. What is left out is of the order e² d³ / R².
    ///
    /// Far: the haversine formula. Its sphere has the radius halfway between the smallest and the largest
    /// radius of curvature; every line on the ellipsoid is within their ratio as long as on that sphere, so
    /// the shortest line is too.
    pub(crate) fn quick_distance_m(self, to: Self) -> (f64, f64) {
        let (sin_mid, cos_mid) = ((self.lat_deg + to.lat_deg) * 0.5).to_radians().sin_cos();
        let sin_lat = sin((to.lat_deg - self.lat_deg).to_radians() * 0.5);
        let sin_lon = sin((to.lon_deg - self.lon_deg).to_radians() * 0.5);
        let (lat2, lon2) = (sin_lat * sin_lat, sin_lon * sin_lon);
        let (meridian2, parallel2) = (lat2 * (1.0 - lon2), cos_mid * cos_mid * lon2);
        let haversine = meridian2 + parallel2;
        if haversine < (NEAR_M / (2.0 * A_M)).powi(2) {
            let w2 = 1.0 - E2 * sin_mid * sin_mid;
            let prime_vertical2 = A_M * A_M / w2;
            let ratio = (1.0 - E2) / w2;
            let chord2 = 4.0 * prime_vertical2 * (ratio * ratio * meridian2 + parallel2);
            let chord = chord2.sqrt();
            let curve = chord2 / (prime_vertical2 * ratio);
            let metres = chord * (1.0 + curve * (1.0 / 24.0 + curve * (3.0 / 640.0)));
            return (metres, NEAR_ERROR_PER_M3 * chord2 * chord + ROUNDING_M);
        }
        let arc = 2.0 * haversine.min(1.0).sqrt().asin();
        let middle = (SMALLEST_RADIUS_M + LARGEST_RADIUS_M) * 0.5;
        let spread = (LARGEST_RADIUS_M - SMALLEST_RADIUS_M) * 0.5;
        (middle * arc, spread * arc + ROUNDING_M)
    }

    /// Place in space in metres: axes through the equator at 0° and 90° east, and through the north pole.
    pub(crate) fn in_space(self) -> [f64; 3] {
        let (sin_lat, cos_lat) = self.lat_deg.to_radians().sin_cos();
        let (sin_lon, cos_lon) = self.lon_deg.to_radians().sin_cos();
        let prime_vertical = A_M / (1.0 - E2 * sin_lat * sin_lat).sqrt();
        let from_axis = prime_vertical * cos_lat;
        [from_axis * cos_lon, from_axis * sin_lon, prime_vertical * (1.0 - E2) * sin_lat]
    }

    /// The place at `share` (0 to 1) of the line to `to`, straight in longitude and latitude.
    pub(crate) fn towards(self, to: Self, share: f64) -> Self {
        Self {
            lon_deg: self.lon_deg + (to.lon_deg - self.lon_deg) * share,
            lat_deg: self.lat_deg + (to.lat_deg - self.lat_deg) * share,
        }
    }
}

/// Sine; of a small angle by its series, exact to 1e-13 of itself.
fn sin(x: f64) -> f64 {
    if x.abs() > 0.05 {
        return x.sin();
    }
    let x2 = x * x;
    x * (1.0 - x2 * (1.0 / 6.0 - x2 * (1.0 / 120.0 - x2 * (1.0 / 5_040.0))))
}

// A geodesic is a curve in space with a curvature between those of the smallest and the largest radius, so its
// length is between those of two circle arcs over the same chord (Schur's comparison theorem). The radii are
// taken a little wider, for what a geodesic twists.
const TIGHT_RADIUS_M: f64 = 6_335_000.0;
const WIDE_RADIUS_M: f64 = 6_410_000.0;

/// Shortest and longest that a geodesic over a chord of this length can be, in metres.
pub(crate) fn arc_over_chord_m(chord_m: f64) -> (f64, f64) {
    let arc = |radius: f64| 2.0 * radius * (chord_m / (2.0 * radius)).min(1.0).asin();
    // Beyond some 100° of arc the tight circle is too small to hold the chord.
    let longest = if chord_m < 10_000_000.0 { arc(TIGHT_RADIUS_M) } else { FARTHEST_M };
    (arc(WIDE_RADIUS_M), longest)
}

/// The longest chord under a geodesic of this length, in metres: the other way round.
pub(crate) fn longest_chord_m(arc_m: f64) -> f64 {
    2.0 * WIDE_RADIUS_M * (arc_m / (2.0 * WIDE_RADIUS_M)).min(std::f64::consts::FRAC_PI_2).sin()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn a_geodesic_is_as_long_as_its_chord_allows(
            (lat_deg, lon_deg) in (-90.0..=90.0_f64, -180.0..=180.0_f64),
            bearing in 0.0..360.0_f64,
            exponent in 0.0..7.302_f64,
        ) {
            let from = Position::new(lat_deg, lon_deg).unwrap();
            let to = Spot::from(offset(from, bearing, 10.0_f64.powf(exponent)));
            let from = Spot::from(from);
            let (a, b) = (from.in_space(), to.in_space());
            let chord_m = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
            let (least, most) = arc_over_chord_m(chord_m);
            let metres = from.distance_m(to);
            prop_assert!(least - ROUNDING_M <= metres && metres <= most + ROUNDING_M, "{least} {metres} {most}");
            prop_assert!(chord_m <= longest_chord_m(metres) + ROUNDING_M);
        }
    }
}
