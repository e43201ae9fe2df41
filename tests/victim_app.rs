//! A victim's app through a whole approach: she is told in time, says what she has to say – and nothing that she is
//! sent lets anybody find the wearer.

// A test that cannot go on should stop there; clippy's own exception covers only the test functions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod support;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use support::broker::Broker;
use support::case::{HOME, Pair, after, fix, now};
use support::geo::{Place, moved};
use support::http::{Answer, Api};
use support::until;
use support::world::World;

/// All that may ever be a name in what she is sent.
const MAY_BE_SAID: [&str; 39] = [
    "push",
    "own_device",
    "aware_code",
    "protection",
    "state",
    "reasons",
    "since",
    "advice",
    "call",
    "alerts",
    "fix_interval_s",
    "specversion",
    "id",
    "source",
    "type",
    "subject",
    "time",
    "datacontenttype",
    "data",
    "alert",
    "incident",
    "revision",
    "kind",
    "level",
    "certainty",
    "late",
    "raised_at",
    "title",
    "certainty_text",
    "name",
    "phone",
    "nl",
    "en",
    "done",
    // Of problem documents.
    "status",
    "detail",
    "errors",
    "field",
    "problem",
];

/// Everything that was sent to her.
#[derive(Clone, Default)]
struct Sent(Arc<Mutex<Vec<u8>>>);

impl Sent {
    fn add(&self, bytes: &[u8]) {
        self.0.lock().unwrap().extend_from_slice(bytes);
    }

    fn note(&self, answer: Answer) -> Answer {
        self.add(answer.media.as_bytes());
        self.add(answer.body.as_bytes());
        self.add(b"\n");
        answer
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).expect("text")
    }
}

/// Keeps every byte of her stream.
async fn listen(api: &Api, sent: Sent) -> tokio::task::JoinHandle<()> {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("{}/v1/me/live", api.base());
    let mut response = client.get(url).bearer_auth(api.token()).send().await.unwrap();
    assert_eq!(response.status(), 200);
    sent.add(format!("{:?}", response.headers()).as_bytes());
    tokio::spawn(async move {
        while let Ok(Some(chunk)) = response.chunk().await {
            sent.add(&chunk);
        }
    })
}

/// A place as a geohash (Niemeyer, 2008), to about a kilometre.
fn geohash((lat, lon): Place) -> String {
    const DIGITS: &[u8] = b"0123456789bcdefghjkmnpqrstuvwxyz";
    let (mut lat_span, mut lon_span) = ((-90.0, 90.0), (-180.0, 180.0));
    let (mut hash, mut digit) = (String::new(), 0);
    for bit in 0..30 {
        let (span, value) = if bit % 2 == 0 { (&mut lon_span, lon) } else { (&mut lat_span, lat) };
        let middle = f64::midpoint(span.0, span.1);
        digit = digit << 1 | usize::from(value >= middle);
        if value >= middle {
            span.0 = middle;
        } else {
            span.1 = middle;
        }
        if bit % 5 == 4 {
            hash.push(DIGITS[digit] as char);
            digit = 0;
        }
    }
    hash
}

fn sha256(code: &str) -> String {
    let bytes: [u8; 32] = Sha256::digest(code.as_bytes()).into();
    bytes.map(|byte| format!("{byte:02x}")).concat()
}

/// Every way I could think of to write a place down.
fn forms(place: Place) -> Vec<String> {
    let mut forms = vec![geohash(place)];
    for degrees in [place.0, place.1] {
        let cut = format!("{:.3}", (degrees * 1_000.0).trunc() / 1_000.0);
        let minutes = degrees.fract() * 60.0;
        forms.extend([
            cut.replace('.', ","),
            cut.replace('.', ""),
            cut,
            format!("{:.4}", degrees.to_radians()),
            format!("{:.0}°{:02.0}", degrees.trunc(), minutes.trunc()),
            format!("{:.0}\u{b0}{minutes:.2}", degrees.trunc()),
        ]);
    }
    forms
}

/// The text, and what is hidden in it: percent signs, base64, hexadecimal digits, JSON within JSON.
fn unwrapped(text: &str) -> Vec<String> {
    let mut all =
        vec![text.to_owned(), text.to_lowercase(), text.replace('\\', ""), text.chars().rev().collect()];
    let runs = text.split(|c: char| !(c.is_ascii_alphanumeric() || "+/-_".contains(c)));
    for run in runs.filter(|run| run.len() >= 8) {
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            all.extend(engine.decode(run).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()));
        }
        let hex = run.replace('-', "");
        let bytes = (0..hex.len() / 2).map(|n| u8::from_str_radix(&hex[2 * n..2 * n + 2], 16));
        all.extend(
            bytes
                .collect::<Result<Vec<_>, _>>()
                .ok()
                .map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
        );
    }
    all
}

