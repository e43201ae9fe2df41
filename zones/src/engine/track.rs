//! Where a device was in the last 24 hours, kept small.
//!
//! The newest few fixes are kept as they are: ways and speeds are read from them. What they push out goes into a
//! track of straight stretches, each good to [`policy::TRACK_WITHIN_M`] for every fix that is left out of it (a
//! swing filter: Elmeleegy et al., VLDB 2009), so that a night at home is two places. 16 bytes a place.

mod thin;

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::device::Seen;
use crate::geometry::Way;
use crate::{Fix, Millis, Position, Timestamp, policy};

/// Fixes kept as they are.
const NEWEST: usize = 8;

/// Kept places that may wait to be put with the history: so often its row is written less than a device's.
const PENDING_MOST: usize = 6;

/// Three can come at once.
const PENDING_ROOM: usize = PENDING_MOST + 2;

/// Unit of the gaps between fixes.
const GAP_MS: i64 = 15_000;

/// Units of a degree: 1 cm.
const PER_DEG: f64 = 1e7;

/// Most degrees of latitude that a stretch goes.
const STRETCH_MOST_DEG: f64 = 1.0;

/// Metres of latitude in such a unit.
const UNIT_M: f64 = 0.011_132;

/// A fix in 16 bytes: milliseconds since 2000 in 48 bits, 1e-7 degrees, accuracy rounded up by an eighth at most,
/// and the longest time without a fix on the way here from the place before, in quarters of a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Kept {
    at_low: u32,
    at_high: u16,
    accuracy: u8,
    gap: u8,
    lat: i32,
    lon: i32,
}

impl Kept {
    pub(super) fn new(seen: &Seen) -> Self {
        let at = u64::try_from((seen.at - policy::EARLIEST_FIX).0).unwrap_or(0);
        let units = |degrees: f64| (degrees * PER_DEG).round() as i32;
        Self {
            at_low: at as u32,
            at_high: (at >> 32) as u16,
            accuracy: packed_metres(seen.fix.uncertainty_m()),
            gap: u8::MAX,
            lat: units(seen.fix.position.lat_deg()),
            lon: units(seen.fix.position.lon_deg()),
        }
    }

    pub(super) fn at(self) -> Timestamp {
        policy::EARLIEST_FIX + Millis(self.millis())
    }

    fn millis(self) -> i64 {
        i64::from(self.at_high) << 32 | i64::from(self.at_low)
    }

    /// Milliseconds since another was taken.
    fn since(self, earlier: Self) -> f64 {
        (self.millis() - earlier.millis()) as f64
    }

    pub(super) fn position(self) -> Position {
        let degrees = |units: i32| f64::from(units) / PER_DEG;
        Position::new(degrees(self.lat), degrees(self.lon)).unwrap_or(Position::ORIGIN)
    }

    pub(super) fn accuracy_m(self) -> f64 {
        f64::from(f32::from_bits((u32::from(self.accuracy) << 20) + LEAST_BITS))
    }

    /// Longest time without a fix on the way here, rounded up; the longest of all when nothing came before.
    pub(super) fn gap(self) -> Millis {
        Millis(i64::from(self.gap) * GAP_MS)
    }

    /// Whether no two fixes on the way here are too far apart to say anything about what lies between.
    pub(super) fn is_linked(self) -> bool {
        self.gap() <= policy::LINKED_WITHIN
    }

    /// As a fix, for evidence.
    pub(super) fn seen(self) -> Seen {
        let fix = Fix { accuracy_m: Some(self.accuracy_m() as f32), ..Fix::new(self.at(), self.position()) };
        Seen { fix, at: self.at() }
    }

    fn after(self, before: Option<Self>) -> Self {
        Self { gap: before.map_or(u8::MAX, |before| packed_gap(self.at() - before.at())), ..self }
    }

    /// Units of latitude and longitude from another place, the short way around.
    fn from(self, other: Self) -> [f64; 2] {
        const TURN: i64 = 3_600_000_000;
        let lon = i64::from(self.lon) - i64::from(other.lon);
        let lon = if lon.abs() > TURN / 2 { lon - TURN * lon.signum() } else { lon };
        [f64::from(self.lat) - f64::from(other.lat), lon as f64]
    }

