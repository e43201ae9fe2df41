//! Persons and places by name, and places by bearing and distance from them.

use std::collections::BTreeMap;

use zones::{Invalid, Position, Role, geodesy};

use super::words::{Words, wrong};

/// Somebody in a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) name: String,
    pub(super) role: Role,
}

/// The names a case may use.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) places: BTreeMap<String, Position>,
    pub(super) people: Vec<Person>,
    /// Zones, for expectations.
    pub(super) zones: Vec<String>,
}

/// Words of the script that nobody may be called.
const TAKEN: [&str; 4] = ["service", "court", "anything", "until"];

/// Longest name of a person, place or zone.
const LONGEST_NAME: usize = 16;

/// Checks a name that is being given.
pub(super) fn check_name(name: &str) -> Result<(), Invalid> {
    if !zones::is_id(name) || name.len() > LONGEST_NAME || TAKEN.contains(&name) {
        let problem =
            format!("a name is 1 to {LONGEST_NAME} characters of A-Z a-z 0-9 _ -, and no word of the script");
        return Err(Invalid::new(name, problem));
    }
    Ok(())
}

impl Known {
    /// The person of that name.
    pub(super) fn person(&self, name: &str) -> Option<usize> {
        self.people.iter().position(|person| person.name == name)
    }
}

/// Somewhere: fixed, or where somebody is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Place {
    At(Position),
    Person(usize),
    Off { metres: f64, bearing_deg: f64, of: Box<Place> },
}

impl Place {
    /// Reads `home`, `anna`, or `8 km E of home`.
    pub(super) fn read(words: &mut Words<'_>, known: &Known) -> Result<Self, Invalid> {
        let word = words.peek().ok_or_else(|| wrong("ends where a place should follow"))?;
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            let metres = words.metres()?;
            let bearing_deg = words.bearing_deg()?;
            words.need("of")?;
            return Ok(Self::Off { metres, bearing_deg, of: Box::new(Self::read(words, known)?) });
        }
        let name = words.next("a place")?;
        if let Some(person) = known.person(name) {
            return Ok(Self::Person(person));
        }
        let at = known.places.get(name).copied();
        at.map(Self::At).ok_or_else(|| wrong(format!("`{name}` is no place and no person of this case")))
    }

    /// Where it is, given where persons are; `None` where one of them is nowhere yet.
    pub(super) fn resolve(&self, whereabouts: &impl Fn(usize) -> Option<Position>) -> Option<Position> {
        match self {
            Self::At(position) => Some(*position),
            Self::Person(person) => whereabouts(*person),
            Self::Off { metres, bearing_deg, of } => {
                of.resolve(whereabouts).map(|from| geodesy::offset(from, *bearing_deg, *metres))
            }
        }
    }
}
