//! What webhooks of desks are sent. A message in CAP refers to those before it, so what was sent is remembered.

use std::collections::BTreeMap;

use zones::Alert;

use super::decide::Decider;
use crate::config::{Desk, WebhookBody};
use crate::delivery::{CapMessage, Earlier, cap_message, police_event};
use crate::store::{Channel, Store, StoreError};

/// A message refers to so many before it, the newest: each of those referred to those before.
const MOST_REFERENCES: usize = 16;
/// Rows of the outbox read at a time.
const PAGE: u32 = 1_000;
/// So many incidents are remembered before those that are over are looked for.
const TIDY_FROM: usize = 1_000;

/// The messages that desks were sent in CAP, by incident and desk, oldest first.
#[derive(Debug, Default)]
pub(super) struct CapRecord {
    sent: BTreeMap<(String, String), Vec<Earlier>>,
    tidy_at: usize,
}

impl CapRecord {
    /// Reads what was sent about incidents that are open, where a desk takes CAP.
    pub(super) async fn load(store: &Store, desks: &[Desk]) -> Result<Self, StoreError> {
        let mut record = Self::default();
        let takes_cap = |desk: &&Desk| matches!(desk.body, WebhookBody::Cap { .. });
        for desk in desks.iter().filter(takes_cap) {
            let (name, mut after) = (desk.name.as_str(), 0);
            loop {
                let page = store.told_of_open_incidents(Channel::DeskWebhook, name, after, PAGE).await?;
                let Some(last) = page.last() else { break };
                after = last.id;
                for told in page {
                    record.note(told.incident, name, Earlier { alert: told.alert, sent: told.at });
                }
            }
        }
        Ok(record)
    }

    fn before(&self, incident: &str, desk: &str) -> &[Earlier] {
        self.sent.get(&(incident.to_owned(), desk.to_owned())).map_or(&[], Vec::as_slice)
    }

    fn note(&mut self, incident: String, desk: &str, sent: Earlier) {
        let before = self.sent.entry((incident, desk.to_owned())).or_default();
        before.push(sent);
        let too_many = before.len().saturating_sub(MOST_REFERENCES);
        before.drain(..too_many);
    }

    /// Forgets incidents that are over, now and then.
    fn tidy(&mut self, goes_on: impl Fn(&str) -> bool) {
        if self.sent.len() >= self.tidy_at.max(TIDY_FROM) {
            self.sent.retain(|(incident, _), _| goes_on(incident));
            self.tidy_at = self.sent.len() * 2;
        }
    }
}

impl Decider {
    /// What a desk's webhook is sent of an alert; `None` when it cannot be written.
    pub(super) fn webhook_body(&mut self, alert: &Alert, desk: &str) -> Option<String> {
        let configured = self.around.desks.iter().find(|known| known.name.as_str() == desk);
        let WebhookBody::Cap { exercise } = configured.map(|desk| desk.body).unwrap_or_default() else {
            return police_event(&self.around.source, alert).ok();
        };
        let order = self.engine.order(&alert.order);
        let zone =
            order.and_then(|order| order.zones.iter().find(|zone| Some(&zone.zone) == alert.zone.as_ref()));
        let incident = alert.incident.to_string();
        let body = cap_message(&CapMessage {
            source: &self.around.source,
            desk,
            alert,
            exercise: exercise || alert.test,
            earlier: self.cap.before(&incident, desk),
            zone: zone.map(|zone| &zone.shape),
        });
        let incidents = &self.incidents;
        self.cap.tidy(|incident| incidents.contains_key(incident));
        self.cap.note(incident, desk, Earlier { alert: alert.alert.to_string(), sent: alert.raised_at });
        body.ok()
    }
}
