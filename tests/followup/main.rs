//! The whole story of an alarm, over a real broker and HTTP: he comes near, nobody answers, it goes up step by step
//! at its times, the desk comes, it ends, she is told what was done, two people resolve it. Once on a clock that
//! stands still until it is moved; once with the real binary, killed at every turn of it.

// A test that cannot go on should stop there; clippy's own exception covers only the test functions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod kills;
#[path = "../support/mod.rs"]
mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use afstand::clock::Clock;
use afstand::config::{Contact, Contacts, Desk, Role, Token, Tokens, WebhookBody};
use afstand::followup::{Duty, Rules, StaffRole};
use afstand::mqtt::MqttConfig;
use afstand::service::{Plan, Service};
use afstand::wire::TrackerKeys;
use serde_json::{Value, json};
use support::broker::Broker;
use support::case::{HOME, Pair, after, fix, now};
use support::geo::moved;
use support::http::Api;
use support::mqtt::{Client, Heard};
use support::until;
use tokio_util::sync::CancellationToken;
use zones::{DeskId, Timestamp};

/// A clock that stands still until it is moved.
#[derive(Clone)]
struct Hands(Arc<AtomicI64>);

impl Hands {
    fn at(moment: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(moment.as_millis())))
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }

    fn move_to(&self, moment: Timestamp) {
        self.0.fetch_max(moment.as_millis(), Ordering::SeqCst);
    }

    fn clock(&self) -> Clock {
        let hands = self.clone();
        Clock::of(move |_| hands.now())
    }
}

/// Who is on duty: each with a topic of his own.
const STAFF: [(&str, StaffRole); 4] = [
    ("anna", StaffRole::Operator),
    ("bea", StaffRole::SecondOperator),
    ("chris", StaffRole::ShiftLead),
    ("dana", StaffRole::OnCallManager),
];

fn plan(broker: &Broker, folder: &std::path::Path, hands: &Hands) -> Plan {
    let contact = |(name, role): (&str, StaffRole)| Contact {
        name: name.to_owned(),
        roles: vec![role.as_str()],
        mqtt: true,
        webhook: None,
        email: None,
        sms: None,
    };
    let duty = |(name, role): (&str, StaffRole)| Duty { role, people: vec![name.to_owned()], schedule: None };
    let token = |name: &str, role| Token::new(name, role, None, &format!("secret of {name}"));
    let desk = |name: &str| Desk {
        name: DeskId::new(name).unwrap(),
        mqtt: true,
        webhook: None,
        body: WebhookBody::default(),
    };
    Plan {
        clock: hands.clock(),
        rules: Rules { duty: STAFF.map(duty).to_vec(), ..Rules::default() },
        store_url: format!("sqlite:{}", folder.join("afstand.db").display()),
        broker: MqttConfig::new(broker.url()),
        traccar_topic: None,
        keys: TrackerKeys::default(),
        listen: "127.0.0.1:0".parse().unwrap(),
        tokens: Tokens::from_iter([
            token("anna", Role::Operator),
            token("bea", Role::Operator),
            token("sam", Role::Supervisor),
            token("integrator", Role::Integrator),
            token("audit", Role::Auditor),
        ]),
        sign_in: None,
        links: None,
        map: None,
        push: None,
        orders_dir: None,
        desks: vec![desk("rotterdam"), desk("delft")],
        contacts: Contacts { people: STAFF.map(contact).to_vec(), ..Contacts::default() },
    }
}

/// One line of a timeline as it is compared: seconds after the alarm, who, what, and what of its detail matters.
type Line = (f64, String, String, String);

fn lines(story: &Value, from: Timestamp) -> Vec<Line> {
    let line = |line: &Value| {
        let at = Timestamp::parse(line["at"].as_str().unwrap()).unwrap();
        let text = |key: &str| line[key].as_str().unwrap().to_owned();
        let detail = &line["detail"];
        let about = ["role", "task", "state", "action", "outcome", "deadline", "level", "device"];
        let about = about.iter().find_map(|key| detail[key].as_str()).unwrap_or_default();
        ((at - from).as_secs_f64(), text("actor"), text("what"), about.to_owned())
    };
    story["timeline"].as_array().unwrap().iter().map(line).collect()
}

