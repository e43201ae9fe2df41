//! One suite for both back ends: SQLite always, PostgreSQL where a server is given.

pub(crate) mod backends;
mod followup;
mod kill;
mod push;
pub(crate) mod rows;
mod sessions;
mod stories;
mod suite;

use super::*;
use backends::{Scratch, by_hand, newer_version, with_both};

#[tokio::test(flavor = "multi_thread")]
async fn every_row_comes_back_as_it_went_in() {
    with_both(|s| Box::pin(suite::every_row_comes_back(s))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_are_kept_and_dropped() {
    with_both(|s| Box::pin(push::browsers_are_kept_and_dropped(s))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hints_follow_from_the_outbox() {
    with_both(|s| Box::pin(push::hints_follow_from_the_outbox(s))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_cannot_be_changed_by_mistake() {
    for scratch in Scratch::all().await {
        let store = Store::open(scratch.url()).await.unwrap();
        let batch = rows::one_of_each();
        store.commit(&batch).await.unwrap();
        for table in ["timeline", "alerts", "receipts", "order_history"] {
            for sql in [format!("UPDATE {table} SET seq = seq + 1000"), format!("DELETE FROM {table}")] {
                let refused = by_hand(scratch.url(), &sql).await.unwrap_err().to_string();
                assert!(refused.contains(&format!("{table} is append-only")), "{sql}: {refused}");
            }
        }
        store.close().await;
        scratch.remove().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_kept_until_they_are_over() {
    with_both(|s| Box::pin(sessions::sessions_are_kept_until_they_are_over(s))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_story_is_told_to_its_end() {
    with_both(|s| Box::pin(suite::a_long_story_is_told_to_its_end(s))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_newest_rejected_messages_are_kept() {
    with_both(|s| Box::pin(suite::only_the_newest_rejected_messages_are_kept(s))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_of_unknown_outcome_can_be_tried_again() {
    with_both(|s| Box::pin(suite::second_try_changes_nothing(s))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_never_gets_a_second_id() {
    with_both(|s| Box::pin(suite::known_alert_is_kept(s))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_batch_leaves_nothing() {
    with_both(|s| Box::pin(suite::failing_batch_leaves_nothing(s))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_dropped_half_way_leaves_nothing() {
    with_both(|s| Box::pin(suite::dropped_commit_leaves_nothing(s))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_join_without_gap_or_overlap() {
    with_both(|s| Box::pin(suite::pages_join(s))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn incidents_are_found_by_what_they_are() {
    with_both(|s| Box::pin(suite::incidents_are_filtered(s))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_lives_from_outbox_to_record() {
    with_both(|s| Box::pin(stories::delivery_life_cycle(s))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_kept_back_from_a_desk_is_sent_after_all() {
    with_both(|s| Box::pin(stories::what_was_kept_back_is_sent_after_all(s))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_order_keeps_its_history() {
    with_both(|s| Box::pin(stories::withdrawal_keeps_history(s))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn states_are_replaced_and_deleted_by_key() {
    with_both(|s| Box::pin(stories::states_by_key(s))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_newest_notice_of_a_topic_waits_until_it_is_told() {
    with_both(|s| Box::pin(stories::notices_by_topic(s))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_quiet_hours_keep_back_is_remembered() {
    with_both(|s| Box::pin(stories::quiet_hours_are_remembered(s))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_and_timelines_come_in_one_order() {
    with_both(|s| Box::pin(followup::one_order_of_both(s))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deadlines_are_counted_by_name() {
    with_both(|s| Box::pin(followup::deadlines_are_counted(s))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_remembered_of_closed_incidents_is_loaded() {
    with_both(|s| Box::pin(followup::what_is_remembered_is_loaded(s))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn open_alarms_are_counted() {
    with_both(|s| Box::pin(followup::open_alarms_are_counted(s))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_texts_are_kept() {
    with_both(|s| Box::pin(suite::odd_texts(s))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_of_every_length_are_whole() {
    with_both(|s| Box::pin(suite::every_length(s))).await;
}

/// What was committed is there after the store was closed and opened again, and numbers go on.
#[tokio::test(flavor = "multi_thread")]
async fn a_restart_finds_everything() {
    for scratch in Scratch::all().await {
        let store = Store::open(scratch.url()).await.unwrap();
        assert_eq!(
            store.load().await.unwrap().few.next,
            Next { input: 1, alert: 1, delivery: 1, rejected: 1 }
        );
        let batch = rows::one_of_each();
        store.commit(&batch).await.unwrap();
        let before = store.load().await.unwrap();
        store.close().await;

        let store = Store::open(scratch.url()).await.unwrap();
        let after = store.load().await.unwrap();
        assert_eq!(after, before);
        assert_eq!(after.orders.len(), 1);
        assert_eq!(after.devices[0].key, batch.devices[0].key);
        assert_eq!(Some(&after.histories[0].state), batch.histories[0].state.as_ref());
        assert_eq!(after.few.watches[0].state, *batch.watches[0].state.as_ref().unwrap());
        assert_eq!(after.few.incidents, batch.incidents);
        let last = |seqs: &mut dyn Iterator<Item = i64>| seqs.max().unwrap() + 1;
        assert_eq!(after.few.next.input, last(&mut batch.inputs.iter().map(|r| r.seq)));
        assert_eq!(after.few.next.alert, last(&mut batch.timeline.iter().map(|r| r.seq)));
        assert_eq!(after.few.next.delivery, last(&mut batch.deliveries.iter().map(|r| r.id)));
        assert_eq!(after.few.next.rejected, last(&mut batch.rejected.iter().map(|r| r.seq)));
        store.close().await;
        scratch.remove().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_service_is_refused() {
    for scratch in Scratch::all().await {
        let first = Store::open(scratch.url()).await.unwrap();
        let refused = Store::open(scratch.url()).await.unwrap_err();
        assert!(matches!(refused, StoreError::Owned { .. }), "{refused}");
        assert!(!refused.is_retryable());
        first.commit(&rows::one_of_each()).await.unwrap();
        first.close().await;
        let second = Store::open(scratch.url()).await.unwrap();
        second.close().await;
        scratch.remove().await;
    }
}

/// Were the lock to fail (a copied file, a proxy that shares connections), the epoch still stops the first.
#[tokio::test(flavor = "multi_thread")]
async fn who_was_taken_over_cannot_commit() {
    for scratch in Scratch::all().await {
        let store = Store::open(scratch.url()).await.unwrap();
        claim(&*store.shared.database).await.unwrap();
        let refused = store.commit(&rows::one_of_each()).await.unwrap_err();
        assert!(matches!(refused, StoreError::TakenOver { .. }), "{refused}");
        assert_eq!(store.load().await.unwrap().few.next.input, 1, "nothing was stored");
        store.close().await;
        scratch.remove().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_reads_beside_the_writer_and_takes_nothing_from_it() {
    for scratch in Scratch::all().await {
        let none = format!("sqlite:{}", tempfile::tempdir().unwrap().path().join("none.db").display());
        assert!(matches!(Store::open_to_read(&none).await, Err(StoreError::Url { .. })));

        let store = Store::open(scratch.url()).await.unwrap();
        let batch = rows::one_of_each();
        store.commit(&batch).await.unwrap();
        let reader = Store::open_to_read(scratch.url()).await.unwrap();
        let span =
            |from, to| InputFilter { device: None, from: rows::at(from), to: rows::at(to), after: None };
        assert_eq!(reader.inputs(&span(0, 1_000), 10).await.unwrap(), batch.inputs);
        let refused = reader.commit(&Batch { rejected: vec![rows::rejected(9)], ..Batch::default() }).await;
        assert!(refused.unwrap_err().to_string().contains("opened to be read"));
        // The writer goes on, and the reader sees it.
        store.commit(&Batch { rejected: vec![rows::rejected(9)], ..Batch::default() }).await.unwrap();
        assert_eq!(reader.rejected(None, 1).await.unwrap()[0].seq, 9);
        // Whoever only reads stands in nobody's way.
        store.close().await;
        Store::open(scratch.url()).await.unwrap().close().await;
        reader.close().await;

        newer_version(scratch.url(), 9_999).await;
        let newer = Store::open_to_read(scratch.url()).await;
        assert!(matches!(newer, Err(StoreError::Newer { found: 9_999, .. })), "{newer:?}");
        scratch.remove().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_a_newer_version_are_refused() {
    for scratch in Scratch::all().await {
        Store::open(scratch.url()).await.unwrap().close().await;
        newer_version(scratch.url(), 9_999).await;
        let refused = Store::open(scratch.url()).await.unwrap_err();
        let newest =
            std::fs::read_dir("migrations/sqlite").unwrap().map(|file| file.unwrap().file_name()).max();
        let newest: i64 = newest.unwrap().to_string_lossy()[..4].parse().unwrap();
        assert!(
            matches!(refused, StoreError::Newer { found: 9_999, known, .. } if known == newest),
            "{refused}"
        );
        assert_eq!(refused.to_string().lines().count(), 1);
        scratch.remove().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_that_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing").join("a.db");
    for (url, word) in [
        (format!("sqlite:{}", missing.display()), missing.parent().unwrap().to_string_lossy().into_owned()),
        ("sqlite::memory:".to_owned(), "memory".to_owned()),
        (format!("sqlite:{}/a.db?mode=memory", folder.path().display()), "no parameters".to_owned()),
        ("mysql://root:secret@h/db".to_owned(), "neither sqlite".to_owned()),
    ] {
        let error = Store::open(&url).await.unwrap_err();
        assert!(matches!(error, StoreError::Url { .. }), "{error}");
        let line = error.to_string();
        assert!(line.contains(&word) && !line.contains("secret") && line.lines().count() == 1, "{line}");
    }
    let other = folder.path().join("other.db");
    std::fs::write(&other, "something else entirely, and long enough to be taken for a header ".repeat(9))
        .unwrap();
    let error = Store::open(&format!("sqlite:{}", other.display())).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
}

/// Nobody listens on the port of a socket that was closed again.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_is_unreachable() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = Store::open(&format!("postgres://u:secret@127.0.0.1:{port}/db")).await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
    assert!(!error.to_string().contains("secret"), "{error}");
}

/// The server ends all connections, as when it is restarted: the batch is tried again and is stored once.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_server_is_found_again() {
    let Some(scratch) = Scratch::postgres().await else { return };
    let store = Store::open(scratch.url()).await.unwrap();
    let mut batch = rows::one_of_each();
    store.commit(&batch).await.unwrap();
    scratch.end_connections().await;

    batch.inputs[0].seq += 1_000;
    batch.inputs.truncate(1);
    let lost = store.commit(&batch).await.unwrap_err();
    assert!(lost.is_retryable(), "{lost}");
    let again = store.commit(&batch).await.unwrap();
    assert!(!again.repeated, "the first try had stored nothing");
    assert_eq!(store.load().await.unwrap().few.next.input, batch.inputs[0].seq + 1);
    let refused = Store::open(scratch.url()).await.unwrap_err();
    assert!(matches!(refused, StoreError::Owned { .. }), "the lock was taken again: {refused}");
    store.close().await;
    scratch.remove().await;
}

/// A server that takes a question and does not answer: who asked is told, and can ask again.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_is_not_waited_for_for_ever() {
    let Some(scratch) = Scratch::postgres().await else { return };
    let store = Store::open(scratch.url()).await.unwrap();
    let held = scratch.hold_up("alerts").await;
    let asking = tokio::time::timeout(std::time::Duration::from_mins(1), store.latest_alert_seq());
    let error = asking.await.expect("it gives up").unwrap_err();
    assert!(error.is_retryable() && error.to_string().contains("no answer"), "{error}");
    drop(held);
    assert_eq!(store.latest_alert_seq().await.unwrap(), 0);
    store.close().await;
    scratch.remove().await;
}
