//! The shortest way through the streets.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::city::{City, Way};
use super::moving::Mode;

/// Finds ways; keeps its tables between searches.
#[derive(Debug, Default)]
pub(crate) struct Router {
    search: u32,
    seen_in: Vec<u32>,
    best_ms: Vec<u64>,
    came_from: Vec<u32>,
    open: BinaryHeap<Reverse<(u64, u32)>>,
}

/// Milliseconds to go that far by that way, for finding the quickest way only.
fn cost_ms(mode: Mode, way: Way, distance_m: f64) -> u64 {
    let speed = match (mode, way) {
        (Mode::Car, Way::Street) => 8.0,
        (Mode::Car, Way::Arterial) => 13.0,
        (Mode::Car, Way::Motorway) => FASTEST_MPS,
        _ => 1.4,
    };
    (distance_m / speed * 1_000.0) as u64
}

/// Nobody on the road is faster; the estimate of what is left must never be too long.
const FASTEST_MPS: f64 = 28.0;

impl Router {
    /// The crossings from `from` to `to`, both included (A*). Streets are connected; were they not, the answer
    /// would be the two ends.
    pub(crate) fn way(&mut self, city: &City, mode: Mode, from: usize, to: usize) -> Vec<usize> {
        self.prepare(city.nodes.len());
        let goal = city.nodes[to].at;
        let limit_mps = if mode == Mode::Car { FASTEST_MPS } else { 1.4 };
        let left_ms = |node: usize| (city.nodes[node].at.distance(goal) / limit_mps * 1_000.0) as u64;
        self.reach(from, 0, from as u32);
        self.open.push(Reverse((left_ms(from), from as u32)));
        while let Some(Reverse((estimate, node))) = self.open.pop() {
            let node = node as usize;
            if node == to {
                return self.trace(from, to);
            }
            let so_far = self.best_ms[node];
            if estimate > so_far + left_ms(node) {
                continue; // A shorter way to this crossing was found after this entry was made.
            }
            for edge in &city.nodes[node].edges {
                let next = edge.to as usize;
                let distance = city.nodes[node].at.distance(city.nodes[next].at);
                let ms = so_far + cost_ms(mode, edge.way, distance);
                if self.seen_in[next] != self.search || ms < self.best_ms[next] {
                    self.reach(next, ms, node as u32);
                    self.open.push(Reverse((ms + left_ms(next), edge.to)));
                }
            }
        }
        vec![from, to]
    }

    fn prepare(&mut self, nodes: usize) {
        self.seen_in.resize(nodes, 0);
        self.best_ms.resize(nodes, 0);
        self.came_from.resize(nodes, 0);
        self.open.clear();
        self.search = self.search.wrapping_add(1);
        if self.search == 0 {
            self.seen_in.fill(0);
            self.search = 1;
        }
    }

    fn reach(&mut self, node: usize, ms: u64, from: u32) {
        self.seen_in[node] = self.search;
        self.best_ms[node] = ms;
        self.came_from[node] = from;
    }

    fn trace(&self, from: usize, to: usize) -> Vec<usize> {
        let mut way = vec![to];
        let mut node = to;
        while node != from {
            node = self.came_from[node] as usize;
            way.push(node);
        }
        way.reverse();
        way
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::{Chance, Stream};

    /// Dijkstra without an estimate, over all crossings, as another road to the same answer.
    fn plain_cost(city: &City, mode: Mode, from: usize, to: usize) -> u64 {
        let mut best = vec![u64::MAX; city.nodes.len()];
        best[from] = 0;
        let mut changed = true;
        while changed {
            changed = false;
            for node in 0..city.nodes.len() {
                if best[node] == u64::MAX {
                    continue;
                }
                for edge in &city.nodes[node].edges {
                    let next = edge.to as usize;
                    let distance = city.nodes[node].at.distance(city.nodes[next].at);
                    let ms = best[node] + cost_ms(mode, edge.way, distance);
                    if ms < best[next] {
                        best[next] = ms;
                        changed = true;
                    }
                }
            }
        }
        best[to]
    }

    #[test]
    fn ways_are_connected_and_shortest() {
        let city = City::new(4, 2, None);
        let mut chance = Chance::new(4, Stream::Pair, 0);
        let mut router = Router::default();
        for i in 0..10 {
            let [from, to] = [(); 2].map(|()| chance.below(city.nodes.len()));
            let mode = if i % 2 == 0 { Mode::Car } else { Mode::Bike };
            let way = router.way(&city, mode, from, to);
            assert_eq!((way[0], way[way.len() - 1]), (from, to));
            let cost: u64 = way
                .windows(2)
                .map(|pair| {
                    let edge = city.nodes[pair[0]].edges.iter().find(|e| e.to as usize == pair[1]).unwrap();
                    let distance = city.nodes[pair[0]].at.distance(city.nodes[pair[1]].at);
                    cost_ms(mode, edge.way, distance)
                })
                .sum();
            let shortest = plain_cost(&city, mode, from, to);
            assert!(cost >= shortest && cost - shortest <= way.len() as u64, "{cost} {shortest}");
        }
    }
}
