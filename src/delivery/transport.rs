//! The roads on which alerts and notices leave.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use zones::DeskId;
use zones::order::{EmailAddress, PhoneNumber};

use crate::config::{Contact, Contacts, Desk, Webhook};
use crate::mqtt::{Message, PublishError, Published, Publisher};
use crate::store::{Channel, NewDelivery};
use crate::wire::outgoing;

use super::gateway::SmsClient;
use super::mail::Mailer;
use super::staff::Notice;
use super::webhook::{Post, WebhookClient};

/// A warning or an alarm that the broker could not hand over to a victim's device for so long is not handed over any
/// more: it would frighten about something long past. Desks and staff get theirs, whenever they are back: the broker
/// has taken it, so nobody would try again.
const EXPIRES_AFTER: Duration = Duration::from_mins(2);

/// Why an attempt failed, in one line for the delivery record. It holds nothing of the alert, and
/// no number or address of its recipient: it is logged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct SendError {
    why: String,
    is_missing: bool,
}

impl SendError {
    /// Another attempt may go better.
    pub fn new(why: impl Into<String>) -> Self {
        Self { why: why.into(), is_missing: false }
    }

    /// Whether the settings have no such recipient: until they are changed no attempt goes better.
    pub fn is_missing(&self) -> bool {
        self.is_missing
    }
}

/// Something that takes a delivery to its recipient.
pub trait Transport: Send + Sync + 'static {
    /// Tries once. Ends within half a minute, and is told apart from another try by nothing: the recipient
    /// may get the same alert twice. What is given back says how the recipient answered.
    fn send(&self, delivery: &NewDelivery) -> impl Future<Output = Result<String, SendError>> + Send;
}

/// The broker, webhooks, the mail server and the gateway for text messages.
#[derive(Debug)]
pub struct Roads {
    publisher: Publisher,
    client: WebhookClient,
    desks: BTreeMap<DeskId, Webhook>,
    contacts: Contacts,
    mailer: Option<Mailer>,
    gateway: Option<SmsClient>,
}

impl Roads {
    /// All roads to these desks and contacts, and to every victim.
    ///
    /// # Errors
    /// When a road cannot be taken as its settings say.
    pub fn new(publisher: Publisher, desks: &[Desk], contacts: Contacts) -> Result<Self, SendError> {
        let desks =
            desks.iter().filter_map(|desk| Some((desk.name.clone(), desk.webhook.clone()?))).collect();
        let mailer = contacts.smtp.as_ref().map(Mailer::new).transpose()?;
        let gateway = contacts.sms.clone().map(SmsClient::new).transpose()?;
        Ok(Self { publisher, client: WebhookClient::new()?, desks, contacts, mailer, gateway })
    }

    async fn publish(&self, topic: String, delivery: &NewDelivery) -> Result<String, SendError> {
        let mut message = Message::new(topic, delivery.payload.clone());
        let hers = delivery.channel == Channel::VictimMqtt;
        // The end of an alert is worth knowing at any time.
        message.expiry = (hers && delivery.level != "clear").then_some(EXPIRES_AFTER);
        answer(self.publisher.publish(message).await)
    }

    async fn post_to_desk(&self, delivery: &NewDelivery) -> Result<String, SendError> {
        let webhook = self.desks.get(delivery.recipient.as_str());
        let webhook = webhook.ok_or_else(|| missing("this desk has no webhook"))?;
        // Which of the two a desk gets is decided with the alert, so that every attempt sends the same.
        let is_cap = delivery.payload.starts_with('<');
        let media = if is_cap { "application/cap+xml" } else { "application/cloudevents+json" };
        self.post(webhook, delivery, media).await
    }

    async fn post_to_contact(&self, delivery: &NewDelivery) -> Result<String, SendError> {
        let webhook = self.contact(delivery).and_then(|contact| contact.webhook.as_ref());
        self.post(
            webhook.ok_or_else(|| missing("this contact has no webhook"))?,
            delivery,
            "application/json",
        )
        .await
    }

    async fn post(
        &self,
        webhook: &Webhook,
        delivery: &NewDelivery,
        media: &'static str,
    ) -> Result<String, SendError> {
        self.client.post(webhook, Post { id: &delivery.alert, media, body: &delivery.payload }).await
    }

