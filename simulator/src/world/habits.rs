//! Daily rhythm by local time: work on weekdays, errands, and the nights at home.

use std::collections::VecDeque;

use crate::chance::Chance;
use crate::clock::{DAY, HOUR, LocalTime, MINUTE};

use super::city::City;
use super::moving::{Doing, Mode, Sky};
use super::person::about_ms;
use super::trip::{Place, served_by};

/// Somewhere to go to from home, and back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outing {
    /// When to leave, in milliseconds since 1970 UTC.
    pub(crate) depart: i64,
    /// Where to.
    pub(crate) place: Place,
    /// How.
    pub(crate) mode: Mode,
    /// How long to stay, in milliseconds.
    pub(crate) stay_ms: i64,
    /// About how long it takes to get there, in milliseconds.
    pub(crate) about_ms: i64,
    /// Indoors or not.
    pub(crate) sky: Sky,
    /// What it is.
    pub(crate) doing: Doing,
}

/// What somebody usually does.
#[derive(Debug, Clone)]
pub(crate) struct Habits {
    /// Where the person works, if anywhere.
    pub(crate) work: Option<Place>,
    /// Where the person shops, visits and walks.
    pub(crate) haunts: Vec<Place>,
    /// Whether there is a car.
    pub(crate) has_car: bool,
    /// When work begins, in milliseconds of the day.
    pub(crate) work_from: i64,
    /// Local midnight of the next day to plan.
    pub(crate) midnight: i64,
    /// Added to a moment before its local time is read: a demonstration is always by day.
    pub(crate) shift_ms: i64,
}

impl Habits {
    /// The local midnight of the day that holds `moment`; before 4 o'clock that of the day before, whose evening
    /// may not be over.
    pub(crate) fn midnight_of(moment: i64, shift_ms: i64) -> i64 {
        let early = LocalTime::at(moment + shift_ms).of_day < 4 * HOUR;
        moment - LocalTime::at(moment + shift_ms).of_day - if early { DAY } else { 0 }
    }

    /// The outings of the next day, by time of leaving.
    pub(crate) fn next_day(&mut self, chance: &mut Chance, city: &City, home: Place) -> VecDeque<Outing> {
        let midnight = self.midnight;
        let noon = LocalTime::at(midnight + DAY / 2 + self.shift_ms);
        // A day has 23, 24 or 25 hours: the next noon tells where the next midnight is.
        self.midnight = Self::midnight_of(midnight + DAY + DAY / 2, self.shift_ms);
        let mut outings = Vec::new();
        let works = self.work.filter(|_| noon.weekday < 5);
        if let Some(place) = works {
            let mode = self.mode_to(chance, city, home, place);
            let about = about_ms(home.p.distance(place.p), mode);
            let depart = midnight + self.work_from - about / 2 - chance.whole(0, 20 * MINUTE);
            let stay = chance.whole(7 * HOUR, 9 * HOUR);
            outings.push(self.outing(depart, place, mode, stay, about, Doing::Work));
        }
        let (earliest, latest, most) =
            if works.is_some() { (17 * HOUR, 20 * HOUR, 2) } else { (9 * HOUR + HOUR / 2, 20 * HOUR, 4) };
        for _ in 0..chance.whole(0, most) {
            if self.haunts.is_empty() {
                break;
            }
            let place = *chance.pick(&self.haunts);
            let mode = self.mode_to(chance, city, home, place);
            let about = about_ms(home.p.distance(place.p), mode);
            let depart = midnight + chance.whole(earliest, latest);
            let stay = chance.whole(10 * MINUTE, 100 * MINUTE);
            outings.push(self.outing(depart, place, mode, stay, about, Doing::Errand));
        }
        outings.sort_by_key(|o| o.depart);
        outings.into()
    }

    fn outing(
        &self,
        depart: i64,
        place: Place,
        mode: Mode,
        stay_ms: i64,
        about_ms: i64,
        doing: Doing,
    ) -> Outing {
        // Where one walks the dog there is no roof; the choice is a habit of the place, not of the day.
        let outdoors = doing == Doing::Errand && self.haunts.first() == Some(&place);
        let sky = if outdoors { Sky::Open } else { Sky::Indoors };
        Outing { depart, place, mode, stay_ms, about_ms, sky, doing }
    }

    fn mode_to(&self, chance: &mut Chance, city: &City, home: Place, to: Place) -> Mode {
        let distance = home.p.distance(to.p);
        let by_line = served_by(city, home.p, to.p).filter(|_| distance > 2_000.0);
        match by_line {
            Some(line) if chance.happens(0.75) => line,
            _ if distance < 1_200.0 => *chance.pick(&[Mode::Walk, Mode::Walk, Mode::Bike]),
            _ if distance < 7_000.0 && (!self.has_car || chance.happens(0.6)) => Mode::Bike,
            // Who has no car gets a lift.
            _ => Mode::Car,
        }
    }
}
