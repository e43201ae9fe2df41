//! `simulator load`: how many fixes a broker and a service take, and how soon alarms come.
//!
//! The publisher never runs ahead of the consumer: at most a backlog of messages is sent and not yet decided. How
//! far the service is comes from its metrics, or else from `committed` receipts, which come every 10 s only: then
//! the bound is larger, and the rate that can be measured is at most a tenth of it a second.
//!
//! mosquitto needs `max_inflight_messages 0` and `max_queued_messages 0`: with 2,000 and 100,000 version 2.0.11 was
//! seen to drop messages it had acknowledged while no more than 1,000 were under way. A report shows that as less
//! received than sent.

mod fleet;
mod gate;
mod listener;
mod metrics;
mod publisher;
mod report;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::Failure;
use crate::broker::Broker;
use crate::clock::now;
use crate::orders;
use crate::progress::Progress;

use fleet::{APPROACH_MS, Fleet, Template};
use gate::Gate;
use listener::{Alarms, Listener, Receipts};
use publisher::Publisher;

pub use metrics::DecidedFrom;
pub use report::{Alerts, Baseline, Latency, Report};

/// Backlog where the metrics tell how far the service is.
pub const BACKLOG: u64 = 20_000;
/// Backlog where receipts tell it. More than 65,000 would make mosquitto send packet ids that are still open.
pub const BACKLOG_BY_RECEIPTS: u64 = 60_000;
/// How often the metrics are asked.
const ASK_EVERY: Duration = Duration::from_millis(100);
/// How long the consumer may stand still before the load gives up.
const STALLED_AFTER: Duration = Duration::from_secs(30);
/// How long alarms may take after everything was decided.
const ALARMS_WITHIN: Duration = Duration::from_secs(10);
/// Approaches begin this long after the first message, so that every device has been heard, in milliseconds.
const SETTLE_MS: i64 = 2_000;

/// What to load.
#[derive(Debug, Clone)]
pub struct Load {
    /// The broker.
    pub broker: Broker,
    /// Number of pairs.
    pub pairs: usize,
    /// Messages a second; 0 is as many as possible.
    pub rate: f64,
    /// How long to publish.
    pub seconds: f64,
    /// Publishing connections.
    pub connections: usize,
    /// Most messages sent and not yet decided.
    pub backlog: u64,
    /// Wearers who come near.
    pub approaches: usize,
    /// Measure the bare broker first.
    pub baseline: bool,
    /// Where to ask how far the service is; `None`: `committed` receipts.
    pub decided_from: Option<DecidedFrom>,
}

/// Writes the orders that make a service expect the load's devices.
pub fn write_orders(path: &Path, pairs: usize, receipts: bool) -> Result<(), Failure> {
    let write = || {
        let mut to = BufWriter::new(File::create(path)?);
        orders::write_array(&mut to, Fleet::orders(pairs, now().as_millis(), receipts))?;
        to.flush()
    };
    write().map_err(|e| Failure::file(path, &e))
}

impl Load {
    /// Runs the load. Fails when the broker or the metrics cannot be reached, or the broker refuses messages.
    pub async fn run(&self) -> Result<Report, Failure> {
        let baseline = if self.baseline { Some(self.measure_broker().await?) } else { None };
        let first = now().as_millis() + SETTLE_MS;
        let last = first + (self.seconds * 1_000.0) as i64 - SETTLE_MS - APPROACH_MS;
        let approaches = if last > first { self.approaches } else { 0 };
        let fleet = Arc::new(Fleet::new(self.pairs, approaches, first, last));
        let alarms = Alarms::shared(&fleet)?;
        let gate = Arc::new(Gate::new(self.backlog));
        let hear_alarm = {
            let (fleet, gate, alarms) = (Arc::clone(&fleet), Arc::clone(&gate), Arc::clone(&alarms));
            move |publish: &_| Alarms::hear(&alarms, publish, &fleet, &gate)
        };
        let alert_topics = ["afstand/v1/desk/+/alert", "afstand/v1/victim/+/alert"];
        let listener =
            Listener::subscribe(&self.broker, &client("alerts"), &alert_topics, hear_alarm).await?;
        let feedback = self.feedback(&gate).await?;
        let stalled = self.publish("load", "afstand/v1", &fleet, &gate).await?;
        let due = || fleet.approaches().iter().filter(|a| a.due_us().is_some()).count() as u64;
        let deadline = Instant::now() + ALARMS_WITHIN;
        let received = || alarms.lock().unwrap_or_else(PoisonError::into_inner).received();
        while !stalled && received() != (due(), due()) && Instant::now() < deadline {
            tokio::time::sleep(ASK_EVERY).await;
        }
        listener.stop();
        feedback.stop();
        let alarms = alarms.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(self.report(&gate, &alarms, due(), stalled, baseline))
    }

