//! Watches: one thing that is watched, and how it is named outside.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::alert::AlertKind;
use crate::decision::Rule;
use crate::order::{Order, Proximity, Zone, ZoneKind};
use crate::standing::{Episode, Standing, Thresholds};
use crate::{DeviceId, Invalid, Millis, OrderId, PersonId, Timestamp, ZoneId, policy};

/// What a watch looks at, within its order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Subject {
    /// The wearer and a zone.
    Zone(ZoneId),
    /// The wearer and a victim.
    Pair(PersonId),
    /// A device itself: silence, tamper, battery, jamming, AWARE.
    Device(AlertKind, DeviceId),
    /// The order as a whole: its end.
    Order(AlertKind),
}

/// Name of a watch: `{order}/zone/{zone}`, `{order}/pair/{victim}`, `{order}/{kind}/{device}`, or `{order}/{kind}/`
/// for the order as a whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WatchKey {
    /// The order it belongs to.
    pub order: OrderId,
    /// What it looks at.
    pub subject: Subject,
}

impl fmt::Display for WatchKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.subject {
            Subject::Zone(zone) => write!(f, "{}/zone/{zone}", self.order),
            Subject::Pair(victim) => write!(f, "{}/pair/{victim}", self.order),
            Subject::Device(kind, device) => write!(f, "{}/{}/{device}", self.order, kind.as_str()),
            Subject::Order(kind) => write!(f, "{}/{}/", self.order, kind.as_str()),
        }
    }
}

impl FromStr for WatchKey {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let wrong = || Invalid::new("watch", format!("{text:?} names no watch"));
        let mut parts = text.splitn(3, '/');
        let (Some(order), Some(kind), Some(name)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(wrong());
        };
        let about = |kind| Ok::<_, Invalid>(Subject::Device(kind, DeviceId::new(name)?));
        let subject = match kind {
            "zone" => Subject::Zone(ZoneId::new(name)?),
            "pair" => Subject::Pair(PersonId::new(name)?),
            "silence" => about(AlertKind::Silence)?,
            "tamper" => about(AlertKind::Tamper)?,
            "battery" => about(AlertKind::Battery)?,
            "jamming" => about(AlertKind::Jamming)?,
            "parted" => about(AlertKind::Parted)?,
            "order_expiry" if name.is_empty() => Subject::Order(AlertKind::OrderExpiry),
            "aware" => about(AlertKind::Aware)?,
            _ => return Err(wrong()),
        };
        Ok(Self { order: OrderId::new(order)?, subject })
    }
}

/// Place of a zone or a victim in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Zone(u16),
    Pair(u16),
}

impl What {
    fn of(self, order: &Order) -> Option<Target<'_>> {
        match self {
            Self::Zone(n) => order.zones.get(usize::from(n)).map(Target::Zone),
            Self::Pair(n) => {
                let victim = order.victims.get(usize::from(n))?;
                Some(Target::Pair(&victim.party.person, victim.proximity?))
            }
        }
    }
}

/// A watch over a zone or a pair. Device watches have no such row: they exist only once raised.
///
/// What a judgement needs of the order is copied to the front, and the layout fixed: nearly all judgements end
/// in "far away", and should not have to walk to the order for it.
#[derive(Debug)]
#[repr(C, align(64))]
pub(super) struct Watch {
    pub(super) thresholds: Thresholds,
    pub(super) valid_from: Timestamp,
    pub(super) valid_until: Timestamp,
    /// Slot of the wearer's device.
    pub(super) wearer: u32,
    /// Slot of the victim's device; for a zone that of the wearer again.
    pub(super) victim: u32,
    /// What is remembered since it was first raised.
    pub(super) episode: Option<Box<Episode>>,
    pub(super) what: What,
    /// Place of this watch in the wearer's list.
    pub(super) place: u16,
    pub(super) rule: Rule,
    pub(super) changed: bool,
    /// When its schedule changes next, as the timers know it.
    pub(super) timer_at: Option<Timestamp>,
    pub(super) order: Arc<Order>,
    /// The longer of both parties' expected intervals.
    pub(super) interval: Millis,
}

