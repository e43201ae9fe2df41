//! The script: what persons and their devices do, one line an act, on the clock of the story.

use zones::{DeviceEventKind, Invalid, Millis, Source, Timestamp};

use super::place::{Known, Place};
use super::words::{Calendar, Words, wrong};

/// One line of a script.
#[derive(Debug, Clone)]
pub(super) struct Act {
    pub(super) at: Timestamp,
    pub(super) what: What,
    line: String,
}

/// Who does what.
#[derive(Debug, Clone)]
pub(super) enum What {
    Moves(usize, Motion),
    Device(usize, Deed),
    /// The service hears no device until then.
    Deaf {
        until: Timestamp,
    },
}

/// How somebody moves from now on.
#[derive(Debug, Clone)]
pub(super) enum Motion {
    At(Place),
    /// To where the place is when he sets out, and no further.
    To {
        place: Place,
        mps: f64,
    },
    Heading {
        bearing_deg: f64,
        mps: f64,
    },
    With(usize),
    /// There and back.
    Between {
        a: Place,
        b: Place,
        period: Millis,
    },
    Stops,
}

/// What a device does from now on.
#[derive(Debug, Clone)]
pub(super) enum Deed {
    Every(Millis),
    Accuracy {
        metres: Option<f32>,
        source: Source,
    },
    /// Takes no fixes: no sky, no battery, no power.
    Silent {
        until: Option<Timestamp>,
    },
    /// Takes fixes and keeps them.
    Offline {
        until: Timestamp,
    },
    /// Reports one place with fresh times.
    Frozen {
        until: Timestamp,
    },
    /// Reports another place than the true one.
    Seems {
        place: Place,
        until: Timestamp,
        source: Source,
        accuracy_m: Option<f32>,
    },
    /// One more fix, of another place than the true one.
    SeemsOnce {
        place: Place,
        arrives: Option<Timestamp>,
        source: Source,
        accuracy_m: Option<f32>,
    },
    Clock(Millis),
    Twice,
    OutOfOrder,
    Delay(Millis),
    Says(DeviceEventKind),
    Aware {
        test: bool,
    },
    /// Cancels a press, with her code or another.
    Cancel {
        wrong: bool,
    },
}

/// Ways to move with their usual speeds in km/h.
const VERBS: [(&str, f64); 5] =
    [("walks", 5.0), ("runs", 10.0), ("cycles", 18.0), ("drives", 50.0), ("rides", 100.0)];

/// Reads one line: `09:10 bram walks 5 km/h to anna`.
pub(super) fn read(line: &str, known: &Known, calendar: &Calendar, ends: Timestamp) -> Result<Act, Invalid> {
    let mut words = Words::of(line);
    let at = words.moment(calendar)?;
    if at < calendar.starts || at > ends {
        return Err(wrong("is not within the story"));
    }
    let moment = |words: &mut Words<'_>| later(words, calendar, at, ends);
    let what = if words.take("service cannot hear") {
        What::Deaf { until: until(&mut words, &moment)? }
    } else {
        let name = words.next("a person")?;
        let person = known.person(name).ok_or_else(|| wrong(format!("`{name}` is nobody in this case")))?;
        match motion(&mut words, known)? {
            Some(motion) => What::Moves(person, motion),
            None => What::Device(person, deed(&mut words, known, &moment)?),
        }
    };
    words.end()?;
    Ok(Act { at, what, line: line.to_owned() })
}

/// A script is told in order.
pub(super) fn in_order(acts: &[Act]) -> Result<(), Invalid> {
    match acts.windows(2).find(|pair| pair[1].at < pair[0].at) {
        Some(pair) => {
            let problem = format!("“{}” comes after “{}” but is earlier", pair[1].line, pair[0].line);
            Err(Invalid::new("story.script", problem))
        }
        None => Ok(()),
    }
}

fn later(
    words: &mut Words<'_>,
    calendar: &Calendar,
    at: Timestamp,
    ends: Timestamp,
) -> Result<Timestamp, Invalid> {
    match words.moment(calendar)? {
        moment if moment <= at => Err(wrong("ends before it begins")),
        moment if moment > ends => Err(wrong("ends after the story does")),
        moment => Ok(moment),
    }
}

