//! The spine from end to end: what devices send becomes what desks, victims and the monitoring centre see.
//! The real service, a real broker, SQLite or PostgreSQL.

// A test that cannot go on should stop there; clippy's own exception covers only the test functions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto_secretbox::aead::{Aead, KeyInit};
use crypto_secretbox::{Key, Nonce, XSalsa20Poly1305};
use serde_json::{Value, json};
use support::broker::Broker;
use support::case::{HOME, Pair, after, digits, fix, now, owntracks, traccar};
use support::geo::{Place, distance_m, moved};
use support::mqtt::Heard;
use support::postgres::Database;
use support::service::WEBHOOK_SECRET;
use support::world::World;
use zones::Timestamp;

const DESK: &str = "afstand/v1/desk/rotterdam/alert";
/// With which she cancels a press of her button, and `printf 90210 | sha256sum`.
const CODE: &str = "90210";
const CODE_SHA256: &str = "b83c588da0c6931625f42e0948054a3ade722bfd02c27816305742ed7390ac6c";

/// Bytes must not hold any of these, in whatever way they are cut into fields.
fn holds_none_of(message: &Heard, secrets: &[String]) {
    let text = String::from_utf8_lossy(&message.payload);
    for secret in secrets {
        assert!(!text.contains(secret) && !message.topic.contains(secret), "{secret} in {message:?}");
    }
}

/// Everything sent to victims and to wearers, whatever it is about, holds nothing of the other.
fn nothing_is_disclosed(world: &World, pairs: &[&Pair], his: &[Place], hers: &[Place]) {
    for message in world.ear.heard() {
        for pair in pairs {
            if message.topic.starts_with("afstand/v1/victim/") {
                holds_none_of(&message, &pair.secrets_of_wearer(his));
            } else if message.topic.starts_with("afstand/v1/wearer/") {
                holds_none_of(&message, &pair.secrets_of_victim(hers));
            }
        }
    }
}

