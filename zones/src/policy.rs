//! Every threshold of a decision, in one place, with where it comes from.
//!
//! "§" is a section of the design; a rule without another source was set there.

use crate::{Millis, Source, Timestamp};

/// Accuracy assumed where a device gives none: §4.
pub(crate) fn assumed_accuracy_m(source: Option<Source>) -> f64 {
    match source {
        // The contract names none for a beacon, which is read from a few metres: as GNSS, to be safe.
        None | Some(Source::Gnss | Source::Beacon) => 25.0,
        Some(Source::Wifi) => 100.0,
        Some(Source::Cell) => 1_500.0,
    }
}

/// A fix with a larger uncertainty neither ends nor restarts a leaving period: §7.
pub const COARSE_M: f64 = 200.0;

/// 2000-01-01T00:00:00Z. No device of this kind existed before; such a time is a broken clock.
pub const EARLIEST_FIX: Timestamp = Timestamp::from_const_millis(946_684_800_000);

/// A minute, for people.
pub const MINUTE: Millis = Millis::from_secs(60);

/// Least distance beyond a threshold that counts as leaving; twice the uncertainty when that is more: §7.
pub const LEAVE_M: f64 = 50.0;

/// How long somebody must stay beyond a threshold before the standing steps down: §7.
pub const LEAVE_FOR: Millis = Millis::from_secs(60);

/// An older fix never clears: §7.
pub const CLEARS_WITHIN: Millis = Millis::from_secs(180);

/// Speed that an unseen party is assumed to have at least (a walk): §7.
pub const LEAST_SPEED_MPS: f64 = 1.5;

/// Nobody is faster (a train's 250 km/h): §7.
pub const FASTEST_MPS: f64 = 70.0;

/// Fixes farther apart than this say nothing about the way or the speed between them: §7.
pub const LINKED_WITHIN: Millis = Millis::from_secs(120);

/// A fix that arrives later than this after it was taken is late: §7.
pub const LATE_AFTER: Millis = Millis::from_secs(120);

/// A clock that is farther ahead than this is clamped to the time of arrival: §7.
pub const CLOCK_AHEAD: Millis = Millis::from_secs(120);

/// A device whose clock runs ahead and falls back by more than this has had it put right.
pub const CLOCK_PUT_BACK: Millis = Millis::from_secs(3_600);

/// Expected interval between fixes where an order names none: §5.
pub const FIX_INTERVAL: Millis = Millis::from_secs(60);

/// Longest expected interval an order may name. A device that reports less than hourly protects nobody, and its
/// silence would be heard too late.
pub const LONGEST_FIX_INTERVAL: Millis = Millis::from_secs(3_600);

/// So many expected intervals without a fix are silence: §7.
pub const SILENT_AFTER_INTERVALS: i64 = 3;

/// A silence this long, from the last fix, is an alarm: §7.
pub const SILENCE_ALARM_AFTER: Millis = Millis::from_secs(600);

/// After the service could not hear (it was down, or its broker was), devices get this long to deliver what
/// they kept before their silence counts.
pub const HEARING_GRACE: Millis = Millis::from_secs(60);

/// Largest distance an order may name, in metres: farther than anybody is told to stay away.
pub const FURTHEST_M: f64 = 1_000_000.0;

/// How long the past is kept within reach: §7.
pub const HISTORY: Millis = Millis::from_secs(24 * 3_600);

/// Most victims of one wearer: §5.
pub const MOST_VICTIMS: usize = 6;

/// Most zones of one wearer: §5.
pub const MOST_ZONES: usize = 200;

/// Least distance between an exclusion zone's edge and the wearer's residence, and what it protects:
/// Inspectie JenV 2024.
pub const GUIDANCE_LEAST_M: f64 = 1_000.0;

/// Advised reach of an exclusion zone beyond what it protects: Kamerbrief 19-11-2024.
pub const GUIDANCE_ADVISED_M: f64 = 5_000.0;

/// Validity left below which a successor must exist: Inspectie JenV 2024.
pub const EXPIRES_SOON: Millis = Millis::from_secs(30 * 24 * 3_600);

// What must hold between them, checked when the crate is built.
const _: () = {
    assert!(LEAVE_M < COARSE_M);
    assert!(LEAVE_FOR.0 < CLEARS_WITHIN.0);
    assert!(LATE_AFTER.0 < CLEARS_WITHIN.0);
    assert!(LEAST_SPEED_MPS < FASTEST_MPS);
    assert!(FIX_INTERVAL.0 * SILENT_AFTER_INTERVALS < SILENCE_ALARM_AFTER.0);
    assert!(FIX_INTERVAL.0 < LONGEST_FIX_INTERVAL.0);
    assert!(GUIDANCE_ADVISED_M < FURTHEST_M);
    assert!(GUIDANCE_LEAST_M < GUIDANCE_ADVISED_M);
};
