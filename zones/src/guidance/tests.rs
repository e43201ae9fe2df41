//! Cases told as files: an order that keeps the guidance, and what is said when one thing in it is changed.

use serde_json::{Value, json};

use super::*;
use crate::order::read;

const NOW: &str = "2026-11-21T00:00:00Z";

fn t(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// An order without findings: a victim at home in the middle of 5 km, a wearer far away, months to go.
fn sound() -> Value {
    json!({
        "order": "ord-1", "legal_basis": "sv_509hh",
        "valid_from": "2026-11-01T00:00:00+01:00", "valid_until": "2027-01-30T00:00:00+01:00",
        "wearer": {"person": "w", "device": "am", "residence": [5.4, 52.1]},
        "victims": [{"person": "v", "device": "vd", "residence": [4.5, 52.0],
                     "proximity": {"alarm_m": 1000, "warning_m": 2000, "warning_s": 300}}],
        "zones": {"type": "FeatureCollection", "features": [zone("home", 5_000.0)]},
    })
}

fn zone(id: &str, radius_m: f64) -> Value {
    json!({"type": "Feature", "geometry": {"type": "Point", "coordinates": [4.5, 52.0]},
           "properties": {"zone": id, "kind": "exclusion", "victim": "v", "radius_m": radius_m}})
}

/// The sound order with values set at some paths.
fn with(changes: &[(&str, Value)]) -> Value {
    let mut order = sound();
    for (path, value) in changes {
        let (parent, key) = path.rsplit_once('/').unwrap();
        order.pointer_mut(parent).unwrap()[key] = value.clone();
    }
    order
}

fn findings(order: &Value) -> Vec<Finding> {
    check(&read(&order.to_string()).unwrap(), t(NOW))
}

/// Code, zone, severity and measure of each finding.
fn told(findings: &[Finding]) -> Vec<(&str, Option<&str>, &str, Option<f64>)> {
    let tell = |f: &Finding| {
        (f.code.as_str(), f.zone.as_ref().map(|z| z.as_str().to_owned()), f.severity.as_str(), f.measured_m)
    };
    findings
        .iter()
        .map(tell)
        .map(|(code, zone, severity, m)| (code, zone.map(|z| &*z.leak()), severity, m))
        .collect()
}

const PROPERTIES: &str = "/zones/features/0/properties";

fn property(name: &str) -> String {
    format!("{PROPERTIES}/{name}")
}

#[test]
fn a_sound_order_has_nothing_said_about_it() {
    assert_eq!(findings(&sound()), []);
}

#[test]
fn a_wearer_whose_residence_nobody_knows_cannot_be_checked() {
    let order = with(&[("/wearer/residence", Value::Null)]);
    assert_eq!(told(&findings(&order)), [("RESIDENCE_UNKNOWN", None, "warning", None)]);
}

#[test]
fn a_victim_without_residence_needs_a_zone_that_names_its_place() {
    let unknown = [("/victims/0/residence", Value::Null)];
    assert_eq!(told(&findings(&with(&unknown))), [("RESIDENCE_UNKNOWN", Some("home"), "warning", None)]);
    let named = [("/victims/0/residence", Value::Null), (&*property("protects"), json!([4.5, 52.0]))];
    assert_eq!(findings(&with(&named)), []);
    // A zone that protects nobody in particular, or where the wearer must be, needs no residence.
    let nobody = [("/victims/0/residence", Value::Null), (&*property("victim"), Value::Null)];
    assert_eq!(findings(&with(&nobody)), []);
    let inclusion = [("/victims/0/residence", Value::Null), (&*property("kind"), json!("inclusion"))];
    assert_eq!(findings(&with(&inclusion)), []);
}

#[test]
fn a_wearer_lives_too_close_to_every_exclusion_zone_or_within_it() {
    // One minute of latitude at 52° N is 1,854.6 m on WGS 84; the edge lies 5,000 m north of the centre.
    let north = |minutes: f64| json!([4.5, 52.0 + minutes / 60.0]);
    let measured = |home: Value| findings(&with(&[("/wearer/residence", home)]));
    let near = measured(north(3.0));
    assert_eq!(near[0].code, Code::ResidenceTooClose);
    assert!((near[0].measured_m.unwrap() - (3.0 * 1_854.6 - 5_000.0)).abs() < 1.0, "{near:?}");
    let inside = measured(north(1.0));
    assert!((inside[0].measured_m.unwrap() - (1_854.6 - 5_000.0)).abs() < 1.0, "{inside:?}");
    assert!(inside[0].message.contains("in het verbodsgebied"), "{}", inside[0].message);
    assert_eq!(measured(north(3.3)), []);
    let inclusion = with(&[("/wearer/residence", north(1.0)), (&*property("kind"), json!("inclusion"))]);
    assert_eq!(findings(&inclusion), []);
}

#[test]
fn a_zone_must_reach_around_what_it_protects() {
    let radius = |m: f64| findings(&with(&[(&*property("radius_m"), json!(m))]));
    for (m, expected) in [
        (999.9, Some(("RADIUS_TOO_SMALL", Some("home"), "error", Some(999.9)))),
        (1_000.0, Some(("RADIUS_BELOW_ADVICE", Some("home"), "warning", Some(1_000.0)))),
        (4_999.9, Some(("RADIUS_BELOW_ADVICE", Some("home"), "warning", Some(4_999.9)))),
        (5_000.0, None),
    ] {
        assert_eq!(told(&radius(m)), Vec::from_iter(expected), "{m}");
    }
    // Work, 0.1° of longitude east of the centre: by the radius of curvature at 52° N, 6,391,435 m, that is
    // 6,867.8 m, so 1,867.8 m outside.
    let outside = findings(&with(&[(&*property("protects"), json!([4.6, 52.0]))]));
    assert_eq!((outside.len(), outside[0].code), (1, Code::RadiusTooSmall));
    assert!((outside[0].measured_m.unwrap() + 1_867.8).abs() < 1.0, "{outside:?}");
    // A zone that protects no victim may be small.
    let nobody = with(&[(&*property("radius_m"), json!(200)), (&*property("victim"), Value::Null)]);
    assert_eq!(findings(&nobody), []);
}

#[test]
fn a_polygon_is_measured_where_it_reaches_least_and_its_hole_is_outside() {
    // The northern side is 0.05° of latitude away: 5,563 m at 52° N (111,267 m a degree); the others farther.
    let outer = json!([[4.4, 51.9], [4.6, 51.9], [4.6, 52.05], [4.4, 52.05], [4.4, 51.9]]);
    let hole = |half: f64| {
        let (w, e, s, n) = (4.5 - half, 4.5 + half, 52.0 - half, 52.0 + half);
        json!([[w, s], [e, s], [e, n], [w, n], [w, s]])
    };
    let polygon = |rings: &[Value]| {
        let geometry = json!({"type": "Polygon", "coordinates": rings});
        findings(&with(&[("/zones/features/0/geometry", geometry)]))
    };
    assert_eq!(polygon(std::slice::from_ref(&outer)), []);
    // The victim lives in a hole: the nearest edge, 0.01° of longitude away, is 686.8 m off.
    let found = polygon(&[outer, hole(0.01)]);
    assert_eq!((found.len(), found[0].code), (1, Code::RadiusTooSmall));
    assert!((found[0].measured_m.unwrap() + 686.8).abs() < 1.0, "{found:?}");
}

#[test]
fn a_deviation_excuses_distances_when_it_says_why_and_who() {
    let excused = |deviation: Value| {
        let small = with(&[(&*property("radius_m"), json!(500)), (&*property("deviation"), deviation)]);
        findings(&small)[0].severity
    };
    assert_eq!(excused(json!({"reason": "work next door", "decided_by": "court"})), Severity::Info);
    for incomplete in [
        json!({"reason": "work next door"}),
        json!({"decided_by": "court"}),
        json!({"reason": " ", "decided_by": "court"}),
        json!({}),
        Value::Null,
    ] {
        assert_eq!(excused(incomplete.clone()), Severity::Error, "{incomplete}");
    }
}

#[test]
fn a_deviation_does_not_make_an_order_enforceable() {
    let deviation = json!({"reason": "work next door", "decided_by": "court"});
    let empty = with(&[("/zones/features/0/geometry", Value::Null), (&*property("deviation"), deviation)]);
    assert_eq!(told(&findings(&empty)), [("NOT_ENFORCEABLE", Some("home"), "error", None)]);
}

/// Code, whether it is about a zone, and severity of each finding.
fn told_of(order: &Value) -> Vec<(Code, bool, Severity)> {
    findings(order).iter().map(|f| (f.code, f.zone.is_some(), f.severity)).collect()
}

#[test]
fn what_cannot_be_enforced_is_an_error() {
    let order = |path: &str, value: Value| told_of(&with(&[(path, value)]));
    let of_order = [(Code::NotEnforceable, false, Severity::Error)];
    let of_zone = [(Code::NotEnforceable, true, Severity::Error)];
    assert_eq!(order("/wearer/device", Value::Null), of_order);
    assert_eq!(order("/victims/0/device", Value::Null), of_order);
    assert_eq!(order("/valid_from", json!("2027-01-30T00:00:00+01:00")), of_order);
    assert_eq!(order("/valid_from", json!("2027-02-01T00:00:00+01:00")), of_order);
    for geometry in [
        Value::Null,
        json!({"type": "Point", "coordinates": []}),
        json!({"type": "Polygon", "coordinates": []}),
        json!({"type": "MultiPolygon", "coordinates": []}),
        json!({"type": "MultiPolygon", "coordinates": [[]]}),
        json!({"type": "Polygon", "coordinates": [[[4.4, 51.9], [4.6, 52.1], [4.6, 51.9], [4.4, 52.1], [4.4, 51.9]]]}),
    ] {
        assert_eq!(order("/zones/features/0/geometry", geometry.clone()), of_zone, "{geometry}");
    }
    assert_eq!(order(&property("radius_m"), json!(0)), of_zone);
    let weekly = |windows: Value| json!({"timezone": "Europe/Amsterdam", "weekly": windows});
    assert_eq!(order(&property("schedule"), weekly(json!([]))), of_zone);
    assert_eq!(
        order(&property("schedule"), weekly(json!([{"days": [], "from": "08:00", "to": "17:00"}]))),
        of_zone
    );
    assert_eq!(
        order(&property("schedule"), weekly(json!([{"days": ["mon"], "from": "08:00", "to": "17:00"}]))),
        []
    );
    // A victim who is protected by zones only needs no device.
    assert_eq!(
        told_of(&with(&[("/victims/0/device", Value::Null), ("/victims/0/proximity", Value::Null)])),
        []
    );
}

#[test]
fn a_schedule_that_misses_the_whole_validity_never_applies() {
    // From Monday 30 November to Friday 4 December 2026; the schedule is for weekends.
    let weekend = json!({"timezone": "Europe/Amsterdam", "weekly": [{"days": ["sat", "sun"], "from": "00:00", "to": "00:00"}]});
    let week = with(&[
        ("/valid_from", json!("2026-11-30T00:00:00+01:00")),
        ("/valid_until", json!("2026-12-04T00:00:00+01:00")),
        (&*property("schedule"), weekend),
    ]);
    let found = findings(&week);
    let codes: Vec<Code> = found.iter().map(|f| f.code).collect();
    assert_eq!(codes, [Code::ExpiresSoon, Code::NotEnforceable]);
}

/// An order like the sound one, with another id, victims and validity.
fn term(id: &str, victims: &[&str], from: &str, until: &str) -> Value {
    let victims: Vec<Value> =
        victims.iter().map(|v| json!({"person": v, "residence": [4.5, 52.0]})).collect();
    with(&[
        ("/order", json!(id)),
        ("/victims", json!(victims)),
        ("/zones/features", json!([])),
        ("/valid_from", json!(from)),
        ("/valid_until", json!(until)),
    ])
}

fn expiring(orders: &[Value], now: &str) -> Vec<String> {
    let found = check(&read(&json!(orders).to_string()).unwrap(), t(now));
    assert!(
        found.iter().all(|f| f.code == Code::ExpiresSoon && f.severity == Severity::Warning),
        "{found:?}"
    );
    found.iter().map(|f| f.order.to_string()).collect()
}

#[test]
fn an_order_that_ends_within_thirty_days_needs_a_successor() {
    let first = term("first", &["v"], "2026-11-01T00:00:00Z", "2026-12-21T00:00:00Z");
    assert_eq!(expiring(std::slice::from_ref(&first), "2026-11-21T00:00:00Z"), [] as [&str; 0]);
    assert_eq!(expiring(std::slice::from_ref(&first), "2026-11-21T00:00:00.001Z"), ["first"]);
    assert_eq!(expiring(std::slice::from_ref(&first), "2027-01-01T00:00:00Z"), ["first"]);

    let now = "2026-12-01T00:00:00Z";
    let far = "2027-12-21T00:00:00Z";
    let next = |victims: &[&str], from, until| [first.clone(), term("next", victims, from, until)];
    assert_eq!(expiring(&next(&["v"], "2026-12-20T00:00:00Z", far), now), [] as [&str; 0]);
    // A gap, another victim, or an end that is no later: nobody takes over.
    assert_eq!(expiring(&next(&["v"], "2026-12-22T00:00:00Z", far), now), ["first"]);
    assert_eq!(expiring(&next(&["other"], "2026-12-20T00:00:00Z", far), now), ["first"]);
    assert_eq!(
        expiring(&next(&["v"], "2026-11-20T00:00:00Z", "2026-12-21T00:00:00Z"), now),
        ["first", "next"]
    );
}

#[test]
fn every_victim_of_an_order_needs_a_successor() {
    let now = "2026-12-01T00:00:00Z";
    let both = term("both", &["v", "child"], "2026-11-01T00:00:00Z", "2026-12-21T00:00:00Z");
    let of = |id, victim| term(id, &[victim], "2026-12-20T00:00:00Z", "2027-12-21T00:00:00Z");
    assert_eq!(expiring(&[both.clone(), of("next-1", "v")], now), ["both"]);
    assert_eq!(expiring(&[both, of("next-1", "v"), of("next-2", "child")], now), [] as [&str; 0]);
}

#[test]
fn a_successor_may_stand_in_the_register() {
    let first = term("first", &["v"], "2026-11-01T00:00:00Z", "2026-12-21T00:00:00Z");
    let next = term("next", &["v"], "2026-12-20T00:00:00Z", "2027-12-21T00:00:00Z");
    let drafts = |order: &Value| read(&order.to_string()).unwrap();
    let known = |order: &Value| Term::from(&drafts(order)[0]);
    let now = t("2026-12-01T00:00:00Z");
    assert_eq!(check_beside(&drafts(&first), &[known(&next)], now), []);
    // What the register knows of an order counts no more once that order is handed in again.
    let shortened = term("next", &["v"], "2026-12-20T00:00:00Z", "2026-12-21T00:00:00Z");
    let both = read(&json!([first, shortened]).to_string()).unwrap();
    assert_eq!(check_beside(&both, &[known(&next)], now).len(), 2);
    let order = drafts(&next).remove(0).into_order().unwrap();
    assert_eq!(Term::from(&order), known(&next));
}

#[test]
fn findings_keep_the_order_of_orders_zones_and_the_table() {
    let mut first = with(&[
        ("/wearer/residence", json!([4.5, 52.0])),
        ("/wearer/device", Value::Null),
        ("/valid_until", json!("2026-12-01T00:00:00Z")),
    ]);
    first["zones"]["features"] = json!([zone("b", 500.0), zone("a", 3_000.0), zone("c", 0.0)]);
    let mut second = with(&[("/wearer/residence", Value::Null)]);
    second["order"] = json!("ord-0");
    second["wearer"]["person"] = json!("w2");
    let found = findings(&json!([first, second]));
    let lines: Vec<String> = found
        .iter()
        .map(|f| format!("{} {} {}", f.order, f.zone.as_ref().map_or("-", |z| z.as_str()), f.code.as_str()))
        .collect();
    assert_eq!(
        lines,
        [
            "ord-1 - NOT_ENFORCEABLE",
            "ord-1 - EXPIRES_SOON",
            "ord-1 b RESIDENCE_TOO_CLOSE",
            "ord-1 b RADIUS_TOO_SMALL",
            "ord-1 a RESIDENCE_TOO_CLOSE",
            "ord-1 a RADIUS_BELOW_ADVICE",
            "ord-1 c NOT_ENFORCEABLE",
            "ord-0 - RESIDENCE_UNKNOWN",
        ]
    );
}

#[test]
fn only_errors_keep_an_order_out_of_force() {
    let draft = |order: &Value| read(&order.to_string()).unwrap().remove(0);
    let warned = with(&[
        (&*property("radius_m"), json!(3_000)),
        ("/valid_until", json!("2026-11-22T00:00:00Z")),
        ("/wearer/residence", Value::Null),
    ]);
    let order = draft(&warned).into_order().unwrap();
    assert_eq!((order.zones.len(), order.zones[0].buffer_m), (1, 0.0));
    let refused = with(&[(&*property("radius_m"), json!(500)), ("/wearer/residence", Value::Null)]);
    let errors = draft(&refused).into_order().unwrap_err();
    assert_eq!(told(&errors), [("RADIUS_TOO_SMALL", Some("home"), "error", Some(500.0))]);
}

#[test]
fn a_finding_is_json_of_the_contract_and_a_line_for_a_terminal() {
    let order = with(&[(&*property("radius_m"), json!(500)), ("/wearer/device", Value::Null)]);
    let found = findings(&order);
    let json = serde_json::to_string(&found).unwrap();
    let whole = r#"{"order":"ord-1","zone":null,"code":"NOT_ENFORCEABLE","severity":"error","measured_m":null,"required_m":null,"message":"#;
    let zone = r#"{"order":"ord-1","zone":"home","code":"RADIUS_TOO_SMALL","severity":"error","measured_m":500,"required_m":1000,"message":"#;
    assert!(json.contains(whole) && json.contains(zone), "{json}");
    assert_eq!(serde_json::from_str::<Vec<Finding>>(&json).unwrap(), found);

    let lines = render(&found);
    let lines: Vec<&str> = lines.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with("error    NOT_ENFORCEABLE      ord-1  -  -  De drager"), "{}", lines[0]);
    assert!(
        lines[1].starts_with("error    RADIUS_TOO_SMALL     ord-1  home  500 m < 1000 m  Het"),
        "{}",
        lines[1]
    );
    assert_eq!(render(&[]), "");
}

#[test]
fn words_and_codes_agree_with_their_json() {
    for code in [
        Code::ResidenceUnknown,
        Code::ResidenceTooClose,
        Code::RadiusTooSmall,
        Code::RadiusBelowAdvice,
        Code::NotEnforceable,
        Code::ExpiresSoon,
    ] {
        assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
    }
    for severity in [Severity::Info, Severity::Warning, Severity::Error] {
        assert_eq!(serde_json::to_value(severity).unwrap(), severity.as_str());
    }
}

#[test]
fn messages_tell_no_place_and_no_name() {
    let mut order = with(&[
        ("/wearer/residence", json!([4.5111, 52.0])),
        (&*property("radius_m"), json!(500)),
        (&*property("deviation"), json!({"reason": "Bakkerij Jansen", "decided_by": "mr. De Vries"})),
    ]);
    order["contacts"] = json!({"victim_contact": {"name": "Fatima", "phone": "0612345678"}});
    let text = render(&findings(&order));
    for secret in ["4.51", "52", "Jansen", "Vries", "Fatima", "0612"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}
