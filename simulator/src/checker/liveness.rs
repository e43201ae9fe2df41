//! Each true episode raised within its bound, once, and without waiting.

use crate::judge::Heard;
use crate::oracle::{Episode, Spot, Watch};

use zones::{AlertKind, Level, Role};

use super::evidence::parties;
use super::spells::Spell;
use super::tally::{Tally, Weight};
use super::{Case, INTERVAL_MS};

/// An episode counts when truth stays within the threshold by the radio's error for two expected fixes.
const COUNTS_MS: i64 = 2 * INTERVAL_MS;
/// So deep for so long, an episode that the radio did not show was hidden by the radio and not short.
const HIDDEN_M: f64 = 50.0;
/// What the radio hid should have been told of until so long after it.
const TOLD_MS: i64 = 10 * INTERVAL_MS;
/// An alarm belongs to an episode when it is said at most so long after it: one further fix, and its way here.
const AFTER_MS: i64 = INTERVAL_MS + INTERVAL_MS / 2;
/// … or that long before it: what approaches may be alarmed about by the radio's error.
const BEFORE_MS: i64 = 2 * INTERVAL_MS;

impl Case<'_> {
    /// Judges every true episode.
    pub(super) fn check_episodes(&self, tally: &mut Tally) {
        for (i, episode) in self.episodes.iter().enumerate() {
            let weight = self.weight(episode);
            let alarms: Vec<&Spell<'_>> =
                self.alarmed.iter().filter(|spell| covers(spell, episode)).collect();
            // Who never left in between is alarmed about once; what stood already counts for the one before.
            let again = i > 0 && alarms.first().is_some_and(|spell| covers(spell, &self.episodes[i - 1]));
            // What one message shows, of the time it was under way and of now, is one alarm.
            let mut said: Vec<i64> = alarms.iter().map(|spell| spell.said_at).collect();
            said.dedup();
            tally.episode(episode, weight, !alarms.is_empty(), said.len() - usize::from(again));
            if weight == Weight::Counts && !alarms.is_empty() && !again {
                self.check_delay(episode, &alarms, tally);
            }
            if weight == Weight::Hidden && alarms.is_empty() {
                tally.hidden_unraised(episode, self.is_told_of(episode));
            }
            if weight == Weight::Short && self.first_shown(episode).is_none() && self.shown_between(episode) {
                tally.passage(episode, !alarms.is_empty());
            }
        }
    }

    /// Whether an episode counts, was short, or was hidden by the radio.
    fn weight(&self, episode: &Episode) -> Weight {
        let (first, last) = (self.series.index(episode.from), self.series.index(episode.until));
        let mut error = Running::new(self);
        let (mut since, mut hidden_since): (Option<i64>, Option<i64>) = (None, None);
        let mut hidden = false;
        for i in first..=last {
            let (at, gap) = (self.series.at[i], self.series.gap_m[i]);
            if gap <= -HIDDEN_M {
                hidden |= at - *hidden_since.get_or_insert(at) >= COUNTS_MS;
            } else {
                hidden_since = None;
            }
            let deep = gap <= -error.at(at);
            if deep {
                since.get_or_insert(at);
            }
            if let Some(from) = since
                && (!deep || i == last)
            {
                let until = if deep { at } else { self.series.at[i - 1] };
                if until - from >= COUNTS_MS && self.two_good_fixes(from, until) {
                    return Weight::Counts;
                }
                since = None;
            }
        }
        if hidden { Weight::Hidden } else { Weight::Short }
    }

    fn two_good_fixes(&self, from: i64, until: i64) -> bool {
        parties(self.watch)
            .iter()
            .all(|role| self.evidence.between(*role, from, until).iter().filter(|h| h.is_good()).count() >= 2)
    }

    /// Whether somebody was told that something may be wrong about that time: a silence, a possible alarm, a warning.
    fn is_told_of(&self, episode: &Episode) -> bool {
        let mut stands = [false; 3];
        for raised in &self.day.raised {
            let (alert, at) = (&raised.alert, raised.alert.raised_at.as_millis());
            let about = match alert.kind {
                AlertKind::Silence if alert.victim.is_none() => 0,
                AlertKind::Silence => 1,
                _ if super::watch_of(raised) == Some(self.watch) => 2,
                _ => continue,
            };
            if at > episode.until + TOLD_MS {
                break;
            }
            if at > episode.from && stands.contains(&true) {
                return true;
            }
            stands[about] = alert.level > Level::Clear;
        }
        stands.contains(&true)
    }

    /// Counts the fixes that arrived between the first that shows the episode and the alarm. A right fix after a wrong
    /// one is held until the next of the same device agrees with it (§7); what the other party sends meanwhile can
    /// confirm nothing, and is none that was waited for.
    fn check_delay(&self, episode: &Episode, alarms: &[&Spell<'_>], tally: &mut Tally) {
        let said_at = alarms.iter().map(|spell| spell.said_at).min().unwrap_or(i64::MAX);
        let Some(Shown { at: shown_at, certain, held }) = self.first_shown(episode) else { return };
        let counts = |heard: &&Heard| {
            parties(self.watch).contains(&heard.role)
                && held.is_none_or(|role| role == heard.role)
                && heard.arrived_at > shown_at
                && heard.arrived_at <= said_at
        };
        let further = self.evidence.arrivals.iter().filter(counts).count();
        tally.delay(episode, certain, further);
    }

    /// The first fix after which the newest of all parties show the episode.
    fn first_shown(&self, episode: &Episode) -> Option<Shown> {
        let mut newest: [Option<Heard>; 2] = [None; 2];
        // Whether the fix before was right: after one that was not, a detection may take the right one for wrong.
        let mut steady = [true; 2];
        let fresh = |heard: &Heard| heard.true_at >= episode.from - BEFORE_MS && heard.is_good();
        for heard in self.evidence.arrivals {
            if heard.arrived_at > episode.until + AFTER_MS {
                return None;
            }
            let known = &mut newest[heard.role as usize];
            if known.is_some_and(|known| known.true_at > heard.true_at) || !heard.is_live() {
                continue;
            }
            steady[heard.role as usize] = known.is_none_or(|before| before.is_good());
            *known = Some(*heard);
            let (Some(his), hers) = (newest[0], newest[1]) else { continue };
            let hers = if self.watch == Watch::Pair { hers } else { Some(his) };
            let Some(hers) = hers else { continue };
            // By the device's own clock too: a schedule may begin in between.
            let said_at = heard.true_at + self.day.skew_ms[heard.role as usize];
            let of_this =
                parties(self.watch).contains(&heard.role) && heard.true_at.min(said_at) >= episode.from;
            if !of_this || !fresh(&his) || !fresh(&hers) {
                continue;
            }
            let gap = self.truth.law.gap_m(self.watch, &his.spot, &hers.spot);
            if gap <= 0.0 && !self.is_vague(&his, &hers) {
                let certain = steady == [true; 2] && gap + self.doubt_m(&his, &hers) <= 0.0;
                let wrong_before = parties(self.watch).iter().filter(|role| !steady[**role as usize]);
                let held = match wrong_before.collect::<Vec<_>>()[..] {
                    [role] => Some(*role),
                    _ => None,
                };
                return Some(Shown { at: heard.arrived_at, certain, held });
            }
        }
        None
    }

    /// Whether the older of two fixes is so old, at the speed its party truly had lately, that they say little of the
    /// distance: §7 asks for no alarm then.
    fn is_vague(&self, his: &Heard, hers: &Heard) -> bool {
        if self.watch != Watch::Pair {
            return false;
        }
        let older = if his.true_at < hers.true_at { his } else { hers };
        let place = |at| match older.role {
            Role::Wearer => self.truth.wearer(at),
            Role::Victim => self.truth.victim(at),
        };
        let speed = |back: i64| {
            let at = older.true_at - back * 1_000;
            place(at).distance_m(&place(at - 30_000)) / 30.0
        };
        let fastest = [0, 30, 60, 90, 120, 150].map(speed).into_iter().fold(0.0, f64::max);
        let age_s = (his.true_at - hers.true_at).abs() as f64 / 1_000.0;
        his.accuracy_m.hypot(hers.accuracy_m) + age_s * (fastest + 2.0) > self.truth.law.alarm_m
    }

    /// An uncertainty that is surely no smaller than that of the detection.
    fn doubt_m(&self, his: &Heard, hers: &Heard) -> f64 {
        if self.watch != Watch::Pair {
            return 1.5 * his.accuracy_m;
        }
        let older = if his.true_at < hers.true_at { his } else { hers };
        let age_s = (his.true_at - hers.true_at).abs() as f64 / 1_000.0;
        1.5 * (his.accuracy_m + hers.accuracy_m) + age_s * (3.0 + 2.0 * older.said_mps)
    }

    /// Where a watch's parties were, by their straight ways between two fixes, at a moment; `None` where no two
    /// good fixes near enough to each other surround it.
    pub(super) fn by_the_way(&self, role: Role, at: i64) -> Option<Spot> {
        super::passage::between(self.evidence.of_party(role), at)
    }
}

