//! What follow-up costs: 100,000 open incidents with their clocks while nothing and while the usual is due, 10,000
//! devices silent at one moment with what that commits and what an alarm among them waits for, and a page of a list of
//! 100,000 with its row of the audit.
//!
//! `cargo bench --bench followup`; with `-- burst` only the alarms among the silences.
#![allow(missing_docs, reason = "a benchmark has no interface")]
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark stops at its first problem and says so"
)]

mod burst;

use std::sync::Arc;
use std::time::{Duration, Instant};

use afstand::audit;
use afstand::followup::{Action, Actor, Command, Event, FollowUp, Raised, Rules};
use afstand::metrics::Metrics;
use afstand::store::{
    AlertRow, Batch, FollowUpRow, IncidentFilter, IncidentRow, StateRow, Store, TimelineRow,
};
use rustix::time::{ClockId, clock_gettime};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use zones::order::Order;
use zones::{
    AlertKind, DeskId, DeviceId, Effect, Engine, Fix, Input, Level, Millis, OrderId, PersonId, Position,
    Role, Timestamp,
};

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
        stands: Level::Alarm,
        late: false,
        test: false,
        order: OrderId::new(&format!("ord-{n}")).unwrap(),
        wearer: PersonId::new(&format!("w-{n}")).unwrap(),
        victim: PersonId::new(&format!("v-{n}")).ok(),
        risk: None,
        victim_device: DeviceId::new(&format!("vd-{n}")).ok().filter(|_| pair),
        desk: DeskId::new("rotterdam").ok(),
        desk_by_hand: false,
        held: false,
        second_road: true,
        told_desk: true,
        devices: OPEN,
        last_distance_m: Some(n),
        case_contact: None,
        call_order: Vec::new(),
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
    let actor = Actor { name: "anna".to_owned(), person: None, supervisor: false };
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

/// A pair of its own, nine kilometres apart; the guidance has nothing to say against it.
fn pair(n: u32) -> Order {
    let text = serde_json::json!({
        "order": format!("ord-{n}"), "legal_basis": "special_condition",
        "valid_from": t(-86_400_000), "valid_until": t(86_400_000 * 90),
        "wearer": {"person": format!("w-{n}"), "device": format!("am-{n}")},
        "victims": [{"person": format!("v-{n}"), "device": format!("vd-{n}"),
            "proximity": {"alarm_m": 1000, "warning_m": 2000, "warning_s": 0}}],
        "zones": {"type": "FeatureCollection", "features": []}, "desk": "rotterdam", "contacts": {},
    });
    zones::order::read(&text.to_string()).unwrap().remove(0).into_order().unwrap()
}

/// Engine and follow-up when all ankle monitors fall silent at one moment: what the busiest stretch of 10 ms costs, and
/// what a pair's alarm in the middle of it waits for.
fn at_once() {
    let (mut engine, mut machine) = (Engine::new(), FollowUp::new(Rules::default()));
    for n in 0..AT_ONCE {
        engine.handle(t(0), Input::Order(Arc::new(pair(n)))).unwrap();
    }
    for (millis, role, name, lat) in [
        (1_000, Role::Wearer, "am", 52.1),
        (1_000, Role::Victim, "vd", 52.0),
        (121_000, Role::Victim, "vd", 52.0),
        (180_500, Role::Victim, "vd", 52.0),
    ] {
        for n in 0..AT_ONCE {
            let fix = Fix::new(t(millis), Position::new(lat, 5.1).unwrap());
            engine.handle(t(millis), Input::Fix { role, device: &format!("{name}-{n}"), fix }).unwrap();
        }
        while engine.poll_effect().is_some() {}
        engine.drain_changes(|_| {});
    }
    let (mut most, mut said, mut turns) = (Duration::ZERO, 0, 0_u32);
    let begun = processor();
    for millis in (181_000..190_000).step_by(10) {
        let from = processor();
        let now = said;
        engine.handle(t(millis), Input::Tick).unwrap();
        while let Some(effect) = engine.poll_effect() {
            if let Effect::Alert(alert) = effect {
                said += 1;
                let silence = Raised {
                    alert: alert.alert,
                    incident: alert.incident,
                    ..raised(said, AlertKind::Silence)
                };
                machine.handle(alert.raised_at, Event::Alert(Box::new(silence))).unwrap();
            }
        }
        machine.handle(t(millis), Event::Tick).unwrap();
        drain(&mut machine);
        engine.drain_changes(|_| {});
        turns += u32::from(said > now);
        most = most.max(processor().saturating_sub(from));
    }
    let whole = processor().saturating_sub(begun);
    println!(
        "{AT_ONCE} devices silent at one moment: {said} said in {turns} turns of 10 ms, {whole:?} in all, the busiest \
         turn {most:?}"
    );
}

