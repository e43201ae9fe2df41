//! What is remembered per watch, and when it steps up or down.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Millis, Timestamp, policy};

/// How far a watch has come. `Possible` is a possible alarm: level `warning` to the outside, but it must not
/// stand in the way of the real warning that may follow it (§7: it "never silences anything").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Nothing is wrong, as far as is known.
    Clear,
    /// Only the edge of the uncertainty reaches the alarm threshold.
    Possible,
    /// Within the warning threshold.
    Warning,
    /// Within the alarm threshold.
    Alarm,
}

/// Level of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// What was raised has ended.
    Clear,
    /// Something may soon be wrong.
    Warning,
    /// Something is wrong.
    Alarm,
}

impl Level {
    /// The word in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::Warning => "warning",
            Self::Alarm => "alarm",
        }
    }
}

impl From<Standing> for Level {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::Clear => Self::Clear,
            Standing::Possible | Standing::Warning => Self::Warning,
            Standing::Alarm => Self::Alarm,
        }
    }
}

/// How sure a judgement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// Only the edge of the uncertainty circle is within the threshold.
    Possible,
    /// The estimate is within the threshold.
    Likely,
    /// The whole uncertainty circle is within the threshold.
    Certain,
}

/// Distances at or below which a watch is raised, in metres. For places inside of which one must stay the
/// distance is counted from the edge inwards.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Thresholds {
    pub(crate) alarm_m: f64,
    /// At least `alarm_m`.
    pub(crate) warning_m: f64,
    /// A larger uncertainty makes every judgement at most possible; infinite for zones.
    pub(crate) vague_beyond_m: f64,
    /// Whether an uncertainty that only reaches the alarm threshold raises a possible alarm with a coarse fix
    /// too. Not for inclusion zones: a coarse fix cannot show that somebody left his house.
    pub(crate) coarse_may_raise: bool,
    /// A pair is warned of when the alarm distance would be reached within so many seconds; 0 for never.
    pub(crate) warning_s: f64,
    /// Upper bound of the leaving margin. A house is not 50 m deep: who came home would never be back.
    pub(crate) most_margin_m: f64,
}

/// One look at a watch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    /// The time of what was seen.
    pub(crate) at: Timestamp,
    pub(crate) distance_m: f64,
    pub(crate) uncertainty_m: f64,
    /// Seconds to the alarm distance at the present closing speed; infinite when they do not close in for certain.
    pub(crate) contact_s: f64,
    /// Over 200 m: neither ends nor restarts a leaving period.
    pub(crate) coarse: bool,
    /// Fresh enough to step down.
    pub(crate) may_clear: bool,
    /// One of its fixes says too little of its moment to be certain on.
    pub(crate) stale: bool,
}

impl Thresholds {
    /// What a look at these thresholds says by itself, without history.
    pub(crate) fn judge(&self, look: &Look) -> (Standing, Certainty) {
        let (d, u) = (look.distance_m, look.uncertainty_m);
        let vague = u > self.vague_beyond_m;
        let sure = |threshold_m: f64| {
            if d + u <= threshold_m && !look.stale { Certainty::Certain } else { Certainty::Likely }
        };
        if d <= self.alarm_m && !vague {
            (Standing::Alarm, sure(self.alarm_m))
        } else if d <= self.warning_m && !vague {
            (Standing::Warning, sure(self.warning_m))
        } else if look.contact_s <= self.warning_s && !vague {
            (Standing::Warning, Certainty::Likely)
        } else if (vague && d <= self.warning_m)
            || (d - u <= self.alarm_m && (self.coarse_may_raise || !look.coarse))
        {
            (Standing::Possible, Certainty::Possible)
        } else {
            (Standing::Clear, sure_beyond(d, u, self.warning_m))
        }
    }

