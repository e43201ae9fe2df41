//! A person: home, work, errands, and a plan of activities that is made as time goes on.

use std::collections::VecDeque;

use crate::chance::Chance;
use crate::clock::{HOUR, MINUTE, SECOND};

use super::city::City;
use super::habits::{Habits, Outing};
use super::moving::{Activity, Doing, How, Knot, Mode, Moment, Sky};
use super::plane::Point;
use super::route::Router;
use super::trip::{Pace, Place, Travel};

/// What planning needs beside the person.
pub(crate) struct Ground<'a> {
    /// The streets.
    pub(crate) city: &'a City,
    /// Finds ways.
    pub(crate) router: &'a mut Router,
}

/// One leg of an appointment: go there, stay.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stop {
    /// Where to.
    pub(crate) place: Place,
    /// How to go.
    pub(crate) mode: Mode,
    /// How long to stay, in milliseconds.
    pub(crate) stay_ms: i64,
    /// What going and staying is.
    pub(crate) doing: Doing,
    /// Along which way.
    pub(crate) by: By,
}

/// The way of a leg.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum By {
    /// Along streets and lines.
    Streets,
    /// Straight over free space at that many metres per second, not before `departs`.
    Straight {
        /// Speed over ground.
        mps: f64,
        /// When it leaves, in milliseconds since 1970 UTC; who is late leaves at once.
        departs: i64,
    },
}

/// Something that comes before daily life: from `start` on the person makes these stops, goes home, and stays
/// there until `until`.
#[derive(Debug, Clone)]
pub(crate) struct Appointment {
    /// When it begins, in milliseconds since 1970 UTC.
    pub(crate) start: i64,
    /// Where to, in order.
    pub(crate) stops: Vec<Stop>,
    /// Not before this moment does daily life go on.
    pub(crate) until: i64,
}

/// A place and how far to keep from it, in metres.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeepFrom {
    /// The middle.
    pub(crate) p: Point,
    /// Least distance to it in daily life.
    pub(crate) least_m: f64,
}

/// A person.
#[derive(Debug)]
pub(crate) struct Person {
    /// Where the person lives.
    pub(crate) home: Place,
    /// Moments at which an approach makes the victim press the panic button; taken by the pair.
    pub(crate) frightens: VecDeque<i64>,
    habits: Habits,
    pace: Pace,
    keep_from: Option<KeepFrom>,
    chance: Chance,
    activities: VecDeque<Activity>,
    outings: VecDeque<Outing>,
    appointments: VecDeque<Appointment>,
    here: Place,
    planned_until: i64,
}

impl Person {
    /// A person at home at `start`, whose daily life keeps away from `keep_from`.
    pub(crate) fn new(
        home: Place,
        habits: Habits,
        pace: Pace,
        keep_from: Option<KeepFrom>,
        chance: Chance,
        start: i64,
    ) -> Self {
        Self {
            home,
            frightens: VecDeque::new(),
            habits,
            pace,
            keep_from,
            chance,
            activities: VecDeque::new(),
            outings: VecDeque::new(),
            appointments: VecDeque::new(),
            here: home,
            planned_until: start,
        }
    }

    /// Adds an appointment, later than all before.
    pub(crate) fn appoint(&mut self, appointment: Appointment) {
        self.appointments.push_back(appointment);
    }

    /// Makes the plan reach beyond `moment`.
    pub(crate) fn plan_beyond(&mut self, moment: i64, ground: &mut Ground<'_>) {
        while self.planned_until <= moment {
            self.plan_next(ground);
        }
    }

    /// Where the person is. The plan must reach beyond `moment`, and must not have been forgotten.
    pub(crate) fn moment(&self, moment: i64) -> Moment {
        let index = self.activities.partition_point(|a| a.until <= moment);
        match self.activities.get(index).or(self.activities.back()) {
            Some(activity) => activity.moment(moment),
            None => self.resting(moment, moment + 1, Doing::Home).moment(moment),
        }
    }

    /// Activities that begin from `from` up to but not including `until`.
    pub(crate) fn beginning(&self, from: i64, until: i64) -> impl Iterator<Item = &Activity> {
        self.activities.iter().filter(move |a| a.from >= from && a.from < until)
    }

    /// Drops what ended before `moment`.
    pub(crate) fn forget_before(&mut self, moment: i64) {
        while self.activities.front().is_some_and(|a| a.until <= moment) {
            self.activities.pop_front();
        }
    }

    fn plan_next(&mut self, ground: &mut Ground<'_>) {
        let now = self.planned_until;
        if self.appointments.front().is_some_and(|a| a.start <= now) {
            if let Some(appointment) = self.appointments.pop_front() {
                self.keep_appointment(&appointment, ground);
            }
            return;
        }
        let limit = self.appointments.front().map_or(i64::MAX, |a| a.start);
        let Some(outing) = self.outings.front().copied() else {
            self.outings = self.habits.next_day(&mut self.chance, ground.city, self.home);
            return;
        };
        if outing.depart >= limit {
            self.stay(limit, Sky::Indoors, Doing::Home);
            return;
        }
        self.outings.pop_front();
        let too_late = outing.depart + HOUR < now;
        let back_by = outing.depart.max(now) + outing.stay_ms + 2 * outing.about_ms;
        if !too_late && back_by < limit {
            self.go_out(&outing, ground);
        }
    }