/// Everything around the story.
struct Stage {
    hands: Hands,
    base: String,
    ear: Client,
    devices: Client,
    pair: Pair,
}

impl Stage {
    fn api(&self, name: &str) -> Api {
        Api::new(self.base.clone(), &format!("secret of {name}"))
    }

    /// The only incident there is.
    async fn incident(&self, level: &str) -> Value {
        let path = "/v1/incidents?order=ord-story";
        let of_level = |page: &Value| {
            let found = page["items"].as_array()?.iter().find(|item| item["level"] == level)?;
            Some(found.clone())
        };
        self.api("anna").until(path, of_level).await
    }

    async fn report(&self, place: (f64, f64), seq: u64) {
        let at = self.hands.now();
        self.devices.publish_json(&self.pair.victim_topic("fix"), &fix(at, HOME, seq)).await;
        self.devices.publish_json(&self.pair.wearer_topic("fix"), &fix(at, place, seq)).await;
    }

    /// Moves the clock to so many seconds after a moment, and waits for what happens then.
    async fn until(
        &self,
        story: &str,
        from: Timestamp,
        seconds: f64,
        is: impl Fn(&[Line]) -> bool,
    ) -> Vec<Line> {
        let millis = from.as_millis() + (seconds * 1_000.0) as i64;
        self.hands.move_to(Timestamp::from_millis(millis));
        let api = self.api("anna");
        api.until(story, |story| Some(lines(story, from)).filter(|lines| is(lines))).await
    }

    async fn says(&self, desk: &str, incident: &str, state: &str) {
        let said =
            json!({"incident": incident, "state": state, "reference": "P-2026-7", "at": self.hands.now()});
        self.devices.publish_json(&format!("afstand/v1/desk/{desk}/receipt"), &said).await;
    }
}

/// Whether the last line but those of clocks is that.
fn has(lines: &[Line], seconds: f64, what: &str, about: &str) -> bool {
    lines.iter().any(|(at, _, said, of)| *at == seconds && said == what && of == about)
}

async fn the_whole_story(broker: Broker) {
    let folder = tempfile::tempdir().unwrap();
    let hands = Hands::at(now());
    let _ = rustls::crypto::ring::default_provider().install_default();
    let service = Service::start(plan(&broker, folder.path(), &hands)).await.unwrap();
    let stop = CancellationToken::new();
    let base = format!("http://{}", service.address);
    let running = tokio::spawn(service.run(stop.clone()));
    let mut ear = Client::connect(broker.port(), "ear").await;
    for filter in ["afstand/v1/+/+/alert", "afstand/v1/+/+/protection", "afstand/v1/staff/+/notice"] {
        ear.subscribe(filter).await;
    }
    let devices = Client::connect(broker.port(), "devices").await;
    let pair = Pair::new("story");
    let stage = Stage { hands, base, ear, devices, pair };
    until("ready", async || stage.api("anna").try_get("/readyz").await.filter(|answer| answer.status == 200))
        .await;
    let mut live = stage.api("anna").live(None).await;

    let put = stage.api("integrator").put("/v1/orders/ord-story", &stage.pair.order).await;
    assert_eq!(put.status, 201, "{put:?}");
    let (incident, alarm) = he_comes_near(&stage).await;
    let story = format!("/v1/incidents/{incident}");
    nobody_answers(&stage, &story, alarm).await;
    the_desk_comes(&stage, &incident, alarm).await;
    it_ends_and_she_is_told(&stage, &incident, alarm).await;
    two_people_resolve_it(&stage, &incident).await;
    partners_keep_their_deadlines(&stage, &story).await;
    the_summary_is_complete(&stage.api("sam"), "ord-story").await;

    let whole = stage.api("sam").get(&story).await.json();
    let seqs: Vec<i64> =
        whole["timeline"].as_array().unwrap().iter().map(|line| line["seq"].as_i64().unwrap()).collect();
    assert!(seqs.is_sorted_by(|a, b| a < b), "{seqs:?}");
    // Whoever looked on live saw the same, in the same order.
    let mut seen = Vec::new();
    while seen.last() != seqs.last() {
        let event = live.event().await;
        if event.kind == "followup" {
            let data: Value = serde_json::from_str(&event.data).unwrap();
            assert_eq!(data["incident"], incident.as_str(), "{data}");
            assert_eq!(data["seq"], event.id.parse::<i64>().unwrap());
            seen.push(event.id.parse().unwrap());
        }
    }
    assert_eq!(seen, seqs);
    stop.cancel();
    running.await.unwrap().unwrap();
}

