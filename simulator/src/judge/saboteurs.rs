//! The judge is judged: the detection is broken in ten ways, from outside, and each must be caught in a world in which
//! the honest detection is not.

use std::sync::Arc;

use zones::geometry::Shape;
use zones::order::{Order, Schedule};
use zones::{Alert, Fix, Input, Millis, Position, Role, Standing, Timestamp};

use super::detection::{Detection, Honest, Maker};
use super::targets::{self, Target};
use super::{Noise, judge};
use crate::checker::Tally;
use crate::oracle::Spot;
use crate::world::{Behaviour, Mode};

/// A way to break it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sabotage {
    /// Not at all; but devices never hear that they should report more often.
    None,
    WrongRadius,
    IgnoresTheVictimsFixes,
    SweepsNoWay,
    FirstFixRaisesNothing,
    NoHysteresis,
    DropsLateFixes,
    TrustsTeleports,
    ForgetsAge,
    FillsTheHole,
    CurfewInUtc,
}

/// Moving zone of the order that has the wrong one, in metres.
const WRONG_M: f64 = 700.0;

impl Maker for Sabotage {
    fn make(&self, now: Timestamp, mut order: Order) -> Box<dyn Detection> {
        match self {
            Self::WrongRadius => {
                for proximity in order.victims.iter_mut().filter_map(|victim| victim.proximity.as_mut()) {
                    proximity.alarm_m = WRONG_M;
                }
            }
            Self::FillsTheHole => {
                for zone in &mut order.zones {
                    if let [polygon] = zone.shape.rings() {
                        zone.shape = Shape::polygons(vec![vec![polygon[0].clone()]]).unwrap();
                    }
                }
            }
            Self::CurfewInUtc => {
                for schedule in order.zones.iter_mut().filter_map(|zone| zone.schedule.as_deref_mut()) {
                    *schedule = Schedule::new("UTC", schedule.windows().to_vec()).unwrap();
                }
            }
            _ => {}
        }
        let mut broken = Broken {
            how: *self,
            honest: Honest::default(),
            order: Arc::new(order),
            last: [None; 2],
            fixes: [0; 2],
            in_alarm: false,
        };
        let order = Arc::clone(&broken.order);
        broken.honest.tell(now, Input::Order(order), &mut Vec::new());
        Box::new(broken)
    }
}

/// The honest detection, with something between it and the world.
struct Broken {
    how: Sabotage,
    honest: Honest,
    order: Arc<Order>,
    /// Newest fix let through, of the wearer and of the victim.
    last: [Option<Fix>; 2],
    /// Fixes let through.
    fixes: [u32; 2],
    /// Whether an alarm about the pair stands.
    in_alarm: bool,
}

impl Detection for Broken {
    fn tell(&mut self, now: Timestamp, input: Input<'_>, alerts: &mut Vec<Alert>) {
        let Input::Fix { role, device, fix } = input else {
            self.honest.tell(now, input, alerts);
            return;
        };
        if !self.lets_through(now, role, &fix) {
            return;
        }
        if self.how == Sabotage::ForgetsAge {
            self.pretend_fresh(now, role, alerts);
        }
        self.fixes[role as usize] += 1;
        self.last[role as usize] = Some(fix);
        let said = alerts.len();
        self.honest.tell(now, Input::Fix { role, device, fix }, alerts);
        match self.how {
            Sabotage::FirstFixRaisesNothing if self.fixes.contains(&1) => alerts.truncate(said),
            Sabotage::TrustsTeleports => self.confirm(now, role, device, fix, alerts),
            Sabotage::NoHysteresis => self.end_at_once(now, alerts),
            _ => {}
        }
    }

    fn command(&mut self) -> Option<(i64, i64)> {
        None
    }

    fn standing(&self, alert: &Alert) -> Standing {
        self.honest.standing(alert)
    }
}

impl Broken {
    fn lets_through(&self, now: Timestamp, role: Role, fix: &Fix) -> bool {
        match self.how {
            Sabotage::IgnoresTheVictimsFixes => role == Role::Wearer || self.fixes[1] == 0,
            Sabotage::DropsLateFixes => now - fix.fixed_at <= Millis::from_secs(120),
            // Farther apart than any way may be long.
            Sabotage::SweepsNoWay => self.last[role as usize]
                .is_none_or(|last| fix.fixed_at - last.fixed_at > Millis::from_secs(125)),
            _ => true,
        }
    }

    /// Says of a party that was not heard for a while that she still is where she was.
    fn pretend_fresh(&mut self, now: Timestamp, speaks: Role, alerts: &mut Vec<Alert>) {
        let (role, party) = match speaks {
            Role::Wearer => (Role::Victim, &self.order.victims[0].party),
            Role::Victim => (Role::Wearer, &self.order.wearer),
        };
        let (Some(last), Some(device)) = (self.last[role as usize], &party.device) else { return };
        if now - last.fixed_at > Millis::from_secs(65) {
            let fix = Fix { fixed_at: now, ..last };
            self.last[role as usize] = Some(fix);
            self.honest.tell(now, Input::Fix { role, device: device.as_str(), fix }, alerts);
        }
    }

