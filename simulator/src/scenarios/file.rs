//! A case file: TOML around three short texts (the script, what must happen, what must not), read into a
//! [`Scenario`] in which every name is known and every time lies within the story.

use std::collections::BTreeMap;

use serde::Deserialize;
use zones::{Invalid, Millis, Position, Role, Source, Timestamp};

use super::expect::Expectation;
use super::order::{self, Plan};
use super::place::{Known, Person, Place, check_name};
use super::script::{self, Act};
use super::words::{Calendar, Words, local, wrong};

/// Longest name of a case; with the other parts of an id it stays within the contract's 64.
const LONGEST_NAME: usize = 24;
/// True error of a device where the file says nothing, in each direction: enough that no two fixes are the same to
/// the last digit, little enough that nobody is moved across an edge.
const USUAL_NOISE_M: f64 = 1.0;
/// Longest story.
const LONGEST: Millis = Millis::from_secs(72 * 3_600);
/// Longest story that is played in real time.
const LONGEST_LIVE: Millis = Millis::from_secs(300);
/// Most copies of a case.
const MOST_COPIES: u32 = 1_000;

/// A text in Dutch and English.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct Title {
    /// Dutch.
    pub nl: String,
    /// English.
    pub en: String,
}

/// A case: who does what, and what must and must not come of it.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Name, which is also the name of its file.
    pub name: String,
    /// What it is about.
    pub title: Title,
    /// The rule it holds the detection to, as the design words it.
    pub rule: String,
    /// Whether it can be played at true speed against a service.
    pub live: bool,
    /// So many copies of all persons play it at once, each for itself.
    pub(super) copies: u32,
    pub(super) calendar: Calendar,
    pub(super) ends: Timestamp,
    pub(super) people: Vec<Person>,
    pub(super) devices: Vec<Device>,
    pub(super) orders: Vec<Plan>,
    pub(super) acts: Vec<Act>,
    pub(super) expectations: Vec<Expectation>,
}

/// How a person's device reports, until the script says otherwise.
#[derive(Debug, Clone, Copy)]
pub(super) struct Device {
    pub(super) every: Millis,
    /// From the start of the story to the first fix.
    pub(super) phase: Millis,
    /// From a fix to its arrival.
    pub(super) delay: Millis,
    pub(super) accuracy_m: f32,
    /// Standard deviation of the true error in each direction.
    pub(super) noise_m: f64,
    pub(super) source: Source,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    title: Title,
    rule: String,
    starts: String,
    ends: String,
    #[serde(default)]
    live: bool,
    #[serde(default = "one")]
    copies: u32,
    place: BTreeMap<String, PlaceText>,
    order: Vec<order::Document>,
    #[serde(default)]
    device: BTreeMap<String, DeviceDocument>,
    story: Story,
    expect: Expect,
}

