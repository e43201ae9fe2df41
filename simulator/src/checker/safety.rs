//! Nothing false, nothing twice, nothing out of order, no silence in silence.

use std::collections::{BTreeMap, BTreeSet};

use zones::{AlertKind, Certainty, Level, Role};

use crate::judge::{Day, Heard};
use crate::oracle::Watch;

use super::evidence::Evidence;
use super::spells::Spell;
use super::tally::Tally;
use super::{Case, INTERVAL_MS, watch_of};

/// What an alert rests on may be this old: farther apart fixes say nothing about the way between them (§7).
const RESTS_ON_MS: i64 = 120_000;

/// Nobody is called silent before this has passed without a word, with a fix a minute expected; then somebody must be.
const SILENT_MS: i64 = 5 * INTERVAL_MS;

/// Somebody unseen moves at least so fast for all that is known (§7), in metres per second.
const LEAST_MPS: f64 = 1.5;

/// Spans over which a closing speed may have been measured, in milliseconds.
const CLOSING_OVER_MS: [i64; 3] = [30_000, 60_000, 120_000];

impl Case<'_> {
    /// Alarms while truth stayed beyond the alarm threshold by more than the radio's error.
    pub(super) fn check_alarms(&self, tally: &mut Tally) {
        for spell in &self.alarmed {
            let (from, until) = self.window(spell);
            let least = self.series.least_m(from, until);
            let allowed = self.evidence.error_m(self.watch, from, until);
            if least > allowed {
                tally.false_alarm(self.watch, spell, least, allowed);
            }
        }
    }

    /// Warnings while truth stayed beyond the warning threshold by more than the radio's error, and out of reach
    /// within the warning time. A warning that an alarm steps down to is none.
    pub(super) fn check_warnings(&self, tally: &mut Tally) {
        let warning_m = self.truth.law.warning_gap_m(self.watch);
        for spell in self.warned.iter().filter(|spell| spell.alert.alert.level == Level::Warning) {
            let (from, until) = self.window(spell);
            let allowed = self.evidence.error_m(self.watch, from, until);
            let least = self.series.least_m(from, until);
            if least > warning_m + allowed && !self.in_reach(from, until, allowed) {
                tally.false_warning(self.watch, spell, least - warning_m, allowed);
                tally.came_true += u64::from(self.comes_true(spell, allowed));
            }
        }
    }

    /// Whether the alarm distance was reached in the warning time and one expected fix, though it was too early to say so.
    fn comes_true(&self, spell: &Spell<'_>, error_m: f64) -> bool {
        let soon = (self.truth.law.warning_s * 1_000.0) as i64 + INTERVAL_MS;
        self.watch == Watch::Pair && self.series.least_m(spell.said_at, spell.said_at + soon) <= error_m
    }

    /// A certain alarm about a pair must rest on fixes whose whole uncertainty, age included, is within the alarm
    /// distance.
    pub(super) fn check_certainty(&self, tally: &mut Tally) {
        for spell in &self.alarmed {
            let alert = &spell.alert.alert;
            if alert.certainty == Certainty::Certain && !alert.late {
                tally.certain_alarms += 1;
                if !self.may_be_certain(spell) {
                    tally.overclaimed(alert);
                }
            }
        }
    }

    /// Whether the newest fixes of both leave no doubt at the time that the alarm is about: of a message with many it
    /// may be the time of an earlier one. A fix that the detection may have held back, because it shows another place
    /// than its party was at, may have been passed over.
    fn may_be_certain(&self, spell: &Spell<'_>) -> bool {
        let about = spell.alert.alert.fixed_at.map_or(spell.said_at, zones::Timestamp::as_millis);
        let newest = |role, also_wrong: bool| {
            let known = |heard: &&Heard| {
                heard.arrived_at <= spell.said_at
                    && heard.true_at + self.day.skew_ms[heard.role as usize] <= about
                    && (also_wrong || heard.is_good())
            };
            self.evidence.of_party(role).iter().filter(known).max_by_key(|heard| heard.true_at)
        };
        let choices = [(true, true), (true, false), (false, true), (false, false)];
        choices.into_iter().any(|(his, hers)| {
            newest(Role::Wearer, his)
                .zip(newest(Role::Victim, hers))
                .is_some_and(|(his, hers)| self.leaves_no_doubt(his, hers))
        })
    }

    fn leaves_no_doubt(&self, his: &Heard, hers: &Heard) -> bool {
        let age_s = (his.true_at - hers.true_at).abs() as f64 / 1_000.0;
        let uncertainty_m = his.accuracy_m.hypot(hers.accuracy_m) + age_s * LEAST_MPS;
        let gap_m = self.truth.law.gap_m(Watch::Pair, &his.spot, &hers.spot);
        // A clock that is off by some seconds changes the age.
        let skew_s = self.day.skew_ms.iter().map(|ms| ms.abs() as f64 / 1_000.0).sum::<f64>();
        gap_m + uncertainty_m <= 1.0 + skew_s * LEAST_MPS
    }

    /// What an alert may rest on: from the fixes behind it to the moment it is said, or that a late one is about.
    fn window(&self, spell: &Spell<'_>) -> (i64, i64) {
        let alert = &spell.alert.alert;
        let skew = self.day.skew_ms.iter().map(|ms| ms.abs()).max().unwrap_or(0);
        let about = alert.fixed_at.map_or(spell.said_at, zones::Timestamp::as_millis).min(spell.said_at);
        let until = if alert.late { about + skew } else { spell.said_at + skew };
        (about - RESTS_ON_MS - skew, until)
    }

    /// Whether the alarm distance truly was within reach at some moment, at a speed that could be seen then.
    fn in_reach(&self, from: i64, until: i64, error_m: f64) -> bool {
        if self.watch != Watch::Pair {
            return false;
        }
        let gap = |at| self.truth.gap_m(Watch::Pair, at).unwrap_or(f64::INFINITY);
        let mut moments = (from..=until).step_by(10_000);
        moments.any(|at| {
            let now = gap(at);
            CLOSING_OVER_MS.iter().any(|over| {
                let closing = (gap(at - over) - now + error_m) / (*over as f64 / 1_000.0);
                now - error_m <= self.truth.law.warning_s * closing
            })
        })
    }
}

