//! What a fix costs in the engine: fixes per second and per fix, beside a bare floor; how the cost grows with
//! other people's zones; memory and restart at 100,000 pairs.
//!
//! `cargo bench --bench engine` measures all; `-- --instructions N` only decides N fixes, for counting
//! instructions (see `benches/instructions`).
#![allow(missing_docs, reason = "criterion's macros make public items")]
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark stops at its first problem and says so"
)]

mod world;

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group};
use rustc_hash::FxHasher;
use rustix::time::{ClockId, clock_gettime};
use world::{Mover, Report};
use zones::{Effect, Engine, Input, Position, geodesy};

/// That of the service.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Pairs of the main measurement; each has two zones.
const PAIRS: usize = 10_000;

/// The service asks for what has changed after so many inputs.
const BATCH: usize = 2_000;

/// The service says whose fixes come next, for so many at a time.
const FORESEEN: usize = 8;

/// What came of some fixes.
#[derive(Default)]
struct Tally {
    fixes: u64,
    decisions: u64,
    alerts: u64,
}

impl Tally {
    fn drain(&mut self, engine: &mut Engine) {
        while let Some(effect) = engine.poll_effect() {
            match effect {
                Effect::Decision(decision) => {
                    black_box(&decision);
                    self.decisions += 1;
                }
                Effect::Alert(alert) => {
                    black_box(&alert);
                    self.alerts += 1;
                }
                told @ (Effect::Protection { .. } | Effect::Command { .. } | Effect::Noted(_)) => {
                    black_box(&told);
                }
            }
        }
    }

    fn decide(&mut self, engine: &mut Engine, report: &Report) {
        let input = Input::Fix { role: report.role, device: report.device.as_str(), fix: report.fix };
        black_box(engine.handle(report.arrived, input)).unwrap();
        self.drain(engine);
        self.fixes += 1;
    }

    /// Decides fixes as the service does, and takes what has changed per batch.
    fn run(&mut self, engine: &mut Engine, fixes: &[Report]) {
        for batch in fixes.chunks(BATCH) {
            for few in batch.chunks(FORESEEN) {
                engine.foresee(few.iter().map(|report| report.device.as_str()));
                for fix in few {
                    self.decide(engine, fix);
                }
            }
            engine.drain_changes(|change| _ = black_box(change));
        }
    }
}

/// What no engine could do without: find the device, remember where it is, measure one distance.
struct Floor<'m> {
    slots: HashMap<&'m str, usize, BuildHasherDefault<FxHasher>>,
    places: Vec<Position>,
}

impl<'m> Floor<'m> {
    fn new(movers: &'m [Mover]) -> Self {
        let slots = movers.iter().enumerate().map(|(i, mover)| (mover.device.as_str(), i)).collect();
        let places = movers.iter().map(|mover| mover.fix(world::START).1.position).collect();
        Self { slots, places }
    }

    fn run(&mut self, fixes: &[Report]) {
        for Report { device, fix, .. } in fixes {
            let slot = self.slots[device.as_str()];
            self.places[slot] = fix.position;
            // Wearer and victim stand side by side.
            black_box(geodesy::quick_distance_m(fix.position, self.places[slot ^ 1]));
        }
    }
}

fn per_fix(c: &mut Criterion) {
    let (orders, movers) = world::pairs(PAIRS);
    let mut engine = world::engine(orders);
    let mut floor = Floor::new(&movers);
    let (mut fixes, mut round, mut tally) = (Vec::new(), 0, Tally::default());
    let mut group = c.benchmark_group("10,000 pairs, 20,000 zones of 5 km");
    group.sample_size(20).throughput(Throughput::Elements(movers.len() as u64));
    let mut timed = |run: &mut dyn FnMut(&[Report]), times: u64| {
        let mut spent = Duration::ZERO;
        for _ in 0..times {
            world::round(&movers, round, &mut fixes);
            round += 1;
            let begun = Instant::now();
            run(&fixes);
            spent += begun.elapsed();
        }
        spent
    };
    timed(&mut |fixes| tally.run(&mut engine, fixes), 20);
    group.bench_function("engine", |b| {
        b.iter_custom(|times| timed(&mut |fixes| tally.run(&mut engine, fixes), times));
    });
    group.bench_function("floor: look-up and one distance", |b| {
        b.iter_custom(|times| timed(&mut |fixes| floor.run(fixes), times));
    });
    group.finish();
    println!(
        "decisions per fix {:.2}, alerts {} in {} fixes",
        share(tally.decisions, tally.fixes),
        tally.alerts,
        tally.fixes
    );

    // The two in turns, so that what else the machine does meets both alike.
    let (mut engine_s, mut floor_s) = (Vec::new(), Vec::new());
    for _ in 0..50 {
        world::round(&movers, round, &mut fixes);
        round += 1;
        engine_s.push(processor_s(|| tally.run(&mut engine, &fixes)));
        floor_s.push(processor_s(|| floor.run(&fixes)));
    }
    let count = movers.len() as f64;
    let (engine_rate, floor_rate) =
        (count / quantile(&mut engine_s, 0.5), count / quantile(&mut floor_s, 0.5));
    println!(
        "a core of its own: engine {engine_rate:.0} fixes/s, floor {floor_rate:.0}/s, ratio {:.1}",
        floor_rate / engine_rate
    );
    single_fixes(&mut engine, &movers, round);
}

