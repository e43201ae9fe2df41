//! Writing the audit: one task, fed by a bounded queue.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use zones::Timestamp;

use super::chain::{self, Anchor};
use crate::metrics::Metrics;
use crate::store::{AuditRow, Store, StoreError, Word};

/// Looks that may wait to be written; the next one waits for room.
const WAITING: usize = 1_024;

/// Rows of one commit.
const MOST_ROWS: usize = 256;

/// How long somebody who looks waits for his row.
const WITHIN: Duration = Duration::from_secs(5);

/// The anchor is said after so many rows …
const ANCHOR_ROWS: i64 = 1_000;

/// … and so often while there are new ones: who holds the store could take off the end what the log does not know yet.
const ANCHOR_EVERY: Duration = Duration::from_mins(1);

/// What the chain goes on from where it was tampered with: no row follows from it, so that the break is found for ever.
const BROKEN: &str = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";

/// Longest rest between two commits.
const LONGEST_REST: Duration = Duration::from_millis(100);

/// Longest texts that are kept of a request, in bytes.
const LONGEST_SUBJECT: usize = 400;
const LONGEST_QUERY: usize = 1_000;
const LONGEST_TEXT: usize = 2_000;

/// A look at a position or a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When the answer was ready.
    pub at: Timestamp,
    /// Name of the token.
    pub who: String,
    /// Its role.
    pub role: &'static str,
    /// The desk or device it speaks for.
    pub bound_to: Option<String>,
    /// Method and pattern of the path.
    pub endpoint: String,
    /// Ids in the path.
    pub subject: String,
    /// The other parameters.
    pub query: String,
    /// Why.
    pub reason: Option<String>,
    /// Status of the answer.
    pub outcome: u16,
}

impl Entry {
    /// Whether the row will have the whole of its parameters. What is cut off could be what was looked at.
    pub fn keeps_its_query(&self) -> bool {
        plain(&self.query, LONGEST_QUERY) == plain(&self.query, usize::MAX)
    }
}

/// A look that could not be written down: it must not be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the audit cannot be written")]
pub struct Unrecorded;

struct Waiting {
    entry: Entry,
    done: oneshot::Sender<()>,
}

/// The way to the audit; a clone is the same.
#[derive(Debug, Clone)]
pub struct Recorder {
    to: mpsc::Sender<Waiting>,
}

impl Recorder {
    /// Writes a look down; returns when it is durable.
    ///
    /// # Errors
    /// When it is not within five seconds.
    pub async fn record(&self, entry: Entry) -> Result<(), Unrecorded> {
        let (done, written) = oneshot::channel();
        let recorded = async {
            self.to.send(Waiting { entry, done }).await.map_err(|_| Unrecorded)?;
            written.await.map_err(|_| Unrecorded)
        };
        timeout(WITHIN, recorded).await.unwrap_or(Err(Unrecorded))
    }
}

/// The queue: the end that the API writes to, and the task that empties it.
pub fn recorder(store: Store, metrics: Arc<Metrics>) -> (Recorder, Writer) {
    let (to, from) = mpsc::channel(WAITING);
    let writer = Writer { store, metrics, from, last: None, failing: false, said: NOTHING_SAID };
    (Recorder { to }, writer)
}

const NOTHING_SAID: i64 = -1;

/// The one who appends.
#[derive(Debug)]
pub struct Writer {
    store: Store,
    metrics: Arc<Metrics>,
    from: mpsc::Receiver<Waiting>,
    /// The last row, once it is known; forgotten after an error.
    last: Option<Anchor>,
    /// The last try failed, and that was said.
    failing: bool,
    /// Number of the row whose anchor was said last.
    said: i64,
}

impl Writer {
    /// Appends what comes until `stop`, then what still waits.
    pub async fn run(mut self, stop: CancellationToken) {
        if let Err(error) = self.find_last().await {
            tracing::error!(%error, "the audit cannot be read: it is tried again at the first look");
        }
        // The first tick comes at once.
        let mut anchors = tokio::time::interval(ANCHOR_EVERY);
        loop {
            let first = tokio::select! {
                () = stop.cancelled() => None,
                first = self.from.recv() => first,
                _ = anchors.tick() => {
                    self.say_anchor();
                    continue;
                }
            };
            if first.is_none() {
                self.from.close();
            }
            let mut waiting: Vec<Waiting> = first.into_iter().collect();
            while waiting.len() < MOST_ROWS
                && let Ok(next) = self.from.try_recv()
            {
                waiting.push(next);
            }
            if waiting.is_empty() {
                break;
            }
            // Decisions need the same disk: of its time the audit takes half at most.
            let took = self.write(waiting).await;
            tokio::time::sleep(took.min(LONGEST_REST)).await;
        }
        self.say_anchor();
    }

