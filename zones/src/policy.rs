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

/// A look on a fix so much older than its moment is likely at the most: the speed at which uncertainty grows is one that
/// is likely, and within minutes somebody who sat still may be driving.
pub const CERTAIN_WITHIN: Millis = Millis::from_secs(120);

/// Speed that an unseen party is assumed to have at least (a walk): §7.
pub const LEAST_SPEED_MPS: f64 = 1.5;

/// Nobody is faster (a train's 250 km/h): §7.
pub const FASTEST_MPS: f64 = 70.0;

/// How somebody gets about, by the fastest he was lately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TravelMode {
    /// Stands, sits, sleeps.
    Still,
    /// On foot.
    Walk,
    /// By bicycle, or running.
    Cycle,
    /// By car, bus, tram, train.
    Vehicle,
}

impl TravelMode {
    /// The mode that a speed shows. Limits between the usual speeds of the Dutch: on foot 5 km/h, cycling 15 to
    /// 25 km/h (CROW).
    pub fn of(speed_mps: f64) -> Self {
        match speed_mps {
            s if s < 0.5 => Self::Still,
            s if s < 2.5 => Self::Walk,
            s if s < 8.0 => Self::Cycle,
            _ => Self::Vehicle,
        }
    }

    /// Speed in m/s at which the uncertainty of somebody unseen grows at least: who stands may walk off, and a
    /// bus that waits at its stop drives on (half the usual speed of the mode).
    pub const fn grows_mps(self) -> f64 {
        match self {
            Self::Still | Self::Walk => LEAST_SPEED_MPS,
            Self::Cycle => 2.5,
            Self::Vehicle => 7.0,
        }
    }
}

/// A mode of travel is remembered this long after it was last seen: longer than a bus waits at a light or stop.
pub const MODE_LASTS: Millis = Millis::from_secs(180);

/// Fixes farther apart than this say nothing about the way or the speed between them: §7.
pub const LINKED_WITHIN: Millis = Millis::from_secs(120);

/// A fix that was held is believed when one at most so much later agrees with it: §7.
pub const HELD_FOR: Millis = Millis::from_secs(120);

/// A device that says it goes this fast or faster, and reports the very same coordinates, is frozen: faster than
/// the speeds that a receiver at rest reports.
pub const FROZEN_MOVING_MPS: f64 = 2.0;

/// Coordinates from satellites that are the same to the last digit for so long are no news of where somebody is.
/// Receivers that hold a position while they lie still do so for less; noise changes the last digit each time.
pub const FROZEN_AFTER: Millis = Millis::from_secs(3_600);

/// Closing speed is taken over fixes of this span: long enough to smooth a traffic light, short enough to be the
/// present.
pub const CLOSING_OVER: Millis = Millis::from_secs(120);

/// Fixes are taken to be no better than this for a speed: what receivers call their accuracy holds under an open
/// sky.
pub const CLOSING_NOISE_M: f64 = 10.0;

/// A speed counts when it is so many times its own uncertainty (one chance in a thousand that it is noise).
pub const CLOSING_SIGMAS: f64 = 3.0;

/// Slower than this, in m/s, nobody is said to approach.
pub const CLOSING_LEAST_MPS: f64 = 1.0;

/// Who closes in this fast, in m/s, is to be warned of in time: 30 km/h. Slower ones are near the warning distance
/// by then.
pub const FAST_MPS: f64 = 30.0 / 3.6;

/// For them, when their course leads to within the alarm distance whatever its noise, the time to contact is judged this
/// share of the longer expected interval ahead: the next fix may be too late. With a fix a minute contact within 300 s
/// is else first seen 240 to 300 s before. Measured with three quarters (calm, seed 1): 0.24 false warnings a pair-day
/// for courses to within the warning distance, 0.20 to within the alarm distance, 0.17 with the noise, of which most
/// come true within the time they say; 857, 852 and 833 of 1,339 fast approaches are warned of five minutes before, 489
/// without. On seed 3 three quarters made 0.20, all that may be.
pub const AHEAD_SHARE: f64 = 0.65;

/// A warning for the time to contact is kept while that time is less than so many times the order's: a car that
/// slows for a bend is coming still.
pub const CONTACT_KEPT_TIMES: f64 = 2.0;

/// While a watch of the wearer is raised his ankle monitor reports this often, in seconds: a car at 130 km/h goes
/// 360 m between two fixes.
pub const NEAR_FIX_INTERVAL_S: i64 = 10;

/// A command to report more often holds this long, should no other reach the device: a battery lasts that.
pub const COMMAND_FOR: Millis = Millis::from_secs(600);

