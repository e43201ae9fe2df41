//! `kill -9` of the service under load, at several moments: no acknowledged fix is lost, no alert gets a second
//! id, and what was raised is what one run without any kill would have raised.

// A test that cannot go on should stop there; clippy's own exception covers only the test functions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use afstand::store::InputKind;
use serde_json::{Value, json};
use support::broker::Broker;
use support::case::{HOME, Pair, after, fix, now};
use support::geo::{Place, moved};
use support::http::Api;
use support::journal::Journal;
use support::mqtt::{Client, Heard};
use support::postgres::Database;
use support::service::Service;
use support::until;
use support::world::World;
use zones::Timestamp;

/// One message of a device: the topic it is published on and the line it is in a recording, but for its arrival.
struct Message {
    topic: String,
    payload: Value,
    line: Value,
}

impl Message {
    fn new(role: &str, device: &str, leaf: &str, payload: Value) -> Self {
        let topic = format!("afstand/v1/{role}/{device}/{leaf}");
        let line = json!({"role": role, "device": device, leaf: payload});
        Self { topic, payload, line }
    }

    /// Whose fix it is, and of when; `None` for what is none.
    fn key(&self) -> Option<(String, Timestamp)> {
        let at = Timestamp::parse(self.payload["fixed_at"].as_str()?).unwrap();
        Some((self.line["device"].as_str().unwrap().to_owned(), at))
    }
}

/// A small generator of numbers, the same for the same seed (Lehmer; Park and Miller 1988).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0 * 48_271 % 0x7fff_ffff;
        usize::try_from(self.0).unwrap() % limit
    }
}

/// Every pair's wearer comes near and leaves again, each at a pace of his own; a fix of each party every 5 s. The
/// times of a case lie within two minutes around now, so that none is late and no clock is ahead.
fn load(pairs: &[Pair], rounds: usize, dice: &mut Dice) -> Vec<Message> {
    let begin = after(now(), -75);
    let phases: Vec<usize> = pairs.iter().map(|_| dice.below(rounds)).collect();
    let mut messages = Vec::new();
    for round in 0..rounds {
        for (pair, phase) in pairs.iter().zip(&phases) {
            let at = after(begin, 5 * i64::try_from(round).unwrap());
            // From 2,000 m down to 200 m and up again, 200 m a step (40 m/s: a train), then a while away.
            let distance_m = match (round + phase) % 32 {
                step @ 0..9 => 2_000.0 - 200.0 * step as f64,
                step @ 9..18 => 200.0 + 200.0 * (step - 9) as f64,
                _ => 2_000.0,
            };
            let his: Place = moved(HOME, distance_m, 0.0);
            let seq = round as u64;
            let name = &pair.name;
            for (role, device, place) in
                [("wearer", format!("am-{name}"), his), ("victim", format!("vd-{name}"), HOME)]
            {
                messages.push(Message::new(role, &device, "fix", fix(at, place, seq)));
            }
        }
    }
    messages
}

/// Publishes everything in order; the broker acknowledges, whatever the service does.
fn publish(port: u16, messages: &Arc<Vec<Message>>) -> tokio::task::JoinHandle<()> {
    let messages = Arc::clone(messages);
    tokio::spawn(async move {
        let devices = Client::connect(port, "load").await;
        for message in messages.iter() {
            devices.send(&message.topic, message.payload.to_string()).await;
        }
        devices.acknowledged().await;
    })
}

/// The press is published last: when it is there, everything before it is decided.
const PRESSES: &str = "/v1/incidents?kind=aware";

/// How many fixes the service has decided and stored since its start, if it answers.
async fn decided(api: &Api) -> Option<f64> {
    let text = api.try_get("/metrics").await?.body;
    text.lines().find_map(|line| line.strip_prefix("afstand_fixes_decided_total "))?.parse().ok()
}

