//! Ways: from one place to another, straight in longitude and latitude, as edges are. Two fixes are so near in
//! time that such a line and the geodesic are within a few metres of each other.

use super::area::least;
use super::bounds::Bounds;
use crate::geodesy::Spot;
use crate::{Position, geodesy};

/// The closest point of a way is found to this, in metres along it.
const ALONG_M: f64 = 0.01;

/// A straight way; it takes the short way around the earth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Way {
    from: Spot,
    to: Spot,
}

impl Way {
    /// From one place to another.
    pub fn new(from: Position, to: Position) -> Self {
        let (from, mut to) = (Spot::from(from), Spot::from(to));
        let step = to.lon_deg - from.lon_deg;
        if step.abs() > 180.0 {
            to.lon_deg -= 360.0_f64.copysign(step);
        }
        Self { from, to }
    }

    /// The place at `share` of the way, 0 to 1.
    pub fn at(&self, share: f64) -> Position {
        place(self.from.towards(self.to, share.clamp(0.0, 1.0)))
    }

    /// Length in metres, within half a percent.
    pub(crate) fn quick_length_m(&self) -> f64 {
        self.from.quick_distance_m(self.to).0
    }

    /// The box around it; `east` may run past 180°.
    pub(super) fn bounds(&self) -> Bounds {
        let mut bounds = Bounds::NOTHING;
        bounds.grow(self.from);
        bounds.grow(self.to);
        bounds
    }

    /// The share at which it comes closest to a place.
    pub(super) fn closest_to(&self, place: Position) -> f64 {
        let place = Spot::from(place);
        let distance = |share: f64| place.quick_distance_m(self.from.towards(self.to, share)).0;
        best_share(distance, self.quick_length_m())
    }

    /// The share at which it and another way, gone in the same time, come closest, and how close in metres
    /// (geodesic).
    pub(crate) fn closest_together(&self, other: &Self) -> (f64, f64) {
        let (here, there) =
            (|s: f64| self.from.towards(self.to, s), |s: f64| other.from.towards(other.to, s));
        let length_m = self.quick_length_m() + other.quick_length_m();
        let share = best_share(|share| here(share).quick_distance_m(there(share)).0, length_m);
        (share, geodesy::distance_m(place(here(share)), place(there(share))))
    }

    /// Calls `found` with each share at which it meets the line from `a` to `b`, which lies on the same map.
    pub(super) fn crossing(&self, a: Spot, b: Spot, found: &mut impl FnMut(f64)) {
        let cross = |a: [f64; 2], b: [f64; 2]| a[0] * b[1] - a[1] * b[0];
        let minus = |a: Spot, b: Spot| [a.lon_deg - b.lon_deg, a.lat_deg - b.lat_deg];
        let (way, edge, between) = (minus(self.to, self.from), minus(b, a), minus(a, self.from));
        let twisted = cross(way, edge);
        if twisted == 0.0 {
            return; // Along each other: the way changes sides where the next edge or the last one is crossed.
        }
        let (share, on_edge) = (cross(between, edge) / twisted, cross(between, way) / twisted);
        // A little beyond both ends, so that no crossing falls between two edges; one too many does no harm.
        if (0.0..=1.0).contains(&share) && (-1.0e-6..=1.0 + 1.0e-6).contains(&on_edge) {
            found(share);
        }
    }

    /// The same way on the map a whole turn further.
    pub(super) fn turned(&self, degrees: f64) -> Self {
        let turned = |spot: Spot| Spot { lon_deg: spot.lon_deg + degrees, ..spot };
        Self { from: turned(self.from), to: turned(self.to) }
    }
}

/// Where a distance with one minimum is least; the ends count too.
fn best_share(distance_m: impl Fn(f64) -> f64, length_m: f64) -> f64 {
    let share = least(&distance_m, ALONG_M / length_m.max(ALONG_M));
    let ends = [0.0, 1.0].into_iter().map(|end| (distance_m(end), end));
    ends.fold((distance_m(share), share), |best, end| if end.0 < best.0 { end } else { best }).1
}

/// A spot whose longitude may have run past 180°, as a position.
fn place(spot: Spot) -> Position {
    let lon = spot.lon_deg;
    let lon = if (-180.0..=180.0).contains(&lon) { lon } else { (lon + 180.0).rem_euclid(360.0) - 180.0 };
    // A line between two positions leaves no latitude; the clamp is for rounding.
    Position::new(spot.lat_deg.clamp(-90.0, 90.0), lon.clamp(-180.0, 180.0)).unwrap_or(Position::ORIGIN)
}
