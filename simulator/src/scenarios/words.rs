//! The words a case file is written in: times, lengths, directions, places, speeds.

use jiff::civil::DateTime;
use jiff::tz::AmbiguousOffset;
use zones::{Invalid, Millis, Position, Timestamp, geodesy};

use crate::clock::{DAY, NETHERLANDS};

/// Sixteen points of the compass, clockwise from north.
const COMPASS: [&str; 16] =
    ["N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW"];

/// A line, word by word.
#[derive(Debug, Clone)]
pub(super) struct Words<'a> {
    left: Vec<&'a str>,
}

/// An error about the line that is being read.
pub(super) fn wrong(problem: impl Into<String>) -> Invalid {
    Invalid::new("", problem)
}

impl<'a> Words<'a> {
    /// The words of a line; commas are for the reader's eye.
    pub(super) fn of(line: &'a str) -> Self {
        let split = |c: char| c.is_whitespace() || c == ',';
        let mut left: Vec<&str> = line.split(split).filter(|word| !word.is_empty()).collect();
        left.reverse();
        Self { left }
    }

    /// The next word, left where it is.
    pub(super) fn peek(&self) -> Option<&'a str> {
        self.left.last().copied()
    }

    /// The next word.
    pub(super) fn next(&mut self, what: &str) -> Result<&'a str, Invalid> {
        self.left.pop().ok_or_else(|| wrong(format!("ends where {what} should follow")))
    }

    /// Takes these words if they come next.
    pub(super) fn take(&mut self, words: &str) -> bool {
        let wanted: Vec<&str> = words.split(' ').collect();
        let comes = wanted.iter().zip(self.left.iter().rev()).filter(|(a, b)| a == b).count() == wanted.len();
        if comes {
            self.left.truncate(self.left.len() - wanted.len());
        }
        comes
    }

    /// Takes these words, which must come next.
    pub(super) fn need(&mut self, words: &str) -> Result<(), Invalid> {
        if self.take(words) {
            return Ok(());
        }
        Err(wrong(format!("`{words}` should stand where {} stands", self.shown())))
    }

    /// Nothing may be left.
    pub(super) fn end(&self) -> Result<(), Invalid> {
        if self.left.is_empty() {
            return Ok(());
        }
        Err(wrong(format!("does not know what to do with {}", self.shown())))
    }

    /// What is left, for an error.
    pub(super) fn shown(&self) -> String {
        let left: Vec<&str> = self.left.iter().rev().take(4).copied().collect();
        if left.is_empty() { "nothing".to_owned() } else { format!("`{}`", left.join(" ")) }
    }

    /// A number above 0.
    pub(super) fn number(&mut self, what: &str) -> Result<f64, Invalid> {
        let word = self.next(what)?;
        match word.parse::<f64>() {
            Ok(number) if number.is_finite() && number > 0.0 => Ok(number),
            _ => Err(wrong(format!("`{word}` is not {what} (a number above 0)"))),
        }
    }

    /// `800 m` or `1.2 km`, in metres.
    pub(super) fn metres(&mut self) -> Result<f64, Invalid> {
        let number = self.number("a distance")?;
        match self.next("`m` or `km`")? {
            "m" => Ok(number),
            "km" => Ok(number * 1_000.0),
            other => Err(wrong(format!("`{other}` should be `m` or `km`"))),
        }
    }

    /// `90 s`, `5 min` or `2 h`.
    pub(super) fn span(&mut self) -> Result<Millis, Invalid> {
        let number = self.number("a length of time")?;
        let unit = match self.next("`s`, `min` or `h`")? {
            "s" => 1_000.0,
            "min" => 60_000.0,
            "h" => 3_600_000.0,
            other => return Err(wrong(format!("`{other}` should be `s`, `min` or `h`"))),
        };
        Ok(Millis((number * unit).round() as i64))
    }

    /// `E`, `NNW` or `112°`, in degrees clockwise from north.
    pub(super) fn bearing_deg(&mut self) -> Result<f64, Invalid> {
        let word = self.next("a direction")?;
        if let Some(point) = COMPASS.iter().position(|point| *point == word) {
            return Ok(point as f64 * 22.5);
        }
        let degrees = word.strip_suffix('°').and_then(|degrees| degrees.parse::<f64>().ok());
        degrees
            .filter(|degrees| (0.0..=360.0).contains(degrees))
            .ok_or_else(|| wrong(format!("`{word}` is not a direction (N, NNE, … or 112°)")))
    }

    /// Whether a direction comes next.
    pub(super) fn is_bearing(&self) -> bool {
        self.clone().bearing_deg().is_ok()
    }

    /// A moment of the story: see [`Calendar::moment`].
    pub(super) fn moment(&mut self, calendar: &Calendar) -> Result<Timestamp, Invalid> {
        let days = match self.peek().and_then(|word| word.strip_prefix('+')) {
            Some(days) => {
                let _ = self.next("a day")?;
                let days = days.parse::<i8>().ok().filter(|days| (0..=30).contains(days));
                Some(days.ok_or_else(|| wrong("a day is counted from the first as +1, +2, …"))?)
            }
            None => None,
        };
        calendar.moment(days, self.next("a time")?)
    }
}

