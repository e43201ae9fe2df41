//! `afstand explain` as somebody at a terminal has it: on recorded cases under `tests/cases`, and on the store of a
//! service that is running.

// A test that cannot go on should stop there; clippy's own exception covers only the test functions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod support;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use support::broker::Broker;
use support::case::{HOME, Pair, after, fix, now};
use support::geo::moved;
use support::until;
use support::world::World;

/// What a command did.
struct Run {
    status: Option<i32>,
    out: String,
    err: String,
}

impl Run {
    fn json(&self) -> Value {
        assert_eq!(self.status, Some(0), "{}", self.err);
        serde_json::from_str(&self.out).unwrap()
    }

    /// One line on stderr that names what is wrong, nothing on stdout, status 2.
    fn is_refused(&self, names: &str) {
        assert_eq!((self.status, self.out.as_str()), (Some(2), ""), "{}", self.err);
        assert!(self.err.contains(names) && self.err.lines().count() == 1, "{}", self.err);
    }
}

fn afstand<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Run {
    let run = Command::new(env!("CARGO_BIN_EXE_afstand")).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Run { status: run.status.code(), out: text(run.stdout), err: text(run.stderr) }
}

fn case(name: &str, file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name).join(file)
}

/// Explains a recorded case.
fn of_case(name: &str, more: &[&str]) -> Run {
    let (orders, input) = (case(name, "orders.json"), case(name, "input.ndjson"));
    let fixed = ["explain", "--orders", orders.to_str().unwrap(), "--input", input.to_str().unwrap()];
    afstand(fixed.iter().chain(more))
}

/// The judgements of an explanation, with the input they belong to.
fn judgements(explanation: &Value) -> Vec<(&Value, &Value)> {
    let inputs = explanation["inputs"].as_array().unwrap().iter();
    inputs.flat_map(|input| input["judgements"].as_array().unwrap().iter().map(move |j| (input, j))).collect()
}

/// He drives past at 1,200 m: warned at 1,500 m, never an alarm. Told from the incident's first look to its end.
#[test]
fn an_incident_of_a_recording_is_explained_from_before_its_first_alert_to_its_end() {
    let (orders, input) = (case("passing", "orders.json"), case("passing", "input.ndjson"));
    let replayed =
        afstand(["replay", "--orders", orders.to_str().unwrap(), "--input", input.to_str().unwrap()]);
    let alerts: Vec<Value> = replayed.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let warning = alerts.iter().find(|alert| alert["kind"] == "victim_proximity").unwrap();
    let incident = warning["incident"].as_str().unwrap();

    let explained = of_case("passing", &["--incident", incident, "--json"]).json();
    assert_eq!(
        (&explained["watch"], &explained["worst"]),
        (&json!("ord-1/pair/victim-1"), &json!("warning"))
    );
    let all = judgements(&explained);
    let times: Vec<&str> = all.iter().map(|(input, _)| input["received_at"].as_str().unwrap()).collect();
    assert!(times.is_sorted() && times[0] < warning["raised_at"].as_str().unwrap(), "{times:?}");
    // What the incident rests on: the fix that raised it, with the numbers of the alert and of the order.
    let steps: Vec<_> = all.iter().filter(|(_, judged)| judged["before"] != judged["after"]).collect();
    assert_eq!(steps.len(), 2, "one up, one down: {steps:#?}");
    let (input, up) = steps[0];
    assert_eq!((&input["device"], &input["fixed_at"]), (&json!("am-1"), &warning["fixed_at"]));
    assert_eq!(
        (&up["before"], &up["after"], &up["rule"]),
        (&json!("clear"), &json!("warning"), &json!("victim_proximity"))
    );
    assert!((up["distance_m"].as_f64().unwrap() - warning["distance_m"].as_f64().unwrap()).abs() <= 0.051);
    assert_eq!((&up["limits"]["alarm_m"], &up["limits"]["warning_m"]), (&json!(1_000.0), &json!(1_500.0)));
    assert_eq!(up["alert"]["alert"], warning["alert"]);
    assert_eq!(up["alert"]["closing_mps"], warning["closing_mps"]);
    assert_eq!((&steps[1].1["after"], &explained["level"]), (&json!("clear"), &json!("clear")));
    // Each look says why, also those that raised nothing.
    assert!(all.iter().all(|(_, judged)| judged["why"].as_str().unwrap().contains(" / ")));
    assert_eq!(explained["happened"].as_array().unwrap().len(), 2, "{}", explained["happened"]);

    let text = of_case("passing", &["--incident", incident]).out;
    for words in [
        "vrij → waarschuwing (zeker) / clear → warning (certain)",
        "binnen de waarschuwingsafstand van 1500 m",
        "within the warning distance of 1500 m",
        "; alarm 1000 m, waarschuwing / warning 1500 m",
    ] {
        assert!(text.contains(words), "{words:?} is not in\n{text}");
    }
    // Whoever reads it learns distances, no places.
    assert!(!text.contains("52.") && !text.contains("5.12"), "{text}");
}

