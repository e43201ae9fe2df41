//! What is read, and what is refused with which path.

use proptest::prelude::*;

use super::*;

const ZONE: &str = "/zones/features/0";

#[test]
fn the_contracts_order_is_read_whole() {
    let draft = one(&full()).unwrap();
    assert_eq!(draft.order.as_str(), "ord-0001");
    assert_eq!(draft.legal_basis, LegalBasis::Sv509hh);
    assert_eq!(draft.valid_from, Timestamp::parse("2026-10-31T23:00:00Z").unwrap());
    assert_eq!(draft.risk, Some(Risk::High));
    assert_eq!(draft.wearer.fix_interval, Millis(30_000));
    assert!(draft.wearer.receipts);
    assert_eq!(draft.wearer.owntracks.as_deref(), Some("jan/phone"));
    assert_eq!(draft.wearer.residence, Some(Position::new(52.0907, 5.1214).unwrap()));
    let victim = &draft.victims[0];
    assert_eq!(victim.party.fix_interval, Millis(60_000));
    assert_eq!(victim.proximity, Some(Proximity { alarm_m: 1_000.0, warning_m: 2_000.0, warning_s: 300.0 }));
    let zone = &draft.zones[0];
    assert_eq!(
        zone.shape().unwrap(),
        &Shape::circle(Position::new(51.9225, 4.4792).unwrap(), 5_000.0).unwrap()
    );
    assert_eq!((zone.kind, zone.buffer_m), (ZoneKind::Exclusion, 500.0));
    assert!(zone.schedule.as_ref().unwrap().applies(Timestamp::parse("2026-11-02T21:00:00Z").unwrap()));
    assert_eq!(draft.desk.unwrap().as_str(), "rotterdam");
    assert_eq!(draft.contacts.victim_contact.unwrap().phone, "3");
    assert_eq!((draft.tell_desk, draft.call_order), (false, vec![Callee::Victim, Callee::Police]));
    let number = PhoneNumber::new("+31612345678").unwrap();
    assert_eq!(victim.second_channel.as_deref(), Some(&SecondChannel::Sms(number)));
    assert_eq!(victim.language, Some(Language::En));
    let digest = victim.aware_code.as_ref().unwrap().sha256();
    assert_eq!((digest[0], digest[31]), (0xde, 0x16));
    let saturday = |time| Timestamp::parse(&format!("2026-11-21T{time}Z")).unwrap();
    assert!(victim.is_quiet(saturday("22:00:00")) && !victim.is_quiet(saturday("21:59:59")));
}

#[test]
fn an_order_that_says_nothing_of_telling_is_as_before() {
    let mut order = full();
    for field in ["tell_desk", "call_order"] {
        order.as_object_mut().unwrap().remove(field);
    }
    for field in ["second_channel", "aware_code_sha256", "quiet_hours", "language"] {
        order["victims"][0].as_object_mut().unwrap().remove(field);
    }
    let draft = one(&order).unwrap();
    assert!(draft.tell_desk && draft.call_order.is_empty());
    let victim = &draft.victims[0];
    assert_eq!(*victim, Victim::new(victim.party.clone(), victim.proximity));
    let text = draft.to_json();
    for word in ["tell_desk", "call_order", "second_channel", "aware_code", "quiet_hours", "language"] {
        assert!(!text.contains(word), "{word}");
    }
}

#[test]
fn the_code_itself_stands_in_no_error() {
    for slip in [json!("4711"), json!(format!("sha256:{}4711", "0".repeat(53))), json!("4711".repeat(99))] {
        let error = one(&changed("/victims/0/aware_code_sha256", slip)).unwrap_err();
        assert!(!error.to_string().contains("4711"), "{error}");
    }
}

#[test]
fn who_has_a_code_that_is_not_there_is_not_read_as_one_without() {
    let mut order = full();
    order["victims"][0]["aware_code"] = json!(true);
    assert!(one(&order).is_ok(), "it is there");
    order["victims"][0]["aware_code_sha256"] = json!(null);
    assert!(one(&order).unwrap_err().to_string().contains("victims[0].aware_code"));
    order["victims"][0]["aware_code"] = json!(false);
    assert!(one(&order).unwrap().victims[0].aware_code.is_none());
}

