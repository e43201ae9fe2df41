//! What devices send, and when it arrives: the script's truth through the script's troubles.

use zones::{Aware, AwareCancel, CodeCheck, DeviceEvent, Fix, Invalid, Millis, Position, Source, Timestamp};

use super::file::{Device, Scenario};
use super::script::{Deed, What};
use super::truth::Truth;
use super::words::wrong;
use crate::chance::{Chance, Stream};

/// Metres of a degree of latitude, near enough for an error.
const DEGREE_M: f64 = 111_320.0;
/// From a fix to its repetition.
const REPEATED_AFTER: Millis = Millis::from_secs(2);

/// Something a device sent, as it reaches the service.
#[derive(Debug, Clone)]
pub(super) struct Arrival {
    pub(super) at: Timestamp,
    pub(super) person: usize,
    pub(super) message: Message,
}

/// What it is.
#[derive(Debug, Clone)]
pub(super) enum Message {
    /// One, or a backlog.
    Fixes(Vec<Fix>),
    Event(DeviceEvent),
    Aware(Aware),
    Cancel(AwareCancel),
}

/// A place a device believes it is at.
#[derive(Debug, Clone, Copy)]
struct Belief {
    at: Position,
    until: Timestamp,
    quality: Option<(Option<f32>, Source)>,
}

/// One device on its way through the story.
struct Player<'a> {
    truth: &'a Truth,
    person: usize,
    chance: Chance,
    settings: Device,
    accuracy_m: Option<f32>,
    clock: Millis,
    next: Timestamp,
    silent_until: Option<Timestamp>,
    offline_until: Option<Timestamp>,
    belief: Option<Belief>,
    twice: bool,
    out_of_order: bool,
    /// The fix that waits to be overtaken.
    held: Option<Fix>,
    backlog: Vec<Fix>,
    seq: u64,
    sent: Vec<Arrival>,
}

/// All that a person's device sends, by time of arrival.
pub(super) fn arrivals(scenario: &Scenario, truth: &Truth, person: usize) -> Result<Vec<Arrival>, Invalid> {
    let settings = scenario.devices[person];
    let mut player = Player {
        truth,
        person,
        chance: Chance::new(1, Stream::Device, person as u64),
        settings,
        accuracy_m: (settings.accuracy_m > 0.0).then_some(settings.accuracy_m),
        clock: Millis(0),
        next: scenario.calendar.starts + settings.phase,
        silent_until: None,
        offline_until: None,
        belief: None,
        twice: false,
        out_of_order: false,
        held: None,
        backlog: Vec::new(),
        seq: 0,
        sent: Vec::new(),
    };
    for act in &scenario.acts {
        let What::Device(who, deed) = &act.what else { continue };
        if *who == person {
            player.report_before(act.at);
            player.does(act.at, deed)?;
        }
    }
    // The last moment of the story still counts.
    player.report_before(scenario.ends + Millis(1));
    player.connect(Timestamp::from_millis(i64::MAX));
    player.sent.sort_by_key(|arrival| arrival.at);
    player.sent.retain(|arrival| arrival.at <= scenario.ends);
    Ok(player.sent)
}