/// The time of every single fix, measured in a pass of its own.
fn single_fixes(engine: &mut Engine, movers: &[Mover], first_round: usize) {
    let (mut nanos, mut fixes, mut tally) = (Vec::new(), Vec::new(), Tally::default());
    for round in first_round..first_round + 50 {
        world::round(movers, round, &mut fixes);
        for batch in fixes.chunks(BATCH) {
            for fix in batch {
                let begun = Instant::now();
                tally.decide(engine, fix);
                nanos.push(begun.elapsed().as_nanos() as f64);
            }
            engine.drain_changes(|change| _ = black_box(change));
        }
    }
    println!(
        "per fix: p50 {:.0} ns, p99 {:.0} ns, p99.9 {:.0} ns, max {:.1} µs, of {} fixes",
        quantile(&mut nanos, 0.5),
        quantile(&mut nanos, 0.99),
        quantile(&mut nanos, 0.999),
        quantile(&mut nanos, 1.0) / 1_000.0,
        nanos.len()
    );
}

/// The cost of the same people's fixes among few and among many zones of others.
fn growth() {
    let (orders, movers) = world::pairs(1_000);
    let mut engines =
        [1_000, 1_000_000].map(|zones| world::engine(orders.iter().cloned().chain(world::others(zones))));
    let (mut fixes, mut seconds) = (Vec::new(), [Vec::new(), Vec::new()]);
    for round in 0..110 {
        world::round(&movers, round, &mut fixes);
        for (engine, seconds) in engines.iter_mut().zip(&mut seconds) {
            let spent = processor_s(|| Tally::default().run(engine, &fixes));
            // The first rounds warm up.
            seconds.extend((round >= 10).then_some(spent));
        }
    }
    let [few, many] = seconds.each_mut().map(|s| quantile(s, 0.5) / movers.len() as f64 * 1e9);
    println!(
        "among 1,000 zones of others {few:.0} ns a fix, among 1,000,000 {many:.0} ns: {:.2} times",
        many / few
    );
}

/// Memory of 100,000 pairs with 200,000 zones that have all been heard, and how soon a restarted engine decides.
fn at_size() {
    let before = resident_kib();
    let count = 100_000;
    let (orders, movers) = world::pairs(count);
    let prepared = resident_kib();
    let mut engine = world::engine(orders);
    let registered = resident_kib();
    let mut fixes = Vec::new();
    world::round(&movers, 0, &mut fixes);
    let with_fixes = resident_kib();
    Tally::default().run(&mut engine, &fixes);
    let heard = resident_kib();
    println!(
        "100,000 pairs, 200,000 zones: orders (and who moves) {} MiB, engine {} MiB more, {} MiB more once all were heard: {:.0} bytes a pair",
        (prepared - before) >> 10,
        (registered - prepared) >> 10,
        (heard - with_fixes) >> 10,
        (heard - with_fixes + registered - before) as f64 * 1_024.0 / count as f64,
    );
    let snapshot = engine.snapshot();
    drop(engine);
    world::round(&movers, 1, &mut fixes);
    let begun = Instant::now();
    let spent = processor_s(|| {
        let mut engine = Engine::restore(snapshot).0;
        Tally::default().decide(&mut engine, &fixes[0]);
        std::mem::forget(engine);
    });
    println!("restored and first decision after {:.2?}, of processor time {spent:.2} s", begun.elapsed());
}

/// Rounds of 2,000 fixes from which [`only_decide`] takes.
const MOST_ROUNDS: usize = 60;

/// Decides about so many fixes, at most 120,000, and nothing else.
fn only_decide(wanted: usize) {
    let (orders, movers) = world::pairs(1_000);
    let mut engine = world::engine(orders);
    let mut tally = Tally::default();
    // All rounds are made, also those that are not wanted, so that making them makes no difference.
    let rounds: Vec<Vec<Report>> = (0..MOST_ROUNDS)
        .map(|number| {
            let mut fixes = Vec::new();
            world::round(&movers, number, &mut fixes);
            fixes
        })
        .collect();
    for fixes in rounds.iter().take(wanted / movers.len()) {
        tally.run(&mut engine, fixes);
    }
    println!("{} fixes, {} decisions, {} alerts", tally.fixes, tally.decisions, tally.alerts);
}

/// Processor time of this thread for a piece of work, in seconds: what other work on the machine blurs least.
fn processor_s(work: impl FnOnce()) -> f64 {
    let now = || {
        let now = clock_gettime(ClockId::ThreadCPUTime);
        now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
    };
    let begun = now();
    work();
    now() - begun
}

fn resident_kib() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}

/// The value below which that share of the values lies.
fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * share).round() as usize]
}

fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

criterion_group!(benches, per_fix);

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--instructions") {
        return only_decide(arguments[at + 1].parse().unwrap());
    }
    if arguments.iter().any(|argument| argument == "--bench") {
        at_size();
        growth();
    }
    benches();
    Criterion::default().configure_from_args().final_summary();
}
