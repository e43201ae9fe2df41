//! What comes back: messages to a bare subscriber, `committed` receipts, and alerts.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;
use rumqttc::v5::mqttbytes::v5::{Packet, Publish};
use rumqttc::v5::{AsyncClient, Event, EventLoop};
use serde::Deserialize;
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::Failure;
use crate::broker::Broker;

use super::fleet::{Fleet, pair_of};
use super::gate::Gate;

/// Subscriptions that wait to be sent.
const QUEUE: usize = 16;
/// Longest latency that is told apart, in microseconds.
const LONGEST_US: u64 = 600_000_000;

/// A subscription and the task that serves it.
pub(super) struct Listener {
    task: JoinHandle<()>,
}

impl Listener {
    /// Subscribes, and gives every message to `hear` from then on.
    pub(super) async fn subscribe(
        broker: &Broker,
        client_id: &str,
        topics: &[&str],
        hear: impl FnMut(&Publish) + Send + 'static,
    ) -> Result<Self, Failure> {
        let mut options = broker.options(client_id);
        options.set_receive_maximum(Some(10_000));
        let (client, events) = broker.subscribe(options, QUEUE, topics).await?;
        Ok(Self { task: tokio::spawn(listen(client, events, hear)) })
    }

    /// Stops listening.
    pub(super) fn stop(&self) {
        self.task.abort();
    }
}

/// The client is kept: without it the event loop ends.
async fn listen(_client: AsyncClient, mut events: EventLoop, mut hear: impl FnMut(&Publish)) {
    loop {
        match events.poll().await {
            Ok(Event::Incoming(Packet::Publish(publish))) => hear(&publish),
            Ok(_) => {}
            // Connected again by the next poll; the load's counts show what was missed.
            Err(_) => tokio::time::sleep(Duration::from_millis(500)).await,
        }
    }
}

/// Counts what `committed` receipts say.
#[derive(Debug, Default)]
pub(super) struct Receipts {
    by_device: BTreeMap<String, u64>,
    total: u64,
}

#[derive(Debug, Deserialize)]
struct Committed {
    seq: Option<u64>,
}

impl Receipts {
    /// A receipt: everything up to its `seq` is decided, and load devices count from 1.
    pub(super) fn hear(&mut self, publish: &Publish, gate: &Gate) {
        let topic = String::from_utf8_lossy(&publish.topic);
        let Some(device) = topic.rsplit('/').nth(1).filter(|device| pair_of(device).is_some()) else {
            return;
        };
        let Ok(Committed { seq: Some(seq) }) = serde_json::from_slice(&publish.payload) else { return };
        let known = self.by_device.entry(device.to_owned()).or_default();
        if seq > *known {
            self.total += seq - *known;
            *known = seq;
            gate.consumed_in_all(self.total);
        }
    }
}

/// To whom an alert goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum To {
    Desk,
    Victim,
}

/// Alarms that came, and how soon.
#[derive(Debug)]
pub(super) struct Alarms {
    heard: Vec<[bool; 2]>,
    latency_us: Histogram<u64>,
}

/// Alarms as shared with the listener.
pub(super) type SharedAlarms = Arc<Mutex<Alarms>>;

impl Alarms {
    /// For the approaches of a fleet.
    pub(super) fn shared(fleet: &Fleet) -> Result<SharedAlarms, Failure> {
        let latency_us = Histogram::new_with_bounds(1, LONGEST_US, 3)
            .map_err(|e| Failure::new(format!("cannot measure latency: {e}")))?;
        let heard = vec![[false; 2]; fleet.approaches().len()];
        Ok(Arc::new(Mutex::new(Self { heard, latency_us })))
    }

    /// A message on an alert topic.
    pub(super) fn hear(shared: &SharedAlarms, publish: &Publish, fleet: &Fleet, gate: &Gate) {
        let now_us = gate.micros();
        let Some((to, pair)) = alarm_of(publish) else { return };
        let Some(due_us) = fleet.approach(pair).and_then(super::fleet::Approach::due_us) else { return };
        let mut alarms = shared.lock().unwrap_or_else(PoisonError::into_inner);
        if !std::mem::replace(&mut alarms.heard[pair][usize::from(to == To::Victim)], true) {
            alarms.latency_us.saturating_record(now_us.saturating_sub(due_us).max(1));
        }
    }

    /// Number of alarms heard by desk and victim.
    pub(super) fn received(&self) -> (u64, u64) {
        let count = |i: usize| self.heard.iter().filter(|heard| heard[i]).count() as u64;
        (count(0), count(1))
    }

    /// Latency in milliseconds below which that share of the alarms came.
    pub(super) fn latency_ms(&self, share: f64) -> Option<f64> {
        (!self.latency_us.is_empty()).then(|| self.latency_us.value_at_quantile(share) as f64 / 1_000.0)
    }
}

/// Recipient and pair of a message, when it is a proximity alarm. The police version names the wearer; the
/// victim's is known by its topic.
fn alarm_of(publish: &Publish) -> Option<(To, usize)> {
    let topic = std::str::from_utf8(&publish.topic).ok()?;
    let event: Value = serde_json::from_slice(&publish.payload).ok()?;
    let data = event.get("data").unwrap_or(&event);
    let is = |key: &str, value: &str| data.get(key).and_then(Value::as_str).is_none_or(|v| v == value);
    if data.get("level").and_then(Value::as_str) != Some("alarm") || !is("kind", "victim_proximity") {
        return None;
    }
    match topic.split('/').nth(2)? {
        "desk" => Some((To::Desk, pair_of(data.get("wearer")?.as_str()?)?)),
        "victim" => Some((To::Victim, pair_of(topic.split('/').nth(3)?)?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rumqttc::v5::mqttbytes::QoS;

    fn publish(topic: &str, payload: &str) -> Publish {
        Publish::new(topic, QoS::AtLeastOnce, payload.to_owned(), None)
    }

    #[test]
    fn only_proximity_alarms_of_the_load_count() {
        let desk =
            |data: &str| alarm_of(&publish("afstand/v1/desk/load/alert", &format!(r#"{{"data":{data}}}"#)));
        let alarm = r#"{"level":"alarm","kind":"victim_proximity","wearer":"wearer-load-000007"}"#;
        assert_eq!(desk(alarm), Some((To::Desk, 6)));
        assert_eq!(desk(&alarm.replace("alarm", "warning")), None);
        assert_eq!(desk(&alarm.replace("victim_proximity", "silence")), None);
        assert_eq!(desk(&alarm.replace("-load", "")), None);
        let victim = publish("afstand/v1/victim/vd-load-000003/alert", r#"{"data":{"level":"alarm"}}"#);
        assert_eq!(alarm_of(&victim), Some((To::Victim, 2)));
    }

    #[test]
    fn receipts_add_up_over_devices() {
        let (gate, mut receipts) = (Gate::new(1_000), Receipts::default());
        for (device, seq) in
            [("am-load-000001", 5), ("vd-load-000001", 7), ("am-load-000001", 9), ("am-0001", 99)]
        {
            let topic = format!("afstand/v1/wearer/{device}/committed");
            receipts.hear(&publish(&topic, &format!(r#"{{"fixed_at":"x","seq":{seq}}}"#)), &gate);
        }
        assert_eq!(gate.consumed(), 16);
    }
}
