//! What follow-up costs: 100,000 open incidents with their clocks while nothing and while the usual is due, 10,000
//! incidents opened at once, and a page of a list of 100,000.
//!
//! `cargo bench --bench followup`
#![allow(missing_docs, reason = "a benchmark has no interface")]
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark stops at its first problem and says so"
)]

use std::time::{Duration, Instant};

use afstand::followup::{Action, Actor, Command, Event, FollowUp, Raised, Rules};
use afstand::store::{Batch, FollowUpRow, IncidentFilter, IncidentRow, Store};
use rustix::time::{ClockId, clock_gettime};
use uuid::Uuid;
use zones::{AlertKind, DeskId, DeviceId, Level, Millis, OrderId, PersonId, Timestamp};

/// That of the service.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const OPEN: u32 = 100_000;
const AT_ONCE: u32 = 10_000;
const PAGES: usize = 2_000;

fn t(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_795_000_000_000 + millis)
}

/// Processor time of this process.
fn processor() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap(), u32::try_from(time.tv_nsec).unwrap())
}

fn raised(n: u32, kind: AlertKind) -> Raised {
    let incident = Uuid::from_u128(u128::from(n) + 1);
    let pair = kind == AlertKind::VictimProximity;
    Raised {
        alert: Uuid::new_v5(&incident, b"1"),
        incident,
        watch: format!("ord-{n}/pair/v-{n}").parse().ok(),
        kind,
        level: Level::Alarm,
        late: false,
        test: false,
        order: OrderId::new(&format!("ord-{n}")).unwrap(),
        wearer: PersonId::new(&format!("w-{n}")).unwrap(),
        victim: PersonId::new(&format!("v-{n}")).ok(),
        risk: None,
        victim_device: DeviceId::new(&format!("vd-{n}")).ok().filter(|_| pair),
        desk: DeskId::new("rotterdam").ok(),
        desk_by_hand: false,
        second_road: true,
        told_desk: true,
    }
}

fn drain(machine: &mut FollowUp) -> usize {
    let followed = std::iter::from_fn(|| machine.poll_effect()).count();
    machine.drain_changes(|_| {});
    followed
}

/// 100,000 alarms that came within a quarter of an hour; somebody works on each.
fn full() -> FollowUp {
    let mut machine = FollowUp::new(Rules::default());
    let actor = Actor { name: "anna".to_owned(), supervisor: false };
    for n in 0..OPEN {
        let at = t(i64::from(n) * 9);
        let raised = raised(n, AlertKind::VictimProximity);
        let incident = raised.incident;
        machine.handle(at, Event::Alert(Box::new(raised))).unwrap();
        let command = Command::Act { action: Action::CalledWearer, note: None };
        machine.handle(at, Event::Command { incident, actor: actor.clone(), command, key: None }).unwrap();
        drain(&mut machine);
    }
    machine
}

fn idle() {
    let mut machine = full();
    let begun = processor();
    let rounds = 1_000_000_u32;
    for _ in 0..rounds {
        std::hint::black_box(machine.poll_deadline());
        machine.handle(machine.clock(), Event::Tick).unwrap();
    }
    let look = processor().saturating_sub(begun) / rounds;
    println!("{OPEN} open incidents, nothing due: {look:?} a look");
    let (from, begun) = (machine.clock(), processor());
    let mut told = 0;
    for second in 1..=900 {
        machine.handle(from + Millis::from_secs(second), Event::Tick).unwrap();
        told += drain(&mut machine);
    }
    let share = processor().saturating_sub(begun).as_secs_f64() / 900.0 * 100.0;
    println!(
        "{OPEN} open incidents, each ringing once a quarter of an hour: {share:.3} % of a core, {told} effects"
    );
}

fn at_once() {
    let mut machine = FollowUp::new(Rules::default());
    let begun = processor();
    for n in 0..AT_ONCE {
        machine.handle(t(0), Event::Alert(Box::new(raised(n, AlertKind::Silence)))).unwrap();
    }
    let alarm = raised(AT_ONCE, AlertKind::VictimProximity);
    machine.handle(t(0), Event::Alert(Box::new(alarm))).unwrap();
    let decided = processor().saturating_sub(begun);
    let followed = drain(&mut machine);
    println!(
        "{AT_ONCE} incidents opened before an alarm: {decided:?} until it is decided, {followed} effects"
    );
}

fn row(n: u32) -> IncidentRow {
    IncidentRow {
        incident: Uuid::from_u128(u128::from(n)).to_string(),
        order: format!("ord-{n}"),
        kind: "victim_proximity".into(),
        wearer: format!("w-{n}"),
        victim: Some(format!("v-{n}")),
        zone: None,
        device: None,
        desk: Some("rotterdam".to_owned()),
        level: "alarm".into(),
        worst: "alarm".into(),
        certainty: "certain".into(),
        opened_at: t(i64::from(n)),
        changed_at: t(i64::from(n)),
        cleared_at: None,
        closed_at: None,
        revision: 1,
        state: if n.is_multiple_of(3) { "new".into() } else { "acknowledged".into() },
        follow_up: FollowUpRow { count: 1, ..FollowUpRow::default() },
    }
}

async fn pages() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&format!("sqlite:{}", folder.path().join("a.db").display())).await.unwrap();
    for from in (0..OPEN).step_by(2_000) {
        let incidents = (from..from + 2_000).map(row).collect();
        store.commit(&Batch { incidents, ..Batch::default() }).await.unwrap();
    }
    let states = vec!["new".to_owned(), "acknowledged".to_owned()];
    let mut filter = IncidentFilter { states, ..IncidentFilter::default() };
    let mut took = Vec::with_capacity(PAGES);
    for _ in 0..PAGES {
        let begun = Instant::now();
        let page = store.incidents(&filter, 101).await.unwrap();
        took.push(begun.elapsed());
        filter.before = page.get(99).map(IncidentRow::cursor);
    }
    took.sort_unstable();
    let (half, most) = (took[PAGES / 2], took[PAGES * 99 / 100]);
    println!("a page of 100 out of {OPEN} incidents in two states: p50 {half:?}, p99 {most:?}");
    store.close().await;
}

fn main() {
    idle();
    at_once();
    tokio::runtime::Runtime::new().unwrap().block_on(pages());
}
