//! What an order forbids, as the oracle reads it: from the numbers it was made from, not from its JSON.

use crate::clock::LocalTime;
use crate::world::{CURFEW_FROM, CURFEW_UNTIL};

use super::area::Area;
use super::earth::Spot;

/// One thing that is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Watch {
    /// Wearer and victim.
    Pair,
    /// The zone around the victim's home.
    Home,
    /// A polygon with a hole where the wearer must not be by night.
    Night,
    /// The wearer's home, where he must be by night.
    Curfew,
}

/// All of them.
pub(crate) const WATCHES: [Watch; 4] = [Watch::Pair, Watch::Home, Watch::Night, Watch::Curfew];

impl Watch {
    /// Whether its alerts go to the victim too.
    pub(crate) const fn concerns_victim(self) -> bool {
        matches!(self, Self::Pair | Self::Home)
    }

    /// Whether it applies at a moment.
    pub(crate) fn applies(self, at: i64) -> bool {
        match self {
            Self::Pair | Self::Home => true,
            Self::Night | Self::Curfew => !(CURFEW_UNTIL..CURFEW_FROM).contains(&LocalTime::at(at).of_day),
        }
    }

    /// The word in results.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Pair => "proximity",
            Self::Home => "exclusion_zone",
            Self::Night => "night_zone_with_hole",
            Self::Curfew => "curfew",
        }
    }
}

/// A circle on the ground.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Circle {
    /// Its middle.
    pub(crate) centre: Spot,
    /// Its radius in metres.
    pub(crate) radius_m: f64,
}

/// What an order forbids.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Law {
    /// Distances of the moving zone, in metres, and the time to contact that is a warning, in seconds.
    pub(crate) alarm_m: f64,
    pub(crate) warning_m: f64,
    pub(crate) warning_s: f64,
    /// The zone around the victim's home, and the ring around it.
    pub(crate) home: Circle,
    pub(crate) buffer_m: f64,
    /// The zone by night.
    pub(crate) night: Area,
    /// The wearer's home by night.
    pub(crate) curfew: Circle,
}

impl Law {
    /// Metres between both people, less the alarm distance; or to the edge of what is forbidden, negative within.
    pub(crate) fn gap_m(&self, watch: Watch, his: &Spot, hers: &Spot) -> f64 {
        match watch {
            Watch::Pair => his.distance_m(hers) - self.alarm_m,
            Watch::Home => his.distance_m(&self.home.centre) - self.home.radius_m,
            Watch::Night => self.night.edge_m(his),
            Watch::Curfew => self.curfew.radius_m - his.distance_m(&self.curfew.centre),
        }
    }

    /// How far beyond the alarm threshold a warning begins, in metres.
    pub(crate) fn warning_gap_m(&self, watch: Watch) -> f64 {
        match watch {
            Watch::Pair => self.warning_m - self.alarm_m,
            Watch::Home => self.buffer_m,
            Watch::Night | Watch::Curfew => 0.0,
        }
    }
}
