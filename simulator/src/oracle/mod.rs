//! The oracle: how things truly stood, by brute force from where people really were. It shares nothing with the
//! detection but the clock: distances go through space and not over the ellipsoid, polygons are looked at edge by
//! edge, and every moment that can matter is looked at.

mod area;
mod earth;
mod episode;
mod law;
mod series;

pub(crate) use area::Area;
pub(crate) use earth::Spot;
pub(crate) use episode::{Episode, episodes};
pub(crate) use law::{Circle, Law, WATCHES, Watch};
pub(crate) use series::Series;

use crate::world::{Pair, Plane, Point};

/// Where the two of a pair really were, and what was forbidden.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Truth<'a> {
    /// Where on earth the world lies.
    pub(crate) plane: Plane,
    /// Who; their plans reach from the first moment that is asked for to the last.
    pub(crate) pair: &'a Pair,
    /// What the order says.
    pub(crate) law: &'a Law,
}

impl Truth<'_> {
    /// How far beyond its alarm threshold a watch truly was at a moment, in metres; negative within. `None` while
    /// its schedule does not apply.
    pub(crate) fn gap_m(&self, watch: Watch, at: i64) -> Option<f64> {
        if !watch.applies(at) {
            return None;
        }
        let his = self.wearer(at);
        let hers = if watch == Watch::Pair { self.victim(at) } else { his };
        Some(self.law.gap_m(watch, &his, &hers))
    }

    /// Where the wearer was.
    pub(crate) fn wearer(&self, at: i64) -> Spot {
        self.spot(self.pair.wearer.moment(at).p)
    }

    /// Where the victim was.
    pub(crate) fn victim(&self, at: i64) -> Spot {
        self.spot(self.pair.victim.moment(at).p)
    }

    fn spot(&self, p: Point) -> Spot {
        let (lat, lon) = self.plane.degrees(p);
        Spot::at(lat, lon)
    }
}
