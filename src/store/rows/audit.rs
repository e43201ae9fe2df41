//! Rows about who looked at what.

use zones::Timestamp;

use super::Word;

/// One look at a position or a case. Which fields its hash covers, and how: `crate::audit::chain`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// Number, counting up from 1 without a gap.
    pub seq: i64,
    /// When the answer was ready.
    pub at: Timestamp,
    /// Name of the token.
    pub who: String,
    /// Its role.
    pub role: Word,
    /// The desk or device it speaks for.
    pub bound_to: Option<String>,
    /// Method and pattern of the path.
    pub endpoint: String,
    /// Ids in the path, the first to the last, with `/` between; empty for a list.
    pub subject: String,
    /// The parameters, as `name=value&…`; without the reason.
    pub query: String,
    /// Why, in the words of who asked.
    pub reason: Option<String>,
    /// Status of the answer.
    pub outcome: i64,
    /// SHA-256 over the hash of the row before and this row, in hexadecimal digits.
    pub hash: String,
}

/// The last row of the audit, as noted beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditHead {
    /// Its number; 0 while there is none.
    pub seq: i64,
    /// Its hash; zeros while there is none.
    pub hash: String,
}

/// Which rows of the audit to list; the default is all, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditFilter {
    /// Name of the token.
    pub who: Option<String>,
    /// Role of the token.
    pub role: Option<String>,
    /// Ids in the path.
    pub subject: Option<String>,
    /// Method and pattern of the path.
    pub endpoint: Option<String>,
    /// First moment.
    pub from: Option<Timestamp>,
    /// End: the first moment that does not count any more.
    pub to: Option<Timestamp>,
    /// Only those before the row with this number.
    pub before: Option<i64>,
}
