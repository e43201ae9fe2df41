//! Fixes that come late are judged against the time they belong to: §7 "Order of time". Live standing never moves
//! for them; what they show and nobody knew is raised once.

use super::device::{Device, Seen};
use super::evidence::{Whereabouts, whereabouts};
use super::judge::{Evidence, How, Judged};
use super::track::Kept;
use super::watch::Target;
use super::way::{Step, Stop, closest_m};
use super::{Effect, Engine, Outcome};
use crate::decision::{Decision, Rule};
use crate::order::ZoneKind;
use crate::standing::{Certainty, Look, Raised, Standing, Thresholds};
use crate::{Fix, Role, Timestamp, geodesy, policy};

/// What a late fix shows of one watch.
struct Finding {
    thresholds: Thresholds,
    look: Look,
    standing: Standing,
    certainty: Certainty,
    evidence: Evidence,
    how: How,
}

impl Engine {
    /// Takes in a fix that is older than the device's newest.
    pub(super) fn take_late(&mut self, slot: u32, now: Timestamp, seen: Seen) -> Outcome {
        if now - seen.at > policy::HISTORY {
            return Outcome::TooOld;
        }
        let device = &self.devices[slot as usize];
        let (before, after) = device.state.track.around(&device.history, seen.at);
        if before.is_some_and(|before| before.at() == seen.at) {
            return Outcome::Older; // Known, or of the same moment as one that is.
        }
        let around: Vec<Kept> = before.into_iter().chain(after).collect();
        if !around.iter().all(|kept| may_be_reached(&kept.seen(), &seen)) {
            self.note_held(slot, seen.at);
            return Outcome::Held;
        }
        let role = device.role;
        let legs: Vec<Step> = around.iter().filter_map(|kept| leg(role, &kept.seen(), &seen)).collect();
        if !seen.fix.is_coarse() {
            let device = &mut self.devices[slot as usize];
            if device.state.track.insert(&seen, &mut device.history) {
                self.note_history(slot);
            }
            self.note_device(slot);
        }
        let mut near = std::mem::take(&mut self.near);
        self.touched_by(slot, &seen, legs.first(), &mut near);
        if let Some(leg) = legs.get(1) {
            let mut more = Vec::new();
            self.touched_by(slot, &seen, Some(leg), &mut more);
            near.extend(more);
            near.sort_unstable();
            near.dedup();
        }
        for place in &near {
            let watch = self.devices[slot as usize].watches[*place as usize];
            self.judge_past(watch, now, role, &seen, &legs);
        }
        self.near = near;
        Outcome::Older
    }

    /// Judges a watch on a fix of a time that is past.
    pub(super) fn judge_past(&mut self, slot: u32, now: Timestamp, role: Role, seen: &Seen, legs: &[Step]) {
        let Some(finding) = self.finding(slot, role, seen, legs) else { return };
        let rule = match self.watches[slot as usize].target() {
            Some(Target::Zone(zone)) if zone.kind == ZoneKind::Inclusion => Rule::LateInclusionZone,
            Some(Target::Zone(_)) => Rule::LateExclusionZone,
            _ => Rule::LateVictimProximity,
        };
        let stands = self.watches[slot as usize].standing();
        let exact_m = self.reported_of(slot, finding.look.distance_m);
        self.effects.push_back(Effect::Decision(Decision {
            distance_m: Some(exact_m),
            uncertainty_m: Some(finding.look.uncertainty_m as f32),
            certainty: finding.certainty,
            ..Decision::unjudged(slot, rule, seen.at, stands)
        }));
        let told = finding.how == How::LateWay && self.was_told_on(slot, legs);
        if finding.standing < Standing::Warning || told {
            return;
        }
        let known = self.known_as(slot, seen.at, finding.standing, &finding.thresholds);
        let is_new = known.is_none();
        if is_new {
            let judged = Judged {
                look: finding.look,
                exact_m,
                certainty: finding.certainty,
                how: finding.how,
                evidence: finding.evidence,
            };
            self.announce_past(slot, now, &judged, finding.standing);
        }
        let Some(episode) = self.watches[slot as usize].episode.as_mut() else { return };
        match known.and_then(|n| episode.raised.get_mut(n)) {
            Some(raised) if raised.covers(seen.at) => return,
            Some(raised) if raised.standing == finding.standing => {
                raised.from = raised.from.min(seen.at);
                raised.until = raised.until.map(|until| until.max(seen.at));
            }
            // A warning after an alarm is known, but makes that no longer: an alarm after it is another.
            _ => {
                let until = Some(seen.at);
                episode.remember(Raised { from: seen.at, until, standing: finding.standing });
            }
        }
        self.note_watch(slot);
    }