/// What one run without a kill raises of the same messages, each when it arrived: alert by (incident, revision).
fn replayed(folder: &Path, messages: &[Message], journal: &Journal) -> BTreeMap<(String, u64), Value> {
    let fixes = journal.fixes();
    let mut lines: Vec<(i64, Value)> = messages
        .iter()
        .map(|message| {
            let press = || journal.inputs.iter().find(|row| row.kind == InputKind::Aware);
            let row = message.key().map_or_else(press, |fix| fixes[&fix].first().copied());
            let (row, mut line) = (row.unwrap(), message.line.clone());
            line["received_at"] = json!(row.received_at);
            (row.seq, line)
        })
        .collect();
    lines.sort_by_key(|(seq, _)| *seq);
    let lines: String = lines.into_iter().map(|(_, line)| line.to_string() + "\n").collect();
    let input = folder.join("input.ndjson");
    std::fs::write(&input, lines).unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_afstand"))
        .args(["replay", "--orders"])
        .arg(folder.join("orders/all.json"))
        .arg("--input")
        .arg(input)
        .output()
        .unwrap();
    let (alerts, said) = (String::from_utf8(run.stdout).unwrap(), String::from_utf8(run.stderr).unwrap());
    assert!(run.status.success(), "{said}");
    alerts.lines().map(|line| by_place(serde_json::from_str(line).unwrap())).collect()
}

/// An alert under its place in its incident.
fn by_place(data: Value) -> ((String, u64), Value) {
    ((data["incident"].as_str().unwrap().to_owned(), data["revision"].as_u64().unwrap()), data)
}

/// Kills and starts the service at `kills` moments while the messages are being published, then lets it finish.
async fn through_kills(
    broker: Broker,
    store: Option<&str>,
    seed: u64,
    count: usize,
    rounds: usize,
    kills: usize,
) {
    let mut dice = Dice(seed);
    let pairs: Vec<Pair> = (0..count).map(|n| Pair::new(&format!("k{n}"))).collect();
    let last = Pair::new("last");
    let orders: Vec<&Value> = pairs.iter().chain([&last]).map(|pair| &pair.order).collect();
    let mut world = World::start(broker, |draft| {
        let draft = draft.orders(orders);
        if let Some(url) = store { draft.store(url) } else { draft }
    })
    .await;
    let mut messages = load(&pairs, rounds, &mut dice);
    let pressed_at = after(now(), -1);
    let press = Message::new("victim", "vd-last", "aware", json!({"pressed_at": pressed_at}));
    messages.push(press);
    let messages = Arc::new(messages);

    let publishing = publish(world.broker.port(), &messages);
    let share = messages.len() / (kills + 1);
    for n in 0..kills {
        let api = world.service.api("operator");
        if n % 3 == 2 {
            // Still starting: the API answers, devices are perhaps not heard yet.
            until("an answer", async || api.try_get("/healthz").await).await;
        } else {
            let some = 1.0 + dice.below(share) as f64;
            let far_enough = async || {
                let is_over = api.try_get(PRESSES).await?.json()["items"].get(0).is_some();
                (is_over || decided(&api).await? >= some).then_some(())
            };
            until("some decided", far_enough).await;
        }
        world.service.kill().await;
        world.service.spawn();
    }
    publishing.await.unwrap();
    // One more, with everything published and perhaps half of it decided.
    world.service.kill().await;
    world.service.start().await;
    let api = world.service.api("operator");
    api.until(PRESSES, |page| page["items"].get(0).cloned()).await;
    until("every delivery", async || is_everything_delivered(&api).await.then_some(())).await;
    assert!(world.service.stop().await.success());
    assert!(!world.service.log().contains("panicked"), "{}", world.service.log());

    let journal = Journal::read(&world.service.store_url()).await;
    every_fix_is_there(&journal, &messages);
    alerts_are_those_of_one_run(&journal, &world.service, &messages);
    what_was_delivered_is_what_was_raised(&journal, &world).await;
}

/// Everything that the broker took is in the journal. What came twice, because the kill fell between commit and
/// acknowledgement, was decided once.
fn every_fix_is_there(journal: &Journal, messages: &[Message]) {
    let fixes = journal.fixes();
    let published: BTreeSet<(String, Timestamp)> = messages.iter().filter_map(Message::key).collect();
    let lost: Vec<_> = published.iter().filter(|fix| !fixes.contains_key(*fix)).collect();
    assert!(lost.is_empty(), "{} of {} fixes lost: {:?}", lost.len(), published.len(), lost.first());
    assert_eq!(fixes.len(), published.len(), "nothing is there that was not published");
    let mut copies = 0;
    for (fix, rows) in &fixes {
        let judged = rows.iter().filter(|row| !row.decisions.is_empty()).count();
        assert!(judged <= 1, "{fix:?} was decided {judged} times");
        copies += rows.len() - 1;
    }
    println!("{} fixes, {copies} came twice", fixes.len());
}

