//! What makes the world believable.

use zones::geodesy::distance_m;
use zones::{Position, Timestamp};

use crate::clock::{HOUR, LocalTime, MINUTE, SECOND};

use super::behaviour::Behaviour;
use super::moving::{Mode, Moment, Sky};
use super::person::Person;
use super::{BUFFER_M, Setup, World, ZONE_RADIUS_M};

fn setup(seed: u64, pairs: usize) -> Setup {
    let start = Timestamp::parse("2026-11-02T06:00:00Z").unwrap().as_millis();
    Setup { seed, pairs, start, other_towns: 3, demo_speed: None, trial: None }
}

/// Slowest and fastest that somebody who moves this way may be, in m/s.
fn bounds(mode: Mode) -> (f64, f64) {
    match mode {
        Mode::Still => (0.0, 0.3),
        Mode::Walk => (0.9, 2.0),
        Mode::Bike => (3.0, 6.6),
        Mode::Car => (6.0, 30.0),
        Mode::Tram => (8.0, 11.0),
        Mode::Metro => (14.0, 18.0),
        Mode::Bus => (8.0, 14.0),
        Mode::Train => (30.0, 40.0),
    }
}

fn karney(world: &World, a: &Moment, b: &Moment) -> f64 {
    let at = |m: &Moment| world.city.plane.position(m.p).unwrap();
    distance_m(at(a), at(b))
}

/// Calls `look` with both people of every pair at each step of a world.
fn walk_through(
    world: &mut World,
    setup: &Setup,
    span: i64,
    step: i64,
    mut look: impl FnMut(&World, usize, i64),
) {
    let mut at = setup.start;
    while at < setup.start + span {
        for pair in 0..world.pairs.len() {
            world.plan_beyond(pair, at);
            look(world, pair, at);
            world.forget_before(pair, at);
        }
        at += step;
    }
}

#[test]
fn nobody_teleports_and_everybody_moves_at_the_speed_of_what_carries_them() {
    let setup = setup(11, 24);
    let mut world = World::new(&setup);
    let mut last: Vec<Option<Moment>> = vec![None; 48];
    let mut seen = [0_u32; 8];
    walk_through(&mut world, &setup, 5 * HOUR, SECOND, |world, pair, at| {
        for (i, person) in [&world.pairs[pair].wearer, &world.pairs[pair].victim].into_iter().enumerate() {
            let now = person.moment(at);
            let speed = (now.east_mps * now.east_mps + now.north_mps * now.north_mps).sqrt();
            let (slowest, fastest) = bounds(now.mode);
            assert!(speed == 0.0 || (slowest..=fastest).contains(&speed), "{speed} m/s by {:?}", now.mode);
            seen[now.mode as usize] += 1;
            if let Some(before) = last[2 * pair + i].replace(now) {
                let moved = before.p.distance(now.p);
                let most = bounds(before.mode).1.max(fastest);
                assert!(moved <= most, "{moved} m in a second, {:?} to {:?}", before.mode, now.mode);
            }
        }
    });
    assert!(seen[..4].iter().all(|count| *count > 500), "somebody walks, cycles and drives: {seen:?}");
}

#[test]
fn some_take_the_tram_and_some_a_metro_that_runs_below_ground() {
    let setup = setup(11, 250);
    let mut world = World::new(&setup);
    let (mut trams, mut metros, mut below) = (0, 0, 0);
    walk_through(&mut world, &setup, 4 * HOUR, 20 * SECOND, |world, pair, at| {
        for person in [&world.pairs[pair].wearer, &world.pairs[pair].victim] {
            let now = person.moment(at);
            trams += i32::from(now.mode == Mode::Tram);
            metros += i32::from(now.mode == Mode::Metro);
            if now.sky == Sky::Tunnel {
                assert_eq!(now.mode, Mode::Metro);
                below += 1;
            }
        }
    });
    assert!(trams > 50 && metros > 20 && below > 5, "{trams} {metros} {below}");
}