/// A warning at 1,400 m, an alarm at 842 m: the time of the alarm is what all others count from.
async fn he_comes_near(stage: &Stage) -> (String, Timestamp) {
    stage.ear.wait_for(&stage.pair.victim_topic("protection"), |_| true).await;
    stage.report(moved(HOME, 1_400.0, 0.0), 1).await;
    let warned = stage.incident("warning").await;
    assert_eq!((&warned["state"], &warned["condition"]), (&json!("new"), &json!("active")));
    stage.hands.move_to(after(stage.hands.now(), 60));
    stage.report(moved(HOME, 595.0, 595.0), 2).await;
    let raised = stage.incident("alarm").await;
    assert_eq!(raised["incident"], warned["incident"], "one story");
    (raised["incident"].as_str().unwrap().to_owned(), stage.hands.now())
}

/// Each step at its time and not before; each of staff on his own topic; nothing in it says where or who.
async fn nobody_answers(stage: &Stage, story: &str, alarm: Timestamp) {
    let told = |name: &str| format!("afstand/v1/staff/{name}/notice");
    stage.ear.wait_for(&told("anna"), |notice| notice.json()["level"] == "alarm").await;
    for (before, at, what, about) in [
        (14.9, 15.0, "task_set", "phone_victim"),
        (29.9, 30.0, "told", "second_operator"),
        (59.9, 60.0, "told", "shift_lead"),
        (60.0, 60.0, "task_set", "phone_desk"),
        (60.0, 60.0, "deadline_missed", "desk_accepts"),
        (119.9, 120.0, "told", "on_call_manager"),
        (239.9, 240.0, "told", "on_call_manager"),
    ] {
        stage.hands.move_to(Timestamp::from_millis(alarm.as_millis() + (before * 1_000.0) as i64));
        // As long as the service needs to see that the clock has moved.
        tokio::time::sleep(Duration::from_millis(if before < at { 300 } else { 0 })).await;
        let early = lines(&stage.api("anna").get(story).await.json(), alarm);
        assert!(before == at || !has(&early, at, what, about), "{what} {about} before {at} s: {early:?}");
        stage.until(story, alarm, at, |lines| has(lines, at, what, about)).await;
    }
    for (name, role) in STAFF {
        let notice = stage.ear.wait_for(&told(name), |notice| notice.json()["level"] == "alarm").await.json();
        assert_eq!(notice["kind"], "victim_proximity", "{role}: {notice}");
        let text = notice.to_string();
        for secret in stage.pair.secrets_of_wearer(&[HOME]).iter().chain(&["victim-story".to_owned()]) {
            assert!(!text.contains(secret.as_str()), "{secret} in {text}");
        }
    }
    let row = stage.incident("alarm").await;
    assert_eq!((&row["state"], &row["tasks"]), (&json!("new"), &json!(["phone_victim", "phone_desk"])));
    assert_eq!(row["next_step_at"], after(alarm, 360).to_string());
}