    /// Whether an error of `error_m` in the distance could change what [`Self::judge`] or the leaving rule
    /// says.
    pub(crate) fn is_delicate(&self, look: &Look, error_m: f64) -> bool {
        let (d, u) = (look.distance_m, look.uncertainty_m);
        let leave = self.leave_margin_m(u);
        // Most are far from everything, which takes two comparisons.
        let reach_m = u.max(leave) + error_m;
        if d > self.warning_m + reach_m || d < self.alarm_m - reach_m {
            return false;
        }
        [
            self.alarm_m,
            self.alarm_m - u,
            self.alarm_m + u,
            self.alarm_m + leave,
            self.warning_m,
            self.warning_m - u,
            self.warning_m + leave,
        ]
        .iter()
        .any(|critical| (d - critical).abs() <= error_m)
    }

    /// Distance beyond a threshold that counts as having left: §7.
    pub(crate) fn leave_margin_m(&self, uncertainty_m: f64) -> f64 {
        policy::LEAVE_M.max(2.0 * uncertainty_m).min(self.most_margin_m)
    }
}

impl Look {
    /// A look at a distance and its uncertainty, of a pair or zone that nobody closes in on.
    pub(crate) fn new(at: Timestamp, distance_m: f64, uncertainty_m: f64) -> Self {
        Self {
            at,
            distance_m,
            uncertainty_m,
            contact_s: f64::INFINITY,
            coarse: false,
            may_clear: false,
            stale: false,
        }
    }
}

/// Certainty of being beyond a threshold.
fn sure_beyond(distance_m: f64, uncertainty_m: f64, threshold_m: f64) -> Certainty {
    if distance_m - uncertainty_m > threshold_m { Certainty::Certain } else { Certainty::Likely }
}

/// A time in which a watch was at warning or alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Raised {
    /// From the fix that showed it first.
    pub from: Timestamp,
    /// To the last one, or to just before the step down; `None` while it lasts.
    pub until: Option<Timestamp>,
    /// Where it stood.
    pub standing: Standing,
}

impl Raised {
    /// Whether it stood raised at that moment.
    pub(crate) fn covers(&self, at: Timestamp) -> bool {
        self.from <= at && self.until.is_none_or(|until| at <= until)
    }
}

/// Times remembered per watch.
const RAISED_MOST: usize = 16;

/// The memory of a watch that has been raised at least once: where it stands, since when its party has been
/// beyond the thresholds, and its incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Episode {
    /// Where it stands.
    pub standing: Standing,
    /// How sure that was when it was raised.
    pub certainty: Certainty,
    /// Since when every usable fix was beyond the alarm threshold and its margin.
    pub beyond_alarm_since: Option<Timestamp>,
    /// The same for the warning threshold.
    pub beyond_warning_since: Option<Timestamp>,
    /// The incident its alerts belong to.
    pub incident: Uuid,
    /// Incidents this watch has had.
    pub incidents: u32,
    /// Alerts in the incident so far.
    pub revision: u32,
    /// The incident was resolved: the next alert opens another.
    pub closed: bool,
    /// When it was raised in the last 24 hours, live or found afterwards: what is known is not raised again.
    pub raised: Vec<Raised>,
    /// In this rise more than a possible alarm was raised, so that others than the operator know.
    pub established: bool,
}

impl Episode {
    /// A watch that was never raised.
    pub(crate) fn new() -> Self {
        Self {
            standing: Standing::Clear,
            certainty: Certainty::Possible,
            beyond_alarm_since: None,
            beyond_warning_since: None,
            incident: Uuid::nil(),
            incidents: 0,
            revision: 0,
            closed: true,
            raised: Vec::new(),
            established: false,
        }
    }

