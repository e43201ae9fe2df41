//! Circles, polygons and multipolygons, with signed distances to their edge.

use std::sync::Arc;

use super::area::Area;
use super::bounds::Bounds;
use super::way::Way;
use crate::{Invalid, Position, geodesy};

/// No circle is larger: a quarter of the way around the earth, where "inside" still means something.
const LARGEST_RADIUS_M: f64 = 10_000_000.0;

/// The shape of a zone, sound by construction. A clone shares the data of polygons.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape(Form);

#[derive(Debug, Clone, PartialEq)]
enum Form {
    Circle { center: Position, radius_m: f64 },
    Polygons(Arc<Area>),
}

impl Shape {
    /// A circle on the ground: everything within `radius_m` metres, along geodesics, of its centre. The radius
    /// must be more than 0 and at most 10,000 km.
    pub fn circle(center: Position, radius_m: f64) -> Result<Self, Invalid> {
        if !(radius_m > 0.0 && radius_m <= LARGEST_RADIUS_M) {
            return Err(Invalid::new("radius_m", "must be more than 0 and at most 10,000,000 metres"));
        }
        Ok(Self(Form::Circle { center, radius_m }))
    }

    /// Polygons, each a list of rings (first the outer one, then holes), each ring closed or open.
    ///
    /// Edges are straight in longitude and latitude (RFC 7946 §3.1.1). An edge of more than 180° of longitude
    /// goes the short way, across the antimeridian; where two polygons, or two sides of one, meet on the
    /// antimeridian, that stretch is a cut and no edge (§3.1.9).
    ///
    /// Refused, with what is wrong in `problem`: no polygon or ring, fewer than three different points, no
    /// area, a ring that touches or crosses itself or goes around a pole without running over it, a hole that
    /// is not within its outer ring, holes or polygons that overlap or share an edge. Rings may touch in
    /// points.
    pub fn polygons(polygons: Vec<Vec<Vec<Position>>>) -> Result<Self, Invalid> {
        Ok(Self(Form::Polygons(Arc::new(Area::new(polygons)?))))
    }

    /// Geodesic distance in metres from `p` to the nearest point of the edge, negative inside; within 1 mm.
    /// Inside a hole is outside.
    pub fn edge_distance_m(&self, p: Position) -> f64 {
        match &self.0 {
            Form::Circle { center, radius_m } => geodesy::distance_m(*center, p) - radius_m,
            Form::Polygons(area) => area.edge_distance_m(p),
        }
    }

    /// The same, quickly: `(metres, largest error in metres)`.
    ///
    /// The error of a circle is that of [`geodesy::quick_distance_m`]; of polygons, some 20 cm up to 100 km
    /// from an edge as long as edges are no longer than some hundred kilometres.
    pub fn quick_edge_distance_m(&self, p: Position) -> (f64, f64) {
        match &self.0 {
            Form::Circle { center, radius_m } => {
                let (metres, error) = geodesy::quick_distance_m(*center, p);
                (metres - radius_m, error)
            }
            Form::Polygons(area) => area.quick_edge_distance_m(p),
        }
    }

    /// The share (0 to 1) of a way at which it is well within: for a circle where it comes closest to the centre,
    /// for polygons the middle of its longest stretch within. `None` where the whole way is outside; a hole is
    /// outside.
    pub fn share_within(&self, way: &Way) -> Option<f64> {
        match &self.0 {
            Form::Circle { center, radius_m } => {
                let share = way.closest_to(*center);
                (geodesy::distance_m(*center, way.at(share)) <= *radius_m).then_some(share)
            }
            Form::Polygons(area) => area.share_within(way),
        }
    }

    /// Centre and radius in metres of a circle; `None` for polygons.
    pub fn center_and_radius(&self) -> Option<(Position, f64)> {
        match &self.0 {
            Form::Circle { center, radius_m } => Some((*center, *radius_m)),
            Form::Polygons(_) => None,
        }
    }

    /// The polygons, each a list of closed rings (first the outer one, then holes), as they were given but
    /// without repeated points; none for a circle.
    pub fn rings(&self) -> &[Vec<Vec<Position>>] {
        match &self.0 {
            Form::Circle { .. } => &[],
            Form::Polygons(area) => area.rings(),
        }
    }

    /// Boxes that hold the shape once they are widened by at least 0 metres.
    pub(super) fn bounds(&self) -> impl Iterator<Item = Bounds> {
        let (circle, polygons) = match &self.0 {
            Form::Circle { center, radius_m } => (Some(Bounds::of(*center).widened(*radius_m)), &[][..]),
            Form::Polygons(area) => (None, area.bounds()),
        };
        circle.into_iter().chain(polygons.iter().copied())
    }
}
