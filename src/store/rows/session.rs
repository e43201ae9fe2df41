//! Rows about people who signed in.

use zones::Timestamp;

use super::Word;

/// A session, without what its holder is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// SHA-256 of the cookie's value, in hexadecimal digits.
    pub hash: String,
    /// Who it is.
    pub name: String,
    /// Who that is for good; of a session of an earlier version it is not known.
    pub person: Option<String>,
    /// The role.
    pub role: Word,
    /// The desk it speaks for, where the role is that of one.
    pub desk: Option<String>,
    /// The victim device it speaks for, where the role is a victim's.
    pub device: Option<String>,
    /// Who in the register has that device, as far as the session knows.
    pub bearer: Option<String>,
    /// What the settings said when it began; a session under other settings is over.
    pub terms: String,
    /// When it began.
    pub begun_at: Timestamp,
    /// When its holder last did something.
    pub active_at: Timestamp,
    /// Whether it was locked before its time.
    pub locked: bool,
}