async fn the_desk_comes(stage: &Stage, incident: &str, alarm: Timestamp) {
    let story = format!("/v1/incidents/{incident}");
    let (anna, bea) = (stage.api("anna"), stage.api("bea"));
    let taken = anna.post(&format!("{story}/acknowledge"), "{}").await;
    assert_eq!((taken.status, &taken.json()["owner"]), (200, &json!("anna")), "{taken:?}");
    let second = bea.post(&format!("{story}/acknowledge"), "{}").await;
    let problem = second.problem();
    assert_eq!((second.status, &problem["by"]), (409, &json!("anna")), "{problem}");
    assert_eq!(problem["at"], after(alarm, 240).to_string());
    let called = json!({"action": "called_desk", "note": "they come"});
    for _ in 0..2 {
        let done = anna.post_once(&format!("{story}/act"), "call-1", &called).await;
        assert_eq!((done.status, &done.json()["state"]), (200, &json!("in_progress")), "{done:?}");
    }
    // Another desk has no say in it.
    stage.says("delft", incident, "accepted").await;
    for state in ["accepted", "dispatched", "on_scene"] {
        stage.says("rotterdam", incident, state).await;
    }
    let there = |story: &Value| (story["desk_state"] == "on_scene").then(|| story.clone());
    let row = anna.until(&story, there).await;
    assert_eq!((&row["reference"], &row["tasks"]), (&json!("P-2026-7"), &json!(["phone_victim"])));
    let refused = anna.get("/v1/rejected").await.json();
    let [one] = refused["items"].as_array().unwrap().as_slice() else { panic!("{refused}") };
    assert!(one["reason"].as_str().unwrap().contains("not this desk's"), "{one}");
    let acted = lines(&row, alarm).into_iter().filter(|(_, _, what, _)| what == "acted").count();
    assert_eq!(acted, 1, "the same key is the same command");
}

async fn it_ends_and_she_is_told(stage: &Stage, incident: &str, alarm: Timestamp) {
    let hers = stage.pair.victim_topic("alert");
    let raised = stage.ear.wait_for(&hers, |heard| heard.json()["data"]["level"] == "alarm").await.json();
    let shown = json!({"alert": raised["id"], "state": "displayed", "at": stage.hands.now()});
    stage.devices.publish_json(&stage.pair.victim_topic("receipt"), &shown).await;
    for (seconds, seq) in [(300, 3), (370, 4)] {
        stage.hands.move_to(after(alarm, seconds));
        stage.report(moved(HOME, 4_000.0, 0.0), seq).await;
    }
    let over = stage.incident("clear").await;
    assert_eq!((&over["state"], &over["condition"]), (&json!("in_progress"), &json!("cleared")));
    assert_eq!((&over["incident"], &over["victim_state"]), (&json!(incident), &json!(null)));
    let alarm_shown = |one: &Value| one["alert"] == raised["id"] && one["state"] == "displayed";
    let story = stage.api("anna").get(&format!("/v1/incidents/{incident}")).await.json();
    assert!(story["receipts"].as_array().unwrap().iter().any(alarm_shown), "{story}");
    let clear = stage.ear.wait_for(&hers, |heard| heard.json()["data"]["level"] == "clear").await.json();
    let done: Vec<&str> =
        clear["data"]["done"].as_array().unwrap().iter().map(|text| text["nl"].as_str().unwrap()).collect();
    assert_eq!(done, ["De politie is ter plaatse geweest.", "De meldkamer heeft actie ondernomen."]);
}

async fn two_people_resolve_it(stage: &Stage, incident: &str) {
    let path = format!("/v1/incidents/{incident}/resolve");
    let (anna, bea) = (stage.api("anna"), stage.api("bea"));
    let wrong = anna.post(&path, json!({"outcome": "false_alarm"})).await;
    assert_eq!((wrong.status, &wrong.problem()["errors"][0]["field"]), (422, &json!("note")), "{wrong:?}");
    let wrong = anna.post(&path, json!({"outcome": "boredom"})).await;
    assert_eq!((wrong.status, &wrong.problem()["errors"][0]["field"]), (422, &json!("outcome")), "{wrong:?}");
    let forbidden = stage.api("audit").post(&path, json!({"outcome": "wearer_left"})).await;
    assert_eq!(forbidden.status, 403, "{forbidden:?}");
    let outcome = json!({"outcome": "police_intervened", "note": "arrested"});
    // A key that stood for another command is refused, and nothing is done.
    let swallowed = anna.post_once(&path, "call-1", &outcome).await;
    assert_eq!(swallowed.status, 422, "{swallowed:?}");
    assert_eq!(swallowed.problem()["errors"][0]["field"], "Idempotency-Key", "{swallowed:?}");
    for _ in 0..2 {
        let proposed = anna.post(&path, &outcome).await;
        assert_eq!(proposed.status, 200, "{proposed:?}");
        assert_eq!(proposed.json()["proposed"]["by"], "anna");
        assert_eq!(proposed.json()["state"], "in_progress");
        assert!(proposed.json()["next_step_at"].is_string(), "the clock runs on");
    }
    // Bea is asked to judge it as well, and the proposal is on the console of whoever has one open.
    let asked = |notice: &Heard| notice.json()["step"] == "confirm";
    stage.ear.wait_for("afstand/v1/staff/bea/notice", asked).await;
    let resolved = bea.post(&path, &outcome).await.json();
    assert_eq!((&resolved["state"], &resolved["outcome"]), (&json!("resolved"), &json!("police_intervened")));
    assert_eq!((&resolved["resolved_by"], &resolved["next_step_at"]), (&json!("bea"), &Value::Null));
    let late = anna.post(&path, json!({"outcome": "wearer_left"})).await;
    assert_eq!((late.status, &late.problem()["by"]), (409, &json!("bea")), "{late:?}");
    let nothing = "00000000-0000-4000-8000-000000000001";
    let unknown = anna.post(&format!("/v1/incidents/{nothing}/acknowledge"), "{}").await;
    assert_eq!(unknown.status, 404, "{unknown:?}");
    unknown.problem();
    // What the desk says now comes too late, and is set aside where it can be seen.
    stage.says("rotterdam", incident, "closed").await;
    let aside = |page: &Value| {
        let items = page["items"].as_array()?;
        items
            .iter()
            .any(|item| item["reason"].as_str().is_some_and(|why| why.contains("resolved")))
            .then_some(())
    };
    anna.until("/v1/rejected", aside).await;
}

