//! Weekly schedules in local time.
//!
//! A schedule applies when the clock on the wall reads a time within one of its windows; the clock decides at
//! both ends. Hence, on the two odd days of a year: a boundary that the clock jumps over counts from the jump
//! (it moves forward to the first time that exists), and a time the clock shows twice counts both times.

use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::window::{Week, Window};
use crate::{Invalid, Timestamp};

/// When a zone applies: weekly windows of local time in a time zone.
///
/// Time zones come from the database built into the program, so that every machine decides alike.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    timezone: TimeZone,
    windows: Box<[Window]>,
    week: Week,
}

impl Schedule {
    /// A schedule of windows in the IANA time zone of that name; the error names `timezone`.
    pub fn new(timezone: &str, windows: Vec<Window>) -> Result<Self, Invalid> {
        let timezone = TimeZoneDatabase::bundled()
            .get(timezone)
            .map_err(|_| Invalid::new("timezone", format!("{timezone:.40?} is not an IANA time zone")))?;
        let week = Week::new(&windows);
        Ok(Self { timezone, windows: windows.into(), week })
    }

    /// The IANA name of its time zone.
    pub fn timezone(&self) -> &str {
        self.timezone.iana_name().unwrap_or("UTC")
    }

    /// Its windows, as they were given.
    pub fn windows(&self) -> &[Window] {
        &self.windows
    }

    /// Whether it applies at that moment.
    pub fn applies(&self, at: Timestamp) -> bool {
        self.week.applies(self.offset_ms(at) + at.as_millis())
    }

    /// The first moment after `after` at which it begins or stops to apply; `None` when it never changes.
    pub fn next_change(&self, after: Timestamp) -> Option<Timestamp> {
        self.state_at(after).1
    }

    /// Whether it applies at that moment, and until when that answer holds (`None`: for ever). The answer is
    /// right for every moment from `at` up to and without `until`, so a caller may keep it that long.
    pub fn state_at(&self, at: Timestamp) -> (bool, Option<Timestamp>) {
        let now = self.applies(at);
        (now, self.changes_from(at, now))
    }

    /// Whether it applies at some moment from `from` up to and without `until`.
    pub fn applies_between(&self, from: Timestamp, until: Timestamp) -> bool {
        match self.state_at(from) {
            (true, _) => from < until,
            (false, begins) => begins.is_some_and(|begins| begins < until),
        }
    }

    /// Walks from one change of the zone's offset to the next: between two of them local time is a straight
    /// line, and a change within is arithmetic. A stretch of a week holds one, so the walk ends.
    fn changes_from(&self, at: Timestamp, state: bool) -> Option<Timestamp> {
        if self.week.never_changes() {
            return None;
        }
        let mut from = at;
        loop {
            let offset_ms = self.offset_ms(from);
            let local_ms = self.week.next_change(from.as_millis() + offset_ms);
            let change = Timestamp::from_millis(local_ms - offset_ms);
            let jump = self.next_jump(from);
            let Some(jump) = jump.filter(|jump| *jump <= change) else {
                // At the very end of the calendar a change no longer lies ahead.
                return (change > at).then_some(change);
            };
            if self.applies(jump) != state {
                return Some(jump);
            }
            from = jump;
        }
    }

    /// When the zone's clocks next jump.
    fn next_jump(&self, after: Timestamp) -> Option<Timestamp> {
        let jump = self.timezone.following(after.to_jiff()).next()?;
        Some(Timestamp::from_millis(jump.timestamp().as_millisecond()))
    }

    fn offset_ms(&self, at: Timestamp) -> i64 {
        i64::from(self.timezone.to_offset(at.to_jiff()).seconds()) * 1_000
    }
}

#[cfg(test)]
mod tests;
