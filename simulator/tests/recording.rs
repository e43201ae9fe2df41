//! A recording as its users see it: files of the contract, checked by a small schema of their own.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use simulator::record::{Recording, files};
use zones::{Position, Timestamp, geodesy};

fn recording(seed: u64, out: &Path) -> Recording {
    Recording {
        seed,
        pairs: 30,
        hours: 3.0,
        start: Timestamp::parse("2026-11-02T06:00:00Z").unwrap(),
        truth_every_s: 300,
        out: out.to_owned(),
    }
}

fn contents(folder: &Path) -> [String; 3] {
    files(folder).map(|file| std::fs::read_to_string(file).unwrap())
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let folder = tempfile::tempdir().unwrap();
    let [one, same, other] = ["one", "same", "other"].map(|name| folder.path().join(name));
    let recorded = recording(1, &one).write().unwrap();
    assert_eq!(recorded, recording(1, &same).write().unwrap());
    recording(2, &other).write().unwrap();
    assert_eq!(contents(&one), contents(&same));
    for (a, b) in contents(&one).iter().zip(contents(&other)) {
        assert_ne!(*a, b);
    }
    assert_eq!(contents(&one)[1].lines().count() as u64, recorded.messages);
}

#[test]
fn a_short_recording_is_the_beginning_of_a_long_one() {
    let folder = tempfile::tempdir().unwrap();
    let [short, long] = ["short", "long"].map(|name| folder.path().join(name));
    Recording { hours: 1.0, ..recording(4, &short) }.write().unwrap();
    recording(4, &long).write().unwrap();
    for (a, b) in contents(&short).iter().zip(contents(&long)) {
        assert!(b.starts_with(a.as_str()));
    }
}

fn time(value: &Value) -> i64 {
    Timestamp::parse(value.as_str().unwrap()).unwrap().as_millis()
}

fn number(value: &Value, low: f64, high: f64) -> bool {
    value.as_f64().is_some_and(|v| (low..=high).contains(&v))
}

/// The fields of a fix (§4), each with its range; nothing else may be there.
fn check_fix(fix: &Value) {
    for (key, value) in fix.as_object().unwrap() {
        let good = match key.as_str() {
            "fixed_at" => time(value) > 0,
            "lat" => number(value, 51.0, 53.0),
            "lon" => number(value, 4.0, 7.0),
            "accuracy_m" => number(value, 1.0, 3_000.0),
            "speed_mps" => number(value, 0.0, 35.0),
            "course_deg" => number(value, 0.0, 360.0),
            "source" => ["gnss", "wifi", "cell", "beacon"].contains(&value.as_str().unwrap()),
            "battery_pct" => value.as_u64().unwrap() <= 100,
            "seq" => value.is_u64(),
            _ => false,
        };
        assert!(good, "{key}: {value} in {fix}");
    }
    assert!(["fixed_at", "lat", "lon"].iter().all(|key| fix.get(key).is_some()), "{fix}");
}

fn check_message(line: &Value) -> &'static str {
    let kinds = ["fix", "status", "online", "aware"];
    let kind = *kinds.iter().find(|kind| line.get(**kind).is_some()).unwrap();
    let body = &line[kind];
    assert_eq!(line.as_object().unwrap().len(), 4, "{line}");
    match kind {
        "fix" if body.is_array() => {
            let fixes = body.as_array().unwrap();
            assert!((2..=1_000).contains(&fixes.len()));
            fixes.iter().for_each(check_fix);
            return "backlog";
        }
        "fix" => check_fix(body),
        "status" => {
            let known =
                ["strap_tamper", "battery_low", "battery_critical", "charging", "shutdown", "restart"];
            assert!(known.contains(&body["event"].as_str().unwrap()) && time(&body["at"]) > 0, "{line}");
        }
        "online" => assert!(number(body, 0.0, 1.0), "{line}"),
        _ => {
            assert_eq!(line["role"], "victim", "{line}");
            assert!(time(&body["pressed_at"]) > 0, "{line}");
        }
    }
    kind
}