    /// Daily life: there, stay, and back. An outing whose way comes too near to what the person keeps from is
    /// left out.
    fn go_out(&mut self, outing: &Outing, ground: &mut Ground<'_>) {
        self.stay(outing.depart, Sky::Indoors, Doing::Home);
        let out = self.trip(outing.place, outing.mode, self.planned_until, ground);
        let arrival = end_of(&out);
        let home = self.home;
        let back = self.trip_from(outing.place, home, outing.mode, arrival + outing.stay_ms, ground);
        if self.comes_too_near(&out) || self.comes_too_near(&back) {
            return;
        }
        self.go(outing.place, outing.mode, out, outing.doing);
        self.stay(arrival + outing.stay_ms, outing.sky, outing.doing);
        self.go(home, outing.mode, back, outing.doing);
    }

    fn keep_appointment(&mut self, appointment: &Appointment, ground: &mut Ground<'_>) {
        for (i, stop) in appointment.stops.iter().enumerate() {
            let knots = match stop.by {
                By::Streets => self.trip(stop.place, stop.mode, self.planned_until, ground),
                By::Straight { mps, departs } => {
                    self.stay(departs, Sky::Street, stop.doing);
                    straight(self.here.p, stop, mps, self.planned_until)
                }
            };
            self.go(stop.place, stop.mode, knots, stop.doing);
            let last_approach = appointment.stops.get(i + 1).is_none_or(|next| next.doing != Doing::Approach);
            if stop.doing == Doing::Approach && last_approach && self.chance.happens(0.4) {
                let seen_after = self.chance.whole(10 * SECOND, 90 * SECOND);
                self.frightens.push_back(self.planned_until + seen_after);
            }
            self.stay(self.planned_until + stop.stay_ms, Sky::Street, stop.doing);
        }
        if let Some(last) = appointment.stops.last() {
            let knots = self.trip(self.home, last.mode, self.planned_until, ground);
            let doing = if last.doing.is_ordinary() { Doing::Errand } else { Doing::Leave };
            self.go(self.home, last.mode, knots, doing);
        }
        self.stay(appointment.until, Sky::Indoors, Doing::Home);
    }

    fn comes_too_near(&self, knots: &[Knot]) -> bool {
        self.keep_from.is_some_and(|keep| {
            knots.windows(2).any(|pair| keep.p.distance_to_way(pair[0].p, pair[1].p) < keep.least_m)
        })
    }

    fn trip(&mut self, to: Place, mode: Mode, depart: i64, ground: &mut Ground<'_>) -> Vec<Knot> {
        self.trip_from(self.here, to, mode, depart, ground)
    }

    fn trip_from(
        &mut self,
        from: Place,
        to: Place,
        mode: Mode,
        depart: i64,
        ground: &mut Ground<'_>,
    ) -> Vec<Knot> {
        let mut travel =
            Travel { city: ground.city, router: ground.router, chance: &mut self.chance, pace: self.pace };
        travel.trip(from, to, mode, depart)
    }

    fn go(&mut self, to: Place, mode: Mode, knots: Vec<Knot>, doing: Doing) {
        let (from, until) = (self.planned_until, end_of(&knots));
        self.activities.push_back(Activity { from, until, doing, how: How::Move { mode, knots } });
        (self.here, self.planned_until) = (to, until);
    }

    fn stay(&mut self, until: i64, sky: Sky, doing: Doing) {
        if until <= self.planned_until {
            return;
        }
        let mut activity = self.resting(self.planned_until, until, doing);
        if let How::Stay { sky: under, wander_m, salt, .. } = &mut activity.how {
            *under = sky;
            *wander_m = if sky == Sky::Indoors { 6.0 } else { 12.0 };
            *salt = self.chance.whole(0, 1 << 50) as u64;
        }
        self.activities.push_back(activity);
        self.planned_until = until;
    }

    fn resting(&self, from: i64, until: i64, doing: Doing) -> Activity {
        let how = How::Stay { at: self.here.p, sky: Sky::Indoors, wander_m: 0.0, salt: 0 };
        Activity { from, until, doing, how }
    }
}

/// Drawn once: how fast somebody walks and cycles.
pub(crate) fn pace(chance: &mut Chance, car_limit_mps: f64) -> Pace {
    Pace { walk: chance.between(1.15, 1.65), bike: chance.between(4.0, 5.6), car_limit: car_limit_mps }
}

/// About how long a trip takes, in milliseconds, generously: the way is not straight and lights are red.
pub(crate) fn about_ms(distance_m: f64, mode: Mode) -> i64 {
    let (speed, extra) = match mode {
        Mode::Car | Mode::Bus | Mode::Train => (6.0, 5 * MINUTE),
        Mode::Bike => (2.6, 5 * MINUTE),
        Mode::Tram | Mode::Metro => (3.0, 45 * MINUTE),
        Mode::Walk | Mode::Still => (0.75, 5 * MINUTE),
    };
    (distance_m / speed * 1_000.0) as i64 + extra
}

/// A leg straight over free space.
fn straight(from: Point, stop: &Stop, mps: f64, depart: i64) -> Vec<Knot> {
    let sky = if stop.mode == Mode::Car { Sky::Open } else { Sky::Street };
    let knot = |at, p| Knot { at, p, mode: stop.mode, sky };
    let ms = (from.distance(stop.place.p) / mps * 1_000.0).ceil() as i64;
    vec![knot(depart, from), knot(depart + ms, stop.place.p)]
}

fn end_of(knots: &[Knot]) -> i64 {
    knots.last().map_or(0, |k| k.at)
}
