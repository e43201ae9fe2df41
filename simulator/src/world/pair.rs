//! A wearer and a victim: where they live, and when something happens between them.

use std::collections::VecDeque;

use crate::chance::{Chance, Stream};
use crate::clock::{DAY, HOUR, LocalTime, MINUTE};

use super::behaviour::{Behaviour, Stage};
use super::city::City;
use super::habits::Habits;
use super::person::{Ground, KeepFrom, Person, pace};
use super::plane::Point;
use super::trial::{evening, first_episode};
use super::trip::Place;
use super::{CURFEW_FROM, HOMES_APART_M, KEEP_AWAY_M, Setup, demo};

/// How far ahead episodes are known: farther than any outing of daily life lasts, so that nobody is away on one
/// when an appointment begins.
const KNOWN_AHEAD: i64 = 2 * DAY;

/// Victims' daily life keeps this far from where the wearer lives and works, in metres.
const VICTIM_KEEPS_M: f64 = 3_500.0;

/// A wearer and the victim to keep away from.
#[derive(Debug)]
pub(crate) struct Pair {
    /// Who wears.
    pub(crate) wearer: Person,
    /// Who is protected.
    pub(crate) victim: Person,
    /// Moments at which the victim presses the panic button, in order.
    pub(crate) presses: VecDeque<i64>,
    behaviour: Behaviour,
    chance: Chance,
    next_episode: i64,
    again_ms: (i64, i64),
    by_day: bool,
}

impl Pair {
    /// The `index`-th pair of a world, at four in the morning before it starts.
    pub(crate) fn new(setup: &Setup, city: &City, index: usize) -> Self {
        let mut chance = Chance::new(setup.seed, Stream::Pair, index as u64);
        let script = setup.demo_speed.map(|speed| demo::script(index, setup.start, speed));
        let farthest = if script.is_some() { HOMES_APART_M + 250.0 } else { f64::INFINITY };
        let victim_home = any_home(&mut chance, city);
        let wearer_home = home_away_from(&mut chance, city, victim_home.p, farthest);
        let keep = KeepFrom { p: victim_home.p, least_m: KEEP_AWAY_M };
        let usual = |chance: &mut Chance, home, keep_m: f64, from: &[Point]| {
            habits(chance, city, home, |p| from.iter().all(|f| p.distance(*f) >= keep_m), setup)
        };
        let his = usual(&mut chance, wearer_home, KEEP_AWAY_M + 200.0, &[victim_home.p]);
        let his_places: Vec<Point> = his.work.iter().chain([&wearer_home]).map(|place| place.p).collect();
        let hers = usual(&mut chance, victim_home, VICTIM_KEEPS_M, &his_places);
        let dawn = his.midnight + 4 * HOUR;
        let car_limit = if script.is_some() { demo::CAR_LIMIT_MPS } else { f64::INFINITY };
        let mut person = |home, habits, keep, number: u64| {
            let chance_of_life = Chance::new(setup.seed, Stream::Person, 2 * index as u64 + number);
            Person::new(home, habits, pace(&mut chance, car_limit), keep, chance_of_life, dawn)
        };
        let wearer = person(wearer_home, his, Some(keep), 0);
        let victim = person(victim_home, hers, None, 1);
        let (behaviour, next_episode, again_ms) = script.unwrap_or_else(|| {
            if let Some(trial) = setup.trial {
                let behaviour = trial.behaviour(&mut chance);
                let first = first_episode(behaviour, setup.start, &mut chance);
                return (behaviour, first, (8 * HOUR, 16 * HOUR));
            }
            let first = setup.start + chance.whole(10 * MINUTE, 6 * HOUR);
            (Behaviour::draw(&mut chance), first, (12 * HOUR, 36 * HOUR))
        });
        // Who lingers in a trial was there before anybody watched.
        let by_day =
            setup.demo_speed.is_none() && !(setup.trial.is_some() && behaviour == Behaviour::Lingers);
        Self { wearer, victim, presses: VecDeque::new(), behaviour, chance, next_episode, again_ms, by_day }
    }

    /// How the wearer behaves.
    pub(crate) fn behaviour(&self) -> Behaviour {
        self.behaviour
    }