#[test]
fn what_may_be_absent_may_be_null_too() {
    for path in [
        "/risk",
        "/wearer/device",
        "/wearer/residence",
        "/wearer/fix_interval_s",
        "/wearer/receipts",
        "/wearer/owntracks",
        "/victims/0/device",
        "/victims/0/residence",
        "/victims/0/proximity",
        "/victims/0/second_channel",
        "/victims/0/aware_code_sha256",
        "/victims/0/quiet_hours",
        "/victims/0/language",
        "/zones/features/0/geometry",
        "/zones/features/0/properties/victim",
        "/zones/features/0/properties/buffer_m",
        "/zones/features/0/properties/protects",
        "/zones/features/0/properties/schedule",
        "/zones/features/0/properties/deviation",
        "/desk",
        "/tell_desk",
        "/call_order",
        "/contacts",
        "/contacts/victim_contact",
    ] {
        let (absent, null) = (one(&without(path)).unwrap(), one(&changed(path, Value::Null)).unwrap());
        assert_eq!(absent.to_json(), null.to_json(), "{path}");
    }
    let empty = one(&changed("/zones/features", json!([]))).unwrap_or_else(|e| panic!("{e}"));
    assert!(empty.zones.is_empty());
}

#[test]
fn what_must_be_there_is_named_when_it_is_not() {
    for path in [
        "/order",
        "/legal_basis",
        "/valid_from",
        "/valid_until",
        "/wearer",
        "/wearer/person",
        "/victims",
        "/victims/0/person",
        "/victims/0/proximity/alarm_m",
        "/victims/0/proximity/warning_m",
        "/victims/0/proximity/warning_s",
        "/victims/0/quiet_hours/timezone",
        "/victims/0/quiet_hours/weekly",
        "/zones",
        "/zones/type",
        "/zones/features",
        "/zones/features/0/type",
        "/zones/features/0/geometry/type",
        "/zones/features/0/geometry/coordinates",
        "/zones/features/0/properties",
        "/zones/features/0/properties/zone",
        "/zones/features/0/properties/kind",
        "/zones/features/0/properties/radius_m",
        "/zones/features/0/properties/schedule/timezone",
        "/zones/features/0/properties/schedule/weekly",
        "/zones/features/0/properties/schedule/weekly/0/days",
        "/zones/features/0/properties/schedule/weekly/0/from",
        "/zones/features/0/properties/schedule/weekly/0/to",
    ] {
        let named = path[1..].replace("/0", "[0]").replace('/', ".");
        for order in [without(path), changed(path, Value::Null)] {
            let error = one(&order).unwrap_err();
            assert_eq!(error.field, named, "{error}");
            assert!(error.problem.contains("is missing"), "{error}");
        }
    }
}

