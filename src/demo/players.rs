//! Devices that send and recipients that listen, over MQTT.

use std::time::Duration;

use simulator::live::City;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::Line;
use crate::api::Readiness;
use crate::clock;
use crate::mqtt::{Arrived, IngestLink, LinkSettings, Message, MqttConfig, Publisher};

/// How often the city goes on.
const STEP: Duration = Duration::from_millis(100);

/// Messages that may wait for the recipients' ear.
const HEARD_WAITING: usize = 1_000;

/// Plays the city until `stop`; returns how many messages the devices sent.
pub(super) async fn play(
    mut city: City,
    broker: String,
    mut readiness: watch::Receiver<Readiness>,
    say: mpsc::Sender<Line>,
    stop: CancellationToken,
) -> u64 {
    let settings = |name: &str, topics: &[&str]| {
        let config = MqttConfig { client_id: format!("demo-{name}"), ..MqttConfig::new(broker.clone()) };
        LinkSettings::load(&config, topics.iter().map(|topic| (*topic).to_owned()).collect())
    };
    let (Ok(sending), Ok(hearing)) = (
        settings("devices", &[]),
        settings("recipients", &["afstand/v1/victim/+/alert", "afstand/v1/desk/+/alert"]),
    ) else {
        return 0; // The service has started from the same address: it is right.
    };
    let publisher = Publisher::start(sending);
    let (to_ear, mut heard) = mpsc::channel(HEARD_WAITING);
    let ear = IngestLink::start(hearing, to_ear);
    let acks = ear.acks();
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
            Some(arrived) = heard.recv() => {
                let _ = say.send(receipt(&arrived)).await;
                acks.ack(vec![arrived.ack]);
            }
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
    ear.stop().await;
    publisher.stop().await;
    sent
}

/// Who got what.
fn receipt(arrived: &Arrived) -> Line {
    let topic = arrived.topic().unwrap_or_default();
    let who = match topic.split('/').collect::<Vec<_>>()[..] {
        [_, _, "victim", device, _] => format!("slachtofferdevice {device}"),
        [_, _, "desk", desk, _] => format!("meldkamer {desk}"),
        _ => topic.to_owned(),
    };
    Line::At(clock::timestamp(arrived.received_at), format!("          → ontvangen / received: {who}"))
}