    /// Appends, tells those who wait, and says how long that took. Who is not told is refused.
    async fn write(&mut self, waiting: Vec<Waiting>) -> Duration {
        let begun = Instant::now();
        let (entries, done): (Vec<_>, Vec<_>) = waiting.into_iter().map(|w| (w.entry, w.done)).unzip();
        let count = entries.len() as u64;
        match self.append(entries).await {
            Ok(last) => {
                self.metrics.audit_rows.inc_by(count);
                if std::mem::take(&mut self.failing) {
                    tracing::info!("the audit is written again");
                }
                if last.seq - self.said >= ANCHOR_ROWS {
                    self.say_anchor();
                }
                for one in done {
                    // Who has gone meanwhile need not be told.
                    let _ = one.send(());
                }
            }
            Err(error) => {
                self.metrics.audit_refused.inc_by(count);
                if !std::mem::replace(&mut self.failing, true) {
                    tracing::error!(%error, "the audit cannot be written: nobody is shown a position or a case");
                }
            }
        }
        begun.elapsed()
    }

    async fn append(&mut self, entries: Vec<Entry>) -> Result<Anchor, StoreError> {
        // Whether rows of a failed try are there is not known: then the store is asked where the chain ends.
        let mut last = match self.last.take() {
            Some(last) => last,
            None => self.find_last().await?,
        };
        let mut rows = Vec::with_capacity(entries.len());
        for entry in entries {
            let mut row = row(last.seq.saturating_add(1), entry);
            row.hash = chain::hash(&last.hash, &row);
            last = Anchor { seq: row.seq, hash: row.hash.clone() };
            rows.push(row);
        }
        self.store.append_audit(&rows).await?;
        self.last = Some(last.clone());
        Ok(last)
    }

    /// Where the chain ends. Where that was tampered with it goes on without mending anything: the break stays to be
    /// found.
    async fn find_last(&mut self) -> Result<Anchor, StoreError> {
        let (head, newest) = (self.store.audit_head().await?, self.store.latest_audit_seq().await?);
        let noted = head.as_ref().map(|head| head.seq);
        let hash = head.filter(|head| head.seq == newest).map(|head| head.hash);
        if hash.is_none() {
            tracing::error!(
                newest,
                noted,
                "the audit was tampered with: its last row is not the one that was noted"
            );
        }
        let (seq, hash) = (newest.max(noted.unwrap_or(0)), hash.unwrap_or_else(|| BROKEN.to_owned()));
        let last = Anchor { seq, hash };
        self.last = Some(last.clone());
        Ok(last)
    }

    /// Says where the chain stands, unless that was said; whether it was not.
    fn say_anchor(&mut self) -> bool {
        let Some(last) = self.last.as_ref().filter(|last| last.seq > self.said) else { return false };
        tracing::info!(anchor = %last, "the audit stands at this row; `afstand audit verify --anchor` holds it to that");
        self.said = last.seq;
        true
    }
}

/// The row of a look; its hash is still to be made.
fn row(seq: i64, entry: Entry) -> AuditRow {
    let Entry { at, who, role, bound_to, endpoint, subject, query, reason, outcome } = entry;
    AuditRow {
        seq,
        at,
        who: plain(&who, LONGEST_TEXT),
        role: Word::Borrowed(role),
        bound_to: bound_to.map(|text| plain(&text, LONGEST_TEXT)),
        endpoint: plain(&endpoint, LONGEST_TEXT),
        subject: plain(&subject, LONGEST_SUBJECT),
        query: plain(&query, LONGEST_QUERY),
        reason: reason.map(|text| plain(&text, LONGEST_TEXT)),
        outcome: outcome.into(),
        hash: String::new(),
    }
}

/// A text as it is kept: on one line, with nothing in it that a store would change, cut where it is too long.
fn plain(text: &str, most: usize) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.len() <= most { text } else { format!("{}…", &text[..text.floor_char_boundary(most)]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Between two ticks there may be no look, or many.
    #[tokio::test(flavor = "multi_thread")]
    async fn an_anchor_is_said_once_for_the_rows_that_are_new() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("a.db").display());
        let store = Store::open(&url).await.unwrap();
        let (_recorder, mut writer) = recorder(store.clone(), Arc::default());
        assert!(!writer.say_anchor(), "where the chain ends is not known");
        writer.find_last().await.unwrap();
        assert_eq!((writer.say_anchor(), writer.say_anchor()), (true, false), "as it was found");
        let entry = || Entry {
            at: Timestamp::from_millis(0),
            who: "Anna".to_owned(),
            role: "operator",
            bound_to: None,
            endpoint: "GET /v1/devices".to_owned(),
            subject: String::new(),
            query: String::new(),
            reason: None,
            outcome: 200,
        };
        writer.append(vec![entry(), entry()]).await.unwrap();
        assert_eq!((writer.say_anchor(), writer.said, writer.say_anchor()), (true, 2, false));
        store.close().await;
    }
}
