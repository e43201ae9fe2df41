//! Orders in and out of JSON.

use serde_json::{Value, json};

use super::*;
use crate::Invalid;

mod reading;
mod together;
mod writing;

/// `printf 4711 | sha256sum`.
const CODE_4711: &str = "de650d61f5bd166a91f8ccec3158297db18b9d50eaedca238cd29dc3a214a916";

/// An order with every field of the contract.
fn full() -> Value {
    json!({
        "order": "ord-0001", "legal_basis": "sv_509hh",
        "valid_from": "2026-11-01T00:00:00+01:00", "valid_until": "2027-01-30T00:00:00+01:00",
        "risk": "high",
        "wearer": {"person": "wearer-0001", "device": "am-0001", "residence": [5.1214, 52.0907],
                   "fix_interval_s": 30, "receipts": true, "owntracks": "jan/phone"},
        "victims": [{"person": "victim-0001", "device": "vd-0001", "residence": [4.4792, 51.9225],
                     "proximity": {"alarm_m": 1000, "warning_m": 2000, "warning_s": 300},
                     "second_channel": {"sms": "+31612345678"}, "aware_code_sha256": CODE_4711,
                     "quiet_hours": {"timezone": "Europe/Amsterdam",
                                     "weekly": [{"days": ["sat", "sun"], "from": "23:00", "to": "07:00"}]},
                     "language": "en"}],
        "zones": {"type": "FeatureCollection", "features": [
            {"type": "Feature", "geometry": {"type": "Point", "coordinates": [4.4792, 51.9225]},
             "properties": {"zone": "zone-0001", "kind": "exclusion", "victim": "victim-0001",
                            "radius_m": 5000, "buffer_m": 500, "protects": [4.48, 51.92],
                            "schedule": {"timezone": "Europe/Amsterdam",
                                         "weekly": [{"days": ["mon", "tue"], "from": "22:00", "to": "06:00"}]},
                            "deviation": {"reason": "work", "decided_by": "court"}}}]},
        "desk": "rotterdam", "tell_desk": false, "call_order": ["victim", "police"],
        "contacts": {"supervising_officer": {"name": "A", "phone": "1"},
                     "case_coordinator": {"name": "B", "phone": "2"},
                     "victim_contact": {"name": "C", "phone": "3"}}
    })
}

fn changed(path: &str, value: Value) -> Value {
    let (parent, key) = path.rsplit_once('/').unwrap();
    let mut order = full();
    let parent = order.pointer_mut(parent).unwrap();
    match parent {
        Value::Array(list) => list[key.parse::<usize>().unwrap()] = value,
        other => other[key] = value,
    }
    order
}

fn without(path: &str) -> Value {
    let (parent, key) = path.rsplit_once('/').unwrap();
    let mut order = full();
    order.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(key).unwrap();
    order
}

fn one(order: &Value) -> Result<Draft, Invalid> {
    read(&order.to_string()).map(|mut drafts| drafts.remove(0))
}
