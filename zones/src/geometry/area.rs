//! Polygons, ready for questions.

use super::bounds::Bounds;
use super::outline::{self, Next, Point};
use super::ring::Ring;
use super::sound;
use super::tree::Tree;
use super::way::Way;
use crate::geodesy::{ROUNDING_M, Spot, arc_over_chord_m, longest_chord_m};
use crate::{Invalid, Position};

/// Up to this distance the quick formula finds the nearest point of an edge: its error is a few centimetres
/// there, but changes so little along an edge that the point it finds is as near as the true one within a
/// micrometre.
const QUICK_SEARCH_M: f64 = 100_000.0;

/// How much farther than the true nearest point the point found may be, in metres.
const SEARCH_ERROR_M: f64 = 1.0e-5;

/// Sound polygons. Their edges lie in a tree over pieces; see `outline`.
#[derive(Debug)]
pub(super) struct Area {
    rings: Box<[Vec<Vec<Position>>]>,
    bounds: Box<[Bounds]>,
    points: Box<[Point]>,
    tree: Tree,
}

/// The rings are all there is to it; the rest follows from them.
impl PartialEq for Area {
    fn eq(&self, other: &Self) -> bool {
        self.rings == other.rings
    }
}

impl Area {
    pub(super) fn new(polygons: Vec<Vec<Vec<Position>>>) -> Result<Self, Invalid> {
        if polygons.is_empty() {
            return Err(Invalid::new("coordinates", "is empty"));
        }
        let read = polygons.into_iter().enumerate().map(|(number, rings)| read_polygon(number, rings));
        let polygons: Vec<Vec<Ring>> = read.collect::<Result<_, _>>()?;
        sound::check(&polygons)?;
        let points = outline::points(&polygons);
        if !points.iter().any(|point| point.next == Next::Edge) {
            return Err(Invalid::new("coordinates", "covers the whole earth and has no edge"));
        }
        let bounds = polygons.iter().map(|rings| bounds(rings)).collect();
        let given = |rings: Vec<Ring>| rings.into_iter().map(|ring| ring.given).collect();
        Ok(Self {
            tree: Tree::new(&points),
            rings: polygons.into_iter().map(given).collect(),
            bounds,
            points,
        })
    }

    pub(super) fn rings(&self) -> &[Vec<Vec<Position>>] {
        &self.rings
    }

    /// The box of each polygon.
    pub(super) fn bounds(&self) -> &[Bounds] {
        &self.bounds
    }

    pub(super) fn edge_distance_m(&self, p: Position) -> f64 {
        let spot = Spot::from(p);
        let space = spot.in_space();
        let (_, most_m) = self.tree.chord_to_edge_m(&self.points, space);
        let mut nearest_m = arc_over_chord_m(most_m).1 + ROUNDING_M;
        let reach_m = longest_chord_m(nearest_m);
        self.tree.visit(&self.points, space, reach_m, &mut |i, chord, reach_m| {
            let (from, to) = (&self.points[i].spot, &self.points[i + 1].spot);
            if let Some(metres) = distance_to_piece_m(spot, *from, *to, chord, nearest_m) {
                nearest_m = metres;
                *reach_m = longest_chord_m(metres);
            }
        });
        if self.contains(p) { -nearest_m } else { nearest_m }
    }

    pub(super) fn quick_edge_distance_m(&self, p: Position) -> (f64, f64) {
        let (least, most) = self.tree.chord_to_edge_m(&self.points, Spot::from(p).in_space());
        let (least_m, most_m) = (arc_over_chord_m(least).0, arc_over_chord_m(most).1);
        let metres = f64::midpoint(least_m, most_m);
        let error_m = (most_m - least_m) / 2.0 + ROUNDING_M;
        (if self.contains(p) { -metres } else { metres }, error_m)
    }