impl Player<'_> {
    /// Takes the fixes that are due before then.
    fn report_before(&mut self, end: Timestamp) {
        while self.next < end {
            let at = self.next;
            self.next = at + self.settings.every;
            self.connect(at);
            let silent = self.silent_until.is_some_and(|until| at < until);
            if !silent && let Some(fix) = self.fix(at) {
                self.send(at, fix);
            }
        }
        self.connect(end);
    }

    /// What the device believes at that time.
    fn fix(&mut self, at: Timestamp) -> Option<Fix> {
        let belief = self.belief.filter(|belief| at < belief.until);
        let place = belief.map_or_else(|| self.truth.place(self.person, at), |belief| Some(belief.at))?;
        let (east, north) = self.chance.normal_pair();
        let noise_m = if belief.is_some() { 0.0 } else { self.settings.noise_m };
        let lat = place.lat_deg() + north * noise_m / DEGREE_M;
        let lon = place.lon_deg() + east * noise_m / (DEGREE_M * place.lat_deg().to_radians().cos());
        let place = Position::new(lat, lon).unwrap_or(place);
        let (accuracy_m, source) =
            belief.and_then(|b| b.quality).unwrap_or((self.accuracy_m, self.settings.source));
        Some(self.numbered(at, place, accuracy_m, source))
    }

    fn numbered(&mut self, at: Timestamp, place: Position, accuracy_m: Option<f32>, source: Source) -> Fix {
        self.seq += 1;
        Fix { accuracy_m, source: Some(source), seq: Some(self.seq), ..Fix::new(at + self.clock, place) }
    }

    fn send(&mut self, at: Timestamp, fix: Fix) {
        if self.offline_until.is_some_and(|until| at < until) {
            self.backlog.push(fix);
            return;
        }
        let arrives = at + self.settings.delay;
        if !self.out_of_order {
            self.arrive(arrives, vec![fix]);
        } else if let Some(earlier) = self.held.take() {
            self.arrive(arrives, vec![fix]);
            self.arrive(arrives + Millis(500), vec![earlier]);
        } else {
            self.held = Some(fix);
        }
    }

    fn arrive(&mut self, at: Timestamp, fixes: Vec<Fix>) {
        if self.twice {
            let again = Message::Fixes(fixes.clone());
            self.sent.push(Arrival { at: at + REPEATED_AFTER, person: self.person, message: again });
        }
        self.sent.push(Arrival { at, person: self.person, message: Message::Fixes(fixes) });
    }

    /// Back on line before `at`: what was kept is delivered.
    fn connect(&mut self, at: Timestamp) {
        if let Some(until) = self.offline_until.filter(|until| *until <= at) {
            self.offline_until = None;
            let backlog = std::mem::take(&mut self.backlog);
            if !backlog.is_empty() {
                self.arrive(until + self.settings.delay, backlog);
            }
        }
    }

    fn does(&mut self, at: Timestamp, deed: &Deed) -> Result<(), Invalid> {
        let end = Timestamp::from_millis(i64::MAX);
        match deed {
            Deed::Every(every) => {
                self.settings.every = *every;
                self.next = at;
            }
            Deed::Accuracy { metres, source } => {
                self.accuracy_m = *metres;
                self.settings.source = *source;
            }
            Deed::Silent { until } => self.silent_until = Some(until.unwrap_or(end)),
            Deed::Offline { until } => self.offline_until = Some(*until),
            Deed::Frozen { until } => {
                let here = self.truth.place(self.person, at).ok_or_else(nowhere)?;
                self.belief = Some(Belief { at: here, until: *until, quality: None });
            }
            Deed::Seems { place, until, source, accuracy_m } => {
                let there = place.resolve(&|who| self.truth.place(who, at)).ok_or_else(nowhere)?;
                let quality = Some((accuracy_m.or(self.accuracy_m), *source));
                self.belief = Some(Belief { at: there, until: *until, quality });
            }
            Deed::SeemsOnce { place, arrives, source, accuracy_m } => {
                let there = place.resolve(&|who| self.truth.place(who, at)).ok_or_else(nowhere)?;
                let fix = self.numbered(at, there, accuracy_m.or(self.accuracy_m), *source);
                match arrives {
                    Some(arrives) => self.arrive(*arrives, vec![fix]),
                    None => self.send(at, fix),
                }
            }
            Deed::Clock(ahead) => self.clock = *ahead,
            Deed::Twice => self.twice = true,
            Deed::OutOfOrder => self.out_of_order = true,
            Deed::Delay(delay) => self.settings.delay = *delay,
            Deed::Says(event) => {
                let event = DeviceEvent { at: at + self.clock, event: *event };
                self.push(at, Message::Event(event));
            }
            Deed::Aware { test } => {
                let position = self.truth.place(self.person, at);
                let (pressed_at, accuracy_m) = (at + self.clock, self.accuracy_m);
                self.push(at, Message::Aware(Aware { pressed_at, position, accuracy_m, test: *test }));
            }
            Deed::Cancel { wrong } => {
                let code = if *wrong { CodeCheck::Wrong } else { CodeCheck::Right };
                self.push(at, Message::Cancel(AwareCancel { at: at + self.clock, code }));
            }
        }
        Ok(())
    }

    fn push(&mut self, at: Timestamp, message: Message) {
        let at = self.offline_until.unwrap_or(at).max(at) + self.settings.delay;
        self.sent.push(Arrival { at, person: self.person, message });
    }
}

fn nowhere() -> Invalid {
    wrong("a device cannot report a place before its person is somewhere").within("story.script")
}
