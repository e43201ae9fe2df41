//! The house rules, held by reading the tree: who may import whom, how long files and functions may be, what has no
//! place in code that ships. Each finding says where, and what to do.
#![allow(clippy::unwrap_used, clippy::expect_used)] // Helpers of tests fail like tests.

mod manifests;
mod pages;
mod source;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use source::{Source, functions, imports, line_of, words};

/// Longest file in lines.
const FILE_LINES: usize = 500;
/// Longest function in lines, its signature and last brace included; tests have clippy's limit of 100.
const FUNCTION_LINES: usize = 70;

/// Folders that hold Rust of ours.
const RUST: [&str; 8] = [
    "src",
    "tests",
    "benches",
    "zones/src",
    "zones/tests",
    "zones/benches",
    "simulator/src",
    "simulator/tests",
];
/// Folders that are not part of the source tree.
const NOT_OURS: [&str; 3] = ["target", "node_modules", "deploy/secrets"];

/// Within the service: whose files may not name which of its parts, and why.
const WALLS: [(&str, &[&str], &str); 9] = [
    (
        "src/wire",
        &["api", "config", "delivery", "metrics", "mqtt", "pipeline", "store"],
        "decoding knows bytes and words only",
    ),
    (
        "src/followup",
        &["api", "clock", "config", "delivery", "metrics", "mqtt", "pipeline", "service", "store", "wire"],
        "the second state machine is pure",
    ),
    ("src/store", &["api", "config", "delivery", "mqtt", "pipeline"], "the store serves the others"),
    (
        "src/mqtt",
        &["api", "config", "delivery", "pipeline", "store", "wire"],
        "the links know topics and bytes only",
    ),
    ("src/api", &["mqtt"], "HTTP reaches devices through the store and the pipeline"),
    ("src/delivery", &["api", "pipeline"], "delivery works from the outbox"),
    ("src/config", &["api", "pipeline", "service", "store"], "settings are read before anything runs"),
    (
        "src/sign_in",
        &["api", "followup", "mqtt", "pipeline", "service", "wire"],
        "who is signed in does not depend on what is asked",
    ),
    (
        "src/metrics.rs",
        &["api", "config", "delivery", "mqtt", "pipeline", "store", "wire"],
        "figures know nobody",
    ),
];

/// Libraries that one place keeps to itself, so that they can be replaced there.
const KEPT: [(&str, &[&str]); 7] = [
    ("sqlx", &["src/store"]),
    ("rumqttc", &["src/mqtt"]),
    ("mqtt5", &["src/mqtt"]),
    ("lettre", &["src/delivery"]),
    ("quick_xml", &["src/delivery"]),
    ("prometheus_client", &["src/metrics.rs", "src/metrics"]),
    ("simulator", &["src/demo", "src/demo.rs"]),
];

/// What `zones` may not touch: it has no clock, no files, no network, and its results have one order.
const NOT_IN_ZONES: [&str; 14] = [
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "std::time::SystemTime",
    "std::time::Instant",
    "SystemTime::now",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "RandomState",
    "thread_rng",
    "static mut",
];

/// Marks of unfinished work; spelt apart, for this file is read too.
const UNFINISHED: [(&str, &str); 4] = [
    ("todo!", "finish it"),
    ("unimplemented!", "finish it"),
    ("dbg!", "take it out"),
    ("#[ignore", "make the test pass, or let it say `skipped: why`"),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Path below the root, with `/`.
fn relative(path: &Path) -> String {
    let parts = path.strip_prefix(root()).unwrap_or(path).components();
    parts.map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// Every file below a folder but those that are not ours, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let ours = !NOT_OURS.iter().any(|not| relative(&path) == *not || name == *not) && name != ".git";
        match path.symlink_metadata().expect("a readable entry") {
            kind if kind.is_dir() && ours => found.extend(files(&path)),
            kind if kind.is_file() && ours => found.push(path),
            _ => {}
        }
    }
    found
}

/// All Rust files of ours.
fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    for path in RUST.iter().flat_map(|folder| files(&root().join(folder))) {
        if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(Source::new(&relative(&path), &fs::read_to_string(&path).expect("text")));
        }
    }
    assert!(found.len() > 100, "the tree was not found");
    found
}

