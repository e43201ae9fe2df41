//! What was expected against what came.

use zones::{Invalid, Millis, Timestamp};

use super::device::{Arrival, Message};
use super::expect::{Expectation, Kind, Moment, Pattern, Recipient, Sort, Window};
use super::file::Scenario;
use super::play::{Heard, Play};
use super::truth::Truth;
use super::words::wrong;

/// How finely the truth is searched for the moment something happens.
const STEP: Millis = Millis(1_000);
/// Most alerts shown beside an expectation that was missed.
const SHOWN: usize = 6;

/// An expectation that was not met, in words.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Miss {
    /// As it stands in the case file.
    pub expected: String,
    /// The window it speaks of, by the clock of the story.
    pub when: String,
    /// What came instead: alerts, or that there were none.
    pub came: Vec<String>,
}

/// Both ends belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    from: Timestamp,
    until: Timestamp,
}

/// Everything that was expected and did not come, or was not to come and did.
pub(super) fn misses(scenario: &Scenario, play: &Play, heard: &[Heard]) -> Result<Vec<Miss>, Invalid> {
    let mut misses = Vec::new();
    for expectation in &scenario.expectations {
        misses.extend(miss(scenario, play, heard, expectation)?);
    }
    Ok(misses)
}

/// What is wrong with one expectation, if anything.
pub(super) fn miss(
    scenario: &Scenario,
    play: &Play,
    heard: &[Heard],
    expectation: &Expectation,
) -> Result<Option<Miss>, Invalid> {
    let span = span(scenario, play, &expectation.window)
        .map_err(|error| Invalid::new("expect", format!("“{expectation}”: {error}")))?;
    let span = match expectation.sort {
        Sort::Must(_) => Span { until: (span.until + play.grace).min(scenario.ends), ..span },
        Sort::AtMost(_) => span,
    };
    let fits = |heard: &&Heard| expectation.pattern.fits(heard) && span.holds(heard.at);
    let came = match expectation.sort {
        Sort::AtMost(most) => {
            let found: Vec<&Heard> = heard.iter().filter(fits).collect();
            if found.len() <= most {
                return Ok(None);
            }
            shown(scenario, &found)
        }
        Sort::Must(more_than) => {
            let of = |copy| heard.iter().filter(move |heard| heard.copy == copy);
            let lacks = |copy: &u32| of(*copy).filter(fits).count() <= more_than;
            let lacking: Vec<u32> = (0..scenario.copies).filter(lacks).collect();
            let Some(copy) = lacking.first().copied() else { return Ok(None) };
            let like = |heard: &&Heard| {
                heard.copy == copy && expectation.pattern.kind.is_none_or(|kind| kind.is_like(heard.kind))
            };
            let mut came = instead(scenario, heard, like, expectation);
            if scenario.copies > 1 {
                came.insert(
                    0,
                    format!(
                        "lacking in {} of {} copies; in the first of them:",
                        lacking.len(),
                        scenario.copies
                    ),
                );
            }
            came
        }
    };
    Ok(Some(Miss { expected: expectation.to_string(), when: span.show(scenario), came }))
}

/// What came in place of something that had to.
fn instead(
    scenario: &Scenario,
    heard: &[Heard],
    like: impl Fn(&&Heard) -> bool,
    expectation: &Expectation,
) -> Vec<String> {
    let alike: Vec<&Heard> = heard.iter().filter(like).collect();
    if !alike.is_empty() {
        return shown(scenario, &alike);
    }
    let kind = expectation.pattern.kind.map_or_else(|| "anything".to_owned(), |kind| kind.to_string());
    let rest: Vec<&Heard> = heard.iter().collect();
    let mut came = vec![format!("no {kind}")];
    if !rest.is_empty() {
        came.push("but:".to_owned());
        came.extend(shown(scenario, &rest));
    }
    came
}

fn shown(scenario: &Scenario, heard: &[&Heard]) -> Vec<String> {
    let mut lines: Vec<String> = heard.iter().take(SHOWN).map(|heard| heard.show(scenario)).collect();
    if heard.len() > SHOWN {
        lines.push(format!("… and {} more", heard.len() - SHOWN));
    }
    lines
}

