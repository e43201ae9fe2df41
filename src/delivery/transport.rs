//! The roads on which alerts leave.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use zones::DeskId;

use crate::config::{Desk, Webhook};
use crate::mqtt::{Message, PublishError, Published, Publisher};
use crate::store::{Channel, NewDelivery};
use crate::wire::outgoing;

use super::webhook::WebhookClient;

/// A warning or an alarm that the broker could not hand over for so long is not handed over any more: it would
/// frighten about something long past.
const EXPIRES_AFTER: Duration = Duration::from_mins(2);

/// Why an attempt failed, in one line for the delivery record. It holds nothing of the alert.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SendError(pub String);

/// Something that takes a delivery to its recipient.
pub trait Transport: Send + Sync + 'static {
    /// Tries once. Ends within half a minute, and is told apart from another try by nothing: the recipient
    /// may get the same alert twice. What is given back says how the recipient answered.
    fn send(&self, delivery: &NewDelivery) -> impl Future<Output = Result<String, SendError>> + Send;
}

/// The broker and the desks' webhooks.
#[derive(Debug)]
pub struct Roads {
    publisher: Publisher,
    client: WebhookClient,
    webhooks: BTreeMap<DeskId, Webhook>,
}

impl Roads {
    /// All roads to these desks and to every victim device.
    pub fn new(publisher: Publisher, desks: &[Desk]) -> Result<Self, SendError> {
        let webhooks =
            desks.iter().filter_map(|desk| Some((desk.name.clone(), desk.webhook.clone()?))).collect();
        Ok(Self { publisher, client: WebhookClient::new()?, webhooks })
    }

    async fn publish(&self, topic: String, delivery: &NewDelivery) -> Result<String, SendError> {
        let mut message = Message::new(topic, delivery.payload.clone());
        // The end of an alert is worth knowing at any time.
        message.expiry = (delivery.level != "clear").then_some(EXPIRES_AFTER);
        answer(self.publisher.publish(message).await)
    }

    async fn post(&self, delivery: &NewDelivery) -> Result<String, SendError> {
        let webhook = DeskId::new(&delivery.recipient).ok().and_then(|desk| self.webhooks.get(&desk));
        let webhook =
            webhook.ok_or_else(|| SendError("this desk has no webhook in the settings".to_owned()))?;
        self.client.post(webhook, &delivery.alert, &delivery.payload).await
    }
}

/// What the broker's answer means for the delivery. That it has the message is all that MQTT says; that it was
/// shown is for the device's receipt.
fn answer(published: Result<Published, PublishError>) -> Result<String, SendError> {
    match published {
        Ok(Published::Taken | Published::Sent) => Ok("taken by the broker".to_owned()),
        Ok(Published::NoSubscriber) => Err(SendError("nobody is subscribed".to_owned())),
        Err(error) => Err(SendError(error.to_string())),
    }
}

impl Transport for Roads {
    async fn send(&self, delivery: &NewDelivery) -> Result<String, SendError> {
        match delivery.channel {
            Channel::VictimMqtt => self.publish(outgoing::victim_alert(&delivery.recipient), delivery).await,
            Channel::DeskMqtt => self.publish(outgoing::desk_alert(&delivery.recipient), delivery).await,
            Channel::DeskWebhook => self.post(delivery).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use rumqttc::v5::mqttbytes::QoS;
    use rumqttc::v5::mqttbytes::v5::{Packet, Publish};
    use rumqttc::v5::{AsyncClient, Event, EventLoop, MqttOptions};

    use super::*;
    use crate::delivery::tests::{install_tls, within};
    use crate::mqtt::{EmbeddedBroker, EmbeddedSettings, LinkSettings, MqttConfig};

    fn delivery(channel: Channel, recipient: &str, level: &'static str) -> NewDelivery {
        NewDelivery {
            id: 1,
            alert: "alert-1".to_owned(),
            alert_seq: 1,
            incident: "incident-1".to_owned(),
            channel,
            recipient: recipient.to_owned(),
            payload: format!("{{\"level\":\"{level}\"}}"),
            level: level.into(),
            created_at: zones::Timestamp::from_millis(0),
        }
    }

    async fn next(device: &mut EventLoop, is: impl Fn(&Packet) -> bool) -> Packet {
        let found = async {
            loop {
                if let Event::Incoming(packet) = device.poll().await.unwrap()
                    && is(&packet)
                {
                    return packet;
                }
            }
        };
        within("the broker", found).await
    }

    async fn next_alert(device: &mut EventLoop) -> (String, String, Option<u32>) {
        let packet = next(device, |packet| matches!(packet, Packet::Publish(_))).await;
        let Packet::Publish(Publish { topic, payload, properties, .. }) = packet else {
            panic!("{packet:?}")
        };
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (text(&topic), text(&payload), properties.and_then(|p| p.message_expiry_interval))
    }

    #[test]
    fn an_alert_that_nobody_hears_was_not_received() {
        assert_eq!(answer(Ok(Published::NoSubscriber)), Err(SendError("nobody is subscribed".to_owned())));
        let full = answer(Err(PublishError::QueueFull));
        assert_eq!(full, Err(SendError("too many messages wait to be published".to_owned())));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn alerts_go_over_the_broker_to_who_is_there() {
        install_tls();
        let folder = tempfile::tempdir().unwrap();
        let broker =
            EmbeddedBroker::start(EmbeddedSettings::open((Ipv4Addr::LOCALHOST, 0).into(), folder.path()));
        let broker = broker.await.unwrap();
        let mut options = MqttOptions::new("everybody", "127.0.0.1", broker.address().port());
        options.set_clean_start(true);
        let (client, mut device) = AsyncClient::new(options, 10);
        client.subscribe("afstand/v1/+/here/alert", QoS::AtLeastOnce).await.unwrap();
        next(&mut device, |packet| matches!(packet, Packet::SubAck(_))).await;

        let link = MqttConfig::new(format!("mqtt://{}", broker.address()));
        let publisher = Publisher::start(LinkSettings::load(&link, Vec::new()).unwrap());
        let roads = Roads::new(publisher.clone(), &[]).unwrap();
        for (channel, level, topic, expires) in [
            (Channel::VictimMqtt, "alarm", "afstand/v1/victim/here/alert", true),
            (Channel::DeskMqtt, "warning", "afstand/v1/desk/here/alert", true),
            (Channel::DeskMqtt, "clear", "afstand/v1/desk/here/alert", false),
        ] {
            let sent = delivery(channel, "here", level);
            let (answer, (to, payload, expiry)) = tokio::join!(roads.send(&sent), next_alert(&mut device));
            assert_eq!(answer, Ok("taken by the broker".to_owned()));
            assert_eq!((to.as_str(), payload), (topic, sent.payload));
            // The broker counts down from 120 s.
            assert_eq!(expiry.is_some_and(|secs| (110..=120).contains(&secs)), expires, "{expiry:?}");
        }

        let webhook = roads.send(&delivery(Channel::DeskWebhook, "here", "alarm")).await;
        assert_eq!(webhook, Err(SendError("this desk has no webhook in the settings".to_owned())));
        publisher.stop().await;
        broker.stop().await.unwrap();
    }
}
