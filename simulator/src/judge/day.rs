//! A day of a pair: what its devices sent, what the detection raised.

use zones::order::Order;
use zones::{
    Alert, Aware, DeviceEvent, DeviceEventKind, Fix, Input, Position, Role, Source, Standing, Timestamp,
};

use crate::Failure;
use crate::clock::{DAY, MINUTE};
use crate::oracle::{Spot, Truth};
use crate::radio::{Body, Event, Origin, Sent, SentFix, role_of};
use crate::stream::Arrivals;
use crate::world::Setup;

use super::case::Case;
use super::detection::{Detection, Maker};

/// A fix as it arrived, with what only the judge knows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heard {
    /// Whose.
    pub(crate) role: Role,
    /// When the device truly was there.
    pub(crate) true_at: i64,
    /// When it arrived.
    pub(crate) arrived_at: i64,
    /// Where it was said to be.
    pub(crate) spot: Spot,
    /// How sure the device said it was: 68 % radius in metres.
    pub(crate) accuracy_m: f64,
    /// How fast the device said it was, in metres per second; 0 where it did not say.
    pub(crate) said_mps: f64,
    /// 95 % radius of readings of this kind, reflections apart, in metres.
    pub(crate) usual_error_m: f64,
    /// How far off it truly was, in metres.
    pub(crate) error_m: f64,
}

/// An alert as it was raised.
#[derive(Debug)]
pub(crate) struct Raised {
    /// The alert.
    pub(crate) alert: Alert,
    /// Where its watch stood when all that followed from the same input was said.
    pub(crate) stands: Standing,
}

/// What a day brought.
#[derive(Debug)]
pub(crate) struct Day {
    /// The order.
    pub(crate) case: Case,
    /// Fixes in order of arrival, each once.
    pub(crate) heard: Vec<Heard>,
    /// Alerts in the order they were raised.
    pub(crate) raised: Vec<Raised>,
    /// Fixes that arrived, repeats included.
    pub(crate) fixes: u64,
    /// How far the clocks of both devices are ahead, in milliseconds.
    pub(crate) skew_ms: [i64; 2],
}

/// 95 % of a two-dimensional normal error lie within this many standard deviations of one axis.
const R95: f64 = 2.447_7;

/// The days of all pairs of a world, and the world to ask where people were.
pub(crate) fn days(setup: &Setup, maker: &dyn Maker) -> Result<(Arrivals, Vec<Day>), Failure> {
    let mut arrivals = Arrivals::new(setup, 1.0);
    let start = Timestamp::from_millis(setup.start);
    let mut runs = Vec::with_capacity(setup.pairs);
    for pair in 0..setup.pairs {
        let case = Case::of(setup, &arrivals, pair)?;
        let order = Order::accepted(&case.order.to_string())
            .map_err(|error| Failure::new(format!("an order of the trial is refused: {error}")))?;
        let skew_ms = [0, 1].map(|party| arrivals.devices[2 * pair + party].skew_ms());
        let day = Day { case, heard: Vec::new(), raised: Vec::new(), fixes: 0, skew_ms };
        runs.push(Run { day, detection: maker.make(start, order), room: Vec::new() });
    }
    let mut arrived = Vec::new();
    while arrivals.reached() < setup.start + DAY {
        let to = arrivals.reached() + MINUTE;
        arrived.clear();
        arrivals.advance(to, &mut arrived);
        for sent in &arrived {
            runs[sent.device as usize / 2].arrives(sent, &arrivals);
        }
        // A device hears what it is told within the minute.
        for (pair, run) in runs.iter_mut().enumerate() {
            if let Some((interval_ms, until)) = run.detection.command() {
                arrivals.devices[2 * pair].hurry(interval_ms, until);
            }
        }
    }
    for run in &mut runs {
        run.tell(setup.start + DAY, Input::Tick);
    }
    Ok((arrivals, runs.into_iter().map(|run| run.day).collect()))
}

/// A day in the making.
struct Run {
    day: Day,
    detection: Box<dyn Detection>,
    room: Vec<Alert>,
}

