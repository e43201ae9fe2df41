//! The chain, and those who lay hands on it.

use std::fmt::Write as _;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use zones::Timestamp;

use super::*;
use crate::metrics::Metrics;
use crate::store::tests::backends::{Scratch, by_hand};
use crate::store::{AuditFilter, Store};

fn entry(n: u16) -> Entry {
    Entry {
        at: Timestamp::from_millis(1_795_255_200_000 + i64::from(n)),
        who: format!("operator {n}"),
        role: "operator",
        bound_to: n.is_multiple_of(2).then(|| "rotterdam".to_owned()),
        endpoint: "GET /v1/people/{person}".to_owned(),
        subject: format!("wearer-{n}"),
        query: String::new(),
        reason: n.is_multiple_of(3).then(|| "Zij belde zelf: \"hij is hier\"".to_owned()),
        outcome: 200 + n,
    }
}

/// Many look at once, and then the service ends.
async fn looks(url: &str, numbers: std::ops::Range<u16>) {
    let store = Store::open(url).await.unwrap();
    let (recorder, writer) = recorder(store.clone(), Arc::new(Metrics::default()));
    let stop = CancellationToken::new();
    let writing = tokio::spawn(writer.run(stop.clone()));
    let all = numbers.map(|n| {
        let recorder = recorder.clone();
        tokio::spawn(async move { recorder.record(entry(n)).await })
    });
    for look in all.collect::<Vec<_>>() {
        assert_eq!(look.await.unwrap(), Ok(()));
    }
    stop.cancel();
    writing.await.unwrap();
    store.close().await;
}

async fn verdict(url: &str, anchors: &[Anchor]) -> Verdict {
    let store = Store::open_to_read(url).await.unwrap();
    let verdict = verify(&store, anchors).await.unwrap();
    store.close().await;
    verdict
}

async fn anchor(url: &str) -> Anchor {
    match verdict(url, &[]).await {
        Verdict::Intact(last) => last,
        Verdict::Broken(broken) => panic!("{broken}"),
    }
}