async fn partners_keep_their_deadlines(stage: &Stage, story: &str) {
    let sam = stage.api("sam");
    let reviewed = sam.post(&format!("{story}/step"), json!({"step": "officer_reviewed"})).await;
    assert_eq!(reviewed.status, 200, "{reviewed:?}");
    let clocks = reviewed.json()["deadlines"].clone();
    let of = |name: &str| {
        let all = clocks.as_array().unwrap();
        all.iter().find(|clock| clock["name"] == name).unwrap()["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(of("desk_accepts"), "kept_late");
    assert_eq!(of("officer_reviews"), "kept");
    assert_eq!(of("prosecutor_informed"), "open");
    let span =
        format!("from={}&to={}", after(stage.hands.now(), -86_400), after(stage.hands.now(), 2 * 86_400));
    let report = sam.get(&format!("/v1/deadlines?{span}")).await.json();
    let count = |name: &str, key: &str| {
        let all = report["deadlines"].as_array().unwrap();
        all.iter().find(|one| one["name"] == name).unwrap()[key].as_i64().unwrap()
    };
    assert_eq!((count("desk_accepts", "missed"), count("desk_accepts", "kept_late")), (1, 1));
    assert_eq!((count("officer_reviews", "kept"), count("prosecutor_informed", "open")), (1, 1));
    assert_eq!(report["missed"][0]["name"], "desk_accepts");
}

/// The summary of the case has its one alarm: how near, who had it, what came of it.
async fn the_summary_is_complete(api: &Api, order: &str) {
    let summary = api.get(&format!("/v1/cases/{order}/summary?weeks=2")).await.json();
    let weeks = summary["weeks"].as_array().unwrap();
    let [week] = weeks.iter().filter(|week| week["alarms"] == 1).collect::<Vec<_>>()[..] else {
        panic!("{summary}");
    };
    let nearest = week["nearest"]["distance_m"].as_f64().unwrap();
    // 595 m east and 595 m north of her.
    assert!((nearest - 595.0 * std::f64::consts::SQRT_2).abs() < 2.0, "{nearest}");
    let (alarms, acknowledged) = (&week["follow_up"]["alarms"], &week["follow_up"]["acknowledged"]);
    assert_eq!((alarms, acknowledged), (&json!(1), &json!(1)), "{summary}");
    assert_eq!(summary["whole"], true, "{summary}");
    let page = api.get(&format!("/v1/cases/{order}/summary.html?weeks=2")).await;
    assert!(page.status == 200 && page.body.contains(order), "{page:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_story_through_mosquitto() {
    let Some(broker) = Broker::mosquitto() else { return };
    the_whole_story(broker).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_story_with_nothing_installed() {
    the_whole_story(Broker::embedded().await).await;
}
