//! One device.

use std::collections::VecDeque;

use crate::chance::{Chance, Stream};
use crate::clock::{HOUR, MINUTE, SECOND};
use crate::world::{City, Doing, Mode, Moment, Person, Point, Setup, Sky};

use super::Pacing;
use super::battery::Battery;
use super::error::{Reading, Receiver};
use super::fault::{self, Fault, Faults};
use super::noise::Noise;
use super::sent::{Body, Event, Origin, Sent, SentFix};

/// Most fixes in one message (contract).
const BACKLOG_MOST: usize = 1_000;

/// What a device needs to know of the world while time goes on.
pub(crate) struct Surroundings<'a> {
    /// The streets, for degrees.
    pub(crate) city: &'a City,
    /// How time runs.
    pub(crate) pacing: Pacing,
    /// Who carries it.
    pub(crate) person: &'a Person,
    /// When the panic button is pressed, in the world's time.
    pub(crate) presses: Option<&'a mut VecDeque<i64>>,
}

/// A device.
#[derive(Debug)]
pub(crate) struct Device {
    /// Usual time between fixes in milliseconds.
    pub(crate) interval_ms: i64,
    index: u32,
    chance: Chance,
    receiver: Receiver,
    battery: Battery,
    faults: Faults,
    traits: Traits,
    noise: Noise,
    next_fix: i64,
    /// Ordered by the service: an interval, and until when.
    hurry: Option<(i64, i64)>,
    seq: u32,
    messages: u32,
    last_arrival: i64,
    /// No network until then; what was measured meanwhile is kept.
    no_network_until: i64,
    kept: Vec<SentFix>,
    /// Nothing at all until then.
    silent_until: i64,
    on_line: bool,
    /// Lies there, cut off, until then.
    left: Option<(Point, i64)>,
}

/// What is peculiar to a device, drawn once.
#[derive(Debug)]
struct Traits {
    /// How far its clock is ahead, in milliseconds.
    skew_ms: i64,
    /// Says how fast it goes and how full its battery is.
    talkative: bool,
    /// Says how sure it is.
    knows_accuracy: bool,
    /// Home has a beacon.
    beacon: bool,
    /// Mean time between losses of the network, in milliseconds; none in a demonstration.
    outage_every: Option<f64>,
}

impl Device {
    /// The device of a person, first switched on at the world's start. Wearers have the even indices.
    pub(crate) fn new(setup: &Setup, index: u32) -> Self {
        let mut chance = Chance::new(setup.seed, Stream::Device, u64::from(index));
        let wearer = index.is_multiple_of(2);
        let demo = setup.demo_speed.is_some();
        let often = chance.happens(0.15);
        let noise = setup.trial.map_or(Noise::Everyday, |trial| trial.noise);
        let drawn =
            if often && setup.trial.is_none() { *chance.pick(&[10, 15, 20, 30]) } else { 60 } * SECOND;
        let interval_ms = if demo { 5 * SECOND } else { drawn };
        let start = setup.start;
        let faults = match setup.trial {
            _ if demo => fault::demonstration(index, start),
            None => fault::everyday(&mut chance, wearer, start),
            Some(_) => fault::trial(&mut chance, noise, start),
        };
        let spread = if chance.happens(0.02) { 20_000.0 } else { 800.0 };
        let traits = Traits {
            skew_ms: (chance.normal_pair().0.clamp(-3.0, 3.0) * spread) as i64,
            talkative: chance.happens(0.9),
            knows_accuracy: chance.happens(0.97),
            beacon: wearer && chance.happens(0.4),
            outage_every: if demo { None } else { noise.outage_every() },
        };
        Self {
            interval_ms,
            index,
            receiver: Receiver::new(&mut chance, start, noise),
            battery: Battery::new(&mut chance, start),
            faults,
            traits,
            noise,
            next_fix: start + chance.whole(0, interval_ms),
            hurry: None,
            seq: chance.whole(0, 50_000) as u32,
            messages: 0,
            last_arrival: start,
            no_network_until: 0,
            kept: Vec::new(),
            silent_until: 0,
            on_line: false,
            left: None,
            chance,
        }
    }

    /// How far its clock is ahead, in milliseconds.
    pub(crate) fn skew_ms(&self) -> i64 {
        self.traits.skew_ms
    }

    /// Asks for a fix every `interval_ms` until a moment.
    pub(crate) fn hurry(&mut self, interval_ms: i64, until: i64) {
        self.hurry = Some((interval_ms.max(SECOND), until));
    }