    /// Takes a look into account; returns the new standing and its certainty when it is another one.
    ///
    /// Up at once, down only by the leaving rule of §7: beyond the threshold and its margin in every usable
    /// fix for 60 s. Both thresholds run their own period, so that somebody who is gone steps down once.
    pub(crate) fn take(&mut self, thresholds: &Thresholds, look: &Look) -> Option<(Standing, Certainty)> {
        let (seen, certainty) = thresholds.judge(look);
        if seen > self.standing {
            self.beyond_alarm_since = None;
            self.beyond_warning_since = None;
            self.step(seen, certainty);
            self.mark(look.at);
            return Some((seen, certainty));
        }
        if self.standing == Standing::Clear || look.coarse {
            return None;
        }
        if seen == Standing::Possible && self.standing == seen {
            (self.beyond_alarm_since, self.beyond_warning_since) = (None, None);
            return None; // What raised it lasts, however far beyond a capped margin the estimate is.
        }
        let closes_in = look.contact_s <= thresholds.warning_s * policy::CONTACT_KEPT_TIMES;
        let margin = thresholds.leave_margin_m(look.uncertainty_m);
        let left = |since: &mut Option<Timestamp>, threshold_m: f64| {
            if look.distance_m <= threshold_m + margin {
                *since = None;
                return false;
            }
            look.at - *since.get_or_insert(look.at) >= policy::LEAVE_FOR
        };
        let alarm_left = left(&mut self.beyond_alarm_since, thresholds.alarm_m);
        let warning_left = left(&mut self.beyond_warning_since, thresholds.warning_m);
        if closes_in {
            self.beyond_warning_since = None;
        }
        let warning_left = warning_left && !closes_in;
        let down = match self.standing {
            _ if !look.may_clear => return None, // It may break a leaving period, but never end one.
            _ if warning_left => Standing::Clear,
            Standing::Alarm if alarm_left && thresholds.warning_m > thresholds.alarm_m => Standing::Warning,
            _ => return None,
        };
        let certainty = match down {
            Standing::Warning if look.distance_m + look.uncertainty_m <= thresholds.warning_m => {
                Certainty::Certain
            }
            Standing::Clear => sure_beyond(look.distance_m, look.uncertainty_m, thresholds.warning_m),
            _ => Certainty::Likely,
        };
        self.step(down, certainty);
        self.mark(look.at);
        Some((down, certainty))
    }

    /// Remembers from when to when it is raised: it has just stepped, on what was seen at that moment.
    pub(crate) fn mark(&mut self, at: Timestamp) {
        if let Some(lasting) = self.raised.iter_mut().find(|raised| raised.until.is_none()) {
            if lasting.standing == self.standing {
                return;
            }
            // Up to the step: what showed the end is not in it.
            lasting.until = Some((at - Millis(1)).max(lasting.from));
        }
        if self.standing >= Standing::Warning {
            self.remember(Raised { from: at, until: None, standing: self.standing });
        }
    }

    /// Adds a time, and lets go of what is a history ago.
    pub(crate) fn remember(&mut self, new: Raised) {
        self.raised.retain(|raised| raised.until.is_none_or(|until| new.from - until <= policy::HISTORY));
        if self.raised.len() >= RAISED_MOST {
            self.raised.remove(0);
        }
        self.raised.push(new);
    }

