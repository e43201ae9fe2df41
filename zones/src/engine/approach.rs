//! Who is moving towards whom, and how fast: §7 "time to alarm_m at the present closing speed".

use super::device::DeviceState;
use crate::alert::Approach;
use crate::{Position, Timestamp, policy};

/// Metres in a degree of latitude. A speed needs no better.
const DEGREE_M: f64 = 111_320.0;

/// Velocity of one party in m/s, and its uncertainty in each direction.
#[derive(Debug, Clone, Copy)]
struct Motion {
    east: f64,
    north: f64,
    sigma: f64,
}

/// How two parties close in on each other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Closing {
    /// Speed at which their distance shrinks; negative when it grows.
    pub(super) mps: f64,
    /// How far they would pass each other at the most if both went straight on, as far as that can be told from noise.
    pub(super) miss_m: f64,
    /// Whether they close in for certain: beyond noise, and faster than anybody strolls about.
    pub(super) sure: bool,
    pub(super) approach: Approach,
}

/// Reads it from the recent fixes of both; `None` when one of them was not seen lately, or they are in one place.
pub(super) fn closing(his: &DeviceState, hers: &DeviceState, at: Timestamp) -> Option<Closing> {
    let (his_motion, hers_motion) = (motion(his, at)?, motion(hers, at)?);
    let (here, there) = (his.last?.fix.position, hers.last?.fix.position);
    let [east, north] = metres_between(here, there, narrowness(here));
    let apart_m = east.hypot(north);
    if apart_m < 1.0 {
        return None;
    }
    let towards = |motion: &Motion| (motion.east * east + motion.north * north) / apart_m;
    let (he, she) = (towards(&his_motion), -towards(&hers_motion));
    let across_mps = ((his_motion.east - hers_motion.east) * north
        - (his_motion.north - hers_motion.north) * east)
        / apart_m;
    let (mps, sigma) = (he + she, his_motion.sigma.hypot(hers_motion.sigma));
    let surely = |speed: f64, sigma: f64| {
        speed >= policy::CLOSING_LEAST_MPS && speed >= policy::CLOSING_SIGMAS * sigma
    };
    let sure = surely(mps, sigma);
    let (he, she) = (surely(he, his_motion.sigma), surely(she, hers_motion.sigma));
    let approach = match (sure, he, she) {
        (true, true, true) => Approach::Both,
        (true, true, false) => Approach::WearerApproaches,
        (true, false, true) => Approach::VictimApproaches,
        _ => Approach::Unclear,
    };
    let aside_mps = across_mps.abs() + policy::CLOSING_SIGMAS * sigma;
    let miss_m = apart_m * aside_mps / mps.hypot(across_mps).max(f64::MIN_POSITIVE);
    Some(Closing { mps, miss_m, sure, approach })
}

/// A straight line through the newest fixes, by least squares. Its noise is never taken to be better than that of
/// a good receiver, so that the jitter of somebody at rest shows no speed.
fn motion(state: &DeviceState, at: Timestamp) -> Option<Motion> {
    let last = state.last.as_ref()?;
    if at - last.at > policy::LINKED_WITHIN {
        return None;
    }
    if state.is_vague() {
        return Some(unknown(state));
    }
    let newest = state.track.newest_first().take_while(|kept| last.at - kept.at() <= policy::CLOSING_OVER);
    let (mut count, mut t, mut x, mut y, mut tt, mut tx, mut ty) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
    let (mut noise_m, narrow) = (policy::CLOSING_NOISE_M, narrowness(last.fix.position));
    for kept in newest {
        let time = (kept.at() - last.at).as_secs_f64();
        let [east, north] = metres_between(last.fix.position, kept.position(), narrow);
        noise_m = noise_m.max(kept.accuracy_m());
        (count, t, x, y) = (count + 1.0, t + time, x + east, y + north);
        (tt, tx, ty) = (tt + time * time, tx + time * east, ty + time * north);
    }
    let spread = tt - t * t / f64::max(count, 1.0);
    if count < 2.0 || spread <= 0.0 {
        return Some(unknown(state));
    }
    let slope = |sum: f64, product: f64| (product - t * sum / count) / spread;
    Some(Motion { east: slope(x, tx), north: slope(y, ty), sigma: noise_m / spread.sqrt() })
}

/// Somebody of whom only the place is known may be walking anywhere.
fn unknown(state: &DeviceState) -> Motion {
    Motion { east: 0.0, north: 0.0, sigma: state.reckoned_speed_mps() }
}

/// How much narrower a degree of longitude is than one of latitude.
fn narrowness(place: Position) -> f64 {
    place.lat_deg().to_radians().cos()
}

/// From one place to another, metres east and north, on a plane.
fn metres_between(from: Position, to: Position, narrow: f64) -> [f64; 2] {
    let lon = to.lon_deg() - from.lon_deg();
    let lon = if lon.abs() > 180.0 { lon - 360.0_f64.copysign(lon) } else { lon };
    [lon * narrow * DEGREE_M, (to.lat_deg() - from.lat_deg()) * DEGREE_M]
}
