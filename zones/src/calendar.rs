//! The Dutch calendar: days, hours and weeks as people count them.

use jiff::civil::Weekday;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Span, Zoned};

use crate::Timestamp;

/// Where the clocks of the monitoring centre hang.
const ZONE: &str = "Europe/Amsterdam";

/// Local time in the Netherlands, from the time zone database that is built in.
#[derive(Debug, Clone)]
pub struct Calendar(TimeZone);

impl Default for Calendar {
    fn default() -> Self {
        // The database that is built in has it; without it hours would be those of UTC.
        Self(TimeZoneDatabase::bundled().get(ZONE).unwrap_or(TimeZone::UTC))
    }
}

impl Calendar {
    /// The hour of the day, 0 to 23.
    pub fn hour(&self, at: Timestamp) -> u8 {
        self.zoned(at).hour().unsigned_abs()
    }

    /// The date, as `2026-11-21`.
    pub fn date(&self, at: Timestamp) -> String {
        self.zoned(at).date().to_string()
    }

    /// The beginning of the week, `back` weeks before the one that holds that moment: Monday 00:00.
    pub fn week(&self, at: Timestamp, back: u32) -> Timestamp {
        let now = self.zoned(at);
        let days = i64::from(now.weekday().since(Weekday::Monday)) + 7 * i64::from(back);
        let monday = now.checked_sub(Span::new().days(days)).and_then(|day| day.start_of_day());
        monday.map_or(at, |monday| Timestamp::from_millis(monday.timestamp().as_millisecond()))
    }

    /// The next moment after that one at which the clock reads so many hours.
    pub fn next(&self, after: Timestamp, hour: i8) -> Timestamp {
        let now = self.zoned(after);
        let mut days = (0..=2).filter_map(|days| {
            let day = now.date().checked_add(Span::new().days(days)).ok()?;
            let at = day.at(hour, 0, 0, 0).to_zoned(self.0.clone()).ok()?;
            Some(Timestamp::from_millis(at.timestamp().as_millisecond()))
        });
        days.find(|at| *at > after).unwrap_or(after)
    }

    fn zoned(&self, at: Timestamp) -> Zoned {
        at.to_jiff().to_zoned(self.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn days_hours_and_weeks_are_those_on_the_wall() {
        let calendar = Calendar::default();
        assert_eq!(calendar.hour(t("2026-11-21T22:30:00Z")), 23);
        assert_eq!(calendar.hour(t("2026-07-01T22:30:00Z")), 0);
        assert_eq!(calendar.date(t("2026-11-21T23:30:00Z")), "2026-11-22");
        // A Saturday; Monday 16 November began at 23:00 UTC the day before.
        assert_eq!(calendar.week(t("2026-11-21T10:00:00Z"), 0), t("2026-11-15T23:00:00Z"));
        // Four weeks before, summer time had not ended.
        assert_eq!(calendar.week(t("2026-11-21T10:00:00Z"), 4), t("2026-10-18T22:00:00Z"));
        assert_eq!(calendar.week(t("2026-11-15T23:00:00Z"), 0), t("2026-11-15T23:00:00Z"), "it begins");
        assert_eq!(
            calendar.next(t("2026-11-21T05:00:00Z"), 6),
            t("2026-11-22T05:00:00Z"),
            "not now, the next"
        );
        assert_eq!(calendar.next(t("2026-11-21T04:59:00Z"), 6), t("2026-11-21T05:00:00Z"));
        assert_eq!(
            calendar.next(t("2026-10-24T12:00:00Z"), 6),
            t("2026-10-25T05:00:00Z"),
            "a day of 25 hours"
        );
    }
}
