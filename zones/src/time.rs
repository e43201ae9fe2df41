//! Moments and spans, in whole milliseconds.

use std::fmt;
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
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment that many milliseconds after 1970-01-01 UTC; out of range is brought to the nearest end.
    pub fn from_millis(millis: i64) -> Self {
        Self(
            millis
                .clamp(jiff::Timestamp::MIN.as_millisecond() + 1, jiff::Timestamp::MAX.as_millisecond() - 1),
        )
    }

    /// The same for constants within range.
    pub(crate) const fn from_const_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970-01-01 UTC.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Reads RFC 3339, with any offset.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        static PARSER: jiff::fmt::temporal::DateTimeParser = jiff::fmt::temporal::DateTimeParser::new();
        match PARSER.parse_timestamp(text) {
            Ok(t) => Ok(Self::from_millis(t.as_millisecond())),
            Err(_) => Err(Invalid::new("", format!("{text:.40?} is not an RFC 3339 time"))),
        }
    }

    /// The same moment for calendar arithmetic.
    pub(crate) fn to_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

impl Add<Millis> for Timestamp {
    type Output = Self;
    fn add(self, span: Millis) -> Self {
        Self::from_millis(self.0.saturating_add(span.0))
    }
}

impl Sub<Millis> for Timestamp {
    type Output = Self;
    fn sub(self, span: Millis) -> Self {
        Self::from_millis(self.0.saturating_sub(span.0))
    }
}

impl Sub for Timestamp {
    type Output = Millis;
    fn sub(self, other: Self) -> Millis {
        Millis(self.0 - other.0)
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
        if to.is_human_readable() { to.collect_str(self) } else { to.serialize_i64(self.0) }
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

    #[test]
    fn spans_add_up() {
        let t = Timestamp::from_millis(1_000);
        assert_eq!((t + Millis::from_secs(60)) - t, Millis(60_000));
        assert_eq!(Timestamp::from_millis(i64::MAX) + Millis(1), Timestamp::from_millis(i64::MAX));
    }
}
