//! Looking at one watch: measure, step, decide.

use super::approach;
use super::device::{self, Device};
use super::watch::{Target, Watch, What};
use super::way::Step;
use super::{Effect, Engine};
use crate::decision::{Decision, Rule};
use crate::standing::{Certainty, Episode, Look, Standing, Thresholds};
use crate::{Timestamp, geodesy, policy, words};

/// Why a watch is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// A fix of one of its parties.
    Fix { after_silence: bool },
    /// Time: a schedule began.
    Clock,
    /// An order came or changed: fixes that are there already are looked at anew.
    Registered,
}

/// A quick distance with a larger error than this is measured again exactly.
const QUICK_ENOUGH_M: f64 = 0.01;

/// The fixes that something is said on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Evidence {
    pub(super) his: Option<device::Seen>,
    /// For a zone not asked for.
    pub(super) hers: Option<device::Seen>,
}

/// How something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// By where they are.
    Here,
    /// Nothing has stepped: the device was silent, and this is how things stand now.
    News,
    /// By the time to the alarm distance.
    Contact,
    /// On the way between two fixes.
    Way,
    /// By a fix that is not believed yet.
    Held,
    /// Afterwards, by a late fix, or by the way to or from it.
    Late,
    LateWay,
}

/// What is announced of a look.
pub(super) struct Judged {
    pub(super) look: Look,
    pub(super) exact_m: f64,
    pub(super) certainty: Certainty,
    pub(super) how: How,
    pub(super) evidence: Evidence,
}

/// What was seen of a watch before it is judged.
pub(super) struct Sight {
    pub(super) thresholds: Thresholds,
    pub(super) look: Look,
    pub(super) rule: Rule,
    /// Largest error of the look's distance.
    pub(super) error_m: f64,
}

impl Engine {
    /// Judges a watch on the newest fixes of its parties, and on the way that led to one of them.
    pub(super) fn judge(&mut self, slot: u32, now: Timestamp, cause: Cause, step: Option<&Step>) {
        let Some(mut sight) = self.sight(slot, now, cause) else { return };
        if let Some(step) = step {
            self.judge_way(slot, now, &sight, step);
        }
        let before = self.watches[slot as usize].standing();
        if Self::must_be_exact(&sight, before) {
            sight.look.distance_m = self.exact_m(slot);
        }
        let (seen, seen_certainty) = sight.thresholds.judge(&sight.look);
        // By the clock alone a fix only grew older, and what is possible by that alone the next one tells.
        let waits = cause == Cause::Clock
            && seen == Standing::Possible
            && sight.look.distance_m > sight.thresholds.alarm_m;
        let rises = before == Standing::Clear && seen > before;
        let told = rises && self.is_told_and_over(slot, now, &sight, seen);
        let step = if waits || told { None } else { self.step(slot, &sight, seen) };
        let (after, certainty) = step.unwrap_or((before, seen_certainty));
        let closes_in = seen == Standing::Warning && sight.look.distance_m > sight.thresholds.warning_m;
        self.effects.push_back(Effect::Decision(Decision {
            watch: slot,
            rule: if closes_in { Rule::TimeToContact } else { sight.rule },
            at: sight.look.at,
            distance_m: Some(reported_m(sight.rule, sight.look.distance_m)),
            uncertainty_m: Some(sight.look.uncertainty_m as f32),
            before,
            after,
            certainty,
        }));
        let news = matches!(cause, Cause::Fix { after_silence: true }) && after >= Standing::Warning;
        if step.is_some() || news {
            let exact_m = reported_m(sight.rule, self.exact_m(slot));
            let how = match step {
                None => How::News,
                Some((Standing::Warning, _)) if closes_in => How::Contact,
                Some(_) => How::Here,
            };
            let evidence = self.evidence(slot);
            let judged = Judged { look: sight.look, exact_m, certainty, how, evidence };
            self.announce_distance(slot, now, cause, &judged);
        }
        if before != after {
            self.stepped(slot, before, after);
        }
        if after > Standing::Clear && sight.look.at <= now {
            self.end_what_is_over(slot, now);
        }
    }

    /// A fix that was under way when a schedule or an order ended is judged by its own time, and what it raised
    /// has ended since: both are said.
    pub(super) fn end_what_is_over(&mut self, slot: u32, now: Timestamp) {
        if let Some(reason) = self.over(slot, now) {
            self.lower(slot, now, reason);
        }
    }