#[test]
fn the_same_plan_whoever_looks_at_it_and_however_often() {
    let setup = setup(5, 6);
    let (mut often, mut seldom) = (World::new(&setup), World::new(&setup));
    let mut places = Vec::new();
    walk_through(&mut often, &setup, 8 * HOUR, 7 * SECOND, |world, pair, at| {
        if (at - setup.start) % (7 * 60 * SECOND) == 0 {
            places.push((world.pairs[pair].wearer.moment(at).p, world.pairs[pair].victim.moment(at).p));
        }
    });
    let mut again = Vec::new();
    walk_through(&mut seldom, &setup, 8 * HOUR, 7 * MINUTE, |world, pair, at| {
        again.push((world.pairs[pair].wearer.moment(at).p, world.pairs[pair].victim.moment(at).p));
    });
    assert_eq!(places, again);
}

#[test]
fn at_night_people_are_at_home_and_by_day_many_are_not() {
    let setup = setup(2, 60);
    let mut world = World::new(&setup);
    let (mut nights, mut days, mut out_by_day) = (0, 0, 0);
    walk_through(&mut world, &setup, 24 * HOUR, 10 * MINUTE, |world, pair, at| {
        if world.pairs[pair].behaviour() != Behaviour::KeepsAway {
            return;
        }
        let hour = LocalTime::at(at).of_day / HOUR;
        for person in [&world.pairs[pair].wearer, &world.pairs[pair].victim] {
            let away = person.moment(at).p.distance(person.home.p) > 20.0;
            if (1..6).contains(&hour) {
                nights += 1;
                assert!(!away, "out at {hour} o'clock");
            } else if (10..16).contains(&hour) {
                days += 1;
                out_by_day += i32::from(away);
            }
        }
    });
    assert!(nights > 1_000);
    let share = f64::from(out_by_day) / f64::from(days);
    assert!((0.3..0.9).contains(&share), "{share} of people are out by day");
}

#[test]
fn who_keeps_away_never_comes_near_the_zone() {
    let setup = setup(3, 80);
    let mut world = World::new(&setup);
    let mut looked = 0;
    walk_through(&mut world, &setup, 14 * HOUR, 30 * SECOND, |world, pair, at| {
        if world.pairs[pair].behaviour() == Behaviour::KeepsAway {
            let home = home_of(world, &world.pairs[pair].victim);
            let wearer = world.city.plane.position(world.pairs[pair].wearer.moment(at).p).unwrap();
            assert!(distance_m(home, wearer) > ZONE_RADIUS_M + BUFFER_M);
            looked += 1;
        }
    });
    assert!(looked > 50_000);
}

fn home_of(world: &World, person: &Person) -> Position {
    world.city.plane.position(person.home.p).unwrap()
}

#[test]
fn what_a_wearer_means_to_do_happens() {
    let setup = setup(7, 150);
    let mut world = World::new(&setup);
    let mut nearest = vec![f64::INFINITY; 150];
    let mut nearest_home = vec![f64::INFINITY; 150];
    walk_through(&mut world, &setup, 9 * HOUR, 10 * SECOND, |world, pair, at| {
        let people = &world.pairs[pair];
        if people.behaviour() != Behaviour::KeepsAway {
            let (wearer, victim) = (people.wearer.moment(at), people.victim.moment(at));
            nearest[pair] = nearest[pair].min(karney(world, &wearer, &victim));
            let wearer = world.city.plane.position(wearer.p).unwrap();
            nearest_home[pair] = nearest_home[pair].min(distance_m(wearer, home_of(world, &people.victim)));
        }
    });
    let mut seen = Vec::new();
    for (pair, people) in world.pairs.iter().enumerate() {
        let (near, near_home) = (nearest[pair], nearest_home[pair]);
        let happened = match people.behaviour() {
            Behaviour::KeepsAway => continue,
            Behaviour::Approaches(_) => near < 300.0,
            Behaviour::MeetsByChance => near < 200.0 && near_home > ZONE_RADIUS_M,
            Behaviour::Waits => near < 60.0,
            Behaviour::Lingers => near < 800.0,
            Behaviour::EntersZone => near_home < 4_400.0,
            Behaviour::TestsBoundary => (4_000.0..ZONE_RADIUS_M).contains(&near_home),
            behaviour => panic!("{behaviour:?} is for trials"),
        };
        assert!(happened, "pair {pair} {:?}: {near} m, home {near_home} m", people.behaviour());
        seen.push(std::mem::discriminant(&people.behaviour()));
    }
    seen.dedup();
    assert!(seen.len() > 6, "all kinds of behaviour occur");
}
