//! The other road to a victim, and the addresses that people are reached at.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::json::{Fields, text};
use crate::{Invalid, is_id};

/// Fewest digits of a telephone number with its country code.
const FEWEST_DIGITS: usize = 8;
/// Most digits of a telephone number with its country code (E.164).
const MOST_DIGITS: usize = 15;
/// Longest e-mail address that a mail server must take, in bytes (RFC 5321, 4.5.3.1.3, without its brackets).
const LONGEST_EMAIL: usize = 254;

/// A telephone number in its international form: `+31612345678`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct PhoneNumber(Box<str>);

impl PhoneNumber {
    /// Takes `+`, the country code and the number; spaces, hyphens and brackets are left out.
    ///
    /// # Errors
    /// Anything else; the text is not repeated.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let plain: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')')).collect();
        let digits = plain.strip_prefix('+').filter(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
        match digits {
            Some(digits)
                if (FEWEST_DIGITS..=MOST_DIGITS).contains(&digits.len()) && !digits.starts_with('0') =>
            {
                Ok(Self(plain.into()))
            }
            _ => Err(Invalid::new("", "is not a telephone number of the form +31612345678")),
        }
    }

    /// `+` and digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An e-mail address: somebody at a domain, in plain characters, without a name before it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct EmailAddress(Box<str>);

impl EmailAddress {
    /// Takes an address.
    ///
    /// # Errors
    /// Anything that could be more than one address, or part of a header; the text is not repeated.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let local = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b);
        let label = |label: &str| {
            let inner = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
            !label.is_empty()
                && label.len() <= 63
                && label.bytes().all(inner)
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let dotted = |name: &str| !name.is_empty() && name.split('.').all(|part| !part.is_empty());
        match text.rsplit_once('@') {
            Some((name, domain))
                if text.len() <= LONGEST_EMAIL
                    && name.len() <= 64
                    && name.bytes().all(local)
                    && dotted(name)
                    && domain.split('.').all(label) =>
            {
                Ok(Self(text.into()))
            }
            _ => Err(Invalid::new("", "is not an e-mail address of the form name@example.nl")),
        }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Texts as types that cannot be wrong: shown only where somebody asks for the text.
macro_rules! address {
    ($($name:ident)*) => {$(
        impl TryFrom<String> for $name {
            type Error = Invalid;
            fn try_from(text: String) -> Result<Self, Invalid> {
                Self::new(&text)
            }
        }

        /// Where somebody can be reached is not for a log.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    )*};
}

address! { PhoneNumber EmailAddress }

/// Where a victim is told when her device does not show an alert. In JSON an object with one field:
/// `{"sms": "+31612345678"}`, `{"email": "name@example.nl"}`, or `{"contact": "name"}` for a contact of the
/// service's settings, which keeps her number out of the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecondChannel {
    /// A text message to this number.
    Sms(PhoneNumber),
    /// An e-mail to this address.
    Email(EmailAddress),
    /// The e-mail address and the number of this contact.
    Contact(String),
}

/// Reads one out of an order.
pub(super) fn second_channel(value: &Value) -> Result<SecondChannel, Invalid> {
    const LONGEST: usize = 300;
    let fields = Fields::of(value)?;
    let said = |name| fields.may(name, |said| text(said, LONGEST));
    let within = |name: &'static str| move |error: Invalid| error.within(name);
    match (said("sms")?, said("email")?, said("contact")?) {
        (Some(sms), None, None) => PhoneNumber::new(sms).map(SecondChannel::Sms).map_err(within("sms")),
        (None, Some(email), None) => {
            EmailAddress::new(email).map(SecondChannel::Email).map_err(within("email"))
        }
        (None, None, Some(contact)) if is_id(contact) => Ok(SecondChannel::Contact(contact.to_owned())),
        (None, None, Some(_)) => {
            Err(Invalid::new("contact", "a name is 1 to 64 characters of A-Z a-z 0-9 _ -"))
        }
        _ => Err(Invalid::new("", "is not exactly one of sms, email, contact")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_number_has_its_country_code() {
        for (text, plain) in [
            ("+31612345678", "+31612345678"),
            ("+31 (6) 12-34 56 78", "+31612345678"),
            ("+12345678", "+12345678"),
        ] {
            assert_eq!(PhoneNumber::new(text).unwrap().as_str(), plain);
        }
        for bad in [
            "",
            "+",
            "0612345678",
            "+0612345678",
            "+1234567",
            "+1234567890123456",
            "+31612345678x",
            "+3161+2345678",
        ] {
            assert!(PhoneNumber::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_address_is_one_address() {
        for good in ["a@b", "piket.1+nacht@reclassering.example.nl", "o'neil@xn--bcher-kva.example"] {
            assert_eq!(EmailAddress::new(good).unwrap().as_str(), good);
        }
        let long = format!("{}@b", "a".repeat(65));
        for bad in [
            "",
            "a",
            "@b",
            "a@",
            "a@b@c",
            "a b@c",
            "a@b,c@d",
            "<a@b>",
            "a@b\r\nBcc: c@d",
            ".a@b",
            "a..b@c",
            "a@.b",
            "a@b.",
            "a@-b",
            "é@b",
            "\"a\"@b",
            "a@[127.0.0.1]",
            &long,
        ] {
            assert!(EmailAddress::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_second_channel_is_one_road_and_reads_back_as_written() {
        for road in
            [json!({"sms": "+31612345678"}), json!({"email": "anna@example.nl"}), json!({"contact": "anna"})]
        {
            let read = second_channel(&road).unwrap();
            assert_eq!(serde_json::to_value(&read).unwrap(), road);
            assert_eq!(second_channel(&serde_json::to_value(&read).unwrap()).unwrap(), read);
        }
        for (road, want) in [
            (json!({}), "is not exactly one of sms, email, contact"),
            (json!({"sms": "+31612345678", "email": "a@b"}), "is not exactly one of sms, email, contact"),
            (json!({"sms": "0612"}), "sms: is not a telephone number of the form +31612345678"),
            (json!({"email": "anna"}), "email: is not an e-mail address of the form name@example.nl"),
            (json!({"contact": "an na"}), "contact: a name is 1 to 64 characters of A-Z a-z 0-9 _ -"),
            (json!({"sms": 31}), "sms: is a number, not a text"),
            (json!("anna"), "is a text, not an object"),
        ] {
            assert_eq!(second_channel(&road).unwrap_err().to_string(), want);
        }
    }

    #[test]
    fn nobody_s_address_is_shown_by_accident() {
        let road = SecondChannel::Sms(PhoneNumber::new("+31612345678").unwrap());
        assert_eq!(format!("{road:?}"), "Sms(PhoneNumber)");
    }
}
