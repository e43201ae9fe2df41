//! How long before the alarm distance a fast approach was warned of.

use zones::Role;

use crate::oracle::Episode;

use super::evidence::parties;
use super::tally::{Approach, Tally};
use super::{Case, INTERVAL_MS};

/// An approach is fast from 30 km/h on, over the last minute before the alarm distance, in metres per second.
const FAST_MPS: f64 = 30.0 / 3.6;
const LAST_MS: i64 = 60_000;
/// How far back an approach may have begun, in milliseconds.
const LOOK_BACK_MS: i64 = 30 * 60_000;
/// A warning may rest so long while its rule does not hold, as at a red light; what comes after is another warning.
const LAPSE_MS: i64 = 3 * INTERVAL_MS;
/// An approach goes on as long as nobody goes farther away than this again, in metres.
const BACK_M: f64 = 300.0;

/// Measures the warning time of the fast approaches to the victim; warnings about her home count as well.
pub(super) fn check(pair: &Case<'_>, home: &Case<'_>, tally: &mut Tally) {
    for episode in &pair.episodes {
        let Some(closing) = closing_mps(pair, episode) else { continue };
        let from = episode.from - 6 * INTERVAL_MS;
        if closing < FAST_MPS
            || !parties(pair.watch).iter().all(|r| pair.evidence.works(*r, from, episode.from))
        {
            continue;
        }
        let by_pair = lead_s(pair, episode.from);
        let by_home = lead_s(home, episode.from);
        tally.approach(
            episode.from,
            Approach {
                kmh: closing * 3.6,
                lead_s: by_pair.max(by_home),
                by_pair_s: by_pair,
                could_s: could_s(pair, home, episode, 0.0),
                foreseeable_s: could_s(pair, home, episode, INTERVAL_MS as f64 / 1_000.0),
            },
        );
    }
}

/// Mean speed at which the distance shrank over the last minute; `None` where the day began within.
fn closing_mps(pair: &Case<'_>, episode: &Episode) -> Option<f64> {
    let first = pair.series.at.first()?;
    if episode.from - LOOK_BACK_MS / 3 < *first {
        return None;
    }
    let before = pair.truth.gap_m(pair.watch, episode.from - LAST_MS)?;
    Some(before / (LAST_MS as f64 / 1_000.0))
}

/// Seconds that a raised standing had lasted at `at`; negative when it came later.
fn lead_s(case: &Case<'_>, at: i64) -> f64 {
    let spell = case.warned.iter().find(|spell| spell.until >= at);
    // What a late fix raised is known from when it was said.
    let from = spell.map_or(at + LOOK_BACK_MS, |spell| spell.said_at);
    (at - from).min(LOOK_BACK_MS) as f64 / 1_000.0
}

/// Seconds before the alarm distance at which the order's rules, looking at the truth at every fix that arrived while
/// both devices worked, would have warned: what the world made possible. `ahead_s` is added to the time to contact that
/// is a warning.
///
/// A fix of hers says nothing of where he is while his band is cut off, however well hers works: nobody could warn by
/// it, and the promise is one of working devices. That both work in the last minutes is asked of every approach; this
/// asks it of the moment at which a warning is said to have been possible. Nothing is asked of moments in between: what
/// was raised before somebody was cut off stays raised (§7).
fn could_s(pair: &Case<'_>, home: &Case<'_>, episode: &Episode, ahead_s: f64) -> f64 {
    let until = episode.from;
    let gap = |case: &Case<'_>, at| case.truth.gap_m(case.watch, at).unwrap_or(f64::INFINITY);
    let mut earliest = until;
    let mut farthest = f64::NEG_INFINITY;
    for heard in pair.evidence.arrivals.iter().rev().filter(|heard| heard.is_live() && heard.is_usable()) {
        if heard.true_at >= until {
            continue;
        }
        if heard.true_at < until - LOOK_BACK_MS {
            break;
        }
        let at = heard.true_at;
        if !parties(pair.watch).iter().all(|role| pair.evidence.knows(*role, heard)) {
            continue;
        }
        let now = gap(pair, at);
        if farthest > now + BACK_M {
            break;
        }
        farthest = farthest.max(now);
        let closing = (gap(pair, at - LAST_MS) - now) / (LAST_MS as f64 / 1_000.0);
        let near = now <= pair.truth.law.warning_gap_m(pair.watch);
        let soon = closing > 0.0 && now <= (pair.truth.law.warning_s + ahead_s) * closing;
        let in_ring = heard.role == Role::Wearer && gap(home, at) <= home.truth.law.buffer_m;
        if near || soon || in_ring {
            earliest = heard.arrived_at.min(until);
        } else if earliest - at > LAPSE_MS {
            break;
        }
    }
    (until - earliest) as f64 / 1_000.0
}
