//! Where people are reached: telephone numbers and e-mail addresses.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Invalid;

/// Digits of an international telephone number (E.164).
const NUMBER_DIGITS: std::ops::RangeInclusive<usize> = 8..=15;
/// Longest e-mail address that a mail server must take, in bytes (RFC 5321, 4.5.3.1.3, without its brackets).
const LONGEST_EMAIL: usize = 254;

/// A telephone number in its international form: `+31612345678`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct PhoneNumber(Box<str>);

impl PhoneNumber {
    /// Takes `+`, the country code and the number, without anything between.
    ///
    /// # Errors
    /// Anything else; the text is not repeated.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let digits = text.strip_prefix('+').filter(|digits| !digits.starts_with('0')).unwrap_or_default();
        if !NUMBER_DIGITS.contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Invalid::new("", "is not a number such as +31612345678"));
        }
        Ok(Self(text.into()))
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
            _ => Err(Invalid::new("", "is not an e-mail address such as name@example.nl")),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_its_country_code() {
        for good in ["+31612345678", "+12345678", "+123456789012345"] {
            assert_eq!(PhoneNumber::new(good).unwrap().as_str(), good);
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
            "+31 6 12345678",
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
    fn nobody_s_address_is_shown_by_accident() {
        let (number, email) = (PhoneNumber::new("+31612345678"), EmailAddress::new("anna@example.nl"));
        assert_eq!(format!("{number:?} {email:?}"), "Ok(PhoneNumber) Ok(EmailAddress)");
    }
}