/// A command is renewed so long before it ends while it is needed.
pub const COMMAND_RENEWED_BEFORE: Millis = Millis::from_secs(120);

/// A place that is left out of a kept track is within this distance, in metres, of the straight way between those
/// kept around it: the accuracy assumed for GNSS.
pub const TRACK_WITHIN_M: f64 = 25.0;

/// Most places kept per device for late fixes. Beyond it, that one is dropped which changes the track least, and
/// what it changes is added to the uncertainty around it. 32 of 16 bytes for each of 200,000 devices are 102 MB.
pub const TRACK_MOST: usize = 32;

/// Two findings of late fixes so far apart or less, and nothing known in between that shows an end, are one.
pub const LATE_SAME_WITHIN: Millis = Millis::from_secs(1_800);

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

/// So long after a press of AWARE its code cancels it: issue 4.
pub const AWARE_CANCEL_WITHIN: Millis = Millis::from_secs(10);

/// After so many other codes hers counts no more either, until the alarm is over: whoever has her device must not find
/// it by trying.
pub const AWARE_WRONG_CODES: usize = 3;

/// Silences are said in turns of this length …
pub const SILENCE_TURN: Millis = Millis(10);

/// … and so many in one: ten thousand at one moment take five seconds, which nobody misses after three minutes without a
/// fix, and leave most of a disk to alarms of pairs (issue 4: not delayed by more than 50 ms).
pub const SILENCES_A_TURN: i64 = 20;

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

/// Days before its end at which an order without a successor is said to run out: issue 4.
pub const EXPIRY_DAYS: [i64; 5] = [30, 14, 7, 3, 1];

/// From so many days before its end on, that is an alarm.
pub const EXPIRY_ALARM_DAYS: i64 = 1;

/// So many approaches in a week that stop short of an alarm are a pattern: boundary testing. Three is the least that a
/// commute to work or to the shops does not make by chance in every week; to be set again when there are figures.
pub const BOUNDARY_TESTING_FROM: u32 = 3;

// What must hold between them, checked when the crate is built.
const _: () = {
    assert!(LEAVE_M < COARSE_M);
    assert!(LEAVE_FOR.0 < CLEARS_WITHIN.0);
    assert!(LATE_AFTER.0 < CLEARS_WITHIN.0);
    assert!(LEAST_SPEED_MPS < FASTEST_MPS);
    assert!(LEAST_SPEED_MPS <= TravelMode::Cycle.grows_mps());
    assert!(TravelMode::Cycle.grows_mps() < TravelMode::Vehicle.grows_mps());
    assert!(TravelMode::Vehicle.grows_mps() < FASTEST_MPS);
    assert!(HELD_FOR.0 <= LINKED_WITHIN.0);
    assert!(CLOSING_OVER.0 <= LINKED_WITHIN.0);
    assert!(CONTACT_KEPT_TIMES > 1.0);
    assert!(CLOSING_LEAST_MPS < FAST_MPS && FAST_MPS < FASTEST_MPS);
    assert!(0.0 <= AHEAD_SHARE && AHEAD_SHARE <= 1.0);
    assert!(NEAR_FIX_INTERVAL_S * 1_000 < FIX_INTERVAL.0);
    assert!(COMMAND_RENEWED_BEFORE.0 > FIX_INTERVAL.0 && COMMAND_RENEWED_BEFORE.0 < COMMAND_FOR.0);
    assert!(TRACK_WITHIN_M < COARSE_M);
    assert!(LINKED_WITHIN.0 < LATE_SAME_WITHIN.0 && LATE_SAME_WITHIN.0 < HISTORY.0);
    assert!(FIX_INTERVAL.0 * SILENT_AFTER_INTERVALS < SILENCE_ALARM_AFTER.0);
    assert!(FIX_INTERVAL.0 < LONGEST_FIX_INTERVAL.0);
    assert!(AWARE_CANCEL_WITHIN.0 < LATE_AFTER.0);
    assert!(AWARE_WRONG_CODES > 0);
    assert!(SILENCES_A_TURN > 0 && SILENCE_TURN.0 > 0);
    assert!(10_000 / SILENCES_A_TURN * SILENCE_TURN.0 < FIX_INTERVAL.0);
    assert!(EXPIRES_SOON.0 == EXPIRY_DAYS[0] * 24 * 3_600_000);
    assert!(EXPIRY_ALARM_DAYS == EXPIRY_DAYS[EXPIRY_DAYS.len() - 1]);
    assert!(GUIDANCE_ADVISED_M < FURTHEST_M);
    assert!(GUIDANCE_LEAST_M < GUIDANCE_ADVISED_M);
};
