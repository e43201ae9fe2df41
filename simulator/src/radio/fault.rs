//! What goes wrong with devices: left in a drawer, cut off, never charged.

use std::collections::VecDeque;

use crate::chance::Chance;
use crate::clock::{HOUR, MINUTE, SECOND};
use crate::world::DEMO_PAIRS;

use super::noise::Noise;

/// Something that goes wrong with a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing gets out, as from a drawer or a bag of foil, for that many milliseconds.
    Silence(i64),
    /// The strap is cut and the device stays where it is, for that many milliseconds.
    StrapCut(i64),
    /// The battery is nearly empty, and nobody charges it.
    Neglect,
}

/// Faults to come, by time in milliseconds since 1970 UTC.
pub(crate) type Faults = VecDeque<(i64, Fault)>;

/// The first faults of an everyday device.
pub(crate) fn everyday(chance: &mut Chance, wearer: bool, start: i64) -> Faults {
    let mut faults = Vec::new();
    if chance.happens(0.04) {
        let at = start + chance.whole(20 * MINUTE, 12 * HOUR);
        faults.push((at, Fault::Silence(chance.whole(10 * MINUTE, 90 * MINUTE))));
    }
    if wearer && chance.happens(0.02) {
        let at = start + chance.whole(20 * MINUTE, 12 * HOUR);
        faults.push((at, Fault::StrapCut(chance.whole(HOUR, 4 * HOUR))));
    }
    if chance.happens(0.02) {
        faults.push((start + chance.whole(10 * MINUTE, 24 * HOUR), Fault::Neglect));
    }
    faults.sort_by_key(|fault| fault.0);
    faults.into()
}

/// The faults of a device in a trial. Straps stay whole: what a device apart from its wearer should make the
/// service say is a question for scenarios.
pub(crate) fn trial(chance: &mut Chance, noise: Noise, start: i64) -> Faults {
    let mut faults = Vec::new();
    if noise == Noise::Urban && chance.happens(0.04) {
        let at = start + chance.whole(20 * MINUTE, 20 * HOUR);
        faults.push((at, Fault::Silence(chance.whole(10 * MINUTE, 90 * MINUTE))));
    }
    if noise == Noise::Urban && chance.happens(0.01) {
        faults.push((start + chance.whole(10 * MINUTE, 24 * HOUR), Fault::Neglect));
    }
    faults.sort_by_key(|fault| fault.0);
    faults.into()
}

/// The faults of a device of the demonstration.
pub(crate) fn demonstration(device: u32, start: i64) -> Faults {
    let (pair, wearer) = (device as usize / 2 % DEMO_PAIRS, device.is_multiple_of(2));
    let fault = match (pair, wearer) {
        (2, true) => (75 * SECOND, Fault::StrapCut(10 * MINUTE)),
        (9, true) => (95 * SECOND, Fault::Neglect),
        (5, true) => (110 * SECOND, Fault::Silence(4 * MINUTE)),
        (7, false) => (140 * SECOND, Fault::Silence(3 * MINUTE)),
        _ => return Faults::new(),
    };
    Faults::from([(start + fault.0, fault.1)])
}
