//! What the pipeline decides, without a store, a broker or a clock.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use zones::order::Draft;
use zones::{Input, OrderId, Timestamp};

use super::decide::{Decider, Surroundings};
use super::files::FileOrder;
use super::orders::By;
use super::quiet::Quiet;
use super::resume::{Taken, TakingOrders};
use crate::api::commands::NotWithdrawn;
use crate::config::Contacts;
use crate::followup::{self, Actor, Command, Rules};
use crate::lines::Lines;
use crate::metrics::Metrics;
use crate::store::{
    Batch, Channel, Few, InputKind, NewDelivery, Next, NoticeRow, Origin, Outcome, QuietRow, Store,
    StoredFix, StoredOrder, StoredState,
};
use crate::wire::TrackerKeys;

mod cap;
mod mass;
mod notices;
mod quiet;
mod versions;
mod victim;

/// So many seconds after the beginning of every test.
fn t(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_795_000_000_000 + seconds * 1_000)
}

fn order(name: &str) -> Value {
    json!({
        "order": format!("ord-{name}"), "legal_basis": "special_condition",
        "valid_from": t(-86_400), "valid_until": t(86_400 * 90),
        "wearer": {"person": format!("w-{name}"), "device": format!("am-{name}")},
        "victims": [{"person": format!("v-{name}"), "device": format!("vd-{name}"),
            "proximity": {"alarm_m": 1000, "warning_m": 1500, "warning_s": 0}}],
        "zones": {"type": "FeatureCollection", "features": []}, "desk": "rotterdam", "contacts": {},
    })
}

fn with(name: &str, pointer: &str, value: impl Into<Value>) -> Value {
    let mut order = order(name);
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    order.pointer_mut(parent).unwrap()[key] = value.into();
    order
}

fn draft(order: &Value) -> Draft {
    Draft::read(order).unwrap()
}

fn id(order: &str) -> OrderId {
    OrderId::new(order).unwrap()
}

fn stated(order: &Value) -> FileOrder {
    FileOrder::Stated { draft: Box::new(draft(order)), file: "all.json".into(), modified: Some(t(0)) }
}

fn few(clock: Timestamp, next: i64) -> Few {
    Few {
        watches: Vec::new(),
        incidents: Vec::new(),
        quiet: Vec::new(),
        followups: Vec::new(),
        duty: Vec::new(),
        latest_fixes: Vec::new(),
        next: Next { input: next, alert: next, delivery: next, rejected: next },
        clock: Some(clock),
    }
}

fn nothing() -> Taken {
    TakingOrders::new(few(t(-1), 1)).all().all()
}

fn around() -> Surroundings {
    Surroundings {
        desks: Vec::new(),
        contacts: Contacts::default(),
        keys: TrackerKeys::default(),
        traccar_topic: None,
        source: "urn:afstand:test".to_owned(),
    }
}

fn started(taken: Taken) -> Decider {
    let mut decider =
        Decider::resume(taken, around(), Rules::default(), Arc::new(Metrics::default())).unwrap();
    decider.tell(t(0), &Input::Hearing(true)).unwrap();
    decider.take();
    decider
}

/// What the store would hold after this batch and give to the next start.
fn stored(batch: Batch) -> Taken {
    let order = |row: crate::store::OrderRow| StoredOrder {
        order: row.order,
        seq: row.seq,
        document: row.document.unwrap(),
        changed_at: row.at,
        origin: row.origin,
        withdrawn_at: None,
    };
    let quiet = quiet(&batch);
    let state = |row: crate::store::StateRow| Some(StoredState { key: row.key, state: row.state? });
    let clock = batch.inputs.iter().map(|row| row.received_at).max();
    let fixes = batch.inputs.into_iter().filter(|row| row.kind == InputKind::Fix);
    let mut orders = TakingOrders::new(Few {
        watches: batch.watches.into_iter().filter_map(state).collect(),
        quiet,
        incidents: batch.incidents,
        followups: batch.followups.into_iter().filter_map(state).collect(),
        duty: batch.duty.into_iter().filter_map(state).collect(),
        latest_fixes: fixes
            .map(|row| StoredFix { role: row.role.unwrap(), device: row.device.to_string(), body: row.body })
            .collect(),
        ..few(clock.unwrap_or(t(-1)), 100)
    });
    batch.orders.into_iter().map(order).for_each(|row| orders.order(row));
    let mut devices = orders.all();
    batch.devices.into_iter().filter_map(state).for_each(|row| devices.device(&row));
    batch.histories.into_iter().filter_map(state).for_each(|row| devices.history(&row));
    devices.all()
}

