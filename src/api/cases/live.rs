//! Whether a case is live: a label for people. Detection never waits for it.

use serde::Serialize;
use utoipa::ToSchema;
use zones::order::Order;
use zones::{DeviceId, Role, Timestamp};

/// A device that has not reported under its order yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Waiting {
    /// The party it belongs to.
    #[schema(value_type = String)]
    pub role: Role,
    /// The device.
    pub device: String,
    /// When it last reported: before the order began, or never.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_fixed_at: Option<Timestamp>,
}

/// The devices that an order waits for: those of the wearer and of each victim with a moving zone that have not
/// reported since it began. None: the case is live.
pub(crate) fn waiting(order: &Order, last_fixed_at: impl Fn(&DeviceId) -> Option<Timestamp>) -> Vec<Waiting> {
    let moving = order.victims.iter().filter(|victim| victim.proximity.is_some());
    let victims = moving.map(|victim| (Role::Victim, &victim.party));
    let parties = std::iter::once((Role::Wearer, &order.wearer)).chain(victims);
    let devices = parties.filter_map(|(role, party)| Some((role, party.device.as_ref()?)));
    let waits = |(role, device): (Role, &DeviceId)| {
        let last = last_fixed_at(device);
        let reported = last.is_some_and(|at| at >= order.valid_from);
        (!reported).then(|| Waiting { role, device: device.to_string(), last_fixed_at: last })
    };
    devices.filter_map(waits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_live_when_all_its_devices_have_reported_under_it() {
        let proximity = serde_json::json!({"alarm_m": 1000, "warning_m": 2000, "warning_s": 0});
        let text = serde_json::json!({
            "order": "o", "legal_basis": "sv_509hh",
            "valid_from": "2026-11-01T00:00:00Z", "valid_until": "2027-11-01T00:00:00Z",
            "wearer": {"person": "w", "device": "am"},
            "victims": [{"person": "v", "device": "vd", "proximity": proximity},
                        {"person": "zones-only", "device": "vd-2"}],
            "zones": {"type": "FeatureCollection", "features": []}
        });
        let order = zones::order::read(&text.to_string()).unwrap().remove(0).into_order().unwrap();
        let at = |text: &str| Some(Timestamp::parse(text).unwrap());
        let of = |his: Option<Timestamp>, hers: Option<Timestamp>| {
            let waiting = waiting(&order, |device| if device.as_str() == "am" { his } else { hers });
            waiting.into_iter().map(|one| one.device).collect::<Vec<_>>()
        };
        assert_eq!(of(None, None), ["am", "vd"]);
        // What he reported under another order, before this one began, does not count.
        assert_eq!(of(at("2026-10-31T23:59:59Z"), at("2026-11-01T00:00:00Z")), ["am"]);
        assert_eq!(of(at("2026-11-02T00:00:00Z"), at("2026-11-02T00:00:00Z")), [] as [&str; 0]);
    }
}
