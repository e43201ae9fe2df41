//! Figures about the service for Prometheus.
//!
//! Labels come from fixed lists of words: no person, device, order or place is ever one.

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Why a message was set aside, as a class: `afstand_messages_rejected_total{reason_class}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RejectionLabels {
    /// A word of a fixed list, such as `not_json` or `unknown_device`.
    pub reason_class: &'static str,
}

/// What an alert was: `afstand_alerts_total{kind,level}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct AlertLabels {
    /// Kind of alert, as in its JSON.
    pub kind: &'static str,
    /// Level, as in its JSON.
    pub level: &'static str,
}

/// What came of an attempt: `afstand_deliveries_total{channel,outcome}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct DeliveryLabels {
    /// Road to the recipient, such as `desk_webhook`.
    pub channel: &'static str,
    /// `received`, `failed`, `closed` with its incident, or `given_up` after it.
    pub outcome: &'static str,
}

/// What came of a hint to a victim's browser: `afstand_push_hints_total{outcome}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct PushLabels {
    /// `sent`, `gone`, `failed`, `again` (tried again), `replaced` (by something newer) or `expired`.
    pub outcome: &'static str,
}

/// A request that was answered: `afstand_http_requests_total{method,route,status}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct HttpLabels {
    /// Method of the endpoint.
    pub method: &'static str,
    /// Pattern of the route, never the path itself: a path can hold a person's id.
    pub route: &'static str,
    /// Status code.
    pub status: u16,
}

/// The registry and a handle to every figure in it. Handles are atomic: use them from any task.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Fixes decided and committed.
    pub fixes_decided: Counter,
    /// Messages set aside.
    pub messages_rejected: Family<RejectionLabels, Counter>,
    /// Alerts raised and committed.
    pub alerts: Family<AlertLabels, Counter>,
    /// Attempts to deliver.
    pub deliveries: Family<DeliveryLabels, Counter>,
    /// Hints to victims' browsers.
    pub push_hints: Family<PushLabels, Counter>,
    /// Requests over HTTP.
    pub http_requests: Family<HttpLabels, Counter>,
    /// Messages received but not decided yet.
    pub backlog_messages: Gauge,
    /// 1 while the broker is connected, else 0.
    pub broker_connected: Gauge,
    /// Seconds that the service's time is ahead of a clock that was set back.
    pub clock_ahead_seconds: Gauge,
    /// Deliveries that no recipient has received yet.
    pub deliveries_pending: Gauge,
    /// Incidents that are open.
    pub open_incidents: Gauge,
    /// Live event streams that are open.
    pub live_streams: Gauge,
    /// Pieces of the map with streets, or its style, that could not be had.
    pub map_failures: Counter,
    /// Looks at positions and cases that were written down.
    pub audit_rows: Counter,
    /// Looks that were refused because they could not be written down.
    pub audit_refused: Counter,
    /// Seconds one commit took.
    pub commit_seconds: Histogram,
    /// Inputs in one batch.
    pub batch_size: Histogram,
    /// Seconds from the decision about an input to the end of its commit.
    pub decide_to_commit_seconds: Histogram,
}

impl Default for Metrics {
    fn default() -> Self {
        // A commit takes about 6 ms on an idle disk; more than a second is trouble.
        let seconds =
            || Histogram::new([0.001, 0.003, 0.006, 0.012, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0]);
        let metrics = Self {
            registry: Registry::default(),
            fixes_decided: Counter::default(),
            messages_rejected: Family::default(),
            alerts: Family::default(),
            deliveries: Family::default(),
            push_hints: Family::default(),
            http_requests: Family::default(),
            backlog_messages: Gauge::default(),
            broker_connected: Gauge::default(),
            clock_ahead_seconds: Gauge::default(),
            deliveries_pending: Gauge::default(),
            open_incidents: Gauge::default(),
            live_streams: Gauge::default(),
            map_failures: Counter::default(),
            audit_rows: Counter::default(),
            audit_refused: Counter::default(),
            commit_seconds: seconds(),
            batch_size: Histogram::new([1.0, 5.0, 20.0, 100.0, 300.0, 1_000.0, 2_000.0, 4_000.0]),
            decide_to_commit_seconds: seconds(),
        };
        metrics.registered()
    }
}

impl Metrics {
    /// Every figure in the text form Prometheus reads (OpenMetrics 1.0).
    ///
    /// # Errors
    /// When the text cannot be written, which for a string is out of memory only.
    pub fn encode(&self) -> Result<String, std::fmt::Error> {
        let mut out = String::new();
        text::encode(&mut out, &self.registry)?;
        Ok(out)
    }

    /// The encoder adds `_total` to the name of a counter.
    fn registered(mut self) -> Self {
        let r = &mut self.registry;
        r.register("afstand_fixes_decided", "Fixes decided and committed", self.fixes_decided.clone());
        r.register("afstand_messages_rejected", "Messages set aside", self.messages_rejected.clone());
        r.register("afstand_alerts", "Alerts raised and committed", self.alerts.clone());
        r.register("afstand_deliveries", "Attempts to deliver an alert", self.deliveries.clone());
        r.register("afstand_push_hints", "Hints to browsers", self.push_hints.clone());
        r.register("afstand_http_requests", "Requests over HTTP", self.http_requests.clone());
        r.register("afstand_backlog_messages", "Messages not decided yet", self.backlog_messages.clone());
        r.register("afstand_broker_connected", "1 while connected", self.broker_connected.clone());
        let ahead = self.clock_ahead_seconds.clone();
        r.register("afstand_clock_ahead_seconds", "Time that a clock set back has to catch up", ahead);
        r.register("afstand_deliveries_pending", "Deliveries not received", self.deliveries_pending.clone());
        r.register("afstand_open_incidents", "Incidents that are open", self.open_incidents.clone());
        r.register("afstand_live_streams", "Live event streams", self.live_streams.clone());
        r.register("afstand_map_failures", "Pieces of the map not had", self.map_failures.clone());
        r.register("afstand_audit_rows", "Looks that were written down", self.audit_rows.clone());
        r.register("afstand_audit_refused", "Looks that could not be", self.audit_refused.clone());
        r.register("afstand_commit_seconds", "Duration of a commit", self.commit_seconds.clone());
        r.register("afstand_batch_size", "Inputs in a batch", self.batch_size.clone());
        let decided = self.decide_to_commit_seconds.clone();
        r.register("afstand_decide_to_commit_seconds", "From decision to committed", decided);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_what_prometheus_reads() {
        let metrics = Metrics::default();
        metrics.fixes_decided.inc_by(3);
        metrics.alerts.get_or_create(&AlertLabels { kind: "silence", level: "alarm" }).inc();
        metrics.backlog_messages.set(7);
        metrics.commit_seconds.observe(0.004);
        let text = metrics.encode().unwrap();
        for line in [
            "afstand_fixes_decided_total 3",
            r#"afstand_alerts_total{kind="silence",level="alarm"} 1"#,
            "afstand_backlog_messages 7",
            r#"afstand_commit_seconds_bucket{le="0.003"} 0"#,
            r#"afstand_commit_seconds_bucket{le="0.006"} 1"#,
            "# EOF",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
        }
    }
}
