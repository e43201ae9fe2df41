//! Moments and spans, in whole milliseconds.

use std::fmt;
use std::num::NonZeroU64;
use std::ops::{Add, Sub};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::Invalid;

/// A span of time in milliseconds; negative when it points back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Millis(pub i64);

impl Millis {
    /// A span of whole seconds.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs * 1_000)
    }

    /// The span in seconds.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1_000.0
    }
}

impl Add for Millis {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl std::ops::Mul<i64> for Millis {
    type Output = Self;
    fn mul(self, times: i64) -> Self {
        Self(self.0.saturating_mul(times))
    }
}

/// A moment: milliseconds since 1970-01-01 UTC, between the years −9999 and 9999.
///
/// Text is RFC 3339; what is finer than a millisecond is cut off. In JSON it is that text in UTC with three
/// decimals; in binary formats the number.
// The number with its sign bit turned: that keeps the order, and is 0 for no moment there is, so that an `Option`
// takes no more room. Rows of devices are full of them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(NonZeroU64);

const SIGN_BIT: u64 = 1 << 63;

impl Timestamp {
    /// The moment that many milliseconds after 1970-01-01 UTC; out of range is brought to the nearest end.
    pub fn from_millis(millis: i64) -> Self {
        Self::from_const_millis(
            millis
                .clamp(jiff::Timestamp::MIN.as_millisecond() + 1, jiff::Timestamp::MAX.as_millisecond() - 1),
        )
    }

    /// The same for constants within range.
    pub(crate) const fn from_const_millis(millis: i64) -> Self {
        match NonZeroU64::new(millis as u64 ^ SIGN_BIT) {
            Some(turned) => Self(turned),
            None => Self(NonZeroU64::MIN),
        }
    }

    /// Milliseconds since 1970-01-01 UTC.
    pub const fn as_millis(self) -> i64 {
        (self.0.get() ^ SIGN_BIT) as i64
    }

    /// Reads RFC 3339, with any offset.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        static PARSER: jiff::fmt::temporal::DateTimeParser = jiff::fmt::temporal::DateTimeParser::new();
        if let Some(millis) = usual_millis(text.as_bytes()) {
            return Ok(Self::from_const_millis(millis));
        }
        match PARSER.parse_timestamp(text) {
            Ok(t) => Ok(Self::from_millis(t.as_millisecond())),
            Err(_) => Err(Invalid::new("", format!("{text:.40?} is not an RFC 3339 time"))),
        }
    }

    /// The same moment for calendar arithmetic.
    pub(crate) fn to_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.as_millis()).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

/// Milliseconds since 1970 of a time in the form that devices send, `YYYY-MM-DDTHH:MM:SSZ` with or without
/// three decimals: several times a message, so worth a short road. `None` where it is anything else, sound or
/// not: that is for the library to say.
fn usual_millis(text: &[u8]) -> Option<i64> {
    let (seconds, millis) = match text {
        [seconds @ .., b'.', a, b, c, b'Z'] => (seconds, number(&[*a, *b, *c])?),
        [seconds @ .., b'Z'] => (seconds, 0),
        _ => return None,
    };
    let [y1, y2, y3, y4, b'-', mo1, mo2, b'-', d1, d2, b'T', h1, h2, b':', mi1, mi2, b':', s1, s2] = *seconds
    else {
        return None;
    };
    let (year, month, day) = (number(&[y1, y2, y3, y4])?, number(&[mo1, mo2])?, number(&[d1, d2])?);
    let (hour, minute, second) = (number(&[h1, h2])?, number(&[mi1, mi2])?, number(&[s1, s2])?);
    // A leap second is for the library too.
    if !(1..=9_998).contains(&year) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let leap = i64::from(year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
    let starts = [0, 31, 59 + leap, 90 + leap, 120 + leap, 151 + leap, 181 + leap, 212 + leap, 243 + leap]
        .into_iter()
        .chain([273 + leap, 304 + leap, 334 + leap, 365 + leap]);
    let mut months = starts.skip(usize::try_from(month - 1).ok()?);
    let (start, end) = (months.next()?, months.next()?);
    if day < 1 || start + day > end {
        return None;
    }
    let years = year - 1;
    let days = years * 365 + years / 4 - years / 100 + years / 400 + start + day - 1 - DAYS_BEFORE_1970;
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000 + millis)
}

