//! From a step to an alert: its incident, its ids, its evidence.

use super::approach;
use super::judge::{Cause, Evidence, How, Judged};
use super::watch::{Target, WatchKey};
use super::{Effect, Engine};
use crate::alert::{Alert, AlertKind, Approach, alert_id, incident_id, tenths};
use crate::order::Order;
use crate::standing::{Certainty, Episode, Level, Standing};
use crate::{Role, Timestamp, policy, words};

/// Puts the alert into its incident, opening one where there is none: ids and numbers are a function of the
/// watch and the evidence.
pub(super) fn enter(episode: &mut Episode, key: &WatchKey, evidence_at: Timestamp, alert: &mut Alert) {
    // What ends after its incident was resolved still belongs to that incident.
    if episode.revision == 0 || (episode.closed && episode.standing > Standing::Clear) {
        episode.incidents += 1;
        episode.incident = incident_id(&key.to_string(), episode.incidents, evidence_at);
        episode.revision = 0;
        episode.closed = false;
    }
    episode.revision += 1;
    episode.established |= episode.standing >= Standing::Warning;
    alert.incident = episode.incident;
    alert.revision = episode.revision;
    alert.alert = alert_id(episode.incident, episode.revision);
    alert.watch = Some(key.clone());
    alert.level = episode.standing.into();
    alert.certainty = episode.certainty;
    alert.operator_only = !episode.established;
    if episode.standing == Standing::Clear {
        episode.established = false;
    }
}

/// The same for something found afterwards, which moves no standing. It joins the watch's incident: whoever works
/// on that must see it.
pub(super) fn enter_past(episode: &mut Episode, key: &WatchKey, evidence_at: Timestamp, alert: &mut Alert) {
    if episode.revision == 0 || episode.closed {
        episode.incidents += 1;
        episode.incident = incident_id(&key.to_string(), episode.incidents, evidence_at);
        episode.revision = 0;
        episode.closed = false;
    }
    episode.revision += 1;
    // What the others were told of they also hear the end of.
    episode.established |= episode.standing > Standing::Clear;
    alert.incident = episode.incident;
    alert.revision = episode.revision;
    alert.alert = alert_id(episode.incident, episode.revision);
    alert.watch = Some(key.clone());
}

impl Engine {
    /// Announces the standing of a zone or pair on the look that made it.
    pub(super) fn announce_distance(&mut self, slot: u32, now: Timestamp, cause: Cause, seen: &Judged) {
        let Some(mut alert) = self.alert_about(slot, now, &seen.evidence) else { return };
        let watch = &mut self.watches[slot as usize];
        let Some(key) = watch.key() else { return };
        alert.late = now - seen.look.at > policy::LATE_AFTER;
        // An order that comes again must not open the incident of its former life again.
        let evidence_at = if cause == Cause::Registered { now } else { seen.look.at };
        if let Some(episode) = watch.episode.as_mut() {
            enter(episode, &key, evidence_at, &mut alert);
        }
        if seen.how != How::News {
            alert.certainty = seen.certainty;
        }
        self.say_closing(slot, seen, &mut alert);
        self.finish(slot, seen, alert);
    }

    /// Fills in how a pair closes in.
    fn say_closing(&self, slot: u32, seen: &Judged, alert: &mut Alert) {
        let watch = &self.watches[slot as usize];
        if alert.kind != AlertKind::VictimProximity {
            return;
        }
        let (his, hers) =
            (&self.devices[watch.wearer as usize].state, &self.devices[watch.victim as usize].state);
        let closing = approach::closing(his, hers, seen.look.at);
        alert.approach = Some(closing.map_or(Approach::Unclear, |closing| closing.approach));
        alert.closing_mps = closing.map(|closing| tenths(closing.mps));
        let sure = closing.filter(|closing| closing.sure);
        alert.contact_s = sure.map(|closing| (seen.exact_m / closing.mps).round());
    }

    /// Adds the reason to an alert about distance, and sends it off.
    pub(super) fn finish(&mut self, slot: u32, seen: &Judged, mut alert: Alert) {
        let thresholds = self.watches[slot as usize].thresholds;
        alert.distance_m = Some(tenths(seen.exact_m));
        alert.uncertainty_m = Some(tenths(seen.look.uncertainty_m));
        let threshold_m = if alert.level == Level::Alarm { thresholds.alarm_m } else { thresholds.warning_m };
        alert.reason = match seen.how {
            How::Here => words::of_distance(&alert, threshold_m),
            How::News => words::of_news(&alert),
            How::Contact => words::of_contact(&alert, thresholds.alarm_m, seen.look.contact_s),
            How::Way => words::of_way(&alert, thresholds.alarm_m),
            How::Held => words::of_held(&alert),
            How::Late => words::of_late(&words::of_distance(&alert, threshold_m)),
            How::LateWay => words::of_late(&words::of_way(&alert, thresholds.alarm_m)),
        };
        self.note_watch(slot);
        self.effects.push_back(Effect::Alert(Box::new(alert)));
    }