    /// Makes both plans reach beyond `moment`.
    pub(crate) fn plan_beyond(&mut self, moment: i64, ground: &mut Ground<'_>) {
        while self.behaviour != Behaviour::KeepsAway && self.next_episode < moment + KNOWN_AHEAD {
            self.schedule(ground.city);
        }
        self.wearer.plan_beyond(moment, ground);
        self.presses.append(&mut self.wearer.frightens);
        self.victim.plan_beyond(moment, ground);
    }

    fn schedule(&mut self, city: &City) {
        let mut start = self.next_episode;
        if self.behaviour == Behaviour::BreaksCurfew {
            start = evening(start, CURFEW_FROM + self.chance.whole(3 * MINUTE, 40 * MINUTE));
        } else if self.by_day && LocalTime::at(start).of_day < 7 * HOUR {
            start += 8 * HOUR;
        }
        let mut stage = Stage {
            city,
            chance: &mut self.chance,
            wearer_home: self.wearer.home,
            victim_home: self.victim.home,
            start,
        };
        if let Some(episode) = stage.episode(self.behaviour) {
            self.wearer.appoint(episode.wearer);
            if let Some(appointment) = episode.victim {
                self.victim.appoint(appointment);
            }
        }
        self.next_episode = start + self.chance.whole(self.again_ms.0, self.again_ms.1);
    }
}

fn any_home(chance: &mut Chance, city: &City) -> Place {
    // The main town is the larger one.
    let town = if chance.happens(0.6) { 0 } else { chance.below(city.towns.len()) };
    let town = &city.towns[town];
    let node = town.first + chance.below(town.columns * town.columns);
    near_crossing(chance, city, node)
}

/// A home in any town at least `HOMES_APART_M` and at most `farthest_m` from `p`.
fn home_away_from(chance: &mut Chance, city: &City, p: Point, farthest_m: f64) -> Place {
    for _ in 0..500 {
        let home = any_home(chance, city);
        let distance = home.p.distance(p);
        if distance >= HOMES_APART_M && distance <= farthest_m {
            return home;
        }
    }
    // The main town is wide enough for a corner that is far enough from anywhere.
    let mut best = 0;
    for (i, node) in city.nodes.iter().enumerate() {
        if node.at.distance(p) > city.nodes[best].at.distance(p) {
            best = i;
        }
    }
    Place { p: city.nodes[best].at, node: best }
}

fn near_crossing(chance: &mut Chance, city: &City, node: usize) -> Place {
    let p = city.nodes[node].at.plus(chance.between(-120.0, 120.0), chance.between(-120.0, 120.0));
    Place { p, node }
}

/// Places of daily life that are `allowed`: work and haunts, not too far from home.
fn habits(
    chance: &mut Chance,
    city: &City,
    home: Place,
    allowed: impl Fn(Point) -> bool,
    setup: &Setup,
) -> Habits {
    let place = |chance: &mut Chance, blocks: i64| {
        (0..40).map(|_| blocks_away(chance, city, home, blocks)).find(|place| allowed(place.p))
    };
    let works = chance.happens(0.7);
    let work = place(chance, 16).filter(|_| works);
    let count = chance.below(3) + 3;
    let haunts = (0..count).filter_map(|_| place(chance, 9)).collect();
    Habits {
        work,
        haunts,
        has_car: chance.happens(0.55),
        work_from: chance.whole(7 * HOUR + 45 * MINUTE, 9 * HOUR + 30 * MINUTE),
        midnight: Habits::midnight_of(setup.start, setup.shift_ms()),
        shift_ms: setup.shift_ms(),
    }
}

/// A place in the town of `home`, at most that many blocks away in either direction.
fn blocks_away(chance: &mut Chance, city: &City, home: Place, blocks: i64) -> Place {
    let town = city.towns.iter().rev().find(|t| t.first <= home.node).unwrap_or(&city.towns[0]);
    let last = town.columns.cast_signed() as i64 - 1;
    let local = (home.node - town.first).cast_signed() as i64;
    let mut near = |i: i64| (i + chance.whole(-blocks, blocks + 1)).clamp(0, last);
    let (row, column) = (near(local / (last + 1)), near(local % (last + 1)));
    let node = town.first + (row * (last + 1) + column) as usize;
    near_crossing(chance, city, node)
}
