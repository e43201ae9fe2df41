//! A restart at the size of a country: 100,000 orders with 200,000 zones, 200,000 devices that were heard, and
//! everybody who stands near, in SQLite. Prints how long it takes until the pipeline can decide, and the most
//! memory that takes.
//!
//! Another process fills the store, so that its memory is not counted.
#![allow(missing_docs, reason = "a benchmark has no interface")]
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark stops at its first problem and says so"
)]

#[allow(dead_code, reason = "shared with the engine's benchmark, which uses the rest")]
#[path = "engine/world.rs"]
mod world;

use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use afstand::api::Readiness;
use afstand::clock::Clock;
use afstand::config::Contacts;
use afstand::followup::Rules;
use afstand::metrics::Metrics;
use afstand::pipeline::{Pipeline, Settings};
use afstand::store::{Batch, InputKind, InputRow, OrderRow, Origin, StateRow, Store};
use afstand::wire::TrackerKeys;
use zones::{Input, Timestamp};

/// That of the service.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const PAIRS: usize = 100_000;

/// Restarts that are measured, each by a process of its own.
const TIMES: usize = 5;

/// As the service runs by `deploy/`: the allocator takes memory page by page.
const DEPLOYED: [(&str, &str); 1] = [("MIMALLOC_ARENA_EAGER_COMMIT", "0")];

/// Rows of one commit while the store is filled.
const ROWS: usize = 2_000;

/// Fills a store with what the service would have stored.
async fn fill(url: &str) {
    let at = Timestamp::from_millis(world::START);
    let (orders, movers) = world::pairs(PAIRS);
    let rows: Vec<_> = orders
        .iter()
        .map(|order| OrderRow {
            order: order.order.clone(),
            seq: 1,
            document: Some(serde_json::to_string(&**order).unwrap()),
            at,
            origin: Origin::Api,
            by: None,
        })
        .collect();
    let mut engine = world::engine(orders);
    let mut fixes = Vec::new();
    for round in 0..2 {
        world::round(&movers, round, &mut fixes);
        for report in &fixes {
            let input = Input::Fix { role: report.role, device: report.device.as_str(), fix: report.fix };
            engine.handle(report.arrived, input).unwrap();
            while engine.poll_effect().is_some() {}
        }
    }
    let changes = engine.take_changes();
    let devices = changes.devices.into_iter().map(|row| StateRow {
        key: row.device.as_str().into(),
        state: row.state.map(|state| postcard::to_allocvec(&(row.role, state)).unwrap()),
    });
    let watches = changes.episodes.into_iter().map(|row| StateRow {
        key: row.watch.to_string().into(),
        state: row.episode.map(|episode| postcard::to_allocvec(&episode).unwrap()),
    });
    let (devices, watches): (Vec<_>, Vec<_>) = (devices.collect(), watches.collect());
    println!("{} orders, {} devices, {} watches that were raised", rows.len(), devices.len(), watches.len());

    let store = Store::open(url).await.unwrap();
    for part in rows.chunks(ROWS) {
        store.commit(&Batch { orders: part.to_vec(), ..Batch::default() }).await.unwrap();
    }
    for part in devices.chunks(ROWS) {
        store.commit(&Batch { devices: part.to_vec(), ..Batch::default() }).await.unwrap();
    }
    for part in watches.chunks(ROWS) {
        store.commit(&Batch { watches: part.to_vec(), ..Batch::default() }).await.unwrap();
    }
    let last = InputRow {
        seq: 1,
        kind: InputKind::Tick,
        role: None,
        device: "".into(),
        fixed_at: None,
        received_at: engine.clock(),
        body: Vec::new(),
        decisions: Vec::new(),
    };
    store.commit(&Batch { inputs: vec![last], ..Batch::default() }).await.unwrap();
    store.close().await;
}

/// From the opened file to a pipeline that can decide.
async fn restart(url: &str) {
    let begun = Instant::now();
    let store = Store::open(url).await.unwrap();
    let opened = begun.elapsed();
    let content = Pipeline::load(&store).await.unwrap();
    let loaded = begun.elapsed();
    let settings = Settings {
        clock: Clock::system(),
        rules: Rules::default(),
        contacts: Contacts::default(),
        desks: Vec::new(),
        keys: TrackerKeys::default(),
        traccar_topic: None,
        source: "urn:afstand:bench".to_owned(),
    };
    let (ready, _) = tokio::sync::watch::channel(Readiness::default());
    let metrics = Arc::new(Metrics::default());
    let resumed = Pipeline::resume(store.clone(), content, settings, metrics, ready).unwrap();
    println!(
        "opened after {opened:.2?}, loaded after {loaded:.2?}, ready to decide after {:.2?}; processor {:.2} s, memory {} MiB, at most {} MiB",
        begun.elapsed(),
        processor_s(),
        kib("VmRSS:") >> 10,
        kib("VmHWM:") >> 10
    );
    drop(resumed);
    store.close().await;
}

/// Processor time of this process so far, in seconds: what a busy machine does not blur.
fn processor_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    // The 14th and 15th field of the line, in hundredths of a second (proc(5)).
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn kib(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1..).unwrap_or_default() {
        [what, url] if what == "fill" => runtime.block_on(fill(url)),
        [what, url] if what == "restart" => runtime.block_on(restart(url)),
        rest if rest.iter().any(|argument| argument == "--bench") => {
            let folder = tempfile::tempdir().unwrap();
            let url = format!("sqlite:{}", folder.path().join("afstand.db").display());
            let steps = std::iter::once("fill").chain(std::iter::repeat_n("restart", TIMES));
            for step in steps {
                let ended = Command::new(std::env::current_exe().unwrap())
                    .args([step, &url])
                    .envs(DEPLOYED)
                    .status()
                    .unwrap();
                assert!(ended.success(), "{step} failed");
            }
        }
        _ => println!("measures only under cargo bench"),
    }
}