#[test]
fn what_cannot_be_is_refused_by_its_path() {
    let long = "x".repeat(65);
    for (path, value) in [
        ("/order", json!("")),
        ("/order", json!(long)),
        ("/order", json!("ord 1")),
        ("/order", json!(1)),
        ("/legal_basis", json!("habit")),
        ("/valid_from", json!("2026-11-01")),
        ("/valid_until", json!(1_800_000_000)),
        ("/risk", json!(3)),
        ("/wearer", json!([])),
        ("/wearer/device", json!("am+1")),
        ("/wearer/residence", json!([5.1])),
        ("/wearer/residence", json!("Utrecht")),
        ("/wearer/fix_interval_s", json!(0)),
        ("/wearer/fix_interval_s", json!(3_601)),
        ("/wearer/receipts", json!("yes")),
        ("/wearer/owntracks", json!("jan")),
        ("/wearer/owntracks", json!("jan/")),
        ("/wearer/owntracks", json!("jan/a/b")),
        ("/wearer/owntracks", json!("jan/#")),
        ("/wearer/owntracks", json!("+/phone")),
        ("/victims", json!({})),
        ("/victims/0/person", json!("wearer-0001")),
        ("/victims/0/proximity/alarm_m", json!(0)),
        ("/victims/0/proximity/warning_m", json!(999)),
        ("/victims/0/proximity/warning_m", json!(1.0e9)),
        ("/victims/0/proximity/warning_s", json!(-1)),
        ("/victims/0/second_channel", json!("+31612345678")),
        ("/victims/0/second_channel", json!({})),
        ("/victims/0/second_channel", json!({"sms": "+31612345678", "email": "a@b.nl"})),
        ("/victims/0/second_channel/sms", json!("0612345678")),
        ("/victims/0/second_channel/sms", json!("+0612345678")),
        ("/victims/0/second_channel/sms", json!("+31 6 12345678")),
        ("/victims/0/second_channel/sms", json!("+3161")),
        ("/victims/0/second_channel/email", json!("nobody")),
        ("/victims/0/second_channel/email", json!("a@b@c.nl")),
        ("/victims/0/second_channel/email", json!("a@b.nl\r\nBcc: c@d.nl")),
        ("/victims/0/second_channel/contact", json!("her sister")),
        ("/victims/0/aware_code_sha256", json!("4711")),
        ("/victims/0/aware_code_sha256", json!("g".repeat(64))),
        ("/victims/0/aware_code_sha256", json!(4711)),
        ("/victims/0/quiet_hours/timezone", json!("Europe/Utrecht")),
        ("/victims/0/quiet_hours/weekly/0/from", json!("7:00")),
        ("/victims/0/language", json!("nl-NL")),
        ("/tell_desk", json!("no")),
        ("/call_order", json!("police")),
        ("/call_order/1", json!("victim")),
        ("/call_order/1", json!("sister")),
        ("/zones", json!([])),
        ("/zones/type", json!("Feature")),
        ("/zones/features/0", json!(null)),
        ("/zones/features/0/type", json!("Point")),
        ("/zones/features/0/geometry/type", json!("LineString")),
        ("/zones/features/0/geometry/coordinates", json!([4.4])),
        ("/zones/features/0/geometry/coordinates/0", json!("4.4")),
        ("/zones/features/0/properties/kind", json!("expulsion")),
        ("/zones/features/0/properties/victim", json!("victim-0002")),
        ("/zones/features/0/properties/radius_m", json!("5 km")),
        ("/zones/features/0/properties/radius_m", json!(2.0e6)),
        ("/zones/features/0/properties/buffer_m", json!(-0.1)),
        ("/zones/features/0/properties/schedule/timezone", json!("Europe/Utrecht")),
        ("/zones/features/0/properties/schedule/weekly/0/days/1", json!("di")),
        ("/zones/features/0/properties/schedule/weekly/0/from", json!("22")),
        ("/zones/features/0/properties/schedule/weekly/0/to", json!("26:00")),
        ("/zones/features/0/properties/deviation/reason", json!("x".repeat(2_001))),
        ("/contacts/victim_contact/name", json!("é".repeat(201))),
        ("/contacts/victim_contact", json!("C")),
    ] {
        let mut named = path[1..].to_owned();
        for i in 0..2 {
            named = named.replace(&format!("/{i}"), &format!("[{i}]"));
        }
        let error = one(&changed(path, value.clone())).expect_err(&format!("{path} {value}"));
        assert_eq!(error.field, named.replace('/', "."), "{error}");
    }
}

#[test]
fn a_place_that_is_none_says_which_way() {
    let error = one(&changed("/wearer/residence", json!([52.0907, 91]))).unwrap_err();
    assert_eq!(error.field, "wearer.residence.lat");
    let ring = json!({"type": "Polygon", "coordinates": [[[4, 52], [5, 52], [181, 53], [4, 52]]]});
    let error = one(&changed(&format!("{ZONE}/geometry"), ring)).unwrap_err();
    assert_eq!(error.field, "zones.features[0].geometry.coordinates[0][2].lon");
}

#[test]
fn numbers_of_victims_and_zones_are_bounded() {
    let victims = |n: usize| json!((0..n).map(|i| json!({"person": format!("v{i}")})).collect::<Vec<_>>());
    let order = |n| {
        let mut order = changed("/victims", victims(n));
        order["zones"]["features"] = json!([]);
        order
    };
    assert_eq!(one(&order(6)).unwrap().victims.len(), 6);
    assert_eq!(one(&order(7)).unwrap_err().field, "victims");

    let zones = |n: usize| {
        let mut zone = full()["zones"]["features"][0].clone();
        let mut numbered = |i| {
            zone["properties"]["zone"] = json!(format!("z{i}"));
            zone.clone()
        };
        changed("/zones/features", json!((0..n).map(&mut numbered).collect::<Vec<_>>()))
    };
    assert_eq!(one(&zones(200)).unwrap().zones.len(), 200);
    assert_eq!(one(&zones(201)).unwrap_err().field, "zones.features");
}

