//! Several orders of one wearer.

use super::*;

/// An order in force of wearer `w`, with that many zones.
fn order(id: &str, days: std::ops::Range<i64>, victim: &str, zones: usize) -> Order {
    let day = |n: i64| Timestamp::parse("2026-11-01T00:00:00Z").unwrap() + Millis::from_secs(n * 86_400);
    let mut json = full();
    json["order"] = json!(id);
    json["valid_from"] = json!(day(days.start));
    json["valid_until"] = json!(day(days.end));
    json["victims"][0]["person"] = json!(victim);
    json["zones"]["features"] = json!(
        (0..zones)
            .map(|i| json!({"type": "Feature", "geometry": {"type": "Point", "coordinates": [4.5, 52]},
                            "properties": {"zone": format!("z{i}"), "kind": "inclusion", "radius_m": 100}}))
            .collect::<Vec<_>>()
    );
    one(&json).unwrap().into_order().unwrap()
}

#[test]
fn a_wearers_orders_are_counted_together_while_they_are_valid_together() {
    let first = order("first", 0..30, "v1", 150);
    let error =
        |new: &Order, others: &[&Order]| fits_beside(new, others.iter().copied()).map_err(|e| e.field);
    assert_eq!(error(&order("next", 29..60, "v1", 50), &[&first]), Ok(()));
    assert_eq!(error(&order("next", 29..60, "v1", 51), &[&first]), Err("zones.features".into()));
    assert_eq!(error(&order("next", 30..60, "v1", 150), &[&first]), Ok(()));
    assert_eq!(error(&order("first", 0..30, "v1", 200), &[&first]), Ok(()));
    // Two that never meet may both meet a third.
    let later = order("later", 40..60, "v1", 150);
    assert_eq!(error(&order("next", 20..50, "v1", 50), &[&first, &later]), Ok(()));
    // Or one that begins in the middle of the new one.
    assert_eq!(error(&order("next", 20..50, "v1", 51), &[&later]), Err("zones.features".into()));

    let others: Vec<Order> = (0..6).map(|i| order(&format!("o{i}"), 0..30, &format!("v{i}"), 0)).collect();
    let others: Vec<&Order> = others.iter().collect();
    assert_eq!(error(&order("next", 0..30, "v5", 0), &others), Ok(()));
    assert_eq!(error(&order("next", 0..30, "v6", 0), &others), Err("victims".into()));
}

#[test]
fn a_wearer_has_one_device_at_a_time() {
    let first = order("first", 0..30, "v1", 1);
    let device = |days| {
        let mut new = order("next", days, "v1", 1);
        new.wearer.device = Some(DeviceId::new("am-0002").unwrap());
        new
    };
    assert_eq!(fits_beside(&device(29..60), [&first]).unwrap_err().field, "wearer.device");
    assert_eq!(fits_beside(&device(30..60), [&first]), Ok(()));
    let mut another = device(0..30);
    another.wearer.person = PersonId::new("somebody-else").unwrap();
    assert_eq!(fits_beside(&another, [&first]), Ok(()));
}