/// Nothing twice, and nothing that goes back in time.
pub(super) fn check_order(day: &Day, tally: &mut Tally) {
    let mut ids = BTreeSet::new();
    let mut revisions: BTreeMap<String, u32> = BTreeMap::new();
    let mut newest: BTreeMap<Watch, i64> = BTreeMap::new();
    for raised in &day.raised {
        let alert = &raised.alert;
        let revision = revisions.entry(alert.incident.to_string()).or_default();
        if !ids.insert(alert.alert) || alert.revision != *revision + 1 {
            tally.twice(alert);
        }
        *revision = alert.revision;
        // What a clock ends rests on no distance.
        let rests_on = alert.fixed_at.filter(|_| alert.distance_m.is_some() && !alert.late);
        if let (Some(watch), Some(at)) = (watch_of(raised), rests_on) {
            let last = newest.entry(watch).or_insert(i64::MIN);
            if at.as_millis() < *last {
                tally.backwards(alert);
            }
            *last = at.as_millis().max(*last);
        }
    }
}

/// Who is not heard for long must be called silent by the time of the next word.
pub(super) fn check_silences(day: &Day, evidence: &Evidence<'_>, until: i64, tally: &mut Tally) {
    for role in [Role::Wearer, Role::Victim] {
        let device = &day.case.devices[role as usize];
        let mut times: Vec<i64> = evidence
            .arrivals
            .iter()
            .filter(|heard| heard.role == role)
            .map(|h: &Heard| h.arrived_at)
            .collect();
        times.push(until);
        for pair in times.windows(2).filter(|pair| pair[1] - pair[0] > SILENT_MS) {
            let mut about = day.raised.iter().rev().filter(|raised| {
                raised.alert.kind == AlertKind::Silence
                    && raised.alert.device.as_ref().is_some_and(|d| d.as_str() == device)
                    && raised.alert.raised_at.as_millis() < pair[1]
            });
            tally.silences += 1;
            if about.next().is_none_or(|raised| raised.alert.level == Level::Clear) {
                tally.unsaid_silence(role, pair[0]);
            }
        }
    }
}
