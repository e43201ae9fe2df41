//! The preset of a demonstration: what each of a dozen pairs does, and when, so that within minutes everything
//! that matters has been seen.

use crate::clock::{MINUTE, SECOND};

use super::behaviour::Behaviour;
use super::moving::Mode;

/// Pairs of the preset.
pub(crate) const PAIRS: usize = 12;

/// Drivers keep to this in metres per second: a world that runs three times as fast must not look impossible.
pub(crate) const CAR_LIMIT_MPS: f64 = 13.0;

/// The main town stands where Utrecht does.
pub(crate) const SITE: usize = 0;

/// Behaviour, first start, and the least and most time until the next, of a pair. Times of the script are those
/// of the spectator; the world runs `speed` times as fast.
pub(crate) fn script(index: usize, start: i64, speed: f64) -> (Behaviour, i64, (i64, i64)) {
    let (behaviour, after_s) = match index % PAIRS {
        0 => (Behaviour::Approaches(Mode::Car), 4),
        1 => (Behaviour::EntersZone, 20),
        3 => (Behaviour::MeetsByChance, 100),
        4 => (Behaviour::TestsBoundary, 35),
        6 => (Behaviour::Waits, 60),
        8 => (Behaviour::Lingers, 150),
        10 => (Behaviour::Approaches(Mode::Bike), 200),
        _ => (Behaviour::KeepsAway, 0),
    };
    let world = |ms: i64| (ms as f64 * speed) as i64;
    (
        behaviour,
        start + world(after_s * SECOND),
        (world(40 * MINUTE).max(300 * MINUTE), world(70 * MINUTE).max(400 * MINUTE)),
    )
}
