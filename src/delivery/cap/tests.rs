//! Messages are CAP: by its own schema where that is at hand, and by what they say in any case.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use proptest::prelude::*;
use quick_xml::Reader;
use zones::ZoneId;

use super::*;
use crate::delivery::versions::tests::alert;

fn shape(text: &str) -> Shape {
    let ring = |text: &str| {
        let point = |pair: &str| {
            let (lat, lon) = pair.split_once(',').unwrap();
            Position::new(lat.parse().unwrap(), lon.parse().unwrap()).unwrap()
        };
        text.split(' ').map(point).collect::<Vec<_>>()
    };
    Shape::polygons(vec![text.split(" | ").map(ring).collect()]).unwrap()
}

fn message(alert: &Alert) -> CapMessage<'_> {
    CapMessage {
        source: "urn:afstand:test",
        desk: "rotterdam",
        alert,
        exercise: false,
        earlier: &[],
        zone: None,
    }
}

/// The texts of a document in order, each behind the path of its element.
fn texts(xml: &str) -> Vec<(String, String)> {
    let mut reader = Reader::from_str(xml);
    let (mut path, mut found, mut text) = (Vec::new(), Vec::new(), String::new());
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => {
                path.push(start.name().as_ref().to_owned());
                text.clear();
            }
            Event::Text(part) => text.push_str(&part),
            Event::GeneralRef(name) => text.push_str(match &*name {
                "lt" => "<",
                "gt" => ">",
                "amp" => "&",
                "quot" => "\"",
                "apos" => "'",
                other => panic!("{other}"),
            }),
            Event::End(_) => {
                if !text.trim().is_empty() {
                    found.push((path.join("/"), std::mem::take(&mut text)));
                }
                path.pop();
            }
            Event::Eof => return found,
            _ => {}
        }
    }
}

/// All texts of one element.
fn all<'a>(texts: &'a [(String, String)], path: &str) -> Vec<&'a str> {
    texts.iter().filter(|(at, _)| at == path).map(|(_, text)| text.as_str()).collect()
}

/// The value of a parameter in the first language.
fn parameter<'a>(texts: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let at = texts.iter().position(|(at, text)| at == "alert/info/parameter/valueName" && text == name)?;
    Some(texts[at + 1].1.as_str())
}

fn written(message: &CapMessage<'_>) -> Vec<(String, String)> {
    texts(&cap_message(message).unwrap())
}

#[test]
fn an_alarm_says_in_cap_what_it_says_in_json() {
    let mut alert = alert(AlertKind::VictimProximity, Level::Alarm);
    alert.reason = "Drager binnen 1000 m / Wearer within 1000 m".to_owned();
    let texts = written(&message(&alert));
    for (path, want) in [
        ("alert/identifier", &[alert.alert.to_string().as_str()][..]),
        ("alert/sender", &["urn:afstand:test"]),
        ("alert/sent", &["2026-11-21T10:15:30-00:00"]),
        ("alert/status", &["Actual"]),
        ("alert/msgType", &["Alert"]),
        ("alert/scope", &["Private"]),
        ("alert/addresses", &["rotterdam"]),
        ("alert/references", &[]),
        ("alert/incidents", &[alert.incident.to_string().as_str()]),
        ("alert/info/language", &["nl-NL", "en-GB"]),
        ("alert/info/category", &["Security", "Security"]),
        ("alert/info/event", &["dicht bij slachtoffer", "close to victim"]),
        ("alert/info/urgency", &["Immediate", "Immediate"]),
        ("alert/info/severity", &["Extreme", "Extreme"]),
        ("alert/info/certainty", &["Likely", "Likely"]),
        ("alert/info/description", &["Drager binnen 1000 m", "Wearer within 1000 m"]),
        ("alert/info/contact", &["R. de Vries, 0880000001", "R. de Vries, 0880000001"]),
    ] {
        assert_eq!(all(&texts, path), want, "{path}");
    }
    // Both where they were last seen, to a decimetre, with their uncertainty in kilometres.
    assert_eq!(
        all(&texts, "alert/info/area/circle")[..2],
        ["52.098765,5.123456 0.008", "52.090700,5.121400 0.008"]
    );
    let says = |name| parameter(&texts, name);
    assert_eq!(says("incident"), Some(alert.incident.to_string().as_str()));
    assert_eq!((says("order"), says("legal_basis")), (Some("ord-0001"), Some("sv_509hh")));
    assert_eq!((says("distance_m"), says("arrest_on_sight")), (Some("842.3"), Some("true")));
    assert_eq!((says("wearer"), says("victim")), (Some("wearer-0001"), Some("victim-0001")));
    assert!(all(&texts, "alert/info/instruction")[0].contains("184/184a Sr"));
}