    /// Why a watch does not apply any more, if so.
    fn over(&self, slot: u32, now: Timestamp) -> Option<&'static str> {
        let watch = &self.watches[slot as usize];
        if now >= watch.valid_until {
            return Some(words::ORDER_ENDED);
        }
        let Some(Target::Zone(zone)) = watch.target() else { return None };
        let off = zone.schedule.as_ref().is_some_and(|schedule| !schedule.applies(now));
        off.then_some(words::SCHEDULE_ENDED)
    }

    /// Whether what a fix shows of a time that is over was raised then, or by a fix before it.
    fn is_told_and_over(&self, slot: u32, now: Timestamp, sight: &Sight, seen: Standing) -> bool {
        sight.look.at <= now
            && self.over(slot, now).is_some()
            && self.known_as(slot, sight.look.at, seen, &sight.thresholds).is_some()
    }

    /// Ends what stands raised, for a reason that is no movement.
    pub(super) fn lower(&mut self, slot: u32, now: Timestamp, reason: &str) {
        let watch = &mut self.watches[slot as usize];
        let Some(episode) = watch.episode.as_mut().filter(|e| e.standing > Standing::Clear) else { return };
        let before = episode.standing;
        episode.step(Standing::Clear, Certainty::Certain);
        episode.mark(now);
        self.note_watch(slot);
        self.stepped(slot, before, Standing::Clear);
        self.announce_end(slot, now, reason);
    }

    /// Measures a watch; `None` when it cannot or need not be judged.
    fn sight(&mut self, slot: u32, now: Timestamp, cause: Cause) -> Option<Sight> {
        match self.watches[slot as usize].what {
            What::Zone(_) => self.sight_zone(slot, now, cause),
            What::Pair(_) => self.sight_pair(slot, now),
        }
    }

    fn sight_zone(&mut self, slot: u32, now: Timestamp, cause: Cause) -> Option<Sight> {
        let watch = &self.watches[slot as usize];
        let device = &self.devices[watch.wearer as usize];
        let seen = device.state.last?;
        let Some(Target::Zone(zone)) = watch.target() else { return None };
        let at = if cause == Cause::Clock { now } else { seen.at };
        if !watch.in_force(at) {
            return None;
        }
        let frozen = device.state.frozen_since.is_some();
        let mut look = Look {
            coarse: seen.fix.is_coarse(),
            // A frozen position neither shows that he is there nor that he left. That alone raises no zone: it says
            // as little as silence does, and who protects her is told of it.
            may_clear: now - seen.at <= policy::CLEARS_WITHIN && !frozen,
            stale: at - seen.at > policy::CERTAIN_WITHIN || frozen,
            ..Look::new(at, 0.0, seen.fix.uncertainty_m() + device.state.aged_m(at))
        };
        if zone.schedule.as_ref().is_some_and(|schedule| !schedule.applies(at)) {
            let outside = Decision::unjudged(slot, Rule::OutsideSchedule, at, Standing::Clear);
            self.effects.push_back(Effect::Decision(outside));
            return None;
        }
        let (edge_m, error_m) = zone.shape.quick_edge_distance_m(seen.fix.position);
        look.distance_m = reported_m(watch.rule, edge_m);
        let mut thresholds = watch.thresholds;
        if cause == Cause::Clock && look.stale && look.distance_m + look.uncertainty_m > thresholds.alarm_m {
            thresholds.vague_beyond_m = 0.0; // Where he was minutes ago is no more than a possible place.
        }
        Some(Sight { thresholds, look, rule: watch.rule, error_m })
    }

    fn sight_pair(&mut self, slot: u32, now: Timestamp) -> Option<Sight> {
        let watch = &self.watches[slot as usize];
        let (wearer, victim) = (&self.devices[watch.wearer as usize], &self.devices[watch.victim as usize]);
        let (Some(his), Some(hers)) = (wearer.state.last, victim.state.last) else {
            let at = his_or(wearer.state.last, victim.state.last).unwrap_or(now);
            let unseen = Decision::unjudged(slot, Rule::OtherUnseen, at, Standing::Clear);
            self.effects.push_back(Effect::Decision(unseen));
            return None;
        };
        let (at, older_at) = (his.at.max(hers.at), his.at.min(hers.at));
        if !watch.in_force(at) {
            return None;
        }
        let thresholds = watch.thresholds;
        let (his_m, her_m) = (his.fix.uncertainty_m(), hers.fix.uncertainty_m());
        let spread_m = (his_m * his_m + her_m * her_m).sqrt();
        let frozen = wearer.state.frozen_since.is_some() || victim.state.frozen_since.is_some();
        // Of the two only the older has aged, unless the newer one is frozen; and no fix is older than it is by now, however
        // far the other's clock is ahead.
        let by = at.min(now);
        let strayed_m = wearer.state.strayed_m(by) + victim.state.strayed_m(by);
        let (distance_m, error_m) = geodesy::quick_distance_m(his.fix.position, hers.fix.position);
        let (contact_s, ahead_s) = contact_s(watch, distance_m, [wearer, victim], at);
        let look = Look {
            coarse: his.fix.is_coarse() || hers.fix.is_coarse(),
            may_clear: now - older_at <= policy::CLEARS_WITHIN,
            contact_s,
            ahead_s,
            stale: by - older_at > policy::CERTAIN_WITHIN || frozen,
            ..Look::new(at, distance_m, spread_m + strayed_m)
        };
        Some(Sight { thresholds, look, rule: watch.rule, error_m })
    }

    /// Whether a quick distance will not do: its error could tip the scales, or is larger than a record of
    /// somebody near should have. Far away and clear, nobody asks for the centimetre.
    fn must_be_exact(sight: &Sight, before: Standing) -> bool {
        if sight.error_m == 0.0 || sight.thresholds.is_delicate(&sight.look, sight.error_m) {
            return sight.error_m > 0.0;
        }
        let far = before == Standing::Clear
            && sight.look.distance_m - sight.look.uncertainty_m - sight.error_m > sight.thresholds.warning_m;
        !far && sight.error_m > QUICK_ENOUGH_M
    }

    /// The geodesic distance of a watch, in the sense its thresholds count it.
    fn exact_m(&self, slot: u32) -> f64 {
        let watch = &self.watches[slot as usize];
        let place = |device: u32| self.devices[device as usize].state.last.map(|seen| seen.fix.position);
        let (Some(target), Some(his)) = (watch.target(), place(watch.wearer)) else { return f64::NAN };
        match target {
            Target::Zone(zone) => reported_m(watch.rule, zone.shape.edge_distance_m(his)),
            Target::Pair(..) => place(watch.victim).map_or(f64::NAN, |hers| geodesy::distance_m(his, hers)),
        }
    }

    /// Lets the watch take the look into account, which by itself shows `seen`; returns its step, if it made
    /// one.
    fn step(&mut self, slot: u32, sight: &Sight, seen: Standing) -> Option<(Standing, Certainty)> {
        let watch = &mut self.watches[slot as usize];
        if watch.episode.is_none() && seen == Standing::Clear {
            return None;
        }
        let episode = watch.episode.get_or_insert_with(|| Box::new(Episode::new()));
        let periods = (episode.beyond_alarm_since, episode.beyond_warning_since);
        let step = episode.take(&sight.thresholds, &sight.look);
        if step.is_some() || periods != (episode.beyond_alarm_since, episode.beyond_warning_since) {
            self.note_watch(slot);
        }
        step
    }

    /// What else follows from a step.
    pub(super) fn stepped(&mut self, slot: u32, before: Standing, after: Standing) {
        if before == Standing::Possible || after == Standing::Possible {
            self.note_protection(self.watches[slot as usize].victim);
        }
        if (before == Standing::Clear) != (after == Standing::Clear) {
            self.keep_raised(slot, after > Standing::Clear);
            self.command(self.watches[slot as usize].wearer);
        }
    }

    /// Keeps the list of a wearer's raised exclusion zones, which are judged wherever he is.
    fn keep_raised(&mut self, slot: u32, raised: bool) {
        let watch = &self.watches[slot as usize];
        if !matches!(watch.what, What::Zone(_)) {
            return;
        }
        let place = watch.place;
        let list = &mut self.devices[watch.wearer as usize].raised;
        match (list.binary_search(&place), raised) {
            (Err(gap), true) => list.insert(gap, place),
            (Ok(found), false) => {
                list.remove(found);
            }
            _ => {}
        }
    }
}