    /// The same publisher, and a subscriber that only counts.
    async fn measure_broker(&self) -> Result<Baseline, Failure> {
        // Other topics than those of devices: a service that is running must not hear of this.
        let prefix = "afstand-load/baseline";
        let fleet = Arc::new(Fleet::new(self.pairs, 0, 0, 0));
        let gate = Arc::new(Gate::new(self.backlog));
        let count = {
            let gate = Arc::clone(&gate);
            move |_: &_| gate.consume(1)
        };
        let topic = format!("{prefix}/+/+/fix");
        let listener = Listener::subscribe(&self.broker, &client("bare"), &[&topic], count).await?;
        self.publish("baseline", prefix, &fleet, &gate).await?;
        listener.stop();
        Ok(Baseline {
            sent: gate.sent(),
            acknowledged: gate.acknowledged(),
            received: gate.consumed(),
            received_per_s: gate.consumed_per_s(),
        })
    }

    /// Starts to learn how far the service is.
    async fn feedback(&self, gate: &Arc<Gate>) -> Result<Feedback, Failure> {
        let gate = Arc::clone(gate);
        let Some(metrics) = self.decided_from.clone() else {
            let mut receipts = Receipts::default();
            let hear = move |publish: &_| receipts.hear(publish, &gate);
            let topics = ["afstand/v1/+/+/committed"];
            let listener = Listener::subscribe(&self.broker, &client("receipts"), &topics, hear).await?;
            return Ok(Feedback::Receipts(listener));
        };
        let before = metrics.decided().await?;
        let task = tokio::spawn(async move {
            loop {
                // A service that does not answer decides nothing, as far as anybody can tell.
                if let Ok(decided) = metrics.decided().await {
                    gate.consumed_in_all(decided.saturating_sub(before));
                }
                tokio::time::sleep(ASK_EVERY).await;
            }
        });
        Ok(Feedback::Metrics(task))
    }

    /// Publishes for the time asked for, then waits until everything is consumed. Says whether the consumer
    /// stalled.
    async fn publish(
        &self,
        what: &'static str,
        prefix: &str,
        fleet: &Arc<Fleet>,
        gate: &Arc<Gate>,
    ) -> Result<bool, Failure> {
        let connections = self.connections.clamp(1, fleet.devices());
        let mut publishers = JoinSet::new();
        let rate = self.rate / connections as f64;
        for index in 0..connections {
            let devices = (index..fleet.devices()).step_by(connections);
            let templates = devices.map(|device| Template::new(prefix, device)).collect();
            let shared = (Arc::clone(fleet), Arc::clone(gate));
            let id = client(&format!("{what}-{index}"));
            let publisher = Publisher::connect(&self.broker, id, templates, shared, rate).await?;
            publishers.spawn(publisher.run());
        }
        let progress = Progress::new(what, self.seconds.ceil() as u64, "s");
        let began = Instant::now();
        let end = began + Duration::from_secs_f64(self.seconds);
        let mut stalled = false;
        while Instant::now() < end && !stalled {
            tokio::time::sleep(ASK_EVERY).await;
            progress.at_with(began.elapsed().as_secs(), || {
                format!("{} sent, {} consumed", gate.sent(), gate.consumed())
            });
            stalled = gate.sent() > gate.consumed() && gate.idle() > STALLED_AFTER;
            if publishers.try_join_next().is_some_and(|done| !matches!(done, Ok(Ok(())))) {
                break;
            }
        }
        gate.stop();
        progress.done();
        while let Some(done) = publishers.join_next().await {
            done.map_err(|e| Failure::new(format!("a publisher failed: {e}")))??;
        }
        while gate.consumed() < gate.sent() && gate.idle() < STALLED_AFTER {
            tokio::time::sleep(ASK_EVERY / 10).await;
        }
        Ok(gate.consumed() < gate.sent())
    }

    fn report(
        &self,
        gate: &Gate,
        alarms: &Alarms,
        due: u64,
        stalled: bool,
        baseline: Option<Baseline>,
    ) -> Report {
        let (at_desk, at_victim) = alarms.received();
        let (missing_at_desk, missing_at_victim) =
            (due.saturating_sub(at_desk), due.saturating_sub(at_victim));
        Report {
            pairs: self.pairs,
            connections: self.connections,
            rate: self.rate,
            seconds: self.seconds,
            backlog: self.backlog,
            decided_from: if self.decided_from.is_some() { "metrics" } else { "committed" },
            sent: gate.sent(),
            acknowledged: gate.acknowledged(),
            decided: gate.consumed(),
            decided_per_s: gate.consumed_per_s(),
            stalled,
            alerts: Alerts {
                expected: 2 * due,
                received: at_desk + at_victim,
                missing: missing_at_desk + missing_at_victim,
                missing_at_desk,
                missing_at_victim,
            },
            latency_ms: Latency {
                p50: alarms.latency_ms(0.5),
                p95: alarms.latency_ms(0.95),
                p99: alarms.latency_ms(0.99),
                max: alarms.latency_ms(1.0),
            },
            ratio: baseline
                .filter(|b| b.received_per_s > 0.0)
                .map(|b| gate.consumed_per_s() / b.received_per_s),
            baseline,
        }
    }
}

/// A client id that two loads on one broker do not share.
fn client(part: &str) -> String {
    format!("afstand-load-{}-{part}", std::process::id())
}

/// How the load learns how far the service is.
enum Feedback {
    Receipts(Listener),
    Metrics(tokio::task::JoinHandle<()>),
}

impl Feedback {
    fn stop(&self) {
        match self {
            Self::Receipts(listener) => listener.stop(),
            Self::Metrics(task) => task.abort(),
        }
    }
}
