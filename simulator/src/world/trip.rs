//! Trips: how long it takes to go somewhere, and where one is on the way.

use crate::chance::Chance;
use crate::clock::SECOND;

use super::city::{City, Line, Way};
use super::moving::{Knot, Mode, Sky};
use super::plane::Point;
use super::route::Router;

/// A place to be, with the crossing to leave it by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Place {
    /// Where.
    pub(crate) p: Point,
    /// Index of the nearest crossing.
    pub(crate) node: usize,
}

/// How fast somebody is, in metres per second.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// On foot.
    pub(crate) walk: f64,
    /// By bike.
    pub(crate) bike: f64,
    /// Fastest by car, whatever the road allows.
    pub(crate) car_limit: f64,
}

/// Farthest walk to a stop, in metres.
const TO_STOP_M: f64 = 1_500.0;

/// What a trip is made with.
pub(crate) struct Travel<'a> {
    /// The streets.
    pub(crate) city: &'a City,
    /// Finds the way.
    pub(crate) router: &'a mut Router,
    /// The traveller's luck with lights and traffic.
    pub(crate) chance: &'a mut Chance,
    /// How fast the traveller is.
    pub(crate) pace: Pace,
}

impl Travel<'_> {
    /// The trip from one place to another, leaving at `depart`: at least two knots. A tram or metro that does
    /// not serve both ends becomes a bike.
    pub(crate) fn trip(&mut self, from: Place, to: Place, mode: Mode, depart: i64) -> Vec<Knot> {
        let mut way = Knots::new(from.p, depart);
        if matches!(mode, Mode::Tram | Mode::Metro) {
            if let Some(ride) = Ride::between(self.city, from.p, to.p) {
                self.ride(&mut way, from, to, &ride);
                return way.0;
            }
            self.streets(&mut way, from, to, Mode::Bike);
        } else {
            self.streets(&mut way, from, to, mode);
        }
        way.0
    }

    fn streets(&mut self, way: &mut Knots, from: Place, to: Place, mode: Mode) {
        if from.node == to.node && from.p.distance(to.p) < 300.0 {
            let speed = self.speed(mode, Way::Street);
            way.go(to.p, speed, mode, Sky::Street);
            return;
        }
        let nodes = self.router.way(self.city, mode, from.node, to.node);
        let speed = self.speed(mode, Way::Street);
        way.go(self.city.nodes[nodes[0]].at, speed, mode, Sky::Street);
        for pair in nodes.windows(2) {
            let node = &self.city.nodes[pair[0]];
            let kind = node.edges.iter().find(|e| e.to as usize == pair[1]).map_or(Way::Street, |e| e.way);
            let next = &self.city.nodes[pair[1]];
            let sky = match kind {
                Way::Motorway => Sky::Open,
                _ if node.dense && next.dense => Sky::Canyon,
                _ => Sky::Street,
            };
            if kind == Way::Arterial && self.chance.happens(0.15) {
                way.pause(self.chance.whole(8 * SECOND, 40 * SECOND), mode, sky);
            }
            let speed = self.speed(mode, kind);
            way.go(next.at, speed, mode, sky);
        }
        let speed = self.speed(mode, Way::Street);
        way.go(to.p, speed, mode, Sky::Street);
    }

    fn speed(&mut self, mode: Mode, way: Way) -> f64 {
        let (low, high) = match (mode, way) {
            (Mode::Car, Way::Street) => (7.0, 9.0),
            (Mode::Car, Way::Arterial) => (11.5, 14.0),
            (Mode::Car, Way::Motorway) => (25.0, 29.5),
            (Mode::Bike, _) => (self.pace.bike * 0.9, self.pace.bike * 1.1),
            _ => (self.pace.walk * 0.9, self.pace.walk * 1.1),
        };
        let speed = self.chance.between(low, high);
        if mode == Mode::Car { speed.min(self.pace.car_limit) } else { speed }
    }

    fn ride(&mut self, way: &mut Knots, from: Place, to: Place, ride: &Ride<'_>) {
        let mode = if ride.line.metro { Mode::Metro } else { Mode::Tram };
        let stop = |city: &City, i: usize| Place {
            p: ride.line.stops[i],
            node: city.nearest_of(0, ride.line.stops[i]),
        };
        let (first, last) = (stop(self.city, ride.from), stop(self.city, ride.to));
        self.streets(way, from, first, Mode::Walk);
        way.pause(self.chance.whole(60 * SECOND, 420 * SECOND), Mode::Still, Sky::Street);
        let forward = ride.to > ride.from;
        let mut at = ride.from;
        while at != ride.to {
            let next = if forward { at + 1 } else { at - 1 };
            let below = at.min(next) >= ride.line.tunnel.0 && at.max(next) <= ride.line.tunnel.1;
            let sky = if below { Sky::Tunnel } else { Sky::Street };
            way.pause(self.chance.whole(15 * SECOND, 35 * SECOND), mode, sky);
            way.go(ride.line.stops[next], ride.line.speed_mps * self.chance.between(0.92, 1.08), mode, sky);
            at = next;
        }
        self.streets(way, last, to, Mode::Walk);
    }
}

/// A ride along a line, from one stop to another.
struct Ride<'a> {
    line: &'a Line,
    from: usize,
    to: usize,
}

impl<'a> Ride<'a> {
    /// The line that serves both ends with the least walking.
    fn between(city: &'a City, from: Point, to: Point) -> Option<Self> {
        let mut best: Option<(f64, Self)> = None;
        for line in &city.lines {
            let ((a, walk_a), (b, walk_b)) = (nearest_stop(line, from), nearest_stop(line, to));
            let walk = walk_a + walk_b;
            if a != b
                && walk_a < TO_STOP_M
                && walk_b < TO_STOP_M
                && best.as_ref().is_none_or(|(w, _)| walk < *w)
            {
                best = Some((walk, Self { line, from: a, to: b }));
            }
        }
        best.map(|(_, ride)| ride)
    }
}

/// The line that serves both ends, as what the traveller would call it.
pub(crate) fn served_by(city: &City, from: Point, to: Point) -> Option<Mode> {
    Ride::between(city, from, to).map(|ride| if ride.line.metro { Mode::Metro } else { Mode::Tram })
}

fn nearest_stop(line: &Line, p: Point) -> (usize, f64) {
    let mut best = (0, f64::INFINITY);
    for (i, stop) in line.stops.iter().enumerate() {
        let distance = stop.distance(p);
        if distance < best.1 {
            best = (i, distance);
        }
    }
    best
}

/// A trip in the making.
struct Knots(Vec<Knot>);

impl Knots {
    fn new(p: Point, at: i64) -> Self {
        Self(vec![Knot { at, p, mode: Mode::Still, sky: Sky::Street }])
    }

    fn go(&mut self, to: Point, speed_mps: f64, mode: Mode, sky: Sky) {
        let metres = self.0.last().map_or(0.0, |k| k.p.distance(to));
        // Rounded up: a millisecond too short would make the last metre of a short hop too fast.
        self.push((metres / speed_mps * 1_000.0).ceil() as i64, Some(to), mode, sky);
    }

    fn pause(&mut self, ms: i64, mode: Mode, sky: Sky) {
        self.push(ms, None, mode, sky);
    }

    fn push(&mut self, ms: i64, to: Option<Point>, mode: Mode, sky: Sky) {
        if let Some(last) = self.0.last_mut() {
            (last.mode, last.sky) = (mode, sky);
            let knot = Knot { at: last.at + ms, p: to.unwrap_or(last.p), mode, sky };
            self.0.push(knot);
        }
    }
}