/// What keeps rows as they are is taken off first, as somebody who means harm would.
async fn tamper(url: &str, sql: &str) {
    let locks = if url.starts_with("sqlite") {
        "DROP TRIGGER audit_rows_stay; DROP TRIGGER audit_rows_stand"
    } else {
        "DROP TRIGGER audit_rows_stay ON audit"
    };
    by_hand(url, &format!("{locks}; {sql}")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_look_is_a_row_and_the_chain_goes_on_over_a_restart() {
    for scratch in Scratch::all().await {
        assert_eq!(
            anchor(scratch_with_tables(&scratch).await).await,
            Anchor { seq: 0, hash: NOTHING.to_owned() }
        );
        looks(scratch.url(), 0..300).await;
        let first = anchor(scratch.url()).await;
        looks(scratch.url(), 300..310).await;
        let second = anchor(scratch.url()).await;
        assert_eq!((first.seq, second.seq), (300, 310));
        assert_eq!(verdict(scratch.url(), &[first]).await, Verdict::Intact(second));
        let store = Store::open_to_read(scratch.url()).await.unwrap();
        let mut seen: Vec<_> =
            store.audit_after(0, 1_000).await.unwrap().into_iter().map(|row| row.who).collect();
        seen.sort();
        let mut want: Vec<_> = (0..310).map(|n| format!("operator {n}")).collect();
        want.sort();
        assert_eq!(seen, want);
        let one = AuditFilter { subject: Some("wearer-7".to_owned()), ..AuditFilter::default() };
        let row = store.audit(&one, 10).await.unwrap().remove(0);
        assert_eq!(
            (row.who.as_str(), row.outcome, row.reason, row.bound_to),
            ("operator 7", 207, None, None)
        );
        store.close().await;
        scratch.remove().await;
    }
}

async fn scratch_with_tables(scratch: &Scratch) -> &str {
    Store::open(scratch.url()).await.unwrap().close().await;
    scratch.url()
}

/// Every way to change what was written, with the first row that gives it away.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_changed_by_hand_is_found() {
    let cases = [
        ("UPDATE audit SET who = 'nobody' WHERE seq = 3", 3),
        ("UPDATE audit SET reason = 'een ander' WHERE seq = 4", 4),
        ("UPDATE audit SET at = at + 1 WHERE seq = 1", 1),
        ("UPDATE audit SET outcome = 403 WHERE seq = 10", 10),
        ("UPDATE audit SET hash = upper(hash) WHERE seq = 5", 5),
        ("DELETE FROM audit WHERE seq = 6", 6),
        ("DELETE FROM audit WHERE seq <= 2", 1),
        ("DELETE FROM audit WHERE seq = 10", 10),
        ("DELETE FROM audit", 1),
        ("DELETE FROM audit_head", 0),
        ("DELETE FROM audit; DELETE FROM audit_head", 0),
        ("UPDATE audit_head SET seq = 9", 10),
        ("UPDATE audit_head SET seq = 11", 11),
        ("UPDATE audit_head SET hash = 'x'", 10),
        // Closing the gap.
        (
            "DELETE FROM audit WHERE seq = 6; UPDATE audit SET seq = seq - 1 WHERE seq > 6; \
          UPDATE audit_head SET seq = 9",
            6,
        ),
        // Two rows change places.
        (
            "UPDATE audit SET seq = 99 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 4; \
          UPDATE audit SET seq = 4 WHERE seq = 99",
            3,
        ),
        (
            "INSERT INTO audit SELECT 11, at, who, role, bound_to, endpoint, subject, query, reason, outcome, hash \
          FROM audit WHERE seq = 10",
            11,
        ),
        (
            "INSERT INTO audit SELECT 0, at, who, role, bound_to, endpoint, subject, query, reason, outcome, hash \
          FROM audit WHERE seq = 1",
            0,
        ),
    ];
    for (sql, row) in cases {
        for scratch in Scratch::all().await {
            looks(scratch.url(), 0..10).await;
            anchor(scratch.url()).await;
            tamper(scratch.url(), sql).await;
            let broken = async || match verdict(scratch.url(), &[]).await {
                Verdict::Broken(broken) => broken,
                Verdict::Intact(last) => panic!("{sql}: intact up to {last}"),
            };
            assert_eq!(broken().await.row(), row, "{sql}");
            // A service that goes on mends nothing.
            looks(scratch.url(), 10..12).await;
            broken().await;
            scratch.remove().await;
        }
    }
}

/// Somebody who knows how the hashes are made changes a row and makes all that follow anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_chain_that_was_made_anew_is_held_against_the_log() {
    let scratch = Scratch::sqlite();
    looks(scratch.url(), 0..10).await;
    let logged = anchor(scratch.url()).await;
    let store = Store::open_to_read(scratch.url()).await.unwrap();
    let mut rows = store.audit_after(0, 100).await.unwrap();
    store.close().await;
    rows[4].who = "nobody".to_owned();
    let (mut before, mut sql) =
        (NOTHING.to_owned(), "UPDATE audit SET who = 'nobody' WHERE seq = 5".to_owned());
    for row in rows {
        before = hash(&before, &row);
        write!(sql, "; UPDATE audit SET hash = '{before}' WHERE seq = {}", row.seq).unwrap();
    }
    tamper(scratch.url(), &format!("{sql}; UPDATE audit_head SET hash = '{before}'")).await;
    assert!(
        matches!(verdict(scratch.url(), &[]).await, Verdict::Intact(_)),
        "nothing within the store shows it"
    );
    assert_eq!(verdict(scratch.url(), &[logged]).await, Verdict::Broken(Broken::Anchor(10)));
    // The same for rows taken off the end with the note of it.
    let (url, ten) = (scratch.url(), anchor(scratch.url()).await);
    let cut = "DELETE FROM audit WHERE seq > 8; \
               UPDATE audit_head SET seq = 8, hash = (SELECT hash FROM audit WHERE seq = 8)";
    by_hand(url, cut).await.unwrap();
    assert_eq!(anchor(url).await.seq, 8);
    assert_eq!(verdict(url, &[ten]).await, Verdict::Broken(Broken::Head { found: 8, noted: 10 }));
    scratch.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_cannot_be_changed_by_mistake() {
    for scratch in Scratch::all().await {
        looks(scratch.url(), 0..3).await;
        for sql in ["UPDATE audit SET who = 'x'", "DELETE FROM audit WHERE seq = 3"] {
            let refused = by_hand(scratch.url(), sql).await.unwrap_err().to_string();
            assert!(refused.contains("append-only"), "{refused}");
        }
        assert_eq!(anchor(scratch.url()).await.seq, 3);
        scratch.remove().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_that_cannot_be_written_is_said_and_the_next_one_goes_on() {
    let scratch = Scratch::sqlite();
    let store = Store::open(scratch.url()).await.unwrap();
    let metrics = Arc::new(Metrics::default());
    let (recorder, writer) = recorder(store.clone(), Arc::clone(&metrics));
    let writing = tokio::spawn(writer.run(CancellationToken::new()));
    assert_eq!(recorder.record(entry(1)).await, Ok(()));
    by_hand(scratch.url(), "ALTER TABLE audit RENAME TO elsewhere").await.unwrap();
    assert_eq!(recorder.record(entry(2)).await, Err(Unrecorded));
    by_hand(scratch.url(), "ALTER TABLE elsewhere RENAME TO audit").await.unwrap();
    assert_eq!(recorder.record(entry(3)).await, Ok(()));
    assert_eq!((metrics.audit_rows.get(), metrics.audit_refused.get()), (2, 1));
    drop(recorder);
    writing.await.unwrap();
    store.close().await;
    assert_eq!(anchor(scratch.url()).await.seq, 2);
    scratch.remove().await;
}

/// What a request brings may be anything.
#[tokio::test(flavor = "multi_thread")]
async fn odd_texts_do_not_break_the_chain() {
    for scratch in Scratch::all().await {
        let store = Store::open(scratch.url()).await.unwrap();
        let (recorder, writer) = recorder(store.clone(), Arc::new(Metrics::default()));
        let stop = CancellationToken::new();
        let writing = tokio::spawn(writer.run(stop.clone()));
        for text in ["\0", "a\nb", "\u{1f}'; DROP TABLE audit; --", &"é".repeat(5_000), "\u{10ffff}", "\\\""]
        {
            let text = text.to_owned();
            let odd = Entry {
                subject: text.clone(),
                query: text.clone(),
                reason: Some(text.clone()),
                who: text,
                ..entry(1)
            };
            assert_eq!(recorder.record(odd).await, Ok(()));
        }
        stop.cancel();
        writing.await.unwrap();
        store.close().await;
        assert_eq!(anchor(scratch.url()).await.seq, 6);
        scratch.remove().await;
    }
}