/// What follows from so many silences, as a batch of the pipeline has it.
fn silences(from: u32, many: u32, seq: &mut i64) -> Batch {
    let mut batch = Batch::default();
    for n in from..from + many {
        let incident = IncidentRow { kind: "silence".into(), ..row(n) };
        let next = |seq: &mut i64| {
            *seq += 1;
            *seq
        };
        batch.alerts.push(AlertRow {
            seq: next(seq),
            alert: Uuid::from_u128(u128::from(n) << 64).to_string(),
            incident: incident.incident.clone(),
            revision: 1,
            raised_at: incident.opened_at,
            level: "warning".into(),
            kind: "silence".into(),
            order: incident.order.clone(),
            wearer: incident.wearer.clone(),
            victim: None,
            desk: None,
            data: "x".repeat(900),
        });
        for what in ["grouped", "raised"] {
            batch.timeline.push(TimelineRow {
                seq: next(seq),
                incident: incident.incident.clone(),
                at: incident.opened_at,
                actor: "afstand".to_owned(),
                what: what.into(),
                detail: "x".repeat(120),
                order: incident.order.clone(),
                desk: None,
                state: "new".into(),
                condition: "active".into(),
                owner: None,
                handed_on: false,
            });
        }
        batch.followups.push(StateRow { key: incident.incident.clone().into(), state: Some(vec![7; 300]) });
        batch.watches.push(StateRow { key: format!("w-{n}").into(), state: Some(vec![7; 60]) });
        batch.devices.push(StateRow { key: format!("am-{n}").into(), state: Some(vec![7; 200]) });
        batch.incidents.push(incident);
    }
    batch
}

/// An alarm waits for the commit that is under way, and for its own.
async fn commits() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&format!("sqlite:{}", folder.path().join("a.db").display())).await.unwrap();
    let mut seq = 0;
    for many in [20, 100, 250] {
        let mut took = Vec::new();
        for n in 0..AT_ONCE / many {
            let batch = silences(n * many + many * 100_000, many, &mut seq);
            let begun = Instant::now();
            store.commit(&batch).await.unwrap();
            took.push(begun.elapsed());
        }
        took.sort_unstable();
        let (half, most) = (took[took.len() / 2], took[took.len() * 99 / 100]);
        println!("a commit of {many} silences: p50 {half:?}, p99 {most:?}");
    }
    store.close().await;
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

fn look(n: usize) -> audit::Entry {
    audit::Entry {
        at: t(i64::try_from(n).unwrap()),
        who: "anna".to_owned(),
        role: "operator",
        bound_to: None,
        endpoint: "GET /v1/incidents".to_owned(),
        subject: String::new(),
        query: "state=new,acknowledged".to_owned(),
        reason: None,
        outcome: 200,
    }
}

async fn pages() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&format!("sqlite:{}", folder.path().join("a.db").display())).await.unwrap();
    let mut seq = 0;
    for from in (0..OPEN).step_by(2_000) {
        let incidents: Vec<IncidentRow> = (from..from + 2_000).map(row).collect();
        let alerts = silences(from, 2_000, &mut seq).alerts;
        store.commit(&Batch { incidents, alerts, ..Batch::default() }).await.unwrap();
    }
    let states = vec!["new".to_owned(), "acknowledged".to_owned()];
    let mut filter = IncidentFilter { states, ..IncidentFilter::default() };
    let mut took = Vec::with_capacity(PAGES);
    let (recorder, writer) = audit::recorder(store.clone(), Arc::new(Metrics::default()));
    let stop = CancellationToken::new();
    let writing = tokio::spawn(writer.run(stop.clone()));
    for n in 0..PAGES {
        let begun = Instant::now();
        // As the API does: the page, the newest alert of each, the row of the audit.
        let page = store.incidents(&filter, 101).await.unwrap();
        let ids: Vec<&str> = page.iter().map(|row| row.incident.as_str()).collect();
        std::hint::black_box(store.newest_alerts(&ids).await.unwrap());
        recorder.record(look(n)).await.unwrap();
        took.push(begun.elapsed());
        filter.before = page.get(99).map(IncidentRow::cursor);
    }
    stop.cancel();
    writing.await.unwrap();
    took.sort_unstable();
    let (half, most) = (took[PAGES / 2], took[PAGES * 99 / 100]);
    println!(
        "a page of 100 out of {OPEN} incidents in two states, and its row of the audit: p50 {half:?}, p99 {most:?}"
    );
    store.close().await;
}

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if std::env::args().any(|argument| argument == "burst") {
        return runtime.block_on(burst::burst());
    }
    idle();
    at_once();
    runtime.block_on(burst::burst());
    runtime.block_on(commits());
    runtime.block_on(pages());
}
