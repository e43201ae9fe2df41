//! The suite as its users see it: a command with a verdict.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::process::Command;

use serde_json::Value;

fn run(args: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_simulator")).arg("scenarios").args(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn all_scenarios_go_as_they_must() {
    let (status, out, _) = run(&["--json"]);
    let report: Value = serde_json::from_str(&out).unwrap();
    let missed: Vec<&Value> =
        report["scenarios"].as_array().unwrap().iter().filter(|told| told["result"] != "pass").collect();
    assert!(missed.is_empty(), "{missed:#?}");
    assert_eq!(status, Some(0));
    assert!(report["passed"].as_u64().unwrap() >= 40, "{}", report["passed"]);
}

/// A case in which nothing can come of what is expected.
const HOPELESS: &str = r#"
title = { nl = "Tevergeefs", en = "In vain" }
rule = "§0 none"
starts = "2026-11-02 09:00"
ends = "09:30"
[place]
home = [5.6, 52.2]
[[order]]
wearer = "bram"
[[order.zone]]
id = "village"
kind = "exclusion"
circle = "1 km around home"
[story]
script = "09:00 bram is 200 m E of home"
[expect]
must = "exclusion_zone clear to desk before 09:20"
must_not = "exclusion_zone alarm"
"#;

#[test]
fn a_miss_is_told_in_full_and_ends_with_status_1() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hopeless.toml");
    std::fs::write(&file, HOPELESS).unwrap();
    let (status, out, _) = run(&["aware-test", file.to_str().unwrap()]);
    assert_eq!(status, Some(1), "{out}");
    let lines: Vec<&str> = out.lines().collect();
    assert!(lines[0].starts_with("pass  aware-test"), "{out}");
    assert!(lines[1].starts_with("MISS  hopeless") && lines[1].contains("Tevergeefs / In vain"), "{out}");
    for words in [
        "expected  must: exclusion_zone clear to desk before 09:20",
        "in 09:00:00 – 09:19:59",
        "came      09:00:01 exclusion_zone alarm certain about bram, village → desk",
        "expected  must not: exclusion_zone alarm",
        "← at another level",
        "the rule  §0 none",
    ] {
        assert!(out.contains(words), "{words}: {out}");
    }
    assert_eq!(lines.last(), Some(&"1 passed, 1 missed"));
}

#[test]
fn what_cannot_be_played_is_one_line_and_status_2() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("wrong.toml");
    std::fs::write(&file, HOPELESS.replace("bram is 200 m E", "bram is 200 m up")).unwrap();
    for (name, words) in [
        ("no-such-case", "simulator: there is no scenario no-such-case; there are: approach-on-foot"),
        ("/no/such.toml", "simulator: /no/such.toml: "),
        (
            file.to_str().unwrap(),
            "simulator: wrong.toml: story.script: “09:00 bram is 200 m up of home”: `up`",
        ),
    ] {
        let (status, out, error) = run(&[name]);
        assert_eq!((status, out.as_str(), error.lines().count()), (Some(2), "", 1), "{error}");
        assert!(error.starts_with(words), "{error}");
    }
}
