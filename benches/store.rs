//! Cost of a durable commit and of a start.
//!
//! SQLite always, on the disk of the folder for temporary files; PostgreSQL where `AFSTAND_TEST_POSTGRES` is
//! the URL of a database that may be written into.
#![allow(missing_docs, reason = "criterion's macros make public items")]
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark stops at its first problem and says so"
)]

use std::time::{Duration, Instant};

use afstand::store::{
    AlertRow, Batch, Channel, FollowUpRow, IncidentRow, InputKind, InputRow, NewDelivery, OrderRow, Origin,
    StateRow, Store,
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use zones::{OrderId, Role, Timestamp};

/// Inputs of one commit.
const INPUTS: i64 = 2_000;

/// Devices that send: each is in about one commit of ten.
const DEVICES: i64 = 20_000;

/// A batch of 2,000 fixes of devices spread over all, 20 alerts and 40 deliveries.
fn batch(first: i64) -> Batch {
    let at = Timestamp::from_millis(1_795_255_200_000 + first / 20);
    // Any device may come after any other: a table that keeps them in order of arrival must not look better.
    let device =
        |seq: i64| format!("am-{:06}", (seq.wrapping_mul(0x5851_f42d_4c95_7f2d) >> 33).rem_euclid(DEVICES));
    let alerts: Vec<_> = (0..20).map(|n| alert(first / 100 + n, at)).collect();
    Batch {
        inputs: (first..first + INPUTS)
            .map(|seq| InputRow {
                seq,
                kind: InputKind::Fix,
                role: Some(Role::Wearer),
                device: device(seq).into(),
                fixed_at: Some(at),
                received_at: at,
                body: vec![seq as u8; 60],
                decisions: vec![seq as u8; 40],
            })
            .collect(),
        devices: (first..first + INPUTS)
            .map(|seq| StateRow { key: device(seq).into(), state: Some(vec![seq as u8; 200]) })
            .collect(),
        incidents: alerts.iter().map(|alert| incident(&alert.incident, at)).collect(),
        deliveries: alerts.iter().flat_map(|alert| [delivery(alert, 0), delivery(alert, 1)]).collect(),
        alerts,
        ..Batch::default()
    }
}

fn alert(seq: i64, at: Timestamp) -> AlertRow {
    AlertRow {
        seq,
        alert: format!("alert-{seq}"),
        incident: format!("inc-{seq}"),
        revision: 1,
        raised_at: at,
        level: "alarm".into(),
        kind: "victim_proximity".into(),
        order: "ord-1".to_owned(),
        wearer: "wearer-1".to_owned(),
        victim: Some("victim-1".to_owned()),
        desk: Some("rotterdam".to_owned()),
        data: "x".repeat(1_200),
    }
}

fn incident(id: &str, at: Timestamp) -> IncidentRow {
    IncidentRow {
        incident: id.to_owned(),
        order: "ord-1".to_owned(),
        kind: "victim_proximity".into(),
        wearer: "wearer-1".to_owned(),
        victim: Some("victim-1".to_owned()),
        zone: None,
        device: None,
        desk: Some("rotterdam".to_owned()),
        level: "alarm".into(),
        worst: "alarm".into(),
        certainty: "certain".into(),
        opened_at: at,
        changed_at: at,
        cleared_at: None,
        closed_at: None,
        revision: 1,
        state: "new".into(),
        follow_up: FollowUpRow::default(),
    }
}

fn delivery(alert: &AlertRow, n: i64) -> NewDelivery {
    NewDelivery {
        id: alert.seq * 2 + n,
        alert: alert.alert.clone(),
        alert_seq: alert.seq,
        incident: alert.incident.clone(),
        channel: if n == 0 { Channel::DeskWebhook } else { Channel::VictimMqtt },
        recipient: "rotterdam".to_owned(),
        payload: alert.data.clone(),
        level: alert.level.clone(),
        created_at: alert.raised_at,
    }
}

/// What a large region has: 100,000 orders of 1 KiB, 200,000 devices, 300,000 watches.
async fn fill(store: &Store) {
    let at = Timestamp::from_millis(1_795_255_200_000);
    for part in 0..100_i64 {
        let numbers = |per: i64| part * per..(part + 1) * per;
        let state =
            |name: &str, n: i64| StateRow { key: format!("{name}-{n:06}").into(), state: Some(vec![7; 150]) };
        let orders = numbers(1_000)
            .map(|n| OrderRow {
                order: OrderId::new(&format!("ord-{n}")).unwrap(),
                seq: n,
                document: Some("x".repeat(1_024)),
                at,
                origin: Origin::Api,
                by: None,
            })
            .collect();
        let devices = numbers(2_000).map(|n| state("device", n)).collect();
        let watches = numbers(3_000).map(|n| state("ord-1/victim-1/watch", n)).collect();
        store.commit(&Batch { orders, devices, watches, ..Batch::default() }).await.unwrap();
    }
}

fn on(c: &mut Criterion, name: &str, url: &str) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let store = runtime.block_on(Store::open(url)).unwrap();
    // Batches begin at multiples, also when an earlier run has left rows.
    let mut next = (runtime.block_on(store.load()).unwrap().few.next.input / INPUTS + 1) * INPUTS;
    let mut slowest = Duration::ZERO;
    let mut group = c.benchmark_group(name);
    group
        .sample_size(20)
        .measurement_time(Duration::from_secs(20))
        .throughput(Throughput::Elements(INPUTS as u64));
    group.bench_function("commit of 2,000 inputs, 2,000 states, 20 alerts, 40 deliveries", |b| {
        b.iter_custom(|times| {
            let mut spent = Duration::ZERO;
            for _ in 0..times {
                let batch = batch(next);
                next += INPUTS;
                let begun = Instant::now();
                runtime.block_on(store.commit(&batch)).unwrap();
                let took = begun.elapsed();
                slowest = slowest.max(took);
                spent += took;
            }
            spent
        });
    });
    println!("{name}: slowest commit {slowest:?}");
    runtime.block_on(fill(&store));
    group.sample_size(10).throughput(Throughput::Elements(600_000));
    group.bench_function("load of 100,000 orders, 200,000 devices, 300,000 watches", |b| {
        b.iter_custom(|times| {
            let begun = Instant::now();
            for _ in 0..times {
                runtime.block_on(store.load()).unwrap();
            }
            begun.elapsed()
        });
    });
    group.finish();
    runtime.block_on(store.close());
}

fn sqlite(c: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    on(c, "sqlite", &format!("sqlite:{}", folder.path().join("afstand.db").display()));
}

fn postgres(c: &mut Criterion) {
    match std::env::var("AFSTAND_TEST_POSTGRES") {
        Ok(url) => on(c, "postgres", &url),
        Err(_) => println!("skipped: needs PostgreSQL (set AFSTAND_TEST_POSTGRES)"),
    }
}

criterion_group!(benches, sqlite, postgres);
criterion_main!(benches);
