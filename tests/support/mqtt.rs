//! Somebody at the broker: a device, a desk, or whoever listens. Speaks MQTT 5.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{ConnectProperties, Packet, Publish};
use rumqttc::v5::{AsyncClient, Event, EventLoop, MqttOptions};
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::soon;

/// One message as it was heard.
#[derive(Debug, Clone)]
pub struct Heard {
    pub topic: String,
    pub payload: Bytes,
    /// Message expiry as the broker passed it on, in seconds.
    pub expiry_s: Option<u32>,
}

impl Heard {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.payload).expect("JSON")
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.payload).expect("text")
    }
}

/// A client with a session of its own, kept at the broker while it is away.
pub struct Client {
    link: AsyncClient,
    sent: AtomicU64,
    state: watch::Receiver<State>,
    heard: Arc<Mutex<Vec<Heard>>>,
    task: JoinHandle<()>,
}

#[derive(Debug, Clone, Copy, Default)]
struct State {
    connected: bool,
    acknowledged: u64,
    subscriptions: u64,
    heard: usize,
}

impl Client {
    pub async fn connect(port: u16, id: &str) -> Self {
        let mut options = MqttOptions::new(id, "127.0.0.1", port);
        let properties =
            ConnectProperties { session_expiry_interval: Some(3_600), ..ConnectProperties::new() };
        options
            .set_connect_properties(properties)
            .set_clean_start(false)
            .set_keep_alive(Duration::from_secs(20));
        options.set_max_packet_size(Some(64 << 20)).set_outgoing_inflight_upper_limit(1_000);
        let (link, events) = AsyncClient::new(options, 100);
        let (to_state, state) = watch::channel(State::default());
        let heard = Arc::new(Mutex::new(Vec::new()));
        let task = tokio::spawn(follow(events, to_state, Arc::clone(&heard)));
        let mut this = Self { link, sent: AtomicU64::new(0), state, heard, task };
        this.reached("a connection", |state| state.connected).await;
        this
    }

    async fn reached(&mut self, what: &str, is: impl FnMut(&State) -> bool) {
        soon(what, self.state.wait_for(is)).await.expect("the client runs");
    }

    pub async fn subscribe(&mut self, filter: &str) {
        let before = self.state.borrow().subscriptions;
        self.link.subscribe(filter, QoS::AtLeastOnce).await.expect("the client runs");
        self.reached("a subscription", |state| state.subscriptions > before).await;
    }

    /// Publishes with QoS 1 and returns when the broker has acknowledged it.
    pub async fn publish(&self, topic: &str, payload: impl Into<Bytes>) {
        self.send(topic, payload).await;
        self.acknowledged().await;
    }

    pub async fn publish_json(&self, topic: &str, payload: &Value) {
        self.publish(topic, payload.to_string()).await;
    }

    /// Publishes with QoS 1 without waiting for the acknowledgement.
    pub async fn send(&self, topic: &str, payload: impl Into<Bytes>) {
        self.sent.fetch_add(1, Ordering::Relaxed);
        let sending = self.link.publish(topic, QoS::AtLeastOnce, false, payload.into());
        soon("room to publish", sending).await.expect("the client runs");
    }

    /// Returns when the broker has acknowledged everything that was sent.
    pub async fn acknowledged(&self) {
        let sent = self.sent.load(Ordering::Relaxed);
        let mut state = self.state.clone();
        soon("acknowledgements", state.wait_for(|state| state.acknowledged >= sent)).await.expect("it runs");
    }

    /// Everything heard so far, in order of arrival.
    pub fn heard(&self) -> Vec<Heard> {
        self.heard.lock().expect("nobody panicked").clone()
    }

    /// Everything heard so far on one topic.
    pub fn heard_on(&self, topic: &str) -> Vec<Heard> {
        self.heard().into_iter().filter(|heard| heard.topic == topic).collect()
    }

    /// The first message on a topic that is the one looked for.
    pub async fn wait_for(&self, topic: &str, is: impl Fn(&Heard) -> bool) -> Heard {
        let mut state = self.state.clone();
        let looking = async {
            loop {
                let count = state.borrow_and_update().heard;
                if let Some(found) = self.heard_on(topic).into_iter().find(&is) {
                    return found;
                }
                state.wait_for(|state| state.heard > count).await.expect("the client runs");
            }
        };
        soon(&format!("a message on {topic}"), looking).await
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Keeps the connection going. A broker that is away is tried again, as a device would.
async fn follow(mut events: EventLoop, state: watch::Sender<State>, all: Arc<Mutex<Vec<Heard>>>) {
    loop {
        match events.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(_))) => state.send_modify(|state| state.connected = true),
            Ok(Event::Incoming(Packet::PubAck(_))) => state.send_modify(|state| state.acknowledged += 1),
            Ok(Event::Incoming(Packet::SubAck(_))) => state.send_modify(|state| state.subscriptions += 1),
            Ok(Event::Incoming(Packet::Publish(publish))) => {
                all.lock().expect("nobody panicked").push(heard(publish));
                state.send_modify(|state| state.heard += 1);
            }
            Ok(_) => {}
            Err(_) => {
                state.send_modify(|state| state.connected = false);
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

fn heard(publish: Publish) -> Heard {
    Heard {
        topic: String::from_utf8_lossy(&publish.topic).into_owned(),
        expiry_s: publish.properties.and_then(|properties| properties.message_expiry_interval),
        payload: publish.payload,
    }
}
