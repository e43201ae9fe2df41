//! The `simulator` command.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use simulator::judge::{Evaluation, OnePairDay, World};
use simulator::live::Live;
use simulator::load::{self, DecidedFrom, Load};
use simulator::record::Recording;
use simulator::scenarios::{self, Report, Service};
use simulator::{Broker, Failure};
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
    /// Plays a world over MQTT as devices would, until Ctrl-C
    Live(LiveArgs),
    /// Judges the detection on worlds it has never seen: what it missed, what it raised about nothing, how long
    /// before, how long after. Exit status 0 when every target is met, 1 when not
    Evaluate(EvaluateArgs),
    /// Measures how many fixes a broker and a service take, and how soon alarms come
    Load(LoadArgs),
    /// Plays the named cases through the engine and says which went as they must; exit status 1 on a miss
    Scenarios(ScenariosArgs),
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

#[derive(Debug, Args)]
struct LiveArgs {
    /// The broker: mqtt://[user:password@]host[:port]
    #[arg(long, value_name = "URL")]
    broker: String,
    /// Seed of the world
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Number of pairs of a wearer and a victim
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pairs: u32,
    /// How much faster than the clock people move. Messages always have the time of the clock; from 2.3 up
    /// drivers on motorways look faster than the service believes anybody to be (70 m/s)
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = positive)]
    speed: f64,
    /// Play the demonstration: twelve pairs, fixes every 5 s, and something to see within a minute
    #[arg(long, conflicts_with_all = ["pairs", "speed"])]
    demo: bool,
    /// Where to write the orders for the service
    #[arg(long, value_name = "FILE")]
    orders: Option<PathBuf>,
    /// Number of connections. Without it: one a device up to 500 devices, else 50. Only a device with a
    /// connection of its own has a last will and obeys commands
    #[arg(long, value_name = "C", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    connections: Option<u32>,
}

#[derive(Debug, Args)]
struct EvaluateArgs {
    /// Seed of the worlds; the same seed gives the same result
    #[arg(long)]
    seed: u64,
    /// Days of a pair to judge
    #[arg(
        long,
        value_name = "N",
        required_unless_present = "pair_day",
        value_parser = clap::value_parser!(u64).range(1..=10_000_000)
    )]
    pair_days: Option<u64>,
    /// Kind of world
    #[arg(long, value_name = "W", default_value = "urban-noise", value_parser = world)]
    world: World,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// Draw a picture (SVG): warning time against approach speed, false alarms against noise
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// Judge this pair-day alone, by the number that findings have, and tell what happened five minutes before and
    /// after each of its findings: what arrived, how far off it was, how it was judged, and how things truly stood
    #[arg(long, value_name = "K", conflicts_with_all = ["pair_days", "plot"])]
    pair_day: Option<u64>,
    /// Tell of this moment instead (RFC 3339)
    #[arg(long, value_name = "T", requires = "pair_day", conflicts_with = "pair_days", value_parser = Timestamp::parse)]
    at: Option<Timestamp>,
}

#[derive(Debug, Args)]
struct LoadArgs {
    /// The broker: mqtt://[user:password@]host[:port]
    #[arg(long, value_name = "URL", required_unless_present = "orders_out")]
    broker: Option<String>,
    /// Number of pairs; their devices are am-load-000001, vd-load-000001 and so on
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=999_999))]
    pairs: u32,
    /// Messages a second; 0 is as many as the consumer takes
    #[arg(long, default_value_t = 0.0, value_parser = not_negative)]
    rate: f64,
    /// How long to publish
    #[arg(long, default_value_t = 30.0, value_parser = positive)]
    seconds: f64,
    /// First measure the bare broker: the same publisher, and a subscriber that only counts
    #[arg(long)]
    baseline: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// Publishing connections
    #[arg(long, value_name = "C", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    connections: u32,
    /// Write the orders that make a service expect these devices, and exit. With --decided-from they ask for
    /// no receipts
    #[arg(long, value_name = "FILE")]
    orders_out: Option<PathBuf>,
    /// Ask this page how many fixes are decided (counter afstand_fixes_decided_total); without it, receipts
    /// every 10 s tell
    #[arg(long, value_name = "URL")]
    decided_from: Option<String>,
    /// File with the bearer token to show to that page
    #[arg(long, value_name = "FILE", requires = "decided_from")]
    token_file: Option<PathBuf>,
    /// Most messages sent and not yet decided [default: 20000, or 60000 without --decided-from]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    backlog: Option<u64>,
    /// Wearers who come near, each for one alarm at the desk and one at the victim
    #[arg(long, value_name = "K", default_value_t = 100)]
    approaches: u32,
}