    /// Everything that happens before `to`, in order; what is sent is appended to `out`, whenever it arrives.
    pub(crate) fn advance(&mut self, to: i64, around: &mut Surroundings<'_>, out: &mut Vec<Sent>) {
        loop {
            let fault = self.faults.front().map_or(i64::MAX, |f| f.0);
            let press =
                around.presses.as_ref().and_then(|p| p.front()).map_or(i64::MAX, |p| around.pacing.wall(*p));
            let next = self.next_fix.min(fault).min(press);
            if next >= to {
                return;
            }
            if next == fault {
                if let Some((at, fault)) = self.faults.pop_front() {
                    self.suffer(at, fault, around, out);
                }
            } else if next == press {
                if let Some(presses) = around.presses.as_mut() {
                    presses.pop_front();
                }
                self.press(press, around, out);
            } else {
                self.measure(around, out);
            }
        }
    }

    fn suffer(&mut self, at: i64, fault: Fault, around: &Surroundings<'_>, out: &mut Vec<Sent>) {
        if at < self.silent_until {
            return; // It is in the drawer already.
        }
        match fault {
            Fault::Silence(ms) => self.fall_silent(at, ms, out),
            Fault::StrapCut(ms) => {
                let moment = self.carried(at, around);
                self.left = Some((moment.p, at + ms));
                self.tell(at, Event::StrapTamper, out);
            }
            Fault::Neglect => self.battery.neglect(),
        }
    }

    fn fall_silent(&mut self, at: i64, ms: i64, out: &mut Vec<Sent>) {
        self.silent_until = at + ms;
        self.next_fix = self.next_fix.max(self.silent_until);
        if self.on_line {
            // The broker publishes the last will after one and a half times the keep-alive.
            let keep_alive = (2 * self.interval_ms).clamp(8 * SECOND, MINUTE);
            self.send(at + keep_alive * 3 / 2, Body::Online(false), out);
            self.on_line = false;
        }
    }

    fn press(&mut self, at: i64, around: &Surroundings<'_>, out: &mut Vec<Sent>) {
        if at < self.silent_until {
            return;
        }
        let moment = self.carried(at, around);
        if let Some(reading) = self.receiver.read(at, moment.sky, &mut self.chance) {
            let fix = self.fix(at, &moment, &reading, around);
            self.deliver(at, Body::Aware(fix), out);
        }
    }

    fn measure(&mut self, around: &Surroundings<'_>, out: &mut Vec<Sent>) {
        let now = self.next_fix;
        self.next_fix = now + self.interval(now);
        if !self.on_line {
            self.on_line = true;
            self.deliver(now, Body::Online(true), out);
        }
        let moment = self.carried(now, around);
        if let Some(event) = self.battery.use_until(now, moment.doing == Doing::Home) {
            self.tell(now, event, out);
            if event == Event::Shutdown {
                self.switch_off(now, out);
                return;
            }
        }
        self.fall_asleep(&moment);
        let below_ground = moment.sky == Sky::Tunnel;
        let reading = if self.traits.beacon && moment.doing == Doing::Home && moment.mode == Mode::Still {
            Some(at_beacon(&mut self.chance))
        } else {
            self.receiver.read(now, moment.sky, &mut self.chance)
        };
        if let Some(reading) = reading {
            self.seq += 1;
            let fix = self.fix(now, &moment, &reading, around);
            self.kept.push(fix);
        }
        self.lose_network(now);
        if now >= self.no_network_until && !below_ground {
            self.send_kept(now, out);
        }
    }

    /// Phones of people who stay where they are put off what can wait.
    fn fall_asleep(&mut self, moment: &Moment) {
        let (falls, phone) = (self.noise.falls_asleep(), !self.index.is_multiple_of(2));
        if phone && moment.mode == Mode::Still && falls > 0.0 && self.chance.happens(falls) {
            self.next_fix += self.chance.whole(2 * MINUTE, 9 * MINUTE);
        }
    }

    fn interval(&mut self, now: i64) -> i64 {
        let usual = match self.hurry {
            Some((interval, until)) if now < until => interval.min(self.interval_ms),
            _ => self.interval_ms,
        };
        // A timer in a device is not a metronome.
        usual + self.chance.whole(-usual / 100, usual / 100 + 1)
    }

    fn switch_off(&mut self, now: i64, out: &mut Vec<Sent>) {
        let hours = self.chance.whole(HOUR, 6 * HOUR);
        self.fall_silent(now, hours, out);
        self.battery.revive(self.silent_until);
        // Told when it is back; the message waits with the others.
        let back = self.silent_until;
        self.tell(back, Event::Restart, out);
    }