#[test]
fn input_is_what_the_contract_allows_in_order_of_arrival() {
    let folder = tempfile::tempdir().unwrap();
    Recording { pairs: 150, hours: 7.0, ..recording(3, folder.path()) }.write().unwrap();
    let [_, input, _] = contents(folder.path());
    let (mut last, mut kinds) = (0, BTreeSet::new());
    for line in input.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let at = time(&line["received_at"]);
        assert!(at >= last, "{line}");
        last = at;
        let prefix = if line["role"] == "wearer" { "am-" } else { "vd-" };
        let device = line["device"].as_str().unwrap().strip_prefix(prefix).unwrap();
        assert!((1..=150).contains(&device.parse::<u32>().unwrap()), "{line}");
        kinds.insert(check_message(&line));
    }
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["aware", "backlog", "fix", "online", "status"]);
}

#[test]
fn orders_are_clean_by_the_guidance() {
    let folder = tempfile::tempdir().unwrap();
    let recording = recording(8, folder.path());
    recording.write().unwrap();
    let orders: Vec<Value> = serde_json::from_str(&contents(folder.path())[0]).unwrap();
    assert_eq!(orders.len(), 30);
    let place = |v: &Value| Position::new(v[1].as_f64().unwrap(), v[0].as_f64().unwrap()).unwrap();
    for order in &orders {
        let (zone, victim) = (&order["zones"]["features"][0], &order["victims"][0]);
        let (centre, radius) =
            (place(&zone["geometry"]["coordinates"]), zone["properties"]["radius_m"].as_f64().unwrap());
        // RESIDENCE_TOO_CLOSE, RADIUS_TOO_SMALL, RADIUS_BELOW_ADVICE, EXPIRES_SOON.
        assert!(
            geodesy::distance_m(place(&order["wearer"]["residence"]), centre) - radius >= 1_000.0,
            "{order}"
        );
        assert!(radius - geodesy::distance_m(place(&victim["residence"]), centre) >= 5_000.0, "{order}");
        let (from, until) = (time(&order["valid_from"]), time(&order["valid_until"]));
        assert!(from < recording.start.as_millis());
        assert!(until - recording.start.as_millis() > 30 * 86_400_000);
        assert_eq!(
            victim["proximity"],
            serde_json::json!({"alarm_m": 1000, "warning_m": 2000, "warning_s": 300})
        );
        assert_eq!(zone["properties"]["victim"], victim["person"]);
        assert!(order["desk"].as_str().is_some_and(|desk| !desk.is_empty()));
    }
    let names: BTreeSet<&str> = orders
        .iter()
        .flat_map(|o| [&o["wearer"]["device"], &o["victims"][0]["device"]])
        .map(|device| device.as_str().unwrap())
        .collect();
    assert_eq!(names.len(), 60);
}

#[test]
fn truth_tells_where_everybody_is() {
    let folder = tempfile::tempdir().unwrap();
    recording(5, folder.path()).write().unwrap();
    let truth = &contents(folder.path())[2];
    // Every 5 minutes of 3 hours, two people a pair.
    assert_eq!(truth.lines().count(), 36 * 60);
    let mut doing = BTreeSet::new();
    for line in truth.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert!(number(&line["lat"], 51.0, 53.0) && number(&line["lon"], 4.0, 7.0) && time(&line["at"]) > 0);
        assert!(line["person"].as_str().unwrap().starts_with(line["role"].as_str().unwrap()));
        assert!(number(&line["speed_mps"], 0.0, 30.0) && line["mode"].is_string());
        doing.insert(line["doing"].as_str().unwrap().to_owned());
    }
    assert!(doing.contains("home") && doing.contains("work"), "{doing:?}");
}

#[test]
fn a_wrong_command_is_one_line_and_status_2() {
    let run = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_simulator")).args(args).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let record = ["record", "--seed", "1", "--pairs", "1", "--hours", "0.1", "--out"];
    let (status, line) = run(&[&record[..], &["/proc/no/such"]].concat());
    assert_eq!((status, line.lines().count()), (Some(2), 1), "{line}");
    assert!(line.starts_with("simulator: /proc/no/such"), "{line}");
    let (status, line) = run(&["live", "--broker", "mqtt://127.0.0.1:1", "--demo"]);
    assert_eq!((status, line.lines().count()), (Some(2), 1), "{line}");
    assert!(line.starts_with("simulator: cannot connect to mqtt://127.0.0.1:1"), "{line}");
    for bad in [&["load", "--pairs", "0"][..], &["record", "--seed", "x"], &["live", "--demo"]] {
        assert_eq!(run(bad).0, Some(2), "{bad:?}");
    }
}