#[test]
fn each_kind_level_and_certainty_has_its_words() {
    let says = |alert: &Alert| {
        let texts = written(&message(alert));
        ["responseType", "urgency", "severity", "certainty"]
            .map(|name| all(&texts, &format!("alert/info/{name}"))[0].to_owned())
            .join(" ")
    };
    for (kind, level, want) in [
        (AlertKind::Aware, Level::Alarm, "Execute Immediate Extreme Likely"),
        (AlertKind::ExclusionZone, Level::Alarm, "Execute Immediate Severe Likely"),
        (AlertKind::ExclusionZone, Level::Warning, "Monitor Expected Moderate Likely"),
        (AlertKind::VictimProximity, Level::Warning, "Monitor Expected Moderate Likely"),
        (AlertKind::VictimProximity, Level::Clear, "AllClear Past Minor Likely"),
    ] {
        assert_eq!(says(&alert(kind, level)), want);
    }
    let mut late = alert(AlertKind::ExclusionZone, Level::Alarm);
    (late.late, late.certainty) = (true, Certainty::Certain);
    assert_eq!(says(&late), "Assess Past Severe Observed");
    late.certainty = Certainty::Possible;
    assert_eq!(says(&late), "Assess Past Severe Possible");
}

#[test]
fn what_follows_names_what_went_before() {
    let earlier = [
        Earlier { alert: "alert-1".to_owned(), sent: Timestamp::parse("2026-11-21T10:00:00.999Z").unwrap() },
        Earlier { alert: "alert-2".to_owned(), sent: Timestamp::parse("2026-11-21T10:05:00Z").unwrap() },
    ];
    for (level, want) in [(Level::Alarm, "Update"), (Level::Warning, "Update"), (Level::Clear, "Cancel")] {
        let alert = alert(AlertKind::VictimProximity, level);
        // A name that CAP would take apart.
        let texts =
            written(&CapMessage { earlier: &earlier, source: "urn:my afstand,<1>", ..message(&alert) });
        assert_eq!(all(&texts, "alert/msgType"), [want]);
        assert_eq!(all(&texts, "alert/sender"), ["urn:my_afstand__1>"]);
        assert_eq!(
            all(&texts, "alert/references"),
            [
                "urn:my_afstand__1>,alert-1,2026-11-21T10:00:00-00:00 urn:my_afstand__1>,alert-2,2026-11-21T10:05:00-00:00"
            ]
        );
    }
    let alert = alert(AlertKind::VictimProximity, Level::Alarm);
    assert_eq!(
        all(&written(&CapMessage { exercise: true, ..message(&alert) }), "alert/status"),
        ["Exercise"]
    );
}

#[test]
fn a_zone_is_drawn_latitude_first() {
    let mut alert = alert(AlertKind::ExclusionZone, Level::Alarm);
    (alert.wearer_fix, alert.victim_fix, alert.zone) = (None, None, ZoneId::new("park").ok());
    let circle = Shape::circle(Position::new(51.9225, 4.4792).unwrap(), 5_000.0).unwrap();
    let texts = written(&CapMessage { zone: Some(&circle), ..message(&alert) });
    assert_eq!(all(&texts, "alert/info/area/circle"), ["51.922500,4.479200 5.000"; 2]);
    assert_eq!(all(&texts, "alert/info/area/areaDesc"), ["Gebied park", "Zone park"]);

    let square = "52,5 52,5.1 52.1,5.1 52.1,5 52,5";
    let with_hole = shape(&format!("{square} | 52.04,5.04 52.06,5.04 52.06,5.06 52.04,5.04"));
    let texts = written(&CapMessage { zone: Some(&with_hole), ..message(&alert) });
    let polygon = all(&texts, "alert/info/area/polygon")[0];
    let corners: Vec<&str> = polygon.split(' ').collect();
    assert_eq!((corners.len(), corners.first()), (5, corners.last()), "closed, and without the hole");
    for corner in ["52.000000,5.000000", "52.000000,5.100000", "52.100000,5.100000", "52.100000,5.000000"] {
        assert!(corners.contains(&corner), "{corner} in {polygon}");
    }
    // Of an order that is gone only the zone's name is known; it stands among the parameters.
    let texts = written(&message(&alert));
    assert_eq!((all(&texts, "alert/info/area/areaDesc").len(), parameter(&texts, "zone")), (0, Some("park")));
}