    fn finding(&self, slot: u32, role: Role, seen: &Seen, legs: &[Step]) -> Option<Finding> {
        let watch = &self.watches[slot as usize];
        let other = match role {
            Role::Wearer => &self.devices[watch.victim as usize],
            Role::Victim => &self.devices[watch.wearer as usize],
        };
        let is_pair = matches!(watch.target()?, Target::Pair(..));
        let place = if is_pair { Some(whereabouts(other, seen.at)?) } else { None };
        let as_seen = place.map(|place| estimated(&place, seen.at));
        let (mine, theirs) = (Some(*seen), as_seen.or(Some(*seen)));
        let at_the_time = if role == Role::Wearer {
            Evidence { his: mine, hers: theirs }
        } else {
            Evidence { his: theirs, hers: mine }
        };
        let (thresholds, look) = self.look_at_evidence(slot, &at_the_time, seen.at)?;
        let unseen_s = place.map_or(0.0, |place| place.unseen_s);
        let look = Look { stale: unseen_s > policy::CERTAIN_WITHIN.as_secs_f64(), ..look };
        let (standing, certainty) = thresholds.judge(&look);
        let nearest = place.map(|place| place.seen);
        let evidence = match role {
            Role::Wearer => Evidence { his: mine, hers: nearest },
            Role::Victim => Evidence { his: nearest, hers: mine },
        };
        let found = Finding { thresholds, look, standing, certainty, evidence, how: How::Late };
        if standing == Standing::Alarm {
            return Some(found);
        }
        let sure_enough = look.uncertainty_m <= thresholds.vague_beyond_m;
        let legs = legs.iter().filter(|_| sure_enough);
        let met = legs.filter_map(|leg| self.met_in_the_past(slot, leg, is_pair));
        let Some(distance_m) = met.min_by(f64::total_cmp).filter(|met| *met <= thresholds.alarm_m) else {
            return Some(found);
        };
        let look = Look { distance_m, ..look };
        Some(Finding {
            look,
            standing: Standing::Alarm,
            certainty: Certainty::Likely,
            how: How::LateWay,
            ..found
        })
    }

    /// How close somebody came on a leg to a zone's inside, or to the other party.
    fn met_in_the_past(&self, slot: u32, leg: &Step, is_pair: bool) -> Option<f64> {
        let watch = &self.watches[slot as usize];
        if !watch.in_force(leg.from.at) || !watch.in_force(leg.to.at) {
            return None;
        }
        if is_pair {
            let other = if leg.role == Role::Wearer { watch.victim } else { watch.wearer };
            let other = &self.devices[other as usize];
            let theirs = other.state.track.between(&other.history, leg.from.at, leg.to.at);
            let theirs: Vec<Stop> = theirs.into_iter().map(Stop::from).collect();
            let own = [leg.from, leg.to];
            return closest_m(&own, &theirs, leg.from.at, leg.to.at);
        }
        let Some(Target::Zone(zone)) = watch.target() else { return None };
        let applied = |at| zone.schedule.as_ref().is_none_or(|schedule| schedule.applies(at));
        if zone.kind != ZoneKind::Exclusion || !applied(leg.from.at) || !applied(leg.to.at) {
            return None;
        }
        let way = leg.way();
        let place = way.at(zone.shape.share_within(&way)?);
        Some(zone.shape.edge_distance_m(place))
    }

