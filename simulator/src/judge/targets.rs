//! What the detection has to reach.

use serde::Serialize;

use crate::checker::{IN_TIME_S, Tally};

use super::figures::{Figure, rate, share};

/// One target, and what was measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Target {
    /// What is counted, in Dutch.
    #[serde(skip)]
    pub nl: &'static str,
    /// What is counted, in English.
    pub name: &'static str,
    /// Of how many, in words.
    pub of: String,
    /// The figure, with its interval of 95 % confidence.
    #[serde(flatten)]
    pub figure: Figure,
    /// What it may be at the most, or must be at the least.
    pub bound: f64,
    /// Which of the two.
    pub at_most: bool,
    /// Whether it is: nothing to measure breaks no promise.
    pub met: bool,
}

/// Every target, in the order of the table: first those of the design, then those of the judge.
pub(super) fn of(tally: &Tally) -> Vec<Target> {
    let mut targets = of_alarms(tally).to_vec();
    targets.extend(of_time(tally));
    targets.extend(of_words(tally));
    for target in &mut targets {
        target.met = target
            .figure
            .value
            .is_none_or(|value| if target.at_most { value <= target.bound } else { value >= target.bound });
    }
    targets
}

/// What is missed, and what is raised about nothing.
fn of_alarms(tally: &Tally) -> [Target; 5] {
    let (all, victim, operator) = (tally.all(), tally.victim_sees(), tally.operator_sees());
    let rate = |count| per_day(count, tally.pair_days);
    [
        at_most("gemiste voorvallen", "missed true episodes", count(all.missed, all.counted), 0.0),
        at_most(
            "valse alarmen bij het slachtoffer, per paardag",
            "false alarms the victim sees, per pair-day",
            rate(victim.false_alarms),
            0.02,
        ),
        at_most(
            "valse waarschuwingen bij het slachtoffer, per paardag",
            "false warnings the victim sees, per pair-day",
            rate(victim.false_warnings),
            0.2,
        ),
        at_most(
            "valse alarmen bij de meldkamer alleen, per paardag",
            "false alarms only the operator sees, per pair-day",
            rate(operator.false_alarms),
            0.2,
        ),
        at_most(
            "alarmen per waar voorval",
            "alarm episodes per true episode",
            ratio(all.alarms, all.raised),
            1.1,
        ),
    ]
}

/// How long before, and how long after.
fn of_time(tally: &Tally) -> [Target; 4] {
    let (all, (warned, could)) = (tally.all(), warned(tally));
    let ([certain, waited, longer], [at_once, one, more]) = (tally.delay_certain, tally.delay_likely);
    [
        at_least(
            "snelle naderingen 5 minuten vooraf gewaarschuwd",
            "fast approaches warned 5 minutes before",
            part(warned, could),
            0.95,
        ),
        at_most(
            "zeker, en toch gewacht",
            "no doubt, and still waited",
            count(waited + longer, certain + waited + longer),
            0.0,
        ),
        at_most(
            "waarschijnlijk, en langer gewacht dan een fix",
            "likely, and waited for more than one fix",
            count(more, at_once + one + more),
            0.0,
        ),
        at_least(
            "voorvallen tussen twee fixes gezien",
            "passages between two fixes raised",
            part(all.passages_raised, all.passages),
            0.9,
        ),
    ]
}

/// Whether what is said is said well.
fn of_words(tally: &Tally) -> [Target; 3] {
    [
        at_most(
            "meldingen dubbel of terug in de tijd",
            "alerts twice or back in time",
            count(tally.twice + tally.backwards, tally.alerts),
            0.0,
        ),
        at_most(
            "ten onrechte zeker genoemd",
            "certain without being so",
            part(tally.overclaimed, tally.certain_alarms),
            0.01,
        ),
        at_most(
            "stiltes zonder melding",
            "silences nothing was said of",
            count(tally.unsaid_silences, tally.silences),
            0.0,
        ),
    ]
}

/// Fast approaches that were warned of in time, of those that the world made it possible for.
pub(super) fn warned(tally: &Tally) -> (u64, u64) {
    let could: Vec<_> = tally.approaches.iter().filter(|a| a.could_be_in_time()).collect();
    let warned = could.iter().filter(|a| a.lead_s >= IN_TIME_S).count();
    (warned as u64, could.len() as u64)
}

type Measured = (String, Figure);

fn count(k: u64, n: u64) -> Measured {
    let value = (n > 0).then_some(k as f64);
    let scale = |share: f64| share * n as f64;
    let interval = share(k, n);
    (format!("{k} of {n}"), Figure { value, low: scale(interval.low), high: scale(interval.high) })
}

fn part(k: u64, n: u64) -> Measured {
    (format!("{k} of {n}"), share(k, n))
}

fn per_day(k: u64, days: u64) -> Measured {
    (format!("{k} in {days} pair-days"), rate(k, days))
}

/// Nearly every episode has one alarm, which scatters less than independent events do: the interval is on the safe
/// side.
fn ratio(alarms: u64, raised: u64) -> Measured {
    (format!("{alarms} about {raised}"), rate(alarms, raised))
}

fn at_most(nl: &'static str, name: &'static str, (of, figure): Measured, bound: f64) -> Target {
    Target { nl, name, of, figure, bound, at_most: true, met: false }
}

fn at_least(nl: &'static str, name: &'static str, measured: Measured, bound: f64) -> Target {
    Target { at_most: false, ..at_most(nl, name, measured, bound) }
}
