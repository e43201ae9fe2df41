//! Names that outside parties give to things: orders, persons, devices, zones and desks.

use std::borrow::Borrow;
use std::fmt;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::Invalid;

/// Longest id the contract allows, in bytes.
const LONGEST: usize = 64;

/// Whether a text is an id as the contract wants it, `[A-Za-z0-9_-]{1,64}`: the check without the copy.
pub fn is_id(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    !text.is_empty() && text.len() <= LONGEST && text.bytes().all(allowed)
}

fn check(text: &str) -> Result<(), Invalid> {
    if !is_id(text) {
        return Err(Invalid::new("", "an id is 1 to 64 characters of A-Z a-z 0-9 _ -"));
    }
    Ok(())
}

macro_rules! id {
    ($(#[$doc:meta] $name:ident)*) => {$(
        #[$doc]
        ///
        /// Matches `[A-Za-z0-9_-]{1,64}`. One of up to 23 characters, as nearly all are, lies in its owner: to
        /// find a device by its id costs no walk to a text elsewhere. A clone never copies a longer text.
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(SmolStr);

        impl $name {
            /// Takes a text as an id; an error says what an id looks like.
            pub fn new(text: &str) -> Result<Self, Invalid> {
                check(text)?;
                Ok(Self(text.into()))
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = Invalid;
            fn try_from(text: String) -> Result<Self, Invalid> {
                Self::new(&text)
            }
        }

        /// For look-ups by text.
        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

id! {
    /// A court's or prosecutor's order.
    OrderId
    /// A wearer or a victim.
    PersonId
    /// An ankle monitor or a victim device.
    DeviceId
    /// A zone within an order.
    ZoneId
    /// A police control room.
    DeskId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_short_and_plain() {
        assert!(DeviceId::new("am-0001_X").is_ok());
        for bad in ["", "a b", "é", "a/b", "a+b", "#", &"x".repeat(65)] {
            assert!(DeviceId::new(bad).is_err(), "{bad:?}");
        }
    }
}
