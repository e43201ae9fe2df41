//! Distances on the WGS 84 ellipsoid.

use geographiclib_rs::{Geodesic, InverseGeodesic};

use crate::Position;

/// Length in metres of the shortest way between two positions (Karney 2013), to better than a micrometre.
pub fn distance_m(a: Position, b: Position) -> f64 {
    Geodesic::wgs84().inverse(a.lat_deg(), a.lon_deg(), b.lat_deg(), b.lon_deg())
}

/// The same, quickly: `(metres, largest error in metres)`.
pub fn quick_distance_m(a: Position, b: Position) -> (f64, f64) {
    (distance_m(a, b), 0.0)
}