/// Incidents of which the last that a victim was to be told is kept back, as the store would say.
fn quiet(batch: &Batch) -> Vec<QuietRow> {
    let fate = |id: i64| batch.progress.iter().rfind(|p| p.id == id).map(|p| &p.outcome);
    let mut last = BTreeMap::new();
    for delivery in batch.deliveries.iter().filter(|d| d.channel == Channel::VictimMqtt) {
        last.insert(delivery.incident.clone(), delivery);
    }
    let row = |delivery: &NewDelivery| match fate(delivery.id) {
        Some(Outcome::Held { until }) => Some(QuietRow {
            incident: delivery.incident.clone(),
            delivery: delivery.id,
            alert: delivery.alert.clone(),
            device: delivery.recipient.clone(),
            until: *until,
        }),
        _ => None,
    };
    last.into_values().filter_map(row).collect()
}

fn fix(seconds: i64, lat: f64) -> Vec<u8> {
    json!({"fixed_at": t(seconds), "lat": lat, "lon": 5.1, "accuracy_m": 8.0}).to_string().into_bytes()
}

fn has_fixes(batch: &Batch) -> usize {
    batch.inputs.iter().filter(|row| row.kind == InputKind::Fix).count()
}

/// A batch with an order, a device that was heard, and a watch that was raised.
fn a_life() -> Batch {
    let mut before = started(nothing());
    before.put_order(t(0), draft(&order("a")), Origin::Api).unwrap();
    before.message(t(1), "afstand/v1/wearer/am-a/fix", &fix(1, 52.0));
    before.message(t(2), "afstand/v1/victim/vd-a/fix", &fix(2, 52.0));
    before.take().batch
}

/// A start reads the store on two threads, in parts; it finds what one that is given the rows finds.
#[tokio::test(flavor = "multi_thread")]
async fn a_start_from_the_store_knows_what_was_committed() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&format!("sqlite:{}", folder.path().join("a.db").display())).await.unwrap();
    let mut orders: Vec<_> = (0..1_300).map(|n| format!("n{n}")).collect();
    orders.sort();
    let mut before = started(nothing());
    for name in &orders {
        before.put_order(t(0), draft(&order(name)), Origin::File).unwrap();
        before.message(t(1), &format!("afstand/v1/wearer/am-{name}/fix"), &fix(1, 52.0));
    }
    store.commit(&before.take().batch).await.unwrap();
    let taken = Taken::load(&store).await.unwrap();
    assert!(taken.of_files().map(OrderId::as_str).eq(orders.iter().map(|name| format!("ord-{name}"))));
    let after = Decider::resume(taken, around(), Rules::default(), Arc::new(Metrics::default())).unwrap();
    assert_eq!(after.engine.snapshot().devices, before.engine.snapshot().devices);
    assert!(after.engine.orders().eq(before.engine.orders()));
    store.close().await;
}

#[test]
fn a_row_that_cannot_be_read_stops_the_start_and_is_named() {
    let told = |batch| match Decider::resume(
        stored(batch),
        around(),
        Rules::default(),
        Arc::new(Metrics::default()),
    ) {
        Ok(_) => String::new(),
        Err(damaged) => damaged.to_string(),
    };
    assert_eq!(told(a_life()), "");
    let mut batch = a_life();
    batch.orders[0].document = Some("{}".to_owned());
    assert!(told(batch).starts_with("stored order ord-a cannot be read: "));
    let mut batch = a_life();
    batch.devices[0].state = Some(vec![7]);
    let named = format!("stored state of device {} cannot be read: ", batch.devices[0].key);
    assert!(told(batch).starts_with(&named));
    let mut batch = a_life();
    batch.watches[0].state = Some(Vec::new());
    assert!(told(batch).starts_with("stored state of watch ord-a/pair/v-a cannot be read: "));
}

