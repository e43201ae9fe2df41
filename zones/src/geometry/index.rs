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
pub struct ZoneIndex {
    /// A box around all boxes, so that who is far from all of them costs no walk to the list.
    around: Corners,
    boxes: Boxes,
}

#[derive(Debug, Clone)]
enum Boxes {
    /// In the order of their zones.
    Few(Box<[ZoneBox]>),
    Many(Box<RTree<ZoneBox>>),
}

impl Default for ZoneIndex {
    fn default() -> Self {
        Self { around: Corners::NOTHING, boxes: Boxes::Few(Box::default()) }
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
        let around = boxes.iter().fold(Corners::NOTHING, |around, entry| around.joined(entry.corners));
        if boxes.len() > FEW {
            return Self { around, boxes: Boxes::Many(Box::new(RTree::bulk_load(boxes))) };
        }
        boxes.sort_unstable_by_key(|entry| entry.zone);
        Self { around, boxes: Boxes::Few(boxes.into()) }
    }

    /// Appends the numbers of the zones whose shape, widened by its margin, may hold `p`, in ascending order,
    /// each once. Never misses one; may name one that is a little too far.
    pub fn touching(&self, p: Position, found: &mut Vec<u32>) {
        let point = [p.lon_deg() as f32, p.lat_deg() as f32];
        if !self.around.hold(point) {
            return;
        }
        let before = found.len();
        match &self.boxes {
            Boxes::Few(boxes) => found.extend(boxes.iter().filter(|b| b.corners.hold(point)).map(|b| b.zone)),
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
            let corners = Corners {
                south_west: [part.west as f32, part.south as f32],
                north_east: [part.east as f32, part.north as f32],
            };
            if !self.around.meet(corners) {
                continue;
            }
            match &self.boxes {
                Boxes::Few(boxes) => {
                    found.extend(boxes.iter().filter(|b| b.corners.meet(corners)).map(|b| b.zone));
                }
                Boxes::Many(tree) => {
                    let envelope = AABB::from_corners(corners.south_west, corners.north_east);
                    found.extend(tree.locate_in_envelope_intersecting(envelope).map(|entry| entry.zone));
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

/// A box in single precision rounded outwards (some two metres at most). Rounding a position keeps order, so
/// what is within the exact box is found.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Corners {
    south_west: [f32; 2],
    north_east: [f32; 2],
}

impl Corners {
    /// Holds no place.
    const NOTHING: Self = Self { south_west: [f32::INFINITY; 2], north_east: [f32::NEG_INFINITY; 2] };

    fn hold(&self, [lon, lat]: [f32; 2]) -> bool {
        let ([west, south], [east, north]) = (self.south_west, self.north_east);
        west <= lon && lon <= east && south <= lat && lat <= north
    }

    fn meet(&self, other: Self) -> bool {
        (0..2).all(|axis| {
            self.south_west[axis] <= other.north_east[axis] && other.south_west[axis] <= self.north_east[axis]
        })
    }

    fn joined(self, other: Self) -> Self {
        Self {
            south_west: std::array::from_fn(|axis| self.south_west[axis].min(other.south_west[axis])),
            north_east: std::array::from_fn(|axis| self.north_east[axis].max(other.north_east[axis])),
        }
    }
}

/// A zone's box, or a part of it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct ZoneBox {
    corners: Corners,
    zone: u32,
}

impl ZoneBox {
    fn new(zone: u32, bounds: Bounds) -> Self {
        let (down, up) = (|v: f64| (v as f32).next_down(), |v: f64| (v as f32).next_up());
        let corners = Corners {
            south_west: [down(bounds.west), down(bounds.south)],
            north_east: [up(bounds.east), up(bounds.north)],
        };
        Self { corners, zone }
    }
}

impl RTreeObject for ZoneBox {
    type Envelope = AABB<[f32; 2]>;

    fn envelope(&self) -> Self::Envelope {
        AABB::from_corners(self.corners.south_west, self.corners.north_east)
    }
}

impl rstar::PointDistance for ZoneBox {
    fn distance_2(&self, point: &[f32; 2]) -> f32 {
        rstar::Envelope::distance_2(&self.envelope(), point)
    }

    fn contains_point(&self, point: &[f32; 2]) -> bool {
        self.corners.hold(*point)
    }
}
