//! The command line. What a command prints is its product, so this is the one place that prints.
#![allow(clippy::print_stdout, clippy::print_stderr)] // see above

mod check_orders;
mod replay;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Houdt afstand in het oog / Watches the distance between a wearer and the people and places to keep from.
#[derive(Debug, Parser)]
#[command(name = "afstand", version, about, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check orders against the guidance: a finding a line; exit status 1 where an error stands.
    CheckOrders(check_orders::Arguments),
    /// Run recorded input through the engine on a virtual clock: alerts to stdout as NDJSON.
    Replay(replay::Arguments),
}

/// Runs the command that the arguments of the process name.
pub fn run() -> ExitCode {
    match Arguments::parse().command {
        Command::CheckOrders(arguments) => check_orders::run(&arguments),
        Command::Replay(arguments) => replay::run(&arguments),
    }
}

/// A file that cannot be read, in one line.
fn unreadable(file: &std::path::Path, error: &dyn std::fmt::Display) -> String {
    format!("{}: {error}", file.display())
}

/// Reads the orders of a file; every order that cannot be read is a line of its own.
fn read_orders(file: &PathBuf) -> Result<Vec<zones::order::Draft>, Vec<String>> {
    let text = std::fs::read_to_string(file).map_err(|error| vec![unreadable(file, &error)])?;
    let each = zones::order::read_each(&text).map_err(|error| vec![unreadable(file, &error)])?;
    let (mut drafts, mut errors) = (Vec::new(), Vec::new());
    for result in each {
        match result {
            Ok(draft) => drafts.push(draft),
            Err(error) => errors.push(unreadable(file, &error)),
        }
    }
    if errors.is_empty() { Ok(drafts) } else { Err(errors) }
}

/// Exit status of a command that could not read what it was given.
fn unusable_input() -> ExitCode {
    ExitCode::from(2)
}
