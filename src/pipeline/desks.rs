//! Many silent devices at once, for a desk: what concerns it, the most dangerous first.

use uuid::Uuid;
use zones::order::Order;
use zones::{Alert, AlertKind, Many, SilentOne};

use super::decide::Decider;
use crate::delivery::{DeskRoads, Recipient};
use crate::followup::{DeskNews, Incident};
use crate::store::{Channel, IN_MASS};

/// So many of a desk's own are listed: what fits on a screen or two. All of them are in its queue of incidents.
const MOST_LISTED: usize = 50;

impl Decider {
    /// Whether an alert is kept from its desk, because that hears of all that are silent at once.
    pub(super) fn is_held(&self, alert: &Alert) -> bool {
        let risk = self.engine.order(&alert.order).and_then(|order| order.risk);
        let last_distance_m = alert.last_distance_m.map(|metres| metres as u32);
        alert.kind == AlertKind::Silence
            && self.followup.holds_back(alert.incident, alert.level, risk, last_distance_m)
    }

    /// Puts into the outbox what a desk hears of many.
    pub(super) fn tell_desk(&mut self, news: &DeskNews) {
        let Some(order) = self.order_of(news) else {
            tracing::error!(incident = %news.incident, desk = %news.desk, "a desk has no order any more to be told under");
            return;
        };
        let many = Many { devices: news.devices, of_desk: news.of_desk, silent: self.listed(news) };
        let ids = (news.incident, news.id, news.revision);
        let alert = Alert::of_many(order, ids, news.level, news.at, many);
        let roads = DeskRoads::of(&news.desk, &self.around.desks);
        let by = |channel| Recipient { channel, name: news.desk.to_string(), kept_back: None };
        let mqtt = roads.mqtt.then(|| by(Channel::DeskMqtt));
        let told = mqtt.into_iter().chain(roads.webhook.then(|| by(Channel::DeskWebhook))).collect();
        self.deliver(&alert, self.next.alert - 1, told);
    }

    fn listed(&self, news: &DeskNews) -> Vec<SilentOne> {
        let one = |id: &Uuid| {
            let known = self.followup.incident(*id)?;
            Some(SilentOne {
                incident: *id,
                order: known.order.clone(),
                wearer: known.wearer.clone(),
                device: known.device().map(str::to_owned),
                risk: known.risk,
                last_distance_m: known.last_distance_m,
            })
        };
        news.silent.iter().take(MOST_LISTED).filter_map(one).collect()
    }

    /// An order of the desk's own: of the first that is silent, or of one that was. Another desk's tells it nothing.
    fn order_of(&self, news: &DeskNews) -> Option<&Order> {
        let order = |known: &Incident| self.engine.order(&known.order).map(|order| &**order);
        let silent = news.silent.iter().filter_map(|id| self.followup.incident(*id));
        silent.clone().find_map(order).or_else(|| {
            let is_part = |known: &&Incident| {
                known.part_of == Some(news.incident) && known.desk.as_ref() == Some(&news.desk)
            };
            self.followup.incidents().map(|(_, known)| known).filter(is_part).find_map(order)
        })
    }

    /// Keeps from a desk what it hears of otherwise; the record says so.
    pub(super) fn hold_back(told: &mut [Recipient]) {
        let desks =
            told.iter_mut().filter(|to| matches!(to.channel, Channel::DeskMqtt | Channel::DeskWebhook));
        desks.for_each(|to| to.kept_back = Some(IN_MASS));
    }
}
