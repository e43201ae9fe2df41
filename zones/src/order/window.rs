//! Windows of a week, and the week they make up: arithmetic on minutes from Monday 00:00 local time.

use crate::Invalid;

const MINUTE_MS: i64 = 60_000;
const DAY: u16 = 24 * 60;
const WEEK: u16 = 7 * DAY;

/// 1970-01-01, where the count of local milliseconds begins, was a Thursday.
const EPOCH_DAY: i64 = 3;

/// Names of the days, Monday first.
pub(super) const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Some days of the week, from a time of day to another; over midnight when `to` is not after `from`, and
/// 24 hours when they are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// One bit a day, Monday lowest.
    days: u8,
    /// Minutes after midnight.
    from: u16,
    to: u16,
}

impl Window {
    /// A window that begins on `days` (`mon` … `sun`) at `from` and ends at `to` (`HH:MM`; `24:00` is midnight).
    /// The error names `days[i]`, `from` or `to`.
    pub fn new(days: &[&str], from: &str, to: &str) -> Result<Self, Invalid> {
        let mut bits = 0;
        for (i, day) in days.iter().enumerate() {
            let number = DAYS.iter().position(|name| name == day).ok_or_else(|| {
                Invalid::new(format!("days[{i}]"), format!("{day:.40?} is not one of {}", DAYS.join(", ")))
            })?;
            bits |= 1 << number;
        }
        let from = minutes(from).map_err(|e| e.within("from"))?;
        let to = if to == "24:00" { 0 } else { minutes(to).map_err(|e| e.within("to"))? };
        Ok(Self { days: bits, from, to })
    }

    /// The days it begins on, Monday first.
    pub fn days(&self) -> impl Iterator<Item = &'static str> {
        let bits = self.days;
        DAYS.into_iter().enumerate().filter(move |(i, _)| bits & (1 << i) != 0).map(|(_, name)| name)
    }

    /// When it begins, as `HH:MM`.
    pub fn from(&self) -> String {
        clock(self.from)
    }

    /// When it ends, as `HH:MM`; not after `from` means on the next day.
    pub fn to(&self) -> String {
        clock(self.to)
    }

    /// Minute of the week and length in minutes of each of its days.
    fn stretches(self) -> impl Iterator<Item = (u16, u16)> {
        let length = if self.to > self.from { self.to - self.from } else { self.to + DAY - self.from };
        (0..7).filter(move |day| self.days & (1 << day) != 0).map(move |day| (day * DAY + self.from, length))
    }
}

/// Minutes after midnight of `HH:MM`.
fn minutes(text: &str) -> Result<u16, Invalid> {
    let digits = |part: &str| (part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit())).then_some(());
    let read = || {
        let (hour, minute) = text.split_once(':')?;
        digits(hour).and(digits(minute))?;
        let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
        (hour < 24 && minute < 60).then_some(hour * 60 + minute)
    };
    read().ok_or_else(|| Invalid::new("", format!("{text:.40?} is not a time from 00:00 to 23:59")))
}

fn clock(minutes: u16) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// What a list of windows comes to: whether Monday begins within one, and the minutes at which that changes.
/// Windows that touch or overlap leave no change between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Week {
    /// The state at minute 0.
    begins: bool,
    /// Minutes above 0 at which the state turns, ascending.
    turns: Box<[u16]>,
}

impl Week {
    pub(super) fn new(windows: &[Window]) -> Self {
        let mut stretches = Vec::new();
        for (start, length) in windows.iter().flat_map(|window| window.stretches()) {
            let end = start + length;
            stretches.push((start, end.min(WEEK)));
            if end > WEEK {
                stretches.push((0, end - WEEK)); // Sunday night runs into Monday
            }
        }
        stretches.sort_unstable();
        let mut merged: Vec<(u16, u16)> = Vec::new();
        for (start, end) in stretches {
            match merged.last_mut() {
                Some(last) if start <= last.1 => last.1 = last.1.max(end),
                _ => merged.push((start, end)),
            }
        }
        let begins = merged.first().is_some_and(|first| first.0 == 0);
        let within = |minute: &u16| (1..WEEK).contains(minute);
        let turns = merged.into_iter().flat_map(|(start, end)| [start, end]).filter(within).collect();
        Self { begins, turns }
    }

