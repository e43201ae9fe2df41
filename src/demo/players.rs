//! Devices that send, and the ear of the recipients, over MQTT.

use std::time::Duration;

use simulator::live::City;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::Line;
use super::account::Ear;
use crate::api::Readiness;
use crate::clock;
use crate::mqtt::{IngestHandle, IngestLink, LinkSettings, Message, MqttConfig, Publisher};

/// How often the city goes on.
const STEP: Duration = Duration::from_millis(100);

/// Messages that may wait for the recipients' ear.
const HEARD_WAITING: usize = 1_000;

/// Settings of a player's connection.
fn settings(broker: &str, name: &str, topics: &[&str]) -> Result<LinkSettings, String> {
    let config = MqttConfig { client_id: format!("demo-{name}"), ..MqttConfig::new(broker) };
    let topics = topics.iter().map(|topic| (*topic).to_owned()).collect();
    LinkSettings::load(&config, topics).map_err(|error| error.to_string())
}

/// Listens as all victim devices and desks.
pub(super) fn listen(broker: &str) -> Result<(IngestHandle, Ear), String> {
    let settings = settings(broker, "recipients", &["afstand/v1/victim/+/alert", "afstand/v1/desk/+/alert"])?;
    let (to_ear, heard) = mpsc::channel(HEARD_WAITING);
    let link = IngestLink::start(settings, to_ear);
    let acks = link.acks();
    Ok((link, Ear { heard, acks }))
}

/// Connects as all devices.
pub(super) fn connect(broker: &str) -> Result<Publisher, String> {
    Ok(Publisher::start(settings(broker, "devices", &[])?))
}

/// Plays the city until `stop`; returns how many messages the devices sent.
pub(super) async fn play(
    mut city: City,
    publisher: Publisher,
    mut readiness: watch::Receiver<Readiness>,
    say: mpsc::Sender<Line>,
    stop: CancellationToken,
) -> u64 {
    tokio::select! {
        ready = readiness.wait_for(|state| state.reasons().is_empty()) => if ready.is_err() { return 0 },
        () = stop.cancelled() => return 0,
    }
    let mut step = tokio::time::interval(STEP);
    let mut sent = 0;
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            _ = step.tick() => {
                let now = clock::now();
                while let Some(emission) = city.next_before(now) {
                    let mut message = Message::new(emission.topic, emission.payload);
                    message.retain = emission.retain;
                    sent += u64::from(publisher.publish(message).await.is_ok());
                }
                while let Some(told) = city.narrate_before(now) {
                    if told.noteworthy {
                        let _ = say.send(Line::At(told.at, told.text)).await;
                    }
                }
            }
        }
    }
    publisher.stop().await;
    sent
}
