//! The same with the real binary, killed at every turn of the story.

use serde_json::{Value, json};
use zones::Timestamp;

use super::support::broker::Broker;
use super::support::case::{HOME, Pair, after, fix, now};
use super::support::geo::moved;
use super::support::world::World;
use super::{has, lines};

/// Short times, so that a story with a kill at each turn of it ends within a minute.
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
  { after_s = 2, unless = "displayed", tell = ["victim_second"] },
  { after_s = 3, unless = "acknowledged", tell = ["second_operator"] },
  { after_s = 4, unless = "accepted", tell = ["operator"], task = "phone_desk" },
  { after_s = 5, unless = "acknowledged", tell = ["shift_lead"], repeat_s = 3600 },
]
"#;

/// Whatever falls between two turns, the story goes on: each step once, at its own time.
async fn the_story_goes_on_after_every_kill(broker: Broker) {
    let pair = Pair::new("kills");
    let mut world = World::start(broker, |draft| draft.orders([&pair.order]).more(SHORT)).await;
    world.ear.subscribe("afstand/v1/staff/+/notice").await;
    let begin = now();
    let (far, near) = (moved(HOME, 1_700.0, 0.0), moved(HOME, 595.0, 595.0));
    for (ago, place, seq) in [(-66, far, 1), (-5, near, 2)] {
        world.devices.publish_json(&pair.victim_topic("fix"), &fix(after(begin, ago - 1), HOME, seq)).await;
        world.devices.publish_json(&pair.wearer_topic("fix"), &fix(after(begin, ago), place, seq)).await;
    }
    let raised = |page: &Value| page["items"].as_array()?.first().cloned();
    let incident = world.service.api("operator").until("/v1/incidents?level=alarm", raised).await;
    let id = incident["incident"].as_str().unwrap().to_owned();
    let alarm = Timestamp::parse(incident["opened_at"].as_str().unwrap()).unwrap();
    let story = format!("/v1/incidents/{id}");
    let kill = async |world: &mut World| {
        world.service.kill().await;
        world.service.spawn();
    };

    kill(&mut world).await;
    let nobody = |story: &Value| Some(lines(story, alarm)).filter(|all| has(all, 5.0, "told", "shift_lead"));
    world.service.api("operator").until(&story, nobody).await;
    kill(&mut world).await;
    world.service.ready().await;
    let taken = world.service.api("operator").post(&format!("{story}/acknowledge"), "{}").await;
    assert_eq!(taken.status, 200, "{taken:?}");
    kill(&mut world).await;
    for state in ["accepted", "dispatched", "on_scene"] {
        let said = json!({"incident": id, "state": state, "reference": "P-7", "at": now()});
        world.devices.publish_json("afstand/v1/desk/rotterdam/receipt", &said).await;
        let there = |story: &Value| (story["desk_state"] == state).then_some(());
        world.service.api("operator").until(&story, there).await;
        kill(&mut world).await;
    }
    let done = json!({"action": "called_victim"});
    world.service.ready().await;
    assert_eq!(
        world.service.api("operator").post_once(&format!("{story}/act"), "k", &done).await.status,
        200
    );
    kill(&mut world).await;
    world.service.ready().await;
    let again = world.service.api("operator").post_once(&format!("{story}/act"), "k", &done).await;
    assert_eq!(again.status, 200, "{again:?}");
    let outcome = json!({"outcome": "police_intervened"});
    let proposed = world.service.api("operator").post(&format!("{story}/resolve"), &outcome).await;
    assert_eq!(proposed.json()["proposed"]["by"], "operator", "{proposed:?}");
    kill(&mut world).await;
    world.service.ready().await;
    let resolved = world.service.api("supervisor").post(&format!("{story}/resolve"), &outcome).await;
    assert_eq!(resolved.json()["state"], "resolved", "{resolved:?}");
    kill(&mut world).await;
    world.service.ready().await;
    each_thing_happened_once(&world.service.api("operator").get(&story).await.json(), alarm);
    world
        .ear
        .wait_for("afstand/v1/staff/anna/notice", |notice| notice.json()["incident"] == id.as_str())
        .await;
    assert!(!world.service.log().contains("panicked"), "{}", world.service.log());
}

fn each_thing_happened_once(story: &Value, alarm: Timestamp) {
    let all = lines(story, alarm);
    for (at, what, about) in [
        (0.0, "raised", "alarm"),
        (0.0, "told", "operator"),
        (2.0, "task_set", "phone_victim"),
        (3.0, "told", "second_operator"),
        (4.0, "task_set", "phone_desk"),
        (4.0, "told", "operator"),
        (5.0, "told", "shift_lead"),
    ] {
        let count = all.iter().filter(|(t, _, w, a)| *t == at && w == what && a == about).count();
        assert_eq!(count, 1, "{what} {about} at {at} s in {all:?}");
    }
    for (what, about, times) in [
        ("acknowledged", "", 1),
        ("desk", "accepted", 1),
        ("desk", "dispatched", 1),
        ("desk", "on_scene", 1),
        ("acted", "called_victim", 1),
        ("resolution_proposed", "police_intervened", 1),
        ("resolved", "police_intervened", 1),
    ] {
        let count = all.iter().filter(|(_, _, w, a)| w == what && a == about).count();
        assert_eq!(count, times, "{what} {about} in {all:?}");
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
