//! What the manifests promise: one version of everything, and no library that was decided against.

use std::collections::BTreeSet;
use std::fs;

use toml::{Table, Value};

use super::{none, root};

/// All that `zones` may depend on: a longer list is a decision, not an accident.
const OF_ZONES: [&str; 12] = [
    "geo",
    "geographiclib-rs",
    "hashbrown",
    "jiff",
    "rstar",
    "rustc-hash",
    "serde",
    "serde_json",
    "smallvec",
    "smol_str",
    "thiserror",
    "uuid",
];

/// Libraries that were decided against, and why; none may come in through another either.
const DECIDED_AGAINST: [(&str, &str); 6] = [
    ("aws-lc-rs", "rustls uses ring everywhere"),
    ("aws-lc-sys", "rustls uses ring everywhere"),
    ("native-tls", "rustls uses ring everywhere"),
    ("openssl-sys", "rustls uses ring everywhere"),
    ("rusqlite", "a second library that links sqlite3"),
    ("rumqttd", "it loses acknowledged messages"),
];

const MEMBERS: [&str; 3] = ["Cargo.toml", "zones/Cargo.toml", "simulator/Cargo.toml"];

fn manifest(path: &str) -> Table {
    let text = fs::read_to_string(root().join(path)).expect("a manifest");
    text.parse().expect("TOML")
}

fn dependencies(manifest: &Table) -> BTreeSet<String> {
    let table = |name: &str| manifest.get(name).and_then(Value::as_table).cloned().unwrap_or_default();
    table("dependencies").into_iter().map(|(name, _)| name).collect()
}

fn dependency_findings(path: &str, manifest: &Table) -> Vec<String> {
    let found = dependencies(manifest);
    let wrong: Vec<String> = match path {
        "zones/Cargo.toml" => found.into_iter().filter(|name| !OF_ZONES.contains(&name.as_str())).collect(),
        "simulator/Cargo.toml" => found.into_iter().filter(|name| name == "afstand").collect(),
        _ => Vec::new(),
    };
    wrong.into_iter().map(|name| format!("{path}: must not depend on {name}")).collect()
}

#[test]
fn crates_depend_one_way() {
    none(MEMBERS.iter().flat_map(|path| dependency_findings(path, &manifest(path))).collect());
}

fn inherit_findings(path: &str, manifest: &Table) -> Vec<String> {
    let inherits = |value: Option<&Value>| {
        value.and_then(|value| value.get("workspace")).and_then(Value::as_bool) == Some(true)
    };
    let package = manifest.get("package");
    let mut findings = Vec::new();
    for key in ["version", "edition", "rust-version", "license", "repository", "publish"] {
        if !inherits(package.and_then(|package| package.get(key))) {
            findings.push(format!("{path}: write {key}.workspace = true"));
        }
    }
    if !inherits(manifest.get("lints")) {
        findings.push(format!("{path}: write [lints] workspace = true"));
    }
    findings
}

#[test]
fn crates_share_version_toolchain_and_lints() {
    none(MEMBERS.iter().flat_map(|path| inherit_findings(path, &manifest(path))).collect());
    let workspace = manifest("Cargo.toml");
    let package = &workspace["workspace"]["package"];
    assert_eq!(package["rust-version"].as_str(), Some("1.95"));
    assert_eq!(package["edition"].as_str(), Some("2024"));
    let members: BTreeSet<_> = workspace["workspace"]["members"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(members, BTreeSet::from(["simulator", "zones"]), "list the new member in MEMBERS here too");
}

fn lock_findings(lock: &Table) -> Vec<String> {
    let packages = lock.get("package").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut findings = Vec::new();
    for package in &packages {
        let name = package.get("name").and_then(Value::as_str).unwrap_or_default();
        if let Some((_, why)) = DECIDED_AGAINST.iter().find(|(against, _)| *against == name) {
            findings.push(format!("Cargo.lock: {name} came in (cargo tree --invert {name}): {why}"));
        }
    }
    findings
}

#[test]
fn no_library_that_was_decided_against() {
    none(lock_findings(&manifest("Cargo.lock")));
}

#[test]
fn the_rules_on_manifests_can_fail() {
    let table = |text: &str| text.parse::<Table>().unwrap();
    assert_eq!(
        dependency_findings("zones/Cargo.toml", &table("[dependencies]\ntokio = \"1\"\ngeo = \"0\"")).len(),
        1
    );
    assert_eq!(
        dependency_findings("simulator/Cargo.toml", &table("[dependencies.afstand]\npath = \"..\"")).len(),
        1
    );
    assert_eq!(inherit_findings("x", &table("[package]\nedition = \"2021\"")).len(), 7);
    assert_eq!(lock_findings(&table("[[package]]\nname = \"rusqlite\"\n[[package]]\nname = \"x\"")).len(), 1);
}
