//! A world that is played: what arrives, moment by moment, and what is happening, in words.

use std::collections::{BTreeSet, VecDeque};

use zones::{Role, Timestamp};

use crate::clock::{MINUTE, TimeText};
use crate::orders;
use crate::radio::{Body, Sent, role_of};
use crate::stream::{Arrivals, Names};
use crate::world::{self, Setup};

use super::narration::{self, Narration};

/// Longest step, in milliseconds: bounds how much is made at once for somebody who comes late.
const LONGEST_STEP: i64 = MINUTE;

/// Narrations kept for somebody who does not ask for them.
const NARRATIONS_MOST: usize = 10_000;

/// A message of a device, as it arrives at the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emission {
    /// When it arrives.
    pub at: Timestamp,
    /// Index of the device: that of the `p`-th pair's wearer is 2p, its victim's 2p + 1.
    pub device: usize,
    /// `afstand/v1/{role}/{device}/fix`, `…/status`, `…/online` or `…/aware`.
    pub topic: String,
    /// JSON of the contract.
    pub payload: Vec<u8>,
    /// Whether the broker keeps it for later subscribers (`online`).
    pub retain: bool,
}

/// A world being played. The clock is the caller's: `start` is when it begins, and every method that takes a
/// moment goes on to that moment. The same seed and moments give the same emissions.
#[derive(Debug)]
pub struct City {
    setup: Setup,
    arrivals: Arrivals,
    names: Names,
    ready: VecDeque<Sent>,
    told: VecDeque<Narration>,
    unheard: BTreeSet<u32>,
    time: TimeText,
}

/// How much faster than the clock the world of [`City::demo`] runs.
pub const DEMO_SPEED: f64 = 3.0;

impl City {
    /// An everyday world of `pairs` wearers and victims that begins at `start`, in real time.
    pub fn new(seed: u64, pairs: usize, start: Timestamp) -> Self {
        Self::with_speed(seed, pairs, start, 1.0)
    }

    /// The same at another speed: timestamps stay those of the caller's clock while people move `speed` times as
    /// fast. From 2.3 up drivers on motorways look faster than the service believes anybody to be (70 m/s).
    pub fn with_speed(seed: u64, pairs: usize, start: Timestamp, speed: f64) -> Self {
        let setup =
            Setup { seed, pairs, start: start.as_millis(), other_towns: 3, demo_speed: None, trial: None };
        Self::play(setup, speed)
    }

    /// The demonstration: twelve pairs in a city like Utrecht on a Saturday afternoon, with a fix every 5 s, at
    /// [`DEMO_SPEED`]. A wearer sets off towards the victim by car after 4 s, another drives into a zone after
    /// 20 s, and within three minutes of `start` a boundary has been tested, a strap cut, a battery has run low,
    /// and two devices have fallen silent.
    pub fn demo(seed: u64, start: Timestamp) -> Self {
        let demo_speed = Some(DEMO_SPEED);
        let start = start.as_millis();
        Self::play(
            Setup { seed, pairs: world::DEMO_PAIRS, start, other_towns: 0, demo_speed, trial: None },
            DEMO_SPEED,
        )
    }

    fn play(setup: Setup, speed: f64) -> Self {
        Self {
            arrivals: Arrivals::new(&setup, speed),
            names: Names::new(setup.pairs),
            setup,
            ready: VecDeque::new(),
            told: VecDeque::new(),
            unheard: BTreeSet::new(),
            time: TimeText::default(),
        }
    }

    /// The orders of all pairs: a JSON array of the contract (§5), without errors by the guidance (§6).
    pub fn orders_json(&self) -> String {
        let mut out = Vec::new();
        // A vector takes everything.
        let _ = orders::write(&mut out, &self.setup, &self.arrivals);
        String::from_utf8_lossy(&out).into_owned()
    }

    /// Number of devices: two a pair.
    pub fn devices(&self) -> usize {
        self.arrivals.devices.len()
    }

    /// Role and name of a device.
    pub fn device(&self, device: usize) -> (Role, String) {
        (role_of(device as u32), self.names.device(device as u32))
    }

    /// Desk that all orders name.
    pub fn desk(&self) -> &'static str {
        self.arrivals.world.city.desk
    }

    /// A command of the service to a device: a fix every `fix_interval_s` seconds until a moment. A device that
    /// does not exist obeys nothing.
    pub fn command(&mut self, device: usize, fix_interval_s: u32, until: Timestamp) {
        if let Some(device) = self.arrivals.devices.get_mut(device) {
            device.hurry(i64::from(fix_interval_s) * 1_000, until.as_millis());
        }
    }

    /// The next message that arrives before `moment`, in order of arrival; `None` when there is none left.
    pub fn next_before(&mut self, moment: Timestamp) -> Option<Emission> {
        loop {
            if let Some(sent) = self.ready.front() {
                if sent.at >= moment.as_millis() {
                    return None;
                }
                return self.ready.pop_front().map(|sent| self.emission(&sent));
            }
            if self.arrivals.reached() >= moment.as_millis() {
                return None;
            }
            self.go_on(moment.as_millis());
        }
    }

    /// The next thing that happened before `moment`, in plain English. Ask after [`City::next_before`] has
    /// returned `None` for that moment.
    pub fn narrate_before(&mut self, moment: Timestamp) -> Option<Narration> {
        if self.told.front().is_none_or(|told| told.at >= moment) {
            return None;
        }
        self.told.pop_front()
    }

    fn go_on(&mut self, until: i64) {
        let from = self.arrivals.reached();
        let to = until.min(from + LONGEST_STEP);
        let mut arrived = Vec::new();
        self.arrivals.advance(to, &mut arrived);
        let mut told = narration::of_people(&self.arrivals, self.names, from, to);
        told.extend(arrived.iter().filter_map(|sent| self.of_device(sent)));
        told.sort_by_key(|narration| narration.at);
        self.told.extend(told);
        let surplus = self.told.len().saturating_sub(NARRATIONS_MOST);
        self.told.drain(..surplus);
        self.ready.extend(arrived);
    }

    fn of_device(&mut self, sent: &Sent) -> Option<Narration> {
        let heard_again = match sent.body {
            Body::Online(false) => {
                self.unheard.insert(sent.device);
                false
            }
            Body::Online(true) => self.unheard.remove(&sent.device),
            _ => false,
        };
        narration::of_device(sent, self.names, heard_again)
    }

    fn emission(&mut self, sent: &Sent) -> Emission {
        let mut payload = Vec::with_capacity(192);
        sent.body.push_json(&mut payload, &mut self.time);
        let role = role_of(sent.device).as_str();
        let topic = format!("afstand/v1/{role}/{}/{}", self.names.device(sent.device), sent.body.topic());
        Emission {
            at: Timestamp::from_millis(sent.at),
            device: sent.device as usize,
            topic,
            payload,
            retain: matches!(sent.body, Body::Online(_)),
        }
    }
}
