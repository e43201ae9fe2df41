//! Laws that hold for any input.

use std::sync::Arc;

use proptest::prelude::*;

use super::case::*;
use crate::order::ZoneKind::{Exclusion, Inclusion};
use crate::*;

/// One thing that happens, so many seconds after the one before.
#[derive(Debug, Clone)]
struct Event {
    after_s: i64,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    Fix { role: Role, east_m: f64, north_m: f64, accuracy_m: f32, delay_s: i64 },
    Says(DeviceEventKind),
    Press { test: bool },
    Cancel(CodeCheck),
    Hearing(bool),
    Reorder(bool),
    Tick,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let fix = (
        any::<bool>(),
        -4_000.0..4_000.0,
        -4_000.0..4_000.0,
        1.0_f32..400.0,
        prop_oneof![-200_i64..300, 0_i64..9_000],
    );
    let what = prop_oneof![
        16 => fix.prop_map(|(wearer, east_m, north_m, accuracy_m, delay_s)| What::Fix {
            role: if wearer { Role::Wearer } else { Role::Victim }, east_m, north_m, accuracy_m, delay_s
        }),
        1 => prop::sample::select(vec![
            DeviceEventKind::StrapTamper, DeviceEventKind::BatteryLow, DeviceEventKind::Charging,
            DeviceEventKind::Shutdown, DeviceEventKind::Jamming, DeviceEventKind::BeaconLost,
            DeviceEventKind::BeaconFound, DeviceEventKind::Shielded,
        ]).prop_map(What::Says),
        1 => any::<bool>().prop_map(|test| What::Press { test }),
        1 => prop::sample::select(vec![CodeCheck::Right, CodeCheck::Wrong]).prop_map(What::Cancel),
        1 => any::<bool>().prop_map(What::Hearing),
        1 => any::<bool>().prop_map(What::Reorder),
        1 => Just(What::Tick),
    ];
    let event = (0_i64..240, what).prop_map(|(after_s, what)| Event { after_s, what });
    prop::collection::vec(event, 1..120)
}

fn full_order(with_second_zone: bool) -> Order {
    let mut order = with_zone(with_victim(order("o")), Exclusion, 1_500.0, 500.0);
    order = with_zone(order, Inclusion, 3_000.0, 0.0);
    if with_second_zone {
        order = with_zone(order, Exclusion, 200.0, 0.0);
    }
    order.valid_from = t(300);
    order.valid_until = t(4_000);
    order
}

use crate::order::Order;

fn play(engine: &mut Engine, at: i64, event: &What) -> Vec<Effect> {
    let input = match event {
        What::Fix { role, east_m, north_m, accuracy_m, delay_s } => {
            let fixed_at = t(at - delay_s);
            let fix = Fix { accuracy_m: Some(*accuracy_m), ..Fix::new(fixed_at, place(*east_m, *north_m)) };
            Input::Fix { role: *role, device: if *role == Role::Wearer { "am" } else { "vd" }, fix }
        }
        What::Says(event) => {
            let event = DeviceEvent { at: t(at), event: *event };
            Input::Device { role: Role::Wearer, device: "am", event }
        }
        What::Press { test } => {
            let aware = Aware { pressed_at: t(at), position: None, accuracy_m: None, test: *test };
            Input::Aware { device: "vd", aware }
        }
        What::Cancel(code) => {
            Input::AwareCancel { device: "vd", cancel: AwareCancel { at: t(at), code: *code } }
        }
        What::Hearing(on) => Input::Hearing(*on),
        What::Reorder(second) => Input::Order(Arc::new(full_order(*second))),
        What::Tick => Input::Tick,
    };
    let _ = engine.handle(t(at), input);
    std::iter::from_fn(|| engine.poll_effect()).collect()
}

/// Everything that leaves the engine: alerts, and what devices are told.
fn alerts(effects: &[Effect]) -> Vec<String> {
    let alert = |effect: &Effect| match effect {
        Effect::Alert(alert) => Some(serde_json::to_string(alert).unwrap()),
        Effect::Decision(_) => None,
        told => Some(format!("{told:?}")),
    };
    effects.iter().filter_map(alert).collect()
}

fn start() -> Engine {
    let mut engine = Engine::new();
    engine.handle(t(0), Input::Order(Arc::new(full_order(false)))).unwrap();
    // Another takes over where it ends.
    let next = Order {
        order: OrderId::new("next").unwrap(),
        valid_from: t(4_000),
        valid_until: t(9_000),
        ..full_order(true)
    };
    engine.handle(t(0), Input::Order(Arc::new(next))).unwrap();
    while engine.poll_effect().is_some() {}
    engine
}

