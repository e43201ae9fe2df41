//! What is known of a device.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::protection::Told;
use super::track::{Kept, Track};
use crate::geometry::ZoneIndex;
use crate::policy::TravelMode;
use crate::{DeviceEventKind, DeviceId, Fix, Millis, OrderId, Role, Timestamp, geodesy, policy};

/// A fix and the time it is judged by: its own, or that of its arrival when the device's clock is ahead.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// The fix as the device sent it.
    pub fix: Fix,
    /// The time it is judged by.
    pub at: Timestamp,
}

/// Something a device said of itself, remembered to know it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Said {
    /// A status event.
    Event(DeviceEventKind),
    /// A press of the panic button.
    Aware,
    /// A trial of it.
    AwareTest,
    /// An attempt to cancel a press, with her code.
    AwareCancelled,
    /// Another attempt.
    AwareWrongCode,
}

/// The part of a device that survives a restart. The layout is fixed, see `Device`. What the fix of somebody paired
/// with it needs stands at the front.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[repr(C)]
pub struct DeviceState {
    /// Its newest fix.
    pub last: Option<Seen>,
    /// Since when these coordinates say nothing of where it is, however fresh they claim to be.
    pub frozen_since: Option<Timestamp>,
    /// The fastest it was lately in m/s, and when: how its bearer gets about.
    pub fastest_lately: Option<(f32, Timestamp)>,
    /// Its speed in m/s, from the last two fixes or as it said.
    pub speed_mps: f32,
    /// What its last will says.
    pub online: Option<bool>,
    /// Since when it has reported the very same coordinates.
    pub same_since: Option<Timestamp>,
    /// When it is silent unless it is heard again.
    pub due: Option<Timestamp>,
    /// Since when it is silent.
    pub silent_since: Option<Timestamp>,
    /// A fix that nobody could have reached, until another agrees with it or not.
    pub held: Option<Box<Seen>>,
    /// Its newest fixes, and where they came from.
    pub track: Track,
    /// Until when it was told to report more often.
    pub near_until: Option<Timestamp>,
    /// What a victim was last told of her protection.
    pub protection: Option<Told>,
    /// Its latest events, oldest first.
    pub said: Vec<(Said, Timestamp)>,
}

/// Events remembered per device; a broker sends again only what it has not seen acknowledged.
const SAID_MOST: usize = 256;

impl DeviceState {
    /// Remembers an event; `false` when it was said before.
    pub(super) fn hears(&mut self, said: Said, at: Timestamp) -> bool {
        if self.said.contains(&(said, at)) {
            return false;
        }
        if self.said.len() >= SAID_MOST {
            self.said.remove(0);
        }
        self.said.push((said, at));
        true
    }

    /// Speed to reckon with while the device is unseen: what it was last, and at least what its bearer's way of
    /// travel makes likely.
    pub(super) fn reckoned_speed_mps(&self) -> f64 {
        let lately = self.fastest_lately.map_or(0.0, |(speed_mps, _)| f64::from(speed_mps));
        f64::from(self.speed_mps).max(TravelMode::of(lately).grows_mps())
    }

    /// How far it may have come by `at` since its newest fix, in metres.
    pub(super) fn aged_m(&self, at: Timestamp) -> f64 {
        self.last.as_ref().map_or(0.0, |last| self.gone_m(last.at, at))
    }

    /// How far it may have come by `at` since its newest fix, or since that last said where it really was, in
    /// metres.
    pub(super) fn strayed_m(&self, at: Timestamp) -> f64 {
        let Some(last) = &self.last else { return 0.0 };
        let since = self.frozen_since.map_or(last.at, |frozen| frozen.min(last.at));
        self.gone_m(since, at)
    }

    fn gone_m(&self, since: Timestamp, at: Timestamp) -> f64 {
        (at - since).as_secs_f64().max(0.0) * self.reckoned_speed_mps()
    }

    /// Whether its newest fix says too little of where it is.
    pub(super) fn is_vague(&self) -> bool {
        self.frozen_since.is_some() || self.last.as_ref().is_some_and(|last| last.fix.is_coarse())
    }

