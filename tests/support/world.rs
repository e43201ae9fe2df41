//! Everything around one service: broker, desk with its webhook, and somebody who hears all that is sent out.

use super::broker::Broker;
use super::mqtt::Client;
use super::service::{Draft, Service};
use super::webhook::Webhook;

pub struct World {
    pub broker: Broker,
    pub webhook: Webhook,
    pub service: Service,
    /// Hears everything that the service sends to desks, victims and wearers.
    pub ear: Client,
    /// Speaks for all devices, in one order.
    pub devices: Client,
}

impl World {
    /// Starts all of it; `edit` adds to the settings of the service. The desk is `rotterdam`.
    pub async fn start(broker: Broker, edit: impl FnOnce(Draft) -> Draft) -> Self {
        let webhook = Webhook::start().await;
        let draft = Draft::new(&broker.url()).desk("rotterdam", Some(&webhook.url));
        let mut service = edit(draft).write();
        service.start().await;
        let mut ear = Client::connect(broker.port(), "ear").await;
        for leaf in ["alert", "protection", "command", "committed"] {
            ear.subscribe(&format!("afstand/v1/+/+/{leaf}")).await;
        }
        let devices = Client::connect(broker.port(), "devices").await;
        Self { broker, webhook, service, ear, devices }
    }
}