    /// How far another place is, at most, in metres: along the axes of the map, which takes no root.
    pub(super) fn at_most_from_m(self, other: Self) -> f64 {
        let [lat, lon] = self.from(other);
        (lat.abs() + lon.abs()) * UNIT_M * 1.001
    }

    /// Takes over the worst of a stretch that ends here.
    fn worst_of(self, earlier: Self) -> Self {
        Self { accuracy: self.accuracy.max(earlier.accuracy), gap: self.gap.max(earlier.gap), ..self }
    }
}

/// Bits of half a metre: the least accuracy that is kept.
const LEAST_BITS: u32 = 0.5_f32.to_bits();

/// Three binary digits and a power of two, rounded up.
fn packed_metres(metres: f64) -> u8 {
    let bits = (metres as f32).max(0.5).to_bits() - LEAST_BITS;
    bits.div_ceil(1 << 20).min(255) as u8
}

fn packed_gap(gap: Millis) -> u8 {
    let units = gap.0.max(0) / GAP_MS + i64::from(gap.0 % GAP_MS > 0);
    units.min(255) as u8
}

/// A stretch in the making: every fix since `from` is within reach of the straight line from there to each place
/// that may still end it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Open {
    from: Kept,
    /// The last fix of it, with the worst accuracy and the longest gap so far.
    to: Kept,
    /// Least and greatest speeds that do, in units of latitude and longitude a second.
    least: [f32; 2],
    most: [f32; 2],
    reach: [f32; 2],
}

impl Open {
    fn new(from: Kept) -> Self {
        // In both directions, so that it holds for the distance.
        let lat = policy::TRACK_WITHIN_M * std::f64::consts::FRAC_1_SQRT_2 / UNIT_M;
        // A degree of longitude is longest where the stretch may come nearest to the equator.
        let nearest = (f64::from(from.lat).abs() / PER_DEG - STRETCH_MOST_DEG).max(0.0);
        let narrow = nearest.to_radians().cos().max(1e-3);
        Self {
            from,
            // What is worst begins anew with the stretch.
            to: Kept { accuracy: 0, gap: 0, ..from },
            least: [f32::NEG_INFINITY; 2],
            most: [f32::INFINITY; 2],
            reach: [lat as f32, (lat / narrow) as f32],
        }
    }

    fn takes(&mut self, fix: Kept) -> bool {
        let span = (fix.at() - self.from.at()).as_secs_f64() as f32;
        let (moved, per_s) = (fix.from(self.from), span.recip());
        let fits = |axis: usize| {
            let speed = moved[axis] as f32 * per_s;
            self.least[axis] <= speed && speed <= self.most[axis]
        };
        let near = moved[0].abs() <= STRETCH_MOST_DEG * PER_DEG;
        if span <= 0.0 || fix.gap == u8::MAX || !near || !(fits(0) && fits(1)) {
            return false;
        }
        for axis in 0..2 {
            let (moved, reach) = (moved[axis] as f32, self.reach[axis]);
            self.least[axis] = self.least[axis].max((moved - reach) * per_s);
            self.most[axis] = self.most[axis].min((moved + reach) * per_s);
        }
        self.to = fix.worst_of(self.to);
        true
    }
}

/// Kept places that wait to be put with the history; in place and of one size, so that copying them is nothing
/// but copying.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(from = "Vec<Kept>", into = "Vec<Kept>")]
struct Pending {
    places: [Kept; PENDING_ROOM],
    count: u8,
}

impl Pending {
    fn as_slice(&self) -> &[Kept] {
        &self.places[..usize::from(self.count)]
    }

    fn as_mut_slice(&mut self) -> &mut [Kept] {
        &mut self.places[..usize::from(self.count)]
    }

    fn len(&self) -> usize {
        usize::from(self.count)
    }

    /// Adds a place. There is room: it is settled before that runs out.
    fn push(&mut self, kept: Kept) {
        if let Some(place) = self.places.get_mut(usize::from(self.count)) {
            *place = kept;
            self.count += 1;
        }
    }

    fn clear(&mut self) {
        *self = Self::default(); // What is left over would make two alike differ.
    }
}

