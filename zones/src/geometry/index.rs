//! R-tree over the zones of one wearer.

use std::ops::ControlFlow;

use rstar::{AABB, RTree, RTreeObject};

use super::bounds::Bounds;
use super::{Shape, Way};
use crate::Position;

/// Up to so many boxes are looked at one by one; a tree would cost more memory and no less time.
const FEW: usize = 8;

/// Finds which of a wearer's zones a position may be in or near.
///
/// Most wearers have one or two zones and there are many wearers, so few zones are a short list.
#[derive(Debug, Clone)]
pub struct ZoneIndex(Boxes);

#[derive(Debug, Clone)]
enum Boxes {
    /// In the order of their zones.
    Few(Box<[ZoneBox]>),
    Many(Box<RTree<ZoneBox>>),
}

impl Default for ZoneIndex {
    fn default() -> Self {
        Self(Boxes::Few(Box::default()))
    }
}

impl ZoneIndex {
    /// Builds the index: per zone its number, shape, and the margin in metres around the shape that counts.
    pub fn new<'a>(zones: impl Iterator<Item = (u32, &'a Shape, f64)>) -> Self {
        let mut boxes: Vec<ZoneBox> = Vec::new();
        for (zone, shape, margin_m) in zones {
            let widened = shape.bounds().map(|bounds| bounds.widened(margin_m));
            boxes.extend(widened.flat_map(Bounds::parts).map(|part| ZoneBox::new(zone, part)));
        }
        if boxes.len() > FEW {
            return Self(Boxes::Many(Box::new(RTree::bulk_load(boxes))));
        }
        boxes.sort_unstable_by_key(|entry| entry.zone);
        Self(Boxes::Few(boxes.into()))
    }

    /// Appends the numbers of the zones whose shape, widened by its margin, may hold `p`, in ascending order,
    /// each once. Never misses one; may name one that is a little too far.
    pub fn touching(&self, p: Position, found: &mut Vec<u32>) {
        let point = [p.lon_deg() as f32, p.lat_deg() as f32];
        let before = found.len();
        match &self.0 {
            Boxes::Few(boxes) => found.extend(boxes.iter().filter(|b| b.holds(point)).map(|b| b.zone)),
            Boxes::Many(tree) => {
                let ControlFlow::Continue(()) = tree.locate_all_at_point_int(point, |entry| {
                    found.push(entry.zone);
                    ControlFlow::<std::convert::Infallible>::Continue(())
                });
                found[before..].sort_unstable();
            }
        }
        drop_repeated(found, before);
    }
}

impl ZoneIndex {
    /// The same for a whole way: the zones whose shape, widened by its margin, it may touch anywhere.
    pub fn along(&self, way: &Way, found: &mut Vec<u32>) {
        let before = found.len();
        for part in way.bounds().parts() {
            // Rounded as positions are: that keeps order.
            let (low, high) = ([part.west as f32, part.south as f32], [part.east as f32, part.north as f32]);
            match &self.0 {
                Boxes::Few(boxes) => {
                    found.extend(boxes.iter().filter(|b| b.meets(low, high)).map(|b| b.zone));
                }
                Boxes::Many(tree) => {
                    let all = tree.locate_in_envelope_intersecting(AABB::from_corners(low, high));
                    found.extend(all.map(|entry| entry.zone));
                }
            }
        }
        found[before..].sort_unstable();
        drop_repeated(found, before);
    }
}

/// Keeps one of equal neighbours, from `start` on.
fn drop_repeated(numbers: &mut Vec<u32>, start: usize) {
    let mut kept = start;
    for i in start..numbers.len() {
        if i == start || numbers[i] != numbers[kept - 1] {
            numbers[kept] = numbers[i];
            kept += 1;
        }
    }
    numbers.truncate(kept);
}

/// A zone's box, or a part of it, in single precision rounded outwards (some two metres at most). Rounding a
/// position keeps order, so what is within the exact box is found.
#[derive(Debug, Clone, Copy, PartialEq)]
struct ZoneBox {
    south_west: [f32; 2],
    north_east: [f32; 2],
    zone: u32,
}

impl ZoneBox {
    fn new(zone: u32, bounds: Bounds) -> Self {
        let (down, up) = (|v: f64| (v as f32).next_down(), |v: f64| (v as f32).next_up());
        Self {
            south_west: [down(bounds.west), down(bounds.south)],
            north_east: [up(bounds.east), up(bounds.north)],
            zone,
        }
    }

    fn meets(&self, [west, south]: [f32; 2], [east, north]: [f32; 2]) -> bool {
        self.south_west[0] <= east
            && west <= self.north_east[0]
            && self.south_west[1] <= north
            && south <= self.north_east[1]
    }

    fn holds(&self, [lon, lat]: [f32; 2]) -> bool {
        let ([west, south], [east, north]) = (self.south_west, self.north_east);
        west <= lon && lon <= east && south <= lat && lat <= north
    }
}

impl RTreeObject for ZoneBox {
    type Envelope = AABB<[f32; 2]>;

    fn envelope(&self) -> Self::Envelope {
        AABB::from_corners(self.south_west, self.north_east)
    }
}

impl rstar::PointDistance for ZoneBox {
    fn distance_2(&self, point: &[f32; 2]) -> f32 {
        rstar::Envelope::distance_2(&self.envelope(), point)
    }

    fn contains_point(&self, point: &[f32; 2]) -> bool {
        self.holds(*point)
    }
}
