//! How far a position is off: errors that wander slowly, larger between high buildings and under roofs, and now
//! and then a guess from networks instead of satellites.

use crate::chance::Chance;
use crate::world::Sky;

use super::noise::Noise;
use super::sent::Origin;

/// Time in seconds after which an error has forgotten most of itself. Errors of phones and trackers stay on one
/// side of the street for a minute or two.
const MEMORY_S: f64 = 90.0;

/// 68 % of a two-dimensional normal error lie within this many standard deviations of one axis.
const R68: f64 = 1.51;

/// What a receiver says about a position.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    /// Error to the east in metres.
    pub(crate) east_m: f64,
    /// Error to the north in metres.
    pub(crate) north_m: f64,
    /// Radius that the receiver believes 68 % of its errors lie in, in metres.
    pub(crate) accuracy_m: f64,
    /// What it used.
    pub(crate) origin: Origin,
    /// Standard deviation of one axis in metres of readings of this kind, reflections apart.
    pub(crate) sigma_m: f64,
}

/// A receiver.
#[derive(Debug)]
pub(crate) struct Receiver {
    /// The wandering error, in standard deviations.
    wander: (f64, f64),
    /// Standard deviation of one axis in metres; follows the surroundings with some delay.
    sigma_m: f64,
    /// When the error last wandered, in milliseconds.
    wandered_at: i64,
    /// How long the last step was, and what share of the error survived it.
    step: (i64, f64),
    /// Readings left from networks, and from which.
    coarse: (u8, Origin),
    /// What the receiver's own estimate is multiplied by; some are too sure of themselves.
    self_esteem: f64,
    /// How unkind the radio is.
    noise: Noise,
    /// Readings left that reflections show elsewhere, and how far to the east and north.
    jump: (u8, f64, f64),
}

impl Receiver {
    /// A receiver switched on at `now` (milliseconds).
    pub(crate) fn new(chance: &mut Chance, now: i64, noise: Noise) -> Self {
        let wander = chance.normal_pair();
        let self_esteem = if chance.happens(0.1) { 0.6 } else { chance.between(0.9, 1.2) };
        Self {
            wander,
            sigma_m: 5.0,
            wandered_at: now,
            step: (0, 1.0),
            coarse: (0, Origin::Gnss),
            self_esteem,
            noise,
            jump: (0, 0.0, 0.0),
        }
    }

    /// Tries to read a position under that sky; `None` when it fails.
    pub(crate) fn read(&mut self, now: i64, sky: Sky, chance: &mut Chance) -> Option<Reading> {
        let quality = self.noise.quality(sky);
        self.wander_on(now, quality.sigma_m, chance);
        if chance.happens(quality.fails) {
            return None;
        }
        if self.coarse.0 == 0 && chance.happens(quality.begins_coarse) {
            let wifi = sky != Sky::Tunnel && chance.happens(0.75);
            self.coarse = (chance.below(4) as u8 + 1, if wifi { Origin::Wifi } else { Origin::Cell });
        }
        if self.coarse.0 > 0 {
            self.coarse.0 -= 1;
            return Some(guess(self.coarse.1, chance));
        }
        let (east_m, north_m) = self.jump(quality.begins_jump, chance);
        Some(Reading {
            east_m: self.wander.0 * self.sigma_m + east_m,
            north_m: self.wander.1 * self.sigma_m + north_m,
            sigma_m: self.sigma_m,
            accuracy_m: (R68 * self.sigma_m * self.self_esteem * chance.between(0.8, 1.25)).max(2.0),
            origin: Origin::Gnss,
        })
    }

    /// Reflections: for a reading or a few the receiver is sure of another place, most often some streets away,
    /// now and then in another part of town.
    fn jump(&mut self, begins: f64, chance: &mut Chance) -> (f64, f64) {
        if self.jump.0 == 0 && begins > 0.0 && chance.happens(begins) {
            let metres = if chance.happens(self.noise.far_jumps()) {
                chance.between(4_500.0, 9_000.0)
            } else {
                60.0 + chance.wait(120.0)
            };
            let angle = chance.between(0.0, 2.0 * std::f64::consts::PI);
            // What is far off is gone with the next reading: no device stays in another part of town.
            let lasts = if metres > 4_000.0 { 1 } else { chance.below(3) as u8 + 1 };
            self.jump = (lasts, metres * libm::cos(angle), metres * libm::sin(angle));
        }
        if self.jump.0 == 0 {
            return (0.0, 0.0);
        }
        self.jump.0 -= 1;
        (self.jump.1, self.jump.2)
    }

