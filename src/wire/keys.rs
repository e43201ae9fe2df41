//! Secrets by which OwnTracks apps encrypt, per tracker.

use std::collections::BTreeMap;
use std::fmt;

use super::topic::is_tracker;

/// Length of a libsodium secretbox key in bytes.
pub(super) const KEY_LEN: usize = 32;

/// The secret of every tracker that encrypts. Never shows them.
#[derive(Clone, Default)]
pub struct TrackerKeys {
    by_tracker: BTreeMap<String, [u8; KEY_LEN]>,
}

/// What is wrong with a table of tracker keys; holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not TOML, or not a table of texts.
    #[error("not a table of \"user/device\" = \"secret\": {0}")]
    Table(String),
    /// A key is no `user/device`.
    #[error("{0:?} is not of the form user/device")]
    Tracker(String),
    /// A secret is empty or longer than 32 bytes.
    #[error("the secret of {0:?} is not 1 to 32 bytes long")]
    Length(String),
}

impl TrackerKeys {
    /// Reads TOML with a line `"user/device" = "secret"` for every tracker that encrypts.
    pub fn from_toml(text: &str) -> Result<Self, KeyError> {
        let table: BTreeMap<String, String> =
            toml::from_str(text).map_err(|error| KeyError::Table(where_only(text, &error)))?;
        let mut by_tracker = BTreeMap::new();
        for (tracker, secret) in table {
            if !is_tracker(&tracker) {
                return Err(KeyError::Tracker(tracker));
            }
            if secret.is_empty() || secret.len() > KEY_LEN {
                return Err(KeyError::Length(tracker));
            }
            // As the apps do: the text of the secret, padded with zeros.
            let mut key = [0; KEY_LEN];
            key[..secret.len()].copy_from_slice(secret.as_bytes());
            by_tracker.insert(tracker, key);
        }
        Ok(Self { by_tracker })
    }

    /// The key of a tracker, `user/device`.
    pub(super) fn of(&self, tracker: &str) -> Option<&[u8; KEY_LEN]> {
        self.by_tracker.get(tracker)
    }
}

impl fmt::Debug for TrackerKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TrackerKeys of {} trackers", self.by_tracker.len())
    }
}

/// A TOML error quotes the line at fault, which may hold a secret: only its number is kept.
fn where_only(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or("");
    format!("see line {}", before.matches('\n').count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_padded_and_not_shown() {
        let keys = TrackerKeys::from_toml("\"anna/phone\" = \"geheim\"\n").unwrap();
        let key = keys.of("anna/phone").unwrap();
        assert_eq!(&key[..7], b"geheim\0");
        assert_eq!(format!("{keys:?}"), "TrackerKeys of 1 trackers");
        assert!(keys.of("anna/other").is_none());
    }

    #[test]
    fn an_error_names_the_tracker_or_the_line_never_the_secret() {
        let long = format!("\"a/b\" = \"{}\"", "x".repeat(33));
        for (text, want) in [
            ("\"anna\" = \"geheim\"", "\"anna\" is not of the form user/device"),
            ("\"a/b/c\" = \"geheim\"", "\"a/b/c\" is not of the form user/device"),
            ("\"a/b\" = \"\"", "the secret of \"a/b\" is not 1 to 32 bytes long"),
            (long.as_str(), "the secret of \"a/b\" is not 1 to 32 bytes long"),
            ("\"a/b\" = \"ok\"\n\"c/d\" = geheim", "not a table of \"user/device\" = \"secret\": see line 2"),
            ("\"a/b\" = 12", "not a table of \"user/device\" = \"secret\": see line 1"),
        ] {
            assert_eq!(TrackerKeys::from_toml(text).unwrap_err().to_string(), want);
        }
    }
}
