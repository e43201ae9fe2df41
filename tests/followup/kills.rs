//! The same with the real binary, killed at every step of the story.

use std::time::Duration;

use serde_json::{Value, json};
use zones::Timestamp;

use super::support::broker::Broker;
use super::support::case::{HOME, Pair, after, fix, now};
use super::support::geo::{Place, moved};
use super::support::world::World;
use super::{Line, has, lines, the_summary_is_complete};

/// Short times, so that a story with a kill between any two steps ends within two minutes; far enough apart that a start
/// fits between.
const SHORT: &str = r#"
[[contact]]
name = "anna"
roles = ["operator", "second_operator", "shift_lead"]
mqtt = true
[[escalation]]
level = "alarm"
ring_again_s = 600
steps = [
  { after_s = 0, tell = ["operator", "victim", "desk"] },
  { after_s = 4, unless = "displayed", tell = ["victim_second"] },
  { after_s = 8, unless = "acknowledged", tell = ["second_operator"] },
  { after_s = 12, unless = "accepted", tell = ["operator"], task = "phone_desk" },
  { after_s = 16, unless = "acknowledged", tell = ["shift_lead"], repeat_s = 3600 },
]
"#;

/// Whatever falls between two steps, the story goes on: each step once, at its own time.
async fn the_story_goes_on_after_every_kill(broker: Broker) {
    let pair = Pair::new("kills");
    let edit =
        |draft: super::support::service::Draft| draft.orders([&pair.order]).operator("bea").more(SHORT);
    let mut world = World::start(broker, edit).await;
    world.ear.subscribe("afstand/v1/staff/+/notice").await;
    // Times that have passed already, as far as a report may be late: what ends an alarm takes a minute of them.
    let near_at = after(now(), -45);
    let (warned, near, far) =
        (moved(HOME, 1_400.0, 0.0), moved(HOME, 595.0, 595.0), moved(HOME, 2_000.0, 0.0));
    report(&world, &pair, (after(near_at, -55), warned), 1).await;
    let of_level = |level: &'static str| {
        move |page: &Value| page["items"].as_array()?.iter().find(|one| one["level"] == level).cloned()
    };
    let page = "/v1/incidents?order=ord-kills";
    let incident = world.service.api("operator").until(page, of_level("warning")).await;
    let id = incident["incident"].as_str().unwrap().to_owned();
    let story = format!("/v1/incidents/{id}");
    again(&mut world).await;
    report(&world, &pair, (near_at, near), 2).await;
    let raised = world.service.api("operator").until(page, of_level("alarm")).await;
    assert_eq!(raised["incident"], id.as_str(), "one story");
    let alarm = raised_at(&world.service.api("operator").get(&story).await.json());
    again(&mut world).await;
    nobody_answers(&mut world, &story, alarm).await;
    the_desk_comes(&mut world, &id).await;
    it_ends_and_she_is_told(&mut world, &pair, &story, (near_at, far)).await;
    two_operators_resolve_it(&mut world, &story).await;
    let operator = world.service.api("operator");
    each_thing_happened_once(&operator.get(&story).await.json(), alarm);
    the_summary_is_complete(&operator, "ord-kills").await;
    world
        .ear
        .wait_for("afstand/v1/staff/anna/notice", |notice| notice.json()["incident"] == id.as_str())
        .await;
    assert!(!world.service.log().contains("panicked"), "{}", world.service.log());
}

/// Killed, and started again.
async fn again(world: &mut World) {
    world.service.kill().await;
    world.service.start().await;
}

async fn report(world: &World, pair: &Pair, (at, place): (Timestamp, Place), seq: u64) {
    world.devices.publish_json(&pair.victim_topic("fix"), &fix(at, HOME, seq)).await;
    world.devices.publish_json(&pair.wearer_topic("fix"), &fix(at, place, seq)).await;
}

/// When it became an alarm.
fn raised_at(story: &Value) -> Timestamp {
    let all = story["timeline"].as_array().unwrap();
    let line =
        all.iter().find(|line| line["what"] == "raised" && line["detail"]["level"] == "alarm").unwrap();
    Timestamp::parse(line["at"].as_str().unwrap()).unwrap()
}

async fn nobody_answers(world: &mut World, story: &str, alarm: Timestamp) {
    for (at, what, about) in [
        (4.0, "task_set", "phone_victim"),
        (8.0, "told", "second_operator"),
        (12.0, "task_set", "phone_desk"),
        (16.0, "told", "shift_lead"),
    ] {
        let taken = |story: &Value| Some(lines(story, alarm)).filter(|all| has(all, at, what, about));
        world.service.api("operator").until(story, taken).await;
        again(world).await;
    }
}

