//! `afstand check-orders`: orders against the guidance of §6.

use std::path::PathBuf;
use std::process::ExitCode;

use zones::Timestamp;
use zones::guidance::{self, Severity};

use super::out;
use crate::clock;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Files with one order or an array of them.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Print one JSON array of findings.
    #[arg(long)]
    json: bool,
    /// The date for the rules that depend on it (RFC 3339); now, if not given.
    #[arg(long, value_parser = |text: &str| Timestamp::parse(text).map_err(|e| e.problem))]
    now: Option<Timestamp>,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let now = arguments.now.unwrap_or_else(clock::now);
    let (mut drafts, mut unreadable) = (Vec::new(), false);
    for file in &arguments.files {
        match super::read_orders(file) {
            Ok(orders) => drafts.extend(orders),
            Err(errors) => {
                unreadable = true;
                errors.into_iter().for_each(out::say);
            }
        }
    }
    let findings = guidance::check(&drafts, now);
    let text = if arguments.json {
        format!("{}\n", serde_json::json!(findings))
    } else if findings.is_empty() {
        format!("{} bevelen, geen bevindingen / {} orders, no findings\n", drafts.len(), drafts.len())
    } else {
        guidance::render(&findings)
    };
    let status = if unreadable {
        super::unusable_input()
    } else {
        ExitCode::from(u8::from(findings.iter().any(|finding| finding.severity == Severity::Error)))
    };
    super::printed(&text, status)
}
