//! Reading the whole chain again.

use super::chain::{self, Anchor, NOTHING};
use crate::store::{AuditRow, MOST_ROWS, Store, StoreError};

/// What became of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every row is there as it was written; the last of them.
    Intact(Anchor),
    /// It is not.
    Broken(Broken),
}

/// Where the chain breaks first, and how.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A row was changed, or what came before it.
    #[error("row {0} was changed, or does not follow from the row before it")]
    Row(i64),
    /// Rows are missing.
    #[error("row {0} is missing")]
    Missing(i64),
    /// The last row is not the one that was noted beside the rows.
    #[error(
        "row {found} is the last, but row {noted} was noted as such: rows were taken off the end, or put there"
    )]
    Head {
        /// The last row there is.
        found: i64,
        /// The row that was noted.
        noted: i64,
    },
    /// The note of the last row is gone.
    #[error("the note of the last row (audit_head) is gone, or its hash is not that of row {0}")]
    Note(i64),
    /// A row is not what the log says.
    #[error("row {0} is not the one that the anchor names")]
    Anchor(i64),
}

impl Broken {
    /// Number of the first row that is wrong.
    pub const fn row(&self) -> i64 {
        match self {
            Self::Row(row) | Self::Missing(row) | Self::Note(row) | Self::Anchor(row) => *row,
            Self::Head { found, noted } => (if *found < *noted { *found } else { *noted }) + 1,
        }
    }
}

/// Follows the chain from its first row to its last and to the note of it, and holds it against anchors that the log
/// of the service has. A service that runs meanwhile may append.
///
/// # Errors
/// When the store cannot be read.
pub async fn verify(store: &Store, anchors: &[Anchor]) -> Result<Verdict, StoreError> {
    // Before the rows: what is appended meanwhile lies beyond it.
    let Some(noted) = store.audit_head().await? else { return Ok(Verdict::Broken(Broken::Note(0))) };
    let noted = Anchor::from(noted);
    let mut last = Anchor { seq: 0, hash: NOTHING.to_owned() };
    let mut at_note = None;
    loop {
        // What does not belong at the beginning is found as well: numbers begin at 1.
        let after = if last.seq == 0 { i64::MIN } else { last.seq };
        let page = store.audit_after(after, MOST_ROWS).await?;
        if page.is_empty() {
            break;
        }
        for row in page {
            if last.seq == noted.seq {
                at_note = Some(last.clone());
            }
            if let Err(broken) = follows(&last, &row) {
                return Ok(Verdict::Broken(broken));
            }
            last = Anchor { seq: row.seq, hash: row.hash };
            if anchors.iter().any(|anchor| anchor.seq == last.seq && anchor.hash != last.hash) {
                return Ok(Verdict::Broken(Broken::Anchor(last.seq)));
            }
        }
    }
    // Rows and note are written together: what the note does not know by now was put there by somebody else.
    let noted_now = store.audit_head().await?.map_or(0, |head| head.seq);
    if noted_now < last.seq {
        return Ok(Verdict::Broken(Broken::Head { found: last.seq, noted: noted_now }));
    }
    Ok(end(last, at_note.as_ref(), &noted, anchors))
}

fn follows(last: &Anchor, row: &AuditRow) -> Result<(), Broken> {
    let next = last.seq.saturating_add(1);
    if row.seq > next {
        return Err(Broken::Missing(next));
    }
    if row.seq < next || chain::hash(&last.hash, row) != row.hash {
        return Err(Broken::Row(row.seq));
    }
    Ok(())
}

/// What is to be said once every row follows from the one before.
fn end(last: Anchor, at_note: Option<&Anchor>, noted: &Anchor, anchors: &[Anchor]) -> Verdict {
    if last.seq < noted.seq {
        return Verdict::Broken(Broken::Head { found: last.seq, noted: noted.seq });
    }
    let there = at_note.unwrap_or(&last);
    if there.seq != noted.seq || there.hash != noted.hash {
        return Verdict::Broken(Broken::Note(noted.seq));
    }
    match anchors.iter().filter(|anchor| anchor.seq > last.seq).map(|anchor| anchor.seq).min() {
        Some(seq) => Verdict::Broken(Broken::Head { found: last.seq, noted: seq }),
        None => Verdict::Intact(last),
    }
}
