//! What stands beside the code: pages whose links lead somewhere, scripts that can be run.

use std::fs;
use std::path::Path;

use super::{files, none, relative, root};

/// Targets of the links on a Markdown page, with their lines; not those in code.
fn links(page: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut fenced = false;
    for (index, line) in page.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        // What is between backticks: every second part.
        let plain: String = line.split('`').step_by(2).collect::<Vec<_>>().join("code");
        for (at, _) in plain.match_indices("](") {
            let target = plain[at + 2..].split([')', ' ']).next().unwrap_or_default();
            found.push((index + 1, target.to_owned()));
        }
        if let Some((_, target)) = plain.split_once("]: ").filter(|_| plain.starts_with('[')) {
            found.push((index + 1, target.trim().to_owned()));
        }
    }
    found
}

/// The words of a heading as GitHub makes an anchor of them.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn has_anchor(page: &str, wanted: &str) -> bool {
    let headings = page.lines().filter(|line| line.starts_with('#'));
    headings.map(|line| anchor(line.trim_start_matches('#'))).any(|found| found == wanted)
}

/// Links of a page in `folder` that lead nowhere.
fn broken(name: &str, page: &str, folder: &Path) -> Vec<String> {
    let mut findings = Vec::new();
    for (line, target) in links(page) {
        if target.contains("://") || target.starts_with("mailto:") {
            continue;
        }
        let (path, place) = target.split_once('#').unwrap_or((&target, ""));
        let to = if path.is_empty() { None } else { Some(folder.join(path)) };
        if to.as_ref().is_some_and(|to| !to.exists()) {
            findings.push(format!("{name}:{line}: there is no {target}"));
            continue;
        }
        let other = to.filter(|to| to.extension().is_some_and(|e| e == "md")).map(fs::read_to_string);
        let text = match (&other, path.is_empty()) {
            (Some(Ok(text)), _) => text.as_str(),
            (None, true) => page,
            _ => continue,
        };
        if !place.is_empty() && !has_anchor(text, place) {
            findings.push(format!("{name}:{line}: no heading is called #{place}"));
        }
    }
    findings
}

#[test]
fn links_lead_somewhere() {
    let mut findings = Vec::new();
    for path in files(root()).into_iter().filter(|path| path.extension().is_some_and(|e| e == "md")) {
        let page = fs::read_to_string(&path).expect("text");
        findings.extend(broken(&relative(&path), &page, path.parent().expect("a folder")));
    }
    none(findings);
}

/// Whether a file is meant to be run: by its name or its first line.
fn is_script(path: &Path, begins: &[u8]) -> bool {
    // `#![…]` begins a Rust file.
    path.extension().is_some_and(|e| e == "sh") || (begins.starts_with(b"#!") && !begins.starts_with(b"#!["))
}

#[cfg(unix)]
#[test]
fn scripts_can_be_run() {
    use std::os::unix::fs::PermissionsExt;
    let (mut findings, mut scripts) = (Vec::new(), 0);
    for path in files(root()) {
        if is_script(&path, &fs::read(&path).expect("a readable file")) {
            scripts += 1;
            if path.metadata().expect("its mode").permissions().mode() & 0o111 != 0o111 {
                findings.push(format!("{}:1: chmod +x it", relative(&path)));
            }
        }
    }
    assert!(scripts >= 4, "the scripts were not found");
    none(findings);
}

#[test]
fn the_rules_on_pages_can_fail() {
    let page = "# A b, `c`\n[x](gone.md) [y](https://z/) `[no](code.md)`\n```\n[no](f.md)\n```\n[k](#a-b-c) [l](#d)\n";
    let want = ["p.md:2: there is no gone.md", "p.md:6: no heading is called #d"];
    assert_eq!(broken("p.md", page, Path::new("/nowhere")), want);
    assert!(is_script(Path::new("x"), b"#!/bin/sh") && is_script(Path::new("x.sh"), b""));
    assert!(!is_script(Path::new("x.rs"), b"#![allow(dead_code)]"));
}