    fn lose_network(&mut self, now: i64) {
        if let Some(every) = self.traits.outage_every
            && now >= self.no_network_until
            && self.chance.happens(self.interval_ms as f64 / every)
        {
            self.no_network_until = now + self.chance.whole(2 * MINUTE, 15 * MINUTE);
        }
    }

    fn send_kept(&mut self, now: i64, out: &mut Vec<Sent>) {
        let kept = std::mem::take(&mut self.kept);
        match kept.as_slice() {
            [] => {}
            [fix] => {
                let body = Body::Fix(*fix);
                if self.chance.happens(0.005) {
                    let again = now + self.chance.whole(SECOND, 20 * SECOND);
                    self.send(again + 5 * SECOND, body.clone(), out);
                }
                let overtaken = self.noise.overtaken();
                if overtaken > 0.0 && self.chance.happens(overtaken) {
                    let at = now + self.chance.whole(20 * SECOND, 5 * MINUTE);
                    self.send(at, body, out);
                } else {
                    self.deliver(now, body, out);
                }
            }
            many => {
                for part in many.chunks(BACKLOG_MOST) {
                    self.deliver(now, Body::Backlog(part.into()), out);
                }
            }
        }
        // The room is used again: most devices never keep more than one.
        self.kept = kept;
        self.kept.clear();
    }

    fn tell(&mut self, at: i64, event: Event, out: &mut Vec<Sent>) {
        let body = Body::Status(event, at + self.traits.skew_ms);
        self.deliver(at, body, out);
    }

    /// Sends over a network that takes its time, but keeps the order of one connection.
    fn deliver(&mut self, now: i64, body: Body, out: &mut Vec<Sent>) {
        let slow = if self.chance.happens(0.003) { self.chance.whole(5 * SECOND, 40 * SECOND) } else { 0 };
        let at = now + 120 + self.chance.wait(500.0) as i64 + slow;
        let at = at.max(self.last_arrival + 1);
        self.last_arrival = at;
        self.send(at, body, out);
    }

    fn send(&mut self, at: i64, body: Body, out: &mut Vec<Sent>) {
        out.push(Sent { at, device: self.index, number: self.messages, body });
        self.messages += 1;
    }

    /// Where the device is: with its person, unless it was cut off.
    fn carried(&mut self, now: i64, around: &Surroundings<'_>) -> Moment {
        let moment = around.person.moment(around.pacing.world(now));
        match self.left {
            Some((p, until)) if now < until => Moment {
                p,
                east_mps: 0.0,
                north_mps: 0.0,
                mode: Mode::Still,
                sky: Sky::Street,
                doing: Doing::Errand,
            },
            _ => {
                self.left = None;
                moment
            }
        }
    }

    fn fix(&mut self, now: i64, moment: &Moment, reading: &Reading, around: &Surroundings<'_>) -> SentFix {
        let p = moment.p.plus(reading.east_m, reading.north_m);
        let (lat_e7, lon_e7) = around.city.plane.degrees_e7(p);
        let gnss = reading.origin == Origin::Gnss;
        SentFix {
            fixed_at: now + self.traits.skew_ms,
            lat_e7,
            lon_e7,
            accuracy_dm: if self.traits.knows_accuracy { (reading.accuracy_m * 10.0) as u32 } else { 0 },
            motion: (gnss && self.traits.talkative).then(|| self.motion(moment, around.pacing.speed)),
            origin: reading.origin,
            battery_pct: self.traits.talkative.then(|| self.battery.percent()),
            seq: self.seq,
            sigma_m: reading.sigma_m as f32,
        }
    }

    /// Speed in cm/s as the spectator sees it, and course in tenths of a degree.
    fn motion(&mut self, moment: &Moment, world_speed: f64) -> (u16, u16) {
        let (x, y) = self.chance.normal_pair();
        let (east, north) =
            (moment.east_mps * world_speed + x * 0.15, moment.north_mps * world_speed + y * 0.15);
        let course = libm::atan2(east, north) * (180.0 / std::f64::consts::PI);
        let course = if course < 0.0 { course + 360.0 } else { course };
        (((east * east + north * north).sqrt() * 100.0) as u16, (course * 10.0) as u16)
    }
}

/// A beacon knows where it stands.
fn at_beacon(chance: &mut Chance) -> Reading {
    let (x, y) = chance.normal_pair();
    Reading { east_m: x, north_m: y, accuracy_m: 10.0, origin: Origin::Beacon, sigma_m: 1.0 }
}
