//! People, orders and reports, with names and places that stand out in a text.

use std::time::SystemTime;

use serde_json::{Value, json};
use zones::Timestamp;

use super::geo::Place;

/// Where the victims of the cases are at home. Its digits occur in no id, no time and no advice.
pub const HOME: Place = (52.093_741, 5.128_467);

/// Now, in whole seconds: OwnTracks knows nothing finer.
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock after 1970");
    Timestamp::from_millis(i64::try_from(since.as_secs()).expect("a time") * 1_000)
}

/// So many seconds from a moment.
pub fn after(moment: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_millis(moment.as_millis() + seconds * 1_000)
}

/// A wearer and a victim under one order.
#[derive(Debug, Clone)]
pub struct Pair {
    pub name: String,
    pub order: Value,
}

impl Pair {
    /// Alarm within 1,000 m, warning within 1,500 m, no time to contact, no zones.
    pub fn new(name: &str) -> Self {
        let order = json!({
            "order": format!("ord-{name}"), "legal_basis": "sv_509hh", "risk": "high",
            "valid_from": after(now(), -3 * 86_400), "valid_until": after(now(), 90 * 86_400),
            // An hour: nobody falls silent during a test.
            "wearer": {"person": format!("wearer-{name}"), "device": format!("am-{name}"), "fix_interval_s": 3600},
            "victims": [{
                "person": format!("victim-{name}"), "device": format!("vd-{name}"), "fix_interval_s": 3600,
                "proximity": {"alarm_m": 1000, "warning_m": 1500, "warning_s": 0},
            }],
            "zones": {"type": "FeatureCollection", "features": []},
            "desk": "rotterdam",
            "contacts": {
                "supervising_officer": {"name": "Otto Toezicht", "phone": "+31881110001"},
                "victim_contact": {"name": "Carla Contact", "phone": "+31881110002"},
            },
        });
        Self { name: name.to_owned(), order }
    }

    /// Sets something in the order, by JSON pointer.
    pub fn with(mut self, pointer: &str, value: impl Into<Value>) -> Self {
        let (parent, key) = pointer.rsplit_once('/').expect("a JSON pointer");
        self.order.pointer_mut(parent).expect("such a place in the order")[key] = value.into();
        self
    }

    /// Adds a circle to stay out of.
    pub fn with_zone(mut self, zone: &str, (lat, lon): Place, radius_m: f64, buffer_m: f64) -> Self {
        let feature = json!({
            "type": "Feature", "geometry": {"type": "Point", "coordinates": [lon, lat]},
            "properties": {"zone": zone, "kind": "exclusion", "radius_m": radius_m, "buffer_m": buffer_m,
                "deviation": {"reason": "a test", "decided_by": "a tester"}},
        });
        self.order["zones"]["features"].as_array_mut().expect("features").push(feature);
        self
    }

    pub fn wearer(&self) -> String {
        format!("wearer-{}", self.name)
    }

    pub fn wearer_topic(&self, leaf: &str) -> String {
        format!("afstand/v1/wearer/am-{}/{leaf}", self.name)
    }

    pub fn victim_topic(&self, leaf: &str) -> String {
        format!("afstand/v1/victim/vd-{}/{leaf}", self.name)
    }

    /// What nobody but the police and the monitoring centre may read about the wearer.
    pub fn secrets_of_wearer(&self, places: &[Place]) -> Vec<String> {
        let mut secrets = vec![self.wearer(), format!("am-{}", self.name)];
        secrets.extend(digits(places));
        secrets
    }

    /// What the wearer must not read about the victim.
    pub fn secrets_of_victim(&self, places: &[Place]) -> Vec<String> {
        let mut secrets = vec![format!("victim-{}", self.name), format!("vd-{}", self.name)];
        secrets.extend(digits(places));
        secrets
    }
}

/// The first digits of places, to about a hundred metres.
pub fn digits(places: &[Place]) -> Vec<String> {
    let text = |degrees: f64| format!("{:.3}", (degrees * 1_000.0).trunc() / 1_000.0);
    places.iter().flat_map(|(lat, lon)| [text(*lat), text(*lon)]).collect()
}

/// A report of 8 m accuracy.
pub fn fix(at: Timestamp, (lat, lon): Place, seq: u64) -> Value {
    json!({"fixed_at": at, "lat": lat, "lon": lon, "accuracy_m": 8.0, "source": "gnss", "seq": seq})
}

/// The same as OwnTracks says it.
pub fn owntracks(at: Timestamp, (lat, lon): Place) -> Value {
    json!({"_type": "location", "tst": at.as_millis() / 1_000, "lat": lat, "lon": lon, "acc": 8, "tid": "wz"})
}

/// The same as Traccar forwards it.
pub fn traccar(at: Timestamp, (lat, lon): Place, device: &str) -> Value {
    json!({
        "position": {"id": 1, "deviceId": 1, "protocol": "osmand", "fixTime": at, "deviceTime": at,
            "serverTime": at, "latitude": lat, "longitude": lon, "accuracy": 8.0, "speed": 0.0, "valid": true,
            "outdated": false, "attributes": {"batteryLevel": 80.0}},
        "device": {"id": 1, "uniqueId": device, "name": "x", "status": "online"},
    })
}