#[derive(Debug, Args)]
struct ScenariosArgs {
    /// Cases to play; all without it. A name that ends in .toml is a file of your own
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// Play against a running service at true speed, which takes five minutes and only the cases marked live
    /// allow: its broker, mqtt://[user:password@]host[:port], with an account that may publish for all devices
    #[arg(long, value_name = "URL", requires = "api")]
    broker: Option<String>,
    /// The API of that service: http://host[:port]
    #[arg(long, value_name = "URL", requires = "broker")]
    api: Option<String>,
    /// File with a bearer token that may put orders (integrator or supervisor)
    #[arg(long, value_name = "FILE", requires = "api")]
    token_file: Option<PathBuf>,
}

fn not_negative(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && value >= 0.0 => Ok(value),
        _ => Err("is not a number from 0 up".to_owned()),
    }
}

fn world(text: &str) -> Result<World, String> {
    let known = World::ALL.iter().find(|(word, _)| *word == text).map(|(_, world)| *world);
    known.ok_or_else(|| format!("is none of {}", World::ALL.map(|(word, _)| word).join(", ")))
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && value > 0.0 => Ok(value),
        _ => Err("is not a number above 0".to_owned()),
    }
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Record(args) => record(args).map(|()| true),
        Command::Live(args) => live(args).map(|()| true),
        Command::Evaluate(args) => evaluate(args),
        Command::Load(args) => run_load(&args).map(|()| true),
        Command::Scenarios(args) => scenarios(&args),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
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

fn live(args: LiveArgs) -> Result<(), Failure> {
    let live = Live {
        broker: Broker::parse(&args.broker)?,
        seed: args.seed,
        pairs: args.pairs as usize,
        speed: args.speed,
        demo: args.demo,
        orders: args.orders,
        connections: args.connections.map(|c| c as usize),
    };
    runtime()?.block_on(live.play(&mut std::io::stdout()))
}

/// Whether every target is met.
fn evaluate(args: EvaluateArgs) -> Result<bool, Failure> {
    let EvaluateArgs { seed, pair_days, world, json, plot, pair_day, at } = args;
    if let Some(pair_day) = pair_day {
        let story = OnePairDay { seed, world, pair_day, at }.tell()?;
        print(json, &story, |out| story.print(out))?;
        return Ok(story.report.met);
    }
    let pair_days = pair_days.unwrap_or_default();
    let report = Evaluation { seed, pair_days, world, plot }.run()?;
    print(json, &report, |out| report.print(out))?;
    Ok(report.met)
}

fn run_load(args: &LoadArgs) -> Result<(), Failure> {
    let pairs = args.pairs as usize;
    if let Some(path) = &args.orders_out {
        return load::write_orders(path, pairs, args.decided_from.is_none());
    }
    let token = args.token_file.as_deref().map(read_token).transpose()?;
    let decided_from = match &args.decided_from {
        Some(url) => Some(DecidedFrom::parse(url)?.with_token(token)),
        None => None,
    };
    let usual = if decided_from.is_some() { load::BACKLOG } else { load::BACKLOG_BY_RECEIPTS };
    let load = Load {
        broker: Broker::parse(args.broker.as_deref().unwrap_or_default())?,
        pairs,
        rate: args.rate,
        seconds: args.seconds,
        connections: args.connections as usize,
        backlog: args.backlog.unwrap_or(usual),
        approaches: args.approaches as usize,
        baseline: args.baseline,
        decided_from,
    };
    let report = runtime()?.block_on(load.run())?;
    print(args.json, &report, |out| report.print(out))
}

/// Prints a report on stdout, as JSON or for people.
fn print<T: serde::Serialize>(
    json: bool,
    report: &T,
    words: impl FnOnce(&mut std::io::Stdout) -> std::io::Result<()>,
) -> Result<(), Failure> {
    let mut out = std::io::stdout();
    let printed = if json {
        serde_json::to_writer(&mut out, report).map_err(std::io::Error::from).and_then(|()| writeln!(out))
    } else {
        words(&mut out)
    };
    match printed {
        // Whoever reads it has had enough (`| head`).
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        printed => printed.map_err(|e| Failure::new(format!("cannot print: {e}"))),
    }
}

/// Whether all went as they must.
fn scenarios(args: &ScenariosArgs) -> Result<bool, Failure> {
    let scenarios = scenarios::select(&args.names)?;
    let report = match (&args.broker, &args.api) {
        (Some(broker), Some(api)) => {
            let token = args.token_file.as_deref().map(read_token).transpose()?;
            let service = Service::new(Broker::parse(broker)?, api, token)?;
            runtime()?.block_on(Report::through_service(&scenarios, &service))?
        }
        _ => Report::through_engine(&scenarios)?,
    };
    print(args.json, &report, |out| report.print(out))?;
    Ok(report.missed == 0)
}

fn read_token(path: &Path) -> Result<String, Failure> {
    let text = std::fs::read_to_string(path).map_err(|e| Failure::file(path, &e))?;
    Ok(text.trim().to_owned())
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.enable_all().build().map_err(|e| Failure::new(format!("cannot start: {e}")))
}