    /// Announces that a zone or pair stands clear for a reason that is no movement.
    pub(super) fn announce_end(&mut self, slot: u32, now: Timestamp, reason: &str) {
        let Some(mut alert) = self.alert_about(slot, now, &self.evidence(slot)) else { return };
        let watch = &mut self.watches[slot as usize];
        let (Some(key), Some(episode)) = (watch.key(), watch.episode.as_mut()) else { return };
        enter(episode, &key, now, &mut alert);
        reason.clone_into(&mut alert.reason);
        self.effects.push_back(Effect::Alert(Box::new(alert)));
    }

    /// An alert with everything that does not depend on the step.
    pub(super) fn alert_about(&self, slot: u32, now: Timestamp, on: &Evidence) -> Option<Alert> {
        let watch = &self.watches[slot as usize];
        let target = watch.target()?;
        let mut alert = Alert::about(&watch.order, target.kind(), now);
        alert.wearer_fix = on.his.map(|seen| seen.fix);
        alert.fixed_at = on.his.map(|seen| seen.at);
        match target {
            Target::Zone(zone) => {
                alert.zone = Some(zone.zone.clone());
                alert.concerns(&watch.order, zone.victim.clone());
            }
            Target::Pair(victim, _) => {
                alert.concerns(&watch.order, Some(victim.clone()));
                alert.victim_fix = on.hers.map(|seen| seen.fix);
                alert.fixed_at = alert.fixed_at.max(on.hers.map(|seen| seen.at));
            }
        }
        Some(alert)
    }

    /// Announces something about a device itself, in one order it takes part in.
    ///
    /// `edit` fills in what is particular to it.
    pub(super) fn announce_device(
        &mut self,
        about: &AboutDevice<'_>,
        standing: Standing,
        edit: impl FnOnce(&mut Alert),
    ) {
        let (key, mut alert) = self.alert_about_device(about);
        let episode = self.about_devices.entry(key.clone()).or_insert_with(Episode::new);
        episode.step(standing, Certainty::Certain);
        enter(episode, &key, about.evidence_at, &mut alert);
        self.changed_about.insert(key);
        edit(&mut alert);
        self.effects.push_back(Effect::Alert(Box::new(alert)));
        self.note_protection(about.slot);
    }

    /// An alert about a device with everything that does not depend on the step, and its watch.
    pub(super) fn alert_about_device(&self, about: &AboutDevice<'_>) -> (WatchKey, Alert) {
        let device = &self.devices[about.slot as usize];
        let mut alert = Alert::about(about.order, about.kind, about.now);
        alert.device = Some(device.id.clone());
        alert.fixed_at = device.state.last.map(|seen| seen.at);
        let fix = device.state.last.map(|seen| seen.fix);
        match device.role {
            Role::Wearer => alert.wearer_fix = fix,
            Role::Victim => {
                alert.victim_fix = fix;
                alert.concerns(about.order, victim_of(about.order, device.id.as_str()));
            }
        }
        (about.key(device.id.clone()), alert)
    }

    /// Where a watch over a device stands.
    pub(super) fn standing_about(&self, key: &WatchKey) -> Standing {
        self.about_devices.get(key).map_or(Standing::Clear, |episode| episode.standing)
    }
}

/// Which device watch is announced, and on what.
pub(super) struct AboutDevice<'a> {
    pub(super) order: &'a Order,
    pub(super) kind: AlertKind,
    pub(super) slot: u32,
    pub(super) now: Timestamp,
    pub(super) evidence_at: Timestamp,
}

impl AboutDevice<'_> {
    pub(super) fn key(&self, device: crate::DeviceId) -> WatchKey {
        WatchKey { order: self.order.order.clone(), subject: super::Subject::Device(self.kind, device) }
    }
}

/// The victim who carries that device under the order.
fn victim_of(order: &Order, device: &str) -> Option<crate::PersonId> {
    let carries = |party: &crate::order::Party| party.device.as_ref().is_some_and(|d| d.as_str() == device);
    order.victims.iter().find(|victim| carries(&victim.party)).map(|victim| victim.party.person.clone())
}

/// Whole minutes since a device's last fix.
pub(super) fn minutes_since(last: Option<Timestamp>, now: Timestamp) -> Option<i64> {
    last.map(|last| (now - last).0.max(0) / policy::MINUTE.0)
}
