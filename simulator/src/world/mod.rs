//! The world: a made-up city where people go about their day, and where wearers and victims should not meet.
//! Where somebody is at a moment is a function of a plan that is made as time goes on, so that the cost of a
//! world is that of the moments that are looked at.

mod behaviour;
mod city;
mod demo;
mod habits;
mod moving;
mod pair;
mod person;
mod plane;
mod route;
mod trial;
mod trip;

#[cfg(test)]
mod tests;

pub(crate) use behaviour::Behaviour;
pub(crate) use city::City;
pub(crate) use demo::PAIRS as DEMO_PAIRS;
pub(crate) use moving::{Activity, Doing, How, Mode, Moment, Sky};
pub(crate) use pair::Pair;
pub(crate) use person::Person;
pub(crate) use plane::{Plane, Point};
pub(crate) use trial::{FASTEST_MPS, Trial};

use crate::clock::{DAY, HOUR, LocalTime, MINUTE};
use person::Ground;
use route::Router;

/// Radius of every exclusion zone, in metres: what the guidance advises.
pub(crate) const ZONE_RADIUS_M: f64 = 5_000.0;
/// Width of the warning ring around it, in metres.
pub(crate) const BUFFER_M: f64 = 500.0;
/// When a wearer with a curfew must be at home, in milliseconds of the day by the clock on the wall.
pub(crate) const CURFEW_FROM: i64 = 22 * HOUR;
/// Until when.
pub(crate) const CURFEW_UNTIL: i64 = 6 * HOUR;
/// How far the daily life of a wearer keeps from the victim's home, in metres.
const KEEP_AWAY_M: f64 = ZONE_RADIUS_M + BUFFER_M + 300.0;
/// Least distance between both homes, in metres: the guidance wants 1,000 from the edge of the zone, and a plane
/// is a little off.
const HOMES_APART_M: f64 = ZONE_RADIUS_M + 1_150.0;

/// What a world is made from.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    /// Seed of everything.
    pub(crate) seed: u64,
    /// Number of pairs.
    pub(crate) pairs: usize,
    /// First moment, in milliseconds since 1970 UTC.
    pub(crate) start: i64,
    /// Smaller towns beside the main one.
    pub(crate) other_towns: usize,
    /// For the preset of a demonstration, how much faster than the spectator's clock the world runs.
    pub(crate) demo_speed: Option<f64>,
    /// For a world that judges the detection, how it differs from everyday life.
    pub(crate) trial: Option<Trial>,
}

impl Setup {
    /// Added to a moment before its local time is read. A demonstration starts on a Saturday afternoon, when most
    /// people are about, whenever it is given.
    pub(crate) fn shift_ms(&self) -> i64 {
        if self.demo_speed.is_none() {
            return 0;
        }
        let now = LocalTime::at(self.start);
        5 * DAY + 13 * HOUR + 30 * MINUTE - (now.weekday * DAY + now.of_day)
    }
}

/// All people and streets.
#[derive(Debug)]
pub(crate) struct World {
    /// The streets.
    pub(crate) city: City,
    /// Wearers and victims.
    pub(crate) pairs: Vec<Pair>,
    router: Router,
}

impl World {
    /// The world of a seed, planned up to its start.
    pub(crate) fn new(setup: &Setup) -> Self {
        let site = setup.demo_speed.map(|_| demo::SITE);
        let city = City::new(setup.seed, setup.other_towns, site);
        let pairs = (0..setup.pairs).map(|index| Pair::new(setup, &city, index)).collect();
        let mut world = Self { city, pairs, router: Router::default() };
        for index in 0..setup.pairs {
            world.plan_beyond(index, setup.start);
            world.forget_before(index, setup.start);
        }
        world
    }

    /// Makes the plan of a pair reach beyond `moment`.
    pub(crate) fn plan_beyond(&mut self, pair: usize, moment: i64) {
        let mut ground = Ground { city: &self.city, router: &mut self.router };
        self.pairs[pair].plan_beyond(moment, &mut ground);
    }

    /// Drops the part of a pair's plan that ended before `moment`.
    pub(crate) fn forget_before(&mut self, pair: usize, moment: i64) {
        self.pairs[pair].wearer.forget_before(moment);
        self.pairs[pair].victim.forget_before(moment);
    }
}
