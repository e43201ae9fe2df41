//! One position report of a device.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Invalid, Position, Timestamp, policy};

/// Where a device has its position from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Satellites.
    Gnss,
    /// Wireless networks nearby.
    Wifi,
    /// Cell towers.
    Cell,
    /// A fixed beacon, at home.
    Beacon,
}

/// One position report: valid by construction.
///
/// JSON is the form of the contract (a fix on `afstand/v1/{role}/{device}/fix`); binary formats get every
/// field in order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fix {
    /// When the device was there, by its own clock.
    pub fixed_at: Timestamp,
    /// Where.
    pub position: Position,
    /// Radius of 68 % confidence in metres; `None` when the device does not know.
    pub accuracy_m: Option<f32>,
    /// Speed over ground as the device measured it.
    pub speed_mps: Option<f32>,
    /// Course over ground, degrees from north.
    pub course_deg: Option<f32>,
    /// Origin of the position.
    pub source: Option<Source>,
    /// Battery charge, 0 to 100.
    pub battery_pct: Option<u8>,
    /// The device's own running number.
    pub seq: Option<u64>,
}

impl Fix {
    /// A fix with nothing but a time and a place.
    pub fn new(fixed_at: Timestamp, position: Position) -> Self {
        Self {
            fixed_at,
            position,
            accuracy_m: None,
            speed_mps: None,
            course_deg: None,
            source: None,
            battery_pct: None,
            seq: None,
        }
    }

    /// Radius of uncertainty in metres: what the device says, else what the policy assumes for its source.
    pub fn uncertainty_m(&self) -> f64 {
        match self.accuracy_m {
            Some(accuracy) => f64::from(accuracy),
            None => policy::assumed_accuracy_m(self.source),
        }
    }

    /// Whether the fix is too coarse to end or restart a leaving period.
    pub fn is_coarse(&self) -> bool {
        self.uncertainty_m() > policy::COARSE_M
    }
}

/// The contract's JSON form.
#[derive(Serialize, Deserialize)]
struct Json {
    fixed_at: Timestamp,
    lat: f64,
    lon: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    accuracy_m: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    speed_mps: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    course_deg: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<Source>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    battery_pct: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
}

impl TryFrom<Json> for Fix {
    type Error = Invalid;
    fn try_from(json: Json) -> Result<Self, Invalid> {
        if json.fixed_at < policy::EARLIEST_FIX {
            return Err(Invalid::new("fixed_at", format!("{} is before the year 2000", json.fixed_at)));
        }
        // Narrowed first: what is too large for an f32 would become infinite.
        let positive = |v: f64| Some(v as f32).filter(|v| v.is_finite() && *v > 0.0);
        let not_negative = |v: f64| Some(v as f32).filter(|v| v.is_finite() && *v >= 0.0);
        Ok(Self {
            fixed_at: json.fixed_at,
            position: Position::new(json.lat, json.lon)?,
            accuracy_m: json.accuracy_m.and_then(positive),
            speed_mps: json.speed_mps.and_then(not_negative),
            course_deg: json.course_deg.and_then(not_negative),
            source: json.source,
            battery_pct: json.battery_pct.map(|pct| pct.clamp(0.0, 100.0) as u8),
            seq: json.seq,
        })
    }
}

/// An `f32` as the shortest decimal that reads back the same, not as its long `f64` neighbour.
fn widen(v: f32) -> f64 {
    v.to_string().parse().unwrap_or_else(|_| f64::from(v))
}

impl From<&Fix> for Json {
    fn from(fix: &Fix) -> Self {
        Self {
            fixed_at: fix.fixed_at,
            lat: fix.position.lat_deg(),
            lon: fix.position.lon_deg(),
            accuracy_m: fix.accuracy_m.map(widen),
            speed_mps: fix.speed_mps.map(widen),
            course_deg: fix.course_deg.map(widen),
            source: fix.source,
            battery_pct: fix.battery_pct.map(f64::from),
            seq: fix.seq,
        }
    }
}

/// The binary form, every field in order.
type Row =
    (Timestamp, Position, Option<f32>, Option<f32>, Option<f32>, Option<Source>, Option<u8>, Option<u64>);

impl Serialize for Fix {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() {
            return Json::from(self).serialize(to);
        }
        let row: Row = (
            self.fixed_at,
            self.position,
            self.accuracy_m,
            self.speed_mps,
            self.course_deg,
            self.source,
            self.battery_pct,
            self.seq,
        );
        row.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Fix {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if from.is_human_readable() {
            return Self::try_from(Json::deserialize(from)?).map_err(serde::de::Error::custom);
        }
        let (fixed_at, position, accuracy_m, speed_mps, course_deg, source, battery_pct, seq) =
            Row::deserialize(from)?;
        Ok(Self { fixed_at, position, accuracy_m, speed_mps, course_deg, source, battery_pct, seq })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Fix, serde_json::Error> {
        serde_json::from_str(text)
    }

    #[test]
    fn the_contracts_example_goes_in_and_comes_out() {
        let text = r#"{"fixed_at":"2026-11-21T10:15:30.250Z","lat":52.0907,"lon":5.1214,"accuracy_m":8.5,"speed_mps":1.3,"course_deg":271.0,"source":"gnss","battery_pct":71.0,"seq":10293}"#;
        let fix = read(text).unwrap();
        assert_eq!(fix.uncertainty_m(), 8.5);
        assert_eq!(serde_json::to_string(&fix).unwrap(), text);
    }

    #[test]
    fn only_time_and_place_are_needed_and_an_unknown_accuracy_is_assumed() {
        let bare = r#""fixed_at":"2026-11-21T10:15:30Z","lat":52,"lon":5"#;
        for (rest, metres) in [
            ("", 25.0),
            (r#","accuracy_m":0"#, 25.0),
            (r#","accuracy_m":-1,"source":"wifi""#, 100.0),
            (r#","source":"cell","unknown":[1]"#, 1_500.0),
            (r#","accuracy_m":1e300"#, 25.0),
        ] {
            assert_eq!(read(&format!("{{{bare}{rest}}}")).unwrap().uncertainty_m(), metres, "{rest}");
        }
    }

    #[test]
    fn an_unusable_fix_names_its_field() {
        for (text, word) in [
            (r#"{"fixed_at":"2026-11-21T10:15:30Z","lat":91,"lon":5}"#, "lat"),
            (r#"{"fixed_at":"1970-01-01T00:00:00Z","lat":52,"lon":5}"#, "fixed_at"),
            (r#"{"fixed_at":"2026-11-21T10:15:30Z","lat":null,"lon":5}"#, "null"),
            (r#"{"fixed_at":"2026-11-21T10:15:30Z","lon":5}"#, "lat"),
            (r#"{"fixed_at":12,"lat":52,"lon":5}"#, "RFC 3339"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(word), "{text}: {error}");
        }
    }
}