#[test]
fn a_moment_at_which_nothing_was_raised_is_explained_too() {
    let at = ["--device", "am-1", "--at", "2026-11-02T19:00:06Z", "--json"];
    let explained = of_case("passing", &at).json();
    let first: Vec<_> = judgements(&explained)
        .into_iter()
        .filter(|(input, _)| input["fixed_at"] == "2026-11-02T19:00:05.000Z")
        .collect();
    let [(input, judged)] = first[..] else { panic!("{explained:#}") };
    assert_eq!(
        (&input["device"], &judged["before"], &judged["after"]),
        (&json!("am-1"), &json!("clear"), &json!("clear"))
    );
    let why = judged["why"].as_str().unwrap();
    assert!(
        why.contains("beyond the warning distance of 1500 m") && why.ends_with("nothing is raised"),
        "{why}"
    );
}

/// A test of the button, a press, another, and two attempts to cancel: each alert says what it was, each thing said is
/// there, none with its place, and the codes nowhere.
#[test]
fn an_incident_about_a_device_shows_what_the_device_said() {
    let (orders, input) = (case("aware", "orders.json"), case("aware", "input.ndjson"));
    let replayed =
        afstand(["replay", "--orders", orders.to_str().unwrap(), "--input", input.to_str().unwrap()]);
    let alert: Value = serde_json::from_str(replayed.out.lines().nth(1).unwrap()).unwrap();
    let explained = of_case("aware", &["--incident", alert["incident"].as_str().unwrap(), "--json"]).json();
    let presses = explained["inputs"].as_array().unwrap();
    assert!(presses.iter().all(|press| press["kind"] == "aware" && press["device"] == "vd-1"));
    let tests: Vec<bool> = presses.iter().map(|press| press["said"] == "test").collect();
    assert_eq!(tests.iter().filter(|test| **test).count(), 1, "{explained:#}");
    let alerts = explained["happened"].as_array().unwrap();
    let said: Vec<&str> = presses.iter().filter_map(|press| press["said"].as_str()).collect();
    assert_eq!(said, ["test", "cancel, code wrong", "cancel, code right"]);
    assert!(!explained.to_string().contains("4711"));
    assert_eq!(
        alerts.len() + 2,
        presses.len(),
        "each but the test, which is another incident, and the wrong code"
    );
    assert_eq!((&alerts[0]["alert"], &alerts[0]["detail"]), (&alert["alert"], &alert["reason"]));
}

