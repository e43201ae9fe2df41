//! Real tracks of real telephones, with orders made around them, through mosquitto and the whole service. Every
//! alarm is held against distances of the tests' own ruler, and every fix that calls for an alarm must have one.

// A test that cannot go on should stop there; clippy's own exception covers only the test functions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use serde_json::{Value, json};
use support::broker::Broker;
use support::case::{Pair, now};
use support::geo::{Place, distance_m, moved};
use support::journal::Journal;
use support::until;
use support::world::World;
use zones::Timestamp;

/// A fix of a track.
#[derive(Debug, Clone, Copy)]
struct Point {
    at: Timestamp,
    place: Place,
    accuracy_m: f64,
}

/// The shared data, unless it is not at hand.
fn shared(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(path);
    let path = path.exists().then_some(path);
    if path.is_none() {
        println!("skipped: ../shared/data is absent");
    }
    path
}

/// The columns of each line after the heading.
fn table(path: &Path) -> Vec<Vec<String>> {
    let mut text = String::new();
    GzDecoder::new(File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    text.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

/// A day of a Dutch telephone, thinned to a fix every five seconds. It has no accuracy: 8 m are given.
fn dutch(name: &str) -> Option<Vec<Point>> {
    let rows = table(&shared("tracks/nl")?.join(format!("{name}.csv.gz")));
    let number = |text: &str| text.parse::<f64>().unwrap();
    let mut points: Vec<Point> = Vec::new();
    for row in rows {
        let at = Timestamp::parse(&row[1]).unwrap();
        if points.last().is_none_or(|last| (at - last.at).0 >= 5_000) {
            points.push(Point { at, place: (number(&row[2]), number(&row[3])), accuracy_m: 8.0 });
        }
    }
    Some(points)
}

/// A trace that broke somebody's pipeline, as it is stored: its order, its duplicates, its jumps.
fn awkward(name: &str) -> Option<Vec<Point>> {
    let rows = table(&shared("tracks/awkward")?.join(format!("{name}.csv.gz")));
    let number = |text: &str| text.parse::<f64>().unwrap();
    let point = |row: &Vec<String>| Point {
        at: Timestamp::from_millis((number(&row[0]) * 1_000.0).round() as i64),
        place: (number(&row[2]), number(&row[3])),
        accuracy_m: number(&row[4]),
    };
    Some(rows.iter().map(point).collect())
}

/// Moved in time so that the newest fix is from a minute ago; a nonsense epoch stays what it is.
fn until_now(mut points: Vec<Point>) -> Vec<Point> {
    let newest = points.iter().map(|point| point.at).max().unwrap();
    // Whole seconds: OwnTracks has no finer time.
    let shift = (now().as_millis() - 60_000 - newest.as_millis()) / 1_000 * 1_000;
    for point in points.iter_mut().filter(|point| point.at.as_millis() > 1_000_000_000_000) {
        point.at = Timestamp::from_millis((point.at.as_millis() + shift) / 1_000 * 1_000);
    }
    points
}

/// A circle to stay out of.
#[derive(Debug, Clone)]
struct Circle {
    zone: String,
    centre: Place,
    radius_m: f64,
}

/// Circles on and beside the way: around every so many fixes, to the left, to the right and in the middle of it.
fn circles_along(points: &[Point]) -> Vec<Circle> {
    let step = (points.len() / 40).max(1);
    let beside = [(0.0, 0.0), (180.0, 0.0), (0.0, -260.0), (-350.0, 350.0)];
    let radii = [60.0, 150.0, 300.0, 700.0];
    let circle = |(n, point): (usize, &Point)| {
        let (north, east) = beside[n % beside.len()];
        let centre = moved(point.place, north, east);
        Circle { zone: format!("z{n}"), centre, radius_m: radii[(n / 2) % radii.len()] }
    };
    points.iter().step_by(step).enumerate().map(circle).collect()
}

/// One wearer whose way is a track, with the circles around it, and the victim who stands beside it.
struct Case {
    pair: Pair,
    track: Vec<Point>,
    circles: Vec<Circle>,
    /// Where she stands all the time.
    victim: Place,
    by_owntracks: bool,
}

impl Case {
    fn new(name: &str, track: Vec<Point>, by_owntracks: bool) -> Self {
        let track = until_now(track);
        let circles = circles_along(&track);
        let victim = moved(track[track.len() * 2 / 3].place, 400.0, 100.0);
        let pair = Pair::new(name)
            .with("/wearer/owntracks", format!("{name}/phone"))
            .with("/victims/0/proximity/alarm_m", 600)
            .with("/victims/0/proximity/warning_m", 900);
        let pair = circles.iter().fold(pair, |pair, c| pair.with_zone(&c.zone, c.centre, c.radius_m, 0.0));
        Self { pair, track, circles, victim, by_owntracks }
    }

    /// Topic and payload of everything both devices send. She reports whenever a minute of his track has passed.
    fn messages(&self) -> Vec<(String, Value)> {
        let (mut messages, mut hers) = (Vec::new(), Timestamp::from_millis(0));
        for point in &self.track {
            if (point.at - hers).0 >= 30_000 {
                hers = point.at;
                let fix =
                    json!({"fixed_at": hers, "lat": self.victim.0, "lon": self.victim.1, "accuracy_m": 8.0});
                messages.push((self.pair.victim_topic("fix"), fix));
            }
            let (lat, lon) = point.place;
            messages.push(if self.by_owntracks {
                let tst = point.at.as_millis() / 1_000;
                let location =
                    json!({"_type": "location", "tst": tst, "lat": lat, "lon": lon, "acc": point.accuracy_m});
                (format!("owntracks/{}/phone", self.pair.name), location)
            } else {
                let fix =
                    json!({"fixed_at": point.at, "lat": lat, "lon": lon, "accuracy_m": point.accuracy_m});
                (self.pair.wearer_topic("fix"), fix)
            });
        }
        messages
    }

    /// The zones for which, by the tests' own ruler, some fix calls for an alarm while nothing was raised yet: the
    /// newest fix so far, inside by more than its accuracy, and not so far from the one before that nobody could
    /// have gone there.
    fn zones_that_call(&self) -> BTreeSet<&str> {
        let mut calling = BTreeSet::new();
        let mut before: Option<Point> = None;
        for point in &self.track {
            if point.at.as_millis() < 1_000_000_000_000 || before.is_some_and(|before| point.at <= before.at)
            {
                continue;
            }
            let is_plausible = before.is_none_or(|before| {
                distance_m(before.place, point.place) / (point.at - before.at).as_secs_f64() < 70.0
            });
            before = Some(*point);
            if !is_plausible {
                continue;
            }
            for circle in &self.circles {
                if distance_m(point.place, circle.centre) < circle.radius_m - point.accuracy_m {
                    calling.insert(circle.zone.as_str());
                }
            }
        }
        calling
    }
}

fn place_of(fix: &Value) -> Place {
    (fix["lat"].as_f64().unwrap(), fix["lon"].as_f64().unwrap())
}

/// The past is kept to a centimetre.
fn same(a: Place, b: Place) -> bool {
    distance_m(a, b) < 0.02
}

/// Every alarm's distance is that between the places it names, and those places are on the track.
fn the_distances_are_right(cases: &[Case], alerts: &[Value]) -> f64 {
    let mut worst_m: f64 = 0.0;
    for alert in alerts.iter().filter(|alert| alert["distance_m"].is_number()) {
        let case = cases.iter().find(|case| alert["wearer"] == case.pair.wearer()).unwrap();
        let his = place_of(&alert["wearer_fix"]);
        assert!(case.track.iter().any(|point| same(point.place, his)), "{his:?} is on no track: {alert}");
        let (centre, radius_m, alarm_m) = if let Some(zone) = alert["zone"].as_str() {
            let circle = case.circles.iter().find(|circle| circle.zone == zone).unwrap();
            (circle.centre, circle.radius_m, 0.0)
        } else {
            assert!(same(place_of(&alert["victim_fix"]), case.victim), "{alert}");
            (case.victim, 0.0, 600.0)
        };
        let told_m = alert["distance_m"].as_f64().unwrap();
        let reason = alert["reason"].as_str().unwrap();
        let on_the_way = reason.contains("Between two fixes") || reason.contains("The way between two");
        let (measured, within_m) = if on_the_way {
            assert_eq!(
                (&alert["level"], &alert["certainty"]),
                (&json!("alarm"), &json!("likely")),
                "{alert}"
            );
            // The past is kept to 25 m.
            let within_m = if alert["late"] == true { 26.0 } else { 1.0 };
            (nearest_on_a_way_m(case, his, centre, told_m + radius_m) - radius_m, within_m)
        } else {
            (distance_m(his, centre) - radius_m, 1.0)
        };
        let off_m = (told_m - measured).abs();
        assert!(off_m < within_m, "told {told_m}, measured {measured}: {alert}");
        assert!(alert["level"] != "alarm" || told_m <= alarm_m + 0.1, "{alert}");
        if on_the_way {
            continue;
        }
        worst_m = worst_m.max(off_m);
    }
    worst_m
}

/// How near the straight way between a fix of the track and another one within two minutes of it comes to a place,
/// walked in small steps. Which other one: fixes that were still under way do not count, so of all that may be meant
/// the one that comes nearest to what was told.
fn nearest_on_a_way_m(case: &Case, his: Place, centre: Place, told_m: f64) -> f64 {
    const STEPS: i32 = 1_000;
    let mut best = f64::INFINITY;
    for end in case.track.iter().filter(|point| same(point.place, his)) {
        for other in case.track.iter().filter(|other| (other.at - end.at).0.abs() <= 120_000) {
            let ((lat, lon), (to_lat, to_lon)) = (end.place, other.place);
            let along = |step: i32| {
                let share = f64::from(step) / f64::from(STEPS);
                distance_m((lat + (to_lat - lat) * share, lon + (to_lon - lon) * share), centre)
            };
            let nearest_m = (0..=STEPS).map(along).fold(f64::INFINITY, f64::min);
            if (nearest_m - told_m).abs() < (best - told_m).abs() {
                best = nearest_m;
            }
        }
    }
    best
}

/// Plays the cases through the service and judges what it raised.
async fn play(broker: Broker, cases: Vec<Case>) {
    let orders: Vec<&Value> = cases.iter().map(|case| &case.pair.order).collect();
    let mut world = World::start(broker, |draft| draft.orders(orders)).await;
    let (mut sent, mut unusable) = (0, 0);
    for case in &cases {
        for (topic, payload) in case.messages() {
            world.devices.send(&topic, payload.to_string()).await;
            sent += 1;
        }
        unusable += case.track.iter().filter(|point| point.at.as_millis() < 946_684_800_000).count();
    }
    world.devices.acknowledged().await;
    let api = world.service.api("operator");
    let all = (sent - unusable) as f64;
    let decided = async || (api.figure("afstand_fixes_decided_total ").await >= all).then_some(());
    until("every fix decided", decided).await;
    let rejected = api.get("/v1/rejected?limit=500").await.json()["items"].as_array().unwrap().len();
    assert_eq!(rejected, unusable, "what is from before the year 2000 is set aside, and nothing else");
    assert!(world.service.stop().await.success());
    assert!(!world.service.log().contains("panicked"), "{}", world.service.log());

    let journal = Journal::read(&world.service.store_url()).await;
    let alerts: Vec<Value> =
        journal.alerts.iter().map(|alert| serde_json::from_str(&alert.data).unwrap()).collect();
    let worst_m = the_distances_are_right(&cases, &alerts);
    let mut raised = BTreeMap::<&str, BTreeSet<&str>>::new();
    for alert in alerts.iter().filter(|alert| alert["level"] == "alarm") {
        let zone = alert["zone"].as_str().unwrap_or("pair");
        raised.entry(alert["wearer"].as_str().unwrap()).or_default().insert(zone);
    }
    for case in &cases {
        let (calling, wearer) = (case.zones_that_call(), case.pair.wearer());
        let raised = raised.remove(wearer.as_str()).unwrap_or_default();
        let missed: Vec<_> = calling.difference(&raised).collect();
        assert!(missed.is_empty(), "{wearer}: no alarm for {missed:?} of {calling:?}");
        assert!(calling.len() > 5, "{wearer}: the orders are near the way: {calling:?}");
        let count = case.track.len();
        println!(
            "{wearer}: {count} fixes, {} zones, {} call, {} raised",
            case.circles.len(),
            calling.len(),
            raised.len()
        );
    }
    println!("{sent} messages, {} alerts, distances within {worst_m:.3} m", alerts.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dutch_days_through_mosquitto() {
    let Some(broker) = Broker::mosquitto() else { return };
    let names = ["Utrecht1-2024-06-20", "Utrecht2-2024-06-27", "Utrecht6-2024-06-20", "Utrecht4-2024-06-19"];
    let tracks: Option<Vec<_>> = names.iter().map(|name| dutch(name)).collect();
    let Some(tracks) = tracks else { return };
    let case = |(n, track)| Case::new(&format!("nl{n}"), track, n % 2 == 0);
    play(broker, tracks.into_iter().enumerate().map(case).collect()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn awkward_traces_through_mosquitto() {
    let Some(broker) = Broker::mosquitto() else { return };
    let names = [
        "gabe_2016-06-15",
        "iphone_3_2016-02-22",
        "shankari_2015-aug-21",
        "shankari_2016-independence_day_jump_bus_start",
        "shankari_2023-04-13",
        "shankari_untracked_time_jul_20_large_gap",
    ];
    let tracks: Option<Vec<_>> = names.iter().map(|name| awkward(name)).collect();
    let Some(tracks) = tracks else { return };
    let case = |(n, track)| Case::new(&format!("aw{n}"), track, n % 2 == 1);
    play(broker, tracks.into_iter().enumerate().map(case).collect()).await;
}

/// 27 June 2024, 14:02–14:11Z: two telephones of one traveller in the metro, with positions of the network that are
/// stamped as fresh. They jump by up to two kilometres, so do their distance; really they are in one pocket.
const METRO: (&str, &str) = ("2024-06-27T14:02:00.000Z", "2024-06-27T14:11:00.000Z");

/// What 99 of 100 distances between the two telephones stay within above ground, by the notes on the data.
const NOISE_FLOOR_M: f64 = 34.0;

/// The part of a track in the metro.
fn in_the_metro(track: &[Point]) -> Vec<Point> {
    let within = |point: &&Point| METRO.0 <= &*point.at.to_string() && &*point.at.to_string() <= METRO.1;
    track.iter().filter(within).copied().collect()
}

/// Neighbours so far apart that nobody can have gone from one to the other, as far as their accuracies allow.
fn jumps(track: &[Point]) -> Vec<(Point, Point)> {
    let is_jump = |(a, b): &(Point, Point)| {
        distance_m(a.place, b.place) - a.accuracy_m - b.accuracy_m > 70.0 * (b.at - a.at).as_secs_f64()
    };
    track.windows(2).map(|pair| (pair[0], pair[1])).filter(is_jump).collect()
}

/// Files for a replay of his and her track, with circles of 100 m around every place where a jump ends.
fn written_down(folder: &Path, his: &[Point], hers: &[Point]) -> Vec<Circle> {
    let around = |(n, (_, to)): (usize, &(Point, Point))| Circle {
        zone: format!("z{n}"),
        centre: to.place,
        radius_m: 100.0,
    };
    let circles: Vec<Circle> = jumps(&in_the_metro(his)).iter().enumerate().map(around).collect();
    let pair = Pair::new("metro")
        .with("/valid_from", "2024-06-01T00:00:00Z")
        .with("/valid_until", "2024-08-01T00:00:00Z")
        .with("/victims/0/proximity/alarm_m", 100)
        .with("/victims/0/proximity/warning_m", 200);
    let pair = circles.iter().fold(pair, |pair, c| pair.with_zone(&c.zone, c.centre, c.radius_m, 0.0));
    std::fs::write(folder.join("orders.json"), pair.order.to_string()).unwrap();
    let line = |role: &str, device: &str, point: &Point| {
        let (lat, lon) = point.place;
        let fix = json!({"fixed_at": point.at, "lat": lat, "lon": lon, "accuracy_m": point.accuracy_m});
        (point.at, json!({"received_at": point.at, "role": role, "device": device, "fix": fix}).to_string())
    };
    let mut lines: Vec<_> = his.iter().map(|point| line("wearer", "am-metro", point)).collect();
    lines.extend(hers.iter().map(|point| line("victim", "vd-metro", point)));
    lines.sort();
    let lines: Vec<String> = lines.into_iter().map(|(_, line)| line).collect();
    std::fs::write(folder.join("input.ndjson"), lines.join("\n")).unwrap();
    circles
}

/// The judgements of an explanation with the fix they were made on.
fn judged(explanation: &Value) -> Vec<(&Value, &Value)> {
    let inputs = explanation["inputs"].as_array().unwrap().iter();
    inputs.flat_map(|input| input["judgements"].as_array().unwrap().iter().map(move |j| (input, j))).collect()
}

/// One telephone is worn, the other is carried: what `explain` says of the ride. Returns how many alarms there are
/// where the other telephone never came.
fn explain_the_ride(his: &[Point], hers: &[Point]) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let circles = written_down(folder.path(), his, hers);
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_afstand"))
        .args(["explain", "--json", "--device", "am-metro", "--at", "2024-06-27T14:06:30Z", "--orders"])
        .arg(folder.path().join("orders.json"))
        .arg("--input")
        .arg(folder.path().join("input.ndjson"))
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let explanation: Value = serde_json::from_slice(&run.stdout).unwrap();
    let all = judged(&explanation);

    // Each jump is explained: its end was held, or its beginning was, and this is the way back.
    let held = |point: &Point| {
        all.iter().any(|(input, judged)| {
            input["device"] == "am-metro"
                && input["fixed_at"] == json!(point.at)
                && judged["rule"] == "held"
                && judged["why"].as_str().unwrap().contains("nobody could have reached this fix")
        })
    };
    let jumps = jumps(&in_the_metro(his));
    assert!(jumps.len() >= 6, "the ride jumps: {}", jumps.len());
    for (from, to) in &jumps {
        assert!(held(to) || held(from), "not explained: the jump to {}", to.at);
    }

    // In one pocket: whatever distance they seem to have, the alarm is not taken back.
    let pair: Vec<_> =
        all.iter().filter(|(_, judged)| judged["watch"] == "ord-metro/pair/victim-metro").collect();
    let seeming_m = pair.iter().filter_map(|(_, judged)| judged["distance_m"].as_f64()).fold(0.0, f64::max);
    assert!(seeming_m > 1_900.0, "{seeming_m}");
    assert!(pair.iter().all(|(_, judged)| judged["after"] == "alarm"));

    // A jump by itself makes nobody certain: whoever is in has been said to be there twice, and where the other
    // telephone never came it was by the very same coordinates, which is no certainty. Every step says on which fix.
    let copied: BTreeSet<&str> = all
        .iter()
        .filter(|(_, judged)| judged["rule"] == "copied")
        .filter(|(_, judged)| {
            judged["why"].as_str().unwrap().contains("only the very same coordinates speak for it")
        })
        .map(|(input, _)| input["fixed_at"].as_str().unwrap())
        .collect();
    let points: BTreeMap<String, usize> = (0..his.len()).map(|n| (his[n].at.to_string(), n)).collect();
    let (others, mut unseen) = (in_the_metro(hers), 0);
    let steps: Vec<_> =
        all.iter().filter(|(_, judged)| judged["before"] != "alarm" && judged["after"] == "alarm").collect();
    for (input, step) in &steps {
        let Some(zone) = step["watch"].as_str().unwrap().strip_prefix("ord-metro/zone/") else { continue };
        let circle = circles.iter().find(|circle| circle.zone == zone).unwrap();
        let inside = |point: &Point| distance_m(point.place, circle.centre) <= circle.radius_m + 0.1;
        let n = points[input["fixed_at"].as_str().unwrap()];
        assert!(inside(&his[n]) && inside(&his[n - 1]), "alarm on one fix: {input}");
        let nearest_m =
            others.iter().map(|point| distance_m(point.place, circle.centre)).fold(f64::INFINITY, f64::min);
        if nearest_m > circle.radius_m + NOISE_FLOOR_M {
            assert_eq!(step["certainty"], "likely", "certain where he never was: {input}");
            assert!(copied.contains(input["fixed_at"].as_str().unwrap()), "not explained: {input}");
            unseen += 1;
        }
    }
    println!(
        "{} jumps explained, seeming distance up to {seeming_m:.0} m; {} alarms of zones at their ends, {unseen} of \
         them where the other telephone never came",
        jumps.len(),
        steps.len()
    );
    unseen
}

#[test]
fn the_metro_of_27_june_is_explained() {
    let tracks = (dutch("Utrecht1-2024-06-27"), dutch("Utrecht2-2024-06-27"));
    let (Some(one), Some(other)) = tracks else { return };
    let unseen = explain_the_ride(&one, &other) + explain_the_ride(&other, &one);
    assert!(unseen > 0, "the ride shows none of what this is about");
}

/// The tests' own ruler against a table made with another library, so that what it says can be relied on.
#[test]
fn the_ruler_is_right() {
    let Some(path) = shared("geodesy/nl_short_pairs_wgs84.csv.gz") else { return };
    let mut text = String::new();
    GzDecoder::new(File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    let mut lines = text.lines();
    let heading: Vec<&str> = lines.next().unwrap().split(',').collect();
    let mut checked = 0;
    for line in lines {
        let numbers: BTreeMap<&str, f64> = heading
            .iter()
            .copied()
            .zip(line.split(','))
            .filter_map(|(k, v)| Some((k, v.parse().ok()?)))
            .collect();
        let measured = distance_m((numbers["lat1"], numbers["lon1"]), (numbers["lat2"], numbers["lon2"]));
        let told =
            numbers.iter().find(|(key, _)| key.contains("geodesic") || key.starts_with("s12")).unwrap().1;
        assert!((measured - told).abs() < 1e-3, "{measured} and {line}");
        checked += 1;
    }
    assert_eq!(checked, 5_000);
}
