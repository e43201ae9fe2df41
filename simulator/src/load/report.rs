//! What a load found.

use std::io::{self, Write};

use serde::Serialize;

/// Result of a load. As JSON its fields are stable: fields may be added, none goes or changes its meaning.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Number of pairs.
    pub pairs: usize,
    /// Publishing connections.
    pub connections: usize,
    /// Messages a second that were asked for; 0 is as many as possible.
    pub rate: f64,
    /// Seconds of publishing.
    pub seconds: f64,
    /// Most messages sent and not yet decided.
    pub backlog: u64,
    /// Where `decided` is from: `metrics` or `committed`.
    pub decided_from: &'static str,
    /// Messages sent, one fix each.
    pub sent: u64,
    /// … acknowledged by the broker.
    pub acknowledged: u64,
    /// … decided by the service.
    pub decided: u64,
    /// Decided fixes a second, from the first sent to the last decided.
    pub decided_per_s: f64,
    /// Whether the service stopped deciding before everything was decided.
    pub stalled: bool,
    /// Alarms that were due, and came.
    pub alerts: Alerts,
    /// Milliseconds from sending the fix that makes an alarm due to the alarm's arrival.
    pub latency_ms: Latency,
    /// The bare broker, when it was measured.
    pub baseline: Option<Baseline>,
    /// `decided_per_s` as a share of the bare broker's rate.
    pub ratio: Option<f64>,
}

/// Alarms: each approach makes one due at the desk and one at the victim's device.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Alerts {
    /// Due.
    pub expected: u64,
    /// Received.
    pub received: u64,
    /// Due and not received.
    pub missing: u64,
    /// Missing at the desk.
    pub missing_at_desk: u64,
    /// Missing at victims' devices.
    pub missing_at_victim: u64,
}

/// Quantiles in milliseconds; `null` when no alarm came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Latency {
    /// Half came sooner.
    pub p50: Option<f64>,
    /// 95 % came sooner.
    pub p95: Option<f64>,
    /// 99 % came sooner.
    pub p99: Option<f64>,
    /// The last.
    pub max: Option<f64>,
}

/// The same publisher with a subscriber that only counts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Baseline {
    /// Messages sent.
    pub sent: u64,
    /// … acknowledged by the broker.
    pub acknowledged: u64,
    /// … received by the subscriber.
    pub received: u64,
    /// Received messages a second.
    pub received_per_s: f64,
}

impl Report {
    /// Prints it for people.
    pub fn print(&self, to: &mut impl Write) -> io::Result<()> {
        let ms = |v: Option<f64>| v.map_or("-".to_owned(), |v| format!("{v:.1}"));
        writeln!(to, "{} pairs on {} connections for {:.1} s", self.pairs, self.connections, self.seconds)?;
        if let Some(baseline) = &self.baseline {
            writeln!(
                to,
                "bare broker    {:>9.0} messages/s ({} received)",
                baseline.received_per_s, baseline.received
            )?;
        }
        writeln!(to, "decided        {:>9.0} fixes/s (by {})", self.decided_per_s, self.decided_from)?;
        if let Some(ratio) = self.ratio {
            writeln!(to, "ratio          {:>9.1} %", ratio * 100.0)?;
        }
        writeln!(to, "sent {}, acknowledged {}, decided {}", self.sent, self.acknowledged, self.decided)?;
        let Alerts { expected, received, missing, .. } = self.alerts;
        writeln!(to, "alarms expected {expected}, received {received}, missing {missing}")?;
        let Latency { p50, p95, p99, max } = self.latency_ms;
        writeln!(
            to,
            "fix to alarm   p50 {} ms, p95 {} ms, p99 {} ms, max {} ms",
            ms(p50),
            ms(p95),
            ms(p99),
            ms(max)
        )?;
        if self.stalled {
            writeln!(to, "the service stopped deciding before everything was decided")?;
        }
        Ok(())
    }
}
