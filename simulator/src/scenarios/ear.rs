//! Hearing what a service tells desks and victims.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rumqttc::v5::mqttbytes::v5::{Packet, Publish};
use rumqttc::v5::{AsyncClient, Event, EventLoop};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use zones::{AlertKind, Approach, Certainty, Level, ProtectionState, Timestamp};

use super::expect::Kind;
use super::play::Names;
use crate::Failure;
use crate::broker::Broker;

/// Where alerts are heard.
const TOPICS: [&str; 4] = [
    "afstand/v1/desk/+/alert",
    "afstand/v1/victim/+/alert",
    "afstand/v1/victim/+/protection",
    "afstand/v1/wearer/+/command",
];
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
    let options = broker.options(&format!("simulator-{word}"));
    let (client, events) = broker.subscribe(options, QUEUE, &TOPICS).await?;
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

/// A message to a desk, a victim device or an ankle monitor.
#[derive(Debug)]
pub(super) enum Said {
    /// To a desk: the police version.
    Desk(Box<Data>),
    /// To that victim device.
    Victim(String, Box<Data>),
    /// To that device, something that is no alert.
    Told(String, Kind, String),
}

/// An alert: what both versions have, and what only the desk's has.
#[derive(Debug, Deserialize)]
pub(super) struct Data {
    pub(super) alert: String,
    pub(super) kind: AlertKind,
    pub(super) level: Level,
    pub(super) certainty: Certainty,
    pub(super) late: bool,
    pub(super) raised_at: Timestamp,
    #[serde(default)]
    pub(super) reason: String,
    pub(super) approach: Option<Approach>,
    order: Option<String>,
    wearer: Option<String>,
    victim: Option<String>,
    zone: Option<String>,
    device: Option<String>,
}

#[derive(Deserialize)]
struct ProtectionData {
    state: ProtectionState,
    reasons: Vec<String>,
}

impl Said {
    /// Reads a message; `None` where it is none of these.
    pub(super) fn read(publish: &Publish) -> Option<Self> {
        let topic = std::str::from_utf8(&publish.topic).ok()?;
        let mut parts = topic.split('/').skip(2);
        let (to, name, leaf) = (parts.next()?, parts.next()?.to_owned(), parts.next()?);
        let payload: Value = serde_json::from_slice(&publish.payload).ok()?;
        let data = || serde_json::from_value(payload.get("data")?.clone()).ok().map(Box::new);
        Some(match (to, leaf) {
            ("desk", "alert") => Self::Desk(data()?),
            ("victim", "alert") => Self::Victim(name, data()?),
            ("victim", "protection") => {
                let told: ProtectionData = serde_json::from_value(payload).ok()?;
                Self::Told(name, Kind::Protection(told.state), told.reasons.join(", "))
            }
            ("wearer", "command") => {
                Self::Told(name, Kind::Command, format!("every {} s", payload.get("fix_interval_s")?))
            }
            _ => return None,
        })
    }

    /// Whether it belongs to that copy of a case: by its order, or by whose device it came to.
    pub(super) fn concerns(&self, names: &Names<'_>) -> bool {
        match self {
            Self::Desk(data) => data.order.as_ref().is_some_and(|order| names.has_order(order)),
            Self::Victim(device, _) | Self::Told(device, ..) => names.has_device(device),
        }
    }
}

impl Data {
    /// Whom it is about, by the names of the case.
    pub(super) fn about(&self, names: &Names<'_>) -> Vec<String> {
        // About a device, the wearer is only the other party.
        let wearer = self.wearer.as_deref().filter(|_| self.device.is_none());
        let ids = [wearer, self.victim.as_deref(), self.zone.as_deref()].into_iter().flatten();
        let owner = self.device.as_deref().map(|device| names.owner(device));
        ids.map(|id| names.plain(id)).chain(owner).map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenarios::select;
    use rumqttc::v5::mqttbytes::QoS;

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
        assert!(matches!(&victim, Said::Victim(device, _) if ours.owner(device) == "anna"), "{victim:?}");
        assert!(victim.concerns(&ours) && !victim.concerns(&other));
        for (key, value) in
            [("order", "s1-live-car-order-1"), ("wearer", "s1-live-car-bram"), ("reason", "x")]
        {
            data[key] = value.into();
        }
        let desk = Said::read(&publish("afstand/v1/desk/rotterdam/alert", &data)).unwrap();
        assert!(desk.concerns(&ours) && !desk.concerns(&other));
        assert!(matches!(&desk, Said::Desk(data) if data.about(&ours) == ["bram"]), "{desk:?}");
        assert!(Said::read(&publish("afstand/v1/desk/rotterdam/alert", &Value::Null)).is_none());
    }

    #[test]
    fn protection_and_commands_are_heard_too() {
        let read = |topic, payload: Value| {
            Said::read(&Publish::new(topic, QoS::AtLeastOnce, payload.to_string(), None))
        };
        let limited = serde_json::json!({"state": "limited", "reasons": ["own_device_silent"], "since": "x"});
        let said = read("afstand/v1/victim/vd-1/protection", limited);
        assert!(
            matches!(&said, Some(Said::Told(device, Kind::Protection(ProtectionState::Limited), why))
                if device == "vd-1" && why == "own_device_silent"),
            "{said:?}"
        );
        let said =
            read("afstand/v1/wearer/am-1/command", serde_json::json!({"fix_interval_s": 10, "until": "x"}));
        assert!(matches!(&said, Some(Said::Told(_, Kind::Command, why)) if why == "every 10 s"), "{said:?}");
    }
}
