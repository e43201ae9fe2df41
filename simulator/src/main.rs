//! The `simulator` command.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use simulator::Failure;
use simulator::record::Recording;
use zones::Timestamp;

/// A world of wearers and victims, for trying out Afstand.
#[derive(Debug, Parser)]
#[command(name = "simulator", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Writes a world to files: orders.json, input.ndjson (what arrives), truth.ndjson (where people really were)
    Record(Record),
}

#[derive(Debug, Args)]
struct Record {
    /// Seed of the world; the same seed gives the same files on every machine
    #[arg(long)]
    seed: u64,
    /// Number of pairs of a wearer and a victim
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pairs: u32,
    /// Length in hours; may be a fraction
    #[arg(long, value_parser = positive)]
    hours: f64,
    /// First moment (RFC 3339)
    #[arg(long, default_value = "2026-11-02T06:00:00Z", value_parser = Timestamp::parse)]
    start: Timestamp,
    /// Seconds between two lines about one person in truth.ndjson; 0 writes none
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    truth_every: u32,
    /// Folder to write to; made when it does not exist
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && value > 0.0 => Ok(value),
        _ => Err("is not a number above 0".to_owned()),
    }
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Record(args) => record(args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nobody is left to tell when stderr is closed.
            let _ = writeln!(std::io::stderr(), "simulator: {failure}");
            ExitCode::from(2)
        }
    }
}

fn record(args: Record) -> Result<(), Failure> {
    let out = args.out.clone();
    let recording = Recording {
        seed: args.seed,
        pairs: args.pairs as usize,
        hours: args.hours,
        start: args.start,
        truth_every_s: args.truth_every,
        out: args.out,
    };
    let recorded = recording.write()?;
    let _ = writeln!(
        std::io::stderr(),
        "recorded {} fixes in {} messages to {}",
        recorded.fixes,
        recorded.messages,
        out.display()
    );
    Ok(())
}
