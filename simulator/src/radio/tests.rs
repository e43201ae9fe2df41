//! What makes the radio believable.

use std::collections::BTreeMap;

use zones::Timestamp;

use crate::clock::{HOUR, MINUTE, SECOND};
use crate::stream::Arrivals;
use crate::world::{Setup, Sky, Trial};

use super::noise::Noise;
use super::sent::{Body, Event, Origin, Sent, SentFix};

fn setup(pairs: usize) -> Setup {
    let start = Timestamp::parse("2026-11-02T06:00:00Z").unwrap().as_millis();
    Setup { seed: 9, pairs, start, other_towns: 3, demo_speed: None, trial: None }
}

fn arrivals(setup: &Setup, span: i64, step: i64) -> Vec<Sent> {
    let mut arrivals = Arrivals::new(setup, 1.0);
    let mut all = Vec::new();
    while arrivals.reached() < setup.start + span {
        let to = (arrivals.reached() + step).min(setup.start + span);
        arrivals.advance(to, &mut all);
    }
    all
}

fn fixes(sent: &Sent) -> &[SentFix] {
    match &sent.body {
        Body::Fix(fix) => std::slice::from_ref(fix),
        Body::Backlog(fixes) => fixes,
        _ => &[],
    }
}

#[test]
fn what_arrives_does_not_depend_on_how_often_one_looks() {
    let setup = setup(8);
    let often = arrivals(&setup, 3 * HOUR, 7 * SECOND);
    assert_eq!(often, arrivals(&setup, 3 * HOUR, 40 * MINUTE));
    assert!(often.len() > 2_000);
    assert!(often.windows(2).all(|pair| pair[0].order() < pair[1].order()), "in order of arrival");
}

#[test]
fn messages_are_lost_late_and_repeated_now_and_then() {
    let setup = setup(60);
    let span = 10 * HOUR;
    let all = arrivals(&setup, span, 30 * MINUTE);
    let due: i64 = Arrivals::new(&setup, 1.0).devices.iter().map(|device| span / device.interval_ms).sum();
    let mut times_seen: BTreeMap<(u32, u32), u32> = BTreeMap::new();
    let (mut late, mut backlogs) = (0, 0);
    for sent in &all {
        backlogs += i32::from(matches!(sent.body, Body::Backlog(_)));
        for fix in fixes(sent) {
            *times_seen.entry((sent.device, fix.seq)).or_default() += 1;
            late += i32::from(sent.at - fix.fixed_at > 2 * MINUTE);
        }
    }
    let count = times_seen.len() as f64;
    let share = |n: f64, low: f64, high: f64, what: &str| {
        assert!((low..high).contains(&(n / count)), "{what}: {}", n / count);
    };
    let lost = 1.0 - count / due as f64;
    assert!((0.005..0.08).contains(&lost), "lost: {lost}");
    share(f64::from(late), 0.002, 0.03, "late");
    share(times_seen.values().filter(|seen| **seen > 1).count() as f64, 0.002, 0.01, "repeated");
    assert!(backlogs > 20, "{backlogs}");
    let of = |origin| all.iter().flat_map(fixes).filter(|fix| fix.origin == origin).count() as f64;
    share(of(Origin::Wifi), 0.005, 0.06, "from networks");
    share(of(Origin::Cell), 0.001, 0.02, "from cells");
    share(of(Origin::Beacon), 0.02, 0.4, "from beacons");
}

#[test]
fn reported_places_are_about_as_wrong_as_reported() {
    let setup = setup(40);
    let mut arrivals = Arrivals::new(&setup, 1.0);
    let (mut within, mut count, mut worst) = (0, 0, 0.0_f64);
    for step in 1..=360 {
        let mut arrived = Vec::new();
        arrivals.advance(setup.start + step * MINUTE, &mut arrived);
        for sent in &arrived {
            let pair = &arrivals.world.pairs[sent.device as usize / 2];
            let person = if sent.device.is_multiple_of(2) { &pair.wearer } else { &pair.victim };
            // Fixes of this step only: the plan before it is forgotten.
            for fix in fixes(sent).iter().filter(|f| f.fixed_at >= setup.start + (step - 1) * MINUTE) {
                let truth = person.moment(fix.fixed_at);
                let place =
                    zones::Position::new(f64::from(fix.lat_e7) / 1e7, f64::from(fix.lon_e7) / 1e7).unwrap();
                let truth = arrivals.world.city.plane.position(truth.p).unwrap();
                let error = zones::geodesy::distance_m(place, truth);
                let accuracy = f64::from(fix.accuracy_dm) / 10.0;
                if accuracy > 0.0 {
                    within += i32::from(error <= accuracy);
                    count += 1;
                    // Cut-off straps lie elsewhere than their wearers, and wrong clocks tell of other moments.
                    worst =
                        if accuracy < 100.0 && error < 1_000.0 { worst.max(error / accuracy) } else { worst };
                }
            }
        }
    }
    let share = f64::from(within) / f64::from(count);
    assert!((0.55..0.9).contains(&share), "{share} within the 68 % radius");
    assert!(worst > 2.0, "some are much worse: {worst}");
}