impl Heard {
    /// One line for whoever has to find out.
    fn show(&self, scenario: &Scenario) -> String {
        let (when, about) = (scenario.calendar.show(self.at), self.about.join(", "));
        let Kind::Alert(_) = self.kind else {
            return format!("{when} {} about {about}: {}", self.kind, self.reason);
        };
        let word = |value| match serde_json::to_value(value) {
            Ok(serde_json::Value::String(word)) => word,
            _ => String::new(),
        };
        let to = match (self.to_victim, self.to_desk) {
            (true, true) => "victim, desk",
            (true, false) => "victim",
            (false, true) => "desk",
            (false, false) => "operator only",
        };
        format!(
            "{when} {} {} {}{} about {about} → {to}: {}",
            self.kind,
            self.level.as_str(),
            word(self.certainty),
            if self.late { " late" } else { "" },
            self.reason,
        )
    }
}

impl Pattern {
    fn fits(&self, heard: &Heard) -> bool {
        self.kind.map_or(matches!(heard.kind, Kind::Alert(_)), |kind| kind == heard.kind)
            && self.approach.is_none_or(|approach| Some(approach) == heard.approach)
            && self.levels.is_none_or(|levels| levels.contains(&heard.level))
            && self.certainties.is_none_or(|certainties| certainties.contains(&heard.certainty))
            && self.late.is_none_or(|late| late == heard.late)
            && self.about.as_ref().is_none_or(|name| heard.about.contains(name))
            && self.to.is_none_or(|to| match to {
                Recipient::Victim => heard.to_victim,
                Recipient::Desk => heard.to_desk,
            })
    }
}

impl Span {
    fn holds(self, at: Timestamp) -> bool {
        self.from <= at && at <= self.until
    }

    fn show(self, scenario: &Scenario) -> String {
        let show = |moment| scenario.calendar.show(moment);
        format!("{} – {}", show(self.from), show(self.until))
    }
}

/// The moments a window speaks of. One that is empty, or begins with something that never happens, is an error:
/// it could never be met, or never be missed.
fn span(scenario: &Scenario, play: &Play, window: &Window) -> Result<Span, Invalid> {
    let (starts, ends) = (scenario.calendar.starts, scenario.ends);
    let at = |moment: &Moment| moment.find(scenario, &play.truth);
    let (from, until) = match window {
        Window::Always => (starts, ends),
        Window::Before(moment) => (starts, at(moment)? - Millis(1)),
        Window::After(moment) => (at(moment)?, ends),
        Window::Between(from, until) => (at(from)?, at(until)?),
        Window::Within(span, moment) => (at(moment)?, at(moment)? + *span),
        Window::Ahead(span, moment) => (starts, at(moment)? - *span),
        Window::Fixes(count, by, moment) => {
            let from = at(moment)?;
            // Taken since, not merely arrived since.
            let is_one = |arrival: &&Arrival| {
                let newest = match &arrival.message {
                    Message::Fixes(fixes) => fixes.iter().map(|fix| fix.fixed_at).max(),
                    Message::Event(_) | Message::Aware(_) => None,
                };
                newest.is_some_and(|taken| taken >= from) && by.is_none_or(|by| by == arrival.person)
            };
            let last = play.arrivals.iter().filter(is_one).nth(count.saturating_sub(1));
            (from, last.ok_or_else(|| wrong("so many fixes do not arrive"))?.at)
        }
    };
    if from > until || from > ends || until < starts {
        return Err(wrong("speaks of no time within the story"));
    }
    Ok(Span { from, until: until.min(ends) })
}

impl Moment {
    fn find(&self, scenario: &Scenario, truth: &Truth) -> Result<Timestamp, Invalid> {
        let (person, metres, place, leaves) = match self {
            Self::At(moment) => return Ok(*moment),
            Self::Comes { person, metres, place } => (*person, *metres, place, false),
            Self::Leaves { person, metres, place } => (*person, *metres, place, true),
        };
        let (mut at, mut came) = (scenario.calendar.starts, false);
        while at <= scenario.ends {
            let within = truth.distance_m(person, place, at).is_some_and(|distance| distance <= metres);
            if if leaves { came && !within } else { within } {
                return Ok(at);
            }
            came |= within;
            at = at + STEP;
        }
        Err(wrong("that never happens in this story"))
    }
}
