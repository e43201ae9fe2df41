//! What must and must not come of a case: one line an expectation.

use zones::{AlertKind, Approach, Certainty, Invalid, Level, Millis, ProtectionState, Timestamp};

use super::place::{Known, Place};
use super::words::{Calendar, Words, wrong};

/// Something that must, or must not, be raised.
#[derive(Debug, Clone)]
pub(super) struct Expectation {
    pub(super) sort: Sort,
    pub(super) pattern: Pattern,
    pub(super) window: Window,
    /// As it stands in the file.
    line: String,
}

/// Which way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// More often than that, in every copy of the case.
    Must(usize),
    /// No more often than that, in all copies together.
    AtMost(usize),
}

/// Something that is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Alert(AlertKind),
    /// A victim is told how well she is protected.
    Protection(ProtectionState),
    /// An ankle monitor is told to report more often, or as before.
    Command,
    /// Something is written into an incident that changes no level: a repetition, a failed cancel.
    Noted,
}

/// What an alert looks like; `None` is anything.
#[derive(Debug, Clone, Default)]
pub(super) struct Pattern {
    /// Any alert; no protection and no command.
    pub(super) kind: Option<Kind>,
    pub(super) levels: Option<&'static [Level]>,
    pub(super) certainties: Option<&'static [Certainty]>,
    pub(super) late: Option<bool>,
    pub(super) approach: Option<Approach>,
    /// Person or zone it is about.
    pub(super) about: Option<String>,
    pub(super) to: Option<Recipient>,
}

/// Who hears of it; the operator hears of everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Recipient {
    Victim,
    Desk,
}

/// When it must or must not come: by the time it is raised.
#[derive(Debug, Clone)]
pub(super) enum Window {
    Always,
    Before(Moment),
    After(Moment),
    Between(Moment, Moment),
    /// From a moment on, for so long.
    Within(Millis, Moment),
    /// From a moment on, until so many fixes have arrived; of one person where one is named.
    Fixes(usize, Option<usize>, Moment),
    /// No later than so long before a moment.
    Ahead(Millis, Moment),
}

/// A moment by the clock, or by what truly happens.
#[derive(Debug, Clone)]
pub(super) enum Moment {
    At(Timestamp),
    /// First time that the person is within so many metres of the place.
    Comes {
        person: usize,
        metres: f64,
        place: Place,
    },
    /// First time after that that he is not.
    Leaves {
        person: usize,
        metres: f64,
        place: Place,
    },
}

pub(super) const KINDS: [AlertKind; 10] = [
    AlertKind::ExclusionZone,
    AlertKind::InclusionZone,
    AlertKind::VictimProximity,
    AlertKind::Aware,
    AlertKind::Tamper,
    AlertKind::Silence,
    AlertKind::Battery,
    AlertKind::Jamming,
    AlertKind::Parted,
    AlertKind::OrderExpiry,
];

const APPROACHES: [(&str, Approach); 4] = [
    ("wearer_approaches", Approach::WearerApproaches),
    ("victim_approaches", Approach::VictimApproaches),
    ("both", Approach::Both),
    ("unclear", Approach::Unclear),
];

const STATES: [(&str, ProtectionState); 3] = [
    ("protected", ProtectionState::Protected),
    ("limited", ProtectionState::Limited),
    ("unprotected", ProtectionState::Unprotected),
];

/// Words for levels; `raised` is any but the end.
const LEVELS: [(&str, &[Level]); 4] = [
    ("warning", &[Level::Warning]),
    ("alarm", &[Level::Alarm]),
    ("clear", &[Level::Clear]),
    ("raised", &[Level::Warning, Level::Alarm]),
];

/// Words for certainties; `sure` is better than possible.
const CERTAINTIES: [(&str, &[Certainty]); 4] = [
    ("possible", &[Certainty::Possible]),
    ("likely", &[Certainty::Likely]),
    ("certain", &[Certainty::Certain]),
    ("sure", &[Certainty::Likely, Certainty::Certain]),
];

impl Expectation {
    /// `victim_proximity alarm certain to victim within 2 min after 09:30`; `more than 2` before it where once
    /// is not enough.
    pub(super) fn must(line: &str, known: &Known, calendar: &Calendar) -> Result<Self, Invalid> {
        Self::read(Sort::Must, line, known, calendar)
    }

    /// The same; `more than 2` before it where some are allowed.
    pub(super) fn must_not(line: &str, known: &Known, calendar: &Calendar) -> Result<Self, Invalid> {
        Self::read(Sort::AtMost, line, known, calendar)
    }

    fn read(
        sort: fn(usize) -> Sort,
        line: &str,
        known: &Known,
        calendar: &Calendar,
    ) -> Result<Self, Invalid> {
        let mut words = Words::of(line);
        let count = if words.take("more than") { words.number("a count")? } else { 0.0 };
        if count.fract() != 0.0 {
            return Err(wrong(format!("{count} is no count")));
        }
        let pattern = Pattern::read(&mut words, known)?;
        let window = Window::read(&mut words, known, calendar)?;
        words.end()?;
        Ok(Self { sort: sort(count as usize), pattern, window, line: line.to_owned() })
    }

