//! From what the provider says about somebody to who that is here.

use serde_json::{Map, Value};
use zones::DeviceId;

use super::digest;
use crate::config::{Holder, Role, SignIn as Settings};

/// Longest name that is taken over, in characters.
const LONGEST_NAME: usize = 80;

/// A subject of at most so many characters is shown as it is; of a longer one, so many digits of its hash.
const TAG_LEN: usize = 12;
const HASH_TAG_LEN: usize = 8;

/// Somebody who signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Who that is here.
    pub holder: Holder,
    /// Who that is at the provider, for good.
    pub subject: String,
}

/// Why somebody is not signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The provider does not answer, or not as one should.
    Down,
    /// The provider says no.
    Declined,
    /// The code is no longer good, or was not asked for from here.
    Code,
    /// What the provider says about the person is not for this service, or not from that provider.
    Token,
    /// The provider did not ask the person again, or does not say when it did.
    NotAsked,
    /// Nothing about this person says what he or she may do here.
    NoRole {
        /// The name at the provider.
        name: String,
    },
    /// A victim of whom no device is known.
    NoDevice {
        /// The name at the provider.
        name: String,
    },
}

/// Who a person is, by a verified ID token.
pub(super) fn person(
    settings: &Settings,
    subject: &str,
    name: Option<&str>,
    claims: &Map<String, Value>,
) -> Result<Person, Refusal> {
    let shown = shown(name.unwrap_or_default());
    let name = format!("{} ({})", if shown.is_empty() { "–" } else { &shown }, tag(subject));
    let values = words(claim(claims, &settings.role_claim));
    let Some(meant) = settings.roles.iter().find(|row| values.contains(&row.value.as_str())) else {
        return Err(Refusal::NoRole { name });
    };
    let mut holder = Holder {
        name,
        person: Some(subject.to_owned()),
        role: meant.role,
        desk: meant.desk.clone(),
        device: None,
        only: None,
    };
    if meant.role == Role::Victim {
        let claimed = settings.device_claim.as_deref().and_then(|path| claim(claims, path));
        match claimed.and_then(Value::as_str).map(DeviceId::new) {
            Some(Ok(device)) => holder.device = Some(device),
            _ => return Err(Refusal::NoDevice { name: holder.name }),
        }
    }
    Ok(Person { holder, subject: subject.to_owned() })
}

/// A claim by its name, or by a path with dots into objects.
fn claim<'c>(claims: &'c Map<String, Value>, path: &str) -> Option<&'c Value> {
    claims.get(path).or_else(|| {
        let (first, rest) = path.split_once('.')?;
        rest.split('.').try_fold(claims.get(first)?, |value, name| value.get(name))
    })
}

/// The texts of a claim: one, or those of a list.
fn words(claim: Option<&Value>) -> Vec<&str> {
    match claim {
        Some(Value::String(word)) => vec![word],
        Some(Value::Array(words)) => words.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// A name as it can stand in a line: people choose theirs, so nothing in it may hide what comes after it.
fn shown(name: &str) -> String {
    let hides = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let plain: String = name.chars().filter(|c| !hides(*c)).take(LONGEST_NAME).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What tells two people of one name apart, and one person's two names together: a second opinion is counted by it.
fn tag(subject: &str) -> String {
    let plain = subject.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@'));
    if plain && subject.len() <= TAG_LEN {
        return subject.to_owned();
    }
    digest(subject).chars().take(HASH_TAG_LEN).collect()
}
