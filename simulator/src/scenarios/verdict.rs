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
            shown(&found, |heard| heard.show(scenario))
        }
        Sort::Must(more_than) => {
            let of = |copy| heard.iter().filter(move |heard| heard.copy == copy);
            let lacks = |copy: &u32| of(*copy).filter(fits).count() <= more_than;
            let lacking: Vec<u32> = (0..scenario.copies).filter(lacks).collect();
            let Some(copy) = lacking.first().copied() else { return Ok(None) };
            let like = |heard: &&Heard| {
                heard.copy == copy && expectation.pattern.kind.is_none_or(|kind| kind.is_like(heard.kind))
            };
            let line = |heard: &Heard| {
                format!("{}{}", heard.show(scenario), why_not(&expectation.pattern, span, heard))
            };
            let mut came = instead(heard, like, expectation, line);
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
    heard: &[Heard],
    like: impl Fn(&&Heard) -> bool,
    expectation: &Expectation,
    line: impl Fn(&Heard) -> String,
) -> Vec<String> {
    let alike: Vec<&Heard> = heard.iter().filter(like).collect();
    if !alike.is_empty() {
        return shown(&alike, line);
    }
    let kind = expectation.pattern.kind.map_or_else(|| "anything".to_owned(), |kind| kind.to_string());
    let rest: Vec<&Heard> = heard.iter().filter(|heard| matches!(heard.kind, Kind::Alert(_))).collect();
    let mut came = vec![format!("no {kind}")];
    if !rest.is_empty() {
        came.push("but:".to_owned());
        came.extend(shown(&rest, line));
    }
    came
}

fn shown(heard: &[&Heard], line: impl Fn(&Heard) -> String) -> Vec<String> {
    let mut lines: Vec<String> = heard.iter().take(SHOWN).map(|heard| line(heard)).collect();
    if heard.len() > SHOWN {
        lines.push(format!("… and {} more", heard.len() - SHOWN));
    }
    lines
}

/// What keeps an alert from being the one that was expected.
fn why_not(pattern: &Pattern, span: Span, heard: &Heard) -> String {
    let mut why = Vec::new();
    if pattern.kind.is_some_and(|kind| kind != heard.kind) {
        why.push("of another kind".to_owned());
    }
    if pattern.levels.is_some_and(|levels| !levels.contains(&heard.level)) {
        why.push("at another level".to_owned());
    }
    if pattern.certainties.is_some_and(|certainties| !certainties.contains(&heard.certainty)) {
        why.push("not so certain, or more".to_owned());
    }
    if pattern.late.is_some_and(|late| late != heard.late) {
        why.push(if heard.late { "late" } else { "not late" }.to_owned());
    }
    if pattern.approach.is_some_and(|approach| Some(approach) != heard.approach) {
        why.push("approach is another".to_owned());
    }
    if pattern.about.as_ref().is_some_and(|name| !heard.about.contains(name)) {
        why.push("about others".to_owned());
    }
    if pattern.to.is_some_and(|to| !heard.reaches(to)) {
        why.push("to others".to_owned());
    }
    let (early, late) = ((span.from - heard.at).as_secs_f64(), (heard.at - span.until).as_secs_f64());
    if early > 0.0 {
        why.push(format!("{early:.0} s too early"));
    } else if late > 0.0 {
        why.push(format!("{late:.0} s too late"));
    }
    if why.is_empty() { String::new() } else { format!(" ← {}", why.join(", ")) }
}

impl Heard {
    fn reaches(&self, to: Recipient) -> bool {
        match to {
            Recipient::Victim => self.to_victim,
            Recipient::Desk => self.to_desk,
        }
    }

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
            && self.to.is_none_or(|to| heard.reaches(to))
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
                    Message::Event(_) | Message::Aware(_) | Message::Cancel(_) => None,
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