    /// Whether it must come, but not to anybody who has a topic.
    pub(super) fn is_unheard(&self) -> bool {
        let alert = !matches!(self.pattern.kind, Some(Kind::Protection(_) | Kind::Command | Kind::Noted));
        alert && matches!(self.sort, Sort::Must(_)) && self.pattern.to.is_none()
    }

    /// The other way round: what must becomes what must not.
    #[cfg(test)]
    pub(super) fn inverted(&self) -> Self {
        let sort = match self.sort {
            Sort::Must(count) => Sort::AtMost(count),
            Sort::AtMost(count) => Sort::Must(count),
        };
        Self { sort, ..self.clone() }
    }
}

/// As it stands in the file.
impl std::fmt::Display for Expectation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sort = if matches!(self.sort, Sort::Must(_)) { "must" } else { "must not" };
        write!(f, "{sort}: {}", self.line)
    }
}

impl Kind {
    /// The same; for protection also another state of it.
    pub(super) fn is_like(self, other: Self) -> bool {
        self == other || matches!((self, other), (Self::Protection(_), Self::Protection(_)))
    }

    fn read(words: &mut Words<'_>) -> Result<Self, Invalid> {
        if words.take("command") {
            return Ok(Self::Command);
        }
        if words.take("noted") {
            return Ok(Self::Noted);
        }
        if words.take("protection") {
            let state =
                STATES.iter().find(|(word, _)| words.take(word)).map(|(_, state)| Self::Protection(*state));
            return state
                .ok_or_else(|| wrong(format!("{} is not protected, limited or unprotected", words.shown())));
        }
        let kind = KINDS.into_iter().find(|kind| words.take(kind.as_str())).map(Self::Alert);
        kind.ok_or_else(|| wrong(format!("{} is no kind of alert, nor `anything`", words.shown())))
    }
}

/// As it is written.
impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Alert(kind) => f.write_str(kind.as_str()),
            Self::Protection(state) => {
                let word = STATES.iter().find(|(_, known)| known == state).map_or("", |(word, _)| word);
                write!(f, "protection {word}")
            }
            Self::Command => f.write_str("command"),
            Self::Noted => f.write_str("noted"),
        }
    }
}

impl Pattern {
    fn read(words: &mut Words<'_>, known: &Known) -> Result<Self, Invalid> {
        let mut pattern = Self::default();
        if !words.take("anything") {
            pattern.kind = Some(Kind::read(words)?);
        }
        pattern.levels = LEVELS.iter().find(|(word, _)| words.take(word)).map(|(_, levels)| *levels);
        pattern.certainties =
            CERTAINTIES.iter().find(|(word, _)| words.take(word)).map(|(_, certainties)| *certainties);
        pattern.late = if words.take("late") { Some(true) } else { words.take("live").then_some(false) };
        pattern.approach =
            APPROACHES.iter().find(|(word, _)| words.take(word)).map(|(_, approach)| *approach);
        loop {
            if words.take("about") {
                let name = words.next("a person or zone")?;
                if known.person(name).is_none() && !known.zones.iter().any(|zone| zone == name) {
                    return Err(wrong(format!("`{name}` is no person and no zone of this case")));
                }
                pattern.about = Some(name.to_owned());
            } else if words.take("to victim") {
                pattern.to = Some(Recipient::Victim);
            } else if words.take("to desk") {
                pattern.to = Some(Recipient::Desk);
            } else {
                return Ok(pattern);
            }
        }
    }
}

impl Window {
    fn read(words: &mut Words<'_>, known: &Known, calendar: &Calendar) -> Result<Self, Invalid> {
        let moment = |words: &mut Words<'_>| Moment::read(words, known, calendar);
        if words.peek().is_none() {
            return Ok(Self::Always);
        }
        if words.take("before") {
            return moment(words).map(Self::Before);
        }
        if words.take("after") {
            return moment(words).map(Self::After);
        }
        if words.take("between") {
            let from = moment(words)?;
            words.need("and")?;
            return Ok(Self::Between(from, moment(words)?));
        }
        if words.take("at least") {
            let span = words.span()?;
            words.need("before")?;
            return Ok(Self::Ahead(span, moment(words)?));
        }
        words.need("within")?;
        let mut ahead = words.clone();
        let count = ahead.number("a count or a length of time")?;
        if !(ahead.take("fix") || ahead.take("fixes")) {
            let span = words.span()?;
            words.need("after")?;
            return Ok(Self::Within(span, moment(words)?));
        }
        *words = ahead;
        let by = match words.take("by").then(|| words.next("a person")).transpose()? {
            Some(name) => {
                Some(known.person(name).ok_or_else(|| wrong(format!("`{name}` is nobody in this case")))?)
            }
            None => None,
        };
        words.need("after")?;
        Ok(Self::Fixes(count.round() as usize, by, moment(words)?))
    }
}

impl Moment {
    fn read(words: &mut Words<'_>, known: &Known, calendar: &Calendar) -> Result<Self, Invalid> {
        let Some(person) = words.peek().and_then(|name| known.person(name)) else {
            return words.moment(calendar).map(Self::At);
        };
        let _ = words.next("a person")?;
        let comes = words.take("comes within");
        if !comes {
            words.need("leaves")?;
        }
        let metres = words.metres()?;
        words.need("of")?;
        let place = Place::read(words, known)?;
        Ok(if comes { Self::Comes { person, metres, place } } else { Self::Leaves { person, metres, place } })
    }
}