proptest! {
    #[test]
    fn the_same_input_gives_the_same_bytes(events in events()) {
        let tell = || {
            let (mut engine, mut at, mut said) = (start(), 0, Vec::new());
            for event in &events {
                at += event.after_s;
                said.extend(play(&mut engine, at, &event.what));
            }
            (alerts(&said), said, engine.snapshot())
        };
        prop_assert_eq!(tell(), tell());
    }

    #[test]
    fn stopping_anywhere_and_going_on_from_a_snapshot_changes_nothing(events in events(), stop in 0_usize..120) {
        let (mut through, mut stopped, mut at) = (start(), start(), 0);
        for (n, event) in events.iter().enumerate() {
            at += event.after_s;
            if n == stop {
                stopped = Engine::restore(stopped.snapshot()).0;
            }
            prop_assert_eq!(alerts(&play(&mut through, at, &event.what)), alerts(&play(&mut stopped, at, &event.what)));
        }
        prop_assert_eq!(through.snapshot(), stopped.snapshot());
    }

    #[test]
    fn ticking_in_between_changes_nothing(events in events()) {
        let (mut lazy, mut eager, mut at) = (start(), start(), 0);
        let (mut lazily, mut eagerly) = (Vec::new(), Vec::new());
        for event in &events {
            let until = at + event.after_s;
            while let Some(due) = eager.poll_deadline().filter(|due| *due < t(until)) {
                eager.handle(due, Input::Tick).unwrap();
                eagerly.extend(std::iter::from_fn(|| eager.poll_effect()));
            }
            at = until;
            eagerly.extend(play(&mut eager, at, &event.what));
            lazily.extend(play(&mut lazy, at, &event.what));
        }
        prop_assert_eq!(alerts(&lazily), alerts(&eagerly));
    }

    #[test]
    fn changes_put_together_are_the_state(events in events()) {
        let (mut engine, mut at) = (start(), 0);
        let (mut devices, mut episodes) = (std::collections::BTreeMap::new(), std::collections::BTreeMap::new());
        let mut histories = std::collections::BTreeMap::new();
        for event in &events {
            at += event.after_s;
            play(&mut engine, at, &event.what);
            let changes = engine.take_changes();
            for row in changes.devices {
                match row.state {
                    Some(state) => devices.insert((row.role, row.device), state),
                    None => devices.remove(&(row.role, row.device)),
                };
            }
            for row in changes.histories {
                match row.history {
                    Some(history) => histories.insert((row.role, row.device), history),
                    None => histories.remove(&(row.role, row.device)),
                };
            }
            for row in changes.episodes {
                match row.episode {
                    Some(episode) => episodes.insert(row.watch, episode),
                    None => episodes.remove(&row.watch),
                };
            }
        }
        let snapshot = engine.snapshot();
        histories.retain(|_, history| !history.is_empty());
        let rows = snapshot.histories.into_iter().map(|r| ((r.role, r.device), r.history.unwrap()));
        prop_assert_eq!(histories.into_iter().collect::<Vec<_>>(), rows.collect::<Vec<_>>());
        // A device of which nothing is known yet needs no row.
        let rows = snapshot.devices.into_iter().map(|r| ((r.role, r.device), r.state.unwrap()));
        let whole: Vec<_> = rows.filter(|(_, state)| *state != DeviceState::default()).collect();
        devices.retain(|_, state| *state != DeviceState::default());
        prop_assert_eq!(devices.into_iter().collect::<Vec<_>>(), whole);
        let whole: Vec<_> = snapshot.episodes.into_iter().map(|r| (r.watch, r.episode.unwrap())).collect();
        prop_assert_eq!(episodes.into_iter().collect::<Vec<_>>(), whole);
    }

    #[test]
    fn revisions_count_up_and_ids_are_unique(events in events()) {
        let (mut engine, mut at) = (start(), 0);
        let mut ids = std::collections::BTreeSet::new();
        let mut last = std::collections::BTreeMap::new();
        for event in &events {
            at += event.after_s;
            for effect in play(&mut engine, at, &event.what) {
                let Effect::Alert(alert) = effect else { continue };
                prop_assert!(ids.insert(alert.alert), "an id came twice");
                let before = last.insert(alert.incident, alert.revision).unwrap_or(0);
                prop_assert_eq!(alert.revision, before + 1);
            }
        }
    }

    #[test]
    fn state_survives_its_binary_form(events in events()) {
        let (mut engine, mut at) = (start(), 0);
        for event in &events {
            at += event.after_s;
            play(&mut engine, at, &event.what);
        }
        for row in engine.snapshot().devices {
            let bytes = postcard::to_allocvec(&row.state).unwrap();
            prop_assert_eq!(postcard::from_bytes::<Option<DeviceState>>(&bytes).unwrap(), row.state);
        }
        for row in engine.snapshot().episodes {
            let bytes = postcard::to_allocvec(&row.episode).unwrap();
            prop_assert_eq!(postcard::from_bytes::<Option<Episode>>(&bytes).unwrap(), row.episode);
        }
    }
}