#[test]
fn a_device_that_falls_silent_says_nothing_until_it_is_back() {
    let setup = setup(150);
    let all = arrivals(&setup, 14 * HOUR, HOUR);
    let mut off_line: BTreeMap<u32, i64> = BTreeMap::new();
    let (mut silences, mut straps, mut empty) = (0, 0, 0);
    for sent in &all {
        match sent.body {
            Body::Online(false) => {
                silences += 1;
                assert!(off_line.insert(sent.device, sent.at).is_none());
            }
            Body::Online(true) => {
                if let Some(since) = off_line.remove(&sent.device) {
                    assert!(sent.at - since > 5 * MINUTE, "silent for {} ms", sent.at - since);
                }
            }
            Body::Status(Event::StrapTamper, _) => straps += 1,
            Body::Status(Event::BatteryLow, _) => empty += 1,
            _ => {}
        }
        // Repeats that were under way may still come in within the minute.
        if let (Some(since), [_, ..]) = (off_line.get(&sent.device), fixes(sent)) {
            assert!(sent.at - since < MINUTE, "heard while off line");
        }
    }
    assert!(silences >= 5 && straps >= 1 && empty >= 1, "{silences} {straps} {empty}");
}

fn trial(noise: Noise, pairs: usize) -> Vec<Sent> {
    let setup = Setup { trial: Some(Trial { noise, cast: None }), ..setup(pairs) };
    arrivals(&setup, 12 * HOUR, HOUR)
}

#[test]
fn in_urban_noise_messages_overtake_each_other_and_phones_sleep_and_in_a_calm_world_they_do_not() {
    let count = |noise| {
        let all = trial(noise, 12);
        let mut newest: BTreeMap<u32, i64> = BTreeMap::new();
        let (mut overtaken, mut pauses) = (0, 0);
        for fix in all.iter().filter_map(|sent| match &sent.body {
            Body::Fix(fix) => Some((sent.device, fix.fixed_at)),
            _ => None,
        }) {
            let last = newest.entry(fix.0).or_insert(fix.1);
            overtaken += i32::from(fix.1 < *last);
            pauses += i32::from(fix.1 - *last > 150 * SECOND);
            *last = fix.1.max(*last);
        }
        (overtaken, pauses)
    };
    let ((noisy, sleepy), (calm, awake)) = (count(Noise::Urban), count(Noise::Calm));
    // Calm tunnels interrupt as well, and repeats come after others.
    assert!(noisy > 3 * calm + 10, "{noisy} {calm}");
    assert!(sleepy > 3 * awake + 10, "{sleepy} {awake}");
}

#[test]
fn reflections_and_wrong_places_are_far_beyond_what_the_receiver_says() {
    let far_off = |noise: Noise| {
        let mut far = [0_u32; 2];
        let mut chance = crate::chance::Chance::new(3, crate::chance::Stream::Device, 0);
        let mut receiver = super::error::Receiver::new(&mut chance, 0, noise);
        for i in 1..40_000 {
            let Some(reading) = receiver.read(i * MINUTE, Sky::Street, &mut chance) else { continue };
            let error = reading.east_m.hypot(reading.north_m);
            let sure = reading.origin == Origin::Gnss && reading.accuracy_m < 60.0;
            far[0] += u32::from(sure && error > 60.0);
            far[1] += u32::from(sure && error > 4_000.0);
        }
        far
    };
    let [urban, elsewhere] = far_off(Noise::Urban);
    assert!((20..300).contains(&urban) && elsewhere < urban / 4, "{urban} {elsewhere}");
    let [wrong, elsewhere] = far_off(Noise::WrongPlaces);
    assert!(wrong > 60 && wrong == elsewhere, "{wrong} {elsewhere}");
    assert_eq!(far_off(Noise::Calm), [0, 0]);
    assert_eq!(far_off(Noise::Everyday), [0, 0]);
}
