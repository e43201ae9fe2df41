//! Cases played at true speed against a running service: orders through its API, fixes over MQTT, alerts heard
//! where desks and victims hear them.
//!
//! Only short cases can be: a silence or a minute of leaving cannot be hurried, and fixes of yesterday would be
//! late. Each run has persons, devices and orders of its own, and withdraws its orders at the end.

use std::collections::BTreeMap;
use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::Publish;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use zones::{DeviceEvent, Fix, Millis, Timestamp};

use super::device::{Arrival, Message};
use super::ear::{Said, connect};
use super::expect::Kind;
use super::file::Scenario;
use super::play::{Heard, Names, Play};
use super::report::{Report, Told};
use super::suite::in_file;
use super::verdict::misses;
use crate::broker::Broker;
use crate::http::Web;
use crate::progress::Progress;
use crate::{Failure, clock};

/// From the last order to the beginning of the stories.
const PAUSE: Millis = Millis(1_000);
/// How long after the end an alert may still be on its way.
const GRACE: Duration = Duration::from_secs(3);
/// How long the broker gets for one message.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running service, and the broker it hears.
#[derive(Debug, Clone)]
pub struct Service {
    broker: Broker,
    api: Web,
}

impl Service {
    /// A service by its API's URL and a bearer token that may put orders.
    pub fn new(broker: Broker, api: &str, token: Option<String>) -> Result<Self, Failure> {
        let (api, path) = Web::parse("--api", api)?;
        if !path.is_empty() {
            return Err(Failure::new("--api: is the service itself, http://host[:port], without a path"));
        }
        Ok(Self { broker, api: api.with_token(token) })
    }
}

/// A case on its way, with what is put in and what has come of it.
struct Run<'a> {
    scenario: &'a Scenario,
    names: Vec<Names<'a>>,
    play: Play,
    /// From the time of the story to now.
    shift: Millis,
    heard: BTreeMap<String, Heard>,
}

/// A message that is to be sent.
struct Emission {
    at: Timestamp,
    topic: String,
    payload: Vec<u8>,
}

impl Report {
    /// Plays the cases that can be, all at once, through a service; takes as long as the longest of them. Fails
    /// when the service or its broker cannot be used.
    pub async fn through_service(scenarios: &[Scenario], service: &Service) -> Result<Self, Failure> {
        let word = format!("s{:08x}", clock::now().as_millis() / 1_000 % 0x1_0000_0000);
        let begins = clock::now() + PAUSE;
        let live = scenarios.iter().filter(|scenario| scenario.live);
        let mut runs =
            live.map(|scenario| Run::new(scenario, &word, begins)).collect::<Result<Vec<_>, _>>()?;
        let played = service.play(&word, &mut runs).await;
        // Also when something went wrong: orders that nobody plays would be silent for ever.
        let tidied = service.withdraw(&runs).await;
        played.and(tidied)?;
        let mut told = Vec::with_capacity(scenarios.len());
        let mut runs = runs.into_iter();
        for scenario in scenarios {
            let run = if scenario.live { runs.next() } else { None };
            told.push(match run {
                Some(run) => run.told()?,
                None => Told::not_playable(scenario),
            });
        }
        Ok(Self::of(told))
    }
}