/// The alert of a pair on the desk's topic.
async fn desk_alert(world: &World, pair: &Pair, revision: u64) -> Heard {
    let about = |heard: &Heard| {
        let data = &heard.json()["data"];
        data["wearer"] == pair.wearer() && data["revision"] == revision
    };
    world.ear.wait_for(DESK, about).await
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

// ---------------------------------------------------------------------------------------------------------

/// Zeta is told to stay 1,000 m away. A minute ago he was 1,700 m from her; now it is 842 m. She was at home all
/// the time. Both devices report by the contract's own messages, his asked to be told what is safely stored.
async fn a_wearer_comes_too_close(broker: Broker, store: Option<&str>) {
    let pair = Pair::new("zeta").with("/wearer/receipts", true);
    let world = World::start(broker, |draft| {
        let draft = draft.orders([&pair.order]);
        if let Some(url) = store { draft.store(url) } else { draft }
    })
    .await;
    let operator = world.service.api("operator");
    let mut live = operator.live(None).await;
    let (begin, far, near) = (now(), moved(HOME, 1_700.0, 0.0), moved(HOME, 595.0, 595.0));
    let (his, hers) = (pair.wearer_topic("fix"), pair.victim_topic("fix"));
    world.devices.publish_json(&hers, &fix(after(begin, -66), HOME, 1)).await;
    world.devices.publish_json(&his, &fix(after(begin, -65), far, 1)).await;
    world.devices.publish_json(&hers, &fix(after(begin, -6), HOME, 2)).await;
    world.devices.publish_json(&his, &fix(after(begin, -5), near, 2)).await;

    let of = |leaf: &str| (pair.victim_topic(leaf), pair.wearer_topic(leaf));
    world.ear.wait_for(&of("protection").0, |told| told.json()["state"] == "protected").await;
    world.ear.wait_for(&of("command").1, |told| told.json()["fix_interval_s"] == 10).await;
    let alert = desk_alert(&world, &pair, 1).await;
    the_police_version_is_whole(&alert.json(), &pair, near, after(begin, -5));
    the_webhook_brings_the_same_signed(&world, &alert).await;
    let id = alert.json()["id"].as_str().unwrap().to_owned();
    the_victim_is_told_what_she_may_know(&world, &pair, &id).await;

    let (seq, shown) = live.alert().await;
    assert_eq!(shown, alert.json()["data"], "live shows what the desk got");
    let mut again = operator.live(Some(seq - 1)).await;
    assert_eq!(
        again.alert().await,
        (seq, shown),
        "a reader who was away gets the same under the same number"
    );
    the_incident_is_in_the_queue(&world, &alert).await;

    let told = |heard: &Heard| heard.json()["seq"] == 2;
    let committed = world.ear.wait_for(&pair.wearer_topic("committed"), told).await;
    assert_eq!(committed.json(), json!({"fixed_at": after(begin, -5), "seq": 2}));
    assert_eq!(world.ear.heard_on(&pair.victim_topic("committed")).len(), 0, "hers did not ask");
    nothing_is_disclosed(&world, &[&pair], &[far, near], &[HOME]);
    assert_eq!(world.ear.heard_on(DESK).len(), 1, "1,700 m is no business of the police");
    assert!(!world.service.log().contains("panicked"), "{}", world.service.log());
}

fn the_police_version_is_whole(event: &Value, pair: &Pair, near: Place, fixed_at: Timestamp) {
    assert_eq!(event["specversion"], "1.0");
    assert_eq!(event["type"], "nl.afstand.alert.v1");
    assert_eq!(event["source"], "urn:afstand:afstand");
    let data = &event["data"];
    assert_eq!((&event["id"], &event["subject"]), (&data["alert"], &data["incident"]));
    assert_eq!(event["time"], data["raised_at"]);
    let want = json!({
        "kind": "victim_proximity", "level": "alarm", "certainty": "certain", "late": false, "revision": 1,
        "order": "ord-zeta", "wearer": "wearer-zeta", "victim": "victim-zeta", "zone": null,
        "fixed_at": fixed_at, "legal_basis": "sv_509hh", "arrest_on_sight": true,
    });
    for (key, value) in want.as_object().unwrap() {
        assert_eq!(&data[key], value, "{key} in {data}");
    }
    let (told, measured) = (number(&data["distance_m"]), distance_m(near, HOME));
    assert!((told - measured).abs() < 0.1, "told {told}, measured {measured}");
    // Two circles of 8 m, and a second in which she may have walked 1.5 m.
    let uncertainty_m = number(&data["uncertainty_m"]);
    assert!((uncertainty_m - (8.0_f64.hypot(8.0) + 1.5)).abs() < 0.1, "{uncertainty_m}");
    for (party, place) in [("wearer_fix", near), ("victim_fix", HOME)] {
        assert_eq!((number(&data[party]["lat"]), number(&data[party]["lon"])), place, "{party}");
    }
    assert_eq!(data["contacts"]["supervising_officer"], pair.order["contacts"]["supervising_officer"]);
    assert!(!data["reason"].as_str().unwrap().is_empty());
}

async fn the_webhook_brings_the_same_signed(world: &World, alert: &Heard) {
    let post = world.webhook.wait_for("the webhook", |posts| posts.first().cloned()).await;
    assert_eq!(post.body, alert.text(), "both roads carry the same bytes");
    assert_eq!(post.id, alert.json()["id"].as_str().unwrap());
    assert_eq!(post.media, "application/cloudevents+json");
    assert!(post.is_signed_with(WEBHOOK_SECRET), "{post:?}");
    let mut forged = post.clone();
    forged.body = forged.body.replace("alarm", "clear");
    assert!(!forged.is_signed_with(WEBHOOK_SECRET), "a changed body is found out");
    let age_s = now().as_millis() / 1_000 - post.timestamp.parse::<i64>().unwrap();
    assert!((-1..60).contains(&age_s), "{age_s}");
}

async fn the_victim_is_told_what_she_may_know(world: &World, pair: &Pair, id: &str) {
    let alarm = |heard: &Heard| heard.json()["data"]["level"] == "alarm";
    let alert = world.ear.wait_for(&pair.victim_topic("alert"), alarm).await;
    let event = alert.json();
    assert_eq!(event["id"], id);
    assert!(alert.expiry_s.is_some_and(|s| (1..=120).contains(&s)), "{:?}", alert.expiry_s);
    for language in ["nl", "en"] {
        assert!(event["data"]["advice"][language].as_str().unwrap().contains("112"), "{event}");
    }
    let call: Vec<&str> =
        event["data"]["call"].as_array().unwrap().iter().map(|c| c["phone"].as_str().unwrap()).collect();
    assert_eq!(call, ["112", "+31881110002"], "her own contact, not his officer");
    // Not even the names of what she is not told.
    let fields = [
        "distance",
        "_fix",
        "\"lat\"",
        "\"lon\"",
        "closing",
        "contact_s",
        "uncertainty",
        "Toezicht",
        "ord-",
        "rotterdam",
    ];
    holds_none_of(&alert, &fields.map(str::to_owned));
}

async fn the_incident_is_in_the_queue(world: &World, alert: &Heard) {
    let operator = world.service.api("operator");
    let incident = alert.json()["subject"].as_str().unwrap().to_owned();
    let queue = operator.get("/v1/incidents?state=open").await.json();
    let entry =
        queue["items"].as_array().unwrap().iter().find(|entry| entry["incident"] == incident.as_str());
    let entry = entry.unwrap_or_else(|| panic!("{incident} is not in {queue}"));
    assert_eq!((&entry["level"], &entry["desk"]), (&json!("alarm"), &json!("rotterdam")));
    let path = format!("/v1/incidents/{incident}");
    let received = |story: &Value| {
        let deliveries = story["deliveries"].as_array()?;
        deliveries.iter().all(|delivery| delivery["received_at"].is_string()).then(|| story.clone())
    };
    let story = operator.until(&path, received).await;
    let mut roads: Vec<&str> =
        story["deliveries"].as_array().unwrap().iter().map(|d| d["channel"].as_str().unwrap()).collect();
    roads.sort_unstable();
    assert_eq!(roads, ["desk_mqtt", "desk_webhook", "victim_mqtt"], "{story}");
    let [one] = story["alerts"].as_array().unwrap().as_slice() else { panic!("{story}") };
    assert_eq!(one["data"], alert.json()["data"]);
    assert!(!one["decisions"].as_array().unwrap().is_empty(), "why is shown: {one}");
    let desk = world.service.api("desk").get(&path).await.json();
    assert_eq!(desk["alerts"][0]["data"], alert.json()["data"], "the desk sees its own");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wearer_comes_too_close_with_nothing_installed() {
    a_wearer_comes_too_close(Broker::embedded().await, None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wearer_comes_too_close_through_mosquitto() {
    let Some(broker) = Broker::mosquitto() else { return };
    a_wearer_comes_too_close(broker, None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wearer_comes_too_close_and_postgresql_remembers() {
    let Some(database) = Database::create().await else { return };
    a_wearer_comes_too_close(Broker::embedded().await, Some(&database.url())).await;
    database.remove().await;
}

// ---------------------------------------------------------------------------------------------------------

/// The roads by which a wearer's position may come.
#[derive(Debug, Clone, Copy)]
enum Road {
    Native,
    OwnTracks,
    Encrypted,
    Traccar,
}

/// What the phone with the encrypted app and the service share.
const PHONE_SECRET: &str = "geheim van de telefoon";

impl Road {
    async fn report(self, world: &World, pair: &Pair, at: Timestamp, place: Place) {
        let phone = format!("owntracks/{}/phone", pair.name);
        match self {
            Self::Native => world.devices.publish_json(&pair.wearer_topic("fix"), &fix(at, place, 1)).await,
            Self::OwnTracks => world.devices.publish_json(&phone, &owntracks(at, place)).await,
            Self::Encrypted => {
                let sealed = encrypted(&owntracks(at, place));
                holds_none_of(
                    &Heard { topic: phone.clone(), payload: sealed.to_string().into(), expiry_s: None },
                    &digits(&[place]),
                );
                world.devices.publish_json(&phone, &sealed).await;
            }
            Self::Traccar => {
                let forward = traccar(at, place, &format!("am-{}", pair.name));
                let answer = world.service.api("integrator").post("/v1/ingest/traccar", forward).await;
                assert_eq!(answer.status, 204, "{answer:?}");
            }
        }
    }
}

/// As the OwnTracks app seals it: a nonce of 24 bytes, then the box, with the padded secret as key.
fn encrypted(inner: &Value) -> Value {
    let mut key = [0; 32];
    key[..PHONE_SECRET.len()].copy_from_slice(PHONE_SECRET.as_bytes());
    let nonce = [7; 24];
    let sealed = XSalsa20Poly1305::new(Key::from_slice(&key))
        .encrypt(Nonce::from_slice(&nonce), inner.to_string().as_bytes())
        .unwrap();
    json!({"_type": "encrypted", "data": STANDARD.encode([&nonce[..], &sealed].concat())})
}

/// Four wearers do the same thing. One reports as the contract says, one by OwnTracks, one by OwnTracks that
/// encrypts, one through Traccar. The police hear the same story four times.
async fn every_road_tells_the_same_story(broker: Broker) {
    let roads = [
        ("kilo", Road::Native),
        ("lima", Road::OwnTracks),
        ("mike", Road::Encrypted),
        ("oscar", Road::Traccar),
    ];
    let cases =
        roads.map(|(name, road)| (Pair::new(name).with("/wearer/owntracks", format!("{name}/phone")), road));
    let world = World::start(broker, |draft| {
        draft
            .orders(cases.iter().map(|(pair, _)| &pair.order))
            .mqtt("owntracks_keys_file = \"phones.toml\"")
            .file("phones.toml", &format!("\"mike/phone\" = \"{PHONE_SECRET}\"\n"))
    })
    .await;
    let (begin, far, near) = (now(), moved(HOME, 0.0, 1_700.0), moved(HOME, 0.0, 842.0));
    let mut stories = Vec::new();
    for (pair, road) in &cases {
        let hers = pair.victim_topic("fix");
        world.devices.publish_json(&hers, &fix(after(begin, -66), HOME, 1)).await;
        road.report(&world, pair, after(begin, -65), far).await;
        world.devices.publish_json(&hers, &fix(after(begin, -6), HOME, 2)).await;
        road.report(&world, pair, after(begin, -5), near).await;
        let mut data = desk_alert(&world, pair, 1).await.json()["data"].clone();
        assert!((number(&data["distance_m"]) - distance_m(near, HOME)).abs() < 0.1, "{road:?}: {data}");
        let mine = |heard: &Heard| heard.json()["data"]["alert"] == data["alert"];
        world.ear.wait_for(&pair.victim_topic("alert"), mine).await;
        // What may differ: names, ids, when it came, and what a device says beside the place.
        for own in ["alert", "incident", "order", "wearer", "victim", "raised_at", "wearer_fix", "victim_fix"]
        {
            data.as_object_mut().unwrap().remove(own).unwrap();
        }
        stories.push((road, data));
    }
    for (road, story) in &stories {
        assert_eq!(story, &stories[0].1, "{road:?}");
    }
    let pairs: Vec<&Pair> = cases.iter().map(|(pair, _)| pair).collect();
    nothing_is_disclosed(&world, &pairs, &[far, near], &[HOME]);
    assert_eq!(world.service.api("operator").get("/v1/rejected").await.json()["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_road_tells_the_same_story_with_nothing_installed() {
    every_road_tells_the_same_story(Broker::embedded().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_road_tells_the_same_story_through_mosquitto() {
    let Some(broker) = Broker::mosquitto() else { return };
    every_road_tells_the_same_story(broker).await;
}

// ---------------------------------------------------------------------------------------------------------

/// She presses; nobody knows where he is. The police hear where she is, she hears that it came in, and pressing
/// the same press twice is one press. A test press calls nobody, and comes back to her. A wrong code cancels nothing,
/// hers does, and no code is written down.
async fn a_victim_presses_her_button(broker: Broker) {
    let mut pair = Pair::new("sigma");
    pair.order["victims"][0]["aware_code_sha256"] = CODE_SHA256.into();
    let world = World::start(broker, |draft| draft.orders([&pair.order])).await;
    let (lat, lon) = moved(HOME, 120.0, 40.0);
    let at = |s: i64| after(now(), s);
    let aware = pair.victim_topic("aware");
    world.devices.publish_json(&aware, &json!({"pressed_at": at(-30), "test": true})).await;
    let press = json!({"pressed_at": at(-2), "lat": lat, "lon": lon, "accuracy_m": 12.0});
    world.devices.publish_json(&aware, &press).await;
    world.devices.publish_json(&aware, &press).await;

    let alert = desk_alert(&world, &pair, 1).await;
    let data = &alert.json()["data"];
    assert_eq!((&data["kind"], &data["level"]), (&json!("aware"), &json!("alarm")));
    assert_eq!(data["victim"], "victim-sigma");
    assert_eq!((number(&data["victim_fix"]["lat"]), number(&data["victim_fix"]["lon"])), (lat, lon));
    the_webhook_brings_the_same_signed(&world, &alert).await;
    let tried = |heard: &Heard| heard.json()["data"]["test"] == true;
    world.ear.wait_for(&pair.victim_topic("alert"), tried).await;
    let hers = |heard: &Heard| heard.json()["data"]["kind"] == "aware" && !tried(heard);
    let told = world.ear.wait_for(&pair.victim_topic("alert"), hers).await;
    assert!(told.json()["data"]["advice"]["nl"].as_str().unwrap().contains("melding is binnen"));

    // A second press is news. Its alert comes after anything that the repeated or the test press might have led to.
    let pressed_at = at(-1);
    world.devices.publish_json(&aware, &json!({"pressed_at": pressed_at})).await;
    desk_alert(&world, &pair, 2).await;
    assert_eq!(world.ear.heard_on(DESK).len(), 2);
    let operator = world.service.api("operator");
    let queue = operator.get("/v1/incidents?kind=aware").await.json();
    assert_eq!(queue["items"].as_array().unwrap().len(), 2, "one incident, and one of the trial: {queue}");

    for (code, later) in [("0000", 4), (CODE, 7)] {
        let cancel = json!({"cancel": true, "code": code, "at": after(pressed_at, later)});
        world.devices.publish_json(&aware, &cancel).await;
    }
    let ended = desk_alert(&world, &pair, 3).await.json();
    assert_eq!(ended["data"]["level"], "clear");
    assert!(ended["data"]["reason"].as_str().unwrap().contains("geannuleerd met de code"), "{ended}");
    // What cannot be used is set aside, and even there the code is not.
    world.devices.publish_json(&aware, &json!({"cancel": true, "code": CODE})).await;
    let aside = operator.until("/v1/rejected", |page| page["items"].get(0).cloned()).await;
    assert!(aside["reason"].as_str().unwrap().starts_with("at: missing"), "{aside}");
    assert!(!aside.to_string().contains(CODE), "{aside}");
    nothing_is_disclosed(&world, &[&pair], &[], &[(lat, lon)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_victim_presses_her_button_with_nothing_installed() {
    a_victim_presses_her_button(Broker::embedded().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_victim_presses_her_button_through_mosquitto() {
    let Some(broker) = Broker::mosquitto() else { return };
    a_victim_presses_her_button(broker).await;
}
