//! Polygons with holes, edge by edge.

use super::earth::Spot;

/// Rings of `[lon, lat]` in degrees, closed or open: what an odd number of them surrounds is inside. No edge goes
/// across the antimeridian: worlds lie in the Netherlands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Area {
    /// The outer ring, then holes.
    pub(crate) rings: Vec<Vec<[f64; 2]>>,
}

impl Area {
    /// Metres to the nearest edge, negative inside.
    ///
    /// Edges are straight in degrees, and so they are on the plane that touches at the place itself, but for the
    /// width of a degree of longitude, which changes by 0.2 % over 10 km at Dutch latitudes. It is only used to
    /// find the nearest point; the distance to that point is measured as all others are.
    pub(crate) fn edge_m(&self, from: &Spot) -> f64 {
        let mut nearest = (f64::INFINITY, [0.0, 0.0]);
        let mut inside = false;
        for ring in &self.rings {
            for (i, a) in ring.iter().enumerate() {
                let b = ring[(i + 1) % ring.len()];
                inside ^= crosses(from, *a, b);
                let near = nearest_on(from, *a, b);
                if near.0 < nearest.0 {
                    nearest = near;
                }
            }
        }
        let metres = from.distance_m(&Spot::at(nearest.1[1], nearest.1[0]));
        if inside { -metres } else { metres }
    }
}

/// Whether the line from the place to the east crosses an edge.
fn crosses(from: &Spot, a: [f64; 2], b: [f64; 2]) -> bool {
    (a[1] > from.lat) != (b[1] > from.lat)
        && from.lon < a[0] + (from.lat - a[1]) / (b[1] - a[1]) * (b[0] - a[0])
}

/// Square of the distance on the plane to the nearest point of an edge, and that point.
fn nearest_on(from: &Spot, a: [f64; 2], b: [f64; 2]) -> (f64, [f64; 2]) {
    let ((ax, ay), (bx, by)) = (from.plane_m(a[0], a[1]), from.plane_m(b[0], b[1]));
    let (dx, dy) = (bx - ax, by - ay);
    let length2 = dx * dx + dy * dy;
    let part = if length2 > 0.0 { (-(ax * dx + ay * dy) / length2).clamp(0.0, 1.0) } else { 0.0 };
    let (x, y) = (ax + dx * part, ay + dy * part);
    (x * x + y * y, [a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::{Chance, Stream};

    #[test]
    fn edges_and_holes_are_where_another_geometry_sees_them() {
        let ring = |half: f64| {
            vec![
                [5.0 - half, 52.0 - half],
                [5.0 + half, 52.0 - half],
                [5.0 + half, 52.0 + half],
                [5.0 - half, 52.0 + half],
            ]
        };
        let area = Area { rings: vec![ring(0.04), ring(0.015)] };
        let position = |[lon, lat]: [f64; 2]| zones::Position::new(lat, lon).unwrap();
        let rings = area.rings.iter().map(|ring| ring.iter().map(|p| position(*p)).collect()).collect();
        let shape = zones::geometry::Shape::polygons(vec![rings]).unwrap();
        let mut chance = Chance::new(2, Stream::Pair, 0);
        for _ in 0..5_000 {
            let (lat, lon) = (chance.between(51.9, 52.1), chance.between(4.9, 5.1));
            let (ours, theirs) =
                (area.edge_m(&Spot::at(lat, lon)), shape.edge_distance_m(position([lon, lat])));
            assert!((ours - theirs).abs() < 0.1 + theirs.abs() * 0.002, "{ours} {theirs} at {lat} {lon}");
        }
    }
}
