//! Boxes over the pieces of an outline: neighbours along a ring lie near each other, so boxes over runs of
//! them, and over runs of those, make a tree that needs no sorting and no pointers.

use super::bounds::Bounds;
use super::outline::{Next, Point};
use crate::geodesy::Spot;

/// How many pieces, or boxes, a box holds.
const RUN: usize = 8;

/// Levels of boxes, from those over pieces up to the one over everything.
#[derive(Debug)]
pub(super) struct Tree {
    levels: Box<[Box<[Node]>]>,
}

#[derive(Debug, Clone)]
struct Node {
    /// Corners in space of a box around the true edges.
    low: [f64; 3],
    high: [f64; 3],
    /// The rings on the map, cuts and all.
    map: Bounds,
}

impl Tree {
    pub(super) fn new(points: &[Point]) -> Self {
        let leaves = (0..points.len()).step_by(RUN).map(|first| Node::over_points(points, first)).collect();
        let mut levels: Vec<Box<[Node]>> = vec![leaves];
        while let Some(below) = levels.last()
            && below.len() > 1
        {
            let above = below.chunks(RUN).map(Node::over).collect();
            levels.push(above);
        }
        Self { levels: levels.into() }
    }

    /// Calls `visit` with each piece of edge (the number of its first point) that may come within `reach_m`
    /// of a place in space, roughly the nearest first, and with its distance as a straight line. `visit` may
    /// shorten the reach.
    pub(super) fn visit(
        &self,
        points: &[Point],
        place: [f64; 3],
        reach_m: f64,
        visit: &mut impl FnMut(usize, f64, &mut f64),
    ) {
        let mut reach_m = reach_m;
        self.visit_box(points, place, (self.levels.len() - 1, 0), &mut reach_m, visit);
    }

    fn visit_box(
        &self,
        points: &[Point],
        place: [f64; 3],
        (level, number): (usize, usize),
        reach_m: &mut f64,
        visit: &mut impl FnMut(usize, f64, &mut f64),
    ) {
        let first = number * RUN;
        if level == 0 {
            let last = (first + RUN).min(points.len());
            for i in (first..last).filter(|&i| points[i].next == Next::Edge) {
                let chord_m = to_segment_m(place, points[i].space, points[i + 1].space);
                if chord_m - f64::from(points[i].stray_m) <= *reach_m {
                    visit(i, chord_m, reach_m);
                }
            }
            return;
        }
        let below = &self.levels[level - 1];
        let last = (first + RUN).min(below.len());
        let mut order = [(f64::INFINITY, 0); RUN];
        for (slot, child) in order.iter_mut().zip(first..last) {
            *slot = (below[child].distance_m(place), child);
        }
        let order = &mut order[..last - first];
        order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        for &(least_m, child) in &*order {
            if least_m > *reach_m {
                break;
            }
            self.visit_box(points, place, (level - 1, child), reach_m, visit);
        }
    }

    /// Least and greatest length in metres that the straight line from a place to the nearest edge can have.
    pub(super) fn chord_to_edge_m(&self, points: &[Point], place: [f64; 3]) -> (f64, f64) {
        let (mut least_m, mut most_m) = (f64::INFINITY, f64::INFINITY);
        self.visit(points, place, f64::INFINITY, &mut |i, chord_m, reach_m| {
            let stray_m = f64::from(points[i].stray_m);
            least_m = least_m.min(chord_m - stray_m);
            most_m = most_m.min(chord_m + stray_m);
            *reach_m = most_m;
        });
        (least_m.max(0.0), most_m)
    }

    /// Calls `visit` with each piece of edge (the number of its first point) whose box on the map may meet `bounds`.
    pub(super) fn visit_on_map(&self, points: &[Point], bounds: Bounds, visit: &mut impl FnMut(usize)) {
        self.visit_map_box(points, bounds, (self.levels.len() - 1, 0), visit);
    }

    fn visit_map_box(
        &self,
        points: &[Point],
        bounds: Bounds,
        (level, number): (usize, usize),
        visit: &mut impl FnMut(usize),
    ) {
        if !self.levels[level][number].map.meets(bounds) {
            return;
        }
        let first = number * RUN;
        if level > 0 {
            let last = (first + RUN).min(self.levels[level - 1].len());
            (first..last).for_each(|child| self.visit_map_box(points, bounds, (level - 1, child), visit));
            return;
        }
        let last = (first + RUN).min(points.len());
        (first..last).filter(|&i| points[i].next == Next::Edge).for_each(visit);
    }