/// Days from 0001-01-01 to 1970-01-01 in the Gregorian calendar.
const DAYS_BEFORE_1970: i64 = 719_162;

/// A number of decimal digits.
fn number(digits: &[u8]) -> Option<i64> {
    let digit = |sum: i64, d: &u8| d.is_ascii_digit().then(|| sum * 10 + i64::from(d - b'0'));
    digits.iter().try_fold(0, digit)
}

impl Add<Millis> for Timestamp {
    type Output = Self;
    fn add(self, span: Millis) -> Self {
        Self::from_millis(self.as_millis().saturating_add(span.0))
    }
}

impl Sub<Millis> for Timestamp {
    type Output = Self;
    fn sub(self, span: Millis) -> Self {
        Self::from_millis(self.as_millis().saturating_sub(span.0))
    }
}

impl Sub for Timestamp {
    type Output = Millis;
    fn sub(self, other: Self) -> Millis {
        Millis(self.as_millis() - other.as_millis())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.to_jiff())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() { to.collect_str(self) } else { to.serialize_i64(self.as_millis()) }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if from.is_human_readable() {
            struct Text;
            impl de::Visitor<'_> for Text {
                type Value = Timestamp;
                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("an RFC 3339 time")
                }
                fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
                    Timestamp::parse(text).map_err(E::custom)
                }
            }
            from.deserialize_str(Text)
        } else {
            i64::deserialize(from).map(Self::from_millis)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_goes_in_with_any_offset_and_comes_out_in_utc() {
        let t = Timestamp::parse("2026-11-21T11:15:30.2509+01:00").unwrap();
        assert_eq!(t.to_string(), "2026-11-21T10:15:30.250Z");
        assert_eq!(Timestamp::parse("2026-11-21T10:15:30Z").unwrap().to_string(), "2026-11-21T10:15:30.000Z");
        for bad in ["not a time", "2026-11-21", "2026-13-01T00:00:00Z", "2026-11-21T10:15:30", ""] {
            assert!(Timestamp::parse(bad).is_err(), "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn the_short_road_says_what_the_library_says(
            (year, month, day) in (0..=9_999_i64, 0..=13_i64, 0..=32_i64),
            (hour, minute, second) in (0..=24_i64, 0..=60_i64, 0..=60_i64),
            millis in proptest::option::of(0..=999_i64),
            end in proptest::sample::select(vec!["Z", "z", "", "+00:00", "Z "]),
        ) {
            let fraction = millis.map_or_else(String::new, |ms| format!(".{ms:03}"));
            let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}{end}");
            if let Some(millis) = usual_millis(text.as_bytes()) {
                let said: jiff::Timestamp = text.parse().unwrap();
                proptest::prop_assert_eq!(millis, said.as_millisecond(), "{}", text);
            } else if end == "Z" && (1..=9_998).contains(&year) && second < 60 {
                proptest::prop_assert!(text.parse::<jiff::Timestamp>().is_err(), "{}", text);
            }
        }
    }

    #[test]
    fn the_short_road_knows_every_day() {
        let mut day = jiff::civil::date(1_599, 12, 31);
        while day.year() < 2_402 {
            let text = format!("{day}T23:59:59.999Z");
            let said: jiff::Timestamp = text.parse().unwrap();
            assert_eq!(usual_millis(text.as_bytes()), Some(said.as_millisecond()), "{text}");
            day = day.tomorrow().unwrap();
        }
        for bad in
            ["2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-1-01T00:00:00Z"]
        {
            assert_eq!(usual_millis(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn no_moment_takes_no_more_room_and_order_is_that_of_time() {
        assert_eq!(size_of::<Option<Timestamp>>(), size_of::<i64>());
        let mut moments = [i64::MAX, 1, i64::MIN, -1, 0, -62_135_596_800_000].map(Timestamp::from_millis);
        moments.sort_unstable();
        assert!(moments.is_sorted_by_key(|moment| moment.as_millis()));
        assert_eq!(moments[2..5].iter().map(|t| t.as_millis()).collect::<Vec<_>>(), [-1, 0, 1]);
    }

    #[test]
    fn spans_add_up() {
        let t = Timestamp::from_millis(1_000);
        assert_eq!((t + Millis::from_secs(60)) - t, Millis(60_000));
        assert_eq!(Timestamp::from_millis(i64::MAX) + Millis(1), Timestamp::from_millis(i64::MAX));
    }
}