impl From<Vec<Kept>> for Pending {
    fn from(places: Vec<Kept>) -> Self {
        let mut pending = Self::default();
        for kept in places {
            pending.push(kept);
        }
        pending
    }
}

impl From<Pending> for Vec<Kept> {
    fn from(pending: Pending) -> Self {
        pending.as_slice().to_vec()
    }
}

/// The newest fixes, and the part of the track that is not with the history yet. All of it lies in place: it is
/// copied with every fix, and that must cost no allocation.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[repr(C)]
pub struct Track {
    /// Round: the oldest is overwritten by the next.
    newest: [Kept; NEWEST],
    count: u8,
    next: u8,
    open: Option<Open>,
    pending: Pending,
}

impl Track {
    /// Adds the newest fix; `true` when [`Self::settle`] is due.
    pub(super) fn push(&mut self, seen: &Seen) -> bool {
        let fix = Kept::new(seen).after(self.newest_first().next());
        let slot = usize::from(self.next) % NEWEST;
        let oldest = std::mem::replace(&mut self.newest[slot], fix);
        self.next = ((slot + 1) % NEWEST) as u8;
        if self.held() < NEWEST {
            self.count += 1;
            return false;
        }
        self.follow(oldest) && self.pending.len() >= PENDING_MOST
    }

    /// How many bytes at the front every fix needs.
    #[cfg(test)]
    pub(super) const HOT: usize = std::mem::offset_of!(Track, pending);

    /// Something of each cache line that every fix needs.
    pub(super) fn touch(&self) -> impl Copy {
        (self.newest[0].gap, self.newest[NEWEST / 2].gap, self.count)
    }