impl Run {
    fn arrives(&mut self, sent: &Sent, arrivals: &Arrivals) {
        let party = sent.device as usize % 2;
        let (role, device) = (role_of(sent.device), self.day.case.devices[party].clone());
        match &sent.body {
            Body::Fix(fix) => self.fixes(sent, std::slice::from_ref(fix), &device, arrivals),
            Body::Backlog(fixes) => self.fixes(sent, fixes, &device, arrivals),
            Body::Status(event, at) => {
                let event = DeviceEvent { at: Timestamp::from_millis(*at), event: kind(*event) };
                self.tell(sent.at, Input::Device { role, device: &device, event });
            }
            Body::Online(online) => {
                self.tell(sent.at, Input::Online { role, device: &device, online: *online });
            }
            Body::Aware(fix) => {
                let Some(place) = read(fix) else { return };
                let aware = Aware {
                    pressed_at: place.fixed_at,
                    position: Some(place.position),
                    accuracy_m: place.accuracy_m,
                    test: false,
                };
                self.tell(sent.at, Input::Aware { device: &device, aware });
            }
        }
    }

    fn fixes(&mut self, sent: &Sent, fixes: &[SentFix], device: &str, arrivals: &Arrivals) {
        let role = role_of(sent.device);
        for fix in fixes {
            let Some(read) = read(fix) else { continue };
            self.day.fixes += 1;
            self.note(sent, fix, &read, arrivals);
            self.tell(sent.at, Input::Fix { role, device, fix: read });
        }
    }

    /// Remembers a fix for the judge.
    fn note(&mut self, sent: &Sent, fix: &SentFix, read: &Fix, arrivals: &Arrivals) {
        let (pair, party) = (sent.device as usize / 2, sent.device as usize % 2);
        let again = self.day.heard.iter().rev().take(16).any(|heard| {
            heard.role == role_of(sent.device) && heard.true_at == fix.fixed_at - self.day.skew_ms[party]
        });
        if again {
            return;
        }
        let true_at = fix.fixed_at - self.day.skew_ms[party];
        let truth = Truth {
            plane: arrivals.world.city.plane,
            pair: &arrivals.world.pairs[pair],
            law: &self.day.case.law,
        };
        let really = if party == 0 { truth.wearer(true_at) } else { truth.victim(true_at) };
        let spot = Spot::at(read.position.lat_deg(), read.position.lon_deg());
        self.day.heard.push(Heard {
            role: role_of(sent.device),
            true_at,
            arrived_at: sent.at,
            spot,
            accuracy_m: read.uncertainty_m(),
            said_mps: read.speed_mps.map_or(0.0, f64::from),
            usual_error_m: R95 * f64::from(fix.sigma_m),
            error_m: spot.distance_m(&really),
        });
    }

    fn tell(&mut self, now: i64, input: Input<'_>) {
        self.detection.tell(Timestamp::from_millis(now), input, &mut self.room);
        for alert in self.room.drain(..) {
            let stands = self.detection.standing(&alert);
            self.day.raised.push(Raised { alert, stands });
        }
    }
}

/// A fix as the service reads it from the wire; `None` for one that it would set aside.
fn read(sent: &SentFix) -> Option<Fix> {
    let position = Position::new(f64::from(sent.lat_e7) / 1e7, f64::from(sent.lon_e7) / 1e7).ok()?;
    let mut fix = Fix::new(Timestamp::from_millis(sent.fixed_at), position);
    fix.accuracy_m = (sent.accuracy_dm > 0).then(|| sent.accuracy_dm as f32 / 10.0);
    if let Some((speed, course)) = sent.motion {
        fix.speed_mps = Some(f32::from(speed) / 100.0);
        fix.course_deg = Some(f32::from(course) / 10.0);
    }
    fix.source = Some(match sent.origin {
        Origin::Gnss => Source::Gnss,
        Origin::Wifi => Source::Wifi,
        Origin::Cell => Source::Cell,
        Origin::Beacon => Source::Beacon,
    });
    if let Some(battery) = sent.battery_pct {
        fix.battery_pct = Some(battery);
        fix.seq = Some(u64::from(sent.seq));
    }
    Some(fix)
}

const fn kind(event: Event) -> DeviceEventKind {
    match event {
        Event::StrapTamper => DeviceEventKind::StrapTamper,
        Event::BatteryLow => DeviceEventKind::BatteryLow,
        Event::BatteryCritical => DeviceEventKind::BatteryCritical,
        Event::Charging => DeviceEventKind::Charging,
        Event::Shutdown => DeviceEventKind::Shutdown,
        Event::Restart => DeviceEventKind::Restart,
    }
}