#[test]
fn nothing_stands_twice() {
    let twice = |path: &str| {
        let mut order = full();
        let list = order.pointer_mut(path).unwrap().as_array_mut().unwrap();
        list.push(list[0].clone());
        one(&order).unwrap_err().to_string()
    };
    assert_eq!(twice("/victims"), "victims[1].person: victim-0001 is a victim twice");
    let mut shared = full();
    let child = json!({"person": "victim-0002", "device": "vd-0001"});
    shared["victims"].as_array_mut().unwrap().push(child);
    let error = one(&shared).unwrap_err().to_string();
    assert_eq!(error, "victims[1].device: vd-0001 already stands at victims[0]");
    assert_eq!(
        twice("/zones/features"),
        "zones.features[1].properties.zone: zone-0001 already stands at features[0]"
    );
}

#[test]
fn a_bad_order_in_a_file_loses_none_of_the_others() {
    let numbered = |id: &str| changed("/order", json!(id));
    let bad = changed("/zones/features/0/properties/radius_m", json!("far"));
    let file = json!([numbered("a"), bad, numbered("b"), 7, numbered("a")]).to_string();
    let told: Vec<String> = read_each(&file)
        .unwrap()
        .into_iter()
        .map(|draft| draft.map_or_else(|e| e.to_string(), |draft| draft.order.to_string()))
        .collect();
    assert_eq!(
        told,
        [
            "a",
            "[1].zones.features[0].properties.radius_m: is a text, not a number",
            "b",
            "[3]: is a number, not an object",
            "[4].order: a already stands at [0]",
        ]
    );
    assert_eq!(read(&file).unwrap_err().to_string(), told[1]);
    assert!(read("[]").unwrap().is_empty());
}

#[test]
fn what_is_no_file_of_orders_says_where() {
    for (text, words) in [
        ("{\n \"order\": \"a\",\n}", "line 3 column 1"),
        ("[", "line 1 column 1"),
        ("", "EOF"),
        ("7", "an order or an array of orders"),
        ("[] []", "trailing characters"),
        ("[{\"order\": 1e999}]", "number out of range"),
    ] {
        let error = read_each(text).unwrap_err();
        assert!(error.field.is_empty() && error.problem.contains(words), "{text}: {error}");
    }
    assert!(read("\u{feff}[]").unwrap().is_empty());
}

#[test]
fn fields_nobody_knows_stay_in_the_document() {
    let mut order = changed("/risk", json!("extreme"));
    order["court_reference"] = json!("05/123456-26");
    order["zones"]["features"][0]["id"] = json!(7);
    order["zones"]["bbox"] = json!([3, 50, 8, 54]);
    let draft = one(&order).unwrap();
    assert_eq!(draft.risk, None);
    assert_eq!(serde_json::from_str::<Value>(draft.document()).unwrap(), order);
    assert_eq!(one(&serde_json::from_str(draft.document()).unwrap()).unwrap(), draft);
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_fail(text in "[\\[\\]{}\":,a-z0-9.e-]{0,60}") {
        // Whatever it says, it says; a panic would fail the test.
        let _ = read_each(&text);
    }

    #[test]
    fn no_value_in_any_place_makes_the_reader_fail(
        place in 0_usize..12,
        value in prop_oneof![
            Just(json!(null)), Just(json!({})), Just(json!([])), Just(json!([[]])), Just(json!([[[]]])),
            Just(json!(-1)), Just(json!(1e300)), Just(json!("")), Just(json!(true)), Just(json!([0, 0, 0, 0, 0])),
        ],
    ) {
        let path = [
            "/order", "/valid_from", "/wearer", "/wearer/residence", "/victims", "/victims/0/proximity", "/zones",
            "/zones/features", "/zones/features/0/geometry/coordinates", "/zones/features/0/properties/radius_m",
            "/zones/features/0/properties/schedule/weekly", "/contacts",
        ][place];
        if let Ok(drafts) = read(&changed(path, value).to_string()) {
            for draft in drafts {
                let _ = draft.into_order();
            }
        }
    }
}