fn until(
    words: &mut Words<'_>,
    moment: &impl Fn(&mut Words<'_>) -> Result<Timestamp, Invalid>,
) -> Result<Timestamp, Invalid> {
    words.need("until")?;
    moment(words)
}

/// A way to move; `None` when the line is about a device.
fn motion(words: &mut Words<'_>, known: &Known) -> Result<Option<Motion>, Invalid> {
    let mut ahead = words.clone();
    if !ahead.take("is in a tunnel") && (words.take("is at") || words.take("is")) {
        return Ok(Some(Motion::At(Place::read(words, known)?)));
    }
    if words.take("stops") {
        return Ok(Some(Motion::Stops));
    }
    if words.take("goes with") {
        let name = words.next("a person")?;
        let person = known.person(name).ok_or_else(|| wrong(format!("`{name}` is nobody in this case")))?;
        return Ok(Some(Motion::With(person)));
    }
    if words.take("wanders between") {
        let a = Place::read(words, known)?;
        words.need("and")?;
        let b = Place::read(words, known)?;
        words.need("every")?;
        return Ok(Some(Motion::Between { a, b, period: words.span()? }));
    }
    let Some((_, usual)) = VERBS.iter().find(|(verb, _)| words.take(verb)) else { return Ok(None) };
    let mut kmh = *usual;
    if words.peek().is_some_and(|word| word.starts_with(|c: char| c.is_ascii_digit())) && !words.is_bearing()
    {
        kmh = words.number("a speed")?;
        words.need("km/h")?;
    }
    let mps = kmh / 3.6;
    if words.take("to") {
        return Ok(Some(Motion::To { place: Place::read(words, known)?, mps }));
    }
    Ok(Some(Motion::Heading { bearing_deg: words.bearing_deg()?, mps }))
}

fn deed(
    words: &mut Words<'_>,
    known: &Known,
    moment: &impl Fn(&mut Words<'_>) -> Result<Timestamp, Invalid>,
) -> Result<Deed, Invalid> {
    if words.take("sends every") {
        return words.span().map(Deed::Every);
    }
    if words.take("sends twice") {
        return Ok(Deed::Twice);
    }
    if words.take("sends out of order") {
        return Ok(Deed::OutOfOrder);
    }
    if words.take("has delay") {
        return words.span().map(Deed::Delay);
    }
    if words.take("has accuracy") {
        let (metres, source) = quality(words)?;
        return Ok(Deed::Accuracy { metres, source });
    }
    if words.take("goes silent") || words.take("is in a tunnel") {
        let until = if words.peek().is_some() { Some(until(words, moment)?) } else { None };
        return Ok(Deed::Silent { until });
    }
    if words.take("goes offline") {
        return until(words, moment).map(|until| Deed::Offline { until });
    }
    if words.take("freezes") {
        return until(words, moment).map(|until| Deed::Frozen { until });
    }
    if words.take("seems at") || words.take("seems") {
        return seems(words, known, moment);
    }
    if words.take("has a clock") {
        let span = words.span()?;
        let ahead = words.take("ahead");
        if !ahead {
            words.need("behind")?;
        }
        return Ok(Deed::Clock(if ahead { span } else { Millis(-span.0) }));
    }
    if words.take("says") {
        return event(words.next("an event")?).map(Deed::Says);
    }
    if words.take("presses AWARE") {
        return Ok(Deed::Aware { test: words.take("as a test") });
    }
    if words.take("cancels AWARE") {
        return Ok(Deed::Cancel { wrong: words.take("with a wrong code") });
    }
    Err(wrong(format!("does not know what {} means", words.shown())))
}

/// `PLACE [until TIME | arriving TIME] [accuracy 30 m] [from wifi]`.
fn seems(
    words: &mut Words<'_>,
    known: &Known,
    moment: &impl Fn(&mut Words<'_>) -> Result<Timestamp, Invalid>,
) -> Result<Deed, Invalid> {
    let place = Place::read(words, known)?;
    let until = if words.take("until") { Some(moment(words)?) } else { None };
    let arrives = if words.take("arriving") { Some(moment(words)?) } else { None };
    let (accuracy_m, source) =
        if words.take("accuracy") { quality(words)? } else { (None, source(words)?.unwrap_or(Source::Gnss)) };
    match (until, arrives) {
        (Some(_), Some(_)) => Err(wrong("is either one fix that arrives late, or goes on until a time")),
        (Some(until), None) => Ok(Deed::Seems { place, until, source, accuracy_m }),
        (None, arrives) => Ok(Deed::SeemsOnce { place, arrives, source, accuracy_m }),
    }
}

/// `30 m [from wifi]`, or `unknown [from cell]`.
fn quality(words: &mut Words<'_>) -> Result<(Option<f32>, Source), Invalid> {
    let metres = if words.take("unknown") { None } else { Some(words.metres()? as f32) };
    Ok((metres, source(words)?.unwrap_or(Source::Gnss)))
}

fn source(words: &mut Words<'_>) -> Result<Option<Source>, Invalid> {
    if !words.take("from") {
        return Ok(None);
    }
    let word = words.next("a source")?;
    let read = serde_json::from_value(serde_json::Value::String(word.to_owned()));
    read.map(Some).map_err(|_| wrong(format!("`{word}` is not gnss, wifi, cell or beacon")))
}

fn event(word: &str) -> Result<DeviceEventKind, Invalid> {
    let read = serde_json::from_value(serde_json::Value::String(word.to_owned()));
    read.map_err(|_| wrong(format!("`{word}` is no event of the contract (strap_tamper, battery_low, …)")))
}
