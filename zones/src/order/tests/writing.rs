//! The canonical form.

use proptest::prelude::*;

use super::*;

#[test]
fn the_canonical_form_says_the_same() {
    let draft = one(&full()).unwrap();
    let json: Value = serde_json::from_str(&draft.to_json()).unwrap();
    let mut expected = full();
    expected["valid_from"] = json!("2026-10-31T23:00:00.000Z");
    expected["valid_until"] = json!("2027-01-29T23:00:00.000Z");
    let ring = [[4.0, 52.0], [4.1, 52.0], [4.1, 52.1], [4.0, 52.0]];
    assert_eq!(with_floats(json), with_floats(expected.clone()));

    // The order says what its draft says; a sound polygon comes out as it went in.
    let mut polygon = full();
    polygon["zones"]["features"][0]["geometry"] = json!({"type": "Polygon", "coordinates": [ring]});
    let draft = one(&polygon).unwrap();
    let text = draft.to_json();
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["zones"]["features"][0]["geometry"], polygon["zones"]["features"][0]["geometry"]);
    let order = draft.into_order().unwrap();
    assert_eq!((order.to_json(), serde_json::to_string(&order).unwrap()), (text.clone(), text));
}

/// 5000 and 5000.0 are the same number.
fn with_floats(value: Value) -> Value {
    match value {
        Value::Number(n) => json!(n.as_f64()),
        Value::Array(list) => list.into_iter().map(with_floats).collect(),
        Value::Object(fields) => fields.into_iter().map(|(k, v)| (k, with_floats(v))).collect(),
        other => other,
    }
}

/// Degrees as devices and map editors write them.
fn degrees(range: std::ops::Range<i64>) -> impl Strategy<Value = f64> {
    (range.start * 1_000_000..range.end * 1_000_000).prop_map(|micro| micro as f64 / 1e6)
}

fn place() -> impl Strategy<Value = Value> {
    (degrees(-180..180), degrees(-90..90)).prop_map(|(lon, lat)| json!([lon, lat]))
}

fn geometry() -> impl Strategy<Value = Value> {
    let ring = || proptest::collection::vec(place(), 0..6);
    let polygon = || proptest::collection::vec(ring(), 0..3);
    prop_oneof![
        Just(Value::Null),
        place().prop_map(|place| json!({"type": "Point", "coordinates": place})),
        polygon().prop_map(|rings| json!({"type": "Polygon", "coordinates": rings})),
        proptest::collection::vec(polygon(), 0..3)
            .prop_map(|polygons| json!({"type": "MultiPolygon", "coordinates": polygons})),
    ]
}

fn road() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!({"sms": "+31612345678"})),
        Just(json!({"email": "anna@example.nl"})),
        Just(json!({"contact": "anna"})),
    ]
}

proptest! {
    #[test]
    fn any_order_survives_its_canonical_form(
        geometry in geometry(),
        radius in 0..2_000_000_i64,
        interval in 1..3_600_000_i64,
        home in proptest::option::of(place()),
        road in proptest::option::of(road()),
    ) {
        let mut order = full();
        order["zones"]["features"][0]["geometry"] = geometry;
        order["zones"]["features"][0]["properties"]["radius_m"] = json!(radius as f64 / 2.0);
        order["wearer"]["fix_interval_s"] = json!(interval as f64 / 1_000.0);
        order["victims"][0]["residence"] = json!(home);
        order["victims"][0]["second_channel"] = json!(road);
        let draft = one(&order).unwrap();
        let again = read(&draft.to_json()).unwrap().remove(0);
        prop_assert_eq!(again.to_json(), draft.to_json());
        prop_assert_eq!(again.zones, draft.zones);
        prop_assert_eq!((again.wearer, again.victims), (draft.wearer, draft.victims));
    }
}
