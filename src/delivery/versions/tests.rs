use proptest::prelude::*;
use serde_json::Value;
use zones::order::{Contact, Contacts, LegalBasis};
use zones::{Approach, DeviceId, Fix, OrderId, PersonId, Position, ZoneId};

use super::*;

const ALERT: &str = "3f0c9a54-7c53-5d0e-9a3f-0a9f6b8f2c11";
const INCIDENT: &str = "b7a0f3e2-1111-5abc-8def-001122334455";

fn person(name: &str, phone: &str) -> Contact {
    Contact { name: name.to_owned(), phone: phone.to_owned() }
}

fn fix(lat: f64, lon: f64) -> Fix {
    Fix { accuracy_m: Some(8.0), ..Fix::new(moment(), Position::new(lat, lon).unwrap()) }
}

fn moment() -> Timestamp {
    Timestamp::parse("2026-11-21T10:15:30.250Z").unwrap()
}

pub(in crate::delivery) fn alert(kind: AlertKind, level: Level) -> Alert {
    Alert {
        alert: ALERT.parse().unwrap(),
        incident: INCIDENT.parse().unwrap(),
        revision: 2,
        kind,
        level,
        certainty: Certainty::Likely,
        late: false,
        order: OrderId::new("ord-0001").unwrap(),
        wearer: PersonId::new("wearer-0001").unwrap(),
        victim: PersonId::new("victim-0001").ok(),
        zone: ZoneId::new("zone-0001").ok(),
        device: DeviceId::new("am-0001").ok(),
        cause: None,
        test: false,
        raised_at: moment(),
        fixed_at: Some(moment()),
        distance_m: Some(842.3),
        last_distance_m: None,
        uncertainty_m: Some(21.7),
        closing_mps: Some(1.4),
        contact_s: Some(613.0),
        approach: Some(Approach::WearerApproaches),
        hindsight: false,
        stands: None,
        wearer_fix: Some(fix(52.098_765, 5.123_456)),
        victim_fix: Some(fix(52.090_7, 5.121_4)),
        legal_basis: LegalBasis::Sv509hh,
        arrest_on_sight: true,
        contacts: Contacts {
            supervising_officer: Some(Box::new(person("R. de Vries", "0880000001"))),
            case_coordinator: Some(Box::new(person("C. Bakker", "0880000002"))),
            victim_contact: Some(Box::new(person("V. Jansen", "0880000003"))),
        },
        many: None,
        reason: "Drager binnen 1000 m van het slachtoffer".to_owned(),
        victim_device: None,
        desk: None,
        watch: None,
        operator_only: false,
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_trial_is_marked_as_one_to_everybody() {
    let trial = Alert { test: true, ..alert(AlertKind::Aware, Level::Warning) };
    let hers = json(&victim_event("urn:afstand:test", &trial).unwrap());
    assert_eq!(hers["data"]["test"], true);
    assert!(hers["data"]["title"]["nl"].as_str().unwrap().contains("Test"), "{hers}");
    assert!(hers["data"]["advice"]["en"].as_str().unwrap().contains("Nobody is called"), "{hers}");
    assert_eq!(json(&police_event("urn:afstand:test", &trial).unwrap())["data"]["test"], true);
    let pressed = json(&victim_event("urn:afstand:test", &alert(AlertKind::Aware, Level::Alarm)).unwrap());
    assert_eq!(pressed["data"].get("test"), None, "absent, as before");
}

#[test]
fn the_envelope_is_a_cloudevent() {
    let alert = alert(AlertKind::VictimProximity, Level::Alarm);
    for body in [police_event("urn:afstand:test", &alert), victim_event("urn:afstand:test", &alert)] {
        let event = json(&body.unwrap());
        assert_eq!(event["specversion"], "1.0");
        assert_eq!(event["id"], ALERT);
        assert_eq!(event["source"], "urn:afstand:test");
        assert_eq!(event["type"], "nl.afstand.alert.v1");
        assert_eq!(event["subject"], INCIDENT);
        assert_eq!(event["time"], "2026-11-21T10:15:30.250Z");
        assert_eq!(event["datacontenttype"], "application/json");
        assert_eq!(event["data"]["alert"], ALERT);
    }
}

#[test]
fn a_desk_gets_what_an_officer_needs() {
    let event = json(&police_event("x", &alert(AlertKind::VictimProximity, Level::Alarm)).unwrap());
    let data = &event["data"];
    assert_eq!(data["kind"], "victim_proximity");
    assert_eq!((data["level"].as_str(), data["certainty"].as_str()), (Some("alarm"), Some("likely")));
    assert_eq!(data["distance_m"], 842.3);
    assert_eq!(data["wearer_fix"]["lat"], 52.098_765);
    assert_eq!(data["legal_basis"], "sv_509hh");
    assert_eq!(data["arrest_on_sight"], true);
    assert_eq!(data["contacts"]["supervising_officer"]["phone"], "0880000001");
}

#[test]
fn a_victim_gets_the_danger_the_advice_and_whom_to_call() {
    let event = json(&victim_event("x", &alert(AlertKind::VictimProximity, Level::Alarm)).unwrap());
    let data = &event["data"];
    assert_eq!(data["title"]["nl"], "De drager is dicht bij u");
    assert_eq!(data["certainty_text"]["en"], "likely");
    assert!(data["advice"]["nl"].as_str().unwrap().contains("Bel 112"));
    assert!(data["advice"]["en"].as_str().unwrap().contains("Call 112"));
    assert_eq!(data["call"][0]["phone"], "112");
    assert_eq!(data["call"][1], serde_json::json!({"name": "V. Jansen", "phone": "0880000003"}));
    assert_eq!(data["raised_at"], "2026-11-21T10:15:30.250Z");
    // Exactly these, so that a field that is added gets thought about here.
    let names: Vec<&str> = data.as_object().unwrap().keys().map(String::as_str).collect();
    let mut want = [
        "alert",
        "incident",
        "revision",
        "kind",
        "level",
        "certainty",
        "late",
        "raised_at",
        "title",
        "certainty_text",
        "advice",
        "call",
    ];
    want.sort_unstable();
    let mut names = names;
    names.sort_unstable();
    assert_eq!(names, want);
}

#[test]
fn a_late_finding_does_not_say_that_he_is_near_now() {
    let late = Alert { late: true, ..alert(AlertKind::VictimProximity, Level::Alarm) };
    let advice = json(&victim_event("x", &late).unwrap())["data"]["advice"]["nl"].to_string();
    assert!(advice.contains("eerder moment"), "{advice}");
    let bare = Alert { contacts: Contacts::default(), ..late };
    assert_eq!(json(&victim_event("x", &bare).unwrap())["data"]["call"].as_array().unwrap().len(), 1);
}

/// A number as it might be written: all digits, and cut to fewer of them.
fn writings(degrees: f64) -> Vec<String> {
    let long = format!("{degrees}");
    let (whole, _) = long.split_once('.').unwrap_or((&long, ""));
    (3..=6)
        .map(|digits| format!("{degrees:.digits$}"))
        .chain([long.clone()])
        .filter(|w| w.len() > whole.len() + 3)
        .collect()
}

proptest! {
    /// Nothing that points to the wearer, or to anybody's place, is in a victim's event, whatever the alert.
    #[test]
    fn nothing_leaks_to_the_victim(
        ids in proptest::collection::vec("[A-Za-z0-9_-]{12,40}", 5),
        names in proptest::collection::vec("[A-Z][a-z]{9,20}", 3),
        places in proptest::collection::vec((50.0..54.0_f64, 3.0..8.0_f64), 2),
        distance in 100.0..99_999.0_f64,
        kind in proptest::sample::select(vec![
            AlertKind::VictimProximity, AlertKind::ExclusionZone, AlertKind::InclusionZone, AlertKind::Aware,
            AlertKind::Tamper, AlertKind::Silence, AlertKind::Battery, AlertKind::Jamming,
        ]),
        level in proptest::sample::select(vec![Level::Clear, Level::Warning, Level::Alarm]),
        late in any::<bool>(),
    ) {
        let mut alert = alert(kind, level);
        alert.late = late;
        alert.order = OrderId::new(&ids[0]).unwrap();
        alert.wearer = PersonId::new(&ids[1]).unwrap();
        alert.device = DeviceId::new(&ids[2]).ok();
        alert.zone = ZoneId::new(&ids[3]).ok();
        alert.victim = PersonId::new(&ids[4]).ok();
        alert.wearer_fix = Some(fix(places[0].0, places[0].1));
        alert.victim_fix = Some(fix(places[1].0, places[1].1));
        alert.distance_m = Some(distance);
        alert.reason = format!("{} at {}", names[0], distance);
        alert.contacts.supervising_officer = Some(Box::new(person(&names[1], "0612345678")));
        alert.contacts.case_coordinator = Some(Box::new(person(&names[2], "0687654321")));

        let body = victim_event("urn:afstand:test", &alert).unwrap();
        let mut secrets = ids.clone();
        secrets.extend(names.iter().cloned());
        secrets.extend(["0612345678".to_owned(), "0687654321".to_owned(), format!("{distance:.1}"), format!("{distance:.2}")]);
        secrets.extend(places.iter().flat_map(|(lat, lon)| [*lat, *lon]).flat_map(writings));
        for secret in secrets {
            prop_assert!(!body.contains(&secret), "{} is in {}", secret, body);
        }
        for word in ["\"lat\"", "\"lon\"", "distance", "wearer_fix", "sv_509hh", "\"zone\":", "\"order\":"] {
            prop_assert!(!body.contains(word), "{} is in {}", word, body);
        }
    }
}

#[test]
fn an_end_says_what_was_done_and_nothing_else_of_it() {
    let over = alert(AlertKind::VictimProximity, Level::Clear);
    let said = |done: WhatWasDone| {
        let event = json(&all_clear_event("urn:afstand:test", &over, done).unwrap());
        let texts = event["data"]["done"].as_array().unwrap().clone();
        texts.iter().map(|text| text["en"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
    };
    let desk = |desk| WhatWasDone { acknowledged: true, acted: true, desk: Some(desk), resolved: false };
    assert_eq!(said(WhatWasDone::default()), "The monitoring centre looks into it.");
    let seen = WhatWasDone { acknowledged: true, ..WhatWasDone::default() };
    assert_eq!(said(seen), "The monitoring centre has seen it.");
    assert_eq!(said(desk(DeskState::OnScene)), "Police have been there. The monitoring centre has acted.");
    assert_eq!(said(desk(DeskState::Rejected)), "The monitoring centre has acted.");
    let event = json(&all_clear_event("urn:afstand:test", &over, desk(DeskState::Accepted)).unwrap());
    let plain = json(&victim_event("urn:afstand:test", &over).unwrap());
    assert_eq!(plain["data"].get("done"), None, "absent, as before");
    let mut without = event;
    without["data"].as_object_mut().unwrap().remove("done");
    assert_eq!(without, plain);
}
