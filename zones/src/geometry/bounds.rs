//! Boxes in longitude and latitude.

use crate::Position;
use crate::geodesy::{SMALLEST_RADIUS_M, Spot};

/// Added on every side, against rounding (0.1 mm); it also makes a box that ends on the antimeridian reach
/// over it, so that both names of that meridian are found.
const ROUNDING_DEG: f64 = 1.0e-9;

/// A box; `east` may run past 180°.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bounds {
    pub(super) west: f64,
    pub(super) east: f64,
    pub(super) south: f64,
    pub(super) north: f64,
}

impl Bounds {
    /// What every box is within.
    const EARTH: Self = Self { west: -180.0, east: 180.0, south: -90.0, north: 90.0 };

    /// A box around nothing; grows with [`Bounds::grow`].
    pub(super) const NOTHING: Self =
        Self { west: f64::INFINITY, east: f64::NEG_INFINITY, south: f64::INFINITY, north: f64::NEG_INFINITY };

    /// The box of one place.
    pub(super) fn of(p: Position) -> Self {
        Self { west: p.lon_deg(), east: p.lon_deg(), south: p.lat_deg(), north: p.lat_deg() }
    }

    /// Makes it hold a place too.
    pub(super) fn grow(&mut self, spot: Spot) {
        let (lon, lat) = (spot.lon_deg, spot.lat_deg);
        self.join(Self { west: lon, east: lon, south: lat, north: lat });
    }

    /// Makes it hold another box too.
    pub(super) fn join(&mut self, other: Self) {
        self.west = self.west.min(other.west);
        self.east = self.east.max(other.east);
        self.south = self.south.min(other.south);
        self.north = self.north.max(other.north);
    }

    /// Whether two boxes on the same map have anything in common.
    pub(super) fn meets(self, other: Self) -> bool {
        self.west <= other.east
            && other.west <= self.east
            && self.south <= other.north
            && other.south <= self.north
    }

    /// The box around everything within `metres` of this one.
    ///
    /// On the sphere of the smallest radius of curvature nothing is farther than on the ellipsoid, so an angle
    /// of `metres` over that radius is enough everywhere. A circle of angular radius δ around latitude φ
    /// reaches asin(sin δ / cos φ) of longitude to either side, and around the pole when δ reaches it.
    pub(super) fn widened(self, metres: f64) -> Self {
        let angle = metres.max(0.0) / SMALLEST_RADIUS_M;
        let (south, north) = (self.south - angle.to_degrees(), self.north + angle.to_degrees());
        let beyond = ROUNDING_DEG;
        let (west, east) = if south <= -90.0 + beyond || north >= 90.0 - beyond {
            (Self::EARTH.west, Self::EARTH.east)
        } else {
            let farthest = self.south.abs().max(self.north.abs()).to_radians();
            let reach = (angle.sin() / farthest.cos()).min(1.0).asin().to_degrees() + beyond;
            (self.west - reach, self.east + reach)
        };
        Self { west, east, south: (south - beyond).max(-90.0), north: (north + beyond).min(90.0) }
    }

    /// The same box in one or two parts with longitudes from −180 to 180.
    pub(super) fn parts(self) -> impl Iterator<Item = Self> {
        let turns = ((self.west + 180.0) / 360.0).floor() * 360.0;
        let (west, east) = (self.west - turns, self.east - turns);
        let (first, second) = if self.east - self.west >= 360.0 {
            (Self { west: -180.0, east: 180.0, ..self }, None)
        } else if east > 180.0 {
            let beyond = Self { west: -180.0, east: east - 360.0, ..self };
            (Self { west, east: 180.0, ..self }, Some(beyond))
        } else {
            (Self { west, east, ..self }, None)
        };
        std::iter::once(first).chain(second)
    }
}
