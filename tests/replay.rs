//! `afstand replay` and `afstand check-orders` as somebody at a terminal has them: the worked examples of the
//! contract, and cases of our own of the same kind under `tests/cases`.

// A test that cannot go on should stop there; clippy's own exception covers only the test functions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

/// What a command did.
struct Run {
    status: Option<i32>,
    out: String,
    err: String,
}

impl Run {
    /// The last line of stderr, which is JSON.
    fn summary(&self) -> Value {
        serde_json::from_str(self.err.lines().last().unwrap()).unwrap_or_else(|e| panic!("{e}: {}", self.err))
    }
}

fn afstand<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Run {
    let run = Command::new(env!("CARGO_BIN_EXE_afstand")).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Run { status: run.status.code(), out: text(run.stdout), err: text(run.stderr) }
}

fn replay(orders: &Path, input: &Path) -> Run {
    afstand([OsStr::new("replay"), "--orders".as_ref(), orders.as_ref(), "--input".as_ref(), input.as_ref()])
}

fn replay_case(folder: &Path) -> Run {
    replay(&folder.join("orders.json"), &folder.join("input.ndjson"))
}

fn own_cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

/// A folder of the worked examples of the contract; says so where they are not at hand.
fn worked_example(name: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/examples").join(name);
    let folder = folder.exists().then_some(folder);
    if folder.is_none() {
        println!("skipped: ../shared/examples/{name} is absent");
    }
    folder
}

/// Whether an alert is the one that is wanted; the reason if it is not.
fn differs(alert: &Value, want: &Value) -> Option<String> {
    let time = |key: &str| want[key].as_str();
    let at = alert["fixed_at"].as_str().unwrap_or_default();
    // All times are written alike, so their order as texts is their order.
    if time("not_before").is_some_and(|t| at < t) || time("not_after").is_some_and(|t| at > t) {
        return Some(format!("fixed_at {at} is not in its window"));
    }
    if !want["level"].as_str()?.split('|').any(|level| alert["level"] == level) {
        return Some(format!("level {}", alert["level"]));
    }
    if let Some(metres) = want["distance_m"].as_f64() {
        let told = alert["distance_m"].as_f64().unwrap_or(f64::NAN);
        // Told to a tenth, wanted to a tenth: they may fall on either side.
        if (told - metres).abs() > 0.1 + 1e-9 || told.is_nan() {
            return Some(format!("distance_m {told}"));
        }
    }
    let exact = ["kind", "certainty", "zone", "victim", "fixed_at", "raised_at", "revision"];
    let wrong = exact.iter().find(|key| !want[**key].is_null() && alert[**key] != want[**key])?;
    Some(format!("{wrong} {}", alert[*wrong]))
}

/// Holds what a replay printed against what is expected, alert by alert. Alerts of silence may stand between them.
fn check(folder: &Path) {
    let expected: Value =
        serde_json::from_str(&fs::read_to_string(folder.join("expected.json")).unwrap()).unwrap();
    let run = replay_case(folder);
    assert_eq!(run.status, Some(0), "{}", run.err);
    let all: Vec<Value> = run.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut alerts = all.iter().filter(|alert| alert["kind"] != "silence").peekable();
    let mut is_clear = false;
    for want in expected["alerts"].as_array().unwrap() {
        // A step down may skip a level: then the step that would have followed has been made already.
        if is_clear && want["level"] == "clear" {
            continue;
        }
        let alert = alerts.next().unwrap_or_else(|| panic!("{}: not raised: {want}", folder.display()));
        if let Some(why) = differs(alert, want) {
            panic!("{}: {why}\n  raised {alert}\n  wanted {want}", folder.display());
        }
        is_clear = alert["level"] == "clear";
    }
    assert_eq!(alerts.next(), None, "{}: raised and not wanted", folder.display());
    let summary = run.summary();
    assert_eq!(summary["skipped"], expected["skipped"], "{}", run.err);
    assert_eq!(summary["alerts"], all.len());
    if !expected["lines"].is_null() {
        assert_eq!(summary["lines"], expected["lines"], "{}", run.err);
    }
    if let Some(broken) = expected["broken"].as_array() {
        let named: Vec<Value> = run
            .err
            .lines()
            .filter_map(|line| line.strip_prefix("line ")?.split_once(": ")?.0.parse::<u64>().ok())
            .map(Value::from)
            .collect();
        assert_eq!(&named, broken, "{}", run.err);
    }
}

