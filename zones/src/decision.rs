//! What was decided about a watch, and on which numbers; also when nothing was raised.

use serde::{Deserialize, Serialize};

use crate::{Certainty, Standing, Timestamp};

/// The rule that was applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The wearer's distance to an exclusion zone.
    ExclusionZone,
    /// The wearer's depth in an inclusion zone.
    InclusionZone,
    /// The distance between wearer and victim.
    VictimProximity,
    /// The zone's schedule does not apply at that time.
    OutsideSchedule,
    /// The other party has no fix yet.
    OtherUnseen,
    /// The straight way between the wearer's last two fixes crosses an exclusion zone.
    WayThroughZone,
    /// Wearer and victim came within the alarm distance of each other between their fixes.
    WaysMeet,
    /// The time to the alarm distance at the present closing speed.
    TimeToContact,
    /// Nobody could have reached this fix: it is held until another agrees with it.
    Held,
    /// The device claims to be fresh, but its coordinates do not change: its uncertainty grows.
    Frozen,
    /// A late fix, judged against the time it belongs to: distance to an exclusion zone.
    LateExclusionZone,
    /// The same: depth in an inclusion zone.
    LateInclusionZone,
    /// The same: distance between wearer and victim at that time.
    LateVictimProximity,
    /// Only its own coordinates agree with a fix that nobody could have reached: believed, but not for certain.
    Copied,
}

/// One judgement of a watch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Slot of the watch; [`crate::Engine::watch_key`] gives its name while the order is registered.
    pub watch: u32,
    /// The rule.
    pub rule: Rule,
    /// The time that was judged.
    pub at: Timestamp,
    /// Distance in metres: between the parties, or to the edge (negative inside). Within 1 cm; exact to the
    /// arithmetic where a threshold was near. `None` when there was nothing to measure.
    pub distance_m: Option<f64>,
    /// Its uncertainty in metres.
    pub uncertainty_m: Option<f32>,
    /// Standing before.
    pub before: Standing,
    /// Standing after.
    pub after: Standing,
    /// How sure.
    pub certainty: Certainty,
}

impl Decision {
    /// A decision that nothing was measured, or is to be filled in: the standing stays.
    pub(crate) fn unjudged(watch: u32, rule: Rule, at: Timestamp, stands: Standing) -> Self {
        Self {
            watch,
            rule,
            at,
            distance_m: None,
            uncertainty_m: None,
            before: stands,
            after: stands,
            certainty: Certainty::Possible,
        }
    }
}
