//! `simulator evaluate` as its users see it.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::process::{Command, Output};

use serde_json::Value;

fn evaluate(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_simulator"));
    command.arg("evaluate").args(args).output().unwrap()
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_the_status_says_whether_targets_are_met() {
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("picture.svg");
    let common = ["--seed", "4", "--pair-days", "8", "--world", "urban-noise", "--json", "--plot"];
    let args = [&common[..], &[picture.to_str().unwrap()]].concat();
    let (first, drawn) = (evaluate(&args), std::fs::read_to_string(&picture).unwrap());
    let second = evaluate(&args);
    assert_eq!(first.stdout, second.stdout);
    assert_eq!(drawn, std::fs::read_to_string(&picture).unwrap());
    assert!(drawn.starts_with("<svg ") && drawn.trim_end().ends_with("</svg>"));
    assert_eq!(drawn.matches("<text").count(), drawn.matches("</text>").count());

    let report: Value = serde_json::from_slice(&first.stdout).unwrap();
    assert_eq!((&report["seed"], &report["pair_days"]), (&Value::from(4), &Value::from(8)));
    let targets = report["targets"].as_array().unwrap();
    let holds = |target: &Value| {
        let (value, bound) = (target["value"].as_f64(), target["bound"].as_f64().unwrap());
        let at_most = target["at_most"].as_bool().unwrap();
        value.is_none_or(|value| if at_most { value <= bound } else { value >= bound })
    };
    for target in targets {
        assert_eq!(target["met"], holds(target), "{target}");
        if let Some(value) = target["value"].as_f64() {
            let (low, high) = (target["low"].as_f64().unwrap(), target["high"].as_f64().unwrap());
            assert!(low <= value && value <= high, "{target}");
        }
    }
    let all = targets.iter().all(holds);
    assert_eq!((report["met"].as_bool(), first.status.code()), (Some(all), Some(i32::from(!all))));
}

#[test]
fn the_table_shows_every_target() {
    let args = ["--seed", "1", "--pair-days", "3", "--world", "calm"];
    let output = evaluate(&args);
    let table = String::from_utf8(output.stdout).unwrap();
    let json = evaluate(&[&args[..], &["--json"]].concat());
    let report: Value = serde_json::from_slice(&json.stdout).unwrap();
    for target in report["targets"].as_array().unwrap() {
        let line = table.lines().find(|line| line.contains(target["name"].as_str().unwrap())).unwrap();
        assert_eq!(line.starts_with("gehaald / met"), target["met"].as_bool().unwrap(), "{line}");
    }
}

#[test]
fn a_single_pair_day_is_told() {
    let args = ["--seed", "1", "--pair-day", "0", "--world", "calm", "--at", "2026-03-28T12:00:00Z"];
    let table = String::from_utf8(evaluate(&args).stdout).unwrap();
    let told: Vec<&str> = table.lines().filter(|line| line.starts_with("2026-03-28T")).collect();
    // Two devices, five minutes before and after, a fix a minute of each or more.
    assert!(told.iter().filter(|line| line.contains(" fix of ")).count() >= 18, "{table}");
    assert!(told.iter().all(|line| ("2026-03-28T11:55:00".."2026-03-28T12:05:01").contains(&&line[..19])));
    let json = evaluate(&[&args[..], &["--json"]].concat());
    let story: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(
        (&story["report"]["pair_days"], story["lines"].as_array().unwrap().len()),
        (&Value::from(1), told.len())
    );
}

#[test]
fn wrong_arguments_are_status_2() {
    for bad in [
        &["--seed", "1", "--pair-days", "0"][..],
        &["--seed", "1", "--pair-days", "1", "--world", "moon"],
        &["--seed", "1"],
        &["--seed", "1", "--pair-days", "2", "--pair-day", "1"],
        &["--seed", "1", "--pair-days", "2", "--at", "2026-03-28T12:00:00Z"],
        &["--seed", "1", "--pair-day", "1", "--at", "noon"],
        &["--seed", "1", "--pair-days", "1", "--world", "calm", "--plot", "/proc/no/such.svg"],
    ] {
        assert_eq!(evaluate(bad).status.code(), Some(2), "{bad:?}");
    }
}
