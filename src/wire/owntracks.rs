//! OwnTracks JSON, <https://owntracks.org/booklet/tech/json/>: the message says by `_type` what it is.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto_secretbox::aead::{Aead, KeyInit};
use crypto_secretbox::{Key, Nonce, XSalsa20Poly1305};
use serde::de::Visitor;
use serde::{Deserialize, Deserializer};
use zones::{Fix, Timestamp};

use super::json::read;
use super::{Foreign, Message, OwnTracks, TrackerKeys, Unusable};

/// Length of a libsodium secretbox nonce in bytes.
const NONCE_LEN: usize = 24;

/// Types that exist and say nothing about where the device is.
const IGNORED: [&str; 9] =
    ["beacon", "card", "cmd", "configuration", "dump", "request", "steps", "waypoint", "waypoints"];

#[derive(Deserialize)]
struct Typed<'a> {
    #[serde(rename = "_type", borrow)]
    kind: Cow<'a, str>,
}

/// Reads a message of a tracker, `user/device`.
pub(super) fn decode<'a>(
    tracker: &'a str,
    payload: &'a [u8],
    keys: &TrackerKeys,
) -> Result<Message<'a>, Unusable> {
    // The app clears what it retained by an empty message.
    if payload.is_empty() {
        return Ok(Message::OwnTracks { tracker, what: OwnTracks::Ignored });
    }
    let kind = read::<Typed<'_>>(payload)?.kind;
    let what = if kind == "encrypted" {
        let inner = decrypt(tracker, payload, keys)?;
        let kind = read::<Typed<'_>>(&inner)?.kind;
        if kind == "encrypted" {
            return Err(Unusable::field("data", "holds another encrypted message"));
        }
        plain(&kind, &inner)?
    } else {
        plain(&kind, payload)?
    };
    Ok(Message::OwnTracks { tracker, what })
}

fn plain(kind: &str, payload: &[u8]) -> Result<OwnTracks, Unusable> {
    match kind {
        "location" => read::<Location>(payload)?.into_fix().map(OwnTracks::Location),
        "transition" => match read::<Transition>(payload)?.into_location() {
            Some(location) => location.into_fix().map(OwnTracks::Transition),
            None => Ok(OwnTracks::Ignored),
        },
        "lwt" => Ok(OwnTracks::Lwt),
        "status" => Ok(OwnTracks::Status),
        kind if IGNORED.contains(&kind) => Ok(OwnTracks::Ignored),
        _ => Err(Unusable::field("_type", "not a type of OwnTracks")),
    }
}

#[derive(Deserialize)]
struct Location {
    tst: Epoch,
    lat: f64,
    lon: f64,
    /// Metres.
    acc: Option<f64>,
    /// Kilometres per hour; negative when unknown.
    vel: Option<f64>,
    /// Degrees; negative when unknown.
    cog: Option<f64>,
    /// Per cent.
    batt: Option<f64>,
}

impl Location {
    fn into_fix(self) -> Result<Fix, Unusable> {
        let foreign = Foreign {
            fixed_at: self.tst.0,
            lat: self.lat,
            lon: self.lon,
            accuracy_m: self.acc,
            speed_mps: self.vel.map(|kmh| kmh / 3.6),
            course_deg: self.cog,
            battery_pct: self.batt,
        };
        foreign.into_fix("tst")
    }
}

/// Entering or leaving a region; the place is left out where a beacon was the region.
#[derive(Deserialize)]
struct Transition {
    tst: Epoch,
    lat: Option<f64>,
    lon: Option<f64>,
    acc: Option<f64>,
}

impl Transition {
    fn into_location(self) -> Option<Location> {
        let (lat, lon) = self.lat.zip(self.lon)?;
        Some(Location { tst: self.tst, lat, lon, acc: self.acc, vel: None, cog: None, batt: None })
    }
}

/// Seconds since 1970; older apps wrote them as text.
struct Epoch(Timestamp);

impl<'de> Deserialize<'de> for Epoch {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Seconds;
        impl Visitor<'_> for Seconds {
            type Value = Epoch;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("seconds since 1970")
            }
            fn visit_i64<E: serde::de::Error>(self, secs: i64) -> Result<Epoch, E> {
                Ok(Epoch(Timestamp::from_millis(secs.saturating_mul(1_000))))
            }
            fn visit_u64<E: serde::de::Error>(self, secs: u64) -> Result<Epoch, E> {
                self.visit_i64(i64::try_from(secs).unwrap_or(i64::MAX))
            }
            fn visit_f64<E: serde::de::Error>(self, secs: f64) -> Result<Epoch, E> {
                // A float becomes the nearest whole number that fits.
                Ok(Epoch(Timestamp::from_millis((secs * 1_000.0) as i64)))
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Epoch, E> {
                match text.parse() {
                    Ok(secs) => self.visit_i64(secs),
                    Err(_) => Err(E::custom("not a number of seconds")),
                }
            }
        }
        from.deserialize_any(Seconds)
    }
}

#[derive(Deserialize)]
struct Encrypted<'a> {
    #[serde(borrow)]
    data: Cow<'a, str>,
}

/// Opens a libsodium secretbox: base64 of nonce and ciphertext.
fn decrypt(tracker: &str, payload: &[u8], keys: &TrackerKeys) -> Result<Vec<u8>, Unusable> {
    let Encrypted { data } = read(payload)?;
    let key =
        keys.of(tracker).ok_or_else(|| Unusable::new("encrypted, and no key is known for this tracker"))?;
    let sealed = STANDARD.decode(data.as_bytes()).map_err(|_| Unusable::field("data", "not base64"))?;
    let Some((nonce, ciphertext)) = sealed.split_at_checked(NONCE_LEN) else {
        return Err(Unusable::field("data", "too short to be an encrypted message"));
    };
    XSalsa20Poly1305::new(Key::from_slice(key))
        .decrypt(Nonce::from_slice(nonce), ciphertext)
        .map_err(|_| Unusable::field("data", "does not open with the key of this tracker, or was altered"))
}
