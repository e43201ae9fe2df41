//! Where everybody really is, at any moment of the story.

use zones::{Millis, Position, Timestamp, geodesy};

use super::file::Scenario;
use super::place::Place;
use super::script::{Motion, What};
use super::words::{apart_m, between, wrong};

/// What somebody is doing since a moment.
#[derive(Debug, Clone, Copy)]
enum Leg {
    Still(Position),
    Way { from: Position, to: Position, lasts: Millis },
    Heading { from: Position, bearing_deg: f64, mps: f64 },
    With(usize),
    Between { a: Position, b: Position, period: Millis },
}

/// The movements of all persons.
#[derive(Debug, Clone)]
pub(super) struct Truth(Vec<Vec<(Timestamp, Leg)>>);

/// A company of companions goes round in no circle longer than this.
const LONGEST_CHAIN: usize = 8;

impl Truth {
    /// Follows the script; the error names what cannot be.
    pub(super) fn of(scenario: &Scenario) -> Result<Self, zones::Invalid> {
        let mut truth = Self(vec![Vec::new(); scenario.people.len()]);
        for act in &scenario.acts {
            let What::Moves(person, motion) = &act.what else { continue };
            let nowhere = || {
                let name = &scenario.people[*person].name;
                let when = scenario.calendar.show(act.at);
                wrong(format!("{name} is nowhere yet at {when}, or goes to somebody who is nowhere"))
                    .within("story.script")
            };
            let leg = truth.leg(*person, act.at, motion).ok_or_else(nowhere)?;
            truth.0[*person].push((act.at, leg));
        }
        Ok(truth)
    }

    fn leg(&self, person: usize, at: Timestamp, motion: &Motion) -> Option<Leg> {
        let resolve = |place: &Place| place.resolve(&|who| self.place(who, at));
        Some(match motion {
            Motion::At(place) => Leg::Still(resolve(place)?),
            Motion::Stops => Leg::Still(self.place(person, at)?),
            Motion::To { place, mps } => {
                let (from, to) = (self.place(person, at)?, resolve(place)?);
                Leg::Way { from, to, lasts: Millis((apart_m(from, to) / mps * 1_000.0).ceil() as i64) }
            }
            Motion::Heading { bearing_deg, mps } => {
                Leg::Heading { from: self.place(person, at)?, bearing_deg: *bearing_deg, mps: *mps }
            }
            Motion::With(other) => {
                self.place(*other, at)?;
                Leg::With(*other)
            }
            Motion::Between { a, b, period } => {
                Leg::Between { a: resolve(a)?, b: resolve(b)?, period: *period }
            }
        })
    }

    /// Where a person is; `None` before the script puts him somewhere.
    pub(super) fn place(&self, person: usize, at: Timestamp) -> Option<Position> {
        self.follow(person, at, LONGEST_CHAIN)
    }

    fn follow(&self, person: usize, at: Timestamp, chain: usize) -> Option<Position> {
        let legs = &self.0[person];
        let (since, leg) = legs[..legs.partition_point(|(since, _)| *since <= at)].last()?;
        let gone = at - *since;
        Some(match leg {
            Leg::Still(position) => *position,
            Leg::Way { to, lasts, .. } if gone >= *lasts => *to,
            Leg::Way { from, to, lasts } => between(*from, *to, gone.as_secs_f64() / lasts.as_secs_f64()),
            Leg::Heading { from, bearing_deg, mps } => {
                geodesy::offset(*from, *bearing_deg, mps * gone.as_secs_f64())
            }
            Leg::With(other) => self.follow(*other, at, chain.checked_sub(1)?)?,
            Leg::Between { a, b, period } => {
                let turn = (gone.0.rem_euclid(period.0.max(1))) as f64 / period.0.max(1) as f64;
                between(*a, *b, 1.0 - (2.0 * turn - 1.0).abs())
            }
        })
    }

    /// Metres from a person to a place, when both are somewhere.
    pub(super) fn distance_m(&self, person: usize, to: &Place, at: Timestamp) -> Option<f64> {
        Some(apart_m(self.place(person, at)?, to.resolve(&|who| self.place(who, at))?))
    }
}
