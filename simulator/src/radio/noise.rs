//! How unkind the radio is: what a receiver and a network make of each sky.

use crate::clock::{HOUR, MINUTE};
use crate::world::Sky;

/// A kind of radio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Noise {
    /// That of everyday life, as recordings and the demonstration have it.
    Everyday,
    /// Clean: receivers that work and a network that is there.
    Calm,
    /// High buildings, reflections, phones that sleep, guesses from networks, wrong places, messages that overtake
    /// each other.
    Urban,
    /// Clean receivers on a network that is often away.
    Backlog,
    /// Clean receivers that now and then tell of another part of town.
    WrongPlaces,
}

/// What a receiver makes of a sky.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quality {
    /// Standard deviation of one axis in metres.
    pub(super) sigma_m: f64,
    /// Chance that a reading fails.
    pub(super) fails: f64,
    /// Chance that guesses from networks begin.
    pub(super) begins_coarse: f64,
    /// Chance that reflections begin to show another place.
    pub(super) begins_jump: f64,
}

impl Noise {
    pub(super) const fn quality(self, sky: Sky) -> Quality {
        let (sigma_m, fails, begins_coarse, begins_jump) = match (self, sky) {
            (Self::Everyday, Sky::Open) => (3.0, 0.002, 0.001, 0.0),
            (Self::Everyday, Sky::Street) => (4.5, 0.005, 0.002, 0.0),
            (Self::Everyday, Sky::Canyon) => (12.0, 0.02, 0.01, 0.0),
            (Self::Everyday, Sky::Indoors) => (9.0, 0.03, 0.015, 0.0),
            (Self::Everyday, Sky::Tunnel) => (40.0, 0.85, 0.9, 0.0),
            (Self::Urban, Sky::Open) => (4.0, 0.005, 0.001, 0.0002),
            (Self::Urban, Sky::Street) => (7.0, 0.01, 0.004, 0.001),
            (Self::Urban, Sky::Canyon) => (18.0, 0.04, 0.02, 0.006),
            (Self::Urban, Sky::Indoors) => (14.0, 0.05, 0.03, 0.002),
            (Self::Urban, Sky::Tunnel) => (45.0, 0.85, 0.9, 0.0),
            (_, Sky::Open) => (2.5, 0.001, 0.0, 0.0),
            (_, Sky::Street) => (3.5, 0.002, 0.0, 0.0),
            (_, Sky::Canyon) => (6.0, 0.005, 0.0, 0.0),
            (_, Sky::Indoors) => (5.0, 0.005, 0.0, 0.0),
            (_, Sky::Tunnel) => (40.0, 0.95, 0.0, 0.0),
        };
        let begins_jump = if matches!(self, Self::WrongPlaces) { 0.004 } else { begins_jump };
        Quality { sigma_m, fails, begins_coarse, begins_jump }
    }

    /// Mean time between losses of the network, in milliseconds.
    pub(super) const fn outage_every(self) -> Option<f64> {
        match self {
            Self::Calm | Self::WrongPlaces => None,
            Self::Everyday | Self::Urban => Some(8.0 * HOUR as f64),
            Self::Backlog => Some(40.0 * MINUTE as f64),
        }
    }

    /// What share of the places that are shown instead lie in another part of town.
    pub(super) const fn far_jumps(self) -> f64 {
        match self {
            Self::WrongPlaces => 1.0,
            _ => 0.06,
        }
    }

    /// Chance that a message takes minutes and is overtaken.
    pub(super) const fn overtaken(self) -> f64 {
        match self {
            Self::Urban | Self::Backlog => 0.004,
            _ => 0.0,
        }
    }

    /// Chance, at each fix of somebody who stays, that the phone falls asleep.
    pub(super) const fn falls_asleep(self) -> f64 {
        match self {
            Self::Urban => 0.003,
            _ => 0.0,
        }
    }
}
