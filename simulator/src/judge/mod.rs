//! `simulator evaluate`: world → radio → detection → oracle → checker, and what comes of it in numbers.
//!
//! What the numbers mean:
//!
//! - *The radio's error* about a watch at a moment: the 95 % radius of the kind of fixes that stood then (satellites
//!   under that sky, networks, a beacon), of both parties added up for a pair. Reflections and wrong places are errors
//!   beyond it.
//! - *An episode*: truth within an alarm threshold, until it was 100 m beyond it for a minute. It *counts* when truth
//!   stayed within by the radio's error for two expected fixes, and two right fixes of each party fell in that time,
//!   whenever they arrived. One that was deep and long enough but lacked the fixes is *hidden* by the radio; others
//!   are *short*.
//! - *Missed*: it counts, and no alarm stood during it or within a fix and a half after it, nor was one raised late
//!   about that time.
//! - *A false alarm*: truth stayed beyond the threshold by more than the radio's error from two minutes before the
//!   fixes that the alarm rests on until it was said. *A false warning*: the same of the warning threshold, and the
//!   alarm distance was out of reach within the warning time at every closing speed that could have been measured.
//!   What is only possible goes to the operator and is neither. One that *came true* counts as false all the same, and
//!   is told apart: the alarm distance was reached within the warning time and one fix.
//! - *Alarms per episode*: what one message shows, of the time it was under way and of now, is one.
//! - *Certain without being so*: the newest fixes of both at the time that the alarm is about leave a doubt.
//! - *Delay*: fixes that arrived between the first after which the newest of both parties show an episode, and its
//!   alarm.
//! - *Warning time*: from when the victim's warning was said (about her or about the zone of her home) that stood when
//!   the alarm distance was reached, at 30 km/h or more over the last minute and with working devices. It counts where
//!   the order's own rules, applied to the truth at the moments of the same fixes, warn six minutes before: five, and
//!   the one further fix that a likely warning may take. A moment at which either device was cut off, so that nobody
//!   could know the truth, is none of them.

mod case;
mod day;
mod detection;
mod figures;
mod plot;
mod report;
#[cfg(test)]
mod saboteurs;
mod story;
mod targets;
#[cfg(test)]
mod tests;

pub(crate) use day::{Day, Heard, Raised};
pub use report::Report;
pub use story::{OnePairDay, Story};

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use zones::Timestamp;

use crate::Failure;
use crate::checker::{self, Tally};
use crate::clock::DAY;
use crate::oracle::Truth;
use crate::progress::Progress;
use crate::radio::Noise;
use crate::world::{Behaviour, Setup, Trial};

use day::days;
use detection::{Maker, Shipped};

/// Pair-days that share their streets and their date. Fewer would make more streets than ways; what a pair does
/// depends on neither this number nor on who else there is.
const TOGETHER: u64 = 32;

/// A kind of world to judge in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum World {
    /// Clean receivers, a network that is there.
    Calm,
    /// High buildings, reflections, sleeping phones, overtaking messages.
    UrbanNoise,
    /// Clean receivers, a network that is often away.
    Backlog,
    /// Clean receivers that now and then tell of another part of town.
    WrongPlaces,
}

impl World {
    /// All of them, as the command line calls them.
    pub const ALL: [(&'static str, Self); 4] = [
        ("calm", Self::Calm),
        ("urban-noise", Self::UrbanNoise),
        ("backlog", Self::Backlog),
        ("wrong-places", Self::WrongPlaces),
    ];

    /// The word on the command line.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, world)| *world == self).map_or("", |(word, _)| word)
    }

    const fn noise(self) -> Noise {
        match self {
            Self::Calm => Noise::Calm,
            Self::UrbanNoise => Noise::Urban,
            Self::Backlog => Noise::Backlog,
            Self::WrongPlaces => Noise::WrongPlaces,
        }
    }
}

/// An evaluation of the detection as it ships.
#[derive(Debug, Clone)]
pub struct Evaluation {
    /// Seed of the worlds: the same seed gives the same result.
    pub seed: u64,
    /// Days of a pair to judge.
    pub pair_days: u64,
    /// The kind of world.
    pub world: World,
    /// Where to draw the picture, if anywhere.
    pub plot: Option<PathBuf>,
}

impl Evaluation {
    /// Judges, and draws.
    pub fn run(&self) -> Result<Report, Failure> {
        let tally = judge(self.seed, self.pair_days, self.world.noise(), None, &Shipped)?;
        if let Some(path) = &self.plot {
            std::fs::write(path, plot::draw(&tally)).map_err(|e| Failure::file(path, &e))?;
        }
        Ok(Report::of(self.seed, self.world, &tally))
    }
}

/// Judges a detection on all cores. Every world of pair-days is made and judged by itself and they are added in
/// order, so the result does not depend on how many cores there are.
fn judge(
    seed: u64,
    pair_days: u64,
    noise: Noise,
    cast: Option<Behaviour>,
    maker: &dyn Maker,
) -> Result<Tally, Failure> {
    let worlds = pair_days.div_ceil(TOGETHER);
    let (next, done) = (AtomicU64::new(0), AtomicU64::new(0));
    let tallies: Mutex<Vec<(u64, Result<Tally, Failure>)>> = Mutex::new(Vec::new());
    let progress = Mutex::new(Progress::new("judging", pair_days, "pair-days"));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let world = next.fetch_add(1, Ordering::Relaxed);
                    if world >= worlds {
                        return;
                    }
                    let pairs = TOGETHER.min(pair_days - world * TOGETHER);
                    let tally = judge_world(&trial(seed, world, pairs as usize, noise, cast), world, maker);
                    if let Ok(mut tallies) = tallies.lock() {
                        tallies.push((world, tally));
                    }
                    let judged = done.fetch_add(pairs, Ordering::Relaxed) + pairs;
                    if let Ok(progress) = progress.lock() {
                        progress.at(judged);
                    }
                }
            });
        }
    });
    if let Ok(progress) = progress.lock() {
        progress.done();
    }
    let mut tallies =
        tallies.into_inner().map_err(|_| Failure::new("a thread of the evaluation came to grief"))?;
    tallies.sort_by_key(|(world, _)| *world);
    let mut sum = Tally::default();
    for (_, tally) in tallies {
        sum.add(tally?);
    }
    Ok(sum)
}

fn judge_world(setup: &Setup, world: u64, maker: &dyn Maker) -> Result<Tally, Failure> {
    let (arrivals, days) = days(setup, maker)?;
    let mut sum = Tally::default();
    for (pair, day) in days.iter().enumerate() {
        let truth =
            Truth { plane: arrivals.world.city.plane, pair: &arrivals.world.pairs[pair], law: &day.case.law };
        let span = (setup.start, setup.start + DAY);
        sum.add(checker::check(truth, day, span, world * TOGETHER + pair as u64));
    }
    Ok(sum)
}

/// The `world`-th world of an evaluation: each has a date of its own within a year, clock changes included.
pub(crate) fn trial(seed: u64, world: u64, pairs: usize, noise: Noise, cast: Option<Behaviour>) -> Setup {
    // 2026-03-28T05:00:00Z, the day before the clocks go forward; 37 and 365 have no common divisor.
    let first = Timestamp::from_millis(1_774_674_000_000).as_millis();
    let day = (world * 37 % 365).cast_signed();
    Setup {
        // Seeds of neighbours must not meet: an odd multiplier spreads them over all of u64.
        seed: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(world),
        pairs,
        start: first + day * DAY,
        other_towns: 3,
        demo_speed: None,
        trial: Some(Trial { noise, cast }),
    }
}
