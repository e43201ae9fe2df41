//! Hearing what a service tells desks and victims.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Packet, Publish};
use rumqttc::v5::{AsyncClient, Event, EventLoop};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use zones::{AlertKind, Certainty, Level, Timestamp};

use super::file::Scenario;
use super::play::Names;
use crate::Failure;
use crate::broker::Broker;

/// Where alerts are heard.
const TOPICS: [&str; 2] = ["afstand/v1/desk/+/alert", "afstand/v1/victim/+/alert"];
/// How long a broker gets to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Messages that wait to be sent.
const QUEUE: usize = 256;

/// A connection that sends for all devices and hears all alerts.
pub(super) struct Line {
    pub(super) client: AsyncClient,
    pump: JoinHandle<()>,
    trouble: Arc<Mutex<Option<String>>>,
}

impl Line {
    /// The first thing that went wrong with it.
    pub(super) fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.pump.abort();
    }
}

/// Connects, subscribes, and gives what is heard to `alerts` from then on.
pub(super) async fn connect(
    broker: &Broker,
    word: &str,
    alerts: mpsc::Sender<Publish>,
) -> Result<Line, Failure> {
    let mut options = broker.options(&format!("simulator-{word}"));
    options.set_clean_start(true);
    let (client, mut events) = AsyncClient::new(options, QUEUE);
    for topic in TOPICS {
        // The queue is longer than this list.
        let _ = client.try_subscribe(topic, QoS::AtLeastOnce);
    }
    let mut open = TOPICS.len();
    while open > 0 {
        let refused = |why: &str| Failure::new(format!("cannot subscribe at {broker}: {why}"));
        match timeout(PATIENCE, events.poll()).await {
            Ok(Ok(Event::Incoming(Packet::SubAck(_)))) => open -= 1,
            Ok(Ok(_)) => {}
            Ok(Err(error)) => return Err(refused(&error.to_string())),
            Err(_) => return Err(refused("no answer")),
        }
    }
    let trouble = Arc::new(Mutex::new(None));
    let pump = tokio::spawn(pump(events, alerts, Arc::clone(&trouble)));
    Ok(Line { client, pump, trouble })
}

async fn pump(mut events: EventLoop, alerts: mpsc::Sender<Publish>, trouble: Arc<Mutex<Option<String>>>) {
    loop {
        match events.poll().await {
            Ok(Event::Incoming(Packet::Publish(publish))) => {
                let _ = alerts.send(publish).await; // The other end closes only with this one.
            }
            Ok(_) => {}
            Err(error) => {
                trouble.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error.to_string());
                sleep(Duration::from_millis(500)).await;
            }
        }
    }
}

/// An alert as a desk or a victim gets it.
#[derive(Debug)]
pub(super) struct Said {
    /// To a desk, with everything; else to a victim.
    pub(super) desk: bool,
    /// The device it was sent to, when to a victim.
    device: String,
    pub(super) alert: String,
    pub(super) kind: AlertKind,
    pub(super) level: Level,
    pub(super) certainty: Certainty,
    pub(super) late: bool,
    pub(super) raised_at: Timestamp,
    pub(super) reason: String,
    order: Option<String>,
    /// Wearer, victim, zone and device, as far as it names them.
    ids: Vec<String>,
}

/// What both versions have, and what only the desk's has.
#[derive(Deserialize)]
struct Data {
    alert: String,
    kind: AlertKind,
    level: Level,
    certainty: Certainty,
    late: bool,
    raised_at: Timestamp,
    #[serde(default)]
    reason: String,
    order: Option<String>,
    wearer: Option<String>,
    victim: Option<String>,
    zone: Option<String>,
    device: Option<String>,
}

impl Said {
    /// Reads a message; `None` where it is no alert.
    pub(super) fn read(publish: &Publish) -> Option<Self> {
        let topic = std::str::from_utf8(&publish.topic).ok()?;
        let mut parts = topic.split('/').skip(2);
        let (to, device) = (parts.next()?, parts.next()?);
        let event: Value = serde_json::from_slice(&publish.payload).ok()?;
        let data: Data = serde_json::from_value(event.get("data")?.clone()).ok()?;
        // About a device, the wearer is only the other party.
        let wearer = data.wearer.filter(|_| data.device.is_none());
        let owner = data.device.as_deref().and_then(|device| device.get(3..)).map(str::to_owned);
        let ids = [wearer, data.victim, data.zone, owner].into_iter().flatten().collect();
        Some(Self {
            desk: to == "desk",
            device: device.to_owned(),
            alert: data.alert,
            kind: data.kind,
            level: data.level,
            certainty: data.certainty,
            late: data.late,
            raised_at: data.raised_at,
            reason: data.reason,
            order: data.order,
            ids,
        })
    }

    /// Whether it belongs to that copy of a case: by its order, or by whose device it came to.
    pub(super) fn concerns(&self, names: &Names<'_>, scenario: &Scenario) -> bool {
        match &self.order {
            Some(order) if self.desk => names.has_order(order),
            _ => (0..scenario.people.len()).any(|person| names.device(person) == self.device),
        }
    }

    /// Whom it is about, by the names of the case.
    pub(super) fn about(&self, names: &Names<'_>) -> Vec<String> {
        let told = if self.desk { None } else { self.device.get(3..) };
        let ids = self.ids.iter().map(String::as_str).chain(told);
        ids.map(|id| names.plain(id).to_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenarios::select;

    fn publish(topic: &str, data: &Value) -> Publish {
        let payload = serde_json::json!({"data": data}).to_string();
        Publish::new(topic, QoS::AtLeastOnce, payload, None)
    }

    #[test]
    fn an_alert_is_known_by_its_order_at_the_desk_and_by_the_device_at_the_victim() {
        let scenario = select(&["live-car".to_owned()]).unwrap().remove(0);
        let (ours, other) = (Names::new(&scenario, "s1", 0), Names::new(&scenario, "s2", 0));
        let mut data = serde_json::json!({
            "alert": "a", "kind": "victim_proximity", "level": "alarm", "certainty": "likely", "late": false,
            "raised_at": "2026-11-02T08:00:00Z",
        });
        let victim = Said::read(&publish("afstand/v1/victim/vd-s1-live-car-anna/alert", &data)).unwrap();
        assert!(!victim.desk && victim.concerns(&ours, &scenario) && !victim.concerns(&other, &scenario));
        assert_eq!(victim.about(&ours), ["anna"]);
        for (key, value) in
            [("order", "s1-live-car-order-1"), ("wearer", "s1-live-car-bram"), ("reason", "x")]
        {
            data[key] = value.into();
        }
        let desk = Said::read(&publish("afstand/v1/desk/rotterdam/alert", &data)).unwrap();
        assert!(desk.desk && desk.concerns(&ours, &scenario) && !desk.concerns(&other, &scenario));
        assert_eq!(desk.about(&ours), ["bram"]);
        assert!(Said::read(&publish("afstand/v1/desk/rotterdam/alert", &Value::Null)).is_none());
    }
}
