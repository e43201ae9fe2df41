//! Worlds that judge the detection: more happens in them than in everyday life, and faster.

use crate::chance::Chance;
use crate::clock::{DAY, HOUR, LocalTime, MINUTE};
use crate::radio::Noise;

use super::behaviour::{AT_HOME_BEFORE, Behaviour, Episode, Stage, hold};
use super::moving::{Doing, Mode};
use super::person::{Appointment, By, Stop, about_ms};
use super::plane::Point;

/// Nobody in a trial is faster, in metres per second: the train.
pub(crate) const FASTEST_MPS: f64 = TRAIN_MPS.1;

/// Speeds of a bus and a train between stops, in metres per second.
const BUS_MPS: (f64, f64) = (9.0, 13.0);
const TRAIN_MPS: (f64, f64) = (33.0, 39.0);

/// Fast cars: 50 to 130 km/h.
const DRIVE_KMH: (f64, f64) = (50.0, 130.0);

/// What a world that judges the detection is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trial {
    /// How unkind the radio is.
    pub(crate) noise: Noise,
    /// What every wearer does; `None` draws it for each.
    pub(crate) cast: Option<Behaviour>,
}

impl Trial {
    /// What a wearer does.
    pub(super) fn behaviour(self, chance: &mut Chance) -> Behaviour {
        let drawn = chance.below(100);
        self.cast.unwrap_or(match drawn {
            0..36 => Behaviour::KeepsAway,
            36..40 => Behaviour::Approaches(Mode::Walk),
            40..46 => Behaviour::Approaches(Mode::Bike),
            46..53 => Behaviour::Approaches(Mode::Car),
            53..67 => Behaviour::Drives,
            67..71 => Behaviour::PassesBy,
            71..75 => Behaviour::TestsBoundary,
            75..79 => Behaviour::MeetsByChance,
            79..82 => Behaviour::Lingers,
            82..85 => Behaviour::EntersZone,
            85..89 => Behaviour::Waits,
            89..92 => Behaviour::RidesAlong(Mode::Train),
            92..94 => Behaviour::RidesAlong(Mode::Bus),
            94..96 => Behaviour::Hovers,
            _ => Behaviour::BreaksCurfew,
        })
    }
}

/// When it first happens in a world that starts at `start`.
pub(super) fn first_episode(behaviour: Behaviour, start: i64, chance: &mut Chance) -> i64 {
    match behaviour {
        // He is there already when the watching begins.
        Behaviour::Lingers => start - chance.whole(65 * MINUTE, 80 * MINUTE),
        _ => start + chance.whole(80 * MINUTE, 6 * HOUR),
    }
}

/// The first moment at or after `from` that the clock on the wall shows an evening's `of_day`.
pub(super) fn evening(from: i64, of_day: i64) -> i64 {
    from + (of_day - LocalTime::at(from).of_day).rem_euclid(DAY)
}

impl Stage<'_> {
    pub(super) fn drive(&mut self) -> Episode {
        let target = self.around(self.victim_home.p, 40.0, 220.0);
        let mps = self.chance.between(DRIVE_KMH.0, DRIVE_KMH.1) / 3.6;
        let stay_ms = self.chance.whole(3 * MINUTE, 15 * MINUTE);
        let by = By::Straight { mps, departs: 0 };
        let stop = Stop { place: target, mode: Mode::Car, stay_ms, doing: Doing::Approach, by };
        let hold = hold(self.start - AT_HOME_BEFORE, self.start + 2 * HOUR);
        Episode { wearer: self.appointment(vec![stop]), victim: Some(hold) }
    }

    pub(super) fn pass_by(&mut self) -> Episode {
        let (his, hers) = (self.wearer_home.p, self.victim_home.p);
        let length = his.distance(hers).max(1.0);
        let (ux, uy) = ((hers.x - his.x) / length, (hers.y - his.y) / length);
        let aside = self.chance.between(150.0, 800.0) * if self.chance.happens(0.5) { 1.0 } else { -1.0 };
        let nearest = hers.plus(-uy * aside, ux * aside);
        let beyond = his.towards(nearest, 1.0 + 7_000.0 / length);
        let mps = self.chance.between(DRIVE_KMH.0, DRIVE_KMH.1) / 3.6;
        let leg = |p: Point, stay_ms| Stop {
            place: self.place(p),
            mode: Mode::Car,
            stay_ms,
            doing: Doing::EnterZone,
            by: By::Straight { mps, departs: 0 },
        };
        let stops = vec![leg(beyond, 10 * MINUTE), leg(his, 0)];
        let hold = hold(self.start - AT_HOME_BEFORE, self.start + 2 * HOUR);
        Episode { wearer: self.appointment(stops), victim: Some(hold) }
    }

    pub(super) fn ride_along(&mut self, mode: Mode) -> Episode {
        let ((least, most), longest_m) =
            if mode == Mode::Train { (TRAIN_MPS, 28_000.0) } else { (BUS_MPS, 9_000.0) };
        let mps = self.chance.between(least, most);
        let platform = self.around(self.wearer_home.p, 500.0, 2_500.0);
        let end = self.around(platform.p, 0.5 * longest_m, longest_m);
        let hers_m = self.victim_home.p.distance(platform.p);
        let departs = self.start + about_ms(hers_m, Mode::Car) + 10 * MINUTE;
        let his_start = departs - about_ms(self.wearer_home.p.distance(platform.p), Mode::Bike);
        let away = self.chance.between(5.0, 120.0);
        let stops = |seat_m: f64, there: Mode| {
            let ride = By::Straight { mps, departs };
            let (from, to) = (platform.p.plus(0.0, seat_m), end.p.plus(0.0, seat_m));
            let stop = |p, mode, stay_ms, by| Stop {
                place: self.place(p),
                mode,
                stay_ms,
                doing: Doing::RideAlong,
                by,
            };
            // Home again by car, whatever brought them to the platform.
            let last = Stop { mode: Mode::Car, ..stop(to, mode, MINUTE, By::Streets) };
            vec![stop(from, there, 0, By::Streets), stop(to, mode, 8 * MINUTE, ride), last]
        };
        let until = departs + 2 * HOUR;
        Episode {
            wearer: Appointment { start: his_start, stops: stops(away, Mode::Bike), until },
            victim: Some(Appointment { start: self.start, stops: stops(0.0, Mode::Car), until }),
        }
    }

    pub(super) fn break_curfew(&mut self) -> Episode {
        let place = self.around(self.wearer_home.p, 700.0, 2_600.0);
        let stay_ms = self.chance.whole(15 * MINUTE, 50 * MINUTE);
        let mode = *self.chance.pick(&[Mode::Bike, Mode::Car]);
        let stop = Stop { place, mode, stay_ms, doing: Doing::BreakCurfew, by: By::Streets };
        Episode { wearer: self.appointment(vec![stop]), victim: None }
    }

    pub(super) fn hover(&mut self) -> Episode {
        let place = self.around(self.victim_home.p, 960.0, 1_000.0);
        let stay_ms = self.chance.whole(HOUR, 2 * HOUR);
        let stop = Stop { place, mode: Mode::Car, stay_ms, doing: Doing::Linger, by: By::Streets };
        let hold = hold(self.start - AT_HOME_BEFORE, self.start + 4 * HOUR);
        Episode { wearer: self.appointment(vec![stop]), victim: Some(hold) }
    }
}
