//! Where somebody is at a moment: activities as plain data, looked up by time.

use super::plane::Point;

/// How somebody moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Not at all, or by steps within a room.
    Still,
    /// On foot.
    Walk,
    /// By bike.
    Bike,
    /// By car.
    Car,
    /// By tram.
    Tram,
    /// By metro.
    Metro,
    /// By bus.
    Bus,
    /// By train.
    Train,
}

impl Mode {
    /// The word in `truth.ndjson`.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Still => "still",
            Self::Walk => "walk",
            Self::Bike => "bike",
            Self::Car => "car",
            Self::Tram => "tram",
            Self::Metro => "metro",
            Self::Bus => "bus",
            Self::Train => "train",
        }
    }
}

/// What is between a device and the satellites.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sky {
    /// Nothing.
    Open,
    /// Low houses.
    Street,
    /// High buildings.
    Canyon,
    /// A roof.
    Indoors,
    /// The ground.
    Tunnel,
}

/// What somebody is doing, as far as a case is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doing {
    /// Daily life, at home.
    Home,
    /// Daily life, at work or on the way to or from it.
    Work,
    /// Daily life, an errand or a visit, or on the way.
    Errand,
    /// The wearer goes to the victim on purpose.
    Approach,
    /// The wearer tries how far the zone reaches.
    TestBoundary,
    /// The wearer hangs about near the victim's home.
    Linger,
    /// The wearer has some business inside the zone.
    EnterZone,
    /// The wearer waits for a victim who knows nothing.
    Wait,
    /// The victim walks to where a wearer waits.
    WalkInto,
    /// Both happen to go to the same place.
    Meet,
    /// Both ride in the same bus or train.
    RideAlong,
    /// The wearer is out when he must be at home.
    BreakCurfew,
    /// On the way home after one of these.
    Leave,
}

impl Doing {
    /// The word in `truth.ndjson`.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Work => "work",
            Self::Errand => "errand",
            Self::Approach => "approach",
            Self::TestBoundary => "test_boundary",
            Self::Linger => "linger",
            Self::EnterZone => "enter_zone",
            Self::Wait => "wait",
            Self::WalkInto => "walk_into",
            Self::Meet => "meet",
            Self::RideAlong => "ride_along",
            Self::BreakCurfew => "break_curfew",
            Self::Leave => "leave",
        }
    }

    /// Whether it belongs to daily life.
    pub(crate) const fn is_ordinary(self) -> bool {
        matches!(self, Self::Home | Self::Work | Self::Errand)
    }
}

/// A point of a trip: where, when, and how the next stretch is travelled.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Knot {
    /// Milliseconds since 1970 UTC.
    pub(crate) at: i64,
    /// Where.
    pub(crate) p: Point,
    /// How, until the next knot.
    pub(crate) mode: Mode,
    /// Under what, until the next knot.
    pub(crate) sky: Sky,
}

/// How an activity is spent.
#[derive(Debug, Clone)]
pub(crate) enum How {
    /// In one place, with steps of at most `wander_m` in either direction, drawn from `salt`.
    Stay {
        /// Where.
        at: Point,
        /// Under what.
        sky: Sky,
        /// Most metres away from there in either direction.
        wander_m: f64,
        /// Makes the steps of one stay differ from another's.
        salt: u64,
    },
    /// Under way.
    Move {
        /// What most of the way is done by.
        mode: Mode,
        /// At least two, in order of time.
        knots: Vec<Knot>,
    },
}

/// Something somebody does from one moment to another, in milliseconds since 1970 UTC.
#[derive(Debug, Clone)]
pub(crate) struct Activity {
    /// First moment.
    pub(crate) from: i64,
    /// First moment of the next activity.
    pub(crate) until: i64,
    /// What.
    pub(crate) doing: Doing,
    /// How.
    pub(crate) how: How,
}

/// Where somebody is, and how they move, at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    /// Where.
    pub(crate) p: Point,
    /// Speed eastward in metres per second.
    pub(crate) east_mps: f64,
    /// Speed northward in metres per second.
    pub(crate) north_mps: f64,
    /// How.
    pub(crate) mode: Mode,
    /// Under what.
    pub(crate) sky: Sky,
    /// What.
    pub(crate) doing: Doing,
}

/// Time between two steps of somebody who stays, in milliseconds.
const STEP_MS: i64 = 240_000;

impl Activity {
    /// Where somebody who does this is at `moment` (outside the activity: at its nearer end).
    pub(crate) fn moment(&self, moment: i64) -> Moment {
        match &self.how {
            How::Stay { at, sky, wander_m, salt } => {
                let (x, y) = wander(*salt, moment - self.from, self.until - self.from);
                Moment {
                    p: at.plus(x * wander_m, y * wander_m),
                    east_mps: 0.0,
                    north_mps: 0.0,
                    mode: Mode::Still,
                    sky: *sky,
                    doing: self.doing,
                }
            }
            How::Move { knots, .. } => self.under_way(knots, moment),
        }
    }

    fn under_way(&self, knots: &[Knot], moment: i64) -> Moment {
        let next = knots.partition_point(|k| k.at <= moment).clamp(1, knots.len() - 1);
        let (a, b) = (&knots[next - 1], &knots[next]);
        let span = ((b.at - a.at) as f64).max(1.0);
        let part = ((moment - a.at) as f64 / span).clamp(0.0, 1.0);
        Moment {
            p: a.p.towards(b.p, part),
            east_mps: (b.p.x - a.p.x) / span * 1_000.0,
            north_mps: (b.p.y - a.p.y) / span * 1_000.0,
            mode: a.mode,
            sky: a.sky,
            doing: self.doing,
        }
    }
}

/// Slow steps within −1 to 1 in both directions, none at the beginning and the end.
fn wander(salt: u64, since: i64, span: i64) -> (f64, f64) {
    let since = since.clamp(0, span);
    let (step, into) = (since / STEP_MS, since % STEP_MS);
    let part = into as f64 / STEP_MS as f64;
    let at_ends = (since.min(span - since) as f64 / STEP_MS as f64).min(1.0);
    let (ax, ay) = scatter(salt.wrapping_add(step as u64));
    let (bx, by) = scatter(salt.wrapping_add(step as u64 + 1));
    ((ax + (bx - ax) * part) * at_ends, (ay + (by - ay) * part) * at_ends)
}

/// Two values from −1 to 1 that look drawn by chance, from a number (the finalizer of SplitMix64).
fn scatter(number: u64) -> (f64, f64) {
    let mut z = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^= z >> 31;
    let part = |bits: u64| f64::from(bits as u32) / f64::from(u32::MAX) * 2.0 - 1.0;
    (part(z & 0xFFFF_FFFF), part(z >> 32))
}