/// `[lon, lat]`, or a place by bearing and distance from another.
#[derive(Deserialize)]
#[serde(untagged)]
enum PlaceText {
    At([f64; 2]),
    From(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeviceDocument {
    every_s: Option<f64>,
    phase_s: Option<f64>,
    delay_s: Option<f64>,
    accuracy_m: Option<f64>,
    noise_m: Option<f64>,
    source: Option<Source>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Story {
    script: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    #[serde(default)]
    must: String,
    #[serde(default)]
    must_not: String,
}

fn one() -> u32 {
    1
}

impl Scenario {
    /// Reads a case file; the error names the place in it and what is wrong there.
    pub fn read(name: &str, text: &str) -> Result<Self, Invalid> {
        let document: Document =
            toml::from_str(text).map_err(|error| wrong(format!("\n{}", error.to_string().trim_end())))?;
        Self::of(name, document)
    }

    fn of(name: &str, document: Document) -> Result<Self, Invalid> {
        if !zones::is_id(name) || name.len() > LONGEST_NAME {
            return Err(wrong(format!("its name is not 1 to {LONGEST_NAME} characters of A-Z a-z 0-9 _ -")));
        }
        let (calendar, ends) = times(&document)?;
        let mut known = Known::default();
        for (name, place) in &document.place {
            check_name(name).map_err(|error| error.within("place"))?;
            if let PlaceText::At(lon_lat) = place {
                let at = Position::try_from(*lon_lat).map_err(|e| e.within(&format!("place.{name}")))?;
                known.places.insert(name.clone(), at);
            }
        }
        known.people = order::people(&document.order)?;
        for (name, place) in &document.place {
            if let PlaceText::From(text) = place {
                let at = fixed(text, &known).map_err(|e| e.within(&format!("place.{name}")))?;
                known.places.insert(name.clone(), at);
            }
        }
        let devices = devices(&known.people, document.device)?;
        let orders = order::plans(&document.order, &mut known, &calendar)?;
        let script = each_line(&document.story.script, "story.script", |line| {
            script::read(line, &known, &calendar, ends)
        })?;
        script::in_order(&script)?;
        let mut expectations = each_line(&document.expect.must, "expect.must", |line| {
            Expectation::must(line, &known, &calendar)
        })?;
        expectations.extend(each_line(&document.expect.must_not, "expect.must_not", |line| {
            Expectation::must_not(line, &known, &calendar)
        })?);
        if expectations.is_empty() {
            return Err(wrong("expects nothing, so it can never miss").within("expect"));
        }
        if document.live {
            playable_live(&script, &orders, &expectations)?;
        }
        Ok(Self {
            name: name.to_owned(),
            title: document.title,
            rule: document.rule,
            live: document.live,
            copies: document.copies,
            calendar,
            ends,
            people: known.people,
            devices,
            orders,
            acts: script,
            expectations,
        })
    }
}

/// At true speed the wall clock is what it is, the service cannot be deafened, and operators have no topic: who
/// must hear has to be said.
fn playable_live(script: &[Act], orders: &[Plan], expectations: &[Expectation]) -> Result<(), Invalid> {
    let problem = if script.iter().any(|act| matches!(act.what, script::What::Deaf { .. })) {
        "cannot make a real service deaf"
    } else if orders.iter().any(Plan::has_schedule) {
        "cannot have a schedule: it is played whenever it is started"
    } else if expectations.iter().any(Expectation::is_unheard) {
        "must say of everything that must come whether it is `to victim` or `to desk`"
    } else {
        return Ok(());
    };
    Err(Invalid::new("live", problem))
}

/// First and last moment, both checked.
fn times(document: &Document) -> Result<(Calendar, Timestamp), Invalid> {
    let calendar = Calendar::new(&document.starts).map_err(|e| e.within("starts"))?;
    let ends = if document.ends.contains('-') {
        local(&document.ends).map(|(_, moment)| moment)
    } else {
        let mut words = Words::of(&document.ends);
        words.moment(&calendar).and_then(|moment| words.end().map(|()| moment))
    };
    let ends = ends.map_err(|e| e.within("ends"))?;
    let (longest, why) =
        if document.live { (LONGEST_LIVE, "5 minutes, at true speed") } else { (LONGEST, "72 hours") };
    if ends <= calendar.starts || ends - calendar.starts > longest {
        return Err(Invalid::new("ends", format!("a story lasts longer than nothing and at most {why}")));
    }
    if !(1..=MOST_COPIES).contains(&document.copies) {
        return Err(Invalid::new("copies", format!("is not from 1 to {MOST_COPIES}")));
    }
    Ok((calendar, ends))
}

/// A place that does not depend on where anybody is.
pub(super) fn fixed(text: &str, known: &Known) -> Result<Position, Invalid> {
    let mut words = Words::of(text);
    let place = Place::read(&mut words, known)?;
    words.end()?;
    place.resolve(&|_| None).ok_or_else(|| wrong(format!("`{text}` depends on where somebody is")))
}

fn devices(
    people: &[Person],
    mut documents: BTreeMap<String, DeviceDocument>,
) -> Result<Vec<Device>, Invalid> {
    let mut devices = Vec::with_capacity(people.len());
    for person in people {
        let document = documents.remove(&person.name);
        let field = format!("device.{}", person.name);
        devices.push(Device::of(person.role, document.as_ref()).map_err(|e| e.within(&field))?);
    }
    match documents.keys().next() {
        Some(name) => Err(Invalid::new(format!("device.{name}"), "is nobody's: no order names that person")),
        None => Ok(devices),
    }
}

impl Device {
    fn of(role: Role, document: Option<&DeviceDocument>) -> Result<Self, Invalid> {
        let seconds = |value: Option<f64>, usual: f64, least: f64, field: &str| match value.unwrap_or(usual) {
            value if (least..=3_600.0).contains(&value) => Ok(Millis((value * 1_000.0).round() as i64)),
            value => Err(Invalid::new(field, format!("{value} is not from {least} to 3600"))),
        };
        let metres = |value: Option<f64>, usual: f64, field: &str| match value.unwrap_or(usual) {
            value if (0.0..=100_000.0).contains(&value) => Ok(value),
            value => Err(Invalid::new(field, format!("{value} is not from 0 to 100000"))),
        };
        // Two devices never report at the same moment, as if by appointment.
        let phase = if role == Role::Wearer { 0.0 } else { 7.0 };
        Ok(Self {
            every: seconds(document.and_then(|d| d.every_s), 60.0, 1.0, "every_s")?,
            phase: seconds(document.and_then(|d| d.phase_s), phase, 0.0, "phase_s")?,
            delay: seconds(document.and_then(|d| d.delay_s), 1.0, 0.0, "delay_s")?,
            accuracy_m: metres(document.and_then(|d| d.accuracy_m), 8.0, "accuracy_m")? as f32,
            noise_m: metres(document.and_then(|d| d.noise_m), USUAL_NOISE_M, "noise_m")?,
            source: document.and_then(|d| d.source).unwrap_or(Source::Gnss),
        })
    }
}

/// Reads a text line by line; empty lines and those that begin with `#` say nothing.
fn each_line<T>(
    text: &str,
    field: &str,
    read: impl Fn(&str) -> Result<T, Invalid>,
) -> Result<Vec<T>, Invalid> {
    let mut all = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        all.push(read(line).map_err(|error| Invalid::new(field, format!("“{line}”: {error}")))?);
    }
    Ok(all)
}