#[test]
fn what_the_broker_sends_again_after_a_kill_is_in_the_journal_once() {
    let topic = "afstand/v1/wearer/am-a/fix";
    let mut before = started(nothing());
    before.put_order(t(0), draft(&order("a")), Origin::Api).unwrap();
    for n in 1..=5 {
        before.message(t(n), topic, &fix(n, 52.0));
    }
    // Sent again within one run, because the broker was away before it had the acknowledgements.
    for n in 1..=5 {
        before.message(t(10 + n), topic, &fix(n, 52.0));
    }
    let batch = before.take().batch;
    assert_eq!(has_fixes(&batch), 5);
    // Sent again to the next run, because the last one was killed.
    let mut after = started(stored(batch));
    for n in 1..=6 {
        after.message(t(20 + n), topic, &fix(n, 52.0));
    }
    let pending = after.take();
    assert_eq!(has_fixes(&pending.batch), 1, "only the sixth is new");
    assert_eq!(pending.fixes, 6, "all of them are answered for");
    // Another place at a time that was told before is no repetition: it is kept.
    after.message(t(30), topic, &fix(3, 52.1));
    assert_eq!(has_fixes(&after.take().batch), 1);
    // To an order that is new, a fix that was known before is the first.
    after.withdraw_order(t(40), &id("ord-a"), Origin::Api).unwrap();
    after.put_order(t(41), draft(&order("a")), Origin::Api).unwrap();
    after.message(t(42), topic, &fix(6, 52.0));
    assert_eq!(has_fixes(&after.take().batch), 1);
}

#[test]
fn a_clock_that_is_ahead_is_noted_until_it_is_right() {
    let topic = "afstand/v1/wearer/am-a/fix";
    let mut decider = started(nothing());
    decider.put_order(t(0), draft(&order("a")), Origin::Api).unwrap();
    for n in 1..=3 {
        decider.message(t(n), topic, &fix(n + 600, 52.0));
        assert_eq!(decider.ahead.len(), 1);
    }
    decider.message(t(1_000), topic, &fix(1_000, 52.0));
    assert!(decider.ahead.is_empty());
}

#[test]
fn an_owntracks_name_stands_for_one_device() {
    let mut decider = started(nothing());
    let named = |name: &str| with(name, "/wearer/owntracks", "jan/phone");
    decider.put_order(t(0), draft(&named("a")), Origin::Api).unwrap();
    let refused = decider.put_order(t(1), draft(&named("b")), Origin::Api).unwrap_err().to_string();
    assert!(refused.contains("wearer.owntracks") && refused.contains("ord-a"), "{refused}");
    assert!(!refused.contains("jan"), "the name its user chose is not repeated: {refused}");
    let of_victim = with("c", "/victims/0/owntracks", "jan/phone");
    assert!(decider.put_order(t(2), draft(&of_victim), Origin::Api).is_err());
    let mut twice = named("d");
    twice["victims"][0]["owntracks"] = json!("jan/phone");
    assert!(started(nothing()).put_order(t(3), draft(&twice), Origin::Api).is_err());
    // The same device under another order may have the same name, and an order its own again.
    let mut same = named("a");
    same["order"] = json!("ord-e");
    decider.put_order(t(4), draft(&same), Origin::Api).unwrap();
    decider.put_order(t(5), draft(&named("a")), Origin::Api).unwrap();
}