/// The kind-specific half of a watch, borrowed from its order.
pub(super) enum Target<'a> {
    Zone(&'a Zone),
    Pair(&'a PersonId, Proximity),
}

impl Watch {
    /// A watch that was never raised; `None` where the order has nothing of the kind in that place.
    pub(super) fn new(order: &Arc<Order>, what: What, wearer: u32, victim: u32) -> Option<Self> {
        let target = what.of(order)?;
        Some(Self {
            thresholds: target.thresholds(),
            rule: target.rule(),
            valid_from: order.valid_from,
            valid_until: order.valid_until,
            wearer,
            victim,
            episode: None,
            what,
            place: 0,
            changed: false,
            timer_at: None,
            order: Arc::clone(order),
            interval: policy::FIX_INTERVAL,
        })
    }

    /// Whether its order is in force at that moment.
    pub(super) fn in_force(&self, at: Timestamp) -> bool {
        self.valid_from <= at && at < self.valid_until
    }

    pub(super) fn target(&self) -> Option<Target<'_>> {
        self.what.of(&self.order)
    }

    pub(super) fn subject(&self) -> Option<Subject> {
        Some(match self.target()? {
            Target::Zone(zone) => Subject::Zone(zone.zone.clone()),
            Target::Pair(victim, _) => Subject::Pair(victim.clone()),
        })
    }

    pub(super) fn key(&self) -> Option<WatchKey> {
        Some(WatchKey { order: self.order.order.clone(), subject: self.subject()? })
    }

    pub(super) fn is_pair(&self) -> bool {
        matches!(self.what, What::Pair(_))
    }

    pub(super) fn is_raised(&self) -> bool {
        self.standing() > Standing::Clear
    }

    pub(super) fn standing(&self) -> Standing {
        self.episode.as_ref().map_or(Standing::Clear, |episode| episode.standing)
    }
}

impl Target<'_> {
    pub(super) fn kind(&self) -> AlertKind {
        match self {
            Self::Zone(Zone { kind: ZoneKind::Exclusion, .. }) => AlertKind::ExclusionZone,
            Self::Zone(Zone { kind: ZoneKind::Inclusion, .. }) => AlertKind::InclusionZone,
            Self::Pair(..) => AlertKind::VictimProximity,
        }
    }

    fn rule(&self) -> Rule {
        match self.kind() {
            AlertKind::InclusionZone => Rule::InclusionZone,
            AlertKind::ExclusionZone => Rule::ExclusionZone,
            _ => Rule::VictimProximity,
        }
    }

    fn thresholds(&self) -> Thresholds {
        match self {
            Self::Zone(Zone { kind: ZoneKind::Exclusion, buffer_m, .. }) => Thresholds {
                alarm_m: 0.0,
                warning_m: *buffer_m,
                vague_beyond_m: f64::INFINITY,
                coarse_may_raise: true,
                warning_s: 0.0,
                most_margin_m: f64::INFINITY,
            },
            Self::Zone(Zone { kind: ZoneKind::Inclusion, shape, .. }) => Thresholds {
                alarm_m: OUTSIDE_M,
                warning_m: OUTSIDE_M,
                vague_beyond_m: f64::INFINITY,
                coarse_may_raise: false,
                warning_s: 0.0,
                most_margin_m: shape
                    .center_and_radius()
                    .map_or(HOME_MARGIN_M, |(_, radius_m)| radius_m / 2.0),
            },
            Self::Pair(_, proximity) => Thresholds {
                alarm_m: proximity.alarm_m,
                warning_m: proximity.warning_m,
                vague_beyond_m: proximity.alarm_m,
                coarse_may_raise: true,
                warning_s: proximity.warning_s,
                most_margin_m: f64::INFINITY,
            },
        }
    }
}

/// An inclusion zone is left beyond its edge, not on it: distances inward from the edge are compared with this.
const OUTSIDE_M: f64 = -0.001;

/// How far inside a drawn inclusion zone somebody counts as back; its depth is not known cheaply.
const HOME_MARGIN_M: f64 = 10.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watch_is_named_and_found_by_its_name() {
        for text in [
            "ord-1/zone/z_1",
            "ord-1/pair/victim-1",
            "ord-1/silence/am-1",
            "ord-1/tamper/am-1",
            "ord-1/aware/vd-1",
            "ord-1/parted/vd-1",
            "ord-1/order_expiry/",
        ] {
            assert_eq!(text.parse::<WatchKey>().unwrap().to_string(), text);
        }
        for bad in [
            "",
            "ord-1",
            "ord-1/zone",
            "ord-1/moon/z",
            "o r/zone/z",
            "ord-1/zone/a/b",
            "ord-1/order_expiry/x",
        ] {
            assert!(bad.parse::<WatchKey>().is_err(), "{bad}");
        }
    }
}
