//! How the rows of the audit hang together.
//!
//! The hash of a row is SHA-256 over the hash of the row before it (64 zeros before the first), a line feed, and the
//! row as a JSON array `[seq, at, who, role, bound_to, endpoint, subject, query, reason, outcome]` without spaces,
//! `at` in milliseconds since 1970 UTC. It can be made again with nothing but a JSON tool and `sha256sum`.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::store::{AuditHead, AuditRow};

/// What stands for the hash before the first row.
pub const NOTHING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The hash of a row that follows a row with the hash `before`, in hexadecimal digits; the row's own `hash` does
/// not count.
pub fn hash(before: &str, row: &AuditRow) -> String {
    let fields = (
        row.seq,
        row.at.as_millis(),
        &row.who,
        &row.role,
        &row.bound_to,
        &row.endpoint,
        &row.subject,
        &row.query,
        &row.reason,
        row.outcome,
    );
    // Texts and numbers always become JSON; should they not, no hash fits the row, and that is found.
    let json = serde_json::to_vec(&fields).unwrap_or_default();
    let mut digest = Sha256::new();
    digest.update(before.as_bytes());
    digest.update(b"\n");
    digest.update(&json);
    let bytes: [u8; 32] = digest.finalize().into();
    bytes.map(|byte| format!("{byte:02x}")).concat()
}

/// A row's number and hash, as the log has them: what the chain is held against from outside the store. As text
/// `SEQ:HASH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// Number of the row.
    pub seq: i64,
    /// Its hash.
    pub hash: String,
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.seq, self.hash)
    }
}

impl FromStr for Anchor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:.80?} is not the number and the hash of a row, as 12:89ab…");
        let (seq, hash) = text.trim().split_once(':').ok_or_else(wrong)?;
        let seq = seq.parse().ok().filter(|seq| *seq >= 0).ok_or_else(wrong)?;
        let is_hash = hash.len() == NOTHING.len() && hash.bytes().all(|b| b.is_ascii_hexdigit());
        if is_hash { Ok(Self { seq, hash: hash.to_ascii_lowercase() }) } else { Err(wrong()) }
    }
}

impl From<AuditHead> for Anchor {
    fn from(AuditHead { seq, hash }: AuditHead) -> Self {
        Self { seq, hash }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zones::Timestamp;

    fn row() -> AuditRow {
        AuditRow {
            seq: 2,
            at: Timestamp::from_millis(1_795_255_200_000),
            who: "Anna".to_owned(),
            role: "operator".into(),
            bound_to: None,
            endpoint: "GET /v1/people/{person}".to_owned(),
            subject: "wearer-0001".to_owned(),
            query: String::new(),
            reason: Some("hij \"belde\"".to_owned()),
            outcome: 200,
            hash: String::new(),
        }
    }

    /// `printf '%s\n%s' 000…0 '[2,1795255200000,"Anna","operator",null,"GET /v1/people/{person}","wearer-0001","",
    /// "hij \"belde\"",200]' | sha256sum`, the array on one line.
    #[test]
    fn the_hash_can_be_made_with_other_tools() {
        let by_hand = "1fb3ee41b97544d1";
        assert!(hash(NOTHING, &row()).starts_with(by_hand), "{}", hash(NOTHING, &row()));
    }

    #[test]
    fn every_field_counts() {
        let changes: [fn(&mut AuditRow); 10] = [
            |row| row.seq = 3,
            |row| row.at = Timestamp::from_millis(1_795_255_200_001),
            |row| row.who = "Bob".to_owned(),
            |row| row.role = "supervisor".into(),
            |row| row.bound_to = Some(String::new()),
            |row| row.endpoint = "GET /v1/orders/{order}".to_owned(),
            |row| row.subject = "wearer-0002".to_owned(),
            |row| row.query = "a=b".to_owned(),
            |row| row.reason = None,
            |row| row.outcome = 404,
        ];
        let before = hash(NOTHING, &row());
        for (number, change) in changes.iter().enumerate() {
            let mut changed = row();
            change(&mut changed);
            assert_ne!(hash(NOTHING, &changed), before, "field {number}");
        }
        assert_ne!(hash(&before, &row()), before, "what came before counts");
        let mut only_hash = row();
        only_hash.hash = "x".to_owned();
        assert_eq!(hash(NOTHING, &only_hash), before);
    }

    #[test]
    fn an_anchor_is_read_as_it_is_written() {
        let anchor = Anchor { seq: 12, hash: NOTHING.replace('0', "a") };
        assert_eq!(anchor.to_string().parse(), Ok(anchor));
        for wrong in [
            "",
            "12",
            "12:",
            "x:00",
            "-1:00",
            &format!("1:{}", &NOTHING[1..]),
            &format!("1:g{}", &NOTHING[1..]),
        ] {
            assert!(wrong.parse::<Anchor>().is_err(), "{wrong}");
        }
    }
}