#[test]
fn an_order_of_a_file_that_did_not_fit_is_tried_again_when_the_others_change() {
    let mut decider = started(nothing());
    decider.put_order(t(0), draft(&order("a")), Origin::Api).unwrap();
    let taken = with("b", "/wearer/device", "am-a");
    decider.file(t(1), stated(&taken));
    decider.try_files_again(t(2));
    assert!(decider.engine.order(&id("ord-b")).is_none());
    decider.withdraw_order(t(3), &id("ord-a"), Origin::Api).unwrap();
    decider.try_files_again(t(4));
    assert!(decider.engine.order(&id("ord-b")).is_some());
    assert!(decider.is_of_file(&id("ord-b")));
    // One that no file states any more is not waited for.
    let waits = with("c", "/wearer/device", "am-a");
    decider.file(t(5), stated(&waits));
    decider.file(t(6), FileOrder::Gone(id("ord-c")));
    decider.file(t(7), FileOrder::Gone(id("ord-b")));
    decider.try_files_again(t(8));
    assert_eq!(decider.engine.orders().count(), 0);
}

#[test]
fn what_a_file_states_is_withdrawn_there() {
    let mut decider = started(nothing());
    decider.file(t(0), stated(&order("a")));
    let refused = decider.withdraw_order(t(1), &id("ord-a"), Origin::Api);
    assert_eq!(refused, Err(NotWithdrawn::StatedBy("the file all.json".to_owned())));
    // Also when the API was the last to change it: the file would bring it back.
    decider.put_order(t(2), draft(&with("a", "/risk", "high")), Origin::Api).unwrap();
    assert!(decider.withdraw_order(t(3), &id("ord-a"), Origin::Api).is_err());
    assert!(decider.engine.order(&id("ord-a")).is_some());

    // After a restart with a file that cannot be read nobody knows which it was; without a folder it is free.
    let mut batch = decider.take().batch;
    batch.orders.drain(1..);
    let mut later = started(stored(batch));
    assert!(matches!(later.withdraw_order(t(4), &id("ord-a"), Origin::Api), Err(NotWithdrawn::StatedBy(_))));
    later.files.watched = false;
    assert_eq!(later.withdraw_order(t(5), &id("ord-a"), Origin::Api), Ok(()));
    assert_eq!(later.withdraw_order(t(6), &id("ord-a"), Origin::Api), Err(NotWithdrawn::Unknown));
}

#[test]
fn the_history_of_an_order_says_who_changed_it() {
    let mut decider = started(nothing());
    decider.put_order(t(0), draft(&order("a")), By::token("Anna".to_owned())).unwrap();
    decider.withdraw_order(t(1), &id("ord-a"), By::token("Bob".to_owned())).unwrap();
    decider.file(t(2), stated(&order("b")));
    decider.file(t(3), FileOrder::Gone(id("ord-b")));
    let who: Vec<_> =
        decider.take().batch.orders.into_iter().map(|row| (row.origin, row.by.unwrap())).collect();
    let want =
        [(Origin::Api, "Anna"), (Origin::Api, "Bob"), (Origin::File, "all.json"), (Origin::File, "all.json")];
    assert_eq!(who, want.map(|(origin, name)| (origin, name.to_owned())));
}