/// The schema: beside the project, or beside the folder that holds its worktrees.
fn schema() -> Option<PathBuf> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().skip(1);
    above.map(|folder| folder.join("shared/data/standards/cap/CAP-v1.2.xsd")).find(|path| path.is_file())
}

/// What `xmllint` says of a document against a schema; `None` when there is no `xmllint`.
fn lint(schema: &Path, xml: &str) -> Option<Result<(), String>> {
    let child = Command::new("xmllint")
        .args(["--noout", "--nonet", "--schema"])
        .arg(schema)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.ok()?;
    child.stdin.take().unwrap().write_all(xml.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    Some(if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    })
}

#[test]
fn messages_are_valid_by_the_schema_of_cap() {
    let Some(schema) = schema() else {
        println!("skipped: needs CAP-v1.2.xsd (in ../shared/data/standards/cap)");
        return;
    };
    let circle = Shape::circle(Position::new(51.9225, 4.4792).unwrap(), 5_000.0).unwrap();
    let polygon = shape("52,5 52,5.1 52.1,5.1 52.1,5 52,5");
    let earlier = [Earlier { alert: "a".to_owned(), sent: Timestamp::from_millis(0) }];
    for kind in [AlertKind::VictimProximity, AlertKind::ExclusionZone, AlertKind::Silence, AlertKind::Aware] {
        for level in [Level::Clear, Level::Warning, Level::Alarm] {
            let full = alert(kind, level);
            let mut bare = Alert { late: true, reason: String::new(), fixed_at: None, ..full.clone() };
            (bare.wearer_fix, bare.victim_fix, bare.victim, bare.zone) = (None, None, None, None);
            (bare.distance_m, bare.contacts) = (None, zones::order::Contacts::default());
            for message in [
                CapMessage { zone: Some(&circle), ..message(&full) },
                CapMessage { zone: Some(&polygon), earlier: &earlier, exercise: true, ..message(&full) },
                message(&bare),
            ] {
                let xml = cap_message(&message).unwrap();
                match lint(&schema, &xml) {
                    None => return println!("skipped: needs xmllint (Debian's libxml2-utils)"),
                    Some(valid) => assert_eq!(valid, Ok(()), "{xml}"),
                }
            }
        }
    }
    // The schema can say no.
    let xml = cap_message(&message(&alert(AlertKind::Aware, Level::Alarm))).unwrap();
    for (was, is) in
        [("-00:00</sent>", "Z</sent>"), ("<scope>Private", "<scope>Secret"), ("urgency>", "haste>")]
    {
        assert!(lint(&schema, &xml.replace(was, is)).unwrap().is_err(), "{is}");
    }
}

proptest! {
    /// Whatever people are called and whatever a reason holds, it comes out as it went in, or not at all.
    #[test]
    fn no_text_breaks_the_document(reason in any::<String>(), name in "\\PC{0,40}") {
        let mut alert = alert(AlertKind::VictimProximity, Level::Alarm);
        alert.reason = format!("x{reason}x");
        alert.contacts.supervising_officer.as_mut().unwrap().name = format!("x{name}x");
        let texts = written(&message(&alert));
        prop_assert_eq!(all(&texts, "alert/info/language"), ["nl-NL", "en-GB"]);
        let contact = format!("x{name}x, 0880000001");
        prop_assert_eq!(all(&texts, "alert/info/contact"), [contact.as_str(); 2]);
    }
}