fn alerts_are_those_of_one_run(journal: &Journal, service: &Service, messages: &[Message]) {
    let wanted = replayed(&service.path(""), messages, journal);
    let mut raised = BTreeMap::new();
    for alert in &journal.alerts {
        let (place, data) = by_place(serde_json::from_str(&alert.data).unwrap());
        let other = raised.insert(place.clone(), data);
        assert_eq!(other, None, "two alerts at {place:?}");
    }
    let missing: Vec<_> = wanted.keys().filter(|place| !raised.contains_key(*place)).collect();
    let surplus: Vec<_> = raised.keys().filter(|place| !wanted.contains_key(*place)).collect();
    assert!(missing.is_empty() && surplus.is_empty(), "missing {missing:?}, surplus {surplus:?}");
    for (place, want) in &wanted {
        assert_eq!(&raised[place], want, "{place:?}");
    }
    assert!(wanted.len() > messages.len() / 40, "the load raises alerts: {}", wanted.len());
    println!("{} alerts", wanted.len());
}

/// Whether nothing is left in the desk's outbox. The press is among what was to be delivered.
async fn is_everything_delivered(api: &Api) -> bool {
    let (mut cursor, mut count) = (String::new(), 0);
    loop {
        let page = api.get(&format!("/v1/desks/rotterdam/deliveries?limit=500{cursor}")).await.json();
        let items = page["items"].as_array().unwrap();
        if items.iter().any(|delivery| delivery["state"] == "pending") {
            return false;
        }
        count += items.len();
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return count > 0,
        }
    }
}

/// Each alert that the desk got is one that was raised, whole; each that was to be sent came, over both roads.
async fn what_was_delivered_is_what_was_raised(journal: &Journal, world: &World) {
    let raised: BTreeMap<&str, Value> = journal
        .alerts
        .iter()
        .map(|alert| (alert.alert.as_str(), serde_json::from_str(&alert.data).unwrap()))
        .collect();
    let to_desk = |channel: &str| -> BTreeSet<String> {
        let of_channel = |d: &&afstand::store::DeliveryRecord| format!("{:?}", d.delivery.channel) == channel;
        journal.deliveries.iter().filter(of_channel).map(|d| d.delivery.alert.clone()).collect()
    };
    let wanted = to_desk("DeskMqtt");
    let topic = "afstand/v1/desk/rotterdam/alert";
    let distinct =
        |all: &[Heard]| all.iter().map(|heard| heard.payload.clone()).collect::<BTreeSet<_>>().len();
    until("the last alert", async || (distinct(&world.ear.heard_on(topic)) >= wanted.len()).then_some(()))
        .await;
    let mut heard = BTreeSet::new();
    for message in world.ear.heard_on(topic) {
        let event = message.json();
        let id = event["id"].as_str().unwrap();
        assert_eq!(raised.get(id), Some(&event["data"]), "{id}");
        heard.insert(id.to_owned());
    }
    assert_eq!(heard, wanted);
    let mut posted = BTreeSet::new();
    for post in world.webhook.received() {
        assert_eq!(raised.get(post.id.as_str()), Some(&post.json()["data"]), "{}", post.id);
        posted.insert(post.id);
    }
    assert_eq!(posted, to_desk("DeskWebhook"));
    assert_eq!(heard, posted, "both roads brought the same");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fix_and_no_alert_is_lost_with_nothing_installed() {
    through_kills(Broker::embedded().await, None, 20_261_121, 40, 34, 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fix_and_no_alert_is_lost_through_mosquitto() {
    let Some(broker) = Broker::mosquitto() else { return };
    through_kills(broker, None, 47_110_815, 150, 34, 6).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fix_and_no_alert_is_lost_with_another_seed() {
    let Some(broker) = Broker::mosquitto() else { return };
    through_kills(broker, None, 98_765, 60, 34, 8).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fix_and_no_alert_is_lost_where_postgresql_remembers() {
    let Some(database) = Database::create().await else { return };
    through_kills(Broker::embedded().await, Some(&database.url()), 5_551_212, 40, 34, 4).await;
    database.remove().await;
}