#[test]
fn the_worked_examples_of_the_contract_come_out() {
    for name in ["approach", "starts-inside"] {
        if let Some(folder) = worked_example(name) {
            check(&folder);
        }
    }
}

#[test]
fn every_case_of_our_own_comes_out() {
    let mut cases: Vec<PathBuf> =
        fs::read_dir(own_cases()).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(cases.len() >= 6, "{cases:?}");
    for case in &cases {
        check(case);
    }
}

/// The checker itself: a case whose expectations are changed by little must fail.
#[test]
fn the_checker_sees_a_small_difference() {
    let alert = json!({"kind": "aware", "level": "alarm", "certainty": "likely", "distance_m": 842.3,
        "fixed_at": "2026-11-02T19:00:05.000Z", "raised_at": "2026-11-02T19:00:06.000Z"});
    let want = |key: &str, value: Value| {
        let mut want = json!({"kind": "aware", "level": "alarm|warning"});
        want[key] = value;
        differs(&alert, &want).is_none()
    };
    assert!(want("distance_m", 842.4.into()) && !want("distance_m", 842.5.into()));
    assert!(want("certainty", "likely".into()) && !want("certainty", "certain".into()));
    assert!(want("kind", "aware".into()) && !want("kind", "tamper".into()) && !want("level", "clear".into()));
    let (early, late) = ("2026-11-02T19:00:04.999Z", "2026-11-02T19:00:05.001Z");
    assert!(want("not_before", early.into()) && !want("not_before", late.into()));
    assert!(want("not_after", late.into()) && !want("not_after", early.into()));
    assert!(!want("raised_at", early.into()) && !want("fixed_at", late.into()));
}

#[test]
fn a_replay_is_repeatable_to_the_byte() {
    let (orders, lines) = a_long_recording();
    let folder = tempfile::tempdir().unwrap();
    let (at, input) = (folder.path().join("orders.json"), folder.path().join("input.ndjson"));
    fs::write(&at, orders).unwrap();
    fs::write(&input, lines).unwrap();
    let (once, twice) = (replay(&at, &input), replay(&at, &input));
    assert!(once.out.lines().count() > 40, "{}", once.out.lines().count());
    assert!(once.out == twice.out && once.err == twice.err);
}

/// Thirty pairs whose wearers swing past their victims, long enough to be read in several parts at once.
fn a_long_recording() -> (String, String) {
    let (mut orders, mut lines) = (Vec::new(), String::new());
    for n in 0..30 {
        orders.push(json!({"order": format!("o{n}"), "legal_basis": "special_condition",
            "valid_from": "2026-11-01T00:00:00Z", "valid_until": "2027-11-01T00:00:00Z",
            "wearer": {"person": format!("w{n}"), "device": format!("am{n}")},
            "victims": [{"person": format!("v{n}"), "device": format!("vd{n}"),
                "proximity": {"alarm_m": 1000, "warning_m": 2000, "warning_s": 300}}],
            "zones": {"type": "FeatureCollection", "features": []}, "contacts": {}}));
    }
    for minute in 0..120_u32 {
        for n in 0..30 {
            let swing = (f64::from(minute) / 7.0 + f64::from(n)).sin() * 0.03;
            for (role, device, lat) in [("victim", "vd", 52.0), ("wearer", "am", 52.0 + swing)] {
                let at = format!("2026-11-02T{:02}:{:02}:", 10 + minute / 60, minute % 60);
                let line = json!({"received_at": format!("{at}02Z"), "role": role, "device": format!("{device}{n}"),
                    "fix": {"fixed_at": format!("{at}00Z"), "lat": lat, "lon": 5.0, "accuracy_m": 10.0}});
                writeln!(lines, "{line}").unwrap();
            }
        }
    }
    (Value::from(orders).to_string(), lines)
}

