//! World and devices together: everything that arrives, in order of arrival.

use std::collections::VecDeque;

use crate::radio::{Device, Pacing, Sent, Surroundings};
use crate::world::{Setup, World};

/// A world with its devices, advanced step by step. How long the steps are changes nothing about what arrives.
#[derive(Debug)]
pub(crate) struct Arrivals {
    /// The people. Their plans reach from the last step's beginning to its end until the next step.
    pub(crate) world: World,
    /// Devices: that of pair `p`'s wearer at 2p, of its victim at 2p + 1.
    pub(crate) devices: Vec<Device>,
    /// How time runs.
    pub(crate) pacing: Pacing,
    reached: i64,
    /// Whether plans are kept from the beginning, for whoever asks later where people were.
    keeps_plans: bool,
    /// Sent, and not arrived yet.
    under_way: Vec<Sent>,
}

impl Arrivals {
    /// The world of a setup; `speed` is how much faster it runs than the receiver's clock.
    pub(crate) fn new(setup: &Setup, speed: f64) -> Self {
        Self {
            world: World::new(setup),
            devices: (0..2 * setup.pairs as u32).map(|index| Device::new(setup, index)).collect(),
            pacing: Pacing { start: setup.start, speed },
            reached: setup.start,
            keeps_plans: setup.trial.is_some(),
            under_way: Vec::new(),
        }
    }

    /// Up to when everything has arrived, by the receiver's clock in milliseconds since 1970 UTC.
    pub(crate) fn reached(&self) -> i64 {
        self.reached
    }

    /// Goes on to `to`, and appends what arrives before it to `arrived`, in order.
    pub(crate) fn advance(&mut self, to: i64, arrived: &mut Vec<Sent>) {
        let (world_from, world_to) = (self.pacing.world(self.reached), self.pacing.world(to));
        let first = arrived.len();
        let Self { world, devices, pacing, under_way, keeps_plans, .. } = self;
        let mut rest = std::mem::take(under_way);
        for (index, pair) in devices.chunks_exact_mut(2).enumerate() {
            if !*keeps_plans {
                world.forget_before(index, world_from);
            }
            world.plan_beyond(index, world_to);
            let mut presses: VecDeque<i64> = std::mem::take(&mut world.pairs[index].presses);
            for (device, person) in pair.iter_mut().zip([0, 1]) {
                let people = &world.pairs[index];
                let mut around = Surroundings {
                    city: &world.city,
                    pacing: *pacing,
                    person: if person == 0 { &people.wearer } else { &people.victim },
                    presses: (person == 1).then_some(&mut presses),
                };
                device.advance(to, &mut around, &mut rest);
            }
            world.pairs[index].presses = presses;
        }
        for sent in rest {
            if sent.at < to {
                arrived.push(sent);
            } else {
                under_way.push(sent);
            }
        }
        arrived[first..].sort_unstable_by_key(Sent::order);
        self.reached = to;
    }
}

/// Names of people, devices and orders: all of a world have the same length.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names {
    digits: usize,
}

impl Names {
    /// For that many pairs.
    pub(crate) fn new(pairs: usize) -> Self {
        Self { digits: pairs.to_string().len().max(4) }
    }

    /// `prefix`, a hyphen, and the number of the pair, counted from 1.
    pub(crate) fn of(self, prefix: &str, pair: usize) -> String {
        format!("{prefix}-{:0digits$}", pair + 1, digits = self.digits)
    }

    /// The name of a device.
    pub(crate) fn device(self, device: u32) -> String {
        self.of(if device.is_multiple_of(2) { "am" } else { "vd" }, device as usize / 2)
    }

    /// The name of the person who carries a device.
    pub(crate) fn person(self, device: u32) -> String {
        self.of(if device.is_multiple_of(2) { "wearer" } else { "victim" }, device as usize / 2)
    }
}
