//! Whether rings make sound polygons: simple rings, holes within, nothing twice (OGC 06-103r4 §6.1.11, which
//! RFC 7946 leaves unsaid).
//!
//! All of this happens in unrolled longitudes; two polygons may lie a turn apart there and still meet.

use geo::coordinate_position::CoordPos;
use geo::dimensions::Dimensions;
use geo::line_intersection::{LineIntersection, line_intersection};
use geo::relate::IntersectionMatrix;
use geo::{BoundingRect, Coord, Line, LineString, MapCoords, Polygon, PreparedGeometry, Rect, Relate};
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{RTree, RTreeObject};

use super::ring::Ring;
use crate::Invalid;

/// Checks polygons, each an outer ring and its holes; the error names the polygon and the ring, from one.
pub(super) fn check(polygons: &[Vec<Ring>]) -> Result<(), Invalid> {
    let mut whole = Vec::with_capacity(polygons.len());
    for (number, rings) in polygons.iter().enumerate() {
        for (ring, place) in rings.iter().enumerate() {
            check_simple(&place.unrolled).map_err(|problem| within(number, ring, &problem))?;
        }
        let filled: Vec<Polygon> = rings.iter().map(filled).collect();
        check_holes(&filled).map_err(|(ring, problem)| within(number, ring, problem))?;
        let mut lines = rings.iter().map(line_string);
        let Some(outer) = lines.next() else { continue };
        whole.push(Polygon::new(outer, lines.collect()));
    }
    check_apart(&whole)
}

/// Puts an error of a ring in its place.
pub(super) fn within(polygon: usize, ring: usize, problem: &str) -> Invalid {
    let ring = if ring == 0 { "the outer ring".to_owned() } else { format!("hole {ring}") };
    Invalid::new("coordinates", format!("polygon {}: {ring} {problem}", polygon + 1))
}

fn line_string(ring: &Ring) -> LineString {
    LineString(ring.unrolled.clone())
}

fn filled(ring: &Ring) -> Polygon {
    Polygon::new(line_string(ring), Vec::new())
}

/// No edge meets another but its neighbours, and those in their common point only.
fn check_simple(ring: &[Coord<f64>]) -> Result<(), String> {
    let edge = |i: usize| Line::new(ring[i], ring[i + 1]);
    let count = ring.len() - 1;
    let entry = |i: usize| {
        let (a, b) = (ring[i], ring[i + 1]);
        GeomWithData::new(Rectangle::from_corners([a.x, a.y], [b.x, b.y]), i)
    };
    let tree = RTree::bulk_load((0..count).map(entry).collect());
    for entry in &tree {
        for other in tree.locate_in_envelope_intersecting(entry.geom().envelope()) {
            let (i, j) = (entry.data, other.data);
            if i >= j {
                continue;
            }
            let neighbours = j == i + 1 || (i == 0 && j == count - 1);
            match line_intersection(edge(i), edge(j)) {
                None => {}
                Some(LineIntersection::SinglePoint { .. }) if neighbours => {}
                Some(_) => return Err(format!("crosses or touches itself: edges {} and {}", i + 1, j + 1)),
            }
        }
    }
    Ok(())
}

/// Holes are within the outer ring and apart from each other; points may touch.
fn check_holes(rings: &[Polygon]) -> Result<(), (usize, &'static str)> {
    let Some((outer, holes)) = rings.split_first().filter(|(_, holes)| !holes.is_empty()) else {
        return Ok(());
    };
    let outer = PreparedGeometry::from(outer);
    let boxes: Vec<Option<Rect>> = holes.iter().map(BoundingRect::bounding_rect).collect();
    for (i, hole) in holes.iter().enumerate() {
        let outer_and_hole = outer.relate(hole);
        if !outer_and_hole.is_contains() {
            return Err((i + 1, "is not within the outer ring"));
        }
        if share_edge(&outer_and_hole) {
            return Err((i + 1, "runs along the outer ring"));
        }
        for (j, earlier) in holes[..i].iter().enumerate() {
            if boxes[i].zip(boxes[j]).is_some_and(|(a, b)| meet(a, b)) {
                let both = earlier.relate(hole);
                if overlap(&both) || share_edge(&both) {
                    return Err((i + 1, "overlaps another hole"));
                }
            }
        }
    }
    Ok(())
}

/// Polygons have no area in common, and share edges on the antimeridian only.
fn check_apart(polygons: &[Polygon]) -> Result<(), Invalid> {
    let boxes: Vec<Option<Rect>> = polygons.iter().map(BoundingRect::bounding_rect).collect();
    let refused = |i: usize, j: usize, problem: &str| {
        Invalid::new("coordinates", format!("polygons {} and {} {problem}", i + 1, j + 1))
    };
    for (i, j) in (0..polygons.len()).flat_map(|i| (i + 1..polygons.len()).map(move |j| (i, j))) {
        for turn in [-360.0, 0.0, 360.0] {
            let turned = |c: Coord<f64>| Coord { x: c.x + turn, y: c.y };
            let (Some(here), Some(there)) = (boxes[i], boxes[j]) else { continue };
            let there = there.map_coords(turned);
            if !meet(here, there) {
                continue;
            }
            let both = polygons[i].relate(&polygons[j].map_coords(turned));
            if overlap(&both) {
                return Err(refused(i, j, "overlap"));
            }
            if share_edge(&both) && !meet_on_antimeridian(here, there) {
                return Err(refused(i, j, "share an edge; make them one"));
            }
        }
    }
    Ok(())
}

fn overlap(matrix: &IntersectionMatrix) -> bool {
    matrix.get(CoordPos::Inside, CoordPos::Inside) == Dimensions::TwoDimensional
}

fn share_edge(matrix: &IntersectionMatrix) -> bool {
    matrix.get(CoordPos::OnBoundary, CoordPos::OnBoundary) == Dimensions::OneDimensional
}

fn meet(a: Rect, b: Rect) -> bool {
    a.min().x <= b.max().x && b.min().x <= a.max().x && a.min().y <= b.max().y && b.min().y <= a.max().y
}

/// Whether two boxes have no more in common than a stretch of the antimeridian.
fn meet_on_antimeridian(a: Rect, b: Rect) -> bool {
    let seam = a.max().x.min(b.max().x);
    seam == a.min().x.max(b.min().x) && on_antimeridian(seam)
}

/// Whether an unrolled longitude is that of the antimeridian.
pub(super) fn on_antimeridian(lon_deg: f64) -> bool {
    lon_deg.rem_euclid(360.0) == 180.0
}