    /// Moves to another standing.
    pub(crate) fn step(&mut self, standing: Standing, certainty: Certainty) {
        self.standing = standing;
        self.certainty = certainty;
        if standing == Standing::Clear {
            self.beyond_alarm_since = None;
            self.beyond_warning_since = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAIR: Thresholds = Thresholds {
        alarm_m: 1_000.0,
        warning_m: 2_000.0,
        vague_beyond_m: 1_000.0,
        coarse_may_raise: true,
        warning_s: 300.0,
        most_margin_m: f64::INFINITY,
    };

    fn look(secs: i64, distance_m: f64, uncertainty_m: f64) -> Look {
        Look {
            at: Timestamp::from_millis(secs * 1_000),
            distance_m,
            uncertainty_m,
            contact_s: f64::INFINITY,
            coarse: uncertainty_m > policy::COARSE_M,
            may_clear: true,
            stale: false,
        }
    }

    #[test]
    fn certainty_follows_the_uncertainty_circle() {
        for (d, u, expected) in [
            (900.0, 50.0, (Standing::Alarm, Certainty::Certain)),
            (1_000.0, 0.0, (Standing::Alarm, Certainty::Certain)),
            (990.0, 50.0, (Standing::Alarm, Certainty::Likely)),
            (1_020.0, 50.0, (Standing::Warning, Certainty::Certain)),
            (1_990.0, 50.0, (Standing::Warning, Certainty::Likely)),
            (2_400.0, 900.0, (Standing::Clear, Certainty::Likely)),
            (2_400.0, 1_500.0, (Standing::Possible, Certainty::Possible)),
            (300.0, 1_500.0, (Standing::Possible, Certainty::Possible)),
            (2_400.0, 50.0, (Standing::Clear, Certainty::Certain)),
        ] {
            assert_eq!(PAIR.judge(&look(0, d, u)), expected, "{d} ± {u}");
        }
    }

    #[test]
    fn leaving_takes_distance_and_a_minute() {
        let mut watch = Episode::new();
        assert_eq!(watch.take(&PAIR, &look(0, 900.0, 10.0)).unwrap().0, Standing::Alarm);
        assert_eq!(watch.take(&PAIR, &look(30, 1_040.0, 10.0)), None, "within the margin of 50 m");
        assert_eq!(watch.take(&PAIR, &look(60, 1_060.0, 10.0)), None, "the minute begins");
        assert_eq!(watch.take(&PAIR, &look(90, 1_030.0, 10.0)), None, "and is broken off");
        assert_eq!(watch.take(&PAIR, &look(120, 1_060.0, 10.0)), None);
        assert_eq!(watch.take(&PAIR, &look(150, 900.0, 300.0)), None, "a coarse fix does not restart it");
        assert_eq!(watch.take(&PAIR, &look(179, 1_060.0, 10.0)), None);
        assert_eq!(watch.take(&PAIR, &look(180, 1_060.0, 10.0)).unwrap().0, Standing::Warning);
    }

    #[test]
    fn who_is_far_away_for_a_minute_steps_down_once() {
        let mut watch = Episode::new();
        watch.take(&PAIR, &look(0, 900.0, 10.0));
        assert_eq!(watch.take(&PAIR, &look(60, 5_000.0, 10.0)), None);
        assert_eq!(watch.take(&PAIR, &look(120, 6_000.0, 10.0)).unwrap().0, Standing::Clear);
    }

    #[test]
    fn a_possible_alarm_does_not_stand_in_the_way_of_a_warning() {
        let mut watch = Episode::new();
        assert_eq!(watch.take(&PAIR, &look(0, 2_100.0, 1_500.0)).unwrap().0, Standing::Possible);
        assert_eq!(watch.take(&PAIR, &look(30, 1_900.0, 10.0)).unwrap().0, Standing::Warning);
    }

    #[test]
    fn what_is_still_possible_is_not_over() {
        // A house of 60 m in radius: 35 m within its edge is more than the margin, and within the uncertainty.
        let house = Thresholds {
            alarm_m: 0.0,
            warning_m: 0.0,
            vague_beyond_m: f64::INFINITY,
            most_margin_m: 30.0,
            ..PAIR
        };
        let mut watch = Episode::new();
        assert_eq!(watch.take(&house, &look(0, 35.0, 40.0)).unwrap().0, Standing::Possible);
        for t in 1..100 {
            assert_eq!(watch.take(&house, &look(t * 60, 35.0, 40.0)), None, "no flapping");
        }
        assert_eq!(watch.take(&house, &look(6_000, 35.0, 10.0)), None);
        assert_eq!(watch.take(&house, &look(6_060, 35.0, 10.0)).unwrap().0, Standing::Clear);
    }

    #[test]
    fn a_stale_look_never_clears() {
        let mut watch = Episode::new();
        watch.take(&PAIR, &look(0, 900.0, 10.0));
        for t in [60, 120, 180] {
            let stale = Look { may_clear: false, ..look(t, 9_000.0, 10.0) };
            assert_eq!(watch.take(&PAIR, &stale), None);
        }
    }
}