    /// Whether an alarm of the time of these legs was raised already: a way that begins or ends there shows the same.
    fn was_told_on(&self, slot: u32, legs: &[Step]) -> bool {
        let raised = self.watches[slot as usize].episode.as_ref().map_or(&[][..], |episode| &episode.raised);
        let meets = |raised: &Raised, leg: &Step| {
            raised.from <= leg.to.at && raised.until.is_none_or(|until| leg.from.at <= until)
        };
        let mut alarms = raised.iter().filter(|raised| raised.standing == Standing::Alarm);
        alarms.any(|raised| legs.iter().any(|leg| meets(raised, leg)))
    }

    /// The time already raised that a finding belongs to: it was raised then, or near it with nothing in between
    /// that shows an end. One of its own standing comes before a higher one.
    pub(super) fn known_as(
        &self,
        slot: u32,
        at: Timestamp,
        standing: Standing,
        thresholds: &Thresholds,
    ) -> Option<usize> {
        let episode = self.watches[slot as usize].episode.as_ref()?;
        let belongs = |raised: &Raised| {
            let until = raised.until.unwrap_or(at);
            let (from, to) = if at < raised.from { (at, raised.from) } else { (until, at) };
            raised.covers(at)
                || (to - from <= policy::LATE_SAME_WITHIN
                    && !self.left_between(slot, from, to, standing, thresholds))
        };
        let find = |same: bool| {
            let fits = |raised: &Raised| raised.standing >= standing && (raised.standing == standing) == same;
            episode.raised.iter().position(|raised| fits(raised) && belongs(raised))
        };
        let covered = |raised: &Raised| raised.standing >= standing && raised.covers(at);
        episode.raised.iter().position(covered).or_else(|| find(true)).or_else(|| find(false))
    }

    /// Whether a kept place of either party between two moments shows that the threshold was left.
    fn left_between(
        &self,
        slot: u32,
        from: Timestamp,
        to: Timestamp,
        standing: Standing,
        thresholds: &Thresholds,
    ) -> bool {
        let watch = &self.watches[slot as usize];
        let (wearer, victim) = (&self.devices[watch.wearer as usize], &self.devices[watch.victim as usize]);
        let threshold_m = if standing == Standing::Alarm { thresholds.alarm_m } else { thresholds.warning_m };
        let was = |device: &Device, at| whereabouts(device, at).map(|place| estimated(&place, at));
        let left = |at: Timestamp| {
            let evidence = Evidence { his: was(wearer, at), hers: was(victim, at) };
            self.look_at_evidence(slot, &evidence, at).is_some_and(|(_, look)| {
                look.distance_m > threshold_m + thresholds.leave_margin_m(look.uncertainty_m)
            })
        };
        let times = |device: &'_ Device| -> Vec<Timestamp> {
            let kept = device.state.track.all(&device.history).map(Kept::at);
            kept.filter(|at| from < *at && *at < to).collect()
        };
        times(wearer).into_iter().any(left) || (watch.is_pair() && times(victim).into_iter().any(left))
    }

    fn note_held(&mut self, slot: u32, at: Timestamp) {
        let Some(watch) = self.devices[slot as usize].watches.first().copied() else { return };
        let stands = self.watches[watch as usize].standing();
        self.effects.push_back(Effect::Decision(Decision::unjudged(watch, Rule::Held, at, stands)));
    }
}

/// A place between fixes, as a fix.
fn estimated(place: &Whereabouts, at: Timestamp) -> Seen {
    let fix = Fix { accuracy_m: Some(place.uncertainty_m as f32), ..Fix::new(at, place.position) };
    Seen { fix, at }
}

fn may_be_reached(kept: &Seen, seen: &Seen) -> bool {
    let (way_m, _) = geodesy::quick_distance_m(kept.fix.position, seen.fix.position);
    super::plausible::is_reached(kept, seen, way_m)
}

/// The way between a late fix and one beside it, in order of time.
fn leg(role: Role, kept: &Seen, late: &Seen) -> Option<Step> {
    let (from, to) = if kept.at < late.at { (kept, late) } else { (late, kept) };
    Step::new(role, from, to, geodesy::quick_distance_m(from.fix.position, to.fix.position).0)
}