/// That an episode is there to be seen.
struct Shown {
    /// From when on.
    at: i64,
    /// Whether the fixes leave no doubt.
    certain: bool,
    /// Who was shown elsewhere by the fix before, where it is one of them.
    held: Option<Role>,
}

/// Whether an alarm is about an episode.
pub(super) fn covers(spell: &Spell<'_>, episode: &Episode) -> bool {
    // One that had ended before it began is about something else, unless it was said just ahead of it.
    let stands = spell.until >= episode.from || spell.from >= episode.from - BEFORE_MS;
    stands && spell.from <= episode.until + AFTER_MS
}

/// The radio's error at moments that only go forward.
struct Running<'a, 'b> {
    case: &'a Case<'b>,
    /// Until when the last answer holds.
    until: i64,
    error_m: f64,
}

impl<'a, 'b> Running<'a, 'b> {
    fn new(case: &'a Case<'b>) -> Self {
        Self { case, until: i64::MIN, error_m: 0.0 }
    }

    fn at(&mut self, at: i64) -> f64 {
        if at > self.until {
            // Asked for anew every few seconds: fixes come once a minute.
            self.error_m = self.case.evidence.error_m(self.case.watch, at, at + 5_000);
            self.until = at + 5_000;
        }
        self.error_m
    }
}