#[test]
fn what_cannot_be_read_ends_a_replay_with_status_2_and_its_name() {
    let case = own_cases().join("aware");
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.json");
    fs::write(&broken, "[{\"order\": ").unwrap();
    let (orders, input, gone) =
        (case.join("orders.json"), case.join("input.ndjson"), folder.path().join("gone"));
    for (orders, input, name) in [
        (gone.as_path(), input.as_path(), "gone"),
        (&orders, &gone, "gone"),
        (&broken, &input, "broken.json"),
        (&orders, folder.path(), folder.path().file_name().unwrap().to_str().unwrap()),
    ] {
        let run = replay(orders, input);
        assert_eq!((run.status, run.out.as_str()), (Some(2), ""), "{}", run.err);
        assert!(run.err.contains(name) && run.err.lines().count() == 1, "{}", run.err);
    }
}

#[test]
fn an_input_without_lines_is_an_input() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("input.ndjson");
    fs::write(&input, "").unwrap();
    let run = replay(&own_cases().join("aware/orders.json"), &input);
    assert_eq!((run.status, run.out.as_str()), (Some(0), ""));
    assert_eq!(run.summary(), json!({"lines": 0, "fixes": 0, "alerts": 0, "skipped": 0}));
}

#[test]
fn the_worked_example_of_the_guidance_comes_out() {
    let Some(folder) = worked_example("guidance") else { return };
    let orders = folder.join("orders.json");
    let run = afstand(["check-orders", "--json", "--now", "2026-11-21T00:00:00Z", orders.to_str().unwrap()]);
    assert_eq!(run.status, Some(1), "{}", run.err);
    let findings: Vec<Value> = serde_json::from_str(&run.out).unwrap();
    let table = [
        ("ord-a", "RADIUS_TOO_SMALL", "error", 500.0, 1_000.0),
        ("ord-b", "RADIUS_BELOW_ADVICE", "warning", 3_000.0, 5_000.0),
        ("ord-d", "RESIDENCE_TOO_CLOSE", "error", 902.7, 1_000.0),
        ("ord-e", "RADIUS_TOO_SMALL", "info", 500.0, 1_000.0),
    ];
    assert_eq!(findings.len(), table.len(), "{findings:#?}");
    for (finding, (order, code, severity, measured, required)) in findings.iter().zip(table) {
        assert_eq!((&finding["order"], &finding["code"]), (&json!(order), &json!(code)), "{finding}");
        assert_eq!(finding["severity"], severity, "{finding}");
        assert!((finding["measured_m"].as_f64().unwrap() - measured).abs() <= 1.0, "{finding}");
        assert_eq!(finding["required_m"].as_f64(), Some(required), "{finding}");
    }
    // The same for people: a line for each, with its code.
    let run = afstand(["check-orders", "--now", "2026-11-21T00:00:00Z", orders.to_str().unwrap()]);
    assert_eq!(run.status, Some(1));
    for (order, code, ..) in table {
        assert!(run.out.lines().any(|line| line.contains(order) && line.contains(code)), "{}", run.out);
    }
}

#[test]
fn checking_orders_ends_with_the_status_of_the_worst() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("zones/examples");
    let sample = |name: &str| samples.join(name).to_str().unwrap().to_owned();
    let check =
        |files: &[&str]| afstand(["check-orders", "--now", "2026-11-21T00:00:00Z"].iter().chain(files));
    assert_eq!(check(&[&sample("orders.json")]).status, Some(0));
    assert_eq!(check(&[&sample("orders-with-findings.json")]).status, Some(1));
    let missing = check(&[&sample("orders.json"), "/nowhere/orders.json"]);
    assert_eq!(missing.status, Some(2));
    assert!(missing.err.contains("/nowhere/orders.json"), "{}", missing.err);
    assert_eq!(check(&[]).status, Some(2), "a command line that makes no sense");
}
