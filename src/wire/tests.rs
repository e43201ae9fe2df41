//! Case files of what devices, apps and Traccar send, good and bad.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use zones::{DeviceEventKind, Source};

use super::*;

const FIX: &str = r#"{"fixed_at":"2026-11-21T10:15:30.250Z","lat":52.0907,"lon":5.1214,"accuracy_m":8.5,
    "speed_mps":1.3,"course_deg":271.0,"source":"gnss","battery_pct":71,"seq":10293}"#;

fn no_keys() -> TrackerKeys {
    TrackerKeys::default()
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn ok<'a>(topic: &'a str, payload: &'a str) -> Message<'a> {
    decode(topic, payload.as_bytes(), &no_keys()).unwrap_or_else(|e| panic!("{topic} {payload}: {e}"))
}

fn refused(topic: &str, payload: impl AsRef<[u8]>) -> String {
    decode(topic, payload.as_ref(), &no_keys()).unwrap_err().to_string()
}

fn bare(lat: f64) -> String {
    format!(r#"{{"fixed_at":"2026-11-21T10:15:30Z","lat":{lat},"lon":5}}"#)
}

#[test]
fn a_wearer_reports_where_he_is() {
    let Message::Fix { role: Role::Wearer, device: "am-0001", fix } =
        ok("afstand/v1/wearer/am-0001/fix", FIX)
    else {
        panic!("not a fix")
    };
    assert_eq!(fix.fixed_at, at("2026-11-21T10:15:30.250Z"));
    assert_eq!((fix.position.lat_deg(), fix.position.lon_deg()), (52.0907, 5.1214));
    assert_eq!((fix.accuracy_m, fix.speed_mps, fix.course_deg), (Some(8.5), Some(1.3), Some(271.0)));
    assert_eq!((fix.source, fix.battery_pct, fix.seq), (Some(Source::Gnss), Some(71), Some(10_293)));
}

#[test]
fn a_backlog_keeps_its_order_and_loses_only_what_is_bad() {
    let backlog = format!("\n[{},{},{FIX},12,{{}}]", bare(51.0), bare(91.0));
    let Message::Fixes { role: Role::Victim, device: "vd-1", fixes, rejected } =
        ok("afstand/v1/victim/vd-1/fix", &backlog)
    else {
        panic!("not a backlog")
    };
    assert_eq!(fixes.iter().map(|f| f.position.lat_deg()).collect::<Vec<_>>(), [51.0, 52.0907]);
    let rejected: Vec<_> = rejected.iter().map(|(index, why)| (*index, why.to_string())).collect();
    assert_eq!(
        rejected,
        [
            (1, "lat: not a latitude (−90 to 90)".to_owned()),
            (3, "expected an object, found a whole number".to_owned()),
            (4, "fixed_at: missing".to_owned()),
        ]
    );
}

#[test]
fn a_backlog_holds_one_to_a_thousand_fixes() {
    let topic = "afstand/v1/wearer/a/fix";
    let many = |n: usize| format!("[{}]", vec![bare(52.0); n].join(","));
    for n in [1, 1_000] {
        let text = many(n);
        assert!(matches!(ok(topic, &text), Message::Fixes { fixes, rejected, .. }
            if fixes.len() == n && rejected.is_empty()));
    }
    assert_eq!(refused(topic, many(1_001)), "more than 1000 fixes");
    // Also where one of them is bad.
    assert_eq!(refused(topic, many(1_001).replacen("52", "99", 1)), "more than 1000 fixes");
    assert_eq!(refused(topic, "[]"), "an array without a fix");
    assert!(refused(topic, format!("[{},", bare(52.0))).contains("not JSON"));
}

#[test]
fn devices_speak_of_themselves() {
    let told = ok("afstand/v1/wearer/a/status", r#"{"at":"2026-11-21T10:15:30Z","event":"strap_tamper"}"#);
    let event = DeviceEvent { at: at("2026-11-21T10:15:30Z"), event: DeviceEventKind::StrapTamper };
    assert_eq!(told, Message::Status { role: Role::Wearer, device: "a", event });

    let online = |online| Message::Online { role: Role::Victim, device: "v", online };
    assert_eq!(ok("afstand/v1/victim/v/online", "1"), online(true));
    assert_eq!(ok("afstand/v1/victim/v/online", "0"), online(false));
    assert_eq!(ok("afstand/v1/victim/v/online", ""), Message::Ignored);
    assert_eq!(refused("afstand/v1/victim/v/online", "yes"), "online is 1 or 0");
    let unknown =
        refused("afstand/v1/wearer/a/status", r#"{"at":"2026-11-21T10:15:30Z","event":"tampered"}"#);
    assert!(unknown.starts_with("event: expected one of `strap_tamper`"), "{unknown}");
}

#[test]
fn a_press_of_the_button_counts_whatever_is_wrong_with_its_place() {
    let pressed = |rest: &str| {
        let payload = format!(r#"{{"pressed_at":"2026-11-21T10:15:30Z"{rest}}}"#);
        match ok("afstand/v1/victim/v/aware", &payload) {
            Message::Aware { device: "v", aware } => (aware.position.is_some(), aware.test),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(pressed(""), (false, false));
    assert_eq!(pressed(r#","lat":52.1,"lon":5.1,"accuracy_m":10"#), (true, false));
    assert_eq!(pressed(r#","lat":91,"lon":5.1,"test":true"#), (false, true));
    assert_eq!(pressed(r#","lat":"north","lon":5.1,"test":true"#), (false, true));
    // What does not clearly say that it is a test is none.
    assert_eq!(pressed(r#","lat":52.1,"lon":5.1,"test":"true""#), (false, false));
    assert_eq!(pressed(r#","test":[[1],{"a":null}]"#), (false, false));

    assert_eq!(refused("afstand/v1/victim/v/aware", r#"{"lat":52.1}"#), "pressed_at: missing");
    assert!(refused("afstand/v1/wearer/a/aware", "{}").starts_with("topic: "));
}

#[test]
fn a_press_is_cancelled_by_its_code_and_no_error_holds_it() {
    let topic = "afstand/v1/victim/v/aware";
    let code = |rest: &str| {
        let payload = format!(r#"{{"cancel":true,"at":"2026-11-21T10:15:35Z"{rest}}}"#);
        match ok(topic, &payload) {
            Message::AwareCancel { device: "v", code, .. } => code,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(code(r#","code":"4711""#), TypedCode::new("4711"));
    assert_eq!(code(r#","code":4711"#), TypedCode::new("4711"));
    assert_eq!(code(""), TypedCode::new(""), "an attempt all the same");
    assert_eq!(code(r#","code":{"is":"4711"}"#), TypedCode::new(""));
    assert!(!format!("{:?}", code(r#","code":"4711""#)).contains("4711"));
    // What does not clearly cancel is a press.
    let press = r#"{"cancel":"true","pressed_at":"2026-11-21T10:15:30Z","code":"4711"}"#;
    assert!(matches!(ok(topic, press), Message::Aware { .. }));
    for odd in [r#"{"cancel":true,"code":"4711"}"#, r#"{"cancel":true,"code":"4711""#] {
        let error = refused(topic, odd);
        assert!(!error.contains("4711"), "{error}");
    }
}

#[test]
fn recipients_send_receipts() {
    let shown = ok(
        "afstand/v1/victim/v/receipt",
        r#"{"alert":"0b7f","state":"displayed","at":"2026-11-21T10:15:31Z"}"#,
    );
    let when = at("2026-11-21T10:15:31Z");
    let state = VictimReceiptState::Displayed;
    assert_eq!(shown, Message::VictimReceipt { device: "v", alert: "0b7f".into(), state, at: when });

    let taken = ok(
        "afstand/v1/desk/rotterdam/receipt",
        r#"{"incident":"77","state":"on_scene","reference":"P26-\u0031","reason":null,"at":"2026-11-21T11:15:31+01:00"}"#,
    );
    let want = Message::DeskReceipt {
        desk: "rotterdam",
        incident: "77".into(),
        state: DeskReceiptState::OnScene,
        reference: Some("P26-1".into()),
        reason: None,
        at: when,
    };
    assert_eq!(taken, want);

    let desk = "afstand/v1/desk/rotterdam/receipt";
    assert_eq!(refused(desk, r#"{"state":"accepted","at":"2026-11-21T10:15:31Z"}"#), "incident: missing");
    assert_eq!(
        refused(desk, r#"{"incident":"","state":"accepted","at":"2026-11-21T10:15:31Z"}"#),
        "incident: empty"
    );
    let wordy = format!(
        r#"{{"incident":"7","state":"rejected","reason":"{}","at":"2026-11-21T10:15:31Z"}}"#,
        "x".repeat(2_001)
    );
    assert_eq!(refused(desk, wordy), "reason: longer than 2000 bytes");
}

#[test]
fn nonsense_is_refused_quickly_whatever_its_form() {
    let topic = "afstand/v1/wearer/a/fix";
    let deep = "[".repeat(500_000);
    let deep_field = format!(
        r#"{{"x":{}1{},"fixed_at":"2026-11-21T10:15:30Z","lat":52,"lon":5}}"#,
        "[".repeat(200_000),
        "]".repeat(200_000)
    );
    let begun = Instant::now();
    assert!(refused(topic, vec![b'x'; 5_000_000]).contains("5000000 bytes"));
    assert!(refused(topic, &deep).contains("not JSON"));
    assert!(refused(topic, b"\xff\xfe\x00").contains("not JSON"));
    assert!(
        refused(topic, b"{\"fixed_at\":\"\xff\",\"lat\":52,\"lon\":5}").starts_with("fixed_at: not JSON")
    );
    // Depth in a field that nobody reads harms nobody.
    assert!(matches!(ok(topic, &deep_field), Message::Fix { .. }));
    for kind in ["status", "online", "aware", "receipt"] {
        assert!(decode(&format!("afstand/v1/victim/v/{kind}"), deep.as_bytes(), &no_keys()).is_err());
    }
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    for (bad, why) in [
        ("1e999", "not JSON: number out of range"),
        ("Infinity", "not JSON: expected value"),
        ("\"52\"", "expected a number, found a text"),
        ("{}", "expected a number, found an object"),
    ] {
        let text = bare(52.0).replace("52", bad);
        assert!(refused(topic, &text).starts_with(&format!("lat: {why}")), "{text}");
    }
}

/// The place of the sample and its telling neighbours; no error may give it away.
#[test]
fn an_error_does_not_hold_the_place() {
    let good = FIX.replace('\n', "");
    for (was, is) in [("271.0", "{}"), ("\"gnss\"", "7"), ("10293", "-2"), ("2026-11", "2026-13"), ("}", "")]
    {
        let error = refused("afstand/v1/wearer/a/fix", good.replacen(was, is, 1));
        assert!(!error.contains("52.09") && !error.contains("5.121"), "{error}");
        assert!(!error.contains('\n'));
    }
}

mod owntracks_app {
    use super::*;

    const TOPIC: &str = "owntracks/anna/phone";

    fn what(topic: &str, payload: &str, keys: &TrackerKeys) -> Result<OwnTracks, String> {
        match decode(topic, payload.as_bytes(), keys) {
            Ok(Message::OwnTracks { tracker: "anna/phone", what }) => Ok(what),
            Ok(other) => panic!("{other:?}"),
            Err(unusable) => Err(unusable.to_string()),
        }
    }

    #[test]
    fn a_location_comes_in_its_own_units() {
        let payload = r#"{"_type":"location","tst":1795256130,"lat":52.0907,"lon":5.1214,"acc":9,"alt":3,
            "vel":36,"cog":271,"batt":71,"tid":"w1","t":"u","conn":"m","created_at":1795256131}"#;
        let Ok(OwnTracks::Location(fix)) = what(TOPIC, payload, &no_keys()) else { panic!("no location") };
        assert_eq!(fix.fixed_at, at("2026-11-21T10:15:30Z"));
        assert_eq!((fix.position.lat_deg(), fix.position.lon_deg()), (52.0907, 5.1214));
        assert_eq!((fix.accuracy_m, fix.speed_mps, fix.course_deg), (Some(9.0), Some(10.0), Some(271.0)));
        assert_eq!((fix.battery_pct, fix.source, fix.seq), (Some(71), None, None));
    }

    #[test]
    fn unknown_values_are_unknown_not_wrong() {
        let payload =
            r#"{"_type":"location","tst":"1795256130","lat":52,"lon":5,"acc":0,"vel":-1,"cog":-1,"batt":-1}"#;
        let Ok(OwnTracks::Location(fix)) = what(TOPIC, payload, &no_keys()) else { panic!("no location") };
        assert_eq!(fix, Fix::new(at("2026-11-21T10:15:30Z"), fix.position));
    }

    #[test]
    fn every_other_type_is_known_for_what_it_is() {
        let said = |topic: &str, payload: &str| what(topic, payload, &no_keys());
        assert_eq!(said(TOPIC, r#"{"_type":"lwt","tst":"1440363922"}"#), Ok(OwnTracks::Lwt));
        assert_eq!(
            said("owntracks/anna/phone/status", r#"{"_type":"status","iOS":{}}"#),
            Ok(OwnTracks::Status)
        );
        let event =
            r#"{"_type":"transition","event":"leave","wtst":1,"tst":1795256130,"acc":5,"desc":"home""#;
        assert!(matches!(
            said("owntracks/anna/phone/event", &format!(r#"{event},"lat":52,"lon":5}}"#)),
            Ok(OwnTracks::Transition(fix)) if fix.accuracy_m == Some(5.0)
        ));
        assert_eq!(said("owntracks/anna/phone/event", &format!("{event}}}")), Ok(OwnTracks::Ignored));
        for kind in
            ["waypoint", "waypoints", "card", "cmd", "configuration", "request", "steps", "beacon", "dump"]
        {
            assert_eq!(said(TOPIC, &format!(r#"{{"_type":"{kind}","x":[]}}"#)), Ok(OwnTracks::Ignored));
        }
        assert_eq!(said(TOPIC, ""), Ok(OwnTracks::Ignored));
        assert_eq!(said(TOPIC, r#"{"_type":"teleport"}"#).unwrap_err(), "_type: not a type of OwnTracks");
        assert_eq!(said(TOPIC, "{}").unwrap_err(), "_type: missing");
        assert_eq!(said(TOPIC, r#"{"_type":"location","lat":52,"lon":5}"#).unwrap_err(), "tst: missing");
        assert_eq!(
            said(TOPIC, r#"{"_type":"location","tst":5,"lat":52,"lon":5}"#).unwrap_err(),
            "tst: 1970-01-01T00:00:05.000Z is before the year 2000"
        );
        assert_eq!(
            said(TOPIC, r#"{"_type":"location","tst":1795256130,"lat":52,"lon":181}"#).unwrap_err(),
            "lon: not a longitude (−180 to 180)"
        );
    }

    /// Sealed with libsodium (PyNaCl 1.6's `SecretBox`): key `s3kr1t-afstand` padded with zeros, nonce 1 to 24,
    /// and the location of the first test.
    const SEALED: &str = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYXNmlCFrog+47kN0bACABriZla/yfaxNOvwt51yJrMUIQ5bUwwArFoc5Wxqcp0tMz7XXXcpqGUEQ7leefNMvqBjyfz01pN6Zzib91v7nI4p929ykuajl3JMPM9ros/SPAc/ceFtFpKx+REbS+Ju2yk9PSk69To+QzNV6tO32F0KkCdt9QKwHwXdjgUwn8ZH0uZ5nZGi8fKf4Jd+wGJKFbna5l2IXjw+ibjCut";
    /// The same key and nonce around `{"_type":"encrypted","data":"AAAA"}`.
    const SEALED_TWICE: &str = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcY055SqoorDxAyxlHayCViaiZla/yfaxNOvwtw1iJ4PFsL7vM+zlzStJgN1aoypqBHmmaZ";

    fn sealed(data: &str) -> String {
        format!(r#"{{"_type":"encrypted","data":"{data}"}}"#)
    }

    #[test]
    fn an_encrypted_location_opens_with_the_trackers_key_only() {
        let keys = TrackerKeys::from_toml("\"anna/phone\" = \"s3kr1t-afstand\"").unwrap();
        let Ok(OwnTracks::Location(fix)) = what(TOPIC, &sealed(SEALED), &keys) else { panic!("no location") };
        assert_eq!(fix.fixed_at, at("2026-11-21T10:15:30Z"));
        assert_eq!((fix.position.lat_deg(), fix.accuracy_m), (52.0907, Some(9.0)));

        let wrong = TrackerKeys::from_toml("\"anna/phone\" = \"s3kr1t\"").unwrap();
        let closed = "data: does not open with the key of this tracker, or was altered";
        assert_eq!(what(TOPIC, &sealed(SEALED), &wrong).unwrap_err(), closed);
        assert_eq!(what(TOPIC, &sealed(&SEALED.replace("ibjCut", "ibjCuu")), &keys).unwrap_err(), closed);
        assert_eq!(
            what(TOPIC, &sealed(SEALED), &no_keys()).unwrap_err(),
            "encrypted, and no key is known for this tracker"
        );
        assert_eq!(what(TOPIC, &sealed("?"), &keys).unwrap_err(), "data: not base64");
        assert_eq!(
            what(TOPIC, &sealed("AAAA"), &keys).unwrap_err(),
            "data: too short to be an encrypted message"
        );
        assert_eq!(
            what(TOPIC, &sealed(SEALED_TWICE), &keys).unwrap_err(),
            "data: holds another encrypted message"
        );
    }

    #[test]
    fn a_recording_of_a_phone_is_read_whole() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/standards/owntracks/demo-iphone.rec");
        let Ok(recording) = std::fs::read_to_string(path) else {
            eprintln!("skipped: no {path}");
            return;
        };
        let (mut locations, mut wills) = (0, 0);
        for line in recording.lines() {
            let payload = line.splitn(3, '\t').nth(2).unwrap();
            match what(TOPIC, payload, &no_keys()) {
                Ok(OwnTracks::Location(fix)) => {
                    assert!(fix.accuracy_m.is_some() && fix.speed_mps.is_none_or(|v| v < 70.0));
                    assert_eq!(fix.fixed_at.to_string().get(..10), line.get(..10), "{line}");
                    locations += 1;
                }
                Ok(OwnTracks::Lwt) => wills += 1,
                other => panic!("{line}: {other:?}"),
            }
        }
        // Counted in the file with grep.
        assert_eq!((locations, wills), (23, 2));
    }
}

mod traccar_forward {
    use super::*;

    fn forward(position: &str, unique_id: &str) -> String {
        format!(
            r#"{{"position":{{"id":7,"deviceId":1,"protocol":"osmand","serverTime":"2026-11-21T10:15:32.000+00:00",
            "deviceTime":"2026-11-21T10:15:31.000+00:00",{position},"address":null,"network":null}},
            "device":{{"id":1,"name":"Band 1","uniqueId":"{unique_id}","status":"online","phone":null}}}}"#
        )
    }

    const GOOD: &str = r#""fixTime":"2026-11-21T10:15:30.000+00:00","valid":true,"outdated":false,
        "latitude":52.0907,"longitude":5.1214,"altitude":0,"speed":19.438444924406,"course":271,"accuracy":9.5,
        "attributes":{"batteryLevel":71.4,"distance":0.2,"motion":true}"#;

    fn read(text: &str) -> Result<Traccar<'_>, String> {
        match decode_traccar(text.as_bytes()) {
            Ok(Message::Traccar(traccar)) => Ok(traccar),
            Ok(other) => panic!("{other:?}"),
            Err(unusable) => Err(unusable.to_string()),
        }
    }

    #[test]
    fn a_position_comes_in_knots_under_the_devices_unique_id() {
        let text = forward(GOOD, "am-0001");
        let traccar = read(&text).unwrap();
        assert_eq!(traccar.device, "am-0001");
        let fix = traccar.fix.unwrap();
        assert_eq!(fix.fixed_at, at("2026-11-21T10:15:30Z"));
        assert_eq!((fix.position.lat_deg(), fix.position.lon_deg()), (52.0907, 5.1214));
        assert_eq!((fix.accuracy_m, fix.speed_mps, fix.course_deg), (Some(9.5), Some(10.0), Some(271.0)));
        assert_eq!((fix.battery_pct, traccar.events.len(), traccar.sos), (Some(71), 0, None));
    }

    #[test]
    fn times_come_in_each_of_traccars_forms() {
        for time in [
            "\"2026-11-21T10:15:30Z\"",
            "\"2026-11-21T11:15:30.000+01:00\"",
            "\"2026-11-21T10:15:30.000+0000\"",
            "1795256130000",
        ] {
            let text = forward(&GOOD.replace("\"2026-11-21T10:15:30.000+00:00\"", time), "a");
            assert_eq!(read(&text).unwrap().fix.unwrap().fixed_at, at("2026-11-21T10:15:30Z"), "{time}");
        }
    }

    #[test]
    fn what_traccar_does_not_know_is_unknown() {
        let text = forward(&GOOD.replace("9.5", "0").replace("71.4", "\"full\""), "a");
        let fix = read(&text).unwrap().fix.unwrap();
        assert_eq!((fix.accuracy_m, fix.battery_pct), (None, None));
    }

    #[test]
    fn a_repeated_position_is_no_fix_and_an_invalid_one_is_said() {
        let repeated = forward(&GOOD.replace(r#""outdated":false"#, r#""outdated":true"#), "a");
        assert_eq!(read(&repeated).unwrap().fix, None);
        let blind = GOOD.replace(r#""valid":true"#, r#""valid":false"#);
        assert_eq!(read(&forward(&blind, "a")).unwrap_err(), "position.valid: the tracker had no position");
        // Its alarm is heard all the same.
        let alarm = forward(&blind.replace(r#""motion":true"#, r#""alarm":"tampering, sos,overspeed""#), "a");
        let traccar = read(&alarm).unwrap();
        let when = at("2026-11-21T10:15:31Z");
        assert_eq!(traccar.events, [DeviceEvent { at: when, event: DeviceEventKind::CaseTamper }]);
        assert_eq!(traccar.sos.map(|s| (s.pressed_at, s.position)), Some((when, None)));
        assert!(traccar.fix.is_none() && traccar.rejected.is_some());
    }

    #[test]
    fn an_error_names_the_field_as_traccar_calls_it() {
        for (was, is, want) in [
            ("52.0907", "91", "position.latitude: not a latitude (−90 to 90)"),
            ("5.1214", "-181", "position.longitude: not a longitude (−180 to 180)"),
            ("\"latitude\":52.0907,", "", "position.latitude: missing"),
            ("52.0907", "\"north\"", "position.latitude: expected a number, found a text"),
            (
                "\"2026-11-21T10:15:30.000+00:00\"",
                "0",
                "position.fixTime: 1970-01-01T00:00:00.000Z is before the year 2000",
            ),
            (
                "\"2026-11-21T10:15:30.000+00:00\"",
                "true",
                "position.fixTime: expected an RFC 3339 time or milliseconds since 1970, found true or false",
            ),
        ] {
            assert_eq!(read(&forward(&GOOD.replace(was, is), "a")).unwrap_err(), want);
        }
        assert!(read(&forward(GOOD, "8612 34")).unwrap_err().starts_with("device.uniqueId: an id is"));
        assert_eq!(read(r#"{"position":{}}"#).unwrap_err(), "position.fixTime: missing");
        assert!(read("[]").is_err());
    }
}

proptest! {
    #[test]
    fn no_bytes_on_any_topic_do_harm(
        topic in prop_oneof![
            Just("afstand/v1/wearer/a/fix".to_owned()), Just("afstand/v1/victim/v/status".to_owned()),
            Just("afstand/v1/victim/v/aware".to_owned()), Just("afstand/v1/victim/v/receipt".to_owned()),
            Just("afstand/v1/desk/d/receipt".to_owned()), Just("owntracks/u/d".to_owned()), ".*",
        ],
        payload in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..200),
            "[\\[\\]{}\":,0-9a-z_. -]{0,200}".prop_map(String::into_bytes),
        ],
    ) {
        let _ = decode_traccar(&payload);
        if let Err(unusable) = decode(&topic, &payload, &no_keys()) {
            let line = unusable.to_string();
            prop_assert!(!line.is_empty() && line.chars().count() < 400 && !line.contains('\n'));
        }
    }

    /// One byte of a good message changed: it is refused with a reason, or still within what a fix can be.
    #[test]
    fn a_damaged_message_is_a_fix_or_refused(place in 0..FIX.len(), byte in any::<u8>()) {
        let mut payload = FIX.as_bytes().to_vec();
        payload[place] = byte;
        if let Ok(message) = decode("afstand/v1/wearer/a/fix", &payload, &no_keys()) {
            let Message::Fix { fix, .. } = message else { panic!("{message:?}") };
            prop_assert!(fix.position.lat_deg().abs() <= 90.0 && fix.position.lon_deg().abs() <= 180.0);
            prop_assert!(fix.fixed_at >= policy::EARLIEST_FIX && fix.uncertainty_m() > 0.0);
        }
    }
}