    /// Whether a line from `spot` along its meridian, away from the nearer pole, crosses the rings an odd
    /// number of times.
    pub(super) fn crossed_oddly(&self, points: &[Point], spot: Spot) -> bool {
        self.crossed_in_box(points, spot, (self.levels.len() - 1, 0))
    }

    fn crossed_in_box(&self, points: &[Point], spot: Spot, (level, number): (usize, usize)) -> bool {
        if !self.levels[level][number].may_be_crossed(spot) {
            return false;
        }
        let first = number * RUN;
        if level > 0 {
            let last = (first + RUN).min(self.levels[level - 1].len());
            return (first..last)
                .fold(false, |odd, child| odd ^ self.crossed_in_box(points, spot, (level - 1, child)));
        }
        let last = (first + RUN).min(points.len());
        (first..last)
            .filter(|&i| points[i].next != Next::End)
            .fold(false, |odd, i| odd ^ crosses(spot, points[i].spot, points[i + 1].spot))
    }
}

/// Whether the line along the meridian of `spot`, away from the nearer pole, crosses the line from `a` to `b`.
fn crosses(spot: Spot, a: Spot, b: Spot) -> bool {
    if (a.lon_deg <= spot.lon_deg) == (b.lon_deg <= spot.lon_deg) {
        return false;
    }
    let lat_deg = a.towards(b, (spot.lon_deg - a.lon_deg) / (b.lon_deg - a.lon_deg)).lat_deg;
    if spot.lat_deg >= 0.0 { lat_deg < spot.lat_deg } else { lat_deg > spot.lat_deg }
}

impl Node {
    const NOTHING: Self =
        Self { low: [f64::INFINITY; 3], high: [f64::NEG_INFINITY; 3], map: Bounds::NOTHING };

    fn over_points(points: &[Point], first: usize) -> Self {
        let mut node = Self::NOTHING;
        for i in first..(first + RUN).min(points.len()) {
            if points[i].next == Next::End {
                continue;
            }
            for point in &points[i..=i + 1] {
                node.map.grow(point.spot);
                if points[i].next == Next::Edge {
                    node.grow(point.space, f64::from(points[i].stray_m));
                }
            }
        }
        node
    }

    fn over(nodes: &[Self]) -> Self {
        let mut all = Self::NOTHING;
        for node in nodes {
            for axis in 0..3 {
                all.low[axis] = all.low[axis].min(node.low[axis]);
                all.high[axis] = all.high[axis].max(node.high[axis]);
            }
            all.map.join(node.map);
        }
        all
    }

    fn grow(&mut self, place: [f64; 3], around_m: f64) {
        for (axis, at) in place.into_iter().enumerate() {
            self.low[axis] = self.low[axis].min(at - around_m);
            self.high[axis] = self.high[axis].max(at + around_m);
        }
    }

    /// How far a place is from this box, at least.
    fn distance_m(&self, place: [f64; 3]) -> f64 {
        let outside =
            |axis: usize| (self.low[axis] - place[axis]).max(place[axis] - self.high[axis]).max(0.0);
        let [x, y, z] = [outside(0), outside(1), outside(2)];
        (x * x + y * y + z * z).sqrt()
    }

    fn may_be_crossed(&self, spot: Spot) -> bool {
        let ahead =
            if spot.lat_deg >= 0.0 { self.map.south <= spot.lat_deg } else { self.map.north >= spot.lat_deg };
        ahead && self.map.west <= spot.lon_deg && spot.lon_deg <= self.map.east
    }
}

/// Distance from a place to the straight line between two others, in metres.
fn to_segment_m(place: [f64; 3], a: [f64; 3], b: [f64; 3]) -> f64 {
    let along = difference(b, a);
    let to_place = difference(place, a);
    let length2 = dot(along, along);
    let share = if length2 > 0.0 { (dot(to_place, along) / length2).clamp(0.0, 1.0) } else { 0.0 };
    let across: [f64; 3] = std::array::from_fn(|axis| to_place[axis] - share * along[axis]);
    dot(across, across).sqrt()
}

fn difference(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    std::array::from_fn(|axis| a[axis] - b[axis])
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}
