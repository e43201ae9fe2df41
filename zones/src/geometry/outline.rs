//! The edges of polygons, cut into pieces so short that each is nearly a straight line in space.
//!
//! In space there are no poles and no antimeridian, and how far a position is from a straight line takes a few
//! multiplications. How far the true edge, straight in longitude and latitude, strays from that line is known
//! for each piece.

use geo::Coord;

use super::ring::Ring;
use super::sound::on_antimeridian;
use crate::geodesy::{LARGEST_RADIUS_M, Spot};

/// Pieces stray from their straight line by no more than this, unless that would take too many.
const STRAY_M: f64 = 0.1;

/// No piece is longer in longitude or latitude, so that its distance from anywhere has one minimum.
const LONGEST_PIECE_DEG: f64 = 5.0;

/// How many pieces may be spent on an outline: so many an edge, and so many besides.
const PIECES_PER_EDGE: f64 = 4.0;
const PIECES_BESIDES: f64 = 4_096.0;

/// What goes on from a point of an outline to the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// A piece of edge.
    Edge,
    /// A stretch that closes the ring on the map but is no edge on the ground: along a cut on the antimeridian,
    /// or along a pole.
    Cut,
    /// Nothing: the ring ends here.
    End,
}

/// A point of an outline, and how it goes on.
#[derive(Debug, Clone)]
pub(super) struct Point {
    pub(super) spot: Spot,
    pub(super) space: [f64; 3],
    /// How far the edge from here to the next point strays from the straight line in space, at most.
    pub(super) stray_m: f32,
    pub(super) next: Next,
}

/// The points of all rings of all polygons, one after the other.
pub(super) fn points(polygons: &[Vec<Ring>]) -> Box<[Point]> {
    let rings = || polygons.iter().flatten().map(|ring| ring.unrolled.as_slice());
    let seams: Vec<Seam> = rings().flat_map(|ring| ring.windows(2)).filter_map(Seam::of).collect();
    let stray_m = affordable_stray_m(&rings());
    let mut points = Vec::new();
    for ring in rings() {
        for pair in ring.windows(2) {
            let (from, to) = (spot(pair[0]), spot(pair[1]));
            match Seam::of(pair) {
                Some(seam) => seam.push_parts(from, to, &seams, stray_m, &mut points),
                None if along_pole(from, to) => points.push(point(from, to, Next::Cut)),
                None => push_pieces(from, to, stray_m, &mut points),
            }
        }
        if let Some(&end) = ring.last() {
            points.push(point(spot(end), spot(end), Next::End));
        }
    }
    points.into()
}

fn spot(at: Coord<f64>) -> Spot {
    Spot { lon_deg: at.x, lat_deg: at.y }
}

fn along_pole(from: Spot, to: Spot) -> bool {
    from.lat_deg == to.lat_deg && from.lat_deg.abs() == 90.0
}

fn point(from: Spot, to: Spot, next: Next) -> Point {
    // Rounded up to single precision.
    let stray_m = (most_stray_m(from, to) as f32).next_up();
    Point { spot: from, space: from.in_space(), stray_m, next }
}

fn push_pieces(from: Spot, to: Spot, stray_m: f64, points: &mut Vec<Point>) {
    let count = pieces(from, to, stray_m);
    for i in 0..count as u32 {
        let at = |i: u32| if f64::from(i) < count { from.towards(to, f64::from(i) / count) } else { to };
        points.push(point(at(i), at(i + 1), Next::Edge));
    }
}

/// Into how many pieces an edge is cut.
fn pieces(from: Spot, to: Spot, stray_m: f64) -> f64 {
    let longest = (to.lon_deg - from.lon_deg).abs().max((to.lat_deg - from.lat_deg).abs());
    let straight = (most_stray_m(from, to) / stray_m).sqrt();
    (longest / LONGEST_PIECE_DEG).max(straight).ceil().max(1.0)
}

/// The stray that keeps the number of pieces within bounds.
fn affordable_stray_m<'a>(rings: &(impl Iterator<Item = &'a [Coord<f64>]> + Clone)) -> f64 {
    let edges = || rings.clone().flat_map(|ring| ring.windows(2));
    let most = edges().count() as f64 * PIECES_PER_EDGE + PIECES_BESIDES;
    let mut stray_m = STRAY_M;
    // From 0.1 m to the size of the earth is 14 times fourfold.
    for _ in 0..14 {
        if edges().map(|pair| pieces(spot(pair[0]), spot(pair[1]), stray_m)).sum::<f64>() <= most {
            break;
        }
        stray_m *= 4.0;
    }
    stray_m
}

/// How far a line that is straight in longitude and latitude strays from the straight line in space between
/// its ends, at most, in metres.
///
/// For a curve x(t), 0 ≤ t ≤ 1, that is max |x″| / 8. With M the radius of curvature in the meridian and p
/// the distance from the axis, x″ is at most M (1 + 0.011) Δφ² + p Δλ² + 2 M |sin φ| Δφ Δλ; the 0.011 is for
/// the change of M with latitude, 3 e² / 2 at most.
fn most_stray_m(from: Spot, to: Spot) -> f64 {
    let lat = (to.lat_deg - from.lat_deg).to_radians().abs();
    let lon = (to.lon_deg - from.lon_deg).to_radians().abs();
    let (a, b) = (from.lat_deg.to_radians(), to.lat_deg.to_radians());
    let nearest_equator = if a * b <= 0.0 { 0.0 } else { a.abs().min(b.abs()) };
    let from_axis = LARGEST_RADIUS_M * nearest_equator.cos();
    let steepest = a.abs().max(b.abs()).sin();
    let bend = LARGEST_RADIUS_M * (1.011 * lat * lat + 2.0 * steepest * lat * lon) + from_axis * lon * lon;
    bend / 8.0
}

/// A stretch of the antimeridian that a ring runs along.
#[derive(Debug, Clone, Copy)]
struct Seam {
    south: f64,
    north: f64,
}

impl Seam {
    fn of(pair: &[Coord<f64>]) -> Option<Self> {
        let (a, b) = (pair[0], pair[1]);
        (a.x == b.x && on_antimeridian(a.x)).then(|| Self { south: a.y.min(b.y), north: a.y.max(b.y) })
    }

    /// Adds the edge from `from` to `to`, which is this seam, as what it is: no edge where another seam lies on
    /// it (that can only be from the other side, as polygons do not overlap), an edge elsewhere.
    fn push_parts(self, from: Spot, to: Spot, seams: &[Self], stray_m: f64, points: &mut Vec<Point>) {
        let inner = seams.iter().flat_map(|seam| [seam.south, seam.north]);
        let mut lats: Vec<f64> = inner.filter(|lat| self.south < *lat && *lat < self.north).collect();
        lats.sort_unstable_by(f64::total_cmp);
        lats.dedup();
        if from.lat_deg > to.lat_deg {
            lats.reverse();
        }
        lats.push(to.lat_deg);
        let mut from = from;
        for lat_deg in lats {
            let to = Spot { lat_deg, ..from };
            let middle = f64::midpoint(from.lat_deg, to.lat_deg);
            // One of those that cover it is the seam itself.
            if seams.iter().filter(|seam| seam.south < middle && middle < seam.north).count() > 1 {
                points.push(point(from, to, Next::Cut));
            } else {
                push_pieces(from, to, stray_m, points);
            }
            from = to;
        }
    }
}
