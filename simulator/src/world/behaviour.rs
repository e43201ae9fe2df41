//! What a pair does when it does not keep apart: each episode is an appointment for the wearer, and one for the
//! victim that makes sure both are where the story needs them.

use crate::chance::Chance;
use crate::clock::{HOUR, MINUTE, SECOND};

use super::city::City;
use super::moving::{Doing, Mode};
use super::person::{Appointment, By, Stop, about_ms};
use super::plane::Point;
use super::trip::Place;
use super::{BUFFER_M, ZONE_RADIUS_M};

/// How a wearer behaves towards the victim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// Keeps away, as most do.
    KeepsAway,
    /// Goes to the victim on purpose.
    Approaches(Mode),
    /// Tries how far the zone reaches.
    TestsBoundary,
    /// Meets the victim by chance, far from the zone.
    MeetsByChance,
    /// Hangs about near the victim's home for hours.
    Lingers,
    /// Has some business inside the zone.
    EntersZone,
    /// Waits where the victim walks by.
    Waits,
    /// Drives straight to the victim, fast.
    Drives,
    /// Drives past the victim, fast.
    PassesBy,
    /// Is in the same bus or train.
    RidesAlong(Mode),
    /// Is out when he must be at home.
    BreaksCurfew,
    /// Stands about where the alarm distance is.
    Hovers,
}

impl Behaviour {
    /// Drawn for an everyday pair.
    pub(crate) fn draw(chance: &mut Chance) -> Self {
        match chance.below(100) {
            0..82 => Self::KeepsAway,
            82..84 => Self::Approaches(Mode::Walk),
            84..87 => Self::Approaches(Mode::Bike),
            87..90 => Self::Approaches(Mode::Car),
            90..92 => Self::TestsBoundary,
            92..94 => Self::MeetsByChance,
            94..96 => Self::Lingers,
            96..98 => Self::EntersZone,
            _ => Self::Waits,
        }
    }
}

/// One time that it happens: the wearer's appointment, and the victim's.
pub(crate) struct Episode {
    /// What the wearer does.
    pub(crate) wearer: Appointment,
    /// What the victim does; `None` for daily life.
    pub(crate) victim: Option<Appointment>,
}

/// What an episode is made from.
pub(crate) struct Stage<'a> {
    /// The streets.
    pub(crate) city: &'a City,
    /// The pair's luck.
    pub(crate) chance: &'a mut Chance,
    /// Where the wearer lives.
    pub(crate) wearer_home: Place,
    /// Where the victim lives.
    pub(crate) victim_home: Place,
    /// When the wearer sets off.
    pub(crate) start: i64,
}

/// How long before the wearer sets off the victim comes home, so that nobody is approached on the way.
pub(super) const AT_HOME_BEFORE: i64 = 75 * MINUTE;