    /// Agrees with every fix, wherever it is.
    fn confirm(&mut self, now: Timestamp, role: Role, device: &str, fix: Fix, alerts: &mut Vec<Alert>) {
        let at = Position::new(fix.position.lat_deg() + 1e-6, fix.position.lon_deg()).unwrap();
        let fixed_at = fix.fixed_at + Millis::from_secs(1);
        let twin = Fix { fixed_at, position: at, seq: None, ..fix };
        self.honest.tell(now, Input::Fix { role, device, fix: twin }, alerts);
    }

    /// Ends an alarm with the first fix beyond the alarm distance: the order is withdrawn, and comes again.
    fn end_at_once(&mut self, now: Timestamp, alerts: &mut Vec<Alert>) {
        let [Some(his), Some(hers)] = self.last.map(|fix| fix.map(|fix| fix.position)) else { return };
        let spot = |p: Position| Spot::at(p.lat_deg(), p.lon_deg());
        let apart_m = spot(his).distance_m(&spot(hers));
        let alarm_m = self.order.victims[0].proximity.unwrap().alarm_m;
        if self.in_alarm && apart_m > alarm_m {
            self.honest.tell(now, Input::OrderWithdrawn(self.order.order.clone()), alerts);
            self.honest.tell(now, Input::Order(Arc::clone(&self.order)), alerts);
        }
        self.in_alarm = apart_m <= alarm_m;
    }
}

/// A small world.
struct World {
    noise: Noise,
    cast: Behaviour,
    pair_days: u64,
}

impl World {
    fn judge(&self, sabotage: Sabotage) -> Vec<Target> {
        let tally: Tally = judge(11, self.pair_days, self.noise, Some(self.cast), &sabotage).unwrap();
        targets::of(&tally)
    }

    /// The honest detection reaches every target here; each saboteur misses the one that is named with it.
    fn catches(&self, saboteurs: &[(Sabotage, &str)]) {
        self.catches_but_for(None, saboteurs);
    }

    /// The same, where the honest detection cannot reach one of them.
    fn catches_but_for(&self, unreached: Option<&str>, saboteurs: &[(Sabotage, &str)]) {
        let honest = self.judge(Sabotage::None);
        let missed: Vec<_> =
            honest.iter().filter(|target| !target.met && Some(target.name) != unreached).collect();
        assert!(missed.is_empty(), "the honest detection: {missed:#?}");
        for (sabotage, name) in saboteurs {
            let broken = self.judge(*sabotage);
            let target = broken.iter().find(|target| target.name == *name).unwrap();
            assert!(!target.met, "{sabotage:?} is not caught: {target:?}");
            // What catches it was measured in the honest one as well.
            let of_honest = honest.iter().find(|target| target.name == *name).unwrap();
            assert!(of_honest.figure.value.is_some(), "{name} is not measured here");
        }
    }
}

const MISSED: &str = "missed true episodes";
const WAITED: &str = "no doubt, and still waited";

#[test]
fn a_wrong_radius_and_a_victim_who_is_not_looked_at_are_caught() {
    let world = World { noise: Noise::Calm, cast: Behaviour::Approaches(Mode::Walk), pair_days: 16 };
    world.catches(&[(Sabotage::WrongRadius, WAITED), (Sabotage::IgnoresTheVictimsFixes, MISSED)]);
}

#[test]
fn a_detection_that_sees_nothing_between_two_fixes_is_caught() {
    let world = World { noise: Noise::Calm, cast: Behaviour::PassesBy, pair_days: 16 };
    // Where all drive past her all day, not every warning can come true.
    let early = "false warnings the victim sees, per pair-day";
    world.catches_but_for(Some(early), &[(Sabotage::SweepsNoWay, "passages between two fixes raised")]);
}

#[test]
fn a_detection_that_waits_for_a_crossing_is_caught() {
    let world = World { noise: Noise::Calm, cast: Behaviour::Lingers, pair_days: 6 };
    world.catches(&[(Sabotage::FirstFixRaisesNothing, MISSED)]);
}

#[test]
fn a_detection_that_flaps_is_caught() {
    let world = World { noise: Noise::Urban, cast: Behaviour::Hovers, pair_days: 8 };
    world.catches(&[(Sabotage::NoHysteresis, "alarm episodes per true episode")]);
}

#[test]
fn a_detection_that_drops_what_comes_late_is_caught() {
    let world = World { noise: Noise::Backlog, cast: Behaviour::TestsBoundary, pair_days: 12 };
    world.catches(&[(Sabotage::DropsLateFixes, MISSED)]);
}

#[test]
fn a_detection_that_believes_in_teleports_is_caught() {
    let world = World { noise: Noise::WrongPlaces, cast: Behaviour::KeepsAway, pair_days: 32 };
    world.catches(&[(Sabotage::TrustsTeleports, "false alarms the victim sees, per pair-day")]);
}

#[test]
fn a_detection_that_forgets_how_old_a_place_is_is_caught() {
    let world = World { noise: Noise::Backlog, cast: Behaviour::KeepsAway, pair_days: 4 };
    world.catches(&[(Sabotage::ForgetsAge, "silences nothing was said of")]);
}

#[test]
fn a_filled_hole_and_a_curfew_in_utc_are_caught() {
    let world = World { noise: Noise::Calm, cast: Behaviour::BreaksCurfew, pair_days: 8 };
    world.catches(&[
        (Sabotage::FillsTheHole, "false alarms only the operator sees, per pair-day"),
        (Sabotage::CurfewInUtc, MISSED),
    ]);
}
