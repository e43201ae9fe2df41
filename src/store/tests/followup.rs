//! Timelines and deadlines.

use super::rows::*;
use crate::store::*;

/// Alerts and lines of timelines come in the one order of their numbers, page by page, nothing left out or twice.
pub(super) async fn one_order_of_both(store: &Store) {
    let alerts = [1, 2, 5, 9].map(|seq| alert(seq, "inc-000001")).to_vec();
    let timeline = [3, 4, 6, 7, 8, 10].map(|seq| line(seq, "inc-000001")).to_vec();
    store.commit(&Batch { timeline, alerts, ..Batch::default() }).await.unwrap();
    assert_eq!(store.latest_live_seq().await.unwrap(), 10);
    for limit in 1..12 {
        let (mut seen, mut last) = (Vec::new(), 0);
        while let page = store.live_after(last, limit).await.unwrap()
            && let Some(row) = page.last()
        {
            last = row.seq();
            seen.extend(page.iter().map(LiveRow::seq));
        }
        assert_eq!(seen, (1..=10).collect::<Vec<_>>(), "{limit} at a time");
    }
    let page = store.live_after(2, 1).await.unwrap();
    assert_eq!(page, [LiveRow::FollowUp(line(3, "inc-000001"))]);
}

/// The last state of each deadline counts, and the report counts them by name within its span.
pub(super) async fn deadlines_are_counted(store: &Store) {
    let clock = |n: i64, kept_at, missed| DeadlineRow {
        due_at: at(n),
        kept_at,
        missed,
        ..deadline(&format!("inc-{n}"), if n % 2 == 0 { "even" } else { "odd" })
    };
    let deadlines = vec![
        clock(1, Some(at(0)), false),
        clock(3, None, true),
        clock(5, Some(at(9)), true),
        clock(7, None, false),
        clock(2, None, false),
        clock(2, Some(at(1)), false),
        clock(100, None, true),
        // Of two desks each has one.
        DeadlineRow { desk: "delft".to_owned(), ..clock(7, Some(at(6)), false) },
    ];
    store.commit(&Batch { deadlines, ..Batch::default() }).await.unwrap();
    let counts = store.deadline_counts(at(0), at(50)).await.unwrap();
    let count = |name: &str, kept, missed, kept_late, open| DeadlineCount {
        name: name.to_owned(),
        partner: "somebody".to_owned(),
        kept,
        missed,
        kept_late,
        open,
    };
    assert_eq!(counts, [count("even", 1, 0, 0, 0), count("odd", 2, 2, 1, 1)]);
    let desks = store.deadlines_of("inc-7").await.unwrap().into_iter().map(|row| (row.desk, row.kept_at));
    assert_eq!(desks.collect::<Vec<_>>(), [(String::new(), None), ("delft".to_owned(), Some(at(6)))]);
    let missed = store.missed_deadlines(at(0), at(50), 10).await.unwrap();
    assert_eq!(missed.iter().map(|row| row.due_at).collect::<Vec<_>>(), [at(5), at(3)]);
}

/// Of alarms only those count that somebody has to look at, for everybody or for one desk.
pub(super) async fn open_alarms_are_counted(store: &Store) {
    let of = |n, level: &'static str, state: &'static str, desk: Option<&str>| IncidentRow {
        level: level.into(),
        state: state.into(),
        desk: desk.map(str::to_owned),
        closed_at: (state == "resolved").then(|| at(5)),
        follow_up: FollowUpRow::default(),
        ..incident(n)
    };
    let part = |n, next_step_at| IncidentRow {
        follow_up: FollowUpRow { part_of: Some("inc-000001".into()), next_step_at, ..FollowUpRow::default() },
        ..of(n, "alarm", "new", None)
    };
    let incidents = vec![
        of(1, "alarm", "new", Some("rotterdam")),
        of(2, "alarm", "acknowledged", None),
        of(3, "alarm", "resolved", None),
        of(4, "warning", "new", Some("rotterdam")),
        of(5, "warning", "in_progress", None),
        of(6, "clear", "new", None),
        // Its clocks rest; those of the next run.
        part(7, None),
        part(8, Some(at(9))),
    ];
    assert_eq!(store.open_alarms(None).await.unwrap(), OpenAlarms::default());
    store.commit(&Batch { incidents, ..Batch::default() }).await.unwrap();
    let counts = |open, untaken, warnings| OpenAlarms { open, untaken, warnings };
    assert_eq!(store.open_alarms(None).await.unwrap(), counts(3, 2, 1));
    assert_eq!(store.open_alarms(Some("rotterdam")).await.unwrap(), counts(1, 1, 1));
    assert_eq!(store.open_alarms(Some("utrecht")).await.unwrap(), OpenAlarms::default());
}

/// A start gets what is open, and what is closed and still remembered.
pub(super) async fn what_is_remembered_is_loaded(store: &Store) {
    let closed = |n| IncidentRow { closed_at: Some(at(5)), state: "resolved".into(), ..incident(n) };
    let incidents = vec![incident(1), closed(2), closed(3)];
    let followups = vec![state("inc-000001", Some(b"a")), state("inc-000002", Some(b"b"))];
    store.commit(&Batch { incidents, followups, ..Batch::default() }).await.unwrap();
    let loaded = store.load().await.unwrap();
    assert_eq!(
        loaded.few.incidents.iter().map(|row| &*row.incident).collect::<Vec<_>>(),
        ["inc-000001", "inc-000002"]
    );
    assert_eq!(loaded.few.followups.len(), 2);
    let forgotten = vec![state("inc-000002", None)];
    store.commit(&Batch { followups: forgotten, ..Batch::default() }).await.unwrap();
    assert_eq!(store.load().await.unwrap().few.incidents.len(), 1);
}