impl Service {
    async fn play(&self, word: &str, runs: &mut [Run<'_>]) -> Result<(), Failure> {
        if runs.is_empty() {
            return Ok(());
        }
        let (alerts, mut heard) = mpsc::channel(1_000);
        let line = connect(&self.broker, word, alerts).await?;
        for run in runs.iter() {
            for (_, _, id, document) in &run.play.orders {
                self.order("PUT", id, &document.to_string()).await?;
            }
        }
        let begins = clock::now() + PAUSE;
        for run in runs.iter_mut() {
            run.shift = begins - run.scenario.calendar.starts;
        }
        let mut emissions: Vec<Emission> = runs.iter().flat_map(Run::emissions).collect();
        emissions.sort_by_key(|emission| emission.at);
        let ends = runs.iter().map(|run| run.scenario.ends + run.shift).max().unwrap_or(begins);
        let progress = Progress::new("playing", (ends - begins).0 as u64 / 1_000, "seconds");
        for emission in emissions {
            while let Some(wait) = clock::until(emission.at) {
                progress.at((clock::now() - begins).0.max(0) as u64 / 1_000);
                sleep(wait.min(Duration::from_secs(1))).await;
            }
            let sent = line.client.publish(emission.topic, QoS::AtLeastOnce, false, emission.payload);
            match timeout(PATIENCE, sent).await {
                Ok(Ok(())) => {}
                _ => return Err(Failure::new(format!("{} takes no more messages", self.broker))),
            }
            hear(runs, &mut heard);
        }
        while let Some(wait) = clock::until(ends) {
            progress.at((clock::now() - begins).0.max(0) as u64 / 1_000);
            sleep(wait.min(Duration::from_secs(1))).await;
            hear(runs, &mut heard);
        }
        progress.done();
        sleep(GRACE).await;
        hear(runs, &mut heard);
        match line.trouble() {
            Some(trouble) => {
                Err(Failure::new(format!("{}: {trouble}: what was not heard cannot be judged", self.broker)))
            }
            None => Ok(()),
        }
    }

    async fn withdraw(&self, runs: &[Run<'_>]) -> Result<(), Failure> {
        for (_, _, id, _) in runs.iter().flat_map(|run| &run.play.orders) {
            self.order("DELETE", id, "").await?;
        }
        Ok(())
    }

    async fn order(&self, method: &str, id: &str, body: &str) -> Result<(), Failure> {
        let path = format!("/v1/orders/{id}");
        let answer = self.api.ask(method, &path, body).await?;
        // What was never put need not be withdrawn.
        if matches!(answer.status, 200..=299) || (method == "DELETE" && answer.status == 404) {
            return Ok(());
        }
        let problem: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        let why = problem.get("detail").or(problem.get("title")).and_then(Value::as_str).unwrap_or("");
        Err(self.api.failed(&path, &format!("answered {} {why}", answer.status)))
    }
}

/// Takes in what has come.
fn hear(runs: &mut [Run<'_>], heard: &mut mpsc::Receiver<Publish>) {
    while let Ok(publish) = heard.try_recv() {
        let Some(said) = Said::read(&publish) else { continue };
        for run in runs.iter_mut() {
            run.hear(&said);
        }
    }
}

impl<'a> Run<'a> {
    fn new(scenario: &'a Scenario, word: &str, begins: Timestamp) -> Result<Self, Failure> {
        let shift = begins - scenario.calendar.starts;
        let play = Play::of(scenario, word, shift).map_err(|error| in_file(&scenario.name, &error))?;
        let names = (0..scenario.copies).map(|copy| Names::new(scenario, word, copy)).collect();
        Ok(Self { scenario, names, play, shift, heard: BTreeMap::new() })
    }

    fn told(self) -> Result<Told, Failure> {
        let mut heard: Vec<Heard> = self.heard.into_values().collect();
        heard.sort_by_key(|heard| heard.at);
        let misses = misses(self.scenario, &self.play, &heard);
        let misses = misses.map_err(|error| in_file(&self.scenario.name, &error))?;
        Ok(Told::played(self.scenario, &heard, misses))
    }

    fn emissions(&self) -> Vec<Emission> {
        let of = |names: &Names<'_>, arrival: &Arrival| {
            let (role, device) = (names.role(arrival.person), names.device(arrival.person));
            let (leaf, payload) = self.payload(&arrival.message);
            let topic = format!("afstand/v1/{}/{device}/{leaf}", role.as_str());
            Emission { at: arrival.at + self.shift, topic, payload }
        };
        self.names.iter().flat_map(|names| self.play.arrivals.iter().map(|a| of(names, a))).collect()
    }

    /// Topic and payload of a message, at the time it is now.
    fn payload(&self, message: &Message) -> (&'static str, Vec<u8>) {
        let now = |fix: &Fix| Fix { fixed_at: fix.fixed_at + self.shift, ..*fix };
        match message {
            Message::Fixes(fixes) => match fixes.as_slice() {
                [fix] => ("fix", bytes(&now(fix))),
                fixes => ("fix", bytes(&fixes.iter().map(now).collect::<Vec<_>>())),
            },
            Message::Event(event) => {
                ("status", bytes(&DeviceEvent { at: event.at + self.shift, event: event.event }))
            }
            Message::Aware(aware) => {
                let mut press = json!({"pressed_at": aware.pressed_at + self.shift, "test": aware.test});
                if let Some(position) = aware.position {
                    press["lat"] = position.lat_deg().into();
                    press["lon"] = position.lon_deg().into();
                    press["accuracy_m"] = aware.accuracy_m.into();
                }
                ("aware", bytes(&press))
            }
        }
    }

    /// Takes in what was said, if it is about this case.
    fn hear(&mut self, said: &Said) {
        let found = self.names.iter().enumerate().find(|(_, names)| said.concerns(names));
        let Some((copy, names)) = found.map(|(copy, names)| (copy as u32, names)) else { return };
        let now = clock::now() - self.shift;
        let (data, owner) = match said {
            Said::Desk(data) => (data, None),
            Said::Victim(device, data) => (data, Some(names.owner(device))),
            Said::Told(device, kind, reason) => {
                let told = Heard::told(copy, now, *kind, names.owner(device), reason.clone());
                self.heard.insert(format!("told-{}", self.heard.len()), told);
                return;
            }
        };
        let new = || Heard {
            at: data.raised_at - self.shift,
            level: data.level,
            certainty: data.certainty,
            late: data.late,
            approach: data.approach,
            about: Vec::new(),
            ..Heard::told(copy, now, Kind::Alert(data.kind), "", data.reason.clone())
        };
        // The desk's version says more than the victim's.
        let heard = self.heard.entry(data.alert.clone()).or_insert_with(new);
        heard.to_desk |= owner.is_none();
        heard.to_victim |= owner.is_some();
        heard.approach = heard.approach.or(data.approach);
        for name in data.about(names).into_iter().chain(owner.map(str::to_owned)) {
            if !heard.about.contains(&name) {
                heard.about.push(name);
            }
        }
    }
}

/// JSON. A fix, an event and a press are always such.
fn bytes(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}