    /// The newest fixes, the newest first.
    pub(super) fn newest_first(&self) -> impl Iterator<Item = Kept> + '_ {
        let next = usize::from(self.next);
        (1..=self.held()).map(move |back| self.newest[(next + NEWEST - back) % NEWEST])
    }

    /// How many of the newest there are; never more than there is room for, whatever a store gave back.
    fn held(&self) -> usize {
        usize::from(self.count).min(NEWEST)
    }

    /// Puts a fix at the end of the track; `true` when something waits to be put with the history since.
    fn follow(&mut self, fix: Kept) -> bool {
        if self.open.as_mut().is_some_and(|open| open.takes(fix)) {
            return false;
        }
        match self.open.take() {
            None => {
                self.pending.push(fix);
                self.open = Some(Open::new(fix));
            }
            Some(open) => {
                let start = if open.to.at() > open.from.at() { open.to } else { open.from };
                if open.to.at() > open.from.at() {
                    self.pending.push(open.to);
                }
                let mut next = Open::new(start);
                if !next.takes(fix) {
                    self.pending.push(fix); // Nothing is known of the way between: both are kept.
                    next = Open::new(fix);
                }
                self.open = Some(next);
            }
        }
        true
    }

    /// Puts what is pending with the history, and keeps that within bounds.
    pub(super) fn settle(&mut self, history: &mut Vec<Kept>) {
        history.reserve_exact((policy::TRACK_MOST + PENDING_ROOM).saturating_sub(history.len()));
        history.extend_from_slice(self.pending.as_slice());
        self.pending.clear();
        if let Some(newest) = history.last().map(|kept| kept.millis()) {
            let is_old = |kept: &&Kept| newest - kept.millis() > policy::HISTORY.0;
            let old = history.iter().take_while(is_old).count();
            history.drain(..old.saturating_sub(1)); // One before the day, so that its beginning is known.
        }
        thin::thin(history);
    }

    /// Puts a late fix where it belongs; `true` when the history was changed.
    pub(super) fn insert(&mut self, seen: &Seen, history: &mut Vec<Kept>) -> bool {
        let late = Kept::new(seen);
        if self.all(history).any(|kept| kept.at() == late.at()) {
            return false;
        }
        let oldest = self.newest_first().last();
        if oldest.is_none_or(|oldest| late.at() < oldest.at()) {
            return self.insert_old(late, history);
        }
        let mut newest: Vec<Kept> = self.newest_first().collect();
        newest.reverse();
        put(&mut newest, late);
        if newest.len() > NEWEST {
            self.follow(newest.remove(0));
        }
        self.count = newest.len() as u8;
        self.next = (newest.len() % NEWEST) as u8;
        self.newest[..newest.len()].copy_from_slice(&newest);
        if self.pending.len() < PENDING_MOST {
            return false;
        }
        self.settle(history);
        true
    }

    fn insert_old(&mut self, late: Kept, history: &mut Vec<Kept>) -> bool {
        let end = self.open.map(|open| open.to);
        let place = (usize::from(self.next) + NEWEST - self.held()) % NEWEST;
        if self.count > 0 {
            let oldest = self.newest[place];
            self.newest[place].gap = oldest.gap.min(packed_gap(oldest.at() - late.at()));
        }
        match end {
            Some(end) if late.at() < end.at() => {
                if let Some(open) = self.open.filter(|open| open.to.at() > open.from.at()) {
                    self.pending.push(open.to);
                    self.open = Some(Open::new(open.to));
                }
                let into_history = self.pending.as_slice().first().is_none_or(|first| late.at() < first.at());
                if into_history {
                    put(history, late);
                } else {
                    let mut pending = self.pending.as_slice().to_vec();
                    put(&mut pending, late);
                    self.pending = pending.into();
                }
                if let Some(first) = self.pending.as_mut_slice().first_mut().filter(|_| into_history) {
                    first.gap = first.gap.min(packed_gap(first.at() - late.at()));
                }
                if into_history || self.pending.len() >= PENDING_MOST {
                    self.settle(history);
                    return true;
                }
                false
            }
            _ => {
                let fix = late.after(end);
                self.follow(fix);
                if self.pending.len() >= PENDING_MOST {
                    self.settle(history);
                    return true;
                }
                false
            }
        }
    }

    /// Everything that is kept, oldest first.
    pub(super) fn all<'a>(&'a self, history: &'a [Kept]) -> impl Iterator<Item = Kept> + 'a {
        let open = self.open.filter(|open| open.to.at() > open.from.at()).map(|open| open.to);
        let next = usize::from(self.next);
        let newest = (1..=self.held()).rev().map(move |back| self.newest[(next + NEWEST - back) % NEWEST]);
        history.iter().chain(self.pending.as_slice()).copied().chain(open).chain(newest)
    }

    /// The kept places at or before a moment, and at or after it.
    pub(super) fn around(&self, history: &[Kept], at: Timestamp) -> (Option<Kept>, Option<Kept>) {
        let mut before = None;
        for kept in self.all(history) {
            match kept.at().cmp(&at) {
                Ordering::Less => before = Some(kept),
                Ordering::Equal => return (Some(kept), Some(kept)),
                Ordering::Greater => return (before, Some(kept)),
            }
        }
        (before, None)
    }

    /// The places from the last at or before one moment to the first at or after another, oldest first.
    pub(super) fn between(&self, history: &[Kept], from: Timestamp, to: Timestamp) -> Vec<Kept> {
        let mut stops: Vec<Kept> = Vec::new();
        for kept in self.all(history) {
            if kept.at() <= from {
                stops.clear();
            }
            stops.push(kept);
            if kept.at() >= to {
                break;
            }
        }
        stops
    }
}

/// Enters a place at its time, and tells the one after it how long nothing was heard now.
fn put(kept: &mut Vec<Kept>, late: Kept) {
    let place = kept.partition_point(|kept| kept.at() < late.at());
    let before = place.checked_sub(1).map(|place| kept[place]);
    let own = late.after(before).gap;
    let gap = kept.get(place).map_or(own, |after| own.min(after.gap));
    if let Some(after) = kept.get_mut(place) {
        after.gap = after.gap.min(packed_gap(after.at() - late.at()));
    }
    kept.insert(place, Kept { gap, ..late });
}

/// How far a moment lies between two others, 0 to 1.
pub(super) fn share_of(at: Timestamp, from: Timestamp, to: Timestamp) -> f64 {
    let span = (to - from).as_secs_f64();
    if span > 0.0 { ((at - from).as_secs_f64() / span).clamp(0.0, 1.0) } else { 0.0 }
}

/// Where somebody was at a moment between two kept places.
pub(super) fn place_between(before: Kept, after: Kept, at: Timestamp) -> Position {
    Way::new(before.position(), after.position()).at(share_of(at, before.at(), after.at()))
}