/// The names in a value, and its numbers.
fn inventory(value: &Value, names: &mut BTreeSet<String>, numbers: &mut Vec<f64>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                names.insert(name.clone());
                inventory(value, names, numbers);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| inventory(value, names, numbers)),
        Value::Number(number) => numbers.extend(number.as_f64()),
        _ => {}
    }
}

/// Nothing in it is more than she may know.
fn holds_nothing_of_him(sent: &str, secrets: &[String]) {
    for text in unwrapped(sent) {
        for secret in secrets {
            assert!(!text.contains(secret.as_str()), "{secret} was sent to her: {text}");
        }
    }
    let (mut names, mut numbers) = (BTreeSet::new(), Vec::new());
    let documents = sent
        .lines()
        .map(|line| line.strip_prefix("data: ").or(line.strip_prefix("application/json")).unwrap_or(line));
    let read: Vec<Value> =
        documents.filter_map(|line| serde_json::from_str(line).ok()).filter(Value::is_object).collect();
    assert!(read.len() > 5, "the documents were not found: {sent}");
    for value in &read {
        inventory(value, &mut names, &mut numbers);
    }
    let extra: Vec<_> = names.iter().filter(|name| !MAY_BE_SAID.contains(&name.as_str())).collect();
    assert!(extra.is_empty(), "{extra:?}");
    // Revisions, statuses and her own interval: nothing that could be a distance, a speed or an angle.
    let whole = |number: &&f64| {
        let known = [400.0, 409.0, 422.0, 3_600.0];
        number.fract() != 0.0 || !(1.0..=20.0).contains(*number) && !known.contains(*number)
    };
    assert_eq!(numbers.iter().find(whole), None, "{numbers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn she_is_told_of_the_danger_and_of_nothing_else() {
    let pair = Pair::new("alpha")
        .with("/wearer/residence", json!([5.217_389, 52.287_461]))
        .with("/victims/0/residence", json!([HOME.1, HOME.0]))
        .with("/victims/0/aware_code_sha256", sha256("2580"));
    let mut world =
        World::start(Broker::embedded().await, |draft| draft.orders([&pair.order]).victim("vd-alpha")).await;
    let (app, operator, sent) = (world.service.api("victim"), world.service.api("operator"), Sent::default());
    let stream = listen(&app, sent.clone()).await;
    let me = async || sent.note(app.get("/v1/me").await).json();

    assert_eq!(sent.note(app.post("/v1/me/fix", fix(after(now(), -111), HOME, 1)).await).status, 204);
    let (start, mut places) = (after(now(), -110), Vec::new());
    for (n, (seconds, metres)) in
        [(0, 2_600.0), (10, 2_100.0), (20, 1_400.0), (30, 900.0)].into_iter().enumerate()
    {
        let place = moved(HOME, metres, metres / 7.0);
        places.push(place);
        world
            .devices
            .publish_json(&pair.wearer_topic("fix"), &fix(after(start, seconds), place, n as u64))
            .await;
        me().await;
    }
    let alarm = until("the alarm in her app", async || {
        let me = me().await;
        let alarm = me["alerts"].as_array()?.iter().find(|alert| alert["data"]["level"] == "alarm")?.clone();
        Some(alarm["data"].clone())
    })
    .await;
    assert_eq!(alarm["kind"], "victim_proximity");
    for state in ["displayed", "confirmed"] {
        let receipt = json!({"alert": alarm["alert"], "state": state});
        assert_eq!(sent.note(app.post("/v1/me/receipt", receipt).await).status, 204);
    }
    let incident = format!("/v1/incidents/{}", alarm["incident"].as_str().unwrap());
    operator
        .until(&incident, |story| {
            let said: Vec<_> =
                story["receipts"].as_array()?.iter().map(|r| (&r["recipient"], &r["state"])).collect();
            let all =
                ["displayed", "confirmed"].map(|state| said.contains(&(&json!("vd-alpha"), &json!(state))));
            (all == [true, true]).then_some(())
        })
        .await;

    // She presses her button; he goes away.
    let press = json!({"lat": HOME.0, "lon": HOME.1, "accuracy_m": 5.0});
    assert_eq!(sent.note(app.post("/v1/me/aware", press).await).status, 204);
    until("her press in her app", async || {
        me().await["alerts"].as_array()?.iter().any(|alert| alert["data"]["kind"] == "aware").then_some(())
    })
    .await;
    for (code, status) in [("4711", 409), ("2580", 204)] {
        assert_eq!(sent.note(app.post("/v1/me/aware/cancel", json!({"code": code})).await).status, status);
    }
    for (n, (seconds, metres)) in
        [(40, 1_400.0), (45, 1_700.0), (50, 2_000.0), (109, 2_300.0)].into_iter().enumerate()
    {
        let place = moved(HOME, metres, metres / 7.0);
        places.push(place);
        world
            .devices
            .publish_json(&pair.wearer_topic("fix"), &fix(after(start, seconds), place, 10 + n as u64))
            .await;
        me().await;
    }
    until("the all-clear in her stream", async || {
        sent.text()
            .lines()
            .filter(|line| line.starts_with("data:") && line.contains("\"level\":\"clear\""))
            .any(|line| line.contains("victim_proximity"))
            .then_some(())
    })
    .await;
    // What she gets wrong is answered without anything of his either.
    for (path, body) in [("fix", "{\"lat\":1}"), ("receipt", "{}"), ("fix", "hello")] {
        assert!(sent.note(app.post(&format!("/v1/me/{path}"), body).await).status >= 400);
    }
    for path in
        ["/v1/people/wearer-alpha", "/v1/devices", "/v1/incidents", &incident, "/v1/live", "/v1/orders"]
    {
        assert_eq!(sent.note(app.get(path).await).status, 403, "{path}");
    }
    assert!(world.service.stop().await.success());
    stream.await.unwrap();

    places.push((52.287_461, 5.217_389));
    let mut secrets: Vec<String> = places.iter().flat_map(|place| forms(*place)).collect();
    secrets.extend(
        ["wearer-alpha", "am-alpha", "Otto Toezicht", "+31881110001", "ord-alpha"].map(str::to_owned),
    );
    let text = sent.text();
    assert!(text.contains("event: protection") && text.contains("Carla Contact"), "{text}");
    holds_nothing_of_him(&text, &secrets);
}

/// The search itself finds what it looks for.
#[test]
fn the_search_finds_what_is_hidden() {
    let secrets = forms(HOME);
    assert_eq!(geohash((57.649_11, 10.407_44)), "u4pruy");
    let hidden =
        |text: &str| unwrapped(text).iter().any(|text| secrets.iter().any(|secret| text.contains(secret)));
    for text in [
        "\"lat\":52.0937411",
        "52,093",
        "x=52093741&",
        &format!("\"{}\"", STANDARD_NO_PAD.encode("at 52.093741, 5.128467")),
        &"5.128467".bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat(),
        &format!("\"{}xyz\"", geohash(HOME)),
        "52°05'37\"",
    ] {
        assert!(hidden(text), "{text}");
    }
    assert!(!hidden("{\"level\":\"alarm\",\"revision\":2}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_whose_device_no_order_names_is_told_so() {
    let pair = Pair::new("beta");
    let mut world =
        World::start(Broker::embedded().await, |draft| draft.orders([&pair.order]).victim("vd-nobody")).await;
    let app = world.service.api("victim");
    let me = app.get("/v1/me").await.json();
    assert_eq!((&me["protection"], &me["alerts"]), (&Value::Null, &json!([])));
    for (path, body) in [("fix", fix(now(), HOME, 1)), ("aware", json!({}))] {
        let refused = app.post(&format!("/v1/me/{path}"), body).await;
        assert_eq!(refused.status, 422, "{refused:?}");
        assert!(refused.problem()["errors"][0]["problem"].as_str().unwrap().starts_with("unknown device"));
    }
    // Nothing is lost: what could not be used is listed.
    let page = world.service.api("auditor").get("/v1/rejected").await.json();
    let topics: Vec<_> = page["items"].as_array().unwrap().iter().map(|item| &item["topic"]).collect();
    assert_eq!(topics, ["afstand/v1/victim/vd-nobody/aware", "afstand/v1/victim/vd-nobody/fix"]);
    assert!(world.service.stop().await.success());
}