    /// Notes a speed, and by it how somebody gets about: what the device measured itself, or what two ways one after the
    /// other show, and both together. The way to a reflection and back is as fast as a ride, and is none.
    pub(super) fn note_speed(&mut self, speed_mps: f32, seen: &Seen) {
        let said_mps = seen.fix.speed_mps.unwrap_or(0.0).min(speed_mps);
        let twice_mps = self.speed_mps.min(speed_mps).max(said_mps);
        self.speed_mps = speed_mps;
        let kept = |than: f32| {
            let lasts =
                |(fastest, at): &(f32, Timestamp)| *fastest > than && seen.at - *at <= policy::MODE_LASTS;
            self.fastest_lately.filter(lasts)
        };
        if kept(twice_mps).is_some() {
            return;
        }
        let travels_mps =
            if twice_mps > said_mps { said_mps.max(twice_mps.min(self.net_mps(seen))) } else { said_mps };
        self.fastest_lately = kept(travels_mps).or(Some((travels_mps, seen.at)));
    }

    /// Speed in m/s from the last fix but one to this one, which is not in the track yet; 0 when there is none.
    fn net_mps(&self, seen: &Seen) -> f32 {
        let Some(before) = self.track.newest_first().nth(1) else { return 0.0 };
        let (way_m, _) = geodesy::quick_distance_m(before.position(), seen.fix.position);
        (way_m / (seen.at - before.at()).as_secs_f64().max(1.0)) as f32
    }
}

/// A device in the register. Most of what a fix costs is waiting for memory, so what every fix needs stands together:
/// hence the fixed layout, and lists within the row. Of the twelve cache lines of a row the fix of somebody who is
/// far from everything needs seven or eight, and the fix of whom he is paired with two.
#[derive(Debug)]
#[repr(C, align(64))]
pub(super) struct Device {
    /// Places in `watches` that every fix is judged against: pairs and inclusion zones.
    pub(super) always: SmallVec<[u16; 8]>,
    /// Places of raised exclusion zones: judged until they are left, however far away.
    pub(super) raised: SmallVec<[u16; 16]>,
    /// Index over the exclusion zones, by place in `watches`.
    pub(super) zones: ZoneIndex,
    /// All watches it takes part in, ascending by name.
    pub(super) watches: SmallVec<[u32; 6]>,
    pub(super) id: DeviceId,
    /// Its entry among the timers.
    pub(super) timer_at: Option<Timestamp>,
    /// Shortest expected interval over its orders.
    pub(super) interval: Millis,
    pub(super) role: Role,
    pub(super) changed: bool,
    pub(super) history_changed: bool,
    /// Whether an order names it: what is not is free to be another.
    pub(super) named: bool,
    pub(super) state: DeviceState,
    /// The orders it takes part in, ascending.
    pub(super) orders: SmallVec<[OrderId; 1]>,
    /// Where it was before what its state remembers.
    pub(super) history: Vec<Kept>,
}

/// Whom every fix of a device is compared with, as a rule: the first watch among those, and the other device it looks
/// at. These stand apart from the rows, small enough to stay at hand, so that all three rows can be asked for at
/// once. Nobody's are slots that do not exist.
#[derive(Debug, Clone, Copy)]
pub(super) struct Beside {
    pub(super) watch: u32,
    pub(super) device: u32,
}

impl Beside {
    pub(super) const NOBODY: Self = Self { watch: u32::MAX, device: u32::MAX };
}

impl Device {
    pub(super) fn new(id: DeviceId, role: Role) -> Self {
        Self {
            id,
            role,
            interval: policy::FIX_INTERVAL,
            state: DeviceState::default(),
            orders: SmallVec::new(),
            named: false,
            history: Vec::new(),
            history_changed: false,
            watches: SmallVec::new(),
            zones: ZoneIndex::default(),
            always: SmallVec::new(),
            raised: SmallVec::new(),
            timer_at: None,
            changed: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::mem::offset_of;

    use super::*;

    /// Bytes in a cache line.
    const LINE: usize = 64;

    #[test]
    fn a_row_lies_in_cache_lines_as_it_is_meant_to() {
        assert!(size_of::<Device>() <= 12 * LINE);
        assert_eq!((offset_of!(Device, zones), offset_of!(Device, id)), (LINE, 2 * LINE));
        let state = offset_of!(Device, state);
        // With the end of the line that begins with the id, whatever the fix of another needs is in two.
        let needed = state + offset_of!(DeviceState, frozen_since)..state + offset_of!(DeviceState, track);
        assert_eq!((needed.start, needed.end), (4 * LINE, 5 * LINE));
        assert!(
            state + size_of::<Option<Seen>>() == needed.start && state >= 2 * LINE + size_of::<DeviceId>()
        );
        assert_eq!(Track::HOT, 3 * LINE);
    }
}