    fn contact(&self, delivery: &NewDelivery) -> Option<&Contact> {
        self.contacts.find(&delivery.recipient)
    }

    async fn mail(&self, delivery: &NewDelivery) -> Result<String, SendError> {
        let notice = Notice::read(&delivery.payload)?;
        let to = self.contact(delivery).and_then(|contact| contact.email.clone());
        // A name has no @ in it, an address has.
        let to = to.or_else(|| EmailAddress::new(&delivery.recipient).ok());
        let (Some(to), Some(mailer)) = (to, &self.mailer) else {
            return Err(missing("there is no way to mail this recipient"));
        };
        let letter = match delivery.channel {
            Channel::VictimEmail => notice.victims_letter(),
            _ => notice.letter(),
        };
        mailer.send(&to, &letter).await
    }

    async fn text(&self, delivery: &NewDelivery) -> Result<String, SendError> {
        let notice = Notice::read(&delivery.payload)?;
        let to = self.contact(delivery).and_then(|contact| contact.sms.clone());
        // A name has no + in it, a number has.
        let to = to.or_else(|| PhoneNumber::new(&delivery.recipient).ok());
        let (Some(to), Some(gateway)) = (to, &self.gateway) else {
            return Err(missing("there is no way to send this recipient a text message"));
        };
        let text = match delivery.channel {
            Channel::VictimSms => notice.victims_text_message(),
            _ => notice.text_message(),
        };
        gateway.send(&delivery.alert, &to, &text).await
    }
}

fn missing(what: &str) -> SendError {
    SendError { why: format!("{what} in the settings"), is_missing: true }
}

/// What the broker's answer means for the delivery. That it has the message is all that MQTT says; that it was
/// shown is for the device's receipt.
fn answer(published: Result<Published, PublishError>) -> Result<String, SendError> {
    match published {
        Ok(Published::Taken | Published::Sent) => Ok("taken by the broker".to_owned()),
        Ok(Published::NoSubscriber) => Err(SendError::new("nobody is subscribed".to_owned())),
        Err(error) => Err(SendError::new(error.to_string())),
    }
}

impl Transport for Roads {
    async fn send(&self, delivery: &NewDelivery) -> Result<String, SendError> {
        match delivery.channel {
            Channel::VictimMqtt => self.publish(outgoing::victim_alert(&delivery.recipient), delivery).await,
            Channel::DeskMqtt => self.publish(outgoing::desk_alert(&delivery.recipient), delivery).await,
            Channel::DeskWebhook => self.post_to_desk(delivery).await,
            Channel::StaffMqtt => self.publish(outgoing::staff_notice(&delivery.recipient), delivery).await,
            Channel::StaffWebhook => self.post_to_contact(delivery).await,
            Channel::Email | Channel::VictimEmail => self.mail(delivery).await,
            Channel::Sms | Channel::VictimSms => self.text(delivery).await,
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
        assert_eq!(
            answer(Ok(Published::NoSubscriber)),
            Err(SendError::new("nobody is subscribed".to_owned()))
        );
        let full = answer(Err(PublishError::QueueFull));
        assert_eq!(full, Err(SendError::new("too many messages wait to be published".to_owned())));
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
        let roads = Roads::new(publisher.clone(), &[], Contacts::default()).unwrap();
        for (channel, level, topic, expires) in [
            (Channel::VictimMqtt, "alarm", "afstand/v1/victim/here/alert", true),
            (Channel::VictimMqtt, "clear", "afstand/v1/victim/here/alert", false),
            (Channel::DeskMqtt, "alarm", "afstand/v1/desk/here/alert", false),
        ] {
            let sent = delivery(channel, "here", level);
            let (answer, (to, payload, expiry)) = tokio::join!(roads.send(&sent), next_alert(&mut device));
            assert_eq!(answer, Ok("taken by the broker".to_owned()));
            assert_eq!((to.as_str(), payload), (topic, sent.payload));
            // The broker counts down from 120 s.
            assert_eq!(expiry.is_some_and(|secs| (110..=120).contains(&secs)), expires, "{expiry:?}");
        }

        let webhook = roads.send(&delivery(Channel::DeskWebhook, "here", "alarm")).await;
        assert_eq!(webhook, Err(missing("this desk has no webhook")));
        publisher.stop().await;
        broker.stop().await.unwrap();
    }
}