#[test]
fn an_order_that_has_ended_can_be_withdrawn_and_its_incidents_wait_for_somebody() {
    let mut decider = started(nothing());
    let short = with("a", "/valid_until", json!(t(600)));
    decider.put_order(t(0), draft(&short), Origin::Api).unwrap();
    decider.put_order(t(0), draft(&order("b")), Origin::Api).unwrap();
    for name in ["a", "b"] {
        decider.message(t(2), &format!("afstand/v1/victim/vd-{name}/fix"), &fix(1, 52.0));
        decider.message(t(3), &format!("afstand/v1/wearer/am-{name}/fix"), &fix(2, 52.001));
    }
    // Order, condition and state of each incident.
    let incidents = |decider: &Decider| {
        let rows = decider.incidents.values();
        let mut rows: Vec<_> = rows
            .map(|row| (row.order.clone(), row.cleared_at.is_some(), row.state.clone().into_owned()))
            .collect();
        // Of the pair, and of both devices' silence later on.
        rows.sort();
        rows.dedup();
        rows
    };
    let stands = |order: &str, cleared, state: &str| (order.to_owned(), cleared, state.to_owned());
    decider.take();
    assert_eq!(incidents(&decider), [stands("ord-a", false, "new"), stands("ord-b", false, "new")]);
    // A history later the engine has forgotten it; the register has not.
    decider.advance(t(600) + zones::policy::HISTORY + zones::Millis(1_000));
    decider.take();
    assert!(decider.engine.order(&id("ord-a")).is_none());
    assert_eq!(incidents(&decider)[0], stands("ord-a", true, "new"), "nobody has looked at it yet");
    let now = t(700) + zones::policy::HISTORY;
    assert_eq!(decider.withdraw_order(now, &id("ord-a"), Origin::Api), Ok(()));
    let batch = decider.take().batch;
    assert_eq!(batch.orders.len(), 1);
    assert_eq!((batch.orders[0].order.as_str(), &batch.orders[0].document), ("ord-a", &None));
    let journal = batch.inputs.iter().find(|row| row.seq == batch.orders[0].seq).unwrap();
    assert_eq!(journal.kind, InputKind::OrderWithdrawn);
    decider.withdraw_order(now, &id("ord-b"), Origin::Api).unwrap();
    decider.take();
    assert_eq!(incidents(&decider), [stands("ord-a", true, "new"), stands("ord-b", true, "new")]);
    let ids: Vec<_> = decider.followup.incidents().map(|(id, _)| id).collect();
    let sam = Actor { name: "sam".to_owned(), person: None, supervisor: true };
    for id in ids {
        let command = Command::Resolve { outcome: followup::Outcome::WearerLeft, note: None };
        decider.follow_command(now, id, sam.clone(), command, None).unwrap();
    }
    let batch = decider.take().batch;
    assert_eq!(batch.incidents.len(), 6);
    assert!(batch.incidents.iter().all(|row| row.closed_at == Some(now) && row.state == "resolved"));
    // What partners owe is remembered for a month after it was due, then nothing is.
    decider.advance(now + zones::Millis::from_secs(35 * 86_400));
    assert_eq!(decider.take().batch.followups.iter().filter(|row| row.state.is_none()).count(), 6);
    assert_eq!(incidents(&decider), []);
}

#[test]
fn a_start_ends_what_orders_that_are_gone_had_raised() {
    let mut decider = started(nothing());
    decider.put_order(t(0), draft(&order("a")), Origin::Api).unwrap();
    decider.message(t(2), "afstand/v1/victim/vd-a/fix", &fix(1, 52.0));
    decider.message(t(3), "afstand/v1/wearer/am-a/fix", &fix(2, 52.001));
    let batch = decider.take().batch;
    assert_eq!(started(stored(batch)).incidents.len(), 1);
    let mut gone = started(nothing());
    gone.put_order(t(0), draft(&order("a")), Origin::Api).unwrap();
    gone.message(t(2), "afstand/v1/victim/vd-a/fix", &fix(1, 52.0));
    gone.message(t(3), "afstand/v1/wearer/am-a/fix", &fix(2, 52.001));
    let mut batch = gone.take().batch;
    batch.orders.clear();
    let started = started(stored(batch));
    let rows: Vec<_> = started.incidents.values().collect();
    assert_eq!(rows.len(), 1, "it is somebody's still");
    assert!(rows[0].cleared_at.is_some() && rows[0].closed_at.is_none());
}

#[test]
fn what_was_open_before_there_was_a_follow_up_gets_one() {
    let mut decider = started(nothing());
    decider.put_order(t(0), draft(&order("a")), Origin::Api).unwrap();
    decider.message(t(2), "afstand/v1/victim/vd-a/fix", &fix(1, 52.0));
    decider.message(t(3), "afstand/v1/wearer/am-a/fix", &fix(2, 52.001));
    let mut batch = decider.take().batch;
    batch.followups.clear();
    let adopted = started(stored(batch));
    let [(_, incident)] = adopted.followup.incidents().collect::<Vec<_>>()[..] else { panic!("not one") };
    assert_eq!((incident.worst, incident.state), (zones::Level::Alarm, followup::State::New));
    assert!(incident.next_step_at().is_some());
}