async fn the_desk_comes(world: &mut World, id: &str) {
    let story = format!("/v1/incidents/{id}");
    let taken = world.service.api("operator").post(&format!("{story}/acknowledge"), "{}").await;
    assert_eq!(taken.status, 200, "{taken:?}");
    again(world).await;
    for state in ["accepted", "dispatched", "on_scene"] {
        let said = json!({"incident": id, "state": state, "reference": "P-7", "at": now()});
        world.devices.publish_json("afstand/v1/desk/rotterdam/receipt", &said).await;
        let there = |story: &Value| (story["desk_state"] == state).then_some(());
        world.service.api("operator").until(&story, there).await;
        again(world).await;
    }
    let done = json!({"action": "called_victim"});
    for _ in 0..2 {
        let acted = world.service.api("operator").post_once(&format!("{story}/act"), "k", &done).await;
        assert_eq!(acted.status, 200, "{acted:?}");
        again(world).await;
    }
}

/// Far enough for a minute of his own time, which has to pass first.
async fn it_ends_and_she_is_told(
    world: &mut World,
    pair: &Pair,
    story: &str,
    (near_at, far): (Timestamp, Place),
) {
    report(world, pair, (after(near_at, 30), far), 3).await;
    again(world).await;
    let gone = after(near_at, 95);
    let wait = (gone - now()).0.max(0);
    tokio::time::sleep(Duration::from_millis(u64::try_from(wait).unwrap())).await;
    report(world, pair, (gone, far), 4).await;
    let over = |story: &Value| (story["condition"] == "cleared").then(|| story["state"].clone());
    assert_eq!(world.service.api("operator").until(story, over).await, "in_progress", "still somebody's");
    again(world).await;
    let hers = pair.victim_topic("alert");
    let clear = world.ear.wait_for(&hers, |heard| heard.json()["data"]["level"] == "clear").await.json();
    let done = clear["data"]["done"].to_string();
    assert!(done.contains("De politie is ter plaatse geweest."), "{clear}");
}

async fn two_operators_resolve_it(world: &mut World, story: &str) {
    let outcome = json!({"outcome": "police_intervened"});
    let path = format!("{story}/resolve");
    let proposed = world.service.api("operator").post(&path, &outcome).await;
    assert_eq!(proposed.json()["proposed"]["by"], "operator", "{proposed:?}");
    again(world).await;
    let resolved = world.service.api("bea").post(&path, &outcome).await;
    assert_eq!(resolved.json()["state"], "resolved", "{resolved:?}");
    assert_eq!(resolved.json()["resolved_by"], "bea");
    again(world).await;
}

fn each_thing_happened_once(story: &Value, alarm: Timestamp) {
    let all = lines(story, alarm);
    let times = |is: &dyn Fn(&Line) -> bool| all.iter().filter(|line| is(line)).count();
    for (at, what, about) in [
        (0.0, "raised", "alarm"),
        (0.0, "told", "operator"),
        (4.0, "task_set", "phone_victim"),
        (8.0, "told", "second_operator"),
        (12.0, "task_set", "phone_desk"),
        (12.0, "told", "operator"),
        (16.0, "told", "shift_lead"),
    ] {
        let count = times(&|(t, _, w, a)| *t == at && w == what && a == about);
        assert_eq!(count, 1, "{what} {about} at {at} s in {all:?}");
    }
    for (what, about) in [
        ("raised", "warning"),
        ("acknowledged", ""),
        ("desk", "accepted"),
        ("desk", "dispatched"),
        ("desk", "on_scene"),
        ("acted", "called_victim"),
        ("cleared", ""),
        ("resolution_proposed", "police_intervened"),
        ("resolved", "police_intervened"),
    ] {
        let count = times(&|(_, _, w, a)| w == what && a == about);
        assert_eq!(count, 1, "{what} {about} in {all:?}");
    }
    let notices: Vec<&Value> = story["deliveries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|delivery| delivery["channel"] == "staff_mqtt")
        .collect();
    let mut ids: Vec<&str> = notices.iter().map(|delivery| delivery["alert"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), notices.len(), "no notice has two rows: {notices:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_story_goes_on_after_every_kill_through_mosquitto() {
    let Some(broker) = Broker::mosquitto() else { return };
    the_story_goes_on_after_every_kill(broker).await;
}