    /// A first-order Gauss–Markov process: the error keeps a share of itself that falls off exponentially with
    /// time, and gets as much new error as keeps its variance.
    fn wander_on(&mut self, now: i64, sigma_m: f64, chance: &mut Chance) {
        let span = (now - self.wandered_at).max(0);
        if span != self.step.0 {
            self.step = (span, libm::exp(-(span as f64) / (MEMORY_S * 1_000.0)));
        }
        let kept = self.step.1;
        let fresh = (1.0 - kept * kept).max(0.0).sqrt();
        let (x, y) = chance.normal_pair();
        self.wander = (self.wander.0 * kept + x * fresh, self.wander.1 * kept + y * fresh);
        self.sigma_m += (sigma_m - self.sigma_m) * 0.5;
        self.wandered_at = now;
    }
}

/// A position from networks nearby.
fn guess(origin: Origin, chance: &mut Chance) -> Reading {
    let (sigma_m, usual_m) = if origin == Origin::Wifi { (55.0, 100.0) } else { (750.0, 1_500.0) };
    let (x, y) = chance.normal_pair();
    Reading {
        east_m: x * sigma_m,
        north_m: y * sigma_m,
        accuracy_m: usual_m * chance.between(0.7, 1.3),
        origin,
        sigma_m,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Stream;

    /// Correlation of the eastern error with itself `lag` readings later.
    fn correlation(errors: &[f64], lag: usize) -> f64 {
        let variance: f64 = errors.iter().map(|e| e * e).sum::<f64>() / errors.len() as f64;
        let pairs = errors.len() - lag;
        errors.iter().zip(&errors[lag..]).map(|(a, b)| a * b).sum::<f64>() / pairs as f64 / variance
    }

    #[test]
    fn errors_stay_on_one_side_for_a_while_and_then_forget() {
        let mut chance = Chance::new(1, Stream::Device, 0);
        let mut receiver = Receiver::new(&mut chance, 0, Noise::Everyday);
        let errors: Vec<f64> = (1..200_000)
            .filter_map(|i| receiver.read(i * 10_000, Sky::Open, &mut chance))
            .filter(|reading| reading.origin == Origin::Gnss)
            .map(|reading| reading.east_m)
            .collect();
        // Nine steps of 10 s are the memory of 90 s: 1/e is left.
        assert!((correlation(&errors, 9) - 0.368).abs() < 0.05, "{}", correlation(&errors, 9));
        assert!(correlation(&errors, 60).abs() < 0.05, "{}", correlation(&errors, 60));
    }

    #[test]
    fn accuracy_is_about_honest_and_worse_between_high_buildings() {
        let share_and_mean = |sky| {
            let (mut within, mut count, mut sum) = (0, 0, 0.0);
            for device in 0..300 {
                let mut chance = Chance::new(2, Stream::Device, device);
                let mut receiver = Receiver::new(&mut chance, 0, Noise::Everyday);
                for i in 1..200 {
                    let Some(r) = receiver.read(i * 60_000, sky, &mut chance) else { continue };
                    if r.origin == Origin::Gnss {
                        let error = (r.east_m * r.east_m + r.north_m * r.north_m).sqrt();
                        within += i32::from(error <= r.accuracy_m);
                        count += 1;
                        sum += error;
                    }
                }
            }
            (f64::from(within) / f64::from(count), sum / f64::from(count))
        };
        let ((open, open_m), (canyon, canyon_m)) = (share_and_mean(Sky::Open), share_and_mean(Sky::Canyon));
        assert!((0.6..0.76).contains(&open), "{open}");
        assert!((0.6..0.76).contains(&canyon), "{canyon}");
        assert!(open_m < 5.0 && canyon_m > 12.0, "{open_m} {canyon_m}");
    }
}