/// Local time of a story: Europe/Amsterdam, with the two nights on which the clock changes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Calendar {
    first: DateTime,
    /// First moment of the story.
    pub(super) starts: Timestamp,
}

impl Calendar {
    /// A story that begins at a local time as `2026-11-02 09:00`.
    pub(super) fn new(starts: &str) -> Result<Self, Invalid> {
        let (first, starts) = local(starts)?;
        Ok(Self { first, starts })
    }

    /// `09:30` or `09:30:15`: the first such time of the story, or on its `+N`th following day. On the night that
    /// has an hour twice, `02:30A` is the first (summer time) and `02:30B` the second.
    fn moment(&self, days: Option<i8>, time: &str) -> Result<Timestamp, Invalid> {
        let on = |days: i8| {
            let date = self.first.date().checked_add(jiff::Span::new().days(days));
            let date = date.map_err(|_| wrong("is beyond the calendar"))?;
            local(&format!("{date} {time}")).map(|(_, moment)| moment)
        };
        match days {
            Some(days) => on(days),
            None => match on(0) {
                Ok(moment) if moment >= self.starts => Ok(moment),
                // `02:30A` means the night that has two of them.
                Err(error) if !time.ends_with(['A', 'B']) => Err(error),
                _ => on(1),
            },
        }
    }

    /// The time on the wall, with seconds and the day of the story where it is not the first.
    pub(super) fn show(&self, moment: Timestamp) -> String {
        let utc = jiff::Timestamp::from_millisecond(moment.as_millis()).unwrap_or_default();
        let offset = NETHERLANDS.to_offset(utc);
        let wall = offset.to_datetime(utc);
        let days = (wall.date().duration_since(self.first.date()).as_hours() * 3_600_000) / DAY;
        let day = if days > 0 { format!("+{days} ") } else { String::new() };
        let twice = NETHERLANDS.to_ambiguous_timestamp(wall).offset();
        let letter = match twice {
            AmbiguousOffset::Fold { before, .. } if before == offset => "A",
            AmbiguousOffset::Fold { .. } => "B",
            _ => "",
        };
        format!("{day}{}{letter}", wall.time().strftime("%H:%M:%S"))
    }
}

/// A local date and time, and the moment it is.
pub(super) fn local(text: &str) -> Result<(DateTime, Timestamp), Invalid> {
    let (plain, which) = match text.strip_suffix(['A', 'B']) {
        Some(plain) => (plain, text.chars().last()),
        None => (text, None),
    };
    let form = "%Y-%m-%d %H:%M";
    let with_seconds = DateTime::strptime("%Y-%m-%d %H:%M:%S", plain);
    let wall = with_seconds
        .or_else(|_| DateTime::strptime(form, plain))
        .map_err(|_| wrong(format!("`{text}` is not a local time (09:30, 09:30:15 or 02:30B)")))?;
    let offset = match (NETHERLANDS.to_ambiguous_timestamp(wall).offset(), which) {
        (AmbiguousOffset::Unambiguous { offset }, None) => offset,
        (AmbiguousOffset::Fold { before, .. }, Some('A')) => before,
        (AmbiguousOffset::Fold { after, .. }, Some('B')) => after,
        (AmbiguousOffset::Fold { .. }, _) => {
            return Err(wrong(format!("{text} comes twice that night: write {plain}A or {plain}B")));
        }
        (AmbiguousOffset::Gap { .. }, _) => return Err(wrong(format!("{text} does not exist that night"))),
        (AmbiguousOffset::Unambiguous { .. }, Some(_)) => {
            return Err(wrong(format!("{plain} comes once only: leave out the A or B")));
        }
    };
    let moment = offset.to_timestamp(wall).map_err(|_| wrong(format!("{text} is beyond the calendar")))?;
    Ok((wall, Timestamp::from_millis(moment.as_millisecond())))
}

