//! The command line; `out.rs` prints what it has to say.

mod audit;
mod check_orders;
mod demo;
mod explain;
mod looked;
mod out;
mod push_key;
mod replay;
mod serve;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use zones::order::Order;

use crate::config::{Log, LogFormat};

/// Houdt afstand in het oog / Watches the distance between a wearer and the people and places to keep from.
#[derive(Debug, Parser)]
#[command(name = "afstand", version, about, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Everything in one process with no set-up: a simulated city, the service, a page of live alerts.
    Demo(demo::Arguments),
    /// Run the service against a real broker.
    Serve(serve::Arguments),
    /// Check orders against the guidance: a finding a line; exit status 1 where an error stands.
    CheckOrders(check_orders::Arguments),
    /// Run recorded input through the engine on a virtual clock: alerts to stdout as NDJSON.
    Replay(replay::Arguments),
    /// Why an alarm did or did not sound: each judgement with the numbers it saw, step by step.
    Explain(explain::Arguments),
    /// Who looked at what: whether that is as it was written.
    Audit(audit::Arguments),
    /// Make the key by which push services know this service, for `push.key_file`.
    PushKey(push_key::Arguments),
}

/// Runs the command that the arguments of the process name.
pub fn run() -> ExitCode {
    match Arguments::parse().command {
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Serve(arguments) => serve::run(&arguments),
        Command::CheckOrders(arguments) => check_orders::run(&arguments),
        Command::Replay(arguments) => replay::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Audit(arguments) => audit::run(&arguments),
        Command::PushKey(arguments) => push_key::run(&arguments),
    }
}

/// Runs a command that needs the asynchronous runtime and TLS; an error is one line.
fn on_runtime(command: impl Future<Output = Result<(), String>>) -> ExitCode {
    // One provider for everything; it can only have been installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let ended = runtime.map_err(|error| format!("no runtime: {error}")).and_then(|r| r.block_on(command));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            out::say(error);
            ExitCode::FAILURE
        }
    }
}

/// Cancels `stop` on Ctrl-C and on the signal a service manager sends.
fn cancel_on_signal(stop: CancellationToken) -> Result<(), String> {
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| format!("no signals: {error}"))?;
    tokio::spawn(async move {
        let signal = tokio::select! {
            _ = tokio::signal::ctrl_c() => "SIGINT",
            _ = terminate.recv() => "SIGTERM",
        };
        tracing::info!(signal, "asked to stop");
        stop.cancel();
    });
    Ok(())
}

/// Starts the log on stderr.
fn start_log(log: &Log) {
    let to_stderr = tracing_subscriber::fmt().with_max_level(log.level).with_writer(io::stderr);
    match log.format {
        LogFormat::Text => to_stderr.with_ansi(io::IsTerminal::is_terminal(&io::stderr())).init(),
        LogFormat::Json => to_stderr.json().init(),
    }
}

/// A file that cannot be read, in one line.
fn unreadable(file: &Path, error: &dyn std::fmt::Display) -> String {
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

/// The orders of a file that can be in force, and recorded input. Orders that cannot be are said.
fn open_recorded(orders: &PathBuf, input: &Path) -> Result<(Vec<Arc<Order>>, File), Vec<String>> {
    let mut in_force = Vec::new();
    for draft in read_orders(orders)? {
        let id = draft.order.clone();
        match draft.into_order() {
            Ok(order) => in_force.push(Arc::new(order)),
            Err(findings) => {
                for finding in findings {
                    let (code, message) = (finding.code.as_str(), finding.message);
                    out::say(format_args!("order {id}: not in force: {code}: {message}"));
                }
            }
        }
    }
    let opened = File::open(input).and_then(|file| {
        if file.metadata()?.is_dir() { Err(io::ErrorKind::IsADirectory.into()) } else { Ok(file) }
    });
    Ok((in_force, opened.map_err(|error| vec![unreadable(input, &error)])?))
}

/// Prints what a command found, and ends with its status; what cannot be printed is an error of its own.
fn printed(text: &str, status: ExitCode) -> ExitCode {
    match out::print(text) {
        Ok(_) => status,
        Err(error) => {
            out::say(format_args!("cannot print: {error}"));
            unusable_input()
        }
    }
}

/// Exit status of a command that could not read what it was given.
fn unusable_input() -> ExitCode {
    ExitCode::from(2)
}
