//! A world as the demonstration plays it, in process.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use simulator::live::{City, Emission, Narration};
use zones::{Millis, Position, Timestamp, geodesy};

fn start() -> Timestamp {
    // Three in the morning: the demonstration takes place by day all the same.
    Timestamp::parse("2026-11-21T02:00:00Z").unwrap()
}

fn play(mut city: City, seconds: i64, step_ms: i64) -> (Vec<Emission>, Vec<Narration>) {
    let (mut emissions, mut told) = (Vec::new(), Vec::new());
    let mut now = start();
    while now < start() + Millis::from_secs(seconds) {
        now = now + Millis(step_ms);
        while let Some(emission) = city.next_before(now) {
            assert!(emission.at < now);
            emissions.push(emission);
        }
        while let Some(narration) = city.narrate_before(now) {
            told.push(narration);
        }
    }
    (emissions, told)
}

fn seconds_of(told: &[Narration], text: &str) -> Option<f64> {
    told.iter().find(|n| n.text.contains(text)).map(|n| (n.at - start()).as_secs_f64())
}

#[test]
fn a_demonstration_shows_what_matters_within_three_minutes() {
    let (emissions, told) = play(City::demo(1, start()), 180, 50);
    let begins = [
        ("wearer-0001 leaves home by car towards victim-0001", 3.0, 10.0),
        ("wearer-0002 leaves home by car to an address within victim-0002's zone", 15.0, 25.0),
        ("along the edge of victim-0005's zone", 30.0, 45.0),
        ("wearer-0003's strap has been cut", 70.0, 85.0),
        ("wearer-0010's ankle monitor has little battery left", 90.0, 180.0),
        ("wearer-0006's ankle monitor has fallen silent", 110.0, 140.0),
        ("victim-0008's device has fallen silent", 140.0, 170.0),
    ];
    for (text, from, to) in begins {
        let at = seconds_of(&told, text);
        assert!(at.is_some_and(|at| (from..to).contains(&at)), "{text}: {at:?} of {told:#?}");
    }
    assert!(emissions.windows(2).all(|pair| pair[0].at <= pair[1].at));
    // 24 devices, a fix every 5 s, few lost.
    let fixes = emissions.iter().filter(|e| e.topic.ends_with("/fix")).count();
    assert!((700..=864).contains(&fixes), "{fixes}");
}

/// Newest places of both parties of the first pair after each fix.
fn distances(emissions: &[Emission]) -> Vec<(f64, f64)> {
    let mut newest: [Option<Position>; 2] = [None; 2];
    let mut distances = Vec::new();
    for emission in emissions.iter().filter(|e| e.device < 2 && e.topic.ends_with("/fix")) {
        if let Ok(fix) = serde_json::from_slice::<zones::Fix>(&emission.payload)
            && fix.uncertainty_m() < 100.0
        {
            newest[emission.device] = Some(fix.position);
            if let [Some(wearer), Some(victim)] = newest {
                distances.push(((emission.at - start()).as_secs_f64(), geodesy::distance_m(wearer, victim)));
            }
        }
    }
    distances
}

#[test]
fn the_first_wearer_of_a_demonstration_soon_comes_near_and_never_impossibly_fast() {
    for seed in [1, 2, 3] {
        let (emissions, _) = play(City::demo(seed, start()), 300, 500);
        let distances = distances(&emissions);
        let first = |metres: f64| distances.iter().find(|(_, d)| *d < metres).map(|(at, _)| *at);
        assert!(distances[0].1 > 6_000.0);
        let (zone, near) = (first(5_000.0), first(1_000.0));
        assert!(zone.is_some_and(|at| at < 90.0), "seed {seed}: {zone:?}");
        assert!(near.is_some_and(|at| at < 280.0), "seed {seed}: {near:?}");
        let jumps = distances.windows(2).map(|pair| (pair[0].1 - pair[1].1).abs());
        assert!(jumps.fold(0.0, f64::max) < 70.0 * 12.0);
    }
}

#[test]
fn the_same_city_plays_the_same_however_it_is_asked() {
    let (often, told_often) = play(City::new(3, 10, start()), 1_800, 100);
    let (seldom, told_seldom) = play(City::new(3, 10, start()), 1_800, 60_000);
    assert_eq!(often, seldom);
    assert_eq!(told_often, told_seldom);
    assert!(often.len() > 600);
}

#[test]
fn a_command_makes_a_device_report_more_often() {
    let count = |hurried: bool| {
        let mut city = City::new(6, 3, start());
        if hurried {
            city.command(0, 5, start() + Millis::from_secs(600));
        }
        play(city, 600, 1_000).0.iter().filter(|e| e.device == 0 && e.topic.ends_with("/fix")).count()
    };
    let (usual, hurried) = (count(false), count(true));
    assert!(hurried > 100 && hurried > 2 * usual, "{usual} {hurried}");
}

#[test]
fn orders_name_every_device() {
    let city = City::demo(1, start());
    let orders: Vec<serde_json::Value> = serde_json::from_str(&city.orders_json()).unwrap();
    assert_eq!(2 * orders.len(), city.devices());
    for (pair, order) in orders.iter().enumerate() {
        assert_eq!(order["wearer"]["device"], city.device(2 * pair).1);
        assert_eq!(order["victims"][0]["device"], city.device(2 * pair + 1).1);
        assert_eq!(order["wearer"]["fix_interval_s"], 5);
        assert_eq!(order["desk"], city.desk());
    }
}