    /// Whether it is the same all week.
    pub(super) fn never_changes(&self) -> bool {
        self.turns.is_empty()
    }

    /// Whether a window is open at that local time, in milliseconds since 1970-01-01 00:00 local time.
    pub(super) fn applies(&self, local_ms: i64) -> bool {
        self.state_after(self.turns_up_to(minute_of_week(local_ms)))
    }

    /// The next local time at which that changes; `local_ms` plus a week and more where it never does.
    pub(super) fn next_change(&self, local_ms: i64) -> i64 {
        let minute = minute_of_week(local_ms);
        let start_of_week = (local_ms.div_euclid(MINUTE_MS) - i64::from(minute)) * MINUTE_MS;
        let at = |minute: u16| start_of_week + i64::from(minute) * MINUTE_MS;
        let passed = self.turns_up_to(minute);
        if let Some(turn) = self.turns.get(passed) {
            return at(*turn);
        }
        // The week ends; it turns into Monday with or without a change.
        if self.state_after(passed) == self.begins {
            at(WEEK) + i64::from(self.turns.first().copied().unwrap_or(WEEK)) * MINUTE_MS
        } else {
            at(WEEK)
        }
    }

    fn turns_up_to(&self, minute: u16) -> usize {
        self.turns.partition_point(|turn| *turn <= minute)
    }

    fn state_after(&self, turns: usize) -> bool {
        self.begins ^ (turns % 2 == 1)
    }
}

fn minute_of_week(local_ms: i64) -> u16 {
    let minutes = local_ms.div_euclid(MINUTE_MS) + EPOCH_DAY * i64::from(DAY);
    minutes.rem_euclid(i64::from(WEEK)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(days: &[&str], from: &str, to: &str) -> Window {
        Window::new(days, from, to).unwrap()
    }

    #[test]
    fn windows_that_touch_leave_no_change_between_them() {
        let week = Week::new(&[window(&["mon"], "08:00", "12:00"), window(&["mon"], "12:00", "17:00")]);
        assert_eq!((week.begins, &*week.turns), (false, &[8 * 60, 17 * 60][..]));
        let night = Week::new(&[window(&["sun"], "20:00", "24:00"), window(&["mon"], "00:00", "06:00")]);
        assert_eq!((night.begins, &*night.turns), (true, &[6 * 60, 6 * DAY + 20 * 60][..]));
    }

    #[test]
    fn every_day_round_the_clock_never_changes() {
        for (from, to) in [("00:00", "00:00"), ("00:00", "24:00"), ("07:30", "07:30")] {
            let week = Week::new(&[window(&DAYS, from, to)]);
            assert!(week.never_changes() && week.begins, "{from}-{to}");
        }
        assert!(Week::new(&[]).never_changes() && !Week::new(&[]).begins);
    }

    #[test]
    fn what_is_no_time_of_day_is_refused() {
        for bad in ["24:00", "7:00", "07:0", "0700", "07:60", "+7:00", "07:00:00", "", "ab:cd", "١٢:٠٠"] {
            assert_eq!(Window::new(&["mon"], bad, "06:00").unwrap_err().field, "from", "{bad}");
        }
        assert_eq!(Window::new(&["mon"], "06:00", "25:00").unwrap_err().field, "to");
        assert_eq!(Window::new(&["mon", "ma"], "06:00", "07:00").unwrap_err().field, "days[1]");
        assert_eq!(window(&["mon"], "18:00", "24:00"), window(&["mon"], "18:00", "00:00"));
    }
}
