//! How the people of an order are told: who is called first, and what a victim asked for.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use super::address::{EmailAddress, PhoneNumber};
use super::json::{Fields, each, text, word};
use crate::{Invalid, is_id};

/// Longest telephone number or e-mail address that is looked at, in characters.
const LONGEST_ADDRESS: usize = 300;
/// Hexadecimal digits of a SHA-256.
const DIGEST_DIGITS: usize = 64;

/// Who of a case is called, in what order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Callee {
    /// Who wears the ankle monitor.
    Wearer,
    /// The protected person.
    Victim,
    /// The police control room.
    Police,
}

/// Another road to a victim, for when her device does not show what it was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SecondChannel {
    /// A telephone number such as `+31612345678`.
    Sms(PhoneNumber),
    /// An e-mail address.
    Email(EmailAddress),
    /// A contact of the configuration, by name.
    Contact(String),
}

/// The language a victim is told in first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// Dutch.
    #[default]
    Nl,
    /// English.
    En,
}

/// The SHA-256 of the code with which a victim cancels a press of AWARE. It is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct AwareCode([u8; 32]);

impl AwareCode {
    /// The digest, to compare with that of what was typed.
    pub const fn sha256(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for AwareCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AwareCode")
    }
}

/// As in an order's document: 64 hexadecimal digits, small letters.
impl Serialize for AwareCode {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble)]);
        let digits: String = self.0.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect();
        to.serialize_str(&digits)
    }
}

/// Each at most once; who is not named is called in nobody's stead.
pub(super) fn call_order(value: &Value) -> Result<Vec<Callee>, Invalid> {
    let callees = each(value, 3, word::<Callee>)?;
    for (i, callee) in callees.iter().enumerate() {
        if callees.iter().take(i).any(|earlier| earlier == callee) {
            return Err(Invalid::new(format!("[{i}]"), "stands there twice"));
        }
    }
    Ok(callees)
}

/// Exactly one of `sms`, `email` and `contact`.
pub(super) fn second_channel(value: &Value) -> Result<SecondChannel, Invalid> {
    let fields = Fields::of(value)?;
    let roads = [
        fields.may("sms", |said| PhoneNumber::new(address(said)?).map(SecondChannel::Sms))?,
        fields.may("email", |said| EmailAddress::new(address(said)?).map(SecondChannel::Email))?,
        fields.may("contact", |said| contact(said).map(SecondChannel::Contact))?,
    ];
    let mut named = roads.into_iter().flatten();
    match (named.next(), named.next()) {
        (Some(road), None) => Ok(road),
        (None, _) => Err(Invalid::new("", "names none of sms, email, contact")),
        (Some(_), Some(_)) => Err(Invalid::new("", "names more than one of sms, email, contact")),
    }
}

fn address(value: &Value) -> Result<&str, Invalid> {
    text(value, LONGEST_ADDRESS)
}

fn contact(value: &Value) -> Result<String, Invalid> {
    match value.as_str().filter(|name| is_id(name)) {
        Some(name) => Ok(name.to_owned()),
        None => Err(Invalid::new("", "is not a contact's name: 1 to 64 characters of A-Z a-z 0-9 _ -")),
    }
}

/// Errors never repeat what was written: it may be the code itself.
pub(super) fn aware_code(value: &Value) -> Result<AwareCode, Invalid> {
    let wrong = || Invalid::new("", "is not a SHA-256 in 64 hexadecimal digits");
    let digits = text(value, DIGEST_DIGITS).map_err(|_| wrong())?.as_bytes();
    let mut digest = [0; 32];
    if digits.len() != DIGEST_DIGITS {
        return Err(wrong());
    }
    for (byte, pair) in digest.iter_mut().zip(digits.chunks_exact(2)) {
        let nibble = |digit: u8| char::from(digit).to_digit(16);
        match (nibble(pair[0]), nibble(pair[1])) {
            (Some(high), Some(low)) => *byte = (high << 4 | low) as u8,
            _ => return Err(wrong()),
        }
    }
    Ok(AwareCode(digest))
}