    /// The share of a way in the middle of its longest stretch within; `None` where it stays outside.
    pub(super) fn share_within(&self, way: &Way) -> Option<f64> {
        let mut shares = vec![0.0, 1.0];
        for turn in [-360.0, 0.0, 360.0] {
            let turned = way.turned(turn);
            self.tree.visit_on_map(&self.points, turned.bounds(), &mut |i| {
                let (from, to) = (self.points[i].spot, self.points[i + 1].spot);
                turned.crossing(from, to, &mut |share| shares.push(share));
            });
        }
        shares.sort_unstable_by(f64::total_cmp);
        let stretches = shares.windows(2).map(|ends| (ends[1] - ends[0], f64::midpoint(ends[0], ends[1])));
        let within = stretches
            .filter(|(length, _)| *length > 0.0)
            .filter(|(_, middle)| self.contains(way.at(*middle)));
        within.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, middle)| middle)
    }

    /// Whether `p` lies within a polygon and in none of its holes; on the edge, either.
    ///
    /// A line from `p` along its meridian towards the equator and beyond crosses the rings an odd number of
    /// times. It leaves from the nearer pole, where all meridians meet; and as an edge counts at its western
    /// end but not at its eastern, a meridian on which two polygons are cut belongs to just one of them.
    fn contains(&self, p: Position) -> bool {
        [-360.0, 0.0, 360.0].into_iter().fold(false, |inside, turn| {
            let spot = Spot { lon_deg: p.lon_deg() + turn, lat_deg: p.lat_deg() };
            inside ^ self.tree.crossed_oddly(&self.points, spot)
        })
    }
}

fn read_polygon(number: usize, rings: Vec<Vec<Position>>) -> Result<Vec<Ring>, Invalid> {
    if rings.is_empty() {
        return Err(Invalid::new("coordinates", format!("polygon {} has no ring", number + 1)));
    }
    let mut polygon: Vec<Ring> = Vec::with_capacity(rings.len());
    for (place, ring) in rings.into_iter().enumerate() {
        let mut ring = Ring::read(ring).map_err(|error| sound::within(number, place, &error.problem))?;
        if let Some(outer) = polygon.first() {
            ring.shift_into(outer);
        }
        polygon.push(ring);
    }
    Ok(polygon)
}

fn bounds(rings: &[Ring]) -> Bounds {
    let mut bounds = Bounds::NOTHING;
    for at in rings.iter().take(1).flat_map(|outer| &outer.unrolled) {
        bounds.grow(Spot { lon_deg: at.x, lat_deg: at.y });
    }
    bounds
}

/// Distance to the nearest point of a piece of edge, when that is below `nearest_m`. `chord_m` says
/// roughly how far it is.
fn distance_to_piece_m(spot: Spot, from: Spot, to: Spot, chord_m: f64, nearest_m: f64) -> Option<f64> {
    let length_m = from.quick_distance_m(to).0;
    let exact = |share: f64| spot.distance_m(from.towards(to, share));
    let near = chord_m + length_m < QUICK_SEARCH_M;
    // Nothing on the piece is nearer than its middle by more than half its length, give or take its bend.
    if !near && exact(0.5) - 0.51 * length_m > nearest_m {
        return None;
    }
    let tolerance = search_tolerance_m(chord_m) / length_m.max(SEARCH_ERROR_M);
    let share = if near {
        least(|share| spot.quick_distance_m(from.towards(to, share)).0, tolerance)
    } else {
        least(exact, tolerance)
    };
    let metres = exact(share).min(exact(0.0)).min(exact(1.0));
    (metres < nearest_m).then_some(metres)
}

/// How well the nearest point must be known along the edge: a step of δ sideways at a distance d makes
/// δ² / 2d of difference.
fn search_tolerance_m(distance_m: f64) -> f64 {
    (distance_m * SEARCH_ERROR_M).sqrt().max(SEARCH_ERROR_M)
}

/// Where between 0 and 1 a function with one minimum is least, by golden section (Kiefer, 1953). One with a
/// single maximum gives an end.
pub(super) fn least(f: impl Fn(f64) -> f64, tolerance: f64) -> f64 {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let (mut low, mut high) = (0.0, 1.0);
    let (mut a, mut b) = (1.0 - GOLDEN, GOLDEN);
    let (mut at_a, mut at_b) = (f(a), f(b));
    // The tolerance is at least 1e-13 of the longest piece there is, which takes 65 steps.
    for _ in 0..65 {
        if high - low <= tolerance {
            break;
        }
        if at_a <= at_b {
            (high, b, at_b) = (b, a, at_a);
            a = high - GOLDEN * (high - low);
            at_a = f(a);
        } else {
            (low, a, at_a) = (a, b, at_b);
            b = low + GOLDEN * (high - low);
            at_b = f(b);
        }
    }
    if at_a <= at_b { a } else { b }
}
