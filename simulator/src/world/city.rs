//! Streets: towns of crooked grids with arterials, canals to cross by bridges, motorways between towns, and a
//! tram and a metro line. Everything is made up; only the town halls stand where a Dutch city is.

use crate::chance::{Chance, Stream};

use super::plane::{Plane, Point};

/// Metres between two crossings of a grid.
const BLOCK_M: f64 = 400.0;
/// Every so many streets one is an arterial.
const ARTERIAL_EVERY: usize = 5;
/// Half the width of the main town, in metres.
const MAIN_HALF_M: f64 = 8_000.0;
/// Half the width of the other towns, in metres.
const SMALL_HALF_M: f64 = 3_200.0;
/// Radius of the high buildings around the centre of the main town, in metres.
const DENSE_M: f64 = 2_200.0;

/// Where worlds are put: latitude, longitude, police control room.
const SITES: [(f64, f64, &str); 8] = [
    (52.0907, 5.1214, "utrecht"),
    (51.9225, 4.4792, "rotterdam"),
    (51.4416, 5.4697, "eindhoven"),
    (51.9851, 5.8987, "arnhem"),
    (51.5606, 5.0919, "tilburg"),
    (52.2112, 5.9699, "apeldoorn"),
    (52.5168, 6.0830, "zwolle"),
    (51.8126, 5.8372, "nijmegen"),
];

/// Kind of way between two crossings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// 30 km/h.
    Street,
    /// 50 km/h, with traffic lights.
    Arterial,
    /// 100 km/h between towns; cyclists and walkers have a path beside it.
    Motorway,
}

/// A way out of a crossing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Edge {
    /// Crossing at the other end.
    pub(crate) to: u32,
    /// Kind of way.
    pub(crate) way: Way,
}

/// A crossing.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// Where.
    pub(crate) at: Point,
    /// Between high buildings.
    pub(crate) dense: bool,
    /// Ways out.
    pub(crate) edges: Vec<Edge>,
}

/// A line with stops; it runs both ways.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// Stops in order.
    pub(crate) stops: Vec<Point>,
    /// The stops between which it runs underground; equal for a tram.
    pub(crate) tunnel: (usize, usize),
    /// Speed between stops in metres per second.
    pub(crate) speed_mps: f64,
    /// Underground or not, a metro is called a metro.
    pub(crate) metro: bool,
}

/// A town: its crossings are `nodes[first..first + columns * columns]`, row by row from the south-west.
#[derive(Debug, Clone)]
pub(crate) struct Town {
    /// Town hall.
    pub(crate) centre: Point,
    /// First crossing.
    pub(crate) first: usize,
    /// Crossings in a row, and rows.
    pub(crate) columns: usize,
}

/// All streets of a world.
#[derive(Debug, Clone)]
pub(crate) struct City {
    /// Where on earth.
    pub(crate) plane: Plane,
    /// Police control room of the region.
    pub(crate) desk: &'static str,
    /// The main town first.
    pub(crate) towns: Vec<Town>,
    /// Crossings of all towns and motorways.
    pub(crate) nodes: Vec<Node>,
    /// Public transport of the main town.
    pub(crate) lines: Vec<Line>,
}

impl City {
    /// The streets of a seed: a main town and `others` smaller ones. `site` chooses the place on earth, else
    /// chance does.
    pub(crate) fn new(seed: u64, others: usize, site: Option<usize>) -> Self {
        let mut chance = Chance::new(seed, Stream::Town, 0);
        let drawn = chance.below(SITES.len());
        let (lat, lon, desk) = SITES[site.unwrap_or(drawn) % SITES.len()];
        let mut city = Self {
            plane: Plane::new(lat, lon),
            desk,
            towns: Vec::new(),
            nodes: Vec::new(),
            lines: Vec::new(),
        };
        city.build_town(&mut chance, Point { x: 0.0, y: 0.0 }, MAIN_HALF_M);
        for centre in other_centres(&mut chance, others) {
            city.build_town(&mut chance, centre, SMALL_HALF_M);
            city.build_motorway(&mut chance, city.towns.len() - 1);
        }
        city.build_lines();
        city
    }

    fn build_town(&mut self, chance: &mut Chance, centre: Point, half_m: f64) {
        let columns = (2.0 * half_m / BLOCK_M) as usize + 1;
        let first = self.nodes.len();
        let dense_m = if self.towns.is_empty() { DENSE_M } else { DENSE_M / 3.0 };
        for row in 0..columns {
            for column in 0..columns {
                let at = centre.plus(
                    column as f64 * BLOCK_M - half_m + chance.between(-80.0, 80.0),
                    row as f64 * BLOCK_M - half_m + chance.between(-80.0, 80.0),
                );
                self.nodes.push(Node { at, dense: at.distance(centre) < dense_m, edges: Vec::new() });
            }
        }
        self.towns.push(Town { centre, first, columns });
        // Canals lie in the middle third, so that an arterial with its bridge crosses each.
        let third = (columns / 3).cast_signed() as i64;
        let [canal_column, canal_row] = [(); 2].map(|()| chance.whole(third, 2 * third) as usize);
        for row in 0..columns {
            for column in 0..columns {
                let here = first + row * columns + column;
                let (arterial_row, arterial_column) =
                    (row % ARTERIAL_EVERY == 2, column % ARTERIAL_EVERY == 2);
                // Some streets along a row are left out; those along a column never are, which keeps every
                // crossing connected to an arterial.
                let exists = arterial_row || (column != canal_column && !chance.happens(0.12));
                if column + 1 < columns && exists {
                    self.connect(here, here + 1, way(arterial_row));
                }
                if row + 1 < columns && (arterial_column || row != canal_row) {
                    self.connect(here, here + columns, way(arterial_column));
                }
            }
        }
    }

