//! The roads on which alerts leave.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use zones::DeskId;

use crate::config::{Desk, Webhook};
use crate::mqtt::{Message, Published, Publisher};
use crate::store::{Channel, NewDelivery};

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
        match self.publisher.publish(message).await {
            Ok(Published::Taken | Published::Sent) => Ok("taken by the broker".to_owned()),
            Ok(Published::NoSubscriber) => Err(SendError("nobody is subscribed".to_owned())),
            Err(error) => Err(SendError(error.to_string())),
        }
    }

    async fn post(&self, delivery: &NewDelivery) -> Result<String, SendError> {
        let webhook = DeskId::new(&delivery.recipient).ok().and_then(|desk| self.webhooks.get(&desk));
        let webhook =
            webhook.ok_or_else(|| SendError("this desk has no webhook in the settings".to_owned()))?;
        self.client.post(webhook, &delivery.alert, &delivery.payload).await
    }
}

impl Transport for Roads {
    async fn send(&self, delivery: &NewDelivery) -> Result<String, SendError> {
        match delivery.channel {
            Channel::VictimMqtt => {
                self.publish(format!("afstand/v1/victim/{}/alert", delivery.recipient), delivery).await
            }
            Channel::DeskMqtt => {
                self.publish(format!("afstand/v1/desk/{}/alert", delivery.recipient), delivery).await
            }
            Channel::DeskWebhook => self.post(delivery).await,
        }
    }
}