impl Stage<'_> {
    /// The episode of a behaviour; none for those who keep away.
    pub(crate) fn episode(&mut self, behaviour: Behaviour) -> Option<Episode> {
        Some(match behaviour {
            Behaviour::KeepsAway => return None,
            Behaviour::Approaches(mode) => self.approach(mode),
            Behaviour::TestsBoundary => self.test_boundary(),
            Behaviour::MeetsByChance => self.meet(),
            Behaviour::Lingers => self.linger(),
            Behaviour::EntersZone => self.enter_zone(),
            Behaviour::Waits => self.wait(),
            Behaviour::Drives => self.drive(),
            Behaviour::PassesBy => self.pass_by(),
            Behaviour::RidesAlong(mode) => self.ride_along(mode),
            Behaviour::BreaksCurfew => self.break_curfew(),
            Behaviour::Hovers => self.hover(),
        })
    }

    fn approach(&mut self, mode: Mode) -> Episode {
        let target = self.around(self.victim_home.p, 40.0, 220.0);
        let stay_ms = self.chance.whole(3 * MINUTE, 15 * MINUTE);
        let approach =
            |place, mode, stay_ms| Stop { place, mode, stay_ms, doing: Doing::Approach, by: By::Streets };
        let stops = if mode == Mode::Walk {
            // Nobody walks ten kilometres: by car to the edge of the neighbourhood, then on foot.
            let car_park = self.around(self.victim_home.p, 2_300.0, 2_700.0);
            vec![
                approach(car_park, Mode::Car, MINUTE),
                approach(target, Mode::Walk, stay_ms),
                Stop {
                    place: car_park,
                    mode: Mode::Walk,
                    stay_ms: MINUTE,
                    doing: Doing::Leave,
                    by: By::Streets,
                },
                Stop {
                    place: self.wearer_home,
                    mode: Mode::Car,
                    stay_ms: 0,
                    doing: Doing::Leave,
                    by: By::Streets,
                },
            ]
        } else {
            vec![approach(target, mode, stay_ms)]
        };
        let hold = hold(self.start - AT_HOME_BEFORE, self.start + 4 * HOUR);
        Episode { wearer: self.appointment(stops), victim: Some(hold) }
    }

    fn test_boundary(&mut self) -> Episode {
        let mode = if self.near() { Mode::Bike } else { Mode::Car };
        let (victim, wearer) = (self.victim_home.p, self.wearer_home.p);
        let distance = victim.distance(wearer).max(1.0);
        let (ux, uy) = ((wearer.x - victim.x) / distance, (wearer.y - victim.y) / distance);
        let edges = [BUFFER_M - 150.0, -120.0, BUFFER_M - 50.0, -60.0, BUFFER_M + 250.0];
        let stops = edges
            .map(|beyond_edge_m| {
                // Along the edge, on the wearer's side: at most 17 degrees to the left or right.
                let sin = self.chance.between(-0.3, 0.3);
                let cos = (1.0 - sin * sin).sqrt();
                let reach = ZONE_RADIUS_M + beyond_edge_m;
                let p = victim.plus((ux * cos - uy * sin) * reach, (uy * cos + ux * sin) * reach);
                let stay_ms = self.chance.whole(MINUTE, 6 * MINUTE);
                Stop { place: self.place(p), mode, stay_ms, doing: Doing::TestBoundary, by: By::Streets }
            })
            .to_vec();
        Episode { wearer: self.appointment(stops), victim: None }
    }

    fn meet(&mut self) -> Episode {
        // Near the wearer's home, on the side away from the zone.
        let beyond = self.victim_home.p.distance(self.wearer_home.p) + self.chance.between(300.0, 900.0);
        let part = beyond / self.victim_home.p.distance(self.wearer_home.p).max(1.0);
        let spot = self.victim_home.p.towards(self.wearer_home.p, part);
        let (hers, his) = (self.around(spot, 0.0, 40.0), self.around(spot, 30.0, 90.0));
        let she_needs = about_ms(self.victim_home.p.distance(spot), Mode::Car);
        let meet = |place, mode, stay_ms| Stop { place, mode, stay_ms, doing: Doing::Meet, by: By::Streets };
        let mut wearer = self.appointment(vec![meet(his, Mode::Walk, 8 * MINUTE)]);
        let victim = Appointment {
            start: self.start - she_needs,
            stops: vec![meet(hers, Mode::Car, she_needs + HOUR)],
            until: wearer.until,
        };
        wearer.start = self.start;
        Episode { wearer, victim: Some(victim) }
    }

    fn linger(&mut self) -> Episode {
        let mode = if self.near() && self.chance.happens(0.5) { Mode::Bike } else { Mode::Car };
        let place = self.around(self.victim_home.p, 120.0, 700.0);
        let stay_ms = self.chance.whole(90 * MINUTE, 4 * HOUR);
        let stops = vec![Stop { place, mode, stay_ms, doing: Doing::Linger, by: By::Streets }];
        let hold = hold(self.start - AT_HOME_BEFORE, self.start + 3 * HOUR);
        Episode { wearer: self.appointment(stops), victim: Some(hold) }
    }

    fn enter_zone(&mut self) -> Episode {
        let place = self.around(self.victim_home.p, 2_300.0, 4_300.0);
        let stay_ms = self.chance.whole(15 * MINUTE, HOUR);
        let stops = vec![Stop { place, mode: Mode::Car, stay_ms, doing: Doing::EnterZone, by: By::Streets }];
        Episode { wearer: self.appointment(stops), victim: None }
    }

    fn wait(&mut self) -> Episode {
        let spot = self.around(self.victim_home.p, 1_300.0, 1_900.0);
        let he_needs = about_ms(self.wearer_home.p.distance(spot.p), Mode::Car);
        let stay_ms = he_needs + HOUR;
        let stops = vec![Stop { place: spot, mode: Mode::Car, stay_ms, doing: Doing::Wait, by: By::Streets }];
        let pass_by = self.around(spot.p, 5.0, 25.0);
        let walk = Stop {
            place: pass_by,
            mode: Mode::Walk,
            stay_ms: 30 * SECOND,
            doing: Doing::WalkInto,
            by: By::Streets,
        };
        let wearer = self.appointment(stops);
        let start = self.start + he_needs;
        let victim = Appointment { start, stops: vec![walk], until: wearer.until };
        Episode { wearer, victim: Some(victim) }
    }

    pub(super) fn appointment(&self, stops: Vec<Stop>) -> Appointment {
        Appointment { start: self.start, stops, until: self.start + HOUR }
    }

    fn near(&self) -> bool {
        self.victim_home.p.distance(self.wearer_home.p) < 12_000.0
    }

    /// A place at a distance from a point, in any direction.
    pub(super) fn around(&mut self, p: Point, least_m: f64, most_m: f64) -> Place {
        let angle = self.chance.between(0.0, 2.0 * std::f64::consts::PI);
        let distance = self.chance.between(least_m, most_m);
        self.place(p.plus(distance * libm::cos(angle), distance * libm::sin(angle)))
    }

    pub(super) fn place(&self, p: Point) -> Place {
        Place { p, node: self.city.nearest(p) }
    }
}

pub(super) fn hold(start: i64, until: i64) -> Appointment {
    Appointment { start, stops: Vec::new(), until }
}