    fn connect(&mut self, a: usize, b: usize, way: Way) {
        self.nodes[a].edges.push(Edge { to: b as u32, way });
        self.nodes[b].edges.push(Edge { to: a as u32, way });
    }

    /// Connects a town with the main town.
    fn build_motorway(&mut self, chance: &mut Chance, town: usize) {
        let main = self.towns[0].centre;
        let exit = self.nearest_of(0, self.towns[town].centre);
        let entry = self.nearest_of(town, main);
        let (from, to) = (self.nodes[exit].at, self.nodes[entry].at);
        let pieces = (from.distance(to) / 1_500.0) as usize + 1;
        let mut last = exit;
        for piece in 1..pieces {
            let straight = from.towards(to, piece as f64 / pieces as f64);
            let at = straight.plus(chance.between(-200.0, 200.0), chance.between(-200.0, 200.0));
            self.nodes.push(Node { at, dense: false, edges: Vec::new() });
            self.connect(last, self.nodes.len() - 1, Way::Motorway);
            last = self.nodes.len() - 1;
        }
        self.connect(last, entry, Way::Motorway);
    }

    /// A metro from west to east, underground below the high buildings, and three trams from south to north.
    fn build_lines(&mut self) {
        let town = &self.towns[0];
        let middle = town.columns / 2;
        let stops = |node: &dyn Fn(usize) -> usize| -> Vec<Point> {
            (1..town.columns).step_by(2).map(|i| self.nodes[town.first + node(i)].at).collect()
        };
        let metro = stops(&|column| middle * town.columns + column);
        let trams = [1, 2, 3].map(|quarter| stops(&|row| row * town.columns + town.columns * quarter / 4));
        let below: Vec<usize> =
            (0..metro.len()).filter(|&i| metro[i].distance(town.centre) < DENSE_M).collect();
        let tunnel = (below.first().copied().unwrap_or(0), below.last().copied().unwrap_or(0));
        self.lines = vec![Line { stops: metro, tunnel, speed_mps: 16.0, metro: true }];
        let tram = |stops| Line { stops, tunnel: (0, 0), speed_mps: 9.5, metro: false };
        self.lines.extend(trams.map(tram));
    }

    /// The crossing of a town nearest to a point.
    pub(crate) fn nearest_of(&self, town: usize, p: Point) -> usize {
        let town = &self.towns[town];
        let range = town.first..town.first + town.columns * town.columns;
        self.nearest_in(range, p)
    }

    /// The crossing nearest to a point, of any town.
    pub(crate) fn nearest(&self, p: Point) -> usize {
        self.nearest_in(0..self.nodes.len(), p)
    }

    fn nearest_in(&self, range: std::ops::Range<usize>, p: Point) -> usize {
        let mut best = (range.start, f64::INFINITY);
        for i in range {
            let distance = self.nodes[i].at.distance(p);
            if distance < best.1 {
                best = (i, distance);
            }
        }
        best.0
    }
}

fn way(arterial: bool) -> Way {
    if arterial { Way::Arterial } else { Way::Street }
}

/// Centres of the smaller towns, spread around the main one so that none overlap.
fn other_centres(chance: &mut Chance, others: usize) -> Vec<Point> {
    let turn = chance.between(0.0, 1.0);
    (0..others)
        .map(|i| {
            let part = (i as f64 + turn) / others as f64 + chance.between(-0.08, 0.08) / others as f64;
            let angle = part * 2.0 * std::f64::consts::PI;
            let distance = chance.between(17_000.0, 26_000.0);
            Point { x: distance * libm::cos(angle), y: distance * libm::sin(angle) }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_crossing_can_be_reached() {
        for seed in 0..20 {
            let city = City::new(seed, 3, None);
            let mut seen = vec![false; city.nodes.len()];
            let mut open = vec![0_usize];
            while let Some(node) = open.pop() {
                if !std::mem::replace(&mut seen[node], true) {
                    open.extend(city.nodes[node].edges.iter().map(|e| e.to as usize));
                }
            }
            assert!(seen.iter().all(|s| *s), "seed {seed}");
        }
    }

    #[test]
    fn towns_keep_apart() {
        for seed in 0..20 {
            let city = City::new(seed, 3, None);
            for (i, a) in city.towns.iter().enumerate() {
                for b in &city.towns[..i] {
                    assert!(a.centre.distance(b.centre) > MAIN_HALF_M, "seed {seed}");
                }
            }
        }
    }
}