/// Inclusion zones count their distance inwards; outside readers are told the distance to the edge, negative
/// inside. The change of sign works both ways.
pub(super) fn reported_m(rule: Rule, distance_m: f64) -> f64 {
    if rule == Rule::InclusionZone { -distance_m } else { distance_m }
}

/// Seconds to the alarm distance at the present closing speed, infinite when they do not close in for certain; and
/// seconds to look ahead. Most are too far away and too slow for it to matter, which takes a multiplication.
fn contact_s(watch: &Watch, distance_m: f64, [his, hers]: [&Device; 2], at: Timestamp) -> (f64, f64) {
    let thresholds = &watch.thresholds;
    let left_m = distance_m - thresholds.alarm_m;
    // Only what stands raised is kept up longer than it would be raised.
    let times = if watch.episode.is_some() { policy::CONTACT_KEPT_TIMES } else { 1.0 };
    let fastest_mps = f64::from(his.state.speed_mps + hers.state.speed_mps) + 2.0 * policy::LEAST_SPEED_MPS;
    // Either may be the one who moves.
    let ahead_s = watch.interval.as_secs_f64() * policy::AHEAD_SHARE;
    let in_reach = left_m <= fastest_mps * (thresholds.warning_s * times + ahead_s);
    if thresholds.warning_s <= 0.0 || left_m <= 0.0 || !in_reach {
        return (f64::INFINITY, 0.0);
    }
    match approach::closing(&his.state, &hers.state, at) {
        Some(closing) if closing.sure => (
            left_m / closing.mps,
            if closing.mps >= policy::FAST_MPS && closing.miss_m <= thresholds.alarm_m {
                ahead_s
            } else {
                0.0
            },
        ),
        _ => (f64::INFINITY, 0.0),
    }
}

fn his_or(his: Option<super::Seen>, hers: Option<super::Seen>) -> Option<Timestamp> {
    his.or(hers).map(|seen| seen.at)
}