fn in_any(path: &str, places: &[&str]) -> bool {
    places
        .iter()
        .any(|place| path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// Files that only tests use: those of test targets and benches, and modules declared `#[cfg(test)] mod …;`.
fn test_files(sources: &[Source]) -> BTreeSet<String> {
    let mut roots = BTreeSet::new();
    for source in sources {
        let stem = source.path.strip_suffix(".rs").unwrap_or(&source.path);
        let folder = match stem.rsplit_once('/') {
            Some((folder, "mod" | "lib" | "main")) => folder,
            _ => stem,
        };
        roots.extend(source.test_modules().into_iter().map(|name| format!("{folder}/{name}")));
    }
    let is_test = |path: &str| {
        path.split('/').any(|part| part == "tests" || part == "benches")
            || roots.iter().any(|root| {
                path.strip_prefix(root.as_str()).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
            })
    };
    sources.iter().filter(|source| is_test(&source.path)).map(|source| source.path.clone()).collect()
}

/// Fails with all findings, sorted.
fn none(mut findings: Vec<String>) {
    findings.sort();
    findings.dedup();
    assert!(findings.is_empty(), "{} findings:\n{}", findings.len(), findings.join("\n"));
}

fn size_findings(source: &Source, is_test: bool) -> Vec<String> {
    let (path, lines) = (&source.path, source.text.lines().count());
    let mut findings = Vec::new();
    if lines > FILE_LINES {
        findings.push(format!("{path}:{lines}: more than {FILE_LINES} lines: divide the file by idea"));
    }
    if !is_test {
        for (name, from, to) in functions(&source.shipped()) {
            let length = to - from + 1;
            if length > FUNCTION_LINES {
                findings.push(format!(
                    "{path}:{from}: {name} has {length} lines, more than {FUNCTION_LINES}: take a step out of it"
                ));
            }
        }
    }
    findings
}

#[test]
fn files_and_functions_are_short() {
    let sources = sources();
    let tests = test_files(&sources);
    none(sources.iter().flat_map(|source| size_findings(source, tests.contains(&source.path))).collect());
}

fn wall_findings(source: &Source) -> Vec<String> {
    let (path, code) = (&source.path, source.shipped());
    let mut findings = Vec::new();
    for (place, forbidden, why) in WALLS.iter().filter(|(place, ..)| in_any(path, &[place])) {
        for (part, line) in imports(&code, "crate") {
            if forbidden.contains(&part.as_str()) {
                findings.push(format!("{path}:{line}: {place} must not know {part}: {why}"));
            }
        }
    }
    findings
}

#[test]
fn parts_of_the_service_know_only_whom_they_may() {
    let sources = sources();
    let tests = test_files(&sources);
    none(sources.iter().filter(|source| !tests.contains(&source.path)).flat_map(wall_findings).collect());
}

fn kept_findings(source: &Source) -> Vec<String> {
    let (path, code) = (&source.path, source.shipped());
    let mut findings = Vec::new();
    for (library, places) in KEPT.iter().filter(|(_, places)| !in_any(path, places)) {
        for at in words(&code, library).filter(|at| code[at + library.len()..].starts_with("::")) {
            let line = line_of(&code, at);
            findings.push(format!("{path}:{line}: {library} belongs to {} alone", places.join(", ")));
        }
    }
    findings
}

#[test]
fn libraries_stay_where_they_can_be_replaced() {
    let sources = sources();
    let tests = test_files(&sources);
    let service = |source: &&Source| source.path.starts_with("src/") && !tests.contains(&source.path);
    none(sources.iter().filter(service).flat_map(kept_findings).collect());
}

fn pure_findings(source: &Source) -> Vec<String> {
    let (path, code) = (&source.path, source.shipped());
    let mut findings = Vec::new();
    for forbidden in NOT_IN_ZONES {
        for (at, _) in code.match_indices(forbidden) {
            let line = line_of(&code, at);
            findings.push(format!("{path}:{line}: {forbidden} in zones: time and data come in as arguments"));
        }
    }
    findings
}

#[test]
fn zones_has_no_clock_no_files_no_network() {
    let sources = sources();
    let tests = test_files(&sources);
    let zones = |source: &&Source| source.path.starts_with("zones/src/") && !tests.contains(&source.path);
    none(sources.iter().filter(zones).flat_map(pure_findings).collect());
}

fn crate_findings(source: &Source) -> Vec<String> {
    let forbidden: &[&str] = match source.path.split('/').next() {
        Some("zones") => &["afstand", "simulator"],
        Some("simulator") => &["afstand"],
        _ => return Vec::new(),
    };
    let mut findings = Vec::new();
    for name in forbidden {
        for at in words(&source.code, name).filter(|at| source.code[at + name.len()..].starts_with("::")) {
            let line = line_of(&source.code, at);
            let path = &source.path;
            findings.push(format!("{path}:{line}: imports go zones ← service ← simulator, never to {name}"));
        }
    }
    findings
}

#[test]
fn crates_import_one_way() {
    none(sources().iter().flat_map(crate_findings).collect());
}

fn unfinished_findings(source: &Source, is_test: bool) -> Vec<String> {
    let mut findings = Vec::new();
    for (mark, remedy) in UNFINISHED {
        for (at, _) in source.code.match_indices(mark) {
            findings.push(format!("{}:{}: {mark}: {remedy}", source.path, line_of(&source.code, at)));
        }
    }
    if !is_test {
        let code = source.shipped();
        for call in [".unwrap()", ".expect(", ".unwrap_err()", ".expect_err("] {
            for (at, _) in code.match_indices(call) {
                let line = line_of(&code, at);
                findings.push(format!("{}:{line}: {call} ends the process: return an error", source.path));
            }
        }
    }
    findings
}

#[test]
fn nothing_is_unfinished_or_ends_the_process() {
    let sources = sources();
    let tests = test_files(&sources);
    none(
        sources.iter().flat_map(|source| unfinished_findings(source, tests.contains(&source.path))).collect(),
    );
}

/// An exception to a lint needs a reason: in the attribute, on its line, or in a comment right above it.
fn exception_findings(source: &Source) -> Vec<String> {
    let lines: Vec<&str> = source.text.lines().collect();
    let mut findings = Vec::new();
    for mark in ["#[allow(", "#![allow(", "#[expect(", "#![expect("] {
        for (at, _) in source.code.match_indices(mark) {
            let attribute = source.text[at..].split_once(']').map_or("", |(attribute, _)| attribute);
            let line = line_of(&source.code, at);
            let above = if line > 1 { lines[line - 2].trim_start() } else { "" };
            let said = attribute.contains("reason")
                || lines[line - 1].contains("//")
                || above.starts_with("//")
                || above.starts_with("#[");
            if !said {
                let path = &source.path;
                findings.push(format!("{path}:{line}: say why the lint does not apply: reason = \"…\""));
            }
        }
    }
    findings
}

#[test]
fn every_exception_to_a_lint_has_a_reason() {
    none(sources().iter().flat_map(exception_findings).collect());
}

/// Rules that find nothing anywhere would look like rules that are kept.
mod the_rules_can_fail {
    use super::*;

    fn findings(rule: impl Fn(&Source) -> Vec<String>, path: &str, text: &str) -> usize {
        rule(&Source::new(path, text)).len()
    }

    #[test]
    fn on_size() {
        let long = format!("fn f() {{\n{}}}\n", "x;\n".repeat(69));
        assert_eq!(findings(|s| size_findings(s, false), "src/a.rs", &long), 1);
        assert_eq!(findings(|s| size_findings(s, true), "tests/a.rs", &long), 0);
        assert_eq!(findings(|s| size_findings(s, false), "src/a.rs", &long.replacen("x;\n", "", 1)), 0);
        assert_eq!(findings(|s| size_findings(s, true), "src/a.rs", &"\n".repeat(501)), 1);
    }

    #[test]
    fn on_imports() {
        assert_eq!(findings(wall_findings, "src/wire/a.rs", "use crate::{store::X, wire::Y};"), 1);
        assert_eq!(findings(wall_findings, "src/wire/a.rs", "// crate::store\nuse crate::wire::Y;"), 0);
        assert_eq!(findings(wall_findings, "src/wired/a.rs", "use crate::store::X;"), 0);
        assert_eq!(findings(kept_findings, "src/api/a.rs", "sqlx::query(x)"), 1);
        assert_eq!(findings(kept_findings, "src/store/a.rs", "sqlx::query(x)"), 0);
        assert_eq!(findings(kept_findings, "src/demo/a.rs", "use simulator::World;"), 0);
        assert_eq!(findings(kept_findings, "src/pipeline/a.rs", "use simulator::World;"), 1);
        assert_eq!(findings(pure_findings, "zones/src/a.rs", "let now = Instant::now();"), 1);
        assert_eq!(findings(crate_findings, "simulator/src/a.rs", "use afstand::store;"), 1);
        assert_eq!(findings(crate_findings, "zones/tests/a.rs", "use simulator::World;"), 1);
        assert_eq!(findings(crate_findings, "tests/a.rs", "use simulator::World;"), 0);
    }

    #[test]
    fn on_what_is_unfinished() {
        let rule = |source: &Source| unfinished_findings(source, false);
        assert_eq!(findings(rule, "src/a.rs", "fn f() { todo!() }"), 1);
        assert_eq!(findings(rule, "src/a.rs", "#[ignore = \"slow\"]"), 1);
        assert_eq!(findings(rule, "src/a.rs", "x.unwrap(); x.unwrap_or(1); y.expect(\"z\")"), 2);
        assert_eq!(findings(rule, "src/a.rs", "#[cfg(test)]\nmod tests { fn f() { x.unwrap() } }"), 0);
        assert_eq!(findings(rule, "src/a.rs", "// x.unwrap()\nlet a = \"todo!\";"), 0);
    }

    #[test]
    fn on_exceptions() {
        assert_eq!(findings(exception_findings, "src/a.rs", "x;\n#[allow(dead_code)]\nfn f() {}"), 1);
        for said in [
            "#[expect(dead_code, reason = \"why\")]\nfn f() {}",
            "// Why.\n#[allow(dead_code)]\nfn f() {}",
            "#[allow(dead_code)] // why\nfn f() {}",
        ] {
            assert_eq!(findings(exception_findings, "src/a.rs", said), 0, "{said}");
        }
    }

    #[test]
    fn on_telling_tests_from_the_rest() {
        let sources = [
            Source::new("src/a/mod.rs", "#[cfg(test)]\nmod testing;"),
            Source::new("src/a/testing.rs", ""),
            Source::new("src/a/b.rs", "#[cfg(test)]\nmod probe;"),
            Source::new("src/a/b/probe.rs", ""),
            Source::new("src/a/tests/c.rs", ""),
            Source::new("src/a/test.rs", ""),
        ];
        let tests: Vec<_> = test_files(&sources).into_iter().collect();
        assert_eq!(tests, ["src/a/b/probe.rs", "src/a/testing.rs", "src/a/tests/c.rs"]);
    }
}
