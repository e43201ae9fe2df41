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
use zones::{CodeCheck, DeviceEvent, Fix, Millis, Timestamp};

use super::device::{Arrival, Message};
use super::ear::{Line, Said, connect};
use super::expect::Kind;
use super::file::Scenario;
use super::order::HER_CODE;
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
/// How long an alert may be on its way: what must come by a time may come so much later.
const GRACE: Millis = Millis(2_000);
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

/// Something to be done at its time.
struct Item {
    at: Timestamp,
    what: Do,
}

enum Do {
    Send {
        topic: String,
        payload: Vec<u8>,
    },
    /// The story is over; an order that nobody plays would be silent for ever.
    Withdraw(String),
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
        let played = tokio::select! {
            played = service.play(&word, &mut runs) => played,
            _ = tokio::signal::ctrl_c() => Err(Failure::new("stopped before the cases were over")),
        };
        if played.is_err() {
            // What cannot be withdrawn now is less than what went wrong before.
            let _ = service.withdraw(&runs).await;
        }
        played?;
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
        let mut agenda: Vec<Item> = runs.iter().flat_map(Run::agenda).collect();
        agenda.sort_by_key(|item| item.at);
        let seconds = |moment: Timestamp| (moment - begins).0.max(0) as u64 / 1_000;
        let progress = Progress::new("playing", agenda.last().map_or(0, |item| seconds(item.at)), "seconds");
        for item in agenda {
            while let Some(wait) = clock::until(item.at) {
                progress.at(seconds(clock::now()));
                sleep(wait.min(Duration::from_secs(1))).await;
                hear(runs, &mut heard);
            }
            self.perform(&line, item.what).await?;
        }
        progress.done();
        hear(runs, &mut heard);
        match line.trouble() {
            None => Ok(()),
            Some(trouble) => {
                let why = format!("{}: {trouble}: what was not heard cannot be judged", self.broker);
                Err(Failure::new(why))
            }
        }
    }

    async fn perform(&self, line: &Line, what: Do) -> Result<(), Failure> {
        match what {
            Do::Withdraw(order) => self.order("DELETE", &order, "").await,
            Do::Send { topic, payload } => {
                match timeout(PATIENCE, line.client.publish(topic, QoS::AtLeastOnce, false, payload)).await {
                    Ok(Ok(())) => Ok(()),
                    _ => Err(Failure::new(format!("{} takes no more messages", self.broker))),
                }
            }
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
        let play = Play { grace: GRACE, ..play };
        let names = (0..scenario.copies).map(|copy| Names::new(scenario, word, copy)).collect();
        Ok(Self { scenario, names, play, shift, heard: BTreeMap::new() })
    }

    fn told(self) -> Result<Told, Failure> {
        let mut heard: Vec<Heard> = self.heard.into_values().collect();
        // What comes of its end, and of orders that are withdrawn, is not part of the story.
        heard.retain(|heard| heard.at <= self.scenario.ends);
        heard.sort_by_key(|heard| heard.at);
        let misses = misses(self.scenario, &self.play, &heard);
        let misses = misses.map_err(|error| in_file(&self.scenario.name, &error))?;
        Ok(Told::played(self.scenario, &heard, misses))
    }

    fn agenda(&self) -> impl Iterator<Item = Item> {
        let send = |names: &Names<'_>, arrival: &Arrival| {
            let (role, device) = (names.role(arrival.person), names.device(arrival.person));
            let (leaf, payload) = self.payload(&arrival.message);
            let topic = format!("afstand/v1/{}/{device}/{leaf}", role.as_str());
            Item { at: arrival.at + self.shift, what: Do::Send { topic, payload } }
        };
        let over = self.scenario.ends + self.shift + GRACE;
        let orders = self.play.orders.iter().map(move |(_, _, id, _)| id.clone());
        let withdrawn = orders.map(move |id| Item { at: over, what: Do::Withdraw(id) });
        let sent =
            self.names.iter().flat_map(move |names| self.play.arrivals.iter().map(move |a| send(names, a)));
        sent.chain(withdrawn)
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
            Message::Cancel(cancel) => {
                let code = if cancel.code == CodeCheck::Right { HER_CODE } else { "0000" };
                ("aware", bytes(&json!({"cancel": true, "code": code, "at": cancel.at + self.shift})))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenarios::select;

    #[test]
    fn a_story_is_moved_to_now_and_its_order_goes_when_it_is_over() {
        let scenario = select(&["aware-pressed".to_owned()]).unwrap().remove(0);
        let begins = Timestamp::parse("2027-01-05T12:00:00Z").unwrap();
        let run = Run::new(&scenario, "s1", begins).unwrap();
        let mut agenda: Vec<Item> = run.agenda().collect();
        agenda.sort_by_key(|item| item.at);
        let Do::Send { topic, payload } = &agenda[0].what else { panic!("the first thing is a fix") };
        assert_eq!(topic, "afstand/v1/wearer/am-s1-aware-pressed-bram/fix");
        let fix: Fix = serde_json::from_slice(payload).unwrap();
        assert_eq!((fix.fixed_at, agenda[0].at), (begins, begins + Millis(1_000)));
        let press = agenda.iter().find_map(|item| match &item.what {
            Do::Send { topic, payload } if topic.ends_with("/aware") => serde_json::from_slice(payload).ok(),
            _ => None,
        });
        let press: zones::Aware = press.unwrap();
        assert_eq!(press.pressed_at, begins + Millis(20_000));
        assert!(press.position.is_some() && !press.test);
        let last = agenda.last().unwrap();
        assert!(matches!(&last.what, Do::Withdraw(order) if order == "s1-aware-pressed-order-1"));
        assert_eq!(last.at, begins + Millis(60_000) + GRACE);
    }

    #[test]
    fn the_api_is_a_service_and_not_a_page_of_it() {
        let broker = || Broker::parse("mqtt://localhost").unwrap();
        assert!(Service::new(broker(), "http://localhost:8080", None).is_ok());
        assert!(Service::new(broker(), "http://localhost:8080/", None).is_ok());
        for bad in ["localhost:8080", "https://localhost", "http://localhost/v1"] {
            assert!(
                Service::new(broker(), bad, None).unwrap_err().to_string().starts_with("--api: "),
                "{bad}"
            );
        }
    }
}