#[test]
fn a_flood_of_nonsense_is_listed_whole_and_said_in_part() {
    let mut decider = started(nothing());
    decider.said = Lines::about("messages were set aside");
    for _ in 0..1_000 {
        decider.message(t(1), "afstand/v1/wearer/am-a/fix", b"nonsense");
    }
    assert_eq!(decider.take().batch.rejected.len(), 1_000);
}

/// Topics and payloads of what devices are told, in the order in which it was decided.
fn told(batch: &Batch) -> Vec<(String, Value)> {
    let read = |row: &NoticeRow| (row.topic.clone(), serde_json::from_str(&row.payload).unwrap());
    batch.notices.iter().map(read).collect()
}

#[test]
fn what_devices_are_told_is_stored_with_what_decided_it() {
    let mut decider = started(nothing());
    decider.put_order(t(0), draft(&order("a")), Origin::Api).unwrap();
    decider.message(t(2), "afstand/v1/victim/vd-a/fix", &fix(1, 52.0));
    decider.message(t(4), "afstand/v1/wearer/am-a/fix", &fix(3, 52.2));
    let batch = decider.take().batch;
    let protection = "afstand/v1/victim/vd-a/protection";
    let states: Vec<_> =
        told(&batch).into_iter().map(|(topic, told)| (topic, told["state"].clone())).collect();
    let expected =
        ["unprotected", "unprotected", "protected"].map(|state| (protection.to_owned(), json!(state)));
    assert_eq!(states, expected, "neither seen; she seen; both seen");
    assert_eq!(told(&batch)[2].1, json!({"state": "protected", "reasons": [], "since": t(4)}));
    assert!(batch.notices.iter().all(|row| row.until.is_none()), "retained: of use for ever");
    // He comes near, after a restart.
    let mut decider = started(stored(batch));
    decider.message(t(400), "afstand/v1/victim/vd-a/fix", &fix(399, 52.0));
    decider.message(t(402), "afstand/v1/wearer/am-a/fix", &fix(401, 52.005));
    let batch = decider.take().batch;
    let until = t(402 + 600);
    let command =
        ("afstand/v1/wearer/am-a/command".to_owned(), json!({"fix_interval_s": 10, "until": until}));
    assert!(told(&batch).contains(&command), "{:?}", told(&batch));
    assert!(batch.notices.iter().any(|row| row.until == Some(until)), "and of no use afterwards");
}

#[test]
fn what_is_found_afterwards_is_for_the_desk_and_not_for_the_victim() {
    // A backlog, the newest first: five minutes ago he was 560 m from her.
    let backlog = [(420, 52.02), (300, 52.005), (180, 52.02)]
        .map(|(seconds, lat)| json!({"fixed_at": t(seconds), "lat": lat, "lon": 5.1, "accuracy_m": 8.0}));
    let payload = Value::from(backlog.to_vec()).to_string().into_bytes();
    let mut decider = started(nothing());
    decider.put_order(t(0), draft(&order("a")), Origin::Api).unwrap();
    for n in 0..10 {
        decider.message(t(n * 60 + 1), "afstand/v1/victim/vd-a/fix", &fix(n * 60, 52.0));
    }
    decider.message(t(602), "afstand/v1/wearer/am-a/fix", &fix(600, 52.02));
    decider.take();
    decider.message(t(620), "afstand/v1/wearer/am-a/fix", &payload);
    let batch = decider.take().batch;
    let told: Vec<_> = batch.deliveries.iter().map(|row| (row.channel, &*row.recipient)).collect();
    assert_eq!(batch.alerts.len(), 1, "the middle one, once");
    assert_eq!(told, [(Channel::DeskMqtt, "rotterdam")]);
    assert!(batch.alerts[0].data.contains(r#""late":true"#), "{}", batch.alerts[0].data);
}