/// His strap is cut, and later he is not heard for so long that it is an alarm: no fix is judged on either, and both are
/// explained by their rule, their numbers and the level before and after.
#[test]
fn an_incident_about_a_device_is_explained_by_its_rule() {
    let folder = tempfile::tempdir().unwrap();
    let (orders, input) = (case("passing", "orders.json"), folder.path().join("input.ndjson"));
    let place = r#""lat":52.0907,"lon":5.1214,"accuracy_m":8.0"#;
    let hers = |at: &str| {
        format!(
            r#"{{"received_at":"2026-11-02T{at}.500Z","role":"victim","device":"vd-1","fix":{{"fixed_at":"2026-11-02T{at}.000Z",{place}}}}}"#
        )
    };
    let his = r#"{"received_at":"2026-11-02T19:00:01.000Z","role":"wearer","device":"am-1","fix":{"fixed_at":"2026-11-02T19:00:00.000Z","lat":52.5,"lon":5.1214}}"#;
    let cut = r#"{"received_at":"2026-11-02T19:00:31.000Z","role":"wearer","device":"am-1","status":{"at":"2026-11-02T19:00:30.000Z","event":"strap_tamper"}}"#;
    let hers: Vec<String> = (1..12).map(|minute| hers(&format!("19:{minute:02}:00"))).collect();
    fs::write(
        &input,
        [his, cut].into_iter().chain(hers.iter().map(String::as_str)).collect::<Vec<_>>().join("\n"),
    )
    .unwrap();
    let fixed = ["--orders", orders.to_str().unwrap(), "--input", input.to_str().unwrap()];
    let replayed = afstand(["replay"].iter().chain(&fixed));
    let alerts: Vec<Value> = replayed.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let explained = |kind: &str| {
        let alert = alerts.iter().find(|alert| alert["kind"] == kind).unwrap();
        let incident = alert["incident"].as_str().unwrap();
        let of = |more: &[&str]| {
            afstand(["explain"].iter().chain(&fixed).chain(&["--incident", incident]).chain(more))
        };
        (of(&["--json"]).json(), of(&[]).out)
    };
    let (strap, text) = explained("tamper");
    let step = &strap["steps"][0];
    assert_eq!(
        (&step["rule"], &step["before"], &step["after"], &step["said"]),
        (&json!("said"), &json!("clear"), &json!("alarm"), &json!("strap_tamper"))
    );
    assert!(
        text.contains("vrij → alarm / clear → alarm") && text.contains("does not end by itself"),
        "{text}"
    );

    let (silence, text) = explained("silence");
    let steps: Vec<_> = silence["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| (&s["rule"], &s["before"], &s["unheard_s"]))
        .collect();
    assert_eq!(
        steps,
        [
            (&json!("silence"), &json!("clear"), &json!(180.0)),
            (&json!("long_silence"), &json!("warning"), &json!(600.0))
        ]
    );
    assert_eq!(
        (&silence["steps"][0]["silent_after_s"], &silence["steps"][0]["alarm_after_s"]),
        (&json!(180), &json!(600))
    );
    assert!(text.contains("no fix for 600 s: a silence of 600 s or more is an alarm"), "{text}");
    assert!(!text.contains("52."), "{text}");
}

#[test]
fn what_cannot_be_explained_is_one_line_and_status_2() {
    let at = |device: &str, at: &str| of_case("passing", &["--device", device, "--at", at]);
    of_case("passing", &["--incident", "no-such"]).is_refused("no-such");
    of_case("passing", &["--incident", ""]).is_refused("incident");
    at("am-9", "2026-11-02T19:00:06Z").is_refused("am-9");
    at("am-1", "2026-12-02T19:00:06Z").is_refused("2026-12-02");
    at("am-1", "9999-12-30T21:59:59Z").is_refused("am-1");
    let gone = afstand(["explain", "--incident", "x", "--config", "/nowhere/afstand.toml"]);
    gone.is_refused("/nowhere/afstand.toml");
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("afstand.toml");
    fs::write(&config, "[store]\nurl = \"sqlite:none.db\"\n[mqtt]\nurl = \"mqtt://127.0.0.1:1\"\n").unwrap();
    let none = afstand(["explain", "--incident", "x", "--config", config.to_str().unwrap()]);
    none.is_refused("none.db");
    assert!(!folder.path().join("none.db").exists(), "it makes no store");
    for senseless in [&["--incident", "x"][..], &["--device", "am-1"], &["--at", "now", "--device", "am-1"]] {
        assert_eq!(afstand(["explain"].iter().chain(senseless)).status, Some(2), "{senseless:?}");
    }
}

/// Beside a running service: it explains its incident, with who was told, and the service goes on writing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_service_is_explained_and_goes_on() {
    let pair = Pair::new("ex");
    let mut world = World::start(Broker::embedded().await, |draft| draft.orders([&pair.order])).await;
    let send = async |world: &World, n: i64, metres: f64| {
        let at = after(now(), n - 60);
        world.devices.send(&pair.victim_topic("fix"), fix(at, HOME, 1).to_string()).await;
        let his = fix(at, moved(HOME, metres, 0.0), 1).to_string();
        world.devices.send(&pair.wearer_topic("fix"), his).await;
    };
    send(&world, 0, 1_800.0).await;
    send(&world, 20, 800.0).await;
    let api = world.service.api("operator");
    let open = async || {
        let items = api.get("/v1/incidents").await.json()["items"].as_array().unwrap().clone();
        items.into_iter().find(|item| item["kind"] == "victim_proximity")
    };
    let incident = until("the incident", open).await["incident"].as_str().unwrap().to_owned();

    let config = world.service.path("afstand.toml");
    let explain = |more: &[&str]| {
        let fixed = ["explain", "--json", "--config", config.to_str().unwrap()];
        afstand(fixed.iter().chain(more))
    };
    let beside = explain(&["--incident", &incident]);
    assert!(beside.err.contains("not in the audit"), "{}", beside.err);
    let explained = beside.json();
    let all = judgements(&explained);
    let up = all.iter().find(|(_, judged)| judged["after"] == "alarm").unwrap().1;
    assert_eq!((&up["before"], &up["limits"]["alarm_m"]), (&json!("clear"), &json!(1_000.0)));
    assert!((up["distance_m"].as_f64().unwrap() - 800.0).abs() < 5.0, "{up}");
    let what: Vec<&Value> = explained["happened"].as_array().unwrap().iter().map(|h| &h["what"]).collect();
    assert!(what[0] == "alert" && what.contains(&&json!("sent")), "{what:?}");

    let moment = explain(&["--device", "vd-ex", "--at", &now().to_string()]).json();
    let pairs = judgements(&moment);
    assert!(pairs.iter().all(|(_, judged)| judged["watch"] == "ord-ex/pair/victim-ex"));
    let hers_and_his: Vec<_> = pairs.iter().map(|(input, _)| &input["role"]).collect();
    assert!(hers_and_his.contains(&&json!("victim")) && hers_and_his.contains(&&json!("wearer")));
    explain(&["--device", "am-9", "--at", &now().to_string()]).is_refused("am-9");

    // The service still has its store, and decides.
    send(&world, 40, 700.0).await;
    world.devices.acknowledged().await;
    assert!(world.service.stop().await.success(), "{}", world.service.log());
    assert!(!world.service.log().contains("taken over"), "{}", world.service.log());
    // And when it has stopped, its store can be read as well.
    let rows = || {
        let intact = afstand(["audit", "verify", "--config", config.to_str().unwrap()]).out;
        let rows =
            intact.strip_prefix("intact: ").and_then(|rest| rest.split(' ').next()?.parse::<u64>().ok());
        rows.unwrap_or_else(|| panic!("{intact}"))
    };
    let before = rows();
    let later = explain(&["--incident", &incident]);
    assert!(!later.err.contains("not in the audit"), "{}", later.err);
    assert!(judgements(&later.json()).len() > all.len(), "the last fixes are in it");
    assert_eq!(rows(), before + 1, "nobody else writes the store, so that look is in the audit");
    explain(&["--incident", "no-such"]).is_refused("no-such");
    assert_eq!(rows(), before + 1, "nothing was shown");
}
