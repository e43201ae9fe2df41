//! The checker: what was raised against what was true. Safety: nothing false, nothing twice, nothing that goes back
//! in time, nobody silent in silence. Liveness: each true episode raised within its bound. Its thresholds are its own,
//! written down from the design a second time.

mod evidence;
mod lead;
mod liveness;
mod passage;
mod safety;
mod spells;
mod tally;

pub(crate) use tally::{Approach, Found, IN_TIME_S, Tally};

use crate::judge::{Day, Raised};
use crate::oracle::{Episode, Series, Truth, WATCHES, Watch, episodes};

use evidence::Evidence;
use spells::{Spell, spells};

/// Time between two fixes that every order of a trial expects, in milliseconds.
pub(crate) const INTERVAL_MS: i64 = 60_000;

/// Everything about one watch of one day.
struct Case<'a> {
    truth: Truth<'a>,
    day: &'a Day,
    evidence: &'a Evidence<'a>,
    watch: Watch,
    series: Series,
    episodes: Vec<Episode>,
    /// From a warning on.
    warned: Vec<Spell<'a>>,
    /// At alarm.
    alarmed: Vec<Spell<'a>>,
}

/// Checks a day from `from` to `until`, in milliseconds since 1970 UTC; `pair_day` is its number in examples.
pub(crate) fn check(truth: Truth<'_>, day: &Day, (from, until): (i64, i64), pair_day: u64) -> Tally {
    let mut tally = Tally::of_day(pair_day, truth.pair.behaviour(), day);
    let evidence = Evidence::of(day);
    let cases = WATCHES.map(|watch| {
        let series = Series::of(&truth, watch, from, until);
        let about: Vec<&Raised> = day.raised.iter().filter(|r| watch_of(r) == Some(watch)).collect();
        Case {
            truth,
            day,
            evidence: &evidence,
            watch,
            episodes: episodes(watch, &series),
            series,
            warned: spells(&about, zones::Level::Warning, until),
            alarmed: spells(&about, zones::Level::Alarm, until),
        }
    });
    for case in &cases {
        case.check_alarms(&mut tally);
        case.check_warnings(&mut tally);
        case.check_episodes(&mut tally);
    }
    let [pair, home, ..] = &cases;
    lead::check(pair, home, &mut tally);
    safety::check_order(day, &mut tally);
    pair.check_certainty(&mut tally);
    safety::check_silences(day, &evidence, until, &mut tally);
    tally
}

/// Which watch an alert is about; `None` for those about devices.
fn watch_of(raised: &Raised) -> Option<Watch> {
    use zones::AlertKind as Kind;
    let zone = raised.alert.zone.as_ref().map(ToString::to_string);
    match (raised.alert.kind, zone.as_deref()) {
        (Kind::VictimProximity, _) => Some(Watch::Pair),
        (Kind::InclusionZone, _) => Some(Watch::Curfew),
        (Kind::ExclusionZone, Some(zone)) if zone.starts_with("night") => Some(Watch::Night),
        (Kind::ExclusionZone, _) => Some(Watch::Home),
        _ => None,
    }
}