/// The place at `share` (0 to 1) of the way between two, straight in longitude and latitude, the short way round.
pub(super) fn between(from: Position, to: Position, share: f64) -> Position {
    let turn = |lon: f64| (lon + 180.0).rem_euclid(360.0) - 180.0;
    let lat = from.lat_deg() + (to.lat_deg() - from.lat_deg()) * share;
    let lon = from.lon_deg() + turn(to.lon_deg() - from.lon_deg()) * share;
    Position::new(lat, turn(lon)).unwrap_or(to)
}

/// Metres between two places.
pub(super) fn apart_m(a: Position, b: Position) -> f64 {
    geodesy::distance_m(a, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(starts: &str, text: &str) -> Result<String, String> {
        let calendar = Calendar::new(starts).map_err(|e| e.to_string())?;
        let mut words = Words::of(text);
        words.moment(&calendar).map(|moment| moment.to_string()).map_err(|e| e.to_string())
    }

    #[test]
    fn local_times_become_moments_in_winter_and_summer_and_over_midnight() {
        assert_eq!(at("2026-11-02 09:00", "09:30").unwrap(), "2026-11-02T08:30:00.000Z");
        assert_eq!(at("2026-07-02 09:00", "09:30:15").unwrap(), "2026-07-02T07:30:15.000Z");
        assert_eq!(at("2026-11-02 22:00", "01:00").unwrap(), "2026-11-03T00:00:00.000Z");
        assert_eq!(at("2026-11-02 09:00", "+1 10:00").unwrap(), "2026-11-03T09:00:00.000Z");
    }

    #[test]
    fn the_nights_on_which_the_clock_changes() {
        let autumn = "2026-10-24 22:00";
        assert_eq!(at(autumn, "02:30A").unwrap(), "2026-10-25T00:30:00.000Z");
        assert_eq!(at(autumn, "02:30B").unwrap(), "2026-10-25T01:30:00.000Z");
        assert!(at(autumn, "02:30").unwrap_err().contains("twice"));
        assert!(at("2026-03-28 22:00", "02:30").unwrap_err().contains("does not exist"));
        assert!(at(autumn, "23:30A").unwrap_err().contains("once only"));
        let calendar = Calendar::new(autumn).unwrap();
        for text in ["22:30:00", "+1 02:30:00A", "+1 02:30:00B", "+1 03:30:00"] {
            assert_eq!(calendar.show(Words::of(text).moment(&calendar).unwrap()), text);
        }
    }

    #[test]
    fn nonsense_is_said_to_be_nonsense() {
        for text in ["", "9 o'clock", "25:00", "+x 09:00", "+99 09:00"] {
            assert!(at("2026-11-02 09:00", text).is_err(), "{text}");
        }
        for text in ["", "x m", "-5 m", "5", "5 miles", "inf km"] {
            assert!(Words::of(text).metres().is_err(), "{text}");
        }
        for text in ["", "up", "361°", "NNNE"] {
            assert!(Words::of(text).bearing_deg().is_err(), "{text}");
        }
        assert!(Words::of("5 weeks").span().is_err());
    }

    #[test]
    fn the_way_between_two_places_takes_the_short_way_round() {
        let place = |lat, lon| Position::new(lat, lon).unwrap();
        let half = between(place(0.0, 179.9), place(0.2, -179.9), 0.5);
        assert!((half.lat_deg() - 0.1).abs() < 1e-12 && half.lon_deg().abs() > 179.999, "{half:?}");
    }
}
