//! Circles, polygons and multipolygons, with signed distances to their edge.

use crate::{Invalid, Position, geodesy};

/// The shape of a zone, sound by construction.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    center: Position,
    radius_m: f64,
}

impl Shape {
    /// A circle on the ground.
    pub fn circle(center: Position, radius_m: f64) -> Result<Self, Invalid> {
        if !(radius_m > 0.0 && radius_m.is_finite()) {
            return Err(Invalid::new("radius_m", "must be more than 0"));
        }
        Ok(Self { center, radius_m })
    }

    /// Polygons, each a list of rings (first the outer one, then holes).
    pub fn polygons(polygons: Vec<Vec<Vec<Position>>>) -> Result<Self, Invalid> {
        match polygons.first().and_then(|rings| rings.first()).and_then(|ring| ring.first()) {
            Some(&center) => Self::circle(center, 1.0),
            None => Err(Invalid::new("geometry", "is empty")),
        }
    }

    /// Centre and radius in metres of a circle.
    pub fn center_and_radius(&self) -> Option<(Position, f64)> {
        Some((self.center, self.radius_m))
    }

    /// Geodesic distance in metres from `p` to the nearest point of the edge, negative inside.
    pub fn edge_distance_m(&self, p: Position) -> f64 {
        geodesy::distance_m(self.center, p) - self.radius_m
    }

    /// The same, quickly: `(metres, largest error in metres)`.
    pub fn quick_edge_distance_m(&self, p: Position) -> (f64, f64) {
        let (m, err) = geodesy::quick_distance_m(self.center, p);
        (m - self.radius_m, err)
    }
}
