//! Traccar's JSON position forward, <https://www.traccar.org/forward/>: so that any tracker Traccar speaks to works.

use std::borrow::Cow;
use std::fmt;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer};
use zones::{Aware, DeviceEvent, DeviceEventKind, Timestamp, is_id};

use super::json::read;
use super::{Foreign, Message, Traccar, Unusable, check_size};

/// Metres per second of one knot: a nautical mile of 1,852 m an hour.
const KNOT_MPS: f64 = 1_852.0 / 3_600.0;

#[derive(Deserialize)]
struct Forward<'a> {
    #[serde(borrow)]
    position: Position<'a>,
    #[serde(borrow)]
    device: Device<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Device<'a> {
    #[serde(borrow)]
    unique_id: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Position<'a> {
    fix_time: Time,
    /// When the device sent it, which is when an alarm was raised.
    device_time: Option<Time>,
    latitude: f64,
    longitude: f64,
    /// Knots.
    speed: Option<f64>,
    course: Option<f64>,
    /// Metres; 0 when unknown.
    accuracy: Option<f64>,
    /// Whether the tracker had a position.
    valid: Option<bool>,
    /// Whether this repeats the last known position, because the tracker sent something else.
    outdated: Option<bool>,
    #[serde(borrow)]
    attributes: Option<Attributes<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attributes<'a> {
    /// Per cent. What a tracker puts here is not checked by Traccar.
    #[serde(default, deserialize_with = "number_or_nothing")]
    battery_level: Option<f64>,
    /// Names of alarms, separated by commas.
    #[serde(borrow)]
    alarm: Option<Cow<'a, str>>,
}

/// Reads one forwarded position, from HTTP or from the configured topic; always a [`Message::Traccar`].
///
/// The device's `uniqueId` is its id here. A position that Traccar repeats (`outdated`) is not a fix.
pub fn decode_traccar(payload: &[u8]) -> Result<Message<'_>, Unusable> {
    check_size(payload)?;
    let Forward { position, device } = read(payload)?;
    if !is_id(&device.unique_id) {
        return Err(Unusable::field("device.uniqueId", "an id is 1 to 64 characters of A-Z a-z 0-9 _ -"));
    }
    let (events, pressed_at) = position.alarms();
    let (fix, rejected) = if position.outdated == Some(true) {
        (None, None)
    } else {
        match position.fix() {
            Ok(fix) => (Some(fix), None),
            Err(unusable) if events.is_empty() && pressed_at.is_none() => return Err(unusable),
            Err(unusable) => (None, Some(unusable)),
        }
    };
    let sos = pressed_at.map(|pressed_at| Aware {
        pressed_at,
        position: fix.map(|fix| fix.position),
        accuracy_m: fix.and_then(|fix| fix.accuracy_m),
        test: false,
    });
    Ok(Message::Traccar(Traccar { device: device.unique_id, fix, rejected, events, sos }))
}

impl Position<'_> {
    fn fix(&self) -> Result<zones::Fix, Unusable> {
        if self.valid == Some(false) {
            return Err(Unusable::field("position.valid", "the tracker had no position"));
        }
        let foreign = Foreign {
            fixed_at: self.fix_time.0,
            lat: self.latitude,
            lon: self.longitude,
            accuracy_m: self.accuracy,
            speed_mps: self.speed.map(|knots| knots * KNOT_MPS),
            course_deg: self.course,
            battery_pct: self.attributes.as_ref().and_then(|a| a.battery_level),
        };
        foreign.into_fix("fixTime").map_err(|Unusable { reason, field }| {
            let field = field.map(|name| match name.as_str() {
                "lat" => "position.latitude".to_owned(),
                "lon" => "position.longitude".to_owned(),
                other => format!("position.{other}"),
            });
            Unusable { reason, field }
        })
    }

    /// What the tracker said about itself, and when its panic button was pressed.
    fn alarms(&self) -> (Vec<DeviceEvent>, Option<Timestamp>) {
        let at = self.device_time.as_ref().unwrap_or(&self.fix_time).0;
        let names = self.attributes.as_ref().and_then(|a| a.alarm.as_deref()).unwrap_or("");
        let mut events = Vec::new();
        let mut pressed_at = None;
        for name in names.split(',').map(str::trim) {
            if name == "sos" {
                pressed_at = Some(at);
            }
            if let Some(event) =
                event(name).filter(|&kind| events.iter().all(|e: &DeviceEvent| e.event != kind))
            {
                events.push(DeviceEvent { at, event });
            }
        }
        (events, pressed_at)
    }
}

/// Traccar's names of alarms that mean something here; the rest (speeding, geofences of its own …) does not.
fn event(alarm: &str) -> Option<DeviceEventKind> {
    match alarm {
        "removing" => Some(DeviceEventKind::StrapTamper),
        "tampering" => Some(DeviceEventKind::CaseTamper),
        "jamming" => Some(DeviceEventKind::Jamming),
        "lowBattery" | "lowPower" => Some(DeviceEventKind::BatteryLow),
        "powerOff" => Some(DeviceEventKind::Shutdown),
        "powerOn" => Some(DeviceEventKind::Restart),
        _ => None,
    }
}

/// RFC 3339 with an offset, or milliseconds since 1970, as Traccar's version and settings have it.
struct Time(Timestamp);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = Time;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an RFC 3339 time or milliseconds since 1970")
            }
            fn visit_i64<E: serde::de::Error>(self, millis: i64) -> Result<Time, E> {
                Ok(Time(Timestamp::from_millis(millis)))
            }
            fn visit_u64<E: serde::de::Error>(self, millis: u64) -> Result<Time, E> {
                self.visit_i64(i64::try_from(millis).unwrap_or(i64::MAX))
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Time, E> {
                Timestamp::parse(text).map(Time).map_err(E::custom)
            }
        }
        from.deserialize_any(Either)
    }
}

fn number_or_nothing<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Said {
        Number(f64),
        Otherwise(serde::de::IgnoredAny),
    }
    Ok(match Said::deserialize(from)? {
        Said::Number(number) => Some(number),
        Said::Otherwise(_) => None,
    })
}
