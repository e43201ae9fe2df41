//! Local time, and time as text; and for what is played live, the time it is.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::tz::{TimeZone, TimeZoneDatabase};
use zones::Timestamp;

/// A second, in milliseconds.
pub(crate) const SECOND: i64 = 1_000;
/// A minute, in milliseconds.
pub(crate) const MINUTE: i64 = 60 * SECOND;
/// An hour, in milliseconds.
pub(crate) const HOUR: i64 = 60 * MINUTE;
/// A day of 24 hours, in milliseconds.
pub(crate) const DAY: i64 = 24 * HOUR;

/// The time it is. Worlds and recordings never ask.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_millis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as i64)
}

/// How long it is until then; `None` when that is past.
pub(crate) fn until(moment: Timestamp) -> Option<Duration> {
    let left = (moment - now()).0;
    u64::try_from(left).ok().filter(|left| *left > 0).map(Duration::from_millis)
}

/// Where everybody lives. From the tables within the program, which are the same on every machine.
pub(crate) static NETHERLANDS: LazyLock<TimeZone> =
    LazyLock::new(|| TimeZoneDatabase::bundled().get("Europe/Amsterdam").unwrap_or(TimeZone::UTC));

/// What the clock on the wall shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LocalTime {
    /// Milliseconds since midnight by the wall clock.
    pub(crate) of_day: i64,
    /// Monday is 0.
    pub(crate) weekday: i64,
}

impl LocalTime {
    /// The local time at a moment, given in milliseconds since 1970 UTC.
    pub(crate) fn at(moment: i64) -> Self {
        let utc = jiff::Timestamp::from_millisecond(moment).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let local = moment + i64::from(NETHERLANDS.to_offset(utc).seconds()) * SECOND;
        // 1970-01-01 was a Thursday.
        Self { of_day: local.rem_euclid(DAY), weekday: (local.div_euclid(DAY) + 3).rem_euclid(7) }
    }
}

/// Writes moments as RFC 3339 UTC with three decimals. Keeps the text of the last day: nearly all times of a
/// recording share it.
#[derive(Debug, Default)]
pub(crate) struct TimeText {
    day: i64,
    date: String,
}

impl TimeText {
    /// Appends a moment, given in milliseconds since 1970 UTC, without quotes.
    pub(crate) fn push(&mut self, to: &mut Vec<u8>, moment: i64) {
        let day = moment.div_euclid(DAY);
        if day != self.day || self.date.is_empty() {
            let midnight = jiff::Timestamp::from_millisecond(day * DAY).unwrap_or_default();
            self.date = midnight.strftime("%Y-%m-%dT").to_string();
            self.day = day;
        }
        let ms = moment.rem_euclid(DAY);
        to.extend_from_slice(self.date.as_bytes());
        for (value, after) in [(ms / HOUR, b':'), (ms / MINUTE % 60, b':'), (ms / SECOND % 60, b'.')] {
            to.extend_from_slice(&[digit(value / 10), digit(value), after]);
        }
        to.extend_from_slice(&[digit(ms / 100), digit(ms / 10), digit(ms), b'Z']);
    }
}

/// The last decimal digit of a number that is not negative.
fn digit(number: i64) -> u8 {
    b'0' + (number % 10) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wall_clock_follows_summer_and_winter() {
        let local = |text: &str| LocalTime::at(Timestamp::parse(text).unwrap().as_millis());
        assert_eq!(local("2026-11-02T06:00:00Z"), LocalTime { of_day: 7 * HOUR, weekday: 0 });
        assert_eq!(local("2026-07-05T22:30:00Z"), LocalTime { of_day: 30 * MINUTE, weekday: 0 });
    }

    #[test]
    fn text_is_what_the_service_would_write() {
        let mut text = TimeText::default();
        for moment in [0, 1_793_599_199_999, 1_793_599_200_000, 1_793_599_200_007, 951_782_400_120] {
            let mut out = Vec::new();
            text.push(&mut out, moment);
            assert_eq!(String::from_utf8(out).unwrap(), Timestamp::from_millis(moment).to_string());
        }
    }
}
